package road

import (
	"time"

	"hutong/drive/geom"
	"hutong/road/ground"
	"hutong/thing"
)

// Do is something that a passenger does with their ride.
type Do struct {
	Ride  RideID
	What  What
	Code  string // to unlock
	Belts bool   // to start
	To    Where  // of a new destination
	Stars int
	Words string
	Asked Order // what the vehicle is told at once, if anything; the one who asks waits for its answer
}

// What a passenger may do.
type What uint8

// The doings of a passenger.
const (
	Unlock What = iota
	Start
	StopNow
	PullOver
	Resume
	Destination
	Help
	Rate
	Cancel
)

func (e *Do) happen(c *Core, now time.Time) error {
	r := c.rides[e.Ride]
	if r == nil {
		return refuse(Unknown, "There is no such ride")
	}
	if len(e.Words) > ground.MaxWords {
		return refuse(Unfit, "words: %d bytes; at most %d", len(e.Words), ground.MaxWords)
	}
	v := c.vehicles[r.Vehicle]
	var err error
	switch e.What {
	case Unlock:
		err = c.unlock(e, r, v, now)
	case Start:
		err = c.start(e, r, v, now)
	case StopNow, PullOver:
		err = c.halt(e, r, v, now)
	case Resume:
		err = c.resume(e, r, v, now)
	case Destination:
		err = c.redirect(e, r, v, now)
	case Help:
		err = c.help(e, r, now)
	case Rate:
		err = c.rate(e, r)
	case Cancel:
		err = c.cancel(r, now)
	}
	if v != nil && err == nil {
		c.steer(v, now)
	}
	return err
}

func (c *Core) unlock(e *Do, r *Ride, v *Vehicle, now time.Time) error {
	switch {
	case r.State == Boarding:
		return nil // it is
	case r.State != Here:
		return refuse(Conflict, "The vehicle is not here to be unlocked")
	case r.Tries >= maxTries:
		c.locked(r, now)
		return refuse(Denied, "Too many wrong codes: the door stays shut until an operator opens it, who has been asked to")
	case e.Code != r.Code:
		r.Tries++
		c.keep(r)
		if r.Tries >= maxTries {
			c.locked(r, now)
			return refuse(Denied, "That is not the code of this ride. The door stays shut now until an operator opens it, who has been asked to")
		}
		return refuse(Denied, "That is not the code of this ride")
	case v == nil || !v.Online:
		return refuse(Conflict, "The vehicle cannot be reached just now")
	case v.plan.Aboard()+r.Party > v.Seats && v.plan.Carries(r):
		return refuse(Conflict, "Others are getting out: it takes a moment")
	}
	c.board(r, v, now)
	return nil
}

// board opens the vehicle to its passenger.
func (c *Core) board(r *Ride, v *Vehicle, now time.Time) {
	r.Become(Boarding, now, "")
	c.counts.Boarded++
	c.keep(r)
	v.patient = time.Time{}
}

// locked tells the passenger and the operators that the door stays shut after too many wrong codes.
func (c *Core) locked(r *Ride, now time.Time) {
	r.Why = "Too many wrong codes were tried. An operator has been asked to open the door"
	c.keep(r)
	if r.Help == "" {
		c.call(r, "Too many wrong codes were tried at the door", now)
	}
}

func (c *Core) start(e *Do, r *Ride, v *Vehicle, now time.Time) error {
	switch {
	case r.State == Riding:
		return nil
	case r.State != Boarding:
		return refuse(Conflict, "The ride cannot begin now: board first")
	case !e.Belts:
		return refuse(Unfit, "belts: everybody must have theirs on")
	case v == nil || !v.Online:
		return refuse(Conflict, "The vehicle cannot be reached just now")
	}
	if v.release = r.Stopper == passenger; v.release { // who stopped it while boarding now says that it may go
		r.Stopper = ""
	}
	r.Belts, r.Began, r.Rescue, r.Path, r.Late = true, now, false, r.Path[:0], false
	r.Went(v.Pose.Vec)
	r.Become(Riding, now, "")
	c.keep(r)
	v.tidy()
	c.goOn(v, now)
	v.patient, v.stuck = time.Time{}, time.Time{}
	return nil
}

// halt is the passenger's stop, now or at the next place where it hinders nobody. It is for whoever may be aboard, in
// whatever state the ride is, and the order goes out whatever the vehicle said last.
func (c *Core) halt(e *Do, r *Ride, v *Vehicle, now time.Time) error {
	if !r.State.Aboard() {
		return refuse(Conflict, "You are not in a vehicle")
	}
	if v == nil {
		return refuse(Conflict, "There is no vehicle to stop")
	}
	action := "stopNow"
	if e.What == PullOver {
		action = "pullOver"
	}
	e.Asked = c.emit(v, action, thing.Null(), ByRide+r.ID.Short())
	v.stop, v.release = e.Asked.serial, false
	c.counts.Stops++
	if r.Stopper != operator {
		r.Stopper = passenger
	}
	if r.State == Riding {
		r.Become(Stopping, now, "You asked for a stop")
	}
	c.keep(r)
	for _, o := range v.plan.Rides() {
		if o != r && o.State == Riding {
			o.Become(Stopping, now, "Another passenger has asked for a stop")
			if o.Stopper == "" {
				o.Stopper = another
			}
			c.keep(o)
		}
	}
	return nil
}

