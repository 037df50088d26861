package plan

import (
	"math"

	"hutong/drive/geom"
	"hutong/drive/plan/fit"
	"hutong/drive/plan/pace"
	"hutong/drive/predict"
	"hutong/drive/vehicle"
)

// The Intelligent Driver Model's values, and those of an even stop.
const (
	drivingAccel = 1.8 // m/s²
	idmBrake     = 2.5
	idmHeadway   = 1.2 // s
	idmGap       = 2.0 // m
	swinging     = 5.0 // m more to swing out from a standstill
	gentle       = 3.0 // m/s², to a place that is the vehicle's own choice
	hardest      = 7.5
)

// simulate drives a proposal as the vehicle would: the tracker steers it along its bend, the Intelligent Driver Model
// keeps it behind others, halts and limits.
func (p *Planner) simulate(q *Proposal) {
	v := &p.views[q.view]
	w := &v.way
	x := p.task.View.Ego
	s, d, index := w.project(x.Vec, v.index)
	q.bend = p.lay(v, q, s, d)
	p.heed(v, q)
	p.passes(v, q)
	q.cause = cause{kind: free}
	if at := p.task.Here.Lane; v.side == 0 && p.change.wanted && p.change.given == at && p.change.lane == at {
		q.cause.kind = detouring
	}
	for k := 0; ; k++ {
		q.States[k], q.s[k], q.d[k] = x, s, d
		if k == predict.Steps {
			break
		}
		c := p.control(v, q, k, x, s, d)
		if k == 0 {
			q.Control = c
		}
		x = p.spec.Step(x, c, predict.Tick)
		s, d, index = w.project(x.Vec, index)
	}
}

// aim is where the last plan meant the vehicle to be now: the next bend begins there, so that the tracker has a line to
// come back to, and doesn't chase the vehicle's own errors.
type aim struct {
	pose geom.Pose
	curl float64 // the bend there, against the way's, 1/m
	good bool
}

// strayed is how far the vehicle may be from its aim before the next bend begins where it is.
const strayed = 0.7

// rests is after how long a stand the vehicle is where it is, s: standing, it will not come back to any line.
const rests = 1.0

// lay makes the bend from where the vehicle is meant to be now to the offset the proposal wants.
func (p *Planner) lay(v *view, q *Proposal, s, d float64) fit.Bend {
	x := p.task.View.Ego
	from, curl := x.Pose, math.Tan(x.Steer)/p.spec.Wheelbase-v.way.At(s).Curve
	if a := &p.aim; a.good && p.waited < rests && math.Abs(a.pose.Local(x.Vec).Y) < strayed && a.pose.To(x.Vec) < 3 &&
		math.Abs(geom.Wrap(a.pose.Heading-x.Heading)) < 0.3 {
		from, curl = a.pose, a.curl
		s, d, _ = v.way.project(from.Vec, v.index)
	}
	at := v.way.At(s)
	turn := min(max(geom.Wrap(from.Heading-at.Heading), -1), 1)
	slope := math.Tan(turn) * max(0.2, 1-at.Curve*d)
	aside := math.Abs(q.shift - d)
	tightest := 0.12 // 1/m
	if q.Class == Left || q.Class == Right {
		tightest += 0.08 * min(max((yielding-x.Speed)/yielding, 0), 1)
	}
	long := max(q.stretch*x.Speed*(1.6+2.4*min(1, aside/3)), 3+math.Sqrt(5.8*aside/tightest), 5)
	room := min(v.room, q.stop) - s - p.front
	switch {
	case q.Class == Nudge: // it has to be over when it is there
		long = min(long, max(q.before-s, 4))
	case room < long: // and who stands there stands straight
		sharpest := min(0.2, lateral/max(x.Speed*x.Speed, 1))
		long = min(long, max(room, math.Sqrt(5.8*aside/sharpest), 0.8*x.Speed, 3))
	}
	b := fit.NewBend(s, long, d, slope, min(max(curl, -0.2), 0.2), q.shift)
	if q.most = forever; q.Class == Nudge || room < long {
		q.most = b.Pace(p.spec, lateral)
	}
	return b
}

// aimAt notes where a chosen proposal means the vehicle to be at the next cycle.
func (p *Planner) aimAt(q *Proposal) {
	way := &p.views[q.view].way
	s := q.s[1]
	d, slope, curl := q.bend.At(s)
	at := way.At(s)
	p.aim = aim{
		pose: geom.Pose{Vec: at.Ahead(0, d), Heading: at.Heading + math.Atan2(slope, max(0.2, 1-at.Curve*d))},
		curl: curl, good: true,
	}
}

