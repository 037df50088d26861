package server

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"hutong/mqtt/line"
	"hutong/mqtt/poll"
	"hutong/mqtt/tap"
	"hutong/mqtt/topic"
	"hutong/mqtt/wire"
)

// maxConnect bounds what a stranger may make the server keep.
const maxConnect = 128 << 10

// maxUnacked bounds the acknowledgements an MQTT 3.1.1 client can be owed before the server stops reading from it.
const maxUnacked = 16 << 10

// conn is one connection of a client. Fields without a note belong to the goroutine of run.
type conn struct {
	srv     *Server
	nc      net.Conn
	out     *line.Outbox
	in      *line.Inbox
	who     Login
	version byte // 0 until CONNACK; written inside out.Add
	sess    *session
	settle  *line.Settler
	batch   *line.Batch // of what is being taken in; nil for none
	courier *courier    // its own, or that of the loop
	shift   *shift      // of the loop that reads it just now; nil for none
	rest    []byte      // the beginning of a packet, between two rounds of the loop
	stays   bool        // its own goroutine handles its packets just now, although it is in a loop
	routes  routes
	aliases map[uint16]string // topics by inbound alias
	will    *wire.Will
	msg     tap.Message
	scratch *wire.Properties // of what is taken in; nil until something is

	window   int  // QoS 1 and 2 messages it takes at a time
	ready    bool // CONNACK was sent; guarded by sess.mu
	idle     time.Duration
	unacked  atomic.Int32  // QoS 1 and 2 messages it sent that are not acknowledged
	slow     atomic.Bool   // did not make room within SlowGrace
	gone     chan struct{} // closed when the session is free
	stopOnce sync.Once
	sock     atomic.Pointer[poll.Socket] // nil until it is in a loop
	severed  atomic.Bool                 // nobody waits for it any more

	// Only touched inside out.Add:
	maxPacket int
	maxAlias  int
	outAlias  map[string]uint16
	outProps  *wire.Properties // nil until a message has some
}

var (
	errIdle       = &wire.Error{Reason: wire.KeepAliveTimeout, Text: "nothing came for longer than the keep-alive"}
	errConnected  = &wire.Error{Reason: wire.ProtocolError, Text: "a second CONNECT"}
	errDisconnect = errors.New("the client said goodbye")
)

func newConn(s *Server, nc net.Conn) *conn {
	c := &conn{srv: s, nc: nc, out: line.NewOutbox(nc, s.opts.Patience), gone: make(chan struct{})}
	c.in = line.NewInbox(nc, maxConnect)
	c.courier = &courier{srv: s}
	return c
}

// run serves the connection until it is over, or goes on in one of the loops.
func (c *conn) run(loops *poll.Set) {
	err := c.connect()
	if err == nil && loops != nil && c.enter(loops) {
		return
	}
	if err == nil {
		err = c.serve()
	}
	c.over(err)
}

// over ends the connection. Nobody reads from it any more.
func (c *conn) over(err error) {
	if c.sess != nil {
		var will *wire.Will
		if !errors.Is(err, errDisconnect) {
			will = c.will
		}
		c.courier.kick()
		c.srv.leave(c, c.sess, will)
	}
	close(c.gone)
	c.exit(err)
	c.end(err)
	if c.settle != nil {
		c.settle.Wait()
	}
	c.srv.forget(c)
}

// end counts and logs why the connection is over, tells an MQTT 5 client, and closes.
func (c *conn) end(err error) {
	var fault *wire.Error
	switch {
	case !errors.As(err, &fault):
	case fault == errIdle:
		c.srv.count.timedOut.Add(1)
	default:
		c.srv.count.broken.Add(1)
	}
	if err != nil && !errors.Is(err, errDisconnect) && !errors.Is(err, net.ErrClosed) { // the last: we hung up ourselves
		c.srv.opts.Log.Info("mqtt: connection ended", "client", c.who.ClientID, "addr", addrOf(c.nc), "error", err)
	}
	grace := time.Duration(0)
	if fault != nil {
		c.stop(fault.Reason, fault.Text)
	}
	if (c.in.Stopped() || c.version == 0) && !c.severed.Load() {
		grace = time.Second // the client is to hear why
	}
	c.out.Close(grace)
}

