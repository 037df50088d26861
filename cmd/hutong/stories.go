package main

import (
	"context"
	"iter"
	"sync"

	"hutong/api"
	"hutong/gate"
	"hutong/thing"
	"hutong/twin"
)

// ledger remembers what came of causes: the newest Commands and the newest Changes that a Command or a rule caused. It
// answers "why did this light go on?" for as long as it remembers; the journal has the cause of every Change for longer.
type ledger struct {
	mu       sync.Mutex
	commands ring[thing.Outcome]
	changes  ring[thing.Change]
}

const keepCaused = 10_000

// newLedger is an empty ledger.
func newLedger() *ledger {
	return &ledger{commands: ring[thing.Outcome]{limit: keepCaused}, changes: ring[thing.Change]{limit: keepCaused}}
}

// ring is the newest limit items.
type ring[T any] struct {
	limit int
	list  []T
	next  int
}

func (r *ring[T]) add(x T) {
	if len(r.list) < r.limit {
		r.list = append(r.list, x)
		return
	}
	r.list[r.next] = x
	r.next = (r.next + 1) % r.limit
}

// all is every item, oldest first.
func (r *ring[T]) all() iter.Seq[T] {
	return func(yield func(T) bool) {
		for i := range r.list {
			if !yield(r.list[(r.next+i)%len(r.list)]) {
				return
			}
		}
	}
}

// run takes what the twin's feed brings until ctx ends.
func (l *ledger) run(ctx context.Context, changes *twin.Every) error {
	changes.Gather(gather)
	defer changes.Close()
	for {
		batch, err := changes.Next(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		l.mu.Lock()
		for _, c := range batch {
			if c.Cause.Trace != "" && !c.Repeat {
				l.changes.add(c)
			}
		}
		l.mu.Unlock()
	}
}

// witness is the twin as the gate hands it Commands: what becomes of each is written down.
type witness struct {
	*twin.Twin
	ledger *ledger
	tell   func(thing.Outcome) // of each
}

func (w witness) Do(ctx context.Context, cmd thing.Command) thing.Outcome {
	out := w.Twin.Do(ctx, cmd)
	w.ledger.mu.Lock()
	w.ledger.commands.add(out)
	w.ledger.mu.Unlock()
	w.tell(out)
	return out
}

// Now implements gate.Prompt.
func (w witness) Now(cmds []thing.Command, outs []thing.Outcome) {
	w.Twin.Now(cmds, outs)
	w.ledger.mu.Lock()
	for i := range outs {
		w.ledger.commands.add(outs[i])
	}
	w.ledger.mu.Unlock()
	for i := range outs {
		w.tell(outs[i])
	}
}

var _ gate.Prompt = witness{}

// story fills in the Commands and Changes of one cause.
func (l *ledger) story(id string, t *api.Trace) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for o := range l.commands.all() {
		if o.Command.Cause.Trace == id {
			t.Commands = append(t.Commands, o)
		}
	}
	for c := range l.changes.all() {
		if c.Cause.Trace == id {
			t.Changes = append(t.Changes, c)
		}
	}
}
