package lane

import (
	"math"

	"hutong/drive/geom"
)

// Kerb finds the lane at which a vehicle of the users stops for somebody who is at v: of the lanes outside of junctions,
// the one whose middle is nearest, at most reach metres away; with a heading, of those that go that way. ok is false
// where there is none.
func (m *Map) Kerb(v geom.Vec, heading *float64, users Users, reach float64) (best Spot, ok bool) {
	var few [128]ID
	least := reach
	for _, id := range m.Near(few[:0], v, reach) {
		l := &m.Lanes[id]
		if l.Kind != Drive || l.Users&users == 0 {
			continue
		}
		s, d := l.Centre.Project(v)
		if heading != nil && math.Abs(geom.Wrap(l.Centre.At(s).Heading-*heading)) > math.Pi/4 {
			continue
		}
		if off := math.Abs(d); off < least {
			least, best, ok = off, Spot{Lane: id, S: s}, true
		}
	}
	return best, ok
}
