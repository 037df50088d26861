package reach

import (
	"math"
	"slices"

	"hutong/drive/geom"
	"hutong/drive/lane/commonroad"
)

// ground is the drivable area, as squares of pixel metres.
type ground struct {
	low           geom.Vec
	width, height int
	on            []bool
}

// pixel is the side of a square, m.
const pixel = 0.1

// newGround draws the lanelets that come within reach metres of the line.
func newGround(lanelets []commonroad.Lanelet, line []geom.Vec, reach float64) *ground {
	low, high := line[0], line[0]
	for _, v := range line {
		low = geom.Vec{X: min(low.X, v.X), Y: min(low.Y, v.Y)}
		high = geom.Vec{X: max(high.X, v.X), Y: max(high.Y, v.Y)}
	}
	g := &ground{low: geom.Vec{X: low.X - reach, Y: low.Y - reach}}
	g.width = int((high.X-low.X+2*reach)/pixel) + 1
	g.height = int((high.Y-low.Y+2*reach)/pixel) + 1
	g.on = make([]bool, g.width*g.height)
	for i := range lanelets {
		g.fill(lanelets[i].Outline())
	}
	return g
}

// fill draws a polygon, row by row, by the even-odd rule at the middle of each square.
func (g *ground) fill(polygon []geom.Vec) {
	bottom, top := math.Inf(1), math.Inf(-1)
	for _, v := range polygon {
		bottom, top = min(bottom, v.Y), max(top, v.Y)
	}
	from := max(0, int(math.Ceil((bottom-g.low.Y)/pixel-0.5)))
	to := min(g.height-1, int(math.Floor((top-g.low.Y)/pixel-0.5)))
	var cuts []float64
	for row := from; row <= to; row++ {
		y := g.low.Y + (float64(row)+0.5)*pixel
		cuts = cuts[:0]
		for i, j := 0, len(polygon)-1; i < len(polygon); j, i = i, i+1 {
			a, b := polygon[i], polygon[j]
			if (a.Y > y) != (b.Y > y) {
				cuts = append(cuts, (b.X-a.X)*(y-a.Y)/(b.Y-a.Y)+a.X)
			}
		}
		slices.Sort(cuts)
		for k := 0; k+1 < len(cuts); k += 2 {
			// A hair's breadth on each side closes the cracks between neighbours.
			first := max(0, int(math.Ceil((cuts[k]-g.low.X)/pixel-0.75)))
			last := min(g.width-1, int(math.Floor((cuts[k+1]-g.low.X)/pixel-0.25)))
			for x := first; x <= last; x++ {
				g.on[row*g.width+x] = true
			}
		}
	}
}

func (g *ground) holds(v geom.Vec) bool {
	x, y := int((v.X-g.low.X)/pixel), int((v.Y-g.low.Y)/pixel)
	return x >= 0 && y >= 0 && x < g.width && y < g.height && v.X >= g.low.X && v.Y >= g.low.Y && g.on[y*g.width+x]
}

// carries tells whether the edge of a box lies on the ground, looked at every half metre.
func (g *ground) carries(b body) bool {
	for _, side := range [2]float64{-b.wide, b.wide} {
		for k := range 10 {
			x := b.long * (float64(k)/4.5 - 1)
			if !g.holds(geom.Vec{X: b.X + x*b.cos - side*b.sin, Y: b.Y + x*b.sin + side*b.cos}) {
				return false
			}
		}
	}
	return g.holds(geom.Vec{X: b.X + b.long*b.cos, Y: b.Y + b.long*b.sin}) &&
		g.holds(geom.Vec{X: b.X - b.long*b.cos, Y: b.Y - b.long*b.sin})
}

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
