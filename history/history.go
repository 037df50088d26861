// Package history keeps what was: every reported value of every point, with its quality and its time, typed and
// exact, for as long as the point says.
//
// Append takes changes in order of Seq into memory, where they can be queried at once. Every so often, or when asked,
// what is in memory is sealed into a file that never changes, and Durable moves on: the journal may then let go of
// everything up to there. After a crash the caller feeds the journal again from Durable()+1.
//
// The time of a sample is the device's where it gives one that can be true (not more than ten minutes after the report
// was received), else when the report was received, rounded down to the point's declared resolution. Samples may come
// late: they are found where their time is. Two samples of one time are kept both, in order of Seq.
//
// One goroutine appends; everything else may be called from any goroutine, and no reader holds up the appender for
// longer than it takes to copy a few numbers. The files are described byte by byte in docs/formats/history.md.
package history

import (
	"cmp"
	"errors"
	"fmt"
	"hash/maphash"
	"sync"
	"time"

	"hutong/history/gather"
	"hutong/thing"
)

// Sample is one value at one time. For a query with a step it is the value of a bucket and Time is its beginning.
type Sample = gather.Sample

// Options say how a store works. The zero value is good.
type Options struct {
	// FS is the folder; nil is the real one. Tests put a failing one here.
	FS FS
	// Retention is how long samples are kept of points that do not say; 0 is for ever.
	Retention time.Duration
	// MaxBytes is how much the files may take; 0 is as much as there is. Retain sees to it, so that they may take more in
	// between.
	MaxBytes int64
	// SealEvery is the longest that samples stay in memory alone; 0 is an hour.
	SealEvery time.Duration
	// SealSamples is how many samples are in memory before they are sealed earlier than that; 0 is a million. Append
	// refuses more when there are four times as many, because the disk does not take them.
	SealSamples int
	// MaxResult is the most samples one Query may return or gather; 0 is a million.
	MaxResult int
}

// ErrBehind is returned by Append when sealing fails or lags and memory is full. Feed the batch again later.
var ErrBehind = errors.New("history cannot keep more in memory until its disk takes what is there")

// ErrClosed is returned after Close.
var ErrClosed = errors.New("the history is closed")

// ErrDamaged is in the error of a Query when part of what was asked for cannot be read; the rest is returned.
var ErrDamaged = errors.New("part of the history is damaged")

var errNewer = errors.New("it was written in a later format: use the hutong that wrote it or a newer one")

// Store is an open history. Make one with Open.
type Store struct {
	fs    FS
	o     Options
	codec *codec

	mu       sync.RWMutex // guards all below and every series
	seed     maphash.Seed
	byHash   map[uint32]*series // by the lower half of their refs' hash; those of one are a chain
	quick    []*series          // by handle, to spare hashing two strings per change
	list     []*series          // by number
	segments []*segment         // by Seq
	last     uint64             // highest Seq taken
	durable  uint64             // highest Seq sealed
	open     int                // samples in memory and not being sealed
	frozen   *frozen            // what is being sealed
	closed   bool
	floor    thing.Time // samples before this have gone because there was no room
	stats    Stats

	work    sync.Mutex // one seal, merge or retain at a time
	seal    chan struct{}
	closing chan struct{}
	stopped chan struct{}
}

// Stats are counts for a metrics page.
type Stats struct {
	Series   int
	Segments int
	Open     int   // samples in memory alone
	Sealed   int   // samples in files
	Bytes    int64 // of files
	Last     uint64
	Durable  uint64
	Floor    thing.Time // samples before this have gone because there was no room; 0 when there was
	Ignored  uint64     // changes that had been taken before, or that are none (more than 8 MiB of text, for one)
	Damaged  uint64     // chunks that could not be read
	SetAside []string   // files that could not be read when the store was opened, renamed to NAME.damaged
	Sealing  error      // why the last attempt to seal failed; nil when it did not
}

