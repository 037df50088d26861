package road

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"hutong/road/cabin"
	"hutong/road/ground"
	"hutong/road/keeper"
	"hutong/road/pool"
	"hutong/thing"
)

// Feed hands out Changes in their order: each call blocks until there are some. The slice is good until the next call.
type Feed interface {
	Next(ctx context.Context) ([]thing.Change, error)
	Close()
}

// Hub is what the area needs of the hub: what there is, and how it's told of more.
type Hub interface {
	Things() []*thing.Thing
	Thing(id thing.ID) (*thing.Thing, bool)
	Get(ref thing.Ref) (thing.State, bool)
	Every() Feed                                    // all Changes from now on
	Watch(ctx context.Context, tell func(thing.ID)) // calls tell for each Thing that came, went or changed, until ctx ends
}

// Gate carries out a Command if it may be, and blocks until the device's side has answered.
type Gate interface {
	Do(ctx context.Context, cmd thing.Command) thing.Outcome
}

// Keep holds records by their key.
type Keep = keeper.Keep

// Witness is told what vehicles knew and did, while it happens, and of rides that are over. It must not block.
type Witness interface {
	Frame(vehicle string, at time.Time, frame []byte)      // a cabin frame, as the vehicle published it
	Changed(vehicle string, at time.Time, c *thing.Change) // a property or an event
	Over(r *Ride)                                          // good until it returns
}

// Options is what a Court needs. Area, Hub, Gate, Kept and Records are required.
type Options struct {
	Area    *ground.Area
	Hub     Hub
	Gate    Gate
	Kept    Keep             // the rides
	Records Keep             // what the operators have set
	Match   pool.Matching    // nil: pool.Batched
	Rounds  bool             // vehicles without work go from stop to stop
	Witness Witness          // nil: nobody looks
	Tell    func(n Notice)   // a word to the operators; nil: nobody is told
	Now     func() time.Time // nil: time.Now
	Log     *slog.Logger     // nil: nothing is logged
}

// Court is the area while it lives. Its methods may be called from any goroutine.
type Court struct {
	Options
	Cabins  *cabin.Cabins
	setting sync.Mutex
	naming  sync.Mutex
	named   []byte // as kept
	mu      sync.Mutex
	core    *Core
	keeper  *keeper.Keeper
	work    sync.WaitGroup
	life    context.Context
	end     context.CancelFunc
	fleet   cabin.Bell
	assists cabin.Bell
	rides   map[RideID]*cabin.Bell
}

// oddKey is under which the operators' limits are kept, namesKey the vehicles' names.
const (
	oddKey   = "odd"
	namesKey = "names"
)

// Open makes the court of an area, with the rides and limits that were kept.
func Open(o Options) (*Court, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := o.Area.ODD.Check(); err != nil {
		return nil, fmt.Errorf("road: the area %q: %w", o.Area.Name, err)
	}
	c := &Court{Options: o, rides: make(map[RideID]*cabin.Bell), Cabins: cabin.New(frames(o.Witness), o.Now)}
	c.core = NewCore(Settings{Area: o.Area, Match: o.Match, Rounds: o.Rounds, Random: rand.Text})
	c.life, c.end = context.WithCancel(context.Background())
	if err := c.recall(); err != nil {
		return nil, err
	}
	c.keeper = keeper.New(o.Kept, o.Log)
	return c, nil
}

// frames is the witness as the cabins know one; nil stays nil.
func frames(w Witness) cabin.Witness {
	if w == nil {
		return nil
	}
	return w
}

// recall reads what was kept. A record that can't be read is told and left alone.
func (c *Court) recall() error {
	kept, err := c.Kept.All()
	if err != nil {
		return fmt.Errorf("road: the rides: %w", err)
	}
	for key, text := range kept {
		r := new(Ride)
		if err := json.Unmarshal(text, r); err != nil || string(r.ID) != key {
			c.Log.Error("road: a kept ride cannot be read", "ride", RideID(key).Short(), "error", err)
			continue
		}
		if _, err := c.core.Step(c.Now(), Restored{r}); err != nil {
			return err
		}
	}
	records, err := c.Records.All()
	if err != nil {
		return fmt.Errorf("road: the limits of the area: %w", err)
	}
	if text, ok := records[namesKey]; ok {
		var names Named
		if err := json.Unmarshal(text, &names); err != nil {
			c.Log.Error("road: the kept names of the vehicles cannot be read: who comes first has them", "error", err)
		}
		for name, id := range names {
			if _, there := c.Hub.Thing(id); !there {
				delete(names, name)
			}
		}
		if _, err := c.core.Step(c.Now(), names); err != nil {
			return err
		}
	}
	if text, ok := records[oddKey]; ok {
		var odd ground.ODD
		if err := json.Unmarshal(text, &odd); err != nil || odd.Check() != nil {
			c.Log.Error("road: the kept limits of the area cannot be read: nobody may drive until they are set anew", "error", errors.Join(err, odd.Check()))
			c.core.odd.Closed = "The limits of the area have to be set anew"
			return nil
		}
		c.core.odd = odd
	}
	return nil
}

