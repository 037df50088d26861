package gather

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"

	"hutong/history/pack"
	"hutong/thing"
)

// A rollup says what the samples of one series in one segment come to, hour by hour, so that a query by the hour or by
// several need not read them. It repeats what the chunks say and is made when they are; docs/formats/history.md has every
// byte.
const (
	Hour       = thing.Time(time.Hour) // what a cell of a rollup is long
	rollupCost = 12                    // a rollup takes at most one byte for so many samples, or there is none

	rollBools    = 0
	rollInts     = 1
	rollDecimals = 2 // and the exponent
	rollFloats   = 255
)

// Rollup is one taken apart, by column. Only what was asked for is there.
type Rollup struct {
	Hours  []int64 // since 1970, ascending: those in which there are samples
	Counts []int64 // of samples; 0 where they must be read, since they are not all known numbers of one kind and quality
	place  []int32 // of an hour with a count among those; the columns below have no others

	form                           byte
	quality                        []byte
	low, spread, sum, above, under []int64
}

// HourOf is the hour a time lies in.
func HourOf(t thing.Time) int64 {
	h := int64(t / Hour)
	if t%Hour < 0 {
		h--
	}
	return h
}

// The first and the last hour that are whole.
const (
	firstHour = math.MinInt64 / int64(Hour)
	lastHour  = math.MaxInt64/int64(Hour) - 1
)

// Join adds an hour to a bucket, as its samples one by one would.
func (b *Bucket) Join(x *Rollup, i int) {
	n, k := x.Counts[i], x.place[i]
	switch b.Agg {
	case "count":
	case "min":
		b.widen(x.number(x.low[k]), x.number(x.low[k]))
	case "max":
		high := x.number(x.low[k] + x.spread[k])
		b.widen(high, high)
	case "last":
		b.last.Value = x.number(x.low[k] + x.spread[k] - x.under[k])
		if x.form == rollBools {
			b.last.Value = thing.Bool(b.last.Value.Int() == 1)
		}
		b.last.Quality = thing.Quality(x.quality[k])
	default:
		b.part.fold(x.tally(n, k))
	}
	b.count(int(n), thing.Quality(x.quality[k]))
}

func (x *Rollup) number(i int64) thing.Value {
	switch x.form {
	case rollBools, rollInts:
		return thing.Int(i)
	case rollFloats:
		return thing.Float(math.Float64frombits(uint64(i)))
	}
	return thing.Float(pack.FromDecimal(i, int(x.form-rollDecimals)))
}

func (x *Rollup) tally(n int64, k int32) tally {
	i := x.sum[k] + expected(x.form, n, x.low[k], x.spread[k])
	switch x.form {
	case rollBools, rollInts:
		return tally{float: float64(i), whole: i}
	case rollFloats:
		return tally{float: math.Float64frombits(uint64(i)), inexact: true}
	}
	near := pack.FromDecimal(i, int(x.form-rollDecimals))
	return tally{float: math.Float64frombits(math.Float64bits(near) + uint64(x.above[k])), inexact: true}
}

// expected is about what n numbers come to that lie between low and low + spread, where that can be told.
func expected(form byte, n, low, spread int64) int64 {
	if form == rollFloats {
		return 0
	}
	return n * (low + spread>>1)
}

// Roller makes a rollup of samples that come in order of time.
type Roller struct {
	bucket Bucket // the hour in hand
	first  Sample
	even   bool // all samples of it are alike in kind and quality
	hours  []int64
	counts []int64
	kind   thing.Type // of all hours with a count
	// The columns of those.
	quality              []byte
	low, high, sum, last []int64 // floats as their bits
}

// Reset forgets all, but keeps the memory.
func (r *Roller) Reset() {
	*r = Roller{
		hours: r.hours[:0], counts: r.counts[:0], quality: r.quality[:0], low: r.low[:0], high: r.high[:0], sum: r.sum[:0], last: r.last[:0],
	}
}

// Add takes samples in order of time.
func (r *Roller) Add(list []Sample) {
	for _, s := range list {
		if r.bucket.Empty() || s.Time-r.bucket.Start >= Hour || s.Time < r.bucket.Start {
			r.close()
			r.bucket = Bucket{Start: thing.Time(HourOf(s.Time)) * Hour}
			r.first, r.even = s, true
		}
		r.even = r.even && s.Quality == r.first.Quality && s.Value.Type() == r.first.Value.Type()
		r.bucket.Add(s)
	}
}

// close enters the hour in hand.
func (r *Roller) close() {
	b := &r.bucket
	if b.samples == 0 {
		return
	}
	r.hours = append(r.hours, HourOf(r.first.Time))
	kind := r.first.Value.Type()
	if len(r.quality) == 0 {
		r.kind = kind
	}
	if !r.even || b.numbers != b.samples || kind != r.kind || kind != thing.Number && b.part.inexact {
		r.counts = append(r.counts, 0)
		return
	}
	r.counts = append(r.counts, int64(b.samples))
	r.quality = append(r.quality, byte(r.first.Quality))
	last := b.last.Value
	if kind == thing.Boolean {
		last = asNumber(last.Bool())
	}
	r.low, r.high, r.last = append(r.low, asInt(b.min)), append(r.high, asInt(b.max)), append(r.last, asInt(last))
	sum := b.part.whole
	if kind == thing.Number {
		sum = int64(math.Float64bits(b.part.float))
	}
	r.sum = append(r.sum, sum)
}

