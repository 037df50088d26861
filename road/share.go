package road

import (
	"math"
	"slices"
	"time"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/road/ground"
	"hutong/road/pool"
	"hutong/road/tour"
)

// How rides are shared, and where vehicles wait for the next ones.
const (
	othersWait = 2 * time.Minute // who holds up others aboard has so long to board
	searching  = 100             // attempts at a better plan
	atOnce     = 24              // rides that are planned in one step: nobody's stop waits for more
	candidates = 12              // vehicles, nearest by the crow, that are asked for each
	demandHalf = 1800.0          // s after which what was asked counts half
	foreseen   = 600.0           // s of demand that vehicles wait for
	moveEvery  = 30 * time.Second
	stayWithin = 45.0 // s; a vehicle so near to where it's wanted stays
)

// longest is how long a shared ride takes at most, s, which alone would take so long by the speed limits.
func longest(seconds float64) float64 { return 1.4*ground.Lived(seconds) + 90 }

// tidy drops from the plan what is done.
func (v *Vehicle) tidy() { v.plan = v.plan.Left(v.ID) }

// stoppers tells who else than r's passenger has stopped the vehicle; "" for nobody.
func (v *Vehicle) stoppers(r *Ride) string {
	for _, o := range v.plan.Rides() {
		if o != r && o.Stopper == passenger && (o.State == Stopping || o.State == Halted) {
			return another
		}
	}
	return ""
}

// goOn lets those go on who stand only because somebody else asked for a stop, when nobody asks for it any more.
func (c *Core) goOn(v *Vehicle, now time.Time) {
	if v.stoppers(nil) != "" {
		return
	}
	for _, o := range v.plan.Rides() {
		if o.Stopper == another && (o.State == Stopping || o.State == Halted) {
			o.Stopper = ""
			o.Become(Riding, now, "")
			c.keep(o)
			v.release = v.release || v.State == Stopped
		}
	}
}

// letGo parts a ride and its vehicle.
func (c *Core) letGo(r *Ride, now time.Time) {
	v := c.vehicles[r.Vehicle]
	if v == nil || !v.plan.Serves(r) {
		return
	}
	v.release = v.release || v.State == Stopped && r.Stopper == passenger && v.stoppers(r) == ""
	v.plan = v.plan.Without(r)
	v.last, v.goal = r.ID, nil
	if len(v.plan) == 0 {
		v.stuck = time.Time{}
	}
	c.goOn(v, now)
	c.out.Fleet = true
}

// takeUp gives a vehicle the rides that it had when the hub stopped: first who is at its door, then all who are aboard
// are brought, and then the others fetched.
func (c *Core) takeUp(v *Vehicle) {
	var in, out, due tour.Tour
	for _, id := range c.open {
		r := c.rides[id]
		switch {
		case r.Vehicle != v.ID:
			continue
		case r.State == Coming:
			due = append(due, tour.Of(r)...)
			continue
		case r.State == Here || r.State == Boarding:
			in = append(in, tour.Leg{Ride: r})
		}
		out = append(out, tour.Leg{Ride: r, Out: true})
	}
	v.plan = slices.Concat(in, out, due)
}

// late tells a passenger that a promise can't be kept.
func (c *Core) late(r *Ride, why string) {
	if !r.Late {
		r.Late, r.Why, r.Passing = true, why, false
		c.keep(r)
	}
}

// mayShare tells whether a vehicle can take up more people who share it.
func (c *Core) mayShare(v *Vehicle, now time.Time) bool {
	return c.able(v, now) && v.stuck.IsZero() && v.parked == "" && !slices.ContainsFunc(v.plan, func(l tour.Leg) bool {
		return !l.Ride.Share || l.Ride.Rescue || l.Ride.State == Stopping || l.Ride.State == Halted
	})
}

