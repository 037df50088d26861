package shield

import (
	"math"
	"slices"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
	"hutong/drive/vehicle"
)

// lack is how much a continuation lacks towards one other.
type lack struct {
	missing, at float64 // m, s from now
	rule        Rule
}

// touch is what is lacking in any case where two may meet, m.
const touch = 0.001

func (l *lack) add(rule Rule, missing, at float64) {
	if missing > l.missing {
		l.missing, l.rule = missing, rule
		if l.at == 0 {
			l.at = at
		}
	}
}

// lacks works out what the continuation lacks towards each of the others: by the worst they may do, or when nominal by
// what they do now.
func (s *Shield) lacks(dst []lack, t *tube, nominal bool) []lack {
	dst = slices.Grow(dst[:0], len(s.others))[:len(s.others)]
	clear(dst)
	for k := range s.entries {
		e := &s.entries[k]
		o := &s.others[e.other]
		switch {
		case e.behind || s.outOfReach(o, t) || !o.onFoot && s.apart(e, t):
		case o.onFoot:
			s.onFoot(&dst[e.other], o, t, nominal)
		default:
			s.alongLane(&dst[e.other], e, o, t, nominal)
		}
	}
	return dst
}

// outOfReach tells whether the two can't meet while the continuation lasts.
func (s *Shield) outOfReach(o *other, t *tube) bool {
	last := float64(len(t.steps)) * dt
	far := t.length() + o.half + o.wide + s.spec.Length + 5 + math.Abs(o.speed)*(last+o.since) + o.farthest(&s.p, o.speed, last, last)
	return t.steps[0].box.To(o.at.Vec) > far
}

// onFoot is the rule for people, who may turn about at any time: around where one would be, walking on, lies a disc that
// grows. It lacks the way the vehicle still has when it first touches that disc.
func (s *Shield) onFoot(l *lack, o *other, t *tube, nominal bool) {
	u := o.at.Ahead(1, 0).Minus(o.at.Vec).Times(o.speed)
	for i := range t.steps {
		now := float64(i) * dt
		r := max(o.half, o.wide) + s.p.LateralGap
		if !nominal {
			changed := now + o.since
			r += min(s.p.WalkAccel*changed*changed/2, s.p.WalkSpeed*changed)
		}
		if b := &t.steps[i].box; b.Outside(o.at.Vec.Plus(u.Times(now))) < r {
			l.add(OnFoot, t.length()-t.steps[i].way+touch, now)
			return
		}
	}
}

// alongLane is the rule for everyone else: where the continuation comes into the strip that the other's lane is, it has
// to be clear of the stretch of it the other may be on then.
func (s *Shield) alongLane(l *lack, e *entry, o *other, t *tube, nominal bool) {
	seen, end := math.Inf(1), math.Inf(1)
	if e.lane != lane.None && len(s.m.Lane(e.lane).Next) > 0 {
		end = s.m.Lane(e.lane).Centre.Length()
	}
	ahead, over := false, 0.0
	for i := range t.steps {
		st := &t.steps[i]
		now := float64(i) * dt
		at, d, long, wide, cos := s.spot(e, st)
		left, right := s.strip(e, now+o.since)
		if d-wide > left || d+wide < right ||
			at+long < min(0, e.from-o.half) || at-long > end {
			continue
		}
		if math.IsInf(seen, 1) {
			seen, ahead, over = now, e.from+e.along*(now+o.since) > at, t.length()-st.way
			if s.inside && o.speed == 0 { // one who stands lets who is in the junction leave it
				seen = 0
			}
		}
		m := meeting{tail: at - long, nose: at + long, cos: cos, ahead: ahead, now: now, over: over}
		m.rear, m.front = s.stretch(e, o, now, seen, nominal)
		if i == len(t.steps)-1 && !nominal && !ahead { // it stands there: does who comes see it in time?
			_, m.front = s.stretch(e, o, now+30, seen, false)
		}
		// Else the other hasn't come to this lane yet, or only a corner of the strip is taken.
		if (e.parent < 0 || m.front > 0) && s.touches(e, st, &m, left, right) {
			m.add(l, o)
		}
	}
}

// strip gives how far to the left and the right of its lane's middle the other may reach at a time. One who moves across
// goes on, and faster for its response time, to the middle of the next lane.
func (s *Shield) strip(e *entry, t float64) (left, right float64) {
	left, right = e.d+e.w+s.p.LateralGap, e.d-e.w-s.p.LateralGap
	if e.across != 0 {
		faster := min(t, s.p.OtherResponse)
		grow := min(math.Abs(e.across)*t+s.p.LateralAccel*faster*(t-faster/2), e.settle)
		left, right = max(left, left+math.Copysign(grow, e.across)), min(right, right+math.Copysign(grow, e.across))
	}
	return left, right
}

