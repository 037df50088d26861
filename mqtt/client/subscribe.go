package client

import (
	"context"
	"fmt"
	"slices"

	"hutong/mqtt/tap"
	"hutong/mqtt/topic"
	"hutong/mqtt/wire"
)

// entry is one reader: a handler, or a Tap.
type entry struct {
	filters []string
	qos     byte
	handler func(*tap.Message)
	tap     tap.Tap
}

// subscription is what the broker is asked for on behalf of all entries with the same filter.
type subscription struct {
	wire.Filter
	uses    int
	waiting []chan error // for the broker's answer
}

func (s *subscription) finish(err error) {
	for _, w := range s.waiting {
		w <- err
	}
	s.waiting = nil
}

// route is who gets the messages of one topic.
type route struct {
	topic    string
	gen      uint64
	handlers []func(*tap.Message)
	sinks    []tapSink
}

type tapSink struct {
	sink tap.Sink
	from *entry
}

// Subscribe has handler called for each message whose topic matches filter, also after reconnects, until Unsubscribe.
// It returns when the broker has agreed, or with its Reason, or when ctx ends; then nothing is subscribed. Handlers of
// one Client run one after another, apart from the connection: they may call Publish. A QoS 1 or 2 message is
// acknowledged when its handler has returned.
func (c *Client) Subscribe(ctx context.Context, filter string, qos byte, handler func(*tap.Message)) error {
	if !topic.ValidFilter(filter) {
		return fmt.Errorf("mqtt: subscribe to %q: %w", filter, wire.TopicFilterInvalid)
	}
	e := &entry{filters: []string{filter}, qos: min(qos, 2), handler: handler}
	answer := make(chan error, 1)
	if err := c.enter(e, answer); err != nil {
		return err
	}
	var err error
	select {
	case err = <-answer:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		c.leave(e)
		return fmt.Errorf("mqtt: subscribe to %q: %w", filter, err)
	}
	return nil
}

// Unsubscribe takes away every handler subscribed with exactly filter. It does not wait for the broker.
func (c *Client) Unsubscribe(filter string) {
	c.mu.Lock()
	var gone []*entry
	for _, e := range c.entries {
		if e.handler != nil && e.filters[0] == filter {
			gone = append(gone, e)
		}
	}
	c.mu.Unlock()
	for _, e := range gone {
		c.leave(e)
	}
}

// Attach implements tap.Broker. It subscribes with QoS 1 and returns at once; the broker sends what it retains, then and
// after each reconnect. A subscription that the broker refuses is logged. What this Client publishes itself does not
// come back to the Tap, except from an MQTT 3.1.1 broker, which cannot be told so.
func (c *Client) Attach(t tap.Tap, filters ...string) (detach func(), err error) {
	for _, f := range filters {
		if !topic.ValidFilter(f) {
			return nil, fmt.Errorf("mqtt: attach to %q: %w", f, wire.TopicFilterInvalid)
		}
	}
	e := &entry{filters: slices.Clone(filters), qos: 1, tap: t}
	if err := c.enter(e, nil); err != nil {
		return nil, err
	}
	return func() { c.leave(e) }, nil
}

// Forget implements tap.Broker.
func (c *Client) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gen++
}

// enter adds a reader and asks the broker for its filters. answer, if not nil, gets the result.
func (c *Client) enter(e *entry, answer chan error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	c.entries = append(slices.Clip(c.entries), e)
	c.gen++
	var ask []string
	for _, f := range e.filters {
		s := c.subs[f]
		if s == nil {
			s = &subscription{Filter: wire.Filter{Filter: f, NoLocal: e.tap != nil}}
			c.subs[f] = s
		}
		s.uses++
		s.QoS = max(s.QoS, e.qos)
		if group, _ := topic.SplitShare(f); e.handler != nil || group != "" {
			s.NoLocal = false
		}
		if answer != nil {
			s.waiting = append(s.waiting, answer)
		}
		ask = append(ask, f)
	}
	if l := c.link; l != nil {
		c.ask(l, ask, false)
		l.out.Kick()
	}
	return nil
}

