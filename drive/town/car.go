package town

import (
	"math"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
)

// car is one vehicle of the traffic, bicycles and buses included: a place on a lane, and a will.
type car struct {
	id            uint32
	kind          scene.Kind
	users         lane.Users
	length, width float64
	siren         bool

	lane  lane.ID
	s     float64 // of its front
	d     float64 // to the left of the lane's middle
	keep  float64 // the d it likes
	old   lane.ID // the lane it is leaving in a change; None
	speed float64
	accel float64
	yaw   float64
	trail []lane.ID // the lanes behind, the last at the end, as far as its body may reach
	route []lane.ID // the lanes ahead of its own
	held  []lane.ID // the junction lanes it has been let onto

	field *lane.Field
	stops []*lane.Field // what comes after; a bus begins again
	line  []*lane.Field // of a bus: its round
	dwell float64       // s it still stands at its stop
	wait  float64       // s it has stood
	bored float64       // s after which it no longer waits for those who may go first but could stop
	rest  float64       // s until it may think of changing lanes again

	eager   float64 // share of the pace it likes
	headway float64 // s
	pull    float64 // m/s²
	pose    geom.Pose
	target  float64 // the acceleration it decided on
	turn    scene.Indicator
	lost    bool // it can't get where it wants to
}

func (c *car) box() geom.Box { return geom.Box{Pose: c.pose, Length: c.length, Width: c.width} }

func (c *car) actor() scene.Actor {
	return scene.Actor{
		ID: c.id, Kind: c.kind, Box: c.box(), Speed: c.speed, Accel: c.accel, YawRate: c.yaw, Turn: c.turn,
		Braking: c.accel < -0.8 || c.speed < 0.1, Siren: c.siren,
	}
}

const (
	sight      = 90.0 // m that one looks ahead along the route
	standGap   = 2.2  // m between two that stand
	comfort    = 2.0  // m/s² one likes to brake at
	hardest    = 7.0  // m/s²
	changeTime = 3.0  // s a change of lanes takes
)

// pose sets where the body is: its middle lies on the way of the front, its heading is that between two points of it.
func (t *Town) setPose(c *car) {
	rear := t.along(c.lane, c.s-0.8*c.length, c.d, c.trail)
	front := t.along(c.lane, c.s-0.2*c.length, c.d, c.trail)
	way := front.Minus(rear.Vec)
	c.pose = geom.Pose{Vec: geom.Between(rear.Vec, front.Vec, 0.5), Heading: way.Angle()}
}

// plan fills in the lanes ahead that the car will take, as far as it looks.
func (t *Town) plan(c *car) {
	c.route, c.lost = c.route[:0], false
	here := c.lane
	for way := t.m.Lane(here).Centre.Length() - c.s; way < sight && len(c.route) < 12; {
		if here == c.field.Goal.Lane && (here != c.lane || c.s <= c.field.Goal.S || len(c.line) > 0) {
			return
		}
		next := c.field.Next(here)
		if next == lane.None {
			c.lost = true
			return
		}
		c.route = append(c.route, next)
		here = next
		way += t.m.Lane(here).Centre.Length()
	}
}

// follow gives the acceleration of the intelligent driver model: at speed v, wanting v0, behind one at speed ahead whose
// rear is gap metres in front. An infinite gap is a free road.
func (c *car) follow(v, v0, gap, ahead float64) float64 {
	free := c.pull * (1 - math.Pow(v/max(v0, 0.1), 4))
	if v > v0 {
		free = -min(comfort, 1.5*(v-v0))
	}
	if math.IsInf(gap, 1) {
		return free
	}
	gap = max(gap, 0.05)
	want := standGap + max(0, v*c.headway+v*(v-ahead)/(2*math.Sqrt(c.pull*comfort)))
	return min(free, c.pull*(1-math.Pow(v/max(v0, 0.1), 4)-(want/gap)*(want/gap)))
}

// stopAt is follow for a line to stop at.
func (c *car) stopAt(v, v0, gap float64) float64 { return c.follow(v, v0, gap+standGap-0.6, 0) }

// drive decides on the car's acceleration, and on a change of lanes.
func (t *Town) drive(c *car, dt float64) {
	c.rest -= dt
	if c.dwell > 0 {
		c.dwell -= dt
		c.target = -comfort
		if c.dwell <= 0 {
			t.nextGoal(c)
		}
		return
	}
	t.consider(c)
	v0 := t.want(c)
	acc := c.follow(c.speed, v0, math.Inf(1), 0)
	gap, ahead := t.leader(c, c.lane, c.s)
	if c.old != lane.None {
		k := t.m.Lane(c.old).Centre.Length() / t.m.Lane(c.lane).Centre.Length()
		if g, v := t.leader(c, c.old, k*c.s); g < gap {
			acc = min(acc, c.follow(c.speed, v0, g, v))
		}
	}
	acc = min(acc, c.follow(c.speed, v0, gap, ahead))
	if line := t.lineAhead(c); !math.IsInf(line, 1) {
		acc = min(acc, c.stopAt(c.speed, v0, line))
	}
	c.target = max(acc, -hardest)
}

// want gives the speed the car likes here, with the bends ahead in mind.
func (t *Town) want(c *car) float64 {
	top := c.eager
	if c.kind == scene.Bicycle {
		return min(c.headwayFree(), t.roads[c.lane].pace)
	}
	v0 := top * t.roads[c.lane].pace
	way := t.m.Lane(c.lane).Centre.Length() - c.s
	for _, id := range c.route {
		if way > 60 {
			break
		}
		p := top * t.roads[id].pace
		v0 = min(v0, math.Sqrt(p*p+2*1.2*max(0, way)))
		way += t.m.Lane(id).Centre.Length()
	}
	return v0
}

