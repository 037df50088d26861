package library

import (
	"sort"
	"strings"

	"hutong/binding/hass/jinja/py"
)

func filterList(r *py.Work, v py.Value, _ py.Args) py.Value { return r.List(r.Iterate(v)) }

func filterFirst(r *py.Work, v py.Value, _ py.Args) py.Value {
	if items := r.Iterate(v); len(items) > 0 {
		return items[0]
	}
	return py.Undefined("No first item, sequence was empty.")
}

func filterLast(r *py.Work, v py.Value, _ py.Args) py.Value {
	if items := r.Iterate(v); len(items) > 0 {
		return items[len(items)-1]
	}
	return py.Undefined("No last item, sequence was empty.")
}

func filterLength(r *py.Work, v py.Value, _ py.Args) py.Value {
	if v.Kind() == py.KindText {
		r.Spend(len(v.Text()))
		return py.Int(int64(py.Length(v.Text())))
	}
	return py.Int(int64(len(r.Iterate(v))))
}

func filterJoin(r *py.Work, v py.Value, a py.Args) py.Value {
	if attr, ok := a.Find(1, "attribute"); ok {
		var items []py.Value
		for _, it := range r.Iterate(v) {
			items = append(items, dig(r, it, attr))
		}
		v = r.List(items)
	}
	return r.Join(v, a.Or(0, "d", py.Text("")).String(), false)
}

// dig follows an attribute as Jinja's "attribute" arguments do: a place, a name, or names with dots between.
func dig(r *py.Work, v, attr py.Value) py.Value {
	if attr.Kind() != py.KindText {
		return r.Index(v, attr)
	}
	for part := range strings.SplitSeq(attr.Text(), ".") {
		key := py.Text(part)
		if n, ok := py.IntOf(key, 10); ok && part != "" && part[0] != '-' {
			key = py.Int(n)
		}
		v = r.Index(v, key)
	}
	return v
}

// folded is v as sorting and comparing without regard to case sees it.
func folded(v py.Value, a *py.Args, i int) py.Value {
	if v.Kind() == py.KindText && !a.Or(i, "case_sensitive", py.Bool(false)).Truth() {
		return py.Text(strings.ToLower(v.Text()))
	}
	return v
}

// keyed lists the sort key of each item.
func keyed(r *py.Work, items []py.Value, a *py.Args, caseAt, attrAt int) []py.Value {
	keys := make([]py.Value, len(items))
	attr, ok := a.Find(attrAt, "attribute")
	for i, it := range items {
		if ok && attr.Kind() != py.KindNone {
			it = dig(r, it, attr)
		}
		keys[i] = folded(it, a, caseAt)
	}
	r.Spend(48 * len(keys))
	return keys
}

func sorted(r *py.Work, items, keys []py.Value, reverse bool) []py.Value {
	order := make([]int, len(items))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool {
		c := r.Order(keys[order[i]], keys[order[j]])
		return c == -1 && !reverse || c == 1 && reverse
	})
	out := make([]py.Value, len(items))
	for i, k := range order {
		out[i] = items[k]
	}
	return out
}

func filterSort(r *py.Work, v py.Value, a py.Args) py.Value {
	items := r.Iterate(v)
	return r.List(sorted(r, items, keyed(r, items, &a, 1, 2), a.Or(0, "reverse", py.Bool(false)).Truth()))
}

func filterDictsort(r *py.Work, v py.Value, a py.Args) py.Value {
	items := r.Pairs(v).Items()
	by := 0
	if a.Or(1, "by", py.Text("key")).Text() == "value" {
		by = 1
	}
	keys := make([]py.Value, len(items))
	for i, it := range items {
		keys[i] = folded(it.Items()[by], &a, 0)
	}
	return r.List(sorted(r, items, keys, a.Or(2, "reverse", py.Bool(false)).Truth()))
}

func filterReverse(r *py.Work, v py.Value, _ py.Args) py.Value {
	items := r.Iterate(v)
	out := make([]py.Value, len(items))
	for i, it := range items {
		out[len(out)-1-i] = it
	}
	if v.Kind() == py.KindText {
		return r.Join(py.List(out...), "", true)
	}
	return r.List(out)
}

