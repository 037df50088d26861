package api

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"hutong/api/sse"
	"hutong/thing"
)

const (
	deltaEvery = 100 * time.Millisecond
	fullThings = 200  // Things in one "full" message
	maxThings  = 1000 // in ?things=
	overlap    = 2000 // milliseconds told again on resuming, since values are not told in the order of their times
)

// screen is one client of /stream.
type screen struct {
	api     *API
	call    *call
	sse     *sse.Writer
	only    map[thing.ID]bool // nil: all
	place   thing.PlaceID
	seen    map[thing.ID]*thing.Thing // what the client has been told of
	latest  Feed
	watch   Watch
	notices uint64 // the last one told
}

func (a *API) getStream(c *call) (*answer, error) {
	q := c.URL.Query()
	v := &screen{api: a, call: c, place: thing.PlaceID(q.Get("place")), seen: make(map[thing.ID]*thing.Thing)}
	if ids, ok := q["things"]; ok {
		if len(ids) > maxThings {
			return nil, wrong("things", "at most %d may be named; leave it out for all", maxThings)
		}
		v.only = make(map[thing.ID]bool, len(ids))
		for _, id := range ids {
			v.only[thing.ID(id)] = true
		}
	}
	return a.stream(c, func(ctx context.Context, s *sse.Writer) error {
		v.sse = s
		v.watch = a.Feeds.Watch() // before looking, so that nothing falls between
		defer v.watch.Close()
		v.latest = a.Feeds.Latest(v.wants)
		defer v.latest.Close()
		if err := s.Open(); err != nil {
			return err
		}
		if err := v.begin(); err != nil {
			return err
		}
		return v.run(ctx)
	})
}

// wants is asked by the twin, which must not be asked back.
func (v *screen) wants(ref thing.Ref) bool {
	return ref.Kind != thing.Action && (v.only == nil || v.only[ref.Thing])
}

func (v *screen) shows(x *thing.Thing) bool {
	return (v.only == nil || v.only[x.ID]) && x.Place.Within(v.place) && v.api.Access.Reads(v.call.by, x).Allowed
}

// resume is the time, in milliseconds, up to which the client knows all, from the id it saw last in this run of the
// hub; 0 when it must begin anew.
func (v *screen) resume() int64 {
	boot, at, ok := strings.Cut(v.call.Header.Get("Last-Event-ID"), "-")
	if !ok || boot != v.api.boot {
		return 0
	}
	ms, err := strconv.ParseInt(at, 10, 64)
	if err != nil || ms < overlap {
		return 0
	}
	return ms - overlap
}

func (v *screen) id(at time.Time) string {
	return v.api.boot + "-" + strconv.FormatInt(at.UnixMilli(), 10)
}

// begin tells what is.
func (v *screen) begin() error {
	now := v.api.Now()
	since := v.resume()
	if v.api.Notices != nil {
		_, _, v.notices, _ = v.api.Notices.after(0)
	}
	v.sse.Message("hello", "", v.hello(now, since > 0))
	var list []*thing.Thing
	for _, x := range v.api.Twin.Things() {
		if v.shows(x) {
			list = append(list, x)
		}
	}
	for first := true; first || len(list) > 0; first = false {
		part := list[:min(len(list), fullThings)]
		list = list[len(part):]
		id := ""
		if len(list) == 0 {
			id = v.id(now)
		}
		v.sse.Message("full", id, v.full(part, since, len(list) == 0))
		if err := v.sse.Flush(); err != nil {
			return err
		}
	}
	return nil
}

func (v *screen) hello(now time.Time, resumed bool) []byte {
	b := append([]byte(nil), `{"version":1,"hub":`...)
	b = thing.String(strings.TrimSpace(v.api.Title + " " + v.api.Version)).AppendJSON(b)
	b = append(b, `,"time":`...)
	b = strconv.AppendInt(b, now.UnixMilli(), 10)
	b = append(b, `,"mode":"`+v.api.mode()+`","by":`...)
	b = thing.String(v.call.by).AppendJSON(b)
	b = append(b, `,"role":`...)
	b = thing.String(v.call.role).AppendJSON(b)
	b = append(b, `,"resumed":`...)
	return append(strconv.AppendBool(b, resumed), '}')
}

