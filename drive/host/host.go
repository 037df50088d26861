// Package host runs a world in real time and shows each vehicle in it as a Thing over MQTT.
//
// The world's time is that of the wall, by a clock that doesn't jump, as long as the machine keeps up; where it doesn't,
// the world goes slower, which is counted and told. An order is with a vehicle's driver before the next beat: whoever
// says stop doesn't wait for it. A vehicle that isn't heard by the broker any more while it drives stops at the side by
// itself, and says so when it's heard again.
//
// docs/road.md says what a vehicle's Thing holds, so that others can speak for theirs.
package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"hutong/drive"
	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/referee"
	"hutong/drive/sense"
	"hutong/drive/vehicle"
	"hutong/drive/world"
)

// Vehicle is one vehicle to be put into the world.
type Vehicle struct {
	Name          string // of its topics and its Thing: small letters, digits and -
	Title         string
	Plate, Colour string
	Seats         int
	Wheelchair    bool
	Start         lane.Spot
	Spec          *vehicle.Spec // nil: [vehicle.Shuttle]
}

// Options say what is run. World, Broker and Vehicles are required.
type Options struct {
	World    world.World
	Broker   string // URL of the MQTT broker
	Username string
	Token    string // the password
	Vehicles []Vehicle
	Chargers []geom.Vec // where a standing vehicle is charged
	Sensors  sense.Config
	Seed     uint64
	Speed    float64 // seconds of the world in one on the wall; 0: 1
	// Drive makes the driver of a vehicle; nil: [drive.New].
	Drive func(m *lane.Map, spec *vehicle.Spec) world.Driver
	Log   *slog.Logger // nil: nothing is logged
}

// Host is a world on the run.
type Host struct {
	o       Options
	m       *lane.Map
	loop    *world.Loop
	judge   *referee.Referee
	cars    []*car
	town    *town
	hurried chan struct{} // an order that must not wait for the beat; holds one
	stats   stats
}

// New puts the vehicles into the world. The world stays the caller's, who closes it after Run.
func New(o Options) (*Host, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Speed <= 0 {
		o.Speed = 1
	}
	if o.Drive == nil {
		o.Drive = func(m *lane.Map, spec *vehicle.Spec) world.Driver { return drive.New(m, spec, drive.Options{}) }
	}
	h := &Host{o: o, m: o.World.Map(), hurried: make(chan struct{}, 1)}
	h.judge = referee.New(h.m)
	h.loop = world.New(o.World, world.Options{
		Referee: h.judge, Deadline: deadline, After: []func(*world.Moment){h.tell},
	})
	h.town = newTown(h)
	for n := range o.Vehicles {
		c, err := newCar(h, &o.Vehicles[n], world.FirstID+uint32(n))
		if err != nil {
			return nil, err
		}
		if err := h.loop.Add(c.rider); err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name, err)
		}
		h.cars = append(h.cars, c)
	}
	return h, nil
}

// deadline is how long a driver may think: what comes later isn't driven.
const deadline = 90 * time.Millisecond

// Run lets the world live until ctx ends, then returns nil. An error means that the world is gone, or that the broker
// refuses the vehicles.
func (h *Host) Run(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	var all sync.WaitGroup
	defer func() {
		stop(nil)
		all.Wait()
		h.loop.Close()
	}()
	for _, c := range h.cars {
		all.Go(func() {
			if err := c.link.run(ctx); err != nil {
				stop(fmt.Errorf("%s: %w", c.Name, err))
			}
		})
	}
	all.Go(func() {
		if err := h.town.link.run(ctx); err != nil {
			stop(err)
		}
	})
	err := h.beat(ctx)
	if cause := context.Cause(ctx); err == nil && cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return err
}

// ahead is how many cycles the world may be ahead of its time for the sake of orders that must not wait.
const ahead = 5

// beat lets one cycle pass after the other, each at its time. An order that must not wait brings the next cycle forward.
func (h *Host) beat(ctx context.Context) error {
	period := time.Duration(float64(time.Second) * drive.Cycle / h.o.Speed)
	due := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-h.hurry(due, period):
		case <-ctx.Done():
			return nil
		}
		if err := h.cycle(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		due = due.Add(period)
		if late := time.Since(due); late > max(2*period, 50*time.Millisecond) {
			h.stats.fellBehind(late, h.o.Log)
			due = due.Add(late)
		}
		timer.Reset(time.Until(due))
	}
}

