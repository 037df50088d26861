package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"

	"hutong/drive/referee"
	"hutong/drive/sumo"
)

// result is what came of one run, or of several.
type result struct {
	name    string
	seed    int
	version string
	cut     bool // it ended before its time
	referee referee.Report
	rides   []*ride
	notes   []string // what went wrong, a line each
	// compared: the run with SUMO's driver in our place was made too; emptied: that with neither.
	compared, emptied bool

	took           times
	counts         counts
	conflicts      conflicts
	theirConflicts conflicts
}

// counts are what is added up of runs.
type counts struct {
	Cycles int
	Vetoed int
	Late   int
	Lost   int

	SUMO     int // collisions in SUMO's report: between one of ours and another
	Touching int // of these, those in which the two bodies touch by our measure too
	Near     int // of these, those within 0.2 m of each other
	All      int // and between whomever
	Alone    int // in the run without ours
}

func (c *counts) add(d counts) {
	c.Cycles, c.Vetoed, c.Late, c.Lost = c.Cycles+d.Cycles, c.Vetoed+d.Vetoed, c.Late+d.Late, c.Lost+d.Lost
	c.SUMO, c.Touching, c.Near, c.All, c.Alone = c.SUMO+d.SUMO, c.Touching+d.Touching, c.Near+d.Near, c.All+d.All, c.Alone+d.Alone
}

// per gives how often something happens in 1,000 km.
func per(n, km float64) float64 { return n / max(km, 1e-9) * 1000 }

// interval gives the means between which, for 95 of 100 such runs, the true mean of a number of rare events lies that was
// seen n times: the exact interval of Garwood for a Poisson process.
func interval(n int) (low, high float64) {
	if n > 0 {
		low = solve(func(mean float64) bool { return 1-poisson(n-1, mean) < 0.025 })
	}
	return low, solve(func(mean float64) bool { return poisson(n, mean) > 0.025 })
}

// poisson gives how likely at most n events are.
func poisson(n int, mean float64) float64 {
	term, sum := math.Exp(-mean), 0.0
	for k := 0; k <= n; k++ {
		sum += term
		term *= mean / float64(k+1)
	}
	return sum
}

