package pool

import (
	"math"
	"testing"
	"time"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func TestVehiclesAreGivenSoThatAllWaitLeast(t *testing.T) {
	at := func(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }
	inf := math.Inf(1)
	for _, c := range []struct {
		name   string
		since  []int
		party  []int
		needs  [][]float64 // by wish and vehicle
		expect map[int]int
	}{
		{"the nearest", []int{0}, []int{1}, [][]float64{{50, 20}}, map[int]int{0: 1}},
		{"not the nearest, where that helps both", []int{0, 0}, []int{1, 1}, [][]float64{{20, 30}, {25, 90}}, map[int]int{0: 1, 1: 0}},
		{"who waits longer, where there is one vehicle", []int{0, 60}, []int{1, 1}, [][]float64{{40}, {20}}, map[int]int{0: 0}},
		{"who is much nearer, where the other has just come", []int{0, 5}, []int{1, 1}, [][]float64{{90}, {20}}, map[int]int{1: 0}},
		{"nobody where no way leads", []int{0}, []int{1}, [][]float64{{inf}}, map[int]int{}},
		{"nobody where there is no room", []int{0}, []int{5}, [][]float64{{10}}, map[int]int{}},
	} {
		var wishes []Wish
		for i := range c.since {
			wishes = append(wishes, Wish{Since: at(c.since[i]), Party: c.party[i]})
		}
		free := make([]Free, len(c.needs[0]))
		for v := range free {
			free[v].Seats = 4
		}
		got := map[int]int{}
		for _, p := range Batched(wishes, free, func(w, v int) float64 { return c.needs[w][v] }) {
			got[p.Wish] = p.Vehicle
		}
		if len(got) != len(c.expect) {
			t.Errorf("%s: %v, want %v", c.name, got, c.expect)
		}
		for w, v := range c.expect {
			if got[w] != v {
				t.Errorf("%s: %v, want %v", c.name, got, c.expect)
			}
		}
	}
}
