package reach

import (
	"math"
	"slices"

	"hutong/drive/geom"
	"hutong/drive/lane"
)

// line is the reference: a smooth curve along the way to the goal, by which places are told as s along and d to the left.
type line struct {
	at    []geom.Pose // every grain metres
	bend  []float64   // curvature, 1/m
	path  geom.Path
	tight []float64  // how little room there is on the line and soon after, every grain metres
	lanes [][]middle // the middles of the lanes around, every laneGrain metres
}

type middle struct {
	d      float64 // m to the left of the line
	limit  float64 // m/s
	facing bool    // the lane leads the other way
}

const (
	grain     = 0.5
	laneGrain = 4.0
	behind    = 30.0 // m of the line before the start
	beyond    = 150  // and after the goal, or after the start where no place is the goal
)

// newLine makes the reference of a route of lanes.
func newLine(m *lane.Map, start lane.Spot, route []lane.ID, far float64) (*line, error) {
	chain := parallel(m, route)
	long := 0.0
	for _, id := range chain {
		long += m.Lane(id).Centre.Length()
	}
	for n := 0; n < 50 && long < far+beyond+start.S; n++ { // on along the straightest
		next := straightest(m, chain[len(chain)-1], m.Lane(chain[len(chain)-1]).Next, false)
		if next == lane.None || slices.Contains(chain, next) {
			break
		}
		chain = append(chain, next)
		long += m.Lane(next).Centre.Length()
	}
	back := start.S
	for n := 0; n < 20 && back < behind; n++ {
		prev := straightest(m, chain[0], m.Lane(chain[0]).Prev, true)
		if prev == lane.None || slices.Contains(chain, prev) {
			break
		}
		chain = slices.Insert(chain, 0, prev)
		back += m.Lane(prev).Centre.Length()
	}
	var points []geom.Vec
	for _, id := range chain {
		for _, v := range m.Lane(id).Centre.Points() {
			if n := len(points); n == 0 || points[n-1].To(v) > 0.5 {
				points = append(points, v)
			}
		}
	}
	n := len(points)
	first, last := points[0].Minus(points[1]), points[n-1].Minus(points[n-2])
	points = slices.Insert(points, 0, points[0].Plus(first.Times(behind/first.Length())))
	points = append(points, points[n].Plus(last.Times(beyond/last.Length())))
	path, err := geom.NewPath(points)
	if err != nil {
		return nil, err
	}
	l := &line{}
	if err := l.smooth(path, 4, 3); err != nil {
		return nil, err
	}
	return l, nil
}

// parallel gives lanes that follow on each other and end where the route does: where the route changes lanes, those
// beside it are taken as far back as they reach.
func parallel(m *lane.Map, route []lane.ID) []lane.ID {
	chain := []lane.ID{route[len(route)-1]}
	for i := len(route) - 2; i >= 0; i-- {
		r, first := route[i], chain[0]
		if slices.Contains(m.Lane(first).Prev, r) {
			chain = slices.Insert(chain, 0, r)
			continue
		}
		if i+1 < len(route) && !slices.Contains(m.Lane(r).Next, route[i+1]) {
			continue // a change of lanes: the one beside takes this one's place
		}
		best, least := lane.None, math.Inf(1)
		for _, p := range m.Lane(first).Prev {
			_, d := m.Lane(p).Centre.Project(m.Lane(r).Centre.At(m.Lane(r).Centre.Length() / 2).Vec)
			if off := math.Abs(d); off < least {
				best, least = p, off
			}
		}
		if best == lane.None {
			best = r
		}
		chain = slices.Insert(chain, 0, best)
	}
	return chain
}

// straightest gives the lane of the list that goes on with the least turn.
func straightest(m *lane.Map, from lane.ID, list []lane.ID, before bool) lane.ID {
	best, least := lane.None, math.Inf(1)
	l := m.Lane(from)
	for _, id := range list {
		c := m.Lane(id).Centre
		a, b := l.Centre.At(l.Centre.Length()), c.At(c.Length())
		if before {
			a, b = l.Centre.At(0), c.At(0)
		}
		if turn := math.Abs(geom.Wrap(b.Heading - a.Heading)); turn < least {
			best, least = id, turn
		}
	}
	return best
}

