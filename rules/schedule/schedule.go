// Package schedule says when things happen next: at a time of day, on a pattern of minutes and hours, every so often, or
// by the sun. Everything here is a pure function of the moment and the place; nothing reads a clock.
package schedule

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"hutong/condition"
)

// Schedule is a row of moments without end.
type Schedule interface {
	// Next is the first moment strictly after t, in the location of t; the zero Time when there is none within five
	// years.
	Next(t time.Time) time.Time
}

// Days is a set of weekdays, one bit each, Sunday the lowest. Zero means every day.
type Days uint8

// Has says whether the set holds d.
func (s Days) Has(d time.Weekday) bool { return s == 0 || s&(1<<d) != 0 }

// ParseDays reads words such as "mon", "weekdays", "weekend" or "daily" and joins them.
func ParseDays(words []string) (Days, error) {
	var set Days
	for _, w := range words {
		switch strings.ToLower(w) {
		case "weekdays":
			set |= 1<<time.Monday | 1<<time.Tuesday | 1<<time.Wednesday | 1<<time.Thursday | 1<<time.Friday
		case "weekend":
			set |= 1<<time.Saturday | 1<<time.Sunday
		case "daily":
			set |= 1<<7 - 1
		default:
			d, ok := weekday(strings.ToLower(w))
			if !ok {
				return 0, fmt.Errorf("%.20q is not a day; write mon, tue, wed, thu, fri, sat, sun, weekdays, weekend or daily", w)
			}
			set |= 1 << d
		}
	}
	return set, nil
}

func weekday(w string) (int, bool) {
	for i, name := range condition.Weekdays {
		if w == name || w == strings.ToLower(time.Weekday(i).String()) {
			return i, true
		}
	}
	return 0, false
}

// Daily happens once on each of Days, Second seconds after midnight by the clock on the wall. Where the clock jumps over
// that time, it happens that much later; where the clock shows it twice, the first counts.
type Daily struct {
	Second int
	Days   Days
}

// Next implements Schedule.
func (s Daily) Next(t time.Time) time.Time {
	for i := range 9 {
		d := onDay(t, i, s.Second)
		if s.Days.Has(noon(t, i).Weekday()) && d.After(t) {
			return d
		}
	}
	return time.Time{}
}

func onDay(t time.Time, days, second int) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day()+days, second/3600, second/60%60, second%60, 0, t.Location())
}

func noon(t time.Time, days int) time.Time { return onDay(t, days, 12*3600) }

// Every happens at whole multiples of Period after midnight, and at midnight, so that it does not depend on when the hub
// was started. Period is from one second to one day.
type Every struct {
	Period time.Duration
}

// Next implements Schedule.
func (s Every) Next(t time.Time) time.Time {
	midnight, tomorrow := onDay(t, 0, 0), onDay(t, 1, 0)
	next := midnight.Add((t.Sub(midnight)/s.Period + 1) * s.Period)
	if next.After(tomorrow) {
		return tomorrow
	}
	return next
}

// Cron is the classic pattern "minute hour day-of-month month day-of-week": each a "*", a number, a range a-b, a list a,b or
// steps */n. As in cron, when both kinds of day are given either is enough.
type Cron struct {
	minute, hour, dom, month, dow uint64
	anyDOM, anyDOW                bool
}

// ParseCron reads a pattern of five fields.
func ParseCron(text string) (Cron, error) {
	f := strings.Fields(text)
	if len(f) != 5 || len(text) > 200 {
		return Cron{}, fmt.Errorf("%.60q: a cron pattern has five fields: minute hour day month weekday", text)
	}
	var c Cron
	var err error
	for i, x := range []struct {
		name   string
		lo, hi int
		to     *uint64
	}{{"minute", 0, 59, &c.minute}, {"hour", 0, 23, &c.hour}, {"day", 1, 31, &c.dom}, {"month", 1, 12, &c.month}, {"weekday", 0, 7, &c.dow}} {
		if *x.to, err = cronField(f[i], x.lo, x.hi); err != nil {
			return Cron{}, fmt.Errorf("cron %s: %w", x.name, err)
		}
	}
	if c.dow&(1<<7) != 0 {
		c.dow |= 1
	}
	c.anyDOM, c.anyDOW = strings.HasPrefix(f[2], "*"), strings.HasPrefix(f[4], "*")
	if c.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return Cron{}, fmt.Errorf("cron %q never happens", text)
	}
	return c, nil
}

func cronField(text string, lo, hi int) (uint64, error) {
	var set uint64
	for part := range strings.SplitSeq(text, ",") {
		span, stepText, stepped := strings.Cut(part, "/")
		step := 1
		if stepped {
			n, err := strconv.ParseUint(stepText, 10, 8)
			if err != nil || n == 0 {
				return 0, fmt.Errorf("%q: a step is a number above 0", part)
			}
			step = int(n)
		}
		from, to, err := cronSpan(span, lo, hi, stepped)
		if err != nil {
			return 0, err
		}
		for i := from; i <= to; i += step {
			set |= 1 << i
		}
	}
	return set, nil
}

func cronSpan(span string, lo, hi int, stepped bool) (from, to int, err error) {
	if span == "*" {
		return lo, hi, nil
	}
	a, b, ranged := strings.Cut(span, "-")
	from, err = cronNumber(a, hi)
	if err != nil {
		return 0, 0, err
	}
	to = from
	if ranged {
		if to, err = cronNumber(b, hi); err != nil {
			return 0, 0, err
		}
	} else if stepped {
		to = hi
	}
	if from < lo || to > hi || from > to {
		return 0, 0, fmt.Errorf("%q: want numbers from %d to %d, the smaller first", span, lo, hi)
	}
	return from, to, nil
}

func cronNumber(s string, hi int) (int, error) {
	if hi == 7 {
		if d, ok := weekday(strings.ToLower(s)); ok {
			return d, nil
		}
	}
	n, err := strconv.ParseUint(s, 10, 8)
	if err != nil {
		return 0, fmt.Errorf("%.20q is not a number", s)
	}
	return int(n), nil
}

// Next implements Schedule.
func (c Cron) Next(t time.Time) time.Time {
	for i := range 5*366 + 1 {
		day := noon(t, i)
		if c.month&(1<<day.Month()) == 0 || !c.onDay(day) {
			continue
		}
		if at := c.inDay(t, i); !at.IsZero() {
			return at
		}
	}
	return time.Time{}
}

func (c Cron) onDay(d time.Time) bool {
	dom, dow := c.dom&(1<<d.Day()) != 0, c.dow&(1<<d.Weekday()) != 0
	if c.anyDOM || c.anyDOW {
		return dom && dow
	}
	return dom || dow
}

// inDay walks the absolute minutes of the day, so that a clock that jumps is followed rather than guessed.
func (c Cron) inDay(t time.Time, days int) time.Time {
	at, end := onDay(t, days, 0), onDay(t, days+1, 0)
	if days == 0 {
		at = t.Truncate(time.Minute).Add(time.Minute)
	}
	for at.Before(end) {
		switch {
		case c.hour&(1<<at.Hour()) == 0:
			at = at.Add(time.Duration(60-at.Minute()) * time.Minute)
		case c.minute&(1<<at.Minute()) == 0:
			at = at.Add(time.Minute)
		default:
			return at
		}
	}
	return time.Time{}
}
