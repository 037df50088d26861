// Package keeper brings records to the disk behind whoever changes them, so that nobody who steers waits for it; who
// acknowledges does.
package keeper

import (
	"errors"
	"log/slog"
	"sync"
	"time"
)

// Keep holds records by their key. Put and Delete return when they're on disk.
type Keep interface {
	Put(key string, record []byte) error
	Delete(key string) error
	All() (map[string][]byte, error)
}

// Keeper brings records to the disk, the newest of each. Its methods may be called from any goroutine.
type Keeper struct {
	to   Keep
	log  *slog.Logger
	wake chan struct{}
	done chan struct{}

	mu      sync.Mutex
	settled *sync.Cond
	texts   map[string][]byte // to write; nil: to delete
	pos     uint64            // of the newest change
	durable uint64            // all up to here are on disk
	tried   uint64            // all up to here were tried
	wrong   error             // why the last try failed
	failed  uint64
	closed  bool
}

// New makes a Keeper; Run it.
func New(to Keep, log *slog.Logger) *Keeper {
	k := &Keeper{to: to, log: log, wake: make(chan struct{}, 1), done: make(chan struct{}), texts: make(map[string][]byte)}
	k.settled = sync.NewCond(&k.mu)
	return k
}

// Put has a record kept, and never waits; nil has it forgotten.
func (k *Keeper) Put(id string, text []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.pos++
	k.texts[id] = text
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// Wait blocks until all that was put before is on disk, or says why it can't be.
func (k *Keeper) Wait() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for want := k.pos; k.durable < want; k.settled.Wait() {
		switch {
		case k.wrong != nil && k.tried >= want:
			return k.wrong
		case k.closed:
			return errors.New("the hub is stopping")
		}
	}
	return nil
}

// Failures is how often the disk refused.
func (k *Keeper) Failures() uint64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.failed
}

// retry is how long a disk that refused is left alone.
const retry = time.Second

// Run writes until Close.
func (k *Keeper) Run() {
	defer close(k.done)
	for range k.wake {
		for !k.flush() {
			k.mu.Lock()
			closed := k.closed
			k.mu.Unlock()
			if closed {
				return
			}
			<-time.After(retry)
		}
		k.mu.Lock()
		closed := k.closed && len(k.texts) == 0
		k.mu.Unlock()
		if closed {
			return
		}
	}
}

// flush writes what there is to write. What couldn't be written stays, unless a newer text has come.
func (k *Keeper) flush() bool {
	k.mu.Lock()
	texts, pos := k.texts, k.pos
	k.texts = make(map[string][]byte)
	k.mu.Unlock()
	var wrong error
	for id, text := range texts {
		var err error
		if text == nil {
			err = k.to.Delete(id)
		} else {
			err = k.to.Put(id, text)
		}
		if err != nil {
			wrong = err
			continue
		}
		delete(texts, id)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for id, text := range texts {
		if _, newer := k.texts[id]; !newer {
			k.texts[id] = text
		}
	}
	k.tried = pos
	if wrong != nil {
		if k.wrong == nil {
			k.log.Error("road: records cannot be kept", "error", wrong)
		}
		k.failed++
	} else {
		k.durable = pos
	}
	k.wrong = wrong
	k.settled.Broadcast()
	return wrong == nil
}

// Close writes what is left, as far as the disk takes it.
func (k *Keeper) Close() {
	k.mu.Lock()
	k.closed = true
	k.mu.Unlock()
	select {
	case k.wake <- struct{}{}:
	default:
	}
	<-k.done
	k.mu.Lock()
	defer k.mu.Unlock()
	k.settled.Broadcast()
}
