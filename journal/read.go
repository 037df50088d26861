package journal

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"maps"
	"math"
	"slices"
	"sync"

	"hutong/thing"
)

// view is what a Read sees of a segment: it stops before the Seq the next one begins with, and at the bytes that
// were on disk when it began.
type view struct {
	segment
	limit uint64
}

// cursor is where a Read left off, with the refs the segment had defined by then.
type cursor struct {
	next   uint64 // the Seq that would be read next
	number uint64 // of the segment
	off    int64
	refs   refs
}

// cursors remembers where the latest readers left off, so that reading on costs nothing to find.
type cursors struct {
	mu   sync.Mutex
	list []cursor // newest last
}

const maxCursors = 16

// take hands out the best place to start looking for a Seq, the zero cursor when it knows none. The cursor that stands
// right there is handed out once, any other is copied, for its reader will come back.
func (c *cursors) take(next uint64) cursor {
	c.mu.Lock()
	defer c.mu.Unlock()
	best := -1
	for i, k := range c.list {
		if k.next <= next && (best < 0 || k.next > c.list[best].next) {
			best = i
		}
	}
	if best < 0 {
		return cursor{}
	}
	k := c.list[best]
	if k.next == next {
		c.list = slices.Delete(c.list, best, best+1)
	} else {
		k.refs = maps.Clone(k.refs)
	}
	return k
}

func (c *cursors) put(k cursor) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.list) == maxCursors {
		c.list = slices.Delete(c.list, 0, 1)
	}
	c.list = append(c.list, k)
}

// Read returns up to max changes with Seq >= from in order, those still on their way to the disk included (Wait tells
// whether they arrive). Their Point is 0: use Ref. Fewer than max means there are no more yet. Changes that were
// dropped, failed or damaged are passed over. Reading on from where the last Read ended is cheap.
func (j *Journal) Read(from uint64, max int) ([]thing.Change, error) {
	views, fresh, wanted := j.look(from, max)
	var list []thing.Change
	if wanted {
		list = make([]thing.Change, 0, min(max, 1024))
		k := j.cursors.take(from)
		for _, v := range views {
			if v.number < k.number {
				continue
			}
			var err error
			if list, k, err = j.readSegment(list, v, k, from, max); err != nil {
				return nil, err
			}
			if len(list) == max {
				break
			}
		}
		if k.number != 0 {
			k.next = from
			if n := len(list); n > 0 {
				k.next = list[n-1].Seq + 1
			}
			j.cursors.put(k)
		}
	}
	return append(list, fresh[:min(len(fresh), max-len(list))]...), nil
}

// look takes what a Read needs in one moment: the segments that may hold from or later, and the changes in memory.
// wanted is false when the segments cannot add anything.
func (j *Journal) look(from uint64, max int) (views []view, fresh []thing.Change, wanted bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if max <= 0 {
		return nil, nil, false
	}
	for _, batch := range [][]thing.Change{j.writing, j.waiting} {
		i, _ := slices.BinarySearchFunc(batch, from, func(c thing.Change, seq uint64) int { return cmp.Compare(c.Seq, seq) })
		fresh = append(fresh, batch[i:min(len(batch), i+max-len(fresh))]...)
	}
	for i := range fresh {
		fresh[i].Point = 0
	}
	for i, s := range j.segments {
		v := view{segment: s, limit: math.MaxUint64}
		if i+1 < len(j.segments) {
			v.limit = j.segments[i+1].base
		}
		if v.limit > from {
			views = append(views, v)
		}
		wanted = wanted || s.last >= from && v.limit > from
	}
	return views, fresh, wanted
}

// readSegment adds the wanted changes of one segment to list and returns the cursor at which it stopped.
func (j *Journal) readSegment(list []thing.Change, v view, k cursor, from uint64, max int) ([]thing.Change, cursor, error) {
	if k.number != v.number {
		k = cursor{number: v.number, off: segmentHeader, refs: refs{}}
	}
	if k.off >= v.size {
		return list, k, nil
	}
	f, err := j.fs.Open(v.name())
	if errors.Is(err, fs.ErrNotExist) {
		return list, cursor{}, nil // dropped since
	}
	if err != nil {
		return list, k, err
	}
	defer f.Close()
	sc, ok := j.scanners.Get().(*scanner)
	if !ok {
		sc = newScanner(nil, 0, 0, 0, nil)
	}
	defer j.scanners.Put(sc)
	sc.reset(f, v.number, k.off, v.size, func(_, n int64, _ string) { j.skipped(uint64(n)) })
	for {
		h, payload, err := sc.next()
		if errors.Is(err, io.EOF) {
			k.off = v.size
			return list, k, nil
		}
		if err != nil {
			return list, k, err
		}
		full := false
		lost, err := k.refs.decode(h, payload, func(c thing.Change) bool {
			if full = len(list) == max; full {
				return false
			}
			if c.Seq >= from && c.Seq < v.limit {
				list = append(list, c)
			}
			return true
		})
		j.skipped(uint64(lost))
		if err != nil {
			j.skipped(uint64(len(payload)))
		}
		if full || len(list) == max {
			// Not past this frame: the rest of it may be wanted next. Definitions may be read twice.
			k.off = sc.off - frameHeader - int64(len(payload))
			if !full && h.last == list[len(list)-1].Seq {
				k.off = sc.off
			}
			return list, k, nil
		}
	}
}

func (j *Journal) skipped(n uint64) {
	if n > 0 {
		j.mu.Lock()
		j.stats.Skipped += n
		j.mu.Unlock()
	}
}
