package mqtt

import (
	"io"
	"net"
	"sync"
	"time"
)

// outbox writes to one connection. Whoever has a packet encodes it straight into the buffer; a goroutine that lives
// only while there is something to write hands the buffer to the socket, so packets that come close together leave
// in one write.
type outbox struct {
	nc       net.Conn
	patience time.Duration // how long one write may take
	more     func()        // called after each write, to fill in what had to wait; may be nil

	mu      sync.Mutex
	buf     []byte
	spare   []byte
	writing bool
	closed  bool
	err     error         // why it closed, when a write failed
	room    chan struct{} // closed when the buffer was taken; nil when nobody waits
	done    chan struct{} // closed when the last write of a closed outbox is over
	sent    time.Time     // when the last write ended
}

// softOut is the size of an outbox above which nothing but acknowledgements should be added.
const softOut = 256 << 10

func newOutbox(nc net.Conn, patience time.Duration) *outbox {
	return &outbox{nc: nc, patience: patience, done: make(chan struct{})}
}

// add lets encode append a packet; it is sent after the next kick. It is false when the outbox is closed.
func (o *outbox) add(encode func(b []byte) []byte) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return false
	}
	o.buf = encode(o.grown())
	return true
}

func (o *outbox) grown() []byte {
	if o.buf == nil {
		o.buf, o.spare = o.spare, nil
	}
	return o.buf
}

// full says whether the buffer is beyond softOut.
func (o *outbox) full() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.buf) >= softOut
}

// kick sees to it that what was added is being written.
func (o *outbox) kick() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.writing && !o.closed && len(o.buf) > 0 {
		o.writing = true
		go o.write()
	}
}

func (o *outbox) write() {
	for {
		o.mu.Lock()
		buf := o.buf
		if len(buf) == 0 || o.err != nil {
			o.writing = false
			if o.closed {
				close(o.done)
			}
			o.mu.Unlock()
			return
		}
		o.buf = nil
		if o.room != nil {
			close(o.room)
			o.room = nil
		}
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
		o.mu.Unlock()
		if err == nil && o.more != nil {
			o.more()
		}
	}
}

// waitRoom waits until the buffer is no longer full, for at most patience.
func (o *outbox) waitRoom(patience time.Duration) bool {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		o.mu.Lock()
		if o.closed || o.err != nil {
			o.mu.Unlock()
			return false
		}
		if len(o.buf) < softOut {
			o.mu.Unlock()
			return true
		}
		if o.room == nil {
			o.room = make(chan struct{})
		}
		room := o.room
		o.mu.Unlock()
		o.kick()
		select {
		case <-room:
		case <-timer.C:
			return false
		}
	}
}

// close refuses further packets, lets those already added leave for at most grace, and closes the connection. Nobody
// may read from it any more.
func (o *outbox) close(grace time.Duration) {
	o.mu.Lock()
	if o.closed {
		o.mu.Unlock()
		<-o.done
		return
	}
	o.closed = true
	if o.room != nil {
		close(o.room)
		o.room = nil
	}
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
func (o *outbox) linger(grace time.Duration) {
	half, ok := o.nc.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	if o.nc.SetReadDeadline(time.Now().Add(grace)) == nil {
		_, _ = io.CopyN(io.Discard, o.nc, 4<<20)
	}
}
