package client

import (
	"context"
	"slices"
	"time"

	"hutong/mqtt/tap"
	"hutong/mqtt/topic"
	"hutong/mqtt/wire"
)

// flight is a packet that waits for its answer: a QoS 1 or 2 message, SUBSCRIBE or UNSUBSCRIBE.
type flight struct {
	kind     wire.Kind
	id       uint16
	seq      uint64
	msg      *tap.Message // nil when Publish no longer waits
	qos      byte
	released bool     // QoS 2: PUBREC has come
	filters  []string // of SUBSCRIBE
	done     chan error
}

func (f *flight) finish(err error) {
	select {
	case f.done <- err:
	default:
	}
}

// Publish implements tap.Broker. QoS 0 is handed to the network, or fails with ErrOffline. QoS 1 and 2 wait for a
// connection and for the broker's acknowledgement, over reconnects, until ctx ends; then the message may or may not
// have arrived. A refusal is a wire.Reason. A handler may call it.
func (c *Client) Publish(ctx context.Context, m *tap.Message) error {
	if !topic.Valid(m.Topic) {
		return wire.TopicNameInvalid
	}
	if m.QoS > 0 {
		return c.publishAcked(ctx, m)
	}
	c.mu.Lock()
	l, closed := c.link, c.closed
	c.mu.Unlock()
	switch {
	case closed:
		return ErrClosed
	case l == nil:
		return ErrOffline
	}
	if err := l.takes(m); err != nil {
		return err
	}
	for l.out.Full() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !l.out.WaitRoom(time.Second) && l != c.current() {
			return ErrOffline
		}
	}
	if !l.out.Add(func(b []byte) []byte { return l.encode(b, m, 0, false) }) {
		return ErrOffline
	}
	l.out.Kick()
	return nil
}

func (c *Client) current() *link {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.link
}

// takes says whether the broker announced that it does not take m.
func (l *link) takes(m *tap.Message) error {
	size := 64 + len(m.Topic) + len(m.Payload)
	if p := m.Properties; p != nil {
		size += len(p.ContentType) + len(p.ResponseTopic) + len(p.CorrelationData)
		for _, u := range p.User {
			size += 5 + len(u.Name) + len(u.Value)
		}
	}
	switch {
	case m.QoS > l.maxQoS:
		return wire.QoSNotSupported
	case m.Retain && l.noRetain:
		return wire.RetainNotSupported
	case size > l.maxPacket:
		return wire.PacketTooLarge
	}
	return nil
}

func (c *Client) publishAcked(ctx context.Context, m *tap.Message) error {
	c.inbox.hold()
	defer c.inbox.let()
	f, err := c.launch(ctx, m)
	if err != nil {
		return err
	}
	select {
	case err := <-f.done:
		return err
	case <-ctx.Done():
		c.mu.Lock()
		f.msg = nil // its identifier stays in use until the broker has answered
		c.mu.Unlock()
		return ctx.Err()
	}
}

// launch waits for room in the broker's window and sends m.
func (c *Client) launch(ctx context.Context, m *tap.Message) (*flight, error) {
	for {
		l, err := c.await(ctx)
		if err != nil {
			return nil, err
		}
		if err := l.takes(m); err != nil {
			return nil, err
		}
		c.mu.Lock()
		if c.closed {
			c.mu.Unlock()
			return nil, ErrClosed
		}
		if c.link == l && l.busy < l.window && len(c.flights) < 65000 {
			f := c.newFlight(wire.PUBLISH)
			f.msg, f.qos = m, m.QoS
			l.busy++
			l.out.Add(func(b []byte) []byte { return l.encode(b, m, f.id, false) })
			c.mu.Unlock()
			l.out.Kick()
			return f, nil
		}
		if c.link != l {
			c.mu.Unlock()
			continue
		}
		if c.freed == nil {
			c.freed = make(chan struct{})
		}
		freed := c.freed
		c.mu.Unlock()
		select {
		case <-freed:
		case <-c.done:
			return nil, ErrClosed
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// newFlight takes a packet identifier. c.mu is held, and fewer than 65,535 are in use.
func (c *Client) newFlight(kind wire.Kind) *flight {
	for {
		c.lastID++
		if c.lastID != 0 && c.flights[c.lastID] == nil {
			break
		}
	}
	c.lastSeq++
	f := &flight{kind: kind, id: c.lastID, seq: c.lastSeq, done: make(chan error, 1)}
	c.flights[f.id] = f
	return f
}

// land ends a flight. c.mu is held.
func (c *Client) land(f *flight, err error) {
	delete(c.flights, f.id)
	f.finish(err)
	c.free()
}

func (c *Client) free() {
	if c.freed != nil {
		close(c.freed)
		c.freed = nil
	}
}

// acknowledged takes in PUBACK, PUBREC or PUBCOMP.
func (l *link) acknowledged(kind wire.Kind, id uint16, reason wire.Reason) error {
	c := l.c
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.flights[id]
	if f == nil || f.kind != wire.PUBLISH {
		if kind == wire.PUBREC {
			l.out.Add(func(b []byte) []byte {
				return wire.AppendAck(b, l.version, wire.PUBREL, id, wire.PacketIDNotFound)
			})
		}
		return nil
	}
	if (kind == wire.PUBACK) != (f.qos == 1) {
		return &wire.Error{Reason: wire.ProtocolError, Text: "acknowledgement of another QoS than the message's"}
	}
	if kind == wire.PUBREC && !reason.Failed() {
		f.released, f.msg = true, nil
		l.out.Add(func(b []byte) []byte { return wire.AppendAck(b, l.version, wire.PUBREL, id, wire.Success) })
		return nil
	}
	var err error
	if reason.Failed() && kind != wire.PUBCOMP {
		err = reason
	}
	l.busy--
	c.land(f, err)
	return nil
}

// resend sends again on l what was not acknowledged, in its old order (MQTT 5, 4.4). c.mu is held.
func (c *Client) resend(l *link, present bool) {
	all := make([]*flight, 0, len(c.flights))
	for _, f := range c.flights {
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b *flight) int { return int(int64(a.seq - b.seq)) })
	for _, f := range all {
		switch {
		case f.kind != wire.PUBLISH, f.msg == nil && !f.released:
			delete(c.flights, f.id) // subscribed anew anyway, or nobody waits
		case f.released && !present:
			c.land(f, nil) // the broker had it
		case f.released:
			l.busy++
			l.out.Add(func(b []byte) []byte { return wire.AppendAck(b, l.version, wire.PUBREL, f.id, wire.Success) })
		default:
			l.busy++
			l.out.Add(func(b []byte) []byte { return l.encode(b, f.msg, f.id, present) })
		}
	}
	c.free()
}

// raise takes l into use; false when the Client was closed meanwhile.
func (c *Client) raise(l *link, present bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	wasUp := c.started
	c.link, c.version, c.started = l, l.version, true
	close(c.up)
	if !wasUp {
		close(c.everUp)
	}
	if !present {
		c.qos2 = map[uint16]bool{}
	}
	c.resend(l, present)
	c.subscribeAll(l, present)
	l.out.Kick()
	return true
}

// down takes l out of use.
func (c *Client) down(l *link) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link == l {
		c.link, c.before = nil, l
		c.up = make(chan struct{})
	}
	c.free()
}
