package world

import (
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"time"

	"hutong/drive"
	"hutong/drive/geom"
	"hutong/drive/scene"
	"hutong/drive/vehicle"
)

var errLate = errors.New("its decision came too late")

// decide asks the driver and measures how long it takes. An error means that there is no decision.
func (r *Rider) decide(deadline time.Duration) error {
	if r.seat == nil {
		begin := time.Now()
		err := ask(r.Driver, &r.View, &r.Orders, &r.Decision)
		r.Took = time.Since(begin)
		return err
	}
	done := r.seat.ask(&r.View, &r.Orders)
	clock := time.NewTimer(deadline)
	defer clock.Stop()
	begin := time.Now()
	select {
	case a := <-done:
		r.seat.asked = false
		r.Took = a.took
		if a.err == nil && a.took > deadline {
			r.seat.late = true
			return errLate
		}
		r.Decision = a.decision
		return a.err
	case <-clock.C:
		r.seat.late = true
		r.Took = time.Since(begin)
		return errLate
	}
}

// ask calls the driver and makes an error of a panic.
func ask(d Driver, v *scene.View, o *drive.Orders, out *drive.Decision) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &Panic{Value: p, Stack: debug.Stack()}
		}
	}()
	d.Step(v, o, out)
	return nil
}

// Panic is a driver that panicked.
type Panic struct {
	Value any
	Stack []byte
}

// Error gives what the driver panicked with.
func (p *Panic) Error() string { return fmt.Sprintf("its driver panicked: %v", p.Value) }

// seat is where a driver works that has a deadline: a goroutine of its own, so that one who hangs holds up nobody. It
// works on copies, since the loop goes on without it.
type seat struct {
	tasks chan task
	done  chan answer
	asked bool // and not answered yet
	late  bool // the last answer was thrown away
	view  scene.View
}

// misser is a driver that wants to know when its decision came too late to be driven. [drive.Agent] is one.
type misser interface{ Missed() }

type task struct {
	view   *scene.View
	orders drive.Orders
	missed bool // the decision before came too late
}

type answer struct {
	decision drive.Decision
	took     time.Duration
	err      error
}

func newSeat(d Driver) *seat {
	s := &seat{tasks: make(chan task), done: make(chan answer, 1)}
	go func() {
		var a answer
		for t := range s.tasks {
			if m, can := d.(misser); can && t.missed {
				m.Missed()
			}
			begin := time.Now()
			a.err = ask(d, t.view, &t.orders, &a.decision)
			a.took = time.Since(begin)
			s.done <- a
		}
	}()
	return s
}

// ask hands a copy of the view to the driver.
func (s *seat) ask(v *scene.View, o *drive.Orders) <-chan answer {
	actors, lights := append(s.view.Actors[:0], v.Actors...), append(s.view.Lights[:0], v.Lights...)
	s.view = *v
	s.view.Actors, s.view.Lights = actors, lights
	s.asked = true
	s.tasks <- task{&s.view, *o, s.late}
	s.late = false
	return s.done
}

// free tells whether the driver can be asked: a late answer is thrown away here.
func (s *seat) free() bool {
	if !s.asked {
		return true
	}
	select {
	case <-s.done:
		s.asked = false
		return true
	default:
		return false
	}
}

// leave lets the driver go as soon as it is through with what it does.
func (s *seat) leave() { close(s.tasks) }

// forcedBrake is how the loop stops a vehicle by itself.
const forcedBrake = 6.0 // m/s²; hard, and yet those behind can follow

// force stops the vehicle: the last resort, when there is no decision. It brakes, and steers along the last plan there
// was for as long as that goes on.
func (r *Rider) force(why error) {
	r.Forced = true
	var p *Panic
	switch {
	case errors.As(why, &p):
		if r.Failed == nil {
			r.Panics++
		}
		r.Failed = why
	case errors.Is(why, errLate):
		r.Late++
	}
	steer := r.State.Steer
	if at, ok := r.aim(); ok {
		to := r.State.Local(at)
		steer = math.Atan(2 * r.Spec.Wheelbase * to.Y / to.Dot(to)) // pure pursuit
	}
	r.Control = vehicle.Control{Accel: -forcedBrake, Steer: steer, Hard: true}
	r.Decision = drive.Decision{
		Control: r.Control, Mode: drive.FailSafe, Remaining: -1, TurnIn: -1, Lane: r.Decision.Lane,
		Reason: drive.Reason{Code: "forced", Signal: -1, Words: "Stopping: the driving program gave no answer"},
	}
}

// aim gives the point of the last plan to steer to, a little way in front of the vehicle.
func (r *Rider) aim() (geom.Vec, bool) {
	ahead := max(2.5, r.State.Speed*0.6)
	for i := range r.last {
		if to := r.State.Local(r.last[i].Vec); to.X > 0 && to.Length() >= ahead {
			return r.last[i].Vec, true
		}
	}
	return geom.Vec{}, false
}