// Append takes a batch in order of Seq. Changes with a Seq not above the highest taken are ignored, so that feeding
// again from Durable()+1 is always right. On ErrBehind and ErrClosed nothing of the batch has been taken.
func (s *Store) Append(batch []thing.Change) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return fmt.Errorf("history append: %w", ErrClosed)
	}
	if s.open+s.frozen.len() > 4*s.o.SealSamples {
		return fmt.Errorf("history append: %w", ErrBehind)
	}
	for i := range batch {
		c := &batch[i]
		if c.Seq <= s.last || c.Quality > thing.Good || c.Ref.Kind > thing.Event || textLen(c.Value) > maxText {
			s.stats.Ignored++
			continue
		}
		s.last = c.Seq
		s.of(c.Ref, c.Point).take(c, s.codec)
		s.open++
	}
	if s.open >= s.o.SealSamples {
		select {
		case s.seal <- struct{}{}:
		default:
		}
	}
	return nil
}

// of returns the series of a ref, making it when it is new.
func (s *Store) of(ref thing.Ref, h thing.Handle) *series {
	if int(h) < len(s.quick) && s.quick[h] != nil && s.quick[h].ref == ref {
		return s.quick[h]
	}
	x := s.find(ref)
	if x == nil {
		key := s.hash(ref)
		x = &series{ref: ref, number: uint32(len(s.list)), cut: always, next: s.byHash[key]}
		s.byHash[key] = x
		s.list = append(s.list, x)
	}
	if h > 0 && h < 1<<20 {
		for len(s.quick) <= int(h) {
			s.quick = append(s.quick, nil)
		}
		s.quick[h] = x
	}
	return x
}

func (s *Store) hash(ref thing.Ref) uint32 { return uint32(maphash.Comparable(s.seed, ref)) }

// find returns the series of a ref, nil for none. A map by the refs themselves would take as much room as the series.
func (s *Store) find(ref thing.Ref) *series {
	x := s.byHash[s.hash(ref)]
	for x != nil && x.ref != ref {
		x = x.next
	}
	return x
}

// Describe tells how the samples of a ref are to be kept: p's Resolution holds for samples that come from now on, its
// Retention from the next Retain on. A point never described is kept exactly, for the default time.
func (s *Store) Describe(ref thing.Ref, p thing.Point) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.of(ref, 0)
	x.resolution, x.retention = max(0, p.Resolution), max(0, p.Retention)
}

// Last returns the state the last change of a ref brought, false when there was none. It outlives retention.
func (s *Store) Last(ref thing.Ref) (thing.State, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	x := s.find(ref)
	if x == nil || x.state.Seq == 0 {
		return thing.State{}, false
	}
	return x.state, true
}

// Newest is when the newest state of all was taken into the order of Changes; 0 when there is none.
func (s *Store) Newest() (t thing.Time) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, x := range s.list {
		t = max(t, x.state.Committed)
	}
	return t
}

// Durable is the highest Seq of which it and all before are in files.
func (s *Store) Durable() uint64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.durable
}

// Stats returns the counts of this moment.
func (s *Store) Stats() Stats {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n := s.stats
	n.Series, n.Segments, n.Last, n.Durable = len(s.list), len(s.segments), s.last, s.durable
	n.Open = s.open + s.frozen.len()
	if s.floor != always {
		n.Floor = s.floor
	}
	for _, g := range s.segments {
		n.Sealed += g.samples
		n.Bytes += g.bytes
	}
	return n
}

// run seals every so often, and whenever Append says that memory fills, and merges what gathers.
func (s *Store) run() {
	defer close(s.stopped)
	tick := time.NewTicker(s.o.SealEvery)
	defer tick.Stop()
	s.note(s.merge()) // many short runs leave many small files
	for {
		select {
		case <-s.closing:
			return
		case <-tick.C:
		case <-s.seal:
		}
		err := s.Seal()
		if err == nil {
			err = s.merge()
		}
		s.note(err)
	}
}

func (s *Store) note(err error) {
	s.mu.Lock()
	s.stats.Sealing = err
	s.mu.Unlock()
}

// Close seals what is in memory and ends. After an error the journal still has what was not sealed. A second Close
// does nothing.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	close(s.closing)
	<-s.stopped
	err := s.Seal()
	s.work.Lock()
	defer s.work.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.segments {
		g.release()
	}
	s.segments = nil
	return err
}

func (o Options) withDefaults() Options {
	o.SealEvery = cmp.Or(o.SealEvery, time.Hour)
	o.SealSamples = cmp.Or(o.SealSamples, 1_000_000)
	o.MaxResult = cmp.Or(o.MaxResult, 1_000_000)
	return o
}
