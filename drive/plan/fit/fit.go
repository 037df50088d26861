// Package fit lays the line of a vehicle's rear axle so that the whole body keeps to the middle of its lane.
package fit

import (
	"math"

	"hutong/drive/geom"
)

// weighBend is what the square of a second difference between samples weighs, against that of a metre off the middle.
const weighBend = 60.0

// Fitter lays the rear axle's line so that the whole body keeps to the lane's middle: in a bend the front swings out by
// about as much as the rear axle cuts in. It minimises the sum of squares of the rear axle's and the front's distance
// from the middle and of the line's bends; with the offsets as unknowns that is a system of five diagonals.
type Fitter struct {
	pace   float64
	normal []geom.Vec
	// The weights of bends, of the rear axle's distance and of the front's.
	bend, rear, nose []float64
	d0, d1, d2, r    []float64 // the diagonals from the main one up, and the right hand side
}

// Fit moves the points, pace metres apart, to where the rear axle should go; reach is from the rear axle to the front, m,
// and sharpest the bend that the vehicle can drive, 1/m. Where the lanes turn sharper, the line swings out.
func (f *Fitter) Fit(points []geom.Vec, room []Room, pace, reach, sharpest float64) {
	n := len(points)
	if f.pace = pace; n < 5 {
		return
	}
	f.reset(n)
	for i := range points {
		u := points[min(i+1, n-1)].Minus(points[max(i-1, 0)])
		f.normal[i] = u.Left().Times(1 / max(u.Length(), 1e-6))
		f.bend[i], f.rear[i], f.nose[i] = weighBend, 1, 1
	}
	for range rounds {
		f.once(points, reach)
		if !f.mend(points, room, reach, sharpest) {
			break
		}
	}
	for i := range points {
		points[i] = points[i].Plus(f.normal[i].Times(f.r[i]))
	}
}

// Room is how far the middle of the body may be from the middle of the lane, m.
type Room struct{ Left, Right float64 }

// beyond gives by how much d is out of the room.
func (r Room) beyond(d float64) float64 { return max(d-r.Left, -d-r.Right, 0) }

// rounds is how often what came out too sharp or too far out is given more weight.
const rounds = 8

// mend gives more weight to what came out too sharp or out of its room, and tells whether there was any of it.
func (f *Fitter) mend(points []geom.Vec, rooms []Room, reach, sharpest float64) bool {
	at := func(i int) geom.Vec { return points[i].Plus(f.normal[i].Times(f.r[i])) }
	m := int(reach / f.pace)
	found := false
	for i := 2; i < len(points)-2; i++ {
		u, v := at(i).Minus(at(i-2)), at(i+2).Minus(at(i))
		long := (u.Length() + v.Length()) / 2
		if bend := math.Abs(u.Cross(v)) / max(long*long*long, 1e-3); bend > sharpest {
			found = true
			k := bend / sharpest
			for j := i - 1; j <= i+1; j++ {
				f.bend[j] = min(f.bend[j]*k*k, 300*weighBend)
			}
		}
		if out := rooms[i].beyond(f.r[i]); out > 0.02 {
			found = true
			f.rear[i] = min(f.rear[i]*(1+3*out), 100)
		}
		if i+m >= len(points) {
			continue
		}
		front := at(i).Plus(at(i + 1).Minus(at(i - 1)).Times(reach / max(at(i+1).To(at(i-1)), 0.1)))
		if out := rooms[i+m].beyond(f.normal[i+m].Dot(front.Minus(points[i+m]))); out > 0.02 {
			found = true
			f.nose[i] = min(f.nose[i]*(1+3*out), 100)
		}
	}
	return found
}

// once works the offsets out for the weights as they are.
func (f *Fitter) once(points []geom.Vec, reach float64) {
	n := len(points)
	f.clear()
	for i := range points {
		f.d0[i] += f.rear[i] // the rear axle's own distance
		if i == 0 || i == n-1 {
			continue
		}
		f.straighten(points, i)
		f.front(points, i, reach)
	}
	f.d0[0] += 100 // the ends stay
	f.d0[n-1] += 100
	f.solve()
}

func (f *Fitter) reset(n int) {
	if cap(f.normal) < n {
		f.normal = make([]geom.Vec, n, 2*n)
		f.bend, f.rear, f.nose = make([]float64, n, 2*n), make([]float64, n, 2*n), make([]float64, n, 2*n)
		f.d0, f.d1, f.d2, f.r = make([]float64, n, 2*n), make([]float64, n, 2*n), make([]float64, n, 2*n), make([]float64, n, 2*n)
	}
	f.normal, f.bend, f.rear, f.nose = f.normal[:n], f.bend[:n], f.rear[:n], f.nose[:n]
	f.d0, f.d1, f.d2, f.r = f.d0[:n], f.d1[:n], f.d2[:n], f.r[:n]
}

func (f *Fitter) clear() {
	clear(f.d0)
	clear(f.d1)
	clear(f.d2)
	clear(f.r)
}

// add takes the square of c + a·x(i-1) + b·x(i) + e·x(i+1) into the sum.
func (f *Fitter) add(i int, weight, c, a, b, e float64) {
	f.d0[i-1] += weight * a * a
	f.d0[i] += weight * b * b
	f.d0[i+1] += weight * e * e
	f.d1[i-1] += weight * a * b
	f.d1[i] += weight * b * e
	f.d2[i-1] += weight * a * e
	f.r[i-1] -= weight * a * c
	f.r[i] -= weight * b * c
	f.r[i+1] -= weight * e * c
}

// straighten takes the bend at a point into the sum.
func (f *Fitter) straighten(points []geom.Vec, i int) {
	bend := points[i-1].Plus(points[i+1]).Minus(points[i].Times(2))
	p, q, r := f.normal[i-1], f.normal[i].Times(-2), f.normal[i+1]
	f.add(i, f.bend[i], bend.X, p.X, q.X, r.X)
	f.add(i, f.bend[i], bend.Y, p.Y, q.Y, r.Y)
}

// front takes how far the front would be off the middle with the rear axle at a point into the sum.
func (f *Fitter) front(points []geom.Vec, i int, reach float64) {
	m := i + int(reach/f.pace)
	if m >= len(points) {
		return
	}
	step := points[i+1].Minus(points[i-1])
	long := max(step.Length(), 0.1)
	lever := reach / long
	n := f.normal[m]
	c := n.Dot(points[i].Plus(step.Times(lever)).Minus(points[m]))
	f.add(i, f.nose[i], c, -lever*n.Dot(f.normal[i-1]), n.Dot(f.normal[i]), lever*n.Dot(f.normal[i+1]))
}

// solve leaves the solution in the right hand side, by Cholesky's way for five diagonals.
func (f *Fitter) solve() {
	n := len(f.d0)
	for i := range n {
		if i >= 1 {
			k := f.d1[i-1] / f.d0[i-1]
			f.d0[i] -= k * f.d1[i-1]
			f.d1[i] -= k * f.d2[i-1]
			f.r[i] -= k * f.r[i-1]
		}
		if i+2 < n {
			k := f.d2[i] / f.d0[i]
			f.d0[i+2] -= k * f.d2[i]
			f.r[i+2] -= k * f.r[i]
		}
	}
	for i := n - 1; i >= 0; i-- {
		sum := f.r[i]
		if i+1 < n {
			sum -= f.d1[i] * f.r[i+1]
		}
		if i+2 < n {
			sum -= f.d2[i] * f.r[i+2]
		}
		f.r[i] = sum / f.d0[i]
	}
}