// solve gives the mean from which on below no longer holds.
func solve(below func(mean float64) bool) float64 {
	low, high := 0.0, 1.0
	for below(high) && high < 600 {
		high *= 2
	}
	for range 60 {
		if middle := (low + high) / 2; below(middle) {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}

// conflicts counts SUMO's surrogate safety measures of our vehicles.
type conflicts struct {
	All  int
	TTC  int // least time to collision below 0.95 s
	PET  int // less than 1 s between the one's leaving and the other's coming
	DRAC int // more than 4.05 m/s² of braking needed
}

func newResult() *result {
	r := &result{took: times{}}
	r.referee.Rough = map[string]float64{}
	r.referee.MinTTC, r.referee.MinPET = math.Inf(1), math.Inf(1)
	return r
}

func (r *result) say(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}

func (r *result) add(q *result) {
	r.version, r.compared, r.emptied = or(q.version, r.version), r.compared || q.compared, r.emptied || q.emptied
	r.referee.Add(&q.referee)
	r.rides = append(r.rides, q.rides...)
	r.notes = append(r.notes, q.notes...)
	for bin, n := range q.took {
		r.took[bin] += n
	}
	r.counts.add(q.counts)
	r.conflicts.add(q.conflicts)
	r.theirConflicts.add(q.theirConflicts)
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func (c *conflicts) add(d conflicts) {
	c.All, c.TTC, c.PET, c.DRAC = c.All+d.All, c.TTC+d.TTC, c.PET+d.PET, c.DRAC+d.DRAC
}

// until gives when the last ride was over, s.
func (r *result) until() float64 {
	end := 0.0
	for _, one := range r.rides {
		end = max(end, one.Ended)
	}
	return end
}

// reports reads what SUMO wrote about the run.
func (r *result) reports(dir string) error {
	all, err := readCollisions(dir)
	if err != nil {
		return err
	}
	r.counts.All = len(all)
	for _, c := range all {
		if isOurs(c.Collider) || isOurs(c.Victim) {
			r.counts.SUMO++
		}
	}
	r.conflicts, err = readConflicts(dir)
	return err
}

func readCollisions(dir string) ([]sumo.Collision, error) {
	file, err := os.Open(filepath.Join(dir, sumo.CollisionFile))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return sumo.ReadCollisions(file)
}

func isOurs(name string) bool {
	return strings.HasPrefix(name, "hutong.") || strings.HasPrefix(name, theirName)
}

func readConflicts(dir string) (c conflicts, err error) {
	file, err := os.Open(filepath.Join(dir, sumo.ConflictFile))
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil // none of ours was on the road
	}
	if err != nil {
		return c, err
	}
	defer file.Close()
	all, err := sumo.ReadConflicts(file)
	for _, one := range all {
		if !isOurs(one.Ego) {
			continue
		}
		c.All++
		if one.MinTTC < 0.95 {
			c.TTC++
		}
		if one.PET < 1 {
			c.PET++
		}
		if one.MaxDRAC > 4.05 {
			c.DRAC++
		}
	}
	return c, err
}

// times counts how long the steps of agents took, in bins each a fiftieth longer than the one before.
type times map[int]int

const bins = 50 // to a factor of e

func (t times) add(d time.Duration) { t[int(math.Floor(math.Log(max(d.Seconds()*1000, 1e-3))*bins))]++ }

// at gives the time, ms, that a share of the steps took no longer than.
func (t times) at(share float64) float64 {
	all := 0
	for _, n := range t {
		all += n
	}
	seen := 0
	for _, bin := range slices.Sorted(maps.Keys(t)) {
		if seen += t[bin]; float64(seen) >= share*float64(all) {
			return math.Exp((float64(bin) + 0.5) / bins)
		}
	}
	return 0
}

// begun gives how many rides began: SUMO had room for them.
func (r *result) begun() int {
	n := 0
	for _, one := range r.rides {
		if one.Began >= 0 {
			n++
		}
	}
	return n
}

// arrived gives how many rides came to the place asked for, of those that began and were not cut short by the end of
// their run. One that had been standing for a minute without reason when that came counts as one that didn't arrive.
func (r *result) arrived() (n, of int) {
	for _, one := range r.rides {
		if one.Began < 0 || one.Outcome == "" && !one.Stuck {
			continue
		}
		if of++; one.Outcome == "arrived" {
			n++
		}
	}
	return n, of
}

// String gives the result as lines of text.
func (r *result) String() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	p := &r.referee
	outcomes := map[string]int{}
	for _, one := range r.rides {
		switch {
		case one.Began < 0:
		case one.Outcome == "" && one.Stuck:
			outcomes["stuck when it was cut short"]++
		default:
			outcomes[or(one.Outcome, "cut short")]++
		}
	}
	line("driven            %.1f km, %.1f h, %d rides", p.Km, p.Seconds/3600, r.begun())
	line("at fault          %d collisions (of %d, %d with bodies that were set there; SUMO's report: %d with ours, in %d of them our bodies touch, %d in all)",
		p.AtFault(), len(p.Collisions), p.Set(), r.counts.SUMO, r.counts.Touching, r.counts.All)
	if r.emptied {
		line("                  SUMO's report of the runs without ours (first seeds): %d in all", r.counts.Alone)
	}
	low, high := interval(p.AtFault())
	line("                  %.2f at fault in 1,000 km (95 %%: %.2f to %.2f)", per(float64(p.AtFault()), p.Km), per(low, p.Km), per(high, p.Km))
	line("against the law   %d red lights (%d amber), %d stop lines, %d wrong way, %d off the road, %.0f s too fast (at most +%.1f m/s)",
		p.RedLights, p.AmberLights, p.StopLines, p.WrongWay, p.OffRoad, p.SpeedingSeconds, p.MaxOver)
	n, of := r.arrived()
	line("rides             %.2f %% arrived of %d: %s", 100*float64(n)/float64(max(of, 1)), of, counted(outcomes))
	ours, theirs, ratios := r.ratios()
	if len(ratios) > 0 {
		line("trip time         %.3f of SUMO's driver's (%.0f s of %.0f s, %d rides; the middle ride %.3f, p90 %.3f)",
			ours/max(theirs, 1e-9), ours, theirs, len(ratios), middle(ratios, 0.5), middle(ratios, 0.9))
		line("slower by         %s", r.slowness())
	}
	line("comfort           %.2f %% of the time (%.2f %% of that moving); %d hard brakes, hardest %.1f m/s²; %s",
		100*p.Comfort(), 100*p.ComfortMoving(), p.HardBrakes, p.MaxBrake, rough(p.Rough))
	line("nearness          least TTC %.2f s (below 0.95 s: %.1f s), least PET %.2f s, DRAC at most %.1f m/s²",
		p.MinTTC, p.NearSeconds, p.MinPET, p.MaxDRAC)
	line("SUMO's measures   ours: %v", r.conflicts)
	if r.compared {
		line("                  SUMO's driver on the same rides: %v", r.theirConflicts)
	}
	line("agent             p50 %.2f ms, p99 %.2f ms, max %.2f ms a cycle (wall clock, %d cycles); %d deadlines missed",
		r.took.at(0.5), r.took.at(0.99), r.took.at(1), r.counts.Cycles, r.counts.Late)
	line("fail-safe         %d begun, %d proposals vetoed; SUMO took out %d", p.FailSafes, r.counts.Vetoed, r.counts.Lost)
	line("stood             %d times for more than a minute without reason, the longest %.0f s; with one, the longest %.0f s",
		p.Deadlocks, p.LongestStand, p.LongestWait)
	return b.String()
}

// String gives the counts in words.
func (c conflicts) String() string {
	return fmt.Sprintf("%d conflicts, %d with TTC < 0.95 s, %d with PET < 1 s, %d with DRAC > 4.05 m/s²", c.All, c.TTC, c.PET, c.DRAC)
}

func counted(of map[string]int) string {
	var all []string
	for what, n := range of {
		all = append(all, fmt.Sprintf("%d %s", n, what))
	}
	sort.Strings(all)
	return strings.Join(all, ", ")
}

func rough(by map[string]float64) string {
	var all []string
	for what, s := range by {
		all = append(all, fmt.Sprintf("%s %.0f s", what, s))
	}
	sort.Strings(all)
	return strings.Join(all, ", ")
}

// ratios gives the time of the rides that arrived and that SUMO's driver ended too, in sum and each.
func (r *result) ratios() (ours, theirs float64, each []float64) {
	for _, one := range r.rides {
		if one.Outcome == "arrived" && one.Theirs > 0 {
			ours, theirs = ours+one.Ended-one.Began, theirs+one.Theirs
			each = append(each, (one.Ended-one.Began)/one.Theirs)
		}
	}
	sort.Float64s(each)
	return ours, theirs, each
}

func middle(sorted []float64, share float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	return sorted[min(int(share*float64(len(sorted))), len(sorted)-1)]
}
