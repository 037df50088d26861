package shield

import (
	"math"
	"slices"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
)

// other is one road user, as far as the shield needs to know.
type other struct {
	track      uint32
	onFoot     bool
	fixed      bool // it stands and will stand
	at         geom.Pose
	half, wide float64 // half its length and width, m
	speed      float64 // m/s along its heading
	braking    float64 // m/s², what it brakes with now; 0: it doesn't
	siren      bool
	top        float64 // m/s, the most it may get to
	since      float64 // s ago that it was seen
}

// entry is one way an other may take: a lane, and where it is as seen along that lane. A lane it may come to later has
// its middle at a negative way.
type entry struct {
	other  int32
	parent int32    // index of the entry of the lane before; -1: it is there now
	lane   lane.ID  // None: straight on
	origin geom.Vec // of that straight line, where it was seen
	ahead  geom.Vec // the unit vector along that line
	from   float64  // m along the lane to its middle, where it was seen
	along  float64  // m/s along the lane
	d, w   float64  // m to the left of the lane's middle, and half its width across the lane
	across float64  // m/s to the left, 0 within the drift that keeping a lane allows
	settle float64  // m to the side it may yet move
	most   float64  // m along the lane that its front won't pass, since it gives way; +Inf
	after  float64  // m along the lane to what holds it on every lane after this; -Inf: nothing is known
	whole  bool     // all lanes after this one have their entries
	behind bool     // it follows the vehicle: keeping the distance is its business
}

const (
	maxSpeed = 100.0 // m/s: no track is faster
	lookOut  = 120.0 // m ahead of others that their lanes are followed
	maxWays  = 24    // lanes one other may take
	walk     = 1.2   // m/s, of people nobody sees
	maxTurn  = 6.0   // m/s²: nobody takes a bend faster
	still    = 0.3   // m/s: who is said to be slower stands
)

// sane gives the actor as an other; false where its numbers say nothing.
func (s *Shield) sane(a *scene.Actor, late float64) (other, bool) {
	o := other{
		track: a.ID, onFoot: a.OnFoot(), fixed: a.Kind == scene.Obstacle, at: a.Box.Pose,
		half: clamp(a.Box.Length/2, 0.1, 20), wide: clamp(a.Box.Width/2, 0.1, 5),
		speed: clamp(a.Speed, -maxSpeed, maxSpeed), since: clamp(late+a.Age, 0, 1),
		braking: clamp(-a.Accel, 0, s.p.OtherMaxBrake), siren: a.Siren,
	}
	if math.Abs(o.speed) < still {
		o.speed = 0
	}
	o.top = math.Abs(o.speed)
	return o, placed(o.at)
}

// placed tells whether a pose is one on a map, and no accident of numbers.
func placed(p geom.Pose) bool {
	return math.Abs(p.X) < 1e6 && math.Abs(p.Y) < 1e6 && math.Abs(p.Heading) < 100
}

// hidden adds people where a crossing near begins and cannot be seen: somebody may be about to walk on to it. Where the
// sensors don't say how far they see, nobody is added.
func (s *Shield) hidden(v *scene.View) {
	if s.m == nil || !sound(s.ego) {
		return
	}
	s.near = s.m.Near(s.near[:0], s.ego.Vec, 40)
	for _, id := range s.near {
		l := s.m.Lane(id)
		for turn := 0.0; l.Kind == lane.Crossing && turn < 4; turn += math.Pi {
			place := l.Centre.At(0.5 + (l.Centre.Length()-1)*turn/math.Pi)
			place.Heading += turn
			to := s.ego.Local(place.Vec)
			sector := int(math.Round(to.Angle()/(2*math.Pi)*scene.Bearings)+scene.Bearings) % scene.Bearings
			if free := float64(v.Free[sector]); free > 0 && to.Length() > free {
				s.others = append(s.others, other{onFoot: true, at: place, half: 0.3, wide: 0.3, speed: walk})
				s.place(int32(len(s.others) - 1))
			}
		}
	}
}

// clamp brings x between low and high; what is no number becomes low.
func clamp(x, low, high float64) float64 {
	if !(x >= low) {
		return low
	}
	return min(x, high)
}

// place adds the entries of the other with index i: one for each lane it may be on, and those that follow.
func (s *Shield) place(i int32) {
	o := &s.others[i]
	first := len(s.entries)
	if s.m != nil && !o.onFoot && !o.fixed {
		s.near = s.m.Near(s.near[:0], o.at.Vec, 3)
		for _, id := range s.near {
			s.placeOn(i, id)
		}
		s.likely(first)
	}
	if len(s.entries) == first {
		u := geom.Towards(o.at.Heading)
		s.entries = append(s.entries, entry{
			other: i, parent: -1, lane: lane.None, origin: o.at.Minus(u.Times(o.speed * o.since)), ahead: u,
			along: o.speed, w: o.wide, most: math.Inf(1),
		})
		return
	}
	for k := first; k < len(s.entries) && len(s.entries)-first < maxWays; k++ {
		s.follow(int32(k), first)
	}
}

