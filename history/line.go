package history

import (
	"math"

	"hutong/thing"
)

// line is a long run of samples that is to be thinned: what a sample needs in the least memory, and the few that need
// more apart.
type line struct {
	times   []int64
	heights []float64
	meta    []byte // quality and kind
	odd     map[int]thing.Value
}

const oddKind = 15 // its value is in odd

// exact is up to where a float holds every integer.
const exact = int64(1) << 53

func (l *line) grow(n int) {
	if cap(l.times) == 0 {
		l.times, l.heights, l.meta = make([]int64, 0, n), make([]float64, 0, n), make([]byte, 0, n)
	}
}

// add appends one sample. What is no number lies at the height of the one before.
func (l *line) add(s Sample) {
	height, kind := 0.0, kindOf(s.Value)
	switch {
	case kind == isFloat, kind == isInt && s.Value.Int() <= exact && s.Value.Int() >= -exact:
		height = s.Value.Float()
	case kind <= isTrue && kind != isNull:
		height = float64(kind - isFalse)
	default:
		if kind == isInt {
			height = s.Value.Float()
		} else if n := len(l.heights); n > 0 {
			height = l.heights[n-1]
		}
		if l.odd == nil {
			l.odd = map[int]thing.Value{}
		}
		l.odd[len(l.times)] = s.Value
		kind = oddKind
	}
	l.put(int64(s.Time), height, byte(s.Quality)<<4|kind)
}

func (l *line) put(t int64, height float64, meta byte) {
	l.times, l.heights, l.meta = append(l.times, t), append(l.heights, height), append(l.meta, meta)
}

// columns appends the samples from lo to hi.
func (l *line) columns(x *columns, lo, hi int) {
	if !x.same || len(x.floats) == 0 {
		for _, s := range x.samples(nil)[lo:hi] {
			l.add(s)
		}
		return
	}
	l.times, l.heights = append(l.times, x.times[lo:hi]...), append(l.heights, x.floats[lo:hi]...)
	for range hi - lo {
		l.meta = append(l.meta, x.quality[0]<<4|isFloat)
	}
}

// at gives a sample back.
func (l *line) at(i int) Sample {
	s := Sample{Time: thing.Time(l.times[i]), Quality: thing.Quality(l.meta[i] >> 4)}
	switch l.meta[i] & 15 {
	case isFloat:
		s.Value = thing.Float(l.heights[i])
	case isInt:
		s.Value = thing.Int(int64(l.heights[i]))
	case isFalse, isTrue:
		s.Value = thing.Bool(l.meta[i]&15 == isTrue)
	default:
		s.Value = l.odd[i]
	}
	return s
}

// thin picks at most most samples so that the line through them looks like the line through all: the first, the last,
// and from each of the stretches between the one that spans the largest triangle with the one picked before and the
// middle of the next stretch (LTTB). What is no number lies on the line's last height.
func (l *line) thin(most int) []Sample {
	n := len(l.times)
	out := make([]Sample, 0, min(most, n))
	switch {
	case n <= most:
		for i := range n {
			out = append(out, l.at(i))
		}
		return out
	case most == 1:
		return append(out, l.at(n-1))
	case most == 2:
		return append(out, l.at(0), l.at(n-1))
	}
	out = append(out, l.at(0))
	stretch := float64(n-2) / float64(most-2)
	edge := func(k int) int { return min(1+int(float64(k)*stretch), n-1) }
	at := 0
	for k := range most - 2 {
		from, to, next := edge(k), edge(k+1), edge(k+2)
		if k == most-3 {
			to, next = n-1, n
		}
		mx, my := l.middle(to, next)
		best := l.largest(at, from, to, mx, my)
		out = append(out, l.at(best))
		at = best
	}
	return append(out, l.at(n-1))
}

// middle is the mean of a stretch.
func (l *line) middle(from, to int) (x, y float64) {
	zero := l.times[0]
	for _, t := range l.times[from:to] {
		x += float64(t - zero)
	}
	for _, h := range l.heights[from:to] {
		y += h
	}
	n := float64(to - from)
	return x / n, y / n
}

// largest is which of a stretch spans the largest triangle with a sample and a place.
func (l *line) largest(at, from, to int, mx, my float64) int {
	zero := l.times[0]
	x0, y0 := float64(l.times[at]-zero), l.heights[at]
	wide, high := x0-mx, my-y0
	best, area := from, -1.0
	times, heights := l.times[from:to], l.heights[from:to]
	for i, h := range heights[:len(times)] {
		if a := math.Abs(wide*(h-y0) - (x0-float64(times[i]-zero))*high); a > area {
			best, area = from+i, a
		}
	}
	return best
}
