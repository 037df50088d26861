package road

import (
	"fmt"
	"math"
	"slices"
	"time"

	"hutong/road/car"
	"hutong/road/ground"
	"hutong/thing"
)

// care looks after one ride: what its vehicle has done, and what has taken too long.
func (c *Core) care(r *Ride, now time.Time) {
	v := c.vehicles[r.Vehicle]
	if v != nil && !v.plan.Serves(r) {
		v = nil
	}
	if v != nil {
		r.Missing = time.Time{}
	} else if r.Missing.IsZero() {
		r.Missing = now
	}
	waited := now.Sub(r.Changed)
	if !r.State.Aboard() && !r.State.Over() && !r.Rescue && c.closed(r, now) {
		return
	}
	switch r.State {
	case Waiting:
		if waited > findWithin {
			c.over(r, Failed, now, "No vehicle could be found. We are sorry")
		} else if r.Share && now.After(r.Latest) {
			c.late(r, "It takes longer than it was promised to until a vehicle is found")
		}
	case Coming:
		c.careComing(r, v, now)
	case Here, Boarding:
		c.careHere(r, v, now)
	case Riding, Stopping, Halted:
		c.careAboard(r, v, now)
	case There:
		if waited > leaveWithin || waited > leaveWithin/2 && v != nil && v.plan.Carries(r) {
			c.over(r, Ended, now, "")
		}
	}
}

// closed cancels a ride that hasn't begun when the area closes or shrinks under it. That nobody tells the weather is
// borne for a while, as after a start of the hub: vehicles stand meanwhile.
func (c *Core) closed(r *Ride, now time.Time) bool {
	if c.weather == "" && c.unsure.IsZero() {
		c.unsure = now
	}
	blind := c.weather == "" && now.Sub(c.unsure) < lostAfter && c.odd.Closed == "" && c.odd.Hours(now)
	if open, why := c.odd.Open(now, c.weather); !open && !blind {
		c.over(r, Cancelled, now, why)
		return true
	}
	if !c.odd.Holds(r.From.Vec()) || !c.odd.Holds(r.To.Vec()) {
		c.over(r, Cancelled, now, "The area has become smaller and no longer holds this ride")
		return true
	}
	return false
}

// away tells whether the ride's vehicle hasn't been heard for so long, or hasn't been there at all: after a start of the
// hub, vehicles need a moment to be known again.
func (c *Core) away(r *Ride, v *Vehicle, now time.Time, long time.Duration) bool {
	if v == nil {
		return now.Sub(r.Missing) > long
	}
	return !v.Online && now.Sub(v.Heard) > long
}

// careHere waits for a passenger to come aboard and to let the vehicle go; not for as long where others wait aboard.
func (c *Core) careHere(r *Ride, v *Vehicle, now time.Time) {
	long, away, why := noShow, awayAfter, "Nobody came to the vehicle"
	if r.State == Boarding {
		long, away, why = boardWithin, lostAfter, "The ride was not begun after boarding"
	}
	if v != nil && v.plan.Carries(r) {
		long = othersWait
	}
	waited := now.Sub(r.Changed)
	switch {
	case c.away(r, v, now, away):
		c.giveUp(r, now, "Your vehicle cannot be reached any more: another one is being sent")
	case waited > long && (r.Help == "" || r.State == Boarding || waited > 3*long): // an operator may be asked to open the door
		c.over(r, Cancelled, now, fmt.Sprintf("%s within %.0f minutes", why, long.Minutes()))
	}
}

func (c *Core) careComing(r *Ride, v *Vehicle, now time.Time) {
	switch {
	case c.away(r, v, now, awayAfter):
		c.giveUp(r, now, "Your vehicle cannot be reached: another one is being sent")
	case v == nil:
	case !v.stuck.IsZero() && now.Sub(v.stuck) > lostAfter:
		c.giveUp(r, now, "Your vehicle was held up: another one is being sent")
	case v.Online && v.at(aim(&r.From)) && v.plan.Leads(r):
		r.Become(Here, now, "")
		c.keep(r)
	case r.Share && !r.Late && now.After(r.Latest):
		c.late(r, "Your vehicle comes later than it was promised to")
	}
}

