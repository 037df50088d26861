package drive

import (
	"math"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/plan"
	"hutong/drive/predict"
	"hutong/drive/scene"
	"hutong/drive/shield"
	"hutong/drive/vehicle"
)

// Options are what may be set about an agent. The zero Options are good.
type Options struct{}

// Agent drives one vehicle. It is used by one goroutine, and allocates nothing once it is warm.
type Agent struct {
	m       *lane.Map
	spec    *vehicle.Spec
	planner *plan.Planner
	shield  *shield.Shield

	mode   Mode
	here   lane.Spot
	back   lane.ID
	goal   *lane.Field
	time   float64
	begun  bool
	blind  float64 // s since the sensors gave anything new
	late   bool    // the last step was of no use
	vetoed float64 // s since a plan was released
	asked  Assist
	task   plan.Task
	steer  float64 // what was asked of the wheels last
	points []geom.Vec
}

// New makes an agent for a vehicle on a map, which may be shared among agents.
func New(m *lane.Map, spec *vehicle.Spec, _ Options) *Agent {
	s, err := shield.New(m, spec, shield.City)
	if err != nil {
		panic(err) // the parameters are constants that shield's own tests check
	}
	return &Agent{
		m: m, spec: spec, planner: plan.New(m, spec), shield: s, here: lane.Spot{Lane: lane.None}, back: lane.None,
	}
}

// Missed tells the agent that its last step came too late to be driven: the next one drives the stored way to a stop
// where it would have planned, and the one after plans again from there.
func (a *Agent) Missed() { a.late = true }

// Step decides what to do until the next step, 0.1 s later. It reads v and o and fills in d, whose slices belong to the
// agent until its next step. Whatever it is given, it gives a control that can be driven; where it can't plan, one that
// stops.
func (a *Agent) Step(v *scene.View, o *Orders, d *Decision) {
	*d = Decision{
		Plan: d.Plan[:0], Candidates: d.Candidates[:0], Paths: d.Paths[:0], Lane: lane.Spot{Lane: lane.None},
		TurnIn: -1, Remaining: -1, Reason: Reason{Signal: -1},
	}
	switch {
	case !sound(v.Ego):
		a.blunt(d)
	case !a.attempt(func() { a.shield.Look(v); a.step(v, o, d) }):
		if !a.attempt(func() { a.safely(v, d, "fail-safe") }) {
			a.blunt(d)
		}
	}
	c := &d.Control
	c.Accel = min(max(c.Accel, -a.spec.MaxBrake), a.spec.MaxAccel)
	c.Steer = min(max(c.Steer, -a.spec.MaxSteer), a.spec.MaxSteer)
	a.steer = c.Steer
	d.Mode = a.mode
	d.Reason.Words = a.words(v, &d.Reason)
}

// attempt runs f, and tells whether it came to its end.
func (a *Agent) attempt(f func()) (ok bool) {
	defer func() { ok = recover() == nil }()
	f()
	return true
}

// blunt brakes with the wheels kept: all that is left when not even the vehicle's own state can be believed.
func (a *Agent) blunt(d *Decision) {
	const firm = 4.0 // m/s²
	a.mode, d.Reason.Code, d.Plan = FailSafe, "fail-safe", d.Plan[:0]
	d.Control = vehicle.Control{Accel: -firm, Steer: a.steer, Hard: true}
}

func (a *Agent) step(v *scene.View, o *Orders, d *Decision) {
	late := a.late
	a.late = false
	lapse := v.Time - a.time
	if !a.begun || !(lapse >= 0 && lapse <= 1) {
		lapse = Cycle
	}
	a.time, a.begun = v.Time, true
	if a.blind += lapse; !v.Blind {
		a.blind = 0
	}
	if late || a.blind > patience {
		a.safely(v, d, "fail-safe")
		return
	}
	field := o.Goal
	a.locate(v, field)
	d.Lane = a.here
	if a.here.Lane == lane.None {
		a.safely(v, d, "lost")
		return
	}
	a.turn(v, o)
	if a.mode != Driving && v.Ego.Speed < 0.05 {
		a.stand(v, o, d)
		return
	}
	a.plan(v, o, field, d)
}

// patience is for how long a vehicle drives on without anything new from its sensors, s.
const patience = 0.5

func sound(x vehicle.State) bool {
	sum := x.X + x.Y + x.Heading + x.Speed + x.Accel + x.Steer
	return !math.IsNaN(sum) && !math.IsInf(sum, 0) && x.Speed >= 0
}

