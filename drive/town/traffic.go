package town

import (
	"context"
	"fmt"
	"math/rand/v2"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
	"hutong/drive/vehicle"
)

// Options say who is in the town.
type Options struct {
	Seed        uint64
	Vehicles    int // cars, vans and lorries; one that leaves town makes way for another that comes
	Buses       int // they go from stop to stop
	Bicycles    int
	People      int     // on foot
	Emergencies float64 // vehicles with a siren an hour
}

// Busy is the traffic of an ordinary day.
func Busy(seed uint64) Options {
	return Options{Seed: seed, Vehicles: 60, Buses: 2, Bicycles: 6, People: 50, Emergencies: 12}
}

// Town is the town with its traffic: a world for vehicles that drive themselves. The same options and the same vehicles
// placed give the same run. Its methods are called from one goroutine.
type Town struct {
	m       *lane.Map
	places  *Places
	o       Options
	rng     *rand.Rand
	now     float64
	roads   []road // what the map doesn't say of each lane
	lamps   []lamp
	dark    map[*programme]bool
	lights  []scene.Light
	cars    []*car
	guests  []*guest // the vehicles that drive themselves
	people  []*walker
	ways    *footways
	on      [][]entry    // per lane: who is on it, from its start to its end
	held    [][]*car     // per junction lane: who has been let onto it and hasn't left it
	coming  [][]approach // per junction lane: who will come and hasn't been let on
	used    []lane.ID    // lanes with anything in the three above
	goals   []goal
	entries []lane.ID // where one comes into town
	exits   []*lane.Field
	tour    []*lane.Field // the bus stops, in order
	nextID  uint32
	missing [3]float64 // s since a car, bicycle or siren was due
}

// goal is a place to drive to: the ways there for each kind of user.
type goal struct {
	at    lane.Spot
	cars  *lane.Field
	bikes *lane.Field
}

// New lets a town come to life. It takes some tens of milliseconds.
func New(o Options) *Town {
	m, places := Load()
	t := &Town{
		m: m, places: places, o: o, rng: rand.New(rand.NewPCG(o.Seed, 0x70311)), nextID: 1,
		on: make([][]entry, len(m.Lanes)), held: make([][]*car, len(m.Lanes)), coming: make([][]approach, len(m.Lanes)),
		dark: make(map[*programme]bool),
	}
	var err error
	if t.lamps, err = readLamps(m); err != nil {
		panic(fmt.Errorf("the town's own lights: %w", err))
	}
	t.roads = newRoads(m)
	t.ways = newFootways(m)
	t.lights = make([]scene.Light, len(m.Signals))
	t.shine()
	t.setGoals()
	t.populate()
	return t
}

// Map gives the roads.
func (t *Town) Map() *lane.Map { return t.m }

// Places gives what else there is.
func (t *Town) Places() *Places { return t.places }

// Close lets go of nothing: a town holds only memory.
func (t *Town) Close() error { return nil }

// SetDark switches all lights of the junction a signal stands at off, or on again.
func (t *Town) SetDark(signal int32, dark bool) {
	t.dark[t.lamps[signal].p] = dark
	t.shine()
}

func (t *Town) shine() {
	for i, l := range t.lamps {
		t.lights[i] = scene.Light{Signal: int32(i), Remaining: -1}
		if !t.dark[l.p] {
			t.lights[i].Colour, t.lights[i].Remaining = l.at(t.now)
		}
	}
}

// Truth fills in all that is now.
func (t *Town) Truth(out *scene.Truth) {
	out.Time = t.now
	out.Lights = append(out.Lights[:0], t.lights...)
	out.Actors = out.Actors[:0]
	for _, c := range t.cars {
		out.Actors = append(out.Actors, c.actor())
	}
	for _, w := range t.people {
		out.Actors = append(out.Actors, w.actor())
	}
	for _, g := range t.guests {
		out.Actors = append(out.Actors, g.actor())
	}
}

// Place puts a vehicle that drives itself where it says it is.
func (t *Town) Place(id uint32, spec *vehicle.Spec, at vehicle.State) error {
	if !at.Finite() {
		return fmt.Errorf("vehicle %d is nowhere", id)
	}
	for _, g := range t.guests {
		if g.id == id {
			g.turned, g.spec, g.state = geom.Wrap(at.Heading-g.state.Heading), spec, at
			return nil
		}
	}
	t.guests = append(t.guests, &guest{id: id, spec: spec, state: at})
	t.clear(spec.Box(at))
	return nil
}

