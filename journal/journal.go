// Package journal is the write-ahead log: every thing.Change, in order, on disk before anybody is told it is kept.
//
// Append takes changes into memory and returns at once; one committer goroutine writes whatever has gathered since
// its last fsync and syncs again, so that the price of an fsync is shared by all who wait (group commit). Wait
// returns when a change is on disk, or says that it is not. When the disk lags, Append blocks, which is how the
// pressure reaches the device that sends too fast.
//
// A disk that fails or is full costs exactly the changes that were not on disk yet: their Wait returns an error,
// Append refuses more, and the journal tries again until the disk is well. What a failed fsync left behind is never
// trusted: those changes are written anew into a new file, or given up with an error.
//
// A journal has one appender at a time; everything else may be called from any goroutine. Its files are described
// byte by byte in docs/formats/journal.md.
package journal

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"hutong/thing"
)

// Options say how a journal works. The zero value is good.
type Options struct {
	// FS is the folder; nil is the real one. Tests put a failing one here.
	FS FS
	// MaxDelay is how long a change for which nobody Waits may stay in memory for company, which saves a write and an
	// fsync for each of a slow, steady stream; a Wait ends it. 0 writes at once whenever the disk is free.
	MaxDelay time.Duration
	// SegmentBytes is the length at which a new file is begun; 0 is 32 MiB.
	SegmentBytes int64
	// MaxPending is how many bytes may be in memory before Append blocks, roughly; 0 is 32 MiB.
	MaxPending int
	// After makes the journal go on after this Seq even when it holds none as high: the highest Seq any other store
	// has kept (history.Store.Durable), so that no Seq is given out twice.
	After uint64
	// Retry is the pause between attempts while the disk refuses; 0 is half a second.
	Retry time.Duration
}

// Report says what opening found.
type Report struct {
	Segments int
	Changes  int    // how many are kept
	First    uint64 // lowest Seq kept, 0 when there is none
	Last     uint64 // Seq the journal goes on after
	Repairs  []Repair
}

// Repair is a stretch of a file that could not be read. At a file's end it has been cut off; in the middle it stays,
// is stepped over by every Read, and is reported again next time.
type Repair struct {
	File   string
	Offset int64
	Bytes  int64
	What   string // in plain words
	Cut    bool   // true when the stretch was at the end and is gone now
}

// String says it in one line.
func (r Repair) String() string {
	done := "stepped over"
	if r.Cut {
		done = "cut off"
	}
	return fmt.Sprintf("%s: %d bytes at %d %s: %s", r.File, r.Bytes, r.Offset, done, r.What)
}

// ErrClosed is what Append and Wait return after Close.
var ErrClosed = errors.New("the journal is closed")

// ErrRefused is in every error about changes the disk would not keep.
var ErrRefused = errors.New("the disk does not keep what is written to it; make room or check the disk, the hub goes on by itself")

// Journal is an open journal. Make one with Open.
type Journal struct {
	fs FS
	o  Options

	mu       sync.Mutex
	work     *sync.Cond // the committer waits here
	room     *sync.Cond // Append waits here while too much is pending
	settled  *sync.Cond // Wait waits here
	hurry    chan struct{}
	segments []segment // oldest first; the last one is being written unless broken
	waiting  []thing.Change
	writing  []thing.Change // taken by the committer and not settled yet
	pending  int            // bytes of both, roughly
	taken    int            // bytes of writing alone
	waiters  int            // in Wait, for what is not settled
	last     uint64         // highest Seq accepted, or lost
	done     uint64         // up to here everything is on disk or has failed
	failed   []failure
	broken   error
	closed   bool
	closing  chan struct{}
	stopped  chan struct{}
	stats    Stats

	dropping sync.Mutex // one Drop at a time
	cursors  cursors
	scanners sync.Pool // of *scanner, for their buffers
}

// failure is a run of accepted changes that the disk did not take.
type failure struct {
	first, last uint64
	err         error
}

const maxFailures = 1024

// Stats are counts since Open, for a metrics page.
type Stats struct {
	Segments int
	Bytes    int64  // on disk
	Pending  int    // bytes waiting for the disk, roughly
	Last     uint64 // highest Seq accepted
	Durable  uint64 // everything up to here is on disk or has failed
	Commits  uint64 // fsyncs of changes
	Failures uint64 // changes that were given up
	Skipped  uint64 // bytes that Read had to step over, and changes whose ref was damaged
	Broken   error  // why the disk refuses just now; nil when it does not
}

