package history

import (
	"cmp"
	"slices"
	"time"

	"hutong/history/gather"
	"hutong/thing"
)

// collector turns a stream of samples into the answer.
type collector struct {
	q      Query
	most   int
	out    []Sample
	bucket gather.Bucket
	full   bool
	buf    []Sample
	line   *line // instead of out, for samples that are to be thinned
}

// each says that samples are wanted as they are, not gathered into buckets.
func (c *collector) each() bool { return c.q.Step == 0 && c.q.Agg == "" }

// add takes samples in order; false says that there is enough.
func (c *collector) add(list []Sample) bool {
	if c.each() {
		list = list[:c.room(len(list))]
		if c.line != nil {
			for _, s := range list {
				c.line.add(s)
			}
		} else {
			c.out = append(c.out, list...)
		}
		return c.more()
	}
	for _, s := range list {
		start, cell, _ := c.stretch(s.Time)
		if !c.turn(start, cell) {
			return false
		}
		c.bucket.Add(s)
	}
	return true
}

// have is how many samples there are already.
func (c *collector) have() int {
	if c.line != nil {
		return len(c.line.times)
	}
	return len(c.out)
}

// room is how many of n samples more are wanted; full is set when there are too many.
func (c *collector) room(n int) int {
	if c.q.Limit > 0 {
		n = min(n, c.q.Limit-c.have())
	}
	if c.full = c.have()+n > c.most; c.full {
		return 0
	}
	return n
}

// more says whether more samples are wanted.
func (c *collector) more() bool { return !c.full && (c.q.Limit == 0 || c.have() < c.q.Limit) }

// byHours says that buckets are made of whole hours: sums are added up hour by hour then, and elsewhere bucket by bucket.
func (q *Query) byHours() bool {
	return q.Step%time.Duration(gather.Hour) == 0 && (q.Step > 0 || q.Agg != "")
}

// stretch is the bucket a time lies in and the cell of it: when they begin, and the cell's last moment.
func (c *collector) stretch(t thing.Time) (start, cell, last thing.Time) {
	step := c.q.Step
	if start = c.q.From; step > 0 {
		start = roundDown(t, step)
	}
	if cell = start; c.q.byHours() {
		step = time.Duration(gather.Hour)
		cell = roundDown(t, step)
	}
	if last = cell + thing.Time(step) - 1; last < cell {
		last = 1<<63 - 1 // the end of time
	}
	return start, cell, last
}

// turn closes the bucket in hand when another begins at start; false says that there are enough.
func (c *collector) turn(start, cell thing.Time) bool {
	if !c.bucket.Empty() && start != c.bucket.Start {
		c.close()
		if c.q.Limit > 0 && len(c.out) == c.q.Limit {
			return false
		}
		if c.full = len(c.out) >= c.most; c.full {
			return false
		}
	}
	c.bucket.Turn(start, cell)
	return true
}

// hours takes some of a rollup.
func (c *collector) hours(x *gather.Rollup, lo, hi int) bool {
	for i := lo; i < hi; i++ {
		start, cell, _ := c.stretch(thing.Time(x.Hours[i]) * gather.Hour)
		if !c.turn(start, cell) {
			return false
		}
		c.bucket.Join(x, i)
	}
	return true
}

// columns takes samples as add does.
func (c *collector) columns(x *columns, lo, hi int) bool {
	if c.each() && c.line != nil {
		c.line.columns(x, lo, lo+c.room(hi-lo))
		return c.more()
	}
	if c.each() || !x.plain() {
		c.buf = x.samples(c.buf[:0])
		return c.add(c.buf[lo:hi])
	}
	for lo < hi {
		start, cell, last := c.stretch(thing.Time(x.times[lo]))
		if !c.turn(start, cell) {
			return false
		}
		n := lo + until(x.times[lo:hi], int64(last))
		c.run(x, lo, n)
		lo = n
	}
	return true
}

// run puts the samples from lo to hi of plain columns into the bucket.
func (c *collector) run(x *columns, lo, hi int) {
	last := x.at(hi - 1)
	switch {
	case len(x.floats) > 0:
		c.bucket.Floats(x.floats[lo:hi], last)
	case len(x.ints) > 0:
		c.bucket.Ints(x.ints[lo:hi], last)
	default:
		on := 0
		for _, k := range x.kind[lo:hi] {
			on += int(k - isFalse)
		}
		c.bucket.Bools(on, hi-lo, last)
	}
}

// until is how many of list, which is in order and whose first is, are not above last.
func until(list []int64, last int64) int {
	far := 16
	for far < len(list) && list[far] <= last {
		far *= 4
	}
	n, _ := slices.BinarySearchFunc(list[:min(far, len(list))], last, func(t, last int64) int {
		if t <= last {
			return -1
		}
		return 1
	})
	return n
}

func (c *collector) close() {
	if s, ok := c.bucket.Result(cmp.Or(c.q.Agg, "avg")); ok {
		c.out = append(c.out, s)
	}
	c.bucket = gather.Bucket{Agg: c.bucket.Agg}
}

// finish is what has been gathered, with the sample before it where there is one.
func (c *collector) finish(before *Sample) []Sample {
	if c.line != nil {
		return c.thinned(before)
	}
	if !c.bucket.Empty() && (c.q.Limit == 0 || len(c.out) < c.q.Limit) {
		c.close()
	}
	if before != nil {
		c.out = slices.Insert(c.out, 0, *before)
	}
	if c.q.Max == 0 || len(c.out) <= c.q.Max {
		return c.out
	}
	var l line
	l.grow(len(c.out))
	for _, s := range c.out {
		l.add(s)
	}
	return l.thin(c.q.Max)
}

// thinned is finish for what is to be thinned.
func (c *collector) thinned(before *Sample) []Sample {
	l := c.line
	if before == nil {
		return l.thin(c.q.Max)
	}
	var whole line
	whole.grow(len(l.times) + 1)
	whole.add(*before)
	for i := range l.times {
		whole.add(l.at(i))
	}
	return whole.thin(c.q.Max)
}
