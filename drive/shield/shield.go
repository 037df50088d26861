// Package shield is the part of a vehicle that can say no. It knows nothing of how a plan came about: it looks at what
// is around, at the plan, and at what the others may do within reason, and releases the plan only where, after its first
// cycle, a stop is still possible that hits nobody. It keeps that stop in store; when no plan comes, or none is
// released, the vehicle drives it.
//
// Its rules are those of Responsibility-Sensitive Safety (arXiv 1708.06374) with assumptions named as in IEEE 2846-2022
// ([Params]). They are about blame, not about fear: it is the follower who keeps the distance, oncoming traffic keeps
// to its lane, and who has to give way does so while it still can.
package shield

import (
	"math"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
	"hutong/drive/vehicle"
)

// Rule is what a plan broke.
type Rule uint8

// The rules.
const (
	None      Rule = iota
	Broken         // the plan is no plan: empty, not finite, or not from where the vehicle is
	Following      // the distance to one ahead in the same lane
	Oncoming       // the distance to one who comes the other way
	Beside         // the distance to one at the side
	CuttingIn      // the distance that one behind needs, into whose lane the plan goes
	Crossing       // the way of one who crosses or joins and doesn't give way
	OnFoot         // where somebody on foot may be
	Standing       // something that stands in the way
	Sight          // farther than the sensors see
)

// String gives the rule's name for logs and screens.
func (r Rule) String() string {
	return [...]string{
		"none", "broken plan", "following distance", "oncoming", "beside", "cutting in", "crossing", "on foot",
		"standing", "sight",
	}[r]
}

// Verdict is what the shield says about a plan.
type Verdict struct {
	Released bool
	Rule     Rule    // the one broken worst; None where none is. A released plan may break one that no response could keep.
	Track    uint32  // about whom; 0: nobody
	Missing  float64 // m, by how much
	At       float64 // s from now, when
}

// Shield judges the plans of one vehicle. It belongs to one goroutine. Once it has seen the busiest scene it doesn't
// allocate any more.
type Shield struct {
	m      *lane.Map
	bounds []bounds // of each of its lanes
	spec   *vehicle.Spec
	p      Params

	time    float64
	ego     vehicle.State
	sight   float64
	lights  []scene.Colour // of each signal of the map
	others  []other
	entries []entry
	near    []lane.ID

	line        path
	drawn       tube      // the plan, driven out
	tube, back  tube      // a continuation of it, and the fail-safe
	own         []lane.ID // the lanes of the continuation
	inside      bool      // it begins in a junction
	lack, spare []lack    // what they lack towards each of the others
	spared      bool      // spare is of this cycle

	stored stored
	way    []vehicle.State // of the fail-safe, as given away
}

// New makes a shield for a vehicle on a map. The map may be nil: then everyone is taken to go straight on. It fails on
// parameters that can't be.
func New(m *lane.Map, spec *vehicle.Spec, p Params) (*Shield, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	p.Hard = min(p.Hard, spec.MaxBrake)
	p.MinBrake = min(p.MinBrake, p.Hard)
	s := &Shield{m: m, spec: spec, p: p}
	if m != nil {
		s.bounds = boundsOf(m)
		s.lights = make([]scene.Colour, len(m.Signals))
	}
	return s, nil
}

// Look takes in what is around, once a cycle, before the plans of that cycle are judged. It keeps nothing of v.
func (s *Shield) Look(v *scene.View) {
	s.time, s.ego, s.sight = v.Time, v.Ego, clamp(v.Range, 0, 1e6)
	clear(s.lights)
	for _, l := range v.Lights {
		if l.Signal >= 0 && int(l.Signal) < len(s.lights) {
			s.lights[l.Signal] = l.Colour
		}
	}
	s.others, s.entries, s.spared = s.others[:0], s.entries[:0], false
	late := clamp(v.Time-v.Taken, 0, 1)
	for i := range v.Actors {
		if o, ok := s.sane(&v.Actors[i], late); ok {
			s.others = append(s.others, o)
			s.place(int32(len(s.others) - 1))
		}
	}
	s.hidden(v)
}

// holds are for how many states of a plan beyond the delay its continuation may go on before it brakes: none, or where
// one is in the way of others, until it is through.
var holds = [...]int{0, 5, 10, 15, 20, 30, beyond / 2}

