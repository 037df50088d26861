package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"hutong/drive"
	"hutong/drive/referee"
	"hutong/drive/sumo"
	"hutong/drive/world"
)

// timed is a SUMO whose steps are timed.
type timed struct {
	*sumo.World
	took time.Duration
}

// Step lets SUMO go on.
func (w *timed) Step(ctx context.Context, dt float64) error {
	begun := time.Now()
	err := w.World.Step(ctx, dt)
	w.took = time.Since(begun)
	return err
}

// beats are how long cycles took, and what of them SUMO did.
type beats struct {
	whole, sumo []time.Duration
	late        int // cycles not done within theirs
	behind      time.Duration
}

// live drives some of ours among many of SUMO's in real time: every 0.1 s a cycle begins, or as soon as the one before is
// over; agents think while SUMO computes. Agents whose decision comes later than a cycle after it was asked for have it thrown away, as in a vehicle.
func (c *campaign) live(ctx context.Context, signals <-chan os.Signal) error {
	s := c.s
	sc, err := s.scenario(ctx, c.work, c.names[0], s.seed)
	if err != nil {
		return err
	}
	o := sc.o
	w, err := sumo.Start(ctx, o)
	if err != nil {
		return err
	}
	defer w.Close()
	clocked := &timed{World: w}
	t := &trial{
		s: s, sc: sc, c: c, w: w, ref: referee.New(w.Map()), driving: map[uint32]*ride{},
		r: newResult(),
	}
	cycle := time.Duration(drive.Cycle * float64(time.Second))
	t.loop = world.New(clocked, world.Options{
		Referee: t.ref, Workers: s.workers, Deadline: cycle, Ahead: true, After: []func(*world.Moment){t.after},
	})
	defer t.loop.Close()
	for n := 0; n < s.among || len(t.driving) < s.live; n = len(t.loop.Truth().Actors) - len(t.driving) {
		now := t.loop.Truth().Time
		if c.heard(signals) || now > 7200 {
			return fmt.Errorf("after %.0f s there are %d vehicles and %d of ours, no more", now, n, len(t.driving))
		}
		if err := t.among(ctx, n >= s.among); err != nil {
			return err
		}
		if int(now*10)%600 == 0 {
			fmt.Fprintf(os.Stderr, "%.0f s: %d vehicles, %d of ours\n", now, n, len(t.driving))
		}
	}
	b, err := t.pace(ctx, clocked, cycle, func() bool { return c.heard(signals) })
	if err != nil {
		return err
	}
	fmt.Printf("%s, %s: %d of ours among %d of SUMO's at the end, %.0f s in real time\n%s", sc.name, w.Runs(), len(t.driving),
		len(t.loop.Truth().Actors)-len(t.driving), float64(len(b.whole))*drive.Cycle, b)
	took := t.r.took
	fmt.Printf("an agent's step: p50 %.2f ms, p99 %.2f ms, max %.2f ms; %d decisions thrown away for coming later than a cycle\n",
		took.at(0.5), took.at(0.99), took.at(1), t.r.counts.Late)
	return nil
}

// heard tells whether someone wants an end.
func (c *campaign) heard(signals <-chan os.Signal) bool {
	select {
	case <-signals:
		c.cut.Store(true)
	default:
	}
	return c.cut.Load()
}

// among lets a cycle pass with ours on their rides, or without any.
func (t *trial) among(ctx context.Context, ours bool) error {
	if ours && len(t.driving)+len(t.waiting) < t.s.live {
		if err := t.begin(t.loop.Truth().Time); err != nil {
			return err
		}
	}
	if err := t.loop.Cycle(ctx); err != nil {
		return err
	}
	if err := t.enter(); err != nil {
		return err
	}
	t.end()
	return nil
}

// pace lets cycles pass by the clock on the wall.
func (t *trial) pace(ctx context.Context, w *timed, cycle time.Duration, cut func() bool) (*beats, error) {
	b := &beats{}
	t.r.took, t.r.counts.Late = times{}, 0
	next := time.Now()
	for range int(t.s.liveFor / cycle) {
		if cut() {
			break
		}
		begun := time.Now()
		if late := begun.Sub(next); late > 0 {
			b.behind = max(b.behind, late)
		}
		if err := t.among(ctx, true); err != nil {
			return nil, err
		}
		took := time.Since(begun)
		b.whole, b.sumo = append(b.whole, took), append(b.sumo, w.took)
		if took > cycle {
			b.late++
		}
		next = next.Add(cycle)
		if wait := time.Until(next); wait > 0 {
			time.Sleep(wait)
		}
	}
	return b, nil
}

// String gives the times as text.
func (b *beats) String() string {
	row := func(name string, all []time.Duration) string {
		all = slices.Clone(all)
		slices.Sort(all)
		at := func(share float64) float64 { return all[int(share*float64(len(all)-1))].Seconds() * 1000 }
		return fmt.Sprintf("%-34s p50 %6.1f  p99 %6.1f  max %6.1f ms\n", name, at(0.5), at(0.99), at(1))
	}
	if len(b.whole) == 0 {
		return "no cycle was driven\n"
	}
	word := "met"
	if b.late > 0 {
		word = "missed"
	}
	return row("a cycle of all, by the clock", b.whole) + row("  of it SUMO, and talking with it", b.sumo) +
		fmt.Sprintf("%.3f %% of %d cycles done within 0.1 s (%d missed it; at most %.0f ms behind the clock): real time %s\n",
			100*(1-float64(b.late)/float64(len(b.whole))), len(b.whole), b.late, b.behind.Seconds()*1000, word)
}
