// Package line is one MQTT connection seen from inside: an Inbox that cuts what comes into packets, an Outbox that
// gathers what goes into few writes, and a Settler that holds acknowledgements back until they are true.
package line

import (
	"io"
	"net"
	"sync"
	"time"
)

// Outbox writes to one connection. Whoever has a packet encodes it straight into the buffer; a goroutine that lives
// only while there is something to write hands the buffer to the socket, so packets that come close together leave
// in one write. To a Socket whoever kicks writes himself, since that never waits.
type Outbox struct {
	patience time.Duration // how long one write may take

	mu      sync.Mutex
	nc      net.Conn
	sock    Socket      // in place of nc; nil for none
	left    []byte      // what sock had no room for
	stuck   *time.Timer // ends the connection when left stays
	more    func()      // called after each write, to fill in what had to wait
	buf     []byte
	spare   []byte
	writing bool
	closed  bool
	err     error         // a write failed
	room    chan struct{} // closed when the buffer was taken or written; nil when nobody waits
	done    chan struct{} // closed when the last write of a closed outbox is over
	sent    time.Time     // when the last write ended
}

// Socket is a connection that is written to without waiting.
type Socket interface {
	// Write writes what there is room for. When that is not all and err is nil, Writable is to be called when there is
	// room again.
	Write(b []byte) (n int, err error)
	// Stop ends the connection: its reader is told.
	Stop()
}

// spareBytes is how much of a buffer is kept for the next packets to a Socket: most of them are at rest.
const spareBytes = 512

// softLimit is the size of an outbox above which nothing but acknowledgements should be added.
const softLimit = 256 << 10

// NewOutbox makes an Outbox. A write that takes longer than patience breaks the connection.
func NewOutbox(nc net.Conn, patience time.Duration) *Outbox {
	return &Outbox{nc: nc, patience: patience, more: func() {}, done: make(chan struct{}), sent: time.Now()}
}

// More sets what is called after each write, to fill in what had to wait for room.
func (o *Outbox) More(f func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.more = f
}

// Sent is when the last write ended, or the Outbox was made.
func (o *Outbox) Sent() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.sent
}

// Add lets encode append a packet; it is sent after the next Kick. It is false, and encode is not called, when the
// outbox is closed. No two encodes run at once.
func (o *Outbox) Add(encode func(b []byte) []byte) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed || o.err != nil {
		return false
	}
	o.buf = encode(o.grown())
	return true
}

func (o *Outbox) grown() []byte {
	if o.buf == nil {
		o.buf, o.spare = o.spare, nil
	}
	return o.buf
}

// Enter has everything written to the Socket that take makes, in place of the connection. It is false, and nothing has
// changed, while a write is under way, after one that failed, and when take fails.
func (o *Outbox) Enter(take func() (Socket, error)) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.writing || o.closed || o.err != nil {
		return false
	}
	s, err := take()
	if err != nil {
		return false
	}
	o.sock, o.spare = s, nil
	o.drain()
	return true
}

// Leave ends what Enter began: what is still to be written goes to nc. It fails as a write would have when nc is nil.
func (o *Outbox) Leave(nc net.Conn) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.buf = append(o.left, o.buf...)
	o.sock, o.left, o.writing = nil, nil, false
	o.calm()
	if nc != nil {
		o.nc = nc
	} else if o.err == nil {
		o.err = net.ErrClosed
	}
	o.makeRoom()
}

// calm stops the clock of a write that is through. o.mu is held.
func (o *Outbox) calm() {
	if o.stuck != nil {
		o.stuck.Stop()
		o.stuck = nil
	}
}

// Writable goes on with a write to a Socket that has room again.
func (o *Outbox) Writable() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.sock == nil || len(o.left) == 0 {
		return
	}
	if o.send(o.left) {
		o.left, o.writing = nil, false
		o.calm()
		o.through(nil)
		o.drain()
	}
}

// drain writes to the Socket until nothing is left or it has no room. o.mu is held, but not while more is called.
func (o *Outbox) drain() {
	for o.sock != nil && !o.writing && o.err == nil && len(o.buf) > 0 {
		buf := o.buf
		o.buf = nil
		if !o.send(buf) {
			return
		}
		o.through(buf)
	}
}

