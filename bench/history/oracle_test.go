package main

import (
	"math"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Random histories of numbers, late and out of order, come back from our store as they do from VictoriaMetrics'.
func TestNumbersComeBackAsFromVictoriaMetrics(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		dir, err := os.MkdirTemp("", "oracle")
		if err != nil {
			r.Fatal(err)
		}
		defer os.RemoveAll(dir)
		us, err := openOurs(dir+"/ours", 1)
		if err != nil {
			r.Fatal(err)
		}
		defer us.close()
		them := openVictoria(dir + "/vm")
		defer them.close()
		now, seen := start, map[int64]bool{}
		for range rapid.IntRange(1, 12).Draw(r, "batches") {
			for range rapid.SampledFrom([]int{1, 10, 300, 2000}).Draw(r, "many") {
				now += rapid.Int64Range(1, 3*minute).Draw(r, "pace")
				at := now
				if rapid.IntRange(0, 9).Draw(r, "late") == 0 {
					at -= rapid.Int64Range(0, 3*day).Draw(r, "by")
				}
				if seen[at] { // of two at one time theirs may be in any order
					continue
				}
				seen[at] = true
				v := []float64{float64(rapid.IntRange(-1000, 1000).Draw(r, "tenths")) / 10}
				if err := us.add(at, 0, v); err != nil {
					r.Fatal(err)
				}
				if err := them.add(at, 0, v); err != nil {
					r.Fatal(err)
				}
			}
			if rapid.Bool().Draw(r, "seal") {
				if err := us.flush(); err != nil {
					r.Fatal(err)
				}
			}
		}
		if err := them.flush(); err != nil {
			r.Fatal(err)
		}
		for range 5 {
			a := rapid.Int64Range(start-3*day, now).Draw(r, "from")
			b := rapid.Int64Range(a+1, now+day).Draw(r, "to")
			ask(r, us, them, a, b)
		}
		ask(r, us, them, start-4*day, now+day)
	})
}

func ask(r *rapid.T, us, them store, from, to int64) {
	mine, err := us.raw(0, from, to, nil)
	if err != nil {
		r.Fatal(err)
	}
	theirs, err := them.raw(0, from, to, nil)
	if err != nil {
		r.Fatal(err)
	}
	if !slices.Equal(mine, theirs) {
		r.Fatalf("from %d to %d: %d samples, VictoriaMetrics has %d", from, to, len(mine), len(theirs))
	}
	n, sum, err := us.hourly(0, 1, from, to)
	if err != nil {
		r.Fatal(err)
	}
	hours, want := averages(theirs)
	if n != hours || math.Abs(sum-want) > 1e-6*(1+math.Abs(want)) {
		r.Fatalf("from %d to %d: %d hours with a sum of %v, want %d and %v", from, to, n, sum, hours, want)
	}
}

func averages(list []point) (hours int, sum float64) {
	for i := 0; i < len(list); {
		n, part := i, 0.0
		for ; n < len(list) && list[n].t/hour == list[i].t/hour; n++ {
			part += list[n].v
		}
		hours, sum, i = hours+1, sum+part/float64(n-i), n
	}
	return hours, sum
}
