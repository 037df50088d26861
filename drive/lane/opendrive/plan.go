package opendrive

import (
	"errors"
	"fmt"
	"math"
	"sort"

	"hutong/drive/geom"
)

// piece is one geometry of a reference line: from where, how long, and the shape of it (OpenDRIVE 1.8, section 9).
type piece struct {
	s      float64
	from   geom.Pose
	length float64
	shape  shape
	k0, k1 float64    // curvature at its start, and by how much it grows a metre: line, arc and spiral
	u, v   [4]float64 // polynomials of the parameter: poly3 and paramPoly3
	table  []float64  // the way along at each of the parameter's equal steps, for the polynomials
	p1     float64    // the parameter at the end
}

type shape uint8

const (
	clothoid shape = iota // a line and an arc are special ones
	cubic
)

// tableSteps is into how many steps a polynomial's parameter is cut to measure the way along it.
const tableSteps = 64

// maxLength is how long a road may be, m.
const maxLength = 1e6

func newPlan(gs []xGeometry) ([]piece, error) {
	if len(gs) == 0 {
		return nil, errors.New("has no planView geometry")
	}
	plan := make([]piece, 0, len(gs))
	for i := range gs {
		p, err := newPiece(&gs[i])
		if err != nil {
			return nil, fmt.Errorf("geometry %d: %w", i, err)
		}
		if i > 0 && p.s <= plan[i-1].s {
			return nil, fmt.Errorf("geometry %d: s=%g doesn't come after the last one's %g", i, p.s, plan[i-1].s)
		}
		plan = append(plan, p)
	}
	if math.Abs(plan[0].s) > 1e-3 {
		return nil, fmt.Errorf("the first geometry begins at s=%g, not at 0", plan[0].s)
	}
	plan[0].s = 0
	return plan, nil
}

func newPiece(g *xGeometry) (piece, error) {
	for _, a := range []struct {
		name string
		of   num
	}{{"s", g.S}, {"x", g.X}, {"y", g.Y}, {"hdg", g.Hdg}, {"length", g.Length}} {
		if !a.of.given {
			return piece{}, fmt.Errorf("%s is missing", a.name)
		}
	}
	p := piece{
		s: g.S.v, length: g.Length.v,
		from: geom.Pose{Vec: geom.Vec{X: g.X.v, Y: g.Y.v}, Heading: g.Hdg.v},
	}
	if !(p.length > 0) || p.length > maxLength || p.s < 0 || p.s > maxLength {
		return piece{}, fmt.Errorf("s=%g length=%g; lengths are above 0 and up to %g m", p.s, p.length, maxLength)
	}
	if math.Abs(p.from.X) > 1e9 || math.Abs(p.from.Y) > 1e9 || math.Abs(p.from.Heading) > 1e6 {
		return piece{}, errors.New("lies beyond any map")
	}
	switch {
	case g.Line != nil:
	case g.Arc != nil:
		p.k0 = g.Arc.Curvature.v
	case g.Spiral != nil:
		p.k0 = g.Spiral.Start.v
		p.k1 = (g.Spiral.End.v - g.Spiral.Start.v) / p.length
	case g.Poly3 != nil:
		q := g.Poly3
		p.shape, p.u, p.v = cubic, [4]float64{0, 1, 0, 0}, [4]float64{q.A.v, q.B.v, q.C.v, q.D.v}
		return p.measured(p.length, true)
	case g.ParamPoly3 != nil:
		q := g.ParamPoly3
		p.shape = cubic
		p.u, p.v = [4]float64{q.AU.v, q.BU.v, q.CU.v, q.DU.v}, [4]float64{q.AV.v, q.BV.v, q.CV.v, q.DV.v}
		switch q.Range {
		case "arcLength":
			return p.measured(p.length, false)
		case "normalized", "":
			return p.measured(1, false)
		}
		return piece{}, fmt.Errorf("pRange=%q is neither arcLength nor normalized", q.Range)
	default:
		return piece{}, errors.New("has none of line, spiral, arc, poly3, paramPoly3")
	}
	if math.Abs(p.k0) > 100 || math.Abs(p.k0+p.k1*p.length) > 100 {
		return piece{}, errors.New("turns within a centimetre")
	}
	return p, nil
}

