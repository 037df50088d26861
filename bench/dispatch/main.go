// Command dispatch measures who fetches whom: against FleetPy's published module benchmark on its own network, demand
// and rules, against the taxi dispatchers of SUMO, and how long a match takes with many vehicles and requests.
//
//	go run ./bench/dispatch --fleetpy ../shared/data/road/fleetpy
//	go run ./bench/dispatch --load
//	go run ./bench/dispatch --sumo 5
package main

import (
	"encoding/csv"
	"flag"
	"fmt"
	"log"
	"math"
	"os"
	"path/filepath"
	"strings"

	"hutong/road/dispatch"
)

func main() {
	log.SetFlags(0)
	data := flag.String("fleetpy", filepath.FromSlash("../shared/data/road/fleetpy"), "folder of FleetPy's `data` and studies")
	seeds := flag.Int("sumo", 0, "compare with the four taxi dispatchers of SUMO instead, with so many seeds")
	load := flag.Bool("load", false, "measure the time of a match with 1,000 vehicles and 500 open requests instead")
	flag.Parse()
	var err error
	switch {
	case *seeds > 0:
		err = againstSUMO(*seeds)
	case *load:
		err = measureLoad(*data)
	default:
		err = compare(*data)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// start are the nodes at which FleetPy 1.0 puts its twelve vehicles with random_seed 0: read off the first line of each
// vehicle in the 2-0_op-stats.csv that it writes for scenario mt_batch_opt_IH.
var start = [12]dispatch.Place{2992, 2981, 2966, 2988, 2977, 2987, 2967, 2982, 2993, 2981, 2978, 2978}

// way is one way to run the benchmark.
type way struct {
	name      string
	period    float64 // s between decisions
	rebalance bool
	rules     dispatch.Rules
}

// compare runs the benchmark as FleetPy's module test does: decisions every 60 s, requests known and counted from the
// last full minute, at most 300 s of waiting, at most 40 % detour, 30 s for a stop.
func compare(data string) error {
	fair := dispatch.City
	fair.Effort = 400
	ways := []way{
		{"Hutong", 60, false, fair},
		{"Hutong, rebalancing", 60, true, fair},
		{"Hutong, deciding every 5 s", 5, true, fair},
	}
	fmt.Println("FleetPy module benchmark: 200 requests, 12 vehicles, 2 h")
	fmt.Println("| dispatcher | served | wait mean | p50 | p90 | vkm | empty % | shared % |")
	fmt.Println("|---|---|---|---|---|---|---|---|")
	for _, name := range []string{"mt_batch_opt_AM", "mt_batch_opt_IH", "mt_batch_opt_LA", "mt_sim_env_imm_dec"} {
		g, err := published(filepath.Join(data, "studies/module_tests/results/benchmark.csv"), name+"_MoD_0")
		if err != nil {
			return err
		}
		g.print("FleetPy " + name + ", published")
	}
	for _, w := range ways {
		g, err := run(data, w)
		if err != nil {
			return err
		}
		g.print(w.name)
	}
	return nil
}

func (g figures) print(name string) {
	fmt.Printf("| %s | %d | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f |\n", name, g.Served, g.Mean, g.Median, g.Ninety, g.Vkm, g.Empty, g.Shared)
}

// published reads one column of FleetPy's benchmark.csv.
func published(path, column string) (figures, error) {
	file, err := os.Open(path)
	if err != nil {
		return figures{}, err
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return figures{}, fmt.Errorf("%s: %w", path, err)
	}
	at := -1
	for i, name := range rows[0] {
		if name == column {
			at = i
		}
	}
	if at < 0 {
		return figures{}, fmt.Errorf("%s has no column %s", path, column)
	}
	var g figures
	var served float64
	into := map[string]*float64{
		"number users": &served, "waiting time": &g.Mean, "waiting time (median)": &g.Median, "waiting time (90% quantile)": &g.Ninety,
		"total vkm": &g.Vkm, "% empty vkm": &g.Empty, "shared rides [%]": &g.Shared,
	}
	for _, row := range rows[1:] {
		if p := into[strings.TrimSpace(row[0])]; p != nil {
			if _, err := fmt.Sscan(row[at], p); err != nil {
				return g, fmt.Errorf("%s: %s: %w", path, row[0], err)
			}
		}
	}
	g.Served = int(served)
	return g, nil
}

func run(data string, w way) (figures, error) {
	net, err := readNetwork(filepath.Join(data, "data/networks/example_network/base/edges.csv"))
	if err != nil {
		return figures{}, err
	}
	f := &fleet{net: net, rules: w.rules, requests: map[int]*person{}}
	for i, at := range start {
		f.vehicles = append(f.vehicles, &car{id: i, at: at, seats: 4, goal: -1})
	}
	var coming []dispatch.Request
	err = eachRow(filepath.Join(data, "data/demand/example_demand/matched/example_network/example_200.csv"),
		[]string{"rq_time", "start", "end", "request_id"}, func(v []float64) {
			r := dispatch.Request{ID: int(v[3]), From: dispatch.Place(v[1]), To: dispatch.Place(v[2]), Party: 1}
			r.Asked = math.Floor(v[0]/w.period) * w.period
			direct, _ := net.Way(r.From, r.To)
			r.Latest, r.Longest = r.Asked+300, 1.4*(direct+w.rules.Boarding)
			f.requests[r.ID] = &person{Request: r}
			coming = append(coming, r)
		})
	if err != nil {
		return figures{}, err
	}
	r := newRebalancer(coming, net)
	for now := 0.0; now <= 7200+1800; now += w.period {
		for _, c := range f.vehicles {
			f.drive(c, now)
		}
		for len(coming) > 0 && coming[0].Asked <= now {
			r.forecast.Asked(r.zone[coming[0].From], now)
			f.waiting = append(f.waiting, coming[0])
			coming = coming[1:]
		}
		f.decide(now)
		if w.rebalance {
			r.send(f, now)
		}
		for _, c := range f.vehicles {
			f.drive(c, now)
		}
	}
	return f.figures(), nil
}

// rebalancer knows the places where requests have begun, and nothing of those to come.
type rebalancer struct {
	places   []dispatch.Place
	zone     map[dispatch.Place]int
	forecast *dispatch.Forecast
}

func newRebalancer(all []dispatch.Request, _ *network) *rebalancer {
	r := &rebalancer{zone: map[dispatch.Place]int{}}
	for _, q := range all { // the stops of the area are known; what will be asked is not
		if _, has := r.zone[q.From]; !has {
			r.zone[q.From] = len(r.places)
			r.places = append(r.places, q.From)
		}
	}
	r.forecast = dispatch.NewForecast(len(r.places), 1800)
	return r
}

// send moves idle vehicles towards zones that have fewer of them than their share of what is expected.
func (r *rebalancer) send(f *fleet, now float64) {
	vehicles := f.states(now)
	var zones []dispatch.Zone
	idle := 0
	for i := range vehicles {
		if len(vehicles[i].Plan) == 0 && len(vehicles[i].Aboard) == 0 {
			idle++
		}
	}
	total := 0.0
	for z := range r.places {
		total += r.forecast.Expect(z, now, 600)
	}
	if total == 0 {
		return
	}
	for z, place := range r.places {
		share := r.forecast.Expect(z, now, 600) / total * float64(idle)
		zones = append(zones, dispatch.Zone{Wait: place, Want: share})
	}
	for _, move := range dispatch.Rebalance(vehicles, zones, f.net, 60) {
		for _, c := range f.vehicles {
			if c.id == move.Vehicle {
				if c.goal < 0 && c.ready < now {
					c.ready = now
				}
				c.goal = move.To
			}
		}
	}
}
