package osc

import (
	"math"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
	"hutong/drive/vehicle"
)

// entity is someone or something in a scenario. Its place is that of its reference point, for vehicles the middle of the
// rear axle.
type entity struct {
	name        string
	id          uint32 // in the truth
	kind        scene.Kind
	spec        *vehicle.Spec // of vehicles
	long, wide  float64
	ahead, left float64 // where its box's middle is, seen from its place
	turn        scene.Indicator

	gone  bool // it isn't there: not yet, or not any more
	at    geom.Pose
	speed float64
	accel float64
	yaw   float64

	// It moves along a line, or a lane, at the distance d to the left of it; or straight on.
	line *geom.Path
	spot lane.Spot // Lane is None where it follows none
	s, d float64

	travelled float64 // m
	stood     float64 // s

	forward *speedChange // what changes its speed now
	sync    *meeting
	keep    *entity     // whose speed it shares
	sideway *sideChange // what changes d now
}

// box gives its outline.
func (e *entity) box() geom.Box {
	return geom.Box{
		Pose:   geom.Pose{Vec: e.at.Ahead(e.ahead, e.left), Heading: e.at.Heading},
		Length: e.long, Width: e.wide,
	}
}

// put places the entity, and decides what it moves along from there.
func (w *World) put(e *entity, p place) {
	e.gone, e.at, e.line, e.spot = false, p.pose, nil, lane.Spot{Lane: lane.None}
	e.sideway = nil
	switch {
	case p.turned:
	case p.line != nil:
		e.line, e.s = p.line, p.s
		e.d = p.line.At(p.s).Local(p.pose.Vec).Y
	default:
		e.follow(w)
	}
}

// follow lets the entity move along the lane it stands on, if it faces as that goes.
func (e *entity) follow(w *World) {
	spot, ok := w.net.Map.Locate(e.at, everyone, 6)
	if ok && math.Abs(geom.Wrap(w.net.Map.Pose(spot).Heading-e.at.Heading)) <= aside {
		e.spot, e.line, e.d = spot, nil, spot.D
	}
}

// spot gives where an entity is on the lanes; where it follows none, the nearest one within astray metres, even if it
// faces elsewhere.
func (w *World) spot(e *entity) (best lane.Spot, ok bool) {
	if e.spot.Lane != lane.None && e != w.ego {
		return lane.Spot{Lane: e.spot.Lane, S: e.spot.S, D: e.d}, true
	}
	if best, ok = w.net.Map.Locate(e.at, everyone, 6); ok {
		return best, true
	}
	least := math.Inf(1)
	for _, id := range w.net.Map.Near(nil, e.at.Vec, astray) {
		s, d := w.net.Map.Lane(id).Centre.Project(e.at.Vec)
		if math.Abs(d) < least {
			least, best = math.Abs(d), lane.Spot{Lane: id, S: s, D: d}
		}
	}
	return best, least < astray
}

const astray = 100.0

// move lets dt seconds pass for an entity that doesn't drive itself.
func (e *entity) move(w *World, dt float64) {
	before, heading := e.speed, e.at.Heading
	switch {
	case e.sync != nil:
		e.sync.step(e, dt)
	case e.keep != nil:
		e.speed = e.keep.speed
	case e.forward != nil:
		e.speed = e.forward.step(dt)
	}
	e.accel = (e.speed - before) / dt
	way, across := (before+e.speed)/2*dt, 0.0
	if c := e.sideway; c != nil {
		d := c.step(dt)
		across, e.d = d-e.d, d
	}
	switch {
	case e.line != nil:
		e.s += way
		e.at = e.line.At(e.s)
		e.at.Vec = e.at.Ahead(0, e.d)
	case e.spot.Lane != lane.None:
		e.spot.S += way
		e.advance(w)
		e.at = w.net.Map.Pose(lane.Spot{Lane: e.spot.Lane, S: e.spot.S, D: e.d})
	default:
		e.at.Vec = e.at.Ahead(way, across)
	}
	if way > 1e-3 && (e.line != nil || e.spot.Lane != lane.None) {
		e.at.Heading = geom.Wrap(e.at.Heading + math.Atan2(across, way))
	}
	e.yaw = geom.Wrap(e.at.Heading-heading) / dt
	e.notice(way, dt)
}

// notice counts how far it went and how long it has stood.
func (e *entity) notice(way, dt float64) {
	e.travelled += math.Abs(way)
	if e.stood += dt; math.Abs(e.speed) > 0.01 {
		e.stood = 0
	}
}

