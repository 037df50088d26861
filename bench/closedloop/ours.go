package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
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
	trip
	way   way
	goal  lane.Spot
	rider *world.Rider // while it lasts
	tape  tape
	diary diary
	late  int // decisions that had come too late by the last cycle
}

// trip is what is kept of a ride.
type trip struct {
	ID      uint32  `json:"id"`
	Asked   float64 `json:"asked"`   // s since the world began
	Began   float64 `json:"began"`   // when SUMO had room for it at its start; negative: not yet
	Ended   float64 `json:"ended"`   // 0: it didn't
	Outcome string  `json:"outcome"` // "" while it lasts, "arrived", or what went wrong
	Stuck   bool    `json:"stuck"`   // when its run ended it had been standing for a minute without reason
	Theirs  float64 `json:"theirs"`  // s that SUMO's driver took for the same; 0: not known

	Slower map[string]float64 `json:"slower,omitempty"` // s that ours took longer than SUMO's driver, by reason
}

// trial is one run with our vehicles.
type trial struct {
	s       *settings
	sc      *scenario
	c       *campaign
	w       *sumo.World
	loop    *world.Loop
	ref     *referee.Referee
	rides   []*ride
	waiting []*ride
	driving map[uint32]*ride
	r       *result
	told    float64 // when progress was last told
}

// ours runs the scenario with our vehicles.
func (t *trial) ours(ctx context.Context) (*result, error) {
	s, sc := t.s, t.sc
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
	t.w, t.ref, t.driving = w, referee.New(w.Map()), map[uint32]*ride{}
	t.r = newResult()
	t.r.name, t.r.seed, t.r.version = sc.name, sc.seed, w.Runs()
	if sc.refused > 0 {
		t.tell("%s %d: on %d of the traffic's %d ways no ride can be booked, for no way leads there without a turn too sharp for the vehicle",
			sc.name, sc.seed, sc.refused, sc.refused+len(sc.ways))
	}
	t.loop = world.New(w, world.Options{
		Referee: t.ref, Workers: s.workers, Deadline: s.deadline, After: []func(*world.Moment){t.after},
	})
	err = t.run(ctx)
	t.loop.Close()
	if closed := w.Close(); !t.r.cut {
		err = errors.Join(err, closed)
	}
	if err != nil {
		return nil, err
	}
	t.take(t.r)
	return t.r, t.r.reports(dir)
}

// take puts what the referee and the rides say into a result.
func (t *trial) take(r *result) {
	r.referee = t.ref.Report()
	r.rides = r.rides[:0]
	for _, one := range t.rides {
		trip := one.trip
		trip.Stuck = trip.Outcome == "" && trip.Began >= 0 && t.ref.Stood(one.ID) > 60
		r.rides = append(r.rides, &ride{trip: trip, way: one.way, diary: one.diary})
	}
}

func (t *trial) run(ctx context.Context) error {
	for t.loop.Truth().Time < t.s.warmUp {
		if err := t.loop.Cycle(ctx); err != nil {
			return err
		}
	}
	until := t.s.warmUp + t.s.seconds
	last := math.Inf(1) // when those still on the way are cut short
	for {
		now := t.loop.Truth().Time
		if t.c.enough.Load() {
			until = min(until, now)
		}
		if now >= until && math.IsInf(last, 1) {
			t.dismiss()
			if t.s.tail > 0 {
				last = now + t.s.tail
			}
		}
		if now < until && len(t.driving)+len(t.waiting) < t.vehicles() {
			if err := t.begin(now); err != nil {
				return err
			}
		}
		if t.c.cut.Load() || ctx.Err() != nil {
			t.r.cut = true
			return nil
		}
		if now >= until && len(t.driving) == 0 || now >= last {
			t.r.cut = until < t.s.warmUp+t.s.seconds
			return nil
		}
		if err := t.loop.Cycle(ctx); err != nil {
			if !t.c.cut.Load() && ctx.Err() == nil {
				t.tell("the run ended: %v", err)
			}
			t.r.cut = true // what there is counts
			return nil
		}
		if err := t.enter(); err != nil {
			return err
		}
		t.end()
		t.progress(now)
	}
}

// vehicles gives how many of ours drive at once.
func (t *trial) vehicles() int {
	if t.s.vehicles > 0 {
		return t.s.vehicles
	}
	return t.sc.suits
}

// dismiss lets those go that still wait for room at their start.
func (t *trial) dismiss() {
	for _, r := range t.waiting {
		t.w.Remove(r.ID)
		r.Outcome = "never entered"
	}
	t.waiting = t.waiting[:0]
}