// send writes b to the Socket and says whether it is through. Else the rest is left, or the connection broken.
func (o *Outbox) send(b []byte) bool {
	n, err := o.sock.Write(b)
	switch {
	case err != nil:
		o.err, o.left, o.writing = err, nil, false
		o.calm()
		o.makeRoom()
		o.sock.Stop()
		return false
	case n < len(b):
		o.left, o.writing = b[n:], true
		if o.stuck == nil {
			s := o.sock
			o.stuck = time.AfterFunc(o.patience, s.Stop)
		}
		return false
	}
	return true
}

// through is what follows a write. o.mu is held.
func (o *Outbox) through(buf []byte) {
	o.sent = time.Now()
	if o.buf == nil && buf != nil && cap(buf) <= spareBytes {
		o.spare = buf[:0]
	}
	o.makeRoom()
	more := o.more
	o.mu.Unlock()
	more()
	o.mu.Lock()
}

// Full says whether so much waits that nothing but acknowledgements should be added.
func (o *Outbox) Full() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.buf) >= softLimit
}

// Kick sees to it that what was added is being written.
func (o *Outbox) Kick() {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.writing || o.closed || len(o.buf) == 0:
	case o.sock != nil:
		o.drain()
	default:
		o.writing = true
		go o.write()
	}
}

func (o *Outbox) write() {
	for {
		o.mu.Lock()
		buf := o.buf
		if len(buf) == 0 || o.err != nil {
			o.writing = false
			o.makeRoom()
			if o.closed {
				close(o.done)
			}
			o.mu.Unlock()
			return
		}
		o.buf = nil
		o.makeRoom()
		o.mu.Unlock()

		err := o.nc.SetWriteDeadline(time.Now().Add(o.patience))
		if err == nil {
			_, err = o.nc.Write(buf)
		}
		o.mu.Lock()
		o.sent = time.Now()
		if err != nil {
			o.err = err
			o.nc.Close() // wakes the reader, who ends the connection
		}
		if cap(buf) <= 16<<10 {
			o.spare = buf[:0]
		}
		more := o.more
		o.mu.Unlock()
		if err == nil {
			more()
		}
	}
}

// makeRoom wakes those who wait. o.mu is held.
func (o *Outbox) makeRoom() {
	if o.room != nil {
		close(o.room)
		o.room = nil
	}
}

// WaitRoom waits until the buffer is no longer full, for at most patience.
func (o *Outbox) WaitRoom(patience time.Duration) bool {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		o.mu.Lock()
		if o.closed || o.err != nil {
			o.mu.Unlock()
			return false
		}
		if len(o.buf) < softLimit {
			o.mu.Unlock()
			return true
		}
		if o.room == nil {
			o.room = make(chan struct{})
		}
		room := o.room
		o.mu.Unlock()
		o.Kick()
		select {
		case <-room:
		case <-timer.C:
			return false
		}
	}
}

// Close refuses further packets, lets those already added leave for at most grace, and closes the connection. Nobody
// may read from it any more.
func (o *Outbox) Close(grace time.Duration) {
	o.mu.Lock()
	if o.closed {
		o.mu.Unlock()
		<-o.done
		return
	}
	o.closed = true
	o.makeRoom()
	switch {
	case o.writing:
	case len(o.buf) > 0 && o.err == nil && grace > 0:
		o.writing = true
		go o.write()
	default:
		close(o.done)
	}
	o.mu.Unlock()
	if grace > 0 {
		timer := time.NewTimer(grace)
		select {
		case <-o.done:
		case <-timer.C:
		}
		timer.Stop()
		o.linger(grace)
	}
	o.nc.Close()
	<-o.done
}

// linger reads what the other side still sends. Closing with unread input would make TCP throw away what was
// written last, which is the reason why the connection ends.
func (o *Outbox) linger(grace time.Duration) {
	half, ok := o.nc.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	if o.nc.SetReadDeadline(time.Now().Add(grace)) == nil {
		_, _ = io.CopyN(io.Discard, o.nc, 4<<20)
	}
}

// Drain waits until everything added was written, for at most grace.
func (o *Outbox) Drain(grace time.Duration) {
	o.Kick()
	timer := time.NewTimer(grace)
	defer timer.Stop()
	for {
		o.mu.Lock()
		if !o.writing {
			o.mu.Unlock()
			return
		}
		if o.room == nil {
			o.room = make(chan struct{})
		}
		room := o.room
		o.mu.Unlock()
		select {
		case <-room:
		case <-timer.C:
			return
		}
	}
}
