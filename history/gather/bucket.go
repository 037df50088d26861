// Package gather makes one value of many: buckets of samples, and rollups, which are buckets of an hour kept on disk.
package gather

import (
	"math"

	"hutong/thing"
)

// tally is a sum of numbers: exact while all are integers and it fits, else of floats, added up in order.
type tally struct {
	float   float64
	whole   int64
	inexact bool
}

func (t *tally) add(v thing.Value) {
	t.float += v.Float()
	t.addWhole(v.Int(), v.Type() != thing.Integer)
}

func (t *tally) addWhole(i int64, inexact bool) {
	sum := t.whole + i
	if inexact || (i > 0) == (sum <= t.whole) && i != 0 {
		t.inexact = true
	}
	t.whole = sum
}

// fold adds another sum.
func (t *tally) fold(o tally) {
	t.float += o.number()
	t.addWhole(o.whole, o.inexact)
}

func (t *tally) number() float64 {
	if t.inexact {
		return t.float
	}
	return float64(t.whole)
}

func (t *tally) value() thing.Value {
	if t.inexact {
		return thing.Float(t.float)
	}
	return thing.Int(t.whole)
}

// Sample is one value at one time. For a query with a step it is the value of a bucket and Time is its beginning.
type Sample struct {
	Time    thing.Time
	Value   thing.Value
	Quality thing.Quality
}

// Bucket gathers samples of one step.
type Bucket struct {
	Agg      string // "", or the one that Result will be asked for: what that does not need may be left out
	Start    thing.Time
	samples  int
	known    int   // samples with a known value
	numbers  int   // of those, numbers and booleans
	total    tally // of the cells before
	part     tally // of the cell in hand
	cell     thing.Time
	min, max thing.Value
	last     Sample
	knownQ   thing.Quality // the worst among known
	numbersQ thing.Quality // the worst among numbers
}

// Turn begins a cell: sums are added up cell by cell, so that they come to the same from samples and from a rollup.
func (b *Bucket) Turn(start, cell thing.Time) {
	b.Start = start
	if cell != b.cell {
		b.total.fold(b.part)
		b.part, b.cell = tally{}, cell
	}
}

// Add takes one sample, which is later than those before.
func (b *Bucket) Add(s Sample) {
	b.last = s
	b.samples++
	if !s.Quality.Known() || s.Value.IsNull() {
		return
	}
	if b.known == 0 || s.Quality < b.knownQ {
		b.knownQ = s.Quality
	}
	b.known++
	v := s.Value
	switch v.Type() {
	case thing.Boolean:
		v = asNumber(v.Bool())
	case thing.Integer, thing.Number:
	default:
		return
	}
	if b.numbers == 0 || s.Quality < b.numbersQ {
		b.numbersQ = s.Quality
	}
	b.widen(v, v)
	b.numbers++
	b.part.add(v)
}

func asNumber(on bool) thing.Value {
	if on {
		return thing.Int(1)
	}
	return thing.Int(0)
}

// count adds n numbers of one quality; what they come to is for the caller to add before.
func (b *Bucket) count(n int, q thing.Quality) {
	if b.known == 0 || q < b.knownQ {
		b.knownQ = q
	}
	if b.numbers == 0 || q < b.numbersQ {
		b.numbersQ = q
	}
	b.samples, b.known, b.numbers = b.samples+n, b.known+n, b.numbers+n
}

// Empty says that there are no samples yet.
func (b *Bucket) Empty() bool { return b.samples == 0 }

func (b *Bucket) widen(low, high thing.Value) {
	if b.numbers == 0 || less(low, b.min) {
		b.min = low
	}
	if b.numbers == 0 || less(b.max, high) {
		b.max = high
	}
}

// Floats takes known floats of one quality, as Add would one by one; last is the last of them.
func (b *Bucket) Floats(list []float64, last Sample) {
	b.part.inexact = true
	switch b.Agg {
	case "count", "last":
	case "min", "max":
		low, high := list[0], list[0]
		for _, f := range list {
			if f < low {
				low = f
			}
			if high < f {
				high = f
			}
		}
		b.widen(thing.Float(low), thing.Float(high))
	default:
		sum := b.part.float
		for _, f := range list {
			sum += f
		}
		b.part.float = sum
	}
	b.count(len(list), last.Quality)
	b.last = last
}

// Ints takes known integers of one quality, as Add would one by one; last is the last of them.
func (b *Bucket) Ints(list []int64, last Sample) {
	if b.Agg != "count" && b.Agg != "last" {
		low, high := list[0], list[0]
		for _, i := range list {
			low, high = min(low, i), max(high, i)
			b.part.add(thing.Int(i))
		}
		b.widen(thing.Int(low), thing.Int(high))
	}
	b.count(len(list), last.Quality)
	b.last = last
}

// Bools takes n known booleans of one quality of which on are true, as Add would one by one; last is the last of them.
func (b *Bucket) Bools(on, n int, last Sample) {
	b.widen(asNumber(on == n), asNumber(on > 0))
	if b.part.inexact || math.Abs(b.part.float) >= 1<<52 { // each is rounded by itself
		for range on {
			b.part.add(thing.Int(1))
		}
	} else {
		b.part.add(thing.Int(int64(on)))
	}
	b.count(n, last.Quality)
	b.last = last
}

// less compares numbers, integers exactly.
func less(a, b thing.Value) bool {
	if a.Type() == thing.Integer && b.Type() == thing.Integer {
		return a.Int() < b.Int()
	}
	return a.Float() < b.Float()
}

// Result gives the bucket's answer, false when it has none.
func (b *Bucket) Result(agg string) (Sample, bool) {
	s := Sample{Time: b.Start, Quality: b.numbersQ}
	b.total.fold(b.part)
	b.part = tally{}
	switch agg {
	case "last":
		s.Value, s.Quality = b.last.Value, b.last.Quality
		return s, true
	case "count":
		s.Value, s.Quality = thing.Int(int64(b.known)), b.knownQ
		return s, b.known > 0
	case "avg":
		s.Value = thing.Float(b.total.number() / float64(b.numbers))
	case "min":
		s.Value = b.min
	case "max":
		s.Value = b.max
	case "sum":
		s.Value = b.total.value()
	}
	return s, b.numbers > 0
}
