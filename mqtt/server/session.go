package server

import (
	"slices"
	"sync"
	"time"

	"hutong/mqtt/kept"
	"hutong/mqtt/line"
	"hutong/mqtt/wire"
)

// forever is the session expiry interval that means "never" (MQTT 5, 3.1.2.11.2).
const forever = 1<<32 - 1

// outgoing is one message on its way to one client.
type outgoing struct {
	msg      *kept.Message
	qos      byte
	retain   bool
	kept     bool // a retained message sent for a new subscription: not counted against the queue
	stored   bool // the Store has it
	released bool // QoS 2: PUBREL was sent
	id       uint16
	seq      uint64
	subIDs   []uint32
	group    *share // the shared subscription it came by
}

// session is what the server knows of a client, over connections (MQTT 5, 4.1).
type session struct {
	srv *Server
	id  string

	mu       sync.Mutex
	conn     *conn  // nil while the client is away
	owner    string // the user name it was made under
	who      *Login // of the newest connection, for its will; nil after a restart
	ended    bool
	expiry   uint32 // seconds it outlives its connection
	subs     map[string]*sub
	subBytes int
	qos2     map[uint16]bool // QoS 2 messages received and not released; true when they may be acknowledged
	before   *line.Settler   // of the previous connection

	queue    []*outgoing // to be sent
	greeting bool        // a subscription is being made: what comes now belongs behind what was retained
	held     []*outgoing // what came meanwhile
	inflight map[uint16]*outgoing
	count    int    // live messages in queue and inflight
	bytes    int    // their size
	keptOut  int    // retained ones in queue
	lastID   uint16 // packet identifier
	lastSeq  uint64
	acked    uint64        // how many the client has acknowledged: its progress
	relief   chan struct{} // closed when the queue is no longer long, or nobody will drain it soon
	stall    *time.Timer

	will       *wire.Will
	willTimer  *time.Timer
	expireTime *time.Timer
}

func (s *session) durable() bool { return s.expiry > 0 }

func (s *session) long() bool {
	o := &s.srv.opts
	return s.count >= (o.MaxQueue+1)/2 || s.bytes >= o.MaxQueueBytes/2
}

// refuses says whether there is no room for another QoS 1 or 2 message.
func (s *session) refuses() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := &s.srv.opts
	return !s.ended && (s.count >= o.MaxQueue || s.bytes >= o.MaxQueueBytes) && (s.conn != nil || s.durable())
}

func (s *session) online() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conn != nil
}

// Wait blocks while a connected client has a long queue: that is what slows its publishers down.
func (s *session) Wait(uint64) error {
	for {
		s.mu.Lock()
		if s.ended || s.conn == nil || !s.long() {
			s.mu.Unlock()
			return nil
		}
		if s.relief == nil {
			s.relief = make(chan struct{})
		}
		relief := s.relief
		s.mu.Unlock()
		<-relief
	}
}

func (s *session) relieve() {
	if s.relief != nil {
		close(s.relief)
		s.relief = nil
	}
}

// push queues a QoS 1 or 2 message, or one that must keep its place behind queued ones, and says whether the queue is
// long now. pos is the store's position. The caller kicks to, where there is one.
func (s *session) push(o *outgoing) (pos uint64, long bool, to *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || s.conn == nil && (!s.durable() || o.qos == 0) {
		return 0, false, nil
	}
	pos = s.enqueue(o)
	s.pump()
	if long = s.conn != nil && s.long(); long && s.stall == nil {
		acked := s.acked
		s.stall = time.AfterFunc(s.srv.opts.Patience, func() { s.stalled(acked) })
	}
	return pos, long, s.conn
}

func (s *session) enqueue(o *outgoing) (pos uint64) {
	s.lastSeq++
	o.seq = s.lastSeq
	if s.greeting {
		s.held = append(s.held, o)
	} else {
		s.queue = append(s.queue, o)
	}
	s.enter(o)
	if store := s.srv.opts.Store; store != nil && s.durable() && o.qos > 0 {
		o.stored = true
		pos = store.Put(queueKey(s.id, o.seq), encodeOutgoing(o))
	}
	return pos
}

// greet begins a subscription; greeted ends it and queues the retained messages it gets.
func (s *session) greet() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.greeting = true
}

func (s *session) greeted(kept []*outgoing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.greeting = false
	for _, o := range kept {
		s.enqueue(o)
	}
	s.queue = append(s.queue, s.held...)
	s.held = nil
	s.pump()
}

// behind says whether a QoS 0 message must queue, so that it does not overtake retained ones.
func (s *session) behind() bool { return s.keptOut > 0 || s.greeting }

func (s *session) enter(o *outgoing) {
	if o.kept {
		s.keptOut++
		return
	}
	s.count++
	s.bytes += o.msg.Size()
	s.srv.count.queued.Add(1)
}

// leave takes o out of the counts and the Store, after it was sent, acknowledged or given up.
func (s *session) leave(o *outgoing) {
	if o.stored {
		s.srv.opts.Store.Delete(queueKey(s.id, o.seq))
		if o.qos == 2 && o.id != 0 {
			s.srv.opts.Store.Delete(sentKey(s.id, o.seq))
		}
	}
	if o.kept {
		s.keptOut--
	} else {
		s.count--
		s.bytes -= o.msg.Size()
		s.srv.count.queued.Add(-1)
	}
	if s.relief != nil && !s.long() {
		s.relieve()
	}
}

