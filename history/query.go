package history

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"hutong/history/gather"
	"hutong/history/pack"
	"hutong/thing"
)

// Query says what is wanted of one point's history. Zero fields ask for nothing special.
type Query struct {
	Ref  thing.Ref
	From thing.Time // first time wanted; 0 is the beginning
	To   thing.Time // first time not wanted any more; 0 is the end
	// Step gathers samples into buckets of this length, aligned to multiples of it since 1970 UTC, and gives one
	// sample for each bucket that has an answer. With Agg and no Step the whole range is one bucket.
	Step time.Duration
	// Agg is how a bucket becomes one value: avg, min, max, sum (of numbers, booleans counting as 0 and 1, of known
	// quality), count (of values of known quality), last (whatever the last is). "" is avg. A sum is exact where all are
	// integers and it fits 64 bits, and else of floats in order of time; buckets of whole hours, and the whole range as
	// one, add up the samples of each hour first, and then the hours.
	Agg string
	// Max thins the result to at most this many samples, keeping the shape of the line (LTTB, Steinarsson 2013).
	Max int
	// Limit is the most samples wanted, the earliest ones.
	Limit int
	// Before asks also for the last sample before From, at its own time, so that a line can begin at the left edge of
	// a chart. It does not count for Limit, and means nothing with Step or Agg.
	Before bool
}

// ErrQuery is in the error of a Query that makes no sense or asks for too much.
var ErrQuery = errors.New("bad query")

// Query returns samples in order of time, those of one time in order of Seq. A point never heard of has none. An error
// with ErrDamaged comes with all samples that could be read. It reads files and honours ctx.
func (s *Store) Query(ctx context.Context, q Query) ([]Sample, error) {
	if err := q.check(); err != nil {
		return nil, fmt.Errorf("history query: %w", err)
	}
	view, before, err := s.look(q)
	if err != nil {
		return nil, fmt.Errorf("history query: %w", err)
	}
	defer view.release()
	defer before.release()
	c := collector{q: q, most: s.o.MaxResult, bucket: gather.Bucket{Agg: q.Agg}}
	if q.byHours() {
		if err := view.roll(ctx, q.Agg); err != nil {
			return nil, fmt.Errorf("history query: %w", err)
		}
	}
	if c.each() && q.Max > 0 {
		c.line = &line{}
		c.line.grow(min(view.count(), s.o.MaxResult))
	}
	if q.Step > 0 {
		c.out = make([]Sample, 0, min(view.buckets(q.Step), c.most))
	}
	err = view.walk(ctx, &c)
	if err != nil && !errors.Is(err, ErrDamaged) {
		return nil, fmt.Errorf("history query: %w", err)
	}
	if c.full {
		return nil, fmt.Errorf("history query: %w: more than %d samples; ask for a shorter time or a step", ErrQuery, c.most)
	}
	var left *Sample
	if first, ok, berr := before.last(ctx); ok {
		left = &first
	} else if berr != nil && err == nil {
		err = fmt.Errorf("history query: %w", berr)
	}
	return c.finish(left), err
}

func (q *Query) check() error {
	switch {
	case q.Step < 0, q.Max < 0, q.Limit < 0:
		return fmt.Errorf("%w: step, max and limit must not be negative", ErrQuery)
	case q.From != 0 && q.To != 0 && q.To < q.From:
		return fmt.Errorf("%w: it ends before it begins", ErrQuery)
	}
	switch q.Agg {
	case "", "avg", "min", "max", "sum", "count", "last":
		return nil
	}
	return fmt.Errorf("%w: agg %.20q is not avg, min, max, sum, count or last", ErrQuery, q.Agg)
}

// view is one point's samples as they were at one moment, as pieces to be decoded.
type view struct {
	codec    *codec
	from, to thing.Time // to is the last wanted
	sources  []source   // in order of Seq
	held     []*segment
	damaged  func(error)
}

// piece is a run of samples in order of time: what a chunk of a segment has from min to max, a chunk in memory, samples, or
// hours of a rollup.
type piece struct {
	order    int // by Seq
	min, max thing.Time
	segment  *segment
	at       chunkAt
	data     []byte
	plain    []Sample
	roll     *gather.Rollup
	lo, hi   int
}

// taker is given the samples of a view in order, some at a time, until it says false.
type taker interface {
	add(list []Sample) bool                         // the slice is valid until it returns
	columns(x *columns, lo, hi int) bool            // those from lo to hi
	hours(x *gather.Rollup, lo, hi int) (more bool) // what those of these hours come to; only after roll
}

