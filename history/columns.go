package history

import (
	"fmt"
	"slices"

	"hutong/history/pack"
	"hutong/thing"
)

// columns is a chunk taken apart. Its memory is used again for the next.
type columns struct {
	times   []int64
	kind    []byte // of each sample
	quality []byte
	same    bool // all are of one kind and one quality
	ints    []int64
	floats  []float64
	texts   []thing.Value
	docs    []thing.Value
	scratch []int64
	file    []byte
	segment *segment // the chunk is that at off of it; nil: it is another
	off     int64
}

// borrow hands out columns to be given back.
func (c *codec) borrow() *columns {
	if x, ok := c.spare.Get().(*columns); ok {
		return x
	}
	return &columns{}
}

func (c *codec) giveBack(x *columns) {
	x.texts, x.docs, x.segment = nil, nil, nil
	c.spare.Put(x)
}

// read takes a chunk apart. It takes any bytes: what is no chunk is an error.
func (x *columns) read(data []byte, c *codec) error {
	r := pack.Reader{B: data}
	n := int(min(r.Uvarint(), maxChunk+1))
	if r.Bad || n == 0 || n > maxChunk {
		return fmt.Errorf("chunk: %w", pack.ErrDamaged)
	}
	x.kind, x.quality, x.times = pack.Sized(x.kind, n), pack.Sized(x.quality, n), pack.Sized(x.times, n)
	alike := r.Symbols(x.kind, isJSON)
	x.same = r.Symbols(x.quality, byte(thing.Good)) && alike
	r.Ints(x.times)
	if r.Bad {
		return fmt.Errorf("chunk: %w", pack.ErrDamaged)
	}
	var count [kinds]int
	if alike {
		count[x.kind[0]] = n
	} else {
		for _, k := range x.kind {
			count[k]++
		}
	}
	x.ints, x.floats = pack.Sized(x.ints, count[isInt]), pack.Sized(x.floats, count[isFloat])
	r.Ints(x.ints)
	x.scratch = r.Floats(x.floats, x.scratch)
	x.texts = c.texts(&r, count[isText], textValue)
	x.docs = c.texts(&r, count[isJSON], docValue)
	if r.Bad || len(r.B) > 0 {
		return fmt.Errorf("chunk: %w", pack.ErrDamaged)
	}
	return nil
}

// samples appends all of them to dst.
func (x *columns) samples(dst []Sample) []Sample {
	dst = slices.Grow(dst, len(x.times))
	ints, floats, texts, docs := x.ints, x.floats, x.texts, x.docs
	for i, t := range x.times {
		s := Sample{Time: thing.Time(t), Quality: thing.Quality(x.quality[i])}
		switch x.kind[i] {
		case isFalse, isTrue:
			s.Value = thing.Bool(x.kind[i] == isTrue)
		case isInt:
			s.Value, ints = thing.Int(ints[0]), ints[1:]
		case isFloat:
			s.Value, floats = thing.Float(floats[0]), floats[1:]
		case isText:
			s.Value, texts = texts[0], texts[1:]
		case isJSON:
			s.Value, docs = docs[0], docs[1:]
		}
		dst = append(dst, s)
	}
	return dst
}

// plain says that every sample is known, and that all are floats, all are integers or all are booleans: at(i) is then
// quick, and so are sums.
func (x *columns) plain() bool {
	n := len(x.times)
	if !thing.Quality(x.quality[0]).Known() {
		return false
	}
	if x.same {
		return x.kind[0] != isNull && (len(x.floats) == n || len(x.ints) == n || x.kind[0] <= isTrue)
	}
	for i, k := range x.kind {
		if k != isFalse && k != isTrue || x.quality[i] != x.quality[0] {
			return false
		}
	}
	return true
}

// at is one sample of plain columns.
func (x *columns) at(i int) Sample {
	s := Sample{Time: thing.Time(x.times[i]), Quality: thing.Quality(x.quality[i])}
	switch k := x.kind[i]; k {
	case isFloat:
		s.Value = thing.Float(x.floats[i])
	case isInt:
		s.Value = thing.Int(x.ints[i])
	default:
		s.Value = thing.Bool(k == isTrue)
	}
	return s
}

// within gives the samples from one time to another, both wanted.
func (x *columns) within(from, to thing.Time) (lo, hi int) {
	if n := len(x.times); thing.Time(x.times[0]) >= from && thing.Time(x.times[n-1]) <= to {
		return 0, n
	}
	lo, _ = slices.BinarySearch(x.times, int64(from))
	if to == 1<<63-1 {
		return lo, len(x.times)
	}
	hi, _ = slices.BinarySearch(x.times, int64(to)+1)
	return lo, max(lo, hi)
}