// smooth samples a path and rounds it, so many times, over so many places on either side.
func (l *line) smooth(path geom.Path, reach, times int) error {
	var v []geom.Vec
	for s := 0.0; s < path.Length(); s += grain {
		v = append(v, path.At(s).Vec)
	}
	for range times {
		v = averaged(v, reach)
	}
	var err error
	if l.path, err = geom.NewPath(v); err != nil {
		return err
	}
	v = v[:0]
	for s := 0.0; s < l.path.Length(); s += grain {
		v = append(v, l.path.At(s).Vec)
	}
	if l.path, err = geom.NewPath(v); err != nil {
		return err
	}
	n := len(v)
	l.at, l.bend = make([]geom.Pose, n), make([]float64, n)
	for i := range v {
		a, b := v[max(i-1, 0)], v[min(i+1, n-1)]
		l.at[i] = geom.Pose{Vec: v[i], Heading: b.Minus(a).Angle()}
	}
	for i := range v {
		a, b := max(i-2, 0), min(i+2, n-1)
		l.bend[i] = geom.Wrap(l.at[b].Heading-l.at[a].Heading) / (float64(b-a) * grain)
	}
	return nil
}

// averaged gives each point the mean of those within reach places.
func averaged(v []geom.Vec, reach int) []geom.Vec {
	out := make([]geom.Vec, len(v))
	for i := range v {
		r := min(reach, i, len(v)-1-i)
		var sum geom.Vec
		for k := i - r; k <= i+r; k++ {
			sum = sum.Plus(v[k])
		}
		out[i] = sum.Times(1 / float64(2*r+1))
	}
	return out
}

// lookAround notes where the lanes around lie.
func (l *line) lookAround(m *lane.Map) {
	l.lanes = nil
	var near []lane.ID
	for i := 0; i < len(l.at); i += int(laneGrain / grain) {
		var found []middle
		near = m.Near(near[:0], l.at[i].Vec, 14)
		for _, id := range near {
			x := m.Lane(id)
			if x.Kind != lane.Drive && x.Kind != lane.Junction {
				continue
			}
			s, d := x.Centre.Project(l.at[i].Vec)
			at := x.Centre.At(s)
			turn := math.Abs(geom.Wrap(at.Heading - l.at[i].Heading))
			if math.Abs(at.Local(l.at[i].Vec).X) > 1 || turn > 0.6 && turn < math.Pi-0.6 || math.Abs(d) > 14 {
				continue
			}
			if turn < 1 {
				if math.Abs(d) < fitReach {
					d = 0 // the line is this lane's, fitted
				}
				found = append(found, middle{d: -d, limit: x.Limit})
			} else {
				found = append(found, middle{d: d, limit: x.Limit, facing: true})
			}
		}
		l.lanes = append(l.lanes, found)
	}
}

// lane gives the middle nearest to d at s; ok is false where there is none.
func (l *line) lane(s, d float64) (best middle, ok bool) {
	least := math.Inf(1)
	for _, m := range l.lanes[min(max(int(s/laneGrain+0.5), 0), len(l.lanes)-1)] {
		if off := math.Abs(m.d - d); off < least {
			best, least, ok = m, off, true
		}
	}
	return best, ok
}

// narrowness says how much it matters to keep to the line at s.
func (l *line) narrowness(s float64) float64 {
	return l.tight[min(max(int(s/grain), 0), len(l.tight)-1)]
}

// length is how far the line reaches.
func (l *line) length() float64 { return float64(len(l.at)-1) * grain }

// pose gives the line's pose and curvature at s.
func (l *line) pose(s float64) (geom.Pose, float64) {
	x := min(max(s/grain, 0), float64(len(l.at)-1)-1e-9)
	i := int(x)
	t := x - float64(i)
	a, b := l.at[i], l.at[i+1]
	return geom.Pose{Vec: geom.Between(a.Vec, b.Vec, t), Heading: a.Heading + t*geom.Wrap(b.Heading-a.Heading)},
		l.bend[i] + t*(l.bend[i+1]-l.bend[i])
}

// place gives s and d of a point.
func (l *line) place(v geom.Vec) (s, d float64) { return l.path.Project(v) }
