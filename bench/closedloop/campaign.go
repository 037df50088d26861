package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// campaign is all the runs of one call: those that ended, those under way, and those of the file of results.
type campaign struct {
	s       *settings
	work    string
	program string // what this program is, so that only runs of the same are added up
	names   []string
	keep    *keeper

	enough atomic.Bool // no new rides begin
	cut    atomic.Bool // those under way are cut short too
	plain  atomic.Bool // no runs without our agent are made any more

	mu      sync.Mutex
	sums    map[string]*result
	running map[*trial]*result // as they were last told
	seen    map[string]bool    // runs driven or begun
	round   int
	began   time.Time
}

func newCampaign(ctx context.Context, s *settings, work string) (*campaign, error) {
	c := &campaign{
		s: s, work: work, names: strings.Split(s.scenarios, ","), sums: map[string]*result{}, running: map[*trial]*result{},
		seen: map[string]bool{}, began: time.Now(),
	}
	for _, name := range c.names {
		c.sums[name] = newResult()
	}
	c.plain.Store(!s.skipPlain)
	var err error
	if c.program, err = program(); err != nil {
		return nil, err
	}
	var old []*result
	if c.keep, old, err = openKeeper(ctx, s, c.program); err != nil {
		return nil, err
	}
	for _, r := range old {
		c.seen[key(r.name, r.seed)] = true
		if c.sums[r.name] == nil {
			c.sums[r.name] = newResult()
			c.names = append(c.names, r.name)
		}
		c.sums[r.name].add(r)
	}
	if len(old) > 0 {
		fmt.Printf("%s holds %d runs of this program with these settings, %.1f km\n", s.results, len(old), c.total().referee.Km)
	}
	return c, nil
}

func (c *campaign) close() error { return c.keep.close() }

func key(name string, seed int) string { return fmt.Sprintf("%s-%d", name, seed) }

// next gives a run to drive; false when there is nothing left to do.
func (c *campaign) next() (name string, seed int, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.enough.Load() || c.all().referee.Km >= c.s.km {
		return "", 0, false
	}
	scenarios := strings.Split(c.s.scenarios, ",")
	for ; ; c.round++ {
		name, seed = scenarios[c.round%len(scenarios)], c.s.seed+c.round/len(scenarios)
		if !c.seen[key(name, seed)] {
			c.seen[key(name, seed)] = true
			return name, seed, true
		}
	}
}

// drive runs what there is to run, several at once, and prints what came of it.
func (c *campaign) drive(ctx context.Context, stop func(), signals <-chan os.Signal) error {
	var all sync.WaitGroup
	var mu sync.Mutex
	var failed error
	for range max(c.s.parallel, 1) {
		all.Go(func() {
			for {
				name, seed, ok := c.next()
				if !ok {
					return
				}
				if err := c.one(ctx, name, seed); err != nil {
					mu.Lock()
					failed = errors.Join(failed, fmt.Errorf("%s, seed %d: %w", name, seed, err))
					mu.Unlock()
					return // what ails one run ails the next; the others go on
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	c.wait(done, stop, signals)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, name := range c.names {
		if r := c.sums[name]; r.referee.Km > 0 {
			fmt.Printf("\n== %s, all seeds ==\n%s", name, r)
		}
	}
	fmt.Printf("\n== in all ==\n%s\n%s", c.all(), c.table())
	return failed
}

// wait prints what is known so far now and then until all is done, and hears who wants an end.
func (c *campaign) wait(done <-chan struct{}, stop func(), signals <-chan os.Signal) {
	every := time.NewTicker(max(c.s.every, time.Second))
	defer every.Stop()
	var over <-chan time.Time
	if c.s.lasts > 0 {
		clock := time.NewTimer(c.s.lasts)
		defer clock.Stop()
		over = clock.C
	}
	for {
		select {
		case <-done:
			return
		case <-every.C:
			c.mu.Lock()
			fmt.Printf("\n== so far, after %.0f min, runs under way included ==\n%s", time.Since(c.began).Minutes(), c.table())
			c.mu.Unlock()
		case <-over:
			c.enough.Store(true)
			c.cut.Store(true)
		case <-signals:
			if c.cut.Load() {
				stop()
			}
			c.enough.Store(true)
			c.cut.Store(true)
			c.plain.Store(false)
		}
	}
}

// one runs one scenario with one seed: with our vehicles, then with SUMO's drivers in their place, then with neither.
func (c *campaign) one(ctx context.Context, name string, seed int) error {
	s := c.s
	sc, err := s.scenario(ctx, c.work, name, seed)
	if err != nil {
		return err
	}
	t := &trial{s: s, sc: sc, c: c}
	r, err := t.ours(ctx)
	if err != nil {
		return err
	}
	if c.plain.Load() {
		if err := s.theirs(ctx, sc, r); err != nil {
			r.say("with SUMO's own drivers: %v", err)
		} else {
			r.compared = true
		}
		if seed == s.seed {
			if err := s.empty(ctx, sc, r); err != nil {
				r.say("without our vehicles: %v", err)
			}
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.running, t)
	fmt.Printf("\n== %s, seed %d, %s ==\n%s", name, seed, r.version, r)
	for _, n := range r.notes {
		fmt.Println("  " + n)
	}
	c.sums[name].add(r)
	return c.keep.write(r)
}

// publish takes note of how far a run is.
func (c *campaign) publish(t *trial, r *result) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running[t] = r
	if c.all().referee.Km >= c.s.km {
		c.enough.Store(true)
	}
}

// all adds up what is known, those under way included. The caller holds mu.
func (c *campaign) all() *result {
	sum := newResult()
	for _, name := range c.names {
		sum.add(c.sums[name])
	}
	for _, r := range c.running {
		sum.add(r)
	}
	return sum
}

func (c *campaign) total() *result {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all()
}

// table prints the bars, and the way driven by scenario. The caller holds mu.
func (c *campaign) table() string {
	var b strings.Builder
	b.WriteString(bars(c.all()))
	b.WriteString("km by scenario:")
	for _, name := range c.names {
		sum := newResult()
		sum.add(c.sums[name])
		for t, r := range c.running {
			if t.sc.name == name {
				sum.add(r)
			}
		}
		p := &sum.referee
		fmt.Fprintf(&b, " %s %.1f (%d rides, %d at fault, %d stood for a minute without reason);", name, p.Km, sum.begun(), p.AtFault(), p.Deadlocks)
	}
	b.WriteString("\n")
	return b.String()
}
