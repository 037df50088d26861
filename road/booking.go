package road

import (
	"math"
	"slices"
	"strconv"
	"time"

	"hutong/drive/geom"
	"hutong/road/ground"
	"hutong/road/pool"
	"hutong/road/ride"
	"hutong/road/tour"
)

// Where is how somebody names a place: a stop, or a point.
type Where struct {
	Stop string
	At   *geom.Vec
}

// AskOffer asks for an offer, which is in Offer afterwards.
type AskOffer struct {
	From, To   Where
	Party      int
	Wheelchair bool
	Share      bool   // others may ride along
	Client     string // who asks, however that is known; "" is not limited
	Offer      *Offer
}

// maxParty is how many people may ride together.
const maxParty = 6

func (e *AskOffer) happen(c *Core, now time.Time) error {
	if e.Party < 1 || e.Party > maxParty {
		return refuse(Unfit, "party: %d people; a ride takes 1 to %d", e.Party, maxParty)
	}
	if e.Share && e.Wheelchair {
		return refuse(Unfit, "share: a ride with a wheelchair takes the whole vehicle")
	}
	if open, why := c.odd.Open(now, c.weather); !open {
		return refuse(Conflict, "%s", why)
	}
	from, err := c.end("from", e.From, e.Wheelchair)
	if err != nil {
		return err
	}
	to, err := c.end("to", e.To, e.Wheelchair)
	if err != nil {
		return err
	}
	if from.Vec().To(to.Vec()) < 40 {
		return refuse(Unfit, "That is where you are: choose a destination further away")
	}
	way, ok := c.ways.Find(c.area.Map.Pose(from.Spot), to.Spot)
	if !ok {
		return refuse(Unfit, "No way leads there from here")
	}
	if !c.odd.HoldsLine(way.Line) {
		return refuse(Unfit, "The way there leads out of the area")
	}
	pickup := ground.Lived(c.pickup(&from, e.Party, e.Wheelchair, now))
	if e.Share {
		pickup = c.pickupShared(&Ride{From: from, To: to, Party: e.Party, Share: true, Booked: now, Changed: now, Longest: longest(way.Seconds)}, now)
	}
	if math.IsInf(pickup, 1) {
		return refuse(Conflict, "No vehicle is free just now: try again in a few minutes")
	}
	if c.offersOf(e.Client, now) >= offersOfOne {
		return refuse(Busy, "You have %d offers open: book one of them, or wait until they expire", offersOfOne)
	}
	if len(c.offers) >= maxOffers {
		return refuse(Conflict, "Too many people ask at once: try again in a minute")
	}
	o := &Offer{
		ID: c.random(), From: from, To: to, Party: e.Party, Wheelchair: e.Wheelchair,
		Share: e.Share, Pickup: ride.Around(pickup), Seconds: ground.Lived(way.Seconds), Longest: longest(way.Seconds), Metres: way.Metres,
		Expires: now.Add(offerLife), Client: e.Client,
	}
	c.offers[o.ID] = o
	c.counts.Offers++
	e.Offer = o
	return nil
}

// offersOf counts the offers that a client could book now, ridesOf the rides they have under way.
func (c *Core) offersOf(client string, now time.Time) (n int) {
	for _, o := range c.offers {
		if client != "" && o.Client == client && o.Booked == "" && !now.After(o.Expires) {
			n++
		}
	}
	return n
}

func (c *Core) ridesOf(client string) (n int) {
	for _, id := range c.open {
		if client != "" && c.rides[id].Client == client {
			n++
		}
	}
	return n
}

