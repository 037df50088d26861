package library

import (
	"math"
	"strconv"

	"hutong/binding/hass/jinja/py"
)

func filterInt(r *py.Work, v py.Value, a py.Args) py.Value {
	base := a.Num(r, 1, "base", 10)
	if base != 0 && (base < 2 || base > 36) {
		r.Fail("base %d is not between 2 and 36", base)
	}
	if i, ok := py.IntOf(r.Known(v), base); ok {
		return py.Int(i)
	}
	return fallback(r, "int", v, &a, 0)
}

func filterFloat(r *py.Work, v py.Value, a py.Args) py.Value {
	if f, ok := py.FloatOf(r.Known(v)); ok {
		return py.Float(f)
	}
	return fallback(r, "float", v, &a, 0)
}

// fallback is the default given as argument i, or a failure.
func fallback(r *py.Work, name string, v py.Value, a *py.Args, i int) py.Value {
	d, ok := a.Find(i, "default")
	if !ok {
		noDefault(r, name, v)
	}
	return d
}

func filterAbs(r *py.Work, v py.Value, _ py.Args) py.Value {
	switch {
	case v.Kind() == py.KindFloat:
		return py.Float(math.Abs(v.Number()))
	case v.IsNumber():
		return r.Ints("*", v.Whole(), int64(py.Sign(v.Whole() < 0, true)))
	}
	r.Fail("abs wants a number, got %s", v.Kind())
	return py.Value{}
}

func filterRound(r *py.Work, v py.Value, a py.Args) py.Value {
	a.Done(r, "precision", "method", "default")
	precision := a.Num(r, 0, "precision", 0)
	f, ok := py.FloatOf(r.Known(v))
	if !ok || math.IsNaN(f) && precision == 0 {
		return fallback(r, "round", v, &a, 2)
	}
	scale := math.Pow(10, float64(precision))
	switch a.Or(1, "method", py.Text("common")).Text() {
	case "ceil":
		f = math.Ceil(f*scale) / scale
	case "floor":
		f = math.Floor(f*scale) / scale
	case "half":
		f = math.RoundToEven(f*2) / 2
	default:
		f = py.Round(f, precision)
	}
	if precision != 0 {
		return py.Float(f)
	}
	if math.Abs(f) >= 1<<63 {
		r.Fail("the number does not fit 64 bits")
	}
	return py.Int(int64(f))
}

// scaled is multiply and add: float(v) with the amount.
func scaled(op string) py.Filter {
	return func(r *py.Work, v py.Value, a py.Args) py.Value {
		amount := a.Need(r, 0, "amount")
		f, ok := py.FloatOf(r.Known(v))
		if !ok || !amount.IsNumber() {
			return fallback(r, map[string]string{"*": "multiply", "+": "add"}[op], v, &a, 1)
		}
		return r.Floats(op, f, amount.Number())
	}
}

func mathFilter(name string) py.Filter {
	f := map[string]func(float64) float64{
		"sqrt": math.Sqrt, "sin": math.Sin, "cos": math.Cos, "tan": math.Tan, "asin": math.Asin, "acos": math.Acos, "atan": math.Atan,
	}[name]
	return func(r *py.Work, v py.Value, a py.Args) py.Value {
		if x, ok := py.FloatOf(r.Known(v)); ok {
			if y := f(x); !math.IsNaN(y) {
				return py.Float(y)
			}
		}
		return fallback(r, name, v, &a, 0)
	}
}

func filterLog(r *py.Work, v py.Value, a py.Args) py.Value {
	base, okBase := py.FloatOf(a.Or(0, "base", py.Float(math.E)))
	x, ok := py.FloatOf(r.Known(v))
	if !ok || !okBase || x <= 0 || base <= 0 || base == 1 {
		return fallback(r, "log", v, &a, 1)
	}
	switch base {
	case math.E:
		return py.Float(math.Log(x))
	case 10:
		return py.Float(math.Log10(x))
	}
	return py.Float(math.Log(x) / math.Log(base))
}

func filterAtan2(r *py.Work, v py.Value, a py.Args) py.Value {
	y, x := v, a.Or(0, "x", py.Value{})
	if items := v.Items(); len(items) == 2 {
		y, x = items[0], items[1]
	}
	fy, ok1 := py.FloatOf(y)
	fx, ok2 := py.FloatOf(x)
	if !ok1 || !ok2 {
		return fallback(r, "atan2", v, &a, 1)
	}
	return py.Float(math.Atan2(fy, fx))
}

// sample lists v, or v and the arguments, for statistics; and where a default stands.
func sample(r *py.Work, v py.Value, a *py.Args) ([]py.Value, int) {
	if v.Kind() == py.KindList || v.Kind() == py.KindTuple || v.Kind() == py.KindDict || v.Kind() == py.KindText || v.Kind() == py.KindUndefined {
		return r.Iterate(v), 0
	}
	if len(a.List) == 0 {
		r.Fail("a %s cannot be looped over", v.Kind())
	}
	return append([]py.Value{v}, a.List...), len(a.List)
}

