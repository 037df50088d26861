// Package server is an MQTT server (a "broker") for MQTT 3.1.1 and 5. It never acknowledges what it, a Tap or a Store has
// not got, and never drops what it has acknowledged: a reader that cannot keep up slows its publishers down, and when
// its queue is full they are refused.
package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"hutong/mqtt/kept"
	"hutong/mqtt/poll"
	"hutong/mqtt/tap"
	"hutong/mqtt/websocket"
	"hutong/mqtt/wire"
)

// ErrClosed is what Serve returns after Close.
var ErrClosed = errors.New("mqtt: server closed")

// Server is an MQTT server (a "broker"). It is a Broker for the rest of the process.
type Server struct {
	opts     Options
	topics   topics
	retained kept.Retained
	count    counters

	mu        sync.Mutex
	sessions  map[string]*session
	conns     map[*conn]struct{}
	listeners map[net.Listener]struct{}
	closed    bool
	loops     *poll.Set // nil until somebody Serves, and where there are none
	shifts    []*shift  // by loop
	quit      chan struct{}
	wg        sync.WaitGroup // connections and the sweeper

	ownMu sync.Mutex
	own   routes  // of Server.Publish
	post  courier // of Server.Post
}

// New makes a Server and reads back what o.Store kept. It owns no goroutine that outlives Close.
func New(o Options) (*Server, error) {
	s := &Server{
		opts:      o.withDefaults(),
		sessions:  map[string]*session{},
		conns:     map[*conn]struct{}{},
		listeners: map[net.Listener]struct{}{},
		quit:      make(chan struct{}),
	}
	s.retained = kept.Retained{Store: o.Store, MaxCount: s.opts.MaxRetained, MaxBytes: s.opts.MaxRetainedBytes}
	if o.Store != nil {
		if err := s.load(); err != nil {
			return nil, err
		}
	}
	s.wg.Add(1)
	go s.sweep()
	return s, nil
}

// sweep forgets retained messages that have expired.
func (s *Server) sweep() {
	defer s.wg.Done()
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-s.quit:
			return
		case now := <-tick.C:
			s.count.expired.Add(int64(s.retained.Sweep(now)))
		}
	}
}

// Serve accepts connections until l or the Server is closed. It closes l and returns ErrClosed after Close,
// and l's error otherwise. It may be called for many listeners at once.
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		l.Close()
		return ErrClosed
	}
	s.listeners[l] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.listeners, l)
		s.mu.Unlock()
		l.Close()
	}()
	loops := s.polling()
	pause := time.Duration(0)
	for {
		nc, err := l.Accept()
		if err == nil {
			pause = 0
			go s.take(nc, loops)
			continue
		}
		if s.isClosed() {
			return ErrClosed
		}
		// Out of file descriptors, say: it passes.
		if t, ok := err.(interface{ Temporary() bool }); !ok || !t.Temporary() {
			return fmt.Errorf("mqtt: accept on %s: %w", l.Addr(), err)
		}
		pause = min(max(2*pause, 5*time.Millisecond), time.Second)
		select {
		case <-time.After(pause):
		case <-s.quit:
		}
	}
}

// ServeTLS is Serve with TLS; c must have a certificate. Client certificates reach Authenticate as Login.TLS.
func (s *Server) ServeTLS(l net.Listener, c *tls.Config) error { return s.Serve(tls.NewListener(l, c)) }

func (s *Server) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// ServeConn speaks MQTT on one connection and returns when it is over and closed.
func (s *Server) ServeConn(nc net.Conn) { s.take(nc, nil) }

