package town

import (
	"math"

	"hutong/drive/lane"
	"hutong/drive/scene"
)

// approach is somebody who will come onto a junction lane and hasn't been let on yet.
type approach struct {
	dist, speed float64 // m to the lane's start, m/s
	who         *car    // nil: a guest
	siren       bool
}

// grant lets cars into junctions. A car that isn't let in stops before the line; one that is let in holds the lanes it
// will take until its rear has left them, and nobody is let onto what crosses them meanwhile. That alone keeps them
// apart; who gives way to whom only says who is let in first.
func (t *Town) grant() {
	for _, c := range t.cars {
		t.announce(c)
	}
	for _, c := range t.cars {
		if c.dwell <= 0 {
			t.ask(c)
		}
	}
}

// announce enters the car on the junction lanes ahead that it hasn't been let onto.
func (t *Town) announce(c *car) {
	way := t.m.Lane(c.lane).Centre.Length() - c.s
	for _, id := range c.route {
		l := t.m.Lane(id)
		if within(l) && !t.roads[id].simple && !c.has(id) {
			if shown := t.shows(l); !c.siren && (shown == scene.Red || shown == scene.RedAmber) {
				return
			}
			t.comes(id, approach{way, c.speed, c, c.siren})
		}
		if way += l.Centre.Length(); way > 70 {
			return
		}
	}
}

func (t *Town) comes(id lane.ID, a approach) {
	if len(t.on[id])+len(t.held[id])+len(t.coming[id]) == 0 {
		t.used = append(t.used, id)
	}
	t.coming[id] = append(t.coming[id], a)
}

func (t *Town) shows(l *lane.Lane) scene.Colour {
	if l.Signal < 0 {
		return scene.Dark
	}
	return t.lights[l.Signal].Colour
}

// ask asks to be let into the next junction, once it is time to.
func (t *Town) ask(c *car) {
	way := t.m.Lane(c.lane).Centre.Length() - c.s
	reach := c.speed*c.speed/(2*comfort) + 1.2*c.speed + 8
	for i, id := range c.route {
		if way > reach {
			return
		}
		l := t.m.Lane(id)
		if within(l) && !c.has(id) {
			if !t.roads[id].simple && !t.nextIn(c, c.route[:i], id) {
				return
			}
			chain := c.route[i:]
			for n := range chain {
				if t.m.Lane(chain[n]).Junction != l.Junction {
					chain = chain[:n]
					break
				}
			}
			if !t.mayEnter(c, chain, way) {
				return
			}
			for _, id := range chain {
				c.held = append(c.held, id)
				if len(t.on[id])+len(t.held[id])+len(t.coming[id]) == 0 {
					t.used = append(t.used, id)
				}
				t.held[id] = append(t.held[id], c)
			}
		}
		way += l.Centre.Length()
	}
}

// nextIn tells whether nobody is between the car and a junction lane who hasn't been let into that junction: the way there
// leads over the lanes given.
func (t *Town) nextIn(c *car, way []lane.ID, to lane.ID) bool {
	junction := t.m.Lane(to).Junction
	let := func(e *entry) bool {
		if e.who == c {
			return true
		}
		if e.who == nil {
			return false
		}
		for _, id := range e.who.held {
			if t.m.Lane(id).Junction == junction {
				return true
			}
		}
		return false
	}
	for i := range t.on[c.lane] {
		if e := &t.on[c.lane][i]; e.front > c.s && !let(e) {
			return false
		}
	}
	for _, id := range way {
		for i := range t.on[id] {
			if !let(&t.on[id][i]) {
				return false
			}
		}
	}
	return true
}

