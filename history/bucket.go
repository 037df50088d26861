package history

import (
	"math"

	"hutong/thing"
)

// bucket gathers samples of one step.
type bucket struct {
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

// thin picks at most most samples so that the line through them looks like the line through all: the first, the last,
// and from each of the stretches between the one that spans the largest triangle with the one picked before and the
// middle of the next stretch (LTTB). What is no number lies on the line's last height.
func thin(list []Sample, most int) []Sample {
	switch {
	case len(list) <= most:
		return list
	case most == 1:
		return list[len(list)-1:]
	case most == 2:
		return []Sample{list[0], list[len(list)-1]}
	}
	heights := make([]float64, len(list))
	for i, s := range list {
		switch {
		case s.Value.IsNumber():
			heights[i] = s.Value.Float()
		case s.Value.Bool():
			heights[i] = 1
		case s.Value.Type() != thing.Boolean && i > 0:
			heights[i] = heights[i-1]
		}
	}
	x := func(i int) float64 { return float64(list[i].Time - list[0].Time) }
	out := make([]Sample, 0, most)
	out = append(out, list[0])
	stretch := float64(len(list)-2) / float64(most-2)
	edge := func(k int) int { return min(1+int(float64(k)*stretch), len(list)-1) }
	at := 0
	for k := range most - 2 {
		from, to, next := edge(k), edge(k+1), edge(k+2)
		if k == most-3 {
			to, next = len(list)-1, len(list)
		}
		var mx, my float64
		for i := to; i < next; i++ {
			mx += x(i)
			my += heights[i]
		}
		n := float64(next - to)
		mx, my = mx/n, my/n
		best, area := from, -1.0
		for i := from; i < to; i++ {
			a := math.Abs((x(at)-mx)*(heights[i]-heights[at]) - (x(at)-x(i))*(my-heights[at]))
			if a > area {
				best, area = i, a
			}
		}
		out = append(out, list[best])
		at = best
	}
	return append(out, list[len(list)-1])
}
