// Package twin holds what is: the one live state of every point, the one order of all Changes, and the way a
// Command takes to its binding.
//
// # Duties
//
// The twin is the only writer of live state. Report is how values come in; each becomes a Change with the next Seq,
// is handed to the Log, written to its slot and offered to the feeds, in that order. Changes of one point keep the
// order of their reports; Changes of one batch follow each other without a gap and are kept by the Log together or
// not at all.
//
// No reader can hold the twin up. A Latest reader owns one bit per point, which a Report only sets; an Every reader
// owns a cursor into a ring of the newest Changes and, when it lags further than that, reads the Log. Back-pressure
// comes from one side only: a Log whose Append blocks.
//
// When the Log refuses a batch (a full disk), live state moves on and the feeds carry the Changes, so that lamps
// still follow their switches; Wait then says that this batch was not kept, and Stats counts it.
//
// # Quality, and what counts as a repeat
//
//   - A value that does not fit its point is recorded as Null with quality Bad.
//   - Repeat is set when value and quality are what was known. Restored and then reported alike is a repeat too: the
//     hub's restart is no news about the world. History keeps a repeat; Latest and rules pass over it.
//   - A retained report (an old value kept by a broker) that equals what is known is no Change at all. It turns
//     Restored into what it says silently, and Latest is told so that screens refresh.
//   - Offline turns Restored, Uncertain and Good into Stale: one Change each, same value, Repeat false. Values that
//     come while the device counts as offline are taken as Stale; when it is online again those become what they
//     were reported as, and all others wait for their next report.
//   - So a Change into or out of Stale carries an unchanged value with Repeat false: what may be believed did change.
//     A rule on a change of value compares with the value it saw last, and State.Since tells when that was; neither
//     moves when only quality does.
//   - Every report of an event is an occurrence: never a repeat, never Stale. A retained event is an old occurrence
//     and is passed over.
//
// The report received last wins: device clocks jump, so a device's time is kept and shown but never used for order.
//
// # Locks
//
// Taken in this order: directory.edit, turn of shards (lowest first), order, and then one of directory.mu, shard.mu or
// ring.mu, for moments. Only writers take the first three; a reader never waits for the Log.
package twin

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"hutong/thing"
)

// Log keeps Changes. The twin calls Append from one goroutine at a time, in the order of Seq; Seq may jump after a
// refused batch.
type Log interface {
	// Append takes a batch and returns the position to wait for, the Seq of its last Change; on an error nothing
	// of the batch is kept. It must not hold on to the slice. It may block, which is back-pressure.
	Append(batch []thing.Change) (pos uint64, err error)
	// Wait blocks until everything appended up to pos is on disk.
	Wait(pos uint64) error
	// Read returns at most max Changes with Seq >= from, in order.
	Read(from uint64, max int) ([]thing.Change, error)
	// LastSeq is the highest Seq ever kept, 0 for none.
	LastSeq() uint64
}

// Doer carries a Command to the device's side and returns the output of an action. It should honour ctx.
type Doer interface {
	Do(ctx context.Context, cmd thing.Command) (thing.Value, error)
}

// DoerFunc is a function as a Doer.
type DoerFunc func(ctx context.Context, cmd thing.Command) (thing.Value, error)

// Do calls f.
func (f DoerFunc) Do(ctx context.Context, cmd thing.Command) (thing.Value, error) { return f(ctx, cmd) }

// Options of a Twin.
type Options struct {
	Log   Log              // nil keeps nothing: Wait returns at once and Every knows only the ring
	After uint64           // Seq starts after this and after Log.LastSeq, whichever is higher
	Now   func() time.Time // nil is time.Now
	Doer  Doer             // nil fails every Command
}

// Twin is the live state of all Things. All methods may be called from any goroutine.
type Twin struct {
	log  Log
	doer Doer
	now  func() time.Time

	dir    directory
	shards [shardCount]shard

	order     sync.Mutex // held while Changes get their Seq and go to log and ring
	seq       uint64
	committed thing.Time
	counts    counts
	refused   refusals

	ring     ring
	latest   feeds[*Latest]
	every    feeds[*Every]
	watches  feeds[*Watch]
	commands commands
	ignored  atomic.Uint64
	works    sync.Pool
}

// New makes an empty Twin.
func New(o Options) *Twin {
	t := &Twin{log: o.Log, doer: o.Doer, now: o.Now, seq: o.After}
	if t.now == nil {
		t.now = time.Now
	}
	if t.log == nil {
		t.log = noLog{}
	}
	t.seq = max(t.seq, t.log.LastSeq())
	t.counts.Seq = t.seq
	t.ring.start(t.seq)
	t.dir.things = make(map[thing.ID]*entry)
	t.commands.start()
	t.works.New = func() any { return new(work) }
	return t
}

// Close ends every feed and every running Command and waits for the Doer to let go of them. State can still be read.
func (t *Twin) Close() {
	t.commands.close()
	for _, l := range t.latest.list() {
		l.Close()
	}
	for _, e := range t.every.list() {
		e.Close()
	}
	for _, w := range t.watches.list() {
		w.Close()
	}
}

// Stats counts what the twin has done since it was made.
type Stats struct {
	Things    int
	Points    int
	Seq       uint64 // of the newest Change
	Changes   uint64 // all, repeats too
	Repeats   uint64
	Confirmed uint64 // retained reports that said what was known
	Bad       uint64 // values that did not fit their point
	Ignored   uint64 // reports under a handle that names nothing any more, and retained events
	Refused   uint64 // Changes the Log would not keep
	Running   int    // Commands on their way
	Commands  uint64 // Commands ever passed to the Doer
}

// counts are the Stats that Reports change, with a lock of their own: who asks never waits for the Log.
type counts struct {
	mu sync.Mutex
	Stats
}

// Stats returns the counts as they are now.
func (t *Twin) Stats() Stats {
	t.counts.mu.Lock()
	s := t.counts.Stats
	t.counts.mu.Unlock()
	s.Ignored = t.ignored.Load()
	s.Things, s.Points = t.dir.size()
	s.Running, s.Commands = t.commands.size()
	return s
}

// Seq is the Seq of the newest Change.
func (t *Twin) Seq() uint64 { return t.Stats().Seq }

type noLog struct{}

func (noLog) Append([]thing.Change) (uint64, error)    { return 0, nil }
func (noLog) Wait(uint64) error                        { return nil }
func (noLog) Read(uint64, int) ([]thing.Change, error) { return nil, nil }
func (noLog) LastSeq() uint64                          { return 0 }