// mayEnter tells whether a car may be let onto the lanes of a junction that begins way metres in front of it.
func (t *Town) mayEnter(c *car, chain []lane.ID, way float64) bool {
	first := t.m.Lane(chain[0])
	shown := t.shows(first)
	if !c.siren {
		switch {
		case shown == scene.Red || shown == scene.RedAmber:
			return false
		case shown == scene.Amber && c.speed*c.speed < 2*3.0*way:
			return false // it can stop
		case first.MustStop && c.wait < 0.5 && way < 20:
			return false
		}
	}
	if !t.roomBehind(c, chain) || t.ringFull(c, chain) || t.wide(c, chain) {
		return false
	}
	protected := shown == scene.Green || c.siren
	off := 0.0
	for _, id := range chain {
		for k := range t.roads[id].meets {
			m := &t.roads[id].meets[k]
			if !t.free(c, m, way+off, protected) {
				return false
			}
		}
		off += t.m.Lane(id).Centre.Length()
	}
	return true
}

// free tells whether nobody hinders a car from crossing the other lane of a meeting; its own lane begins way metres in
// front of it.
func (t *Town) free(c *car, m *lane.Conflict, way float64, protected bool) bool {
	with := t.m.Lane(m.With)
	if with.Kind == lane.Crossing {
		return t.ways.free(t, c, m, way)
	}
	for _, w := range t.held[m.With] {
		if w != c && !t.past(w, m) && (w.lane != c.lane || w.s > c.s) {
			return false
		}
	}
	for i := range t.on[m.With] {
		if e := &t.on[m.With][i]; e.guest != nil && e.rear < m.WithTo+1 {
			return false
		}
	}
	clear := (way + m.To + c.length) / max(c.speed, 3.5)
	for i := range t.coming[m.With] {
		a := &t.coming[m.With][i]
		if a.who == c {
			continue
		}
		if !a.siren && (!m.Yield || protected) {
			continue
		}
		if t.letsGo(c, a) {
			continue
		}
		if eta := (a.dist + max(0, m.WithFrom)) / max(a.speed, 2); eta < clear+1.5 {
			return false
		}
	}
	return true
}

// letsGo tells whether one who may go first doesn't hinder a car all the same: the car has waited for long and the other
// can stop, or the other stands and doesn't go.
func (t *Town) letsGo(c *car, a *approach) bool {
	if a.siren {
		return false
	}
	if a.who == nil {
		return a.speed < 0.3 && c.wait > 4
	}
	return c.wait > c.bored && c.wait > a.who.wait && (a.speed < 0.3 || a.speed*a.speed < 2*comfort*(a.dist-1))
}

// past tells whether a car that holds the other lane of a meeting has left the place where the two meet.
func (t *Town) past(w *car, m *lane.Conflict) bool {
	if w.lane == m.With {
		return w.s-w.length > m.WithTo+0.5
	}
	front := w.s
	for i := len(w.trail) - 1; i >= 0; i-- {
		front += t.m.Lane(w.trail[i]).Centre.Length()
		if w.trail[i] == m.With {
			return front-w.length > m.WithTo+0.5
		}
	}
	return false // it has yet to come
}

// roomBehind tells whether there is room for the car behind a junction, so that it need not stand in it.
func (t *Town) roomBehind(c *car, chain []lane.ID) bool {
	simple := true
	for _, id := range chain {
		simple = simple && len(t.roads[id].meets) == 0
	}
	out := t.after(c, chain)
	if simple || out == lane.None {
		return true
	}
	room := t.m.Lane(out).Centre.Length()
	if room < c.length+2 {
		room = c.length + 3 // too short for anybody: what comes after isn't looked at
	}
	if list := t.on[out]; len(list) > 0 {
		for i := range list {
			if list[i].rear < room && list[i].speed < 4 {
				room = list[i].rear
			}
		}
	}
	for _, prev := range t.m.Lane(out).Prev {
		for _, w := range t.held[prev] {
			if w != c && w.lane != out && !w.behind(out) && (w.lane != c.lane || w.s > c.s) {
				room -= w.length + standGap
			}
		}
	}
	return room > c.length+1.5
}

