package main

import (
	"context"
	"encoding/xml"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hutong/drive/lane"
	"hutong/drive/lane/sumonet"
	"hutong/drive/traci"
	"hutong/road/dispatch"
)

// town is a grid of streets that netgenerate makes, twelve taxis, 150 people who want one within half an hour (more than
// twelve taxis can take alone), and other traffic.
type town struct {
	dir   string
	net   *lane.Map
	edges []string
}

const (
	taxis   = 12
	people  = 150
	patient = 12.0 // s between two people
	drop    = 60.0 // s SUMO's taxis take to let somebody out
)

// againstSUMO lets SUMO's own taxi dispatchers and ours serve the same people with the same taxis.
func againstSUMO(seeds int) error {
	dir, err := os.MkdirTemp("", "hutong-taxi-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Printf("SUMO taxis: %d taxis, %d people, grid of 4x4 with other traffic, %d seeds; wait in s\n", taxis, people, seeds)
	fmt.Println("| dispatcher | served | wait mean | p90 | worst seed's mean |\n|---|---|---|---|---|")
	algorithms := []string{"greedy", "greedyClosest", "greedyShared", "routeExtension", "hutong"}
	waits, worst := map[string][]float64{}, map[string]float64{}
	for seed := 1; seed <= seeds; seed++ {
		t, err := makeTown(filepath.Join(dir, fmt.Sprint(seed)), seed)
		if err != nil {
			return err
		}
		for _, a := range algorithms {
			w, err := t.serve(a)
			if err != nil {
				return fmt.Errorf("%s, seed %d: %w", a, seed, err)
			}
			waits[a] = append(waits[a], w...)
			worst[a] = max(worst[a], mean(w))
		}
	}
	for _, a := range algorithms {
		w := waits[a]
		slices.Sort(w)
		name := "SUMO " + a
		if a == "hutong" {
			name = "**Hutong**"
		}
		fmt.Printf("| %s | %d of %d | %.0f | %.0f | %.0f |\n", name, len(w), seeds*people, mean(w), quantile(w, 0.9), worst[a])
	}
	return nil
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

func makeTown(dir string, seed int) (*town, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	_, home, err := traci.Find("")
	if err != nil {
		return nil, err
	}
	run := func(name string, args ...string) error {
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "SUMO_HOME="+home)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", name, err, out)
		}
		return nil
	}
	err = run("netgenerate", "--grid", "--grid.number", "4", "--grid.length", "250", "--default.lanenumber", "2", "--tls.guess", "true",
		"--default-junction-type", "priority", "-o", "net.net.xml")
	if err != nil {
		return nil, err
	}
	err = run("python3", filepath.Join(home, "tools", "randomTrips.py"), "-n", "net.net.xml", "-o", "trips.xml", "-r", "traffic.rou.xml",
		"-b", "0", "-e", "3600", "-p", "2", "--seed", fmt.Sprint(seed))
	if err != nil {
		return nil, err
	}
	file, err := os.Open(filepath.Join(dir, "net.net.xml"))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	t := &town{dir: dir}
	if t.net, err = sumonet.Read(file); err != nil {
		return nil, err
	}
	for i := range t.net.Lanes {
		if l := &t.net.Lanes[i]; l.Kind == lane.Drive && l.Users&lane.Cars != 0 && strings.HasSuffix(l.Name, "_0") {
			t.edges = append(t.edges, strings.TrimSuffix(l.Name, "_0"))
		}
	}
	slices.Sort(t.edges)
	return t, os.WriteFile(filepath.Join(dir, "taxi.rou.xml"), t.demand(seed), 0o600)
}

