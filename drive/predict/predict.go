// Package predict says where the other road users may go in the next seconds: a few ways each, along the lanes for
// those that keep to lanes, straight on for those that don't.
package predict

import (
	"math"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
	"hutong/drive/vehicle"
)

// A forecast reaches Steps ticks of Tick seconds.
const (
	Tick  = 0.1
	Steps = 80
)

// hops is the most lanes that one motion is followed along.
const hops = 12

// Motion is one way that one road user may go.
type Motion struct {
	Actor  *scene.Actor // in the view that was looked at
	Share  float64      // 0 to 1: how likely, against the actor's other motions
	Stood  float64      // s that the actor has been standing
	Always bool         // it has been standing ever since it was first seen
	Yields bool         // it is thought to stop for someone who goes first, or for a light
	// Boxes holds the middle and heading of the actor's outline at each tick from now, Speed its speed.
	Boxes [Steps + 1]geom.Pose
	Speed [Steps + 1]float64
	// Grow is by how many metres per second its outline becomes uncertain on every side.
	Grow float64

	lanes [hops]lane.ID // the lanes it follows
	ends  [hops]float64 // m it travels until the end of each
	count int
	s     float64 // m along the first lane where its middle begins
	side  float64 // m to the left of the lane's middle
	slide float64 // m/s to the left
	how   course
}

// course is how a motion comes to its lane.
type course uint8

const (
	keeping course = iota // it is on it
	coming                // it moves over from the lane beside
	hoping                // it would like to, and waits while the vehicle is in its way
)

// ComesOver tells whether the motion is a change of lanes.
func (m *Motion) ComesOver() bool { return m.how != keeping }

// Lanes gives the lanes the motion follows, in order; none for one that keeps to no lane.
func (m *Motion) Lanes() []lane.ID { return m.lanes[:m.count] }

// Predictor foretells. It remembers for how long each track has been standing, and its memory is used again each time.
type Predictor struct {
	m       *lane.Map
	motions []Motion
	spots   []spot
	claims  []Claim
	stood   []memory
	colours []scene.Colour
}

// spot is where an actor is on the lanes; the last one is the vehicle itself.
type spot struct {
	lane.Spot
	speed, half float64 // m/s; half its length
	unsure      float64 // how much less is known of it than of one who is near
	ok          bool
}

// memory is what is kept of a track.
type memory struct {
	track uint32
	since float64   // the view's time when it came to stand; negative: it moves
	at    geom.Pose // where: the mean of what has been seen since
	looks float64   // how often
	moved bool      // it has been seen to move
	seen  float64
}

// New makes a predictor for a map.
func New(m *lane.Map) *Predictor { return &Predictor{m: m} }

// Claim is a lane that the vehicle itself means to drive, and when it comes to it and leaves it, s from now.
type Claim struct {
	Lane    lane.ID
	In, Out float64
}

// Look foretells what everyone in the view may do, until the next Look. here is the vehicle's own spot; claims are the
// lanes it is going to drive: those who have to give way to it there are thought to, while they still can.
func (p *Predictor) Look(v *scene.View, here lane.Spot, spec *vehicle.Spec, claims []Claim) []Motion {
	p.motions, p.spots, p.claims = p.motions[:0], p.spots[:0], claims
	p.lights(v.Lights)
	for i := range v.Actors {
		a := &v.Actors[i]
		s := spot{speed: a.Speed, half: a.Box.Length / 2, unsure: unsure(a, v)}
		if a.Box.Finite() && !a.OnFoot() {
			s.Spot, s.ok = p.m.Locate(a.Box.Pose, ^lane.People, 1)
		}
		p.spots = append(p.spots, s)
	}
	p.spots = append(p.spots, spot{Spot: here, speed: v.Ego.Speed, half: spec.Length / 2, ok: here.Lane != lane.None})
	for i := range v.Actors {
		if a := &v.Actors[i]; sound(a) {
			m, first := p.remember(a, v), len(p.motions)
			p.foretell(i, a, m.stands(v.Time))
			m.stay(p.motions[first:], v.Time)
		}
	}
	p.forget(v.Time)
	return p.motions
}

// sound tells whether an actor's numbers can be counted with.
func sound(a *scene.Actor) bool {
	sum := a.Box.X + a.Box.Y + a.Box.Heading + a.Box.Length + a.Box.Width + a.Speed + a.Accel
	return !math.IsNaN(sum) && !math.IsInf(sum, 0) && a.Box.Length >= 0 && a.Box.Width >= 0
}

