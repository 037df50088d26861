package plan

import (
	"math"

	"hutong/drive/lane"
	"hutong/drive/plan/fit"
	"hutong/drive/predict"
	"hutong/drive/vehicle"
)

// most is the most proposals of one plan.
const most = 72

// Class is what sort of way a proposal is.
type Class uint8

// The classes.
const (
	Keep Class = iota
	Left
	Right
	Nudge
	Wait  // stop for someone who goes first
	Aside // to the edge of the road
	Halt
	Brake
)

// Proposal is one way to go.
type Proposal struct {
	Name    string
	Class   Class
	Score   float64
	Veto    string // why it is out of the question
	Control vehicle.Control
	States  [predict.Steps + 1]vehicle.State

	view     int
	shift    float64 // m to the left of the way
	fraction float64 // of the allowed speed
	stop     float64 // m along the way where the front stays; +Inf: nowhere
	why      kind    // of the stop
	about    uint32  // who the stop is for
	before   float64 // m along the way, where a nudge must be aside
	brake    float64 // m/s², negative: brake so, whatever comes
	hard     bool
	stretch  float64 // how long its bend is, against the usual
	bend     fit.Bend
	most     float64 // m/s, on its bend
	cause    cause
	s, d     [predict.Steps + 1]float64
	late     float64 // s until the first thing that mustn't be; +Inf
	progress float64
	lost     float64 // s behind who stands
	off      float64 // m off the carriageway
	askew    float64 // share of the time that it stands across a line
}

var fractions = [...]float64{1, 0.8, 0.6, 0.4, 0.2}

var keepNames = [3][5]string{
	{"keep 1.0", "keep 0.8", "keep 0.6", "keep 0.4", "keep 0.2"},
	{"left of lane 1.0", "left of lane 0.8", "left of lane 0.6", "left of lane 0.4", "left of lane 0.2"},
	{"right of lane 1.0", "right of lane 0.8", "right of lane 0.6", "right of lane 0.4", "right of lane 0.2"},
}

var changeNames = [2][3]string{{"left 1.0", "left 0.7", "left 0.4"}, {"right 1.0", "right 0.7", "right 0.4"}}

var briskNames = [2][3]string{
	{"left brisk 1.0", "left brisk 0.7", "left brisk 0.4"}, {"right brisk 1.0", "right brisk 0.7", "right brisk 0.4"},
}

// fan is the rest of the fan of polynomials: half as far aside, and speeds between.
var fan = [...]struct {
	name            string
	aside, fraction float64 // of the room to that side, to the left positive; of the allowed speed
}{
	{"keep 0.9", 0, 0.9},
	{"keep 0.7", 0, 0.7},
	{"keep 0.5", 0, 0.5},
	{"keep 0.3", 0, 0.3},
	{"half left 1.0", 0.5, 1},
	{"half left 0.7", 0.5, 0.7},
	{"half left 0.4", 0.5, 0.4},
	{"half left 0.2", 0.5, 0.2},
	{"half right 1.0", -0.5, 1},
	{"half right 0.7", -0.5, 0.7},
	{"half right 0.4", -0.5, 0.4},
	{"half right 0.2", -0.5, 0.2},
}

// finer are the changes of lanes that are tried only where one of the plain ones can be driven: at speeds between, and
// over a longer way.
var finer = [...]struct {
	left, right       string
	fraction, stretch float64
}{
	{"left 0.85", "right 0.85", 0.85, 1},
	{"left 0.55", "right 0.55", 0.55, 1},
	{"left brisk 0.85", "right brisk 0.85", 0.85, 0.7},
	{"left brisk 0.55", "right brisk 0.55", 0.55, 0.7},
	{"left gently 1.0", "right gently 1.0", 1, 1.4},
	{"left gently 0.85", "right gently 0.85", 0.85, 1.4},
	{"left gently 0.7", "right gently 0.7", 0.7, 1.4},
	{"left gently 0.55", "right gently 0.55", 0.55, 1.4},
	{"left gently 0.4", "right gently 0.4", 0.4, 1.4},
}

var waitNames = [...]string{"wait 1", "wait 2", "wait 3", "wait 4"}

// add adds a proposal and gives it, to be filled in; nil when there are enough.
func (p *Planner) add(name string, class Class, view int) *Proposal {
	n := len(p.proposals)
	if n == most {
		return nil
	}
	p.proposals = p.proposals[:n+1]
	q := &p.proposals[n]
	q.Name, q.Class, q.view, q.Score, q.Veto = name, class, view, 0, ""
	q.shift, q.fraction, q.stop, q.why, q.about, q.brake, q.hard = 0, 1, forever, free, 0, 0, false
	q.stretch = 1
	return q
}

