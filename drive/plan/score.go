package plan

import (
	"math"

	"hutong/drive/geom"
	"hutong/drive/predict"
	"hutong/drive/vehicle"
)

// The weights of nuPlan's closed-loop score.
const (
	weighProgress = 5.0
	weighTTC      = 5.0
	weighComfort  = 2.0
	weighLimit    = 4.0
	constancy     = 0.03 // what it is worth to keep to one's mind
	offside       = 0.04 // what a metre off the middle of the lane costs
	astride       = 0.2  // what it costs to stand across a line between lanes for as long as is looked ahead
)

// nuPlan's bounds of comfort.
const (
	maxLonAccel, minLonAccel = 2.40, -4.05
	maxLatAccel              = 4.89
	maxYawRate               = 0.95
	maxYawAccel              = 1.93
	maxLonJerk               = 4.13
	leastTTC                 = 0.95 // s
	leastProgress            = 0.2  // of the best's: less is no progress
	slight                   = 2.0  // s of progress: where the best is less, so is the worth of it
)

// score gives every proposal its score, from 0 to 1; those out of the question get one below 0, the sooner it would go
// wrong the lower.
func (p *Planner) score() {
	least := forever // what is lost in any case says nothing about which way is better
	for i := range p.proposals {
		q := &p.proposals[i]
		if q.Veto == "" {
			least = min(least, q.lost)
		}
	}
	best := 0.0
	for i := range p.proposals {
		q := &p.proposals[i]
		q.progress = p.progress(q) - max(0, q.lost-least)
		if q.Veto == "" {
			best = max(best, q.progress)
		}
	}
	for i := range p.proposals {
		q := &p.proposals[i]
		if q.Veto != "" {
			end := &q.States[predict.Steps]
			q.Score = -1 + 0.1*min(q.late, 8) - 0.005*min(end.Speed, 20)
			continue
		}
		progress := max(0, 1-(best-q.progress)/max(best, slight))
		made := 1.0
		if progress < leastProgress {
			made = 0.7
		}
		sum := weighProgress*progress + weighTTC*p.ttc(q) + weighComfort*p.comfort(q) + weighLimit
		q.Score = sum / (weighProgress + weighTTC + weighComfort + weighLimit) * made * q.worth()
		if q.Class == Aside && (p.special.siren != 0 || p.task.PullOver) {
			q.Score++ // whatever it costs
		}
		q.Score -= offside*math.Abs(q.shift) + astride*q.askew
		if q.Class >= Halt { // only where nothing better is left, and then the gentlest, whatever it was until now
			q.Score *= 0.5
			continue
		}
		if q.Name == p.lastName && (q.Class != Keep || q.shift == 0) { // where nothing speaks against it, it comes back to the middle
			q.Score += constancy / 2
		}
		if q.Class == p.last {
			q.Score += constancy
		}
	}
}

// worth gives what is left of a proposal's worth for leaving the carriageway: that may be the lane's doing, but nobody has
// to go around anything beside the road.
func (q *Proposal) worth() float64 {
	const verge = 0.1 // m
	if q.Class == Nudge && q.off > verge {
		return 0.3
	}
	return 1 / (1 + q.off)
}

// judge looks for what a proposal mustn't do.
func (p *Planner) judge(q *Proposal) {
	q.Veto, q.late, q.off = "", forever, 0
	v := &p.views[q.view]
	p.collide(q)
	p.leave(v, q)
	q.askew = p.askew(v, q)
	if v.side != 0 {
		p.cut(v, q)
		p.inTime(v, q)
		p.complete(v, q)
	}
	p.give(v, q)
}

func (q *Proposal) veto(why string, at float64) {
	if at < q.late {
		q.Veto, q.late = why, at
	}
}

// slowly is a speed below which the vehicle needs less room beside one that stands, m/s.
const slowly = 4.0

// clearance is by how much the vehicle's body is held to be longer and wider than it is, m; where somebody is nearer than
// that already, by closer less, down to touching, which allows for the errors of what is seen.
const (
	clearance = 0.2
	closer    = 0.1
	touching  = -0.3
)

