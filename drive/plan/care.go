package plan

import (
	"math"
	"slices"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
)

// care is a stretch of a way beside somebody who stands there: how fast one passes depends on the room left between.
type care struct {
	from, to, right, left float64 // m along the way, and across it
	base, more            float64 // m/s with no room at all, and for each metre of it
}

// slow gives how fast a body of half width half may pass with its middle d to the left of the way.
func (c *care) slow(d, half float64) float64 {
	return c.base + c.more*max(0, c.right-d-half, d-half-c.left)
}

// tall tells whether nobody can be seen over a vehicle of a kind.
func tall(k scene.Kind) bool {
	return k == scene.Van || k == scene.Truck || k == scene.Bus || k == scene.Tram
}

// takeCare notes beside whom a way leads: who stands could open a door, hide somebody or pull out.
func (p *Planner) takeCare(v *view) {
	const reach, aside = 60.0, 3.0 // m ahead, and to the side, that are looked at
	v.cares = v.cares[:0]
	front, half := v.s+p.front, p.spec.Width/2
	for i := range v.others {
		o := &v.others[i]
		m, x := o.motion, &o.at[0]
		if !x.there || m.Stood < settled || x.hi < v.s-p.spec.RearOverhang || x.lo > front+reach || !x.across(0, half+aside) {
			continue
		}
		c := care{from: x.lo, to: x.hi, right: x.right, left: x.left, base: 1.5, more: 5}
		switch {
		case m.Actor.OnFoot():
			c.base, c.more = 3, 5
		case m.Actor.Kind != scene.Obstacle && p.queues(v, o):
			c.base, c.more = 3, 8
		case m.Actor.Kind == scene.Bus:
			c.more = 2.5 // people get off it, and cross
		case tall(m.Actor.Kind):
			c.more = 3.5 // it hides whoever is before it
		}
		v.cares = append(v.cares, c)
	}
	p.recalled(v)
	for i := range v.way.Legs {
		leg := &v.way.Legs[i]
		if leg.End > v.s && leg.Begin < front+reach {
			p.crossings(v, leg)
		}
	}
}

// crossings notes those crossings of a leg that somebody on foot is about to step on.
func (p *Planner) crossings(v *view, leg *Leg) {
	const near = 3.0 // m from its ends
	for _, c := range p.m.Lane(leg.Lane).Conflicts {
		walk := p.m.Lane(c.With)
		if walk.Kind != lane.Crossing || walk.Signal >= 0 && p.colours[walk.Signal] == scene.Red {
			continue
		}
		begin, end := walk.Centre.At(0).Vec, walk.Centre.At(walk.Centre.Length()).Vec
		for i := range p.motions {
			if a := p.motions[i].Actor; a.OnFoot() && min(a.Box.To(begin), a.Box.To(end)) < near {
				off := leg.Begin - leg.Start
				v.cares = append(v.cares, care{from: off + c.From, to: off + c.To, base: attentive})
				break
			}
		}
	}
}

// attentive is how fast a crossing is come to where somebody is near it, m/s.
const attentive = 5.0

// lostSight is somebody on foot who was seen near the road, and where.
type lostSight struct {
	track uint32
	at    geom.Vec
	seen  float64 // the view's time
}

// recall keeps in mind those on foot that something has come before: they are still about there.
func (p *Planner) recall() {
	const kept, soon = 15.0, 0.3 // s that one is kept in mind; s until one who isn't seen where nothing hides it has gone
	now := p.task.View.Time
	for i := range p.motions {
		a := p.motions[i].Actor
		if !a.OnFoot() {
			continue
		}
		k := slices.IndexFunc(p.people, func(l lostSight) bool { return l.track == a.ID })
		if k < 0 {
			k = len(p.people)
			p.people = append(p.people, lostSight{track: a.ID})
		}
		p.people[k].at, p.people[k].seen = a.Box.Vec, now
	}
	p.people = slices.DeleteFunc(p.people, func(l lostSight) bool {
		gone := now - l.seen
		return gone < 0 || gone > kept || gone > soon && !p.hidden(l.at) && !p.covered(l.at)
	})
}

// recalled notes where those could step out who are kept in mind.
func (p *Planner) recalled(v *view) {
	const aside = 9.0 // m
	for i := range p.people {
		l := &p.people[i]
		if l.seen == p.task.View.Time {
			continue
		}
		if s, d, _ := v.way.project(l.at, -1); math.Abs(d) < aside && s > v.s {
			v.cares = append(v.cares, care{from: s - 1, to: s + 1, right: d - 0.3, left: d + 0.3, base: 2, more: 0.5})
		}
	}
}

// wary is what the vehicle brakes with before it passes by somebody, m/s².
const wary = 1.4

// passes works out how fast a proposal may pass by each of those beside whom it leads.
func (p *Planner) passes(v *view, q *Proposal) {
	p.slows = p.slows[:0]
	for i := range v.cares {
		c := &v.cares[i]
		d, _, _ := q.bend.At(c.from)
		p.slows = append(p.slows, c.slow(d, p.spec.Width/2))
	}
}

// careful gives how fast the proposal looked at last may be at s for those beside whom it leads, at most limit.
func (p *Planner) careful(v *view, s, limit float64) float64 {
	for i := range v.cares {
		c, slow := &v.cares[i], p.slows[i]
		if slow < limit && s-p.spec.RearOverhang <= c.to {
			limit = min(limit, math.Sqrt(slow*slow+2*wary*max(0, c.from-s-p.front)))
		}
	}
	return limit
}
