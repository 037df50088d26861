package town

import (
	"math"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
)

// footways are the lanes for those on foot, joined where they meet.
type footways struct {
	lanes    []lane.ID
	meets    map[[2]int32]int       // (lane, end) -> place; end 0 is its start
	at       [][]footEnd            // who ends at each place
	leads    map[[2]int32][]footEnd // from an end: where one may go on
	crossing map[lane.ID][]*walker
	waiting  map[lane.ID][]*walker
}

// footEnd is one end of a footway.
type footEnd struct {
	lane  lane.ID
	start bool
}

func (e footEnd) key() [2]int32 {
	if e.start {
		return [2]int32{int32(e.lane), 0}
	}
	return [2]int32{int32(e.lane), 1}
}

// newFootways finds which ends of footways meet: an end and the start of what comes next, and so on.
func newFootways(m *lane.Map) *footways {
	f := &footways{meets: make(map[[2]int32]int), crossing: make(map[lane.ID][]*walker), waiting: make(map[lane.ID][]*walker)}
	var parent []int
	find := func(i int) int {
		for parent[i] != i {
			i = parent[i]
		}
		return i
	}
	node := func(e footEnd) int {
		if n, ok := f.meets[e.key()]; ok {
			return n
		}
		parent = append(parent, len(parent))
		f.meets[e.key()] = len(parent) - 1
		return len(parent) - 1
	}
	for i := range m.Lanes {
		l := &m.Lanes[i]
		if l.Kind != lane.Walk && l.Kind != lane.Crossing {
			continue
		}
		f.lanes = append(f.lanes, lane.ID(i))
		end := node(footEnd{lane.ID(i), false})
		node(footEnd{lane.ID(i), true})
		for _, n := range l.Next {
			if k := m.Lane(n).Kind; k == lane.Walk || k == lane.Crossing {
				parent[find(node(footEnd{n, true}))] = find(end)
			}
		}
	}
	f.gather(m, find, len(parent))
	return f
}

// gather lists what ends at each place, and says from where to where one gets without stepping onto the road.
func (f *footways) gather(m *lane.Map, find func(int) int, places int) {
	f.at = make([][]footEnd, places)
	for _, id := range f.lanes {
		for _, e := range []footEnd{{id, true}, {id, false}} {
			n := find(f.meets[e.key()])
			f.meets[e.key()] = n
			f.at[n] = append(f.at[n], e)
		}
	}
	f.leads = make(map[[2]int32][]footEnd)
	for _, ends := range f.at {
		for _, a := range ends {
			for _, b := range ends {
				if a != b && dry(m, a.place(m), b.place(m)) {
					f.leads[a.key()] = append(f.leads[a.key()], b)
				}
			}
		}
	}
}

// place gives where a footway ends; one waits a step before a crossing.
func (e footEnd) place(m *lane.Map) geom.Vec {
	l := m.Lane(e.lane)
	out := 0.0
	if l.Kind == lane.Crossing {
		out = kerb
	}
	if e.start {
		return l.Centre.At(-out).Vec
	}
	return l.Centre.At(l.Centre.Length() + out).Vec
}

// dry tells whether one gets straight from a to b without stepping onto a lane for vehicles.
func dry(m *lane.Map, a, b geom.Vec) bool {
	n := math.Ceil(a.To(b) / 0.4)
	for k := 0.0; k <= n; k++ {
		if m.On(geom.Between(a, b, k/max(n, 1)), lane.Cars|lane.Bicycles, 0.3) {
			return false
		}
	}
	return true
}

// walker is one on foot: on a footway, from its start to its end or back, or between two of them.
type walker struct {
	id      uint32
	lane    lane.ID
	back    bool     // against the lane's direction
	s       float64  // m since where it came onto the lane
	speed   float64  // what it likes
	now     float64  // what it does
	off     float64  // m to the right of the middle, as it goes
	from    geom.Vec // where it comes from when it is between two lanes
	between float64  // m still to go to the lane's start; 0: it is on it
	pose    geom.Pose
	turned  float64
}

func (w *walker) actor() scene.Actor {
	return scene.Actor{
		ID: w.id, Kind: scene.Pedestrian, Box: geom.Box{Pose: w.pose, Length: 0.5, Width: 0.6}, Speed: w.now, YawRate: w.turned,
	}
}

func (t *Town) footPose(w *walker) geom.Pose {
	c := t.m.Lane(w.lane).Centre
	s, off := w.s, -w.off
	if w.back {
		s, off = c.Length()-w.s, w.off
	}
	p := c.At(s)
	p.Vec = p.Ahead(0, off)
	if w.back {
		p.Heading = geom.Wrap(p.Heading + math.Pi)
	}
	if w.between > 0 {
		way := p.Minus(w.from)
		p.Heading = way.Angle()
		p.Vec = geom.Between(w.from, p.Vec, max(0, 1-w.between/max(way.Length(), 0.1)))
	}
	return p
}

// kerb is how far from the edge of a crossing one waits, m.
const kerb = 0.9

