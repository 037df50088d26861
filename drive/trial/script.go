package trial

import (
	"fmt"
	"math"
	"strings"

	"hutong/drive"
	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
)

// ---- moments

// After is so many seconds after the beginning.
func After(s float64) When { return func(r *Run) bool { return r.Truth.Time >= s-1e-6 } }

// Then is so many seconds after the cue or order before.
func Then(s float64) When { return func(r *Run) bool { return r.Truth.Time >= r.lastOne+s-1e-6 } }

// Within is when the vehicle's front has come within d metres of a part.
func Within(name string, d float64) When {
	return func(r *Run) bool {
		a := r.stage.find(name)
		return a != nil && a.box.To(r.front()) <= d
	}
}

// Asked is when the vehicle asks a person for help of a kind.
func Asked(kind string) When {
	return func(r *Run) bool { return r.Rider.Decision.Assist.Kind == kind }
}

func (r *Run) front() geom.Vec {
	b := r.Rider.Spec.Box(r.Rider.State)
	return b.Ahead(b.Length/2, 0)
}

func (st *stage) find(name string) *actor {
	for _, a := range st.actors {
		if a.part.Name == name {
			return a
		}
	}
	return nil
}

// ---- what parts do

// Go lets a part change its speed to v, at rate m/s².
func Go(v, rate float64) Act { return func(a *actor) { a.want, a.rate = v, rate } }

// Halt lets a part brake to a stop at rate m/s².
func Halt(rate float64) Act { return Go(0, rate) }

// Shift lets a part move to d metres left of its line, taking so many seconds.
func Shift(d, seconds float64) Act {
	return func(a *actor) {
		a.slide, a.drift = d, math.Abs(d-a.d)/seconds
		a.turn = scene.TurnLeft
		if d < a.d {
			a.turn = scene.TurnRight
		}
	}
}

// Quietly is an act without a turn light.
func Quietly(do Act) Act {
	return func(a *actor) {
		do(a)
		a.turn = scene.NoTurn
	}
}

// TurnBack lets a part go back along its line at speed v.
func TurnBack(v float64) Act {
	return func(a *actor) { a.want, a.rate, a.back = -v, 4, true }
}

// Vanish takes a part away, as if it had never been.
func Vanish(a *actor) { a.gone = true }

// ---- what the vehicle is told

// Tell changes its orders.
func Tell(do func(*drive.Orders)) func(*Run) { return func(r *Run) { do(&r.Rider.Orders) } }

// Head gives it another goal.
func Head(p Place) func(*Run) {
	return func(r *Run) {
		if err := r.GoTo(p); err != nil {
			r.fail("another goal: %v", err)
		}
	}
}

// Allow lets it pass what it asked to pass.
func Allow(r *Run) { r.Rider.Orders.Pass = r.Rider.Decision.Assist.Track }

// ---- what must hold

// Check is something that must hold always, or in the end.
type Check struct {
	what   string
	always func(*Run) string // why it doesn't hold now; "": it does
	atEnd  func(*Run) string
}

// Reaches: it stands at its goal within so many seconds.
func Reaches(within float64) Check {
	return Check{what: fmt.Sprintf("reaches its goal within %g s", within), atEnd: func(r *Run) string {
		if r.Arrived > within {
			x := r.Rider.State
			return fmt.Sprintf("it came there at %s; it is at %.1f, %.1f with %.1f m/s, for the reason %q", seconds(r.Arrived), x.X, x.Y, x.Speed, r.Rider.Decision.Reason.Code)
		}
		return ""
	}}
}

// Brakes: it never brakes harder than limit m/s².
func Brakes(limit float64) Check {
	return Check{what: fmt.Sprintf("brakes at most %g m/s²", limit), atEnd: func(r *Run) string {
		if r.Report.MaxBrake > limit+0.05 {
			return fmt.Sprintf("it braked %.1f m/s²", r.Report.MaxBrake)
		}
		return ""
	}}
}

