package pool

import (
	"math"
	"slices"
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

// Nearest gives the indices of the most nearest of n by far that are fit, the nearest first.
func Nearest(n, most int, far func(i int) float64, fit func(i int) bool) []int {
	best, ways := make([]int, 0, most), make([]float64, 0, most)
	for i := range n {
		way := far(i)
		if full := len(best) == most; full && way >= ways[most-1] || !fit(i) {
			continue
		} else if full {
			best, ways = best[:most-1], ways[:most-1]
		}
		at, _ := slices.BinarySearch(ways, way)
		best, ways = slices.Insert(best, at, i), slices.Insert(ways, at, way)
	}
	return best
}
