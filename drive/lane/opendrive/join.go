package opendrive

import (
	"fmt"
	"strings"

	"hutong/drive/geom"
)

// joinParts joins the lanes of a road's parts, one part after the other.
func (b *builder) joinParts(r *road) {
	for i := 0; i+1 < len(r.parts); i++ {
		p, q := &r.parts[i], &r.parts[i+1]
		for k := range p.lanes {
			a := &p.lanes[k]
			if p.section == q.section {
				b.join(a, true, &q.lanes[k], false)
				continue
			}
			for _, to := range a.source.Link.Successor {
				b.joinNumber(a, true, r, i+1, to.ID, false)
			}
		}
		if p.section == q.section {
			continue
		}
		for k := range q.lanes {
			for _, to := range q.lanes[k].source.Link.Predecessor {
				b.joinNumber(&q.lanes[k], false, r, i, to.ID, true)
			}
		}
	}
}

// joinNumber joins a lane with the one of that number in another part.
func (b *builder) joinNumber(a *strip, aEnd bool, r *road, part, number int, end bool) {
	k := r.parts[part].find(number)
	if k < 0 {
		if number != 0 {
			b.net.note("road %q has no lane %d at s=%g, to which another one is linked", r.id, number, r.parts[part].from)
		}
		return
	}
	b.join(a, aEnd, &r.parts[part].lanes[k], end)
}

// side gives the part at a road's start or end.
func (r *road) side(end bool) int {
	if end {
		return len(r.parts) - 1
	}
	return 0
}

// joinRoads joins a road's lanes with those of the roads it says it follows or leads to.
func (b *builder) joinRoads(r *road) error {
	for _, end := range []bool{false, true} {
		to, what := r.source.Link.Predecessor, "predecessor"
		if end {
			to, what = r.source.Link.Successor, "successor"
		}
		if to == nil || to.Type == "junction" {
			continue
		}
		other := b.net.byID[to.ID]
		if other == nil {
			return fmt.Errorf("its %s is road %q, which the file doesn't have", what, to.ID)
		}
		otherEnd, err := contact(to.Contact)
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		p := &r.parts[r.side(end)]
		for k := range p.lanes {
			links := p.lanes[k].source.Link.Predecessor
			if end {
				links = p.lanes[k].source.Link.Successor
			}
			for _, l := range links {
				b.joinNumber(&p.lanes[k], end, other, other.side(otherEnd), l.ID, otherEnd)
			}
		}
	}
	return nil
}

func contact(s string) (end bool, err error) {
	switch s {
	case "start":
		return false, nil
	case "end":
		return true, nil
	}
	return false, fmt.Errorf("contactPoint=%q is neither start nor end", s)
}

// joinJunction joins the lanes that meet in a junction.
func (b *builder) joinJunction(j *xJunction) error {
	if j.Type == "virtual" || j.Type == "crossing" { // roads pass them undivided
		return nil
	}
	for i := range j.Connection {
		c := &j.Connection[i]
		to := c.Connecting
		if j.Type == "direct" {
			to = c.Linked
		}
		incoming, other := b.net.byID[c.Incoming], b.net.byID[to]
		if incoming == nil || other == nil {
			return fmt.Errorf("connection %q joins the roads %q and %q; the file doesn't have both", c.ID, c.Incoming, to)
		}
		otherEnd, err := contact(c.Contact)
		if err != nil {
			return fmt.Errorf("connection %q: %w", c.ID, err)
		}
		end := incoming.meets(j.ID, other, otherEnd)
		p, q := &incoming.parts[incoming.side(end)], other.side(otherEnd)
		links := c.Link
		if len(links) == 0 { // then equal numbers meet
			for k := range p.lanes {
				if other.parts[q].find(p.lanes[k].id) >= 0 {
					links = append(links, xLink{p.lanes[k].id, p.lanes[k].id})
				}
			}
		}
		for _, l := range links {
			if k := p.find(l.From); k >= 0 {
				b.joinNumber(&p.lanes[k], end, other, q, l.To, otherEnd)
			} else if l.From != 0 {
				b.net.note("junction %q, connection %q: road %q has no lane %d there", j.ID, c.ID, incoming.id, l.From)
			}
		}
	}
	return nil
}

// meets gives the end of the road that lies at the junction: the one its links say, else the nearer one.
func (r *road) meets(junction string, other *road, otherEnd bool) (end bool) {
	at := func(l *xRoadEnd) bool { return l != nil && l.Type == "junction" && l.ID == junction }
	first, last := at(r.source.Link.Predecessor), at(r.source.Link.Successor)
	if first != last {
		return last
	}
	s := 0.0
	if otherEnd {
		s = other.length
	}
	v := other.pose(s)
	return r.pose(r.length).To(v.Vec) < r.pose(0).To(v.Vec)
}

// origin gives the place of (0, 0) by the file's projection; both 0 where it has none that is known.
func (f *xFile) origin() (lat, lon float64) {
	p, err := geom.ParseProjection(strings.TrimSpace(f.Header.Geo))
	if err != nil {
		return 0, 0
	}
	return p.Degrees(geom.Vec{X: -f.Header.Offset.X.v, Y: -f.Header.Offset.Y.v})
}