// party is a ride as it's planned with others. Where it was found no vehicle in time it's served later than promised.
func party(id int, r *Ride, now time.Time) pool.Party {
	since := func(t time.Time) float64 { return min(0, t.Sub(now).Seconds()) }
	p := pool.Party{
		ID: id, From: r.From.Spot, To: r.To.Spot, Size: r.Party, Asked: since(r.Booked), Latest: r.Latest.Sub(now).Seconds(), Longest: r.Longest,
	}
	if r.State == Waiting {
		p.Latest = r.Changed.Add(findWithin).Sub(now).Seconds()
	}
	if !r.Began.IsZero() {
		p.Since = since(r.Began)
	}
	return p
}

// sharing is what is asked of package pool: the vehicles that may be shared, and the rides they have and could have.
type sharing struct {
	vehicles []*Vehicle
	cars     []pool.Car
	rides    []*Ride // by the number of the party
}

func (c *Core) sharing(waiting []*Ride, now time.Time) *sharing {
	s := &sharing{}
	near := make(map[*Vehicle]bool)
	for _, r := range waiting {
		for _, v := range c.nearest(r.From.Vec(), candidates, func(v *Vehicle) bool { v.tidy(); return c.mayShare(v, now) }) {
			near[v] = true
		}
	}
	for _, id := range c.order {
		if v := c.vehicles[id]; near[v] {
			s.vehicles, s.cars = append(s.vehicles, v), append(s.cars, s.car(v, now))
		}
	}
	return s
}

// nearest gives the vehicles of some that are nearest to a place by the crow.
func (c *Core) nearest(to geom.Vec, most int, fit func(v *Vehicle) bool) (list []*Vehicle) {
	at := func(i int) *Vehicle { return c.vehicles[c.order[i]] }
	for _, i := range pool.Nearest(len(c.order), most, func(i int) float64 { return at(i).Pose.To(to) }, func(i int) bool { return fit(at(i)) }) {
		list = append(list, at(i))
	}
	return list
}

// inTurn gives those of a long list who are looked at now: the eldest, and as many others in turn, so that some who
// can't be served don't stand in the way of all the others.
func inTurn(turn *int, waiting []*Ride) []*Ride {
	if len(waiting) <= atOnce {
		return waiting
	}
	eldest, others := waiting[:atOnce/2], waiting[atOnce/2:]
	*turn = (*turn + atOnce/2) % len(others)
	return slices.Concat(eldest, others[*turn:], others[:*turn])[:atOnce]
}

func (s *sharing) car(v *Vehicle, now time.Time) pool.Car {
	x := pool.Car{At: v.Pose, Seats: v.Seats}
	numbers := make(map[*Ride]int)
	for _, r := range v.plan.Rides() {
		if r.State == There { // they're getting out
			x.Ready = leaveWithin.Seconds() / 2
			continue
		}
		n := len(s.rides)
		numbers[r], s.rides = n, append(s.rides, r)
		if r.State.Aboard() || r.State == Here {
			x.Aboard = append(x.Aboard, party(n, r, now))
		} else {
			x.Due = append(x.Due, party(n, r, now))
		}
	}
	for _, l := range v.plan {
		if n, ok := numbers[l.Ride]; ok && (l.Out || l.Ride.State == Coming) {
			x.Plan = append(x.Plan, pool.Stop{Party: n, Out: l.Out})
		}
	}
	return x
}

// lived is how long a way takes in traffic.
func (c *Core) lived(from geom.Pose, to lane.Spot) float64 {
	if s := c.ways.Seconds(from, to); !math.IsInf(s, 1) {
		return ground.Lived(s)
	}
	return math.Inf(1)
}

// plans asks for the plans of all with those who wait.
func (c *Core) plans(s *sharing, waiting []*Ride, effort int, now time.Time) [][]pool.Stop {
	var list []pool.Party
	for _, r := range waiting {
		list = append(list, party(len(s.rides), r, now))
		s.rides = append(s.rides, r)
	}
	plans, _ := pool.Match(c.area.Map, c.lived, s.cars, list, effort)
	return plans
}

