package server

import (
	"bytes"
	"errors"
	"net"
	"os"
	"time"

	"hutong/mqtt/line"
	"hutong/mqtt/poll"
	"hutong/mqtt/wire"
)

// A connection without TLS has a goroutine until it is welcomed. Then a loop reads it, among many others, and handles
// what comes where that surely takes no time. Whatever may wait (for a Store, a Tap, a slow reader) is handled by a
// goroutine of its own, which goes on until all that had come is done; meanwhile the loop leaves the connection alone.

// pace is how far apart rounds of a loop begin while there is always something to read: what a round costs beside its
// messages is then shared by many. Who sends less than once in that time is read at once.
const pace = 250 * time.Microsecond

// errWaits says that a packet is not for the loop, since it may have to wait. Nothing was done for it.
var errWaits = errors.New("not for the loop")

// shift is what the rounds of one loop have in common.
type shift struct {
	courier courier
	owing   []*conn // those to be acknowledged something at the end of the round
}

// polling gives the loops, made when they are first needed; nil when there are to be none.
func (s *Server) polling() *poll.Set {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.loops != nil || s.opts.Loops < 0 || s.closed {
		return s.loops
	}
	for range s.opts.Loops {
		s.shifts = append(s.shifts, &shift{courier: courier{srv: s, hurry: true, gathered: &line.Gathering{}}})
	}
	loops, err := poll.New(poll.Options{Loops: s.opts.Loops, Pace: pace, End: func(n int) { s.shifts[n].end() }})
	if err == nil {
		s.loops = loops
	} else if !errors.Is(err, poll.ErrUnsupported) {
		s.opts.Log.Warn("mqtt: each connection has a goroutine of its own", "error", err)
	}
	return s.loops
}

// end lets everything go that the round brought.
func (sh *shift) end() {
	sh.courier.gathered.Empty()
	for _, c := range sh.owing {
		c.acknowledge()
		sh.courier.touch(c)
	}
	sh.courier.kick()
	owing := sh.owing
	sh.owing = nil
	for _, c := range owing {
		if !c.stays && c.version != wire.V5 && c.settle.Pending() >= maxUnacked {
			c.leaveLoop()
			go c.detour(nil, nil)
		}
	}
	clear(owing)
	sh.owing = owing[:0]
}

// enter hands the connection over to a loop, and says whether it could.
func (c *conn) enter(loops *poll.Set) bool {
	if _, ok := c.nc.(*net.TCPConn); !ok {
		return false
	}
	var sock *poll.Socket
	entered := false
	for tries := 0; tries < 8 && !entered; tries++ {
		c.out.Drain(time.Second) // CONNACK, and what waited for the client
		entered = c.out.Enter(func() (s line.Socket, err error) {
			sock, err = loops.Socket(c.nc, c, c.idle)
			return sock, err
		})
	}
	if !entered {
		return false
	}
	c.sock.Store(sock)
	if c.in.Stopped() {
		sock.Stop()
	}
	c.stays = true
	c.detour(c.in.Release(), nil)
	return true
}

// exit takes the connection out of its loop for good.
func (c *conn) exit(err error) {
	sock := c.sock.Load()
	if sock == nil {
		return
	}
	var fault *wire.Error
	if errors.As(err, &fault) || c.in.Stopped() { // the client is to hear why
		if nc, err := sock.Detach(); err == nil {
			c.out.Leave(nc)
			return
		}
	}
	_ = sock.Close()
	c.out.Leave(nil)
}

// leaveLoop has the loop leave the connection alone until detour is through. What came in this round before goes first.
func (c *conn) leaveLoop() {
	c.stays = true
	c.shift.end()
	c.sock.Load().Pause()
	c.shift, c.courier = nil, &courier{srv: c.srv}
}

// detour handles packets that may wait. It begins by waiting for behind, and ends with the loop going on.
func (c *conn) detour(b []byte, behind *conn) {
	if behind != nil && !behind.out.WaitRoom(c.srv.opts.SlowGrace) {
		behind.slow.Store(true)
	}
	n, err := c.packets(b)
	if err != nil {
		c.over(c.readError(err))
		return
	}
	c.flush()
	c.keep(b[n:])
	sock := c.sock.Load()
	c.shift = c.srv.shifts[sock.Loop()]
	c.courier, c.stays = &c.shift.courier, false
	sock.Resume()
}

// packets handles all packets in b and says how many bytes those were.
func (c *conn) packets(b []byte) (n int, err error) {
	for {
		header, body, size, _, err := wire.Frame(b[n:], c.in.Max)
		if err != nil || size == 0 {
			return n, err
		}
		if err = wire.CheckFlags(header, c.version); err == nil {
			err = c.handle(header, body)
		}
		if err != nil {
			return n, err
		}
		n += size
		if c.courier.behind != nil {
			return n, errWaits
		}
	}
}

// keep holds on to the beginning of a packet.
func (c *conn) keep(b []byte) {
	c.rest = nil
	if len(b) > 0 {
		c.rest = bytes.Clone(b)
	}
}

// Data implements poll.Owner.
func (c *conn) Data(b []byte) {
	whole := c.rest
	if c.rest = nil; whole != nil {
		whole = append(whole, b...)
		b = whole
	}
	n, err := c.packets(b)
	switch {
	case err == nil && n == 0 && whole != nil:
		c.rest = whole
	case err == nil:
		c.keep(b[n:])
	case errors.Is(err, errWaits):
		behind := c.courier.behind
		c.courier.behind = nil
		c.leaveLoop()
		go c.detour(bytes.Clone(b[n:]), behind)
	default:
		c.Gone(err)
	}
}

// Writable implements poll.Owner.
func (c *conn) Writable() { c.out.Writable() }

// Gone implements poll.Owner.
func (c *conn) Gone(err error) {
	c.leaveLoop()
	if errors.Is(err, os.ErrDeadlineExceeded) && !c.in.Stopped() {
		err = errIdle
	}
	go c.over(err)
}
