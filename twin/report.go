package twin

import (
	"fmt"
	"math/bits"
	"sync"

	"hutong/thing"
)

// Report takes values in their order and returns the position to Wait for, 0 when there is nothing to wait for. The
// batch is kept by the Log whole or not at all. A report under a spent handle is passed over. A quality other than
// Good, Uncertain and Bad counts as Bad. It blocks only while the Log's Append does.
func (t *Twin) Report(batch []thing.Report) (pos uint64) {
	if len(batch) == 0 {
		return 0
	}
	var mask uint64
	for i := range batch {
		mask |= 1 << shardOf(batch[i].Point)
	}
	now := thing.At(t.now())
	w := t.work()
	t.lock(mask)
	for i := range batch {
		s := t.shards[shardOf(batch[i].Point)].find(batch[i].Point)
		if s == nil {
			w.ignored++
			continue
		}
		if q := w.judge(s, &batch[i], now); q != thing.Unknown {
			t.confirm(w, s, q)
		}
	}
	pos = t.commit(w)
	t.unlock(mask)
	t.finish(w)
	return pos
}

// Wait blocks until the batch that Report gave pos for is on disk, or says why it is not kept.
func (t *Twin) Wait(pos uint64) error {
	if pos == 0 {
		return nil
	}
	if err := t.refused.find(pos); err != nil {
		return err
	}
	if err := t.log.Wait(pos); err != nil {
		return fmt.Errorf("twin: wait for change %d: %w", pos, err)
	}
	return nil
}

// work is what one batch comes to. It is made from reports while the shards' turn is held.
type work struct {
	changes  []thing.Change
	slots    []*slot        // beside changes
	confirms []thing.Handle // points that were Restored and no longer are
	repeats  uint64
	bad      uint64
	ignored  uint64
	same     uint64 // retained reports that said what was known
}

func (t *Twin) work() *work { return t.works.Get().(*work) }

// judge makes a report a Change or nothing, or says that it silently confirms what was Restored.
func (w *work) judge(s *slot, r *thing.Report, now thing.Time) (confirmed thing.Quality) {
	v, q := w.read(s.point, r)
	c := thing.Change{Value: v, Quality: q, Device: r.Device, Received: now}
	if s.point.Kind == thing.Event {
		if r.Retained {
			w.ignored++
			return thing.Unknown
		}
		w.add(s, c)
		return thing.Unknown
	}
	s.held = 0
	if s.owner.offline && q.Known() {
		s.held, c.Quality = q, thing.Stale
	}
	known, was := w.known(s)
	same := was != thing.Unknown && v.Equal(known)
	confirms := was == thing.Restored && c.Quality.Known()
	switch {
	case same && r.Retained && confirms:
		w.same++
		return c.Quality
	case same && r.Retained && was == c.Quality:
		w.same++
		return thing.Unknown
	}
	c.Repeat = same && (was == c.Quality || confirms)
	w.add(s, c)
	return thing.Unknown
}

// confirm gives s the quality a retained report has confirmed, at once, since the rest of the batch is judged by it.
func (t *Twin) confirm(w *work, s *slot, q thing.Quality) {
	sh := &t.shards[shardOf(s.handle)]
	sh.mu.Lock()
	s.state.Quality = q
	sh.mu.Unlock()
	w.confirms = append(w.confirms, s.handle)
}

// read makes the value of r fit its point, or Bad.
func (w *work) read(p *thing.Point, r *thing.Report) (thing.Value, thing.Quality) {
	q := r.Quality
	if q != thing.Good && q != thing.Uncertain {
		q = thing.Bad
	}
	v, err := p.Accept(r.Value)
	if err == nil {
		return v, q
	}
	if q != thing.Bad || !r.Value.IsNull() {
		w.bad++
	}
	return thing.Null(), thing.Bad
}

// known is the value and quality of s with what this batch has said already.
func (w *work) known(s *slot) (thing.Value, thing.Quality) {
	if s.queued > 0 {
		c := &w.changes[s.queued-1]
		return c.Value, c.Quality
	}
	return s.state.Value, s.state.Quality
}

// turn makes the Change that going offline or online means for s, if any.
func (w *work) turn(s *slot, online bool, now thing.Time) {
	if s.point.Kind == thing.Event {
		return
	}
	c := thing.Change{Value: s.state.Value, Quality: thing.Stale, Device: s.state.Device, Received: now}
	switch {
	case !online && s.state.Quality.Known():
	case online && s.held != 0:
		c.Quality, s.held = s.held, 0
	default:
		return
	}
	w.add(s, c)
}