// collide looks whether the vehicle would run into someone.
func (p *Planner) collide(q *Proposal) {
	half := p.spec.Length/2 - p.spec.RearOverhang
	reach := math.Hypot(p.spec.Length, p.spec.Width)/2 + 0.3
	own := boundsOf(&q.States)
	p.own.known = [stretches]bool{}
	ours := func(k int) float64 { return q.States[k].Heading }
	for i := range p.motions {
		m, its := &p.motions[i], &p.around[i]
		if (q.Class == Left || q.Class == Right) && p.letsIn(m) {
			continue
		}
		size := its.radius
		theirs := func(k int) float64 { return m.Boxes[k].Heading }
		room := clearance
		for k := 0; k <= predict.Steps; k++ {
			if k%stretch == 0 && own.apart(k/stretch, &its.bounds, reach+size+half+m.Grow*float64(k+stretch)*predict.Tick) {
				k += stretch - 1
				continue
			}
			x := &q.States[k]
			t := float64(k) * predict.Tick
			if t >= q.late {
				break
			}
			grow := m.Grow * t
			dx, dy := x.X-m.Boxes[k].X, x.Y-m.Boxes[k].Y
			far := reach + size + grow + half
			if dx*dx+dy*dy > far*far {
				continue
			}
			if x.Speed < 0.05 && k > 0 {
				continue // who stands is run into
			}
			margin := min(0.1*t, 0.3)
			if room < clearance {
				margin = 0
			} else if m.Stood > 1 && !m.Actor.Vulnerable() {
				margin *= min(1, x.Speed/slowly)
			}
			p.own.know(k, ours)
			its.know(k, theirs)
			body := geom.Box{
				Pose:   geom.Pose{Vec: x.Plus(p.own.ahead[k].Times(half)), Heading: x.Heading},
				Length: p.spec.Length + room + margin, Width: p.spec.Width + room + margin,
			}
			box := geom.Box{Pose: m.Boxes[k], Length: m.Actor.Box.Length + 2*grow, Width: m.Actor.Box.Width + 2*grow}
			if !geom.Meet(body, box, p.own.ahead[k], its.ahead[k]) {
				continue
			}
			if k == 0 && room > touching { // it is too near already: it may not come nearer
				room, k = room-closer, -1
				continue
			}
			if k == 0 {
				break // they touch, as it seems: that is no reason to prefer one way to another
			}
			if l := body.Local(box.Vec); q.Class != Left && q.Class != Right && l.X < -p.spec.Length/4 && m.Speed[k] > 0 {
				break // it comes from behind
			}
			if t > 4 {
				t += 2 // far off, it may come otherwise
			}
			q.veto("collision", t)
			break
		}
	}
}

// leave looks by how much more than the line itself the body would leave the carriageway.
func (p *Planner) leave(v *view, q *Proposal) {
	begin := 0.0
	for k := 0; k <= predict.Steps; k += 4 {
		x := &q.States[k]
		at := v.way.At(q.s[k])
		turn := geom.Wrap(x.Heading - at.Heading)
		if math.Abs(turn) > math.Pi/2 {
			q.veto("against the traffic", float64(k)*predict.Tick)
			return
		}
		left, right := v.way.out(x.Pose, q.s[k], q.d[k], p.spec)
		if q.Class == Nudge {
			left -= p.passing
		}
		if out := max(left-at.spill[0], right-at.spill[1]); out > 0.1 {
			if k == 0 {
				begin = out - 0.1
			}
			q.off = max(q.off, out-0.1-begin)
		}
	}
}

// give looks whether the vehicle takes the way from someone at a meeting.
func (p *Planner) give(v *view, q *Proposal) {
	for i := range v.meetings {
		m := &v.meetings[i]
		if v.s+p.front > m.from+0.5 {
			continue // it is in already: the way out is ahead
		}
		if !m.phantom && m.enter == 0 && m.motion.Stood > settled {
			continue // who stands there has the way already: what matters is the room beside it
		}
		before, after := m.slack()
		in, out := p.stay(q, m.from, m.to)
		if in == forever || in > m.leave+after {
			continue
		}
		if m.joins {
			mine := q.States[min(int(in/predict.Tick), predict.Steps)].Speed
			if m.yield {
				before = 1 + max(0, m.speed-mine)/2
			}
			if in >= m.enter-before && in <= m.leave+after+1 && m.enter > 0 || in >= m.enter {
				if in > m.enter+0.8 {
					continue // behind it
				}
				q.veto("gives no way", in)
			}
			continue
		}
		if out+before > m.enter {
			q.veto("gives no way", max(in, 0.1))
		}
	}
}

