package main

import (
	"context"
	"fmt"
	"math"

	"hutong/drive"
	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/osc"
	"hutong/drive/referee"
	"hutong/drive/scene"
	"hutong/drive/sense"
	"hutong/drive/world"
)

// outcome is what came of one case.
type outcome struct {
	seconds   float64
	ended     bool    // by the scenario's own stop trigger
	metres    float64 // driven
	gap       float64 // m, the least to anybody
	ttc       float64 // s, the least
	brake     float64 // m/s², the hardest
	over      float64 // m that its body was outside of its lane, at most
	standing  bool    // at the end, with nobody ahead
	hit       *referee.Collision
	hitName   string
	failSafes int
	last      string // the agent's last reason
}

const longest = 400.0 // s that a case may take

// run plays one case.
func run(c osc.Case, keepLane, trace bool) (*outcome, error) {
	w, err := osc.Open(c.File, c.Set)
	if err != nil {
		return nil, err
	}
	if keepLane {
		w.KeepLanes()
	}
	m := w.Map()
	spec, start := w.Ego()
	if start.Speed < 0 {
		return nil, errBackwards
	}
	rider := &world.Rider{
		ID: world.FirstID, Spec: spec, State: start, Driver: drive.New(m, spec, drive.Options{}), Sensor: sense.New(sense.Usual(), m, 1),
	}
	if goal := w.Goal(); goal.Lane != lane.None {
		rider.Orders.Goal = m.NewField(goal, lane.Cars)
	}
	out := &outcome{gap: math.Inf(1), ttc: math.Inf(1)}
	judge := referee.New(m)
	loop := world.New(w, world.Options{Referee: judge, Workers: 1, After: []func(*world.Moment){func(at *world.Moment) { out.look(at, m) }}})
	defer loop.Close()
	rider.Orders.MaxSpeed = w.Wish()
	if err := loop.Add(rider); err != nil {
		return nil, err
	}
	for !w.Ended() && out.seconds < longest {
		rider.Orders.MaxSpeed = w.Wish()
		if err := loop.Cycle(context.Background()); err != nil {
			return nil, err
		}
		out.seconds += drive.Cycle
		if trace {
			d := &rider.Decision
			chosen := ""
			for _, c := range d.Candidates {
				if c.Chosen {
					chosen = c.Name
				}
			}
			fmt.Printf("%6.1f  x %.1f y %.2f v %.2f a %.2f steer %.3f  mode %d %-24s vetoed %d  %s #%d\n", out.seconds, rider.State.X, rider.State.Y,
				rider.State.Speed, rider.State.Accel, rider.State.Steer, d.Mode, chosen, d.Vetoed, d.Reason.Words, d.Reason.Subject)
		}
	}
	out.ended = w.Ended()
	report, _ := judge.Of(rider.ID)
	if len(report.Collisions) > 0 {
		out.hit = &report.Collisions[0]
		out.hitName = w.Name(out.hit.With)
	}
	out.metres, out.failSafes = 1000*report.Km, report.FailSafes
	out.standing = rider.State.Speed < 0.3 && !blocked(rider, loop.Truth()) && rider.Decision.Mode != drive.Arrived
	out.last = rider.Decision.Reason.Words
	return out, nil
}

var errBackwards = fmt.Errorf("it is driven backwards")

// blocked tells whether anybody is close ahead.
func blocked(r *world.Rider, t *scene.Truth) bool {
	for i := range t.Actors {
		a := &t.Actors[i]
		if v := r.State.Local(a.Box.Vec); a.ID != r.ID && v.X > 0 && v.X < 40 && math.Abs(v.Y) < 6 {
			return true
		}
	}
	return false
}

// look notes the nearest and hardest moments.
func (o *outcome) look(at *world.Moment, m *lane.Map) {
	r := at.Riders[0]
	box := r.Spec.Box(r.State)
	o.brake = max(o.brake, -r.State.Accel)
	for i := range at.Truth.Actors {
		a := &at.Truth.Actors[i]
		if a.ID == r.ID {
			continue
		}
		o.gap = min(o.gap, box.Distance(a.Box))
		o.ttc = min(o.ttc, timeTo(box, geom.Towards(r.State.Heading).Times(r.State.Speed), a))
	}
	spot, ok := m.Locate(geom.Pose{Vec: box.Vec, Heading: r.State.Heading}, lane.Cars, 2)
	if !ok {
		return
	}
	for _, c := range box.Corners() {
		s, d := m.Lane(spot.Lane).Centre.Project(c)
		left, right := m.Lane(spot.Lane).Widths(s)
		o.over = max(o.over, d-left, -right-d)
	}
}

// timeTo gives the seconds until two meet if neither changes its way, +Inf if not within 4 s.
func timeTo(box geom.Box, v geom.Vec, a *scene.Actor) float64 {
	u := a.Velocity().Minus(v)
	if box.To(a.Box.Vec)-box.Radius()-a.Box.Radius() > 4*u.Length() {
		return math.Inf(1)
	}
	for t := 0.0; t <= 4; t += 0.1 {
		b := a.Box
		b.Vec = b.Plus(u.Times(t))
		if box.Overlaps(b) {
			return t
		}
	}
	return math.Inf(1)
}