func (w *work) add(s *slot, c thing.Change) {
	c.Ref, c.Point = s.ref(), s.handle
	if a := s.asks.Load(); a != nil && c.Quality != thing.Stale {
		c.Cause = a.match(c.Value, c.Received)
	}
	if c.Repeat {
		w.repeats++
	}
	w.changes = append(w.changes, c)
	w.slots = append(w.slots, s)
	s.queued = len(w.changes)
}

// commit gives the Changes of w their Seq, hands them to the log and the ring and writes the slots. The caller holds
// the turn of every shard in w.
func (t *Twin) commit(w *work) (pos uint64) {
	kept := true
	if len(w.changes) > 0 {
		t.order.Lock()
		kept = t.publish(w.changes)
		pos = t.seq
		t.order.Unlock()
	}
	t.write(w)
	t.count(w, pos, kept)
	return pos
}

// publish puts changes into the order of all Changes and says whether the log keeps them. The caller holds order.
func (t *Twin) publish(changes []thing.Change) (kept bool) {
	first := t.seq + 1
	t.committed = max(t.committed, thing.At(t.now()))
	for i := range changes {
		t.seq++
		changes[i].Seq, changes[i].Committed = t.seq, t.committed
	}
	_, err := t.log.Append(changes)
	if err != nil {
		t.refused.add(first, t.seq, fmt.Errorf("twin: changes %d to %d are not kept: %w", first, t.seq, err))
	}
	t.ring.put(changes)
	return err == nil
}

func (t *Twin) count(w *work, pos uint64, kept bool) {
	c := &t.counts
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Bad += w.bad
	c.Confirmed += w.same
	c.Changes += uint64(len(w.changes))
	c.Repeats += w.repeats
	c.Seq = max(c.Seq, pos)
	if !kept {
		c.Refused += uint64(len(w.changes))
	}
}

// write brings w into the slots, one hold of each shard's mu.
func (t *Twin) write(w *work) {
	var mask uint64
	for _, s := range w.slots {
		mask |= 1 << shardOf(s.handle)
	}
	for m := mask; m != 0; m &= m - 1 {
		t.shards[bits.TrailingZeros64(m)].mu.Lock()
	}
	for i, s := range w.slots {
		s.write(&w.changes[i])
	}
	for m := mask; m != 0; m &= m - 1 {
		t.shards[bits.TrailingZeros64(m)].mu.Unlock()
	}
}

func (s *slot) write(c *thing.Change) {
	s.queued = 0
	st := &s.state
	if st.Quality == thing.Unknown || s.point.Kind == thing.Event || !st.Value.Equal(c.Value) {
		st.Since = c.Received
	}
	st.Value, st.Quality, st.Seq = c.Value, c.Quality, c.Seq
	st.Device, st.Received, st.Committed = c.Device, c.Received, c.Committed
	s.cause = c.Cause
}

// finish tells the feeds of w and puts it away. The caller holds nothing.
func (t *Twin) finish(w *work) {
	if w.ignored > 0 {
		t.ignored.Add(w.ignored)
	}
	if len(w.changes) > 0 {
		for _, e := range t.every.list() {
			e.rouse()
		}
	}
	for _, l := range t.latest.list() {
		news := false
		for i := range w.changes {
			if !w.changes[i].Repeat {
				news = l.mark(w.changes[i].Point) || news
			}
		}
		for _, h := range w.confirms {
			news = l.mark(h) || news
		}
		if news {
			l.rouse()
		}
	}
	clear(w.changes)
	clear(w.slots)
	*w = work{changes: w.changes[:0], slots: w.slots[:0], confirms: w.confirms[:0]}
	if cap(w.changes) <= ringSize { // one giant batch shall not stay in memory
		t.works.Put(w)
	}
}

// mark tells every Latest reader that a point is worth reading.
func (t *Twin) mark(h thing.Handle) {
	for _, l := range t.latest.list() {
		if l.mark(h) {
			l.rouse()
		}
	}
}

// refusals remembers which Changes the Log would not keep, so that Wait can say so.
type refusals struct {
	mu   sync.Mutex
	list []refusal
}

type refusal struct {
	from, to uint64
	err      error
}

// maxRefusals bounds the list; the two oldest become one that covers what lies between them too, which at worst has
// a sender send again what was kept.
const maxRefusals = 256

func (r *refusals) add(from, to uint64, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.list) == maxRefusals {
		r.list[1].from = r.list[0].from
		r.list = append(r.list[:0], r.list[1:]...)
	}
	r.list = append(r.list, refusal{from, to, err})
}

func (r *refusals) find(pos uint64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.list {
		if x := &r.list[i]; pos >= x.from && pos <= x.to {
			return x.err
		}
	}
	return nil
}
