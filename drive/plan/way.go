package plan

import (
	"math"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/plan/fit"
	"hutong/drive/vehicle"
)

// Pace is the way between two samples of a Way, m.
const Pace = 0.5

const (
	behind  = 12.0 // m of a Way behind the vehicle
	ahead   = 175.0
	samples = 4 + int((behind+ahead)/Pace)
	lateral = 2.0 // m/s² to the side, in what the vehicle does of its own choice,
	bending = 3.0 // and where the lane bends
	// slowing is what an even drive brakes with for a bend or a lower limit, m/s².
	slowing = 2.5
	swift   = 0.6 // rad/s that the body turns at most: in the sharpest bends the wheels need time to be where they should
)

// Leg is a stretch of a Way that lies on one lane.
type Leg struct {
	Lane       lane.ID
	Begin, End float64 // m along the way
	Start      float64 // m along the lane where the leg begins
}

// Sample is one place of a Way: where the rear axle goes when the vehicle keeps to it.
type Sample struct {
	geom.Pose
	Curve       float64 // 1/m, to the left positive
	Cap         float64 // m/s: what the lane's limit, the bend and what comes after it allow
	Left, Right float64 // m to the edges of its lane
	// FarLeft and FarRight reach to the edges of the carriageway in this direction.
	FarLeft, FarRight float64

	along geom.Vec   // the unit vector of the heading
	aside float64    // m of what lies beside its lane that a bend may take
	spill [2]float64 // m by which the body leaves the carriageway here to the left and to the right, on the line itself
}

// Way is a line to follow: the lanes that lead from a spot towards the goal without a change of lanes, evened out, with
// what limits the speed on it.
type Way struct {
	Legs    []Leg
	Samples []Sample
	Closed  bool // it ends before its full length: there is no lane to go on to

	raw, middle []geom.Vec
	rooms       []fit.Room
	fit         fit.Fitter
}

// Length gives how long the way is, m.
func (w *Way) Length() float64 { return float64(max(len(w.Samples)-1, 0)) * Pace }

// make lays the way from a spot on, along the lanes that the field thinks best. back is the lane the vehicle came from.
func (w *Way) make(m *lane.Map, f *lane.Field, from lane.Spot, back lane.ID, spec *vehicle.Spec, most float64) {
	w.Legs, w.Samples, w.raw, w.Closed = w.Legs[:0], w.Samples[:0], w.raw[:0], false
	first, s := m.Lane(from.Lane), from.S-behind
	if s < 0 && s < -2*Pace {
		if p := before(m, first, back); p != lane.None {
			l := m.Lane(p)
			w.add(m, p, max(0, l.Centre.Length()+s), l.Centre.Length())
		}
	}
	s = max(s, 0)
	want := float64(samples-2) * Pace
	for id := from.Lane; ; s = 0 {
		l := m.Lane(id)
		w.add(m, id, s, min(l.Centre.Length(), s+want-w.reach()))
		if w.reach() >= want-Pace {
			break
		}
		if id = onward(m, f, id); id == lane.None || len(w.Legs) > 200 {
			w.Closed = true
			break
		}
	}
	w.finish(m, spec, most)
}

func (w *Way) reach() float64 {
	if len(w.Legs) == 0 {
		return 0
	}
	return w.Legs[len(w.Legs)-1].End
}

// before gives the lane that a vehicle on l came from.
func before(m *lane.Map, l *lane.Lane, back lane.ID) lane.ID {
	best, least := lane.None, math.Inf(1)
	for _, p := range l.Prev {
		if p == back {
			return p
		}
		c := m.Lane(p).Centre
		if turn := math.Abs(geom.Wrap(c.At(c.Length()).Heading - l.Centre.At(0).Heading)); turn < least {
			best, least = p, turn
		}
	}
	return best
}