// walk lets everybody on foot take a step.
func (t *Town) walk(dt float64) {
	f := t.ways
	for id := range f.crossing {
		f.crossing[id] = f.crossing[id][:0]
	}
	for id := range f.waiting {
		f.waiting[id] = f.waiting[id][:0]
	}
	for _, w := range t.people {
		if t.m.Lane(w.lane).Kind == lane.Crossing && w.between <= 0.6 && w.s > -kerb {
			f.crossing[w.lane] = append(f.crossing[w.lane], w)
		}
	}
	for _, w := range t.people {
		t.step(w, dt)
	}
}

func (t *Town) step(w *walker, dt float64) {
	before := w.pose
	w.now = w.speed
	l := t.m.Lane(w.lane)
	switch {
	case t.blocked(w):
		w.now = 0
	case w.between > 0:
		if w.between -= w.speed * dt; w.between <= 0 {
			w.between = 0
		}
	case l.Kind == lane.Crossing && w.s <= -kerb && !t.mayCross(w):
		w.now = 0
		t.ways.waiting[w.lane] = append(t.ways.waiting[w.lane], w)
	default:
		if w.s <= -kerb && l.Kind == lane.Crossing {
			t.ways.crossing[w.lane] = append(t.ways.crossing[w.lane], w)
		}
		end := l.Centre.Length()
		if l.Kind == lane.Crossing {
			end += kerb
		}
		if w.s += w.speed * dt; w.s >= end {
			t.turnInto(w)
		}
	}
	w.pose = t.footPose(w)
	w.turned = geom.Wrap(w.pose.Heading-before.Heading) / dt
}

// turnInto chooses where one goes on at the end of a footway: straight on rather than across, not back unless it must.
func (t *Town) turnInto(w *walker) {
	here := footEnd{w.lane, w.back}
	choice := t.ways.leads[here.key()]
	var few [16]footEnd
	list := few[:0]
	for _, e := range choice {
		if e != here && len(list) < len(few) {
			list = append(list, e)
			if t.m.Lane(e.lane).Kind == lane.Walk && len(list) < len(few) {
				list = append(list, e) // twice as likely
			}
		}
	}
	next := here
	if len(list) > 0 {
		next = list[t.rng.IntN(len(list))]
	}
	w.from = t.footPose(w).Vec
	w.lane, w.back, w.s = next.lane, !next.start, 0
	if w.between = 0; t.m.Lane(next.lane).Kind == lane.Crossing {
		w.s = -kerb
	}
	w.between = w.from.To(t.footPose(w).Vec)
}

// blocked tells whether the next step would be into a body that stands in the way.
func (t *Town) blocked(w *walker) bool {
	next := w.pose.Ahead(0.7, 0)
	for _, g := range t.guests {
		if box := g.spec.Box(g.state); box.Vec.To(next) < 5 && box.Grown(0.8, 0.8).Holds(next) {
			return true
		}
	}
	for _, c := range t.cars {
		if c.pose.To(next) < 7 && c.box().Grown(0.6, 0.6).Holds(next) && !c.box().Grown(0.6, 0.6).Holds(w.pose.Vec) {
			return true
		}
	}
	return false
}

// mayCross tells whether one who stands at a crossing may step onto it: the light shows green for long enough, nobody
// has been let over it, and every self-driving vehicle that comes can still stop.
func (t *Town) mayCross(w *walker) bool {
	l := t.m.Lane(w.lane)
	if l.Signal >= 0 && t.lights[l.Signal].Colour != scene.Dark {
		light := &t.lights[l.Signal]
		if light.Colour != scene.Green && light.Colour != scene.GreenYield || light.Remaining < 0.4*l.Centre.Length()/w.speed {
			return false
		}
	}
	for k := range t.roads[w.lane].meets {
		c := &t.roads[w.lane].meets[k]
		for _, car := range t.held[c.With] {
			if !t.past(car, c) {
				return false
			}
		}
		for i := range t.on[c.With] {
			if e := &t.on[c.With][i]; e.guest != nil && e.rear < c.WithTo && e.front > c.WithFrom-1 {
				return false
			}
		}
		for _, a := range t.coming[c.With] {
			if a.who == nil && a.speed > 0.5 && a.dist < a.speed*a.speed/(2*2.5)+a.speed+1 {
				return false
			}
		}
	}
	return true
}

// free tells whether nobody on foot hinders a car from driving over a crossing; the car's lane begins way metres in front
// of it.
func (f *footways) free(t *Town, c *car, m *lane.Conflict, way float64) bool {
	length := t.m.Lane(m.With).Centre.Length()
	clear := (way + m.To + c.length) / max(c.speed, 3.5)
	for _, w := range f.crossing[m.With] {
		s, from, to := w.s, m.WithFrom-1, m.WithTo+1
		if w.back {
			from, to = length-m.WithTo-1, length-m.WithFrom+1
		}
		if s < to && (from-s)/w.speed < clear+1.5 {
			return false
		}
	}
	signal := t.m.Lane(m.With).Signal
	if m.Yield && len(f.waiting[m.With]) > 0 && (signal < 0 || t.lights[signal].Colour == scene.Dark) && c.speed*c.speed < 2*3*max(0, way) {
		return false
	}
	return true
}
