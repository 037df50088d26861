package twin

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// ErrClosed is what Next returns once a feed or the Twin has been closed.
var ErrClosed = errors.New("twin: feed is closed")

// feeds is a set of readers that writers can go through without a lock.
type feeds[F comparable] struct {
	mu  sync.Mutex
	all atomic.Pointer[[]F]
}

func (f *feeds[F]) list() []F {
	if p := f.all.Load(); p != nil {
		return *p
	}
	return nil
}

func (f *feeds[F]) add(x F) {
	f.mu.Lock()
	defer f.mu.Unlock()
	next := append(append([]F(nil), f.list()...), x)
	f.all.Store(&next)
}

func (f *feeds[F]) remove(x F) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var next []F
	for _, y := range f.list() {
		if y != x {
			next = append(next, y)
		}
	}
	f.all.Store(&next)
}

// bell wakes the one reader of a feed. A writer that rings while the reader is busy costs it one look for nothing.
type bell struct {
	waiting atomic.Bool
	ring    chan struct{} // holds one
	closed  chan struct{}
	once    sync.Once
}

func newBell() bell {
	return bell{ring: make(chan struct{}, 1), closed: make(chan struct{})}
}

// rouse wakes the reader if it waits.
func (b *bell) rouse() {
	if b.waiting.Load() && b.waiting.CompareAndSwap(true, false) {
		select {
		case b.ring <- struct{}{}:
		default:
		}
	}
}

// expect says that the reader is about to wait: it looks once more for news after this, since from now on writers
// rouse it.
func (b *bell) expect() { b.waiting.Store(true) }

// wait blocks until roused, closed, or ctx ends.
func (b *bell) wait(ctx context.Context) error {
	select {
	case <-b.ring:
		return nil
	case <-b.closed:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// check is the error that a Next with ctx begins with, nil for none.
func (b *bell) check(ctx context.Context) error {
	select {
	case <-b.closed:
		return ErrClosed
	default:
		return ctx.Err()
	}
}

func (b *bell) close() { b.once.Do(func() { close(b.closed) }) }
