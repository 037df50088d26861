package line

import (
	"net"
	"sync/atomic"
	"time"

	"hutong/mqtt/wire"
)

// The sizes of a read buffer: small while little comes, as large as a burst needs.
const (
	smallBuf = 1 << 10
	largeBuf = 64 << 10
)

// Inbox cuts what a connection brings into packets.
type Inbox struct {
	Max int // bytes of a packet; it may be changed between packets

	nc      net.Conn
	buf     []byte
	r, w    int
	lean    int         // reads in a row that used little of the buffer
	stopped atomic.Bool // nothing more is to be read
}

// NewInbox makes an Inbox that refuses packets of more than max bytes.
func NewInbox(nc net.Conn, max int) *Inbox { return &Inbox{nc: nc, Max: max} }

// Stopped says whether Stop was called.
func (in *Inbox) Stopped() bool { return in.stopped.Load() }

// Release ends the reading and gives what has come and was not taken.
func (in *Inbox) Release() (rest []byte) {
	rest = in.buf[in.r:in.w]
	in.buf, in.r, in.w = nil, 0, 0
	return rest
}

// Next gives the next packet, whose body is valid until the following call. When it must wait for more it first calls
// pause (which may be nil). idle is how long it waits for more bytes: 0 for ever, -1 leaves the deadline alone.
func (in *Inbox) Next(idle time.Duration, pause func()) (header byte, body []byte, err error) {
	for {
		header, body, n, need, err := wire.Frame(in.buf[in.r:in.w], in.Max)
		if err != nil {
			return 0, nil, err
		}
		if n > 0 {
			in.r += n
			return header, body, nil
		}
		if pause != nil {
			pause()
		}
		if err := in.fill(need, idle); err != nil {
			return 0, nil, err
		}
	}
}

// fill reads once. The buffer grows with what has really come, never with what a header promises.
func (in *Inbox) fill(need int, idle time.Duration) error {
	have := in.w - in.r
	size := len(in.buf)
	switch {
	case have == size: // full, or the first read
		size = min(max(2*size, smallBuf), max(need, largeBuf))
	case have == 0 && in.lean > 16:
		size, in.lean = smallBuf, 0
	case have == 0 && size > largeBuf:
		size = largeBuf
	}
	if size != len(in.buf) {
		buf := make([]byte, size)
		copy(buf, in.buf[in.r:in.w])
		in.buf = buf
	} else if in.r > 0 {
		copy(in.buf, in.buf[in.r:in.w])
	}
	in.r, in.w = 0, have
	if idle > 0 {
		if err := in.nc.SetReadDeadline(time.Now().Add(idle)); err != nil {
			return err
		}
	}
	if in.stopped.Load() {
		return net.ErrClosed
	}
	n, err := in.nc.Read(in.buf[in.w:])
	if in.stopped.Load() {
		return net.ErrClosed
	}
	if n < size/8 && size > smallBuf {
		in.lean++
	} else {
		in.lean = 0
	}
	in.w += n
	if n > 0 {
		return nil
	}
	return err
}

// Stop makes the pending and every later read end.
func (in *Inbox) Stop() {
	in.stopped.Store(true)
	_ = in.nc.SetReadDeadline(time.Unix(1, 0))
}