// Untouched: no collision at all, whoever is at fault.
var Untouched = Check{what: "nobody is touched", atEnd: func(r *Run) string {
	if n := len(r.Report.Collisions); n > 0 {
		c := r.Report.Collisions[0]
		return fmt.Sprintf("%d collisions, the first at %.1f s with a %s, at %.1f m/s against each other", n, c.At, kindNames[c.Kind], c.Impact)
	}
	return ""
}}

// KeepsClear: it never stands in a junction.
var KeepsClear = Check{what: "stands in no junction", always: func(r *Run) string {
	at := r.Rider.Decision.Lane
	if r.Rider.State.Speed > 0.05 || at.Lane == lane.None || r.Map.Lane(at.Lane).Kind != lane.Junction {
		return ""
	}
	return "it stands on " + r.Map.Lane(at.Lane).Name
}}

// Because: it gave one of these reasons at some time.
func Because(codes ...string) Check {
	return Check{what: "says " + strings.Join(codes, " or "), atEnd: func(r *Run) string {
		for _, c := range codes {
			if _, said := r.Reasons[c]; said {
				return ""
			}
		}
		return "it never did"
	}}
}

// Asks: it asked a person for help of this kind.
func Asks(kind string) Check {
	return Check{what: "asks a person: " + kind, atEnd: func(r *Run) string {
		if _, asked := r.Assists[kind]; !asked {
			return "it never did"
		}
		return ""
	}}
}

// Stands: it stands within so many seconds, at the latest.
func Stands(within float64) Check {
	return Check{what: fmt.Sprintf("stands within %g s", within), atEnd: func(r *Run) string {
		if r.Stood > within {
			return fmt.Sprintf("it first stood at %s", seconds(r.Stood))
		}
		return ""
	}}
}

// StaysBehind: its front never comes past a place along the road of that lane.
func StaysBehind(p Place) Check {
	return Check{what: fmt.Sprintf("stays behind %s/%g", p.Lane, p.S), always: func(r *Run) string {
		at, err := spot(r.Map, p)
		if err != nil {
			return err.Error()
		}
		if past := r.Map.Pose(at).Local(r.front()).X; past > 0.3 && past < 40 {
			return fmt.Sprintf("it was %.1f m past it", past)
		}
		return ""
	}}
}

// StaysBehindUntil: its front isn't past x until so many seconds have gone.
func StaysBehindUntil(seconds, x float64) Check {
	return Check{what: fmt.Sprintf("stays behind %g m for %g s", x, seconds), always: func(r *Run) string {
		if past := r.front().X - x; past > 0 && r.Truth.Time < seconds {
			return fmt.Sprintf("it was %.1f m past it", past)
		}
		return ""
	}}
}

// Keeps: it never comes nearer than d metres to a part of the cast.
func Keeps(name string, d float64) Check {
	return Check{what: fmt.Sprintf("keeps %g m from the %s", d, name), atEnd: func(r *Run) string {
		if r.Closest[name] < d {
			return fmt.Sprintf("it came as near as %.2f m", r.Closest[name])
		}
		return ""
	}}
}

// EndsAs: in the end it is in this mode.
func EndsAs(mode drive.Mode) Check {
	return Check{what: fmt.Sprintf("ends in mode %d", mode), atEnd: func(r *Run) string {
		if d := &r.Rider.Decision; d.Mode != mode {
			return fmt.Sprintf("it ended in mode %d, %q", d.Mode, d.Reason.Code)
		}
		return ""
	}}
}

// SlowAt: it is at most v m/s fast while its front is within d metres of a point.
func SlowAt(x, y, d, v float64) Check {
	return Check{what: fmt.Sprintf("at most %g m/s near %g, %g", v, x, y), always: func(r *Run) string {
		if r.front().To(geom.Vec{X: x, Y: y}) < d && r.Rider.State.Speed > v {
			return fmt.Sprintf("it drove %.1f m/s", r.Rider.State.Speed)
		}
		return ""
	}}
}
