package road

import (
	"hutong/road/ground"
	"hutong/road/ride"
)

// What a ride is.
type (
	Ride   = ride.Ride
	RideID = ride.ID
	State  = ride.State
	End    = ride.End
	Offer  = ride.Offer
	Span   = ride.Span
)

// How far a ride has come.
const (
	Waiting   = ride.Waiting
	Coming    = ride.Coming
	Here      = ride.Here
	Boarding  = ride.Boarding
	Riding    = ride.Riding
	Stopping  = ride.Stopping
	Halted    = ride.Halted
	There     = ride.There
	Ended     = ride.Ended
	Cancelled = ride.Cancelled
	Failed    = ride.Failed
)

// Who has stopped a ride.
const (
	passenger = "passenger"
	operator  = "operator"
	another   = "another" // another passenger in the same vehicle
)

// aim is where a vehicle is to go for an end of a ride.
func aim(e *End) *target {
	heading := e.Heading
	return &target{e.Vec(), &heading, e.Name}
}

func endOf(s *ground.Stop) *End {
	return &End{Stop: s.ID, Name: s.Name, X: s.X, Y: s.Y, Heading: s.Heading}
}

func targetOf(s *ground.Stop) *target { return aim(endOf(s)) }
