package lane

import (
	"math"
	"slices"

	"hutong/drive/geom"
)

// Field says of every lane how long the way from it to one goal is, in seconds at the speed limits and with what lights
// cost on average. A change of lanes costs changeCost more than staying; in a lane that is short it costs more, for it may
// not succeed.
type Field struct {
	Goal  Spot
	m     *Map
	users Users
	light float64   // what a light costs, s
	start []float64 // from each lane's start
	end   []float64 // from each lane's end, on to the lanes that follow
}

const (
	changeCost = 4.0  // what a change of lanes costs, s
	lightWait  = 5.0  // what a light costs on average, more than giving way does
	mostBeside = 12   // how many lanes away a change is thought of
	changeWay  = 40.0 // m, in which a change of lanes can be made; shorter lanes cost in proportion more,
	leastWay   = 4.0  // and in one shorter than that nobody can
)

// change gives the cost of changing out of the lane, s; +Inf where there is no room for it.
func (l *Lane) change() float64 {
	if l.Centre.Length() < leastWay {
		return math.Inf(1)
	}
	return changeCost * max(1, changeWay/l.Centre.Length())
}

func (l *Lane) seconds() float64 { return l.Centre.Length() / l.Limit }

// wait gives what one waits on average before a lane is entered, s.
func (f *Field) wait(l *Lane) float64 {
	if l.Signal >= 0 {
		return f.light
	}
	return 0
}

// NewField looks back from the goal over all lanes that the users may use. It takes a few milliseconds for a town; keep
// the Field as long as the goal stays.
func (m *Map) NewField(goal Spot, users Users) *Field { return m.newField(goal, users, lightWait) }

// NewFieldByLimits is NewField for who thinks of the speed limits only, as most do who know no lights beforehand.
func (m *Map) NewFieldByLimits(goal Spot, users Users) *Field { return m.newField(goal, users, 0) }

func (m *Map) newField(goal Spot, users Users, light float64) *Field {
	unknown := slices.Repeat([]float64{math.Inf(1)}, len(m.Lanes))
	f := &Field{Goal: goal, m: m, users: users, light: light, start: unknown, end: slices.Clone(unknown)}
	var q queue
	if m.Lanes[goal.Lane].Users&users == 0 {
		return f
	}
	if !m.Lanes[goal.Lane].stops(0, goal.S) {
		f.note(&q, goal.Lane, max(goal.S, 0)/m.Lanes[goal.Lane].Limit)
	}
	for len(q) > 0 {
		e := q.pop()
		if e.cost > f.start[e.id] {
			continue
		}
		for _, p := range m.Lanes[e.id].Prev {
			f.relax(&q, p, e.cost+m.Lanes[p].seconds()+f.wait(&m.Lanes[p]))
		}
		f.besides(e.id, func(id ID) { f.relax(&q, id, e.cost+m.Lanes[id].change()) })
	}
	for i := range m.Lanes {
		for _, n := range m.Lanes[i].Next {
			f.end[i] = min(f.end[i], f.start[n])
		}
	}
	return f
}

// relax notes that a lane's start is cost away from the goal, if that is news.
func (f *Field) relax(q *queue, id ID, cost float64) {
	if l := &f.m.Lanes[id]; l.Users&f.users != 0 && !l.stops(0, l.Centre.Length()) {
		f.note(q, id, cost)
	}
}

func (f *Field) note(q *queue, id ID, cost float64) {
	if cost < f.start[id] {
		f.start[id] = cost
		q.push(entry{id, cost})
	}
}

// stops tells whether the lane can't be driven from one place to another, m along it.
func (l *Lane) stops(from, to float64) bool { return l.tight >= 0 && from <= l.tight && to >= l.tight }

// besides calls do with the lanes beside id from which a change to it is allowed.
func (f *Field) besides(id ID, do func(ID)) {
	l := &f.m.Lanes[id]
	if r := l.RightOf; r != None && f.m.Lanes[r].MayLeft && f.m.Lanes[r].LeftOf == id {
		do(r)
	}
	if r := l.LeftOf; r != None && f.m.Lanes[r].MayRight && f.m.Lanes[r].RightOf == id {
		do(r)
	}
}

// aside gives the lane to which one may change from l, to the left or to the right; None where there is none.
func (f *Field) aside(l *Lane, left bool) ID {
	id, may := l.RightOf, l.MayRight
	if left {
		id, may = l.LeftOf, l.MayLeft
	}
	if id == None || !may || f.m.Lanes[id].Users&f.users == 0 {
		return None
	}
	return id
}

