package trial

import (
	"context"
	"fmt"
	"math/rand/v2"

	"hutong/drive"
	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/referee"
	"hutong/drive/sense"
	"hutong/drive/town"
	"hutong/drive/vehicle"
	"hutong/drive/world"
)

// Day is a while in our town among its traffic: vehicles that drive from stop to stop, each to another when it has
// arrived.
type Day struct {
	Traffic  town.Options
	Vehicles int
	Seconds  float64
	Sensors  func(*sense.Config)                 // nil: the usual ones
	Watch    func(*world.Moment)                 // nil: nobody
	On       func(e referee.Event, t *town.Town) // what happened, as it happens; may be nil
}

// Rides is what came of a day.
type Rides struct {
	Report  referee.Report
	Begun   int
	Done    int
	Late    int     // took more than twice what the way takes without anybody else, and two minutes
	Stretch float64 // mean of the time taken over that
	Forced  int     // cycles that the loop had to stop a vehicle
}

// ride is one vehicle's way to its next stop.
type ride struct {
	stop  town.Stop
	since float64
	plain float64 // s by the limits
	there float64 // s it has stood there
}

// Play lets the day pass.
func (d *Day) Play(ctx context.Context, driver Maker) (*Rides, error) {
	w := town.New(d.Traffic)
	defer w.Close()
	m, places := w.Map(), w.Places()
	rng := rand.New(rand.NewPCG(d.Traffic.Seed, 0xda7))
	ref := referee.New(m)
	o := world.Options{Referee: ref}
	if d.Watch != nil {
		o.After = append(o.After, d.Watch)
	}
	if d.On != nil {
		o.After = append(o.After, func(x *world.Moment) {
			for _, e := range x.Events {
				d.On(e, w)
			}
		})
	}
	loop := world.New(w, o)
	defer loop.Close()
	var outlines [][]geom.Vec
	for _, h := range places.Houses {
		outlines = append(outlines, h.Points)
	}
	conf := sense.Usual()
	conf.Walls = sense.NewWalls(outlines)
	if d.Sensors != nil {
		d.Sensors(&conf)
	}
	fields := make(map[string]*lane.Field)
	for _, s := range places.Stops {
		fields[s.ID] = m.NewField(s.At, lane.Cars|lane.Taxis)
	}
	if d.Vehicles > len(places.Stops) {
		return nil, fmt.Errorf("a day begins with at most %d vehicles, one at each stop", len(places.Stops))
	}
	rides := make([]ride, d.Vehicles)
	out := &Rides{}
	spec := &vehicle.Shuttle
	for i := range rides {
		at := places.Stops[i].Pose
		r := &world.Rider{
			ID: world.FirstID + uint32(i), Spec: spec, Driver: driver(m, spec), Sensor: sense.New(conf, m, d.Traffic.Seed*100+uint64(i)),
			State: vehicle.State{Pose: geom.Pose{Vec: at.Ahead(-(spec.Length/2 - spec.RearOverhang), 0), Heading: at.Heading}},
		}
		if err := loop.Add(r); err != nil {
			return nil, err
		}
		rides[i].stop = places.Stops[i]
		rides[i].next(rng, places, fields, r, 0, out)
	}
	for loop.Truth().Time < d.Seconds {
		if err := loop.Cycle(ctx); err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for i, r := range loop.Riders() {
			rides[i].look(rng, places, fields, r, loop.Truth().Time, out)
		}
	}
	out.Report = ref.Report()
	if out.Done > 0 {
		out.Stretch /= float64(out.Done)
	}
	return out, nil
}

// next gives the vehicle another stop to go to.
func (x *ride) next(rng *rand.Rand, p *town.Places, fields map[string]*lane.Field, r *world.Rider, now float64, out *Rides) {
	from := x.stop
	for x.stop.ID == from.ID {
		x.stop = p.Stops[rng.IntN(len(p.Stops))]
	}
	f := fields[x.stop.ID]
	r.Orders.Goal = f
	r.Orders.Pass = 0
	x.since, x.there, x.plain = now, 0, f.From(from.At.Lane, from.At.S)
	out.Begun++
}

// look sees whether the vehicle has arrived, and answers what it asks: yes, it may pass.
func (x *ride) look(rng *rand.Rand, p *town.Places, fields map[string]*lane.Field, r *world.Rider, now float64, out *Rides) {
	if r.Forced {
		out.Forced++
	}
	if a := &r.Decision.Assist; a.Kind == "pass" {
		if now-a.Since > 5 {
			r.Orders.Pass = a.Track
		}
	}
	if r.Decision.Mode != drive.Arrived {
		return
	}
	if x.there == 0 {
		took := now - x.since
		out.Done++
		out.Stretch += took / x.plain
		if took > 2*x.plain+120 {
			out.Late++
		}
	}
	if x.there += drive.Cycle; x.there > 8 {
		x.next(rng, p, fields, r, now, out)
	}
}

// String gives the day as text.
func (r *Rides) String() string {
	return fmt.Sprintf("%d rides begun, %d done, %d late, %.2f times the time of an empty town; stopped by the loop in %d cycles\n%s",
		r.Begun, r.Done, r.Late, r.Stretch, r.Forced, r.Report)
}
