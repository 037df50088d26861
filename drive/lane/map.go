package lane

import (
	"errors"
	"fmt"
	"math"
	"sort"

	"hutong/drive/geom"
)

// NewMap makes a map of lanes and signals and takes both over. It fails, naming the lane, where a lane has no middle or
// no width, an index points nowhere, or a name comes twice; what can be driven around (a lane that leads nowhere, say)
// is told by [Map.Check] instead.
func NewMap(lanes []Lane, signals []Signal) (*Map, error) {
	m := &Map{Lanes: lanes, Signals: signals, names: make(map[string]ID, len(lanes))}
	var wrong []error
	for i := range lanes {
		l := &lanes[i]
		if _, twice := m.names[l.Name]; twice {
			wrong = append(wrong, fmt.Errorf("lane %q: the name comes twice", l.Name))
		}
		m.names[l.Name] = ID(i)
		if err := m.checkLane(l); err != nil {
			wrong = append(wrong, fmt.Errorf("lane %q: %w", l.Name, err))
		}
	}
	for i := range signals {
		for _, id := range signals[i].Lanes {
			if !m.has(id) {
				wrong = append(wrong, fmt.Errorf("signal %q: guards lane %d, which the map doesn't have", signals[i].Name, id))
			}
		}
	}
	if len(wrong) > 0 {
		return nil, errors.Join(wrong[:min(len(wrong), 20)]...)
	}
	m.grid = newGrid(lanes)
	return m, nil
}

func (m *Map) has(id ID) bool { return id >= 0 && int(id) < len(m.Lanes) }

func (m *Map) checkLane(l *Lane) error {
	n := len(l.Centre.Points())
	switch {
	case n < 2:
		return errors.New("has no middle line")
	case len(l.ToLeft) != n || len(l.ToRight) != n:
		return fmt.Errorf("has %d points but %d and %d widths", n, len(l.ToLeft), len(l.ToRight))
	case !(l.Limit > 0) || math.IsInf(l.Limit, 0):
		return fmt.Errorf("has the speed limit %g m/s; it must be above 0", l.Limit)
	case l.Signal < -1 || int(l.Signal) >= len(m.Signals):
		return fmt.Errorf("is guarded by signal %d, which the map doesn't have", l.Signal)
	}
	for i := range n {
		if !(l.ToLeft[i]+l.ToRight[i] >= 0) || math.IsInf(l.ToLeft[i]+l.ToRight[i], 0) {
			return fmt.Errorf("is %g m wide at its point %d", l.ToLeft[i]+l.ToRight[i], i)
		}
	}
	for _, ids := range [][]ID{l.Next, l.Prev} {
		for _, id := range ids {
			if !m.has(id) {
				return fmt.Errorf("is joined to lane %d, which the map doesn't have", id)
			}
		}
	}
	for _, id := range []ID{l.LeftOf, l.RightOf, l.Opposite} {
		if id != None && !m.has(id) {
			return fmt.Errorf("lies beside lane %d, which the map doesn't have", id)
		}
	}
	for _, c := range l.Conflicts {
		if !m.has(c.With) {
			return fmt.Errorf("crosses lane %d, which the map doesn't have", c.With)
		}
	}
	return nil
}

// Lane gives the lane of an id, which must be the map's.
func (m *Map) Lane(id ID) *Lane { return &m.Lanes[id] }

// Find gives the lane of a name.
func (m *Map) Find(name string) (ID, bool) {
	id, ok := m.names[name]
	return id, ok
}

// Pose gives where a spot is. Its heading is the lane's.
func (m *Map) Pose(s Spot) geom.Pose {
	p := m.Lanes[s.Lane].Centre.At(s.S)
	p.Vec = p.Ahead(0, s.D)
	return p
}

