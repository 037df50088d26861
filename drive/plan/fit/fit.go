// Package fit lays the line of a vehicle's rear axle so that the whole body keeps to the middle of its lane, and to the
// road where it can't.
package fit

import (
	"math"

	"hutong/drive/geom"
)

// Body is what of a vehicle says where its line may lie, m.
type Body struct {
	Reach    float64 // from the rear axle to the front
	Half     float64 // of its width
	Sharpest float64 // 1/m, the bend that it can drive
}

// Room is how far the road reaches from the line to both sides, m.
type Room struct{ Left, Right float64 }

// What counts in the sum of squares: a metre that the rear axle, and the front, is off the middle weighs one.
const (
	weighBend  = 60.0    // the second difference between samples
	weighTurn  = 30000.0 // the third
	weighRoom  = 60.0    // a metre out of the room
	weighSharp = 60000.0 // a second difference above the sharpest
)

const (
	rounds  = 25   // how often what came out too sharp or off the road is pressed back
	slight  = 0.01 // m that may stay
	longest = 5.0  // m, the most that presses where nothing helps
	slack   = 0.02 // of the sharpest bend that may stay
	smooth  = 4    // samples each side over which a line is evened out
	band    = 3    // diagonals above the main one
)

// Fitter lays the rear axle's line so that the whole body keeps to the lane's middle: in a bend the front swings out by
// about as much as the rear axle cuts in. It minimises the sum of squares of the rear axle's and the front's distance
// from the middle and of the line's bends; with the offsets as unknowns that is a system of seven diagonals. What of the
// body would leave the road, and where the wheels couldn't turn so far, is a bound: it is pressed back round by round (an
// augmented Lagrangian), and so the line swings out before a bend that is too sharp for the lane's middle, as far as
// there is room.
type Fitter struct {
	pace         float64
	body         Body
	points, line []geom.Vec // as given, and as they come out
	normal       []geom.Vec
	sums         []geom.Vec
	press        [bounds][]float64 // how strongly each bound presses at each point, m
	offset       []float64
	fixed, sum   squares // of what doesn't change, and all of it
}

// squares is a sum of squares in the offsets as its normal equations.
type squares struct {
	d [band + 1][]float64 // the diagonals from the main one up
	r []float64           // the right hand side, and then the solution
}

// The bounds at a point of the line: the body's sides beside the rear axle, the corners of its front, and the wheels.
const (
	rearLeft = iota
	rearRight
	noseLeft
	noseRight
	wheels
	bounds
)

// Fit moves the points, pace metres apart, to where the rear axle should go.
func (f *Fitter) Fit(points []geom.Vec, rooms []Room, pace float64, body Body) {
	if f.pace, f.body = pace, body; len(points) < 2*smooth {
		return
	}
	f.reset(points)
	f.middle()
	f.sum.copy(&f.fixed)
	least := math.Inf(1)
	for range rounds {
		f.sum.solve()
		f.draw()
		f.sum.copy(&f.fixed)
		worst, sum := f.bound(rooms)
		if sum < least { // where no line keeps within all bounds, pressing on only makes it worse
			least = sum
			copy(points, f.line)
		}
		if worst <= slight {
			break
		}
	}
}

// Even replaces each point by the mean of those around it.
func (f *Fitter) Even(points []geom.Vec) {
	n := len(points)
	f.sums = append(f.sums[:0], geom.Vec{})
	total := geom.Vec{}
	for _, v := range points {
		total = total.Plus(v)
		f.sums = append(f.sums, total)
	}
	for i := range points {
		k := min(smooth, i, n-1-i)
		points[i] = f.sums[i+k+1].Minus(f.sums[i-k]).Times(1 / float64(2*k+1))
	}
}

// draw makes the line of the offsets.
func (f *Fitter) draw() {
	copy(f.offset, f.sum.r)
	f.line = f.line[:0]
	for i, v := range f.points {
		f.line = append(f.line, v.Plus(f.normal[i].Times(f.offset[i])))
	}
}

