package plan

import (
	"math"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/plan/pace"
	"hutong/drive/predict"
	"hutong/drive/scene"
)

// Motions are looked at from a way every second tick of the forecast.
const (
	stride = 2
	spans  = predict.Steps/stride + 1
	gap    = predict.Tick * stride // s between two spans
)

// span is where a motion's box lies on a way at one time: from lo to hi along it, from right to left across it.
type span struct {
	lo, hi, right, left float64
	speed               float64 // m/s along the way
	there               bool    // it lies beside the way at all
}

// other is one motion as seen from a way.
type other struct {
	motion *predict.Motion
	halted bool    // a halt is made for it
	berth  float64 // m to its side that it is passed with at least, while it drives
	at     [spans]span
}

// meeting is where somebody's motion crosses or joins the way.
type meeting struct {
	motion       *predict.Motion
	from, to     float64 // m along the way, where bodies could touch
	enter, leave float64 // s from now, when the other is there
	speed        float64 // the other's along the way, when it enters
	joins        bool    // it goes on along the way
	yield        bool    // the vehicle gives way to it
	line         float64 // m along the way, where the vehicle's front waits for it
	other        int     // index in the view's others
	phantom      bool    // nobody has been seen: it could come from where nothing is seen
}

// look sees all motions from the way.
func (v *view) look(motions []predict.Motion, body float64) {
	v.others, v.meetings = v.others[:0], v.meetings[:0]
	for i := range motions {
		m := &motions[i]
		n := len(v.others)
		if n < cap(v.others) {
			v.others = v.others[:n+1]
		} else {
			v.others = append(v.others, other{})
		}
		o := &v.others[n]
		o.motion, o.halted, o.berth = m, false, asideOf(m)
		if !v.span(o, body) {
			v.others = v.others[:n]
		}
	}
}

// asideOf gives how far aside somebody has to be passed: what the law asks for on two wheels.
func asideOf(m *predict.Motion) float64 {
	switch m.Actor.Kind {
	case scene.Bicycle:
		return 1.5
	case scene.Motorcycle:
		return 1
	}
	return 0
}

// span fills in where a motion is on the way. It tells whether it ever comes near.
func (v *view) span(o *other, body float64) bool {
	const beside = 12.0
	index, near := -1, false
	w := &v.way
	half := o.motion.Actor.Box.Length / 2
	wide := o.motion.Actor.Box.Width / 2
	length := w.Length()
	for k := range o.at {
		pose := &o.motion.Boxes[k*stride]
		x := &o.at[k]
		x.there = false
		var s, d float64
		s, d, index = w.project(pose.Vec, index)
		if math.Abs(d) > beside+half || s < -half || s > length+half {
			continue
		}
		sin, cos := math.Sincos(pose.Heading - w.Samples[index].Heading)
		grow := o.motion.Grow * float64(k) * gap
		along := math.Abs(half*cos) + math.Abs(wide*sin) + grow
		across := math.Abs(half*sin) + math.Abs(wide*cos) + grow
		*x = span{s - along, s + along, d - across, d + across, o.motion.Speed[k*stride] * cos, true}
		near = near || (x.right < body+1.5 && x.left > -body-1.5)
	}
	return near
}

// across tells whether the span reaches into the corridor of half width half around d.
func (x *span) across(d, half float64) bool {
	return x.there && x.right < d+half && x.left > d-half
}

// meet finds where motions cross or join the way. front is where the vehicle's front is now.
func (v *view) meet(m *lane.Map, half, rear, front float64, lights []scene.Colour) {
	for i := range v.others {
		o := &v.others[i]
		first := -1
		for k := range o.at {
			if o.at[k].across(0, half) {
				first = k
				break
			}
		}
		if first < 0 {
			continue
		}
		x := &o.at[first]
		turn := math.Abs(geom.Wrap(o.motion.Boxes[first*stride].Heading - v.way.At((x.lo+x.hi)/2).Heading))
		if turn < math.Pi/4 && (first == 0 || o.motion.ComesOver()) { // it is on the way, or will be: to be followed
			continue
		}
		if o.at[0].there && o.at[0].hi < rear && turn < math.Pi/4 && o.at[0].across(0, half+1) {
			continue // it comes from behind
		}
		meet := meeting{
			motion: o.motion, other: i, from: x.lo, to: x.hi, enter: float64(first) * gap, leave: float64(first) * gap,
			speed: x.speed, line: math.Inf(1),
		}
		for k := first; k < spans && o.at[k].across(0, half); k++ {
			y := &o.at[k]
			meet.from, meet.to = min(meet.from, y.lo), max(meet.to, y.hi)
			meet.leave = float64(k+1) * gap
			long := y.hi - y.lo
			if k > first+2 && long > 0 && y.speed > 0.85*o.motion.Speed[k*stride] && y.speed > 0.5 {
				meet.joins = true
				meet.to = min(meet.to, x.hi+5)
				break
			}
		}
		if meet.leave >= float64(spans)*gap {
			meet.leave = math.Inf(1)
		}
		if meet.to < rear || meet.from > v.way.Length() {
			continue
		}
		v.right(m, &meet, lights)
		if meet.yield && !o.motion.Yields {
			meet.enter = min(meet.enter, sooner(m, o.motion, first*stride))
		}
		v.wait(m, &meet, front)
		v.meetings = append(v.meetings, meet)
	}
}

// right says whether the vehicle gives way.
func (v *view) right(m *lane.Map, meet *meeting, lights []scene.Colour) {
	meet.yield = true
	if meet.motion.Actor.Siren {
		return
	}
	for i := range v.way.Legs {
		leg := &v.way.Legs[i]
		if leg.End < meet.from-10 || leg.Begin > meet.to+10 {
			continue
		}
		l := m.Lane(leg.Lane)
		for _, c := range l.Conflicts {
			for _, id := range meet.motion.Lanes() {
				if id == c.With {
					meet.yield = c.Yield && !(l.Signal >= 0 && lights[l.Signal] == scene.Green)
					return
				}
			}
		}
	}
}

// wait finds where to wait for a meeting: before the junction it lies in, else a little before it.
func (v *view) wait(m *lane.Map, meet *meeting, front float64) {
	i := v.way.leg(max(meet.from, 0))
	line := meet.from - 1.5
	if m.Lane(v.way.Legs[i].Lane).Kind == lane.Junction {
		for i > 0 && m.Lane(v.way.Legs[i-1].Lane).Kind == lane.Junction {
			i--
		}
		line = min(v.way.Legs[i].Begin-0.7, line)
	}
	if line < front-0.5 { // past the line: before the place itself
		line = meet.from - 1.5
	}
	meet.line = line
}

// sooner gives when a motion could be where it is thought to be at a step at the earliest, s from now: one who is given
// way to may be faster than thought.
func sooner(m *lane.Map, motion *predict.Motion, step int) float64 {
	if motion.Actor.OnFoot() || motion.Stood > 3 {
		return forever
	}
	way := 0.0
	for k := range step {
		way += motion.Boxes[k].To(motion.Boxes[k+1].Vec)
	}
	speed := max(motion.Actor.Speed, 0)
	limit := 1.1 * speed
	for _, id := range motion.Lanes() {
		limit = max(limit, 1.1*m.Lane(id).Limit)
		break
	}
	return pace.Soonest(way, speed, limit)
}
