package history

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"hutong/history/gather"
	"hutong/history/pack"
	"hutong/thing"
)

// source is what one segment, or memory, has of a series within a view.
type source struct {
	pieces []piece // in order of time where they are a segment's
	at     rollupAt
	roll   *gather.Rollup // nil: none, or of no use
	free   []bool         // hours of roll that stand for their samples
}

// rollupAt says where a segment's rollup of a series is; length 0: there is none.
type rollupAt struct {
	segment *segment
	chunks  []chunkAt
	length  uint32
}

func (s *source) span() (from, to thing.Time) {
	from, to = s.pieces[0].min, s.pieces[0].max
	for _, p := range s.pieces[1:] {
		from, to = min(from, p.min), max(to, p.max)
	}
	return from, to
}

// roll puts hours of rollups in the place of the chunks they stand for, as far as agg needs them: hours that are wanted
// whole, and of which no other segment and no buffer has samples too. A rollup that is damaged costs nothing but time.
func (v *view) roll(ctx context.Context, agg string) error {
	for i := range v.sources {
		s := &v.sources[i]
		if s.at.length == 0 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		x, err := s.at.segment.rollup(s.at.chunks, s.at.length, agg)
		switch {
		case errors.Is(err, pack.ErrDamaged):
			v.damaged(err)
			continue
		case err != nil:
			return err
		}
		s.roll, s.free = x, make([]bool, len(x.Hours))
		for k, h := range x.Hours {
			s.free[k] = x.Counts[k] > 0 && thing.Time(h)*gather.Hour >= v.from && thing.Time(h)*gather.Hour+gather.Hour-1 <= v.to
		}
	}
	v.contest()
	for i := range v.sources {
		if s := &v.sources[i]; s.roll != nil {
			s.pieces = s.split()
		}
	}
	return nil
}

// contest takes the hours of which several sources have samples from all of them.
func (v *view) contest() {
	type spanned struct {
		*source
		from, to int64 // hours
	}
	list := make([]spanned, 0, len(v.sources))
	for i := range v.sources {
		from, to := v.sources[i].span()
		list = append(list, spanned{&v.sources[i], gather.HourOf(from), gather.HourOf(to)})
	}
	slices.SortFunc(list, func(a, b spanned) int { return cmp.Compare(a.from, b.from) })
	for i, a := range list {
		for _, b := range list[i+1:] {
			if b.from > a.to {
				break
			}
			a.yield(b.source)
			b.yield(a.source)
		}
	}
}

// yield gives up the hours in which o may have samples.
func (s *source) yield(o *source) {
	if s.roll == nil {
		return
	}
	if o.roll == nil {
		for _, p := range o.pieces {
			s.lose(gather.HourOf(p.min), gather.HourOf(p.max))
		}
		return
	}
	from, _ := slices.BinarySearch(o.roll.Hours, s.roll.Hours[0])
	for _, h := range o.roll.Hours[from:] {
		if h > s.roll.Hours[len(s.roll.Hours)-1] {
			break
		}
		s.lose(h, h)
	}
}

func (s *source) lose(from, to int64) {
	i, _ := slices.BinarySearch(s.roll.Hours, from)
	for ; i < len(s.free) && s.roll.Hours[i] <= to; i++ {
		s.free[i] = false
	}
}

// split makes pieces of the free hours, and for the others of what the chunks have there.
func (s *source) split() []piece {
	hours, chunks := s.roll.Hours, s.pieces
	var out []piece
	for lo, hi := 0, 0; lo < len(hours); lo = hi {
		for hi = lo + 1; hi < len(hours) && hours[hi] == hours[hi-1]+1 && s.free[hi] == s.free[lo]; hi++ {
		}
		p := piece{min: thing.Time(hours[lo]) * gather.Hour, max: thing.Time(hours[hi-1])*gather.Hour + gather.Hour - 1}
		if s.free[lo] {
			p.roll, p.lo, p.hi = s.roll, lo, hi
			out = append(out, p)
			continue
		}
		for len(chunks) > 0 && chunks[0].max < p.min {
			chunks = chunks[1:]
		}
		for _, c := range chunks {
			if c.min > p.max {
				break
			}
			c.min, c.max = max(c.min, p.min), min(c.max, p.max)
			out = append(out, c)
		}
	}
	return out
}
