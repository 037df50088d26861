package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"hutong/mqtt/line"
	"hutong/mqtt/tap"
	"hutong/mqtt/wire"
)

// maxAliases bounds the topic aliases of each direction.
const maxAliases = 64

// link is one connection to the broker. Fields without a note belong to the goroutine of serve.
type link struct {
	c       *Client
	in      *line.Inbox
	out     *line.Outbox
	settle  *line.Settler
	batch   *line.Batch
	version byte
	aliases []string // topics by inbound alias
	routes  map[string]*route
	bytes   int // of the topics in routes
	scratch wire.Properties
	pinged  time.Time // when PINGREQ was sent that is not answered; zero for none

	keepAlive time.Duration
	window    int // QoS 1 and 2 messages the broker takes at a time
	busy      int // of those, under way; guarded by c.mu
	maxPacket int
	maxQoS    byte
	noRetain  bool

	// Only touched inside out.Add:
	maxAlias int
	outAlias map[string]uint16
	outProps wire.Properties
}

func newLink(c *Client, nc net.Conn, in *line.Inbox, version byte, ack *wire.Connack) *link {
	p := &ack.Props
	l := &link{
		c: c, in: in, out: line.NewOutbox(nc, c.opts.ConnectTimeout), version: version,
		aliases: make([]string, maxAliases+1), keepAlive: c.opts.KeepAlive, window: 65535, maxPacket: 1 << 28, maxQoS: 2,
		maxAlias: min(int(p.TopicAliasMaximum), maxAliases),
		noRetain: p.Has(wire.RetainAvailable) && p.RetainAvailable == 0,
	}
	if p.Has(wire.ReceiveMaximum) {
		l.window = int(p.ReceiveMaximum)
	}
	if p.Has(wire.MaximumPacketSize) {
		l.maxPacket = int(p.MaximumPacketSize)
	}
	if p.Has(wire.MaximumQoS) {
		l.maxQoS = p.MaximumQoS
	}
	if p.Has(wire.ServerKeepAlive) && p.ServerKeepAlive > 0 {
		l.keepAlive = min(l.keepAlive, time.Duration(p.ServerKeepAlive)*time.Second)
	}
	l.settle = line.NewSettler(l.out, version)
	l.settle.Settled, l.settle.Failed = l.settled, l.unkept
	l.batch = l.settle.Take()
	return l
}

// serve reads until the connection is over.
func (l *link) serve(ctx context.Context) error {
	stop := context.AfterFunc(ctx, l.in.Stop)
	defer stop()
	err := l.read()
	l.out.Close(0)
	// Not waited for here: a handler may itself wait for the next connection.
	l.c.settles.Go(l.settle.Wait)
	return err
}

func (l *link) read() error {
	for {
		header, body, err := l.in.Next(max(l.keepAlive/4, time.Second/4), l.pause)
		if errors.Is(err, os.ErrDeadlineExceeded) && !l.in.Stopped() {
			if !l.pinged.IsZero() && time.Since(l.pinged) >= l.keepAlive {
				return errors.New("the broker does not answer")
			}
			continue
		}
		if err == nil {
			err = wire.CheckFlags(header, l.version)
		}
		if err == nil {
			err = l.handle(header, body)
		}
		if err != nil {
			l.complain(err)
			return err
		}
	}
}

// pause is called when every packet that has come was handled.
func (l *link) pause() {
	if l.batch.Len() > 0 {
		l.settle.Send(l.batch)
		l.batch = l.settle.Take()
	}
	// The broker must hear from us within the keep-alive, whatever it sends itself.
	if now := time.Now(); l.pinged.IsZero() && now.Sub(l.out.Sent()) >= l.keepAlive/2 {
		l.pinged = now
		l.out.Add(func(b []byte) []byte { return wire.AppendEmpty(b, wire.PINGREQ) })
	}
	l.out.Kick()
}

// complain tells an MQTT 5 broker what it did wrong.
func (l *link) complain(err error) {
	var fault *wire.Error
	if errors.As(err, &fault) && l.version == wire.V5 {
		d := wire.Disconnect{Reason: fault.Reason}
		l.out.Add(func(b []byte) []byte { return d.Append(b, wire.V5) })
		l.out.Close(time.Second)
	}
}

// goodbye says DISCONNECT and lets what was added leave.
func (l *link) goodbye() {
	l.out.Add(func(b []byte) []byte { return (&wire.Disconnect{}).Append(b, l.version) })
	l.out.Drain(time.Second)
}

func (l *link) handle(header byte, body []byte) error {
	switch k := wire.Kind(header >> 4); k {
	case wire.PUBLISH:
		return l.publish(header, body)
	case wire.PUBACK, wire.PUBREC, wire.PUBCOMP:
		id, reason, err := wire.DecodeAck(k, body, l.version)
		if err != nil {
			return err
		}
		return l.acknowledged(k, id, reason)
	case wire.PUBREL:
		id, _, err := wire.DecodeAck(k, body, l.version)
		if err != nil {
			return err
		}
		l.c.mu.Lock()
		_, known := l.c.qos2[id]
		delete(l.c.qos2, id)
		l.c.mu.Unlock()
		reason := wire.Success
		if !known {
			reason = wire.PacketIDNotFound
		}
		l.batch.Ack(wire.PUBCOMP, id, reason, 0)
		return nil
	case wire.SUBACK, wire.UNSUBACK:
		p := wire.Suback{Kind: k}
		if err := p.Decode(body, l.version); err != nil {
			return err
		}
		return l.c.answered(&p)
	case wire.PINGRESP:
		l.pinged = time.Time{}
		return nil
	case wire.DISCONNECT:
		var p wire.Disconnect
		if err := p.Decode(body, l.version); err != nil {
			return err
		}
		return fmt.Errorf("the broker ended the connection: %w", p.Reason)
	default:
		return &wire.Error{Reason: wire.ProtocolError, Text: fmt.Sprintf("packet type %d is not for a client", k)}
	}
}

