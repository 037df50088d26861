package library

import (
	"math"

	"hutong/binding/hass/jinja/py"
)

// Globals are the functions and constants every template sees.
var Globals = map[string]py.Value{
	"range": py.FuncOf("range", globalRange), "dict": py.FuncOf("dict", py.DictOfPairs), "namespace": py.FuncOf("namespace", globalNamespace),
	"zip": py.FuncOf("zip", globalZip), "list": onValue("list", filterList), "tuple": py.FuncOf("tuple", globalTuple),
	"cycler": py.FuncOf("cycler", globalCycler), "joiner": py.FuncOf("joiner", globalJoiner),
	"float": onValue("float", filterFloat), "int": onValue("int", filterInt), "bool": onValue("bool", filterBool),
	"is_number": onValue("is_number", Filters["is_number"]), "typeof": onValue("typeof", Filters["typeof"]),
	"iif": onValue("iif", filterIif), "combine": onValue("combine", filterCombine), "slugify": onValue("slugify", filterSlugify),
	"urlencode": onValue("urlencode", filterURLEncode), "flatten": onValue("flatten", filterFlatten),
	"intersect": onValue("intersect", setFilter("intersect")), "difference": onValue("difference", setFilter("difference")),
	"union": onValue("union", setFilter("union")), "symmetric_difference": onValue("symmetric_difference", setFilter("symmetric_difference")),
	"min": py.FuncOf("min", globalExtreme("min", -1)), "max": py.FuncOf("max", globalExtreme("max", 1)),
	"average": onValue("average", filterAverage), "median": onValue("median", filterMedian), "statistical_mode": onValue("statistical_mode", filterMode),
	"log": onValue("log", filterLog), "sqrt": onValue("sqrt", mathFilter("sqrt")), "sin": onValue("sin", mathFilter("sin")),
	"cos": onValue("cos", mathFilter("cos")), "tan": onValue("tan", mathFilter("tan")), "asin": onValue("asin", mathFilter("asin")),
	"acos": onValue("acos", mathFilter("acos")), "atan": onValue("atan", mathFilter("atan")), "atan2": onValue("atan2", filterAtan2),
	"clamp": onValue("clamp", filterClamp), "wrap": onValue("wrap", filterWrap), "remap": onValue("remap", filterRemap),
	"bitwise_and": onValue("bitwise_and", bitwise("and")), "bitwise_or": onValue("bitwise_or", bitwise("or")),
	"bitwise_xor": onValue("bitwise_xor", bitwise("xor")),
	"e":           py.Float(math.E), "pi": py.Float(math.Pi), "tau": py.Float(2 * math.Pi),
	"now": py.FuncOf("now", globalNow), "utcnow": py.FuncOf("utcnow", globalUTCNow), "today_at": py.FuncOf("today_at", globalTodayAt),
	"timedelta": py.FuncOf("timedelta", globalTimedelta), "strptime": onValue("strptime", globalStrptime),
	"as_datetime": onValue("as_datetime", filterAsDatetime), "as_local": onValue("as_local", filterAsLocal),
	"as_timestamp": onValue("as_timestamp", filterAsTimestamp), "as_timedelta": onValue("as_timedelta", filterAsTimedelta),
}

// onValue makes a function of a filter: its first argument is the value.
func onValue(name string, f py.Filter) py.Value {
	return py.FuncOf(name, func(r *py.Work, a py.Args) py.Value {
		v := a.Need(r, 0, "value")
		if len(a.List) > 0 {
			a.List = a.List[1:]
		}
		return f(r, v, a)
	})
}

func globalRange(r *py.Work, a py.Args) py.Value {
	low, high, hop := 0, a.Num(r, 0, "stop", 0), 1
	if len(a.List) > 1 {
		low, high = high, a.Num(r, 1, "stop", 0)
	}
	hop = a.Num(r, 2, "step", 1)
	if hop == 0 {
		r.Fail("range step is zero")
	}
	var items []py.Value
	for i := low; hop > 0 && i < high || hop < 0 && i > high; i += hop {
		if len(items) == 100_000 {
			r.Fail("range of more than 100000 items")
		}
		if items = append(items, py.Int(int64(i))); i > math.MaxInt-1_000_000 && hop > 0 || i < math.MinInt+1_000_000 && hop < 0 {
			break
		}
		r.Step(1)
	}
	return r.List(items)
}

func globalNamespace(r *py.Work, a py.Args) py.Value {
	n := &py.Namespace{}
	for _, v := range a.List {
		if v.Kind() != py.KindDict {
			r.Fail("namespace takes a dict or names with values")
		}
		for i, k := range v.Dict().Keys {
			n.Set(k.String(), v.Dict().Values[i])
		}
	}
	for i, name := range a.Names {
		n.Set(name, a.Named[i])
	}
	return py.ObjectOf(n)
}

func globalZip(r *py.Work, a py.Args) py.Value {
	lists := make([][]py.Value, len(a.List))
	n := -1
	for i, v := range a.List {
		lists[i] = r.Iterate(v)
		if n < 0 || len(lists[i]) < n {
			n = len(lists[i])
		}
	}
	items := make([]py.Value, max(n, 0))
	for i := range items {
		row := make([]py.Value, len(lists))
		for k := range lists {
			row[k] = lists[k][i]
		}
		items[i] = r.List(row)
		items[i] = items[i].AsTuple()
	}
	return r.List(items)
}

func globalTuple(r *py.Work, a py.Args) py.Value {
	v := r.List(r.Iterate(a.Or(0, "iterable", py.List())))
	v = v.AsTuple()
	return v
}

// globalExtreme is min(a, b, ...) and min(list).
func globalExtreme(name string, want int) func(r *py.Work, a py.Args) py.Value {
	f := extreme(want)
	return func(r *py.Work, a py.Args) py.Value {
		v := a.Need(r, 0, "value")
		rest := py.Args{Names: a.Names, Named: a.Named}
		if len(a.List) > 1 {
			v = py.List(a.List...)
		}
		return f(r, v, rest)
	}
}

func globalCycler(r *py.Work, a py.Args) py.Value {
	if len(a.List) == 0 {
		r.Fail("cycler wants at least one item")
	}
	i := 0
	n := &py.Namespace{}
	n.Set("next", py.FuncOf("next", func(*py.Work, py.Args) py.Value {
		v := a.List[i%len(a.List)]
		i++
		return v
	}))
	return py.ObjectOf(n)
}

func globalJoiner(_ *py.Work, a py.Args) py.Value {
	sep := a.Or(0, "sep", py.Text(", "))
	used := false
	return py.FuncOf("joiner", func(*py.Work, py.Args) py.Value {
		if !used {
			used = true
			return py.Text("")
		}
		return sep
	})
}
