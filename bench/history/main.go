// Command history measures the store of what was: its size on disk, and how fast it answers, against VictoriaMetrics'
// storage and SQLite on the same data in the same process. It is a module of its own, for the peers' sake:
//
//	go run -C bench/history .            1,000 series of a month, one of 10 years, 5 runs: some minutes
//	go run -C bench/history . --quick    50 series, one of 2 years
//
// The data is what a quarter's sensors say, a minute apart: 40 % temperatures that walk by 0.1, 30 % on and off, 20 %
// counters, 10 % enums. It comes in order of time, all series of a minute together, and our store seals each hour and merges
// as it does in the hub. All three have flushed everything before they are asked. Queries are asked in turn, each five
// times of each store, and the medians count; they read what the system has in its cache, as a screen's second look does.
package main

import (
	"flag"
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"time"

	"hutong/bench/rig"
)

// point is one sample as all three know it: Unix milliseconds and a float.
type point struct {
	t int64
	v float64
}

// store is one of the three.
type store interface {
	// add takes one sample of each series from first on, all of one time.
	add(t int64, first int, values []float64) error
	keeper
	// raw gives the samples of a series in [from, to).
	raw(series int, from, to int64, out []point) ([]point, error)
	// hourly gives the average of each hour of each of these series.
	hourly(first, n int, from, to int64) (buckets int, sum float64, err error)
	// thin gives a range of a series as a line of so many points.
	thin(series int, from, to int64, most int) (n int, err error)
}

// keeper is the part of a store that has to do with the disk.
type keeper interface {
	name() string
	// flush brings everything to disk, as compact as the store makes it by itself.
	flush() error
	bytes() (int64, error)
	close() error
}

const (
	minute = int64(60_000)
	hour   = 60 * minute
	day    = 24 * hour
)