// stretch gives from where to where the other may be along its lane at a time.
func (s *Shield) stretch(e *entry, o *other, now, seen float64, nominal bool) (rear, front float64) {
	if nominal {
		at := e.from + o.least(e.along, now, max(o.braking, 1e-3))
		return at - o.half, at + o.half
	}
	rear = e.from + o.least(e.along, now, s.p.OtherMaxBrake) - o.half - s.p.Gap
	front = e.from + o.farthest(&s.p, e.along, now, seen) + o.half + s.p.Gap
	return rear, min(front, max(e.most, e.from+o.half))
}

// meeting is a moment at which the vehicle covers the way from tail to nose of the other's lane, and the other may be
// anywhere between rear and front.
type meeting struct {
	tail, nose, rear, front float64
	cos                     float64 // of the angle between the vehicle and the lane
	ahead                   bool    // the other was ahead along its lane when the vehicle came into it
	now, over               float64 // s from now, and m that the continuation goes on from the edge of the strip
}

// touches tells whether the step's box, which covers the strip from tail to nose, really meets it between rear and front:
// one that lies across covers less of the strip than that.
func (s *Shield) touches(e *entry, st *step, m *meeting, left, right float64) bool {
	from, to := max(m.rear, m.tail), min(m.front, m.nose)
	if from >= to || m.cos > 0.98 || m.cos < -0.98 {
		return true
	}
	const piece = 2.0 // m
	n := math.Ceil((to - from) / piece)
	part := geom.Box{Length: (to - from) / n, Width: left - right}
	for k := 0.5; k < n; k++ {
		at := from + k*part.Length
		part.Pose = geom.Pose{Vec: e.origin.Plus(e.ahead.Times(at)), Heading: e.ahead.Angle()}
		if e.lane != lane.None {
			part.Pose = s.m.Lane(e.lane).Centre.At(at)
		}
		if part.Vec = part.Ahead(0, (left+right)/2); part.Overlaps(st.box) {
			return true
		}
	}
	return false
}

// add adds what is lacking.
func (m *meeting) add(l *lack, o *other) {
	behind, before := m.front-m.tail, m.nose-m.rear
	switch {
	case o.fixed && behind > 0 && before > 0:
		l.add(Standing, before, m.now)
	case o.fixed:
	case m.cos > 0.5 && m.ahead:
		l.add(Following, before, m.now)
	case m.cos > 0.5:
		l.add(CuttingIn, behind, m.now)
	case m.cos < -0.5 && !m.ahead:
		l.add(Oncoming, behind, m.now)
	case m.cos >= -0.5 && behind > 0 && before > 0:
		l.add(Crossing, m.over+touch, m.now)
	}
}

// give works out, for a plan, who follows it and who gives way to it.
func (s *Shield) give(t *tube) {
	s.takeLanes(t)
	for k := range s.entries {
		e := &s.entries[k]
		o := &s.others[e.other]
		e.behind, e.most, e.after = false, math.Inf(1), math.Inf(-1)
		if e.parent >= 0 {
			up := &s.entries[e.parent]
			e.behind, e.most = up.behind, up.most-s.m.Lane(up.lane).Centre.Length()
		}
		if o.onFoot || e.behind || s.apart(e, t) {
			continue
		}
		at, d, long, wide, cos := s.spot(e, &t.steps[0])
		now := e.from + e.along*o.since
		e.behind = cos > 0.5 && math.Abs(d-e.d) < wide+e.w && now < at && (e.parent < 0 || at+long > 0)
		if e.lane != lane.None && !o.siren {
			e.most = min(e.most, s.stopLine(e, o, now))
		}
	}
	s.held()
}

// held carries back to each lane what holds an other on all the lanes after it.
func (s *Shield) held() {
	for k := len(s.entries) - 1; k >= 0; k-- {
		e := &s.entries[k]
		if e.whole {
			e.most = min(e.most, e.after)
		}
		if e.parent >= 0 {
			up := &s.entries[e.parent]
			up.after = max(up.after, e.most+s.m.Lane(up.lane).Centre.Length())
		}
	}
}

// stopLine gives the way along the entry's lane that its other won't go past: to the line where its light holds it, or the
// place where it gives way to the plan, as long as it can still stop there.
func (s *Shield) stopLine(e *entry, o *other, now float64) float64 {
	l := s.m.Lane(e.lane)
	most := math.Inf(1)
	holds := func(at float64) {
		if room := at - now - o.half; room >= 0 && room >= stopping(max(e.along, 0), s.p.OtherMinBrake) {
			most = min(most, at)
		}
	}
	if l.Signal >= 0 && int(l.Signal) < len(s.lights) {
		switch s.lights[l.Signal] {
		case scene.Red, scene.RedAmber, scene.Amber:
			holds(0)
		}
	}
	for i := range l.Conflicts {
		if c := &l.Conflicts[i]; c.Yield && slices.Contains(s.own, c.With) {
			holds(c.From)
		}
	}
	return most
}