func (p *Predictor) lights(lights []scene.Light) {
	for len(p.colours) < len(p.m.Signals) {
		p.colours = append(p.colours, scene.Dark)
	}
	for i := range p.colours {
		p.colours[i] = scene.Dark
	}
	for _, l := range lights {
		if l.Signal >= 0 && int(l.Signal) < len(p.colours) {
			p.colours[l.Signal] = l.Colour
		}
	}
}

// unsure gives how many times the uncertainty about one who is near that about an actor is.
func unsure(a *scene.Actor, v *scene.View) float64 { return 1 + a.Box.To(v.Ego.Vec)/60 }

// remember gives what is known of a track by now. Its speed alone doesn't say whether it stands: far off that is uncertain
// by more than the speed of one who creeps; so it stands as long as it has come nowhere.
func (p *Predictor) remember(a *scene.Actor, v *scene.View) *memory {
	const moves, place = 0.5, 0.7 // m/s, m: what is uncertain about one who is near
	const most = 60.0             // looks that count for where it is
	unsure := unsure(a, v)
	moving := math.Abs(a.Speed) > moves*unsure
	var m *memory
	for i := range p.stood {
		if p.stood[i].track == a.ID {
			m = &p.stood[i]
		}
	}
	if m == nil {
		p.stood = append(p.stood, memory{track: a.ID, since: -1})
		m = &p.stood[len(p.stood)-1]
	} else if m.since >= 0 && m.at.To(a.Box.Vec) > place*unsure || moving {
		m.since, m.moved = -1, true
	}
	if m.seen = v.Time; m.since < 0 && !moving || m.since > v.Time {
		m.since, m.at, m.looks = v.Time, a.Box.Pose, 0
	}
	m.looks = min(m.looks+1, most)
	m.at.Vec = geom.Between(m.at.Vec, a.Box.Vec, 1/m.looks)
	m.at.Heading += geom.Wrap(a.Box.Heading-m.at.Heading) / m.looks
	return m
}

// stands gives for how many seconds it has been standing.
func (m *memory) stands(now float64) float64 {
	if stood := now - m.since; m.since >= 0 && stood > 0 {
		return stood
	}
	return 0
}

// stay puts the motions of one who stands where it has been seen on the whole.
func (m *memory) stay(motions []Motion, now float64) {
	if m.stands(now) < 1 {
		return
	}
	for i := range motions {
		x := &motions[i]
		if x.Always = !m.moved; x.Actor.OnFoot() {
			continue
		}
		by, turn := m.at.Minus(x.Boxes[0].Vec), geom.Wrap(m.at.Heading-x.Boxes[0].Heading)
		for k := range x.Boxes {
			b := &x.Boxes[k]
			b.Vec, b.Heading = b.Plus(by), b.Heading+turn
		}
	}
}

// forget drops tracks not seen for a while.
func (p *Predictor) forget(now float64) {
	kept := p.stood[:0]
	for _, m := range p.stood {
		if math.Abs(now-m.seen) < 5 {
			kept = append(kept, m)
		}
	}
	p.stood = kept
}

// foretell adds the motions of one actor.
func (p *Predictor) foretell(i int, a *scene.Actor, stood float64) {
	s := p.spots[i]
	if a.OnFoot() || a.Kind == scene.Obstacle || !s.ok || !p.follows(a, s.Spot) {
		p.straight(a, stood)
		return
	}
	first := len(p.motions)
	p.follow(i, a, stood, s.Spot, keeping)
	if beside, how := p.drifts(a, s); how != keeping {
		p.follow(i, a, stood, beside, how)
	}
	for k := first; k < len(p.motions); k++ {
		p.motions[k].Share = 1 / float64(len(p.motions)-first)
	}
}

// follows tells whether the actor goes along the lane it is on.
func (p *Predictor) follows(a *scene.Actor, s lane.Spot) bool {
	l := p.m.Lane(s.Lane)
	turn := math.Abs(geom.Wrap(l.Centre.At(s.S).Heading - a.Box.Heading))
	return turn < math.Pi/4 && a.Speed > -0.5
}

