package town

import (
	"math"
	"strings"

	"hutong/drive/geom"
	"hutong/drive/lane"
)

// road is what the simulator knows of a lane beyond the map.
type road struct {
	pace   float64         // m/s: the limit, or what its sharpest bend allows
	meets  []lane.Conflict // the map's conflicts, and where bodies would touch though the map has none
	nearby []lane.Conflict // lanes that a long body in a bend touches, beside those of meets
	round  bool            // part of the roundabout
	bay    bool            // a lane that leads nowhere: to stand in
	simple bool            // a junction lane that meets nobody: no leave is needed
}

const sideways = 2.2 // m/s² in bends

func newRoads(m *lane.Map) []road {
	roads := make([]road, len(m.Lanes))
	byJunction := make(map[string][]lane.ID)
	var names []string
	for i := range m.Lanes {
		l := &m.Lanes[i]
		r := &roads[i]
		r.pace = min(l.Limit, math.Sqrt(sideways/max(bend(l), 1e-3)))
		r.meets = append(r.meets, l.Conflicts...)
		r.round = strings.HasPrefix(l.Name, "round") || strings.HasPrefix(l.Junction, "RA_")
		r.bay = l.Kind == lane.Drive && l.Users&lane.Cars != 0 && len(l.Next) == 0 && l.LeftOf != lane.None
		if l.Junction != "" {
			if byJunction[l.Junction] == nil {
				names = append(names, l.Junction)
			}
			byJunction[l.Junction] = append(byJunction[l.Junction], lane.ID(i))
		}
	}
	for _, name := range names {
		touch(m, roads, byJunction[name])
	}
	for i := range roads { // in the roundabout goes first who is in it
		for k := range roads[i].meets {
			if with := roads[i].meets[k].With; roads[i].round && within(&m.Lanes[i]) && within(m.Lane(with)) {
				mine, other := fromRing(m, lane.ID(i)), fromRing(m, with)
				roads[i].meets[k].Yield = other && !mine
			}
		}
	}
	for _, name := range names { // one way through a junction may be several lanes: all or none
		simple := true
		for _, id := range byJunction[name] {
			simple = simple && m.Lane(id).Signal < 0 && len(roads[id].meets) == 0
		}
		for _, id := range byJunction[name] {
			roads[id].simple = simple
		}
	}
	return roads
}

// fromRing tells whether a way through a junction comes from within the roundabout.
func fromRing(m *lane.Map, id lane.ID) bool {
	for len(m.Lane(id).Prev) > 0 && m.Lane(id).Junction != "" {
		id = m.Lane(id).Prev[0]
	}
	return strings.HasPrefix(m.Lane(id).Name, "round")
}

// within tells whether a lane is a way for vehicles through a junction.
func within(l *lane.Lane) bool { return l.Junction != "" && l.Kind != lane.Crossing }

// touch adds meetings of lanes on which bodies would touch though neither is the other's foe by the map.
func touch(m *lane.Map, roads []road, ids []lane.ID) {
	for i, a := range ids {
		for _, b := range ids[i+1:] {
			onFoot := m.Lane(a).Kind == lane.Crossing || m.Lane(b).Kind == lane.Crossing
			if known(roads[a].meets, b) || !onFoot && related(m, a, b) || m.Lane(a).Kind == m.Lane(b).Kind && onFoot {
				continue
			}
			if c, ok := lane.Meet(wider(m.Lane(a)), wider(m.Lane(b))); ok && !onFoot {
				c.With = b
				roads[a].nearby = append(roads[a].nearby, c)
				roads[b].nearby = append(roads[b].nearby, lane.Conflict{With: a, From: c.WithFrom, To: c.WithTo, WithFrom: c.From, WithTo: c.To})
			}
			if c, ok := lane.Meet(m.Lane(a), m.Lane(b)); ok && (onFoot || c.To-c.From > 1) {
				c.With, c.Yield = b, m.Lane(b).Kind == lane.Crossing
				roads[a].meets = append(roads[a].meets, c)
				roads[b].meets = append(roads[b].meets, lane.Conflict{
					With: a, From: c.WithFrom, To: c.WithTo, WithFrom: c.From, WithTo: c.To, Yield: m.Lane(a).Kind == lane.Crossing,
				})
			}
		}
	}
}

// wider gives a lane as a long body sweeps it.
func wider(l *lane.Lane) *lane.Lane {
	w := *l
	w.ToLeft, w.ToRight = make([]float64, len(l.ToLeft)), make([]float64, len(l.ToRight))
	for i := range l.ToLeft {
		w.ToLeft[i], w.ToRight[i] = l.ToLeft[i]+0.5, l.ToRight[i]+0.5
	}
	return &w
}

func known(list []lane.Conflict, with lane.ID) bool {
	for _, c := range list {
		if c.With == with {
			return true
		}
	}
	return false
}

// related tells whether two lanes part from one, follow each other, or run side by side.
func related(m *lane.Map, a, b lane.ID) bool {
	la, lb := m.Lane(a), m.Lane(b)
	if la.LeftOf == b || la.RightOf == b {
		return true
	}
	for _, p := range la.Prev {
		if p == b {
			return true
		}
		for _, q := range lb.Prev {
			if p == q || q == a {
				return true
			}
		}
	}
	for _, q := range lb.Prev {
		if q == a {
			return true
		}
	}
	return false
}

// bend gives the sharpest curvature of a lane, measured over 6 m, 1/m.
func bend(l *lane.Lane) float64 {
	sharp := 0.0
	for s := 0.0; s <= l.Centre.Length(); s++ {
		sharp = max(sharp, math.Abs(l.Centre.Curvature(s, 3)))
	}
	return sharp
}

// along gives the pose d metres to the left of a way at s metres along the lane here; before its start the way runs on
// the lanes of the trail, the last first.
func (t *Town) along(here lane.ID, s, d float64, trail []lane.ID) geom.Pose {
	for i := len(trail) - 1; i >= 0 && s < 0; i-- {
		here = trail[i]
		s += t.m.Lane(here).Centre.Length()
	}
	p := t.m.Lane(here).Centre.At(s)
	p.Vec = p.Ahead(0, d)
	return p
}
