package py

import (
	"math"
	"math/bits"
	"strings"
	"time"
)

// Equal is Python's ==.
func Equal(x, y Value) bool {
	if x.IsNumber() && y.IsNumber() {
		if x.kind != KindFloat && y.kind != KindFloat {
			return x.num == y.num
		}
		return x.Number() == y.Number()
	}
	if x.kind != y.kind {
		return false
	}
	switch x.kind {
	case KindText:
		return x.str == y.str
	case KindList, KindTuple:
		a, b := x.Items(), y.Items()
		if len(a) != len(b) {
			return false
		}
		for i := range a {
			if !Equal(a[i], b[i]) {
				return false
			}
		}
		return true
	case KindDict:
		a, b := x.Dict(), y.Dict()
		if len(a.Keys) != len(b.Keys) {
			return false
		}
		for i, k := range a.Keys {
			if j := b.Find(k); j < 0 || !Equal(a.Values[i], b.Values[j]) {
				return false
			}
		}
		return true
	case KindDatetime:
		a, b := x.Date(), y.Date()
		return a.Naive == b.Naive && a.Time.Equal(b.Time)
	case KindTimedelta:
		return x.num == y.num
	case KindUndefined, KindNone:
		return true
	}
	return x.ref == y.ref
}

// Order is -1, 0 or 1 as x sorts before, with or after y; NaN sorts nowhere (2). Values Python cannot order are a
// failure.
func (r *Work) Order(x, y Value) int {
	r.Step(1)
	switch {
	case x.IsNumber() && y.IsNumber():
		if x.kind != KindFloat && y.kind != KindFloat {
			return Sign(int64(x.num) < int64(y.num), int64(x.num) > int64(y.num))
		}
		a, b := x.Number(), y.Number()
		if math.IsNaN(a) || math.IsNaN(b) {
			return 2
		}
		return Sign(a < b, a > b)
	case x.kind == KindUndefined:
		r.Fail("%s", x.str)
	case y.kind == KindUndefined:
		r.Fail("%s", y.str)
	case x.kind != y.kind:
	case x.kind == KindText:
		return strings.Compare(x.str, y.str)
	case x.kind == KindTimedelta:
		return Sign(x.span() < y.span(), x.span() > y.span())
	case x.kind == KindDatetime && x.Date().Naive == y.Date().Naive:
		return x.Date().Time.Compare(y.Date().Time)
	case x.kind == KindList || x.kind == KindTuple:
		a, b := x.Items(), y.Items()
		for i := range min(len(a), len(b)) {
			if !Equal(a[i], b[i]) {
				return r.Order(a[i], b[i])
			}
		}
		return Sign(len(a) < len(b), len(a) > len(b))
	}
	r.Fail("a %s and a %s have no order", x.kind, y.kind)
	return 0
}

// Sign is -1 for less, 1 for more, 0 for neither.
func Sign(less, more bool) int {
	switch {
	case less:
		return -1
	case more:
		return 1
	}
	return 0
}

// Compare is one of Python's comparisons: == != < <= > >= in, and "not in".
func (r *Work) Compare(op string, x, y Value) bool {
	switch op {
	case "==":
		r.Size(x)
		return Equal(x, y)
	case "!=":
		r.Size(x)
		return !Equal(x, y)
	case "in":
		return r.Contains(y, x)
	case "not in":
		return !r.Contains(y, x)
	}
	c := r.Order(x, y)
	switch op {
	case "<":
		return c == -1
	case "<=":
		return c == -1 || c == 0
	case ">":
		return c == 1
	}
	return c == 1 || c == 0
}

// Contains is Python's "x in of".
func (r *Work) Contains(of, x Value) bool {
	switch of.kind {
	case KindText:
		if x.kind != KindText {
			r.Fail("want a str to look for in a str, got %s", x.kind)
		}
		r.Spend(len(of.str))
		return strings.Contains(of.str, x.str)
	case KindDict:
		if !Hashable(x) {
			r.Fail("a %s cannot be a key", x.kind)
		}
		r.Step(1 + len(of.Dict().Keys)/16)
		return of.Dict().Find(x) >= 0
	}
	if of.kind == KindList && of.str == "dict_keys" && !Hashable(x) {
		r.Fail("a %s cannot be a key", x.kind)
	}
	for _, it := range r.Iterate(of) {
		r.Size(it)
		if Equal(it, x) {
			return true
		}
	}
	return false
}