// drifts tells whether the actor may come over to the lane beside its own, how, and where it is seen from there. One who
// only indicates may as well mean a street at the next junction.
func (p *Predictor) drifts(a *scene.Actor, s spot) (to lane.Spot, how course) {
	const moves, over = 0.35, 0.2 // m/s to the side, m of its body over the line: what is uncertain about one who is near
	l := p.m.Lane(s.Lane)
	aside := p.aside(a, s.Spot) / s.unsure
	left, right := l.Widths(s.S)
	id := lane.None
	switch {
	case aside > moves || s.D+a.Box.Width/2 > left+over*s.unsure:
		id, how = l.LeftOf, coming
	case aside < -moves || -s.D+a.Box.Width/2 > right+over*s.unsure:
		id, how = l.RightOf, coming
	case a.Turn == scene.TurnLeft:
		id, how = l.LeftOf, hoping
	case a.Turn == scene.TurnRight:
		id, how = l.RightOf, hoping
	}
	if id == lane.None || l.Kind == lane.Junction {
		return to, keeping
	}
	along, d := p.m.Lane(id).Centre.Project(a.Box.Vec)
	return lane.Spot{Lane: id, S: along, D: d}, how
}

// aside gives how fast the actor moves to the left of the lane that a spot is on, m/s.
func (p *Predictor) aside(a *scene.Actor, s lane.Spot) float64 {
	return a.Speed * math.Sin(geom.Wrap(a.Box.Heading-p.m.Lane(s.Lane).Centre.At(s.S).Heading))
}

// follow adds the motions along the lanes from a spot on, one for each way to go at the next fork, at most three.
func (p *Predictor) follow(i int, a *scene.Actor, stood float64, s lane.Spot, how course) {
	const reach = 120.0
	want := min(max(math.Abs(a.Speed), 5)*float64(Steps)*Tick+20, reach)
	for branch := range 3 {
		m := p.add(a, stood)
		m.s, m.side, m.how = s.S, s.D, how
		m.slide = p.aside(a, s)
		forked := p.lanes(m, s, branch, want)
		if branch > 0 && !forked {
			p.motions = p.motions[:len(p.motions)-1]
			return
		}
		p.drive(i, m)
		if !forked {
			return
		}
	}
}

func (p *Predictor) add(a *scene.Actor, stood float64) *Motion {
	n := len(p.motions)
	if n < cap(p.motions) {
		p.motions = p.motions[:n+1]
	} else {
		p.motions = append(p.motions, Motion{})
	}
	m := &p.motions[n]
	m.Actor, m.Share, m.Stood, m.Always, m.Yields, m.Grow, m.count = a, 1, stood, false, false, 0, 0
	return m
}

// lanes notes the lanes of a motion, taking the branch-th way at its first fork. It tells whether there was such a way.
func (p *Predictor) lanes(m *Motion, s lane.Spot, branch int, want float64) bool {
	id, travel, forked := s.Lane, -s.S, false
	for m.count < hops {
		l := p.m.Lane(id)
		travel += l.Centre.Length()
		m.lanes[m.count], m.ends[m.count] = id, travel
		m.count++
		if travel > want {
			break
		}
		next := lane.None
		n := 0
		for _, k := range l.Next {
			if p.m.Lane(k).Kind > lane.Junction && p.m.Lane(k).Kind != lane.Cycle {
				continue
			}
			if next == lane.None || (!forked && n == branch) || (forked && p.bend(id, k) < p.bend(id, next)) {
				next = k
			}
			n++
		}
		if next == lane.None {
			break
		}
		if n > 1 && !forked {
			if branch >= n {
				return false
			}
			forked = true
		}
		id = next
	}
	return forked
}

// bend gives how much the way turns from the end of one lane to the end of the next.
func (p *Predictor) bend(from, to lane.ID) float64 {
	a, b := p.m.Lane(from).Centre, p.m.Lane(to).Centre
	return math.Abs(geom.Wrap(b.At(b.Length()).Heading - a.At(a.Length()).Heading))
}

// straight adds a motion that goes on as now: for those who keep to no lane.
func (p *Predictor) straight(a *scene.Actor, stood float64) {
	m := p.add(a, stood)
	if a.Vulnerable() {
		m.Grow = 0.15
	}
	u, speed := geom.Towards(a.Box.Heading), a.Speed
	if stood > 1 && !a.OnFoot() {
		speed = 0
	}
	for k := range m.Boxes {
		t := float64(k) * Tick
		m.Boxes[k] = geom.Pose{Vec: a.Box.Plus(u.Times(speed * t)), Heading: a.Box.Heading}
		m.Speed[k] = speed
	}
}
