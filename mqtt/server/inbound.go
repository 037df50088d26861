package server

import (
	"slices"
	"strings"

	"hutong/mqtt/line"
	"hutong/mqtt/tap"
	"hutong/mqtt/topic"
	"hutong/mqtt/wire"
)

// publish takes in a PUBLISH.
func (c *conn) publish(header byte, body []byte) error {
	var p wire.Publish
	if c.scratch == nil {
		c.scratch = new(wire.Properties)
	}
	if err := p.Decode(header, body, c.version, c.scratch); err != nil {
		return err
	}
	s := c.srv
	name, err := c.topicOf(&p)
	if err != nil {
		return err
	}
	r := c.routes.get(name)
	if r == nil || r.tapGen != s.topics.tapGen.Load() || r.subGen != s.topics.subGen.Load() {
		r = c.route(name, r)
	}
	if c.shift != nil && (p.Retain || p.QoS == 2 || r.waits) {
		return errWaits
	}
	s.count.received.Add(1)
	s.count.receivedSize.Add(int64(len(p.Payload)))
	if p.QoS > 0 && c.version == wire.V5 && int(c.unacked.Add(1)) > s.opts.ReceiveMaximum {
		return &wire.Error{Reason: wire.ReceiveMaximumExceeded, Text: "more QoS 1 and 2 messages than the receive maximum"}
	}
	if p.QoS == 2 && c.seenBefore(p.ID) {
		c.acks().Ack(wire.PUBREC, p.ID, wire.Success, 0)
		return nil
	}
	if r.denied != nil {
		s.count.denied.Add(1)
		return c.answer(&p, line.ReasonOf(r.denied, wire.NotAuthorized), 0)
	}
	m := &c.msg
	*m = tap.Message{Topic: r.topic, Payload: p.Payload, QoS: p.QoS, Retain: p.Retain, From: c.who.Username, Properties: tap.FromWire(p.Props)}
	var b *line.Batch
	if p.QoS > 0 {
		b = c.acks()
	}
	owes, reason, took := c.courier.deliver(r, m, c.sess, b)
	if !took && reason == wire.Success && c.version == wire.V5 {
		reason = wire.NoMatchingSubscribers
	}
	return c.answer(&p, reason, owes)
}

// topicOf resolves a topic alias (3.3.2.3.4).
func (c *conn) topicOf(p *wire.Publish) ([]byte, error) {
	if p.Props != nil && len(p.Props.SubscriptionIDs) > 0 {
		return nil, &wire.Error{Reason: wire.ProtocolError, Text: "subscription identifier from a client"}
	}
	if p.Props == nil || !p.Props.Has(wire.TopicAlias) {
		return p.Topic, nil
	}
	alias := p.Props.TopicAlias
	if int(alias) > c.srv.opts.TopicAliases || len(p.Topic) == 0 && c.aliases[alias] == "" {
		return nil, &wire.Error{Reason: wire.TopicAliasInvalid, Text: "topic alias is not known"}
	}
	if len(p.Topic) > 0 {
		if c.aliases == nil {
			c.aliases = map[uint16]string{}
		}
		if c.aliases[alias] != string(p.Topic) {
			c.aliases[alias] = string(p.Topic)
		}
		return p.Topic, nil
	}
	return []byte(c.aliases[alias]), nil
}

// route finds out anew what becomes of name. What Taps and Authorize said is kept while nobody said Forget.
func (c *conn) route(name []byte, old *route) *route {
	t := &c.srv.topics
	r := &route{tapGen: t.tapGen.Load(), tapped: true}
	if old != nil {
		r.topic = old.topic
	} else {
		r.topic = string(name)
	}
	switch {
	case old != nil && old.tapGen == r.tapGen:
		r.denied, r.sinks, r.waits = old.denied, old.sinks, old.waits
	case !topic.LevelsOK(r.topic):
		r.denied = wire.TopicNameInvalid
	default:
		if r.denied = c.may(r.topic, true); r.denied == nil {
			r.sinks = t.sinks(r.topic)
			r.waits = slices.ContainsFunc(r.sinks, func(s tapSink) bool { return s.many == nil })
		}
	}
	if strings.HasPrefix(r.topic, "$share/") {
		r.denied = wire.TopicNameInvalid
	}
	if r.denied == nil {
		t.find(r, c.sess)
	} else {
		r.subGen = t.subGen.Load()
	}
	c.routes.put(r)
	return r
}

// answer acknowledges p, when its debts are paid. An MQTT 3.1.1 client cannot be told of a failure: it is cut off,
// except that what it may not publish is swallowed, as the standard allows (3.3.5).
func (c *conn) answer(p *wire.Publish, reason wire.Reason, owes uint32) error {
	if reason.Failed() && c.version != wire.V5 {
		if reason != wire.NotAuthorized {
			return &wire.Error{Reason: reason, Text: "the message cannot be taken"}
		}
		reason = wire.Success
	}
	switch p.QoS {
	case 1:
		c.acks().Ack(wire.PUBACK, p.ID, reason, owes)
	case 2:
		if !reason.Failed() {
			owes |= c.remember(p.ID)
		}
		c.acks().Ack(wire.PUBREC, p.ID, reason, owes)
	}
	return nil
}

