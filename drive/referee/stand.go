package referee

import (
	"math"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
)

const (
	queueGap  = 10.0  // m before a stop line or behind someone who stands, within which one waits for it
	halted    = 0.5   // m/s: who is slower stands
	shuffle   = 2.0   // m that one who stands may creep
	mostChain = 60    // how many who wait for one another are followed
	overAll   = 120.0 // m ahead that are looked at at most, with the junctions that are to be kept clear
)

// stands looks at how long the vehicle has stood with somewhere to go, and whether with a reason. A reason is a light
// that shows red or amber at the stop line within 10 m ahead of its front, or someone who stands within 10 m ahead on its
// way; where a junction begins within these 10 m, within its own length behind the junction, for it has to keep that
// clear. Who stands there may have any reason of their own, but for the vehicle itself: where those who wait for one
// another are a ring that it belongs to, it has none. Things that belong to nobody are none either. Its way is that of
// its goal; of the others, who tell none, all are thought of. Time with a reason and time without are counted each by
// itself, from when it came to stand until it has gone 2 m.
func (r *Referee) stands(t *scene.Truth, rec *record, e *Ego, dt float64) {
	p, x := &rec.report, e.State
	if e.Idle || rec.stoodAt.To(x.Vec) > shuffle {
		rec.stood, rec.waited, rec.locked, rec.reason, rec.asked = 0, 0, false, false, 0
		rec.stoodAt = x.Vec
	}
	if e.Idle || x.Speed > standing {
		return
	}
	if rec.asked -= dt; rec.asked <= 0 {
		rec.asked = 1
		rec.reason = r.waits(t, rec, e)
	}
	if rec.reason {
		rec.waited += dt
		p.LongestWait = max(p.LongestWait, rec.waited)
		return
	}
	rec.stood += dt
	p.LongestStand = max(p.LongestStand, rec.stood)
	if rec.stood > deadlock && !rec.locked {
		rec.locked = true
		p.Deadlocks++
		r.tell(rec, t.Time, Deadlocked, 0, "it has stood for a minute with somewhere to go, no red light and nobody who stands ahead of it")
	}
}

// Stood gives for how long a vehicle has been standing without a reason by now, s.
func (r *Referee) Stood(id uint32) float64 {
	if rec := r.egos[id]; rec != nil {
		return rec.stood
	}
	return 0
}

// waits tells whether the vehicle stands for a reason.
func (r *Referee) waits(t *scene.Truth, rec *record, e *Ego) bool {
	r.still = r.still[:0]
	for i := range t.Actors {
		if a := &t.Actors[i]; math.Abs(a.Speed) < halted && a.Kind != scene.Obstacle && a.ID != rec.id {
			r.still = append(r.still, int32(i))
		}
	}
	l := look{r: r, t: t, self: rec.id, body: rec.box, goal: e.Goal}
	for n := 0; n < mostChain; n++ {
		l.find()
		switch {
		case l.closed:
			return false
		case l.red:
			return true
		case l.with < 0:
			return n > 0 // the first of the queue has nobody ahead: why it stands is its own affair
		}
		a := &t.Actors[l.with]
		l = look{r: r, t: t, self: a.ID, body: a.Box, ring: rec.box}
	}
	return true
}

// look is one look ahead of someone who stands.
type look struct {
	r    *Referee
	t    *scene.Truth
	self uint32
	body geom.Box
	goal *lane.Field // nil: not known
	ring geom.Box    // that of the one whose waiting is asked about, where self is another

	near float64 // m to who is nearest ahead, so far
	with int     // its index; -1: nobody
	red  bool
	// closed: the nearest ahead is the one whose waiting is asked about.
	closed bool
}

// find looks who stands ahead, and whether a light does it.
func (l *look) find() {
	l.near, l.with, l.red, l.closed = math.Inf(1), -1, false, false
	for d := 0.5; d <= 5; d++ {
		l.touch(l.body.Ahead(l.body.Length/2+d, 0), d)
	}
	at := geom.Pose{Vec: l.body.Ahead(l.body.Length/2, 0), Heading: l.body.Heading}
	spot, ok := l.r.m.Locate(at, vehicles, 1)
	if !ok {
		if spot, ok = l.r.m.Locate(l.body.Pose, vehicles, 1); !ok {
			return
		}
		spot.S += l.body.Length / 2
	}
	l.along(spot.Lane, spot.S, 0, queueGap, 0)
}

// along looks along a lane from s on and those after it, gone metres ahead, as far as most.
func (l *look) along(id lane.ID, s, gone, most float64, depth int) {
	on := l.r.m.Lane(id)
	long := on.Centre.Length()
	for ; s < long; s, gone = s+1, gone+1 {
		if gone > most || gone >= l.near {
			return
		}
		l.touch(on.Centre.At(s).Vec, gone)
	}
	if depth > 5 {
		return
	}
	chosen := lane.None
	if l.goal != nil {
		chosen = l.goal.Next(id)
	}
	for _, n := range on.Next {
		next := l.r.m.Lane(n)
		if chosen != lane.None && n != chosen || next.Users&vehicles == 0 {
			continue
		}
		to := most
		if gone <= queueGap {
			switch colour(l.t, next.Signal) {
			case scene.Red, scene.RedAmber, scene.Amber:
				l.red = true
			}
			if next.Kind == lane.Junction {
				to = min(max(most, gone+next.Centre.Length()+l.body.Length+3), overAll)
			}
		}
		l.along(n, max(s-long, 0), gone, to, depth+1)
	}
}

// touch looks whether somebody stands where the body would be at a point gone metres ahead.
func (l *look) touch(at geom.Vec, gone float64) {
	if gone >= l.near {
		return
	}
	if l.ring.Length > 0 && l.ring.Outside(at) < l.body.Width/2+0.3 {
		l.near, l.closed = gone, true
		return
	}
	for _, i := range l.r.still {
		a := &l.t.Actors[i]
		if a.ID == l.self {
			continue
		}
		if d := a.Box.Vec.Minus(at); d.Dot(d) < 400 && a.Box.Outside(at) < l.body.Width/2+0.3 {
			l.near, l.with, l.closed = gone, int(i), false
			return
		}
	}
}
