// Package tour is what a vehicle means to do: whom it lets in and out, where, and in which order.
package tour

import (
	"slices"

	"hutong/road/car"
	"hutong/road/eta"
	"hutong/road/ride"
	"hutong/thing"
)

// Leg is one thing that a vehicle means to do: let a ride's people in, or out.
type Leg struct {
	Ride *ride.Ride
	Out  bool
}

// End is where that is.
func (l Leg) End() *ride.End {
	if l.Out {
		return &l.Ride.To
	}
	return &l.Ride.From
}

// Tour is all that a vehicle means to do, in its order.
type Tour []Leg

// Of is a tour for one ride.
func Of(r *ride.Ride) Tour { return Tour{{r, false}, {r, true}} }

// Left is what is left of a vehicle's tour; it takes the tour's memory.
func (t Tour) Left(vehicle thing.ID) Tour {
	return slices.DeleteFunc(t, func(l Leg) bool {
		return l.Ride.State.Over() || l.Ride.Vehicle != vehicle || !l.Out && l.Ride.State.Aboard() && l.Ride.State != ride.Boarding
	})
}

// Without is the tour without a ride; it takes the tour's memory.
func (t Tour) Without(r *ride.Ride) Tour {
	return slices.DeleteFunc(t, func(l Leg) bool { return l.Ride == r })
}

// Rides are those a vehicle has, in the order of its plan.
func (t Tour) Rides() (list []*ride.Ride) {
	for _, l := range t {
		if !slices.Contains(list, l.Ride) {
			list = append(list, l.Ride)
		}
	}
	return list
}

// Serves tells whether a ride is among them.
func (t Tour) Serves(r *ride.Ride) bool {
	return slices.ContainsFunc(t, func(l Leg) bool { return l.Ride == r })
}

// Leads tells whether letting r's people in is due at the place to which the vehicle goes next.
func (t Tour) Leads(r *ride.Ride) bool {
	for _, l := range t {
		if l.End().Vec().To(t[0].End().Vec()) > car.Near {
			return false
		}
		if l.Ride == r && !l.Out {
			return true
		}
	}
	return false
}

// Next tells whether the vehicle's next stop is one of r's.
func (t Tour) Next(r *ride.Ride) bool { return len(t) > 0 && t[0].Ride == r }

// Carries tells whether others than r's people are aboard.
func (t Tour) Carries(r *ride.Ride) bool {
	return slices.ContainsFunc(t, func(l Leg) bool { return l.Ride != r && l.Ride.State.Aboard() })
}

// Aboard counts the people who are, or may be, in the vehicle.
func (t Tour) Aboard() (n int) {
	for _, r := range t.Rides() {
		if r.State.Aboard() {
			n += r.Party
		}
	}
	return n
}

// AtDoor tells whether it's being done just now, and so isn't planned any more.
func (l Leg) AtDoor() bool {
	if l.Out {
		return l.Ride.State == ride.There
	}
	return l.Ride.State == ride.Here || l.Ride.State == ride.Boarding
}

// Hops are the stops up to the end of r, where others share the vehicle; nil where nobody does.
func (t Tour) Hops(r *ride.Ride) (list []eta.Hop) {
	if len(t.Rides()) < 2 || !t.Serves(r) {
		return nil
	}
	for _, l := range t {
		if l.Out || !l.Ride.State.Aboard() {
			list = append(list, eta.Hop{Spot: l.End().Spot, Mine: l.Ride == r, Out: l.Out})
		}
		if l.Ride == r && l.Out {
			return list
		}
	}
	return nil
}