// placeOn adds the entry of a lane when the other drives on it.
func (s *Shield) placeOn(i int32, id lane.ID) {
	o, l := &s.others[i], s.m.Lane(id)
	if l.Kind == lane.Walk || l.Kind == lane.Crossing {
		return
	}
	at, d := l.Centre.Project(o.at.Vec)
	mid := l.Centre.At(at)
	off := mid.Local(o.at.Vec)
	turn := geom.Wrap(o.at.Heading - mid.Heading)
	left, right := l.Widths(at)
	if math.Abs(turn) > 0.6 || d > left || -d > right || math.Abs(off.X) > 1 {
		return
	}
	sin, cos := math.Sincos(turn)
	e := entry{
		other: i, parent: -1, lane: id, along: o.speed * cos, d: off.Y, most: math.Inf(1),
		w: o.wide*cos + o.half*math.Abs(sin),
	}
	e.from = at + off.X - e.along*o.since
	if across := o.speed * sin; math.Abs(across) > s.p.Drift {
		e.across = across
		if e.settle = 3.5; across*off.Y < 0 { // towards the middle of the lane it is on: it settles there
			e.settle = math.Abs(off.Y)
		}
	}
	o.top = max(o.top, l.Limit*s.p.OverLimit)
	s.entries = append(s.entries, e)
}

// likely leaves only the lanes that the other follows well, with its middle and its ends, where there is one: within a
// junction, it is not on all those that happen to lie below it.
func (s *Shield) likely(first int) {
	const astray = 0.5 // m of its corners beside its sides
	well := func(e *entry) bool {
		return e.across == 0 && math.Abs(e.d) < 0.7 && e.w < s.others[e.other].wide+astray
	}
	if all := s.entries[first:]; slices.ContainsFunc(all, func(e entry) bool { return well(&e) }) {
		s.entries = s.entries[:first+len(slices.DeleteFunc(all, func(e entry) bool { return !well(&e) }))]
	}
}

// follow adds the lanes that come after the entry with index k, as far as they matter and none twice.
func (s *Shield) follow(k int32, first int) {
	e := s.entries[k]
	if e.lane == lane.None {
		return
	}
	l := s.m.Lane(e.lane)
	long := l.Centre.Length()
	if long-e.from > lookOut || len(l.Next) == 0 {
		return
	}
	s.entries[k].whole = true
	room := max(0, long-e.from-s.others[e.other].half)
	slowest := max(0, e.along*e.along-2*s.p.OtherMinBrake*room) // m²/s², where the next lane begins
next:
	for _, n := range l.Next {
		if slowest*s.bounds[n].bend > maxTurn {
			continue
		}
		for _, seen := range s.entries[first:] {
			if seen.lane == n {
				s.entries[k].whole = false
				continue next
			}
		}
		w := s.others[e.other].wide
		s.entries = append(s.entries, entry{
			other: e.other, parent: k, lane: n, from: e.from - long, along: e.along,
			d: clamp(e.d, -0.5, 0.5), w: w, most: math.Inf(1),
		})
	}
}

// spot gives where a step's box lies along the entry's lane: its middle's way and distance to the left, half its extent
// along and across, and the cosine of the angle between them.
func (s *Shield) spot(e *entry, st *step) (at, d, long, wide, cos float64) {
	on, u := e.origin, e.ahead
	if e.lane != lane.None {
		at, on, u = s.m.Lane(e.lane).Centre.Nearest(st.box.Vec)
	}
	off := st.box.Minus(on)
	cos = u.Dot(st.ahead)
	c, sin := math.Abs(cos), math.Abs(u.Cross(st.ahead))
	l, w := st.box.Length/2, st.box.Width/2
	return at + off.Dot(u), u.Cross(off), c*l + sin*w, sin*l + c*w, cos
}

// apart tells whether the entry's lane is nowhere near the tube.
func (s *Shield) apart(e *entry, t *tube) bool {
	if e.lane == lane.None {
		return false
	}
	b := &s.bounds[e.lane]
	far := s.spec.Length/2 + e.w + math.Abs(e.d) + e.settle + 1
	return b.low.X > t.high.X+far || b.high.X < t.low.X-far || b.low.Y > t.high.Y+far || b.high.Y < t.low.Y-far
}

// bounds are between which places a lane's middle lies, and how much it bends at most, 1/m.
type bounds struct {
	low, high geom.Vec
	bend      float64
}

func boundsOf(m *lane.Map) []bounds {
	all := make([]bounds, len(m.Lanes))
	for i := range m.Lanes {
		points := m.Lanes[i].Centre.Points()
		b := bounds{low: points[0], high: points[0]}
		for _, p := range points {
			b.low = geom.Vec{X: min(b.low.X, p.X), Y: min(b.low.Y, p.Y)}
			b.high = geom.Vec{X: max(b.high.X, p.X), Y: max(b.high.Y, p.Y)}
		}
		for at, c := 2.0, m.Lanes[i].Centre; at < c.Length()-2; at += 2 {
			b.bend = max(b.bend, math.Abs(c.Curvature(at, 2)))
		}
		all[i] = b
	}
	return all
}

// least gives how far the other gets along its way in t seconds from now at least: braking all it can, from when it was
// seen. One who drives backwards goes on doing so.
func (o *other) least(along, t, brake float64) float64 {
	t += o.since
	switch {
	case along <= 0:
		return along * t
	case t*brake < along:
		return along*t - brake*t*t/2
	}
	return stopping(along, brake)
}

// farthest gives how far the other gets along its way in t seconds from now at most: speeding up until at the time seen
// this vehicle comes into its way, then going on for its response time, and then braking.
func (o *other) farthest(p *Params, along, t, seen float64) float64 {
	if o.fixed || along < 0 {
		return 0
	}
	t, seen = t+o.since, seen+o.since
	free := min(t, seen)
	gain := clamp((o.top-along)/p.OtherAccel, 0, free)
	then := along + p.OtherAccel*gain
	way := along*gain + p.OtherAccel*gain*gain/2 + then*(free-gain)
	going := min(t-free, p.OtherResponse)
	way += then * going
	if t -= free + going; t*p.OtherMinBrake < then {
		return way + then*t - p.OtherMinBrake*t*t/2
	}
	return way + stopping(then, p.OtherMinBrake)
}
