package pack

import (
	"encoding/binary"
	"math/bits"
)

// The column of integers carries times, integers, scaled floats and dictionary indexes. The first value is written
// in full; what the others are away from it is divided by their common divisor and written in groups of up to 128,
// each by whichever predictor leaves the fewest bits; what goes on by equal steps to the end is one group of any length. All arithmetic wraps, so every int64 comes back exactly.
const (
	groupSize = 128
	leastSize = 8 // a group this short is not halved

	plain = 0 // distance from the group's lowest
	delta = 1 // distance from the one before
	trend = 2 // distance from a straight line

	widths   = 65             // bit widths 0 to 64 for each of the three
	runs     = 3 * widths     // value and how often
	halves   = 3*widths + 1   // two groups follow
	steady   = 3*widths + 2   // all that are left follow by equal steps
	slopeFix = 16             // fraction bits of a line's slope
	slopeMax = int64(1) << 46 // beyond this a line is not tried
)

// AppendInts appends a column; list is overwritten.
func AppendInts(dst []byte, list []int64) []byte {
	if len(list) == 0 {
		return dst
	}
	first := list[0]
	dst = binary.AppendVarint(dst, first)
	if len(list) == 1 {
		return dst
	}
	var g uint64
	for i := range list {
		list[i] -= first
		if g != 1 {
			g = gcd(g, magnitude(list[i]))
		}
	}
	if g > 1<<62 {
		g = 1 // no int64 may be lost in dividing
	}
	dst = binary.AppendUvarint(dst, g)
	if g == 0 {
		return dst // all alike
	}
	if g > 1 {
		for i := range list {
			list[i] /= int64(g)
		}
	}
	var e intEncoder
	even := len(list) - 1 // from here on each is as far from the one before as the last is
	for even > 1 && list[even-1]-list[even-2] == list[len(list)-1]-list[len(list)-2] {
		even--
	}
	for i := 1; i < len(list); i += groupSize {
		if i >= even && len(list)-i > groupSize {
			return binary.AppendVarint(append(dst, steady), list[i]-list[i-1])
		}
		dst = e.group(dst, list[i:min(i+groupSize, len(list))], list[i-1])
	}
	return dst
}

