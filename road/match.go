package road

import (
	"math"

	"hutong/road/dispatch"
)

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