// stalled ends the connection of a client that has let its queue stay long without acknowledging anything.
func (s *session) stalled(acked uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stall = nil
	switch c := s.conn; {
	case c == nil || !s.long():
	case s.acked != acked:
		acked = s.acked
		s.stall = time.AfterFunc(s.srv.opts.Patience, func() { s.stalled(acked) })
	default:
		s.srv.count.stuck.Add(1)
		go c.stop(wire.QuotaExceeded, "the client did not acknowledge what was sent to it")
	}
}

// pump moves messages from the queue into the outbox, as far as the client's window and the outbox have room.
// s.mu is held; the caller kicks the outbox.
func (s *session) pump() {
	c := s.conn
	if c == nil || !c.ready {
		return
	}
	now := time.Now()
	n := 0
	for _, o := range s.queue {
		if o.qos > 0 && len(s.inflight) >= c.window || c.out.Full() {
			break
		}
		n++
		if o.msg.Expired(now) && o.id == 0 {
			s.srv.count.expired.Add(1)
			s.leave(o)
			continue
		}
		s.emit(c, o, now)
	}
	clear(s.queue[:n])
	if s.queue = s.queue[n:]; len(s.queue) == 0 {
		s.queue = nil
	}
}

func (s *session) emit(c *conn, o *outgoing, now time.Time) {
	dup := o.id != 0
	if o.qos > 0 && !dup {
		o.id = s.freeID()
		if o.stored && o.qos == 2 {
			s.srv.opts.Store.Put(sentKey(s.id, o.seq), []byte{byte(o.id >> 8), byte(o.id)})
		}
	}
	m := o.msg.Open(now)
	m.QoS, m.Retain = o.qos, o.retain
	sent := c.sendPublish(&m, o.id, dup, o.subIDs)
	if !sent || o.qos == 0 {
		s.leave(o)
		return
	}
	s.inflight[o.id] = o
}

func (s *session) freeID() uint16 {
	for {
		s.lastID++
		if _, used := s.inflight[s.lastID]; s.lastID != 0 && !used && !s.queuedID(s.lastID) {
			return s.lastID
		}
	}
}

// queuedID says whether a message that is to be sent again has id. Such messages come first in the queue.
func (s *session) queuedID(id uint16) bool {
	for _, o := range s.queue {
		if o.id == 0 {
			return false
		}
		if o.id == id {
			return true
		}
	}
	return false
}

// drained is called by the outbox after each write.
func (s *session) drained() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.conn; c != nil && c.slow.Load() && !c.out.Full() {
		c.slow.Store(false)
	}
	if len(s.queue) > 0 {
		s.pump()
	}
}

// acknowledged takes in PUBACK, PUBREC or PUBCOMP. A fault is an error that ends the connection.
func (s *session) acknowledged(c *conn, kind wire.Kind, id uint16, reason wire.Reason) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.inflight[id]
	if o == nil {
		if kind == wire.PUBREC {
			c.out.Add(func(b []byte) []byte {
				return wire.AppendAck(b, c.version, wire.PUBREL, id, wire.PacketIDNotFound)
			})
		}
		return nil
	}
	if (kind == wire.PUBACK) != (o.qos == 1) {
		return &wire.Error{Reason: wire.ProtocolError, Text: "acknowledgement of another QoS than the message's"}
	}
	s.acked++
	if kind == wire.PUBREC && !reason.Failed() {
		o.released = true
		c.out.Add(func(b []byte) []byte { return wire.AppendAck(b, c.version, wire.PUBREL, id, wire.Success) })
		return nil
	}
	delete(s.inflight, id)
	s.leave(o)
	s.pump()
	return nil
}

// resume prepares what was sent and not acknowledged to be sent again on c, in its old order (MQTT 5, 4.4). It
// returns the identifiers for which only PUBREL must be sent.
func (s *session) resume() (released []uint16) {
	var again []*outgoing
	for id, o := range s.inflight {
		if o.released {
			released = append(released, id)
			continue
		}
		again = append(again, o)
		delete(s.inflight, id)
	}
	slices.SortFunc(again, func(a, b *outgoing) int { return int(int64(a.seq - b.seq)) })
	slices.Sort(released)
	s.queue = append(again, s.queue...)
	return released
}

// detach is called when c is over. What only a connection can hold is forgotten.
func (s *session) detach(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != c {
		return
	}
	s.conn, s.before = nil, c.settle
	if s.stall != nil {
		s.stall.Stop()
		s.stall = nil
	}
	s.queue = slices.DeleteFunc(s.queue, func(o *outgoing) bool {
		if o.qos == 0 {
			s.leave(o)
		}
		return o.qos == 0
	})
	s.relieve()
}

// end forgets everything, and gives the messages of shared subscriptions that others may still get (4.8.2).
func (s *session) end() (orphans []*outgoing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	for _, o := range s.inflight {
		if o.group != nil && o.qos == 1 {
			orphans = append(orphans, o)
		}
		s.leave(o)
	}
	for _, o := range s.queue {
		if o.group != nil && (o.qos == 1 || o.id == 0) {
			orphans = append(orphans, o)
		}
		s.leave(o)
	}
	if store := s.srv.opts.Store; store != nil {
		for id := range s.qos2 {
			store.Delete(receivedKey(s.id, id))
		}
		store.Delete(sessionKey + s.id)
	}
	s.queue, s.inflight, s.qos2 = nil, nil, nil
	for _, t := range []*time.Timer{s.stall, s.willTimer, s.expireTime} {
		if t != nil {
			t.Stop()
		}
	}
	s.relieve()
	slices.SortFunc(orphans, func(a, b *outgoing) int { return int(int64(a.seq - b.seq)) })
	return orphans
}