func addrOf(nc net.Conn) string {
	if a := nc.RemoteAddr(); a != nil {
		return a.String()
	}
	return ""
}

// stop ends the connection from outside: an MQTT 5 client is told why, and the reader wakes up. It does not wait.
func (c *conn) stop(reason wire.Reason, why string) {
	c.stopOnce.Do(func() {
		d := wire.Disconnect{Reason: reason}
		if why != "" {
			d.Props.ReasonString = why
			d.Props.Set(wire.ReasonString)
		}
		c.out.Add(func(b []byte) []byte {
			if c.version != wire.V5 {
				return b // 3.1.1, or not welcomed yet
			}
			return d.Append(b, wire.V5)
		})
		c.out.Kick()
		c.in.Stop()
		if s := c.sock.Load(); s != nil {
			s.Stop()
		}
	})
}

// sever ends the connection at once.
func (c *conn) sever() {
	c.severed.Store(true)
	c.in.Stop()
	if s := c.sock.Load(); s != nil {
		s.Stop()
	}
	c.nc.Close()
}

// serve reads packets until something ends the connection; the error says what.
func (c *conn) serve() error {
	for {
		header, body, err := c.in.Next(c.idle, c.flush)
		if err != nil {
			return c.readError(err)
		}
		if err := wire.CheckFlags(header, c.version); err != nil {
			return err
		}
		if err := c.handle(header, body); err != nil {
			return err
		}
	}
}

func (c *conn) readError(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) && !c.in.Stopped() {
		return errIdle
	}
	return err
}

// flush is called when every packet that has come was handled: now the answers may leave.
func (c *conn) flush() {
	c.acknowledge()
	c.courier.kick()
	c.out.Kick()
	if c.version != wire.V5 {
		c.settle.WaitBelow(maxUnacked)
	}
}

// acks is the batch for the acknowledgements of what is being taken in.
func (c *conn) acks() *line.Batch {
	if c.batch == nil {
		c.batch = c.settle.Take()
		if c.shift != nil {
			c.shift.owing = append(c.shift.owing, c)
		}
	}
	return c.batch
}

// acknowledge lets the acknowledgements go, as soon as they are true.
func (c *conn) acknowledge() {
	if c.batch != nil {
		c.settle.Send(c.batch)
		c.batch = nil
	}
}

func (c *conn) handle(header byte, body []byte) error {
	k := wire.Kind(header >> 4)
	if c.shift != nil && (k == wire.SUBSCRIBE || k == wire.UNSUBSCRIBE || k == wire.PUBREL) {
		return errWaits
	}
	switch k {
	case wire.PUBLISH:
		return c.publish(header, body)
	case wire.PUBACK, wire.PUBREC, wire.PUBCOMP:
		id, reason, err := wire.DecodeAck(k, body, c.version)
		if err != nil {
			return err
		}
		c.courier.touch(c)
		return c.sess.acknowledged(c, k, id, reason)
	case wire.PUBREL:
		id, _, err := wire.DecodeAck(k, body, c.version)
		if err != nil {
			return err
		}
		c.release(id)
	case wire.SUBSCRIBE:
		return c.subscribe(body)
	case wire.UNSUBSCRIBE:
		return c.unsubscribe(body)
	case wire.PINGREQ:
		if len(body) != 0 {
			return &wire.Error{Reason: wire.MalformedPacket, Text: "PINGREQ with a body"}
		}
		c.out.Add(func(b []byte) []byte { return wire.AppendEmpty(b, wire.PINGRESP) })
		c.courier.touch(c)
	case wire.DISCONNECT:
		return c.disconnect(body)
	case wire.CONNECT:
		return errConnected
	default:
		return &wire.Error{Reason: wire.ProtocolError, Text: fmt.Sprintf("packet type %d is not for a server", k)}
	}
	return nil
}

