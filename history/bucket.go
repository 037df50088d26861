package history

import "hutong/thing"

// bucket gathers samples of one step. What agg does not need may be left out.
type bucket struct {
	agg      string
	start    thing.Time
	samples  int
	known    int // samples with a known value
	numbers  int // of those, numbers and booleans
	sum      float64
	whole    int64 // the sum while all are integers and it fits
	inexact  bool
	min, max thing.Value
	last     Sample
	knownQ   thing.Quality // the worst among known
	numbersQ thing.Quality // the worst among numbers
}

func (b *bucket) add(start thing.Time, s Sample) {
	b.start, b.last = start, s
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
		v = thing.Int(0)
		if s.Value.Bool() {
			v = thing.Int(1)
		}
	case thing.Integer, thing.Number:
	default:
		return
	}
	if b.numbers == 0 || s.Quality < b.numbersQ {
		b.numbersQ = s.Quality
	}
	if b.numbers == 0 || less(v, b.min) {
		b.min = v
	}
	if b.numbers == 0 || less(b.max, v) {
		b.max = v
	}
	b.numbers++
	b.sum += v.Float()
	b.addWhole(v)
}

// run adds the samples from lo to hi of plain columns, as add would one by one.
func (b *bucket) run(start thing.Time, x *columns, lo, hi int) {
	q := thing.Quality(x.quality[lo])
	if b.known == 0 || q < b.knownQ {
		b.knownQ = q
	}
	if b.numbers == 0 || q < b.numbersQ {
		b.numbersQ = q
	}
	switch {
	case b.agg == "last" || b.agg == "count":
	case len(x.floats) > 0:
		b.runFloats(x.floats[lo:hi])
	case len(x.ints) > 0:
		b.runInts(x.ints[lo:hi])
	default:
		b.runBools(x.kind[lo:hi])
	}
	n := hi - lo
	b.samples, b.known, b.numbers = b.samples+n, b.known+n, b.numbers+n
	b.start, b.last = start, x.at(hi-1)
}

func (b *bucket) widen(low, high thing.Value) {
	if b.numbers == 0 || less(low, b.min) {
		b.min = low
	}
	if b.numbers == 0 || less(b.max, high) {
		b.max = high
	}
}

func (b *bucket) runFloats(list []float64) {
	b.inexact = true
	if b.agg != "min" && b.agg != "max" {
		sum := b.sum
		for _, f := range list {
			sum += f
		}
		b.sum = sum
		return
	}
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
}

func (b *bucket) runInts(list []int64) {
	low, high := list[0], list[0]
	for _, i := range list {
		low, high = min(low, i), max(high, i)
		b.sum += float64(i)
		b.addWhole(thing.Int(i))
	}
	b.widen(thing.Int(low), thing.Int(high))
}

func (b *bucket) runBools(kinds []byte) {
	on := 0
	for _, k := range kinds {
		on += int(k - isFalse)
	}
	low, high := thing.Int(1), thing.Int(0)
	if on < len(kinds) {
		low = thing.Int(0)
	}
	if on > 0 {
		high = thing.Int(1)
	}
	b.widen(low, high)
	b.sum += float64(on)
	b.addWhole(thing.Int(int64(on)))
}

func (b *bucket) addWhole(v thing.Value) {
	i := v.Int()
	sum := b.whole + i
	if v.Type() != thing.Integer || (i > 0) == (sum <= b.whole) && i != 0 {
		b.inexact = true
	}
	b.whole = sum
}

// less compares numbers, integers exactly.
func less(a, b thing.Value) bool {
	if a.Type() == thing.Integer && b.Type() == thing.Integer {
		return a.Int() < b.Int()
	}
	return a.Float() < b.Float()
}

// result gives the bucket's answer, false when it has none.
func (b *bucket) result(agg string) (Sample, bool) {
	s := Sample{Time: b.start, Quality: b.numbersQ}
	switch agg {
	case "last":
		s.Value, s.Quality = b.last.Value, b.last.Quality
		return s, true
	case "count":
		s.Value, s.Quality = thing.Int(int64(b.known)), b.knownQ
		return s, b.known > 0
	case "avg":
		s.Value = thing.Float(b.sum / float64(b.numbers))
	case "min":
		s.Value = b.min
	case "max":
		s.Value = b.max
	case "sum":
		s.Value = thing.Float(b.sum)
		if !b.inexact {
			s.Value = thing.Int(b.whole)
		}
	}
	return s, b.numbers > 0
}