func magnitude(i int64) uint64 {
	if i < 0 {
		return -uint64(i)
	}
	return uint64(i)
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

type intEncoder struct {
	rest [groupSize]uint64
}

// plan is one way to write a group, and what it costs in bytes.
type plan struct {
	how   byte // plain, delta, trend, runs or halves
	width uint
	least int64
	slope int64
	cost  int
}

// group appends list, which follows prev.
func (e *intEncoder) group(dst []byte, list []int64, prev int64) []byte {
	return e.write(dst, list, prev, e.best(list, prev))
}

func (e *intEncoder) write(dst []byte, list []int64, prev int64, p plan) []byte {
	switch p.how {
	case halves:
		mid := len(list) / 2
		dst = e.group(append(dst, halves), list[:mid], prev)
		return e.group(dst, list[mid:], list[mid-1])
	case runs:
		return appendRuns(append(dst, runs), list, prev)
	}
	dst = append(dst, p.how*widths+byte(p.width))
	if p.how == trend {
		dst = binary.AppendVarint(dst, p.slope)
	}
	dst = binary.AppendVarint(dst, p.least)
	for i, v := range list {
		e.rest[i] = uint64(v - predict(p.how, p.slope, prev, list, i) - p.least)
	}
	return appendPacked(dst, e.rest[:len(list)], p.width)
}

// predict is what a predictor says of list[i], knowing prev and what came before.
func predict(how byte, slope, prev int64, list []int64, i int) int64 {
	switch how {
	case delta:
		if i == 0 {
			return prev
		}
		return list[i-1]
	case trend:
		return prev + (int64(i+1)*slope)>>slopeFix
	}
	return 0
}

// best weighs all ways to write a group.
func (e *intEncoder) best(list []int64, prev int64) plan {
	p := weigh(plan{how: delta}, list, prev)
	if q := weigh(plan{how: plain}, list, prev); q.cost < p.cost {
		p = q
	}
	if p.width == 0 && p.how == delta {
		return p
	}
	if n := runsCost(list, prev, p.cost); n < p.cost {
		p = plan{how: runs, cost: n}
	}
	if slope, ok := lineThrough(list); ok {
		if q := weigh(plan{how: trend, slope: slope}, list, prev); q.cost < p.cost {
			p = q
		}
	}
	if len(list) >= 2*leastSize && p.cost > len(list)/2 {
		mid := len(list) / 2
		cost := 1 + e.best(list[:mid], prev).cost + e.best(list[mid:], list[mid-1]).cost
		if cost < p.cost {
			p = plan{how: halves, cost: cost}
		}
	}
	return p
}

func weigh(p plan, list []int64, prev int64) plan {
	low, high := int64(1<<63-1), int64(-1<<63)
	switch p.how {
	case plain:
		for _, v := range list {
			low, high = min(low, v), max(high, v)
		}
	case delta:
		for _, v := range list {
			low, high = min(low, v-prev), max(high, v-prev)
			prev = v
		}
	case trend:
		at := int64(0)
		for _, v := range list {
			at += p.slope
			d := v - prev - at>>slopeFix
			low, high = min(low, d), max(high, d)
		}
	}
	p.least = low
	p.width = uint(bits.Len64(uint64(high) - uint64(low)))
	p.cost = 1 + varintLen(low) + (len(list)*int(p.width)+7)/8
	if p.how == trend {
		p.cost += varintLen(p.slope)
	}
	return p
}

// lineThrough is the slope of the straight line that lies nearest to all of list, by least squares.
func lineThrough(list []int64) (slope int64, ok bool) {
	n := len(list)
	if n < leastSize {
		return 0, false
	}
	var sxy, sxx float64
	mid := float64(n-1) / 2
	for i, v := range list {
		d := v - list[0]
		if d > slopeMax || d < -slopeMax {
			return 0, false
		}
		x := float64(i) - mid
		sxy += x * float64(d)
		sxx += x * x
	}
	return int64(sxy / sxx * (1 << slopeFix)), true
}

func appendRuns(dst []byte, list []int64, prev int64) []byte {
	for i := 0; i < len(list); {
		n := 1
		for i+n < len(list) && list[i+n] == list[i] {
			n++
		}
		dst = binary.AppendVarint(dst, list[i]-prev)
		dst = binary.AppendUvarint(dst, uint64(n))
		prev = list[i]
		i += n
	}
	return dst
}

// runsCost stops counting at limit.
func runsCost(list []int64, prev int64, limit int) int {
	cost := 1
	for i := 0; i < len(list) && cost < limit; {
		n := 1
		for i+n < len(list) && list[i+n] == list[i] {
			n++
		}
		cost += varintLen(list[i]-prev) + 1
		if n >= 0x80 {
			cost++
		}
		prev = list[i]
		i += n
	}
	return cost
}

// Ints fills list with a column.
func (r *Reader) Ints(list []int64) {
	if len(list) == 0 {
		return
	}
	first := r.Varint()
	list[0] = first
	if len(list) == 1 {
		return
	}
	g := int64(r.Uvarint())
	if g == 0 || r.Bad {
		for i := range list {
			list[i] = first
		}
		return
	}
	list[0] = 0
	for i := 1; i < len(list) && !r.Bad; i += groupSize {
		if len(r.B) > 0 && r.B[0] == steady {
			r.steady(list[i:], list[i-1])
			break
		}
		r.group(list[i:min(i+groupSize, len(list))], list[i-1])
	}
	if first == 0 && g == 1 {
		return
	}
	for i, v := range list {
		list[i] = first + v*g
	}
}

func (r *Reader) group(list []int64, prev int64) {
	how := r.Byte()
	switch {
	case r.Bad || how > halves || how == halves && len(list) < 2*leastSize:
		r.Fail()
		return
	case how == halves:
		mid := len(list) / 2
		r.group(list[:mid], prev)
		if !r.Bad {
			r.group(list[mid:], list[mid-1])
		}
		return
	case how == runs:
		r.runs(list, prev)
		return
	}
	width := uint(how % widths)
	how /= widths
	var slope int64
	if how == trend {
		slope = r.Varint()
	}
	least := r.Varint()
	packed := r.Take((uint64(len(list))*uint64(width) + 7) / 8)
	if r.Bad {
		return
	}
	unpack(list, packed, width)
	switch how {
	case plain:
		for i := range list {
			list[i] += least
		}
	case delta:
		for i, v := range list {
			prev += least + v
			list[i] = prev
		}
	case trend:
		at := int64(0)
		for i, v := range list {
			at += slope
			list[i] = prev + at>>slopeFix + least + v
		}
	}
}

func (r *Reader) steady(list []int64, prev int64) {
	r.Byte()
	step := r.Varint()
	for i := range list {
		prev += step
		list[i] = prev
	}
}

func (r *Reader) runs(list []int64, prev int64) {
	for i := 0; i < len(list); {
		prev += r.Varint()
		n := r.Uvarint()
		if r.Bad || n == 0 || n > uint64(len(list)-i) {
			r.Fail()
			return
		}
		for range n {
			list[i] = prev
			i++
		}
	}
}