// behind tells whether the lane is in the car's trail.
func (c *car) behind(id lane.ID) bool {
	for _, x := range c.trail {
		if x == id {
			return true
		}
	}
	return false
}

// after gives the lane the car takes after a chain of its route.
func (t *Town) after(c *car, chain []lane.ID) lane.ID {
	last := chain[len(chain)-1]
	for i, id := range c.route {
		if id == last && i+1 < len(c.route) {
			return c.route[i+1]
		}
	}
	return lane.None
}

// ringFull keeps the roundabout from filling up with cars that all want to go on: nobody comes in while three are in it.
func (t *Town) ringFull(c *car, chain []lane.ID) bool {
	if !t.roads[chain[0]].round || t.roads[c.lane].round {
		return false
	}
	n := 0
	for _, w := range t.cars {
		if w == c || w.lane == c.lane && w.s < c.s {
			continue
		}
		in := t.roads[w.lane].round
		for _, id := range w.held {
			in = in || t.roads[id].round
		}
		if in {
			n++
		}
	}
	return n >= 3
}

// long is from what length on a body sweeps more of a junction than its lane, m.
const long = 6.5

// wide tells whether the car would come too near to another in the junction though their lanes don't meet, since one of
// the two is long.
func (t *Town) wide(c *car, chain []lane.ID) bool {
	for _, id := range chain {
		for k := range t.roads[id].nearby {
			m := &t.roads[id].nearby[k]
			for _, w := range t.held[m.With] {
				if w != c && (w.length > long || c.length > long) && !t.past(w, m) && (w.lane != c.lane || w.s > c.s) {
					return true
				}
			}
		}
	}
	return false
}

// enlistGuest enters a vehicle that drives itself on every lane that its body reaches into, and on the junction lanes it
// may take next.
func (t *Town) enlistGuest(g *guest) {
	box := g.spec.Box(g.state)
	corners := box.Corners()
	var few [48]lane.ID
	for _, id := range t.m.Near(few[:0], box.Vec, box.Radius()+3) {
		l := t.m.Lane(id)
		if l.Users&(lane.Cars|lane.Bicycles) == 0 || l.Kind == lane.Crossing {
			continue
		}
		s, d := l.Centre.Project(box.Vec)
		lo, hi, left, right := s, s, d, d
		for _, v := range corners {
			s, d := l.Centre.Project(v)
			lo, hi, left, right = min(lo, s), max(hi, s), max(left, d), min(right, d)
		}
		if right > guestRoom || left < -guestRoom || hi <= 0 || lo >= l.Centre.Length() || hi-lo < 0.05 {
			continue
		}
		cos := math.Cos(l.Centre.At(s).Heading - box.Heading)
		t.put(id, entry{rear: lo, front: hi, speed: max(0, g.state.Speed*cos), accel: g.state.Accel, guest: g})
	}
	if spot, ok := t.m.Locate(box.Pose, lane.Cars, 0.5); ok {
		t.guestComes(g, spot.Lane, t.m.Lane(spot.Lane).Centre.Length()-spot.S-box.Length/2, 4)
	}
}

// guestRoom is how near to a lane's middle a guest's body must come to be in the way there, m.
const guestRoom = 1.3

// guestComes enters a guest on all the junction lanes it may take within sight, since nobody knows its way.
func (t *Town) guestComes(g *guest, from lane.ID, way float64, depth int) {
	if depth == 0 || way > 60 {
		return
	}
	for _, n := range t.m.Lane(from).Next {
		l := t.m.Lane(n)
		if l.Users&lane.Cars == 0 {
			continue
		}
		if within(l) && !t.roads[n].simple {
			if shown := t.shows(l); shown == scene.Red || shown == scene.RedAmber {
				continue
			}
			t.comes(n, approach{dist: max(0, way), speed: g.state.Speed})
		}
		t.guestComes(g, n, way+l.Centre.Length(), depth-1)
	}
}
