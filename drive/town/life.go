package town

import (
	"math"

	"hutong/drive/lane"
	"hutong/drive/scene"
)

// setGoals finds the ways to everywhere one may want to go.
func (t *Town) setGoals() {
	for i := range t.m.Lanes {
		l, id := &t.m.Lanes[i], lane.ID(i)
		if l.Kind != lane.Drive || l.Users&lane.Cars == 0 || t.roads[id].bay {
			continue
		}
		if len(l.Prev) == 0 {
			t.entries = append(t.entries, id)
		}
		if len(l.Next) == 0 {
			t.exits = append(t.exits, t.m.NewFieldByLimits(lane.Spot{Lane: id, S: l.Centre.Length() - 1}, lane.Cars))
		}
	}
	for _, name := range []string{
		"school1_1", "-school2_1", "garden1_1", "-clinic1_1", "park2_1", "-depot3_1", "row1_1", "-row2_1", "lime_1", "baker_1", "high22_2", "high2_2", "-high5_2", "avenue1_1",
	} {
		id, ok := t.m.Find(name)
		if !ok {
			continue
		}
		at := lane.Spot{Lane: id, S: t.m.Lane(id).Centre.Length() / 2}
		t.goals = append(t.goals, goal{at: at, cars: t.m.NewFieldByLimits(at, lane.Cars), bikes: t.m.NewFieldByLimits(at, lane.Bicycles)})
	}
	for _, k := range []int{0, 7, 4, 5, 3, 2} { // the bus's round
		t.tour = append(t.tour, t.m.NewFieldByLimits(t.places.Stops[k].At, lane.Buses))
	}
}

// populate puts everybody somewhere.
func (t *Town) populate() {
	var streets []lane.ID
	for i := range t.m.Lanes {
		l := &t.m.Lanes[i]
		if l.Kind == lane.Drive && l.Users&lane.Cars != 0 && !t.roads[i].bay && l.Centre.Length() > 20 && !t.roads[i].round {
			streets = append(streets, lane.ID(i))
		}
	}
	put := func(make func() *car, n int) {
		for try := 0; n > 0 && try < 200*n; try++ {
			id := streets[t.rng.IntN(len(streets))]
			c := make()
			s := c.length + 2 + t.rng.Float64()*(t.m.Lane(id).Centre.Length()-c.length-14)
			if s > c.length && t.appear(c, id, s, 4) {
				n--
			}
		}
	}
	put(t.newCar, t.o.Vehicles)
	put(t.newBus, t.o.Buses)
	put(t.newBicycle, t.o.Bicycles)
	for range t.o.People {
		id := t.ways.lanes[t.rng.IntN(len(t.ways.lanes))]
		for t.m.Lane(id).Kind != lane.Walk {
			id = t.ways.lanes[t.rng.IntN(len(t.ways.lanes))]
		}
		w := &walker{
			id: t.name(), lane: id, back: t.rng.IntN(2) == 0, speed: 1.1 + 0.5*t.rng.Float64(), off: 0.2 + 0.5*t.rng.Float64(),
			s: t.rng.Float64() * t.m.Lane(id).Centre.Length(),
		}
		w.pose = t.footPose(w)
		t.people = append(t.people, w)
	}
}

func (t *Town) name() uint32 {
	t.nextID++
	return t.nextID - 1
}

// appear puts a car on a lane if there is room, and tells whether it did.
func (t *Town) appear(c *car, id lane.ID, s, speed float64) bool {
	if math.IsInf(c.field.From(id, s), 1) {
		return false
	}
	c.lane, c.s, c.speed, c.old = id, s, speed, lane.None
	if c.kind == scene.Bicycle {
		c.keep = t.edge(id, c)
		c.d = c.keep
	}
	t.plan(c)
	t.setPose(c)
	room := c.box().Grown(12, 0.5)
	for _, o := range t.cars {
		if o.box().Overlaps(room) {
			return false
		}
	}
	for _, g := range t.guests {
		if g.spec.Box(g.state).Overlaps(room.Grown(20, 0)) {
			return false
		}
	}
	c.id = t.name()
	t.cars = append(t.cars, c)
	return true
}

// edge gives where a bicycle keeps on a lane: in the middle of its own, near the kerb on another's.
func (t *Town) edge(id lane.ID, c *car) float64 {
	left, right := t.m.Lane(id).Widths(0)
	if left+right < 2.2 {
		return 0
	}
	return -(right - c.width/2 - 0.5)
}

