package plan

import (
	"math"

	"hutong/drive/predict"
)

// A change of lanes is finished or not begun: as long as the body is wholly in its own lane, it takes a gap that it fits
// into in one go, with room for those behind who don't see it come; once it is over the line, what counts is that it
// gets across.

// yielding is how slow one behind in the next lane has to be, m/s, to be thought to let the vehicle in.
const yielding = 3.0

// letsIn tells whether a change of lanes may count on one behind: both go at a crawl, and there is room before it. It
// sees the vehicle come and waits, as drivers in a queue do; the shield looks at what happens if it doesn't.
func (p *Planner) letsIn(m *predict.Motion) bool {
	x, a := &p.task.View.Ego, m.Actor
	if x.Speed > yielding || a.Speed > yielding || a.Vulnerable() {
		return false
	}
	at := p.spec.Box(*x).Local(a.Box.Vec)
	return -at.X-(p.spec.Length+a.Box.Length)/2 > 0.5+0.5*max(0, a.Speed-x.Speed) && math.Cos(a.Box.Heading-x.Heading) > 0.7
}

// over tells whether the vehicle's body is over the line to the view's lane already.
func (p *Planner) over(v *view) bool {
	edge := v.way.At(v.s).Right
	if v.side < 0 {
		edge = v.way.At(v.s).Left
	}
	return math.Abs(v.d) < edge+p.spec.Width/2
}

// nearing is what a change of lanes needs beside one whom it has not passed, or who has not passed it, for each m/s
// towards it: s, beyond a least distance, m.
const (
	nearing = 0.8
	apart   = 0.3
)

// cut looks whether a change of lanes takes the way from someone, or comes too near to one who is still beside.
func (p *Planner) cut(v *view, q *Proposal) {
	over, half := p.over(v), p.spec.Width/2
	side := float64(v.side)
	for i := range v.others {
		o := &v.others[i]
		if p.letsIn(o.motion) {
			continue
		}
		for k := 0; k < spans; k += 2 {
			x := &o.at[k]
			if !x.across(0, half+0.3) {
				continue
			}
			s, mine := q.s[k*stride], q.States[k*stride].Speed
			_, slope, _ := q.bend.At(s)
			corner, edge := side*(q.d[k*stride]+max(0, side*slope)*side*p.front)+half, side*x.right
			if v.side < 0 {
				edge = side * x.left
			}
			if edge-corner > apart+nearing*max(0, side*slope*mine) {
				continue // not there yet
			}
			if room, need := p.gap(v, x, s, mine, over); room < need {
				q.veto("no gap", float64(k)*gap)
			}
			break
		}
	}
}

// gap gives the room, along the way, to one into whose strip the vehicle comes, and what is needed: ahead, for itself, or
// behind, for the other to slow down.
func (p *Planner) gap(v *view, x *span, s, mine float64, over bool) (room, need float64) {
	if x.hi > s+p.front/2 { // ahead
		return x.lo - s - p.front, max(0.5, 0.4*(mine-x.speed))
	}
	room = s - p.spec.RearOverhang - x.hi
	faster := max(0, x.speed*x.speed-mine*mine)
	switch need = 1.5 + max(0, 0.6*x.speed) + faster/(2*2.5); {
	case p.task.View.Ego.Speed < 3 && over:
		need = min(need, 1.5+x.speed*0.8+faster/(2*3))
	case !over: // it may speed up until it sees, and so the shield reckons
		then := max(0, x.speed) + 2
		need = max(need, 1.5+max(0, x.speed)+max(0, then*then/8-mine*mine/14))
	}
	return room, need
}

// inTime looks whether a change of lanes is done before the lane ends.
func (p *Planner) inTime(v *view, q *Proposal) {
	end := v.way.Legs[v.way.leg(v.s)].End
	for k := range q.s {
		if q.s[k]+p.front > end {
			if math.Abs(q.d[k]) > 0.8 {
				q.veto("too late for a change", float64(k)*predict.Tick)
			}
			return
		}
	}
}

// complete looks whether a change of lanes that is not begun yet can be ended: where it isn't within the time that is
// looked ahead, there must be the room for the rest of it.
func (p *Planner) complete(v *view, q *Proposal) {
	if p.over(v) {
		return
	}
	const square = 0.15 // of a bend, its last part, in which the body is in its lane already
	s := q.s[predict.Steps]
	rest := q.bend.End() - square*q.bend.Long - s
	if rest <= 0 {
		return
	}
	if min(v.room, q.stop)-s-p.front < rest {
		q.veto("no room to end it", predict.Steps*predict.Tick)
	}
}

// slackening is how one slows down who may be about to stop, m/s².
const slackening = 0.8

// reach notes how far the halts on a way, and those ahead on it, let the vehicle's front come.
func (p *Planner) reach(v *view) {
	v.room = forever
	for i := range v.halts {
		v.room = min(v.room, v.halts[i].at)
	}
	for i := range v.leads[spans-1] {
		x := &v.leads[spans-1][i]
		if x.mid < v.s+p.front || !x.across(0, p.spec.Width/2+0.3) {
			continue
		}
		v.room = min(v.room, x.lo-idmGap)
		o := &v.others[x.other]
		if a := o.motion.Actor; a.Accel < -slackening { // it may brake on
			v.room = min(v.room, o.at[0].lo-idmGap+a.Speed*a.Speed/(-2*a.Accel))
		}
	}
}

// askew gives for which share of the time that is looked ahead a proposal has the vehicle stand across a line between
// lanes, where others pass.
func (p *Planner) askew(v *view, q *Proposal) float64 {
	const still, beyond = 0.5, 0.1 // m/s, m
	half, n := p.spec.Width/2, 0
	for k := 2; k <= predict.Steps; k += 2 {
		if q.States[k].Speed > still {
			continue
		}
		at := v.way.At(q.s[k])
		nose := p.front * math.Sin(q.States[k].Heading-at.Heading)
		left, right := max(0, nose)+q.d[k]+half, min(0, nose)+q.d[k]-half
		if at.FarLeft > at.Left && left > at.Left+beyond && right < at.Left-beyond || at.FarRight > at.Right && right < -at.Right-beyond && left > -at.Right+beyond {
			n++
		}
	}
	return float64(n) / (predict.Steps / 2)
}

// Asks gives to which side the vehicle changes lanes with a proposal, which may be nil, or has to change soon and waits to
// be let in: 1 to the left, -1 to the right, 0 to neither.
func (p *Planner) Asks(q *Proposal) int {
	const soon = 100.0 // m before the last place for a change
	if q != nil && p.views[q.view].side != 0 {
		return p.views[q.view].side
	}
	own, side := &p.views[0], 0
	if !p.change.wanted || p.change.by > own.s+p.front+soon {
		return 0
	}
	least := forever
	for i := 1; i < len(p.views); i++ {
		if v := &p.views[i]; v.on && v.cost < least {
			least, side = v.cost, v.side
		}
	}
	return side
}
