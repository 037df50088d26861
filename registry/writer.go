package registry

import (
	"context"
	"database/sql"
	"sync"
	"time"

	"hutong/registry/find"
)

const (
	maxGroup   = 512                    // writes in one transaction
	linger     = 100 * time.Millisecond // how long a blob that nobody waits for may wait for company
	retryAfter = 250 * time.Millisecond // how soon blobs that could not be written are tried again
)

// writer is the one goroutine that writes.
type writer struct {
	db    *sql.DB
	blobs *Blobs
	found *searching
	ops   chan op
	quit  chan struct{}
	once  sync.Once
	done  chan struct{}
	last  error // of the last flush; read after done
}

// op is one write and where its outcome goes.
type op struct {
	do   func(context.Context, *sql.Tx) error
	tell func(*find.Index) // of it, when it is on disk; nil for nothing
	done chan error
}

func startWriter(db *sql.DB, blobs *Blobs, found *searching) *writer {
	w := &writer{db: db, blobs: blobs, found: found, ops: make(chan op), quit: make(chan struct{}), done: make(chan struct{})}
	go w.loop()
	return w
}

// stop writes what is pending and ends the writer.
func (w *writer) stop() error {
	w.once.Do(func() { close(w.quit) })
	<-w.done
	return w.last
}

// run has do carried out in the next transaction and returns when it is on disk, or why it is not. do may be called
// twice: its effects must be all in the transaction. Tell, nil for nothing, then says to those who search what it did, in
// the order of the transactions.
func (w *writer) run(do func(context.Context, *sql.Tx) error, tell func(*find.Index)) error {
	o := op{do, tell, make(chan error, 1)}
	select {
	case w.ops <- o:
		return <-o.done
	case <-w.quit:
		return ErrClosed
	}
}

func (w *writer) loop() {
	defer close(w.done)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case o := <-w.ops:
			w.commit(w.gather(o))
		case <-w.blobs.dirty:
			timer.Reset(linger)
			continue
		case <-w.blobs.hurry:
			if pause := w.blobs.pause(); pause > 0 {
				timer.Reset(pause)
				continue
			}
			w.commit(nil)
		case <-timer.C:
			w.commit(nil)
		case <-w.quit:
			w.commit(nil)
			w.blobs.close()
			return
		}
		if w.blobs.failing() {
			timer.Reset(retryAfter)
		}
	}
}

// gather takes first and whoever else stands in line.
func (w *writer) gather(first op) []op {
	group := []op{first}
	for len(group) < maxGroup {
		select {
		case o := <-w.ops:
			group = append(group, o)
		default:
			return group
		}
	}
	return group
}

// commit writes group and the pending blobs in one transaction. When that fails each is tried alone, so that one bad
// write does not fail its neighbours.
func (w *writer) commit(group []op) {
	batch, upTo := w.blobs.take()
	if len(group) == 0 && len(batch) == 0 {
		w.blobs.settle(nil, upTo, nil)
		return
	}
	w.last = w.transact(func(ctx context.Context, tx *sql.Tx) error {
		for _, o := range group {
			if err := o.do(ctx, tx); err != nil {
				return err
			}
		}
		return batch.write(ctx, tx)
	})
	if w.last == nil || len(group) == 0 {
		w.blobs.settle(batch, upTo, w.last)
		for _, o := range group {
			w.end(o, nil)
		}
		return
	}
	for _, o := range group {
		w.end(o, w.transact(o.do))
	}
	w.last = w.transact(batch.write)
	w.blobs.settle(batch, upTo, w.last)
}

// end says how an op ended.
func (w *writer) end(o op, err error) {
	if err == nil && o.tell != nil {
		w.found.changed(o.tell)
	}
	o.done <- err
}

func (w *writer) transact(do func(context.Context, *sql.Tx) error) error {
	ctx := context.Background()
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(ctx, tx); err != nil {
		_ = tx.Rollback() // the first error tells more
		return err
	}
	return tx.Commit()
}