func (t *Town) newCar() *car {
	c := &car{kind: scene.Car, users: lane.Cars, length: 4.2 + 0.6*t.rng.Float64(), width: 1.75 + 0.1*t.rng.Float64(), pull: 1.6}
	switch t.rng.IntN(12) {
	case 0:
		c.kind, c.length, c.width, c.pull = scene.Van, 5.4, 2.0, 1.4
	case 1:
		c.kind, c.length, c.width, c.pull = scene.Truck, 6.4, 2.3, 1.1
	}
	c.character(t.rng.NormFloat64(), t.rng.Float64(), t.rng.Float64())
	for range t.rng.IntN(3) {
		c.stops = append(c.stops, t.goals[t.rng.IntN(len(t.goals))].cars)
	}
	c.stops = append(c.stops, t.exits[t.rng.IntN(len(t.exits))])
	t.nextGoal(c)
	return c
}

// character sets what kind of driver one is.
func (c *car) character(a, b, d float64) {
	c.eager = min(max(1+0.08*a, 0.8), 1.12)
	c.headway = 1.1 + 0.7*b
	c.bored = 10 + 15*d
}

func (t *Town) newBus() *car {
	c := &car{kind: scene.Bus, users: lane.Buses, length: 8.5, width: 2.4, pull: 1.1, line: t.tour}
	c.character(-0.5, 0.5, t.rng.Float64())
	k := t.rng.IntN(len(t.tour))
	c.stops = append(append(c.stops, t.tour[k:]...), t.tour[:k]...)
	t.nextGoal(c)
	return c
}

func (t *Town) newBicycle() *car {
	c := &car{kind: scene.Bicycle, users: lane.Bicycles, length: 1.8, width: 0.65, pull: 0.9}
	c.character(t.rng.NormFloat64(), t.rng.Float64(), t.rng.Float64())
	for range 4 {
		c.stops = append(c.stops, t.goals[t.rng.IntN(len(t.goals))].bikes)
	}
	t.nextGoal(c)
	return c
}

func (t *Town) newSiren() *car {
	c := t.newCar()
	c.kind, c.siren, c.eager, c.length, c.width, c.pull = scene.Van, true, 1.3, 5.9, 2.0, 2.2
	return c
}

// nextGoal lets a car set out for what comes next; a bus begins its round again, a bicycle has always one more errand.
func (t *Town) nextGoal(c *car) {
	if len(c.stops) == 0 {
		switch {
		case len(c.line) > 0:
			c.stops = append(c.stops, c.line...)
		case c.kind == scene.Bicycle:
			c.stops = append(c.stops, t.goals[t.rng.IntN(len(t.goals))].bikes)
		default:
			c.stops = append(c.stops, t.exits[t.rng.IntN(len(t.exits))])
		}
	}
	c.field, c.stops = c.stops[0], c.stops[1:]
	t.plan(c)
}

// arrive looks whether the car has come to where it wants to be.
func (t *Town) arrive(c *car) {
	if c.lane != c.field.Goal.Lane {
		if c.lost && c.wait > 5 && math.IsInf(c.field.From(c.lane, c.s), 1) { // the way there is closed from here
			t.nextGoal(c)
		}
		if c.kind == scene.Bicycle {
			c.keep = t.edge(c.lane, c)
		}
		return
	}
	switch {
	case len(c.line) > 0:
		if c.dwell <= 0 && c.speed < 0.1 && c.s-c.length/2 > c.field.Goal.S-4 {
			c.dwell = 14
		}
	case c.s >= c.field.Goal.S && len(c.stops) == 0 && c.kind != scene.Bicycle:
		c.lost = true
		c.id = 0 // it has left town
	case c.s >= c.field.Goal.S:
		t.nextGoal(c)
	}
}

// renew lets those go who have left town, and others come.
func (t *Town) renew(dt float64) {
	n, cars, bikes := 0, 0, 0
	for _, c := range t.cars {
		if c.id == 0 {
			continue
		}
		t.cars[n] = c
		n++
		switch {
		case c.kind == scene.Bicycle:
			bikes++
		case len(c.line) == 0 && !c.siren:
			cars++
		}
	}
	t.cars = t.cars[:n]
	if t.missing[0] += dt; cars < t.o.Vehicles && t.missing[0] > 1 {
		t.missing[0] = 0
		t.enter(t.newCar())
	}
	if t.missing[2] += dt; t.o.Emergencies > 0 && t.missing[2] > 3600/t.o.Emergencies {
		if t.enter(t.newSiren()) {
			t.missing[2] = 0
		}
	}
}

// enter lets a car come into town if there is room at one of its gates.
func (t *Town) enter(c *car) bool {
	id := t.entries[t.rng.IntN(len(t.entries))]
	gap := math.Inf(1)
	for _, o := range t.cars {
		if o.lane == id {
			gap = min(gap, o.s-o.length-c.length-1)
		}
	}
	for _, g := range t.guests {
		gap = min(gap, g.state.To(t.m.Lane(id).Centre.At(0).Vec)-20)
	}
	if gap < 6 {
		return false
	}
	return t.appear(c, id, c.length+1, min(0.8*t.roads[id].pace, math.Sqrt(2*comfort*(gap-5))))
}
