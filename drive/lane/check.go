package lane

import (
	"fmt"
	"math"

	"hutong/drive/geom"
)

// Problem is something wrong with a map that can be driven around, and that whoever made the map may want to mend.
type Problem struct {
	Lane ID
	Code string // "gap", "narrow", "short", "crosses itself", "leads nowhere", "not reached", "trap", "apart", "dark"
	What string // in words, with the numbers
}

// What a lane for vehicles should be, m.
const (
	widestGap   = 1.0
	leastWidth  = 2.0
	leastLength = 0.2
)

// Check tells what is wrong with the map's lanes for vehicles, in the order of the lanes: gaps between a lane's end and
// the start of the next, lanes too narrow or of hardly any length, lanes that cross themselves, ends and beginnings
// within the map that nothing leads from or to, groups of lanes from which no way leads out, and parts that hang
// together with nothing else. An edge of the map is an end too, so a good map has problems of these last kinds.
func (m *Map) Check() []Problem {
	c := checker{m: m}
	for i := range m.Lanes {
		if l := &m.Lanes[i]; driven(l) {
			c.shape(ID(i), l)
			c.joints(ID(i), l)
		}
	}
	for i := range m.Signals {
		if len(m.Signals[i].Lanes) == 0 {
			c.tell(None, "dark", "signal %q guards no lane", m.Signals[i].Name)
		}
	}
	c.parts()
	c.traps()
	return c.found
}

func driven(l *Lane) bool { return l.Kind == Drive || l.Kind == Junction }

type checker struct {
	m     *Map
	found []Problem
}

func (c *checker) tell(id ID, code, format string, args ...any) {
	c.found = append(c.found, Problem{Lane: id, Code: code, What: fmt.Sprintf(format, args...)})
}

func (c *checker) shape(id ID, l *Lane) {
	if long := l.Centre.Length(); long < leastLength {
		c.tell(id, "short", "lane %q is %.2f m long", l.Name, long)
	}
	least, where := math.Inf(1), 0
	for i := range l.ToLeft {
		if w := l.ToLeft[i] + l.ToRight[i]; w < least {
			least, where = w, i
		}
	}
	if least < leastWidth {
		c.tell(id, "narrow", "lane %q is %.2f m wide at %.1f m", l.Name, least, l.Centre.Along()[where])
	}
	if s, crosses := selfCrossing(l.Centre); crosses {
		c.tell(id, "crosses itself", "lane %q crosses itself at %.1f m", l.Name, s)
	}
}

func (c *checker) joints(id ID, l *Lane) {
	end := l.Centre.At(l.Centre.Length()).Vec
	for _, n := range l.Next {
		if gap := end.To(c.m.Lanes[n].Centre.At(0).Vec); gap > widestGap {
			c.tell(id, "gap", "from the end of lane %q to the start of %q are %.1f m", l.Name, c.m.Lanes[n].Name, gap)
		}
	}
	if len(l.Next) == 0 {
		c.tell(id, "leads nowhere", "nothing follows lane %q", l.Name)
	}
	if len(l.Prev) == 0 {
		c.tell(id, "not reached", "nothing leads to lane %q", l.Name)
	}
}

// selfCrossing finds a place where two pieces of a line that don't follow each other cross. Pieces are compared in
// groups, so that a long line of many points takes no longer than it must.
func selfCrossing(p geom.Path) (at float64, crosses bool) {
	const group = 32
	points := p.Points()
	n := len(points) - 1
	box := func(from int) (low, high geom.Vec) {
		low, high = points[from], points[from]
		for _, v := range points[from : min(from+group, n)+1] {
			low, high = geom.Vec{X: min(low.X, v.X), Y: min(low.Y, v.Y)}, geom.Vec{X: max(high.X, v.X), Y: max(high.Y, v.Y)}
		}
		return low, high
	}
	for a := 0; a < n; a += group {
		low, high := box(a)
		for b := a; b < n; b += group {
			if l, h := box(b); l.X > high.X || l.Y > high.Y || h.X < low.X || h.Y < low.Y {
				continue
			}
			for i := a; i < min(a+group, n); i++ {
				for k := max(b, i+2); k < min(b+group, n); k++ {
					if cut(points[i], points[i+1], points[k], points[k+1]) {
						return p.Along()[i], true
					}
				}
			}
		}
	}
	return 0, false
}