// takeLanes notes the lanes a continuation drives on, and whether it begins in a junction.
func (s *Shield) takeLanes(t *tube) {
	s.own, s.inside = s.own[:0], false
	if s.m == nil {
		return
	}
	next := 0.0
	for i := range t.steps {
		st := &t.steps[i]
		if st.way < next {
			continue
		}
		next = st.way + 2
		s.near = s.m.Near(s.near[:0], st.box.Vec, 1)
		for _, id := range s.near {
			if !slices.Contains(s.own, id) && s.drives(id, &st.box) {
				s.own = append(s.own, id)
				s.inside = s.inside || i == 0 && s.m.Lane(id).Kind == lane.Junction
			}
		}
	}
}

// drives tells whether a box is on a lane, in its direction.
func (s *Shield) drives(id lane.ID, b *geom.Box) bool {
	l := s.m.Lane(id)
	at, _ := l.Centre.Project(b.Vec)
	mid := l.Centre.At(at)
	off := mid.Local(b.Vec)
	left, right := l.Widths(at)
	return math.Abs(geom.Wrap(b.Heading-mid.Heading)) < 0.6 && off.Y < left && -off.Y < right && math.Abs(off.X) < 0.5
}

const mend = 15 // states of a plan, by which the distance it lacks has to be half mended, unless it brakes

// keeps tells what a plan lacks of the distances of RSS after its first cycle. One that does what mends them lacks
// nothing: brakes as hard as it has to, or lets the distance grow; and beside another, doesn't move towards it.
func (s *Shield) keeps(plan []vehicle.State) (worst lack, track uint32) {
	brakes := s.brakes(plan)
	for k := range s.entries {
		e := &s.entries[k]
		o := &s.others[e.other]
		if e.behind || o.onFoot || o.fixed || s.apart(e, &s.tube) {
			continue
		}
		var l lack
		s.keepsTo(&l, plan, e, o, brakes)
		if l.missing > worst.missing {
			worst, track = l, o.track
		}
	}
	return worst, track
}

func (s *Shield) keepsTo(l *lack, plan []vehicle.State, e *entry, o *other, brakes bool) {
	now, later := s.gaps(plan, 1, e, o), s.gaps(plan, min(mend, len(plan)-1), e, o)
	if now.cos < 0.5 {
		return
	}
	reply := min(int(s.p.Response/dt)+1, len(plan)-1)
	towards := (now.beside - s.gaps(plan, reply, e, o).beside) / (float64(reply-1) * dt)
	if reply < 2 {
		towards = 0
	}
	switch {
	case now.ahead > -s.p.Gap && now.beside < s.p.LateralGap:
		if lacks := now.need - now.ahead; lacks > 0 && !brakes && later.need-later.ahead > lacks/2 && !s.passes(o, false) {
			l.add(Following, lacks, dt)
		}
	case now.ahead <= -s.p.Gap && now.tail < 0 && towards > 0.1 && now.cos > alongside: // else they cross, which is judged by where they meet
		need := Lateral(towards, math.Abs(e.across), s.p.Response, s.p.OtherResponse, s.p.LateralAccel, s.p.LateralBrake, s.p.LateralGap)
		if now.beside < need && !s.passes(o, true) {
			l.add(Beside, need-now.beside, dt)
		}
	}
}

// passes tells whether the plan, driven out, leads past one who stands: without a touch, and not to a stop behind it.
func (s *Shield) passes(o *other, abreast bool) bool {
	box := geom.Box{Pose: o.at, Length: 2 * (o.half + s.p.LateralGap), Width: 2 * (o.wide + s.p.LateralGap)}
	for i := range s.drawn.steps {
		if s.drawn.steps[i].box.Overlaps(box) {
			return false
		}
	}
	return o.speed == 0 && (abreast || s.drawn.steps[len(s.drawn.steps)-1].pose.Local(o.at.Vec).X < 0)
}

// alongside is the least cosine between the directions of two who drive side by side: that of 25 degrees.
const alongside = 0.9

// gap is the room between the state of a plan and where the other will be then, if it goes on as it does.
type gap struct {
	ahead, need float64 // m from the nose to the other's rear, and what RSS asks for
	tail        float64 // m from the other's nose to the tail; negative: the two are abreast
	beside      float64 // m between the sides
	cos         float64
}

func (s *Shield) gaps(plan []vehicle.State, i int, e *entry, o *other) gap {
	at, d, long, wide, cos := s.spot(e, &s.drawn.steps[i])
	now := float64(i) * dt
	its := e.from + o.least(e.along, now, max(o.braking, 1e-3))
	speed := max(0, e.along-o.braking*now)
	return gap{
		ahead: its - o.half - at - long, tail: at - long - its - o.half, beside: math.Abs(d-e.d) - wide - e.w, cos: cos,
		need: s.p.Follow(plan[i].Speed, speed),
	}
}

// brakes tells whether a plan, within its response time, brakes at least as a proper response does, or stands.
func (s *Shield) brakes(plan []vehicle.State) bool {
	last := min(int(s.p.Response/dt)+2, len(plan)-1)
	for i := 1; i <= last; i++ {
		if plan[i].Speed == 0 || plan[i-1].Speed-plan[i].Speed >= 0.95*s.p.MinBrake*dt {
			return true
		}
	}
	return false
}