// middle takes into the sum what keeps the line to the middle, and straight.
func (f *Fitter) middle() {
	n := len(f.points)
	for i := range f.points {
		f.fixed.d[0][i]++ // the rear axle's own distance
		if i == 0 || i == n-1 {
			continue
		}
		p, q, r := f.normal[i-1], f.normal[i].Times(-2), f.normal[i+1]
		bend := f.points[i-1].Plus(f.points[i+1]).Minus(f.points[i].Times(2))
		f.fixed.add(i-1, weighBend, bend.X, p.X, q.X, r.X)
		f.fixed.add(i-1, weighBend, bend.Y, p.Y, q.Y, r.Y)
		if i+2 < n {
			turn := f.points[i+2].Minus(f.points[i-1]).Plus(f.points[i].Minus(f.points[i+1]).Times(3))
			o, p, q, r := f.normal[i-1].Times(-1), f.normal[i].Times(3), f.normal[i+1].Times(-3), f.normal[i+2]
			f.fixed.add(i-1, weighTurn, turn.X, o.X, p.X, q.X, r.X)
			f.fixed.add(i-1, weighTurn, turn.Y, o.Y, p.Y, q.Y, r.Y)
		}
		if m := i + int(f.body.Reach/f.pace); m < n { // the front's, with the rear axle here
			step := f.points[i+1].Minus(f.points[i-1])
			lever := f.body.Reach / max(step.Length(), 0.1)
			u := f.normal[m]
			off := u.Dot(f.points[i].Plus(step.Times(lever)).Minus(f.points[m]))
			f.fixed.add(i-1, 1, off, -lever*u.Dot(p), u.Dot(f.normal[i]), lever*u.Dot(r))
		}
	}
	f.fixed.d[0][0] += 100 // the ends stay
	f.fixed.d[0][n-1] += 100
}

// bound takes into the sum what presses back to the bounds, by how the line lies now, and gives by how much it is beyond
// one at most, m, and the sum of the squares of all.
func (f *Fitter) bound(rooms []Room) (worst, sum float64) {
	for i := 2; i < len(f.points)-2; i++ {
		step := f.line[i+1].Minus(f.line[i-1])
		ahead := step.Times(1 / max(step.Length(), 0.1))
		aside, lever := ahead.Left().Times(f.body.Half), f.body.Reach/max(step.Length(), 0.1)
		front := f.line[i].Plus(ahead.Times(f.body.Reach))
		m := i + int(f.body.Reach/f.pace)
		for _, out := range [bounds]float64{
			f.keep(rearLeft, i, f.line[i].Plus(aside), i, rooms, 0),
			f.keep(rearRight, i, f.line[i].Minus(aside), i, rooms, 0),
			f.keep(noseLeft, i, front.Plus(aside), m, rooms, lever),
			f.keep(noseRight, i, front.Minus(aside), m, rooms, lever),
			f.straighten(i),
		} {
			if out > 0 {
				worst, sum = max(worst, out), sum+out*out
			}
		}
	}
	return worst, sum
}

// straighten presses a bend that is too sharp, and gives what it is too sharp by, as m: the share that may stay counts as
// what may stay of those.
func (f *Fitter) straighten(i int) float64 {
	u, v := f.line[i].Minus(f.line[i-1]), f.line[i+1].Minus(f.line[i])
	long := (u.Length() + v.Length()) / 2
	bend := u.Cross(v) / max(long*long*long, 1e-3)
	out := (math.Abs(bend) - f.body.Sharpest) * long * long
	if f.presses(wheels, i, out) {
		side := math.Copysign(1, bend)
		n := f.normal[i].Times(side)
		f.row(wheels, i, weighSharp, out, n.Dot(f.normal[i-1]), -2*n.Dot(f.normal[i]), n.Dot(f.normal[i+1]))
	}
	return (math.Abs(bend)/f.body.Sharpest - 1) * slight / slack
}

