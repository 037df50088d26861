package reach

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"hutong/drive"
	"hutong/drive/geom"
	"hutong/drive/lane"
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
	way   []point // the points at each tick from began
	poses []geom.Pose
	began float64
	met   bool // way reaches the goal
	cycle int
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
	return d, nil
}

// course is a line to the goal and the road around it.
type course struct {
	line   *line
	ground *ground
}

// waysTo finds the courses to the goals, so many at most, the shortest first.
func waysTo(s *commonroad.Scenario, p *commonroad.Problem, spec *vehicle.Spec, most int) ([]course, error) {
	routes, err := routesTo(s, p)
	if err != nil {
		return nil, err
	}
	road := commonroad.NewRoad(s.Lanelets)
	var out []course
	for _, r := range routes[:min(most, len(routes))] {
		l, err := newLine(s.Map, r.from, r.lanes, r.far)
		if err != nil {
			return nil, fmt.Errorf("the line to the goal: %w", err)
		}
		g := newGround(road, l.path.Points(), 20)
		if err := l.fit(g, spec, Start(p, spec).Vec); err != nil {
			return nil, fmt.Errorf("the line to the goal: %w", err)
		}
		l.lookAround(s.Map)
		out = append(out, course{l, g})
	}
	return out, nil
}

// route is a way along lanes to a goal.
type route struct {
	from      lane.Spot
	lanes     []lane.ID
	cost, far float64
}

// routesTo finds the lanes to the goals, the shortest way first; of those that end on the same lane one is kept.
func routesTo(s *commonroad.Scenario, p *commonroad.Problem) ([]route, error) {
	m := s.Map
	starts := under(m, p.Initial.Pose)
	if len(starts) == 0 {
		return nil, errors.New("the vehicle starts off all lanes")
	}
	var routes []route
	for _, end := range goalSpots(s, p) {
		f := m.NewField(end, ^lane.People)
		best := route{cost: math.Inf(1)}
		for _, start := range starts {
			cost := f.From(start.Lane, start.S) + 0.5*math.Abs(start.D)
			if cost >= best.cost {
				continue
			}
			if lanes, ok := f.Route(start.Spot); ok {
				best = route{from: start.Spot, lanes: lanes, cost: cost}
			}
		}
		for _, id := range best.lanes {
			best.far += m.Lane(id).Centre.Length()
		}
		if best.lanes != nil {
			routes = append(routes, best)
		}
	}
	slices.SortStableFunc(routes, func(a, b route) int { return cmp.Compare(a.cost, b.cost) })
	// There may be no place to go to, or no way there by the lanes' links: then along the lanes it starts on.
	for _, x := range starts {
		routes = append(routes, route{from: x.Spot, lanes: []lane.ID{x.Lane}, far: m.Lane(x.Lane).Centre.Length()})
	}
	ends := map[lane.ID]bool{}
	return slices.DeleteFunc(routes, func(r route) bool {
		end := r.lanes[len(r.lanes)-1]
		again := ends[end]
		ends[end] = true
		return again
	}), nil
}

type onLane struct {
	lane.Spot
	turn float64
}

// under gives the lanes below a pose, the one that fits best first.
func under(m *lane.Map, at geom.Pose) []onLane {
	var found []onLane
	for _, id := range m.Near(nil, at.Vec, 8) {
		l := m.Lane(id)
		s, d := l.Centre.Project(at.Vec)
		left, right := l.Widths(s)
		turn := math.Abs(geom.Wrap(l.Centre.At(s).Heading - at.Heading))
		if d > left+0.5 || -d > right+0.5 || turn > math.Pi/3 || math.Abs(l.Centre.At(s).Local(at.Vec).X) > 1 {
			continue
		}
		x := onLane{lane.Spot{Lane: id, S: s, D: d}, turn}
		if len(found) > 0 && 2*turn+math.Abs(d) < 2*found[0].turn+math.Abs(found[0].D) {
			found = append([]onLane{x}, found...)
		} else {
			found = append(found, x)
		}
	}
	return found
}