func (c *Core) careAboard(r *Ride, v *Vehicle, now time.Time) {
	switch {
	case c.away(r, v, now, lostAfter):
		c.giveUp(r, now, "Your vehicle cannot be reached. It has stopped by itself; another one is being sent to you")
		return
	case v == nil || !v.Online:
		c.say(r, "Your vehicle cannot be reached just now. It stops by itself when that lasts")
		return
	}
	r.Went(v.Pose.Vec)
	switch r.State {
	case Riding:
		c.careRiding(r, v, now)
	case Stopping:
		if v.State == Stopped && v.Speed < 0.5 {
			why := "You asked for a stop"
			if r.Stopper == another {
				why = "Another passenger has asked for a stop"
			}
			r.Become(Halted, now, why)
			c.keep(r)
		}
	case Halted:
		if v.State == Driving { // somebody else let it go on
			r.Stopper = ""
			r.Become(Riding, now, "")
			c.keep(r)
		} else if r.Help == "" && now.Sub(r.Changed) > boardWithin {
			c.call(r, "A passenger's ride has stood still for 5 minutes", now)
		}
	}
}

func (c *Core) careRiding(r *Ride, v *Vehicle, now time.Time) {
	switch {
	case v.at(aim(&r.To)):
		r.Arrived = now
		r.Become(There, now, "")
		c.keep(r)
	case !v.stuck.IsZero() && v.Assist == nil && now.Sub(v.stuck) > 2*lostAfter:
		c.giveUp(r, now, "Your vehicle cannot go on: another one is being sent to you")
	case v.State == Stopped || v.State == FailSafe:
		if v.parked != "" {
			c.say(r, v.parked)
		} else {
			c.say(r, v.Reason.Words)
		}
	case r.Share && now.Sub(r.Began).Seconds() > r.Longest && !r.Late:
		c.late(r, "The ride takes longer than it was promised to")
	case r.Passing && v.State == Driving:
		c.say(r, "")
		r.Passing = false
	}
}

// say tells the passenger something that holds only for now.
func (c *Core) say(r *Ride, why string) {
	if r.Why != why {
		r.Why, r.Passing = why, true
		r.Version++
		c.out.Fleet = true
	}
}

// steer gives a vehicle the next order, if what it's meant to do needs one that it isn't following already.
func (c *Core) steer(v *Vehicle, now time.Time) {
	if !v.Online || !v.Known() {
		return
	}
	v.tidy()
	rides := v.plan.Rides()
	for _, r := range rides {
		if r.State == Stopping && v.State != Stopped && v.stop == 0 && now.Sub(r.Changed) > askAgain && !now.Before(v.again) {
			v.stop = c.emit(v, "stopNow", thing.Null(), ByCourt).serial // the passenger's own order came to nothing: again, until it stands
			return
		}
	}
	if v.busy != 0 {
		return
	}
	if math.Abs(v.Limit-c.odd.MaxSpeed) > 0.5 {
		c.send(v, "setLimit", car.SetLimit(c.odd.MaxSpeed), ByCourt)
		return
	}
	switch {
	case c.park(v, rides):
	case len(rides) == 0:
		c.idle(v, now)
	default:
		c.serve(v, rides, now)
	}
}

// serve has a vehicle do what comes next in its plan, once all are in and out who want to be here.
func (c *Core) serve(v *Vehicle, rides []*Ride, now time.Time) {
	for _, r := range rides {
		if r.State == Boarding || r.State == There {
			if v.Doors != "open" && v.Still() {
				c.send(v, "openDoors", thing.Null(), ByRide+r.ID.Short())
			}
			return
		}
	}
	if underWay(rides) {
		next, by := v.plan[0], ByCourt
		if next.Out {
			by = ByRide + next.Ride.ID.Short()
		}
		c.sendTo(v, aim(next.End()), by, now)
	}
}

// underWay tells whether nothing keeps a vehicle where it is: nobody is at its door, and nobody has stopped it.
func underWay(rides []*Ride) bool {
	return !slices.ContainsFunc(rides, func(r *Ride) bool { return r.State != Coming && r.State != Riding })
}

// park has a vehicle stop at the side while the area may not be driven in, and lets it go on afterwards. It tells whether
// there's nothing else to do. The end of the day lets who is under way arrive.
func (c *Core) park(v *Vehicle, rides []*Ride) bool {
	why := c.odd.Closed
	if fair, words := c.odd.Fair(c.weather); why == "" && !fair {
		why = words
	}
	switch {
	case why == "" && v.parked == "":
		return false
	case why == "":
		if v.parked = ""; v.State == Stopped && underWay(rides) {
			c.send(v, "resume", thing.Null(), ByCourt)
			return true
		}
		return false
	case v.State == Driving:
		v.parked = why
		c.send(v, "pullOver", thing.Null(), ByCourt)
	}
	for _, r := range rides {
		c.say(r, why)
	}
	return underWay(rides)
}