// keep presses a point of the body back to the road, and gives by how much it is off it, m: with the rear axle at i it lies
// beside about the j-th point, and goes lever times as far aside as the points before and after i do against each other.
func (f *Fitter) keep(which, i int, at geom.Vec, j int, rooms []Room, lever float64) float64 {
	n := len(f.points)
	along := func(j int) float64 { return at.Minus(f.points[j]).Cross(f.normal[j]) }
	if j >= n {
		return 0
	}
	for ; j+1 < n && along(j) > f.pace/2; j++ {
	}
	for ; j > 0 && along(j) < -f.pace/2; j-- {
	}
	u, out := f.normal[j], 0.0
	d := u.Dot(at.Minus(f.points[j]))
	if which == rearLeft || which == noseLeft {
		out = d - rooms[j].Left
	} else {
		out, u = -d-rooms[j].Right, u.Times(-1)
	}
	if f.presses(which, i, out) {
		f.row(which, i, weighRoom, out, -lever*u.Dot(f.normal[i-1]), u.Dot(f.normal[i]), lever*u.Dot(f.normal[i+1]))
	}
	return out
}

// presses notes by how much a bound is exceeded, and tells whether it presses.
func (f *Fitter) presses(which, i int, out float64) bool {
	p := &f.press[which][i]
	*p = min(max(0, *p+out), longest)
	return *p > 0
}

// row takes into the sum what presses back to a bound that is exceeded by out now, and by a, b and e times as much more
// as the offsets around i grow.
func (f *Fitter) row(which, i int, weight, out, a, b, e float64) {
	now := a*f.offset[i-1] + b*f.offset[i] + e*f.offset[i+1]
	f.sum.add(i-1, weight, out+f.press[which][i]-now, a, b, e)
}

func (f *Fitter) reset(points []geom.Vec) {
	n := len(points)
	f.points, f.normal = append(f.points[:0], points...), f.normal[:0]
	for i := range points {
		u := points[min(i+1, n-1)].Minus(points[max(i-1, 0)])
		f.normal = append(f.normal, u.Left().Times(1/max(u.Length(), 1e-6)))
	}
	f.offset = zeros(f.offset, n)
	for i := range f.press {
		f.press[i] = zeros(f.press[i], n)
	}
	f.fixed.r = zeros(f.fixed.r, n)
	for k := range f.fixed.d {
		f.fixed.d[k] = zeros(f.fixed.d[k], n)
	}
}

// zeros gives n zeros, in x where it is large enough.
func zeros(x []float64, n int) []float64 {
	if cap(x) < n {
		return make([]float64, n, 2*n)
	}
	clear(x[:n])
	return x[:n]
}

// copy makes the sum another's.
func (q *squares) copy(x *squares) {
	q.r = append(q.r[:0], x.r...)
	for k := range q.d {
		q.d[k] = append(q.d[k][:0], x.d[k]...)
	}
}

// add takes the square of c + Σ a[k]·x(first+k) into the sum.
func (q *squares) add(first int, weight, c float64, a ...float64) {
	for k, x := range a {
		x *= weight
		for l, y := range a[k:] {
			q.d[l][first+k] += x * y
		}
		q.r[first+k] -= x * c
	}
}

// solve leaves the solution in the right hand side, by Cholesky's way for a band.
func (q *squares) solve() {
	n := len(q.r)
	for i := range n {
		last := min(band, n-1-i)
		for k := 1; k <= last; k++ {
			x := q.d[k][i] / q.d[0][i]
			for l := k; l <= last; l++ {
				q.d[l-k][i+k] -= x * q.d[l][i]
			}
			q.r[i+k] -= x * q.r[i]
		}
	}
	for i := n - 1; i >= 0; i-- {
		sum := q.r[i]
		for k := 1; k <= min(band, n-1-i); k++ {
			sum -= q.d[k][i] * q.r[i+k]
		}
		q.r[i] = sum / q.d[0][i]
	}
}