// begin asks for a ride.
func (t *trial) begin(now float64) error {
	way := t.sc.ways[t.sc.rides.IntN(len(t.sc.ways))]
	goal, _ := t.sc.goal(way)
	r := &ride{way: way, goal: goal, trip: trip{ID: world.FirstID + uint32(len(t.rides)+1), Asked: now, Began: -1}}
	t.rides = append(t.rides, r)
	t.waiting = append(t.waiting, r)
	return t.w.Enter(r.ID, &vehicle.Shuttle, way.edges)
}

// enter takes over the vehicles that SUMO has put on the road.
func (t *trial) enter() error {
	still := t.waiting[:0]
	for _, r := range t.waiting {
		at, ok := t.w.Entered(r.ID)
		if !ok {
			if t.loop.Truth().Time-r.Asked > 120 { // its start is jammed; nobody's ride has begun
				t.w.Remove(r.ID)
				r.Outcome = "never entered"
			} else {
				still = append(still, r)
			}
			continue
		}
		r.Began = t.loop.Truth().Time
		r.rider = &world.Rider{
			ID: r.ID, Spec: &vehicle.Shuttle, State: at, Driver: drive.New(t.w.Map(), &vehicle.Shuttle, drive.Options{}),
			Orders: drive.Orders{Goal: t.sc.field(r.goal)},
		}
		if t.s.sensor != "exact" {
			r.rider.Sensor = sense.New(sense.Usual(), t.w.Map(), uint64(t.sc.seed)<<32|uint64(r.ID))
		}
		if err := t.loop.Add(r.rider); err != nil {
			return err
		}
		t.driving[r.ID] = r
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
		t.r.counts.Cycles++
		t.r.counts.Vetoed += rider.Decision.Vetoed
		t.r.counts.Late += rider.Late - r.late
		r.late = rider.Late
		r.diary.note(t.sc.m, rider)
		if t.s.dump != "" {
			r.tape.add(m.Truth, rider)
		}
		if rider.Failed != nil {
			r.Outcome = "the agent failed: " + rider.Failed.Error()
		}
	}
	for _, e := range m.Events {
		if r := t.driving[e.Ego]; r != nil {
			t.event(r, &e)
		}
	}
	for _, l := range t.w.Lost() {
		if r := t.driving[l.ID]; r != nil && r.Outcome == "" {
			t.r.counts.Lost++
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
		if apart <= 0 {
			t.r.counts.Touching++
		}
		if apart <= 0.2 {
			t.r.counts.Near++
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
		if r.Outcome = "hit"; fault {
			r.Outcome = "collided"
		}
	case referee.BrakedHard:
		if t.s.rough {
			t.say(r, e.At, e.Kind, e.Why+"; it was about to: "+r.rider.Decision.Reason.Code)
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

// progress says each minute how far the run is.
func (t *trial) progress(now float64) {
	if now < t.told+60 {
		return
	}
	t.told = now
	r := newResult()
	r.name, r.seed, r.version, r.counts, r.took = t.r.name, t.r.seed, t.r.version, t.r.counts, maps.Clone(t.r.took)
	t.take(r)
	t.c.publish(t, r)
	if p := &r.referee; t.s.loud {
		fmt.Fprintf(os.Stderr, "%s %d: %.0f s, %d driving, %d waiting, %.2f km, %d collisions\n", t.sc.name, t.sc.seed, now,
			len(t.driving), len(t.waiting), p.Km, len(p.Collisions))
	}
}

// say notes what went wrong, and keeps the tape of it.
func (t *trial) say(r *ride, at float64, kind, why string) {
	box := r.rider.Spec.Box(r.rider.State)
	t.tell("%s %d.%03d, %.1f s, %s at (%.1f, %.1f): %s", kind, t.sc.seed, r.ID&^(1<<31), at, t.sc.name, box.X, box.Y, why)
	if t.s.dump != "" {
		name := fmt.Sprintf("%s-%d-%03d-%s-%.0f.jsonl", t.sc.name, t.sc.seed, r.ID&^(1<<31),
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
		case r.Outcome != "":
		case d.Mode == drive.Arrived:
			if r.Outcome = "arrived"; t.far(r) > 5 {
				r.Outcome = "stopped elsewhere"
			}
		case now-r.Began > t.s.longest:
			r.Outcome = "took too long"
			t.say(r, now, "late", fmt.Sprintf("after %.0f s it is %.0f m from its goal; last about to: %s", now-r.Began,
				t.far(r), d.Reason.Code))
		}
		if r.Outcome == "" {
			continue
		}
		r.Ended = now
		delete(t.driving, id)
		t.loop.Remove(id)
		r.tape, r.rider = tape{}, nil // an agent is large
	}
}

func (t *trial) far(r *ride) float64 {
	return r.rider.Spec.Box(r.rider.State).Vec.To(t.sc.m.Pose(r.goal).Vec)
}
