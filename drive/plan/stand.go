package plan

import (
	"math"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
)

// stander is one who stands on a way with nothing seen that it waits for.
type stander struct {
	other *other
	wait  float64 // s that it is thought to stay; of one who rides slowly, that are lost behind it
	rides bool
}

const (
	settled    = 1.5   // s of standing that count as standing
	dawdling   = 15.0  // s that one is thought to be behind a bicycle
	farAhead   = 110.0 // m ahead that who stands counts for what a way is worth
	queueing   = 40.0  // m before a light or a junction, where who stands is queueing
	longQueue  = 150.0 // m that a queue may reach ahead of its last one where it hides the others
	berthing   = 9.0   // m behind who stands, from where there is room to go around it
	evenly     = 2.0   // m/s², of an even stop
	changeSoon = 30.0  // m before the last place for a needed change of lanes
)

// stand finds those who stand on a way and aren't queueing, and those who ride a bicycle on it. One who has stood for a
// while is thought to do so for about as long again; one who has ever since it was seen first, or isn't a vehicle, for
// longer.
func (p *Planner) stand(v *view) {
	v.standers = v.standers[:0]
	front := v.s + p.front
	for i := range v.others {
		o := &v.others[i]
		m, x := o.motion, &o.at[0]
		if x.there && m.Actor.Kind == scene.Bicycle && x.speed > 0.5 && x.lo > front && x.lo < front+farAhead {
			slow := min(x.speed/max(v.limit, 1), 1)
			v.standers = append(v.standers, stander{other: o, wait: min(dawdling*(1-slow), v.cost*max(1/slow-1, 0.001)), rides: true})
			continue
		}
		if !x.there || m.Stood < settled || m.Actor.OnFoot() || x.hi < v.s-p.spec.RearOverhang || x.lo > front+farAhead {
			continue
		}
		thing := m.Actor.Kind == scene.Obstacle
		if !thing && p.queues(v, o) {
			continue
		}
		s := stander{other: o, wait: min(4+m.Stood, 30)}
		if m.Always {
			s.wait = max(s.wait, 10)
		}
		if thing {
			s.wait = 30
		}
		v.standers = append(v.standers, s)
	}
}

// heed looks for the first who stands in the way that a proposal bends: how many seconds it loses there, and that it stays
// back far enough to go around later, as long as an even stop still does that.
func (p *Planner) heed(v *view, q *Proposal) {
	q.lost = 0
	first := (*stander)(nil)
	for i := range v.standers {
		s := &v.standers[i]
		x := &s.other.at[0]
		if x.hi < v.s || first != nil && x.lo > first.other.at[0].lo { // it has been passed, or isn't the first
			continue
		}
		room := 0.3
		if s.rides {
			room = s.other.berth
		}
		if d, _, _ := q.bend.At(x.lo); x.across(d, p.spec.Width/2+room) {
			first = s
		}
	}
	if first == nil {
		return
	}
	if front := p.views[0].s + p.front; !p.change.wanted || p.change.by > front+changeSoon { // else there is no choice of lanes
		q.lost = first.wait
	}
	if first.rides {
		return
	}
	front, speed := v.s+p.front, p.task.View.Ego.Speed
	if back := first.other.at[0].lo - berthing; back < q.stop && speed*speed < 2*evenly*(back-front) {
		q.stop, q.why, q.about = back, blocked, first.other.motion.Actor.ID
	}
}

// queues tells whether someone who stands has something ahead to wait for, as far as can be told: a junction, or someone
// else who stands before it and has. Where it hides what is ahead of it, that may be a queue.
func (p *Planner) queues(v *view, o *other) bool {
	x, head := &o.at[0], o.at[0].hi
	across := math.Abs(math.Sin(o.motion.Boxes[0].Heading - v.way.At((x.lo+x.hi)/2).Heading))
	if aside := math.Abs(x.left+x.right) / 2; aside > 0.7 && across < math.Sqrt2/2 && o.motion.Stood > 3 {
		return false // nobody queues at the lane's edge, unless in a queue that crosses it
	}
	for again := true; again; {
		again = false
		for i := range v.others {
			x := &v.others[i].at[0]
			if x.there && x.hi > head+0.5 && x.lo < head+8 && x.across(0, p.spec.Width/2) && v.others[i].motion.Stood > 0 {
				head, again = x.hi, true
			}
		}
	}
	reach := queueing
	if p.covered(v.way.At(head + 5).Vec) {
		reach = longQueue
	}
	for i := range v.way.Legs {
		leg := &v.way.Legs[i]
		if leg.End > head-1 && leg.Begin < head+reach && p.m.Lane(leg.Lane).Kind == lane.Junction {
			return true
		}
	}
	return false
}

// covered tells whether somebody's body stands between the vehicle and a point.
func (p *Planner) covered(at geom.Vec) bool {
	ego := p.task.View.Ego
	eye := ego.Ahead(p.spec.Length/2-p.spec.RearOverhang, 0)
	for i := range p.motions {
		a := p.motions[i].Actor
		if a.Vulnerable() || !a.Box.Between(eye, at) {
			continue
		}
		return true
	}
	return false
}
