// Command commonroad solves recorded CommonRoad scenarios and has the solutions judged, by our own judge and by the
// official checkers. With --log the recorded trajectories of the others are given, and the whole solution is planned at
// once; without, they are foretold from what is seen, in closed loop.
//
//	go run ./bench/commonroad --python /path/to/venv/bin/python
//
// The scenarios, sorted by name, are split in two halves: what is tuned is tuned on the even ones (0, 2, ...), and the odd
// ones tell how good it is.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"

	"hutong/drive"
	"hutong/drive/lane/commonroad"
	"hutong/drive/replay"
	"hutong/drive/replay/reach"
	"hutong/drive/scene"
	"hutong/drive/vehicle"
	"hutong/drive/world"
)

type options struct {
	data, out, python, only, half, table string
	log                                  bool
	workers, beam, every                 int
}

func main() {
	log.SetFlags(0)
	var o options
	flag.StringVar(&o.data, "data", filepath.FromSlash("../shared/data/road/commonroad"), "folder of scenarios, .xml or .xml.gz")
	flag.StringVar(&o.out, "out", "", "folder for the solutions; a temporary one where it is empty")
	flag.StringVar(&o.python, "python", "", "Python with commonroad-io and commonroad-drivability-checker; empty: our judge only")
	flag.StringVar(&o.only, "only", "", "only scenarios whose name holds this")
	flag.StringVar(&o.half, "half", "", "even or odd: only that half")
	flag.StringVar(&o.table, "table", "", "file to write the table of all scenarios to, in Markdown")
	flag.BoolVar(&o.log, "log", false, "give the recorded trajectories of the others, as the benchmark does, and plan once; else foretell them, in closed loop")
	flag.IntVar(&o.workers, "workers", 1, "scenarios at once")
	flag.IntVar(&o.beam, "beam", 0, "ways kept at each layer of the search; 0: the driver's own choice")
	flag.IntVar(&o.every, "every", 0, "cycles between searches; 0: the driver's own choice")
	flag.Parse()
	if err := run(o); err != nil {
		log.Fatal(err)
	}
}

// result is what came of one scenario.
type result struct {
	name     string
	half     int // 0 even, 1 odd
	file     string
	verdict  replay.Verdict
	err      error
	took     time.Duration
	worst    time.Duration // of one decision
	official official
	judged   bool
}

func run(o options) error {
	files, err := scenarios(o.data)
	if err != nil {
		return err
	}
	if o.out == "" {
		if o.out, err = os.MkdirTemp("", "solutions"); err != nil {
			return err
		}
		defer os.RemoveAll(o.out)
	}
	var results []*result
	for i, f := range files {
		name := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(f), ".gz"), ".xml")
		if strings.Contains(name, o.only) && (o.half == "" || o.half == [2]string{"even", "odd"}[i%2]) {
			results = append(results, &result{name: name, half: i % 2, file: f})
		}
	}
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return err
	}
	work := make(chan *result)
	var all sync.WaitGroup
	for range max(o.workers, 1) {
		all.Go(func() {
			for r := range work {
				r.err = r.solve(o)
				if r.err != nil || !r.verdict.Valid() {
					log.Printf("%-24s %v %s (%v)", r.name, r.err, r.verdict.Why, r.took.Round(time.Millisecond))
				}
			}
		})
	}
	for _, r := range results {
		work <- r
	}
	close(work)
	all.Wait()
	if o.python != "" {
		if err := judge(o.python, o.out, results); err != nil {
			return err
		}
	}
	return report(o, results)
}

func scenarios(folder string) ([]string, error) {
	var files []string
	for _, pattern := range []string{"*.xml", "*.xml.gz"} {
		found, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no scenarios in %s", folder)
	}
	sort.Strings(files)
	return files, nil
}

func load(path string) (*commonroad.Scenario, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return commonroad.Read(f)
}

// solve drives the first problem of a scenario until its goal, or the end of its last window.
func (r *result) solve(o options) error {
	s, err := load(r.file)
	if err != nil {
		return err
	}
	if len(s.Problems) == 0 {
		return fmt.Errorf("%s holds no planning problem", r.file)
	}
	p, spec := &s.Problems[0], reach.BMW
	began := time.Now()
	opts := reach.Options{Beam: o.beam, Every: o.every}
	if o.log {
		opts.Log = func(dst []scene.Actor, t float64) []scene.Actor {
			for i := range s.Others {
				dst = replay.At(dst, s, i, t)
			}
			return dst
		}
	}
	way, err := r.way(s, p, &spec, o, opts)
	if err != nil {
		return err
	}
	r.took = time.Since(began)
	r.verdict = replay.Judge(s, p, &spec, way)
	f, err := os.Create(filepath.Join(o.out, r.name+".xml"))
	if err != nil {
		return err
	}
	defer f.Close()
	return replay.WriteSolution(f, s, p, &spec, way, r.took)
}

// way finds the whole solution at once where the log may be asked, and drives it step by step where not.
func (r *result) way(s *commonroad.Scenario, p *commonroad.Problem, spec *vehicle.Spec, o options, opts reach.Options) ([]vehicle.State, error) {
	if o.log {
		way, err := reach.Solve(s, p, spec, opts)
		if way == nil {
			return nil, err
		}
		return way, nil // what is wrong with it, the judges say
	}
	driver, err := reach.New(s, p, spec, opts)
	if err != nil {
		return nil, err
	}
	return r.drive(s, p, spec, driver)
}

// drive closes the loop and gives the states at the scenario's steps.
func (r *result) drive(s *commonroad.Scenario, p *commonroad.Problem, spec *vehicle.Spec, driver world.Driver) ([]vehicle.State, error) {
	w := replay.New(s, p.Initial.Step)
	defer w.Close()
	rider := &world.Rider{ID: world.FirstID, Spec: spec, State: reach.Start(p, spec), Driver: driver}
	loop := world.New(w, world.Options{Workers: 1})
	defer loop.Close()
	if err := loop.Add(rider); err != nil {
		return nil, err
	}
	last := 0
	for i := range p.Goals {
		last = max(last, p.Goals[i].To)
	}
	path := []vehicle.State{rider.State}
	at := func(step int) (vehicle.State, bool) { // between two cycles where a step isn't one
		x := float64(step-p.Initial.Step) * s.Step / drive.Cycle
		k := int(x + 1e-6)
		if share := x - float64(k); share > 1e-6 {
			if k+1 >= len(path) {
				return vehicle.State{}, false
			}
			return spec.Step(path[k], vehicle.Control{
				Accel: (path[k+1].Speed - path[k].Speed) / drive.Cycle, Steer: path[k+1].Steer, Hard: true,
			}, share*drive.Cycle), true
		}
		if k >= len(path) {
			return vehicle.State{}, false
		}
		return path[k], true
	}
	way := []vehicle.State{rider.State}
	for step := p.Initial.Step + 1; step <= last; {
		x, ok := at(step)
		if !ok {
			if err := loop.Cycle(context.Background()); err != nil {
				return nil, err
			}
			if rider.Failed != nil {
				return nil, rider.Failed
			}
			r.worst = max(r.worst, rider.Took)
			path = append(path, rider.State)
			continue
		}
		way = append(way, x)
		state := commonroad.State{Step: step, Pose: spec.Box(x).Pose, Speed: x.Speed}
		for i := range p.Goals {
			if p.Goals[i].Met(state) {
				return way, nil
			}
		}
		step++
	}
	return way, nil
}
