package mqtt

import (
	"bytes"
	"slices"
	"strings"

	"hutong/mqtt/wire"
)

// ownProps copies the properties of a PUBLISH or a will that concern its readers; nil when there are none.
func ownProps(p *wire.Properties) *Properties {
	if p == nil {
		return nil
	}
	m := &Properties{
		ContentType: p.ContentType, ResponseTopic: p.ResponseTopic, CorrelationData: bytes.Clone(p.CorrelationData),
		PayloadUTF8: p.PayloadFormat == 1, Expiry: p.MessageExpiry, User: slices.Clone(p.User),
	}
	if p.Has(wire.MessageExpiry) && m.Expiry == 0 {
		m.Expiry = 1 // it may be seen now and not kept; a second is as near as whole seconds come
	}
	if m.ContentType == "" && m.ResponseTopic == "" && m.CorrelationData == nil && !m.PayloadUTF8 && m.Expiry == 0 && m.User == nil {
		return nil
	}
	return m
}

// wireProps fills p from m and returns it; nil when there is nothing to say.
func wireProps(m *Properties, p *wire.Properties) *wire.Properties {
	if m == nil {
		return nil
	}
	*p = wire.Properties{
		ContentType: m.ContentType, ResponseTopic: m.ResponseTopic, CorrelationData: m.CorrelationData,
		MessageExpiry: m.Expiry, User: m.User,
	}
	if m.PayloadUTF8 {
		p.PayloadFormat = 1
		p.Set(wire.PayloadFormat)
	}
	if m.ContentType != "" {
		p.Set(wire.ContentType)
	}
	if m.ResponseTopic != "" {
		p.Set(wire.ResponseTopic)
	}
	if m.CorrelationData != nil {
		p.Set(wire.CorrelationData)
	}
	if m.Expiry > 0 {
		p.Set(wire.MessageExpiry)
	}
	return p
}

// publish takes in a PUBLISH.
func (c *conn) publish(header byte, body []byte) error {
	var p wire.Publish
	if err := p.Decode(header, body, c.version, &c.scratch); err != nil {
		return err
	}
	s := c.srv
	s.count.received.Add(1)
	s.count.receivedSize.Add(int64(len(p.Payload)))
	if p.QoS > 0 && c.version == wire.V5 && int(c.unacked.Add(1)) > s.opts.ReceiveMaximum {
		return &wire.Error{Reason: wire.ReceiveMaximumExceeded, Text: "more QoS 1 and 2 messages than the receive maximum"}
	}
	topic, err := c.topicOf(&p)
	if err != nil {
		return err
	}
	if p.QoS == 2 {
		if again := c.seenBefore(p.ID); again {
			c.batch.ack(wire.PUBREC, p.ID, wire.Success, 0)
			return nil
		}
	}
	r := c.routes.get(topic)
	if r == nil || r.tapGen != s.topics.tapGen.Load() || r.subGen != s.topics.subGen.Load() {
		r = c.route(topic, r)
	}
	if r.denied != nil {
		s.count.denied.Add(1)
		return c.answer(&p, reasonOf(r.denied, wire.NotAuthorized), 0)
	}
	m := &c.msg
	*m = Message{Topic: r.topic, Payload: p.Payload, QoS: p.QoS, Retain: p.Retain, Properties: ownProps(p.Props)}
	owes, reason, took := c.courier.deliver(r, m, c.sess, c.batch)
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
	alias := int(p.Props.TopicAlias)
	if alias >= len(c.aliases) || len(p.Topic) == 0 && c.aliases[alias] == "" {
		return nil, &wire.Error{Reason: wire.TopicAliasInvalid, Text: "topic alias is not known"}
	}
	if len(p.Topic) > 0 {
		if c.aliases[alias] != string(p.Topic) {
			c.aliases[alias] = string(p.Topic)
		}
		return p.Topic, nil
	}
	return []byte(c.aliases[alias]), nil
}

