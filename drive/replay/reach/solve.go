package reach

import (
	"errors"
	"math"
	"slices"

	"hutong/drive/geom"
	"hutong/drive/lane/commonroad"
	"hutong/drive/vehicle"
)

// Solve finds a whole solution at once: the states at each step of the scenario, from the problem's first until a goal
// is met. It needs Options.Log, for it plans against the recorded ways of the others. Where it finds nothing valid it
// gives the way that comes nearest, and says in the error what is wrong with that.
//
// From coarse to fine: the search gives ways along lanes, before or behind this one and that one; each is made drivable
// and comfortable by the shaper, and the first that has no flaw is taken.
func Solve(s *commonroad.Scenario, p *commonroad.Problem, spec *vehicle.Spec, o Options) ([]vehicle.State, error) {
	if o.Log == nil {
		return nil, errors.New("to solve a problem at once, the others' ways must be known")
	}
	courses, err := waysTo(s, p, spec, 3)
	if err != nil {
		return nil, err
	}
	from, last := math.MaxInt, 0
	for i := range p.Goals {
		from, last = min(from, p.Goals[i].From), max(last, p.Goals[i].To)
	}
	steps := last - p.Initial.Step
	if steps <= 0 {
		return nil, errors.New("its goals are over before it begins")
	}
	v := &solver{s: s, p: p, spec: spec, road: commonroad.NewRoad(s.Lanelets), per: max(1, int(math.Round(s.Step/0.1)))}
	v.tick, v.from = s.Step/float64(v.per), from-p.Initial.Step
	v.future.remember(o.Log, float64(p.Initial.Step)*s.Step, v.tick, steps*v.per, p.Initial.Vec, math.Inf(1))
	for k := range steps + 1 {
		v.others = append(v.others, v.future.at[k*v.per])
	}
	for _, effort := range efforts {
		for _, c := range courses {
			if v.attempt(c, effort); v.best.flaw == "" {
				return v.best.way, nil
			}
		}
	}
	return v.best.way, errors.New(v.best.flaw)
}

// effort is how much is tried: how many ways are kept in the search, how much worse ones than the best are followed, how
// many of those that arrive are shaped, and whether a touch is forbidden.
type effort struct {
	beam, ends int
	slack      float64
	soft       bool
}

var efforts = [...]effort{
	{beam: 120, ends: 2, slack: 1},
	{beam: 300, ends: 6, slack: 3},
	{beam: 300, ends: 6, slack: 3, soft: true},
}

// solver holds what is the same for all attempts at a problem.
type solver struct {
	s      *commonroad.Scenario
	p      *commonroad.Problem
	spec   *vehicle.Spec
	road   *commonroad.Road
	per    int // ticks of the search in a step of the scenario
	tick   float64
	future future
	others [][]other // at each step
	from   int       // the first step at which a goal may be met
	shaper shaper
	best   attempt
}

// attempt is what came of a way that was shaped.
type attempt struct {
	way  []vehicle.State
	flaw string
	bad  int // how many states of it have one
}

// attempt looks for ways along a course and shapes them, until one has no flaw.
func (v *solver) attempt(c course, e effort) {
	steps := len(v.others) - 1
	q := &search{
		line: c.line, ground: c.ground, spec: v.spec, future: &v.future, goals: v.p.Goals,
		first: v.p.Initial.Step, perTick: 1 / float64(v.per), beam: e.beam, slack: e.slack, soft: e.soft,
		tick: v.tick, layer: max(1, int(math.Round(0.5/v.tick))), horizon: steps * v.per,
		bins: make([]int32, 1<<binBits),
	}
	q.aim(q.targetsAll(v.s), float64(q.first)*v.s.Step, v.s.Step)
	way, met, _ := q.sweep(q.here(Start(v.p, v.spec)))
	if met {
		for _, way := range q.arrivals(e.ends) {
			if v.shape(q, way, (len(way)-1)/v.per); v.best.flaw == "" {
				return
			}
		}
		return
	}
	// It misses the goal. It is bent towards it, at the end of its window or sooner.
	for n := steps; n > 0 && n >= v.from; n -= max(1, (steps-v.from)/2) {
		if v.shape(q, way, n); v.best.flaw == "" {
			return
		}
	}
}

// shape makes one way drivable that ends after n steps, and keeps it where it is better than the best so far.
func (v *solver) shape(q *search, way []point, n int) {
	v.shaper.bicycle = bicycle{v.spec, v.s.Step}
	t := q.errand(way, n, v.per, &v.shaper.bicycle)
	t.others = v.others
	t.goal = nearest(v.p.Goals, v.p.Initial.Step+n, q.body(t.guess[n]).Vec)
	v.shaper.task = t
	v.shaper.x, v.shaper.u = v.shaper.follow(stateOf(Start(v.p, v.spec)), t)
	a := attempt{bad: math.MaxInt}
	for _, round := range [...]struct{ near, hard float64 }{{3, 3}, {0.3, 30}, {0, 300}, {0, 3000}, {0, 30000}, {0, 300000}} {
		t.near, t.hard = round.near, round.hard
		v.shaper.run(60)
		if round.near == 0 {
			if a = v.judged(v.shaper.x, v.shaper.u); a.flaw == "" {
				break
			}
		}
	}
	if v.best.way == nil || a.bad < v.best.bad {
		v.best = a
	}
}

