package predict

import (
	"math"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
)

// How drivers are thought to drive: the Intelligent Driver Model with the values of a brisk one.
const (
	idmAccel   = 1.8 // m/s²
	idmBrake   = 2.5
	idmHeadway = 1.0  // s
	idmGap     = 2.0  // m
	sideways   = 3.0  // m/s² in bends
	stopping   = 3.5  // m/s²: who would have to brake harder for a light goes on
	hesitation = 0.35 // s before it has to, by which one who will give way has begun to brake
)

// lead is what a motion follows: somebody ahead, or a line to stop at.
type lead struct{ at, speed float64 } // m of travel to where the own middle would touch it; m/s

// drive fills in where the motion is at each tick.
func (p *Predictor) drive(i int, m *Motion) {
	a := m.Actor
	leads := [3]lead{p.leader(i, m), p.light(m), p.courtesy(m)}
	at, speed := 0.0, max(a.Speed, 0)
	accel := min(max(a.Accel, -6), 2)
	hop, on := 0, piece{}
	if m.Stood > 1 {
		speed, accel = 0, 0
	}
	heading := a.Box.Heading
	keeps := a.Vulnerable()
	held, ours := 0, p.ours(m)
	for k := range m.Boxes {
		for hop < m.count-1 && at > m.ends[hop] {
			hop, on = hop+1, piece{}
		}
		l := p.m.Lane(m.lanes[hop])
		s := at - m.ends[hop] + l.Centre.Length()
		middle := on.along(l, s)
		t := float64(k) * Tick
		if m.how == hoping && held == k && p.hinders(m, at-ours-p.ego().speed*t, speed) {
			held = k + 1
		}
		side := m.side
		if !keeps {
			side = side*max(settling[k-min(held, k)], 1-at/12) + m.slide*sliding[k] // who stands comes no nearer to the middle
		}
		m.Boxes[k] = geom.Pose{
			Vec:     geom.Vec{X: middle.X - side*on.ahead.Y, Y: middle.Y + side*on.ahead.X},
			Heading: on.heading + lag[k]*geom.Wrap(heading-on.heading),
		}
		if k == 0 {
			m.Boxes[0] = a.Box.Pose
		}
		m.Speed[k] = speed

		cap := min(max(l.Limit*1.1, min(a.Speed, l.Limit*1.4)), on.cap)
		want := p.wish(speed, cap, at, leads[:], t)
		if t < 1 { // nobody's foot moves at once
			want = accel + t*(want-accel)
		}
		if speed < 0.3 && m.Stood > 3 {
			want = min(want, 0) // it has stood for so long that it is thought to stay
		}
		next := max(0, speed+want*Tick)
		at += (speed + next) / 2 * Tick
		speed = next
	}
}

// beside is how much longer than the two of them is where one who would like to change lanes isn't yet past another, m.
const beside = 1.0

// How much of its offset and of its heading against the lane one still has at each tick, and how far it has got to the side
// by each metre per second with which it moved there: who changes lanes takes about 4 s, as one damped critically.
var settling, sliding, lag = func() (settling, sliding, lag [Steps + 1]float64) {
	for k := range lag {
		t := float64(k) * Tick
		settling[k], sliding[k], lag[k] = (1+t)*math.Exp(-t), t*math.Exp(-t), math.Exp(-t/0.5)
	}
	return settling, sliding, lag
}()

// ego is the vehicle itself.
func (p *Predictor) ego() *spot { return &p.spots[len(p.spots)-1] }

// hinders tells whether the vehicle is in the way of one who would like to change to its lane, when that is some metres ahead
// of it: beside, or behind and coming up.
func (p *Predictor) hinders(m *Motion, ahead, speed float64) bool {
	const mirror = 2.0 // s: who comes up within that is let pass
	x := p.ego()
	long := x.half + m.Actor.Box.Length/2 + beside
	return ahead > -long && ahead < long+mirror*max(0, x.speed-speed)
}

// ours gives how far the motion travels until it is beside the vehicle as it is now, m; +Inf where it doesn't come to its
// lane.
func (p *Predictor) ours(m *Motion) float64 {
	x := p.ego()
	for h := range m.count {
		if x.ok && m.lanes[h] == x.Lane {
			return m.ends[h] - p.m.Lane(x.Lane).Centre.Length() + x.S
		}
	}
	return math.Inf(1)
}

// piece is the straight piece of a lane's middle that a motion is on.
type piece struct {
	next    int // one more than its index; 0: none was looked up yet
	heading float64
	ahead   geom.Vec // the unit vector of the heading
	cap     float64  // m/s: how fast the bend after it is driven
}