// each is a taker that wants all as lists.
type each func([]Sample) bool

func (f each) add(list []Sample) bool              { return f(list) }
func (f each) columns(x *columns, lo, hi int) bool { return f(x.samples(nil)[lo:hi]) }
func (f each) hours(*gather.Rollup, int, int) bool { panic("a view that was not rolled has hours") }

// look gathers under the lock what a query needs: the samples wanted, and those before them if they are.
func (s *Store) look(q Query) (wanted, before *view, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return nil, nil, ErrClosed
	}
	wanted, before = &view{}, &view{}
	x := s.find(q.Ref)
	if x == nil {
		return wanted, before, nil
	}
	from, to := q.From, q.To-1
	if q.From == 0 {
		from = always
	}
	if q.To == 0 {
		to = 1<<63 - 1
	}
	wanted = s.view(x, max(from, x.cut), to)
	if q.Before && from > x.cut && q.Step == 0 && q.Agg == "" {
		before = s.view(x, x.cut, from-1)
		before.latest()
	}
	return wanted, before, nil
}

// view gathers the pieces that have samples from one time to another, and holds the files they are in.
func (s *Store) view(x *series, from, to thing.Time) *view {
	v := &view{codec: s.codec, from: from, to: to, damaged: s.noteDamage}
	for _, g := range s.segments {
		if g.min > v.to || g.max < v.from {
			continue
		}
		chunks, rollup := g.of(x.number)
		found := source{at: rollupAt{g, chunks, rollup}}
		for _, c := range chunks {
			if c.min <= v.to && c.max >= v.from {
				found.pieces = append(found.pieces, piece{min: c.min, max: c.max, segment: g, at: c})
			}
		}
		if len(found.pieces) > 0 {
			v.sources = append(v.sources, found)
			g.refs.Add(1)
			v.held = append(v.held, g)
		}
	}
	var memory source
	for _, b := range []*buffer{x.frozen, x.open} {
		memory.pieces = append(memory.pieces, v.buffered(b)...)
	}
	if len(memory.pieces) > 0 {
		v.sources = append(v.sources, memory)
	}
	return v
}

// latest keeps only the pieces that may hold the last sample of the view.
func (v *view) latest() {
	sure := always // there is a sample at this time or later
	for _, s := range v.sources {
		for _, p := range s.pieces {
			if p.max <= v.to {
				sure = max(sure, p.max)
			} else {
				sure = max(sure, p.min)
			}
		}
	}
	for i := range v.sources {
		s := &v.sources[i]
		s.pieces = slices.DeleteFunc(s.pieces, func(p piece) bool { return p.max < sure })
	}
}

// last returns the last sample of the view, false when there is none.
func (v *view) last(ctx context.Context) (s Sample, ok bool, err error) {
	err = v.walk(ctx, each(func(list []Sample) bool {
		s, ok = list[len(list)-1], true
		return true
	}))
	return s, ok, err
}

// buffered is what a buffer has of the view.
func (v *view) buffered(b *buffer) (pieces []piece) {
	if b == nil {
		return nil
	}
	for _, c := range b.chunks {
		if c.min <= v.to && c.max >= v.from {
			pieces = append(pieces, piece{min: c.min, max: c.max, data: c.data})
		}
	}
	if tail := slices.Clone(b.tail); len(tail) > 0 {
		sortByTime(tail)
		if p := (piece{min: tail[0].Time, max: tail[len(tail)-1].Time, plain: tail}); p.min <= v.to && p.max >= v.from {
			pieces = append(pieces, p)
		}
	}
	return pieces
}

// pieces are those of all sources, in order of Seq.
func (v *view) pieces() (list []piece) {
	for _, s := range v.sources {
		list = append(list, s.pieces...)
	}
	return list
}

// count is how many samples, or hours of rollups, the pieces hold, wanted or not.
func (v *view) count() (n int) {
	for _, p := range v.pieces() {
		switch {
		case p.segment != nil:
			n += int(p.at.count)
		case p.plain != nil:
			n += len(p.plain)
		case p.roll != nil:
			n += p.hi - p.lo
		default:
			n += memChunkLen
		}
	}
	return n
}