// leave removes a reader, and the subscriptions that nobody else uses.
func (c *Client) leave(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.Index(c.entries, e)
	if i < 0 {
		return
	}
	c.entries = slices.Delete(slices.Clone(c.entries), i, i+1)
	c.gen++
	var drop []string
	for _, f := range e.filters {
		if s := c.subs[f]; s != nil {
			if s.uses--; s.uses == 0 {
				delete(c.subs, f)
				drop = append(drop, f)
			}
		}
	}
	if l := c.link; l != nil && len(drop) > 0 && len(c.flights) < 65500 {
		p := wire.Unsubscribe{ID: c.newFlight(wire.UNSUBSCRIBE).id, Filters: drop}
		l.out.Add(func(b []byte) []byte { return p.Append(b, l.version) })
		l.out.Kick()
	}
}

// subscribeAll asks for everything anew. c.mu is held.
func (c *Client) subscribeAll(l *link, present bool) {
	filters := make([]string, 0, len(c.subs))
	for f := range c.subs {
		filters = append(filters, f)
	}
	slices.Sort(filters)
	c.ask(l, filters, present)
}

// ask sends SUBSCRIBE. With a session that the broker still had, it need not send what it retains again. c.mu is held.
func (c *Client) ask(l *link, filters []string, present bool) {
	for part := range slices.Chunk(filters, 64) {
		f := c.newFlight(wire.SUBSCRIBE)
		f.filters = part
		p := wire.Subscribe{ID: f.id}
		for _, name := range part {
			filter := c.subs[name].Filter
			if present {
				filter.RetainHandling = 1
			}
			p.Filters = append(p.Filters, filter)
		}
		l.out.Add(func(b []byte) []byte { return p.Append(b, l.version) })
	}
}

// answered takes in SUBACK or UNSUBACK.
func (c *Client) answered(p *wire.Suback) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.flights[p.ID]
	if f == nil || (f.kind == wire.SUBSCRIBE) != (p.Kind == wire.SUBACK) || f.kind == wire.PUBLISH {
		return &wire.Error{Reason: wire.ProtocolError, Text: "answer to nothing that was asked"}
	}
	c.land(f, nil)
	if p.Kind == wire.UNSUBACK {
		return nil
	}
	if len(p.Reasons) != len(f.filters) {
		return &wire.Error{Reason: wire.ProtocolError, Text: "SUBACK does not answer every filter"}
	}
	for i, name := range f.filters {
		var err error
		if p.Reasons[i].Failed() {
			err = p.Reasons[i]
			c.opts.Log.Warn("mqtt: the broker refuses a subscription", "filter", name, "reason", p.Reasons[i].String())
		}
		if s := c.subs[name]; s != nil {
			s.finish(err)
		}
	}
	return nil
}

// The most a connection remembers of topics.
const (
	maxRoutes     = 16 << 10
	maxRouteBytes = 1 << 20
)

// route gives who reads name.
func (l *link) route(name []byte) *route {
	c := l.c
	c.mu.Lock()
	gen, entries := c.gen, c.entries
	c.mu.Unlock()
	r := l.routes[string(name)]
	if r != nil && r.gen == gen {
		return r
	}
	if r == nil {
		if l.bytes += len(name); l.routes == nil || len(l.routes) >= maxRoutes || l.bytes > maxRouteBytes {
			l.routes, l.bytes = map[string]*route{}, len(name)
		}
	}
	r = &route{topic: string(name), gen: gen}
	for _, e := range entries {
		if !e.wants(r.topic) {
			continue
		}
		if e.handler != nil {
			r.handlers = append(r.handlers, e.handler)
		} else if sink := e.tap.Route(r.topic); sink != nil {
			r.sinks = append(r.sinks, tapSink{sink, e})
		}
	}
	l.routes[r.topic] = r
	return r
}

// Wait implements line.Waiter. A pointer can always be compared, a Tap perhaps not.
func (e *entry) Wait(pos uint64) error { return e.tap.Wait(pos) }

func (e *entry) wants(name string) bool {
	return slices.ContainsFunc(e.filters, func(f string) bool {
		_, f = topic.SplitShare(f)
		return topic.Match(f, name)
	})
}
