package reach

import (
	"math"

	"hutong/drive"
	"hutong/drive/geom"
	"hutong/drive/lane/commonroad"
	"hutong/drive/predict"
	"hutong/drive/scene"
	"hutong/drive/vehicle"
)

// BMW is the vehicle of the CommonRoad benchmarks: the BMW 320i of their kinematic single-track model.
var BMW = vehicle.Spec{
	Length: 4.508, Width: 1.61, Wheelbase: 1.1561957064 + 1.4227170936, RearOverhang: 4.508/2 - 1.4227170936,
	MaxSteer: 1.066, MaxSteerRate: 0.39, MaxSpeed: 50.8, MaxAccel: 11, MaxBrake: 11, MaxJerk: 1e4, MaxBrakeJerk: 1e4,
}

// Options say how a driver looks ahead.
type Options struct {
	// Log, where it is given, tells where the others will be. Else the driver foretells it itself from what it sees.
	Log Log
	// Beam is how many ways are kept at each layer; 0: 120.
	Beam int
	// Every is how many cycles pass between two searches; 0: 3.
	Every int
}

// Driver drives one planning problem. It implements world.Driver.
type Driver struct {
	o     Options
	q     search
	f     future
	p     *predict.Predictor
	spec  *vehicle.Spec
	step  float64 // s, the scenario's
	goals []target
	plan  *plan
	spare *plan   // to try another in
	last  float64 // s, when it last thought
	cycle int
}

// plan is a way that has been shaped: the states at each tick from now and the inputs between them.
type plan struct {
	shaper
	errand *errand
	way    []point // the states by the line
	met    bool    // it reaches the goal
	cost   float64 // the shaper's
}

// Start gives where the vehicle of a problem stands at first.
func Start(p *commonroad.Problem, spec *vehicle.Spec) vehicle.State {
	at := p.Initial
	back := spec.RearOverhang - spec.Length/2
	return vehicle.State{
		Pose:  geom.Pose{Vec: at.Ahead(back, 0), Heading: at.Heading},
		Speed: max(at.Speed, 0),
	}
}

// tick and horizon are how the driver of a closed loop looks ahead.
const (
	tick    = drive.Cycle
	layer   = 5
	horizon = predict.Steps
)

// New makes a driver for a problem of a scenario. It fails where the vehicle starts off all lanes, or no way leads to
// the goal.
func New(s *commonroad.Scenario, p *commonroad.Problem, spec *vehicle.Spec, o Options) (*Driver, error) {
	if o.Beam <= 0 {
		o.Beam = 120
	}
	if o.Every <= 0 {
		o.Every = 3
	}
	d := &Driver{o: o, spec: spec, step: s.Step, p: predict.New(s.Map)}
	lines, err := waysTo(s, p, spec, 1)
	if err != nil {
		return nil, err
	}
	d.q = search{
		line: lines[0].line, ground: lines[0].ground,
		spec: spec, future: &d.f, goals: p.Goals, perTick: tick / s.Step, beam: o.Beam,
		tick: tick, layer: layer, horizon: horizon,
		bins: make([]int32, 1<<binBits),
	}
	d.goals = d.q.targetsAll(s)
	d.plan = &plan{shaper: shaper{bicycle: bicycle{spec, tick}}}
	d.spare = &plan{shaper: shaper{bicycle: bicycle{spec, tick}}}
	return d, nil
}

// seen is how far others are counted with, m.
const seen = 120

// Step implements world.Driver.
func (d *Driver) Step(v *scene.View, _ *drive.Orders, out *drive.Decision) {
	d.think(v)
	p := d.plan
	out.Mode, out.Plan = drive.Driving, out.Plan[:0]
	out.Control = vehicle.Control{Accel: -2, Steer: v.Ego.Steer, Hard: true}
	if len(p.u) > 0 {
		out.Control.Accel, out.Control.Steer = p.u[0][0], p.x[1][atWheels]
	}
	for i := range p.x {
		x := &p.x[i]
		out.Plan = append(out.Plan, vehicle.State{Pose: x.pose(), Speed: x[atSpeed], Steer: x[atWheels]})
	}
	out.Reason = drive.Reason{Code: "goal", Signal: -1, Words: "Driving to the goal"}
	if !p.met {
		out.Reason = drive.Reason{Code: "search", Signal: -1, Words: "Looking for a way to the goal"}
	}
}

