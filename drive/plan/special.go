package plan

import (
	"math"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
)

// special is what is out of the ordinary this cycle.
type special struct {
	siren  uint32  // an emergency vehicle that wants to pass; 0: none
	behind float64 // m to it
	block  *other  // what stands in the own lane and will not go on
	near   float64
	asks   bool // it can't be passed without a person's leave
}

// beware looks for what is out of the ordinary.
func (p *Planner) beware() {
	p.special = special{}
	v := &p.views[0]
	for i := range p.motions {
		a := p.motions[i].Actor
		at := p.task.View.Ego.Local(a.Box.Vec)
		along := math.Cos(a.Box.Heading - p.task.View.Ego.Heading)
		if a.Siren && at.X < sirenPast && at.X > -sirenReach && math.Abs(at.Y) < 8 && along > 0.5 {
			p.special.siren, p.special.behind = a.ID, max(0, -at.X-a.Box.Length/2-p.spec.RearOverhang)
		}
	}
	p.findBlock(v)
}

const (
	sirenReach = 80.0 // m behind, from where on an emergency vehicle is made room for,
	sirenPast  = 12.0 // and m ahead, until where
	parked     = 12.0 // s that a vehicle has to stand to count as one that will not go on
)

// findBlock finds the first that stands in the own lane for good: an obstacle, or a vehicle that has stood for long with
// nothing to wait for.
func (p *Planner) findBlock(v *view) {
	front, half := v.s+p.front, p.spec.Width/2+0.2
	var first *other
	for i := range v.others {
		o := &v.others[i]
		x := &o.at[0]
		passing := x.hi > v.s-p.spec.RearOverhang-0.5 && !x.across(v.d, p.spec.Width/2)
		if !x.there || x.lo < front-1 && !passing || x.lo > front+60 || !x.across(0, half) || o.motion.Stood == 0 {
			continue
		}
		if first == nil || x.lo < first.at[0].lo {
			first = o
		}
	}
	if first == nil || first.motion.Actor.OnFoot() {
		return
	}
	if m := first.motion; m.Actor.Kind != scene.Obstacle {
		aside := math.Abs(first.at[0].left+first.at[0].right)/2 > 0.7
		if m.Stood < parked && !((aside || m.Always) && m.Stood > 3) || p.queues(v, first) {
			return
		}
	}
	p.special.block, p.special.near = first, first.at[0].lo-front
}

// nudges proposes the ways around what stands in the lane: on the carriageway, or through the oncoming lane if a person
// allowed that.
func (p *Planner) nudges() {
	b := p.special.block
	if b == nil {
		return
	}
	const clear, distance = 0.6, 9.0 // m beside what stands, and behind it
	v, x := &p.views[0], &b.at[0]
	at := v.way.At(x.lo)
	left, half := at.FarLeft, p.spec.Width/2
	allowed := p.task.Pass != 0 && p.task.Pass == b.motion.Actor.ID
	p.passing = 0
	if allowed {
		l := p.m.Lane(v.way.Legs[v.way.leg(x.lo)].Lane)
		for n := 0; l.LeftOf != lane.None && n < 6; n++ {
			l = p.m.Lane(l.LeftOf)
		}
		if l.Opposite != lane.None {
			a, c := p.m.Lane(l.Opposite).Widths(0)
			left += a + c
			p.passing = a + c
		}
	}
	for i := range p.proposals { // who stays behind it leaves room to go around it
		q := &p.proposals[i]
		if back := x.lo - distance; q.view == 0 && q.Class == Keep && back < q.stop && back > v.s+p.front-1 {
			q.stop, q.why, q.about = back, blocked, b.motion.Actor.ID
		}
	}
	possible := false
	leftmost, rightmost := v.beside(b, 2*(half+clear))
	for _, n := range [2]struct {
		names [3]string
		shift float64
		fits  bool
	}{
		{[3]string{"nudge left 1.0", "nudge left 0.6", "nudge left 0.3"}, leftmost + half + clear, leftmost+2*half+clear < left},
		{[3]string{"nudge right 1.0", "nudge right 0.6", "nudge right 0.3"}, rightmost - half - clear, -rightmost+2*half+clear < at.FarRight},
	} {
		if !n.fits {
			continue
		}
		possible = true
		for i, f := range [3]float64{1, 0.6, 0.3} {
			if q := p.add(n.names[i], Nudge, 0); q != nil {
				q.shift, q.fraction, q.about, q.before = n.shift, f, b.motion.Actor.ID, x.lo
			}
		}
	}
	p.special.asks = (!possible || p.waited > stuck) && p.views[0].s+p.front+15 > x.lo
}

// stuck is after how long before what blocks the lane the ways around it that there seemed to be are none, s.
const stuck = 8.0

// beside gives how far to the left and to the right what stands reaches together with those that stand next to it with no
// way between that is room metres wide.
func (v *view) beside(b *other, room float64) (left, right float64) {
	const apart = 6.0 // m along the way
	x := &b.at[0]
	left, right = x.left, x.right
	for again := true; again; {
		again = false
		for i := range v.others {
			o := &v.others[i]
			y := &o.at[0]
			if !y.there || o.motion.Stood < settled || y.lo > x.hi+apart || y.hi < x.lo-apart || y.right > left+room || y.left < right-room {
				continue
			}
			if y.left > left || y.right < right {
				left, right, again = max(left, y.left), min(right, y.right), true
			}
		}
	}
	return left, right
}