// seenBefore says whether a QoS 2 message with id was received and not released yet.
func (c *conn) seenBefore(id uint16) bool {
	s := c.sess
	s.mu.Lock()
	durable, seen := s.qos2[id]
	before := s.before
	s.mu.Unlock()
	if !seen || durable {
		return seen
	}
	// It came on the connection before this one and is not known to be durable yet.
	c.flush()
	c.settle.Wait()
	if before != nil {
		before.Wait()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, seen = s.qos2[id]
	return seen
}

// remember notes id until PUBREL, so that the message is not taken twice.
func (c *conn) remember(id uint16) (owes uint32) {
	s := c.sess
	s.mu.Lock()
	defer s.mu.Unlock()
	s.qos2[id] = false
	if store := c.srv.opts.Store; store != nil && s.durable() {
		owes = c.acks().Owe(store, store.Put(receivedKey(s.id, id), nil))
	}
	return owes
}

// release takes in PUBREL.
func (c *conn) release(id uint16) {
	s := c.sess
	s.mu.Lock()
	_, known := s.qos2[id]
	delete(s.qos2, id)
	durable := s.durable()
	s.mu.Unlock()
	reason := wire.Success
	switch {
	case !known:
		reason = wire.PacketIDNotFound
	case c.srv.opts.Store != nil && durable:
		c.srv.opts.Store.Delete(receivedKey(s.id, id))
	}
	c.paid()
	c.acks().Ack(wire.PUBCOMP, id, reason, 0)
}

// paid counts one message of the receive maximum as done with.
func (c *conn) paid() {
	if c.unacked.Load() > 0 {
		c.unacked.Add(-1)
	}
}

// settled is told by the settler of each acknowledgement before it leaves.
func (c *conn) settled(a line.Ack) {
	if a.Kind == wire.PUBACK || a.Kind == wire.PUBREC && a.Reason.Failed() {
		c.paid()
	}
	if a.Kind != wire.PUBREC {
		return
	}
	c.sess.mu.Lock()
	defer c.sess.mu.Unlock()
	if _, ok := c.sess.qos2[a.ID]; ok && !a.Reason.Failed() {
		c.sess.qos2[a.ID] = true
	}
}

// unkept is told by the settler that a message could not be kept.
func (c *conn) unkept(a line.Ack, err error) (wire.Reason, bool) {
	c.srv.count.unkept.Add(1)
	if a.Kind == wire.PUBREC {
		c.sess.mu.Lock()
		delete(c.sess.qos2, a.ID)
		c.sess.mu.Unlock()
		if store := c.srv.opts.Store; store != nil {
			store.Delete(receivedKey(c.sess.id, a.ID))
		}
	}
	c.srv.opts.Log.Warn("mqtt: message not acknowledged, it cannot be kept", "client", c.who.ClientID, "error", err)
	if c.version != wire.V5 {
		c.stop(wire.UnspecifiedError, "")
		return 0, false
	}
	return line.ReasonOf(err, wire.UnspecifiedError), true
}

// sendPublish puts m into the outbox. It is false when m is larger than the client accepts, and for QoS 0 when the
// connection is over.
func (c *conn) sendPublish(m *tap.Message, id uint16, dup bool, subIDs []uint32) (sent bool) {
	open := c.out.Add(func(b []byte) []byte {
		aliases := len(c.outAlias)
		whole := c.encode(b, m, id, dup, subIDs)
		if sent = len(whole)-len(b) <= c.maxPacket; !sent {
			c.srv.count.oversized.Add(1)
			if len(c.outAlias) > aliases {
				delete(c.outAlias, m.Topic) // the client has not seen it
			}
			return b
		}
		c.srv.count.sent.Add(1)
		return whole
	})
	return sent || !open && id != 0 // then it stays with the session
}

// encode appends m as c's client understands it.
func (c *conn) encode(b []byte, m *tap.Message, id uint16, dup bool, subIDs []uint32) []byte {
	p := wire.Publish{Dup: dup, QoS: m.QoS, Retain: m.Retain, ID: id, Payload: m.Payload}
	if c.version != wire.V5 {
		return wire.AppendPublish(b, c.version, &p, m.Topic)
	}
	if c.outProps == nil && (m.Properties != nil || len(subIDs) > 0 || c.maxAlias > 0) {
		c.outProps = new(wire.Properties)
	}
	p.Props = m.Properties.ToWire(c.outProps)
	alias, fresh := c.alias(m.Topic)
	if p.Props == nil && (alias != 0 || len(subIDs) > 0) {
		p.Props = c.outProps
		*p.Props = wire.Properties{}
	}
	if len(subIDs) > 0 {
		p.Props.SubscriptionIDs = subIDs
	}
	if alias == 0 {
		return wire.AppendPublish(b, c.version, &p, m.Topic)
	}
	p.Props.TopicAlias = alias
	p.Props.Set(wire.TopicAlias)
	if fresh {
		return wire.AppendPublish(b, c.version, &p, m.Topic)
	}
	return wire.AppendPublish(b, c.version, &p, "")
}

// alias gives the outbound alias of m's topic, a fresh one while there are any; 0 for none.
func (c *conn) alias(topic string) (alias uint16, fresh bool) {
	if a, ok := c.outAlias[topic]; ok {
		return a, false
	}
	if len(c.outAlias) >= c.maxAlias || len(topic) > 1024 {
		return 0, false
	}
	if c.outAlias == nil {
		c.outAlias = map[string]uint16{}
	}
	a := uint16(len(c.outAlias) + 1)
	c.outAlias[topic] = a
	return a, true
}
