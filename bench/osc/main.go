package main

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"hutong/drive/osc"
)

func main() {
	data := flag.String("data", filepath.Join("..", "shared", "data", "road"), "the folder that holds osc-alks and osc-ncap")
	alks := flag.Bool("alks", true, "drive the ALKS scenarios")
	variations := flag.Int("variations", 0, "and of each ALKS distribution at most so many cases")
	ncap := flag.Int("ncap", math.MaxInt, "of each NCAP distribution at most so many cases, evenly drawn; 0: none")
	only := flag.String("only", "", "only files whose name this regular expression finds")
	verbose := flag.Bool("v", false, "tell of every case")
	trace := flag.Bool("trace", false, "tell of every cycle")
	which := flag.Int("case", -1, "of each distribution only the case of this number, from 0")
	flag.Parse()
	find, err := regexp.Compile(*only)
	if err != nil {
		fail(err)
	}
	b := bench{data: *data, only: find, verbose: *verbose, trace: *trace, which: *which, begun: time.Now()}
	if *alks {
		b.alks()
	}
	if *variations > 0 {
		b.variations(*variations)
	}
	if *ncap > 0 {
		b.ncap(*ncap)
	}
	fmt.Printf("\n%d cases, %.0f s of driving, in %.0f s\n", b.cases, b.seconds, time.Since(b.begun).Seconds())
	if b.failed > 0 {
		fmt.Printf("%d of the ALKS cases failed\n", b.failed)
		os.Exit(1)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "osc:", err)
	os.Exit(1)
}

type bench struct {
	data    string
	only    *regexp.Regexp
	verbose bool
	trace   bool
	which   int
	begun   time.Time
	cases   int
	seconds float64
	failed  int
}

// files gives the files of a pattern that are asked for. A pattern that finds none is a wrong folder.
func (b *bench) files(pattern ...string) []string {
	all, err := filepath.Glob(filepath.Join(append([]string{b.data}, pattern...)...))
	if err != nil {
		fail(err)
	}
	if len(all) == 0 {
		fail(fmt.Errorf("no %s in %s; say with -data where the scenario sets are", filepath.Join(pattern...), b.data))
	}
	var asked []string
	for _, f := range all {
		if b.only.MatchString(filepath.Base(f)) {
			asked = append(asked, f)
		}
	}
	return asked
}

func (b *bench) run(c osc.Case, keepLane bool) *outcome {
	out, err := run(c, keepLane, b.trace)
	if errors.Is(err, errBackwards) {
		return nil
	}
	if err != nil {
		fail(err)
	}
	b.cases++
	b.seconds += out.seconds
	return out
}

// alks drives the 15 scenarios as they are written.
func (b *bench) alks() {
	fmt.Println("UN R157 (ALKS), as written:")
	fmt.Printf("%-46s %-7s %6s %7s %6s %6s %6s %6s  %s\n", "scenario", "", "time s", "way m", "gap m", "TTC s", "brake", "over m", "")
	for _, f := range b.files("osc-alks", "logical_scenarios", "concrete_scenarios", "*.xosc") {
		o := b.run(osc.Case{File: f}, true)
		why := o.fault(f)
		if why != "" {
			b.failed++
		}
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(f), "alks_scenario_"), "_template.xosc")
		fmt.Printf("%-46s %-7s %6.1f %7.1f %6s %6s %6.1f %6.2f  %s\n", name, verdict(why), o.seconds, o.metres,
			figure(o.gap), figure(o.ttc), o.brake, max(o.over, 0), note(why, o))
	}
}

func verdict(why string) string {
	if why == "" {
		return "passed"
	}
	return "FAILED"
}

func note(why string, o *outcome) string {
	if why == "" && o.hit == nil {
		return o.last
	}
	if why == "" {
		return o.told()
	}
	return why
}

// figure prints what may be infinite.
func figure(x float64) string {
	if math.IsInf(x, 0) {
		return "-"
	}
	return fmt.Sprintf("%.2f", x)
}

// told gives the collision in words.
func (o *outcome) told() string {
	return fmt.Sprintf("hit %s at %.1f s: %.1f km/h, against each other %.1f km/h (%s, %s)",
		o.hitName, o.hit.At, 3.6*o.hit.Speed, 3.6*o.hit.Impact, o.hit.Class, o.hit.Why)
}

