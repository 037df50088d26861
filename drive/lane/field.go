package lane

import (
	"container/heap"
	"math"

	"hutong/drive/geom"
)

// Field says of every lane how long the way from it to one goal is, in seconds at the speed limits. A change of lanes
// costs changeCost more than staying.
type Field struct {
	Goal  Spot
	m     *Map
	users Users
	start []float64 // from each lane's start
}

// changeCost is what a change of lanes costs, s.
const changeCost = 4.0

// NewField looks back from the goal over all lanes that the users may use. It takes a few milliseconds for a town; keep
// the Field as long as the goal stays.
func (m *Map) NewField(goal Spot, users Users) *Field {
	f := &Field{Goal: goal, m: m, users: users, start: make([]float64, len(m.Lanes))}
	for i := range f.start {
		f.start[i] = math.Inf(1)
	}
	var q queue
	reach := func(id ID, cost float64) {
		if m.has(id) && m.Lanes[id].Users&users != 0 && cost < f.start[id] {
			f.start[id] = cost
			heap.Push(&q, entry{id, cost})
		}
	}
	reach(goal.Lane, goal.S/m.Lanes[goal.Lane].Limit)
	for len(q) > 0 {
		e := heap.Pop(&q).(entry)
		if e.cost > f.start[e.id] {
			continue
		}
		l := &m.Lanes[e.id]
		for _, p := range l.Prev {
			reach(p, e.cost+m.Lanes[p].Centre.Length()/m.Lanes[p].Limit)
		}
		if r := l.RightOf; r != None && m.Lanes[r].MayLeft {
			reach(r, e.cost+changeCost)
		}
		if r := l.LeftOf; r != None && m.Lanes[r].MayRight {
			reach(r, e.cost+changeCost)
		}
	}
	return f
}

// From gives the seconds from s metres along the lane to the goal; +Inf where no way leads there.
func (f *Field) From(id ID, s float64) float64 {
	l := &f.m.Lanes[id]
	if id == f.Goal.Lane && s > f.Goal.S { // past it: all the way round
		least := math.Inf(1)
		for _, n := range l.Next {
			least = min(least, f.start[n])
		}
		return least + (l.Centre.Length()-s)/l.Limit
	}
	return max(0, f.start[id]-s/l.Limit)
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
	for lanes = append(lanes, id); id != f.Goal.Lane || s > f.Goal.S; lanes = append(lanes, id) {
		if len(lanes) > 2*len(f.m.Lanes) {
			return nil, false
		}
		l := &f.m.Lanes[id]
		next := f.Next(id)
		along := math.Inf(1)
		if next != None {
			along = (l.Centre.Length()-s)/l.Limit + f.start[next]
		}
		beside, least := None, along
		if r := l.RightOf; r != None && l.MayRight && f.From(r, s)+changeCost < least {
			beside, least = r, f.From(r, s)+changeCost
		}
		if r := l.LeftOf; r != None && l.MayLeft && f.From(r, s)+changeCost < least {
			beside = r
		}
		if beside != None {
			s *= f.m.Lanes[beside].Centre.Length() / l.Centre.Length()
			id = beside
			continue
		}
		if next == None {
			return nil, false
		}
		id, s = next, 0
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

type queue []entry

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].cost < q[j].cost }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)        { *q = append(*q, x.(entry)) }
func (q *queue) Pop() any {
	old := *q
	e := old[len(old)-1]
	*q = old[:len(old)-1]
	return e
}
