package lane

import (
	"math"
	"slices"

	"hutong/drive/geom"
)

// Cross finds by geometry where lanes cross or join, and adds it to their Conflicts, for sources that don't tell: pairs
// of lanes whose vehicles would touch ([Meet]), unless one leads to the other, they lie beside each other, or both come
// from the same lane. Pairs that know of each other already stay as they are. Vehicles give way to who is on a crossing,
// from the right, or oncoming while they turn left. The lanes are those of a whole map, in its order.
func Cross(lanes []Lane) {
	g := newGrid(lanes)
	var near []ID
	for i := range lanes {
		id := ID(i)
		if !crossable(&lanes[i]) {
			continue
		}
		low, high := g.low[i], g.high[i]
		middle := geom.Between(low, high, 0.5)
		near = g.near(near[:0], middle, max(high.X-low.X, high.Y-low.Y)/2)
		for _, other := range near {
			if other > id && crossable(&lanes[other]) && !related(lanes, id, other) {
				meet(lanes, id, other)
			}
		}
	}
}

func crossable(l *Lane) bool {
	return (l.Kind == Drive || l.Kind == Junction || l.Kind == Crossing || l.Kind == Cycle) && len(l.Centre.Points()) > 1
}

// related tells whether two lanes may share ground without being in each other's way.
func related(lanes []Lane, a, b ID) bool {
	x, y := &lanes[a], &lanes[b]
	if x.Kind == Crossing && y.Kind == Crossing || x.LeftOf == b || x.RightOf == b || x.Opposite == b || y.Opposite == a {
		return true
	}
	for _, c := range x.Conflicts {
		if c.With == b {
			return true
		}
	}
	for _, p := range x.Prev {
		if slices.Contains(y.Prev, p) {
			return true
		}
	}
	return leads(lanes, a, b, 3) || leads(lanes, b, a, 3)
}

// leads tells whether b follows a within so many lanes; beyond the first only short ones count.
func leads(lanes []Lane, a, b ID, steps int) bool {
	for _, n := range lanes[a].Next {
		if n == b || steps > 1 && lanes[n].Centre.Length() < 10 && leads(lanes, n, b, steps-1) {
			return true
		}
	}
	return false
}

func meet(lanes []Lane, a, b ID) {
	x, y := &lanes[a], &lanes[b]
	c, ok := Meet(x, y)
	if !ok {
		return
	}
	for _, n := range x.Next {
		c.Merge = c.Merge || slices.Contains(y.Next, n)
	}
	first, second := Rule(x, y)
	c.With, c.Yield = b, first
	x.Conflicts = append(x.Conflicts, c)
	y.Conflicts = append(y.Conflicts, Conflict{
		With: a, From: c.WithFrom, To: c.WithTo, WithFrom: c.From, WithTo: c.To, Yield: second, Merge: c.Merge,
	})
}

// Rule says by the general rules of the road which of two lanes that cross gives way, where nothing else says it: at most
// one does.
func Rule(x, y *Lane) (first, second bool) {
	if x.Kind == Crossing || y.Kind == Crossing {
		return y.Kind == Crossing, x.Kind == Crossing
	}
	u, v := geom.Towards(x.Centre.At(0).Heading), geom.Towards(y.Centre.At(0).Heading)
	switch side := u.Cross(v); {
	case side > 0.5: // y heads to x's left: it comes from the right
		return true, false
	case side < -0.5:
		return false, true
	}
	a, b := bend(x), bend(y)
	if u.Dot(v) > 0 { // side by side: who turns more joins the other
		return math.Abs(a) > math.Abs(b)+0.1, math.Abs(b) > math.Abs(a)+0.1
	}
	return a > b+0.1, b > a+0.1 // oncoming: who turns left more waits
}

// bend gives by how much a lane turns from its start to its end, to the left positive.
func bend(l *Lane) float64 {
	turn := 0.0
	for i := 1; i+1 < len(l.Centre.Points()); i++ {
		turn += geom.Wrap(l.Centre.At(l.Centre.Along()[i]+1e-9).Heading - l.Centre.At(l.Centre.Along()[i]).Heading)
	}
	return turn
}
