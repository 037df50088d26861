package referee

import (
	"math"

	"hutong/drive/geom"
)

// Class is how a collision came about, after nuPlan's classes.
type Class uint8

// The classes.
const (
	StoppedEgo   Class = iota // the vehicle stood
	Rear                      // the other came from behind
	StoppedTrack              // the other stood
	Front                     // the vehicle's front met a moving other
	Lateral                   // sides met, or the other's front met the vehicle's side
	Set                       // the other was set there, by nothing that moves
)

var classNames = [...]string{"stopped ego", "rear", "stopped track", "active front", "lateral", "set there"}

// String gives the class's name.
func (c Class) String() string { return classNames[c] }

// Contact is what matters for whose fault a collision is, at its first instant.
type Contact struct {
	Speed      float64 // of the vehicle, m/s
	OtherSpeed float64
	Bearing    float64 // of the other's middle from the vehicle's rear axle, rad from its heading
	Bumper     bool    // the line of the vehicle's front touches the other
	OwnLane    bool    // the vehicle is wholly within one lane
	OwedWay    bool    // it was on a way that gives way to the other's
	RanRed     bool    // it had entered against a red light just before
	WrongWay   bool    // it was on the oncoming side
	Jumped     bool    // the other had just been set where it is, from farther away than it can have come
}

const (
	standing = 0.05                // m/s; below, one stands (nuPlan's threshold)
	behind   = 150 * math.Pi / 180 // beyond that bearing one is behind
	ahead    = 30 * math.Pi / 180  // within that bearing one is ahead
)

// Judge says what class a collision is of, whether the vehicle is at fault, and why. nuPlan's rule: at fault is whoever
// drives into something that stands, drives its front into something, or is hit from the side while it isn't wholly in
// its own lane. We are stricter: one who ran a red light, drove on the wrong side or didn't give way is at fault too,
// unless it stood. Nobody is for a body that jumps.
func Judge(c Contact) (class Class, atFault bool, why string) {
	switch {
	case c.Jumped:
		return Set, false, "the other was set there from elsewhere"
	case math.Abs(c.Speed) <= standing:
		return StoppedEgo, false, "it stood and was hit"
	case math.Abs(c.OtherSpeed) <= standing:
		return StoppedTrack, true, "it drove into something that stood"
	}
	switch {
	case math.Abs(geom.Wrap(c.Bearing)) > behind:
		class, why = Rear, "it was hit from behind"
	case c.Bumper:
		return Front, true, "its front drove into the other"
	case !c.OwnLane:
		return Lateral, true, "it was not wholly in its own lane"
	default:
		class, why = Lateral, "the other came into its lane from the side"
	}
	switch {
	case c.RanRed:
		return class, true, "it had run a red light"
	case c.WrongWay:
		return class, true, "it was on the oncoming side"
	case c.OwedWay && class != Rear:
		return class, true, "it owed the other the way"
	}
	return class, false, why
}
