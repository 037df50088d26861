// Package pool says who rides with whom, and where vehicles without work should wait, in the terms of the area: poses,
// places at kerbs, promises. It asks package dispatch. Everything is a pure function; times are seconds from now.
package pool

import (
	"math"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/road/dispatch"
)

// Party is people who ride together and share a vehicle with others.
type Party struct {
	ID       int // its own
	From, To lane.Spot
	Size     int
	Asked    float64 // when they asked: 0 or less
	Latest   float64 // when they were promised to be fetched at the latest
	Longest  float64 // how long they were promised to ride at most
	Since    float64 // of one aboard: when they boarded, 0 or less
}

// Car is a vehicle that takes more people, or could.
type Car struct {
	At     geom.Pose
	Ready  float64 // when it can go on from there
	Seats  int
	Aboard []Party
	Due    []Party // whom it will fetch
	Plan   []Stop  // the order in which it means to do that
}

// Stop is where a vehicle lets a party in, or out.
type Stop struct {
	Party int
	Out   bool
	At    float64 // when it will be there
}

// Seconds tells how long the way takes to a place; +Inf where there is none.
type Seconds func(from geom.Pose, to lane.Spot) float64

// boarding is how long a stop takes, s.
const boarding = 30

// pace is what a second of the way is in metres, for what a plan costs.
const pace = 8

// ground numbers places for package dispatch and remembers the ways between them.
type ground struct {
	m       *lane.Map
	seconds Seconds
	poses   []geom.Pose
	spots   []lane.Spot
	known   map[[2]int]dispatch.Place // by lane and metre
	ways    map[[2]dispatch.Place]float64
}

func newGround(m *lane.Map, seconds Seconds) *ground {
	return &ground{m: m, seconds: seconds, known: make(map[[2]int]dispatch.Place), ways: make(map[[2]dispatch.Place]float64)}
}

func (g *ground) place(s lane.Spot) dispatch.Place {
	key := [2]int{int(s.Lane), int(s.S)}
	p, ok := g.known[key]
	if !ok {
		p = g.add(g.m.Pose(s), s)
		g.known[key] = p
	}
	return p
}

func (g *ground) add(at geom.Pose, s lane.Spot) dispatch.Place {
	g.poses, g.spots = append(g.poses, at), append(g.spots, s)
	return dispatch.Place(len(g.poses) - 1)
}

// Way implements dispatch.Ways. No way leads to where a vehicle stands now, which is nobody's stop.
func (g *ground) Way(from, to dispatch.Place) (seconds, metres float64) {
	if from == to {
		return 0, 0
	}
	key := [2]dispatch.Place{from, to}
	s, ok := g.ways[key]
	if !ok {
		s = g.seconds(g.poses[from], g.spots[to])
		g.ways[key] = s
	}
	return s, s * pace
}

// request is a party as package dispatch knows it, promised no more than it may be.
func (g *ground) request(p *Party, fixed bool) dispatch.Request {
	return dispatch.Request{
		ID: p.ID, From: g.place(p.From), To: g.place(p.To), Party: p.Size, Asked: p.Asked, Latest: p.Latest, Longest: p.Longest, Fixed: fixed,
	}
}

// Match plans for all cars anew, with those who wait: who has a car keeps it, and nobody who has one comes later than they
// were promised to, or than they will anyway. It gives each car's plan, and who of those who wait is left without a car.
// Effort is how long a better plan is looked for.
func Match(m *lane.Map, seconds Seconds, cars []Car, waiting []Party, effort int) (plans [][]Stop, without []int) {
	g := newGround(m, seconds)
	vehicles := make([]dispatch.Vehicle, len(cars))
	var open []dispatch.Request
	for i := range cars {
		c := &cars[i]
		v := &vehicles[i]
		*v = dispatch.Vehicle{ID: i, At: g.add(c.At, lane.Spot{}), Ready: c.Ready, Seats: c.Seats}
		for k := range c.Aboard {
			v.Aboard = append(v.Aboard, dispatch.Aboard{Request: g.request(&c.Aboard[k], true), Since: c.Aboard[k].Since})
		}
		for k := range c.Due {
			open = append(open, g.request(&c.Due[k], true))
		}
		for _, s := range c.Plan {
			v.Plan = append(v.Plan, dispatch.Stop{Request: s.Party, Out: s.Out})
		}
	}
	rules := dispatch.City
	rules.Boarding, rules.Bound, rules.Effort = boarding, true, 0
	relax(vehicles, open, g, rules)
	for i := range waiting {
		open = append(open, g.request(&waiting[i], false))
	}
	rules.Effort = effort
	result := dispatch.Match(vehicles, open, g, rules)
	for i := range result.Plans {
		var plan []Stop
		for _, s := range result.Plans[i] {
			plan = append(plan, Stop{s.Request, s.Out, s.At})
		}
		plans = append(plans, plan)
	}
	return plans, result.Without
}