func filterAverage(r *py.Work, v py.Value, a py.Args) py.Value {
	items, at := sample(r, v, &a)
	sum := 0.0
	for _, it := range items {
		f, ok := py.FloatOf(it)
		if !ok || it.Kind() == py.KindText {
			return fallback(r, "average", v, &a, at)
		}
		sum += f
	}
	if len(items) == 0 {
		return fallback(r, "average", v, &a, at)
	}
	return py.Float(sum / float64(len(items)))
}

func filterMedian(r *py.Work, v py.Value, a py.Args) py.Value {
	items, at := sample(r, v, &a)
	for _, it := range items {
		if !it.IsNumber() {
			return fallback(r, "median", v, &a, at)
		}
	}
	n := len(items)
	if n == 0 {
		return fallback(r, "median", v, &a, at)
	}
	items = sorted(r, items, items, false)
	if n%2 == 1 {
		return items[n/2]
	}
	return py.Float((items[n/2-1].Number() + items[n/2].Number()) / 2)
}

func filterMode(r *py.Work, v py.Value, a py.Args) py.Value {
	items, at := sample(r, v, &a)
	seen := &py.Map{}
	best := -1
	for _, it := range items {
		n := int64(1)
		if i := seen.Find(it); i >= 0 {
			n = seen.Values[i].Int() + 1
		}
		r.Put(seen, it, py.Int(n))
	}
	for i := range seen.Keys {
		if best < 0 || seen.Values[i].Int() > seen.Values[best].Int() {
			best = i
		}
	}
	if best < 0 {
		return fallback(r, "statistical_mode", v, &a, at)
	}
	return seen.Keys[best]
}

func bitwise(op string) py.Filter {
	return func(r *py.Work, v py.Value, a py.Args) py.Value {
		w := a.Need(r, 0, "second_value")
		if v.Kind() != py.KindInt && v.Kind() != py.KindBool || w.Kind() != py.KindInt && w.Kind() != py.KindBool {
			r.Fail("bitwise_%s wants whole numbers, got a %s and a %s", op, v.Kind(), w.Kind())
		}
		switch op {
		case "and":
			return py.Int(v.Whole() & w.Whole())
		case "or":
			return py.Int(v.Whole() | w.Whole())
		}
		return py.Int(v.Whole() ^ w.Whole())
	}
}

// numbers reads v and the arguments of those names as floats.
func numbers(r *py.Work, v py.Value, a *py.Args, names ...string) []float64 {
	list := make([]float64, 0, 1+len(names))
	for i, n := range append([]string{""}, names...) {
		if i > 0 {
			v = a.Need(r, i-1, n)
		}
		f, ok := py.FloatOf(v)
		if !ok {
			r.Fail("function requires numeric arguments, got %s", v.Kind())
		}
		list = append(list, f)
	}
	return list
}

func filterClamp(r *py.Work, v py.Value, a py.Args) py.Value {
	n := numbers(r, v, &a, "min_value", "max_value")
	return py.Float(max(n[1], min(n[2], n[0])))
}

func filterWrap(r *py.Work, v py.Value, a py.Args) py.Value {
	n := numbers(r, v, &a, "min_value", "max_value")
	size := n[2] - n[1]
	if size == 0 {
		return py.Float(n[1])
	}
	return py.Float(r.Floats("%", n[0]-n[1], size).Number() + n[1])
}

func filterRemap(r *py.Work, v py.Value, a py.Args) py.Value {
	n := numbers(r, v, &a, "in_min", "in_max", "out_min", "out_max")
	if n[1] == n[2] {
		r.Fail("remap: in_min and in_max are the same")
	}
	f := n[0]
	switch a.Or(5, "edges", py.Text("none")).String() {
	case "clamp":
		f = max(n[1], min(n[2], f))
	case "wrap":
		f = r.Floats("%", f-n[1], n[2]-n[1]).Number() + n[1]
	case "mirror":
		size := n[2] - n[1]
		period := math.Floor((f - n[1]) / size)
		f -= n[1] + period*size
		if math.Mod(period, 2) != 0 {
			f = size - f
		}
		f += n[1]
	}
	steps := a.Num(r, 4, "steps", 0)
	if steps <= 0 && n[1] == n[3] && n[2] == n[4] {
		return py.Float(f)
	}
	out := (f - n[1]) / (n[2] - n[1])
	if steps > 0 {
		out = math.RoundToEven(out*float64(steps)) / float64(steps)
	}
	return py.Float(n[3] + out*(n[4]-n[3]))
}

func filterFileSize(r *py.Work, v py.Value, a py.Args) py.Value {
	f, ok := py.FloatOf(v)
	if !ok {
		r.Fail("filesizeformat wants a number, got %s", v.Kind())
	}
	base, prefixes := 1000.0, []string{"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"}
	if a.Or(0, "binary", py.Bool(false)).Truth() {
		base, prefixes = 1024, []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"}
	}
	if f == 1 {
		return py.Text("1 Byte")
	}
	if f < base {
		return py.Text(strconv.FormatInt(int64(f), 10) + " Bytes")
	}
	i := 0
	for f /= base; f >= base && i < len(prefixes)-1; i++ {
		f /= base
	}
	return py.Text(strconv.FormatFloat(f, 'f', 1, 64) + " " + prefixes[i])
}