// take serves nc until it is over, or until one of the loops, if there are any, goes on with it.
func (s *Server) take(nc net.Conn, loops *poll.Set) {
	c := newConn(s, nc)
	s.mu.Lock()
	full := len(s.conns) >= s.opts.MaxConnections
	if s.closed || full {
		s.mu.Unlock()
		if full {
			s.count.refused.Add(1)
			s.opts.Log.Warn("mqtt: connection refused, there are too many", "limit", s.opts.MaxConnections)
		}
		nc.Close()
		return
	}
	s.conns[c] = struct{}{}
	s.wg.Add(1)
	s.mu.Unlock()
	s.count.accepted.Add(1)
	s.count.connections.Add(1)
	c.run(loops)
}

// forget is the last that is done for a connection.
func (s *Server) forget(c *conn) {
	s.count.connections.Add(-1)
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	s.wg.Done()
}

// WebSocket is a handler that speaks MQTT over WebSocket. It lives as long as the server.
func (s *Server) WebSocket() http.Handler {
	return websocket.Handler(s.ServeConn, func() { s.count.refused.Add(1) })
}

// Close tells every client that the server shuts down, lets what is under way leave until ctx ends, and ends every
// connection. Wills are not published: clients will be back. The Store is not closed.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	close(s.quit)
	for l := range s.listeners {
		l.Close()
	}
	conns := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		conns = append(conns, c)
	}
	s.mu.Unlock()
	for _, c := range conns {
		c.stop(wire.ServerShuttingDown, "")
	}
	over := make(chan struct{})
	go func() {
		s.wg.Wait()
		if s.loops != nil {
			s.loops.Close()
		}
		close(over)
	}()
	var err error
	select {
	case <-over:
	case <-ctx.Done():
		err = ctx.Err()
		for _, c := range conns {
			c.sever()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sess := range s.sessions {
		sess.mu.Lock()
		for _, t := range []*time.Timer{sess.stall, sess.willTimer, sess.expireTime} {
			if t != nil {
				t.Stop()
			}
		}
		sess.mu.Unlock()
	}
	return err
}

func (s *Server) newSession(id string) *session {
	return &session{
		srv: s, id: id, subs: map[string]*sub{}, qos2: map[uint16]bool{}, inflight: map[uint16]*outgoing{},
	}
}

// taken tells whether somebody else is connected with who's client identifier, whom they may not cut off.
func (s *Server) taken(who *Login) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	sess := s.sessions[who.ClientID]
	if sess == nil {
		return false
	}
	sess.mu.Lock()
	defer sess.mu.Unlock()
	return sess.conn != nil && sess.owner != who.Username
}

// claim makes c the connection of the session of its client id, and takes the session over from an older connection.
// What waits for one user is never given to another who uses the same client id: then the session begins anew.
func (s *Server) claim(c *conn, clean bool) (sess *session, present bool) {
	for {
		s.mu.Lock()
		sess = s.sessions[c.who.ClientID]
		if sess == nil {
			sess = s.newSession(c.who.ClientID)
			sess.conn, sess.owner = c, c.who.Username
			s.sessions[c.who.ClientID] = sess
			s.mu.Unlock()
			return sess, false
		}
		sess.mu.Lock()
		other := sess.conn
		if other == nil && !sess.ended && !clean && sess.owner == c.who.Username {
			sess.conn = c
			s.mu.Unlock()
			for _, t := range []*time.Timer{sess.willTimer, sess.expireTime} {
				if t != nil {
					t.Stop()
				}
			}
			sess.will, sess.willTimer, sess.expireTime = nil, nil, nil
			sess.mu.Unlock()
			return sess, true
		}
		sess.mu.Unlock()
		s.mu.Unlock()
		if other == nil {
			s.end(sess)
			continue
		}
		s.count.takenOver.Add(1)
		other.stop(wire.SessionTakenOver, "another connection came with the same client identifier")
		<-other.gone
	}
}

