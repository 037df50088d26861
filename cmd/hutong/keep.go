package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"hutong/history"
	"hutong/journal"
	"hutong/thing"
	"hutong/twin"
)

// memory is the two stores of values: the journal that acknowledges, and the history that answers.
type memory struct {
	journal *journal.Journal
	history *history.Store
	log     *slog.Logger
	data    string // the folder
}

// gather is how long a value that no device awaits the keeping of may be in memory alone, and how long those who read
// every Change but are in no hurry let them gather: being woken for each would cost more than all the rest.
const gather = 10 * time.Millisecond

// replayBatch is how many Changes are taken from the journal at a time at a start.
const replayBatch = 4096

// openMemory opens both, says what had to be repaired, and brings the history up to the journal.
func openMemory(ctx context.Context, data string, o history.Options, log *slog.Logger) (m *memory, err error) {
	h, err := history.Open(filepath.Join(data, "history"), o)
	if err != nil {
		return nil, err
	}
	for _, name := range h.Stats().SetAside {
		log.Error("a file of the history cannot be read and was set aside", "file", name)
	}
	j, report, err := journal.Open(filepath.Join(data, "journal"), journal.Options{After: h.Durable(), MaxDelay: gather})
	if err != nil {
		return nil, errors.Join(err, h.Close())
	}
	for _, r := range report.Repairs {
		log.Warn("journal repaired", "what", r.String())
	}
	m = &memory{journal: j, history: h, log: log, data: data}
	if err := m.replay(ctx); err != nil {
		return nil, errors.Join(err, m.close())
	}
	return m, nil
}

// replay hands the history what it did not yet have on disk when the hub ended.
func (m *memory) replay(ctx context.Context) error {
	for from := m.history.Durable() + 1; ; {
		batch, err := m.journal.Read(from, replayBatch)
		if err != nil {
			return fmt.Errorf("journal: replay: %w", err)
		}
		if len(batch) == 0 {
			return nil
		}
		if err := m.take(ctx, batch); err != nil {
			return fmt.Errorf("history: replay: %w", err)
		}
		from = batch[len(batch)-1].Seq + 1
	}
}

// restore gives a Thing's points the values they had.
func (m *memory) restore(t *twin.Twin, x *thing.Thing) {
	for _, p := range x.Points {
		if p.Kind != thing.Property {
			continue
		}
		ref := x.Ref(&p)
		if s, ok := m.history.Last(ref); ok {
			t.Restore(ref, s)
		}
	}
}

// tidyEvery is how often the journal lets go of what the history has on disk, and the history of what is too old.
const tidyEvery = 5 * time.Minute

// feed carries every Change to the history until ctx ends.
func (m *memory) feed(ctx context.Context, t *twin.Twin) error {
	changes := t.Every(m.history.Stats().Last + 1)
	changes.Gather(gather)
	defer changes.Close()
	for {
		batch, err := changes.Next(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("history: %w", err)
		}
		if err := m.take(ctx, batch); err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// take tries until the history has the batch: while its disk refuses, the feed lags and the journal keeps what comes.
func (m *memory) take(ctx context.Context, batch []thing.Change) error {
	told := false
	for {
		err := m.history.Append(batch)
		if !errors.Is(err, history.ErrBehind) {
			return err
		}
		if !told {
			m.log.Error("history waits for its disk", "error", errors.Join(err, m.history.Stats().Sealing))
			told = true
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// tidy lets go of what need not be kept, now and then, until ctx ends. A full disk is told and tried again.
func (m *memory) tidy(ctx context.Context) error {
	tick := time.NewTicker(tidyEvery)
	defer tick.Stop()
	began, clock := time.Now(), steady{wall: readClock(m.data, m.history.Newest())}
	for {
		m.retain(&clock, time.Now(), time.Since(began))
		if err := m.journal.Drop(m.history.Durable() + 1); err != nil {
			m.log.Error("journal cannot be shortened", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// retain lets go of old history, unless the clock is not to be trusted.
func (m *memory) retain(clock *steady, now time.Time, up time.Duration) {
	trusted, stepped := clock.trust(thing.At(now), up)
	if stepped != 0 {
		m.log.Error("the clock has jumped; nothing old is removed until it has gone steadily for a while",
			"by", stepped.Round(time.Second), "now", now.UTC().Format(time.RFC3339), "for", doubt)
	}
	if !trusted {
		return
	}
	if err := writeClock(m.data, thing.At(now)); err != nil {
		m.log.Error("the time cannot be remembered", "error", err)
	}
	floor := m.history.Stats().Floor
	if err := m.history.Retain(thing.At(now)); err != nil {
		m.log.Error("old history cannot be removed", "error", err)
	}
	if to := m.history.Stats().Floor; to != floor {
		m.log.Warn("history takes all of its room: what is older has gone; see --history-mb", "than", to.Std().UTC().Format(time.RFC3339))
	}
}

func (m *memory) close() error {
	return errors.Join(m.history.Close(), m.journal.Close())
}

// resolution is how finely history keeps the times of a point: as its description says, else to the millisecond for what
// moves or what is watched over, else to the second. Events are kept exactly: there may be many in a second.
func resolution(x *thing.Thing, p *thing.Point) time.Duration {
	switch {
	case p.Resolution > 0 || p.Kind == thing.Event:
		return p.Resolution
	case x.Place.Within("road") || x.Place.Within("clinic"):
		return time.Millisecond
	}
	return time.Second
}

// described is the twin with the memory beside it: a Thing that is added is described to the history, and gets the values
// back that it had.
type described struct {
	*twin.Twin
	memory *memory
}

// Add implements binding.Things.
func (d described) Add(x *thing.Thing) error {
	for _, p := range x.Points {
		ref := x.Ref(&p)
		p.Resolution = resolution(x, &p)
		d.memory.history.Describe(ref, p)
	}
	_, known := d.Thing(x.ID)
	if err := d.Twin.Add(x); err != nil {
		return err
	}
	if !known {
		d.memory.restore(d.Twin, x)
	}
	return nil
}