// slack is by how much a promise is widened that isn't kept anyway, s: less than anybody's getting in takes.
const slack = 0.5

// relax widens the promises to those who have a car to what their plans come to now, where that's later: nobody is put
// off further, and nobody loses their car because it is late.
func relax(vehicles []dispatch.Vehicle, open []dispatch.Request, g *ground, rules dispatch.Rules) {
	bounds := make(map[int]*dispatch.Request)
	since := make(map[int]float64)
	for i := range vehicles {
		for k := range vehicles[i].Aboard {
			a := &vehicles[i].Aboard[k]
			bounds[a.ID], since[a.ID] = &a.Request, a.Since
		}
	}
	for i := range open {
		bounds[open[i].ID] = &open[i]
	}
	if len(bounds) == 0 {
		return
	}
	promised := make(map[int][2]float64)
	for id, r := range bounds {
		promised[id] = [2]float64{r.Latest, r.Longest}
		r.Latest, r.Longest = math.Inf(1), math.Inf(1)
	}
	now := dispatch.Match(vehicles, open, g, rules)
	for _, plan := range now.Plans {
		for _, s := range plan {
			r := bounds[s.Request]
			if !s.Out {
				since[s.Request] = s.At
				r.Latest = max(promised[s.Request][0], s.At+slack)
				continue
			}
			r.Longest = max(promised[s.Request][1], s.At-since[s.Request]+slack)
		}
	}
}

// Late is by how much a car's people come later than they were promised to, all together, s, if it does as it means to;
// of those to whom more was promised than can be told nothing.
func Late(m *lane.Map, seconds Seconds, c Car) (sum float64) {
	g := newGround(m, seconds)
	parties := make(map[int]*Party)
	since := make(map[int]float64)
	for k := range c.Aboard {
		parties[c.Aboard[k].ID], since[c.Aboard[k].ID] = &c.Aboard[k], c.Aboard[k].Since
	}
	for k := range c.Due {
		parties[c.Due[k].ID] = &c.Due[k]
	}
	here, now := g.add(c.At, lane.Spot{}), c.Ready
	for i, s := range c.Plan {
		p := parties[s.Party]
		to := g.place(p.From)
		if s.Out {
			to = g.place(p.To)
		}
		if to != here && i > 0 {
			now += boarding
		}
		way, _ := g.Way(here, to)
		now, here = now+way, to
		if s.Out {
			sum += max(0, now-since[s.Party]-p.Longest)
		} else {
			since[s.Party] = now
			sum += max(0, now-p.Latest)
		}
	}
	return sum
}

// Zone is a stop where vehicles may wait, and how many are wanted there.
type Zone struct {
	At   lane.Spot
	Want float64
}

// Spread sends idle vehicles to where they're wanted: it gives the zone of each that should move, by their indices. One
// nearer than stay seconds to its zone is left where it is.
func Spread(m *lane.Map, seconds Seconds, idle []geom.Pose, zones []Zone, stay float64) map[int]int {
	g := newGround(m, seconds)
	vehicles := make([]dispatch.Vehicle, len(idle))
	for i := range idle {
		vehicles[i] = dispatch.Vehicle{ID: i, At: g.add(idle[i], lane.Spot{})}
	}
	list := make([]dispatch.Zone, len(zones))
	of := make(map[dispatch.Place]int)
	for i := range zones {
		list[i] = dispatch.Zone{Wait: g.place(zones[i].At), Want: zones[i].Want}
		of[list[i].Wait] = i
	}
	moves := make(map[int]int)
	for _, move := range dispatch.Rebalance(vehicles, list, g, stay) {
		moves[move.Vehicle] = of[move.To]
	}
	return moves
}