// Append takes a batch in order: each Seq higher than the one before and than any appended earlier. It copies the
// batch and does not wait for the disk, but blocks while more than Options.MaxPending is waiting for it. pos is the
// Seq of the last change, to Wait for. After an error (ErrRefused, ErrClosed, a change out of order or too long)
// nothing of the batch is kept. An empty batch returns the last position.
func (j *Journal) Append(batch []thing.Change) (pos uint64, err error) {
	size, err := measure(batch)
	if err != nil {
		return 0, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for j.pending > 0 && j.pending+size > j.o.MaxPending && j.broken == nil && !j.closed {
		j.push()
		j.room.Wait()
	}
	switch {
	case j.closed:
		return 0, fmt.Errorf("journal append: %w", ErrClosed)
	case len(batch) == 0:
		return j.last, nil
	case j.broken != nil:
		return 0, fmt.Errorf("journal append: %w", j.broken)
	case batch[0].Seq <= j.last:
		return 0, fmt.Errorf("journal append: change %d comes after %d", batch[0].Seq, j.last)
	}
	j.waiting = append(j.waiting, batch...)
	j.pending += size
	j.last = batch[len(batch)-1].Seq
	j.work.Signal()
	if j.pending >= j.o.MaxPending/4 {
		j.push()
	}
	return j.last, nil
}

// push ends the committer's MaxDelay early.
func (j *Journal) push() {
	select {
	case j.hurry <- struct{}{}:
	default:
	}
}

// measure estimates the memory a batch takes and refuses what the format cannot hold.
func measure(batch []thing.Change) (int, error) {
	const fixed = 192 // a Change and its share of the buffers
	size := len(batch) * fixed
	for i := range batch {
		c := &batch[i]
		n := len(c.Ref.Thing) + len(c.Ref.Name) + len(c.Cause.Trace)
		switch kindOf(c.Value) {
		case isText:
			n += len(c.Value.Text())
		case isJSON:
			n += len(c.Value.Document())
		}
		switch {
		case n > MaxChange:
			return 0, fmt.Errorf("journal append: change %d of %.80s has %d bytes, at most %d are allowed", c.Seq, c.Ref.String(), n, MaxChange)
		case c.Ref.Kind > thing.Event || c.Quality > thing.Good || c.Seq == 0:
			return 0, fmt.Errorf("journal append: change %d of %.80s is not a valid change", c.Seq, c.Ref.String())
		case i > 0 && c.Seq <= batch[i-1].Seq:
			return 0, fmt.Errorf("journal append: change %d comes after %d", c.Seq, batch[i-1].Seq)
		}
		size += n
	}
	return size, nil
}

// Wait blocks until every change up to pos that can be is on disk. It returns nil when the change at pos is, and
// otherwise an error with ErrRefused in it; that change is then gone. Waiting for what was never appended is an error.
func (j *Journal) Wait(pos uint64) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if pos > j.last {
		return fmt.Errorf("journal wait: %d was never appended, the last is %d", pos, j.last)
	}
	if pos > j.done {
		j.waiters++
		j.push()
		for pos > j.done {
			j.settled.Wait()
		}
		j.waiters--
	}
	i, _ := slices.BinarySearchFunc(j.failed, pos, func(f failure, pos uint64) int {
		switch {
		case f.last < pos:
			return -1
		case f.last > pos:
			return 1
		}
		return 0
	})
	if i < len(j.failed) && j.failed[i].first <= pos {
		return fmt.Errorf("journal: change %d is not kept: %w", pos, j.failed[i].err)
	}
	return nil
}

// LastSeq is the highest Seq accepted; the next must be higher. It never goes back, over restarts too, except that
// changes nobody was told were kept may be missing after a crash.
func (j *Journal) LastSeq() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last
}

// Stats returns the counts of this moment.
func (j *Journal) Stats() Stats {
	j.mu.Lock()
	defer j.mu.Unlock()
	s := j.stats
	s.Segments, s.Pending, s.Last, s.Durable, s.Broken = len(j.segments), j.pending, j.last, j.done, j.broken
	for _, seg := range j.segments {
		s.Bytes += seg.size
	}
	return s
}

// Drop deletes the files that hold only changes with a Seq lower than before. It may keep more than asked, never less.
func (j *Journal) Drop(before uint64) error {
	j.dropping.Lock()
	defer j.dropping.Unlock()
	j.mu.Lock()
	n := 0
	for n+1 < len(j.segments) && j.segments[n+1].base <= before {
		n++
	}
	gone := slices.Clone(j.segments[:n])
	j.mu.Unlock()
	for i, s := range gone {
		if err := j.fs.Remove(s.name()); err != nil {
			return errors.Join(fmt.Errorf("journal drop: %w", err), j.forget(i))
		}
	}
	return j.forget(n)
}

// forget takes the n oldest segments, whose files are gone, off the list.
func (j *Journal) forget(n int) error {
	if n == 0 {
		return nil
	}
	j.mu.Lock()
	j.segments = slices.Clone(j.segments[n:])
	j.mu.Unlock()
	if err := j.fs.Sync(); err != nil {
		return fmt.Errorf("journal drop: %w", err)
	}
	return nil
}

// Close writes what is pending and ends. The error says what could not be kept. A second Close does nothing.
func (j *Journal) Close() error {
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		<-j.stopped
		return nil
	}
	j.closed = true
	close(j.closing)
	last := j.last
	j.work.Signal()
	j.room.Broadcast()
	j.mu.Unlock()
	<-j.stopped
	if err := j.Wait(last); err != nil {
		return fmt.Errorf("journal close: %w", err)
	}
	return nil
}
