package main

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"time"

	"hutong/road/dispatch"
)

// measureLoad times matches of 1,000 vehicles, half of them with people aboard, and 500 open requests between 400 stops
// of FleetPy's network. The tables of ways to the stops are made before, as an area has them.
func measureLoad(data string) error {
	net, err := readNetwork(filepath.Join(data, "data/networks/example_network/base/edges.csv"))
	if err != nil {
		return err
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	node := func() dispatch.Place { return dispatch.Place(rnd.IntN(len(net.in))) }
	stops := make([]dispatch.Place, 400)
	for i := range stops {
		stops[i] = node()
		net.Way(stops[0], stops[i])
	}
	stop := func() dispatch.Place { return stops[rnd.IntN(len(stops))] }
	rules := dispatch.City
	rules.Effort = 100
	var took []time.Duration
	without := 0
	const runs = 50
	for range runs {
		var vehicles []dispatch.Vehicle
		for i := range 1000 {
			v := dispatch.Vehicle{ID: i, At: node(), Seats: 6}
			if i%2 == 0 {
				r := dispatch.Request{ID: 10000 + i, From: stop(), To: stop(), Party: 1, Longest: 3600}
				v.Aboard = []dispatch.Aboard{{Request: r}}
			}
			vehicles = append(vehicles, v)
		}
		var open []dispatch.Request
		for i := range 500 {
			open = append(open, dispatch.Request{ID: i, From: stop(), To: stop(), Party: 1, Latest: 900, Longest: 3600})
		}
		began := time.Now()
		r := dispatch.Match(vehicles, open, net, rules)
		took = append(took, time.Since(began))
		without += len(r.Without)
	}
	slices.Sort(took)
	fmt.Printf("1,000 vehicles, 500 open requests, %d matches: p50 %s, p99 %s, max %s; %.1f without a vehicle each\n",
		runs, took[runs/2], took[runs*99/100], took[runs-1], float64(without)/runs)
	return nil
}