// propose makes the proposals of this cycle.
func (p *Planner) propose() {
	own := &p.views[0]
	at := own.way.At(own.s + 10)
	room := p.spec.Width/2 + 0.25
	for side, shift := range [3]float64{0, min(1, at.Left-room), -min(1, at.Right-room)} {
		if side > 0 && shift*float64(3-2*side) < 0.2 {
			continue
		}
		for i, f := range fractions {
			if q := p.add(keepNames[side][i], Keep, 0); q != nil {
				q.shift, q.fraction = shift, f
			}
		}
	}
	for i := range fan {
		f := &fan[i]
		shift := max(0, min(1, at.Left-room)) * f.aside
		if f.aside < 0 {
			shift = max(0, min(1, at.Right-room)) * f.aside
		}
		if f.aside != 0 && math.Abs(shift) < 0.1 {
			continue
		}
		if q := p.add(f.name, Keep, 0); q != nil {
			q.shift, q.fraction = shift, f.fraction
		}
	}
	p.waits()
	p.nudges()
	p.aside()
	for i := 1; i < len(p.views); i++ {
		if !p.views[i].on {
			continue
		}
		names, brisk, class := &changeNames[0], &briskNames[0], Left
		if p.views[i].side < 0 {
			names, brisk, class = &changeNames[1], &briskNames[1], Right
		}
		for k, f := range [3]float64{1, 0.7, 0.4} {
			if q := p.add(names[k], class, i); q != nil {
				q.fraction = f
			}
			if q := p.add(brisk[k], class, i); q != nil {
				q.fraction, q.stretch = f, 0.7
			}
		}
	}
	for _, b := range [3]struct {
		name  string
		brake float64
		class Class
		hard  bool
	}{{"stop", -2, Halt, false}, {"stop firmly", -4, Halt, false}, {"emergency stop", -hardest, Brake, true}} {
		if q := p.add(b.name, b.class, 0); q != nil {
			q.brake, q.hard = b.brake, b.hard
		}
	}
}

// refine adds the finer changes of lanes beside those that can be driven, and tries them.
func (p *Planner) refine() {
	tried := len(p.proposals)
	var free [len(p.views)]bool
	for i := range p.proposals {
		q := &p.proposals[i]
		free[q.view] = free[q.view] || q.Veto == ""
	}
	for i := 1; i < len(p.views); i++ {
		if !free[i] {
			continue
		}
		for k := range finer {
			f := &finer[k]
			name, class := f.left, Left
			if p.views[i].side < 0 {
				name, class = f.right, Right
			}
			if q := p.add(name, class, i); q != nil {
				q.fraction, q.stretch = f.fraction, f.stretch
			}
		}
	}
	p.try(tried)
}

// waits proposes to stop before each place where someone else may go first.
func (p *Planner) waits() {
	own := &p.views[0]
	front := own.s + p.front
	n := 0
	var lines [len(waitNames)]float64
next:
	for i := range own.meetings {
		m := &own.meetings[i]
		if m.line < front-1 || n == len(lines) {
			continue
		}
		for _, l := range lines[:n] {
			if l-m.line < 1 && m.line-l < 1 {
				continue next
			}
		}
		lines[n] = m.line
		if q := p.add(waitNames[n], Wait, 0); q != nil {
			q.stop = m.line
			switch {
			case m.phantom:
				q.why = occlusion
			case m.motion.Actor.OnFoot():
				q.why, q.about = crossing, m.motion.Actor.ID
			default:
				q.why, q.about = yield, m.motion.Actor.ID
			}
		}
		n++
	}
}

// Leaves tells whether a proposal leaves the vehicle's own lane.
func (q *Proposal) Leaves() bool { return q.Class == Left || q.Class == Right || q.Class == Nudge }

// Cause says why a proposal goes as fast as it does: a code of the agent's reasons, whom and what it is about, and where
// along the vehicle's own way, m.
type Cause struct {
	Code   string
	Track  uint32
	Signal int32
	At     float64
}

// Cause gives what holds the proposal back.
func (q *Proposal) Cause() Cause {
	c := Cause{Code: codes[q.cause.kind], Track: q.cause.track, Signal: -1, At: q.cause.at}
	if q.cause.light {
		c.Signal = q.cause.signal
	}
	switch q.Class {
	case Left, Right:
		c.Code = "lane-change"
	case Nudge:
		c.Code, c.Track = "nudge", q.about
	case Aside:
		if c.Code = "pull-over"; q.about != 0 {
			c.Code, c.Track = "siren", q.about
		}
	case Halt, Brake:
		c.Code = "blocked"
	}
	return c
}

// Turn gives the next turn on the vehicle's own way, and how far it is, m; negative: none in sight.
func (p *Planner) Turn(m *lane.Map) (lane.Turn, float64) {
	own := &p.views[0]
	for i := range own.way.Legs {
		leg := &own.way.Legs[i]
		l := m.Lane(leg.Lane)
		if leg.End > own.s && l.Kind == lane.Junction && l.Turn != lane.Straight {
			return l.Turn, max(0, leg.Begin-own.s-p.front)
		}
	}
	return lane.Straight, -1
}
