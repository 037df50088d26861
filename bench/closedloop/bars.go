package main

import (
	"fmt"
	"math"
	"strings"
)

// What the bars ask for.
const (
	barKm      = 1000.0
	barTime    = 1.15 // of SUMO's driver's time
	barRides   = 99.5 // %
	barComfort = 95.0 // % of the time
)

// bars gives each bar, what was measured, and whether that meets it.
func bars(r *result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-42s %-12s %-8s %s\n", "bar", "asked", "", "measured")
	line := func(name, asked string, met bool, format string, args ...any) {
		word := "MISSED"
		if met {
			word = "met"
		}
		fmt.Fprintf(&b, "%-42s %-12s %-8s %s\n", name, asked, word, fmt.Sprintf(format, args...))
	}
	p := &r.referee
	none := func(name string, n int, more string) {
		if p.Km < 0.1 {
			line(name, "0", n == 0, "%d%s", n, more)
			return
		}
		low, high := interval(n)
		line(name, "0", n == 0, "%d; %.2f in 1,000 km (95 %%: %.2f to %.2f)%s", n, per(float64(n), p.Km), per(low, p.Km), per(high, p.Km), more)
	}
	line("driven", ">= 1,000 km", p.Km >= barKm, "%.1f km in %.1f h by %d rides", p.Km, p.Seconds/3600, r.begun())
	none("collisions at fault, our referee", p.AtFault(), fmt.Sprintf("; %d not at fault, of them %d with bodies that were set there", len(p.Collisions)-p.AtFault(), p.Set()))
	none("collisions, SUMO's report, bodies touching", r.counts.Touching,
		fmt.Sprintf("; it reports %d with ours, in %d our bodies are within 0.2 m", r.counts.SUMO, r.counts.Near))
	none("red lights", p.RedLights, fmt.Sprintf("; %d at amber", p.AmberLights))
	none("wrong way", p.WrongWay, "")
	none("off the road", p.OffRoad, "")
	if ours, theirs, each := r.ratios(); len(each) > 0 {
		line("trip time / SUMO's driver's", "<= 1.15", ours/theirs <= barTime, "%.3f (95 %%: %.3f to %.3f; %d rides; the middle one %.3f)",
			ours/theirs, ours/theirs-r.spread(), ours/theirs+r.spread(), len(each), middle(each, 0.5))
	} else {
		line("trip time / SUMO's driver's", "<= 1.15", false, "not known yet")
	}
	n, of := r.arrived()
	share := 100 * float64(n) / float64(max(of, 1))
	low, high := shares(n, of)
	line("rides that arrive", ">= 99.5 %", of > 0 && share >= barRides, "%.2f %% (95 %%: %.2f to %.2f): %d of %d; %d more under way or cut short by the end of their run",
		share, 100*low, 100*high, n, of, r.begun()-of)
	line("comfort within nuPlan's bounds", ">= 95 %", 100*p.Comfort() >= barComfort, "%.2f %% of the time, %.2f %% of that moving",
		100*p.Comfort(), 100*p.ComfortMoving())
	fmt.Fprintf(&b, "%-42s %-12s %-8s %s\n", "SUMO's measures (SSM)", "", "", fmt.Sprintf("ours: %v", r.conflicts))
	if r.compared {
		fmt.Fprintf(&b, "%-42s %-12s %-8s %s\n", "", "", "", fmt.Sprintf("SUMO's driver on the same rides: %v", r.theirConflicts))
	}
	fmt.Fprintf(&b, "%-42s %-12s %-8s %s\n", "stood > 60 s without reason", "", "", fmt.Sprintf("%d times, the longest %.0f s; %d fail-safes begun",
		p.Deadlocks, p.LongestStand, p.FailSafes))
	return b.String()
}

// spread gives half the width of the interval in which the true ratio of trip times lies for 95 of 100 such samples of
// rides: that of the ratio of two sums.
func (r *result) spread() float64 {
	ours, theirs, each := r.ratios()
	n := float64(len(each))
	if n < 2 {
		return math.Inf(1)
	}
	sum := 0.0
	for _, one := range r.rides {
		if one.Outcome == "arrived" && one.Theirs > 0 {
			off := one.Ended - one.Began - ours/theirs*one.Theirs
			sum += off * off
		}
	}
	return 1.96 * math.Sqrt(sum/(n-1)/n) / (theirs / n)
}

// shares gives the shares between which, for 95 of 100 such samples, the true one lies of which n of all were seen:
// Wilson's interval.
func shares(n, of int) (low, high float64) {
	if of == 0 {
		return 0, 1
	}
	const z = 1.96
	p, m := float64(n)/float64(of), float64(of)
	middle := (p + z*z/(2*m)) / (1 + z*z/m)
	wide := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return max(0, middle-wide), min(1, middle+wide)
}
