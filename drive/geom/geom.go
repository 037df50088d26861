// Package geom is the flat plane a vehicle drives on: points, poses, boxes and lines.
//
// Lengths are metres. Angles are radians, counter-clockwise from the x axis, which points east; y points north.
// Everything is a pure function of its arguments, and nothing here allocates unless it says so.
package geom

import "math"

// Vec is a point, or a step from one point to another.
type Vec struct{ X, Y float64 }

// Plus gives v+w.
func (v Vec) Plus(w Vec) Vec { return Vec{v.X + w.X, v.Y + w.Y} }

// Minus gives v-w.
func (v Vec) Minus(w Vec) Vec { return Vec{v.X - w.X, v.Y - w.Y} }

// Times gives v made k times as long.
func (v Vec) Times(k float64) Vec { return Vec{k * v.X, k * v.Y} }

// Dot gives the inner product.
func (v Vec) Dot(w Vec) float64 { return v.X*w.X + v.Y*w.Y }

// Cross gives the outer product: positive where w lies to the left of v.
func (v Vec) Cross(w Vec) float64 { return v.X*w.Y - v.Y*w.X }

// Length gives how long v is.
func (v Vec) Length() float64 { return math.Hypot(v.X, v.Y) }

// To gives the distance between two points.
func (v Vec) To(w Vec) float64 { return math.Hypot(w.X-v.X, w.Y-v.Y) }

// Angle gives the direction of v in (-π, π]; that of a zero v is 0.
func (v Vec) Angle() float64 { return math.Atan2(v.Y, v.X) }

// Left gives v turned a quarter to the left.
func (v Vec) Left() Vec { return Vec{-v.Y, v.X} }

// Finite tells whether both numbers are neither infinite nor NaN.
func (v Vec) Finite() bool { return finite(v.X) && finite(v.Y) }

func finite(x float64) bool { return !math.IsInf(x, 0) && !math.IsNaN(x) }

// Towards gives the unit vector of an angle.
func Towards(angle float64) Vec {
	sin, cos := math.Sincos(angle)
	return Vec{cos, sin}
}

// Between gives the point that lies the share t of the way from a to b.
func Between(a, b Vec, t float64) Vec { return Vec{a.X + t*(b.X-a.X), a.Y + t*(b.Y-a.Y)} }

// Wrap brings an angle into (-π, π].
func Wrap(angle float64) float64 {
	if angle > -math.Pi && angle <= math.Pi {
		return angle
	}
	angle = math.Mod(angle, 2*math.Pi)
	switch {
	case angle > math.Pi:
		return angle - 2*math.Pi
	case angle <= -math.Pi:
		return angle + 2*math.Pi
	}
	return angle
}

// Pose is a place and the direction something there faces.
type Pose struct {
	Vec
	Heading float64
}

// Ahead gives the point d metres in front of the pose and l metres to its left.
func (p Pose) Ahead(d, l float64) Vec {
	u := Towards(p.Heading)
	return Vec{p.X + d*u.X - l*u.Y, p.Y + d*u.Y + l*u.X}
}

// Local gives where v lies as seen from the pose: x in front, y to the left.
func (p Pose) Local(v Vec) Vec {
	u, w := Towards(p.Heading), v.Minus(p.Vec)
	return Vec{w.Dot(u), u.Cross(w)}
}

// Box is a rectangle seen from above: its pose is its middle, its length runs along its heading.
type Box struct {
	Pose
	Length, Width float64
}

// Corners gives the four corners, counter-clockwise from the front left.
func (b Box) Corners() [4]Vec {
	l, w := b.Length/2, b.Width/2
	return [4]Vec{b.Ahead(l, w), b.Ahead(-l, w), b.Ahead(-l, -w), b.Ahead(l, -w)}
}

// Radius is that of the circle around the box's middle which holds it all.
func (b Box) Radius() float64 { return math.Hypot(b.Length, b.Width) / 2 }

// Holds tells whether v lies within the box, its edge included.
func (b Box) Holds(v Vec) bool {
	l := b.Local(v)
	return math.Abs(l.X) <= b.Length/2 && math.Abs(l.Y) <= b.Width/2
}

// Overlaps tells whether two boxes share a point, by the separating axis theorem.
func (b Box) Overlaps(c Box) bool {
	d := c.Vec.Minus(b.Vec)
	// The square of the sum of the two radii, with one root.
	rb, rc := b.Length*b.Length+b.Width*b.Width, c.Length*c.Length+c.Width*c.Width
	if 4*d.Dot(d) > (rb+rc+2*math.Sqrt(rb*rc))*(1+1e-12) {
		return false
	}
	return Meet(b, c, Towards(b.Heading), Towards(c.Heading))
}

// Meet is Overlaps for boxes whose directions are known: u and v are the unit vectors of the headings of b and c.
func Meet(b, c Box, u, v Vec) bool {
	d := c.Vec.Minus(b.Vec)
	cos, sin := math.Abs(u.Dot(v)), math.Abs(u.Cross(v))
	bl, bw, cl, cw := b.Length/2, b.Width/2, c.Length/2, c.Width/2
	return math.Abs(d.Dot(u)) <= bl+cl*cos+cw*sin &&
		math.Abs(u.Cross(d)) <= bw+cl*sin+cw*cos &&
		math.Abs(d.Dot(v)) <= cl+bl*cos+bw*sin &&
		math.Abs(v.Cross(d)) <= cw+bl*sin+bw*cos
}

// Distance gives the shortest way between two boxes; 0 where they overlap.
func (b Box) Distance(c Box) float64 {
	if b.Overlaps(c) {
		return 0
	}
	best := math.Inf(1)
	for _, p := range b.Corners() {
		best = min(best, c.Outside(p))
	}
	for _, p := range c.Corners() {
		best = min(best, b.Outside(p))
	}
	return best // of two convex shapes apart, one of the nearest points is a corner
}

// Outside gives how far v is from the box; 0 within it.
func (b Box) Outside(v Vec) float64 {
	l := b.Local(v)
	return math.Hypot(max(0, math.Abs(l.X)-b.Length/2), max(0, math.Abs(l.Y)-b.Width/2))
}

// Between tells whether the box lies on the straight line from v to w.
func (b Box) Between(v, w Vec) bool {
	from, to := b.Local(v), b.Local(w)
	enter, leave := 0.0, 1.0
	for _, side := range [2][3]float64{{from.X, to.X, b.Length / 2}, {from.Y, to.Y, b.Width / 2}} {
		way := side[1] - side[0]
		if math.Abs(way) < 1e-9 {
			if math.Abs(side[0]) > side[2] {
				return false
			}
			continue
		}
		in, out := (-side[2]-side[0])/way, (side[2]-side[0])/way
		enter, leave = max(enter, min(in, out)), min(leave, max(in, out))
	}
	return enter < leave
}

// Grown gives the box made longer by l and wider by w, its middle kept.
func (b Box) Grown(l, w float64) Box {
	b.Length, b.Width = b.Length+l, b.Width+w
	return b
}
