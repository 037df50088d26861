package py

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// String is Python's str(v); "" for an undefined value.
func (v Value) String() string {
	switch v.kind {
	case KindUndefined:
		return ""
	case KindText:
		return v.str
	case KindNone:
		return "None"
	case KindBool:
		if v.num == 1 {
			return "True"
		}
		return "False"
	case KindInt:
		return strconv.FormatInt(int64(v.num), 10)
	case KindDatetime:
		return v.Date().ISO(" ")
	}
	var b strings.Builder
	v.repr(&b)
	return b.String()
}

// repr appends Python's repr(v).
func (v Value) repr(b *strings.Builder) {
	switch v.kind {
	case KindUndefined:
		b.WriteString("Undefined")
	case KindNone:
		b.WriteString("None")
	case KindBool:
		if v.num == 1 {
			b.WriteString("True")
		} else {
			b.WriteString("False")
		}
	case KindInt:
		b.WriteString(strconv.FormatInt(int64(v.num), 10))
	case KindFloat:
		b.WriteString(floatText(v.Number()))
	case KindText:
		reprText(b, v.str)
	case KindList:
		if v.str != "" {
			reprList(b, v.str+"([", v.Items(), "])")
			return
		}
		reprList(b, "[", v.Items(), "]")
	case KindTuple:
		if items := v.Items(); len(items) == 1 {
			reprList(b, "(", items, ",)")
		} else {
			reprList(b, "(", items, ")")
		}
	case KindDict:
		d := v.Dict()
		b.WriteByte('{')
		for i := range d.Keys {
			if i > 0 {
				b.WriteString(", ")
			}
			d.Keys[i].repr(b)
			b.WriteString(": ")
			d.Values[i].repr(b)
		}
		b.WriteByte('}')
	case KindDatetime:
		b.WriteString(v.Date().repr())
	case KindTimedelta:
		b.WriteString(spanText(v.span()))
	case KindFunc:
		f := v.ref.(*function)
		if f.of == KindUndefined {
			fmt.Fprintf(b, "<function %s>", f.name)
		} else {
			fmt.Fprintf(b, "<built-in method %s of %s object>", f.name, f.of)
		}
	default:
		fmt.Fprintf(b, "<%s>", v.kind)
	}
}

func reprList(b *strings.Builder, open string, items []Value, end string) {
	b.WriteString(open)
	for i, it := range items {
		if i > 0 {
			b.WriteString(", ")
		}
		it.repr(b)
	}
	b.WriteString(end)
}

// floatText is Python's repr of a float: the shortest digits that read back the same, an exponent from 1e16 on and
// below 1e-4, and always a mark of being a float.
func floatText(f float64) string {
	switch a := math.Abs(f); {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	case a != 0 && (a < 1e-4 || a >= 1e16):
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if strings.IndexByte(s, '.') < 0 {
		s += ".0"
	}
	return s
}

func reprText(b *strings.Builder, s string) {
	quote := byte('\'')
	if strings.IndexByte(s, '\'') >= 0 && strings.IndexByte(s, '"') < 0 {
		quote = '"'
	}
	b.WriteByte(quote)
	for _, r := range s {
		switch {
		case r == rune(quote) || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(b, `\u%04x`, r)
		default:
			fmt.Fprintf(b, `\U%08x`, r)
		}
	}
	b.WriteByte(quote)
}

// ISO is Python's isoformat with sep between date and time.
func (d *Datetime) ISO(sep string) string {
	layout := "2006-01-02" + sep + "15:04:05"
	if d.Time.Nanosecond() != 0 {
		layout += ".000000"
	}
	if !d.Naive {
		layout += "-07:00"
	}
	return d.Time.Format(layout)
}

func (d *Datetime) repr() string {
	t := d.Time
	s := fmt.Sprintf("datetime.datetime(%d, %d, %d, %d, %d", t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute())
	if us := t.Nanosecond() / 1000; us != 0 {
		s += fmt.Sprintf(", %d, %d", t.Second(), us)
	} else if t.Second() != 0 {
		s += fmt.Sprintf(", %d", t.Second())
	}
	if !d.Naive {
		s += ", tzinfo=" + t.Location().String()
	}
	return s + ")"
}

// spanText is Python's str of a timedelta.
func spanText(d time.Duration) string {
	const day = 24 * time.Hour
	days := d / day
	if d -= days * day; d < 0 {
		d += day
		days--
	}
	s := ""
	switch {
	case days == 1 || days == -1:
		s = fmt.Sprintf("%d day, ", days)
	case days != 0:
		s = fmt.Sprintf("%d days, ", days)
	}
	s += fmt.Sprintf("%d:%02d:%02d", d/time.Hour, d/time.Minute%60, d/time.Second%60)
	if us := d % time.Second / time.Microsecond; us != 0 {
		s += fmt.Sprintf(".%06d", us)
	}
	return s
}

// Length is Python's len of a str: code points.
func Length(s string) int { return utf8.RuneCountInString(s) }

// Cut is s[:n] in code points.
func Cut(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
