package commonroad

import (
	"math"
	"slices"

	"hutong/drive/geom"
	"hutong/drive/lane"
)

// Road is the ground that a scenario's lanelets make together, as the drivability checker sees it: lanelets side by side
// are one piece of ground, whatever cracks lie between them; between pieces that follow on each other a crack is none of
// the road.
type Road struct {
	pieces []piece
	edges  []Edge
	cells  map[[2]int32][]int32 // the edges that touch a square of cell metres
}

// Edge is a straight part of the road's rim.
type Edge struct{ A, B geom.Vec }

// piece is one polygon of the road.
type piece struct {
	points    []geom.Vec
	low, high geom.Vec
}

func (p *piece) holds(v geom.Vec) bool {
	return v.X >= p.low.X && v.X <= p.high.X && v.Y >= p.low.Y && v.Y <= p.high.Y && Within(p.points, v)
}

const (
	cell = 4.0  // m
	hair = 1e-6 // m: what is no wider than two of them is no crack
)

// NewRoad joins the lanelets of a scenario.
func NewRoad(lanelets []Lanelet) *Road {
	r := &Road{cells: make(map[[2]int32][]int32)}
	done := make([]bool, len(lanelets))
	for i := range lanelets {
		if !done[i] {
			r.pieces = append(r.pieces, newPiece(across(lanelets, lane.ID(i), done)))
		}
	}
	for _, p := range r.parts() {
		middle := geom.Between(p.A, p.B, 0.5)
		way := p.B.Minus(p.A)
		aside := way.Left().Times(hair / way.Length())
		left, right := r.Holds(middle.Plus(aside)), r.Holds(middle.Minus(aside))
		if left == right { // both sides are road, or none is
			continue
		}
		if right {
			p.A, p.B = p.B, p.A
		}
		r.add(p)
	}
	return r
}

// Edges gives the rim of the road; the road lies to the left of each.
func (r *Road) Edges() []Edge { return r.edges }

// Pieces gives the polygons that the road is made of; they may overlap.
func (r *Road) Pieces(yield func([]geom.Vec) bool) {
	for i := range r.pieces {
		if !yield(r.pieces[i].points) {
			return
		}
	}
}

// Holds tells whether a place lies on the road.
func (r *Road) Holds(v geom.Vec) bool {
	for i := range r.pieces {
		if r.pieces[i].holds(v) {
			return true
		}
	}
	return false
}

// Carries tells whether the whole of a box lies on the road: its middle does, and no edge touches it.
func (r *Road) Carries(b geom.Box) bool {
	if !r.Holds(b.Vec) {
		return false
	}
	reach := b.Radius()
	for x := square(b.X - reach); x <= square(b.X+reach); x++ {
		for y := square(b.Y - reach); y <= square(b.Y+reach); y++ {
			for _, i := range r.cells[[2]int32{x, y}] {
				if r.edges[i].touches(b) {
					return false
				}
			}
		}
	}
	return true
}

// touches tells whether an edge shares a point with a box, by clipping the edge at the box's sides.
func (e Edge) touches(b geom.Box) bool {
	p, q := b.Local(e.A), b.Local(e.B)
	from, to := 0.0, 1.0
	clip := func(a, way, half float64) {
		if math.Abs(way) < 1e-12 {
			if math.Abs(a) > half {
				to = -1
			}
			return
		}
		s, t := (-half-a)/way, (half-a)/way
		from, to = max(from, min(s, t)), min(to, max(s, t))
	}
	clip(p.X, q.X-p.X, b.Length/2)
	clip(p.Y, q.Y-p.Y, b.Width/2)
	return from <= to
}

func square(x float64) int32 { return int32(math.Floor(x / cell)) }

func (r *Road) add(e Edge) {
	for x := square(min(e.A.X, e.B.X)); x <= square(max(e.A.X, e.B.X)); x++ {
		for y := square(min(e.A.Y, e.B.Y)); y <= square(max(e.A.Y, e.B.Y)); y++ {
			r.cells[[2]int32{x, y}] = append(r.cells[[2]int32{x, y}], int32(len(r.edges)))
		}
	}
	r.edges = append(r.edges, e)
}

func newPiece(points []geom.Vec) piece {
	p := piece{points: points, low: points[0], high: points[0]}
	for _, v := range points {
		p.low = geom.Vec{X: min(p.low.X, v.X), Y: min(p.low.Y, v.Y)}
		p.high = geom.Vec{X: max(p.high.X, v.X), Y: max(p.high.Y, v.Y)}
	}
	return p
}

