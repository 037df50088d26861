package road

import (
	"encoding/json"
	"math"
	"strings"
	"time"

	"hutong/drive/geom"
	"hutong/thing"
)

// Vehicle is what is known of one vehicle: what it has said itself, and what the area means it to do.
type Vehicle struct {
	ID   thing.ID
	Name string // the end of its id, unique in the area
	// What it says of itself. Known is false until it has told its state and its pose.
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
	posed         bool
	online        bool
	Heard         time.Time // when it was last heard, or when it was lost

	// What the area means it to do.
	Ride     RideID    // "" for none
	last     RideID    // the one it had before
	goal     *target   // where it was sent, nil for nowhere
	busy     uint64    // the order it hasn't answered yet; 0 for none
	stop     uint64    // the stop it hasn't answered yet
	patient  time.Time // the same is not ordered again before
	did      string    // what was ordered last
	tries    int
	bench    time.Time // no ride before
	round    int       // the stop of its last round
	parked   string    // why the area has had it stop: "weather", ...; "" where it hasn't
	release  bool      // a passenger stopped it, whose ride is over
	charging bool      // it stays at the depot until its battery is full
	stuck    time.Time // since when it can't go on with what it was sent for; zero while it can
}

// target is where a vehicle is to go.
type target struct {
	At      geom.Vec
	Heading *float64
	Name    string
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
func (v *Vehicle) Known() bool { return v.posed && v.State != "" }

// Online tells whether the vehicle is heard.
func (v *Vehicle) Online() bool { return v.online }

// Shown is the state to show: what the vehicle says, or offline when it isn't heard.
func (v *Vehicle) Shown() string {
	if !v.online || v.State == "" {
		return Offline
	}
	return v.State
}

// still tells whether it stands, so that doors may open.
func (v *Vehicle) still() bool { return v.State != Driving && v.State != FailSafe && v.Speed < 0.5 }

// at tells whether it has arrived at its target, by its own word.
func (v *Vehicle) at(t *target) bool {
	return v.State == Arrived && v.Trip.Goal != nil && v.Trip.Goal.To(t.At) < 3
}

// bound tells whether it says that it's on the way to t, or there.
func (v *Vehicle) bound(t *target) bool {
	return v.Trip.Goal != nil && v.Trip.Goal.To(t.At) < 3 && v.State != Standing
}

// NameOf makes a vehicle's name of its id.
func NameOf(id thing.ID) string {
	name := string(id)
	if i := strings.LastIndexAny(name, ":/#"); i >= 0 {
		name = name[i+1:]
	}
	return name
}

// isVehicle tells whether a Thing is one of the area's vehicles.
func isVehicle(x *thing.Thing) bool {
	if !x.Place.Within(Vehicles) {
		return false
	}
	for _, a := range []string{"driveTo", "stopNow", "pullOver", "resume"} {
		if _, ok := x.Find(thing.Action, a); !ok {
			return false
		}
	}
	return true
}

// Said is a value that a vehicle reported, or that became old.
type Said struct {
	Thing   thing.ID
	Name    string
	Value   thing.Value
	Quality thing.Quality
}

// said takes over what a vehicle reported, and tells whether anything is different.
func (v *Vehicle) said(s Said, now time.Time) bool {
	switch s.Quality {
	case thing.Good, thing.Uncertain:
		v.online, v.Heard = true, now
	case thing.Stale:
		if v.online {
			v.online, v.Heard = false, now
			return true
		}
		return false
	case thing.Restored: // what it was before the hub began; it still has to be heard
	default:
		return false
	}
	switch s.Name {
	case "state":
		if state := s.Value.Text(); state != "" && state != v.State {
			v.State, v.Since = state, now
		}
	case "pose":
		return v.poseSaid(s.Value.Document())
	case "speed":
		take(&v.Speed, s.Value, 1000)
	case "battery":
		take(&v.Battery, s.Value, 100)
	case "odometer":
		take(&v.Odometer, s.Value, mostMetres)
	case "limit":
		take(&v.Limit, s.Value, 1000)
	case "doors":
		v.Doors = s.Value.Text()
	case "plate":
		v.Plate = s.Value.Text()
	case "colour":
		v.Colour = s.Value.Text()
	case "seats":
		v.Seats = int(s.Value.Int())
	case "wheelchair":
		v.Wheelchair = s.Value.Bool()
	case "trip":
		return v.tripSaid(s.Value.Document())
	case "reason":
		var r Reason
		if json.Unmarshal([]byte(s.Value.Document()), &r) == nil {
			v.Reason = r
		}
	case "assist":
		return v.assistSaid(s.Value)
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
func (v *Vehicle) poseSaid(text string) bool {
	var p struct{ X, Y, Heading, Lat, Lon float64 }
	if json.Unmarshal([]byte(text), &p) != nil || !placed(p.X, p.Y) || math.Abs(p.Heading) > mostTurn || math.Abs(p.Lat) > 90 || math.Abs(p.Lon) > 180 {
		had := v.posed
		v.posed = false
		return had
	}
	v.Pose, v.Lat, v.Lon, v.posed = geom.Pose{Vec: geom.Vec{X: p.X, Y: p.Y}, Heading: p.Heading}, p.Lat, p.Lon, true
	return true
}

func (v *Vehicle) tripSaid(text string) bool {
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

func (v *Vehicle) assistSaid(value thing.Value) bool {
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
