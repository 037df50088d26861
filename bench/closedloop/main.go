// Command closedloop lets our agent drive in SUMO's traffic and says how that went: kilometres, collisions and whose
// fault they were by three referees (ours, SUMO's collision report, SUMO's surrogate safety measures), red lights, ways
// not allowed, rides that succeeded, how long they took beside SUMO's own driver on the same way at the same time, and
// how comfortable they were.
//
//	go run ./bench/closedloop -km 1000
//
// Each scenario is run three times with the same traffic and seed: with our vehicles, with SUMO's driver in their place
// (same body, same origin and destination, same departure), and with neither, for what SUMO's traffic does by itself.
// The Bologna scenarios (DLR-TS/sumo-scenarios, EPL-2.0) are looked for in -bologna; the town is made by SUMO's
// netgenerate and randomTrips.py. It needs sumo (Debian: sumo, sumo-tools; or PyPI: eclipse-sumo).
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"strings"
	"time"
)

// settings are what the flags say.
type settings struct {
	scenarios string
	bologna   string
	binary    string
	km        float64
	seconds   float64
	warmUp    float64
	longest   float64
	vehicles  int
	seed      int
	sensor    string
	dump      string
	workers   int
	deadline  time.Duration
	lateral   float64
	skipPlain bool
	loud      bool
	profile   string
}

func main() {
	var s settings
	flag.StringVar(&s.scenarios, "scenarios", "acosta,pasubio,joined,town", "which to run, in turn")
	flag.StringVar(&s.bologna, "bologna", "../shared/data/road/bologna", "folder with the Bologna scenarios")
	flag.StringVar(&s.binary, "sumo-binary", "", "the sumo to run; \"\" looks on PATH")
	flag.Float64Var(&s.km, "km", 20, "go on, with other seeds, until our vehicles have driven this far in all")
	flag.Float64Var(&s.seconds, "seconds", 1200, "how long new rides begin in one run, s of simulated time")
	flag.Float64Var(&s.warmUp, "warm-up", 200, "how long traffic runs before the first of our vehicles, s")
	flag.Float64Var(&s.longest, "longest", 1200, "how long a ride may take, s; SUMO's driver takes 100 to 600 s for those of Bologna")
	flag.IntVar(&s.vehicles, "vehicles", 24, "how many of our vehicles drive at once")
	flag.IntVar(&s.seed, "seed", 1, "of the first round")
	flag.StringVar(&s.sensor, "sensor", "usual", "what our vehicles see: usual (noise, latency, hiding, dropouts) or exact")
	flag.StringVar(&s.dump, "dump", "", "folder for the last 30 s before each failure, as JSON lines")
	flag.IntVar(&s.workers, "workers", 0, "how many agents are stepped at once; 0: one for each processor")
	flag.DurationVar(&s.deadline, "deadline", 0, "throw decisions away that come later; 0: don't (the run is then the same each time)")
	flag.Float64Var(&s.lateral, "lateral", 0.8, "how finely SUMO's drivers place themselves across their lanes, m; 0: in the middle, and they jump from lane to lane")
	flag.BoolVar(&s.skipPlain, "skip-baselines", false, "leave out the runs without our agent")
	flag.BoolVar(&s.loud, "v", false, "tell what goes wrong at once, and how far a run is each minute, on standard error")
	flag.StringVar(&s.profile, "profile", "", "write where processor time goes to this file, for go tool pprof")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt) // what was driven until then is told
	defer stop()
	if err := run(ctx, &s); err != nil {
		fmt.Fprintln(os.Stderr, "closedloop:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s *settings) error {
	fmt.Printf("closed loop: %s/%s, %d CPUs, %s; %d vehicles at once, sensors %q, lateral resolution %g m, first seed %d\n",
		runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), s.vehicles, s.sensor, s.lateral, s.seed)
	if s.profile != "" {
		file, err := os.Create(s.profile)
		if err != nil {
			return err
		}
		defer file.Close()
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	if s.dump != "" {
		if err := os.MkdirAll(s.dump, 0o755); err != nil {
			return err
		}
	}
	work, err := os.MkdirTemp("", "hutong-closedloop-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	names := strings.Split(s.scenarios, ",")
	sums := map[string]*result{}
	for _, name := range names {
		sums[name] = newResult()
	}
	total := newResult()
	for seed := s.seed; total.referee.Km < s.km && ctx.Err() == nil; seed++ {
		for _, name := range names {
			r, err := s.round(ctx, work, name, seed)
			if err != nil {
				return fmt.Errorf("%s, seed %d: %w", name, seed, err)
			}
			fmt.Printf("\n== %s, seed %d, %s ==\n%s", name, seed, r.version, r)
			for _, n := range r.notes {
				fmt.Println("  " + n)
			}
			sums[name].add(r)
			total.add(r)
			if ctx.Err() != nil || total.referee.Km >= s.km {
				break
			}
		}
	}
	for _, name := range names {
		if sums[name].referee.Km > 0 {
			fmt.Printf("\n== %s, all seeds ==\n%s", name, sums[name])
		}
	}
	fmt.Printf("\n== in all ==\n%s", total)
	return nil
}

// round runs one scenario with one seed: with our vehicles, then with SUMO's drivers in their place, then with neither.
func (s *settings) round(ctx context.Context, work, name string, seed int) (*result, error) {
	sc, err := s.scenario(ctx, work, name, seed)
	if err != nil {
		return nil, err
	}
	r, err := s.ours(ctx, sc)
	if err != nil || s.skipPlain || ctx.Err() != nil {
		return r, err
	}
	if err := s.theirs(ctx, sc, r); err != nil {
		return nil, fmt.Errorf("with SUMO's own drivers: %w", err)
	}
	if err := s.empty(ctx, sc, r); err != nil {
		return nil, fmt.Errorf("without our vehicles: %w", err)
	}
	r.compared = true
	return r, nil
}
