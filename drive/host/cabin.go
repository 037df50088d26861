package host

import (
	"math"
	"strconv"

	"hutong/drive"
	"hutong/drive/geom"
	"hutong/drive/scene"
	"hutong/drive/vehicle"
	"hutong/thing"
)

// framer draws what a vehicle sees and means to do as one line of JSON, at most about 2 kB: the nearest of whatever is
// too much.
type framer struct {
	near []int
}

// How much of each there is in a frame.
const (
	maxPlan       = 20
	maxObjects    = 24
	maxPaths      = 8
	maxPathPoints = 5
	maxLights     = 8
	maxCandidates = 8
)

var kinds = [...]string{
	scene.Car: "car", scene.Van: "van", scene.Truck: "truck", scene.Bus: "bus", scene.Motorcycle: "motorcycle", scene.Bicycle: "bicycle",
	scene.Pedestrian: "pedestrian", scene.Tram: "tram", scene.Obstacle: "obstacle", scene.Unknown: "unknown",
}

var colours = [...]string{
	scene.Dark: "dark", scene.Red: "red", scene.RedAmber: "red-amber", scene.Amber: "amber", scene.Green: "green",
	scene.GreenYield: "green", scene.Blinking: "blinking",
}

// Flags of an object in a frame.
const (
	flagBraking = 1 << iota
	flagLeft
	flagRight
	flagHazard
	flagSiren
	flagStale // it isn't seen just now
)

// draw makes the frame, which is the caller's.
func (f *framer) draw(c *car, t *scene.Truth, mode drive.Mode, reason drive.Reason) []byte {
	d, x, spec := &c.rider.Decision, c.rider.State, c.rider.Spec
	box := spec.Box(x)
	b := make([]byte, 0, 2048)
	b = number(append(b, `{"t":`...), t.Time, 1)
	b = append(b, `,"ego":[`...)
	for i, v := range [...]float64{box.X, box.Y} {
		b = number(comma(b, i), v, 2)
	}
	b = number(append(b, ','), box.Heading, 3)
	for _, v := range [...]float64{x.Speed, x.Accel, x.Steer, spec.Length, spec.Width} {
		b = number(append(b, ','), v, 2)
	}
	b = append(b, `],"mode":"`...)
	b = append(b, stateOf(mode)...)
	b = append(b, `","reason":{"code":`...)
	b = text(b, reason.Code)
	b = append(b, `,"words":`...)
	b = text(b, reason.Words)
	b = append(b, `,"subject":`...)
	b = strconv.AppendUint(b, uint64(reason.Subject), 10)
	b = append(b, `,"signal":`...)
	b = strconv.AppendInt(b, int64(reason.Signal), 10)
	b = append(b, `},"limit":`...)
	b = number(b, c.allowed(), 1)
	b = f.plan(append(b, `,"plan":[`...), d, spec)
	b = f.objects(append(b, `],"objects":[`...), c.rider.View.Actors, box.Vec)
	b = f.paths(append(b, `],"paths":[`...), d, c.rider.View.Actors)
	b = f.lights(append(b, `],"lights":[`...), c, box.Vec)
	b = append(b, `],"next":`...)
	if d.TurnIn >= 0 {
		b = append(append(append(b, `["`...), turns[d.Turn]...), `",`...)
		b = append(number(b, d.TurnIn, 0), ']')
	} else {
		b = append(b, "null"...)
	}
	b = append(b, `,"vetoed":`...)
	b = strconv.AppendInt(b, int64(d.Vetoed), 10)
	b = candidates(append(b, `,"candidates":[`...), d.Candidates)
	return append(b, "]}"...)
}

// allowed is how fast the vehicle may go here, m/s.
func (c *car) allowed() float64 {
	limit := c.rider.Spec.MaxSpeed
	if id := c.rider.Decision.Lane.Lane; id >= 0 && int(id) < len(c.h.m.Lanes) {
		limit = min(limit, c.h.m.Lane(id).Limit)
	}
	if m := c.rider.Orders.MaxSpeed; m > 0 {
		limit = min(limit, m)
	}
	return limit
}

func comma(b []byte, i int) []byte {
	if i > 0 {
		return append(b, ',')
	}
	return b
}

// number writes x with at most that many decimals; what isn't finite is 0.
func number(b []byte, x float64, decimals int) []byte {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return append(b, '0')
	}
	from := len(b)
	b = strconv.AppendFloat(b, x, 'f', decimals, 64)
	if decimals > 0 {
		for b[len(b)-1] == '0' {
			b = b[:len(b)-1]
		}
		if b[len(b)-1] == '.' {
			b = b[:len(b)-1]
		}
	}
	if string(b[from:]) == "-0" {
		return append(b[:from], '0')
	}
	return b
}

func text(b []byte, s string) []byte { return thing.String(s).AppendJSON(b) }