// end ends a session that has no connection. It does nothing when the client is back.
func (s *Server) end(sess *session) {
	s.mu.Lock()
	sess.mu.Lock()
	if sess.conn != nil || s.sessions[sess.id] != sess {
		sess.mu.Unlock()
		s.mu.Unlock()
		return
	}
	w := sess.will
	sess.will = nil
	sess.mu.Unlock()
	delete(s.sessions, sess.id)
	orphans := sess.end()
	s.mu.Unlock()
	s.topics.removeAll(sess)
	for _, o := range orphans {
		s.adopt(o)
	}
	if w != nil {
		s.publishWill(sess, w)
	}
}

// adopt hands a message that its reader will never take to another member of the shared subscription.
func (s *Server) adopt(o *outgoing) {
	m := o.group.pick(o.qos)
	if m == nil {
		return // nobody is left in the group
	}
	c := &courier{srv: s}
	c.enqueue(m.sess, &outgoing{msg: o.msg, qos: min(o.msg.QoS, m.QoS), subIDs: o.subIDs, group: o.group})
	c.kick()
}

// expireAfter ends sess after d, unless its client comes back. sess.mu is held or sess is not shared yet.
func (s *Server) expireAfter(sess *session, d time.Duration) {
	if sess.expiry == forever {
		d = max(d, s.opts.MaxSessionExpiry)
	}
	d = min(d, s.opts.MaxSessionExpiry)
	sess.expireTime = time.AfterFunc(d, func() { s.end(sess) })
}

// leave is called once when c, which had claimed sess, is over. will is nil when it is not to be published.
func (s *Server) leave(c *conn, sess *session, will *wire.Will) {
	sess.detach(c)
	if s.isClosed() {
		return
	}
	sess.mu.Lock()
	if sess.conn != nil || sess.ended {
		sess.mu.Unlock()
		return
	}
	if !sess.durable() {
		sess.mu.Unlock()
		s.endWithWill(sess, will)
		return
	}
	lives := min(time.Duration(sess.expiry)*time.Second, s.opts.MaxSessionExpiry)
	s.expireAfter(sess, lives)
	sess.save(time.Now().Add(lives))
	now := will != nil
	if will != nil && will.Props.WillDelay > 0 {
		now = false
		sess.will = will
		sess.willTimer = time.AfterFunc(time.Duration(will.Props.WillDelay)*time.Second, func() { s.fireWill(sess, will) })
	}
	sess.mu.Unlock()
	if now {
		s.publishWill(sess, will)
	}
}

func (s *Server) endWithWill(sess *session, will *wire.Will) {
	sess.mu.Lock()
	sess.will = will
	sess.mu.Unlock()
	s.end(sess)
}

// fireWill publishes a will whose delay is over, unless the client came back or the session has ended.
func (s *Server) fireWill(sess *session, will *wire.Will) {
	sess.mu.Lock()
	due := sess.will == will && sess.conn == nil
	if due {
		sess.will = nil
	}
	sess.mu.Unlock()
	if due && !s.isClosed() {
		s.publishWill(sess, will)
	}
}

func (s *Server) publishWill(sess *session, w *wire.Will) {
	m := &tap.Message{
		Topic: w.Topic, Payload: w.Payload, QoS: w.QoS, Retain: w.Retain, From: sess.owner, Properties: tap.FromWire(&w.Props),
	}
	sess.mu.Lock()
	who := sess.who
	sess.mu.Unlock()
	if ask := s.opts.Authorize; ask != nil && who != nil {
		if err := ask(who, w.Topic, true); err != nil { // it may have become another's since the client connected
			s.count.denied.Add(1)
			return
		}
	}
	s.count.wills.Add(1)
	c := &courier{srv: s}
	r := &route{topic: m.Topic, tapped: true, tapGen: s.topics.tapGen.Load()}
	s.topics.find(r, nil)
	r.sinks = s.topics.sinks(m.Topic)
	if _, reason, _ := c.deliver(r, m, sess, nil); reason.Failed() {
		s.opts.Log.Warn("mqtt: will message not delivered", "client", sess.id, "topic", w.Topic, "reason", reason.String())
	}
	c.kick()
}