// think fits the plan to what is seen now. Now and then, and always where the plan isn't free any more, it looks for a
// better one.
func (d *Driver) think(v *scene.View) {
	q := &d.q
	if d.o.Log != nil {
		d.f.remember(d.o.Log, v.Time, tick, horizon, v.Ego.Vec, seen)
	} else {
		d.f.foretell(d.p, v, d.spec, seen)
	}
	q.first = int(math.Round(v.Time / d.step))
	q.aim(d.goals, v.Time, d.step)
	d.plan.forward(int(math.Round((v.Time - d.last) / tick)))
	d.last = v.Time
	d.fit(d.plan, v)
	free, cost := d.still(d.plan)
	if d.cycle++; free && d.cycle < d.o.Every {
		return
	}
	d.cycle = 0
	way, met, found := q.run(q.here(v.Ego))
	d.begin(d.spare, v, way, met)
	d.fit(d.spare, v)
	old, other := d.plan, d.spare
	better := found*1.05+0.3 < cost
	if old.met && other.met {
		better = other.cost*1.05+0.1 < old.cost
	}
	if !free || other.met && !old.met || other.met == old.met && better {
		d.plan, d.spare = other, old
	}
}

// forward lets the plan begin so many ticks later.
func (p *plan) forward(ticks int) {
	if p.errand == nil || ticks < 0 || ticks >= len(p.u) {
		p.errand, p.way, p.u, p.x = nil, nil, nil, nil
		return
	}
	e := p.errand
	p.x, p.u = p.x[ticks:], p.u[ticks:]
	e.guess, e.speeds, e.along = e.guess[ticks:], e.speeds[ticks:], e.along[ticks:]
}

// begin plans to go a way that was found. Where it misses a goal that is over soon, it is bent towards it.
func (d *Driver) begin(p *plan, v *scene.View, way []point, met bool) {
	q := &d.q
	n, over := len(way)-1, 0
	for i := range q.targets {
		over = max(over, q.targets[i].to)
	}
	bend := !met && over > 0 && over <= horizon
	if bend {
		n = over
	}
	p.errand = q.errand(way, n, 1, &p.bicycle)
	if met || bend {
		step := q.first + int(math.Round(float64(n)*q.perTick))
		p.errand.goal = nearest(q.goals, step, q.body(p.errand.guess[n]).Vec)
	}
	p.task = p.errand
	p.x, p.u = p.follow(stateOf(v.Ego), p.errand)
	p.errand.others = d.f.at
	for _, round := range [...]struct{ near, hard float64 }{{3, 3}, {0.3, 30}, {p.hold(), 300}} {
		p.errand.near, p.errand.hard = round.near, round.hard
		p.run(15)
	}
}

// hold is how much the plan keeps to the way found: where that ends short of the goal, only it says where to go.
func (p *plan) hold() float64 {
	if p.errand.goal != nil {
		return 0
	}
	return 0.1
}

// fit fits the plan to where the vehicle is and to where the others are foretold to be.
func (d *Driver) fit(p *plan, v *scene.View) {
	if p.errand == nil {
		return
	}
	p.errand.others, p.errand.near, p.errand.hard = d.f.at, p.hold(), 3000
	p.way = p.way[:0]
	if len(p.u) > 0 {
		p.x[0] = stateOf(v.Ego)
		p.cost = p.run(8)
	}
	for i := range p.x {
		x := &p.x[i]
		at := vehicle.State{Pose: x.pose(), Speed: x[atSpeed], Steer: x[atWheels]}
		if i < len(p.u) {
			at.Accel = p.u[i][0]
		}
		p.way = append(p.way, d.q.here(at))
	}
	end := len(p.x) - 1
	p.met = d.q.reached(p.x[end].pose(), p.x[end][atSpeed], end)
}

// still weighs the plan by what is seen now; free is false where it hits something, or is over.
func (d *Driver) still(p *plan) (free bool, cost float64) {
	if p.errand == nil || len(p.way) < 2 {
		return false, 0
	}
	d.q.slim = true
	defer func() { d.q.slim = false }()
	for i := 1; i < len(p.way); i++ {
		x, last := p.way[i], p.way[i-1]
		c, free := d.q.weigh(x, p.x[i].pose(), i)
		if !free {
			return false, 0
		}
		da, dy := x.a-last.a, x.y-last.y
		cost += tick*(c+last.a*last.a+1.5*last.y*last.y+d.q.comfort(x)) + layer*tick*0.15*(da*da+dy*dy)
	}
	if end := len(p.way) - 1; !p.met {
		if end < horizon-10 {
			return false, 0
		}
		cost += d.q.rest(p.way[end], end)
	}
	return true, cost
}