// Iterate lists what a for loop over v sees.
func (r *Work) Iterate(v Value) []Value {
	switch v.kind {
	case KindList, KindTuple:
		items := v.Items()
		r.Step(len(items) / 8)
		return items
	case KindDict:
		return v.Dict().Keys
	case KindText:
		items := make([]Value, 0, len(v.str))
		r.Spend(49 * len(v.str))
		for i, c := range v.str {
			items = append(items, Text(v.str[i:i+len(string(c))]))
		}
		return items
	case KindUndefined:
		return nil
	}
	r.Fail("a %s cannot be looped over", v.kind)
	return nil
}

// Sign is unary plus and minus.
func (r *Work) Sign(op string, x Value) Value {
	switch {
	case x.kind == KindUndefined:
		r.Fail("%s", x.str)
	case x.kind == KindTimedelta && op == "-":
		return SpanOf(-x.span())
	case !x.IsNumber():
		r.Fail("%s does not work on a %s", op, x.kind)
	case op == "+" && x.kind == KindFloat:
		return x
	case op == "+":
		return Int(int64(x.num))
	case x.kind == KindFloat:
		return Float(-x.Number())
	case int64(x.num) == math.MinInt64:
		r.Fail("the number does not fit 64 bits")
	}
	return Int(-int64(x.num))
}

// Binary is + - * / // % **.
func (r *Work) Binary(op string, x, y Value) Value {
	switch {
	case x.IsNumber() && y.IsNumber():
		if x.kind == KindFloat || y.kind == KindFloat || op == "/" {
			return r.Floats(op, x.Number(), y.Number())
		}
		return r.Ints(op, int64(x.num), int64(y.num))
	case op == "%" && x.kind == KindText:
		return r.Text(r.Percent(x.str, y))
	case x.kind == KindUndefined:
		r.Fail("%s", x.str)
	case y.kind == KindUndefined:
		r.Fail("%s", y.str)
	case op == "*" && (y.kind == KindInt || y.kind == KindBool):
		if v, ok := r.repeat(x, int64(y.num)); ok {
			return v
		}
	case op == "*" && (x.kind == KindInt || x.kind == KindBool):
		if v, ok := r.repeat(y, int64(x.num)); ok {
			return v
		}
	case op == "+" && x.kind == KindText && y.kind == KindText:
		r.Spend(len(x.str) + len(y.str))
		return Text(x.str + y.str)
	case op == "+" && x.kind == y.kind && (x.kind == KindList || x.kind == KindTuple):
		v := r.List(append(append([]Value(nil), x.Items()...), y.Items()...))
		v.kind = x.kind
		return v
	}
	if v, ok := r.times(op, x, y); ok {
		return v
	}
	r.Fail("%s does not work on a %s and a %s", op, x.kind, y.kind)
	return Value{}
}

// repeat is a text or list times n.
func (r *Work) repeat(v Value, n int64) (Value, bool) {
	size := len(v.str)
	if v.kind == KindList || v.kind == KindTuple {
		size = 48 * len(v.Items())
	} else if v.kind != KindText {
		return Value{}, false
	}
	n = max(n, 0)
	if n > maxMemory || int(n)*(size+1) > maxMemory {
		r.Fail("more than %d bytes of memory", maxMemory)
	}
	r.Spend(int(n) * size)
	if v.kind == KindText {
		return Text(strings.Repeat(v.str, int(n))), true
	}
	var items []Value
	for range n {
		items = append(items, v.Items()...)
	}
	return Value{kind: v.kind, ref: items}, true
}

// Floats is + - * / // % ** on floats.
func (r *Work) Floats(op string, a, b float64) Value {
	if b == 0 && (op == "/" || op == "//" || op == "%") {
		r.Fail("division by zero")
	}
	switch op {
	case "+":
		a += b
	case "-":
		a -= b
	case "*":
		a *= b
	case "/":
		a /= b
	case "//":
		a = math.Floor(a / b)
	case "%":
		m := math.Mod(a, b)
		if m != 0 && (m < 0) != (b < 0) {
			m += b
		}
		a = m
	case "**":
		if a == 0 && b < 0 {
			r.Fail("zero cannot be raised to a negative power")
		}
		a = math.Pow(a, b)
	}
	return Float(a)
}