// Run hears the vehicles and lets time pass until ctx ends, then waits for the orders on their way.
func (c *Court) Run(ctx context.Context) error {
	go c.keeper.Run()
	feed := c.Hub.Every()
	defer feed.Close()
	ctx, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer func() {
		stop()
		c.end()
		all.Wait()
		c.work.Wait()
		c.keeper.Close()
	}()
	all.Go(func() { c.Hub.Watch(ctx, c.came) })
	for _, x := range c.Hub.Things() {
		c.came(x.ID)
	}
	all.Go(func() { c.tick(ctx) })
	for {
		batch, err := feed.Next(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("road: %w", err)
		}
		c.heard(batch)
	}
}

func (c *Court) tick(ctx context.Context) {
	beat := time.NewTicker(time.Second)
	defer beat.Stop()
	for {
		select {
		case <-beat.C:
			c.step(Tick{})
		case <-ctx.Done():
			return
		}
	}
}

// came is told of a Thing that came, went or changed. A vehicle's values are read once it's known, so that none is
// missed that came before.
func (c *Court) came(id thing.ID) {
	x, ok := c.Hub.Thing(id)
	if !ok {
		ours := c.ours(id)
		c.step(Gone{id})
		c.forecast()
		if ours { // one whose name it had may come now
			for _, x := range c.Hub.Things() {
				if isVehicle(x) && !c.ours(x.ID) {
					c.came(x.ID)
				}
			}
		}
		return
	}
	if x.Place.Within(Place) {
		c.step(Came{x})
		if isVehicle(x) || weatherOf(x) {
			c.look(x)
		}
	}
}

// forecast looks anew what the weather is: nobody may have told it but a Thing that is gone.
func (c *Court) forecast() {
	told := false
	for _, x := range c.Hub.Things() {
		if weatherOf(x) {
			told = true
			c.look(x)
		}
	}
	if !told {
		c.step(Weather(""))
	}
}

// weatherOf tells whether a Thing says what the weather is.
func weatherOf(x *thing.Thing) bool {
	_, ok := x.Find(thing.Property, weatherName)
	return ok && x.Place.Within(Place)
}

// weatherName is the property of a Thing in the area that says what the weather is, in a word.
const weatherName = "weather"

func (c *Court) look(x *thing.Thing) {
	var list Reports
	for i := range x.Points {
		p := &x.Points[i]
		if s, ok := c.Hub.Get(x.Ref(p)); ok && p.Kind == thing.Property {
			list = c.take(list, Said{x.ID, p.Name, s.Value, s.Quality})
		}
	}
	c.step(list)
}

// take adds what was said to list, unless it's about the weather.
func (c *Court) take(list Reports, s Said) Reports {
	if s.Name != weatherName {
		return append(list, s)
	}
	if x, ok := c.Hub.Thing(s.Thing); ok && weatherOf(x) {
		if s.Quality.Known() {
			c.step(Weather(s.Value.Text()))
		} else {
			c.step(Weather("")) // it isn't known any more
		}
	}
	return list
}

func (c *Court) heard(batch []thing.Change) {
	var list Reports
	for i := range batch {
		ch := &batch[i]
		ours := c.ours(ch.Ref.Thing)
		if ch.Ref.Name != weatherName && !ours {
			continue
		}
		if ours && c.Witness != nil {
			c.Witness.Changed(NameOf(ch.Ref.Thing), c.Now(), ch)
		}
		if ch.Ref.Kind == thing.Property {
			list = c.take(list, Said{ch.Ref.Thing, ch.Ref.Name, ch.Value, ch.Quality})
		}
	}
	if len(list) > 0 {
		c.step(list)
	}
}

func (c *Court) ours(id thing.ID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.core.vehicles[id] != nil
}

// step lets e happen and sees to what comes of it, without waiting for anything.
func (c *Court) step(e Event) { _ = c.apply(e) }

