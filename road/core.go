package road

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"hutong/drive/lane"
	"hutong/road/car"
	"hutong/road/dispatch"
	"hutong/road/ground"
	"hutong/road/pool"
	"hutong/thing"
)

// Core is the state of the area and its one step. It is for one goroutine.
type Core struct {
	area    *ground.Area
	ways    *ground.Ways
	match   pool.Matching
	rounds  bool
	random  func() string // at least 128 random bits as letters and digits
	odd     ground.ODD
	weather string
	unsure  time.Time // since when nobody tells the weather; zero until it was first missed

	vehicles map[thing.ID]*Vehicle
	order    []thing.ID          // of the vehicles, sorted, so that the same events give the same orders
	names    map[string]thing.ID // whose a vehicle's name is, also while it isn't there after a start
	strange  map[thing.ID]bool   // vehicles that can't be let in, of which the operators have been told
	rides    map[RideID]*Ride
	open     []RideID // those that aren't over, oldest first
	offers   map[string]*Offer
	tickets  []*Ticket // questions to the operators, oldest first
	serial   uint64
	demand   *dispatch.Forecast // of rides, by the stop they begin at
	turns    [2]int             // whose turn it is, of many who wait alone, and of those who share
	moved    time.Time          // when vehicles were last sent to where they'll be wanted
	counts   Counts

	now time.Time // of the step
	out Effects
}

// Counts is what has come of the rides since the hub began.
type Counts struct {
	Offers, Booked, Boarded, Ended, Cancelled, Failed, Reassigned, Stops, Asked, Unanswered uint64
}

// Settings are what a Core begins with.
type Settings struct {
	Area   *ground.Area
	Match  pool.Matching // nil: pool.Batched
	Rounds bool          // vehicles without work go from stop to stop
	Random func() string // for ids and codes; required
}

// NewCore makes an area without vehicles and rides.
func NewCore(s Settings) *Core {
	c := &Core{
		area: s.Area, ways: ground.NewWays(s.Area.Map), match: s.Match, rounds: s.Rounds, random: s.Random, odd: s.Area.ODD,
		vehicles: make(map[thing.ID]*Vehicle), names: make(map[string]thing.ID), strange: make(map[thing.ID]bool), rides: make(map[RideID]*Ride), offers: make(map[string]*Offer),
	}
	if c.match == nil {
		c.match = pool.Batched
	}
	c.demand = dispatch.NewForecast(len(s.Area.Stops), demandHalf)
	return c
}

// Event is something that happened.
type Event interface {
	happen(c *Core, now time.Time) error
}

// Step lets e happen at now, which never goes back, and gives what comes of it, good until the next step. An error is a
// [Refusal] to the one who asked; the effects hold all the same.
func (c *Core) Step(now time.Time, e Event) (*Effects, error) {
	o := &c.out
	c.now = now
	*o = Effects{Orders: o.Orders[:0], Notices: o.Notices[:0], Keep: o.Keep[:0], Drop: o.Drop[:0], Came: o.Came[:0], Left: o.Left[:0]}
	err := e.happen(c, now)
	return o, err
}

// Tick is that time has passed. It's told about once a second.
type Tick struct{}

func (Tick) happen(c *Core, now time.Time) error {
	for _, id := range slices.Clone(c.open) {
		c.care(c.rides[id], now)
	}
	c.pair(now)
	c.rebalance(now)
	for _, id := range c.order {
		c.steer(c.vehicles[id], now)
	}
	c.unanswered(now)
	c.forget(now)
	return nil
}

// Reports is what vehicles said, in its order.
type Reports []Said

func (list Reports) happen(c *Core, now time.Time) error {
	touched := make(map[*Vehicle]bool)
	for _, s := range list {
		v := c.vehicles[s.Thing]
		if v == nil || !v.Take(s.Name, s.Value, s.Quality, now) {
			continue
		}
		touched[v] = true
		c.out.Fleet = true
		if s.Name == "assist" {
			c.asks(v, now)
		}
	}
	for _, id := range c.order {
		v := c.vehicles[id]
		if !touched[v] {
			continue
		}
		for _, r := range v.plan.Rides() {
			r.Version++
			c.care(r, now)
		}
		c.steer(v, now)
	}
	return nil
}

// Came is that a Thing exists, or is described anew; Gone that it doesn't any more.
type Came struct{ Thing *thing.Thing }

// Gone is that a Thing was withdrawn.
type Gone struct{ ID thing.ID }

func (e Came) happen(c *Core, now time.Time) error {
	if !isVehicle(e.Thing) {
		return Gone{e.Thing.ID}.happen(c, now)
	}
	if c.vehicles[e.Thing.ID] == nil && c.admits(e.Thing.ID) {
		v := &Vehicle{ID: e.Thing.ID, Name: NameOf(e.Thing.ID), Car: car.Car{Heard: now, Trip: car.Trip{Remaining: -1}}}
		c.takeUp(v)
		c.vehicles[v.ID], c.names[v.Name] = v, v.ID
		c.out.Came = append(c.out.Came, v.Name)
		c.order = append(c.order, v.ID)
		slices.Sort(c.order)
		c.out.Fleet = true
	}
	return nil
}

// admits tells whether a vehicle can be let in: its name, the end of its id, must be its own, since by that it's asked
// for and shown. The one that came first keeps it.
func (c *Core) admits(id thing.ID) bool {
	name, why := NameOf(id), ""
	switch holder := c.names[name]; {
	case name == "" || len(name) > maxName:
		why = "the end of its id is its name, and that has 1 to 64 bytes"
	case holder != "" && holder != id:
		why = "there is a vehicle of that name already, " + string(holder) + ": give it an id that ends otherwise"
	case len(c.vehicles) >= maxVehicles:
		why = "there are too many vehicles"
	default:
		delete(c.strange, id)
		return true
	}
	if !c.strange[id] && len(c.strange) < maxVehicles {
		c.strange[id] = true
		c.notice("warning", "A vehicle is not let in", string(id)+": "+why)
	}
	return false
}

