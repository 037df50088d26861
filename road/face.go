package road

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"time"

	"hutong/drive/geom"
	"hutong/road/cabin"
	"hutong/road/eta"
	"hutong/road/ground"
	"hutong/thing"
)

// What the area shows: copies, good for as long as one likes.

// Limits are the operators' limits, and what comes of them now.
type Limits struct {
	ODD  ground.ODD
	Open bool
	Why  string
	Tag  string // changes whenever the ODD does
}

// Limits gives where, when and how may be driven.
func (c *Court) Limits() Limits {
	c.mu.Lock()
	defer c.mu.Unlock()
	open, why := c.core.odd.Open(c.Now(), c.core.weather)
	return Limits{c.core.odd, open, why, tagOf(c.core.odd)}
}

func tagOf(odd ground.ODD) string {
	text, err := json.Marshal(odd)
	if err != nil { // checked numbers and words always marshal
		panic("road: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}

// SetLimits changes the limits, if they're still those of the tag; "" asks for none. They're on disk when it returns,
// and before any vehicle is told.
func (c *Court) SetLimits(odd ground.ODD, tag string) error {
	if err := odd.Check(); err != nil {
		return &Refusal{Unfit, err.Error()}
	}
	c.setting.Lock() // one after another, so that the disk holds the newest
	defer c.setting.Unlock()
	if tag != "" && tag != c.Limits().Tag {
		return &Refusal{Conflict, "Somebody else has changed the limits: fetch them again, and make your change on top"}
	}
	text, err := json.Marshal(odd)
	if err != nil {
		return err
	}
	if err := c.Records.Put(oddKey, text); err != nil {
		return err
	}
	return c.apply(SetODD{odd})
}

// Offer asks for an offer.
func (c *Court) Offer(ask AskOffer) (*Offer, error) {
	if err := c.apply(&ask); err != nil {
		return nil, err
	}
	o := *ask.Offer
	return &o, nil
}

// Book takes an offer. The ride is on disk when it returns.
func (c *Court) Book(offer string) (RideView, error) {
	b := &Book{Offer: offer}
	if err := c.apply(b); err != nil {
		return RideView{}, err
	}
	if err := c.keeper.Wait(); err != nil {
		return RideView{}, err
	}
	return c.Ride(b.Ride.ID)
}

// Do does what a passenger asks, and returns when it's on disk and the vehicle has taken what it was told. The trace
// tells of the order, "" where there was none.
func (c *Court) Do(ctx context.Context, d Do) (view RideView, trace string, err error) {
	if err := c.apply(&d); err != nil {
		return RideView{}, "", err
	}
	if d.Asked.Action != "" {
		trace = d.Asked.Trace
		err = c.carry(ctx, d.Asked)
	}
	if err == nil && d.What != StopNow && d.What != PullOver { // a stop is acknowledged by the vehicle, not by the disk
		err = c.keeper.Wait()
	}
	if err != nil {
		return RideView{}, trace, err
	}
	view, err = c.Ride(d.Ride)
	return view, trace, err
}

// Answer gives a vehicle the operator's answer, and returns when it has taken it.
func (c *Court) Answer(ctx context.Context, ticket, option, by string) error {
	a := &Answer{Ticket: ticket, Option: option, By: by}
	if err := c.apply(a); err != nil || a.Asked.Action == "" {
		return err
	}
	return c.carry(ctx, a.Asked)
}

// RideView is what a passenger sees of their ride.
type RideView struct {
	Ride
	eta.Outlook
	Car *VehicleView // nil while there is none
}

// Ride gives a ride as it is now.
func (c *Court) Ride(id RideID) (RideView, error) {
	now := c.Now()
	c.mu.Lock()
	r := c.core.rides[id]
	if r == nil {
		c.mu.Unlock()
		return RideView{}, &Refusal{Unknown, "There is no such ride"}
	}
	view := RideView{Ride: *r}
	view.Path = append([][2]int32(nil), r.Path...)
	var hops []eta.Hop
	if v := c.core.vehicles[r.Vehicle]; v != nil {
		car := c.show(v)
		view.Car, hops = &car, v.plan.Hops(r)
	}
	c.mu.Unlock()
	if v := view.Car; v != nil {
		view.Outlook = eta.Expect(c.core.ways, c.Area.Map, &view.Ride, eta.Vehicle{
			Pose: v.Pose, Posed: v.Posed, Driving: v.Shown == Driving, Goal: v.Goal, Remaining: v.Remaining,
		}, hops, now)
		v.Posed = v.Posed && !view.Hidden
	}
	return view, nil
}

// RideBell is rung when a ride changes or its vehicle moves.
func (c *Court) RideBell(id RideID) (*cabin.Bell, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.core.rides[id]
	if r == nil {
		return nil, false
	}
	b := c.rides[id]
	if b == nil {
		b = &cabin.Bell{Seen: r.Version}
		c.rides[id] = b
	}
	return b, true
}

// VehicleView is what an operator sees of a vehicle.
type VehicleView struct {
	ID                  thing.ID
	Name, Plate, Colour string
	Seats               int
	Shown               string // its state, or offline
	Since               time.Time
	Posed               bool
	Pose                geom.Pose
	Lat, Lon            float64
	Speed, Battery      float64
	Odometer, Limit     float64
	Doors               string
	Reason              Reason
	Assist              *Question
	Ride                string // short name of the ride; "" for none
	Last                string // and of the one before
	RideState           State
	Rides               int // how many it has
	Aboard              int // people, as far as the rides say
	Goal                *geom.Vec
	Remaining           float64
}

// show copies a vehicle. The caller holds mu.
func (c *Court) show(v *Vehicle) VehicleView {
	x := VehicleView{
		ID: v.ID, Name: v.Name, Plate: v.Plate, Colour: v.Colour, Seats: v.Seats, Shown: v.Shown(), Since: v.Since, Posed: v.Posed,
		Pose: v.Pose, Lat: v.Lat, Lon: v.Lon, Speed: v.Speed, Battery: v.Battery, Odometer: v.Odometer, Limit: v.Limit,
		Doors: v.Doors, Reason: v.Reason, Assist: v.Assist, Goal: v.Trip.Goal, Remaining: v.Trip.Remaining,
	}
	if !v.Online {
		x.Since = v.Heard
	}
	if v.last != "" {
		x.Last = v.last.Short()
	}
	for _, r := range v.plan.Rides() {
		if x.Ride == "" || r.State.Aboard() && !x.RideState.Aboard() { // the one that comes next, of those aboard if there are any
			x.Ride, x.RideState = r.ID.Short(), r.State
		}
		x.Rides++
	}
	x.Aboard = v.plan.Aboard()
	return x
}

// Fleet gives all vehicles, in the order of their ids, and the bell that's rung when anything about them changes.
func (c *Court) Fleet() ([]VehicleView, *cabin.Bell) {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := make([]VehicleView, 0, len(c.core.order))
	for _, id := range c.core.order {
		list = append(list, c.show(c.core.vehicles[id]))
	}
	return list, &c.fleet
}

// Vehicle gives the vehicle of a name.
func (c *Court) Vehicle(name string) (VehicleView, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, v := range c.core.vehicles {
		if v.Name == name {
			return c.show(v), true
		}
	}
	return VehicleView{}, false
}

// Tickets gives the open questions, oldest first, and the bell that's rung when they change.
func (c *Court) Tickets() ([]Ticket, *cabin.Bell) {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := make([]Ticket, 0, len(c.core.tickets))
	for _, t := range c.core.tickets {
		list = append(list, *t)
	}
	return list, &c.assists
}

// Carries tells whether a ride has a vehicle of that name now: then its passenger may look out of it.
func (c *Court) Carries(id RideID, vehicle string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.core.rides[id]
	if r == nil || r.State.Over() {
		return false
	}
	v := c.core.vehicles[r.Vehicle]
	return v != nil && v.Name == vehicle && (r.State.Aboard() || v.plan.Next(r))
}