// buckets is the most buckets that the samples of the view can be in.
func (v *view) buckets(step time.Duration) int {
	first, last := v.to, v.from
	for i := range v.sources {
		from, to := v.sources[i].span()
		first, last = min(first, from), max(last, to)
	}
	first, last = max(first, v.from), min(last, v.to)
	if last < first {
		return 0
	}
	return int(min(uint64(v.count()), uint64(last-first)/uint64(step)+2))
}

func (v *view) release() {
	for _, g := range v.held {
		g.release()
	}
}

func (s *Store) noteDamage(error) {
	s.mu.Lock()
	s.stats.Damaged++
	s.mu.Unlock()
}

// walk hands out all wanted samples in order: those of a piece that stands alone as columns or hours, and those of pieces
// whose times overlap, or that are no chunk yet, put in order first, as a list. A damaged piece is left out and named in the
// error.
func (v *view) walk(ctx context.Context, to taker) error {
	pieces := v.pieces()
	if len(pieces) == 0 {
		return nil
	}
	for i := range pieces {
		pieces[i].order = i
	}
	slices.SortFunc(pieces, func(a, b piece) int { return cmp.Or(cmp.Compare(a.min, b.min), a.order-b.order) })
	x := v.codec.borrow()
	defer v.codec.giveBack(x)
	var buf []Sample
	var damage error
	for i := 0; i < len(pieces); {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := i + overlapping(pieces[i:])
		var err error
		more := true
		switch p := &pieces[i]; {
		case n == i+1 && p.roll != nil:
			more = to.hours(p.roll, p.lo, p.hi)
		case n == i+1 && p.plain == nil:
			if err = p.columns(x, v.codec); err == nil {
				if lo, hi := x.within(max(v.from, p.min), min(v.to, p.max)); lo < hi {
					more = to.columns(x, lo, hi)
				}
			}
		default:
			buf, err = v.decode(buf[:0], pieces[i:n])
			if list := v.trim(buf); len(list) > 0 && (err == nil || errors.Is(err, pack.ErrDamaged)) {
				more = to.add(list)
			}
		}
		switch {
		case errors.Is(err, pack.ErrDamaged):
			v.damaged(err)
			damage = fmt.Errorf("%w: %w", ErrDamaged, err)
		case err != nil:
			return err
		}
		if !more {
			break
		}
		i = n
	}
	return damage
}

// columns takes a piece apart that is a chunk, unless x has it from the piece before.
func (p *piece) columns(x *columns, c *codec) (err error) {
	if p.segment != nil && x.segment == p.segment && x.off == p.at.off {
		return nil
	}
	x.segment = nil
	if p.segment == nil {
		return x.read(p.data, c)
	}
	if err = p.segment.columns(x, p.at, c); err == nil {
		x.segment, x.off = p.segment, p.at.off
	}
	return err
}

// overlapping is how many pieces from the first on must be sorted together. One that begins at the very time another
// ends may come apart after it when it is also later by Seq.
func overlapping(pieces []piece) int {
	high, last := pieces[0].max, pieces[0].order
	for n, p := range pieces[1:] {
		if p.min > high || p.min == high && p.order > last {
			return n + 1
		}
		high, last = max(high, p.max), max(last, p.order)
	}
	return len(pieces)
}

// decode gives the samples of pieces, which may overlap, in order.
func (v *view) decode(buf []Sample, pieces []piece) ([]Sample, error) {
	slices.SortFunc(pieces, func(a, b piece) int { return a.order - b.order })
	var damage, err error
	x := v.codec.borrow()
	defer v.codec.giveBack(x)
	for _, p := range pieces {
		if p.plain != nil {
			buf = append(buf, p.plain...)
			continue
		}
		if err = p.columns(x, v.codec); err == nil {
			lo, hi := x.within(p.min, p.max)
			n := len(buf)
			buf = x.samples(buf)
			buf = append(buf[:n], buf[n+lo:n+hi]...)
		}
		if err != nil {
			damage, err = err, nil
			if !errors.Is(damage, pack.ErrDamaged) {
				return nil, damage
			}
		}
	}
	sortByTime(buf)
	return buf, damage
}

func (v *view) trim(list []Sample) []Sample {
	before := func(a Sample, t thing.Time) int { return cmp.Compare(a.Time, t) }
	i, _ := slices.BinarySearchFunc(list, v.from, before)
	list = list[i:]
	if v.to == 1<<63-1 {
		return list
	}
	n, _ := slices.BinarySearchFunc(list, v.to+1, before)
	return list[:n]
}
