package plan

import (
	"math"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/plan/pace"
	"hutong/drive/scene"
)

// What was decided about a light that turned amber.
const (
	undecided = iota
	stops
	runs
)

// bearable is the hardest braking for a light that turns amber, m/s²: who would need more goes on.
const bearable = 3.0

// halts finds where the vehicle must not go on.
func (p *Planner) halts(v *view) {
	v.halts = v.halts[:0]
	front, speed := v.s+p.front, p.task.View.Ego.Speed
	for i := range v.way.Legs {
		leg := &v.way.Legs[i]
		if leg.Begin < front-1.5 || i == 0 {
			continue
		}
		l := p.m.Lane(leg.Lane)
		if l.MustStop {
			p.sign(v, leg, front, speed)
		}
		if l.Signal >= 0 {
			p.light(v, l, leg.Begin, front, speed)
		}
	}
	p.keepClear(v, front, speed)
	if v.way.Closed {
		v.halts = append(v.halts, stop{at: v.way.Length() - 1, why: end, signal: -1})
	}
	if p.task.Field != nil {
		p.arrive(v, front)
		p.mustChange(v, front)
	}
	p.walkers(v, front, speed)
	if p.task.PullOver {
		p.berth(v, front, speed)
	}
	if p.task.Stop {
		v.halts = append(v.halts, stop{at: front + speed*speed/(2*2.5), why: ordered, signal: -1})
	}
}

// walkers halts the vehicle for those on foot who come into its way, unless it is through well before them or comes when
// they have gone.
func (p *Planner) walkers(v *view, front, speed float64) {
	for i := range v.meetings {
		m := &v.meetings[i]
		if m.phantom || !m.yield || !m.motion.Actor.OnFoot() || m.from < front {
			continue
		}
		before, after := m.slack()
		in, out := (m.from-front)/max(speed, 1), pace.Soonest(m.to+p.spec.RearOverhang-v.s, speed, v.limit)
		if out+before < m.enter || in > m.leave+after {
			continue
		}
		at := m.line
		if speed*speed > 2*bearable*(at-front) { // there is less room: nearer to them
			at = m.from - 0.5
		}
		if speed*speed < 2*hardest*(at-front) {
			v.halts = append(v.halts, stop{at: at, why: crossing, signal: -1, track: m.motion.Actor.ID})
			v.others[m.other].halted = true
		}
	}
}

// sign halts the vehicle before a stop sign until it has stood there.
func (p *Planner) sign(v *view, leg *Leg, front, speed float64) {
	const near = 2.5 // m before the line that count as at it
	if speed < 0.1 && leg.Begin-front < near && leg.Begin-front > -0.5 {
		p.stopped = leg.Lane
	}
	if p.stopped != leg.Lane && front < leg.Begin {
		v.halts = append(v.halts, stop{at: leg.Begin - 0.5, why: sign, signal: -1})
	}
}

// light decides about one light: stop before it, or go on.
func (p *Planner) light(v *view, l *lane.Lane, line, front, speed float64) {
	colour := p.colours[l.Signal]
	room := line - front
	need := speed * speed / (2 * max(room-0.5, 0.1))
	run := &p.run[l.Signal]
	why := red
	switch colour {
	case scene.Red, scene.RedAmber:
		if room < -0.3 || *run == runs && need > 6 {
			return
		}
	case scene.Amber:
		if v.side == 0 && *run == undecided {
			*run = stops
			if need > bearable {
				*run = runs
			}
		}
		if *run == runs || room < 0 {
			return
		}
		why = amber
	default:
		if v.side == 0 {
			*run = undecided
		}
		return
	}
	v.halts = append(v.halts, stop{at: line - 0.5, why: why, signal: l.Signal})
}

const (
	clearAhead = 40.0 // m before a junction from where on it is looked whether it can be left
	spell      = 30.0 // m of junctions, with short pieces of lane between them, that are taken together
	crawling   = 2.0  // m/s: who is slower behind a junction is queueing
	giveIn     = 60.0 // s of standing before a junction after which it is entered all the same
)