func (v *screen) full(list []*thing.Thing, since int64, last bool) []byte {
	b := []byte(`{"things":[`)
	for i, x := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(v.appendThing(b, x), '}')
		v.seen[x.ID] = x
	}
	b = append(b, `],"values":{`...)
	open := len(b)
	for _, x := range list {
		before := len(b)
		if before > open {
			b = append(b, ',')
		}
		b = append(thing.String(string(x.ID)).AppendJSON(b), ':')
		var any bool
		if b, any = v.appendValues(b, x, since); !any && since > 0 {
			b = b[:before]
		}
	}
	b = append(b, `},"last":`...)
	return append(strconv.AppendBool(b, last), '}')
}

// appendThing writes what a list shows of x, without the closing brace.
func (v *screen) appendThing(b []byte, x *thing.Thing) []byte {
	rev := ""
	if t, err := v.api.text(x); err == nil {
		rev = t.rev
	}
	b = append(b, `{"id":`...)
	b = thing.String(string(x.ID)).AppendJSON(b)
	b = append(b, `,"title":`...)
	b = thing.String(x.Title).AppendJSON(b)
	b = append(b, `,"place":`...)
	b = thing.String(string(x.Place)).AppendJSON(b)
	b = append(b, `,"rev":"`+rev+`","simulated":`...)
	return strconv.AppendBool(b, x.Simulated)
}

// appendValues writes the values of x that became known after since, or are not known, and says whether there are any.
func (v *screen) appendValues(b []byte, x *thing.Thing, since int64) ([]byte, bool) {
	b = append(b, '{')
	open := len(b)
	for i := range x.Points {
		p := &x.Points[i]
		if p.Kind != thing.Property || p.WriteOnly {
			continue
		}
		s, ok := v.api.Twin.Get(x.Ref(p))
		if !ok || since > 0 && s.Quality != thing.Unknown && millis(s.Committed) < since {
			continue
		}
		if len(b) > open {
			b = append(b, ',')
		}
		b = append(thing.String(p.Name).AppendJSON(b), ':')
		b = append(appendState(b, s.Value, s.Quality, cmp.Or(s.Device, s.Received), s.Since), ']')
	}
	return append(b, '}'), len(b) > open
}

func millis(t thing.Time) int64 { return int64(t) / int64(time.Millisecond) }

// appendState writes [value, quality, time, since without the closing bracket.
func appendState(b []byte, val thing.Value, q thing.Quality, at, since thing.Time) []byte {
	b = append(b, '[')
	b = val.AppendJSON(b)
	b = append(b, ',', '0'+byte(q), ',')
	b = strconv.AppendInt(b, millis(at), 10)
	b = append(b, ',')
	return strconv.AppendInt(b, millis(since), 10)
}

func (v *screen) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	changes, news := make(chan []thing.Change), make(chan []thing.ID)
	ended := make(chan error, 2)
	go func() { ended <- pump(ctx, changes, v.latest.Next) }()
	go func() { ended <- pump(ctx, news, v.watch.Next) }()
	defer func() { cancel(); <-ended; <-ended }()
	pings := newPinger(v.call)
	defer pings.Stop()
	calm := time.NewTimer(0)
	defer calm.Stop()
	var source <-chan []thing.Change // nil while the client has had its delta for now
	for {
		notices, fresh := v.news()
		err := v.sendNotices(notices)
		if err != nil {
			return err
		}
		select {
		case list := <-source:
			source = nil
			calm.Reset(deltaEvery)
			err = v.delta(list)
		case <-calm.C:
			source = changes
			continue
		case ids := <-news:
			err = v.directory(ids)
		case <-fresh:
			continue
		case <-pings.C:
			err = pings.ping(v.sse)
		case e := <-ended:
			ended <- e
			return e
		case <-ctx.Done():
			return ctx.Err()
		}
		if err == nil {
			err = pings.welcome()
		}
		if err != nil {
			return err
		}
	}
}

