// Package scene holds the nouns of what is around a vehicle: road users and lights, as they are ([Truth]) and as a
// vehicle's sensors say they are ([View]).
package scene

import (
	"hutong/drive/geom"
	"hutong/drive/vehicle"
)

// Kind is what a road user is.
type Kind uint8

// The kinds of road users.
const (
	Car Kind = iota
	Van
	Truck
	Bus
	Motorcycle
	Bicycle
	Pedestrian
	Tram
	Obstacle // stands, and belongs to nobody: a box, a cone, a wreck
	Unknown  // something is there
)

// Indicator is what a vehicle's turn lights say.
type Indicator uint8

// The indicators.
const (
	NoTurn Indicator = iota
	TurnLeft
	TurnRight
	Hazard
)

// Actor is one road user. In a Truth its numbers are exact; in a View they carry the sensors' errors.
type Actor struct {
	ID      uint32 // in a Truth the world's, in a View the track's; neither says anything about the other
	Kind    Kind
	Box     geom.Box
	Speed   float64 // m/s along its heading, negative backwards
	Accel   float64 // m/s² along its heading
	YawRate float64 // rad/s
	Turn    Indicator
	Braking bool
	Siren   bool    // an emergency vehicle that asks for the way
	Age     float64 // s since a sensor last saw it; 0 in a Truth
}

// Velocity gives the actor's velocity in m/s.
func (a *Actor) Velocity() geom.Vec { return geom.Towards(a.Box.Heading).Times(a.Speed) }

// OnFoot tells whether the actor is not bound to lanes.
func (a *Actor) OnFoot() bool { return a.Kind == Pedestrian }

// Vulnerable tells whether the actor has no body of steel around it.
func (a *Actor) Vulnerable() bool {
	return a.Kind == Pedestrian || a.Kind == Bicycle || a.Kind == Motorcycle
}

// Colour is what a light shows.
type Colour uint8

// The colours. Dark stands for a light that is off, broken or not seen: then the rules of the junction hold.
const (
	Dark Colour = iota
	Red
	RedAmber
	Amber
	Green      // go, with nobody to give way to
	GreenYield // go, giving way where the lane's conflicts say so
	Blinking   // amber: go with care
)

// Light is what one signal of the map shows.
type Light struct {
	Signal    int32 // index in lane.Map.Signals
	Colour    Colour
	Remaining float64 // s until it changes; negative: unknown
}

// Truth is all that is at one instant. Who fills one reuses its slices.
type Truth struct {
	Time   float64 // s since the world began
	Actors []Actor // vehicles that drive themselves are among them, under the ID they were placed with
	Lights []Light // one for each signal of the map, in its order
}

// Bearings is into how many sectors a View's Free divides the circle, counter-clockwise from the vehicle's heading.
const Bearings = 180

// View is what one vehicle knows at one instant. Who fills one reuses its slices.
type View struct {
	Time   float64       // s since the world began, now
	Taken  float64       // s, when the sensors took it: earlier than Time by their latency
	Ego    vehicle.State // by the vehicle's own odometry, now
	Actors []Actor       // what its sensors hold to be there, brought forward to Time
	Lights []Light       // only those seen, or told by V2X
	Range  float64       // m, how far the sensors reach now
	// Free is how far one can see in each direction from the vehicle's middle, m, at most Range: what lies behind is
	// hidden. Those on foot or on two wheels hide nobody.
	Free [Bearings]float32
	// Blind says that the sensors gave nothing new this time.
	Blind bool
}