func (c *conn) disconnect(body []byte) error {
	var d wire.Disconnect
	if err := d.Decode(body, c.version); err != nil {
		return err
	}
	if d.Props.Has(wire.SessionExpiry) {
		c.sess.mu.Lock()
		was := c.sess.expiry
		if was > 0 {
			c.sess.expiry = d.Props.SessionExpiry
		}
		c.sess.mu.Unlock()
		if was == 0 && d.Props.SessionExpiry > 0 {
			return &wire.Error{Reason: wire.ProtocolError, Text: "session expiry set at the end of a session without"}
		}
	}
	if d.Reason != wire.Success {
		return fmt.Errorf("the client ended it: %s", d.Reason)
	}
	return errDisconnect
}

// connect reads CONNECT, judges it, takes the session and answers.
func (c *conn) connect() error {
	_ = c.nc.SetDeadline(time.Now().Add(c.srv.opts.ConnectTimeout))
	if t, ok := c.nc.(*tls.Conn); ok {
		if err := t.Handshake(); err != nil {
			return fmt.Errorf("TLS: %w", err)
		}
		state := t.ConnectionState()
		c.who.TLS = &state
	}
	header, body, err := c.in.Next(-1, nil)
	if err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return errIdle
		}
		return err
	}
	if header != byte(wire.CONNECT)<<4 {
		return &wire.Error{Reason: wire.ProtocolError, Text: "the first packet is not CONNECT"}
	}
	var p wire.Connect
	if err := p.Decode(body); err != nil {
		return c.refuse(&p, err, wire.ProtocolError)
	}
	if err := c.admit(&p); err != nil {
		return err
	}
	_ = c.nc.SetDeadline(time.Time{})
	c.welcome(&p)
	c.in.Max = c.srv.opts.MaxPacket
	return nil
}

// admit judges who asks.
func (c *conn) admit(p *wire.Connect) error {
	assigned := false
	if p.ClientID == "" {
		if p.Version == wire.V311 && !p.CleanStart {
			return c.refuse(p, errors.New("no client identifier, but a session to keep"), wire.ClientIDNotValid)
		}
		p.ClientID, assigned = "auto-"+rand.Text(), true
	}
	tls := c.who.TLS
	c.who = Login{
		ClientID: p.ClientID, Username: p.Username, Password: p.Password, Version: p.Version,
		Addr: c.nc.RemoteAddr(), TLS: tls,
	}
	if p.HasPassword && c.who.Password == nil {
		c.who.Password = []byte{}
	}
	if p.Props.Has(wire.AuthMethod) {
		return c.refuse(p, errors.New("no such authentication method"), wire.BadAuthMethod)
	}
	if ask := c.srv.opts.Authenticate; ask != nil {
		ctx, cancel := context.WithTimeout(context.Background(), c.srv.opts.ConnectTimeout)
		err := ask(ctx, &c.who)
		cancel()
		if err != nil {
			return c.refuse(p, err, wire.BadCredentials)
		}
	}
	c.who.Password = nil
	if c.srv.opts.Authenticate != nil && c.srv.taken(&c.who) {
		return c.refuse(p, errors.New("another user is connected with this client identifier"), wire.ClientIDNotValid)
	}
	if w := p.Will; w != nil {
		if !topic.Valid(w.Topic) {
			return c.refuse(p, errors.New("will topic is not valid"), wire.TopicNameInvalid)
		}
		if err := c.may(w.Topic, true); err != nil {
			c.srv.count.denied.Add(1)
			return c.refuse(p, err, wire.NotAuthorized)
		}
	}
	if !assigned {
		p.Props.AssignedClientID = ""
	} else {
		p.Props.AssignedClientID = p.ClientID
	}
	return nil
}

// may asks Authorize.
func (c *conn) may(topic string, write bool) error {
	if ask := c.srv.opts.Authorize; ask != nil {
		return ask(&c.who, topic, write)
	}
	return nil
}

