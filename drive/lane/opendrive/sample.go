package opendrive

import (
	"errors"
	"math"

	"hutong/drive/geom"
)

// How fine lanes are cut to points: no line is further than lateral from its lane's true middle or edge, and no bend of
// it is sharper than bend; steps below finest are never taken.
const (
	lateral = 0.02 // m
	bend    = 0.06 // rad
	finest  = 0.05 // m
)

// maxPoints is how many points all lanes of a file may have together.
const maxPoints = 8_000_000

var errTooFine = errors.New("the file's lanes need more than 8 million points; cut the map into parts")

// row is a cut across a part: where its lanes' middles and edges are at s.
type row struct {
	s       float64
	heading float64
	edges   []float64  // metres to the left of the reference line
	points  []geom.Vec // the edges, then the middles
}

func (r *road) row(p *part, s float64) row {
	at := r.pose(s)
	w := row{s: s, heading: at.Heading, edges: r.edges(nil, p, s)}
	w.points = make([]geom.Vec, 0, 2*len(w.edges))
	for _, t := range w.edges {
		w.points = append(w.points, at.Ahead(0, t))
	}
	for k := range p.lanes {
		w.points = append(w.points, at.Ahead(0, (w.edges[k]+w.edges[k+1])/2))
	}
	return w
}

// rows cuts a part across, as often as its lanes' curves need.
func (r *road) rows(p *part, budget *int) ([]row, error) {
	var marks []float64
	mark := func(s float64) {
		if s > p.from+1e-6 && s < p.to-1e-6 {
			marks = append(marks, s)
		}
	}
	for i := range r.plan {
		mark(r.plan[i].s)
	}
	for _, t := range r.offset {
		mark(t.s)
	}
	for k := range p.lanes {
		for _, t := range p.lanes[k].width {
			mark(t.s)
		}
	}
	marks = append(marks, p.from, p.to)
	marks = apart(marks, finest)
	all := []row{r.row(p, marks[0])}
	for _, s := range marks[1:] {
		var err error
		if all, err = r.refine(all, p, r.row(p, s), budget); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// refine adds the rows that are needed between the last one and next, and next.
func (r *road) refine(all []row, p *part, next row, budget *int) ([]row, error) {
	last := all[len(all)-1]
	if *budget -= len(next.points); *budget < 0 {
		return nil, errTooFine
	}
	if next.s-last.s > 2*finest {
		middle := r.row(p, (last.s+next.s)/2)
		if !r.straight(p, last, middle, next) {
			var err error
			if all, err = r.refine(all, p, middle, budget); err != nil {
				return nil, err
			}
			return r.refine(all, p, next, budget)
		}
	}
	return append(all, next), nil
}

// straight tells whether all lines between two rows are as good as straight. The quarter rows see an S that the middle
// one misses.
func (r *road) straight(p *part, a, middle, b row) bool {
	if math.Abs(geom.Wrap(b.heading-a.heading)) > bend || math.Abs(geom.Wrap(middle.heading-a.heading)) > bend {
		return false
	}
	for _, m := range []row{middle, r.row(p, a.s+(b.s-a.s)/4), r.row(p, a.s+(b.s-a.s)*3/4)} {
		for k, v := range m.points {
			chord := b.points[k].Minus(a.points[k])
			off, long := v.Minus(a.points[k]), chord.Length()
			if long > 1e-6 && math.Abs(chord.Cross(off))/long > lateral || long <= 1e-6 && off.Length() > lateral {
				return false
			}
		}
	}
	return true
}

// line is a lane's middle as points in its driving direction, with how far its edges are on either side and the road's
// s at each point.
type line struct {
	points      []geom.Vec
	left, right []float64
	s           []float64
}

// lineOf takes the lane k out of a part's rows. A lane shorter than a centimetre is drawn a centimetre long, so that the
// way through it is kept.
func lineOf(rows []row, lanes, k int, forward bool) line {
	var l line
	for i := range rows {
		w := &rows[i]
		if !forward {
			w = &rows[len(rows)-1-i]
		}
		v, half := w.points[lanes+1+k], (w.edges[k]-w.edges[k+1])/2
		if n := len(l.points); n > 0 && l.points[n-1].To(v) < 2e-3 {
			continue
		}
		l.points, l.s = append(l.points, v), append(l.s, w.s)
		l.left, l.right = append(l.left, half), append(l.right, half)
	}
	if len(l.points) == 1 {
		heading := rows[0].heading
		if !forward {
			heading += math.Pi
		}
		l.points = append(l.points, l.points[0].Plus(geom.Towards(heading).Times(0.01)))
		l.left, l.right = append(l.left, l.left[0]), append(l.right, l.right[0])
		last := rows[len(rows)-1].s
		if !forward {
			last = rows[0].s
		}
		l.s = append(l.s, last)
	}
	return l
}

// open tells whether the lane k is anywhere as wide as a person.
func open(rows []row, k int) bool {
	for i := range rows {
		if rows[i].edges[k]-rows[i].edges[k+1] > 0.3 {
			return true
		}
	}
	return false
}