// asInt is an integer, or a float's bits.
func asInt(v thing.Value) int64 {
	if v.Type() == thing.Integer {
		return v.Int()
	}
	return int64(math.Float64bits(v.Float()))
}

// Append appends the rollup; nothing when there is little to gain by it.
func (r *Roller) Append(dst []byte, samples int) []byte {
	r.close()
	r.bucket = Bucket{}
	m := len(r.quality)
	if m == 0 || r.hours[0] < firstHour || r.hours[len(r.hours)-1] > lastHour {
		return dst
	}
	start := len(dst)
	dst = binary.AppendUvarint(dst, uint64(len(r.hours)))
	dst = pack.AppendInts(dst, slices.Clone(r.hours))
	dst = pack.AppendInts(dst, slices.Clone(r.counts))
	form, above := r.numbers()
	dst = pack.AppendSymbols(append(dst, form), r.quality)
	spread, under, sum := make([]int64, m), make([]int64, m), make([]int64, m)
	k := 0
	for _, n := range r.counts {
		if n > 0 {
			spread[k], under[k] = r.high[k]-r.low[k], r.high[k]-r.last[k]
			sum[k] = r.sum[k] - expected(form, n, r.low[k], spread[k])
			k++
		}
	}
	for _, column := range [][]int64{r.low, spread, sum, above, under} {
		dst = pack.AppendInts(dst, column)
	}
	if (len(dst)-start+4)*rollupCost > samples {
		return dst[:start]
	}
	return dst
}

// numbers brings the columns into the form in which they are written.
func (r *Roller) numbers() (form byte, above []int64) {
	switch r.kind {
	case thing.Boolean:
		return rollBools, nil
	case thing.Integer:
		return rollInts, nil
	}
	var floats [3][]float64
	for i, column := range [][]int64{r.low, r.high, r.last} {
		for _, bits := range column {
			floats[i] = append(floats[i], math.Float64frombits(uint64(bits)))
		}
	}
	e, mantissas, ok := pack.Decimals(floats[:]...)
	if !ok {
		return rollFloats, nil
	}
	r.low, r.high, r.last = mantissas[0], mantissas[1], mantissas[2]
	above = make([]int64, len(r.sum))
	for i, bits := range r.sum {
		r.sum[i], above[i] = pack.NearDecimal(math.Float64frombits(uint64(bits)), e)
	}
	return rollDecimals + byte(e), above
}

// Read takes a rollup apart as far as agg needs it, of a series of so many samples from one time to another. It takes
// any bytes: what is no rollup is an error.
func Read(data []byte, agg string, samples int, from, to thing.Time) (*Rollup, error) {
	r := pack.Reader{B: data}
	n := r.Uvarint()
	if r.Bad || n == 0 || n > uint64(samples) || n > uint64(HourOf(to)-HourOf(from))+1 {
		return nil, fmt.Errorf("rollup: %w", pack.ErrDamaged)
	}
	x := &Rollup{Hours: make([]int64, n), Counts: make([]int64, n), place: make([]int32, n)}
	r.Ints(x.Hours)
	r.Ints(x.Counts)
	m, left := 0, int64(samples)
	for i, c := range x.Counts {
		if c < 0 || c > left || i > 0 && x.Hours[i] <= x.Hours[i-1] {
			r.Fail()
			break
		}
		left -= c
		x.place[i] = int32(m)
		if c > 0 {
			m++
		}
	}
	if r.Bad || m == 0 || x.Hours[0] < max(HourOf(from), firstHour) || x.Hours[n-1] > min(HourOf(to), lastHour) {
		return nil, fmt.Errorf("rollup: %w", pack.ErrDamaged)
	}
	x.form, x.quality = r.Byte(), make([]byte, m)
	r.Symbols(x.quality, byte(thing.Good))
	decimal := x.form >= rollDecimals && x.form <= rollDecimals+pack.MaxExponent
	if x.form > rollInts && x.form != rollFloats && !decimal {
		r.Fail()
	}
	for _, c := range []struct {
		list *[]int64
		want bool
	}{
		{&x.low, agg != "count"},
		{&x.spread, agg != "count" && agg != "min"},
		{&x.sum, agg != "count" && agg != "min" && agg != "max"},
		{&x.above, decimal && agg != "count" && agg != "min" && agg != "max"},
		{&x.under, agg == "last"},
	} {
		if c.want && !r.Bad {
			*c.list = make([]int64, m)
			r.Ints(*c.list)
		}
	}
	if r.Bad || agg == "last" && len(r.B) > 0 {
		return nil, fmt.Errorf("rollup: %w", pack.ErrDamaged)
	}
	return x, nil
}
