package reach

import (
	"cmp"
	"math"
	"slices"

	"hutong/drive/geom"
	"hutong/drive/lane/commonroad"
	"hutong/drive/vehicle"
)

// point is where the rear axle is, by the line: how far along and across it, and how fast each.
type point struct {
	s, d, v, w float64
	a, y       float64 // the accelerations along and across that lead on to the next point
}

// node is a point at the end of a layer.
type node struct {
	point
	cost, rest float64
	parent     int32
	ticks      int // since the search began
}

// target is a goal as the search sees it: ranges of s and d of the rear axle, of speed and of ticks from now.
type target struct {
	s, d, v  [2]float64
	from, to int
	anywhere bool // it names no place
}

// search holds what one search needs; it is used again. It looks horizon ticks ahead in layers of layer ticks.
type search struct {
	tick    float64 // s
	layer   int
	horizon int

	line    *line
	ground  *ground
	spec    *vehicle.Spec
	future  *future
	goals   []commonroad.Goal
	targets []target
	first   int // the scenario's step now
	perTick float64
	beam    int
	slack   float64 // ways are followed that cost so many times what the best found one does; 0: 1
	soft    bool    // a touch costs much but isn't forbidden: for when there is no way without
	slim    bool    // no room is kept around the body: for ways that have been shaped

	nodes    []node
	children []node
	ends     []int32 // those that reach the goal
	bins     []int32 // a table of children by where they are, 1 more than their index
	order    []rank
	bands    [bands]int // how many nodes of a layer lie in each band of 1.5 m across
}

// rank is a child and what it promises.
type rank struct {
	promise float64
	child   int32
}

const (
	bands   = 64
	binBits = 15
)

// The accelerations along the line that are tried, m/s²; those across are scaled down at low speed.
var (
	alongs  = [...]float64{-8, -5, -3, -1.8, -1, -0.4, 0, 0.4, 1, 1.8, 3, 5}
	acrosss = [...]float64{-5, -2.4, -1.2, -0.5, 0, 0.5, 1.2, 2.4, 5}
)

// run searches from the point and gives the points at each tick of the best way found, whether it reaches the goal,
// and its cost.
func (q *search) run(start point) (way []point, met bool, cost float64) {
	q.soft = false
	way, met, cost = q.sweep(start)
	if met || len(way) > q.horizon/2 {
		return way, met, cost
	}
	// What is foretold leaves no way for long. It may well be wrong: go where it is least likely to hurt.
	q.soft = true
	way, met, cost = q.sweep(start)
	q.soft = false
	return way, met, cost
}

func (q *search) sweep(start point) (way []point, met bool, cost float64) {
	q.nodes = append(q.nodes[:0], node{point: start, parent: -1, rest: q.rest(start, 0)})
	q.ends = q.ends[:0]
	best, bestCost := int32(-1), math.Inf(1)
	from, to := 0, 1
	for depth := 0; depth*q.layer < q.horizon && to > from; depth++ {
		q.children = q.children[:0]
		for i := from; i < to; i++ {
			q.spread(int32(i))
		}
		q.rank()
		clear(q.bands[:])
		next := len(q.nodes)
		for _, r := range q.order {
			c := &q.children[r.child]
			if c.cost >= bestCost*max(q.slack, 1) {
				break
			}
			band := min(max(floor(c.d/1.5)+bands/2, 0), bands-1)
			if q.bands[band] >= q.beam/3 {
				continue
			}
			reached, ok := q.check(c)
			if !ok {
				continue
			}
			q.bands[band]++
			q.nodes = append(q.nodes, *c)
			if reached {
				q.ends = append(q.ends, int32(len(q.nodes)-1))
				if c.cost < bestCost {
					best, bestCost = int32(len(q.nodes)-1), c.cost
				}
			}
			if len(q.nodes)-next >= q.beam {
				break
			}
		}
		from, to = next, len(q.nodes)
	}
	if best >= 0 {
		return q.trace(best), true, bestCost
	}
	// Nothing reaches the goal yet: take the way that lasts longest, and of those the most promising.
	last := int32(0)
	for i := range q.nodes {
		a, b := &q.nodes[i], &q.nodes[last]
		if a.ticks > b.ticks || a.ticks == b.ticks && a.cost+a.rest < b.cost+b.rest {
			last = int32(i)
		}
	}
	n := &q.nodes[last]
	return q.trace(last), false, n.cost + n.rest
}

// span is how long a layer lasts, s.
func (q *search) span() float64 { return float64(q.layer) * q.tick }

func floor(x float64) int32 { return int32(math.Floor(x)) }

