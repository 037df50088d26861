package reach

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/lane/commonroad"
	"hutong/drive/vehicle"
)

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
	starts := under(m, p.Initial.Pose, 0.5, math.Pi/3)
	if len(starts) == 0 { // it may stand askew, or beside the lanes
		starts = under(m, p.Initial.Pose, 5, math.Pi)
	}
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

// under gives the lanes below a pose, or so far beside it and turned by so much, the one that fits best first.
func under(m *lane.Map, at geom.Pose, beside, most float64) []onLane {
	var found []onLane
	for _, id := range m.Near(nil, at.Vec, 8) {
		l := m.Lane(id)
		s, d := l.Centre.Project(at.Vec)
		left, right := l.Widths(s)
		turn := math.Abs(geom.Wrap(l.Centre.At(s).Heading - at.Heading))
		if d > left+beside || -d > right+beside || turn > most || math.Abs(l.Centre.At(s).Local(at.Vec).X) > 1 {
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
			for _, x := range under(s.Map, at, 0.5, math.Pi/3) {
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