// leeway is how much more than the fail-safe a plan may lack, m, where that lacks anything.
const leeway = 0.02

// Judge says whether a plan may be driven: the states it means to pass, 0.1 s apart, the first now. It is released when a
// continuation of it (braking to a stop along its line after its first cycle, or when it is through) keeps clear of
// wherever the others may come, and when it keeps the distances of RSS or does what mends them. Where the fail-safe
// doesn't keep clear either, the plan is released when it lacks no more. A plan to stand is always released.
//
// The continuation of the plan released last is what FailSafe drives.
func (s *Shield) Judge(plan []vehicle.State) Verdict {
	if !s.possible(plan) {
		return Verdict{Rule: Broken}
	}
	plan = plan[:min(len(plan), beyond)]
	s.line.set(plan, s.spec.Wheelbase)
	s.drawn.build(s.spec, &s.line, plan, len(plan), s.p.Hard, s.p.HardJerk)
	if s.drawn.length() < 0.05 {
		s.store(plan, &s.drawn)
		return Verdict{Released: true}
	}
	s.give(&s.drawn)
	v := s.clear(plan)
	if !v.Released {
		return v
	}
	if l, track := s.keeps(plan); l.missing > 0 {
		return Verdict{Rule: l.rule, Track: track, Missing: l.missing, At: l.at}
	}
	if stop := plan[1].Speed*dt + stopping(plan[1].Speed, s.p.MinBrake); !(stop <= s.sight) && !s.brakes(plan) {
		return Verdict{Rule: Sight, Missing: stop - s.sight}
	}
	s.store(plan, &s.tube)
	return v
}

// clear looks for a continuation of the plan that keeps clear of everyone, or lacks no more than the best response.
func (s *Shield) clear(plan []vehicle.State) Verdict {
	var first Verdict
	delay := int(math.Ceil(s.p.Delay/dt - 1e-9))
	for n, k := range holds {
		k += delay
		if n > 0 && k >= len(plan) && delay+holds[n-1] >= len(plan)-1 {
			break
		}
		s.tube.build(s.spec, &s.line, plan, k, s.p.Hard, s.p.HardJerk)
		s.lack = s.lacks(s.lack, &s.tube, false)
		v := s.worst(s.lack)
		if v.Rule == None {
			v.Released = true
			return v
		}
		if n == 0 {
			first = v
		}
		if s.noWorse() {
			v.Released = true
			return v
		}
	}
	return first
}

// noWorse tells whether the tube lacks towards nobody more than what would be driven instead does.
func (s *Shield) noWorse() bool {
	if !s.spared {
		s.FailSafe() // fills in s.spare
		s.spared = true
		s.give(&s.drawn)
	}
	for i := range s.lack {
		if spare := s.spare[i].missing; s.lack[i].missing > spare+min(leeway, spare/20) {
			return false
		}
	}
	return true
}

// worst gives the verdict of the one towards whom most is lacking; its rule is None where nothing is.
func (s *Shield) worst(lacks []lack) (v Verdict) {
	for i := range lacks {
		if l := &lacks[i]; l.missing > v.Missing {
			v = Verdict{Rule: l.rule, Track: s.others[i].track, Missing: l.missing, At: l.at}
		}
	}
	return v
}

// possible tells whether a plan begins where the vehicle is and goes on without leaps.
func (s *Shield) possible(plan []vehicle.State) bool {
	if len(plan) < 2 || !(s.ego.To(plan[0].Vec) <= 1) || !(math.Abs(plan[0].Speed-s.ego.Speed) <= 1.5) ||
		!(math.Abs(geom.Wrap(plan[0].Heading-s.ego.Heading)) <= 0.3) {
		return false
	}
	for i, x := range plan {
		if !sound(x) || i > 0 && plan[i-1].To(x.Vec) > dt*max(x.Speed, plan[i-1].Speed)+0.2 {
			return false
		}
	}
	return true
}

// sound tells whether a state is one a vehicle can be in.
func sound(x vehicle.State) bool {
	return placed(x.Pose) && math.Abs(x.Accel)+math.Abs(x.Steer) < 100 && x.Speed >= 0 && x.Speed < maxSpeed
}
