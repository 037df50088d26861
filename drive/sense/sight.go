package sense

import (
	"math"

	"hutong/drive/geom"
	"hutong/drive/scene"
)

// Walls are what never moves and hides what is behind it. They may be shared.
type Walls struct {
	edges []edge
	cells map[[2]int32][]int32
}

type edge struct{ a, b geom.Vec }

// wallCell is the side of the squares by which walls are found, m.
const wallCell = 40.0

// NewWalls makes walls of the outlines of buildings; an outline is closed from its last corner to its first.
func NewWalls(outlines [][]geom.Vec) *Walls {
	w := &Walls{cells: make(map[[2]int32][]int32)}
	for _, o := range outlines {
		for i, a := range o {
			if b := o[(i+1)%len(o)]; a != b {
				w.add(edge{a, b})
			}
		}
	}
	return w
}

func (w *Walls) add(e edge) {
	w.edges = append(w.edges, e)
	i := int32(len(w.edges) - 1)
	n := int(e.a.To(e.b)/(wallCell/4)) + 1
	var last [2]int32
	for k := range n + 1 {
		c := wallSquare(geom.Between(e.a, e.b, float64(k)/float64(n)))
		if k == 0 || c != last {
			w.cells[c] = append(w.cells[c], i)
		}
		last = c
	}
}

func wallSquare(v geom.Vec) [2]int32 {
	return [2]int32{int32(math.Floor(v.X / wallCell)), int32(math.Floor(v.Y / wallCell))}
}

// Cross tells whether a wall stands between two points.
func (w *Walls) Cross(a, b geom.Vec) bool {
	if w == nil {
		return false
	}
	lo, hi := wallSquare(geom.Vec{X: min(a.X, b.X), Y: min(a.Y, b.Y)}), wallSquare(geom.Vec{X: max(a.X, b.X), Y: max(a.Y, b.Y)})
	for x := lo[0] - 1; x <= hi[0]+1; x++ {
		for y := lo[1] - 1; y <= hi[1]+1; y++ {
			for _, i := range w.cells[[2]int32{x, y}] {
				if w.edges[i].cuts(a, b) {
					return true
				}
			}
		}
	}
	return false
}

// cuts tells whether the edge crosses the line from p to q.
func (e edge) cuts(p, q geom.Vec) bool {
	d, f := q.Minus(p), e.b.Minus(e.a)
	return (d.Cross(e.a.Minus(p)) > 0) != (d.Cross(e.b.Minus(p)) > 0) &&
		(f.Cross(p.Minus(e.a)) > 0) != (f.Cross(q.Minus(e.a)) > 0)
}

// sight is who hides whom from one point.
type sight struct {
	eye    geom.Pose
	reach  float64
	blocks []block
	stamp  []uint32 // per wall edge: the look that took it last
	round  uint32
}

// block is something that hides, as seen from the eye.
type block struct {
	mid, half float64 // the directions it covers
	near      float64 // m to its nearest point, or less
	tall      bool    // it hides tall things too
	wall      bool
	id        uint32
	edges     [4]edge // one of a wall, four of a body
}

func (s *sight) begin(eye geom.Pose, reach float64) {
	s.eye, s.reach, s.blocks = eye, reach, s.blocks[:0]
	s.round++
}

// walls takes the walls in reach.
func (s *sight) walls(w *Walls) {
	if w == nil {
		return
	}
	if len(s.stamp) != len(w.edges) {
		s.stamp = make([]uint32, len(w.edges))
	}
	r := geom.Vec{X: s.reach, Y: s.reach}
	lo, hi := wallSquare(s.eye.Minus(r)), wallSquare(s.eye.Plus(r))
	for x := lo[0]; x <= hi[0]; x++ {
		for y := lo[1]; y <= hi[1]; y++ {
			for _, i := range w.cells[[2]int32{x, y}] {
				if s.stamp[i] != s.round {
					s.stamp[i] = s.round
					s.wall(w.edges[i])
				}
			}
		}
	}
}

