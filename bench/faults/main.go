// Command faults breaks a hub under load, again and again, and looks whether what it acknowledged is there.
//
//	go run ./bench/faults                     everything: 500 kills and the rest, some minutes
//	go run ./bench/faults --quick             a few rounds of each
//	go run ./bench/faults --only power,torn   some of them; --rounds and --seed as wanted
//
// The hub is the real program, built so that a disk which fails on demand stands under its journal and its history
// (package disk, by a build overlay: the product has no such thing) and so that its clock can be set. Eight devices write
// numbers at QoS 1, never one twice, and remember which were acknowledged. After each fault the hub is started again and
// asked: every acknowledged number must be there exactly once, and those of one device in their order. A number that was
// not acknowledged may be there or not. The seed decides what is done and when; the moment at which a process really
// dies is the machine's.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"hutong/bench/rig"
)

type settings struct {
	quick  bool
	rounds int
	seed   uint64
	only   string
	keep   bool
}

func main() {
	var s settings
	flag.BoolVar(&s.quick, "quick", false, "few rounds")
	flag.IntVar(&s.rounds, "rounds", 0, "rounds of each fault; 0 is what the table says")
	flag.Uint64Var(&s.seed, "seed", 0, "what happens when; 0 takes one and says which")
	flag.StringVar(&s.only, "only", "", "these faults only, comma between")
	flag.BoolVar(&s.keep, "keep", false, "leave the data folders of faults that were not survived")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := s.run(ctx, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(1)
	}
}

// errLost ends the program after its table, when something was lost.
var errLost = errors.New("not everything acknowledged is there exactly once and in order")

func (s *settings) run(ctx context.Context, out *os.File) error {
	if s.seed == 0 {
		s.seed = rand.Uint64()
	}
	list, err := s.faults()
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "hutong-faults-")
	if err != nil {
		return err
	}
	defer func() {
		if !s.keep {
			os.RemoveAll(work)
		}
	}()
	root, err := rig.Root()
	if err != nil {
		return err
	}
	overlaid, err := overlay(root, slices.ContainsFunc(list, func(f fault) bool { return f.clock }))
	if err != nil {
		return err
	}
	program, err := rig.Build(ctx, work, overlaid)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s; seed %d\n\n", rig.Where(), s.seed)
	fmt.Fprintln(out, "| fault | rounds | acknowledged | lost | twice | out of order | refused | repairs told | more |\n|---|---|---|---|---|---|---|---|---|")
	bad, total, lost := false, 0, 0
	for i, f := range list {
		r, err := f.try(ctx, s, program, filepath.Join(work, f.name), s.seed+uint64(i))
		total, lost = total+r.acked, lost+r.lost
		fmt.Fprintf(out, "| %s | %d | %d | **%d** | %d | %d | %d | %d | %s |\n",
			f.what, r.rounds, r.acked, r.lost, r.twice, r.disorder, r.refused, r.said, r.more())
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		bad = bad || !r.ok()
	}
	fmt.Fprintf(out, "\n%d values acknowledged, %d losses\n", total, lost)
	if bad {
		return errLost
	}
	return nil
}

func (r result) more() string {
	var list []string
	for what, n := range r.notes {
		list = append(list, fmt.Sprintf("%s: %d", what, n))
	}
	slices.Sort(list)
	return strings.Join(list, "; ")
}

// faults is what is to be tried.
func (s *settings) faults() (list []fault, err error) {
	for _, name := range strings.Split(s.only, ",") {
		if name != "" && !slices.ContainsFunc(all, func(f fault) bool { return f.name == name }) {
			return nil, fmt.Errorf("no fault is called %q", name)
		}
	}
	for _, f := range all {
		if s.only == "" || slices.Contains(strings.Split(s.only, ","), f.name) {
			list = append(list, f)
		}
	}
	return list, nil
}

// try does the rounds of one fault on a folder of its own, and looks after each.
func (f fault) try(ctx context.Context, s *settings, program, folder string, seed uint64) (r result, err error) {
	w, err := newWorld(program, folder, seed)
	if err != nil {
		return r, err
	}
	defer func() {
		if w.hub != nil {
			w.hub.Kill()
		}
		r = w.result
	}()
	w.apart, w.crowd = f.clock, 10_000
	rounds := f.full
	if s.quick {
		rounds, w.crowd = f.quick, 500
	}
	if s.rounds > 0 {
		rounds = s.rounds
	}
	for range rounds {
		if err := ctx.Err(); err != nil {
			return r, err
		}
		if err := w.start(); err != nil {
			return r, err
		}
		if err := w.check(); err != nil {
			return r, err
		}
		if err := f.round(w); err != nil {
			return r, fmt.Errorf("round %d: %w", w.result.rounds, err)
		}
		if !w.result.ok() {
			return r, fmt.Errorf("round %d: %w", w.result.rounds, errLost)
		}
	}
	if err := w.start(); err != nil {
		return r, err
	}
	if err := w.check(); err != nil {
		return r, err
	}
	if n := w.result.acked; n < rounds {
		return r, fmt.Errorf("only %d values were acknowledged in %d rounds", n, rounds)
	}
	return r, w.hub.End()
}
