package lane

import (
	"errors"
	"fmt"
	"math"

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
	for i := range lanes {
		lanes[i].tight = m.tooTight(&lanes[i])
	}
	m.grid = newGrid(lanes)
	return m, nil
}

// A lane is no wider than maxWidth and no farther from (0, 0) than farthest, m: half around the earth.
const (
	maxWidth = 200.0
	farthest = 2.1e7
)

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
	for i, v := range l.Centre.Points() {
		if wide := l.ToLeft[i] + l.ToRight[i]; !(wide >= 0 && wide <= maxWidth && math.Abs(l.ToLeft[i]) <= maxWidth) {
			return fmt.Errorf("is %g m wide at its point %d; 0 to %g are allowed", wide, i, maxWidth)
		}
		if max(math.Abs(v.X), math.Abs(v.Y)) > farthest {
			return fmt.Errorf("is at (%g, %g) at its point %d, which is not on earth", v.X, v.Y, i)
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

// Beside adds up the widths of a lane and those on its one side, at a share of their lengths, as far as vehicles may use them.
func (m *Map) Beside(id ID, share float64, left bool) float64 {
	sum := 0.0
	for n := 0; id != None && n < mostBeside; n++ {
		l := m.Lane(id)
		if l.Kind != Drive && l.Kind != Junction {
			break
		}
		a, b := l.Widths(share * l.Centre.Length())
		sum += a + b
		if id = l.RightOf; left {
			id = l.LeftOf
		}
	}
	return sum
}

// Near adds to dst the lanes that may come within radius metres of v, and gives it back: all of those, now and then
// one that doesn't, none twice, in their order.
func (m *Map) Near(dst []ID, v geom.Vec, radius float64) []ID { return m.grid.near(dst, v, radius) }

// Locate gives the spot of the lane which a vehicle at the pose is on: of the lanes of the given users that hold the
// point, the one whose direction fits best, or of those at most reach metres away. ok is false where there is none
// within a right angle of the heading.
func (m *Map) Locate(at geom.Pose, users Users, reach float64) (best Spot, ok bool) {
	var few [128]ID
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

// On tells whether the point lies on a lane of the given users, or at most slack metres beside it. A lane's strip is round
// outside its kinks, and where it bends into the next.
func (m *Map) On(v geom.Vec, users Users, slack float64) bool {
	var few [128]ID
	for _, id := range m.Near(few[:0], v, slack+5) {
		l := &m.Lanes[id]
		if l.Users&users == 0 {
			continue
		}
		s, d := l.Centre.Project(v)
		if left, right := l.Widths(s); d > left+slack || -d > right+slack {
			continue
		}
		if s > 0 && s < l.Centre.Length()-1e-9 || math.Abs(l.Centre.At(s).Local(v).X) <= slack+0.05 {
			return true
		}
		if s > 0 && m.joins(l, v) {
			return true
		}
	}
	return false
}

// joins tells whether a point beyond the end of a lane lies in the wedge outside the bend to one that goes on from it.
func (m *Map) joins(l *Lane, v geom.Vec) bool {
	for _, n := range l.Next {
		if m.Lanes[n].Centre.At(0).Local(v).X <= 0 {
			return true
		}
	}
	return false
}
