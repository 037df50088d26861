// Package eta foretells when a ride's vehicle comes, and when it arrives.
package eta

import (
	"math"
	"time"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/road/car"
	"hutong/road/ground"
	"hutong/road/ride"
)

// Vehicle is what is known of a ride's vehicle.
type Vehicle struct {
	Pose      geom.Pose
	Posed     bool
	Driving   bool
	Goal      *geom.Vec // where it says that it goes
	Remaining float64   // and how long it needs, s; negative: unknown
}

// Hop is a stop of a vehicle that is shared.
type Hop struct {
	Spot lane.Spot
	Mine bool // it's of the ride in question
	Out  bool // where people get out
}

// Times are when something is expected, and as early and as late as it may well be.
type Times struct{ At, Early, Late time.Time }

// Outlook is what a ride's passenger may know of what comes.
type Outlook struct {
	Way     *ground.Way // of the vehicle, to where it goes next; nil where it isn't known
	Pickup  *Times
	Arrival *Times
	Stops   int  // that the vehicle makes for others before it's this ride's turn
	Hidden  bool // where the vehicle is isn't told, since it's about somebody else
}

// getIn is how long people take to get in or out, s.
const getIn = 30

// Expect gives the outlook of a ride whose vehicle makes these stops up to its end; none where it is shared with nobody.
func Expect(ways *ground.Ways, m *lane.Map, r *ride.Ride, v Vehicle, hops []Hop, now time.Time) (o Outlook) {
	if !v.Posed || r.State.Over() || r.State == ride.There {
		return o
	}
	if len(hops) > 0 {
		return shared(ways, m, r, v, hops, now)
	}
	alone, ok := ways.Find(m.Pose(r.From.Spot), r.To.Spot)
	if !ok {
		return o
	}
	goal := &r.To
	if r.State == ride.Coming {
		goal = &r.From
	}
	way, ok := ways.Find(v.Pose, goal.Spot)
	if !ok {
		return o
	}
	o.Way = &way
	left := ground.Lived(way.Seconds)
	if v.Remaining >= 0 && v.Driving && v.Goal != nil && v.Goal.To(goal.Vec()) < car.Near {
		left = v.Remaining // the vehicle knows better
	}
	switch r.State {
	case ride.Coming:
		o.Pickup = times(now, left)
		o.Arrival = times(now, left+getIn+ground.Lived(alone.Seconds))
	case ride.Here, ride.Boarding:
		o.Arrival = times(now, 20+ground.Lived(alone.Seconds))
	case ride.Riding, ride.Stopping:
		o.Arrival = times(now, left)
	}
	return o
}

// shared is the outlook of a ride whose vehicle has others besides. Who still waits isn't shown where the vehicle takes
// others meanwhile.
func shared(ways *ground.Ways, m *lane.Map, r *ride.Ride, v Vehicle, hops []Hop, now time.Time) (o Outlook) {
	at, left, stops := v.Pose, 0.0, 0
	for i, h := range hops {
		way := ways.Seconds(at, h.Spot)
		if math.IsInf(way, 1) {
			return Outlook{Hidden: r.State == ride.Coming && !hops[0].Mine}
		}
		if pose := m.Pose(h.Spot); i == 0 || pose.To(at.Vec) > car.Near {
			if left += ground.Lived(way); i > 0 {
				left += getIn
			}
			at = pose
		}
		switch {
		case !h.Mine:
			stops++
		case h.Out:
			o.Arrival = times(now, left)
		default:
			o.Pickup, o.Stops = times(now, left), stops
		}
	}
	if r.State != ride.Coming {
		o.Stops = stops
	}
	if o.Hidden = r.State == ride.Coming && !hops[0].Mine; !o.Hidden {
		if way, ok := ways.Find(v.Pose, hops[0].Spot); ok {
			o.Way = &way
		}
	}
	return o
}

func times(now time.Time, seconds float64) *Times {
	s := ride.Around(seconds)
	after := func(seconds float64) time.Time {
		return now.Add(time.Duration(math.Round(seconds)) * time.Second)
	}
	return &Times{after(s.Expected), after(s.Early), after(s.Late)}
}