// publish takes in a PUBLISH.
func (l *link) publish(header byte, body []byte) error {
	var p wire.Publish
	if err := p.Decode(header, body, l.version, &l.scratch); err != nil {
		return err
	}
	name, err := l.topicOf(&p)
	if err != nil {
		return err
	}
	if p.QoS == 2 {
		if seen, owes := l.seenBefore(p.ID); seen {
			l.batch.Ack(wire.PUBREC, p.ID, wire.Success, owes)
			return nil
		}
	}
	r := l.route(name)
	m := tap.Message{Topic: r.topic, Payload: p.Payload, QoS: p.QoS, Retain: p.Retain, Properties: tap.FromWire(p.Props)}
	var owes uint32
	for _, t := range r.sinks {
		if pos := t.sink.Publish(&m); pos > 0 && m.QoS > 0 {
			owes |= l.batch.Owe(t.from, pos)
		}
	}
	if len(r.handlers) > 0 {
		if l.c.inbox.full() {
			l.pause() // what can be answered already should not wait for slow handlers
		}
		if pos := l.c.inbox.put(r.handlers, &m); pos > 0 && m.QoS > 0 {
			owes |= l.batch.Owe(&l.c.inbox, pos)
		}
	}
	switch p.QoS {
	case 1:
		l.batch.Ack(wire.PUBACK, p.ID, wire.Success, owes)
	case 2:
		l.c.mu.Lock()
		l.c.qos2[p.ID] = false
		l.c.mu.Unlock()
		l.batch.Ack(wire.PUBREC, p.ID, wire.Success, owes)
	}
	return nil
}

func (l *link) topicOf(p *wire.Publish) ([]byte, error) {
	if p.Props == nil || !p.Props.Has(wire.TopicAlias) {
		return p.Topic, nil
	}
	alias := int(p.Props.TopicAlias)
	if alias >= len(l.aliases) || len(p.Topic) == 0 && l.aliases[alias] == "" {
		return nil, &wire.Error{Reason: wire.TopicAliasInvalid, Text: "topic alias is not known"}
	}
	if len(p.Topic) == 0 {
		return []byte(l.aliases[alias]), nil
	}
	l.aliases[alias] = string(p.Topic)
	return p.Topic, nil
}

// seenBefore says whether a QoS 2 message with id was received and not released yet, and what its acknowledgement
// still owes.
func (l *link) seenBefore(id uint16) (seen bool, owes uint32) {
	c := l.c
	c.mu.Lock()
	defer c.mu.Unlock()
	kept, seen := c.qos2[id]
	if seen && !kept && c.before != nil {
		owes = l.batch.Owe(earlier{c, c.before, id}, 1)
	}
	return seen, owes
}

// earlier waits for a QoS 2 message that came on the connection before this one.
type earlier struct {
	c  *Client
	l  *link
	id uint16
}

// Wait implements line.Waiter.
func (e earlier) Wait(uint64) error {
	e.l.settle.Wait()
	e.c.mu.Lock()
	defer e.c.mu.Unlock()
	if !e.c.qos2[e.id] {
		return errors.New("the message could not be kept")
	}
	return nil
}

func (l *link) settled(a line.Ack) {
	if a.Kind != wire.PUBREC {
		return
	}
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	if _, ok := l.c.qos2[a.ID]; ok {
		l.c.qos2[a.ID] = true
	}
}

// unkept is told that a message could not be kept. The broker may send it again, after a new connection.
func (l *link) unkept(a line.Ack, err error) (wire.Reason, bool) {
	if a.Kind == wire.PUBREC {
		l.c.mu.Lock()
		delete(l.c.qos2, a.ID)
		l.c.mu.Unlock()
	}
	l.c.opts.Log.Warn("mqtt: message not acknowledged, it cannot be kept", "broker", l.c.target.addr, "error", err)
	l.in.Stop()
	return 0, false
}

// encode appends a PUBLISH, with a topic alias where the broker allows one. It runs inside out.Add.
func (l *link) encode(b []byte, m *tap.Message, id uint16, dup bool) []byte {
	p := wire.Publish{Dup: dup, QoS: m.QoS, Retain: m.Retain, ID: id, Payload: m.Payload}
	if l.version != wire.V5 {
		return wire.AppendPublish(b, l.version, &p, m.Topic)
	}
	p.Props = m.Properties.ToWire(&l.outProps)
	alias, known := l.outAlias[m.Topic]
	if !known && (len(l.outAlias) >= l.maxAlias || len(m.Topic) > 1024) {
		return wire.AppendPublish(b, l.version, &p, m.Topic)
	}
	if p.Props == nil {
		p.Props = &l.outProps
		*p.Props = wire.Properties{}
	}
	if !known {
		if l.outAlias == nil {
			l.outAlias = map[string]uint16{}
		}
		alias = uint16(len(l.outAlias) + 1)
		l.outAlias[m.Topic] = alias
	}
	p.Props.TopicAlias = alias
	p.Props.Set(wire.TopicAlias)
	if known {
		return wire.AppendPublish(b, l.version, &p, "")
	}
	return wire.AppendPublish(b, l.version, &p, m.Topic)
}
