package py

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Stamp is seconds since 1970; a naive time is local.
func (d *Datetime) Stamp(r *Work) float64 {
	return float64(d.Aware(r).UnixMicro()) / 1e6
}

// Aware is the instant; a naive datetime is local.
func (d *Datetime) Aware(r *Work) time.Time {
	t := d.Time
	if d.Naive {
		t = time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), r.Env.Zone())
	}
	return t
}

// datePattern is ISO 8601 as Home Assistant reads it.
var datePattern = regexp.MustCompile(`^(\d{4})-(\d{1,2})-(\d{1,2})[T ](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,6})\d{0,6})?)?\s*(Z|[+-]\d{2}(?::?\d{2})?)?$`)

// ParseDate reads ISO 8601 as Home Assistant does.
func ParseDate(s string) (*Datetime, bool) {
	m := datePattern.FindStringSubmatch(s)
	if m == nil {
		return nil, false
	}
	var n [8]int
	for i := 1; i <= 6; i++ {
		n[i], _ = strconv.Atoi(m[i]) // digits, or empty for 0
	}
	micro, _ := strconv.Atoi((m[7] + "000000")[:6]) // digits
	zone, naive := time.UTC, m[8] == ""
	if len(m[8]) > 1 {
		digits := strings.ReplaceAll(m[8][1:]+"00", ":", "")
		h, _ := strconv.Atoi(digits[:2])
		minutes, _ := strconv.Atoi(digits[2:4])
		offset := h*3600 + minutes*60
		if m[8][0] == '-' {
			offset = -offset
		}
		zone = time.FixedZone("", offset)
	}
	t := time.Date(n[1], time.Month(n[2]), n[3], n[4], n[5], n[6], micro*1000, zone)
	if t.Year() != n[1] || int(t.Month()) != n[2] || t.Day() != n[3] || t.Hour() != n[4] || t.Minute() != n[5] || t.Second() != n[6] {
		return nil, false
	}
	return &Datetime{t, naive}, true
}

// Strftime is Python's, in the C locale.
func (r *Work) Strftime(t time.Time, format string, naive bool) string {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		trim := format[i] == '-' && i+1 < len(format)
		if trim {
			i++
		}
		s, ok := strftimeOne(t, format[i], naive)
		if !ok {
			b.WriteByte('%')
			if trim {
				b.WriteByte('-')
			}
			b.WriteByte(format[i])
			continue
		}
		if trim && len(s) > 1 {
			s = strings.TrimLeft(s[:len(s)-1], "0") + s[len(s)-1:]
		}
		b.WriteString(s)
		r.Spend(len(s))
	}
	return b.String()
}

func strftimeOne(t time.Time, verb byte, naive bool) (string, bool) {
	layouts := map[byte]string{
		'Y': "2006", 'm': "01", 'd': "02", 'H': "15", 'I': "03", 'M': "04", 'S': "05", 'y': "06", 'p': "PM", 'b': "Jan", 'h': "Jan",
		'B': "January", 'a': "Mon", 'A': "Monday", 'j': "002", 'F': "2006-01-02", 'T': "15:04:05", 'R': "15:04", 'D': "01/02/06",
		'c': "Mon Jan _2 15:04:05 2006", 'x': "01/02/06", 'X': "15:04:05", 'e': "_2", 'r': "03:04:05 PM",
	}
	if l, ok := layouts[verb]; ok {
		return t.Format(l), true
	}
	year, week := t.ISOWeek()
	switch verb {
	case 'f':
		return fmt.Sprintf("%06d", t.Nanosecond()/1000), true
	case 's':
		return strconv.FormatInt(t.Unix(), 10), true
	case 'w':
		return strconv.Itoa(int(t.Weekday())), true
	case 'u':
		return strconv.Itoa(isoWeekday(t)), true
	case 'V':
		return fmt.Sprintf("%02d", week), true
	case 'G':
		return strconv.Itoa(year), true
	case 'U':
		return fmt.Sprintf("%02d", (t.YearDay()+6-int(t.Weekday()))/7), true
	case 'W':
		return fmt.Sprintf("%02d", (t.YearDay()+6-(isoWeekday(t)-1))/7), true
	case 'z', 'Z':
		if naive {
			return "", true
		}
		if verb == 'z' {
			return t.Format("-0700"), true
		}
		return t.Format("MST"), true
	case 'n':
		return "\n", true
	case 't':
		return "\t", true
	case '%':
		return "%", true
	}
	return "", false
}

func isoWeekday(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 }

func dateMember(v Value, name string) (Value, bool) {
	d := v.Date()
	t := d.Time
	for i, n := range [...]string{"year", "month", "day", "hour", "minute", "second", "microsecond"} {
		if n == name {
			parts := [...]int{t.Year(), int(t.Month()), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond() / 1000}
			return Int(int64(parts[i])), true
		}
	}
	call := func(f func(r *Work, a Args) Value) (Value, bool) {
		return method(v, name, func(r *Work, _ Value, a Args) Value { return f(r, a) }), true
	}
	switch name {
	case "strftime":
		return call(func(r *Work, a Args) Value {
			return r.Text(r.Strftime(t, a.Need(r, 0, "format").String(), d.Naive))
		})
	case "isoformat":
		return call(func(_ *Work, a Args) Value {
			return Text(d.ISO(Cut(a.Or(0, "sep", Text("T")).String(), 1)))
		})
	case "timestamp":
		return call(func(r *Work, _ Args) Value { return Float(d.Stamp(r)) })
	case "weekday":
		return call(func(*Work, Args) Value { return Int(int64(isoWeekday(t) - 1)) })
	case "isoweekday":
		return call(func(*Work, Args) Value { return Int(int64(isoWeekday(t))) })
	case "replace":
		return call(func(r *Work, a Args) Value { return d.replace(r, a) })
	}
	return Value{}, false
}

func (d *Datetime) replace(r *Work, a Args) Value {
	t := d.Time
	p := [...]int{t.Year(), int(t.Month()), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond() / 1000}
	names := [...]string{"year", "month", "day", "hour", "minute", "second", "microsecond"}
	for i, n := range names {
		p[i] = a.Num(r, i, n, p[i])
		if p[i] < 0 || p[i] > 999999 {
			r.Fail("%s is out of range", n)
		}
	}
	a.Done(r, names[:]...)
	return DateOf(time.Date(p[0], time.Month(p[1]), p[2], p[3], p[4], p[5], p[6]*1000, t.Location()), d.Naive)
}

func spanMember(v Value, name string) (Value, bool) {
	const day = 24 * time.Hour
	d := v.span()
	days := time.Duration(math.Floor(float64(d) / float64(day)))
	switch name {
	case "total_seconds":
		return method(v, name, func(*Work, Value, Args) Value { return Float(d.Seconds()) }), true
	case "days":
		return Int(int64(days)), true
	case "seconds":
		return Int(int64((d - days*day) / time.Second)), true
	case "microseconds":
		return Int(int64((d - days*day) % time.Second / time.Microsecond)), true
	}
	return Value{}, false
}