// end reads one end of a ride.
func (c *Core) end(what string, w Where, stepFree bool) (End, error) {
	var e End
	switch {
	case w.Stop != "":
		s, ok := c.area.Stop(w.Stop)
		if !ok {
			return e, refuse(Unfit, "%s: there is no stop %.40q", what, w.Stop)
		}
		if stepFree && !s.StepFree {
			return e, refuse(Unfit, "%s: %s is not free of steps; choose another stop", what, s.Name)
		}
		e = *endOf(s)
	case w.At != nil && w.At.Finite():
		e = End{X: w.At.X, Y: w.At.Y}
	default:
		return e, refuse(Unfit, "%s: name a stop or a place", what)
	}
	if !c.odd.Holds(e.Vec()) {
		return e, refuse(Unfit, "%s: that is outside of the area", what)
	}
	spot, ok := c.spot(&e)
	if !ok {
		return e, refuse(Unfit, "%s: no vehicle can stop there; choose a place nearer to a street", what)
	}
	e.Spot = spot
	if e.Stop == "" { // at the kerb, where the vehicle will stand
		p := c.area.Map.Pose(spot)
		e.X, e.Y, e.Heading = p.X, p.Y, p.Heading
	}
	return e, nil
}

// mayServe tells whether a vehicle can be given a ride now.
func (c *Core) mayServe(v *Vehicle, party int, wheelchair bool, now time.Time) bool {
	return len(v.plan) == 0 && c.able(v, now) && v.Seats >= party && (v.Wheelchair || !wheelchair)
}

// lowBattery is where a vehicle takes no more rides, and full where it does again, %.
const (
	lowBattery = 20
	full       = 80
)

func (c *Core) able(v *Vehicle, now time.Time) bool {
	return v.Online && v.Known() && !v.held && now.After(v.bench) && v.Battery > lowBattery &&
		(v.State == Standing || v.State == Driving || v.State == Arrived) && c.odd.Holds(v.Pose.Vec)
}

// pickup gives how long the nearest free vehicle needs to get there, s; +Inf where none is free. A wish before it in the
// queue takes one away.
func (c *Core) pickup(at *End, party int, wheelchair bool, now time.Time) float64 {
	var times []float64
	for _, id := range c.order {
		if v := c.vehicles[id]; c.mayServe(v, party, wheelchair, now) {
			if s := c.ways.Seconds(v.Pose, at.Spot); !math.IsInf(s, 1) {
				times = append(times, s)
			}
		}
	}
	ahead := 0
	for _, id := range c.open {
		if c.rides[id].State == Waiting {
			ahead++
		}
	}
	if ahead >= len(times) {
		return math.Inf(1)
	}
	slices.Sort(times)
	return times[ahead]
}

// Book takes an offer. The ride is in Ride afterwards.
type Book struct {
	Offer string
	Ride  *Ride
}

func (e *Book) happen(c *Core, now time.Time) error {
	o := c.offers[e.Offer]
	switch {
	case o == nil, now.After(o.Expires):
		return refuse(Unknown, "There is no such offer any more: ask for a new one")
	case o.Booked != "":
		return refuse(Conflict, "This offer has been booked already")
	}
	if open, why := c.odd.Open(now, c.weather); !open {
		return refuse(Conflict, "%s", why)
	}
	for _, end := range []*End{&o.From, &o.To} { // the area may have shrunk since
		if !c.odd.Holds(end.Vec()) {
			return refuse(Conflict, "That is outside of the area now: ask for a new offer")
		}
	}
	if c.ridesOf(o.Client) >= ridesOfOne {
		return refuse(Busy, "You have %d rides under way: end or cancel one first", ridesOfOne)
	}
	if len(c.open) >= maxOpen || len(c.rides) >= maxRides {
		return refuse(Conflict, "Too many rides are under way: try again later")
	}
	r := &Ride{
		ID: RideID(c.random()), State: Waiting, Code: c.code(), From: o.From, To: o.To, Party: o.Party,
		Wheelchair: o.Wheelchair, Booked: now, Changed: now, Client: o.Client,
	}
	if o.Share {
		r.Share, r.Latest, r.Longest = true, now.Add(time.Duration(o.Pickup.Late*float64(time.Second))), o.Longest
	}
	c.learn(&r.From, now)
	o.Booked = r.ID
	c.rides[r.ID] = r
	c.open = append(c.open, r.ID)
	c.counts.Booked++
	c.keep(r)
	c.pair(now)
	e.Ride = r
	return nil
}

// code gives four digits.
func (c *Core) code() string {
	n := 0
	for _, b := range []byte(c.random())[:10] {
		n = (n*31 + int(b)) % 10_000
	}
	return strconv.Itoa(10_000 + n)[1:]
}