// onward gives the lane to go to at the end of a lane: the field's choice, or the straightest without one.
func onward(m *lane.Map, f *lane.Field, id lane.ID) lane.ID {
	if f != nil {
		if n := f.Next(id); n != lane.None {
			return n
		}
	}
	l := m.Lane(id)
	end := l.Centre.At(l.Centre.Length()).Heading
	best, least := lane.None, math.Inf(1)
	for _, n := range l.Next {
		next := m.Lane(n)
		if next.Users&user == 0 {
			continue
		}
		if turn := math.Abs(geom.Wrap(next.Centre.At(next.Centre.Length()).Heading - end)); turn < least {
			best, least = n, turn
		}
	}
	return best
}

// user is who the vehicle is to the map.
const user = lane.Cars | lane.Taxis

// add goes along a lane from s to end, and notes a point at every Pace of the way.
func (w *Way) add(m *lane.Map, id lane.ID, s, end float64) {
	begin := w.reach()
	if end <= s {
		return
	}
	w.Legs = append(w.Legs, Leg{Lane: id, Begin: begin, End: begin + end - s, Start: s})
	c := m.Lane(id).Centre
	points, along := c.Points(), c.Along()
	i, _ := c.Segment(s)
	for len(w.raw) < samples {
		at := float64(len(w.raw))*Pace - begin + s
		if at > end {
			return
		}
		for i < len(along)-2 && along[i+1] < at {
			i++
		}
		w.raw = append(w.raw, geom.Between(points[i], points[i+1], (at-along[i])/(along[i+1]-along[i])))
	}
}

// finish evens the line out, as far as its kinks are sharper than wheels turn, moves it so that the whole body stays in the
// lane, and works out speeds.
func (w *Way) finish(m *lane.Map, spec *vehicle.Spec, most float64) {
	w.Samples = w.Samples[:len(w.raw)]
	w.middle = append(w.middle[:0], w.raw...)
	w.fit.Even(w.raw)
	w.fit.Even(w.raw)
	w.turns()
	w.edges(m)
	w.rooms = w.rooms[:0]
	for i := range w.Samples {
		x := &w.Samples[i]
		w.rooms = append(w.rooms, fit.Room{Left: min(x.FarLeft, x.Left+x.aside) - spare, Right: min(x.FarRight, x.Right+x.aside) - spare})
	}
	w.middle = append(w.middle[:0], w.raw...)
	w.fit.Fit(w.raw, w.rooms, Pace, fit.Body{
		Reach: spec.Length - spec.RearOverhang, Half: spec.Width / 2, Sharpest: sharpest * math.Tan(spec.MaxSteer) / spec.Wheelbase,
	})
	w.turns()
	w.shift()
	w.spills(spec)
	w.speeds(m, spec, min(most, spec.MaxSpeed))
}

// spills notes where the line itself, as the best there is, doesn't keep the body on the carriageway.
func (w *Way) spills(spec *vehicle.Spec) {
	for i := range w.Samples {
		x := &w.Samples[i]
		left, right := w.out(x.Pose, float64(i)*Pace, 0, spec)
		x.spill = [2]float64{max(left, 0), max(right, 0)}
	}
}

// out gives by how much a body leaves the carriageway to the left and to the right, m, negative where it doesn't. Its rear
// axle is at a pose, which lies s metres along the way and d to its left.
func (w *Way) out(x geom.Pose, s, d float64, spec *vehicle.Spec) (left, right float64) {
	front, half := spec.Length-spec.RearOverhang, spec.Width/2
	sf, df, _ := w.project(x.Ahead(front, 0), int((s+front)/Pace))
	at, nose := w.At(s), w.At(sf)
	return max(d-at.FarLeft, df-nose.FarLeft) + half, max(-d-at.FarRight, -df-nose.FarRight) + half
}

// sharpest is the share of what the wheels can turn that a line asks of them.
const sharpest = 0.95

// beside is how much of the next lane the body may take before and after a bend, m: who is there counts on the rest.
const beside = 0.2

// spare is what a line leaves free beside the body, m.
const spare = 0.05

// shift makes the edges, measured from the lane's middle, those from the line.
func (w *Way) shift() {
	for i := range w.Samples {
		x := &w.Samples[i]
		off := x.along.Cross(w.middle[i].Minus(x.Vec))
		x.Left, x.Right, x.FarLeft, x.FarRight = x.Left+off, x.Right-off, x.FarLeft+off, x.FarRight-off
	}
}