// spread adds the children of a node, unchecked.
func (q *search) spread(parent int32) {
	p := &q.nodes[parent]
	if p.ticks%q.layer != 0 { // it ended at the goal
		return
	}
	t := q.span()
	limit := min(1, 0.15*p.v*p.v/2.4+0.02)
	_, bend := q.line.pose(p.s)
	settle, home := q.back(p.point)
	for _, a := range alongs {
		if p.v <= 0 && a < 0 || p.v+a*t > q.spec.MaxSpeed || a > 0 && p.v > 7.319 && a > 0.95*11.5*7.319/p.v {
			continue
		}
		for i := range len(acrosss) + 2 {
			y := settle
			switch {
			case i < len(acrosss):
				if y = acrosss[i] * limit; p.v < 10 && math.Abs(y) > 3 {
					continue
				}
			case i == len(acrosss):
				y = home
			}
			c := node{point: p.point, parent: parent, ticks: p.ticks + q.layer, cost: p.cost}
			c.point = q.moved(c.point, a, y, t)
			// It turns no further away from the line than a car does at that speed.
			if steep := 0.45*c.v + 0.1; math.Abs(c.w) > steep && math.Abs(c.w) > math.Abs(p.w) {
				continue
			}
			side := q.aside(c.point, y)
			if math.Abs(side) > 8 || math.Hypot(side, a) > 10 {
				continue
			}
			c.a, c.y = a, y
			// The wheels turn so fast and no faster.
			slow := max(p.v, c.v, 1)
			_, end := q.line.pose(c.s)
			steer := math.Abs((y-p.y)/(slow*slow)+end-bend) - 0.03
			if steer > 0.09 {
				continue
			}
			if steer > 0 {
				c.cost += 4000 * steer * steer
			}
			if sharp := math.Abs(side) - 3; sharp > 0 {
				c.cost += t * sharp * sharp
			}
			c.cost += t * (a*a + 1.5*y*y + 0.15*(a-p.a)*(a-p.a) + 0.15*(y-p.y)*(y-p.y))
			c.cost += t * q.comfort(c.point)
			c.rest = q.rest(c.point, c.ticks)
			q.keep(&c)
		}
	}
}

// keep adds a child, unless a better one is as good as in the same place; then the better one stays.
func (q *search) keep(c *node) {
	h := uint64(0)
	for _, x := range [4]float64{c.s, c.v / 0.6, c.d / 0.15, c.w / 0.25} {
		h = (h ^ uint64(uint32(floor(x)))) * 0x9e3779b97f4a7c15
	}
	slot := &q.bins[h>>(64-binBits)] // two places that share a slot by chance lose one child, no more
	if *slot == 0 {
		q.children = append(q.children, *c)
		*slot = int32(len(q.children))
		return
	}
	if x := &q.children[*slot-1]; c.cost+c.rest < x.cost+x.rest {
		*x = *c
	}
}

// rank orders the children by what they promise, and forgets their places.
func (q *search) rank() {
	clear(q.bins)
	q.order = q.order[:0]
	for i := range q.children {
		c := &q.children[i]
		q.order = append(q.order, rank{c.cost + c.rest, int32(i)})
	}
	slices.SortFunc(q.order, func(a, b rank) int {
		switch {
		case a.promise < b.promise:
			return -1
		case a.promise > b.promise:
			return 1
		}
		return 0
	})
}

// back gives the accelerations across that end the sideways motion, and that lead gently to the middle of the lane.
func (q *search) back(p point) (settle, home float64) {
	t := q.span()
	settle = min(max(-p.w/t, -2.4), 2.4)
	off := 0.0
	if m, ok := q.line.lane(p.s, p.d); ok {
		off = p.d - m.d
	}
	ease := max(1, 4/max(p.v, 0.5))
	home = -off/(ease*ease) - 2*p.w/ease
	most := min(1.5, 0.1*p.v*p.v)
	return settle, min(max(home, -most), most)
}

// moved gives the point t seconds on, under constant accelerations.
func (q *search) moved(p point, a, y, t float64) point {
	_, bend := q.line.pose(p.s)
	way := p.v*t + a*t*t/2
	v := p.v + a*t
	if v < 0 {
		way, v = -p.v*p.v/(2*a), 0
	}
	d := p.d + p.w*t + y*t*t/2
	p.s += way / max(1-bend*(p.d+d)/2, 0.3)
	p.d, p.w, p.v = d, p.w+y*t, v
	return p
}

// aside is the acceleration to the side, the line's own bend included, m/s².
func (q *search) aside(p point, y float64) float64 {
	_, bend := q.line.pose(p.s)
	return p.v*p.v*bend/max(1-bend*p.d, 0.3) + y
}

