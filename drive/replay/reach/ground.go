package reach

import (
	"math"
	"slices"

	"hutong/drive/geom"
	"hutong/drive/lane/commonroad"
)

// ground tells how deep within the road a place lies, by numbers at the crossings of a grid of pixel metres.
type ground struct {
	low           geom.Vec
	width, height int
	depth         []float32               // m to the nearest edge, positive on the road; at most rim either way
	corners       map[[2]int32][]geom.Vec // of the road's edge, by squares of patch metres
}

const (
	pixel = 0.2 // m
	rim   = 1.5 // m
	patch = 8.0 // m
)

// newGround measures the road within reach metres of the line.
func newGround(road *commonroad.Road, line []geom.Vec, reach float64) *ground {
	low, high := line[0], line[0]
	for _, v := range line {
		low = geom.Vec{X: min(low.X, v.X), Y: min(low.Y, v.Y)}
		high = geom.Vec{X: max(high.X, v.X), Y: max(high.Y, v.Y)}
	}
	g := &ground{low: geom.Vec{X: low.X - reach, Y: low.Y - reach}}
	g.width = int((high.X-low.X+2*reach)/pixel) + 2
	g.height = int((high.Y-low.Y+2*reach)/pixel) + 2
	g.depth = make([]float32, g.width*g.height)
	for i := range g.depth {
		g.depth[i] = -rim
	}
	for points := range road.Pieces {
		g.fill(points)
	}
	g.corners = make(map[[2]int32][]geom.Vec)
	for _, e := range road.Edges() {
		g.near(e)
		for _, v := range [2]geom.Vec{e.A, e.B} {
			at := [2]int32{floor(v.X / patch), floor(v.Y / patch)}
			if !slices.Contains(g.corners[at], v) {
				g.corners[at] = append(g.corners[at], v)
			}
		}
	}
	return g
}

// fill marks a polygon as road, row by row, by the even-odd rule.
func (g *ground) fill(polygon []geom.Vec) {
	bottom, top := math.Inf(1), math.Inf(-1)
	for _, v := range polygon {
		bottom, top = min(bottom, v.Y), max(top, v.Y)
	}
	from := max(0, int(math.Ceil((bottom-g.low.Y)/pixel)))
	to := min(g.height-1, int(math.Floor((top-g.low.Y)/pixel)))
	var cuts []float64
	for row := from; row <= to; row++ {
		y := g.low.Y + float64(row)*pixel
		cuts = cuts[:0]
		for i, j := 0, len(polygon)-1; i < len(polygon); j, i = i, i+1 {
			a, b := polygon[i], polygon[j]
			if (a.Y > y) != (b.Y > y) {
				cuts = append(cuts, (b.X-a.X)*(y-a.Y)/(b.Y-a.Y)+a.X)
			}
		}
		slices.Sort(cuts)
		for k := 0; k+1 < len(cuts); k += 2 {
			first := max(0, int(math.Ceil((cuts[k]-g.low.X)/pixel)))
			last := min(g.width-1, int(math.Floor((cuts[k+1]-g.low.X)/pixel)))
			for x := first; x <= last; x++ {
				g.depth[row*g.width+x] = rim
			}
		}
	}
}

// near lowers the depths around an edge of the road.
func (g *ground) near(e commonroad.Edge) {
	way := e.B.Minus(e.A)
	square := way.Dot(way)
	clip := func(x float64, most int) int { return min(max(int(x/pixel), 0), most) }
	x0, x1 := clip(min(e.A.X, e.B.X)-rim-g.low.X, g.width-1), clip(max(e.A.X, e.B.X)+rim-g.low.X, g.width-1)
	y0, y1 := clip(min(e.A.Y, e.B.Y)-rim-g.low.Y, g.height-1), clip(max(e.A.Y, e.B.Y)+rim-g.low.Y, g.height-1)
	for y := y0; y <= y1; y++ {
		for x := x0; x <= x1; x++ {
			v := geom.Vec{X: g.low.X + float64(x)*pixel, Y: g.low.Y + float64(y)*pixel}.Minus(e.A)
			off := v.Minus(way.Times(min(max(v.Dot(way)/square, 0), 1)))
			d := &g.depth[y*g.width+x]
			if far := float32(off.Length()); far < max(*d, -*d) {
				*d = float32(math.Copysign(float64(far), float64(*d)))
			}
		}
	}
}

// at gives the depth of a place, and which way it grows.
func (g *ground) at(v geom.Vec) (depth float64, slope geom.Vec) {
	x, y := (v.X-g.low.X)/pixel, (v.Y-g.low.Y)/pixel
	i, j := int(x), int(y)
	if x < 0 || y < 0 || i+1 >= g.width || j+1 >= g.height {
		return -rim, geom.Vec{}
	}
	x, y = x-float64(i), y-float64(j)
	row := g.depth[j*g.width+i:]
	a, b := float64(row[0]), float64(row[1])
	c, d := float64(row[g.width]), float64(row[g.width+1])
	low, high := a+x*(b-a), c+x*(d-c)
	return low + y*(high-low), geom.Vec{X: (b - a + y*(d-c-b+a)) / pixel, Y: (high - low) / pixel}
}