// hurry gives the channel of orders that must not wait, or nil while the world is too far ahead already.
func (h *Host) hurry(due time.Time, period time.Duration) <-chan struct{} {
	if time.Until(due) > ahead*period {
		return nil
	}
	return h.hurried
}

func (h *Host) cycle(ctx context.Context) error {
	began := time.Now()
	for _, c := range h.cars {
		c.brief(began)
	}
	if err := h.loop.Cycle(ctx); err != nil {
		return fmt.Errorf("the world: %w", err)
	}
	for _, c := range h.cars {
		h.stats.thought(c.rider.Took)
		if c.rider.Failed != nil { // its driver is out of ideas: it was stopped, and gets another
			h.o.Log.Error("a driver failed and was replaced", "vehicle", c.Name, "error", c.rider.Failed)
			h.loop.Replace(c.rider.ID, h.o.Drive(h.m, c.rider.Spec))
		}
	}
	h.stats.cycled(time.Since(began))
	return nil
}

// tell shows what has become of everybody after a cycle.
func (h *Host) tell(m *world.Moment) {
	now := time.Now()
	for _, e := range m.Events {
		if i := int(e.Ego - world.FirstID); i < len(h.cars) {
			h.cars[i].happened(e)
		}
	}
	for _, c := range h.cars {
		c.show(m.Truth, now)
	}
	h.town.show(m.Truth, now)
}

// Stats are what a host counts.
type Stats struct {
	Cycles    uint64
	Seconds   float64 // of work for all cycles
	Worst     float64 // s of the longest cycle
	Behind    float64 // s by which the world went slower than it should have
	Thinking  float64 // s of all drivers' work
	Hardest   float64 // s of the longest decision
	Late      uint64  // decisions that came too late to be driven
	Forced    uint64  // cycles in which a vehicle was stopped for want of a decision
	Lost      uint64  // times that a vehicle lost its link
	Unsent    uint64  // messages given up for newer ones
	Refused   uint64  // orders that could not be meant
	Kilometre float64 // driven by all
}

type stats struct {
	cycles, late, forced, lost, unsent, refused atomic.Uint64
	work, worst, behind, thinking, hardest      atomic.Int64 // ns
	metres                                      atomic.Uint64
	told                                        atomic.Int64
}

func (s *stats) cycled(took time.Duration) {
	s.cycles.Add(1)
	s.work.Add(int64(took))
	raise(&s.worst, took)
}

func (s *stats) thought(took time.Duration) {
	s.thinking.Add(int64(took))
	raise(&s.hardest, took)
}

// raise keeps the largest; one goroutine writes.
func raise(to *atomic.Int64, took time.Duration) {
	if int64(took) > to.Load() {
		to.Store(int64(took))
	}
}

// tellBehind is how often the log hears that the machine is too slow.
const tellBehind = 30 * time.Second

func (s *stats) fellBehind(by time.Duration, log *slog.Logger) {
	s.behind.Add(int64(by))
	if now := time.Now().UnixNano(); now-s.told.Load() > int64(tellBehind) {
		s.told.Store(now)
		log.Warn("the machine is too slow: the world's time goes slower", "behind", time.Duration(s.behind.Load()).Round(time.Millisecond))
	}
}

// Stats gives the counts as they are now. It may be called from any goroutine.
func (h *Host) Stats() Stats {
	s := &h.stats
	seconds := func(n *atomic.Int64) float64 { return time.Duration(n.Load()).Seconds() }
	return Stats{
		Cycles: s.cycles.Load(), Seconds: seconds(&s.work), Worst: seconds(&s.worst), Behind: seconds(&s.behind),
		Thinking: seconds(&s.thinking), Hardest: seconds(&s.hardest), Late: s.late.Load(), Forced: s.forced.Load(),
		Lost: s.lost.Load(), Unsent: s.unsent.Load(), Refused: s.refused.Load(), Kilometre: float64(s.metres.Load()) / 1000,
	}
}