// plan writes where the vehicle's middle is to be.
func (f *framer) plan(b []byte, d *drive.Decision, spec *vehicle.Spec) []byte {
	step := max(1, (len(d.Plan)+maxPlan-1)/maxPlan)
	for i, n := 0, 0; i < len(d.Plan); i, n = i+step, n+1 {
		at := spec.Box(d.Plan[i])
		b = append(comma(b, n), '[')
		b = number(append(number(b, at.X, 1), ','), at.Y, 1)
		b = append(number(append(b, ','), d.Plan[i].Speed, 1), ']')
	}
	return b
}

// objects writes the nearest actors.
func (f *framer) objects(b []byte, actors []scene.Actor, at geom.Vec) []byte {
	f.near = nearest(f.near[:0], actors, at, maxObjects)
	for n, i := range f.near {
		a := &actors[i]
		b = append(comma(b, n), '[')
		b = strconv.AppendUint(b, uint64(a.ID), 10)
		b = append(append(append(b, `,"`...), kinds[a.Kind]...), '"')
		for _, v := range [...]float64{a.Box.X, a.Box.Y} {
			b = number(append(b, ','), v, 1)
		}
		b = number(append(b, ','), a.Box.Heading, 2)
		for _, v := range [...]float64{a.Speed, a.Box.Length, a.Box.Width} {
			b = number(append(b, ','), v, 1)
		}
		b = append(strconv.AppendInt(append(b, ','), int64(flags(a)), 10), ']')
	}
	return b
}

// nearest gives the indices of the n actors nearest to a place, nearest first.
func nearest(dst []int, actors []scene.Actor, at geom.Vec, n int) []int {
	for i := range actors {
		far := actors[i].Box.To(at)
		k := len(dst)
		if k < n {
			dst = append(dst, i)
		} else if far >= actors[dst[n-1]].Box.To(at) {
			continue
		} else {
			k = n - 1
		}
		for ; k > 0 && actors[dst[k-1]].Box.To(at) > far; k-- {
			dst[k] = dst[k-1]
		}
		dst[k] = i
	}
	return dst
}

func flags(a *scene.Actor) (n int) {
	for _, f := range [...]struct {
		is  bool
		bit int
	}{
		{a.Braking, flagBraking},
		{a.Turn == scene.TurnLeft, flagLeft},
		{a.Turn == scene.TurnRight, flagRight},
		{a.Turn == scene.Hazard, flagHazard},
		{a.Siren, flagSiren},
		{a.Age > 0.25, flagStale},
	} {
		if f.is {
			n |= f.bit
		}
	}
	return n
}

// paths writes where the nearest of the others that move are thought to go.
func (f *framer) paths(b []byte, d *drive.Decision, actors []scene.Actor) []byte {
	n := 0
	for _, i := range f.near {
		for k := range d.Paths {
			p := &d.Paths[k]
			if p.Track != actors[i].ID || len(p.Line) < 2 || p.Line[0].To(p.Line[len(p.Line)-1]) < 1 {
				continue
			}
			if n == maxPaths {
				return b
			}
			b = strconv.AppendUint(append(comma(b, n), '['), uint64(p.Track), 10)
			b = append(number(append(b, ','), p.Share, 2), ",["...)
			step := max(1, (len(p.Line)-1)/(maxPathPoints-1))
			for q, m := 0, 0; q < len(p.Line); q, m = q+step, m+1 {
				b = append(comma(b, m), '[')
				b = append(number(append(number(b, p.Line[q].X, 1), ','), p.Line[q].Y, 1), ']')
			}
			b = append(b, "]]"...)
			n++
		}
	}
	return b
}

// lights writes what the nearest lights show that are seen or heard.
func (f *framer) lights(b []byte, c *car, at geom.Vec) []byte {
	n := 0
	for reach := 30.0; reach <= 120 && n < maxLights; reach *= 2 { // nearer ones first, without sorting
		for i := range c.rider.View.Lights {
			l := &c.rider.View.Lights[i]
			far := c.h.m.Signals[l.Signal].At.To(at)
			if far > reach || reach > 30 && far <= reach/2 || n == maxLights {
				continue
			}
			b = strconv.AppendInt(append(comma(b, n), '['), int64(l.Signal), 10)
			b = append(append(append(b, `,"`...), colours[l.Colour]...), `",`...)
			b = append(number(b, max(l.Remaining, -1), 1), ']')
			n++
		}
	}
	return b
}

// candidates writes the chosen proposal, and then the best of the others.
func candidates(b []byte, list []drive.Candidate) []byte {
	n := 0
	for _, chosen := range [...]bool{true, false} {
		for i := range list {
			k := &list[i]
			if k.Chosen != chosen || n == maxCandidates {
				continue
			}
			b = text(append(comma(b, n), '['), k.Name)
			b = number(append(b, ','), k.Score, 2)
			b = append(text(append(b, ','), k.Veto), ']')
			n++
		}
	}
	return b
}
