package road

import (
	"strings"
	"time"

	"hutong/drive/geom"
	"hutong/road/car"
	"hutong/road/tour"
	"hutong/thing"
)

// Vehicle is what is known of one vehicle: what it has said itself, and what the area means it to do.
type Vehicle struct {
	ID   thing.ID
	Name string // the end of its id, unique in the area
	car.Car

	// What the area means it to do.
	plan     tour.Tour // whom it lets in and out, and in which order
	last     RideID    // the ride it had before
	goal     *target   // where it was sent, nil for nowhere
	busy     uint64    // the order it hasn't answered yet; 0 for none
	stop     uint64    // the stop it hasn't answered yet
	again    time.Time // a stop is not ordered again before
	patient  time.Time // the same is not ordered again before
	did      string    // what was ordered last
	tries    int
	bench    time.Time // no ride before
	round    int       // the stop of its last round
	parked   string    // why the area has had it stop: "weather", ...; "" where it hasn't
	held     bool      // somebody has it stay where it is
	post     *target   // where it's to wait for the next ones; nil for anywhere
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

// NameOf makes a vehicle's name of its id.
func NameOf(id thing.ID) string {
	name := string(id)
	if i := strings.LastIndexAny(name, ":/#"); i >= 0 {
		name = name[i+1:]
	}
	return name
}

// isVehicle tells whether a Thing is one of the area's vehicles.
func isVehicle(x *thing.Thing) bool { return x.Place.Within(Vehicles) && car.Takes(x) }

// Said is a value that a vehicle reported, or that became old.
type Said struct {
	Thing   thing.ID
	Name    string
	Value   thing.Value
	Quality thing.Quality
}

// What vehicles say.
type (
	Reason   = car.Reason
	Question = car.Question
	Option   = car.Option
)

// The states a vehicle says it is in.
const (
	Standing = car.Standing
	Driving  = car.Driving
	Arrived  = car.Arrived
	FailSafe = car.FailSafe
	Stopped  = car.Stopped
	Offline  = car.Offline
)

// at tells whether it has arrived at a target, bound whether it's on its way there, by its own word.
func (v *Vehicle) at(t *target) bool    { return v.At(t.At) }
func (v *Vehicle) bound(t *target) bool { return v.Bound(t.At) }
