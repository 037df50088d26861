package server

import (
	"context"
	"slices"
	"time"

	"hutong/mqtt/kept"
	"hutong/mqtt/line"
	"hutong/mqtt/tap"
	"hutong/mqtt/topic"
	"hutong/mqtt/wire"
)

// courier carries messages to their readers on behalf of one publisher. It remembers which connections have something
// new to write, so that they are woken once for many messages.
type courier struct {
	srv      *Server
	dirty    []*conn
	hurry    bool            // it must not wait for anybody
	behind   *conn           // in place of waiting: the reader for whom the publisher should
	gathered *line.Gathering // of a loop: what Sinks will be given at the end of the round; nil for no loop
}

func (c *courier) touch(to *conn) {
	if n := len(c.dirty); n > 0 && c.dirty[n-1] == to {
		return
	}
	if len(c.dirty) >= 64 {
		c.kick()
	}
	c.dirty = append(c.dirty, to)
}

// kick lets every touched connection write.
func (c *courier) kick() {
	for _, to := range c.dirty {
		to.out.Kick()
	}
	clear(c.dirty)
	c.dirty = c.dirty[:0]
}

// refused says whether some reader of r has no room for a QoS 1 or 2 message; unless makeRoom helps, nobody gets it.
func (r *route) refused(m *tap.Message) bool {
	if m.QoS == 0 {
		return false
	}
	for i := range r.targets {
		if r.targets[i].qos > 0 && r.targets[i].sess.refuses() {
			return true
		}
	}
	for _, g := range r.groups {
		if g.refuses(m.QoS) {
			return true
		}
	}
	return false
}

// makeRoom ends the sessions that have no room for m and whose clients are away: one phone that never comes back must not
// stop everybody who publishes. Its client is told by CONNACK that the session is gone (MQTT 5, 3.2.2.1.1 and 4.1). It is
// false when a connected client has no room, which will read on or be disconnected.
func (s *Server) makeRoom(r *route, m *tap.Message) bool {
	var away []*session
	for i := range r.targets {
		if t := &r.targets[i]; t.qos > 0 && t.sess.refuses() {
			away = append(away, t.sess)
		}
	}
	for _, g := range r.groups {
		if g.refuses(m.QoS) {
			away = append(away, g.full()...)
		}
	}
	if slices.ContainsFunc(away, (*session).online) {
		return false
	}
	for _, sess := range away {
		s.count.givenUp.Add(1)
		s.opts.Log.Warn("mqtt: session given up, its client is away and its queue is full", "client", sess.id)
		s.end(sess)
	}
	return !r.refused(m)
}

// deliver hands m to all that r names. What the acknowledgement must wait for goes into b (nil: nothing waits), and
// owes are the bits of that. A failing reason means that nobody got it. took says whether anybody did.
func (c *courier) deliver(r *route, m *tap.Message, from *session, b *line.Batch) (owes uint32, reason wire.Reason, took bool) {
	s := c.srv
	if r.refused(m) && !s.makeRoom(r, m) {
		s.count.overflowed.Add(1)
		return 0, wire.QuotaExceeded, false
	}
	now := time.Now()
	if m.Retain {
		pos, ok := s.retained.Set(m, now)
		if !ok {
			s.count.overflowed.Add(1)
			return 0, wire.QuotaExceeded, false
		}
		if pos > 0 && b != nil && m.QoS > 0 {
			owes |= b.Owe(s.opts.Store, pos)
		}
		took = true
		r = s.topics.anew(r, from)
	}
	asIs := m.Retain
	m.Retain = false
	for i := range r.sinks {
		owes |= c.give(&r.sinks[i], m, b)
		took = true
	}
	var copied *kept.Message // made once, when the first reader needs it
	for i := range r.targets {
		t := &r.targets[i]
		took = true
		qos := min(m.QoS, t.qos)
		if qos == 0 {
			m.Retain = asIs && t.asIs
			c.sendNow(t.sess, m, t.subIDs, &copied, now)
			continue
		}
		if copied == nil {
			copied = kept.Copy(m, now)
		}
		o := &outgoing{msg: copied, qos: qos, retain: asIs && t.asIs, subIDs: t.subIDs}
		owes |= c.owed(t.sess, o, from, b)
	}
	for _, g := range r.groups {
		member := g.pick(m.QoS)
		if member == nil {
			continue // nobody is there
		}
		took = true
		if copied == nil {
			copied = kept.Copy(m, now)
		}
		o := &outgoing{msg: copied, qos: min(m.QoS, member.QoS), retain: asIs && member.RetainAsPublished, group: g}
		if member.subID != 0 {
			o.subIDs = []uint32{member.subID}
		}
		if o.qos == 0 {
			m.Retain = o.retain
			c.sendNow(member.sess, m, o.subIDs, &copied, now)
			continue
		}
		owes |= c.owed(member.sess, o, from, b)
	}
	m.Retain = asIs
	return owes, wire.Success, took
}

// give hands m to a Sink, or gathers it.
func (c *courier) give(t *tapSink, m *tap.Message, b *line.Batch) (owes uint32) {
	owing := b != nil && m.QoS > 0
	if t.many != nil && c.gathered != nil {
		if !owing {
			b = nil
		}
		if owes, ok := c.gathered.Take(t.many, m, b); ok {
			return owes
		}
	}
	if pos := t.sink.Publish(m); pos > 0 && owing {
		owes = b.Owe(t.from, pos)
	}
	return owes
}

