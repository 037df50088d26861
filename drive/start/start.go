// Package start makes the worlds that a command may choose, with the area's vehicles in them: our own town, with our own
// traffic or SUMO's, or any network of SUMO's.
package start

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"hutong/drive/geom"
	"hutong/drive/host"
	"hutong/drive/lane"
	"hutong/drive/sense"
	"hutong/drive/sumo"
	"hutong/drive/town"
	"hutong/drive/world"
)

// Options say what is started. World and Broker are required.
type Options struct {
	World    string // "town" or "sumo"
	Net      string // of SUMO, in place of the town's
	Config   string // a .sumocfg of SUMO, in place of both
	Vehicles int
	Seed     uint64
	Speed    float64 // seconds of the world in one of ours; 0: 1
	Broker   string
	Username string
	Token    string
	Log      *slog.Logger
}

// MaxVehicles is how many vehicles one host runs at most.
const MaxVehicles = 64

// Run is a world with vehicles in it, ready to run.
type Run struct {
	*host.Host
	close []func() error
}

// Close lets go of the world, once the host has ended.
func (r *Run) Close() error {
	var wrong []error
	for i := len(r.close) - 1; i >= 0; i-- {
		wrong = append(wrong, r.close[i]())
	}
	return errors.Join(wrong...)
}

// New makes it. ctx bounds the start of SUMO. An error says what is missing.
func New(ctx context.Context, o Options) (_ *Run, err error) {
	if o.Vehicles < 1 || o.Vehicles > MaxVehicles {
		return nil, fmt.Errorf("%d vehicles: one host runs 1 to %d", o.Vehicles, MaxVehicles)
	}
	r := &Run{}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.Close())
		}
	}()
	sensors := sense.Usual()
	var w world.World
	var places *town.Places
	switch o.World {
	case "town":
		t := town.New(town.Busy(o.Seed))
		w, places = t, t.Places()
	case "sumo":
		if w, places, err = r.sumo(ctx, o); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("there is no world %q: choose town or sumo", o.World)
	}
	r.close = append(r.close, w.Close)
	var starts []lane.Spot
	var chargers []geom.Vec
	if places != nil {
		starts, chargers = startsIn(places)
		sensors.Walls = walls(places)
	}
	if len(starts) < o.Vehicles {
		starts = append(starts, anywhere(w.Map(), o.Vehicles-len(starts), o.Seed)...)
	}
	if len(starts) < o.Vehicles {
		return nil, fmt.Errorf("the roads have room for %d vehicles to start, not for %d", len(starts), o.Vehicles)
	}
	r.Host, err = host.New(host.Options{
		World: w, Broker: o.Broker, Username: o.Username, Token: o.Token, Vehicles: shuttles(starts[:o.Vehicles]), Chargers: chargers,
		Sensors: sensors, Seed: o.Seed, Speed: o.Speed, Log: o.Log,
	})
	return r, err
}

// startsIn gives where vehicles begin in the town: the first at the visitors' centre, the others all over, then at the
// chargers.
func startsIn(p *town.Places) (starts []lane.Spot, chargers []geom.Vec) {
	for _, i := range []int{1, 5, 7, 9} {
		starts = append(starts, p.Stops[i].At)
	}
	for _, s := range p.Depot {
		starts = append(starts, s.At)
		chargers = append(chargers, s.Pose.Vec)
	}
	return starts, chargers
}

func walls(p *town.Places) *sense.Walls {
	var outlines [][]geom.Vec
	for _, h := range p.Houses {
		outlines = append(outlines, h.Points)
	}
	return sense.NewWalls(outlines)
}

// anywhere gives n lanes with room for a vehicle, one vehicle each, drawn by the seed.
func anywhere(m *lane.Map, n int, seed uint64) (list []lane.Spot) {
	rng := rand.New(rand.NewPCG(seed, 0x57a27))
	for _, i := range rng.Perm(len(m.Lanes)) {
		l := &m.Lanes[i]
		if len(list) == n {
			break
		}
		if l.Kind == lane.Drive && l.Users&lane.Cars != 0 && l.Centre.Length() > 40 && len(l.Next) > 0 {
			list = append(list, lane.Spot{Lane: lane.ID(i), S: 20})
		}
	}
	return list
}