// Widths gives the distances from the lane's middle to its left and its right edge, s metres along it.
func (l *Lane) Widths(s float64) (left, right float64) {
	i, t := l.Centre.Segment(min(max(s, 0), l.Centre.Length()))
	return l.ToLeft[i] + t*(l.ToLeft[i+1]-l.ToLeft[i]), l.ToRight[i] + t*(l.ToRight[i+1]-l.ToRight[i])
}

// Near adds to dst the lanes that may come within radius metres of v, and gives it back: all of those, now and then
// one that doesn't, none twice.
func (m *Map) Near(dst []ID, v geom.Vec, radius float64) []ID { return m.grid.near(dst, v, radius) }

// Locate gives the spot of the lane which a vehicle at the pose is on: of the lanes of the given users that hold the
// point, the one whose direction fits best, or of those at most reach metres away. ok is false where there is none
// within a right angle of the heading.
func (m *Map) Locate(at geom.Pose, users Users, reach float64) (best Spot, ok bool) {
	var few [32]ID
	least := math.Inf(1)
	for _, id := range m.Near(few[:0], at.Vec, reach+5) {
		l := &m.Lanes[id]
		if l.Users&users == 0 {
			continue
		}
		s, d := l.Centre.Project(at.Vec)
		turn := math.Abs(geom.Wrap(l.Centre.At(s).Heading - at.Heading))
		left, right := l.Widths(s)
		out := max(0, d-left, -d-right)
		if turn > math.Pi/2 || out > reach {
			continue
		}
		if cost := 4*out + 2*turn + 0.2*math.Abs(d); cost < least {
			least, best, ok = cost, Spot{id, s, d}, true
		}
	}
	return best, ok
}

// On tells whether the point lies on a lane of the given users, or at most slack metres beside it.
func (m *Map) On(v geom.Vec, users Users, slack float64) bool {
	var few [32]ID
	for _, id := range m.Near(few[:0], v, slack+5) {
		l := &m.Lanes[id]
		if l.Users&users == 0 {
			continue
		}
		s, d := l.Centre.Project(v)
		if left, right := l.Widths(s); d > left+slack || -d > right+slack {
			continue
		}
		if end := l.Centre.At(s); math.Abs(end.Local(v).X) <= slack+0.05 {
			return true
		}
	}
	return false
}

// grid finds lanes by squares of the plane.
type grid struct {
	cells map[[2]int32][]ID
}

// cell is a square's side, m: about as long as a lane is looked at from.
const cell = 25.0

func square(v geom.Vec) [2]int32 {
	return [2]int32{int32(math.Floor(v.X / cell)), int32(math.Floor(v.Y / cell))}
}

func newGrid(lanes []Lane) grid {
	g := grid{cells: make(map[[2]int32][]ID)}
	for i := range lanes {
		l := &lanes[i]
		seen := make(map[[2]int32]bool)
		for s := 0.0; s < l.Centre.Length()+cell/4; s += cell / 4 {
			s := min(s, l.Centre.Length())
			left, right := l.Widths(s)
			for _, d := range []float64{-right, 0, left} {
				p := l.Centre.At(s)
				if q := square(p.Ahead(0, d)); !seen[q] {
					seen[q] = true
					g.cells[q] = append(g.cells[q], ID(i))
				}
			}
		}
	}
	return g
}

func (g grid) near(dst []ID, v geom.Vec, radius float64) []ID {
	start := len(dst)
	radius += cell / 4 // lanes are sampled that far apart
	from, to := square(geom.Vec{X: v.X - radius, Y: v.Y - radius}), square(geom.Vec{X: v.X + radius, Y: v.Y + radius})
	for x := from[0]; x <= to[0]; x++ {
		for y := from[1]; y <= to[1]; y++ {
			dst = append(dst, g.cells[[2]int32{x, y}]...)
		}
	}
	found := dst[start:]
	sort.Slice(found, func(i, j int) bool { return found[i] < found[j] })
	n := 0
	for i, id := range found {
		if i == 0 || id != found[n-1] {
			found[n] = id
			n++
		}
	}
	return dst[:start+n]
}
