package pool

import (
	"math"
	"time"

	"hutong/drive/geom"
	"hutong/road/dispatch"
	"hutong/thing"
)

// Matching says who fetches whom: at most one vehicle for a wish, and one wish for a vehicle. Seconds gives how long the
// vehicle of index v needs to the wish of index w, +Inf where no way leads there.
type Matching func(wishes []Wish, free []Free, seconds func(w, v int) float64) []Pair

// Wish is a party that waits.
type Wish struct {
	Ride     string
	Since    time.Time
	Party    int
	From, To geom.Vec
}

// Free is a vehicle that may be sent.
type Free struct {
	Vehicle thing.ID
	At      geom.Pose
	Seats   int
	Battery float64 // %
}

// Pair is who fetches whom, by their indices.
type Pair struct{ Wish, Vehicle int }

// Batched gives all who wait their vehicles at once, so that their waiting is least in sum. Where there are too few, a
// second waited counts as much as a second of the way, so that nobody is passed over for ever.
func Batched(wishes []Wish, free []Free, seconds func(w, v int) float64) []Pair {
	newest := wishes[0].Since
	for w := range wishes {
		if wishes[w].Since.After(newest) {
			newest = wishes[w].Since
		}
	}
	var arcs []dispatch.Arc
	for w := range wishes {
		waited := newest.Sub(wishes[w].Since).Seconds()
		for v := range free {
			if s := seconds(w, v); !math.IsInf(s, 1) && wishes[w].Party <= free[v].Seats {
				arcs = append(arcs, dispatch.Arc{Row: int32(w), Col: int32(v), Cost: s - waited})
			}
		}
	}
	var out []Pair
	for w, v := range dispatch.Assign(len(wishes), len(free), arcs) {
		if v >= 0 {
			out = append(out, Pair{w, int(v)})
		}
	}
	return out
}
