package plan

import (
	"hutong/drive/lane"
	"hutong/drive/scene"
)

// What was decided about a light that turned amber.
const (
	undecided = iota
	stops
	runs
)

// bearable is the hardest braking for a light that turns amber, m/s²: who would need more goes on.
const bearable = 3.0

// halts finds where the vehicle must not go on.
func (p *Planner) halts(v *view) {
	v.halts = v.halts[:0]
	front, speed := v.s+p.front, p.task.View.Ego.Speed
	for i := range v.way.Legs {
		leg := &v.way.Legs[i]
		if leg.Begin < front-1.5 || i == 0 {
			continue
		}
		l := p.m.Lane(leg.Lane)
		if l.Signal >= 0 {
			p.light(v, l, leg.Begin, front, speed)
		}
	}
	if v.way.Closed {
		v.halts = append(v.halts, stop{at: v.way.Length() - 1, why: end, signal: -1})
	}
	if p.task.Field != nil {
		p.arrive(v, front)
	}
	if p.task.Stop {
		v.halts = append(v.halts, stop{at: front + speed*speed/(2*2.5), why: ordered, signal: -1})
	}
}

// light decides about one light: stop before it, or go on.
func (p *Planner) light(v *view, l *lane.Lane, line, front, speed float64) {
	colour := p.colours[l.Signal]
	room := line - front
	need := speed * speed / (2 * max(room-0.5, 0.1))
	run := &p.run[l.Signal]
	why := red
	switch colour {
	case scene.Red, scene.RedAmber:
		if room < -0.3 || *run == runs && need > 6 {
			return
		}
	case scene.Amber:
		if v.side == 0 && *run == undecided {
			*run = stops
			if need > bearable {
				*run = runs
			}
		}
		if *run == runs || room < 0 {
			return
		}
		why = amber
	default:
		if v.side == 0 {
			*run = undecided
		}
		return
	}
	v.halts = append(v.halts, stop{at: line - 0.5, why: why, signal: l.Signal})
}

// arrive puts a halt at the goal.
func (p *Planner) arrive(v *view, front float64) {
	g := p.task.Field.Goal
	for i := range v.way.Legs {
		leg := &v.way.Legs[i]
		at := leg.Begin + g.S - leg.Start + p.spec.Length/2
		if leg.Lane == g.Lane && g.S >= leg.Start-1 && leg.Begin+g.S-leg.Start <= leg.End+0.1 && at > front-2.5 {
			v.halts = append(v.halts, stop{at: at, why: goal, signal: -1})
			return
		}
	}
}

// clear tells whether nothing on the way must be stopped for before s.
func (v *view) clear(s float64) bool {
	for i := range v.halts {
		if v.halts[i].at < s {
			return false
		}
	}
	return true
}
