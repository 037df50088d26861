package py

import (
	"math"
	"strconv"
	"strings"
)

// FloatOf is Python's float(v), and whether it works.
func FloatOf(v Value) (float64, bool) {
	if v.IsNumber() {
		return v.Number(), true
	}
	if v.kind != KindText {
		return 0, false
	}
	s := strings.TrimSpace(v.str)
	if strings.ContainsAny(s, "xXpP_") {
		if s = underscores(s); strings.ContainsAny(s, "xXpP_") {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0, false
	}
	return f, true
}

// underscores takes out "_" where Python allows it: between digits.
func underscores(s string) string {
	digit := func(i int) bool { return i >= 0 && i < len(s) && s[i] >= '0' && s[i] <= '9' }
	var b strings.Builder
	for i := range len(s) {
		if s[i] != '_' || !digit(i-1) || !digit(i+1) {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// IntOf is Jinja's int filter: int(v), or the whole part of float(v), and whether either works.
func IntOf(v Value, base int) (int64, bool) {
	if v.kind == KindText {
		s := strings.TrimSpace(v.str)
		if base == 10 {
			s = underscores(s)
		}
		prefix := strings.ToLower(s[:min(2, len(s))])
		if base == 16 && prefix == "0x" || base == 8 && prefix == "0o" || base == 2 && prefix == "0b" {
			s = s[2:]
		}
		if i, err := strconv.ParseInt(s, base, 64); err == nil {
			return i, true
		}
	}
	if v.kind == KindInt || v.kind == KindBool {
		return int64(v.num), true
	}
	f, ok := FloatOf(v)
	if !ok || math.IsNaN(f) || math.Abs(f) >= 1<<63 {
		return 0, false
	}
	return int64(f), true
}

// Known refuses an undefined value where Python would.
func (r *Work) Known(v Value) Value {
	if v.kind == KindUndefined {
		r.Fail("%s", v.str)
	}
	return v
}

func (r *Work) whole(v Value) Value {
	i, ok := IntOf(v, 10)
	if !ok {
		r.Fail("%s is not a whole number", v)
	}
	return Int(i)
}

// IsNumber says whether float(v) works and is finite.
func IsNumber(v Value) bool {
	f, ok := FloatOf(v)
	return ok && !math.IsNaN(f) && !math.IsInf(f, 0)
}

// Round is Python's: to even at a tie of the exact decimal value.
func Round(f float64, precision int) float64 {
	switch {
	case precision > 300 || math.IsInf(f, 0) || math.IsNaN(f):
		return f
	case precision >= 0:
		f, _ = strconv.ParseFloat(strconv.FormatFloat(f, 'f', precision, 64), 64) // FormatFloat wrote it
		return f
	case precision < -300:
		return 0
	}
	scale := math.Pow(10, float64(-precision))
	return math.RoundToEven(f/scale) * scale
}