// keepClear halts the vehicle before the next junction when there is no room behind it to leave it again.
func (p *Planner) keepClear(v *view, front, speed float64) {
	begin, end := p.nextJunction(v, front)
	if begin-front > clearAhead || speed*speed > 2*bearable*(begin-front-0.7) && speed > 0.5 || p.waited > giveIn {
		return
	}
	arrival := pace.Soonest(end-front, speed, v.limit)
	k := min(int(arrival/gap), spans-1)
	room := end + p.spec.Length + 1
	for i := range v.others {
		o := &v.others[i]
		x := &o.at[k]
		if !x.across(0, p.spec.Width/2) || x.hi < begin || x.lo > room || x.speed > crawling || o.at[0].lo < front ||
			o.motion.Actor.Kind == scene.Obstacle || o.motion.Actor.OnFoot() {
			continue
		}
		if math.Abs(geom.Wrap(o.motion.Boxes[k*stride].Heading-v.way.At(x.lo).Heading)) < math.Pi/4 {
			v.halts = append(v.halts, stop{at: begin - 0.7, why: full, signal: -1, track: o.motion.Actor.ID})
			return
		}
	}
}

// nextJunction gives where the next junction that others cross begins and ends along the way; those that follow within
// less than the vehicle's length belong to it.
func (p *Planner) nextJunction(v *view, front float64) (begin, end float64) {
	begin = forever
	for i := range v.way.Legs {
		leg := &v.way.Legs[i]
		l := p.m.Lane(leg.Lane)
		switch {
		case l.Kind == lane.Junction && begin < forever && leg.Begin-end < p.spec.Length+1 && leg.End-begin < spell:
			end = leg.End
		case l.Kind == lane.Junction && begin == forever && leg.Begin > front-0.5 && len(l.Conflicts) > 0:
			begin, end = leg.Begin, leg.End
		case begin < forever && leg.End-end > p.spec.Length+1:
			return begin, end
		}
	}
	return begin, end
}

// Past is how far beyond its goal, m along the lane, a vehicle that came over to that lane late may stop and be there: nobody
// drives around a block for less.
const Past = 6.0

// Remaining gives the seconds from a spot to the field's goal: none from a little beyond it; +Inf where no way leads there.
func Remaining(f *lane.Field, at lane.Spot) float64 {
	if g := f.Goal; at.Lane == g.Lane && at.S > g.S && at.S < g.S+Past {
		return 0
	}
	return f.From(at.Lane, at.S)
}

// square is how far off the middle of its lane a vehicle may stand at its goal, m.
const square = 0.4

// arrive puts a halt at the goal; for who comes over to its lane so late that it wouldn't stand square there, a little beyond.
func (p *Planner) arrive(v *view, front float64) {
	g := p.task.Field.Goal
	for i := range v.way.Legs {
		leg := &v.way.Legs[i]
		at := leg.Begin + g.S - leg.Start + p.spec.Length/2
		if leg.Lane == g.Lane && g.S >= leg.Start-1 && leg.Begin+g.S-leg.Start <= leg.End+0.1 && at > front-2.5-Past {
			if math.Abs(v.d) > square {
				at += Past
			}
			v.halts = append(v.halts, stop{at: at, why: goal, signal: -1})
			return
		}
	}
}

// need is a change of lanes that the way to the goal needs.
type need struct {
	wanted bool
	by     float64 // m along the way, where it should be done
	lane   lane.ID // where it is to be made
	since  float64 // the view's time since when the vehicle has been standing for it; negative: it doesn't
	given  lane.ID // where it has given up and goes the long way round
}

const (
	changeRoom = 16.0 // m that a change of lanes takes from a standstill
	detour     = 8.0  // s: a way round no longer than this is better than waiting
	patience   = 20.0 // s of standing at a lane's end before any way round is better, and a shorter one after as long as it takes
)