// refuse answers CONNECT with an error.
func (c *conn) refuse(p *wire.Connect, err error, other wire.Reason) error {
	c.srv.count.refused.Add(1)
	ack := wire.Connack{Reason: line.ReasonOf(err, other)}
	version := p.Version
	if version != wire.V5 {
		version = wire.V311
		if ack.Reason == wire.MalformedPacket {
			return err // 3.1.1 has no code for it: close only
		}
	}
	c.out.Add(func(b []byte) []byte { return ack.Append(b, version) })
	c.out.Kick()
	return fmt.Errorf("refused (%s): %w", ack.Reason, plain{err})
}

// plain hides what kind of error it holds, so that a refusal is not counted as a broken connection, too.
type plain struct{ error }

// welcome takes the session and sends CONNACK and what was left to send.
func (c *conn) welcome(p *wire.Connect) {
	o := &c.srv.opts
	c.maxPacket, c.window = 1<<28, o.MaxInflight
	expiry := uint32(0)
	ack := wire.Connack{}
	if p.Version == wire.V5 {
		expiry = p.Props.SessionExpiry
		if p.Props.Has(wire.ReceiveMaximum) {
			c.window = min(c.window, int(p.Props.ReceiveMaximum))
		}
		if p.Props.Has(wire.MaximumPacketSize) {
			c.maxPacket = int(min(p.Props.MaximumPacketSize, 1<<28))
		}
		c.maxAlias = min(int(p.Props.TopicAliasMaximum), o.TopicAliases)
		c.offer(p, &ack)
	} else if !p.CleanStart {
		expiry = forever
	}
	c.settle = line.NewSettler(c.out, p.Version)
	c.settle.Settled, c.settle.Failed = c.settled, c.unkept
	keepAlive := time.Duration(p.KeepAlive) * time.Second
	if p.Version == wire.V5 && o.MaxKeepAlive > 0 && (keepAlive == 0 || keepAlive > o.MaxKeepAlive) {
		keepAlive = o.MaxKeepAlive
	}
	c.idle = keepAlive * 3 / 2
	c.will = p.Will
	sess, present := c.srv.claim(c, p.CleanStart)
	sess.mu.Lock()
	defer sess.mu.Unlock()
	c.sess = sess
	sess.expiry, sess.who = expiry, &c.who
	sess.save(time.Time{})
	ack.SessionPresent = present
	c.out.Add(func(b []byte) []byte {
		c.version = p.Version
		return ack.Append(b, p.Version)
	})
	for _, id := range sess.resume() {
		c.out.Add(func(b []byte) []byte { return wire.AppendAck(b, c.version, wire.PUBREL, id, wire.Success) })
	}
	c.ready = true
	c.out.More(sess.drained)
	sess.pump()
	c.out.Kick()
}

// offer tells an MQTT 5 client what differs from the standard's defaults.
func (c *conn) offer(p *wire.Connect, ack *wire.Connack) {
	o, a := &c.srv.opts, &ack.Props
	a.ReceiveMaximum, a.MaximumPacketSize = uint16(o.ReceiveMaximum), uint32(o.MaxPacket)
	a.Set(wire.ReceiveMaximum, wire.MaximumPacketSize)
	if o.TopicAliases > 0 {
		a.TopicAliasMaximum = uint16(o.TopicAliases)
		a.Set(wire.TopicAliasMaximum)
	}
	if p.Props.AssignedClientID != "" {
		a.AssignedClientID = p.ClientID
		a.Set(wire.AssignedClientID)
	}
	if limit := uint32(o.MaxSessionExpiry / time.Second); p.Props.SessionExpiry > limit {
		p.Props.SessionExpiry, a.SessionExpiry = limit, limit
		a.Set(wire.SessionExpiry)
	}
	if limit := uint16(min(o.MaxKeepAlive/time.Second, 65535)); limit > 0 && (p.KeepAlive == 0 || p.KeepAlive > limit) {
		a.ServerKeepAlive = limit
		a.Set(wire.ServerKeepAlive)
	}
}
