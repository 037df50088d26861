package server

import (
	"time"

	"hutong/mqtt/line"
	"hutong/mqtt/topic"
	"hutong/mqtt/wire"
)

// maxFilterBytes bounds the filters of one session.
const maxFilterBytes = 1 << 20

func (c *conn) subscribe(body []byte) error {
	var p wire.Subscribe
	if err := p.Decode(body, c.version); err != nil {
		return err
	}
	var subID uint32
	if len(p.Props.SubscriptionIDs) > 0 {
		subID = p.Props.SubscriptionIDs[0]
	}
	ack := wire.Suback{Kind: wire.SUBACK, ID: p.ID}
	var backlog []*outgoing
	for _, f := range p.Filters {
		if group, _ := topic.SplitShare(f.Filter); group != "" && f.NoLocal {
			return &wire.Error{Reason: wire.ProtocolError, Text: "no local on a shared subscription"}
		}
	}
	c.sess.greet()
	for _, f := range p.Filters {
		reason := c.mayHave(f)
		if !reason.Failed() {
			kept, ok := c.keptFor(f, subID, c.srv.topics.add(c.sess, f, subID), len(backlog))
			backlog = append(backlog, kept...)
			if !ok {
				c.srv.topics.remove(c.sess, f.Filter)
				reason = wire.QuotaExceeded
			}
		}
		ack.Reasons = append(ack.Reasons, reason)
	}
	c.saveSubs(ack.Reasons)
	c.out.Add(func(b []byte) []byte { return ack.Append(b, c.version) })
	c.sess.greeted(backlog)
	return nil
}

// mayHave judges one filter; a success is the QoS granted.
func (c *conn) mayHave(f wire.Filter) wire.Reason {
	if !topic.ValidFilter(f.Filter) {
		return wire.TopicFilterInvalid
	}
	_, filter := topic.SplitShare(f.Filter)
	if err := c.may(filter, false); err != nil {
		c.srv.count.denied.Add(1)
		return line.ReasonOf(err, wire.NotAuthorized)
	}
	_, known := c.sess.subs[f.Filter]
	if !known && (len(c.sess.subs) >= c.srv.opts.MaxSubscriptions || c.sess.subBytes+len(f.Filter) > maxFilterBytes) {
		return wire.QuotaExceeded
	}
	return wire.Reason(f.QoS)
}

// keptFor gives the retained messages a new subscription gets (3.8.3.1, 3.3.1.3); ok is false when they are too many
// on top of those that wait already.
func (c *conn) keptFor(f wire.Filter, subID uint32, fresh bool, more int) (backlog []*outgoing, ok bool) {
	group, filter := topic.SplitShare(f.Filter)
	if group != "" || f.RetainHandling == 2 || f.RetainHandling == 1 && !fresh {
		return nil, true
	}
	found, _ := c.srv.retained.Match(filter, 0, time.Now())
	c.sess.mu.Lock()
	waiting := c.sess.keptOut
	c.sess.mu.Unlock()
	if waiting+more+len(found) > c.srv.opts.MaxRetained {
		return nil, false
	}
	var subIDs []uint32
	if subID != 0 {
		subIDs = []uint32{subID}
	}
	for _, m := range found {
		backlog = append(backlog, &outgoing{msg: m, qos: min(m.QoS, f.QoS), retain: true, kept: true, subIDs: subIDs})
	}
	return backlog, true
}

// saveSubs makes the session's subscriptions durable before they are acknowledged.
func (c *conn) saveSubs(reasons []wire.Reason) {
	c.sess.mu.Lock()
	pos := c.sess.save(time.Time{})
	c.sess.mu.Unlock()
	if pos == 0 {
		return
	}
	if err := c.srv.opts.Store.Wait(pos); err != nil {
		c.srv.count.unkept.Add(1)
		for i := range reasons {
			if !reasons[i].Failed() {
				reasons[i] = line.ReasonOf(err, wire.UnspecifiedError)
			}
		}
	}
}

func (c *conn) unsubscribe(body []byte) error {
	var p wire.Unsubscribe
	if err := p.Decode(body, c.version); err != nil {
		return err
	}
	ack := wire.Suback{Kind: wire.UNSUBACK, ID: p.ID}
	for _, f := range p.Filters {
		reason := wire.Success
		switch {
		case !topic.ValidFilter(f):
			reason = wire.TopicFilterInvalid
		case !c.srv.topics.remove(c.sess, f):
			reason = wire.NoSubscriptionExisted
		}
		ack.Reasons = append(ack.Reasons, reason)
	}
	c.saveSubs(ack.Reasons)
	c.out.Add(func(b []byte) []byte { return ack.Append(b, c.version) })
	return nil
}