// Ints is + - * // % ** on ints; a result past 64 bits is a failure.
func (r *Work) Ints(op string, a, b int64) Value {
	if b == 0 && (op == "//" || op == "%") {
		r.Fail("division by zero")
	}
	var c int64
	fits := true
	switch op {
	case "+":
		c = a + b
		fits = (c > a) == (b > 0)
	case "-":
		c = a - b
		fits = (c < a) == (b > 0)
	case "*":
		c, fits = product(a, b)
	case "//":
		c = a / b
		if a%b != 0 && (a < 0) != (b < 0) {
			c--
		}
		fits = a != math.MinInt64 || b != -1
	case "%":
		if c = a % b; c != 0 && (c < 0) != (b < 0) {
			c += b
		}
	case "**":
		if b < 0 {
			return r.Floats(op, float64(a), float64(b))
		}
		c, fits = power(a, b)
	}
	if !fits {
		r.Fail("the number does not fit 64 bits")
	}
	return Int(c)
}

func product(a, b int64) (int64, bool) {
	neg := (a < 0) != (b < 0)
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	if hi != 0 || lo > math.MaxInt64 {
		return 0, false
	}
	if neg {
		return -int64(lo), true
	}
	return int64(lo), true
}

func magnitude(a int64) uint64 {
	if a < 0 {
		return -uint64(a)
	}
	return uint64(a)
}

func power(a, b int64) (int64, bool) {
	switch {
	case a == 1 || b == 0:
		return 1, true
	case a == 0:
		return 0, true
	case a == -1:
		return 1 - 2*(b%2), true
	}
	c, ok := int64(1), true
	for ; b > 0 && ok; b-- {
		c, ok = product(c, a)
	}
	return c, ok
}

// times is arithmetic with datetimes and timedeltas.
func (r *Work) times(op string, x, y Value) (Value, bool) {
	plus := time.Duration(1)
	if op == "-" {
		plus = -1
	} else if op != "+" && op != "*" && op != "/" {
		return Value{}, false
	}
	scale := op == "*" || op == "/"
	switch {
	case scale && x.kind == KindTimedelta && y.IsNumber() && y.Number() != 0:
		f := y.Number()
		if op == "/" {
			f = 1 / f
		}
		return SpanOf(time.Duration(float64(x.span()) * f)), true
	case op == "*" && x.IsNumber() && y.kind == KindTimedelta:
		return SpanOf(time.Duration(float64(y.span()) * x.Number())), true
	case op == "/" && x.kind == KindTimedelta && y.kind == KindTimedelta && y.num != 0:
		return Float(float64(x.span()) / float64(y.span())), true
	case scale:
	case x.kind == KindDatetime && y.kind == KindTimedelta:
		return DateOf(x.Date().Time.Add(plus*y.span()), x.Date().Naive), true
	case x.kind == KindTimedelta && y.kind == KindDatetime && plus > 0:
		return DateOf(y.Date().Time.Add(x.span()), y.Date().Naive), true
	case x.kind == KindTimedelta && y.kind == KindTimedelta:
		return SpanOf(x.span() + plus*y.span()), true
	case x.kind == KindDatetime && y.kind == KindDatetime && plus < 0 && x.Date().Naive == y.Date().Naive:
		return SpanOf(x.Date().Time.Sub(y.Date().Time)), true
	}
	return Value{}, false
}

// Slice lists the indices of Python's [low:high:hop] on n items.
func Slice(n, low int, hasLow bool, high int, hasHigh bool, hop int) []int {
	first, end := 0, n // where a forward slice may start and must stop
	if hop < 0 {
		first, end = -1, n-1
	}
	bound := func(i, missing int, has bool) int {
		if !has {
			return missing
		}
		if i < 0 {
			return max(i+n, first)
		}
		return min(i, end)
	}
	var out []int
	if hop > 0 {
		stop := bound(high, n, hasHigh)
		for i := bound(low, 0, hasLow); i < stop; i += min(hop, n) {
			out = append(out, i)
		}
		return out
	}
	stop := bound(high, -1, hasHigh)
	for i := bound(low, n-1, hasLow); i > stop; i += max(hop, -n) {
		out = append(out, i)
	}
	return out
}
