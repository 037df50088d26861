package world

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"hutong/drive"
	"hutong/drive/referee"
	"hutong/drive/scene"
	"hutong/drive/sense"
	"hutong/drive/vehicle"
)

// Driver decides for one vehicle. [drive.Agent] is one. It is called by one goroutine at a time, though not always the
// same. What it leaves in the Decision is its own until its next step.
type Driver interface {
	Step(v *scene.View, o *drive.Orders, d *drive.Decision)
}

// FirstID is the lowest id of a vehicle that drives itself; a world gives its own actors lower ones.
const FirstID = 1 << 31

// Rider is a vehicle that drives itself, in a loop. Its owner sets the first fields before [Loop.Add], and may change
// Orders between cycles; the loop writes the others during a cycle.
type Rider struct {
	ID     uint32 // FirstID or higher
	Spec   *vehicle.Spec
	State  vehicle.State
	Driver Driver
	Orders drive.Orders
	Sensor *sense.Sensor // nil: it sees everything near it, exactly

	View     scene.View      // what it knew
	Decision drive.Decision  // what it decided
	Control  vehicle.Control // what it did: the decision's, or the loop's own emergency stop
	Took     time.Duration   // of its Driver's step, by the clock on the wall
	Forced   bool            // the loop stopped it this cycle
	Failed   error           // why its Driver isn't asked any more: it panicked. Replace puts another in
	Panics   int
	Late     int // decisions that missed the deadline
	Cycles   int

	last  []vehicle.State // the last plan that was good
	seat  *seat           // with a deadline: where its Driver works
	was   vehicle.State   // before its last move
	ready bool            // it has decided for the next cycle already
}

// Options say how a loop runs. The zero Options are good for tests and benches: no deadline, no referee.
type Options struct {
	Referee *referee.Referee
	// Workers is how many riders are stepped at once; 0: as many as there are processors. The run is the same for any.
	Workers int
	// Deadline is how long a Driver's step may take; 0: for ever. A decision that comes later is thrown away. A run with
	// a deadline depends on the machine.
	Deadline time.Duration
	// Ahead lets riders decide for a cycle while the world still makes the one before: what they will know at its begin is
	// certain by then, since their sensors' latency is a cycle or more; a rider with others is refused. They drive as
	// without it. But observers find the Decision and the View that belong to what comes, and Orders changed between
	// cycles are heard a cycle later. For a world that computes elsewhere, as SUMO does, and a clock to be kept.
	Ahead bool
	// After is called after each cycle, in order, with everything at rest.
	After []func(*Moment)
}

// Moment is what an observer gets to see. All of it is the loop's and good until the observer returns.
type Moment struct {
	Truth  *scene.Truth
	Riders []*Rider
	Events []referee.Event // since the last
}

// Loop is a world and the vehicles that drive themselves in it. Its methods are called by one goroutine.
type Loop struct {
	w       World
	o       Options
	riders  []*Rider
	byID    map[uint32]*Rider
	truth   scene.Truth
	known   bool // truth is that of now
	egos    []referee.Ego
	workers int
}

// New makes a loop of a world. The world stays the caller's, who closes it after the loop.
func New(w World, o Options) *Loop {
	l := &Loop{w: w, o: o, byID: make(map[uint32]*Rider), workers: o.Workers}
	if l.workers <= 0 {
		l.workers = runtime.GOMAXPROCS(0)
	}
	return l
}

// Truth gives all that is now, the loop's own until the next cycle.
func (l *Loop) Truth() *scene.Truth {
	l.look()
	return &l.truth
}

// Riders gives those that drive, in the order they were added. The caller doesn't change the list.
func (l *Loop) Riders() []*Rider { return l.riders }

