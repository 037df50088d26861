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
	// meetGroup is how many pieces of a lane are set aside together where they are far away.
	meetGroup = 16
)

// Meet gives where two lanes' vehicles would touch, as a conflict of a with b of which With, Yield and Merge are left to
// the caller. ok is false where they keep apart. A lane is as wide as itself, but at most as a bus, and a crossing is as
// wide as it is.
func Meet(a, b *Lane) (c Conflict, ok bool) {
	as, bs := strip(a), strip(b)
	var frames [][2]geom.Vec // of the groups of b
	for j := 0; j < len(bs); j += meetGroup {
		frames = append(frames, frame(bs[j:min(j+meetGroup, len(bs))]))
	}
	for i := 0; i < len(as); i += meetGroup {
		few := as[i:min(i+meetGroup, len(as))]
		f := frame(few)
		for k, g := range frames {
			if g[0].X > f[1].X || g[0].Y > f[1].Y || g[1].X < f[0].X || g[1].Y < f[0].Y {
				continue
			}
			j := k * meetGroup
			some := bs[j:min(j+meetGroup, len(bs))]
			for x := range few {
				for y := range some {
					if !few[x].Overlaps(some[y]) {
						continue
					}
					if !ok {
						c.From, c.To, c.WithFrom, c.WithTo = math.Inf(1), 0, math.Inf(1), 0
					}
					ok = true
					c.From, c.To = min(c.From, float64(i+x)), max(c.To, float64(i+x+1))
					c.WithFrom, c.WithTo = min(c.WithFrom, float64(j+y)), max(c.WithTo, float64(j+y+1))
				}
			}
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

// frame gives the lowest and the highest corner of a rectangle that holds all the boxes.
func frame(boxes []geom.Box) [2]geom.Vec {
	low, high := geom.Vec{X: math.Inf(1), Y: math.Inf(1)}, geom.Vec{X: math.Inf(-1), Y: math.Inf(-1)}
	for i := range boxes {
		b := &boxes[i]
		r := (b.Length + b.Width) / 2 // a little more than the radius
		low = geom.Vec{X: min(low.X, b.X-r), Y: min(low.Y, b.Y-r)}
		high = geom.Vec{X: max(high.X, b.X+r), Y: max(high.Y, b.Y+r)}
	}
	return [2]geom.Vec{low, high}
}