// turn decides what the agent is about.
func (a *Agent) turn(v *scene.View, o *Orders) {
	still := v.Ego.Speed < 0.05
	switch {
	case o.Stop || o.PullOver:
		if still && (o.Stop || a.mode == Stopped || a.planner.Berthed()) {
			a.mode = Stopped
		} else if a.mode != Stopped {
			a.mode = Driving
		}
	case o.Goal == nil:
		if a.mode = Driving; still {
			a.mode = Standing
		}
	case o.Hold && still:
		a.mode = Standing
	case a.mode == Arrived && o.Goal == a.goal:
	case still && a.there(o.Goal):
		a.mode = Arrived
	default:
		a.mode = Driving
	}
	a.goal = o.Goal
}

// there tells whether the vehicle is at its goal, or a little beyond.
func (a *Agent) there(f *lane.Field) bool {
	const near = 2.5
	past := a.here.S + a.spec.Length/2 - a.spec.RearOverhang - f.Goal.S
	return a.here.Lane == f.Goal.Lane && past > -near && past < plan.Past+near
}

// stand keeps the vehicle where it is.
func (a *Agent) stand(v *scene.View, o *Orders, d *Decision) {
	d.Control = vehicle.Control{Accel: -1, Steer: v.Ego.Steer}
	d.Plan = append(d.Plan, v.Ego, v.Ego)
	switch {
	case a.mode == Arrived:
		d.Reason.Code, d.Remaining = "arrive", 0
	case a.mode == Stopped:
		d.Reason.Code = "stop-ordered"
	default:
		d.Reason.Code = "hold"
	}
	a.planner.Strayed()
	a.shield.Judge(d.Plan) // a plan to stand is always released, and stored
}

// safely drives the stored way to a stop.
func (a *Agent) safely(v *scene.View, d *Decision, code string) {
	control, states := a.shield.FailSafe()
	d.Control, d.Plan = control, append(d.Plan[:0], states...)
	d.Reason = Reason{Code: code, Signal: -1, At: v.Ego.Vec}
	a.planner.Strayed()
	a.mode = FailSafe
}

// locate keeps the agent on its lanes: on the one it was on, those that come after it, or the one beside it; where it
// is on none of these, it looks around.
func (a *Agent) locate(v *scene.View, f *lane.Field) {
	if a.here.Lane != lane.None && a.goOn(v, f) {
		return
	}
	a.back = lane.None
	s, ok := a.m.Locate(v.Ego.Pose, lane.Cars|lane.Taxis, 3)
	if !ok {
		s.Lane = lane.None
	}
	a.here = s
}

// goOn follows the vehicle along the lanes.
func (a *Agent) goOn(v *scene.View, f *lane.Field) bool {
	id := a.here.Lane
	for range 8 {
		l := a.m.Lane(id)
		s, d := l.Centre.Project(v.Ego.Vec)
		end := l.Centre.Length()
		if s >= end-0.01 && l.Centre.At(end).Local(v.Ego.Vec).X > 0 {
			next := a.next(id, f)
			if next == lane.None {
				break
			}
			a.back, id = id, next
			continue
		}
		turn := math.Abs(geom.Wrap(l.Centre.At(s).Heading - v.Ego.Heading))
		left, right := l.Widths(s)
		switch {
		case d > left && l.LeftOf != lane.None:
			id, a.back = l.LeftOf, lane.None
			continue
		case -d > right && l.RightOf != lane.None:
			id, a.back = l.RightOf, lane.None
			continue
		case d > left+2.5 || -d > right+2.5 || turn > math.Pi/2:
			return false
		}
		a.here = lane.Spot{Lane: id, S: s, D: d}
		return true
	}
	return false
}

// next gives the lane the vehicle goes to from id: the way's, then the field's.
func (a *Agent) next(id lane.ID, f *lane.Field) lane.ID {
	legs := a.planner.Way().Legs
	for i := range legs {
		if legs[i].Lane == id && i+1 < len(legs) {
			return legs[i+1].Lane
		}
	}
	if f != nil {
		if n := f.Next(id); n != lane.None {
			return n
		}
	}
	if next := a.m.Lane(id).Next; len(next) > 0 {
		return next[0]
	}
	return lane.None
}

// plan asks the planner and drives the best of what it gives.
func (a *Agent) plan(v *scene.View, o *Orders, f *lane.Field, d *Decision) {
	task := &a.task
	*task = plan.Task{
		View: v, Here: a.here, Back: a.back, Field: f, MaxSpeed: o.MaxSpeed,
		Stop: o.Stop || o.Goal == nil && !o.PullOver || o.Hold || a.mode == Stopped, PullOver: o.PullOver, Pass: o.Pass,
	}
	if f != nil && math.IsInf(plan.Remaining(f, a.here), 1) {
		task.Stop = true // no way leads there: it waits for a person where it is
	}
	if !a.planner.Plan(task) {
		a.safely(v, d, "lost")
		return
	}
	best := a.release(d)
	a.explain(v, f, best, d)
	if best == nil {
		mode := a.mode
		a.safely(v, d, "veto")
		if a.vetoed += Cycle; a.vetoed < brief {
			a.mode = mode
		}
		return
	}
	a.vetoed = 0
	a.planner.Chose(best)
	d.Control = best.Control
	d.Plan = append(d.Plan, best.States[:]...)
}