// Add puts a vehicle into the world, from the next cycle on.
func (l *Loop) Add(r *Rider) error {
	switch {
	case r.ID < FirstID:
		return fmt.Errorf("vehicle %d: the ids of vehicles that drive themselves begin at %d", r.ID, uint32(FirstID))
	case l.byID[r.ID] != nil:
		return fmt.Errorf("vehicle %d is there already", r.ID)
	case r.Driver == nil || r.Spec == nil:
		return fmt.Errorf("vehicle %d has no driver or no spec", r.ID)
	case !r.State.Finite():
		return fmt.Errorf("vehicle %d is nowhere: its place is not a finite number", r.ID)
	case l.o.Ahead && (r.Sensor == nil || r.Sensor.Latency() < drive.Cycle):
		return fmt.Errorf("vehicle %d can't decide ahead: its sensors' latency must be a cycle, %g s, or more", r.ID, drive.Cycle)
	}
	if err := l.w.Place(r.ID, r.Spec, r.State); err != nil {
		return fmt.Errorf("vehicle %d: %w", r.ID, err)
	}
	if l.o.Deadline > 0 {
		r.seat = newSeat(r.Driver)
	}
	l.riders = append(l.riders, r)
	l.byID[r.ID] = r
	l.known = false
	return nil
}

// remover is a World that can take a vehicle out again.
type remover interface{ Remove(id uint32) }

// shower is a World in which others see a vehicle's indicator. It is told after the vehicle was placed.
type shower interface {
	Indicate(id uint32, to scene.Indicator)
}

// Remove takes a vehicle out of the loop, and out of the world where it can do that.
func (l *Loop) Remove(id uint32) {
	r := l.byID[id]
	if r == nil {
		return
	}
	delete(l.byID, id)
	for i, x := range l.riders {
		if x == r {
			l.riders = append(l.riders[:i:i], l.riders[i+1:]...)
			break
		}
	}
	if r.seat != nil {
		r.seat.leave()
	}
	if w, can := l.w.(remover); can {
		w.Remove(id)
	}
	if l.o.Referee != nil {
		l.o.Referee.Forget(id)
	}
	l.known = false
}

// Replace gives a vehicle another driver, as after a panic.
func (l *Loop) Replace(id uint32, d Driver) {
	r := l.byID[id]
	if r == nil {
		return
	}
	r.Driver, r.Failed = d, nil
	if r.seat != nil {
		r.seat.leave()
		r.seat = newSeat(d)
	}
}

// Close lets go of what the loop holds: no driver is stepped any more when it returns, but for one that hangs.
func (l *Loop) Close() {
	for _, r := range l.riders {
		if r.seat != nil {
			r.seat.leave()
		}
	}
}

func (l *Loop) look() {
	if !l.known {
		l.w.Truth(&l.truth)
		l.known = true
	}
}

// Cycle lets one [drive.Cycle] pass: every vehicle looks, decides and moves, then everyone else does. An error means
// that the world is gone or that a vehicle could not be put where it is.
func (l *Loop) Cycle(ctx context.Context) error {
	l.look()
	l.each(func(r *Rider) {
		if !r.ready {
			l.think(r, l.sense)
		}
		r.move()
	})
	shown, shows := l.w.(shower)
	for _, r := range l.riders {
		if err := l.w.Place(r.ID, r.Spec, r.State); err != nil {
			return fmt.Errorf("place vehicle %d: %w", r.ID, err)
		}
		if shows {
			shown.Indicate(r.ID, r.Decision.Indicator)
		}
	}
	if err := l.pass(ctx); err != nil {
		return fmt.Errorf("step the world: %w", err)
	}
	l.known = false
	l.look()
	m := Moment{Truth: &l.truth, Riders: l.riders}
	if l.o.Referee != nil {
		m.Events = l.o.Referee.Look(&l.truth, l.subjects())
	}
	for _, f := range l.o.After {
		f(&m)
	}
	return nil
}