// apply lets e happen and sends the orders that come of it, but the one that e's maker carries out themselves.
func (c *Court) apply(e Event) error {
	c.mu.Lock()
	fx, err := c.core.Step(c.Now(), e)
	for _, o := range fx.Orders {
		if !asked(e, o) {
			c.send(o)
		}
	}
	for _, id := range fx.Keep {
		r := c.core.rides[id]
		if r == nil {
			continue
		}
		c.keeper.Put(string(r.ID), r.Text())
		if r.State.Over() && !r.Told && c.Witness != nil {
			r.Told = true
			c.Witness.Over(r)
		}
	}
	for _, id := range fx.Drop {
		c.keeper.Put(string(id), nil)
		delete(c.rides, id)
	}
	for _, name := range fx.Left {
		c.Cabins.Dismiss(name)
	}
	for _, name := range fx.Came {
		c.Cabins.Admit(name)
	}
	var names []byte
	if len(fx.Came)+len(fx.Left) > 0 {
		names = c.namesText()
	}
	c.ring(fx)
	notices := append([]Notice(nil), fx.Notices...)
	c.mu.Unlock()
	if names != nil {
		c.keepNames(names)
	}
	for _, n := range notices {
		if c.Tell != nil {
			c.Tell(n)
		}
	}
	return err
}

func (c *Court) namesText() []byte {
	text, err := json.Marshal(c.core.names)
	if err != nil { // plain words always marshal
		panic("road: " + err.Error())
	}
	return text
}

// keepNames has the vehicles' names kept. Where that fails, who comes first after a start has them.
func (c *Court) keepNames(text []byte) {
	c.naming.Lock()
	defer c.naming.Unlock()
	if bytes.Equal(text, c.named) {
		return
	}
	c.mu.Lock()
	text = c.namesText() // the newest
	c.mu.Unlock()
	if err := c.Records.Put(namesKey, text); err != nil {
		c.Log.Error("road: the vehicles' names cannot be kept", "error", err)
		return
	}
	c.named = text
}

// asked tells whether the one who made e happen carries out the order themselves.
func asked(e Event, o Order) bool {
	switch e := e.(type) {
	case *Do:
		return e.Asked.serial == o.serial
	case *Answer:
		return e.Asked.serial == o.serial
	}
	return false
}

// ring wakes who looks on. A ride whose vehicle moved is news to its passenger.
func (c *Court) ring(fx *Effects) {
	if fx.Fleet {
		c.fleet.Ring()
	}
	if fx.Assists {
		c.assists.Ring()
	}
	for id, b := range c.rides {
		if r := c.core.rides[id]; r != nil && b.Seen != r.Version {
			b.Seen = r.Version
			b.Ring()
		}
	}
}

// send has an order carried out on its own; the answer comes back as an event. There is at most one on its way for each
// vehicle, and a stop.
func (c *Court) send(o Order) {
	c.work.Go(func() { _ = c.carry(c.life, o) })
}

// carry sends an order through the gate and lets the core know how it ended.
func (c *Court) carry(ctx context.Context, o Order) error {
	out := c.Gate.Do(ctx, thing.Command{
		Ref:   thing.Ref{Thing: o.Vehicle, Kind: thing.Action, Name: o.Action},
		Input: o.Input, By: o.By, Cause: thing.Cause{Trace: o.Trace},
	})
	wrong := ""
	if out.Status != thing.Completed {
		wrong = out.Error
		if wrong == "" {
			wrong = "it was not carried out"
		}
	}
	if c.life.Err() == nil {
		c.step(Answered{o, wrong})
	}
	if wrong != "" {
		return &Refusal{Conflict, "The vehicle did not take it: " + strings.TrimSpace(wrong)}
	}
	return nil
}

// Ordered is told of every order that a vehicle was given through the gate, by whomever.
func (c *Court) Ordered(o thing.Outcome) {
	by := o.Command.By
	if o.Status == thing.Completed && by != ByCourt && !strings.HasPrefix(by, ByRide) {
		c.step(Ordered{o.Command.Ref.Thing, o.Command.Ref.Name})
	}
}

// Metrics gives what the area counts, by name.
func (c *Court) Metrics(put func(name string, v any)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, k := c.core.counts, c.core
	online := 0
	for _, v := range k.vehicles {
		if v.Online {
			online++
		}
	}
	put("road_vehicles", len(k.vehicles))
	put("road_vehicles_online", online)
	put("road_rides_open", len(k.open))
	put("road_offers_total", n.Offers)
	put("road_rides_booked_total", n.Booked)
	put("road_rides_boarded_total", n.Boarded)
	put("road_rides_ended_total", n.Ended)
	put("road_rides_cancelled_total", n.Cancelled)
	put("road_rides_failed_total", n.Failed)
	put("road_rides_reassigned_total", n.Reassigned)
	put("road_stops_total", n.Stops)
	put("road_assists_total", n.Asked)
	put("road_assists_unanswered_total", n.Unanswered)
	put("road_keep_failures_total", c.keeper.Failures())
	viewers, skipped, refused := c.Cabins.Counts()
	put("road_cabin_viewers", viewers)
	put("road_cabin_skipped_total", skipped)
	put("road_cabin_refused_total", refused)
}
