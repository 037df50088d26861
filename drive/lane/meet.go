package lane

import (
	"math"

	"hutong/drive/geom"
)

// meetStep is how finely two lanes are compared, m; meetHalf is how far to each side of a lane's middle its vehicles are
// held to reach: half a bus.
const (
	meetStep = 0.5
	meetHalf = 1.25
)

// Meet gives where two lanes' vehicles would touch, as a conflict of a with b of which With, Yield and Merge are left to
// the caller. ok is false where they keep apart. A lane is as wide as itself, but at most as a bus, and a crossing is as
// wide as it is.
func Meet(a, b *Lane) (c Conflict, ok bool) {
	as, bs := strip(a), strip(b)
	low, high := bounds(as)
	widest := 0.0
	for i := range as {
		widest = max(widest, as[i].Radius())
	}
	for j := range bs {
		v, r := bs[j].Vec, bs[j].Radius()
		if v.X < low.X-r || v.X > high.X+r || v.Y < low.Y-r || v.Y > high.Y+r {
			continue
		}
		for i := range as {
			if d := v.Minus(as[i].Vec); d.Dot(d) > (r+widest)*(r+widest) || !as[i].Overlaps(bs[j]) {
				continue
			}
			if !ok {
				c.From, c.To, c.WithFrom, c.WithTo = math.Inf(1), 0, math.Inf(1), 0
			}
			ok = true
			c.From, c.To = min(c.From, float64(i)), max(c.To, float64(i+1))
			c.WithFrom, c.WithTo = min(c.WithFrom, float64(j)), max(c.WithTo, float64(j+1))
		}
	}
	if ok {
		aStep, bStep := a.Centre.Length()/float64(len(as)), b.Centre.Length()/float64(len(bs))
		c.From, c.To, c.WithFrom, c.WithTo = c.From*aStep, c.To*aStep, c.WithFrom*bStep, c.WithTo*bStep
	}
	return c, ok
}

// strip cuts a lane into boxes of about meetStep, in its order.
func strip(l *Lane) []geom.Box {
	long := l.Centre.Length()
	n := min(max(1, int(math.Ceil(long/meetStep))), 4000)
	step := long / float64(n)
	boxes := make([]geom.Box, n)
	for i := range boxes {
		s := (float64(i) + 0.5) * step
		left, right := l.Widths(s)
		if l.Kind != Crossing {
			left, right = min(left, meetHalf), min(right, meetHalf)
		}
		p := l.Centre.At(s)
		p.Vec = p.Ahead(0, (left-right)/2)
		boxes[i] = geom.Box{Pose: p, Length: step, Width: max(left+right, 0)}
	}
	return boxes
}

// bounds gives the corners of the rectangle that holds all the boxes.
func bounds(boxes []geom.Box) (low, high geom.Vec) {
	low, high = geom.Vec{X: math.Inf(1), Y: math.Inf(1)}, geom.Vec{X: math.Inf(-1), Y: math.Inf(-1)}
	for _, b := range boxes {
		r := b.Radius()
		low = geom.Vec{X: min(low.X, b.X-r), Y: min(low.Y, b.Y-r)}
		high = geom.Vec{X: max(high.X, b.X+r), Y: max(high.Y, b.Y+r)}
	}
	return low, high
}