func (c *car) headwayFree() float64 { return 5.2 * c.eager }

// lineAhead gives how far it is to where the car must stop for what isn't another vehicle: a junction it hasn't been let
// into, its goal, the end of a lane that leads nowhere. +Inf where there is nothing.
func (t *Town) lineAhead(c *car) float64 {
	way := t.m.Lane(c.lane).Centre.Length() - c.s
	if c.lane == c.field.Goal.Lane && len(c.line) > 0 {
		return max(0, c.field.Goal.S+c.length/2-c.s)
	}
	for _, id := range c.route {
		if within(t.m.Lane(id)) && !t.roads[id].simple && !c.has(id) {
			return way
		}
		if way += t.m.Lane(id).Centre.Length(); way > sight {
			return math.Inf(1)
		}
	}
	if c.lost || t.roads[c.lane].bay {
		return way
	}
	return math.Inf(1)
}

func (c *car) has(id lane.ID) bool {
	for _, h := range c.held {
		if h == id {
			return true
		}
	}
	return false
}

// leader gives the gap to the nearest body on the car's way from s metres along the lane here on, and its speed.
func (t *Town) leader(c *car, here lane.ID, s float64) (gap, speed float64) {
	gap = math.Inf(1)
	look := func(id lane.ID, off, from float64) {
		for i := range t.on[id] {
			e := &t.on[id][i]
			if e.who == c || e.front < from || e.front == from && e.who != nil && e.who.id > c.id {
				continue
			}
			if g := off + e.rear - s; g < gap {
				gap, speed = g, e.speed
			}
		}
	}
	look(here, 0, s)
	off := t.m.Lane(here).Centre.Length()
	if here != c.lane {
		return gap, speed // the lane it leaves: what comes after doesn't matter
	}
	for _, id := range c.route {
		if off-s > sight || off-s > gap {
			break
		}
		look(id, off, math.Inf(-1))
		off += t.m.Lane(id).Centre.Length()
	}
	return gap, speed
}

// move carries out what was decided.
func (t *Town) move(c *car, dt float64) {
	before := c.pose.Heading
	acc := min(max(c.target, c.accel-12*dt), c.accel+4*dt)
	if c.target < -3 {
		acc = min(acc, c.target)
	}
	v := max(0, c.speed+acc*dt)
	c.s += (c.speed + v) / 2 * dt
	c.accel, c.speed = (v-c.speed)/dt, v
	if v < 0.2 {
		c.wait += dt
	} else {
		c.wait = max(0, c.wait-4*dt)
	}
	t.slide(c, dt)
	for end := t.m.Lane(c.lane).Centre.Length(); c.s > end && len(c.route) > 0; end = t.m.Lane(c.lane).Centre.Length() {
		c.s -= end
		c.trail = append(c.trail, c.lane)
		c.lane, c.route = c.route[0], c.route[1:]
		if c.old != lane.None {
			c.old = lane.None
		}
	}
	t.trim(c)
	t.plan(c)
	t.setPose(c)
	c.yaw = geom.Wrap(c.pose.Heading-before) / dt
	c.turn = t.blinker(c)
	t.arrive(c)
}

// slide moves the car across its lane.
func (t *Town) slide(c *car, dt float64) {
	rate := 1.2 * min(1, c.speed/2) * dt
	switch off := c.keep - c.d; {
	case math.Abs(off) <= rate:
		c.d = c.keep
	default:
		c.d += math.Copysign(rate, off)
	}
	if c.old != lane.None && math.Abs(c.d-c.keep) < 0.9 {
		c.old = lane.None
	}
}

// trim forgets lanes that are wholly behind, and with them the leave to be on them.
func (t *Town) trim(c *car) {
	rear, first := c.s-c.length, len(c.trail)
	for first > 0 && rear < 0 {
		first--
		rear += t.m.Lane(c.trail[first]).Centre.Length()
	}
	c.held = keepHeld(c.held, c.lane, c.trail[first:], c.route)
	if first > 1 { // one more is kept for the way of the body
		c.trail = append(c.trail[:0], c.trail[first-1:]...)
	}
}

func keepHeld(held []lane.ID, here lane.ID, trail, route []lane.ID) []lane.ID {
	n := 0
	for _, id := range held {
		keep := id == here
		for _, x := range trail {
			keep = keep || x == id
		}
		for _, x := range route {
			keep = keep || x == id
		}
		if keep {
			held[n] = id
			n++
		}
	}
	return held[:n]
}

func (t *Town) blinker(c *car) scene.Indicator {
	switch {
	case c.dwell > 0:
		return scene.Hazard
	case c.old != lane.None && c.d < c.keep:
		return scene.TurnLeft
	case c.old != lane.None:
		return scene.TurnRight
	case c.kind == scene.Bicycle:
		return scene.NoTurn
	}
	way := t.m.Lane(c.lane).Centre.Length() - c.s
	here := t.m.Lane(c.lane)
	for i := -1; i < len(c.route) && way < 35; i++ {
		if i >= 0 {
			here = t.m.Lane(c.route[i])
			way += here.Centre.Length()
		}
		if within(here) {
			switch here.Turn {
			case lane.Left:
				return scene.TurnLeft
			case lane.Right:
				return scene.TurnRight
			}
		}
	}
	return scene.NoTurn
}