// clear takes those out of the way in whose place a vehicle appears.
func (t *Town) clear(b geom.Box) {
	room := b.Grown(6, 1)
	n := 0
	for _, c := range t.cars {
		if !c.box().Overlaps(room) {
			t.cars[n] = c
			n++
		}
	}
	t.cars = t.cars[:n]
}

// Remove takes a vehicle that drives itself out of the town.
func (t *Town) Remove(id uint32) {
	for i, g := range t.guests {
		if g.id == id {
			t.guests = append(t.guests[:i], t.guests[i+1:]...)
			return
		}
	}
}

// Step lets dt seconds pass, at most 0.2.
func (t *Town) Step(_ context.Context, dt float64) error {
	t.now += dt
	t.shine()
	t.enlist()
	t.grant()
	for _, c := range t.cars {
		t.drive(c, dt)
	}
	for _, c := range t.cars {
		t.move(c, dt)
	}
	t.walk(dt)
	t.renew(dt)
	return nil
}

// guest is a vehicle that drives itself, as the others see it.
type guest struct {
	id     uint32
	spec   *vehicle.Spec
	state  vehicle.State
	turned float64 // rad in the last cycle
}

func (g *guest) actor() scene.Actor {
	a := scene.Actor{
		ID: g.id, Kind: scene.Van, Box: g.spec.Box(g.state), Speed: g.state.Speed, Accel: g.state.Accel,
		YawRate: g.turned / 0.1, Braking: g.state.Accel < -0.5,
	}
	return a
}

// enlist writes down who is on which lane, who has been let into junctions and who will come.
func (t *Town) enlist() {
	for _, id := range t.used {
		t.on[id], t.held[id], t.coming[id] = t.on[id][:0], t.held[id][:0], t.coming[id][:0]
	}
	t.used = t.used[:0]
	for _, c := range t.cars {
		t.enlistCar(c)
	}
	for _, g := range t.guests {
		t.enlistGuest(g)
	}
}

// entry is a stretch of a lane that somebody is on.
type entry struct {
	rear, front float64 // m along the lane; beyond its ends where the body reaches over them
	speed       float64 // m/s along the lane
	accel       float64
	who         *car // nil: a guest
	guest       *guest
}

func (t *Town) put(id lane.ID, e entry) {
	if len(t.on[id])+len(t.held[id])+len(t.coming[id]) == 0 {
		t.used = append(t.used, id)
	}
	list := append(t.on[id], e)
	for i := len(list) - 1; i > 0 && list[i-1].front > list[i].front; i-- {
		list[i-1], list[i] = list[i], list[i-1]
	}
	t.on[id] = list
}

func (t *Town) enlistCar(c *car) {
	e := entry{rear: c.s - c.length, front: c.s, speed: c.speed, accel: c.accel, who: c}
	t.put(c.lane, e)
	if c.old != lane.None { // it changes lanes and is on both
		k := t.m.Lane(c.old).Centre.Length() / t.m.Lane(c.lane).Centre.Length()
		t.put(c.old, entry{rear: k*c.s - c.length, front: k * c.s, speed: c.speed, accel: c.accel, who: c})
	}
	// Its tail may still be on lanes behind, or stick out of the mouth of one that parts from another there.
	back, here := c.s, c.lane
	for i := len(c.trail) - 1; i >= 0 && back-c.length < 0; i-- {
		before := c.trail[i]
		back += t.m.Lane(before).Centre.Length()
		t.put(before, entry{rear: back - c.length, front: back, speed: c.speed, accel: c.accel, who: c})
		t.putSiblings(c, before, here, back-t.m.Lane(before).Centre.Length())
		here = before
	}
	if back-c.length >= 0 && back-c.length < mouth && len(c.trail) > 0 && here == c.lane {
		t.putSiblings(c, c.trail[len(c.trail)-1], c.lane, c.s)
	}
	for _, id := range c.held {
		if len(t.on[id])+len(t.held[id])+len(t.coming[id]) == 0 {
			t.used = append(t.used, id)
		}
		t.held[id] = append(t.held[id], c)
	}
}

// mouth is over how many metres lanes that part from one still lie upon each other.
const mouth = 6.0

// putSiblings enters a car on the lanes that part from its own.
func (t *Town) putSiblings(c *car, from, own lane.ID, front float64) {
	for _, n := range t.m.Lane(from).Next {
		if n != own && t.m.Lane(n).Users&lane.Cars != 0 {
			t.put(n, entry{rear: front - c.length, front: front, speed: c.speed, accel: c.accel, who: c})
		}
	}
}