func filterUnique(r *py.Work, v py.Value, a py.Args) py.Value {
	items := r.Iterate(v)
	seen := &py.Map{}
	var out []py.Value
	for i, k := range keyed(r, items, &a, 0, 1) {
		if !py.Hashable(k) {
			r.Fail("a %s cannot be compared for unique", k.Kind())
		}
		r.Step(len(seen.Keys) / 8)
		if seen.Find(k) < 0 {
			seen.Set(k, k)
			out = append(out, items[i])
		}
	}
	return r.List(out)
}

func filterSum(r *py.Work, v py.Value, a py.Args) py.Value {
	total := a.Or(1, "start", py.Int(0))
	attr, ok := a.Find(0, "attribute")
	for _, it := range r.Iterate(v) {
		if ok && attr.Kind() != py.KindNone {
			it = dig(r, it, attr)
		}
		total = r.Binary("+", total, it)
	}
	return total
}

// extreme is min and max.
func extreme(want int) py.Filter {
	return func(r *py.Work, v py.Value, a py.Args) py.Value {
		items := r.Iterate(v)
		if len(items) == 0 {
			return py.Undefined("No aggregated item, sequence was empty.")
		}
		keys := keyed(r, items, &a, 0, 1)
		best := 0
		for i := range keys {
			if r.Order(keys[i], keys[best]) == want {
				best = i
			}
		}
		return items[best]
	}
}

func filterBatch(r *py.Work, v py.Value, a py.Args) py.Value {
	n := a.Num(r, 0, "linecount", 0)
	if n < 1 || n > py.MaxSteps {
		r.Fail("batch wants at least 1 item in a batch")
	}
	var out []py.Value
	items := r.Iterate(v)
	for i := 0; i < len(items); i += n {
		part := append([]py.Value(nil), items[i:min(i+n, len(items))]...)
		if fill, ok := a.Find(1, "fill_with"); ok && fill.Kind() != py.KindNone {
			for len(part) < n {
				r.Step(1)
				part = append(part, fill)
			}
		}
		out = append(out, r.List(part))
	}
	return r.List(out)
}

func filterSlice(r *py.Work, v py.Value, a py.Args) py.Value {
	n := a.Num(r, 0, "slices", 0)
	if n < 1 || n > py.MaxSteps/8 {
		r.Fail("slice wants at least 1 slice")
	}
	items := r.Iterate(v)
	per, more := len(items)/n, len(items)%n
	var out []py.Value
	for i, at := 0, 0; i < n; i++ {
		size := per
		if i < more {
			size++
		}
		part := append([]py.Value(nil), items[at:at+size]...)
		if fill, ok := a.Find(1, "fill_with"); ok && fill.Kind() != py.KindNone && i >= more {
			part = append(part, fill)
		}
		at += size
		out = append(out, r.List(part))
	}
	return r.List(out)
}

func filterGroupBy(r *py.Work, v py.Value, a py.Args) py.Value {
	attr := a.Need(r, 0, "attribute")
	items := r.Iterate(v)
	keys := make([]py.Value, len(items))
	for i, it := range items {
		if keys[i] = dig(r, it, attr); keys[i].Kind() == py.KindUndefined {
			keys[i] = a.Or(1, "default", keys[i])
		}
		keys[i] = folded(keys[i], &a, 2)
	}
	items, keys = sorted(r, items, keys, false), sorted(r, keys, keys, false)
	var out []py.Value
	for i := 0; i < len(items); {
		j := i
		for j < len(items) && py.Equal(keys[i], keys[j]) {
			j++
		}
		key := dig(r, items[i], attr)
		out = append(out, r.List([]py.Value{key, r.List(append([]py.Value(nil), items[i:j]...))}))
		out[len(out)-1] = out[len(out)-1].AsTuple()
		i = j
	}
	return r.List(out)
}

// filterMap is map('filter', args...) or map(attribute=..., default=...).
func filterMap(r *py.Work, v py.Value, a py.Args) py.Value {
	items := r.Iterate(v)
	out := make([]py.Value, len(items))
	if len(a.List) == 0 {
		attr := a.Need(r, 0, "attribute")
		missing, ok := a.Find(1, "default")
		for i, it := range items {
			if out[i] = dig(r, it, attr); ok && out[i].Kind() == py.KindUndefined {
				out[i] = missing
			}
		}
		return r.List(out)
	}
	fn := r.Lib.Filters[a.List[0].Text()]
	if fn == nil {
		r.Fail("no filter named %q", a.List[0].String())
	}
	rest := py.Args{List: a.List[1:], Names: a.Names, Named: a.Named}
	for i, it := range items {
		r.Step(1)
		out[i] = fn(r, it, rest)
	}
	return r.List(out)
}

