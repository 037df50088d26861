package historytest

import (
	"sort"
	"time"

	"hutong/history"
	"hutong/thing"
)

// want answers a query from the plain slice, in the plainest way.
func (r *run) want(q history.Query) []history.Sample {
	var list, before []history.Sample
	for _, c := range r.fed {
		if c.Ref != q.Ref {
			continue
		}
		at := c.Received
		if c.Device != 0 && c.Device <= c.Received+thing.Time(10*time.Minute) {
			at = c.Device
		}
		if q.Ref == refs[2] {
			at = floor(at, time.Second)
		}
		if q.Ref == refs[1] && r.retained != 0 && at < r.retained-thing.Time(time.Minute) {
			continue
		}
		s := history.Sample{Time: at, Value: c.Value, Quality: c.Quality}
		if (q.From == 0 || at >= q.From) && (q.To == 0 || at < q.To) {
			list = append(list, s)
		}
		if q.From != 0 && at < q.From && (len(before) == 0 || at >= before[0].Time) {
			before = []history.Sample{s}
		}
	}
	sort.SliceStable(list, func(i, k int) bool { return list[i].Time < list[k].Time })
	if q.Step > 0 || q.Agg != "" {
		list = buckets(list, q)
	}
	if q.Limit > 0 && len(list) > q.Limit {
		list = list[:q.Limit]
	}
	if q.Before && q.Step == 0 && q.Agg == "" {
		list = append(before, list...)
	}
	return list
}

func floor(t thing.Time, step time.Duration) thing.Time {
	n := t / thing.Time(step)
	if t < 0 && n*thing.Time(step) != t {
		n--
	}
	return n * thing.Time(step)
}

func buckets(list []history.Sample, q history.Query) []history.Sample {
	var out []history.Sample
	for i := 0; i < len(list); {
		start, n := q.From, len(list)
		if q.Step > 0 {
			start = floor(list[i].Time, q.Step)
			for n = i; n < len(list) && floor(list[n].Time, q.Step) == start; n++ {
			}
		}
		if s, ok := one(list[i:n], q); ok {
			s.Time = start
			out = append(out, s)
		}
		i = n
	}
	return out
}

// one makes one sample of a bucket.
func one(list []history.Sample, q history.Query) (history.Sample, bool) {
	agg := q.Agg
	if agg == "last" {
		return list[len(list)-1], true
	}
	var known []history.Sample
	for _, s := range list {
		if !s.Quality.Known() || s.Value.IsNull() {
			continue
		}
		switch s.Value.Type() {
		case thing.Boolean:
			i := int64(0)
			if s.Value.Bool() {
				i = 1
			}
			s.Value = thing.Int(i)
		case thing.Integer, thing.Number:
		default:
			if agg != "count" {
				continue
			}
		}
		known = append(known, s)
	}
	if len(known) == 0 {
		return history.Sample{}, false
	}
	out := history.Sample{Quality: thing.Good}
	for _, s := range known {
		out.Quality = min(out.Quality, s.Quality)
	}
	out.Value = fold(known, q)
	return out, true
}

func fold(known []history.Sample, q history.Query) thing.Value {
	low, high := known[0].Value, known[0].Value
	for _, s := range known {
		if below(s.Value, low) {
			low = s.Value
		}
		if below(high, s.Value) {
			high = s.Value
		}
	}
	switch q.Agg {
	case "count":
		return thing.Int(int64(len(known)))
	case "min":
		return low
	case "max":
		return high
	case "sum":
		if n := total(known, q); n.whole {
			return thing.Int(n.exact)
		}
		return thing.Float(total(known, q).float)
	}
	return thing.Float(total(known, q).float / float64(len(known)))
}

func below(a, b thing.Value) bool {
	if a.Type() == thing.Integer && b.Type() == thing.Integer {
		return a.Int() < b.Int()
	}
	return a.Float() < b.Float()
}

// total adds up: the samples of each hour first, and then the hours, where buckets are made of whole hours.
func total(known []history.Sample, q history.Query) number {
	if q.Step%time.Hour != 0 {
		return sum(numbers(known))
	}
	var hours []number
	for i := 0; i < len(known); {
		n, hour := i, floor(known[i].Time, time.Hour)
		for n < len(known) && floor(known[n].Time, time.Hour) == hour {
			n++
		}
		hours = append(hours, sum(numbers(known[i:n])))
		i = n
	}
	return sum(hours)
}

// number is one, and exact when it is whole.
type number struct {
	float float64
	whole bool
	exact int64
}

func numbers(list []history.Sample) (out []number) {
	for _, s := range list {
		out = append(out, number{s.Value.Float(), s.Value.Type() == thing.Integer, s.Value.Int()})
	}
	return out
}

// sum is exact when all are whole and no partial sum leaves 64 bits, and otherwise of floats in their order.
func sum(list []number) number {
	total, whole := number{}, true
	for _, n := range list {
		total.float += n.float
		whole = whole && n.whole && (n.exact <= 0 || total.exact <= 1<<63-1-n.exact) && (n.exact >= 0 || total.exact >= -1<<63-n.exact)
		total.exact += n.exact
	}
	if total.whole = whole; whole {
		total.float = float64(total.exact)
	}
	return total
}
