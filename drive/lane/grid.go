package lane

import (
	"math"
	"slices"

	"hutong/drive/geom"
)

// grid finds lanes by squares of the plane, row by row from the lowest corner.
type grid struct {
	low, high     []geom.Vec // of each lane, the corners of the rectangle it lies in
	corner        geom.Vec
	cell          float64 // a square's side, m
	columns, rows int
	from          []int32 // where each square's lanes begin in ids; one more at the end
	ids           []ID
}

const (
	leastCell = 25.0    // about as far as a lane is looked for
	mostCells = 1 << 20 // a net that is wider gets larger squares
)

func newGrid(lanes []Lane) grid {
	g := grid{low: make([]geom.Vec, len(lanes)), high: make([]geom.Vec, len(lanes)), cell: leastCell}
	least, most := geom.Vec{X: math.Inf(1), Y: math.Inf(1)}, geom.Vec{X: math.Inf(-1), Y: math.Inf(-1)}
	for i := range lanes {
		g.low[i], g.high[i] = extent(&lanes[i])
		least = geom.Vec{X: min(least.X, g.low[i].X), Y: min(least.Y, g.low[i].Y)}
		most = geom.Vec{X: max(most.X, g.high[i].X), Y: max(most.Y, g.high[i].Y)}
	}
	if len(lanes) == 0 {
		return g
	}
	for (most.X-least.X)/g.cell*((most.Y-least.Y)/g.cell) > mostCells || max(most.X-least.X, most.Y-least.Y)/g.cell > mostCells {
		g.cell *= 2
	}
	g.corner = least
	g.columns, g.rows = int((most.X-least.X)/g.cell)+1, int((most.Y-least.Y)/g.cell)+1
	g.fill(lanes)
	return g
}

// fill notes in two rounds, first counting and then writing, which squares each lane may touch.
func (g *grid) fill(lanes []Lane) {
	g.from = make([]int32, g.columns*g.rows+1)
	last := slices.Repeat([]ID{None}, g.columns*g.rows) // the lane last seen in each square
	each := func(note func(square int)) {
		for i := range lanes {
			l := &lanes[i]
			points := l.Centre.Points()
			for k := range len(points) - 1 { // a rectangle around each piece of the way
				r := max(l.ToLeft[k], l.ToRight[k], l.ToLeft[k+1], l.ToRight[k+1], 0)
				for a := range pieces(points[k], points[k+1], g.cell) {
					x0, y0 := g.square(geom.Vec{X: min(a[0].X, a[1].X) - r, Y: min(a[0].Y, a[1].Y) - r})
					x1, y1 := g.square(geom.Vec{X: max(a[0].X, a[1].X) + r, Y: max(a[0].Y, a[1].Y) + r})
					for y := y0; y <= y1; y++ {
						for q := y*g.columns + x0; q <= y*g.columns+x1; q++ {
							if last[q] != ID(i) {
								last[q] = ID(i)
								note(q)
							}
						}
					}
				}
			}
		}
	}
	each(func(q int) { g.from[q+1]++ })
	for q := range g.from[1:] {
		g.from[q+1] += g.from[q]
	}
	g.ids = make([]ID, g.from[len(g.from)-1])
	next := slices.Clone(g.from)
	for q := range last {
		last[q] = None
	}
	each(func(q int) { g.ids[next[q]] = last[q]; next[q]++ })
}

// pieces cuts the way from a to b into parts no longer than size.
func pieces(a, b geom.Vec, size float64) func(yield func([2]geom.Vec) bool) {
	n := max(1, math.Ceil(a.To(b)/size))
	return func(yield func([2]geom.Vec) bool) {
		for i := 0.0; i < n; i++ {
			if !yield([2]geom.Vec{geom.Between(a, b, i/n), geom.Between(a, b, (i+1)/n)}) {
				return
			}
		}
	}
}

// extent gives the corners of a rectangle that holds the lane.
func extent(l *Lane) (low, high geom.Vec) {
	low, high = geom.Vec{X: math.Inf(1), Y: math.Inf(1)}, geom.Vec{X: math.Inf(-1), Y: math.Inf(-1)}
	for i, v := range l.Centre.Points() {
		r := max(l.ToLeft[i], l.ToRight[i], 0)
		low = geom.Vec{X: min(low.X, v.X-r), Y: min(low.Y, v.Y-r)}
		high = geom.Vec{X: max(high.X, v.X+r), Y: max(high.Y, v.Y+r)}
	}
	return low, high
}

// square gives the column and row of the square that holds v, or of the nearest one.
func (g *grid) square(v geom.Vec) (x, y int) {
	x = int(min(max((v.X-g.corner.X)/g.cell, 0), float64(g.columns-1)))
	y = int(min(max((v.Y-g.corner.Y)/g.cell, 0), float64(g.rows-1)))
	return x, y
}

func (g *grid) near(dst []ID, v geom.Vec, radius float64) []ID {
	if len(g.ids) == 0 || !v.Finite() || !(radius >= 0) {
		return dst
	}
	start := len(dst)
	x0, y0 := g.square(geom.Vec{X: v.X - radius, Y: v.Y - radius})
	x1, y1 := g.square(geom.Vec{X: v.X + radius, Y: v.Y + radius})
	for y := y0; y <= y1; y++ {
		for q := y*g.columns + x0; q <= y*g.columns+x1; q++ {
			for _, id := range g.ids[g.from[q]:g.from[q+1]] {
				low, high := g.low[id], g.high[id]
				if low.X <= v.X+radius && high.X >= v.X-radius && low.Y <= v.Y+radius && high.Y >= v.Y-radius {
					dst = append(dst, id)
				}
			}
		}
	}
	found := dst[start:]
	slices.Sort(found)
	return dst[:start+len(slices.Compact(found))]
}