// errand makes the task of going along a way of n steps, each of so many ticks.
func (q *search) errand(way []point, n, per int, b *bicycle) *errand {
	t := &errand{bicycle: b, ground: q.ground, line: q.line, wish: math.NaN()}
	for k := range n + 1 {
		i := min(k*per, len(way)-1)
		x := way[i]
		if i < k*per { // the way is over: on as it was
			x = q.moved(x, 0, 0, float64(k*per-i)*q.tick)
		}
		t.guess, t.speeds, t.along = append(t.guess, q.pose(x)), append(t.speeds, x.v), append(t.along, x.s)
	}
	for i := range q.goals {
		if g := q.goals[i].Speed; g != nil && !(t.wish <= g.From) {
			t.wish = g.From
		}
	}
	if t.wish == 0 { // the benchmark doesn't count it
		t.wish = math.NaN()
	}
	return t
}

// nearest gives the goal that a place is deepest in, of those whose window holds the step.
func nearest(goals []commonroad.Goal, step int, at geom.Vec) *commonroad.Goal {
	best, most := 0, math.Inf(-1)
	for i := range goals {
		depth := 0.0
		if len(goals[i].Shapes) > 0 {
			depth, _, _ = deepest(goals[i].Shapes, at)
		}
		if step < goals[i].From || step > goals[i].To {
			depth -= 1e6
		}
		if depth > most {
			best, most = i, depth
		}
	}
	return &goals[best]
}

// follow drives roughly along the guess, by steering back to it: where the shaper begins.
func (s *shaper) follow(x state, t *errand) ([]state, []input) {
	states, inputs := []state{x}, []input{}
	n := len(t.guess) - 1
	for k := range n {
		at := t.guess[k]
		behind := at.Local(x.pose().Vec)
		eased := max(3, 0.5*x[atSpeed])
		back := 2*geom.Wrap(x[atHeading]-at.Heading)/eased + behind.Y/(eased*eased)
		from, to := t.guess[k], t.guess[min(k+2, n)]
		bend := 0.0
		if far := from.To(to.Vec); far > 0.2 {
			bend = geom.Wrap(to.Heading-from.Heading) / far
		}
		wheels := math.Atan(min(max(bend-back, -0.6), 0.6) * s.spec.Wheelbase)
		u := input{(t.speeds[k+1]-x[atSpeed])/s.dt - 0.5*behind.X, (wheels - x[atWheels]) / s.dt}
		low, high := s.bounds(x)
		u = held(u, low, high)
		x = s.step(x, u)
		states, inputs = append(states, x), append(inputs, u)
	}
	return states, inputs
}

// judged looks at a shaped way as the benchmark does, a little more strictly, and cuts it where a goal is met.
func (v *solver) judged(x []state, u []input) attempt {
	a := attempt{flaw: "the goal isn't reached", bad: 1000}
	for k := range x {
		at := vehicle.State{Pose: x[k].pose(), Speed: x[k][atSpeed], Steer: x[k][atWheels]}
		if k < len(u) {
			at.Accel = u[k][0]
		}
		at.Heading = geom.Wrap(at.Heading)
		a.way = append(a.way, at)
	}
	step := v.p.Initial.Step
	met := slices.IndexFunc(a.way, func(x vehicle.State) bool {
		at := commonroad.State{Step: step, Pose: v.spec.Box(x).Pose, Speed: x.Speed}
		step++
		return slices.ContainsFunc(v.p.Goals, func(g commonroad.Goal) bool { return g.Met(at) })
	})
	if met >= 0 {
		a.way, a.bad, a.flaw = a.way[:met+1], 0, ""
	}
	note := func(flaw string) { a.bad, a.flaw = a.bad+1, flaw }
	for k := range a.way {
		box := v.spec.Box(a.way[k])
		if k == 0 { // where it starts isn't its choice
			continue
		}
		if !v.road.Carries(box.Grown(0.02, 0.02)) {
			note("it leaves the road")
		}
		body := newBody(box)
		for i := range v.others[k] {
			if gap, _ := body.gap(&v.others[k][i].body); gap < 0.01 {
				note("it hits somebody")
			}
		}
		last := x[k-1]
		bend := math.Tan(last[atWheels]) / v.spec.Wheelbase
		if math.Hypot(u[k-1][0], last[atSpeed]*last[atSpeed]*bend) > 11.45 {
			note("the tyres can't hold it")
		}
	}
	return a
}