// fault says why an ALKS case is not passed; "" where it is.
func (o *outcome) fault(file string) string {
	unavoidable := strings.Contains(file, "unavoidable")
	switch {
	case o.hit != nil && !(unavoidable && o.hit.Impact < 0.5*20/3.6):
		return o.told()
	case o.over > 0:
		return fmt.Sprintf("was %.2f m outside of its lane", o.over)
	case !o.ended:
		return "did not come to the scenario's end: " + o.last
	case o.standing:
		return "stands without a reason: " + o.last
	}
	return ""
}

// variations drives cases of the ALKS distributions. Cut-ins among them hold some that nobody can avoid, and the
// scenarios' authors ask that those are not failed for it; so these are told, and only counted.
func (b *bench) variations(most int) {
	fmt.Printf("\nUN R157 (ALKS), distributions, at most %d cases of each:\n%-58s %6s %6s %10s %8s\n", most, "distribution", "of", "driven", "no contact", "in lane")
	for _, f := range b.files("osc-alks", "logical_scenarios", "*.xosc") {
		all, err := osc.Vary(f)
		if err != nil {
			fail(err)
		}
		cases := b.drawn(all, most)
		safe, inLane := 0, 0
		for _, c := range cases {
			o := b.run(c, true)
			if o.hit == nil {
				safe++
			} else if b.verbose {
				fmt.Println("   ", number(all, c), c.Set, o.told())
			}
			if o.over <= 0 {
				inLane++
			}
		}
		fmt.Printf("%-58s %6d %6d %10d %8d\n", strings.TrimSuffix(filepath.Base(f), ".xosc"), len(all), len(cases), safe, inLane)
	}
}

// drawn gives at most so many cases, evenly from first to last, or the one that is asked for.
func (b *bench) drawn(all []osc.Case, most int) []osc.Case {
	if b.which >= 0 {
		return all[min(b.which, len(all)):min(b.which+1, len(all))]
	}
	if len(all) <= most {
		return all
	}
	few := make([]osc.Case, most)
	for i := range few {
		few[i] = all[(2*i+1)*len(all)/(2*most)]
	}
	return few
}

// number gives which case of its distribution c is.
func number(all []osc.Case, c osc.Case) int {
	return slices.IndexFunc(all, func(x osc.Case) bool { return maps.Equal(x.Set, c.Set) })
}

func (b *bench) ncap(most int) {
	fmt.Printf("\nEuro NCAP, by distribution (not a rating; see the head of this command):\n")
	fmt.Printf("%-62s %5s %5s %7s %7s %8s %8s %6s\n", "distribution", "cases", "hit", "avoided", "at 0", "worst", "gap m", "brake")
	total, avoided := 0, 0
	for _, pattern := range [][]string{{"*", "Variations", "*.xosc"}, {"*", "Variations", "*", "*.xosc"}} {
		for _, f := range b.files(append([]string{"osc-ncap", "OpenSCENARIO", "NCAP"}, pattern...)...) {
			n, ok := b.distribution(f, most)
			total, avoided = total+n, avoided+ok
		}
	}
	fmt.Printf("%-62s %5d %5d %6.1f%%\n", "all", total, total-avoided, 100*float64(avoided)/float64(max(total, 1)))
}

// distribution drives one NCAP distribution and prints its line. A collision "at 0" is one in which the vehicle under
// test stood; "worst" is the highest speed it had in one, km/h.
func (b *bench) distribution(f string, most int) (n, avoided int) {
	all, err := osc.Vary(f)
	if err != nil {
		fail(err)
	}
	stood, worst, gap, brake := 0, 0.0, math.Inf(1), 0.0
	for _, c := range b.drawn(all, most) {
		o := b.run(c, false)
		if o == nil {
			continue
		}
		n++
		brake = max(brake, o.brake)
		if o.hit == nil {
			avoided++
			gap = min(gap, o.gap)
			continue
		}
		if worst = max(worst, 3.6*o.hit.Speed); o.hit.Speed < 0.3 {
			stood++
		}
		if b.verbose {
			fmt.Println("   ", number(all, c), c.Set, o.told())
		}
	}
	up := filepath.Base(filepath.Dir(f))
	name := strings.TrimSuffix(filepath.Base(f), ".xosc")
	if up != "Variations" {
		name = up + "/" + name
	}
	if n == 0 {
		fmt.Printf("%-62s %5d driven backwards: left out\n", name, len(all))
		return 0, 0
	}
	fmt.Printf("%-62s %5d %5d %7d %7d %8.1f %8s %6.1f\n", name, n, n-avoided, avoided, stood, worst, figure(gap), brake)
	return n, avoided
}