// demand gives the taxis and the people.
func (t *town) demand(seed int) []byte {
	rnd := rand.New(rand.NewPCG(uint64(seed), 7))
	edge := func() string { return t.edges[rnd.IntN(len(t.edges))] }
	var b strings.Builder
	b.WriteString(`<routes><vType id="taxi" vClass="taxi"><param key="has.taxi.device" value="true"/></vType>` + "\n")
	for i := range taxis {
		e := edge()
		fmt.Fprintf(&b, `<trip id="taxi%d" type="taxi" depart="0" from="%s" to="%s" line="taxi"/>`+"\n", i, e, e)
	}
	for i := range people {
		from, to := edge(), edge()
		for to == from {
			to = edge()
		}
		fmt.Fprintf(&b, `<person id="p%d" depart="%g"><ride from="%s" to="%s" lines="taxi"/></person>`+"\n", i, float64(i)*patient, from, to)
	}
	b.WriteString("</routes>\n")
	return []byte(b.String())
}

// serve runs one dispatcher and gives how long each person who was fetched had waited.
func (t *town) serve(algorithm string) ([]float64, error) {
	own := algorithm == "hutong"
	trips := filepath.Join(t.dir, algorithm+".tripinfo.xml")
	args := []string{
		"-n", "net.net.xml", "-r", "taxi.rou.xml,traffic.rou.xml", "--device.taxi.idle-algorithm", "stop", "--seed", "7",
		"--tripinfo-output", trips, "--tripinfo-output.write-unfinished", "true", "--no-step-log", "true", "--no-warnings", "true",
		"--device.taxi.dispatch-algorithm", map[bool]string{true: "traci", false: algorithm}[own], "--step-length", "1",
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	sumo, err := traci.Start(ctx, traci.Command{Args: args, Dir: t.dir})
	if err != nil {
		return nil, err
	}
	defer sumo.Close()
	d := &dispatcher{town: t, sumo: sumo, ids: map[string]int{}, fields: map[dispatch.Place]*lane.Field{}, sent: map[string]string{}}
	for now := 0.0; now < 4*3600; now++ {
		if err := sumo.Step(ctx, 0); err != nil {
			return nil, err
		}
		if own && math.Mod(now, 5) == 0 {
			if err := d.decide(now); err != nil {
				return nil, err
			}
		}
		if math.Mod(now, 60) == 0 && now > people*patient {
			left, err := sumo.Texts(traci.Persons, traci.VarIDs, "")
			if err != nil {
				return nil, err
			}
			if len(left) == 0 {
				break
			}
		}
	}
	if err := sumo.Close(); err != nil {
		return nil, err
	}
	return waited(trips)
}

// waited reads how long people waited from SUMO's own record.
func waited(path string) ([]float64, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var all struct {
		People []struct {
			Ride []struct {
				Waiting float64 `xml:"waitingTime,attr"`
				Depart  float64 `xml:"depart,attr"`
			} `xml:"ride"`
		} `xml:"personinfo"`
	}
	if err := xml.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var w []float64
	for _, p := range all.People {
		for _, r := range p.Ride {
			if r.Depart >= 0 {
				w = append(w, r.Waiting)
			}
		}
	}
	return w, nil
}

// dispatcher sends SUMO's taxis as road/dispatch says. A reservation stays with the taxi it was given to.
type dispatcher struct {
	town   *town
	sumo   *traci.Process
	spots  []lane.Spot
	fields map[dispatch.Place]*lane.Field
	ids    map[string]int // reservation -> request
	names  []string
	known  []dispatch.Request
	sent   map[string]string // taxi -> what it was told last
	plans  [taxis][]dispatch.Stop
	last   [taxis]dispatch.Place // where each was seen last, and
	seen   [taxis]bool           // whether it has been
}

func (d *dispatcher) place(s lane.Spot) dispatch.Place {
	d.spots = append(d.spots, s)
	return dispatch.Place(len(d.spots) - 1)
}

// Way is dispatch.Ways: by the speed limits, and half as much again for lights and others.
func (d *dispatcher) Way(from, to dispatch.Place) (float64, float64) {
	f := d.fields[to]
	if f == nil {
		f = d.town.net.NewField(d.spots[to], lane.Taxis)
		d.fields[to] = f
	}
	s := d.spots[from]
	free := f.From(s.Lane, s.S)
	return 1.5 * free, 13.9 * free
}

func (d *dispatcher) on(edge string, at float64) (lane.Spot, error) {
	id, ok := d.town.net.Find(edge + "_0")
	if !ok {
		return lane.Spot{}, fmt.Errorf("no edge %q in the map", edge)
	}
	length := d.town.net.Lane(id).Centre.Length()
	if at < 0 || at > length {
		at = length / 2
	}
	return lane.Spot{Lane: id, S: at}, nil
}

func (d *dispatcher) decide(now float64) error {
	reservations, err := d.sumo.TaxiReservations(traci.ReservationsAll)
	if err != nil {
		return err
	}
	aboard, waiting := map[int]bool{}, []dispatch.Request{}
	for _, r := range reservations {
		id, has := d.ids[r.ID]
		if !has {
			from, err := d.on(r.From, r.DepartPos)
			if err != nil {
				return err
			}
			to, err := d.on(r.To, r.ArrivePos)
			if err != nil {
				return err
			}
			id = len(d.known)
			d.ids[r.ID], d.names = id, append(d.names, r.ID)
			d.known = append(d.known, dispatch.Request{
				ID: id, From: d.place(from), To: d.place(to), Party: len(r.Persons), Asked: r.Made, Latest: r.Made + 7200, Longest: 1200, Fixed: true,
			})
		}
		if r.State&8 != 0 {
			aboard[id] = true
		} else {
			waiting = append(waiting, d.known[id])
		}
	}
	vehicles, err := d.vehicles(now, aboard, waiting)
	if err != nil {
		return err
	}
	rules := dispatch.City
	rules.Boarding, rules.Effort, rules.Ride, rules.Metre = drop/2, 150, 0.3, 0.002
	result := dispatch.Match(vehicles, waiting, d, rules)
	for i := range vehicles {
		if err := d.send(i, result.Plans[i]); err != nil {
			return err
		}
	}
	return nil
}

func (d *dispatcher) vehicles(now float64, aboard map[int]bool, waiting []dispatch.Request) ([]dispatch.Vehicle, error) {
	vehicles := make([]dispatch.Vehicle, taxis)
	for i := range vehicles {
		name := fmt.Sprintf("taxi%d", i)
		edge, err := d.sumo.Text(traci.Vehicles, traci.VarLane, name)
		if err != nil {
			return nil, err
		}
		at, err := d.sumo.Double(traci.Vehicles, traci.VarLanePosition, name)
		if err != nil {
			return nil, err
		}
		v := dispatch.Vehicle{ID: i, Ready: now, Seats: 4, Plan: d.plans[i]}
		if id, ok := d.town.net.Find(edge); ok {
			v.At = d.place(lane.Spot{Lane: id, S: at})
			d.last[i], d.seen[i] = v.At, true
		} else { // SUMO is moving it, or has not let it in yet
			v.At, v.Held = d.last[i], !d.seen[i]
		}
		for _, s := range d.plans[i] {
			if s.Out && aboard[s.Request] {
				v.Aboard = append(v.Aboard, dispatch.Aboard{Request: d.known[s.Request], Since: now})
			}
		}
		vehicles[i] = v
	}
	return vehicles, nil
}

// send tells a taxi its plan, if it is another one than it is about already.
func (d *dispatcher) send(i int, plan []dispatch.Stop) error {
	d.plans[i] = plan
	if len(plan) == 0 {
		return nil
	}
	in := map[int]bool{}
	var order []string
	for _, s := range plan {
		in[s.Request] = in[s.Request] || !s.Out
	}
	for _, s := range plan {
		order = append(order, d.names[s.Request])
	}
	name := fmt.Sprintf("taxi%d", i)
	said := strings.Join(order, " ")
	if strings.HasSuffix(d.sent[name], said) { // it has only gone on with what it was told
		return nil
	}
	d.sent[name] = said
	if len(order) == 2 && order[0] == order[1] {
		order = order[:1]
	}
	return d.sumo.DispatchTaxi(name, order...)
}
