package main

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"hutong/drive/lane"
	"hutong/drive/lane/sumonet"
	"hutong/drive/sumo"
	"hutong/drive/traci"
)

// scenario is a network with its traffic, and the rides that may be asked for on it.
type scenario struct {
	name  string
	seed  int
	o     sumo.Options
	m     *lane.Map
	ways  []way // origin and destination of each vehicle of the traffic
	rides *rand.Rand
	// measures: SUMO takes its surrogate safety measures. 1.15 can't, of vehicles that are moved from outside.
	measures bool
	suits    int                     // how many of our vehicles at once it has room for
	fields   map[lane.ID]*lane.Field // by the lane of a goal
	refused  int                     // ways of the traffic on which no ride can be booked: some turn is too sharp for the vehicle
}

// suit is how many of our vehicles drive at once where nobody says: about one in ten of the traffic.
var suit = map[string]int{"joined": 80, "acosta": 30, "pasubio": 24, "town": 40}

// way is where a ride goes from and to.
type way struct{ edges []string }

func (s *settings) scenario(ctx context.Context, work, name string, seed int) (*scenario, error) {
	var o sumo.Options
	var err error
	if name == "town" {
		o, err = town(ctx, s.binary, filepath.Join(work, fmt.Sprintf("town-%d", seed)), seed)
	} else {
		o, err = sumo.ReadConfig(filepath.Join(s.bologna, name, "run.sumocfg"))
	}
	if err != nil {
		return nil, err
	}
	o.Binary, o.Seed, o.Lateral = s.binary, seed, s.lateral
	if s.scale != 1 {
		o.Args = append(o.Args, "--scale", strconv.FormatFloat(s.scale, 'g', -1, 64))
	}
	version, err := sumo.Version(ctx, s.binary)
	if err != nil {
		return nil, err
	}
	sc := &scenario{
		suits: max(suit[name], 16), measures: !strings.HasPrefix(version, "1.15"), name: name, seed: seed, o: o,
		rides: rand.New(rand.NewPCG(uint64(seed), 0x41de5)), fields: map[lane.ID]*lane.Field{},
	}
	file, err := os.Open(o.Net)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if sc.m, err = sumonet.Read(file); err != nil {
		return nil, fmt.Errorf("%s: %w", o.Net, err)
	}
	for _, f := range o.Routes {
		if err := sc.read(f); err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
	}
	if len(sc.ways) == 0 {
		return nil, errors.New("none of the traffic's routes is one that a ride could take")
	}
	return sc, nil
}

// town makes a network of irregular blocks with lights and gives-way junctions, and traffic for it.
func town(ctx context.Context, binary, dir string, seed int) (sumo.Options, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return sumo.Options{}, err
	}
	path, home, err := traci.Find(binary)
	if err != nil {
		return sumo.Options{}, err
	}
	net, trips := filepath.Join(dir, "town.net.xml"), filepath.Join(dir, "town.rou.xml")
	make := exec.CommandContext(ctx, filepath.Join(filepath.Dir(path), "netgenerate"), "--rand", "--rand.iterations", "60",
		"--rand.min-distance", "90", "--rand.max-distance", "200", "--seed", strconv.Itoa(seed), "--tls.guess",
		"--default.lanenumber", "2", "--random-lanenumber", "--default.speed", "13.89", "-o", net)
	make.Env = append(os.Environ(), "SUMO_HOME="+home)
	if out, err := make.CombinedOutput(); err != nil {
		return sumo.Options{}, fmt.Errorf("netgenerate: %w: %s", err, out)
	}
	tool := filepath.Join(home, "tools", "randomTrips.py")
	fill := exec.CommandContext(ctx, "python3", tool, "-n", net, "-r", trips, "-e", "3600", "-p", "1.2", "--seed",
		strconv.Itoa(seed), "--fringe-factor", "3", "--min-distance", "400", "--validate")
	fill.Dir = dir
	fill.Env = append(make.Env, "PATH="+filepath.Dir(path)+":"+os.Getenv("PATH"))
	if out, err := fill.CombinedOutput(); err != nil {
		return sumo.Options{}, fmt.Errorf("randomTrips.py: %w: %s", err, out)
	}
	return sumo.Options{Net: net, Routes: []string{trips}}, nil
}

// read takes the ways of a file of routes.
func (sc *scenario) read(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	type vehicle struct {
		Type  string `xml:"type,attr"`
		Route struct {
			Edges string `xml:"edges,attr"`
		} `xml:"route"`
	}
	for d := xml.NewDecoder(file); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		e, is := token.(xml.StartElement)
		if !is || e.Name.Local != "vehicle" {
			continue
		}
		var v vehicle
		if err := d.DecodeElement(&v, &e); err != nil {
			return err
		}
		edges := strings.Fields(v.Route.Edges)
		if v.Type == "bus" || !sc.fits(edges) {
			continue
		}
		if w := (way{edges}); sc.leads(w) {
			sc.ways = append(sc.ways, w)
		} else {
			sc.refused++
		}
	}
}

// fits tells whether a ride may go that way: a car may drive all of it, it is 300 m long at least, and it ends on a
// lane that is long enough to stop on.
func (sc *scenario) fits(edges []string) bool {
	long := 0.0
	for _, e := range edges {
		id, ok := sc.lane(e)
		if !ok {
			return false
		}
		long += sc.m.Lane(id).Centre.Length()
	}
	if len(edges) < 3 || long < 300 {
		return false
	}
	first, _ := sc.lane(edges[0])
	last, _ := sc.lane(edges[len(edges)-1])
	return sc.m.Lane(first).Centre.Length() > 15 && sc.m.Lane(last).Centre.Length() > 30
}

// leads tells whether the vehicle can go from where a way begins to where it ends.
func (sc *scenario) leads(w way) bool {
	const begin = 5.0 // m, where SUMO puts a vehicle on the road
	first, _ := sc.lane(w.edges[0])
	goal, _ := sc.goal(w)
	return !math.IsInf(sc.field(goal).From(first, begin), 1)
}

// field gives the ways to a goal, which is at the same place of its lane each time.
func (sc *scenario) field(goal lane.Spot) *lane.Field {
	f := sc.fields[goal.Lane]
	if f == nil {
		f = sc.m.NewField(goal, lane.Cars)
		sc.fields[goal.Lane] = f
	}
	return f
}

// lane gives the rightmost lane of an edge that cars may use.
func (sc *scenario) lane(edge string) (lane.ID, bool) {
	for i := range 8 {
		id, ok := sc.m.Find(edge + "_" + strconv.Itoa(i))
		if !ok {
			break
		}
		if sc.m.Lane(id).Users&lane.Cars != 0 {
			return id, true
		}
	}
	return lane.None, false
}

// goal gives where a ride on the way ends: near the end of its last edge. before is that place's distance from the
// lane's end, m.
func (sc *scenario) goal(w way) (at lane.Spot, before float64) {
	id, _ := sc.lane(w.edges[len(w.edges)-1])
	before = 12.0
	return lane.Spot{Lane: id, S: sc.m.Lane(id).Centre.Length() - before}, before
}