// across gives the outline of all lanelets side by side with one of them, and marks them as done.
func across(lanelets []Lanelet, id lane.ID, done []bool) []geom.Vec {
	along := true // the lanelet looks the way the first one does
	for range lanelets {
		next, same := lanelets[id].beside(!along)
		if next == lane.None {
			break
		}
		id, along = next, along == same
	}
	starts, ends := []geom.Vec{}, []geom.Vec{}
	note := func(bound []geom.Vec) {
		starts, ends = append(starts, bound[0]), append(ends, bound[len(bound)-1])
	}
	right := lanelets[id].bound(false, along)
	note(right)
	for range lanelets {
		done[id] = true
		note(lanelets[id].bound(true, along))
		next, same := lanelets[id].beside(along)
		if next == lane.None {
			break
		}
		id, along = next, along == same
	}
	left := lanelets[id].bound(true, along)
	slices.Reverse(ends)
	slices.Reverse(right)
	out := starts
	for _, part := range [][]geom.Vec{left[1 : len(left)-1], ends, right[1 : len(right)-1]} {
		out = append(out, part...)
	}
	return slices.Compact(out)
}

// beside gives the neighbour to the left, or to the right, and whether it leads the same way.
func (l *Lanelet) beside(left bool) (lane.ID, bool) {
	if left {
		return l.LeftOf, !l.LeftTurned
	}
	return l.RightOf, !l.RightTurned
}

// bound gives a copy of the bound to the left, or to the right, of who goes along the lanelet or against it.
func (l *Lanelet) bound(left, along bool) []geom.Vec {
	points := slices.Clone(l.Right)
	if left == along {
		points = slices.Clone(l.Left)
	}
	if !along {
		slices.Reverse(points)
	}
	return points
}

// parts gives the sides of all pieces, cut where they meet those of others.
func (r *Road) parts() []Edge {
	type side struct {
		Edge
		piece int
	}
	var sides []side
	near := make(map[[2]int32][]int32)
	for k := range r.pieces {
		points := r.pieces[k].points
		for i, a := range points {
			b := points[(i+1)%len(points)]
			if a.To(b) < 1e-9 {
				continue
			}
			for x := square(min(a.X, b.X)); x <= square(max(a.X, b.X)); x++ {
				for y := square(min(a.Y, b.Y)); y <= square(max(a.Y, b.Y)); y++ {
					near[[2]int32{x, y}] = append(near[[2]int32{x, y}], int32(len(sides)))
				}
			}
			sides = append(sides, side{Edge{a, b}, k})
		}
	}
	var out []Edge
	var cuts []float64
	for _, s := range sides {
		cuts = append(cuts[:0], 0, 1)
		for x := square(min(s.A.X, s.B.X)); x <= square(max(s.A.X, s.B.X)); x++ {
			for y := square(min(s.A.Y, s.B.Y)); y <= square(max(s.A.Y, s.B.Y)); y++ {
				for _, i := range near[[2]int32{x, y}] {
					if sides[i].piece != s.piece {
						cuts = s.cut(sides[i].Edge, cuts)
					}
				}
			}
		}
		slices.Sort(cuts)
		whole := s.A.To(s.B)
		for i := 1; i < len(cuts); i++ {
			if (cuts[i]-cuts[i-1])*whole > 1e-6 {
				out = append(out, Edge{geom.Between(s.A, s.B, cuts[i-1]), geom.Between(s.A, s.B, cuts[i])})
			}
		}
	}
	return out
}

// cut adds where, as shares of e, another side crosses or begins or ends on it.
func (e Edge) cut(o Edge, cuts []float64) []float64 {
	way, other := e.B.Minus(e.A), o.B.Minus(o.A)
	if d := way.Cross(other); math.Abs(d) > 1e-12 {
		off := o.A.Minus(e.A)
		t, u := off.Cross(other)/d, off.Cross(way)/d
		if t > 0 && t < 1 && u >= -1e-9 && u <= 1+1e-9 {
			cuts = append(cuts, t)
		}
	}
	for _, v := range [2]geom.Vec{o.A, o.B} {
		off := v.Minus(e.A)
		t := off.Dot(way) / way.Dot(way)
		if t > 0 && t < 1 && math.Abs(off.Cross(way)) < hair*way.Length() {
			cuts = append(cuts, t)
		}
	}
	return cuts
}