// comfort is what it costs a second to be there: off the middles of the lanes, too fast, or against the traffic.
func (q *search) comfort(p point) float64 {
	cost := q.astray(p)
	m, ok := q.line.lane(p.s, p.d)
	if !ok {
		return cost + 1
	}
	off := min(math.Abs(m.d-p.d), 2)
	cost += 0.5*off*off + 0.1*p.w*p.w
	if math.Abs(p.d) < fitReach {
		cost += q.line.narrowness(p.s) * min(p.d*p.d, 0.3)
	}
	if m.facing {
		cost += 3
	}
	if over := p.v - m.limit; over > 0 {
		cost += 0.2 * over * over
	}
	return cost
}

// astray is what it costs a second to be beside the goal still: who changes lanes early has time to wait for a gap.
func (q *search) astray(p point) float64 {
	least := math.Inf(1)
	for i := range q.targets {
		if g := &q.targets[i]; !g.anywhere {
			least = min(least, math.Abs(clamp(p.d, g.d)-p.d))
		}
	}
	if math.IsInf(least, 1) {
		return 0
	}
	return 0.8 * min(least, 6)
}

// rest is the least that the accelerations from here to the goal must cost, by the way and the speeds alone.
func (q *search) rest(p point, ticks int) float64 {
	if len(q.targets) == 0 {
		return 0
	}
	least := math.Inf(1)
	for i := range q.targets {
		g := &q.targets[i]
		if g.to < ticks {
			continue
		}
		soon, late := float64(max(g.from-ticks, 0))*q.tick, float64(g.to-ticks)*q.tick
		for _, t := range [3]float64{soon, (soon + late) / 2, late} {
			least = min(least, g.effort(p, max(t, 0.05)))
		}
	}
	return min(least, 1e6)
}

// effort is the integral of the squares of the accelerations that lead into the target in t seconds.
func (g *target) effort(p point, t float64) float64 {
	if g.anywhere {
		return pull(0, clamp(p.v, g.v)-p.v, clamp(p.v, g.v)-p.v, t, true)
	}
	ahead := p.s + p.v*t
	along := pull(clamp(ahead, g.s)-ahead, g.v[0]-p.v, g.v[1]-p.v, t, false)
	aside := p.d + p.w*t
	turn := max(0.1*p.v, 0.1)
	return along + 1.5*pull(clamp(aside, g.d)-aside, -turn-p.w, turn-p.w, t, false)
}

// pull is the integral of the square of an acceleration that moves by p in t while it changes the speed by something
// from low to high; the way is left open where free is set.
func pull(p, low, high, t float64, free bool) float64 {
	if free {
		return low * low / t
	}
	q := clamp(1.5*p/t, [2]float64{low, high})
	cost := (12*p*p - 12*p*q*t + 4*q*q*t*t) / (t * t * t)
	if math.Abs(6*p-2*q*t) > 9*t*t { // more than a car can
		cost += 1000
	}
	return cost
}

func clamp(x float64, r [2]float64) float64 { return min(max(x, r[0]), r[1]) }

// pose gives where the rear axle is at a point.
func (q *search) pose(p point) geom.Pose {
	at, _ := q.line.pose(p.s)
	return geom.Pose{Vec: at.Ahead(0, p.d), Heading: at.Heading + math.Atan2(p.w, max(p.v, 0.5))}
}

// body gives the vehicle's outline.
func (q *search) body(at geom.Pose) body {
	u := geom.Towards(at.Heading)
	far := q.spec.Length/2 - q.spec.RearOverhang
	return body{at.Plus(u.Times(far)), u.X, u.Y, q.spec.Length / 2, q.spec.Width / 2}
}

// check walks from a node's parent to it, adds what its neighbours cost, and tells whether it reaches the goal, where
// the node then ends, and whether nothing is hit on the way.
func (q *search) check(c *node) (reached, ok bool) {
	p := q.nodes[c.parent]
	for k := 1; k <= q.layer; k++ {
		x := q.moved(p.point, c.a, c.y, float64(k)*q.tick)
		at := q.pose(x)
		cost, free := q.weigh(x, at, p.ticks+k)
		if !free {
			return false, false
		}
		c.cost += cost * q.tick
		if q.met(x, at, p.ticks+k) {
			x.a, x.y = c.a, c.y
			c.point, c.ticks, c.rest = x, p.ticks+k, 0
			return true, true
		}
	}
	return false, true
}