// turns works out where each sample is, its direction and how the line bends there.
func (w *Way) turns() {
	n := len(w.raw)
	for i := range w.Samples {
		a, b := w.raw[max(i-1, 0)], w.raw[min(i+1, n-1)]
		x := &w.Samples[i]
		x.Vec, x.Heading = w.raw[i], b.Minus(a).Angle()
		x.along = geom.Towards(x.Heading)
	}
	for i := range w.Samples {
		a, b := max(i-2, 0), min(i+2, n-1)
		long := 0.0
		for k := a; k < b; k++ {
			long += w.raw[k].To(w.raw[k+1])
		}
		w.Samples[i].Curve = 0
		if long > 0.1 {
			w.Samples[i].Curve = geom.Wrap(w.Samples[b].Heading-w.Samples[a].Heading) / long
		}
	}
}

// edges notes how far the lane and the carriageway reach to both sides.
func (w *Way) edges(m *lane.Map) {
	i := 0
	for _, leg := range w.Legs {
		l := m.Lane(leg.Lane)
		for ; i < len(w.Samples) && float64(i)*Pace <= leg.End; i++ {
			s := float64(i)*Pace - leg.Begin + leg.Start
			x := &w.Samples[i]
			left, right := l.Widths(s)
			off := x.along.Cross(w.middle[i].Minus(x.Vec)) // the lane's middle, from the line evened out
			x.Left, x.Right = left+off, right-off
			x.FarLeft, x.FarRight = x.Left, x.Right
			x.aside = beside
			if l.Kind == lane.Junction { // its ways cross, so its floor is wider than one of them
				x.FarLeft, x.FarRight = floor(m, x.Pose, x.Left, 1), floor(m, x.Pose, x.Right, -1)
				x.aside = forever
				continue
			}
			share := s / l.Centre.Length()
			x.FarLeft += m.Beside(l.LeftOf, share, true)
			x.FarRight += m.Beside(l.RightOf, share, false)
		}
	}
	for ; i > 0 && i < len(w.Samples); i++ {
		last := w.Samples[i-1]
		x := &w.Samples[i]
		x.Left, x.Right, x.FarLeft, x.FarRight = last.Left, last.Right, last.FarLeft, last.FarRight
	}
}

// floor gives how far the road reaches to one side within a junction, from d metres on, at most 3 m farther.
func floor(m *lane.Map, at geom.Pose, d, side float64) float64 {
	const step = 0.3
	for most := d + 3; d < most && m.On(at.Ahead(0, side*(d+step)), ^(lane.People|lane.Rails), 0.05); {
		d += step
	}
	return d
}

// turning gives how fast a sample may be driven over so that the wheels are turned in time.
func (w *Way) turning(i int, spec *vehicle.Spec) float64 {
	const share, slowest = 0.75, 1.5 // of the steering rate there is; m/s
	a, b := max(i-2, 0), min(i+2, len(w.Samples)-1)
	steer := math.Atan(spec.Wheelbase*w.Samples[b].Curve) - math.Atan(spec.Wheelbase*w.Samples[a].Curve)
	return max(slowest, share*spec.MaxSteerRate*float64(b-a)*Pace/max(math.Abs(steer), 1e-4))
}

// speeds works out, from the far end on, how fast each place may be driven through.
func (w *Way) speeds(m *lane.Map, spec *vehicle.Spec, most float64) {
	i := 0
	for _, leg := range w.Legs {
		limit := min(m.Lane(leg.Lane).Limit, most)
		for ; i < len(w.Samples) && float64(i)*Pace <= leg.End; i++ {
			sharp := max(math.Abs(w.Samples[i].Curve), 1e-4)
			w.Samples[i].Cap = min(limit, math.Sqrt(bending/sharp), swift/sharp, w.turning(i, spec))
		}
	}
	for ; i > 0 && i < len(w.Samples); i++ {
		w.Samples[i].Cap = w.Samples[i-1].Cap
	}
	for i := len(w.Samples) - 2; i >= 0; i-- {
		next := w.Samples[i+1].Cap
		w.Samples[i].Cap = min(w.Samples[i].Cap, math.Sqrt(next*next+2*slowing*Pace))
	}
}

