package geom

import "math"

// Round gives points about step metres apart on a smooth curve through all of the given ones: it leaves the first in the
// direction start, and reaches the last in the direction end (NaN: whichever suits). A line that turns sharply somewhere
// is followed closely rather than smoothly: the curve keeps within an eighth of a piece's length of that piece. It gives
// the points themselves where there are fewer than two.
func Round(points []Vec, start, end, step float64) []Vec {
	n := len(points)
	if n < 2 || !(step > 0) {
		return points
	}
	tangents := make([]Vec, n)
	for i := range points {
		switch {
		case i == 0 && !math.IsNaN(start):
			tangents[i] = Towards(start)
		case i == n-1 && !math.IsNaN(end):
			tangents[i] = Towards(end)
		default:
			tangents[i] = tangent(points, i)
		}
	}
	curve := points[:1:1]
	for i := range n - 1 {
		a, b := points[i], points[i+1]
		long := a.To(b)
		pieces := math.Ceil(long / step)
		for k := 1.0; k < pieces && k < 1000; k++ {
			curve = append(curve, hermite(a, b, tangents[i].Times(long), tangents[i+1].Times(long), k/pieces))
		}
		curve = append(curve, b)
	}
	return curve
}

// tangent gives the direction in which a curve passes point i: between those of the pieces on both sides, nearer to that
// of the shorter one.
func tangent(points []Vec, i int) Vec {
	before, after := points[max(i-1, 0)], points[min(i+1, len(points)-1)]
	a, b := points[i].Minus(before), after.Minus(points[i])
	la, lb := a.Length(), b.Length()
	switch {
	case la == 0 && lb == 0:
		return Vec{}
	case la == 0:
		return b.Times(1 / lb)
	case lb == 0:
		return a.Times(1 / la)
	}
	mean := a.Times(lb / la).Plus(b.Times(la / lb))
	if l := mean.Length(); l > 0 {
		return mean.Times(1 / l)
	}
	return a.Times(1 / la)
}

// hermite gives the point at the share t of the cubic curve from a to b with the given derivatives. They are eased where
// they point far away from the way itself, so that no loop comes of it.
func hermite(a, b, da, db Vec, t float64) Vec {
	way := b.Minus(a)
	if l2 := way.Dot(way); l2 > 0 {
		da, db = da.Times(max(0, da.Dot(way)/l2)), db.Times(max(0, db.Dot(way)/l2))
	}
	t2, t3 := t*t, t*t*t
	return a.Times(2*t3 - 3*t2 + 1).Plus(b.Times(3*t2 - 2*t3)).Plus(da.Times(t3 - 2*t2 + t)).Plus(db.Times(t3 - t2))
}
