// Command fleet measures the whole path of a hub (a device publishes, its description decodes, live state, journal, history,
// rules, a command out) against mosquitto, which only forwards the same load to one subscriber.
//
//	go run ./bench/fleet                      all loads, 5 runs of 4 s each, and a table
//	go run ./bench/fleet --runs 1 --seconds 1 a quick look
//	go run ./bench/fleet --profile DIR        where the hub's CPU goes, by load
//
// The hub is the real program on a new data folder, asked for tokens as at home: 1,000 devices announce themselves by
// Thing Descriptions, each sends a JSON document of five members, and each has a rule whose condition reads the document;
// one message in ten makes its rule send a command. Mosquitto (persistence and log off, no queue limit) forwards to one
// `#` subscriber. Every message is accounted for: by the subscriber there, by history and by the commands here.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"hutong/bench/rig"
)

// devices is how many there are, whatever the number of connections they share.
const devices = 1000

type settings struct {
	runs    int
	length  time.Duration
	loads   []string
	profile string
	only    string
	work    string
	program string
}

func main() {
	var s settings
	seconds := flag.Float64("seconds", 4, "how long each run sends")
	loads := flag.String("loads", "fleet,bursty,durable,durable-1,trickled,trickled-1", "which loads, comma between")
	flag.IntVar(&s.runs, "runs", 5, "runs of each load; the medians count")
	flag.StringVar(&s.profile, "profile", "", "folder for a CPU profile of the hub under each load; no figures then")
	flag.StringVar(&s.only, "only", "", "hutong or mosquitto: one side alone")
	flag.Parse()
	s.length, s.loads = time.Duration(*seconds*float64(time.Second)), strings.Split(*loads, ",")
	if err := s.measure(); err != nil {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		os.Exit(1)
	}
}

func (s *settings) measure() (err error) {
	if s.work, err = os.MkdirTemp("", "hutong-fleet-"); err != nil {
		return err
	}
	defer os.RemoveAll(s.work)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	go func() { // the servers are children of the same terminal and end too
		<-stop
		os.RemoveAll(s.work)
		os.Exit(1)
	}()
	var overlay map[string]string // for a profile the hub gets a file more, which never is part of the product
	if s.profile != "" {
		overlay = map[string]string{"cmd/hutong/profiler.go": profiler}
		if err := os.MkdirAll(s.profile, 0o755); err != nil {
			return err
		}
	}
	if s.program, err = rig.Build(context.Background(), s.work, overlay); err != nil {
		return err
	}
	var table []row
	for _, name := range s.loads {
		l, ok := loads[name]
		if !ok {
			return fmt.Errorf("no load is called %q", name)
		}
		var here, there []result
		for run := range s.runs {
			if s.only != "mosquitto" {
				r, err := s.hutong(l, run)
				if err != nil {
					return fmt.Errorf("%s, hutong: %w", name, err)
				}
				fmt.Fprintf(os.Stderr, "%-10s hutong    %s\n", name, r)
				here = append(here, r)
			}
			if s.only != "hutong" && s.profile == "" {
				r, err := s.mosquitto(l)
				if err != nil {
					return fmt.Errorf("%s, mosquitto: %w", name, err)
				}
				fmt.Fprintf(os.Stderr, "%-10s mosquitto %s\n", name, r)
				there = append(there, r)
			}
		}
		if len(here) > 0 && len(there) > 0 {
			table = append(table, row{l, here, there})
		}
	}
	if s.profile != "" {
		return s.summary()
	}
	return write(os.Stdout, table, s)
}

// result is one run.
type result struct {
	messages int
	took     time.Duration
	server   time.Duration // CPU of the measured program
	client   time.Duration // CPU of this one, which sends and subscribes
	fired    float64       // of the commands that were to come out, how many did
	load     string        // of the machine before
}

func (r result) rate() float64 { return float64(r.messages) / r.took.Seconds() }
func (r result) cpu() float64 {
	return float64(r.server) / float64(time.Microsecond) / float64(r.messages)
}

func (r result) all() float64 {
	return float64(r.server+r.client) / float64(time.Microsecond) / float64(r.messages)
}

func (r result) String() string {
	return fmt.Sprintf("%8.0f msg/s, CPU/msg %.2f us (with the senders %.2f), %d messages, commands %.3f; load %s",
		r.rate(), r.cpu(), r.all(), r.messages, r.fired, r.load)
}

func median(list []result, of func(result) float64) float64 {
	var v []float64
	for _, r := range list {
		v = append(v, of(r))
	}
	return rig.Median(v)
}

// row is one load of the table.
type row struct {
	load        *load
	here, there []result
}

func write(out *os.File, table []row, s *settings) error {
	if len(table) == 0 {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %d runs of %s each\n\n", rig.Where(), s.runs, s.length)
	b.WriteString("| load | rate, times mosquitto's | CPU per message, times mosquitto's | with senders and subscriber | bar | commands out | as measured: hutong / mosquitto | of the senders' CPU: hutong / mosquitto |\n|---|---|---|---|---|---|---|---|\n")
	for _, r := range table {
		per := func(of func(result) float64) (x, h, m float64) {
			h, m = median(r.here, of), median(r.there, of)
			return h / m, h, m
		}
		rate, h, m := per(result.rate)
		cpu, hc, mc := per(result.cpu)
		all, ha, ma := per(result.all)
		fmt.Fprintf(&b, "| %s | **%.2f** | **%.2f** | %.2f | %s | %.0f %% | %.0f / %.0f msg/s; %.1f / %.1f us | %.1f / %.1f us |\n",
			r.load.name, rate, cpu, all, r.load.verdict(rate, cpu), 100*median(r.here, func(r result) float64 { return r.fired }), h, m, hc, mc, ha-hc, ma-mc)
	}
	_, err := out.WriteString(b.String())
	return err
}

func (l *load) verdict(rate, cpu float64) string {
	want := fmt.Sprintf(">= %g", l.wantRate)
	if l.wantCPU > 0 {
		want += fmt.Sprintf(" at <= %g", l.wantCPU)
	}
	return want + ": " + rig.Met(rate >= l.wantRate && (l.wantCPU == 0 || cpu <= l.wantCPU))
}