// pair finds vehicles for those who wait: first for those whose eldest has waited longest, of those who share and those
// who don't.
func (c *Core) pair(now time.Time) {
	var alone, shared []*Ride
	for _, id := range c.open {
		switch r := c.rides[id]; {
		case r.State != Waiting:
		case r.Share:
			shared = append(shared, r)
		default:
			alone = append(alone, r)
		}
	}
	if len(shared) > 0 && (len(alone) == 0 || shared[0].Booked.Before(alone[0].Booked)) {
		c.pairShared(shared, now)
		shared = nil
	}
	c.pairAlone(alone, now)
	c.pairShared(shared, now)
}

// pairAlone finds vehicles for those who have one to themselves.
func (c *Core) pairAlone(rides []*Ride, now time.Time) {
	if len(rides) == 0 {
		return
	}
	rides = inTurn(&c.turns[0], rides)
	var wishes []pool.Wish
	near := make(map[*Vehicle]bool)
	for _, r := range rides {
		for _, v := range c.nearest(r.From.Vec(), 2*candidates, func(v *Vehicle) bool { return c.mayServe(v, r.Party, r.Wheelchair, now) }) {
			near[v] = true
		}
		wishes = append(wishes, pool.Wish{Ride: r.ID.Short(), Since: r.Booked, Party: r.Party, From: r.From.Vec(), To: r.To.Vec()})
	}
	var free []pool.Free
	for _, id := range c.order {
		if v := c.vehicles[id]; near[v] {
			free = append(free, pool.Free{Vehicle: v.ID, At: v.Pose, Seats: v.Seats, Battery: v.Battery})
		}
	}
	fits := func(w, v int) float64 {
		r, car := rides[w], c.vehicles[free[v].Vehicle]
		if !c.mayServe(car, r.Party, r.Wheelchair, now) || slices.Contains(r.Left, car.ID) && now.Before(car.bench) {
			return math.Inf(1)
		}
		return c.ways.Seconds(car.Pose, r.From.Spot)
	}
	for _, p := range c.match(wishes, free, fits) {
		if r, v := rides[p.Wish], c.vehicles[free[p.Vehicle].Vehicle]; r.State == Waiting && c.mayServe(v, r.Party, r.Wheelchair, now) {
			c.assign(r, v, now)
		}
	}
}

func (c *Core) assign(r *Ride, v *Vehicle, now time.Time) {
	if len(v.plan) == 0 {
		v.goal, v.post, v.stuck, v.tries = nil, nil, time.Time{}, 0
	}
	r.Vehicle, v.patient = v.ID, time.Time{}
	if !v.plan.Serves(r) {
		v.plan = append(v.plan, tour.Of(r)...)
	}
	why := ""
	if len(r.Left) > 0 {
		why = "Another vehicle is on its way"
	}
	r.Become(Coming, now, why)
	c.keep(r)
	c.out.Fleet = true
	c.care(r, now)
	c.steer(v, now)
}

// giveUp parts a ride from a vehicle that can't serve it, and lets another one be found.
func (c *Core) giveUp(r *Ride, now time.Time, why string) {
	if v := c.vehicles[r.Vehicle]; v != nil {
		if r.State.Aboard() && v.Posed { // who was aboard waits beside it
			p := v.Pose
			if spot, ok := c.area.Map.Locate(p, ground.Users, 6); ok {
				at := c.area.Map.Pose(spot)
				r.From = End{Name: "where you are", X: at.X, Y: at.Y, Heading: at.Heading, Spot: spot}
				r.Rescue = true
			}
		}
		v.bench = now.Add(benched)
	}
	c.letGo(r, now)
	if !slices.Contains(r.Left, r.Vehicle) && len(r.Left) < 16 {
		r.Left = append(r.Left, r.Vehicle)
	}
	r.Vehicle, r.Stopper, r.Belts = "", "", false
	c.counts.Reassigned++
	r.Become(Waiting, now, why)
	c.keep(r)
	c.notice("warning", "A ride has lost its vehicle", why)
	c.pair(now)
}