// Named is whose the vehicles' names were when the hub stopped. It comes before the vehicles do.
type Named map[string]thing.ID

func (e Named) happen(c *Core, _ time.Time) error {
	for name, id := range e {
		c.names[name] = id
	}
	return nil
}

func (e Gone) happen(c *Core, now time.Time) error {
	if name := NameOf(e.ID); c.names[name] == e.ID {
		delete(c.names, name)
		c.out.Left = append(c.out.Left, name)
	}
	delete(c.strange, e.ID)
	v := c.vehicles[e.ID]
	if v == nil {
		return nil
	}
	delete(c.vehicles, e.ID)
	c.order = slices.DeleteFunc(c.order, func(id thing.ID) bool { return id == e.ID })
	c.out.Fleet = true
	c.asks(&Vehicle{ID: v.ID}, now) // its questions are gone with it
	for _, r := range v.plan.Rides() {
		c.care(r, now)
	}
	return nil
}

// Weather is what it is like outside, as a Thing says.
type Weather string

func (w Weather) happen(c *Core, now time.Time) error {
	if c.weather != string(w) {
		c.weather, c.unsure = string(w), time.Time{}
		return Tick{}.happen(c, now)
	}
	return nil
}

// Restored is a ride that was kept when the hub stopped. It comes before the vehicles do.
type Restored struct{ Ride *Ride }

func (e Restored) happen(c *Core, now time.Time) error {
	r := e.Ride
	for _, end := range []*End{&r.From, &r.To} {
		spot, ok := c.spot(end)
		if !ok && !r.State.Over() {
			r.Become(Failed, now, "The map has changed and no longer holds this place")
			c.keep(r)
		}
		end.Spot = spot
	}
	c.rides[r.ID] = r
	r.Told = r.State.Over()
	if !r.State.Over() {
		c.open = append(c.open, r.ID)
		slices.SortFunc(c.open, func(a, b RideID) int {
			return cmp.Or(c.rides[a].Booked.Compare(c.rides[b].Booked), strings.Compare(string(a), string(b)))
		})
	}
	return nil
}

// Ended is how an order ended; Wrong is empty when the vehicle took it.
type Answered struct {
	Order Order
	Wrong string
}

func (e Answered) happen(c *Core, now time.Time) error {
	v := c.vehicles[e.Order.Vehicle]
	if v == nil {
		return nil
	}
	if v.stop == e.Order.serial {
		v.stop, v.again = 0, now.Add(stopAgain)
	}
	if v.busy != e.Order.serial {
		return nil
	}
	v.busy, v.patient = 0, now.Add(askAgain)
	if e.Wrong == "" {
		v.tries = 0
		return nil
	}
	v.tries++
	if v.stuck.IsZero() {
		v.stuck = now
	}
	if v.tries == 1 {
		c.notice("warning", v.Name+" refuses", e.Order.Action+": "+e.Wrong)
	}
	return nil
}

func (c *Core) notice(level, title, text string) {
	c.out.Notices = append(c.out.Notices, Notice{level, title, text})
}

func (c *Core) keep(r *Ride) {
	r.Version++
	if !slices.Contains(c.out.Keep, r.ID) {
		c.out.Keep = append(c.out.Keep, r.ID)
	}
}

// send orders a vehicle to do something, unless it still owes an answer, or was told the same just now.
func (c *Core) send(v *Vehicle, action string, input thing.Value, by string) {
	if v.busy != 0 || action == v.did && c.now.Before(v.patient) {
		return
	}
	v.did = action
	v.busy = c.emit(v, action, input, by).serial
}

func (c *Core) emit(v *Vehicle, action string, input thing.Value, by string) Order {
	c.serial++
	o := Order{Vehicle: v.ID, Action: action, Input: input, By: by, Trace: c.random(), serial: c.serial}
	c.out.Orders = append(c.out.Orders, o)
	return o
}

// over ends a ride and lets its vehicle go.
func (c *Core) over(r *Ride, s State, now time.Time, why string) {
	r.Become(s, now, why)
	c.keep(r)
	switch s {
	case Ended:
		c.counts.Ended++
	case Cancelled:
		c.counts.Cancelled++
	case Failed:
		c.counts.Failed++
	}
	c.open = slices.DeleteFunc(c.open, func(id RideID) bool { return id == r.ID })
	c.hush(r)
	c.letGo(r, now)
}

// forget drops what nobody needs any more.
func (c *Core) forget(now time.Time) {
	for id, o := range c.offers {
		if now.After(o.Expires.Add(offerLife)) {
			delete(c.offers, id)
		}
	}
	for id, r := range c.rides {
		if r.State.Over() && now.Sub(r.Changed) > keepEnded {
			delete(c.rides, id)
			c.out.Drop = append(c.out.Drop, id)
		}
	}
}

// spot finds the lane of an end.
func (c *Core) spot(e *End) (lane.Spot, bool) {
	var heading *float64
	if e.Stop != "" {
		heading = &e.Heading
	}
	return c.area.Kerb(e.Vec(), heading)
}

// Vehicles gives a copy of all vehicles, in the order of their ids.
func (c *Core) Vehicles() []Vehicle {
	list := make([]Vehicle, 0, len(c.order))
	for _, id := range c.order {
		list = append(list, *c.vehicles[id])
	}
	return list
}