// shuttles are the area's vehicles.
func shuttles(starts []lane.Spot) []host.Vehicle {
	colours := [...]string{"white", "jade", "orange", "blue"}
	var list []host.Vehicle
	for i, s := range starts {
		list = append(list, host.Vehicle{
			Name: fmt.Sprintf("shuttle-%d", i+1), Title: fmt.Sprintf("Shuttle %d", i+1), Plate: fmt.Sprintf("HT %03d", 101+i),
			Colour: colours[i%len(colours)], Seats: 6, Wheelchair: i%2 == 0, Start: s,
		})
	}
	return list
}

// lateral is how finely SUMO's drivers place themselves across their lanes, m. Without, they hold one of ours between two
// lanes to be wholly in one, and change into who is beside them.
const lateral = 0.8

// sumo starts SUMO: on a configuration, on a network without traffic, or on the town's with traffic from each end of it
// to each other.
func (r *Run) sumo(ctx context.Context, o Options) (world.World, *town.Places, error) {
	if o.Config != "" || o.Net != "" {
		with := sumo.Options{Net: o.Net}
		if o.Config != "" {
			var err error
			if with, err = sumo.ReadConfig(o.Config); err != nil {
				return nil, nil, err
			}
		}
		with.Seed, with.Lateral = int(o.Seed&0x7fffffff), lateral
		w, err := sumo.Start(ctx, with)
		return w, nil, err
	}
	dir, err := os.MkdirTemp("", "hutong-town-")
	if err != nil {
		return nil, nil, err
	}
	r.close = append(r.close, func() error { return os.RemoveAll(dir) })
	m, places := town.Load()
	net, trips := filepath.Join(dir, "town.net.xml.gz"), filepath.Join(dir, "town.rou.xml")
	if err := errors.Join(os.WriteFile(net, town.Net(), 0o600), os.WriteFile(trips, []byte(flows(m)), 0o600)); err != nil {
		return nil, nil, err
	}
	w, err := sumo.Start(ctx, sumo.Options{Net: net, Routes: []string{trips}, Seed: int(o.Seed & 0x7fffffff), Lateral: lateral})
	if err != nil {
		return nil, nil, err
	}
	w.Map().OriginLat, w.Map().OriginLon = m.OriginLat, m.OriginLon // nobody else has it yet
	return w, places, nil
}

// flows is traffic for SUMO, for a day: from each edge that nobody leads to to each that leads nowhere, but for the way
// back.
func flows(m *lane.Map) string {
	const every = 24.0 // s between two of all
	var in, out []string
	for i := range m.Lanes {
		l := &m.Lanes[i]
		edge := edgeOf(l.Name)
		if l.Kind != lane.Drive || l.Users&lane.Cars == 0 {
			continue
		}
		if len(l.Prev) == 0 && len(l.Next) > 0 && l.LeftOf == lane.None {
			in = append(in, edge)
		}
		if len(l.Next) == 0 && len(l.Prev) > 0 && l.LeftOf == lane.None {
			out = append(out, edge)
		}
	}
	var b strings.Builder
	b.WriteString("<routes>\n")
	for _, from := range in {
		for _, to := range out {
			if to == "-"+from || from == "-"+to {
				continue
			}
			fmt.Fprintf(&b, "  <flow id=%q from=%q to=%q begin=\"0\" end=\"86400\" probability=\"%.4f\" departLane=\"best\" departSpeed=\"desired\"/>\n",
				from+"."+to, from, to, float64(1)/every)
		}
	}
	b.WriteString("</routes>\n")
	return b.String()
}

// edgeOf gives SUMO's edge of a lane.
func edgeOf(name string) string {
	if i := strings.LastIndexByte(name, '_'); i >= 0 {
		return name[:i]
	}
	return name
}