// route finds out anew what becomes of topic. What Taps and Authorize said is kept while nobody said Forget.
func (c *conn) route(topic []byte, old *route) *route {
	t := &c.srv.topics
	r := &route{tapGen: t.tapGen.Load()}
	if old != nil {
		r.topic = old.topic
	} else {
		r.topic = string(topic)
	}
	switch {
	case old != nil && old.tapGen == r.tapGen:
		r.denied, r.sinks = old.denied, old.sinks
	case !levelsOK(r.topic):
		r.denied = wire.TopicNameInvalid
	default:
		if r.denied = c.may(r.topic, true); r.denied == nil {
			r.sinks = t.sinks(r.topic)
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
		c.batch.ack(wire.PUBACK, p.ID, reason, owes)
	case 2:
		if !reason.Failed() {
			owes |= c.remember(p.ID)
		}
		c.batch.ack(wire.PUBREC, p.ID, reason, owes)
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
	c.settle.wait()
	if before != nil {
		before.wait()
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
		owes = c.batch.owe(store, store.Put(receivedKey(s.id, id), nil))
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
	c.batch.ack(wire.PUBCOMP, id, reason, 0)
}

// paid counts one message of the receive maximum as done with.
func (c *conn) paid() {
	if c.unacked.Load() > 0 {
		c.unacked.Add(-1)
	}
}

// settled is told by the settler of each acknowledgement before it leaves.
func (c *conn) settled(a owedAck) {
	if a.kind == wire.PUBACK || a.kind == wire.PUBREC && a.reason.Failed() {
		c.paid()
	}
	if a.kind != wire.PUBREC {
		return
	}
	c.sess.mu.Lock()
	defer c.sess.mu.Unlock()
	if _, ok := c.sess.qos2[a.id]; ok && !a.reason.Failed() {
		c.sess.qos2[a.id] = true
	}
}

// unkept is told by the settler that a message could not be kept.
func (c *conn) unkept(a owedAck, err error) (wire.Reason, bool) {
	c.srv.count.unkept.Add(1)
	if a.kind == wire.PUBREC {
		c.sess.mu.Lock()
		delete(c.sess.qos2, a.id)
		c.sess.mu.Unlock()
		if store := c.srv.opts.Store; store != nil {
			store.Delete(receivedKey(c.sess.id, a.id))
		}
	}
	c.srv.opts.Log.Warn("mqtt: message not acknowledged, it cannot be kept", "client", c.who.ClientID, "error", err)
	if c.version != wire.V5 {
		c.stop(wire.UnspecifiedError, "")
		return 0, false
	}
	return reasonOf(err, wire.UnspecifiedError), true
}

// sendPublish puts m into the outbox; false when it is larger than the client accepts, or the connection is over.
func (c *conn) sendPublish(m *Message, id uint16, dup bool, subIDs []uint32) bool {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	if c.out.closed {
		return id != 0 // it stays with the session
	}
	p := wire.Publish{Dup: dup, QoS: m.QoS, Retain: m.Retain, ID: id, Payload: m.Payload}
	topic, fresh := m.Topic, false
	if c.version == wire.V5 {
		p.Props = wireProps(m.Properties, &c.outProps)
		alias := uint16(0)
		if c.maxAlias > 0 {
			alias, fresh = c.alias(topic)
		}
		if alias != 0 || len(subIDs) > 0 {
			if p.Props == nil {
				p.Props = &c.outProps
				*p.Props = wire.Properties{}
			}
			p.Props.SubscriptionIDs = subIDs
		}
		if alias != 0 {
			p.Props.TopicAlias = alias
			p.Props.Set(wire.TopicAlias)
			if !fresh {
				topic = ""
			}
		}
	}
	b := c.out.grown()
	start := len(b)
	if b = wire.AppendPublish(b, c.version, &p, topic); len(b)-start > c.maxPacket {
		c.out.buf = b[:start]
		if fresh {
			delete(c.outAlias, m.Topic)
		}
		c.srv.count.oversized.Add(1)
		return false
	}
	c.out.buf = b
	c.srv.count.sent.Add(1)
	if len(b) < softOut/2 {
		c.slow.Store(false)
	}
	return true
}

// alias gives topic's outbound alias, a fresh one while there are any; 0 for none.
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