func (s *sight) wall(e edge) {
	a, b := e.a.Minus(s.eye.Vec), e.b.Minus(s.eye.Vec)
	f := b.Minus(a)
	near := a.Plus(f.Times(min(max(-a.Dot(f)/f.Dot(f), 0), 1))).Length()
	if near > s.reach {
		return
	}
	from, to := a.Angle(), b.Angle()
	turn := geom.Wrap(to - from)
	s.blocks = append(s.blocks, block{
		mid: geom.Wrap(from + turn/2), half: math.Abs(turn) / 2, near: near, tall: true, wall: true, edges: [4]edge{e},
	})
}

// body takes a road user that hides others: all but those on foot or two wheels.
func (s *sight) body(a *scene.Actor) {
	if a.Vulnerable() {
		return
	}
	d := a.Box.Vec.Minus(s.eye.Vec)
	far := d.Length()
	near := far - a.Box.Radius()
	if near > s.reach || a.Box.Holds(s.eye.Vec) {
		return
	}
	b := block{mid: d.Angle(), near: near, tall: tall(a.Kind), id: a.ID}
	c := a.Box.Corners()
	for i := range c {
		b.edges[i] = edge{c[i], c[(i+1)%4]}
		b.half = max(b.half, math.Abs(geom.Wrap(c[i].Minus(s.eye.Vec).Angle()-b.mid)))
	}
	s.blocks = append(s.blocks, b)
}

// tall tells whether a road user stands out above cars, and hides a light.
func tall(k scene.Kind) bool {
	return k == scene.Van || k == scene.Truck || k == scene.Bus || k == scene.Tram
}

// sees tells whether any of a few points of the actor can be seen.
func (s *sight) sees(a *scene.Actor) bool {
	points := [5]geom.Vec{a.Box.Vec}
	c := a.Box.Grown(-0.2*a.Box.Length, -0.2*a.Box.Width).Corners()
	copy(points[1:], c[:])
	for _, p := range points {
		if !s.covered(p, tall(a.Kind), a.ID, true) {
			return true
		}
	}
	return false
}

// hidden tells whether a point, high up or not, can't be seen.
func (s *sight) hidden(p geom.Vec, high bool) bool { return s.covered(p, high, 0, false) }

func (s *sight) covered(p geom.Vec, high bool, but uint32, skip bool) bool {
	d := p.Minus(s.eye.Vec)
	far, angle := d.Length(), d.Angle()
	for i := range s.blocks {
		b := &s.blocks[i]
		if b.near >= far || high && !b.tall || skip && !b.wall && b.id == but || math.Abs(geom.Wrap(angle-b.mid)) > b.half {
			continue
		}
		if b.wall {
			if b.edges[0].cuts(s.eye.Vec, p) {
				return true
			}
			continue
		}
		for _, e := range b.edges {
			if e.cuts(s.eye.Vec, p) {
				return true
			}
		}
	}
	return false
}

// free fills in how far one sees in each direction.
func (s *sight) free(out *[scene.Bearings]float32) {
	for i := range out {
		out[i] = float32(s.reach)
	}
	const step = 2 * math.Pi / scene.Bearings
	for i := range s.blocks {
		b := &s.blocks[i]
		mid := geom.Wrap(b.mid - s.eye.Heading)
		from, to := int(math.Ceil((mid-b.half)/step)), int(math.Floor((mid+b.half)/step))
		for k := from; k <= to; k++ {
			ray := geom.Towards(s.eye.Heading + float64(k)*step)
			at := &out[(k+2*scene.Bearings)%scene.Bearings]
			for _, e := range b.edges {
				if far := e.along(s.eye.Vec, ray); far < float64(*at) {
					*at = float32(far)
				}
			}
		}
	}
}

// along gives how far a ray goes until it meets the edge; +Inf where it doesn't.
func (e edge) along(from, ray geom.Vec) float64 {
	f, w := e.b.Minus(e.a), e.a.Minus(from)
	den := ray.Cross(f)
	if den == 0 {
		return math.Inf(1)
	}
	t, u := w.Cross(f)/den, w.Cross(ray)/den
	if t < 0 || u < 0 || u > 1 {
		return math.Inf(1)
	}
	return t
}