// measured fills the table of a polynomial whose parameter runs to p1. Where cut is set the curve ends where the way
// along it is the piece's length (poly3 is told by its x axis); otherwise the whole of it is the piece, and a length
// that was rounded is shared out along it.
func (p piece) measured(p1 float64, cut bool) (piece, error) {
	p.p1 = p1
	p.table = make([]float64, tableSteps+1)
	step := p1 / tableSteps
	for i := range tableSteps {
		at := float64(i) * step
		way := 0.0
		for k, x := range gaussAt {
			way += gaussWeight[k] * p.slope((at+step/2)+x*step/2).Length()
		}
		p.table[i+1] = p.table[i] + way*step/2
	}
	whole := p.table[tableSteps]
	if !(whole > 1e-6) || math.IsInf(whole, 0) || whole > 10*maxLength {
		return piece{}, fmt.Errorf("its polynomial is %g m long", whole)
	}
	if !cut {
		if whole < p.length/2 || whole > p.length*2 {
			return piece{}, fmt.Errorf("its polynomial is %g m long but length says %g", whole, p.length)
		}
		for i := range p.table {
			p.table[i] *= p.length / whole
		}
	}
	return p, nil
}

// Gauss and Legendre's five places and weights.
var (
	gaussAt     = [5]float64{0, -0.5384693101056831, 0.5384693101056831, -0.9061798459386640, 0.9061798459386640}
	gaussWeight = [5]float64{0.5688888888888889, 0.4786286704993665, 0.4786286704993665, 0.2369268850561891, 0.2369268850561891}
)

func value(c *[4]float64, x float64) float64  { return c[0] + x*(c[1]+x*(c[2]+x*c[3])) }
func growth(c *[4]float64, x float64) float64 { return c[1] + x*(2*c[2]+x*3*c[3]) }

func (p *piece) slope(at float64) geom.Vec {
	return geom.Vec{X: growth(&p.u, at), Y: growth(&p.v, at)}
}

// at gives the pose ds metres from the piece's start.
func (p *piece) at(ds float64) geom.Pose {
	if p.shape == cubic {
		return p.onCubic(ds)
	}
	turn := func(s float64) float64 { return s * (p.k0 + s*p.k1/2) }
	heading := p.from.Heading + turn(ds)
	if p.k0 == 0 && p.k1 == 0 {
		return geom.Pose{Vec: p.from.Ahead(ds, 0), Heading: p.from.Heading}
	}
	if p.k1 == 0 {
		half := turn(ds) / 2
		chord := ds
		if half != 0 {
			chord = ds * math.Sin(half) / half
		}
		return geom.Pose{Vec: p.from.Plus(geom.Towards(p.from.Heading + half).Times(chord)), Heading: heading}
	}
	// The five-point rule is exact to 1e-12 where the direction changes by less than half a radian.
	most := max(math.Abs(p.k0), math.Abs(p.k0+p.k1*ds)) * math.Abs(ds)
	parts := 1 + int(min(most/0.5, 1e5))
	step := ds / float64(parts)
	var sum geom.Vec
	for i := range parts {
		middle := (float64(i) + 0.5) * step
		for k, x := range gaussAt {
			sum = sum.Plus(geom.Towards(p.from.Heading + turn(middle+x*step/2)).Times(gaussWeight[k] * step / 2))
		}
	}
	return geom.Pose{Vec: p.from.Plus(sum), Heading: heading}
}

func (p *piece) onCubic(ds float64) geom.Pose {
	i := min(max(sort.SearchFloat64s(p.table, ds)-1, 0), tableSteps-1)
	share := 0.0
	if d := p.table[i+1] - p.table[i]; d > 0 {
		share = (ds - p.table[i]) / d
	}
	at := (float64(i) + share) * p.p1 / tableSteps
	slope := p.slope(at)
	if slope.Length() < 1e-9 { // a cusp: look a little to the side
		slope = p.slope(at + p.p1*1e-6)
	}
	return geom.Pose{
		Vec:     p.from.Ahead(value(&p.u, at), value(&p.v, at)),
		Heading: p.from.Heading + slope.Angle(),
	}
}

// pose gives the reference line's pose at s. Beyond its ends the line goes on as its first or last piece does.
func (r *road) pose(s float64) geom.Pose {
	i := max(sort.Search(len(r.plan), func(i int) bool { return r.plan[i].s > s })-1, 0)
	return r.plan[i].at(s - r.plan[i].s)
}

// run is a quantity along a road: polynomials that follow on each other.
type run []term

type term struct {
	s float64
	c [4]float64
}

// at gives the quantity; 0 before the first polynomial.
func (r run) at(s float64) float64 {
	i := sort.Search(len(r), func(i int) bool { return r[i].s > s+1e-9 }) - 1
	if i < 0 {
		return 0
	}
	return value(&r[i].c, s-r[i].s)
}

// newRun makes a run of records that count from the place from; they must be in order.
func newRun(records []xPoly, from float64) (run, error) {
	var r run
	for i, p := range records {
		s := from + p.S.v + p.Offset.v
		if i > 0 && s < r[i-1].s {
			return nil, fmt.Errorf("record %d at s=%g doesn't come after the last one's %g", i, s, r[i-1].s)
		}
		r = append(r, term{s, [4]float64{p.A.v, p.B.v, p.C.v, p.D.v}})
	}
	return r, nil
}