// goalSpots gives the spots that the goals' places lie on.
func goalSpots(s *commonroad.Scenario, p *commonroad.Problem) []lane.Spot {
	var spots []lane.Spot
	for i := range p.Goals {
		g := &p.Goals[i]
		for _, id := range g.Lanes {
			spots = append(spots, lane.Spot{Lane: id, S: s.Map.Lane(id).Centre.Length() / 2})
			// A long lanelet may begin behind the vehicle.
			if at, d := s.Map.Lane(id).Centre.Project(p.Initial.Vec); math.Abs(d) < 15 && at > 1 {
				spots[len(spots)-1].S = min(at+10, s.Map.Lane(id).Centre.Length())
			}
		}
		if len(g.Lanes) > 0 {
			continue
		}
		for k := range g.Shapes {
			box := g.Shapes[k].Bounds()
			at := box.Pose
			if g.Heading != nil {
				at.Heading = (g.Heading.From + g.Heading.To) / 2
			}
			for _, x := range under(s.Map, at) {
				spots = append(spots, x.Spot)
			}
		}
	}
	return spots
}

// targetsAll tells the goals by the line.
func (q *search) targetsAll(s *commonroad.Scenario) (all []target) {
	for i := range q.goals {
		all = append(all, q.targetsOf(s, &q.goals[i])...)
	}
	return all
}

// targetsOf tells a goal by the line.
func (q *search) targetsOf(s *commonroad.Scenario, g *commonroad.Goal) []target {
	all := [2]float64{math.Inf(-1), math.Inf(1)}
	t := target{s: all, d: all, v: [2]float64{0, q.spec.MaxSpeed}, from: g.From, to: g.To}
	if g.Speed != nil {
		t.v = [2]float64{max(0, g.Speed.From), g.Speed.To}
	}
	if len(g.Shapes) == 0 {
		t.anywhere = true
		return []target{t}
	}
	var out []target
	back := q.spec.Length/2 - q.spec.RearOverhang
	add := func(points []geom.Vec, side float64) {
		x := t
		x.s, x.d = [2]float64{math.Inf(1), math.Inf(-1)}, [2]float64{math.Inf(1), math.Inf(-1)}
		for _, v := range points {
			at, off := q.line.place(v)
			x.s = [2]float64{min(x.s[0], at-back), max(x.s[1], at-back)}
			x.d = [2]float64{min(x.d[0], off-side), max(x.d[1], off+side)}
		}
		out = append(out, x)
	}
	for _, id := range g.Lanes {
		l := s.Map.Lane(id)
		var points []geom.Vec
		n := int(l.Centre.Length()/2) + 1
		for i := 0; i <= n; i++ {
			points = append(points, l.Centre.At(l.Centre.Length()*float64(i)/float64(n)).Vec)
		}
		left, right := l.Widths(l.Centre.Length() / 2)
		add(points, max(0, (left+right)/2-0.3))
	}
	if len(g.Lanes) > 0 {
		return out
	}
	for k := range g.Shapes {
		box := g.Shapes[k].Bounds().Grown(-0.4, -0.3)
		box.Length, box.Width = max(box.Length, 0.1), max(box.Width, 0.1)
		corners := box.Corners()
		add(corners[:], 0)
	}
	return out
}

// seen is how far others are counted with, m.
const seen = 120

// Step implements world.Driver.
func (d *Driver) Step(v *scene.View, _ *drive.Orders, out *drive.Decision) {
	d.think(v)
	out.Control = d.follow(v.Ego, v.Time)
	out.Mode, out.Plan = drive.Driving, out.Plan[:0]
	for k := d.age(v.Time); k < len(d.way); k++ {
		p := d.way[k]
		out.Plan = append(out.Plan, vehicle.State{Pose: d.poses[k], Speed: p.v, Accel: p.a})
	}
	out.Reason = drive.Reason{Code: "goal", Signal: -1, Words: "Driving to the goal"}
	if !d.met {
		out.Reason = drive.Reason{Code: "search", Signal: -1, Words: "Looking for a way to the goal"}
	}
}

func (d *Driver) age(now float64) int { return int(math.Round((now - d.began) / tick)) }

// think looks for a better way than the one it is on, now and then, and always where that isn't free any more.
func (d *Driver) think(v *scene.View) {
	if d.o.Log != nil {
		d.f.remember(d.o.Log, v.Time, tick, horizon, v.Ego.Vec, seen)
	} else {
		d.f.foretell(d.p, v, d.spec, seen)
	}
	q := &d.q
	q.first = int(math.Round(v.Time / d.step))
	q.aim(d.goals, v.Time, d.step)
	start := q.here(v.Ego)
	old, oldMet, oldCost := d.still(v)
	d.cycle++
	if old != nil && d.cycle < d.o.Every {
		return
	}
	d.cycle = 0
	way, met, cost := q.run(start)
	if old != nil && (oldMet && !met || oldMet == met && oldCost <= 1.05*cost+0.3) {
		return
	}
	d.way, d.met, d.began = way, met, v.Time
	d.poses = d.poses[:0]
	for _, p := range way {
		d.poses = append(d.poses, q.pose(p))
	}
	if len(way) > 1 {
		d.poses[0] = v.Ego.Pose
	}
}

