package api

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"hutong/thing"
)

const (
	maxSamples  = 50_000    // in one answer
	maxThinned  = 1_000_000 // gone through for it, when max thins them
	historySpan = 24 * time.Hour
)

func aggregates() []string { return []string{"last", "avg", "min", "max", "count"} }

func (a *API) getHistory(c *call) (*answer, error) {
	_, p, ref, err := c.point(thing.Property)
	if err != nil {
		return nil, err
	}
	if a.History == nil || p.WriteOnly {
		return nil, fail(http.StatusNotFound, "no history is kept of %s", p.Name)
	}
	q, err := c.query(p)
	if err != nil {
		return nil, err
	}
	q.Ref = ref
	body, n := []byte{'['}, 0
	err = a.History.Query(c.Context(), q, func(s Sample) {
		if n++; n > q.Limit {
			return
		}
		if len(body) > 1 {
			body = append(body, ',')
		}
		body = appendSample(body, s)
	})
	if err != nil {
		return nil, err
	}
	if n > q.Limit {
		return nil, fail(http.StatusBadRequest, "these are more than %d samples: ask for less time, or use step or max", q.Limit)
	}
	return jsonAnswer(append(body, ']')), nil
}

func appendSample(body []byte, s Sample) []byte {
	body = append(body, `{"time":"`...)
	body = s.Time.Std().AppendFormat(body, time.RFC3339Nano)
	body = append(body, `","value":`...)
	body = s.Value.AppendJSON(body)
	body = append(body, `,"quality":"`...)
	body = append(body, s.Quality.String()...)
	return append(body, `"}`...)
}

// query reads from, to, step, agg and max.
func (c *call) query(p *thing.Point) (Query, error) {
	q := Query{Agg: "last", Limit: maxSamples}
	values := c.URL.Query()
	to, err := c.time("to", c.api.Now())
	if err != nil {
		return q, err
	}
	from, err := c.time("from", to.Add(-historySpan))
	switch {
	case err != nil:
		return q, err
	case !from.Before(to):
		return q, wrong("from", "%s is not before %s", from.Format(time.RFC3339), to.Format(time.RFC3339))
	}
	q.From, q.To = thing.At(from), thing.At(to)
	if s := values.Get("step"); s != "" {
		q.Step, err = time.ParseDuration(s)
		switch {
		case err != nil || q.Step < time.Millisecond:
			return q, wrong("step", "%.40q is not a duration of a millisecond or more, such as 30s, 5m or 1h", s)
		case to.Sub(from)/q.Step > maxSamples:
			return q, wrong("step", "%s makes more than %d samples of this time", q.Step, maxSamples)
		}
	}
	numeric := p.Type == thing.Number || p.Type == thing.Integer
	if s := values.Get("agg"); s != "" {
		switch {
		case !slices.Contains(aggregates(), s):
			return q, wrong("agg", "%.40q is not one of %v", s, aggregates())
		case q.Step == 0:
			return q, wrong("agg", "it needs a step")
		case !numeric && s != "last" && s != "count":
			return q, wrong("agg", "%s is not a number: only last and count make sense", p.Name)
		}
		q.Agg = s
	}
	if s := values.Get("max"); s != "" {
		if q.Max, err = strconv.Atoi(s); err != nil || q.Max < 2 || q.Max > maxSamples {
			return q, wrong("max", "%.40q is not a whole number from 2 to %d", s, maxSamples)
		}
		q.Limit = maxThinned
	}
	return q, nil
}

// time reads an RFC 3339 time; years outside what thing.Time can hold are refused.
func (c *call) time(name string, fallback time.Time) (time.Time, error) {
	s := c.URL.Query().Get(name)
	if s == "" {
		return fallback, nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return t, wrong(name, "%.40q is not an RFC 3339 time such as 2026-11-23T12:00:00Z (a + must be written %%2B)", s)
	}
	if y := t.Year(); y < 1970 || y > 2261 {
		return t, wrong(name, "the year %d is not within 1970 to 2261", y)
	}
	return t, nil
}