// owed queues o for to, and notes in b that the publisher waits for the Store and for a long queue. Nobody waits for
// his own queue: he could not shorten it meanwhile.
func (c *courier) owed(to *session, o *outgoing, from *session, b *line.Batch) (owes uint32) {
	pos, long := c.enqueue(to, o)
	if b == nil {
		return 0
	}
	if pos > 0 {
		owes = b.Owe(c.srv.opts.Store, pos)
	}
	if long && to != from {
		owes |= b.Owe(to, 0)
	}
	return owes
}

func (c *courier) enqueue(to *session, o *outgoing) (pos uint64, long bool) {
	pos, long, conn := to.push(o)
	if conn != nil {
		c.touch(conn)
	}
	return pos, long
}

// sendNow sends a QoS 0 message straight into the reader's outbox. A reader that is slow may hold the publisher up for
// a moment; one that stays slow loses messages until it has caught up.
func (c *courier) sendNow(to *session, m *tap.Message, subIDs []uint32, copied **kept.Message, now time.Time) {
	to.mu.Lock()
	conn := to.conn
	behind := to.behind()
	to.mu.Unlock()
	if conn == nil || !conn.ready {
		return
	}
	if behind && c.queueNow(to, m, subIDs, copied, now) {
		return
	}
	if conn.out.Full() && !c.waitFor(conn) {
		c.srv.count.dropped.Add(1)
		return
	}
	qos := m.QoS
	m.QoS = 0
	conn.sendPublish(m, 0, false, subIDs)
	m.QoS = qos
	c.touch(conn)
}

// queueNow puts a QoS 0 message behind retained ones that still wait, so that it does not overtake them.
func (c *courier) queueNow(to *session, m *tap.Message, subIDs []uint32, copied **kept.Message, now time.Time) bool {
	to.mu.Lock()
	long := to.long()
	to.mu.Unlock()
	if long {
		c.srv.count.dropped.Add(1)
		return true
	}
	if *copied == nil {
		*copied = kept.Copy(m, now)
	}
	c.enqueue(to, &outgoing{msg: *copied, retain: m.Retain, subIDs: subIDs})
	return true
}

// waitFor holds the publisher up until conn has room, at most SlowGrace. Once that was in vain nobody waits for conn
// until its outbox has emptied.
func (c *courier) waitFor(conn *conn) bool {
	if conn.slow.Load() {
		return false
	}
	c.kick()
	if c.hurry {
		c.behind = conn
		return true
	}
	if conn.out.WaitRoom(c.srv.opts.SlowGrace) {
		return true
	}
	conn.slow.Store(true)
	return false
}

// Publish implements Broker: it sends m to all clients that have subscribed, and not to Taps. It returns when that is
// as durable as a client would be told, or with the Reason for which nobody got it.
func (s *Server) Publish(ctx context.Context, m *tap.Message) error {
	if !topic.Valid(m.Topic) {
		return wire.TopicNameInvalid
	}
	s.ownMu.Lock()
	r := s.ownRoute(m.Topic)
	s.ownMu.Unlock()
	c := &courier{srv: s}
	b := &line.Batch{}
	own := *m // deliver borrows its flags
	_, reason, _ := c.deliver(r, &own, nil, b)
	c.kick()
	if reason.Failed() {
		return reason
	}
	if len(b.Debts) == 0 {
		return nil
	}
	done := make(chan error, 1)
	go func() {
		var err error
		for _, d := range b.Debts {
			if e := d.To.Wait(d.Pos); e != nil {
				err = e
			}
		}
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ownRoute is the way of what the rest of the process publishes. s.ownMu is held.
func (s *Server) ownRoute(name string) *route {
	r := s.own.find(name)
	if r == nil || r.subGen != s.topics.subGen.Load() {
		r = &route{topic: name}
		s.topics.find(r, nil)
		s.own.put(r)
	}
	return r
}

// Ready implements tap.Poster: there must be nothing to keep and no reader that is behind.
func (s *Server) Ready(name string, qos byte) bool {
	if !topic.Valid(name) {
		return false
	}
	s.ownMu.Lock()
	r := s.ownRoute(name)
	s.ownMu.Unlock()
	for i := range r.targets {
		if t := &r.targets[i]; !t.sess.prompt(min(qos, t.qos)) {
			return false
		}
	}
	return len(r.groups) == 0
}

// prompt says whether a message of qos for s needs no waiting.
func (s *session) prompt(qos byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if qos > 0 && (s.long() || s.srv.opts.Store != nil && s.durable()) {
		return false
	}
	return s.conn == nil || !s.conn.out.Full()
}

// Post implements tap.Poster.
func (s *Server) Post(m *tap.Message) error {
	s.ownMu.Lock()
	defer s.ownMu.Unlock()
	s.post.srv, s.post.hurry = s, true
	own := *m
	_, reason, _ := s.post.deliver(s.ownRoute(m.Topic), &own, nil, nil)
	s.post.behind = nil
	if reason.Failed() {
		return reason
	}
	return nil
}

// Flush implements tap.Poster.
func (s *Server) Flush() {
	s.ownMu.Lock()
	defer s.ownMu.Unlock()
	s.post.kick()
}