// mustChange looks where the lane has to be left for the goal, and halts the vehicle before it is too late.
func (p *Planner) mustChange(v *view, front float64) {
	f := p.task.Field
	first := v.way.leg(v.s)
	for i := first; i < len(v.way.Legs); i++ {
		leg := &v.way.Legs[i]
		l := p.m.Lane(leg.Lane)
		s := 0.0
		if i == first {
			s = v.s - leg.Begin + leg.Start
		}
		if leg.Lane == f.Goal.Lane && s <= f.Goal.S+Past {
			return
		}
		best, stay := Remaining(f, lane.Spot{Lane: leg.Lane, S: s}), forever
		if next := f.Next(leg.Lane); next != lane.None {
			stay = f.From(next, 0) + (l.Centre.Length()-s)/l.Limit
		}
		if stay <= best+1e-6 || math.IsInf(best, 1) {
			continue
		}
		end := leg.End
		if i+1 == len(v.way.Legs) && !v.way.Closed {
			end = forever // out of sight
		}
		if p.beside(leg.Lane, f.Goal.Lane) {
			end = min(end, leg.Begin-leg.Start+f.Goal.S/p.m.Lane(f.Goal.Lane).Centre.Length()*l.Centre.Length())
		}
		if math.IsInf(end, 1) {
			return
		}
		by := max(end-changeRoom*float64(p.changes(leg.Lane, s)), min(leg.Begin+2, end-4))
		if v.side != 0 {
			if at := max(by, min(front+changeRoom, end-1)); stay-best > detour && front < at { // it has to come over before it can wait there
				v.halts = append(v.halts, stop{at: at, why: change, signal: -1})
			}
			return
		}
		p.change.wanted, p.change.by, p.change.lane = true, by, leg.Lane
		p.waitForChange(v, stay-best, front)
		return
	}
}

// changes gives how many changes of lanes lead from s metres along a lane to the nearest one beside it that needs no more.
func (p *Planner) changes(from lane.ID, s float64) int {
	f := p.task.Field
	left, right := from, from
	for n := 1; n <= 4; n++ {
		for _, id := range [2]*lane.ID{&left, &right} {
			if *id == lane.None {
				continue
			}
			l := p.m.Lane(*id)
			if *id = l.LeftOf; id == &right {
				*id = l.RightOf
			}
			if *id == lane.None || p.m.Lane(*id).Kind != lane.Drive {
				*id = lane.None
				continue
			}
			if *id == f.Goal.Lane {
				return n
			}
			to := p.m.Lane(*id)
			if next := f.Next(*id); next != lane.None && f.From(next, 0)+(to.Centre.Length()-s)/to.Limit <= f.From(*id, s)+1e-6 {
				return n
			}
		}
	}
	return 1
}

// beside tells whether a lane lies beside another, in the same direction.
func (p *Planner) beside(a, b lane.ID) bool {
	for _, left := range [2]bool{true, false} {
		for id, n := a, 0; id != lane.None && n < 8; n++ {
			l := p.m.Lane(id)
			if id = l.RightOf; left {
				id = l.LeftOf
			}
			if id == b {
				return true
			}
		}
	}
	return false
}

// waitForChange puts the halt before the last place for a needed change, unless the way round is as good.
func (p *Planner) waitForChange(v *view, more, front float64) {
	c, x := &p.change, p.task.View
	if x.Ego.Speed > 0.3 || c.by-front > 12 {
		c.since = -1
	} else if c.since < 0 || c.since > x.Time {
		c.since = x.Time
	}
	if c.since >= 0 && x.Time-c.since > min(patience, more) && !math.IsInf(more, 1) {
		c.given = c.lane // waiting has cost as much as that way does
	}
	if more < detour || c.given == c.lane || front > c.by+3 && !math.IsInf(more, 1) {
		return
	}
	v.halts = append(v.halts, stop{at: c.by, why: change, signal: -1})
}
