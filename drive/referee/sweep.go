package referee

import (
	"math"

	"hutong/drive/geom"
)

// meet gives the first moment, s from now and at most horizon, at which two boxes touch that both go on straight as they
// do; +Inf where they don't. It is exact: for each separating axis the boxes' shadows overlap during one stretch of time,
// and the boxes touch where all of these overlap.
func meet(a geom.Box, va geom.Vec, b geom.Box, vb geom.Vec, horizon float64) float64 {
	d, v := b.Vec.Minus(a.Vec), vb.Minus(va)
	reach := a.Radius() + b.Radius()
	if far := d.Length() - reach; far > v.Length()*horizon {
		return math.Inf(1)
	}
	u, w := geom.Towards(a.Heading), geom.Towards(b.Heading)
	cos, sin := math.Abs(u.Dot(w)), math.Abs(u.Cross(w))
	al, aw, bl, bw := a.Length/2, a.Width/2, b.Length/2, b.Width/2
	from, to := 0.0, horizon
	shadows := [4]struct {
		axis geom.Vec
		half float64
	}{
		{u, al + bl*cos + bw*sin},
		{u.Left(), aw + bl*sin + bw*cos},
		{w, bl + al*cos + aw*sin},
		{w.Left(), bw + al*sin + aw*cos},
	}
	for _, s := range shadows {
		at, speed := d.Dot(s.axis), v.Dot(s.axis)
		if math.Abs(speed) < 1e-9 {
			if math.Abs(at) > s.half {
				return math.Inf(1)
			}
			continue
		}
		in, out := (-s.half-at)/speed, (s.half-at)/speed
		from, to = max(from, min(in, out)), min(to, max(in, out))
	}
	if from > to {
		return math.Inf(1)
	}
	return from
}