// room tells how deep within the road the outline of a body lies where it lies least so, looked at every half metre.
func (g *ground) room(b *body) float64 {
	least := float64(rim)
	for _, o := range outline {
		depth, _ := g.at(b.point(o))
		least = min(least, depth)
	}
	return least
}

// pricks gives the corners of the road's edge within a body, or nearer to it than room: how far each is from its
// outline, negative within, and the way out as seen from the body. They are what lies between the places that room looks
// at.
func (g *ground) pricks(b *body, room float64, yield func(gap, x, y float64)) {
	reach := math.Hypot(b.long, b.wide) + room
	for i := floor((b.X - reach) / patch); i <= floor((b.X+reach)/patch); i++ {
		for j := floor((b.Y - reach) / patch); j <= floor((b.Y+reach)/patch); j++ {
			for _, v := range g.corners[[2]int32{i, j}] {
				off := v.Minus(b.Vec)
				x, y := off.X*b.cos+off.Y*b.sin, off.Y*b.cos-off.X*b.sin
				if gap := max(math.Abs(x)-b.long, math.Abs(y)-b.wide); gap < room {
					yield(gap, x, y)
				}
			}
		}
	}
}

// outline is where a body's edge is looked at, as shares of half its length and width.
var outline = func() (points [22][2]float64) {
	for k := range 10 {
		x := float64(k)/4.5 - 1
		points[2*k], points[2*k+1] = [2]float64{x, 1}, [2]float64{x, -1}
	}
	points[20], points[21] = [2]float64{1, 0}, [2]float64{-1, 0}
	return points
}()

// body is a box with its direction worked out, as half its measures.
type body struct {
	geom.Vec
	cos, sin   float64
	long, wide float64
}

func newBody(b geom.Box) body {
	u := geom.Towards(b.Heading)
	return body{b.Vec, u.X, u.Y, b.Length / 2, b.Width / 2}
}

// point gives a place of the outline.
func (b *body) point(share [2]float64) geom.Vec {
	x, y := share[0]*b.long, share[1]*b.wide
	return geom.Vec{X: b.X + x*b.cos - y*b.sin, Y: b.Y + x*b.sin + y*b.cos}
}

// apart gives how far o lies ahead or behind of b's outline and how far to its side, as b sees it; both negative where
// their outlines, seen along b's axes, overlap. touch says whether they do so along o's axes too.
func (b *body) apart(o *body) (along, across float64, touch bool) {
	d := o.Minus(b.Vec)
	cos, sin := math.Abs(b.cos*o.cos+b.sin*o.sin), math.Abs(b.cos*o.sin-b.sin*o.cos)
	along = math.Abs(d.X*b.cos+d.Y*b.sin) - b.long - o.long*cos - o.wide*sin
	across = math.Abs(d.Y*b.cos-d.X*b.sin) - b.wide - o.long*sin - o.wide*cos
	touch = along <= 0 && across <= 0 &&
		math.Abs(d.X*o.cos+d.Y*o.sin) <= o.long+b.long*cos+b.wide*sin &&
		math.Abs(d.Y*o.cos-d.X*o.sin) <= o.wide+b.long*sin+b.wide*cos
	return along, across, touch
}

// gap gives the widest gap between two bodies along one of their axes, negative by how deep they are in each other, and
// that axis, towards b.
func (b *body) gap(o *body) (wide float64, axis geom.Vec) {
	d := b.Minus(o.Vec)
	cos, sin := math.Abs(b.cos*o.cos+b.sin*o.sin), math.Abs(b.cos*o.sin-b.sin*o.cos)
	wide = math.Inf(-1)
	for _, a := range [4]struct {
		axis  geom.Vec
		reach float64
	}{
		{geom.Vec{X: b.cos, Y: b.sin}, b.long + o.long*cos + o.wide*sin},
		{geom.Vec{X: -b.sin, Y: b.cos}, b.wide + o.long*sin + o.wide*cos},
		{geom.Vec{X: o.cos, Y: o.sin}, o.long + b.long*cos + b.wide*sin},
		{geom.Vec{X: -o.sin, Y: o.cos}, o.wide + b.long*sin + b.wide*cos},
	} {
		off := d.Dot(a.axis)
		if far := math.Abs(off) - a.reach; far > wide {
			wide, axis = far, a.axis.Times(math.Copysign(1, off))
		}
	}
	return wide, axis
}