// sendTo has a vehicle drive to a target. A vehicle that stopped because it had lost us is let go on; one that somebody
// stopped isn't.
func (c *Core) sendTo(v *Vehicle, t *target, by string, now time.Time) {
	v.goal = t
	if v.at(t) {
		v.stuck = time.Time{}
		return
	}
	switch v.State {
	case FailSafe:
		c.held(v, now)
	case Stopped:
		c.held(v, now)
		switch {
		case v.Doors == "open":
			c.send(v, "closeDoors", thing.Null(), by)
		case v.release:
			c.send(v, "resume", thing.Null(), by)
		case v.Reason.Code == LostLink:
			c.send(v, "resume", thing.Null(), ByCourt)
		}
	default:
		v.release = false
		switch {
		case v.Doors == "open":
			c.send(v, "closeDoors", thing.Null(), by)
		case v.bound(t):
			v.stuck = time.Time{}
		default:
			c.send(v, "driveTo", car.DriveTo(t.At, t.Heading, t.Name), by)
		}
	}
}

// LostLink is the code of the reason for which a vehicle stopped that wasn't heard any more.
const LostLink = "lost-link"

func (c *Core) held(v *Vehicle, now time.Time) {
	if v.stuck.IsZero() {
		v.stuck = now
	}
}

// idle is what a vehicle without a ride does: it shuts its doors, leaves where it may not be, charges, goes home at the
// end of the day, and else goes round the stops where that is wanted.
func (c *Core) idle(v *Vehicle, now time.Time) {
	still := v.State == Standing || v.State == Arrived
	v.release = v.release && v.State == Stopped
	switch {
	case v.Doors == "open" && v.Still():
		if now.Sub(v.Since) > leaveWithin/2 || v.goal == nil {
			c.send(v, "closeDoors", thing.Null(), ByCourt)
		}
	case v.State == Stopped && (v.release || v.Reason.Code == LostLink):
		c.send(v, "resume", thing.Null(), ByCourt)
	case v.State == Stopped || v.State == FailSafe:
	case !c.odd.Holds(v.Pose.Vec):
		c.leave(v, now)
	case v.charging && v.Battery < full:
		c.goHome(v, now)
	case v.Battery <= lowBattery && v.Battery > 0:
		v.charging = true
		c.goHome(v, now)
	case !c.odd.Hours(now):
		c.goHome(v, now)
	case v.post != nil && !v.held && c.odd.Holds(v.post.At):
		if v.charging = false; v.at(v.post) {
			v.post = nil
		} else {
			c.sendTo(v, v.post, ByCourt, now)
		}
	default:
		v.charging = false
		if c.rounds && still && !v.held && now.Sub(v.Since) > idleRound {
			c.nextRound(v, now)
		}
	}
}

// goHome sends a vehicle to a depot of its own, if there are any.
func (c *Core) goHome(v *Vehicle, now time.Time) {
	if n := len(c.area.Depots); n > 0 {
		c.sendTo(v, targetOf(&c.area.Depots[slices.Index(c.order, v.ID)%n]), ByCourt, now)
	}
}

// leave has a vehicle drive to the nearest stop where it may be, or else stop at the side.
func (c *Core) leave(v *Vehicle, now time.Time) {
	if s := c.nearestStop(v); s != nil {
		c.sendTo(v, targetOf(s), ByCourt, now)
	} else if v.State == Driving {
		c.send(v, "pullOver", thing.Null(), ByCourt)
	}
}

// nearestStop gives the stop within the area that v reaches first; the one it's sent to already, if it's one of them.
func (c *Core) nearestStop(v *Vehicle) *ground.Stop {
	var best *ground.Stop
	least := math.Inf(1)
	for i := range c.area.Stops {
		s := &c.area.Stops[i]
		if !c.odd.Holds(s.Vec) {
			continue
		}
		if v.goal != nil && v.goal.At.To(s.Vec) < 1 {
			return s
		}
		if spot, ok := c.spot(endOf(s)); ok {
			if seconds := c.ways.Seconds(v.Pose, spot); seconds < least {
				least, best = seconds, s
			}
		}
	}
	return best
}

// nextRound sends a vehicle to the next stop of its round. Where two vehicles meet they part again, since each goes on
// by its own number.
func (c *Core) nextRound(v *Vehicle, now time.Time) {
	n := len(c.area.Stops)
	if n < 2 {
		return
	}
	if v.round == 0 {
		v.round = 1 + slices.Index(c.order, v.ID)*n/len(c.order)
	}
	for range n {
		v.round++
		s := &c.area.Stops[v.round%n]
		if c.odd.Holds(s.Vec) && s.To(v.Pose.Vec) > 40 {
			c.sendTo(v, targetOf(s), ByCourt, now)
			return
		}
	}
}