// lag is how long the wheels take to follow what is asked of them by the way's bend, s.
const lag = 0.2

// control says what to do at step k of a proposal's way.
func (p *Planner) control(v *view, q *Proposal, k int, x vehicle.State, s, d float64) vehicle.Control {
	ahead, _ := v.way.bend(s + x.Speed*lag)
	want, slope, curl := q.bend.At(s)
	_, _, soon := q.bend.At(s + x.Speed*0.1)
	curl = (curl + soon) / 2
	here, heading := v.way.bend(s)
	room := max(0.2, 1-here*d)
	heading += math.Atan2(slope, room)
	curve := (ahead + curl/room) / room
	steer := p.tracker.Steer(x, vehicle.Off{
		Side: d - want, Turn: geom.Wrap(x.Heading - heading), Curve: min(max(curve, -0.25), 0.25),
	})
	accel, hard := q.brake, q.hard
	if accel == 0 {
		accel = p.policy(v, q, k, x, s)
		hard = accel < -4.5
	}
	return vehicle.Control{Accel: accel, Steer: steer, Hard: hard}
}

// policy gives the acceleration of an attentive driver at step k.
func (p *Planner) policy(v *view, q *Proposal, k int, x vehicle.State, s float64) float64 {
	speed := x.Speed
	limit := p.careful(v, s, v.way.cap(s+0.5*speed)*q.fraction)
	if s < q.bend.End() {
		limit = min(limit, q.most)
	}
	accel := min(max(2*(limit-speed), -3), drivingAccel)
	note := k < noted
	if note && k == 0 && limit < v.limit*0.9*q.fraction && speed > limit-0.7 {
		q.cause = cause{kind: curve}
	}
	front := s + p.front
	for i := range v.halts {
		h := &v.halts[i]
		a := pace.Halt(speed, h.at-front)
		if h.why == change && !v.way.Closed || h.why == full || h.why == goal { // past the last place for a change a dead end is a trap
			a = max(a, -gentle)
		}
		if a < accel {
			accel = a
			if note {
				q.cause = cause{kind: h.why, track: h.track, signal: h.signal, light: h.why == red || h.why == amber, at: h.at}
			}
		}
	}
	if q.stop < math.Inf(1) {
		if a := pace.Halt(speed, q.stop-front); a < accel {
			accel = a
			if note {
				q.cause = cause{kind: q.why, track: q.about, at: q.stop}
			}
		}
	}
	if a, o := p.follow(v, q, k, speed, s); a < accel {
		accel = a
		if note && o != nil {
			q.cause = cause{kind: follow, track: o.motion.Actor.ID, at: s}
		}
	}
	return max(accel, -hardest)
}

// noted is for how many steps a proposal notes what holds it back.
const noted = 10

// room is how far from one ahead with a speed the vehicle stands, m: it leaves itself the way to change lanes from there.
func (p *Planner) room(v *view, speed float64) float64 {
	if v.side == 0 && p.change.wanted && speed < 0.5 {
		return idmGap + swinging
	}
	return idmGap
}

// follow gives the acceleration that keeps the vehicle behind those ahead of it at step k, and whom it is behind.
func (p *Planner) follow(v *view, q *Proposal, k int, speed, s float64) (float64, *other) {
	accel, whom := math.Inf(1), (*other)(nil)
	front := s + p.front
	leads := v.leads[k/stride]
	for i := range leads {
		x := &leads[i]
		o := &v.others[x.other]
		if o.halted || x.mid < s+p.front/2 || x.lo > front+100 {
			continue
		}
		d, _, _ := q.bend.At(x.lo)
		least := -hardest
		if half := p.spec.Width / 2; !x.across(d, half+0.3) {
			if x.lo < front+1 || x.speed < 0.5 || !x.across(d, half+o.berth) {
				continue
			}
			least = -evenly // there is room, but not enough to pass
		}
		if x.speed > speed+1 {
			least = max(least, -evenly*min(1, speed/slowly)) // it pulls away: the gap mends itself
		}
		room := max(x.lo-front, 0.1)
		star := p.room(v, x.speed) + max(0, speed*idmHeadway+speed*(speed-x.speed)/(2*math.Sqrt(drivingAccel*idmBrake)))
		a := drivingAccel * (1 - (star/room)*(star/room)) // the limit is seen to elsewhere
		if a = max(a, least); a < accel {
			accel, whom = a, o
		}
	}
	return accel, whom
}
