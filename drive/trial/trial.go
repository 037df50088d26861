// Package trial holds our own scenarios: each a small script of who is there and what they do, and what must hold of the
// vehicle that drives itself among them. They need nothing from outside and run in seconds.
//
// A scenario is a table entry that reads as the story it tells. What must hold in all of them is not written in each: no
// collision at fault, no red light, no wrong way, not off the road, no panic.
package trial

import (
	"context"
	"fmt"
	"math"
	"strings"

	"hutong/drive"
	"hutong/drive/lane"
	"hutong/drive/referee"
	"hutong/drive/scene"
	"hutong/drive/sense"
	"hutong/drive/vehicle"
	"hutong/drive/world"
)

// Trial is one scenario.
type Trial struct {
	Name    string
	On      Set     // where
	Start   Place   // of the vehicle
	Speed   float64 // m/s, at the start
	Goal    Place
	Cast    []Part
	Sensors func(*sense.Config) // what is different about its sensors; nil: nothing
	Orders  []Order             // what it is told, beside where to go
	Dark    []Place             // lanes whose junction has its lights off
	Clock   float64             // s that the lights have run when it begins
	Seconds float64             // how long it is looked at
	Must    []Check
	// Known says why it can't pass yet. Such a trial must fail; when it passes, this text has to go.
	Known string
}

// Place is a place on a lane of the set, by the lane's name.
type Place struct {
	Lane string
	S, D float64
}

// Order is something the vehicle is told at some moment.
type Order struct {
	When When
	Do   func(*Run)
}

// Maker makes the driver of a trial.
type Maker func(m *lane.Map, spec *vehicle.Spec) world.Driver

// Agent makes our own agent.
func Agent(m *lane.Map, spec *vehicle.Spec) world.Driver { return drive.New(m, spec, drive.Options{}) }

// Result is what came of a trial.
type Result struct {
	Trial  *Trial
	Failed []string // what must hold and didn't; empty: it passed
	Report referee.Report
	Arrive float64 // s when it stood at its goal; +Inf: it never did
}

// Run is a trial under way, as its checks and its orders see it.
type Run struct {
	Trial   *Trial
	Map     *lane.Map
	Truth   *scene.Truth
	Rider   *world.Rider
	Report  referee.Report
	Arrived float64            // s when it stood at its goal; +Inf before
	Reasons map[string]float64 // s when a reason's code was first given
	Assists map[string]float64 // and what it asked of a person
	Top     float64            // m/s, its highest speed since it was last reset
	Closest map[string]float64 // m, the least distance to each part of the cast
	Stood   float64            // s when it first stood; +Inf before
	Forced  int                // cycles the loop had to stop it

	stage   *stage
	goal    Place
	orders  []Order
	failed  []string
	lastOne float64
}

// Play runs a trial.
func (t *Trial) Play(ctx context.Context, driver Maker) (*Result, error) {
	st, err := newStage(t)
	if err != nil {
		return nil, fmt.Errorf("trial %q: %w", t.Name, err)
	}
	defer st.Close()
	m := st.Map()
	ref := referee.New(m)
	r := &Run{
		Trial: t, Map: m, stage: st, goal: t.Goal, orders: append([]Order(nil), t.Orders...), Arrived: math.Inf(1), Stood: math.Inf(1),
		Reasons: make(map[string]float64), Assists: make(map[string]float64), Closest: make(map[string]float64),
	}
	st.run = r
	start, err := spot(m, t.Start)
	if err != nil {
		return nil, fmt.Errorf("trial %q: %w", t.Name, err)
	}
	conf := sense.Usual()
	conf.Walls = st.walls
	if t.Sensors != nil {
		t.Sensors(&conf)
	}
	r.Rider = &world.Rider{
		ID: world.FirstID, Spec: &vehicle.Shuttle, Driver: driver(m, &vehicle.Shuttle), Sensor: sense.New(conf, m, 7),
		State: vehicle.State{Pose: m.Pose(start), Speed: t.Speed},
	}
	if err := r.GoTo(t.Goal); err != nil {
		return nil, fmt.Errorf("trial %q: %w", t.Name, err)
	}
	loop := world.New(st, world.Options{Referee: ref, Workers: 1})
	if err := loop.Add(r.Rider); err != nil {
		return nil, fmt.Errorf("trial %q: %w", t.Name, err)
	}
	res := &Result{Trial: t}
	for r.Truth = loop.Truth(); r.Truth.Time < t.Seconds && !r.over() && ctx.Err() == nil; r.Truth = loop.Truth() {
		r.give()
		if err := loop.Cycle(ctx); err != nil {
			return nil, fmt.Errorf("trial %q: %w", t.Name, err)
		}
		r.Truth = loop.Truth()
		r.Report = ref.Report()
		r.note()
	}
	r.judge()
	res.Failed, res.Report, res.Arrive = r.failed, r.Report, r.Arrived
	return res, ctx.Err()
}