// edge is how far to the right the vehicle goes to make room or to pull over, m from its line.
func (p *Planner) edge() float64 {
	at := p.views[0].way.At(p.views[0].s + 8)
	return -max(0, at.Right-p.spec.Width/2-0.15)
}

// aside proposes to go to the edge of the road, slowly or to a stop.
func (p *Planner) aside() {
	if p.special.siren == 0 && !p.task.PullOver {
		return
	}
	most := 0.6
	if p.special.siren != 0 { // the nearer it has come, the slower: so it gets past
		most = min(most, max(0.1, (p.special.behind-8)/50))
	}
	for i, f := range [2]float64{most, most / 2} {
		if q := p.add([2]string{"aside", "aside slowly"}[i], Aside, 0); q != nil {
			q.shift, q.fraction, q.about = p.edge(), f, p.special.siren
		}
	}
}

// berth puts the halt of a pull-over: the first place out of junctions and off crossings that an even stop reaches.
func (p *Planner) berth(v *view, front, speed float64) {
	at := front
	if speed > 0.5 {
		at += 0.4 + speed*speed/(2*1.2)
	}
	for i := range v.way.Legs {
		leg := &v.way.Legs[i]
		if p.m.Lane(leg.Lane).Kind == lane.Junction && at > leg.Begin-3 && at-p.spec.Length < leg.End+3 {
			at = leg.End + 3 + p.spec.Length
		}
	}
	if at < v.way.Length()-1 {
		v.halts = append(v.halts, stop{at: at, why: pulling, signal: -1})
	}
}

// hidden tells whether a point can't be seen from the vehicle.
func (p *Planner) hidden(at geom.Vec) bool {
	v := p.task.View
	if v.Range <= 0 {
		return true
	}
	l := geom.Pose{Vec: v.Ego.Ahead(p.spec.Length/2-p.spec.RearOverhang, 0), Heading: v.Ego.Heading}.Local(at)
	far := l.Length()
	if far > v.Range {
		return true
	}
	sector := int(math.Floor(l.Angle()/(2*math.Pi)*scene.Bearings+0.5)+scene.Bearings) % scene.Bearings
	free := v.Free[sector]
	for _, k := range [2]int{sector + 1, sector + scene.Bearings - 1} { // what is seen beside it is seen, at the sectors' edges
		free = max(free, v.Free[k%scene.Bearings])
	}
	return far > float64(free)+1.5
}

// phantoms adds meetings with those who could come from where nothing is seen, onto the ways that go first.
func (p *Planner) phantoms(v *view) {
	const reach = 45.0 // m of way ahead that is looked at
	front := v.s + p.front
	if p.waited > 3 {
		return // it has stood and looked: what comes now is seen
	}
	for i := range v.way.Legs {
		leg := &v.way.Legs[i]
		l := p.m.Lane(leg.Lane)
		if leg.End < front || leg.Begin > front+reach {
			continue
		}
		for k := range l.Conflicts {
			c := &l.Conflicts[k]
			from, to := leg.Begin-leg.Start+c.From, leg.Begin-leg.Start+c.To
			on := p.m.Lane(c.With)
			walk := on.Kind == lane.Crossing
			if !c.Yield && !walk || from < front+0.5 || l.Signal >= 0 && p.colours[l.Signal] == scene.Green && !walk {
				continue
			}
			if on.Signal >= 0 && (p.colours[on.Signal] == scene.Red || p.colours[on.Signal] == scene.RedAmber) {
				continue
			}
			if t := p.surprise(c, walk); t < 6 {
				v.meetings = append(v.meetings, meeting{
					from: from, to: to, enter: t, leave: forever, yield: true, line: from - 1, phantom: true, joins: false,
				})
			}
		}
	}
}

// surprise gives after how many seconds someone now hidden could be where a lane meets the vehicle's; +Inf: nobody is.
func (p *Planner) surprise(c *lane.Conflict, walk bool) float64 {
	const step, far, stroll = 4.0, 40.0, 1.8 // m, m, m/s
	l := p.m.Lane(c.With)
	if walk {
		for d := 2.0; d <= 6; d += 2 {
			if s := c.WithFrom - d; s > -3 && p.hidden(l.Centre.At(s).Vec) {
				return d / stroll
			}
			if s := c.WithTo + d; s < l.Centre.Length()+3 && p.hidden(l.Centre.At(s).Vec) {
				return d / stroll
			}
		}
		return forever
	}
	s, id := c.WithFrom, c.With
	for gone := step; gone < far; gone += step {
		for s -= step; s < 0; {
			prev := p.m.Lane(id).Prev
			if len(prev) == 0 {
				return forever
			}
			id = prev[0]
			s += p.m.Lane(id).Centre.Length()
		}
		on := p.m.Lane(id)
		if on.Signal >= 0 && p.colours[on.Signal] == scene.Red {
			return forever
		}
		if p.hidden(on.Centre.At(s).Vec) {
			return gone / on.Limit
		}
	}
	return forever
}

// Waited gives for how many seconds the vehicle has been standing.
func (p *Planner) Waited() float64 { return p.waited }

// Berthed tells whether the vehicle stands where it wanted to pull over.
func (p *Planner) Berthed() bool { return p.waited > 0.5 && p.lastKind == pulling }

// Special says what is out of the ordinary: an emergency vehicle behind, who blocks the lane, and whether a person must
// be asked to pass it.
func (p *Planner) Special() (siren, block uint32, asks bool) {
	if b := p.special.block; b != nil {
		block = b.motion.Actor.ID
	}
	return p.special.siren, block, p.special.asks
}