// aim sets the targets as they are seen at a time.
func (q *search) aim(goals []target, now, step float64) {
	q.targets = q.targets[:0]
	for _, g := range goals {
		g.from = int(math.Ceil((float64(g.from)*step-now)/q.tick - 1e-6))
		g.to = int(math.Floor((float64(g.to)*step-now)/q.tick + 1e-6))
		q.targets = append(q.targets, g)
	}
}

// here tells the vehicle's state by the line.
func (q *search) here(ego vehicle.State) point {
	s, side := q.line.place(ego.Vec)
	at, bend := q.line.pose(s)
	off := geom.Wrap(ego.Heading - at.Heading)
	p := point{s: s, d: side, v: ego.Speed * math.Cos(off), w: ego.Speed * math.Sin(off), a: ego.Accel}
	turn := math.Tan(ego.Steer)/q.spec.Wheelbase - bend
	p.y = turn * ego.Speed * ego.Speed
	return p
}

// still weighs what is left of the way it is on, by what it sees now; nil where that hits something, or is over.
func (d *Driver) still(v *scene.View) (way []point, met bool, cost float64) {
	k := d.age(v.Time)
	if k < 0 || k+1 >= len(d.way) {
		return nil, false, 0
	}
	if off := d.poses[k].To(v.Ego.Vec); off > 0.12 {
		return nil, false, 0
	}
	left := d.way[k:]
	for i := 1; i < len(left); i++ {
		p := left[i]
		c, free := d.q.weigh(p, d.poses[k+i], i)
		if !free {
			return nil, false, 0
		}
		a, y := left[i-1].a, left[i-1].y
		da, dy := p.a-a, p.y-y
		cost += tick*(c+a*a+1.5*y*y+d.q.comfort(p)) + layer*tick*0.15*(da*da+dy*dy)
	}
	last := len(left) - 1
	met = d.q.met(left[last], d.poses[k+last], last)
	if !met {
		if d.met { // it would have, but for how it went
			return nil, false, 0
		}
		cost += d.q.rest(left[last], last)
		if last < horizon-10 {
			return nil, false, 0
		}
	}
	return left, met, cost
}

// follow gives what to do for the next cycle to keep to the way.
func (d *Driver) follow(ego vehicle.State, now float64) vehicle.Control {
	k := d.age(now)
	if k < 0 || k+1 >= len(d.way) {
		return vehicle.Control{Accel: -2, Steer: ego.Steer, Hard: true}
	}
	p, at := d.way[k], d.poses[k]
	if len(d.way) > 1 {
		at = d.q.pose(p)
	}
	behind := at.Local(ego.Vec)
	speed := math.Hypot(d.way[k+1].v, d.way[k+1].w)
	accel := (speed-ego.Speed)/tick - 0.8*behind.X
	eased := max(3, 0.5*ego.Speed)
	back := 2*geom.Wrap(ego.Heading-at.Heading)/eased + behind.Y/(eased*eased)
	steer := d.wheels(k+1, back)
	for j := 2; j <= 7; j++ { // what is to come soon is begun in time, for the wheels turn slowly
		most := d.spec.MaxSteerRate * tick * float64(j-1)
		soon := d.wheels(k+j, back)
		steer = min(max(steer, soon-most), soon+most)
	}
	if ego.Speed > 7 {
		accel = min(accel, 0.95*11.5*7.319/(ego.Speed+0.3))
	}
	pull := ego.Speed * ego.Speed * math.Tan(ego.Steer) / d.spec.Wheelbase
	most := math.Sqrt(max(10.5*10.5-pull*pull, 1))
	return vehicle.Control{
		Accel: min(max(accel, -most), most), Steer: steer, Hard: true,
	}
}

// wheels gives the angle of the front wheels at a tick of the way, less what leads back to it, 1/m.
func (d *Driver) wheels(k int, back float64) float64 {
	last := len(d.way) - 1
	from, to := min(max(k-1, 0), max(last-2, 0)), min(k+1, last)
	a, b := d.q.pose(d.way[from]), d.q.pose(d.way[to])
	bend := 0.0
	if far := a.To(b.Vec); far > 0.2 {
		bend = geom.Wrap(b.Heading-a.Heading) / far
	}
	return math.Atan(min(max(bend-back, -0.6), 0.6) * d.spec.Wheelbase)
}