// along gives the seconds from the share of the lane to the goal for who stays in the lane to its end, or to the goal.
func (f *Field) along(id ID, share float64) float64 {
	l := &f.m.Lanes[id]
	s := share * l.Centre.Length()
	if id == f.Goal.Lane {
		if way := f.Goal.S - s; way >= -1e-6 && !l.stops(s, f.Goal.S) {
			return max(0, way) / l.Limit
		}
	}
	if l.Kind != Junction && l.stops(s, l.Centre.Length()) { // who is within a way through a junction goes on
		return math.Inf(1)
	}
	wait := 0.0
	if share <= 0 {
		wait = f.wait(l)
	}
	return f.end[id] + wait + max(0, 1-share)*l.seconds()
}

// From gives the seconds from s metres along the lane to the goal; +Inf where no way leads there.
func (f *Field) From(id ID, s float64) float64 {
	if f.m.Lanes[id].Users&f.users == 0 {
		return math.Inf(1)
	}
	share := s / f.m.Lanes[id].Centre.Length()
	least := f.along(id, share)
	for _, left := range [2]bool{true, false} {
		cost, at := 0.0, id
		for range mostBeside {
			l := &f.m.Lanes[at]
			if at = f.aside(l, left); at == None {
				break
			}
			cost += l.change()
			least = min(least, cost+f.along(at, share))
		}
	}
	return least
}

// Next gives the lane to go to at the end of the lane id: of those it leads to, the one with the shortest way; None where
// none leads to the goal.
func (f *Field) Next(id ID) ID {
	best, least := None, math.Inf(1)
	for _, n := range f.m.Lanes[id].Next {
		if f.start[n] < least {
			best, least = n, f.start[n]
		}
	}
	return best
}

// Route gives the lanes from a spot to the goal, changes of lanes included: each is one of the last's Next or lies
// beside it. ok is false where no way leads there.
func (f *Field) Route(from Spot) (lanes []ID, ok bool) {
	id, s := from.Lane, from.S
	if math.IsInf(f.From(id, s), 1) {
		return nil, false
	}
	for lanes = append(lanes, id); id != f.Goal.Lane || s > f.Goal.S+1e-6; lanes = append(lanes, id) {
		if len(lanes) > 2*len(f.m.Lanes) {
			return nil, false
		}
		l := &f.m.Lanes[id]
		share := s / l.Centre.Length()
		best, least := f.Next(id), f.along(id, share)
		s = 0
		for _, left := range [2]bool{true, false} {
			beside := f.aside(l, left)
			if beside == None {
				continue
			}
			there := share * f.m.Lanes[beside].Centre.Length()
			if cost := f.From(beside, there) + l.change(); cost < least {
				best, least, s = beside, cost, there
			}
		}
		if best == None {
			return nil, false
		}
		id = best
	}
	return lanes, true
}

// Line gives the middle of a route as one path of points, from a spot to the goal, changes of lanes drawn slantwise.
func (f *Field) Line(from Spot, route []ID) []geom.Vec {
	var line []geom.Vec
	s := from.S
	for i, id := range route {
		l := &f.m.Lanes[id]
		end := l.Centre.Length()
		if i == len(route)-1 {
			end = f.Goal.S
		} else if n := route[i+1]; n == l.LeftOf || n == l.RightOf {
			line = append(line, l.Centre.At(s).Vec)
			s *= f.m.Lanes[n].Centre.Length() / end
			continue
		}
		line = append(line, l.Centre.At(s).Vec)
		for k, at := range l.Centre.Along() {
			if at > s && at < end {
				line = append(line, l.Centre.Points()[k])
			}
		}
		if end > s {
			line = append(line, l.Centre.At(end).Vec)
		}
		s = 0
	}
	return line
}

type entry struct {
	id   ID
	cost float64
}

// queue is a binary heap, the least cost first.
type queue []entry

func (q *queue) push(e entry) {
	h := append(*q, e)
	i := len(h) - 1
	for i > 0 && h[(i-1)/2].cost > e.cost {
		h[i], i = h[(i-1)/2], (i-1)/2
	}
	h[i] = e
	*q = h
}

func (q *queue) pop() entry {
	h := *q
	top, e := h[0], h[len(h)-1]
	h = h[:len(h)-1]
	*q = h
	if len(h) == 0 {
		return top
	}
	i := 0
	for {
		c := 2*i + 1
		if c+1 < len(h) && h[c+1].cost < h[c].cost {
			c++
		}
		if c >= len(h) || h[c].cost >= e.cost {
			break
		}
		h[i], i = h[c], c
	}
	h[i] = e
	return top
}
