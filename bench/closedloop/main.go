// Command closedloop lets our agent drive in SUMO's traffic and says how that went: kilometres, collisions and whose
// fault they were by three referees (ours, SUMO's collision report, SUMO's surrogate safety measures), red lights, ways
// not allowed, rides that succeeded, how long they took beside SUMO's own driver on the same way at the same time, and
// how comfortable they were.
//
//	go build -o closedloop ./bench/closedloop
//	./closedloop -km 1000 -results runs.jsonl
//
// Each scenario is run three times with the same traffic and seed: with our vehicles, with SUMO's driver in their place
// (same body, same origin and destination, same departure), and, for the first seed, with neither, for what SUMO's
// traffic does by itself. Several runs go on at once, one for each processor. What is known so far is printed every few
// minutes and when it is interrupted (once: the runs under way end and are told; twice: it ends). With -results each run
// is kept as a line of a file, and runs of the same program with the same settings that are there already are counted
// and not driven again: a thousand kilometres may be driven in parts.
//
// With -live 20 it measures something else: whether so many keep up with the clock among a thousand of SUMO's vehicles.
//
// The Bologna scenarios (DLR-TS/sumo-scenarios, EPL-2.0) are looked for in -bologna; the town is made by SUMO's
// netgenerate and randomTrips.py. It needs sumo (Debian: sumo, sumo-tools; or PyPI: eclipse-sumo).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"syscall"
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
	tail      float64
	vehicles  int
	seed      int
	sensor    string
	dump      string
	results   string
	parallel  int
	workers   int
	every     time.Duration
	lasts     time.Duration
	deadline  time.Duration
	lateral   float64
	skipPlain bool
	loud      bool
	rough     bool
	profile   string
	scale     float64
	live      int
	among     int
	liveFor   time.Duration
}

func main() {
	var s settings
	flag.StringVar(&s.scenarios, "scenarios", "joined,acosta,town,pasubio", "which to run, in turn")
	flag.StringVar(&s.bologna, "bologna", "../shared/data/road/bologna", "folder with the Bologna scenarios")
	flag.StringVar(&s.binary, "sumo-binary", "", "the sumo to run; \"\" looks on PATH")
	flag.Float64Var(&s.km, "km", 20, "go on, with other seeds, until our vehicles have driven this far in all")
	flag.Float64Var(&s.seconds, "seconds", 900, "how long new rides begin in one run, s of simulated time")
	flag.Float64Var(&s.warmUp, "warm-up", 200, "how long traffic runs before the first of our vehicles, s")
	flag.Float64Var(&s.longest, "longest", 1200, "how long a ride may take, s; SUMO's driver takes 100 to 600 s for those of Bologna")
	flag.Float64Var(&s.tail, "tail", 500, "for how long those on the way when no new rides begin any more may go on, s; 0: for as long as they need")
	flag.IntVar(&s.vehicles, "vehicles", 0, "how many of our vehicles drive at once; 0: as many as suit the scenario")
	flag.IntVar(&s.seed, "seed", 1, "of the first round")
	flag.StringVar(&s.sensor, "sensor", "usual", "what our vehicles see: usual (noise, latency, hiding, dropouts) or exact")
	flag.StringVar(&s.dump, "dump", "", "folder for the last 30 s before each failure, as JSON lines")
	flag.StringVar(&s.results, "results", "", "file that each run is written to; those of the same program and settings that it holds are counted")
	flag.IntVar(&s.parallel, "parallel", runtime.GOMAXPROCS(0), "how many runs go on at once, each with a SUMO of its own")
	flag.IntVar(&s.workers, "workers", 0, "how many agents of a run are stepped at once; 0: one, or one for each processor when runs go on one by one")
	flag.DurationVar(&s.every, "every", 3*time.Minute, "how often what is known so far is printed")
	flag.DurationVar(&s.lasts, "time", 0, "drive no longer than this, by the clock; rides under way are cut short; 0: until the kilometres are driven")
	flag.DurationVar(&s.deadline, "deadline", 0, "throw decisions away that come later; 0: don't (the run is then the same each time)")
	flag.Float64Var(&s.lateral, "lateral", 0.8, "how finely SUMO's drivers place themselves across their lanes, m; 0: in the middle, and they jump from lane to lane")
	flag.BoolVar(&s.skipPlain, "skip-baselines", false, "leave out the runs without our agent")
	flag.BoolVar(&s.loud, "v", false, "tell what goes wrong at once, and how far a run is each minute of it, on standard error")
	flag.BoolVar(&s.rough, "rough", false, "tell of hard brakes too, and dump them")
	flag.StringVar(&s.profile, "profile", "", "write where processor time goes to this file, for go tool pprof")
	flag.Float64Var(&s.scale, "scale", 1, "how many times the scenario's own traffic")
	flag.IntVar(&s.live, "live", 0, "instead of all that: this many of ours in real time, on the first scenario, and how well they keep the clock")
	flag.IntVar(&s.among, "among", 1000, "with -live: how many of SUMO's vehicles there are at least before it begins")
	flag.DurationVar(&s.liveFor, "live-for", 2*time.Minute, "with -live: for how long")
	flag.Parse()
	if s.workers == 0 && s.parallel > 1 && s.live == 0 {
		s.workers = 1
	}
	if err := run(&s); err != nil {
		fmt.Fprintln(os.Stderr, "closedloop:", err)
		os.Exit(1)
	}
}

func run(s *settings) (err error) {
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
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	c, err := newCampaign(ctx, s, work)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	fmt.Printf("closed loop: %s/%s, %d CPUs, %s, program %s; %d runs at once, sensors %q, lateral resolution %g m, first seed %d\n",
		runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), c.program, s.parallel, s.sensor, s.lateral, s.seed)
	if s.live > 0 {
		return c.live(ctx, signals)
	}
	return c.drive(ctx, stop, signals)
}