// along gives the place s metres along a lane, no less than at the look before, and makes x the piece it is on.
func (x *piece) along(l *lane.Lane, s float64) geom.Vec {
	points, ways := l.Centre.Points(), l.Centre.Along()
	i := max(x.next-1, 0)
	for i < len(points)-2 && ways[i+1] < s {
		i++
	}
	if i+1 != x.next {
		x.turn(points, ways, i)
	}
	return geom.Between(points[i], points[i+1], (s-ways[i])/(ways[i+1]-ways[i]))
}

// turn makes x the piece with an index.
func (x *piece) turn(points []geom.Vec, ways []float64, i int) {
	u := points[i+1].Minus(points[i])
	long := ways[i+1] - ways[i]
	x.next, x.heading = i+1, u.Angle()
	x.ahead = geom.Towards(x.heading)
	bend := 0.0
	if i+2 < len(points) {
		v := points[i+2].Minus(points[i+1])
		next := ways[i+2] - ways[i+1]
		bend = v.Cross(u) / (next * long) / max((long+next)/2, 3)
	}
	x.cap = math.Sqrt(sideways / max(math.Abs(bend), 1e-4))
}

// wish is the acceleration of the Intelligent Driver Model.
func (p *Predictor) wish(speed, cap, at float64, leads []lead, t float64) float64 {
	r := speed / max(cap, 0.1)
	free := max(idmAccel*(1-r*r*r*r), -3)
	wish := free
	for _, l := range leads {
		if math.IsInf(l.at, 1) {
			continue
		}
		gap := max(l.at+l.speed*t-at, 0.1)
		s := idmGap + max(0, speed*idmHeadway+speed*(speed-l.speed)/(2*math.Sqrt(idmAccel*idmBrake)))
		wish = min(wish, free-idmAccel*(s/gap)*(s/gap))
	}
	return max(wish, -7)
}

// leader finds who drives ahead on the motion's lanes.
func (p *Predictor) leader(i int, m *Motion) lead {
	best := lead{at: math.Inf(1)}
	for j := range p.spots {
		o := &p.spots[j]
		if j == i || !o.ok {
			continue
		}
		for h := range m.count {
			if m.lanes[h] != o.Lane {
				continue
			}
			travel := m.ends[h] - p.m.Lane(o.Lane).Centre.Length() + o.S
			gap := travel - o.half - m.Actor.Box.Length/2
			if m.how == hoping && gap < beside {
				break
			}
			if travel > 0.5 && gap < best.at {
				best = lead{gap, max(o.speed, 0)}
			}
			break
		}
	}
	return best
}

// light finds the first light that the motion will stop at.
func (p *Predictor) light(m *Motion) lead {
	for h := 1; h < m.count; h++ {
		l := p.m.Lane(m.lanes[h])
		if l.Signal < 0 {
			continue
		}
		at := m.ends[h-1] - m.Actor.Box.Length/2
		switch p.colours[l.Signal] {
		case scene.Red, scene.RedAmber, scene.Amber:
			if v := m.Actor.Speed; at > 0 && v*v/(2*at) < stopping {
				m.Yields = true
				return lead{at: at + idmGap - 0.5}
			}
		}
	}
	return lead{at: math.Inf(1)}
}

// courtesy finds where the motion gives way to the vehicle itself: before the first place where it has to, if it can
// still stop there and doesn't come well before.
func (p *Predictor) courtesy(m *Motion) lead {
	a := m.Actor
	half := a.Box.Length / 2
	for h := range m.count {
		l := p.m.Lane(m.lanes[h])
		if l.Signal >= 0 && p.colours[l.Signal] == scene.Green || a.Siren {
			continue
		}
		begin := m.ends[h] - l.Centre.Length()
		for i := range l.Conflicts {
			c := &l.Conflicts[i]
			if !c.Yield {
				continue
			}
			at := begin + c.From - half
			claim := p.claimed(c.With)
			if claim == nil || at <= 0.5 {
				continue
			}
			speed := max(a.Speed, 0)
			room := at
			if !a.Braking && a.Accel > -0.5 {
				room -= hesitation * speed
			}
			if speed*speed > 2*room*stopping {
				continue // it can't stop any more, or would by now
			}
			if gone := (at + c.To - c.From + 2*half) / max(speed, 1.5); gone+1 < claim.In {
				continue // it is through before
			}
			m.Yields = true
			if line := begin - half; line > 0 && speed*speed/(2*line) < stopping {
				at = min(at, line)
			}
			return lead{at: at + idmGap - 0.5}
		}
	}
	return lead{at: math.Inf(1)}
}

func (p *Predictor) claimed(id lane.ID) *Claim {
	for i := range p.claims {
		if p.claims[i].Lane == id {
			return &p.claims[i]
		}
	}
	return nil
}
