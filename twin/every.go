package twin

import (
	"context"
	"fmt"
	"time"

	"hutong/thing"
)

// Every reads all Changes in order, for those who may lag but must not miss: history, rules, audit. It is used by one
// goroutine at a time.
type Every struct {
	bell
	twin    *Twin
	next    uint64
	buf     []thing.Change
	skipped uint64
	gather  time.Duration
}

// everyBatch is the most Changes one Next returns.
const everyBatch = 1024

// Every begins at the Change with Seq from, or at the first one after now when from is 0 or still to come. Close it.
func (t *Twin) Every(from uint64) *Every {
	e := &Every{bell: newBell(), twin: t, next: from, buf: make([]thing.Change, everyBatch)}
	t.every.add(e)
	if end := t.ring.end(); from == 0 || from > end {
		e.next = end + 1
	}
	return e
}

// Gather makes a Next that has to wait go on for d after the first Change, so that a reader in no hurry is woken once for
// many. It is for the goroutine that calls Next.
func (e *Every) Gather(d time.Duration) { e.gather = d }

// Next returns the Changes that follow those it returned last, at least one, waiting for it. The slice is good until
// the next call. A reader that has fallen behind the ring is served by the Log; Point is 0 in a Change read there
// whose Thing is gone. An error from the Log loses nothing: Next may be called again.
func (e *Every) Next(ctx context.Context) ([]thing.Change, error) {
	for {
		if err := e.check(ctx); err != nil {
			return nil, err
		}
		n, err := e.read()
		if err != nil {
			return nil, err
		}
		if n == 0 {
			e.expect()
			if n, err = e.read(); err != nil {
				return nil, err
			}
		}
		if n > 0 {
			e.next = e.buf[n-1].Seq + 1
			return e.buf[:n], nil
		}
		if err := e.wait(ctx); err != nil {
			return nil, err
		}
		if err := e.linger(ctx); err != nil {
			return nil, err
		}
	}
}

// linger lets Changes gather.
func (e *Every) linger(ctx context.Context) error {
	if e.gather <= 0 {
		return nil
	}
	t := time.NewTimer(e.gather)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-e.closed:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// read fills buf with what there is.
func (e *Every) read() (int, error) {
	for {
		n, edge, lag := e.twin.ring.read(e.next, e.buf)
		if !lag {
			return n, nil
		}
		if n, err := e.readLog(edge); n > 0 || err != nil {
			return n, err
		}
	}
}

// readLog fills buf with Changes before edge. When the Log has none of them left, next becomes edge.
func (e *Every) readLog(edge uint64) (int, error) {
	list, err := e.twin.log.Read(e.next, everyBatch)
	if err == nil && len(list) == 0 { // perhaps not written out yet
		if err = e.twin.log.Wait(edge - 1); err == nil {
			list, err = e.twin.log.Read(e.next, everyBatch)
		}
	}
	if err != nil {
		return 0, fmt.Errorf("twin: read changes from %d: %w", e.next, err)
	}
	n := 0
	for n < len(list) && n < len(e.buf) && list[n].Seq < edge {
		n++
	}
	if n == 0 {
		e.skipped += edge - e.next
		e.next = edge
		return 0, nil
	}
	copy(e.buf, list[:n])
	want := e.next
	for i := range e.buf[:n] {
		c := &e.buf[i]
		e.skipped += c.Seq - want
		want = c.Seq + 1
		c.Point, _ = e.twin.Handle(c.Ref)
	}
	return n, nil
}

// Skipped is how many Changes were in neither ring nor Log when their turn came: the Log had refused them, or had
// dropped them as old. It is for the goroutine that calls Next.
func (e *Every) Skipped() uint64 { return e.skipped }

// Seq is the Seq of the last Change Next returned. It is for the goroutine that calls Next.
func (e *Every) Seq() uint64 { return e.next - 1 }

// Close ends the feed; a Next that waits returns ErrClosed.
func (e *Every) Close() {
	e.close()
	e.twin.every.remove(e)
}
