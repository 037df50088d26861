package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"hutong/drive"
	"hutong/drive/lane"
	"hutong/drive/referee"
	"hutong/drive/sense"
	"hutong/drive/sumo"
	"hutong/drive/traci"
	"hutong/drive/vehicle"
	"hutong/drive/world"
)

// ride is one journey of one of our vehicles.
type ride struct {
	id      uint32
	way     way
	goal    lane.Spot
	asked   float64 // s since the world began
	began   float64 // when SUMO had room for it at its start; negative: not yet
	ended   float64
	outcome string // "" while it lasts, "arrived", or what went wrong
	rider   *world.Rider
	tape    tape
	theirs  float64 // s that SUMO's driver took for the same; 0: not known
}

// trial is one run with our vehicles.
type trial struct {
	s       *settings
	sc      *scenario
	w       *sumo.World
	loop    *world.Loop
	ref     *referee.Referee
	fields  map[lane.ID]*lane.Field
	rides   []*ride
	waiting []*ride
	driving map[uint32]*ride
	r       *result
	told    float64 // when progress was last told
}

// ours runs the scenario with our vehicles.
func (s *settings) ours(ctx context.Context, sc *scenario) (*result, error) {
	dir, err := os.MkdirTemp("", "hutong-closedloop-reports-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	o := sc.o
	o.Dir, o.Measures = dir, sc.measures
	w, err := sumo.Start(ctx, o)
	if err != nil {
		return nil, err
	}
	t := &trial{
		s: s, sc: sc, w: w, ref: referee.New(w.Map()), fields: map[lane.ID]*lane.Field{}, driving: map[uint32]*ride{},
		r: newResult(),
	}
	t.r.version = w.Runs()
	t.loop = world.New(w, world.Options{
		Referee: t.ref, Workers: s.workers, Deadline: s.deadline, After: []func(*world.Moment){t.after},
	})
	err = t.run(ctx)
	t.loop.Close()
	if err := errors.Join(err, w.Close()); err != nil {
		return nil, err
	}
	t.r.referee = t.ref.Report()
	t.r.rides = t.rides
	return t.r, t.r.reports(dir)
}

func (t *trial) run(ctx context.Context) error {
	for t.loop.Truth().Time < t.s.warmUp {
		if err := t.loop.Cycle(ctx); err != nil {
			return err
		}
	}
	for until := t.s.warmUp + t.s.seconds; ; {
		now := t.loop.Truth().Time
		if now < until && len(t.driving)+len(t.waiting) < t.s.vehicles {
			if err := t.begin(now); err != nil {
				return err
			}
		}
		if now >= until && len(t.driving) == 0 || ctx.Err() != nil {
			return nil
		}
		if err := t.loop.Cycle(ctx); err != nil {
			if ctx.Err() != nil { // cut short: what there is counts
				return nil
			}
			return err
		}
		if err := t.enter(); err != nil {
			return err
		}
		t.end()
		t.progress(now)
	}
}

// begin asks for a ride.
func (t *trial) begin(now float64) error {
	way := t.sc.ways[t.sc.rides.IntN(len(t.sc.ways))]
	goal, _ := t.sc.goal(way)
	r := &ride{id: world.FirstID + uint32(len(t.rides)+1), way: way, goal: goal, asked: now, began: -1}
	t.rides = append(t.rides, r)
	if t.field(goal) == nil {
		r.outcome = "no way"
		return nil
	}
	t.waiting = append(t.waiting, r)
	return t.w.Enter(r.id, &vehicle.Shuttle, way.edges)
}

func (t *trial) field(goal lane.Spot) *lane.Field {
	f := t.fields[goal.Lane]
	if f == nil {
		f = t.sc.m.NewField(goal, lane.Cars)
		t.fields[goal.Lane] = f
	}
	return f
}

// enter takes over the vehicles that SUMO has put on the road.
func (t *trial) enter() error {
	still := t.waiting[:0]
	for _, r := range t.waiting {
		at, ok := t.w.Entered(r.id)
		if !ok {
			if t.loop.Truth().Time-r.asked > 120 { // its start is jammed; nobody's ride has begun
				t.w.Remove(r.id)
				r.outcome = "never entered"
			} else {
				still = append(still, r)
			}
			continue
		}
		r.began = t.loop.Truth().Time
		r.rider = &world.Rider{
			ID: r.id, Spec: &vehicle.Shuttle, State: at, Driver: drive.New(t.w.Map(), &vehicle.Shuttle, drive.Options{}),
			Orders: drive.Orders{Goal: t.field(r.goal)},
		}
		if t.s.sensor != "exact" {
			r.rider.Sensor = sense.New(sense.Usual(), t.w.Map(), uint64(t.sc.seed)<<32|uint64(r.id))
		}
		if err := t.loop.Add(r.rider); err != nil {
			return err
		}
		t.driving[r.id] = r
	}
	t.waiting = still
	return nil
}

// after looks at each cycle.
func (t *trial) after(m *world.Moment) {
	for _, rider := range m.Riders {
		r := t.driving[rider.ID]
		if r == nil {
			continue
		}
		t.r.took.add(rider.Took)
		t.r.cycles++
		t.r.vetoed += rider.Decision.Vetoed
		if t.s.deadline > 0 && rider.Took > t.s.deadline {
			t.r.late++
		}
		if t.s.dump != "" {
			r.tape.add(m.Truth, rider)
		}
		if rider.Failed != nil {
			r.outcome = "the agent failed: " + rider.Failed.Error()
		}
	}
	for _, e := range m.Events {
		if r := t.driving[e.Ego]; r != nil {
			t.event(r, &e)
		}
	}
	for _, l := range t.w.Lost() {
		if r := t.driving[l.ID]; r != nil && r.outcome == "" {
			t.r.lost++
			t.say(r, m.Truth.Time, "lost", "SUMO took it out: "+l.Why)
		}
	}
	for _, c := range t.w.Collisions() {
		t.sumoSaw(m.Truth.Time, &c)
	}
}

// sumoSaw notes a collision that SUMO reports, with how far apart our referee has the two.
func (t *trial) sumoSaw(at float64, c *traci.Collision) {
	for id, r := range t.driving {
		with := c.Victim
		switch t.w.Name(id) {
		case c.Collider:
		case c.Victim:
			with = c.Collider
		default:
			continue
		}
		apart := math.Inf(1)
		truth := t.loop.Truth()
		for i := range truth.Actors {
			if a := &truth.Actors[i]; a.ID != id && t.w.Name(a.ID) == with {
				apart = r.rider.Spec.Box(r.rider.State).Distance(a.Box)
			}
		}
		t.say(r, at, "sumo", fmt.Sprintf("%s into %s (%s, %.1f and %.1f m/s); our boxes are %.2f m apart; it was about to: %s",
			c.Collider, c.Victim, c.Kind, c.ColliderSpeed, c.VictimSpeed, apart, r.rider.Decision.Reason.Code))
	}
}

// event takes what the referee saw. A vehicle that collided stays where it is no longer: its ride is over.
func (t *trial) event(r *ride, e *referee.Event) {
	switch e.Kind {
	case referee.Collided:
		p, _ := t.ref.Of(e.Ego)
		fault := false
		for _, c := range p.Collisions {
			fault = fault || c.AtFault
		}
		why := fmt.Sprintf("with %s, at fault %t: %s; it was about to: %s", t.w.Name(e.With), fault, e.Why,
			r.rider.Decision.Reason.Code)
		t.say(r, e.At, "collision", why)
		if r.outcome = "hit"; fault {
			r.outcome = "collided"
		}
	case referee.RanRed, referee.RanStop, referee.WentWrong, referee.LeftRoad, referee.Deadlocked:
		t.say(r, e.At, e.Kind, e.Why+"; it was about to: "+r.rider.Decision.Reason.Code)
	}
}

// tell notes a line.
func (t *trial) tell(format string, args ...any) {
	t.r.say(format, args...)
	if t.s.loud {
		fmt.Fprintln(os.Stderr, t.r.notes[len(t.r.notes)-1])
	}
}

// progress says how far the run is.
func (t *trial) progress(now float64) {
	if !t.s.loud || now < t.told+60 {
		return
	}
	t.told = now
	p := t.ref.Report()
	fmt.Fprintf(os.Stderr, "%s %d: %.0f s, %d driving, %d waiting, %.2f km, %d collisions\n", t.sc.name, t.sc.seed, now,
		len(t.driving), len(t.waiting), p.Km, len(p.Collisions))
}

// say notes what went wrong, and keeps the tape of it.
func (t *trial) say(r *ride, at float64, kind, why string) {
	box := r.rider.Spec.Box(r.rider.State)
	t.tell("%s %d.%03d, %.1f s, %s at (%.1f, %.1f): %s", kind, t.sc.seed, r.id&^(1<<31), at, t.sc.name, box.X, box.Y, why)
	if t.s.dump != "" {
		name := fmt.Sprintf("%s-%d-%03d-%s-%.0f.jsonl", t.sc.name, t.sc.seed, r.id&^(1<<31),
			strings.ReplaceAll(kind, " ", "-"), at)
		if err := r.tape.write(filepath.Join(t.s.dump, name), why); err != nil {
			t.r.say("the dump: %v", err)
		}
	}
}

// end lets go of the vehicles whose ride is over.
func (t *trial) end() {
	now := t.loop.Truth().Time
	for id, r := range t.driving {
		d := &r.rider.Decision
		switch {
		case r.outcome != "":
		case d.Mode == drive.Arrived:
			if r.outcome = "arrived"; t.far(r) > 5 {
				r.outcome = "stopped elsewhere"
			}
		case now-r.began > t.s.longest:
			r.outcome = "took too long"
			t.say(r, now, "late", fmt.Sprintf("after %.0f s it is %.0f m from its goal; last about to: %s", now-r.began,
				t.far(r), d.Reason.Code))
		}
		if r.outcome == "" {
			continue
		}
		r.ended = now
		r.tape = tape{}
		delete(t.driving, id)
		t.loop.Remove(id)
	}
}

func (t *trial) far(r *ride) float64 {
	return r.rider.Spec.Box(r.rider.State).Vec.To(t.sc.m.Pose(r.goal).Vec)
}