// At gives the sample s metres along the way, between two that are kept.
func (w *Way) At(s float64) Sample {
	at := s / Pace
	i := min(max(int(at), 0), len(w.Samples)-2)
	f := at - float64(i)
	a, b := &w.Samples[i], &w.Samples[i+1]
	in := min(max(f, 0), 1) // beyond the ends the line goes straight on, but nothing else grows
	return Sample{
		Pose:  geom.Pose{Vec: geom.Between(a.Vec, b.Vec, f), Heading: a.Heading + in*geom.Wrap(b.Heading-a.Heading)},
		Curve: a.Curve + in*(b.Curve-a.Curve), Cap: a.Cap + in*(b.Cap-a.Cap),
		Left: a.Left, Right: a.Right, FarLeft: a.FarLeft, FarRight: a.FarRight,
		spill: [2]float64{max(a.spill[0], b.spill[0]), max(a.spill[1], b.spill[1])},
	}
}

// bend gives how the way bends s metres along it, and its heading there.
func (w *Way) bend(s float64) (curve, heading float64) {
	at := s / Pace
	i := min(max(int(at), 0), len(w.Samples)-2)
	in := min(max(at-float64(i), 0), 1)
	a, b := &w.Samples[i], &w.Samples[i+1]
	return a.Curve + in*(b.Curve-a.Curve), a.Heading + in*geom.Wrap(b.Heading-a.Heading)
}

// cap gives how fast the way may be driven s metres along it, m/s.
func (w *Way) cap(s float64) float64 {
	at := s / Pace
	i := min(max(int(at), 0), len(w.Samples)-2)
	f := min(max(at-float64(i), 0), 1)
	return w.Samples[i].Cap + f*(w.Samples[i+1].Cap-w.Samples[i].Cap)
}

// nearest gives the index of the sample nearest to v, looked for from the index near on downhill; -1 looks everywhere.
func (w *Way) nearest(v geom.Vec, near int) int {
	n := len(w.Samples)
	if near < 0 {
		best := math.Inf(1)
		for i := 0; i < n; i += 6 {
			if d := v.Minus(w.Samples[i].Vec); d.Dot(d) < best {
				best, near = d.Dot(d), i
			}
		}
	}
	near = min(max(near, 0), n-1)
	far := func(i int) float64 { d := v.Minus(w.Samples[i].Vec); return d.Dot(d) }
	here := far(near)
	for near+1 < n {
		next := far(near + 1)
		if next >= here {
			break
		}
		here, near = next, near+1
	}
	for near > 0 {
		next := far(near - 1)
		if next >= here {
			break
		}
		here, near = next, near-1
	}
	return near
}

// project gives where v lies on the way: s along it and d to its left, looked for from the index near on (-1:
// everywhere), and the index to begin with next time.
func (w *Way) project(v geom.Vec, near int) (s, d float64, index int) {
	i := w.nearest(v, near)
	at := &w.Samples[i]
	off := v.Minus(at.Vec)
	l := geom.Vec{X: off.Dot(at.along), Y: at.along.Cross(off)}
	along := l.X
	if bend := 1 - at.Curve*l.Y; bend > 0.2 {
		along /= bend
	}
	if i > 0 && i < len(w.Samples)-1 {
		along = min(max(along, -Pace), Pace)
	}
	return float64(i)*Pace + along, l.Y, i
}

// leg gives the index of the leg that s lies on.
func (w *Way) leg(s float64) int {
	for i := range w.Legs {
		if s < w.Legs[i].End {
			return i
		}
	}
	return len(w.Legs) - 1
}

// has tells whether the lane is that at s.
func (w *Way) has(id lane.ID, s float64) bool { return w.Legs[w.leg(s)].Lane == id }

// spot gives the spot of the map at s along the way and d to its left.
func (w *Way) spot(s, d float64) lane.Spot {
	leg := &w.Legs[w.leg(s)]
	return lane.Spot{Lane: leg.Lane, S: s - leg.Begin + leg.Start, D: d}
}
