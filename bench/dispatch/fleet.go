package main

import (
	"math"
	"slices"

	"hutong/road/dispatch"
)

// fleet moves vehicles over a network as their plans say, from node to node; a vehicle under way turns at the next node.
type fleet struct {
	net      *network
	rules    dispatch.Rules
	vehicles []*car
	requests map[int]*person
	waiting  []dispatch.Request
}

type person struct {
	dispatch.Request
	picked, brought float64
	shared          bool
}

type car struct {
	id      int
	at      dispatch.Place // the last node, or the one it is going to
	ready   float64        // when it is or was there
	seats   int
	aboard  []dispatch.Aboard
	plan    []dispatch.Stop
	goal    dispatch.Place // where it is sent without work; -1: nowhere
	metres  float64
	empty   float64
	busy    float64 // s with a plan
	letting bool    // it stands, and people get in or out
}

func (f *fleet) place(s dispatch.Stop) dispatch.Place {
	if r := f.requests[s.Request]; s.Out {
		return r.To
	} else {
		return r.From
	}
}

// drive lets a car go on until it has decided what it does at the time until.
func (f *fleet) drive(c *car, until float64) {
	for c.ready <= until {
		if c.letting {
			c.letting = false
		}
		target := c.goal
		if len(c.plan) > 0 {
			target = f.place(c.plan[0])
		}
		switch {
		case target < 0:
			return
		case target == c.at && len(c.plan) == 0:
			c.goal = -1
			return
		case target == c.at:
			f.let(c)
		default:
			e := f.net.next(c.at, target)
			c.at, c.ready = dispatch.Place(e.other), c.ready+e.seconds
			c.metres += e.metres
			if len(c.aboard) == 0 {
				c.empty += e.metres
			}
			c.busy += e.seconds
		}
	}
}

// let serves all stops of the plan that are here.
func (f *fleet) let(c *car) {
	here := c.at
	for len(c.plan) > 0 && f.place(c.plan[0]) == here {
		s := c.plan[0]
		c.plan = c.plan[1:]
		p := f.requests[s.Request]
		if s.Out {
			p.brought = c.ready
			c.aboard = slices.DeleteFunc(c.aboard, func(a dispatch.Aboard) bool { return a.ID == s.Request })
			continue
		}
		p.picked = c.ready
		c.aboard = append(c.aboard, dispatch.Aboard{Request: p.Request, Since: c.ready})
		f.waiting = slices.DeleteFunc(f.waiting, func(r dispatch.Request) bool { return r.ID == s.Request })
		if len(c.aboard) > 1 {
			for _, a := range c.aboard {
				f.requests[a.ID].shared = true
			}
		}
	}
	c.ready += f.rules.Boarding
	c.busy += f.rules.Boarding
	c.letting = true
}

// decide gives all vehicles new plans.
func (f *fleet) decide(now float64) dispatch.Result {
	vehicles := f.states(now)
	r := dispatch.Match(vehicles, f.waiting, f.net, f.rules)
	for i, c := range f.vehicles {
		if len(c.plan) == 0 && len(r.Plans[i]) > 0 && c.ready < now {
			c.ready = now // it stood, and sets off now
		}
		c.plan = r.Plans[i]
		if len(c.plan) > 0 {
			c.goal = -1
		}
	}
	return r
}

func (f *fleet) states(now float64) []dispatch.Vehicle {
	vehicles := make([]dispatch.Vehicle, len(f.vehicles))
	for i, c := range f.vehicles {
		vehicles[i] = dispatch.Vehicle{
			ID: c.id, At: c.at, Ready: max(now, c.ready), Seats: c.seats, Aboard: c.aboard, Plan: c.plan,
		}
	}
	return vehicles
}

// figures are what a run is judged by.
type figures struct {
	Served               int
	Mean, Median, Ninety float64 // waiting, s
	Vkm, Empty, Shared   float64 // km, and shares of 100
}

func (f *fleet) figures() figures {
	var waits []float64
	g := figures{}
	shared := 0
	for _, p := range f.requests {
		if p.brought > 0 {
			waits = append(waits, p.picked-p.Asked)
			g.Mean += p.picked - p.Asked
			if p.shared {
				shared++
			}
		}
	}
	g.Served = len(waits)
	g.Mean /= float64(len(waits))
	g.Shared = 100 * float64(shared) / float64(len(waits))
	slices.Sort(waits)
	g.Median, g.Ninety = quantile(waits, 0.5), quantile(waits, 0.9)
	empty := 0.0
	for _, c := range f.vehicles {
		g.Vkm += c.metres / 1000
		empty += c.empty / 1000
	}
	g.Empty = 100 * empty / g.Vkm
	return g
}

// quantile is the linear one, as pandas has it.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	low := math.Floor(at)
	i := int(low)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-low)*(sorted[i+1]-sorted[i])
}
