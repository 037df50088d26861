package history

import (
	"cmp"
	"slices"

	"hutong/thing"
)

// collector turns a stream of samples into the answer.
type collector struct {
	q      Query
	most   int
	out    []Sample
	bucket bucket
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
		start, _ := c.stretch(s.Time)
		if !c.turn(start) {
			return false
		}
		c.bucket.add(start, s)
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

// stretch is the bucket a time lies in: when it begins, and its last moment.
func (c *collector) stretch(t thing.Time) (start, last thing.Time) {
	if c.q.Step == 0 {
		return c.q.From, 1<<63 - 1
	}
	start = roundDown(t, c.q.Step)
	if last = start + thing.Time(c.q.Step) - 1; last < start {
		last = 1<<63 - 1 // the end of time
	}
	return start, last
}

// turn closes the bucket in hand when another begins at start; false says that there are enough.
func (c *collector) turn(start thing.Time) bool {
	if c.bucket.samples == 0 || start == c.bucket.start {
		return true
	}
	c.close()
	if c.q.Limit > 0 && len(c.out) == c.q.Limit {
		return false
	}
	c.full = len(c.out) >= c.most
	return !c.full
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
		start, last := c.stretch(thing.Time(x.times[lo]))
		if !c.turn(start) {
			return false
		}
		n := lo + until(x.times[lo:hi], int64(last))
		c.bucket.run(start, x, lo, n)
		lo = n
	}
	return true
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
	if s, ok := c.bucket.result(cmp.Or(c.q.Agg, "avg")); ok {
		c.out = append(c.out, s)
	}
	c.bucket = bucket{agg: c.bucket.agg}
}

// finish is what has been gathered, with the sample before it where there is one.
func (c *collector) finish(before *Sample) []Sample {
	if c.line != nil {
		return c.thinned(before)
	}
	if c.bucket.samples > 0 && (c.q.Limit == 0 || len(c.out) < c.q.Limit) {
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