// Run is Cycle until the world's time has come to until, or for as long as more says so.
func (l *Loop) Run(ctx context.Context, until float64, more func() bool) error {
	for l.Truth().Time < until-1e-6 && (more == nil || more()) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := l.Cycle(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (l *Loop) subjects() []referee.Ego {
	l.egos = l.egos[:0]
	for _, r := range l.riders {
		d := &r.Decision
		idle := d.Mode == drive.Standing || d.Mode == drive.Arrived || d.Mode == drive.Stopped || r.Orders.Hold
		l.egos = append(l.egos, referee.Ego{
			ID: r.ID, Spec: r.Spec, State: r.State, Idle: idle && !r.Forced,
			FailSafe: r.Forced || d.Mode == drive.FailSafe, Passing: r.Orders.Pass != 0, Goal: r.Orders.Goal,
		})
	}
	return l.egos
}

// pass lets the world go on, and the riders decide meanwhile for what comes where that is asked for.
func (l *Loop) pass(ctx context.Context) error {
	var thinking sync.WaitGroup
	if l.o.Ahead {
		thinking.Go(func() {
			l.each(func(r *Rider) {
				l.think(r, l.foresee)
				r.ready = true
			})
		})
	}
	err := l.w.Step(ctx, drive.Cycle)
	thinking.Wait()
	return err
}

// each does something for all riders, some at once. It touches only what is the rider's own and reads the truth, so that
// the order doesn't matter.
func (l *Loop) each(do func(*Rider)) {
	if n := min(l.workers, len(l.riders)); n > 1 {
		var next atomic.Int64
		var all sync.WaitGroup
		for range n {
			all.Go(func() {
				for i := next.Add(1) - 1; int(i) < len(l.riders); i = next.Add(1) - 1 {
					do(l.riders[i])
				}
			})
		}
		all.Wait()
		return
	}
	for _, r := range l.riders {
		do(r)
	}
}

// think lets a rider look and decide what it does next.
func (l *Loop) think(r *Rider, look func(*Rider)) {
	r.Cycles++
	r.Forced = false
	err := r.Failed
	if err == nil && (r.seat == nil || r.seat.free()) {
		look(r)
		err = r.decide(l.o.Deadline)
	} else if err == nil {
		err = errLate
	}
	switch {
	case err == nil && soundControl(r.Decision.Control):
		r.Control = r.Decision.Control
		r.last = append(r.last[:0], r.Decision.Plan...)
	case err == nil:
		err = errors.New("its control is not a number")
		fallthrough
	default:
		r.force(err)
	}
}

// move lets a cycle of what was decided pass for the vehicle itself.
func (r *Rider) move() {
	r.was, r.ready = r.State, false
	const parts = 5
	for range parts {
		r.State = r.Spec.Step(r.State, r.Control, drive.Cycle/parts)
	}
}

func soundControl(c vehicle.Control) bool {
	return !math.IsNaN(c.Accel) && !math.IsInf(c.Accel, 0) && !math.IsNaN(c.Steer) && !math.IsInf(c.Steer, 0)
}

// foresee fills in what the rider will know a cycle after the truth, which is what it sees now.
func (l *Loop) foresee(r *Rider) {
	r.Sensor.Look(&l.truth, r.ID, r.was, r.Spec)
	r.Sensor.Know(l.truth.Time+drive.Cycle, r.State, r.Spec, &r.View)
}

// sense fills in the rider's view.
func (l *Loop) sense(r *Rider) {
	t := &l.truth
	if r.Sensor != nil {
		r.Sensor.See(t, r.ID, r.State, r.Spec, &r.View)
		return
	}
	v := &r.View
	v.Time, v.Taken, v.Ego, v.Range, v.Blind = t.Time, t.Time, r.State, plainReach, false
	v.Actors, v.Lights = v.Actors[:0], append(v.Lights[:0], t.Lights...)
	for i := range t.Actors {
		if a := &t.Actors[i]; a.ID != r.ID && a.Box.Vec.To(r.State.Vec) <= plainReach {
			v.Actors = append(v.Actors, *a)
		}
	}
	for i := range v.Free {
		v.Free[i] = plainReach
	}
}

// plainReach is how far a rider without a sensor sees, m.
const plainReach = 150
