package api

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strconv"

	"hutong/api/header"
	"hutong/api/sse"
	"hutong/thing"
)

// listens says whether the client asked for a stream.
func (c *call) listens() bool { return header.Accepts(c.Header.Values("Accept"), "text/event-stream") }

func (a *API) getEvent(c *call) (*answer, error) {
	x, _, ref, err := c.point(thing.Event)
	if err != nil {
		return nil, err
	}
	return a.mustListen(c, x, ref)
}

func (a *API) getEvents(c *call) (*answer, error) {
	x, err := c.thing()
	if err != nil {
		return nil, err
	}
	return a.mustListen(c, x, thing.Ref{Thing: x.ID, Kind: thing.Event})
}

func (a *API) mustListen(c *call, x *thing.Thing, ref thing.Ref) (*answer, error) {
	if !c.listens() && c.Header.Get("Accept") != "" && !header.Accepts(c.Header.Values("Accept"), "*/*") {
		return nil, fail(http.StatusNotAcceptable, "events are only sent as text/event-stream")
	}
	return a.listen(c, x, ref)
}

// listen streams every Change of ref, or of all affordances of its kind when it has no name, from after Last-Event-ID
// or from now. Only what the device itself said is told: that a value has become stale or was restored is no news from
// it. ?event=message leaves out event names, for clients that hear only unnamed messages.
func (a *API) listen(c *call, x *thing.Thing, ref thing.Ref) (*answer, error) {
	var from uint64
	if last := c.Header.Get("Last-Event-ID"); last != "" {
		n, err := strconv.ParseUint(last, 10, 63)
		if err != nil {
			return nil, wrong("Last-Event-ID", "%.40q is not the id of a message this hub sent", last)
		}
		from = n + 1
	}
	named := c.URL.Query().Get("event") != "message"
	return a.stream(c, func(ctx context.Context, s *sse.Writer) error {
		feed := a.Feeds.Every(from)
		defer feed.Close()
		if err := s.Open(); err != nil {
			return err
		}
		l := &listener{api: a, call: c, sse: s, feed: feed, ref: ref, x: x, named: named}
		return l.run(ctx, from)
	})
}

type listener struct {
	api   *API
	call  *call
	sse   *sse.Writer
	feed  Cursor
	ref   thing.Ref
	x     *thing.Thing
	named bool
}

// batch is what concerns the listener in one Next of the feed, and what is missing before or within it.
type batch struct {
	changes          []thing.Change
	lostFrom, lostTo uint64 // Seq; 0 when nothing is
	err              error
}

func (l *listener) run(ctx context.Context, from uint64) error {
	ctx, cancel := context.WithCancel(ctx)
	batches := make(chan batch)
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.read(ctx, from, batches)
	}()
	defer func() { cancel(); <-done }()
	pings := newPinger(l.call)
	defer pings.Stop()
	for {
		var err error
		select {
		case b := <-batches:
			if err = b.err; err == nil {
				err = l.send(b)
			}
		case <-pings.C:
			err = pings.ping(l.sse)
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

// read passes on what concerns the listener, and keeps only that. next is the Seq to come, 0 when it does not matter.
func (l *listener) read(ctx context.Context, next uint64, batches chan<- batch) {
	var skipped uint64
	for {
		list, err := l.feed.Next(ctx)
		b := batch{err: err}
		missing := l.feed.Skipped() != skipped
		skipped = l.feed.Skipped()
		for i := range list {
			c := &list[i]
			if missing && next > 0 && c.Seq > next {
				b.lostFrom, b.lostTo = cmp.Or(b.lostFrom, next), c.Seq-1
			}
			next = c.Seq + 1
			if l.wants(c) {
				b.changes = append(b.changes, *c)
			}
		}
		if err == nil && len(b.changes) == 0 && b.lostFrom == 0 {
			continue
		}
		select {
		case batches <- b:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

func (l *listener) wants(c *thing.Change) bool {
	if c.Ref.Thing != l.ref.Thing || c.Ref.Kind != l.ref.Kind || l.ref.Name != "" && c.Ref.Name != l.ref.Name {
		return false
	}
	if c.Ref.Kind == thing.Property {
		if p, ok := l.x.Find(thing.Property, c.Ref.Name); ok && p.WriteOnly {
			return false
		}
		return !c.Repeat && c.Quality >= thing.Uncertain
	}
	return true // the same event twice is two events
}

func (l *listener) send(b batch) error {
	if b.lostFrom > 0 {
		l.api.lost.Add(int(b.lostTo - b.lostFrom + 1))
		l.sse.Message("hutong:lost", "", fmt.Appendf(nil, `{"from":%d,"to":%d}`, b.lostFrom, b.lostTo))
	}
	for i := range b.changes {
		c := &b.changes[i]
		event := c.Ref.Name
		if !l.named {
			event = ""
		}
		l.sse.Message(event, strconv.FormatUint(c.Seq, 10), c.Value.AppendJSON(nil))
		if l.sse.Len() > flushAt {
			if err := l.sse.Flush(); err != nil {
				return err
			}
		}
	}
	return l.sse.Flush()
}
