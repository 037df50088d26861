// Package car is what a vehicle says of itself, as far as that can be meant.
package car

import (
	"encoding/json"
	"math"
	"time"

	"hutong/drive/geom"
	"hutong/thing"
)

// Car is what one vehicle has said. Known is false until it has told its state and its pose.
type Car struct {
	Plate, Colour string
	Seats         int
	Wheelchair    bool
	State         string
	Since         time.Time // of the state
	Pose          geom.Pose // of its middle
	Lat, Lon      float64
	Speed         float64 // km/h
	Battery       float64 // %
	Odometer      float64 // km
	Limit         float64 // km/h
	Doors         string
	Trip          Trip
	Reason        Reason
	Assist        *Question
	Posed         bool      // its pose is known
	Online        bool      // it is heard
	Heard         time.Time // when it was last heard, or when it was lost
}

// Trip is where a vehicle is going, in its own words.
type Trip struct {
	Goal      *geom.Vec
	Remaining float64 // s; negative: unknown
	Distance  float64 // m
	Turn      string
	TurnIn    float64
}

// Reason says why a vehicle does what it does.
type Reason struct {
	Code  string `json:"code"`
	Words string `json:"words"`
}

// Question is what a vehicle asks of a person.
type Question struct {
	ID      string   `json:"id"`
	Kind    string   `json:"kind"`
	Since   string   `json:"since"`
	Words   string   `json:"words"`
	Options []Option `json:"options"`
}

// Option is one way to answer.
type Option struct {
	ID    string `json:"id"`
	Words string `json:"words"`
}

// The states a vehicle says it is in.
const (
	Standing = "standing"
	Driving  = "driving"
	Arrived  = "arrived"
	FailSafe = "fail-safe"
	Stopped  = "stopped"
	Offline  = "offline"
)

// Known tells whether the vehicle has said enough to be reckoned with.
func (v *Car) Known() bool { return v.Posed && v.State != "" }

// Shown is the state to show: what the vehicle says, or offline when it isn't heard.
func (v *Car) Shown() string {
	if !v.Online || v.State == "" {
		return Offline
	}
	return v.State
}

// Still tells whether it stands, so that doors may open.
func (v *Car) Still() bool { return v.State != Driving && v.State != FailSafe && v.Speed < 0.5 }

// At tells whether it has arrived where it was sent, by its own word.
func (v *Car) At(place geom.Vec) bool {
	return v.State == Arrived && v.Trip.Goal != nil && v.Trip.Goal.To(place) < Near
}

// Near is how far apart, m, two places are one at most.
const Near = 3

// Bound tells whether it says that it's on the way to a place, or there.
func (v *Car) Bound(place geom.Vec) bool {
	return v.Trip.Goal != nil && v.Trip.Goal.To(place) < Near && v.State != Standing
}

// Take takes over what a vehicle reported, and tells whether anything is different.
func (v *Car) Take(name string, value thing.Value, quality thing.Quality, now time.Time) bool {
	switch quality {
	case thing.Good, thing.Uncertain:
		v.Online, v.Heard = true, now
	case thing.Stale:
		if v.Online {
			v.Online, v.Heard = false, now
			return true
		}
		return false
	case thing.Restored: // what it was before the hub began; it still has to be heard
	default:
		return false
	}
	switch name {
	case "state":
		if state := value.Text(); state != "" && state != v.State {
			v.State, v.Since = state, now
		}
	case "pose":
		return v.poseSaid(value.Document())
	case "speed":
		take(&v.Speed, value, 1000)
	case "battery":
		take(&v.Battery, value, 100)
	case "odometer":
		take(&v.Odometer, value, mostMetres)
	case "limit":
		take(&v.Limit, value, 1000)
	case "doors":
		v.Doors = value.Text()
	case "plate":
		v.Plate = value.Text()
	case "colour":
		v.Colour = value.Text()
	case "seats":
		v.Seats = int(value.Int())
	case "wheelchair":
		v.Wheelchair = value.Bool()
	case "trip":
		return v.tripSaid(value.Document())
	case "reason":
		var r Reason
		if json.Unmarshal([]byte(value.Document()), &r) == nil {
			v.Reason = r
		}
	case "assist":
		return v.assistSaid(value)
	default:
		return false
	}
	return true
}

// Bounds of what a vehicle may say and be believed, so that one that is broken can't break what is shown of the others.
const (
	mostMetres  = 1e7
	mostTurn    = 100.0 // rad
	mostSeconds = 1e6
)

// take takes over a number from 0 to most; one that can't be meant changes nothing.
func take(to *float64, value thing.Value, most float64) {
	if x := value.Float(); x >= 0 && x <= most {
		*to = x
	}
}

// placed tells whether coordinates can be meant.
func placed(x, y float64) bool { return math.Abs(x) <= mostMetres && math.Abs(y) <= mostMetres }

// poseSaid takes over a pose. A vehicle whose pose can't be meant is nowhere until it says a better one.
func (v *Car) poseSaid(text string) bool {
	var p struct{ X, Y, Heading, Lat, Lon float64 }
	if json.Unmarshal([]byte(text), &p) != nil || !placed(p.X, p.Y) || math.Abs(p.Heading) > mostTurn || math.Abs(p.Lat) > 90 || math.Abs(p.Lon) > 180 {
		had := v.Posed
		v.Posed = false
		return had
	}
	v.Pose, v.Lat, v.Lon, v.Posed = geom.Pose{Vec: geom.Vec{X: p.X, Y: p.Y}, Heading: p.Heading}, p.Lat, p.Lon, true
	return true
}

func (v *Car) tripSaid(text string) bool {
	if text == "" {
		v.Trip = Trip{Remaining: -1}
		return true
	}
	var t struct {
		Goal      *struct{ X, Y float64 }
		Remaining *float64
		Distance  float64
		Turn      string
		TurnIn    float64
	}
	if json.Unmarshal([]byte(text), &t) != nil {
		return false
	}
	v.Trip = Trip{Remaining: -1, Distance: t.Distance, Turn: t.Turn, TurnIn: t.TurnIn}
	if t.Goal != nil && placed(t.Goal.X, t.Goal.Y) {
		v.Trip.Goal = &geom.Vec{X: t.Goal.X, Y: t.Goal.Y}
	}
	if t.Remaining != nil && *t.Remaining <= mostSeconds {
		v.Trip.Remaining = *t.Remaining
	}
	return true
}

// maxOptions bounds what a vehicle may offer to choose from.
const maxOptions = 8

func (v *Car) assistSaid(value thing.Value) bool {
	var q Question
	if text := value.Document(); text != "" && json.Unmarshal([]byte(text), &q) == nil && q.Kind != "" {
		q.Options = q.Options[:min(len(q.Options), maxOptions)]
		v.Assist = &q
		return true
	}
	had := v.Assist != nil
	v.Assist = nil
	return had
}
