package library

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"hutong/binding/hass/jinja/py"
)

// Dates and times as Python and Home Assistant have them.

func globalNow(r *py.Work, a py.Args) py.Value {
	a.Done(r)
	return py.DateOf(r.Env.Clock().In(r.Env.Zone()), false)
}

func globalUTCNow(r *py.Work, a py.Args) py.Value {
	a.Done(r)
	return py.DateOf(r.Env.Clock().UTC(), false)
}

func globalTodayAt(r *py.Work, a py.Args) py.Value {
	return filterTodayAt(r, a.Or(0, "time_str", py.Text("")), py.Args{})
}

func filterTodayAt(r *py.Work, v py.Value, _ py.Args) py.Value {
	now := r.Env.Clock().In(r.Env.Zone())
	at := time.Time{}
	if s := v.String(); s != "" {
		var err error
		if at, err = time.Parse("15:04:05.999999", s); err != nil {
			if at, err = time.Parse("15:04", s); err != nil {
				r.Fail("could not convert str to datetime: '%.40s'", s)
			}
		}
	}
	return py.DateOf(time.Date(now.Year(), now.Month(), now.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), r.Env.Zone()), false)
}

func globalTimedelta(r *py.Work, a py.Args) py.Value {
	names := [...]string{"days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks"}
	units := [...]time.Duration{24 * time.Hour, time.Second, time.Microsecond, time.Millisecond, time.Minute, time.Hour, 7 * 24 * time.Hour}
	total := 0.0
	for i, n := range names {
		v := a.Or(i, n, py.Int(0))
		if !v.IsNumber() {
			r.Fail("timedelta wants numbers, got %s for %s", v.Kind(), n)
		}
		total += v.Number() * float64(units[i])
	}
	a.Done(r, names[:]...)
	if math.Abs(total) > math.MaxInt64/2 || math.IsNaN(total) {
		r.Fail("timedelta is too long")
	}
	return py.SpanOf(time.Duration(math.Round(total)))
}

// fromTimestamp is the time v seconds after 1970, and whether v is a number that a time can have.
func fromTimestamp(v py.Value) (time.Time, bool) {
	if !v.IsNumber() {
		return time.Time{}, false
	}
	f := v.Number()
	if math.IsNaN(f) || f < -62135596800 || f > 253402300799 {
		return time.Time{}, false
	}
	sec := math.Floor(f)
	return time.Unix(int64(sec), int64(math.Round((f-sec)*1e6))*1000).UTC(), true
}

func filterTimestampCustom(r *py.Work, v py.Value, a py.Args) py.Value {
	t, ok := fromTimestamp(r.Known(v))
	if !ok {
		return fallback(r, "timestamp_custom", v, &a, 2)
	}
	if a.Or(1, "local", py.Bool(true)).Truth() {
		t = t.In(r.Env.Zone())
	}
	return r.Text(r.Strftime(t, a.Or(0, "date_format", py.Text("%Y-%m-%d %H:%M:%S")).String(), false))
}

func timestampText(local bool) py.Filter {
	return func(r *py.Work, v py.Value, a py.Args) py.Value {
		t, ok := fromTimestamp(r.Known(v))
		if !ok {
			return fallback(r, "timestamp", v, &a, 0)
		}
		if local {
			t = t.In(r.Env.Zone())
		}
		return py.Text(py.DateOf(t, false).Date().ISO("T"))
	}
}

func filterAsTimestamp(r *py.Work, v py.Value, a py.Args) py.Value {
	d := v.Date()
	if v.Kind() == py.KindText {
		d, _ = py.ParseDate(v.Text())
	}
	if d == nil {
		return fallback(r, "as_timestamp", r.Known(v), &a, 0)
	}
	return py.Float(d.Stamp(r))
}

func filterAsDatetime(r *py.Work, v py.Value, a py.Args) py.Value {
	if v.Kind() == py.KindDatetime {
		return v
	}
	if f, ok := py.FloatOf(r.Known(v)); ok {
		if t, ok := fromTimestamp(py.Float(f)); ok {
			return py.DateOf(t, false)
		}
	} else if v.Kind() == py.KindText {
		if d, ok := py.ParseDate(v.Text()); ok {
			return py.DateOf(d.Time, d.Naive)
		}
		return a.Or(0, "default", py.None())
	}
	return fallback(r, "as_datetime", v, &a, 0)
}

func filterAsLocal(r *py.Work, v py.Value, _ py.Args) py.Value {
	d := r.Known(v).Date()
	if d == nil {
		r.Fail("as_local wants a datetime, got %s", v.Kind())
	}
	return py.DateOf(d.Aware(r).In(r.Env.Zone()), false)
}

// spanPattern is a duration as "1 02:03:04" or ISO 8601 "P1DT2H3M4S".
var spanPattern = regexp.MustCompile(`^(?:([+-]?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?|(?:(-?\d+)(?: days?,)? )?(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?))$`)

func filterAsTimedelta(_ *py.Work, v py.Value, _ py.Args) py.Value {
	m := spanPattern.FindStringSubmatch(v.Text())
	if m == nil {
		return py.None()
	}
	total := 0.0
	for i, unit := range [...]float64{2: 86400, 3: 3600, 4: 60, 5: 1, 6: 86400, 7: 3600, 8: 60, 9: 1} {
		if unit > 0 && m[i] != "" {
			f, _ := strconv.ParseFloat(m[i], 64) // digits
			total += f * unit
		}
	}
	if m[1] == "-" {
		total = -total
	}
	return py.SpanOf(time.Duration(total * 1e9))
}

// globalStrptime reads a time by a format of Python's strptime, as far as Go can say it.
func globalStrptime(r *py.Work, v py.Value, a py.Args) py.Value {
	layouts := map[byte]string{
		'Y': "2006", 'm': "01", 'd': "02", 'H': "15", 'I': "03", 'M': "04", 'S': "05", 'f': "999999", 'y': "06", 'p': "PM",
		'b': "Jan", 'B': "January", 'a': "Mon", 'A': "Monday", 'z': "-0700", 'j': "002", '%': "%",
	}
	format := a.Need(r, 0, "fmt").String()
	var layout strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			layout.WriteByte(format[i])
			continue
		}
		i++
		l, ok := layouts[format[i]]
		if !ok {
			r.Fail("strptime: %%%c is not supported", format[i])
		}
		layout.WriteString(l)
	}
	t, err := time.Parse(layout.String(), v.Text())
	if err != nil {
		return fallback(r, "strptime", v, &a, 1)
	}
	if t.Year() == 0 {
		t = t.AddDate(1900, 0, 0)
	}
	return py.DateOf(t, !strings.Contains(format, "%z"))
}