// cut tells whether the pieces from a to b and from c to d cross, or touch.
func cut(a, b, c, d geom.Vec) bool {
	u, v, w := b.Minus(a), d.Minus(c), c.Minus(a)
	turn := u.Cross(v)
	if turn == 0 { // side by side
		return w.Cross(u) == 0 && max(min(a.X, b.X), min(c.X, d.X)) <= min(max(a.X, b.X), max(c.X, d.X)) &&
			max(min(a.Y, b.Y), min(c.Y, d.Y)) <= min(max(a.Y, b.Y), max(c.Y, d.Y))
	}
	s, t := w.Cross(v)/turn, w.Cross(u)/turn
	return s >= 0 && s <= 1 && t >= 0 && t <= 1
}

// exits calls do with all lanes that can be driven to from id, by changes of lanes too.
func (m *Map) exits(id ID, do func(ID)) {
	l := &m.Lanes[id]
	for _, n := range l.Next {
		do(n)
	}
	if l.MayLeft && l.LeftOf != None {
		do(l.LeftOf)
	}
	if l.MayRight && l.RightOf != None {
		do(l.RightOf)
	}
}

// parts tells of what hangs together with nothing else: all but the largest part.
func (c *checker) parts() {
	m := c.m
	root := make([]ID, len(m.Lanes))
	for i := range root {
		root[i] = ID(i)
	}
	find := func(id ID) ID {
		for root[id] != id {
			root[id] = root[root[id]]
			id = root[id]
		}
		return id
	}
	for i := range m.Lanes {
		if driven(&m.Lanes[i]) {
			m.exits(ID(i), func(n ID) {
				if a, b := find(ID(i)), find(n); driven(&m.Lanes[n]) && a != b {
					root[max(a, b)] = min(a, b)
				}
			})
		}
	}
	size, largest := make([]int, len(m.Lanes)), None
	for i := range m.Lanes {
		if r := find(ID(i)); driven(&m.Lanes[i]) {
			size[r]++
			if largest == None || size[r] > size[largest] {
				largest = r
			}
		}
	}
	for i, n := range size {
		if n > 0 && ID(i) != largest {
			c.tell(ID(i), "apart", "lane %q and what hangs together with it (%d lanes) hangs together with nothing else", m.Lanes[i].Name, n)
		}
	}
}

// traps tells of groups of lanes that lead to each other and nowhere else, while others lead into them. Where a lane of
// the group ends for good, that is told already.
func (c *checker) traps() {
	group, count := c.m.circles()
	size, out, in, first := make([]int, count), make([]bool, count), make([]bool, count), make([]ID, count)
	for i := len(c.m.Lanes) - 1; i >= 0; i-- {
		g := group[i]
		if g < 0 {
			continue
		}
		size[g]++
		first[g] = ID(i)
		out[g] = out[g] || len(c.m.Lanes[i].Next) == 0
		c.m.exits(ID(i), func(n ID) {
			if h := group[n]; h >= 0 && h != g {
				out[g], in[h] = true, true
			}
		})
	}
	most := 0
	for g := range size {
		if size[g] > size[most] {
			most = g
		}
	}
	for g := range size {
		if size[g] > 1 && g != most && in[g] && !out[g] {
			c.tell(first[g], "trap", "no way leads out of the %d lanes around %q", size[g], c.m.Lanes[first[g]].Name)
		}
	}
}

// circles gives for each lane for vehicles the number of the group of lanes that all lead to each other, -1 for the
// other lanes, and how many groups there are (Tarjan's algorithm, on a stack of its own).
func (m *Map) circles() (group []int, count int) {
	n := len(m.Lanes)
	group = make([]int, n)
	order, low, next := make([]int, n), make([]int, n), make([]int, n)
	exits := make([][]ID, n)
	for i := range m.Lanes {
		group[i] = -1
		if driven(&m.Lanes[i]) {
			m.exits(ID(i), func(e ID) {
				if driven(&m.Lanes[e]) {
					exits[i] = append(exits[i], e)
				}
			})
		}
	}
	var way, open []int
	seen := 0
	for i := range m.Lanes {
		if !driven(&m.Lanes[i]) || order[i] > 0 {
			continue
		}
		way = append(way, i)
		for len(way) > 0 {
			v := way[len(way)-1]
			if order[v] == 0 {
				seen++
				order[v], low[v] = seen, seen
				open = append(open, v)
			}
			if next[v] < len(exits[v]) {
				e := int(exits[v][next[v]])
				next[v]++
				if order[e] == 0 {
					way = append(way, e)
				} else if group[e] < 0 {
					low[v] = min(low[v], order[e])
				}
				continue
			}
			way = way[:len(way)-1]
			if len(way) > 0 {
				low[way[len(way)-1]] = min(low[way[len(way)-1]], low[v])
			}
			if low[v] == order[v] {
				for last := -1; last != v; {
					last = open[len(open)-1]
					open = open[:len(open)-1]
					group[last] = count
				}
				count++
			}
		}
	}
	return group, count
}
