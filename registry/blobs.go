package registry

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// Blobs keeps bytes by key for the MQTT server: retained messages and sessions. Put and Delete return at once; only
// the newest value of a key is ever written. It satisfies mqtt.Store.
type Blobs struct {
	registry *Registry
	dirty    chan struct{} // there is something to write; holds one
	hurry    chan struct{} // somebody waits for it; holds one

	mu      sync.Mutex
	settled *sync.Cond
	pending batch
	bytes   int // in pending and in what is being written
	limit   int // of bytes
	pos     uint64
	durable uint64
	refused uint64 // positions up to here and above durable could not be written
	err     error  // why; nil after a write that succeeded
	tried   time.Time
	lost    span // positions given up for good, and perhaps some between them
	dropped uint64
	closed  bool
}

// batch is what is to be written: the value of each key, nil to delete it.
type batch map[string]*blob

type blob struct{ value []byte }

type span struct{ from, to uint64 }

// maxPending is how many bytes may wait to be written; more make Put block, or refuse while the disk does.
const maxPending = 64 << 20

// blobCost is what a key costs beside its bytes.
const blobCost = 64

func newBlobs(r *Registry) *Blobs {
	b := &Blobs{registry: r, dirty: make(chan struct{}, 1), hurry: make(chan struct{}, 1), pending: make(batch), limit: maxPending}
	b.settled = sync.NewCond(&b.mu)
	return b
}

// Blobs is the store for the MQTT server; always the same.
func (r *Registry) Blobs() *Blobs { return r.blobs }

// Put keeps value, which it copies, under key and returns the position to Wait for. It blocks while 64 MiB wait to be
// written. While the disk refuses, what is over that is dropped, and Wait says so for good.
func (b *Blobs) Put(key string, value []byte) (pos uint64) {
	return b.change(key, &blob{append([]byte{}, value...)})
}

// Delete forgets key and returns the position to Wait for.
func (b *Blobs) Delete(key string) (pos uint64) { return b.change(key, nil) }

func (b *Blobs) change(key string, v *blob) uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.bytes > b.limit && b.err == nil && !b.closed {
		poke(b.hurry)
		b.settled.Wait()
	}
	b.pos++
	if b.closed || b.bytes > b.limit {
		if b.dropped++; b.lost.from == 0 {
			b.lost.from = b.pos
		}
		b.lost.to = b.pos
		return b.pos
	}
	if old, ok := b.pending[key]; ok {
		b.bytes -= cost(key, old)
	}
	b.bytes += cost(key, v)
	if b.pending[key] = v; len(b.pending) == 1 {
		poke(b.dirty)
	}
	return b.pos
}

func cost(key string, v *blob) int {
	n := len(key) + blobCost
	if v != nil {
		n += len(v.value)
	}
	return n
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Wait blocks until everything up to pos is on disk, or says why it cannot be. What could not be written is tried
// again by itself; a later Wait then succeeds.
func (b *Blobs) Wait(pos uint64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if pos >= b.lost.from && pos <= b.lost.to && pos > 0 {
		return fmt.Errorf("registry %s: a blob could not be kept: too much was waiting for the disk", b.registry.path)
	}
	return b.wait(pos)
}

// wait is Wait for what was not given up. The caller holds mu.
func (b *Blobs) wait(pos uint64) error {
	for pos > b.durable {
		switch {
		case pos <= b.refused && b.err != nil:
			return fmt.Errorf("registry %s: blobs cannot be kept: %w", b.registry.path, b.err)
		case b.closed:
			return ErrClosed
		}
		poke(b.hurry)
		b.settled.Wait()
	}
	return nil
}

// All calls f with every key and value, in any order, until it returns false. What Put and Delete have been told
// before is in it. value is only valid during the call.
func (b *Blobs) All(f func(key string, value []byte) bool) error {
	b.mu.Lock()
	err := b.wait(b.pos)
	b.mu.Unlock()
	if err != nil {
		return err
	}
	rows, err := b.registry.read.Query("SELECT key, value FROM blobs")
	if err != nil {
		return fmt.Errorf("registry %s: read blobs: %w", b.registry.path, err)
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		var value sql.RawBytes
		if err := rows.Scan(&key, &value); err != nil {
			return fmt.Errorf("registry %s: read blobs: %w", b.registry.path, err)
		}
		if !f(key, value) {
			return nil
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("registry %s: read blobs: %w", b.registry.path, err)
	}
	return nil
}

// Dropped is how many changes were given up because the disk refused and too much was waiting already.
func (b *Blobs) Dropped() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.dropped
}

// take gives the writer what is pending, and the position that is durable when it is written.
func (b *Blobs) take() (batch, uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	taken := b.pending
	b.pending = make(batch)
	return taken, b.pos
}

// settle notes how writing went. What could not be written is pending again, unless a newer value is.
func (b *Blobs) settle(taken batch, upTo uint64, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err, b.tried = err, time.Now()
	if err == nil {
		b.durable = max(b.durable, upTo)
	} else {
		b.refused = max(b.refused, upTo)
	}
	for key, v := range taken {
		if _, newer := b.pending[key]; err == nil || newer {
			b.bytes -= cost(key, v)
			continue
		}
		b.pending[key] = v
	}
	b.settled.Broadcast()
}

// pause is how long the writer should leave a disk alone that has just refused.
func (b *Blobs) pause() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		return 0
	}
	return time.Until(b.tried.Add(retryAfter))
}

func (b *Blobs) failing() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err != nil
}

func (b *Blobs) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.settled.Broadcast()
}

func (list batch) write(ctx context.Context, tx *sql.Tx) error {
	if len(list) == 0 {
		return nil
	}
	put, err := tx.PrepareContext(ctx, "INSERT INTO blobs (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
	if err != nil {
		return err
	}
	defer put.Close()
	forget, err := tx.PrepareContext(ctx, "DELETE FROM blobs WHERE key = ?")
	if err != nil {
		return err
	}
	defer forget.Close()
	for _, key := range slices.Sorted(maps.Keys(list)) { // in order neighbours share a page, and each page is read once
		v := list[key]
		if v == nil {
			_, err = forget.ExecContext(ctx, key)
		} else {
			_, err = put.ExecContext(ctx, key, v.value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