// pairShared finds vehicles for those who share.
func (c *Core) pairShared(waiting []*Ride, now time.Time) {
	if len(waiting) == 0 {
		return
	}
	waiting = inTurn(&c.turns[1], waiting)
	s := c.sharing(waiting, now)
	for i, plan := range c.plans(s, waiting, searching, now) {
		v := s.vehicles[i]
		fresh := false
		var legs tour.Tour
		for _, l := range v.plan {
			if l.AtDoor() {
				legs = append(legs, l)
			}
		}
		for _, at := range plan {
			r := s.rides[at.Party]
			legs = append(legs, tour.Leg{Ride: r, Out: at.Out})
			fresh = fresh || r.State == Waiting
		}
		if !fresh {
			continue
		}
		if len(v.plan) == 0 {
			v.goal, v.post, v.stuck, v.tries = nil, nil, time.Time{}, 0
		}
		v.plan = legs
		for _, r := range v.plan.Rides() {
			if r.State == Waiting {
				c.assign(r, v, now)
			}
		}
	}
}

// pickupShared gives when a vehicle could be there for a ride that is shared, s; +Inf where none could.
func (c *Core) pickupShared(r *Ride, now time.Time) float64 {
	r.State = Waiting
	waiting := []*Ride{r}
	for _, id := range c.open { // those who ask already, as far as there's time
		if w := c.rides[id]; w.State == Waiting && w.Share && len(waiting) < candidates {
			waiting = append(waiting, w)
		}
	}
	s := c.sharing(waiting, now)
	for _, plan := range c.plans(s, waiting, 0, now) {
		for _, at := range plan {
			if s.rides[at.Party] == r {
				return at.At
			}
		}
	}
	return math.Inf(1)
}

// bears tells whether a ride may go elsewhere without breaking what was promised to others in the vehicle.
func (c *Core) bears(v *Vehicle, r *Ride, to End, now time.Time) bool {
	if v.tidy(); len(v.plan.Rides()) < 2 {
		return true
	}
	s := &sharing{}
	before := pool.Late(c.area.Map, c.lived, s.car(v, now))
	was, long := r.To, r.Longest
	r.To, r.Longest = to, math.Inf(1)
	after := pool.Late(c.area.Map, c.lived, s.car(v, now))
	r.To, r.Longest = was, long
	return after <= before
}

// learn notes that a ride was asked for.
func (c *Core) learn(from *End, now time.Time) {
	best, least := -1, math.Inf(1)
	for i := range c.area.Stops {
		if far := c.area.Stops[i].To(from.Vec()); far < least {
			best, least = i, far
		}
	}
	if best >= 0 {
		c.demand.Asked(best, seconds(now))
	}
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// rebalance has vehicles without work wait where the next ones will be wanted, as far as what was asked before tells.
func (c *Core) rebalance(now time.Time) {
	if now.Sub(c.moved) < moveEvery {
		return
	}
	c.moved = now
	if open, _ := c.odd.Open(now, c.weather); !open {
		return
	}
	var idle []*Vehicle
	var poses []geom.Pose
	for _, id := range c.order {
		if v := c.vehicles[id]; len(v.plan) == 0 && c.able(v, now) && !v.charging && v.parked == "" && v.Doors != "open" && (v.State != Driving || v.post != nil) {
			idle, poses = append(idle, v), append(poses, v.Pose)
		}
	}
	if len(idle) == 0 {
		return
	}
	zones := make([]pool.Zone, 0, len(c.area.Stops))
	var stops []*ground.Stop
	for i := range c.area.Stops {
		stop := &c.area.Stops[i]
		spot, ok := c.spot(endOf(stop))
		if want := c.demand.Expect(i, seconds(now), foreseen); ok && want >= 0.5 && c.odd.Holds(stop.Vec) {
			zones, stops = append(zones, pool.Zone{At: spot, Want: want}), append(stops, stop)
		}
	}
	for i, z := range pool.Spread(c.area.Map, c.lived, poses, zones, stayWithin) {
		idle[i].post = targetOf(stops[z])
	}
}
