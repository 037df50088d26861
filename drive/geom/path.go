package geom

import (
	"errors"
	"fmt"
	"math"
)

// Path is a line of points with the way along it measured: a lane's middle, a route. It has at least two points, no
// two in a row are the same, and it never changes after it is made.
type Path struct {
	points []Vec
	along  []float64 // the way from the start to each point
	facing []float64 // the direction of the way from each point but the last to the next
}

// NewPath makes a path of points, of which it keeps a copy without the repeated ones (nearer than 1 mm). It fails with
// fewer than two points left, or when a point is not finite.
func NewPath(points []Vec) (Path, error) {
	var p Path
	for i, v := range points {
		if !v.Finite() {
			return Path{}, fmt.Errorf("point %d of a line is not a finite number", i)
		}
		if n := len(p.points); n == 0 {
			p.points, p.along = append(p.points, v), append(p.along, 0)
		} else if step := p.points[n-1].To(v); step >= 1e-3 {
			p.points, p.along = append(p.points, v), append(p.along, p.along[n-1]+step)
		}
	}
	if len(p.points) < 2 {
		return Path{}, errors.New("a line needs two points that differ")
	}
	if !finite(p.Length()) {
		return Path{}, errors.New("a line longer than any number")
	}
	p.facing = make([]float64, len(p.points)-1)
	for i := range p.facing {
		p.facing[i] = p.points[i+1].Minus(p.points[i]).Angle()
	}
	return p, nil
}

// Length gives the way from the path's start to its end; 0 for the zero Path.
func (p Path) Length() float64 {
	if len(p.along) == 0 {
		return 0
	}
	return p.along[len(p.along)-1]
}

// Points gives the path's points, which the caller must not change.
func (p Path) Points() []Vec { return p.points }

// Along gives the way from the start to each point, which the caller must not change.
func (p Path) Along() []float64 { return p.along }

// Segment gives the index of the point at or before s, and how far between it and the next one s lies (0 to 1 on the
// path, beyond where s lies before the start or after the end).
func (p Path) Segment(s float64) (int, float64) {
	low, high := 0, len(p.along)-1
	for high-low > 1 { // s is after low, and at or before high or beyond the end
		if mid := (low + high) / 2; p.along[mid] < s {
			low = mid
		} else {
			high = mid
		}
	}
	return low, (s - p.along[low]) / (p.along[low+1] - p.along[low])
}

// At gives the pose s metres along the path. Before the start and after the end it goes straight on.
func (p Path) At(s float64) Pose {
	i, t := p.Segment(s)
	a, b := p.points[i], p.points[i+1]
	return Pose{Between(a, b, t), p.facing[i]}
}

// Project gives the place on the path nearest to v: s metres along it (0 to its length), and d metres to the left of it
// (negative: to the right).
func (p Path) Project(v Vec) (s, d float64) {
	return p.project(v, 0, len(p.points)-1)
}

// ProjectNear is Project, looking only where the path is within reach metres of the way near.
func (p Path) ProjectNear(v Vec, near, reach float64) (s, d float64) {
	from, _ := p.Segment(near - reach)
	to, _ := p.Segment(near + reach)
	return p.project(v, from, to+1)
}

func (p Path) project(v Vec, from, to int) (s, d float64) {
	best := math.Inf(1)
	for i := from; i < to; i++ {
		a, b := p.points[i], p.points[i+1]
		u, w := b.Minus(a), v.Minus(a)
		long := p.along[i+1] - p.along[i]
		t := min(max(w.Dot(u)/(long*long), 0), 1)
		off := w.Minus(u.Times(t))
		if far := off.Dot(off); far < best {
			best, s, d = far, p.along[i]+t*long, u.Cross(w)
		}
	}
	return s, math.Copysign(math.Sqrt(best), d)
}

// Nearest gives the place on the path nearest to v: s metres along it, the point there, and the unit vector along.
func (p Path) Nearest(v Vec) (s float64, on, along Vec) {
	best, at := math.Inf(1), 0
	for i := range len(p.points) - 1 {
		a := p.points[i]
		u, w := p.points[i+1].Minus(a), v.Minus(a)
		long := p.along[i+1] - p.along[i]
		t := min(max(w.Dot(u)/(long*long), 0), 1)
		off := w.Minus(u.Times(t))
		if far := off.Dot(off); far < best {
			best, at, s, on = far, i, p.along[i]+t*long, a.Plus(u.Times(t))
		}
	}
	return s, on, p.points[at+1].Minus(p.points[at]).Times(1 / (p.along[at+1] - p.along[at]))
}

// Curvature gives how sharply the path turns around s, in 1/m, to the left positive, measured over 2·reach metres.
func (p Path) Curvature(s, reach float64) float64 {
	a, b := p.At(max(s-reach, 0)), p.At(min(s+reach, p.Length()))
	way := min(s+reach, p.Length()) - max(s-reach, 0)
	if way < 1e-6 {
		return 0
	}
	return Wrap(b.Heading-a.Heading) / way
}
