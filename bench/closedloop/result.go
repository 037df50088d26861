package main

import (
	"errors"
	"fmt"
	"io/fs"
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
	version string
	referee referee.Report
	rides   []*ride
	notes   []string // what went wrong, a line each
	// compared: the runs without our agent were made too.
	compared bool

	took   times
	cycles int
	vetoed int
	late   int
	lost   int

	sumoCollisions  int // SUMO's report: between one of ours and another
	allCollisions   int // and between whomever
	emptyCollisions int // in the run without ours
	conflicts       conflicts
	theirConflicts  conflicts
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
	all  int
	ttc  int // least time to collision below 0.95 s
	pet  int // less than 1 s between the one's leaving and the other's coming
	drac int // more than 4.05 m/s² of braking needed
}

func newResult() *result {
	r := &result{}
	r.referee.Rough = map[string]float64{}
	r.referee.MinTTC, r.referee.MinPET = math.Inf(1), math.Inf(1)
	return r
}

func (r *result) say(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}

func (r *result) add(q *result) {
	r.version, r.compared = q.version, r.compared || q.compared
	r.referee.Add(&q.referee)
	r.rides = append(r.rides, q.rides...)
	r.notes = append(r.notes, q.notes...)
	r.took = append(r.took, q.took...)
	r.cycles, r.vetoed, r.late, r.lost = r.cycles+q.cycles, r.vetoed+q.vetoed, r.late+q.late, r.lost+q.lost
	r.sumoCollisions, r.allCollisions = r.sumoCollisions+q.sumoCollisions, r.allCollisions+q.allCollisions
	r.emptyCollisions += q.emptyCollisions
	r.conflicts.add(q.conflicts)
	r.theirConflicts.add(q.theirConflicts)
}

func (c *conflicts) add(d conflicts) {
	c.all, c.ttc, c.pet, c.drac = c.all+d.all, c.ttc+d.ttc, c.pet+d.pet, c.drac+d.drac
}

// until gives when the last ride was over, s.
func (r *result) until() float64 {
	end := 0.0
	for _, one := range r.rides {
		end = max(end, one.ended)
	}
	return end
}

// reports reads what SUMO wrote about the run.
func (r *result) reports(dir string) error {
	all, err := readCollisions(dir)
	if err != nil {
		return err
	}
	r.allCollisions = len(all)
	for _, c := range all {
		if isOurs(c.Collider) || isOurs(c.Victim) {
			r.sumoCollisions++
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
	return strings.HasPrefix(name, "hutong.") || strings.HasPrefix(name, "theirs.")
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
		c.all++
		if one.MinTTC < 0.95 {
			c.ttc++
		}
		if one.PET < 1 {
			c.pet++
		}
		if one.MaxDRAC > 4.05 {
			c.drac++
		}
	}
	return c, err
}

// times are how long the steps of agents took.
type times []float32 // ms

func (t *times) add(d time.Duration) { *t = append(*t, float32(d.Seconds()*1000)) }

func (t times) at(share float64) float64 {
	if len(t) == 0 {
		return 0
	}
	return float64(t[min(int(share*float64(len(t))), len(t)-1)])
}

// String gives the result as lines of text.
func (r *result) String() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	p := &r.referee
	outcomes := map[string]int{}
	begun := 0
	for _, one := range r.rides {
		if one.began >= 0 {
			begun++
			outcome := one.outcome
			if outcome == "" {
				outcome = "cut short"
			}
			outcomes[outcome]++
		}
	}
	line("driven            %.1f km, %.1f h, %d rides", p.Km, p.Seconds/3600, begun)
	line("at fault          %d collisions (of %d; SUMO's report: %d with ours, %d in all)",
		p.AtFault(), len(p.Collisions), r.sumoCollisions, r.allCollisions)
	if r.compared {
		line("                  SUMO's report of the runs without ours: %d in all", r.emptyCollisions)
	}
	low, high := interval(p.AtFault())
	line("                  %.2f at fault in 1,000 km (95 %%: %.2f to %.2f)", per(float64(p.AtFault()), p.Km), per(low, p.Km), per(high, p.Km))
	line("against the law   %d red lights (%d amber), %d stop lines, %d wrong way, %d off the road, %.0f s too fast (at most +%.1f m/s)",
		p.RedLights, p.AmberLights, p.StopLines, p.WrongWay, p.OffRoad, p.SpeedingSeconds, p.MaxOver)
	line("rides             %.2f %% arrived of %d: %s", 100*float64(outcomes["arrived"])/float64(max(begun, 1)), begun, counted(outcomes))
	ours, theirs, ratios := r.ratios()
	if len(ratios) > 0 {
		line("trip time         %.3f of SUMO's driver's (%.0f s of %.0f s, %d rides; the middle ride %.3f, p90 %.3f)",
			ours/max(theirs, 1e-9), ours, theirs, len(ratios), middle(ratios, 0.5), middle(ratios, 0.9))
	}
	line("comfort           %.2f %% of the time (%.2f %% of that moving); %d hard brakes, hardest %.1f m/s²; %s",
		100*p.Comfort(), 100*p.ComfortMoving(), p.HardBrakes, p.MaxBrake, rough(p.Rough))
	line("nearness          least TTC %.2f s (below 0.95 s: %.1f s), least PET %.2f s, DRAC at most %.1f m/s²",
		p.MinTTC, p.NearSeconds, p.MinPET, p.MaxDRAC)
	line("SUMO's measures   ours: %v", r.conflicts)
	if r.compared {
		line("                  SUMO's driver on the same rides: %v", r.theirConflicts)
	}
	sorted := slices.Clone(r.took)
	slices.Sort(sorted)
	line("agent             p50 %.2f ms, p99 %.2f ms, max %.2f ms a cycle (wall clock, %d cycles); %d deadlines missed",
		sorted.at(0.5), sorted.at(0.99), sorted.at(1), r.cycles, r.late)
	line("fail-safe         %d begun, %d proposals vetoed, %d deadlocks, longest stand %.0f s; SUMO took out %d",
		p.FailSafes, r.vetoed, p.Deadlocks, p.LongestStand, r.lost)
	return b.String()
}

// String gives the counts in words.
func (c conflicts) String() string {
	return fmt.Sprintf("%d conflicts, %d with TTC < 0.95 s, %d with PET < 1 s, %d with DRAC > 4.05 m/s²", c.all, c.ttc, c.pet, c.drac)
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
		if one.outcome == "arrived" && one.theirs > 0 {
			ours, theirs = ours+one.ended-one.began, theirs+one.theirs
			each = append(each, (one.ended-one.began)/one.theirs)
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