// state tells where the vehicle's middle is at a tick as the goals see it, if a step of the scenario is then.
func (q *search) state(at geom.Pose, speed float64, ticks int) (commonroad.State, bool) {
	step := float64(q.first) + float64(ticks)*q.perTick
	b := q.body(at)
	return commonroad.State{
		Step: int(math.Round(step)), Pose: geom.Pose{Vec: b.Vec, Heading: at.Heading}, Speed: speed,
	}, math.Abs(step-math.Round(step)) < 1e-6
}

// reached tells whether the vehicle is in a goal.
func (q *search) reached(at geom.Pose, speed float64, ticks int) bool {
	state, now := q.state(at, speed, ticks)
	return now && slices.ContainsFunc(q.goals, func(g commonroad.Goal) bool { return g.Met(state) })
}

// met tells whether a point lies well within a goal.
func (q *search) met(p point, at geom.Pose, ticks int) bool {
	state, now := q.state(at, p.v, ticks)
	if !now {
		return false
	}
	for i := range q.goals {
		g := &q.goals[i]
		if state.Step < g.From || state.Step > g.To || !g.Met(state) {
			continue
		}
		inner := true
		if len(g.Shapes) > 0 {
			for _, off := range [4]geom.Vec{{X: 0.2}, {X: -0.2}, {Y: 0.1}, {Y: -0.1}} {
				inner = inner && g.Stands(state.Ahead(off.X, off.Y))
			}
		}
		if g.Speed != nil && g.Speed.To-g.Speed.From > 0.5 {
			inner = inner && p.v > g.Speed.From+0.1 && p.v < g.Speed.To-0.1
		}
		if g.Heading != nil {
			inner = inner && g.Heading.HoldsAngle(at.Heading+0.02) && g.Heading.HoldsAngle(at.Heading-0.02)
		}
		if inner {
			return true
		}
	}
	return false
}

// weigh gives what it costs a second to be at a point at a tick, and whether that is free of others.
func (q *search) weigh(p point, at geom.Pose, ticks int) (cost float64, free bool) {
	b := q.body(at)
	switch room := q.ground.room(&b); {
	case room < 0:
		cost += 1500
	case room < 0.05:
		cost += 60
	case room < 0.15:
		cost += 1.5
	}
	k := min(ticks, q.horizon)
	reach := math.Hypot(b.long, b.wide)
	hard := b
	if !q.slim {
		hard.long, hard.wide = b.long+0.15, b.wide+0.06
	}
	for i := range q.future.at[k] {
		o := &q.future.at[k][i]
		want := 2 + 0.6*max(p.v, o.speed)
		if far := o.Minus(b.Vec); far.Dot(far) > (reach+o.reach+want)*(reach+o.reach+want) {
			continue
		}
		along, across, touch := hard.apart(&o.body)
		if touch {
			if !q.soft && (o.share >= 0.3 || float64(ticks)*q.tick <= 2) {
				return 0, false
			}
			cost += 2000 * o.share
			continue
		}
		if side := 0.6; across < side && along < want {
			near := 1 - max(along, 0)/want
			beside := 1 - max(across, 0)/side
			cost += 5 * o.share * near * near * beside
		}
	}
	return cost, true
}

// trace gives the points at each tick to a node.
func (q *search) trace(n int32) []point {
	var chain []int32
	for i := n; i >= 0; i = q.nodes[i].parent {
		chain = append(chain, i)
	}
	slices.Reverse(chain)
	way := []point{q.nodes[0].point}
	for _, i := range chain[1:] {
		c := &q.nodes[i]
		p := &q.nodes[c.parent]
		way[len(way)-1].a, way[len(way)-1].y = c.a, c.y
		for k := 1; k <= c.ticks-p.ticks; k++ {
			x := q.moved(p.point, c.a, c.y, float64(k)*q.tick)
			x.a, x.y = c.a, c.y
			way = append(way, x)
		}
	}
	return way
}

// arrivals gives the ways to the goal that were found, the cheapest first, so many at most, each apart from those before
// it: somewhere on the way by a car's width to the side, or by half its length along.
func (q *search) arrivals(most int) (ways [][]point) {
	ends := slices.Clone(q.ends)
	slices.SortStableFunc(ends, func(a, b int32) int { return cmp.Compare(q.nodes[a].cost, q.nodes[b].cost) })
	for _, n := range ends {
		way := q.trace(n)
		alike := slices.ContainsFunc(ways, func(other []point) bool {
			for k := 0; k < min(len(way), len(other)); k += q.layer {
				if math.Abs(way[k].d-other[k].d) > q.spec.Width || math.Abs(way[k].s-other[k].s) > q.spec.Length/2 {
					return false
				}
			}
			return true
		})
		if !alike {
			if ways = append(ways, way); len(ways) == most {
				break
			}
		}
	}
	return ways
}