// slack gives how long before the other comes the vehicle has to have left a meeting, and how long after it has gone it may
// come, s. One on foot may walk faster or slower than thought.
func (m *meeting) slack() (before, after float64) {
	switch {
	case !m.yield:
		return 0.2, 0
	case !m.phantom && m.motion.Actor.OnFoot():
		return 1.5, 0.5 + m.leave/4
	}
	return 1, 0.3
}

// stay gives when the vehicle's body comes to the stretch and when it has left it, s from now; +Inf: never.
func (p *Planner) stay(q *Proposal, from, to float64) (in, out float64) {
	in, out = forever, forever
	for k := range q.s {
		if in == forever && q.s[k]+p.front > from {
			in = float64(k) * predict.Tick
		}
		if q.s[k]-p.spec.RearOverhang > to {
			out = float64(k) * predict.Tick
			return in, out
		}
	}
	if end := &q.States[predict.Steps]; in < forever && end.Speed > 0.5 {
		out = predict.Steps*predict.Tick + (to+p.spec.RearOverhang-q.s[predict.Steps])/end.Speed
	}
	return in, out
}

// progress gives by how many seconds of way a proposal brings the vehicle nearer to its goal.
func (p *Planner) progress(q *Proposal) float64 {
	v, own := &p.views[q.view], &p.views[0]
	way := q.s[predict.Steps] - q.s[0]
	if p.task.Field == nil || math.IsInf(own.cost, 1) {
		return way / max(own.limit, 1)
	}
	if math.IsInf(v.cost, 1) {
		return 0
	}
	spot := v.way.spot(min(q.s[predict.Steps], v.way.Length()), 0)
	left := v.cost - way/max(v.limit, 1)
	left = min(max(left, Remaining(p.task.Field, spot)), left+4) // further changes are still to come
	done := own.cost - left
	if v.side != 0 {
		done -= 0.5
	}
	return done
}

// ttc gives 1 where nobody ahead is met within nuPlan's least time to collision, 0 where someone is.
func (p *Planner) ttc(q *Proposal) float64 {
	v := &p.views[q.view]
	half := p.spec.Width / 2
	for k := 0; k <= 20; k += 2 {
		x := &q.States[k*stride]
		if x.Speed < 0.1 {
			continue
		}
		front := q.s[k*stride] + p.front
		for i := range v.leads[k] {
			o := &v.leads[k][i]
			if o.mid < q.s[k*stride]+p.front/2 {
				continue
			}
			if d, _, _ := q.bend.At(o.lo); !o.across(d, half) {
				continue
			}
			if closing := x.Speed - o.speed; closing > 0 && (o.lo-front) < closing*leastTTC {
				return 0
			}
		}
	}
	return 1
}

// comfort gives the share of nuPlan's bounds that a proposal keeps.
func (p *Planner) comfort(q *Proposal) float64 {
	var lon, lat, rate, turn, jerk bool
	last := yaw(p.spec, &q.States[0])
	for k := 1; k <= 40; k++ {
		a, b := &q.States[k-1], &q.States[k]
		now := yaw(p.spec, b)
		lon = lon || b.Accel < minLonAccel || b.Accel > maxLonAccel
		jerk = jerk || math.Abs(b.Accel-a.Accel) > maxLonJerk*predict.Tick
		lat = lat || math.Abs(now*b.Speed) > maxLatAccel
		rate = rate || math.Abs(now) > maxYawRate
		turn = turn || math.Abs(now-last) > maxYawAccel*predict.Tick
		last = now
	}
	kept := 0.0
	for _, broken := range [5]bool{lon, lat, rate, turn, jerk} {
		if !broken {
			kept += 0.2
		}
	}
	return kept
}

func yaw(spec *vehicle.Spec, x *vehicle.State) float64 {
	return x.Speed * math.Tan(x.Steer) / spec.Wheelbase
}