// start is when the data begins. All of its ten years are past: VictoriaMetrics takes nothing from the future.
var start = time.Date(2014, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()

type settings struct {
	quick  bool
	runs   int
	series int
	years  int
	work   string
}

func main() {
	var s settings
	flag.IntVar(&s.runs, "runs", 5, "how often each query is asked")
	flag.IntVar(&s.series, "series", 1000, "series of a month")
	flag.IntVar(&s.years, "years", 10, "years of the long series")
	s.quick = rig.Parse(map[string]string{"series": "50", "years": "2"})
	if err := s.run(); err != nil {
		fmt.Fprintln(os.Stderr, "history:", err)
		os.Exit(1)
	}
}

func (s *settings) run() (err error) {
	if s.work, err = os.MkdirTemp("", "hutong-history-"); err != nil {
		return err
	}
	defer os.RemoveAll(s.work)
	fmt.Printf("%s\n\n", rig.Where())
	if err := s.sizes(); err != nil {
		return err
	}
	return s.queries()
}

// sizes prints how much of the disk a sample takes: a month of 100 series (quick: of 20), sealed hour by hour.
func (s *settings) sizes() error {
	fmt.Print("| on disk, index included | bytes a sample | bar | VictoriaMetrics |\n|---|---|---|---|\n")
	n, days := 100, 30
	if s.quick {
		n, days = 20, 10
	}
	for _, c := range []struct {
		name   string
		jitter int64
		most   float64
	}{{"regular", 0, 0.35}, {"50 ms of jitter", 50, 1.3}} {
		ours, err := openOurs(s.dir("size", c.name), n)
		if err != nil {
			return err
		}
		vm := openVictoria(s.dir("size-vm", c.name))
		g := newGenerator(n, c.jitter)
		if err := g.fill([]store{ours, vm}, days); err != nil {
			return err
		}
		var per [2]float64
		for i, x := range []store{ours, vm} {
			if err := x.flush(); err != nil {
				return err
			}
			size, err := x.bytes()
			if err != nil {
				return err
			}
			per[i] = float64(size) / float64(g.count)
			if err := x.close(); err != nil {
				return err
			}
		}
		fmt.Printf("| %d series, %d days, a minute apart, %s | **%.3f** | <= %g: %s | %.3f |\n", n, days, c.name, per[0], c.most, rig.Met(per[0] <= c.most), per[1])
	}
	return nil
}

func (s *settings) dir(what, name string) string {
	return s.work + "/" + what + "-" + strings.ReplaceAll(name, " ", "-")
}

// question is one query that all are asked.
type question struct {
	name string
	most time.Duration // 0: only faster than both
	ask  func(x store) (check float64, err error)
}

// queries fills all stores and asks them in turn.
func (s *settings) queries() error {
	ours, err := openOurs(s.work+"/ours", s.series)
	if err != nil {
		return err
	}
	vm := openVictoria(s.work + "/vm")
	lite, err := openLite(s.work+"/lite.db", min(s.series, 100))
	if err != nil {
		return err
	}
	stores := []store{ours, vm, lite}
	began := time.Now()
	g := newGenerator(s.series, 0)
	if err := g.fill(stores, 30); err != nil {
		return err
	}
	long := s.series // the series after those of a month: a temperature
	minutes := s.years * 365 * 1440
	l := newGenerator(1, 0)
	l.first = long
	if err := l.fill(stores, s.years*365); err != nil {
		return err
	}
	for _, x := range stores {
		if err := x.flush(); err != nil {
			return err
		}
		defer x.close()
	}
	fmt.Fprintf(os.Stderr, "filled with %d samples in %s\n", g.count+l.count, time.Since(began).Round(time.Second))
	million := min(1_000_000, minutes)
	month := start + 30*day
	buf := make([]point, 0, 1_000_000)
	list := []question{
		{"24 h raw of one series", 0, func(x store) (float64, error) {
			var err error
			buf, err = x.raw(0, start+10*day, start+11*day, buf[:0])
			return total(buf), err
		}},
		{fmt.Sprintf("%d samples to 2,000 points (LTTB)", million), 0, func(x store) (float64, error) {
			n, err := x.thin(long, start, start+int64(million)*minute, 2000)
			return float64(n), err
		}},
		{fmt.Sprintf("%d years of one series by the hour (%d samples)", s.years, minutes), 100 * time.Millisecond, hours(long, 1, start+int64(minutes)*minute)},
	}
	for _, n := range []int{1, 100, 1000} {
		if n <= s.series {
			list = append(list, question{fmt.Sprintf("a month by the hour of %d series", n), 0, hours(0, n, month)})
		}
	}
	fmt.Print("\n| query | hutong, ms | VictoriaMetrics, times ours | SQLite, times ours | CPU, times ours: VictoriaMetrics / SQLite | bar |\n|---|---|---|---|---|---|\n")
	for _, q := range list {
		if err := s.compare(q, stores, s.series); err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
	}
	return nil
}

func hours(first, n int, to int64) func(store) (float64, error) {
	return func(x store) (float64, error) {
		buckets, sum, err := x.hourly(first, n, start, to)
		return sum + float64(buckets), err
	}
}

func total(list []point) (sum float64) {
	for _, p := range list {
		sum += p.v
	}
	return sum + float64(len(list))
}

// errTooFew is what a store says that was not given as much as is asked for.
var errTooFew = fmt.Errorf("it has not so many series")

// compare asks everybody in turn; all must say the same.
func (s *settings) compare(q question, stores []store, series int) error {
	took, used := make([][]float64, len(stores)), make([][]float64, len(stores))
	want := math.NaN()
	for run := range s.runs + 1 { // the first is for the caches
		for i, x := range stores {
			runtime.GC() // nobody pays for another's garbage
			cpu, at := rig.Own(), time.Now()
			got, err := q.ask(x)
			wall := time.Since(at)
			if err == errTooFew {
				continue
			}
			if err != nil {
				return fmt.Errorf("%s: %w", x.name(), err)
			}
			if math.IsNaN(want) {
				want = got
			}
			if math.Abs(got-want) > 1e-6*math.Abs(want) {
				return fmt.Errorf("%s says %v, %s %v", x.name(), got, stores[0].name(), want)
			}
			if run > 0 {
				took[i] = append(took[i], wall.Seconds()*1e3)
				used[i] = append(used[i], (rig.Own()-cpu).Seconds()*1e3)
			}
		}
	}
	ours, cpu := rig.Median(took[0]), max(rig.Median(used[0]), 1e-3)
	met := true
	times := func(of [][]float64, i int, by float64, counts bool) string {
		if len(of[i]) == 0 {
			return "-"
		}
		ratio := rig.Median(of[i]) / by
		met = met && (!counts || ratio > 1)
		return fmt.Sprintf("%.1f", ratio)
	}
	vm, lite := times(took, 1, ours, true), times(took, 2, ours, true)
	bar := "faster than both: "
	if q.most > 0 {
		met = met && ours <= float64(q.most.Milliseconds())
		bar = fmt.Sprintf("faster than both, <= %d ms: ", q.most.Milliseconds())
	}
	fmt.Printf("| %s | %.2f | **%s** | **%s** | %s / %s | %s |\n", q.name, ours, vm, lite, times(used, 1, cpu, false), times(used, 2, cpu, false), bar+rig.Met(met))
	return nil
}