// chosen is select, reject, selectattr and rejectattr.
func chosen(keep, attr bool) py.Filter {
	return func(r *py.Work, v py.Value, a py.Args) py.Value {
		var key py.Value
		if attr {
			key = a.Need(r, 0, "attribute")
			a.List = a.List[1:]
		}
		judge := func(_ *py.Work, v py.Value, _ py.Args) bool { return v.Truth() }
		var rest py.Args
		if len(a.List) > 0 {
			if judge = r.Lib.Tests[a.List[0].Text()]; judge == nil {
				r.Fail("no test named %q", a.List[0].String())
			}
			rest = py.Args{List: a.List[1:], Names: a.Names, Named: a.Named}
		}
		var out []py.Value
		for _, it := range r.Iterate(v) {
			r.Step(1)
			x := it
			if attr {
				x = dig(r, it, key)
			}
			if judge(r, x, rest) == keep {
				out = append(out, it)
			}
		}
		return r.List(out)
	}
}

func filterAttr(r *py.Work, v py.Value, a py.Args) py.Value {
	name := a.Need(r, 0, "name").String()
	if m, ok := r.Member(v, name); ok {
		return m
	}
	return py.Missing(v, name)
}

func filterFlatten(r *py.Work, v py.Value, a py.Args) py.Value {
	levels := -1
	if l, ok := a.Find(0, "levels"); ok && l.Kind() != py.KindNone {
		levels = a.Num(r, 0, "levels", -1)
	}
	if v.Kind() == py.KindText {
		r.Fail("flatten expected a list, got str")
	}
	var out []py.Value
	var walk func(v py.Value, levels int)
	walk = func(v py.Value, levels int) {
		r.Enter()
		defer func() { r.Depth-- }()
		for _, it := range r.Iterate(v) {
			r.Step(1)
			if (it.Kind() == py.KindList || it.Kind() == py.KindTuple || it.Kind() == py.KindDict) && levels != 0 {
				walk(it, levels-1)
			} else {
				out = append(out, it)
			}
		}
	}
	walk(v, levels)
	return r.List(out)
}

// setFilter treats two lists as sets. Python leaves the order open; here it is that of the lists.
func setFilter(op string) py.Filter {
	return func(r *py.Work, v py.Value, a py.Args) py.Value {
		other := a.Need(r, 0, "other")
		if v.Kind() == py.KindText || other.Kind() == py.KindText {
			r.Fail("%s expected a list, got str", op)
		}
		left, right := set(r, v), set(r, other)
		var out []py.Value
		for _, k := range left.Keys {
			r.Step(1 + len(right.Keys)/8)
			switch in := right.Find(k) >= 0; {
			case op == "union", op == "intersect" && in, op != "intersect" && !in:
				out = append(out, k)
			}
		}
		if op == "union" || op == "symmetric_difference" {
			for _, k := range right.Keys {
				r.Step(1 + len(left.Keys)/8)
				if left.Find(k) < 0 {
					out = append(out, k)
				}
			}
		}
		return r.List(out)
	}
}

func set(r *py.Work, v py.Value) *py.Map {
	d := &py.Map{}
	for _, it := range r.Iterate(v) {
		r.Put(d, it, py.None())
	}
	return d
}

func filterCombine(r *py.Work, v py.Value, a py.Args) py.Value {
	deep := false
	if x, ok := a.Find(len(a.List), "recursive"); ok {
		deep = x.Truth()
	}
	for _, other := range a.List {
		v = combine(r, v, other, deep)
	}
	return v
}

func combine(r *py.Work, x, y py.Value, deep bool) py.Value {
	r.Enter()
	defer func() { r.Depth-- }()
	if x.Kind() != py.KindDict || y.Kind() != py.KindDict {
		r.Fail("combine expected dicts, got a %s and a %s", x.Kind(), y.Kind())
	}
	d := &py.Map{}
	for i, k := range x.Dict().Keys {
		r.Put(d, k, x.Dict().Values[i])
	}
	for i, k := range y.Dict().Keys {
		v := y.Dict().Values[i]
		if j := d.Find(k); deep && j >= 0 && d.Values[j].Kind() == py.KindDict && v.Kind() == py.KindDict {
			v = combine(r, d.Values[j], v, deep)
		}
		r.Put(d, k, v)
	}
	return py.DictOf(d)
}
