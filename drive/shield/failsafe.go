package shield

import (
	"math"

	"hutong/drive/geom"
	"hutong/drive/vehicle"
)

// stored is the continuation of the plan released last.
type stored struct {
	line   path
	speeds []float64 // m/s, one each dt; none: there is nothing to drive out
	time   float64   // when it began, s
}

// store keeps a continuation along the line of a plan.
func (s *Shield) store(plan []vehicle.State, t *tube) {
	s.stored.line.set(plan, s.spec.Wheelbase)
	s.stored.time, s.stored.speeds = s.time, s.stored.speeds[:0]
	for i := range t.steps {
		s.stored.speeds = append(s.stored.speeds, t.steps[i].speed)
	}
}

// FailSafe gives what to do in the cycle last looked at when no plan is released: to stop along the line of the plan
// released last, as gently as keeps clear of everyone; or where a stop would be in the way of others, to drive that
// continuation out first. With nothing stored it stops in the bend it drives. The states are what comes of it, from now,
// 0.1 s apart, until the vehicle stands; they are good until the next call to the shield.
//
// Called every cycle it follows the same line until a plan is released again.
func (s *Shield) FailSafe() (vehicle.Control, []vehicle.State) {
	if !sound(s.ego) { // it doesn't even know where it is
		s.way = append(s.way[:0], s.ego)
		return vehicle.Control{Accel: -s.p.Hard, Hard: true}, s.way
	}
	if !s.nearLine() {
		s.way = append(s.way[:0], s.ego)
		s.stored.line.set(s.way, s.spec.Wheelbase)
		s.stored.speeds = s.stored.speeds[:0]
	}
	const out = 0 // not a brake: drives the stored continuation out
	best, least := s.p.Hard, math.Inf(1)
	for _, brake := range [...]float64{s.p.MinBrake / 2, s.p.MinBrake, s.p.Hard, out} {
		if brake == out && len(s.stored.speeds) == 0 {
			break
		}
		c := s.drive(brake, brake)
		v := s.weigh(false)
		switch {
		case v.Rule == None:
			return c, s.way
		case brake == s.p.MinBrake && s.weigh(true).Rule == None:
			best, least = brake, 0 // what the worst the others may do would break, what they do now keeps
		case brake != s.p.MinBrake/2 && v.Missing < least-leeway:
			best, least = brake, v.Missing
		}
	}
	later := best
	if best == s.p.MinBrake {
		later = s.p.Hard // if the worst does come
	}
	c := s.drive(best, later)
	s.weigh(false)
	return c, s.way
}

// weigh gives the worst that the fail-safe just driven lacks, and leaves in s.spare all that it does.
func (s *Shield) weigh(nominal bool) Verdict {
	s.give(&s.back)
	s.spare = s.lacks(s.spare, &s.back, nominal)
	return s.worst(s.spare)
}

// nearLine tells whether the vehicle is still about the line that is stored.
func (s *Shield) nearLine() bool {
	line := &s.stored.line
	if len(line.pose) == 0 {
		return false
	}
	way := line.project(s.ego.Vec)
	at := line.at(way)
	return at.To(s.ego.Vec) < 2 && math.Abs(geom.Wrap(at.Heading-s.ego.Heading)) < 0.6
}

// drive lets the vehicle's model stop along the stored line with the brake given, after the first cycle with another, 0: as
// stored; into s.way and s.back. It gives the first control of it.
func (s *Shield) drive(brake, later float64) (first vehicle.Control) {
	s.way = s.way[:0]
	s.back.clear()
	x, way := s.ego, 0.0
	begun := int(math.Round(clamp(s.time-s.stored.time, 0, beyond*dt) / dt))
	for i := range beyond {
		s.way = append(s.way, x)
		s.back.add(s.spec, x.Pose, way, x.Speed)
		c := vehicle.Control{Accel: -brake, Steer: s.pursue(&x), Hard: brake > s.p.MinBrake/2}
		if next := begun + i + 1; brake == 0 && next < len(s.stored.speeds) {
			c.Accel = (s.stored.speeds[next] - x.Speed) / dt
			c.Hard = c.Accel < -s.p.MinBrake
		} else if brake == 0 {
			c.Accel, c.Hard = -s.p.Hard, true
		}
		if i == 0 {
			first, brake = c, later
		}
		before := x.Vec
		for range 5 { // as finely as the vehicle itself follows
			x = s.spec.Step(x, c, dt/5)
		}
		if way += before.To(x.Vec); x.Speed == 0 && x.Vec == before {
			break
		}
	}
	return first
}

// pursue steers for a point of the stored line a little ahead.
func (s *Shield) pursue(x *vehicle.State) float64 {
	line := &s.stored.line
	reach := max(2.5, 0.5*x.Speed)
	to := x.Local(line.at(line.project(x.Vec) + reach).Vec)
	return math.Atan2(2*s.spec.Wheelbase*to.Y, to.X*to.X+to.Y*to.Y)
}