// over tells whether the story is told: the vehicle has stood at its goal for a moment, and nothing more is to come.
func (r *Run) over() bool { return r.Truth.Time > r.Arrived+2 && len(r.orders) == 0 }

// GoTo gives the vehicle another goal.
func (r *Run) GoTo(p Place) error {
	at, err := spot(r.Map, p)
	if err != nil {
		return err
	}
	r.goal, r.Arrived = p, math.Inf(1)
	r.Rider.Orders.Goal = r.Map.NewField(at, lane.Taxis|lane.Cars)
	return nil
}

// give carries out orders that are due, each once, in their order.
func (r *Run) give() {
	for len(r.orders) > 0 && r.orders[0].When(r) {
		r.orders[0].Do(r)
		r.orders = r.orders[1:]
		r.lastOne = r.Truth.Time
	}
}

// note takes down what checks ask for.
func (r *Run) note() {
	x, d, now := r.Rider.State, &r.Rider.Decision, r.Truth.Time
	if _, seen := r.Reasons[d.Reason.Code]; !seen {
		r.Reasons[d.Reason.Code] = now
	}
	if _, seen := r.Assists[d.Assist.Kind]; !seen && d.Assist.Kind != "" {
		r.Assists[d.Assist.Kind] = now
	}
	r.Top = max(r.Top, x.Speed)
	if x.Speed < 0.05 && math.IsInf(r.Stood, 1) {
		r.Stood = now
	}
	if d.Mode == drive.Arrived && math.IsInf(r.Arrived, 1) {
		r.Arrived = now
	}
	if r.Rider.Forced {
		r.Forced++
	}
	box := r.Rider.Spec.Box(x)
	for _, a := range r.stage.actors {
		if !a.gone {
			if far, seen := r.Closest[a.part.Name]; !seen || box.Distance(a.box) < far {
				r.Closest[a.part.Name] = box.Distance(a.box)
			}
		}
	}
	for i := range r.Trial.Must {
		if c := &r.Trial.Must[i]; c.always != nil {
			if why := c.always(r); why != "" && len(r.failed) < 8 {
				r.fail("%s: at %.1f s %s", c.what, now, why)
			}
		}
	}
}

func (r *Run) fail(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	what, _, _ := strings.Cut(text, ":")
	for _, f := range r.failed {
		if w, _, _ := strings.Cut(f, ":"); w == what {
			return // once is enough
		}
	}
	r.failed = append(r.failed, text)
}

// judge looks at the whole run.
func (r *Run) judge() {
	p := &r.Report
	for _, c := range p.Collisions {
		if c.AtFault {
			r.fail("no collision at fault: at %.1f s with a %s (%s, %.1f m/s): %s", c.At, kindNames[c.Kind], c.Class, c.Speed, c.Why)
		}
	}
	for _, x := range []struct {
		what string
		n    int
	}{
		{"no red light", p.RedLights},
		{"no stop sign run", p.StopLines},
		{"no wrong way", p.WrongWay},
		{"not off the road", p.OffRoad},
		{"no panic", r.Rider.Panics},
		{"nothing but numbers as control", r.Forced},
	} {
		if x.n > 0 {
			r.fail("%s: %d", x.what, x.n)
		}
	}
	for i := range r.Trial.Must {
		if c := &r.Trial.Must[i]; c.atEnd != nil {
			if why := c.atEnd(r); why != "" {
				r.fail("%s: %s", c.what, why)
			}
		}
	}
}

var kindNames = [...]string{"car", "van", "lorry", "bus", "motorcycle", "bicycle", "pedestrian", "tram", "thing", "unknown"}

func spot(m *lane.Map, p Place) (lane.Spot, error) {
	id, ok := m.Find(p.Lane)
	if !ok {
		return lane.Spot{}, fmt.Errorf("there is no lane %q", p.Lane)
	}
	return lane.Spot{Lane: id, S: p.S, D: p.D}, nil
}

// Table gives results as lines of text.
func Table(results []*Result) string {
	var b strings.Builder
	passed := 0
	fmt.Fprintf(&b, "%-48s %-7s %8s %8s %8s %7s\n", "trial", "", "arrives", "brakes", "min TTC", "rough")
	for _, r := range results {
		verdict := "passed"
		switch {
		case len(r.Failed) > 0 && r.Trial.Known != "":
			verdict = "known"
		case len(r.Failed) > 0:
			verdict = "FAILED"
		default:
			passed++
		}
		fmt.Fprintf(&b, "%-48s %-7s %8s %8.1f %8s %6.1f%%\n", r.Trial.Name, verdict, seconds(r.Arrive), r.Report.MaxBrake,
			seconds(r.Report.MinTTC), 100*(1-r.Report.Comfort()))
		for _, f := range r.Failed {
			fmt.Fprintf(&b, "    %s\n", f)
		}
	}
	fmt.Fprintf(&b, "%d of %d passed\n", passed, len(results))
	return b.String()
}

func seconds(s float64) string {
	if math.IsInf(s, 1) {
		return "-"
	}
	return fmt.Sprintf("%.1f s", s)
}
