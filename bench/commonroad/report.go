package main

import (
	"fmt"
	"os"
	"sort"
	"strings"
	"time"
)

// report prints what came of all, and writes the table of each where it is asked for.
func report(o options, results []*result) error {
	mode := "own prediction, closed loop"
	if o.log {
		mode = "recorded trajectories given"
	}
	fmt.Printf("mode: %s\n", mode)
	for half, name := range []string{"even (tuned on)", "odd (held out)", "all"} {
		n, ours, theirs, judged := 0, 0, 0, 0
		for _, r := range results {
			if half < 2 && r.half != half {
				continue
			}
			n++
			if r.err == nil && r.verdict.Valid() {
				ours++
			}
			if r.judged {
				judged++
			}
			if r.judged && r.official.Valid {
				theirs++
			}
		}
		if n == 0 {
			continue
		}
		fmt.Printf("%-16s %3d scenarios; valid by our judge %3d (%.1f %%)", name, n, ours, 100*float64(ours)/float64(n))
		if judged > 0 {
			fmt.Printf("; by the official checkers %3d (%.1f %%)", theirs, 100*float64(theirs)/float64(n))
		}
		fmt.Println()
	}
	var took []time.Duration
	for _, r := range results {
		took = append(took, r.worst)
		switch {
		case r.judged && r.official.Valid != (r.err == nil && r.verdict.Valid()):
			fmt.Printf("the judges differ on %s: ours %q, the official ones %q\n", r.name, r.verdict.Why, r.official.Why)
		case r.judged && !r.official.Valid:
			fmt.Printf("failed: %s: %s%s\n", r.name, r.verdict.Why, r.official.Why)
		}
	}
	sort.Slice(took, func(i, j int) bool { return took[i] < took[j] })
	var sum, most time.Duration
	for _, r := range results {
		sum, most = sum+r.took, max(most, r.took)
	}
	fmt.Printf("time for all %v, for one at most %v\n", sum.Round(time.Millisecond), most.Round(time.Millisecond))
	fmt.Printf("slowest decision of a scenario: median %v, worst %v\n", took[len(took)/2], took[len(took)-1])
	if o.table == "" {
		return nil
	}
	return os.WriteFile(o.table, []byte(table(mode, results)), 0o644)
}

// table gives each scenario's row in Markdown.
func table(mode string, results []*result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| scenario | half | ours | official | SM1, ours | SM1, official | why not |\n|---|---|---|---|---|---|---|\n")
	for _, r := range results {
		half := [2]string{"even", "odd"}[r.half]
		why := r.verdict.Why
		if r.err != nil {
			why = r.err.Error()
		}
		cost, official := "", "not asked"
		if r.judged {
			official = word(r.official.Valid)
			if r.official.Cost != nil {
				cost = fmt.Sprintf("%.1f", *r.official.Cost)
			}
			if r.official.Why != "" {
				why += " " + r.official.Why
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %.1f | %s | %s |\n", r.name, half, word(r.err == nil && r.verdict.Valid()), official,
			r.verdict.Cost, cost, strings.TrimSpace(strings.ReplaceAll(why, "|", "/")))
	}
	return b.String()
}

func word(ok bool) string {
	if ok {
		return "valid"
	}
	return "no"
}