// pump passes on what next gives, until it fails or ctx ends. What it passes on is good for good.
func pump[T any](ctx context.Context, to chan<- []T, next func(context.Context) ([]T, error)) error {
	for {
		list, err := next(ctx)
		if err != nil {
			return err
		}
		select {
		case to <- slices.Clone(list):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (v *screen) delta(list []thing.Change) error {
	slices.SortFunc(list, func(a, b thing.Change) int { return strings.Compare(string(a.Ref.Thing), string(b.Ref.Thing)) })
	values, events := []byte(`{"values":{`), []byte(`,"events":[`)
	var at thing.ID
	none, noEvents := len(values), len(events)
	for i := range list {
		c := &list[i]
		x, ok := v.seen[c.Ref.Thing]
		if !ok {
			continue
		}
		p, ok := x.Find(c.Ref.Kind, c.Ref.Name)
		switch {
		case !ok || p.WriteOnly:
			continue
		case c.Ref.Kind == thing.Event:
			if len(events) > noEvents {
				events = append(events, ',')
			}
			events = appendEvent(events, c)
			continue
		case len(values) == none || at != c.Ref.Thing:
			if len(values) > none {
				values = append(values, '}', ',')
			}
			at = c.Ref.Thing
			values = append(thing.String(string(at)).AppendJSON(values), ':', '{')
		default:
			values = append(values, ',')
		}
		values = v.appendChange(values, c)
	}
	if len(values) > none {
		values = append(values, '}')
	}
	if len(values) == none && len(events) == noEvents {
		return nil
	}
	values = append(append(append(values, '}'), events...), ']', '}')
	v.sse.Message("delta", v.id(v.api.Now()), values)
	return v.sse.Flush()
}

func (v *screen) appendChange(b []byte, c *thing.Change) []byte {
	since := c.Committed
	if s, ok := v.api.Twin.Get(c.Ref); ok {
		since = s.Since
	}
	b = append(thing.String(c.Ref.Name).AppendJSON(b), ':')
	b = appendState(b, c.Value, c.Quality, cmp.Or(c.Device, c.Received), since)
	if c.Cause.Trace != "" {
		b = thing.String(c.Cause.Trace).AppendJSON(append(b, ','))
	}
	return append(b, ']')
}

func appendEvent(b []byte, c *thing.Change) []byte {
	b = thing.String(string(c.Ref.Thing)).AppendJSON(append(b, '['))
	b = thing.String(c.Ref.Name).AppendJSON(append(b, ','))
	b = c.Value.AppendJSON(append(b, ','))
	return append(strconv.AppendInt(append(b, ','), millis(cmp.Or(c.Device, c.Received)), 10), ']')
}

// directory tells of Things that came, went or changed.
func (v *screen) directory(ids []thing.ID) error {
	for _, id := range ids {
		_, had := v.seen[id]
		x, ok := v.api.Twin.Thing(id)
		switch {
		case ok && v.shows(x):
			v.seen[id] = x
			b := append(v.appendThing(nil, x), `,"values":`...)
			b, _ = v.appendValues(b, x, 0)
			v.sse.Message("thing", "", append(b, '}'))
		case had:
			delete(v.seen, id)
			b := thing.String(string(id)).AppendJSON([]byte(`{"id":`))
			v.sse.Message("gone", "", append(b, '}'))
		}
		if v.sse.Len() > flushAt {
			if err := v.sse.Flush(); err != nil {
				return err
			}
		}
	}
	return v.sse.Flush()
}

// news is what the client has not been told of the notices, and what tells of more.
func (v *screen) news() ([]Notice, <-chan struct{}) {
	if v.api.Notices == nil || !v.api.Access.Reads(v.call.by, nil).Allowed {
		return nil, nil
	}
	list, lost, newest, fresh := v.api.Notices.after(v.notices)
	if lost > 0 {
		v.api.lost.Add(int(lost))
		v.sse.Message("lost", "", append(strconv.AppendUint([]byte(`{"notices":`), lost, 10), '}'))
	}
	v.notices = newest
	return list, fresh
}

func (v *screen) sendNotices(list []Notice) error {
	if len(list) == 0 {
		return nil
	}
	for _, n := range list {
		v.sse.Message("notice", "", n.appendJSON(nil))
	}
	return v.sse.Flush()
}
