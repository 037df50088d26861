// Command jrc puts the shield into the public simulator of UNECE R157's safety models, as one more model, and prints how
// often each crashes in its 36,941 concrete cases: cut-in at low and high speed, cut-out, car following.
//
//	go run ./bench/jrc --source DIR [--python python3] [--grids car_following,cut_out] [--json FILE]
//
// DIR is a checkout of https://github.com/ec-jrc/JRC-FSM (EUPL-1.2), or HUTONG_JRC names it; it is run as it is, in
// processes of its own, and nothing of it is part of this program. Python needs numpy, pandas and numba. Where DIR is
// missing, all cases are counted as skipped.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"
)

// grids are the logical scenarios, with how many concrete cases each has.
var grids = []struct {
	name  string
	cases int
}{{"car_following", 1121}, {"cut_out", 5850}, {"cut_in_low", 15930}, {"cut_in_high", 14040}}

// Result is what one model did in one grid.
type Result struct {
	Cases, Crashes int
	LeadCrashes    int     // of the vehicle ahead, in a cut-out
	Hard           int     // cases without a crash in which it braked with more than 4 m/s²
	Mean           float64 // m/s², the strongest brake of each case without a crash, averaged
}

func main() {
	log.SetFlags(0)
	source := flag.String("source", os.Getenv("HUTONG_JRC"), "checkout of github.com/ec-jrc/JRC-FSM")
	python := flag.String("python", "python3", "Python with numpy, pandas and numba")
	only := flag.String("grids", "", "these only, with commas between")
	alone := flag.Bool("ours", false, "run the shield only")
	out := flag.String("json", "", "file for the results")
	flag.Parse()

	chosen := map[string]int{}
	for _, g := range grids {
		if *only == "" || strings.Contains(","+*only+",", ","+g.name+",") {
			chosen[g.name] = g.cases
		}
	}
	if _, err := os.Stat(filepath.Join(*source, "utility", "movement.py")); err != nil {
		skipped := 0
		for _, n := range chosen {
			skipped += n
		}
		fmt.Printf("skipped %d cases: no JRC-FSM at %q; clone https://github.com/ec-jrc/JRC-FSM and name it with --source\n", skipped, *source)
		return
	}
	begun := time.Now()
	all, err := run(*python, *source, chosen, *alone)
	if err != nil {
		log.Fatal(err)
	}
	report(all)
	fmt.Printf("\nin %.0f s\n", time.Since(begun).Seconds())
	if *out != "" {
		text, err := json.MarshalIndent(all, "", "  ")
		if err == nil {
			err = os.WriteFile(*out, append(text, '\n'), 0o644)
		}
		if err != nil {
			log.Fatal(err)
		}
	}
}

// run gives the results by grid and model. As many grids run at once as there are processors.
func run(python, source string, chosen map[string]int, alone bool) (map[string]map[string]Result, error) {
	all := map[string]map[string]Result{}
	free := make(chan struct{}, runtime.NumCPU())
	var mu sync.Mutex
	var wait sync.WaitGroup
	var first error
	for _, whose := range []string{"ours", "theirs"} {
		for name, cases := range chosen {
			if alone && whose == "theirs" {
				continue
			}
			wait.Go(func() {
				free <- struct{}{}
				defer func() { <-free }()
				results, err := drive(python, source, name, whose)
				mu.Lock()
				defer mu.Unlock()
				if all[name] == nil {
					all[name] = map[string]Result{}
				}
				for model, r := range results {
					if r.Cases != cases && err == nil {
						err = fmt.Errorf("%s has %d cases; the grid has %d", model, r.Cases, cases)
					}
					all[name][model] = r
				}
				if err != nil && first == nil {
					first = fmt.Errorf("%s, %s models: %w", name, whose, err)
				}
			})
		}
	}
	wait.Wait()
	return all, first
}

// report prints the tables: crashes, and how hard those braked who didn't crash.
func report(all map[string]map[string]Result) {
	models := []string{"shield", "FSM", "CC", "RSS", "Reg157"}
	total := map[string]Result{}
	fmt.Println("| grid | cases | " + strings.Join(models, " | ") + " |\n|---|---|---|---|---|---|---|")
	for _, g := range grids {
		if all[g.name] == nil {
			continue
		}
		row := fmt.Sprintf("| %s | %d |", strings.ReplaceAll(g.name, "_", " "), g.cases)
		for _, m := range models {
			r, ok := all[g.name][m]
			cell := "-"
			if ok {
				t := total[m]
				t.Cases, t.Crashes, t.Hard = t.Cases+r.Cases, t.Crashes+r.Crashes, t.Hard+r.Hard
				total[m] = t
				cell = fmt.Sprintf("%d", r.Crashes)
				if r.LeadCrashes > 0 {
					cell += fmt.Sprintf(" (lead %d)", r.LeadCrashes)
				}
				if m == "shield" {
					cell = "**" + cell + "**"
				}
			}
			row += " " + cell + " |"
		}
		fmt.Println(row)
	}
	row := "| all | |"
	for _, m := range models {
		row += fmt.Sprintf(" %d of %d |", total[m].Crashes, total[m].Cases)
	}
	fmt.Println(row + "\n\nOf the cases without a crash: braked with more than 4 m/s², and the mean of the strongest brake\n")
	fmt.Println("| grid | " + strings.Join(models, " | ") + " |\n|---|---|---|---|---|---|")
	for _, g := range grids {
		if all[g.name] == nil {
			continue
		}
		row := fmt.Sprintf("| %s |", strings.ReplaceAll(g.name, "_", " "))
		for _, m := range models {
			if r, ok := all[g.name][m]; ok {
				row += fmt.Sprintf(" %.1f %%, %.2f m/s² |", 100*float64(r.Hard)/float64(max(r.Cases-r.Crashes, 1)), r.Mean)
			} else {
				row += " - |"
			}
		}
		fmt.Println(row)
	}
}