// brief is for how long the shield may refuse everything before the agent calls that its fail-safe, s.
const brief = 0.5

// release gives the best of the proposals that the shield lets pass, nil where it lets none. What the planner itself rules out
// is a way out within the lane, never out of it: the shield looks at who may be hit, not at where the road is.
func (a *Agent) release(d *Decision) *plan.Proposal {
	for i := range a.planner.Len() {
		q := a.planner.Best(i)
		if q.Veto != "" && q.Leaves() {
			continue
		}
		verdict := a.shield.Judge(q.States[:])
		if verdict.Released {
			return q
		}
		d.Vetoed++
		if q.Veto == "" {
			q.Veto = vetoes[verdict.Rule]
		}
	}
	return nil
}

// vetoes gives the shield's rules their words.
var vetoes = func() (words [int(shield.Sight) + 1]string) {
	for i := range words {
		words[i] = "shield: " + shield.Rule(i).String()
	}
	return words
}()

// explain fills in what the agent thinks and why.
func (a *Agent) explain(v *scene.View, f *lane.Field, best *plan.Proposal, d *Decision) {
	for i := range a.planner.Len() {
		q := a.planner.Best(i)
		d.Candidates = append(d.Candidates, Candidate{
			Name: q.Name, Score: min(max(q.Score, 0), 1), Veto: q.Veto, Chosen: q == best,
		})
	}
	if best != nil {
		c := best.Cause()
		d.Reason = Reason{Code: c.Code, Subject: c.Track, Signal: c.Signal, At: a.planner.Way().At(c.At).Vec}
	}
	d.Turn, d.TurnIn = a.planner.Turn(a.m)
	d.Indicator = a.indicate(best, d)
	if f != nil {
		if left := plan.Remaining(f, a.here); !math.IsInf(left, 1) {
			d.Remaining = left
		}
	}
	a.ask(v, f, d)
	a.foresee(d)
}

// indicate gives what the vehicle shows the others.
func (a *Agent) indicate(best *plan.Proposal, d *Decision) scene.Indicator {
	const before = 30.0 // m before a turn
	near := d.TurnIn >= 0 && d.TurnIn < before
	switch side := a.planner.Asks(best); {
	case side > 0 || side == 0 && near && d.Turn == lane.Left:
		return scene.TurnLeft
	case side < 0 || near && d.Turn == lane.Right:
		return scene.TurnRight
	}
	return scene.NoTurn
}

// ask asks a person where the agent can't go on by itself.
func (a *Agent) ask(v *scene.View, f *lane.Field, d *Decision) {
	kind, track := "", uint32(0)
	siren, block, asks := a.planner.Special()
	switch {
	case f != nil && d.Remaining < 0:
		kind, d.Reason.Code = "lost", "lost"
	case asks && v.Ego.Speed < 1:
		kind, track = "pass", block
		d.Reason.Code, d.Reason.Subject = "blocked", block
	case a.planner.Waited() > long[d.Reason.Code == "red"]:
		kind = "wait"
	case siren != 0 && d.Reason.Code != "red":
		d.Reason.Code, d.Reason.Subject = "siren", siren
	}
	if kind != a.asked.Kind || track != a.asked.Track {
		a.asked = Assist{Kind: kind, Track: track, Since: v.Time}
	}
	d.Assist = a.asked
}

// long is for how many seconds the agent waits before it asks about it: at a red light, and anywhere else.
var long = map[bool]float64{true: 240, false: 75}

// foresee fills in where the others are thought to go.
func (a *Agent) foresee(d *Decision) {
	const apart = 5
	motions := a.planner.Motions()
	need := len(motions) * (predict.Steps/apart + 1)
	if cap(a.points) < need {
		a.points = make([]geom.Vec, 0, 2*need)
	}
	a.points = a.points[:0]
	for i := range motions {
		m := &motions[i]
		first := len(a.points)
		for k := 0; k <= predict.Steps; k += apart {
			a.points = append(a.points, m.Boxes[k].Vec)
		}
		d.Paths = append(d.Paths, Path{Track: m.Actor.ID, Line: a.points[first:], Share: m.Share})
	}
}