// advance goes on to the next lane at a lane's end: the one that leads straightest on. Beyond the last one it is straight
// on.
func (e *entity) advance(w *World) {
	m := w.net.Map
	for {
		l := m.Lane(e.spot.Lane)
		next := straightest(m, e.spot.Lane)
		if e.spot.S <= l.Centre.Length() || next == lane.None {
			return
		}
		e.spot = lane.Spot{Lane: next, S: e.spot.S - l.Centre.Length()}
	}
}

// straightest gives the lane after id that turns least; None where none follows.
func straightest(m *lane.Map, id lane.ID) lane.ID {
	best, least := lane.None, math.Inf(1)
	from := m.Lane(id).Centre
	for _, n := range m.Lane(id).Next {
		to := m.Lane(n).Centre
		if turn := math.Abs(geom.Wrap(to.At(to.Length()).Heading - from.At(from.Length()).Heading)); turn < least {
			best, least = n, turn
		}
	}
	return best
}

// shape is how a value goes from one to another.
type shape string

// at gives the share of the change that is done when the share t of its time is over.
func (s shape) at(t float64) float64 {
	switch t = min(max(t, 0), 1); s {
	case "cubic":
		return t * t * (3 - 2*t)
	case "sinusoidal":
		return (1 - math.Cos(math.Pi*t)) / 2
	}
	return t
}

// peak is by how much the change is at its fastest faster than at an even pace.
func (s shape) peak() float64 {
	switch s {
	case "cubic":
		return 1.5
	case "sinusoidal":
		return math.Pi / 2
	}
	return 1
}

// speedChange takes a speed from one to another in a time; without end where the rate is 0.
type speedChange struct {
	shape        shape
	from, to     float64
	takes, since float64
	done         bool
}

func (c *speedChange) step(dt float64) float64 {
	c.since += dt
	if c.since >= c.takes-1e-9 {
		c.done = true
		return c.to
	}
	if math.IsInf(c.takes, 1) {
		return c.from
	}
	return c.from + (c.to-c.from)*c.shape.at(c.since/c.takes)
}

// sideChange takes the distance from a lane's middle from one to another.
type sideChange struct {
	shape        shape
	from, to     float64
	takes, since float64
	done         bool
}

func (c *sideChange) step(dt float64) float64 {
	if c.since += dt; c.since >= c.takes-1e-9 {
		c.done = true
		return c.to
	}
	return c.from + (c.to-c.from)*c.shape.at(c.since/c.takes)
}

// meeting lets an entity come to its place when another, the master, comes to its own (SynchronizeAction).
type meeting struct {
	master      *entity
	mine, his   place
	final       float64 // m/s at the end; NaN: whatever it takes
	steadyWay   float64 // m before its place from which on it goes at the final speed,
	steadyTime  float64 // or s
	done, ready bool
}

// hardest is how fast a synchronised entity changes its speed at most, m/s².
const hardest = 10.0

func (g *meeting) step(e *entity, dt float64) {
	mine, his := wayTo(e, g.mine), wayTo(g.master, g.his)
	if mine <= 0 {
		g.done, e.sync = true, nil
		return
	}
	time := his / max(g.master.speed, 0.05)
	final := g.final
	if math.IsNaN(final) {
		final = mine / max(time, dt)
	}
	steady := max(g.steadyWay, g.steadyTime*final)
	g.ready = g.ready || mine <= steady || his <= 0
	if g.ready {
		e.speed += min(max(final-e.speed, -hardest*dt), hardest*dt)
		return
	}
	time -= steady / max(final, 0.05)
	if time <= 0.2 { // too late to be in time
		e.speed += min(max(final-e.speed, -hardest*dt), hardest*dt)
		return
	}
	// Half of the time to a speed in the middle, the other half to the final one.
	middle := (4*(mine-steady)/time - e.speed - final) / 2
	accel := (middle - e.speed) / (time / 2)
	e.speed = max(0, e.speed+min(max(accel, -hardest), hardest)*dt)
}

// wayTo gives how far an entity has to go to a place, along the line the place lies on or straight ahead.
func wayTo(e *entity, p place) float64 {
	if p.line != nil {
		if e.line == p.line {
			return p.s - e.s
		}
		s, _ := p.line.Project(e.at.Vec)
		return p.s - s
	}
	return e.at.Local(p.pose.Vec).X
}