func (c *Core) resume(e *Do, r *Ride, v *Vehicle, now time.Time) error {
	switch {
	case r.State == Riding && r.Stopper == "":
		return nil
	case r.State != Halted && r.State != Stopping:
		return refuse(Conflict, "The ride does not stand still")
	case r.Stopper != passenger:
		return refuse(Denied, "Somebody else has stopped the vehicle, and must let it go on")
	case v == nil || !v.Online:
		return refuse(Conflict, "The vehicle cannot be reached just now")
	}
	if open, why := c.odd.Fair(c.weather); !open {
		return refuse(Conflict, "%s", why)
	}
	if who := v.stoppers(r); who != "" {
		r.Stopper = who
		r.Why = "You may go on. Somebody else has asked for a stop, too, and has to say so as well"
		c.keep(r)
		return nil
	}
	action := "resume"
	if v.Doors == "open" {
		action, v.release = "closeDoors", true // and then go on
	}
	e.Asked = c.emit(v, action, thing.Null(), ByRide+r.ID.Short())
	v.busy, v.did = e.Asked.serial, action
	r.Stopper = ""
	v.stuck = time.Time{}
	r.Become(Riding, now, "")
	c.keep(r)
	c.goOn(v, now)
	return nil
}

func (c *Core) redirect(e *Do, r *Ride, v *Vehicle, now time.Time) error {
	if r.State.Over() || r.State == There {
		return refuse(Conflict, "The ride is over")
	}
	to, err := c.end("to", e.To, r.Wheelchair)
	if err != nil {
		return err
	}
	from := c.area.Map.Pose(r.From.Spot)
	if r.State.Aboard() && v != nil && v.Posed {
		from = v.Pose
	}
	way, ok := c.ways.Find(from, to.Spot)
	if !ok {
		return refuse(Unfit, "No way leads there from here")
	}
	if !c.odd.HoldsLine(way.Line) {
		return refuse(Unfit, "The way there leads out of the area")
	}
	if v != nil && !c.bears(v, r, to, now) {
		return refuse(Conflict, "Others share this vehicle, and would come later than they were promised to: choose a place nearer to the way, or stop and get out")
	}
	r.To = to
	if v != nil {
		v.patient = time.Time{}
	}
	c.keep(r)
	return nil
}

func (c *Core) rate(e *Do, r *Ride) error {
	switch {
	case e.Stars < 1 || e.Stars > 5:
		return refuse(Unfit, "stars: %d; 1 to 5", e.Stars)
	case r.State != There && r.State != Ended:
		return refuse(Conflict, "A ride is rated when it is over")
	}
	r.Stars, r.Words = e.Stars, e.Words
	c.keep(r)
	return nil
}

func (c *Core) cancel(r *Ride, now time.Time) error {
	switch r.State {
	case Waiting, Coming, Here, Boarding:
		c.over(r, Cancelled, now, "You cancelled it")
		return nil
	case Halted: // they get out where it stands
		r.Arrived = now
		r.Become(There, now, "The ride ends here")
		c.keep(r)
		return nil
	case Cancelled:
		return nil
	}
	return refuse(Conflict, "The ride is under way: stop it, or choose another destination")
}

// Ordered is that a vehicle has taken an order that didn't come from the area: who stops it then, lets it go on.
type Ordered struct {
	Vehicle thing.ID
	Action  string
}

func (e Ordered) happen(c *Core, _ time.Time) error {
	v := c.vehicles[e.Vehicle]
	if v == nil {
		return nil
	}
	who := ""
	switch e.Action {
	case "stopNow", "pullOver":
		v.release, who = false, operator
	case "hold":
		v.held = true
		return nil
	case "resume":
		v.held = false
	default:
		return nil
	}
	for _, r := range v.plan.Rides() {
		if who == operator || r.Stopper == operator {
			r.Stopper = who
			c.keep(r)
		}
	}
	return nil
}

// SetODD changes where, when and how may be driven. Vehicles that are where they may not be any more leave.
type SetODD struct{ ODD ground.ODD }

func (e SetODD) happen(c *Core, now time.Time) error {
	if err := e.ODD.Check(); err != nil {
		return refuse(Unfit, "%s", err)
	}
	c.odd = e.ODD
	for _, id := range append([]RideID(nil), c.open...) {
		c.confine(c.rides[id], now)
	}
	for _, id := range c.order {
		c.vehicles[id].patient = time.Time{}
	}
	return Tick{}.happen(c, now)
}

// confine brings a ride whose way leads out of the area to the nearest stop within it.
func (c *Core) confine(r *Ride, now time.Time) {
	v := c.vehicles[r.Vehicle]
	if r.State != Riding && r.State != Stopping && r.State != Halted && r.State != Boarding || v == nil {
		return
	}
	if way, ok := c.ways.Find(v.Pose, r.To.Spot); ok && c.stays(way.Line) {
		return
	}
	s := c.nearestStop(v)
	if s == nil {
		c.say(r, "The area has become smaller: the vehicle stops at the side")
		v.stop = c.emit(v, "pullOver", thing.Null(), ByCourt).serial
		return
	}
	r.To = *endOf(s)
	r.To.Spot, _ = c.spot(&r.To)
	r.Why, r.Passing = "The area has become smaller: the ride ends at "+r.To.Name, false
	c.keep(r)
}

// stays tells whether a line ends in the area, and doesn't leave it once it's in.
func (c *Core) stays(line []geom.Vec) bool {
	for i := range line {
		if c.odd.Holds(line[i]) {
			return c.odd.HoldsLine(line[i:])
		}
	}
	return false
}
