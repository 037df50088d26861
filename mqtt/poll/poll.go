// Package poll reads many sockets with few goroutines. A loop asks the kernel which of its sockets have something, reads
// each of them once into a buffer that all share, and hands the bytes to the socket's Owner; when all have been read it
// ends the round, so that what the round brought can be handed on together. A socket at rest costs neither a goroutine
// nor a buffer. It knows nothing of MQTT.
//
// There is Linux's epoll; elsewhere New says ErrUnsupported and a goroutine for each connection has to do.
package poll

import (
	"errors"
	"time"
)

// ErrUnsupported says that this system has no loops.
var ErrUnsupported = errors.New("poll: this system has no epoll")

// Owner is whose a Socket is. Its methods are called by the goroutine of the Socket's loop, one at a time, and hold up
// all of the loop's sockets for as long as they take.
type Owner interface {
	// Data takes what came. b is only good during the call. To take its time, an Owner calls Pause and goes on elsewhere.
	Data(b []byte)
	// Writable says that there is room again, after a Write that left something over.
	Writable()
	// Gone says why nothing more will come: io.EOF, os.ErrDeadlineExceeded when it was silent for longer than its idle
	// time, net.ErrClosed after Stop, or what was wrong. The Socket is paused then, and the Owner's to Close or Detach.
	Gone(err error)
}

// Options of a Set.
type Options struct {
	Loops int           // how many; 1 at least
	End   func(int)     // is called by each loop, with its number, at the end of each round; nil for nothing
	Pace  time.Duration // while rounds follow each other faster than this, they begin this far apart; 0 never waits
}

// The wheel turns once a tick and holds turn ticks; who is to be judged later than that is looked at in between.
const (
	tick = 250 * time.Millisecond
	turn = 512
)

// wheel holds the sockets that may be silent only so long, each at the tick when that is judged.
type wheel struct {
	now  int64 // tick
	slot [turn]*Socket
	held int
}

// ticks is d in whole ticks, and one more for the part of the current one that is over.
func ticks(d time.Duration) int64 { return int64((d+tick-1)/tick) + 1 }

// put has s judged at tick at.
func (w *wheel) put(s *Socket, at int64) {
	at = min(max(at, w.now+1), w.now+turn-1)
	s.due = at
	head := &w.slot[at%turn]
	s.prev, s.next = nil, *head
	if *head != nil {
		(*head).prev = s
	}
	*head = s
	w.held++
}

// drop takes s out, if it is in.
func (w *wheel) drop(s *Socket) {
	if s.due == 0 {
		return
	}
	if s.prev != nil {
		s.prev.next = s.next
	} else {
		w.slot[s.due%turn] = s.next
	}
	if s.next != nil {
		s.next.prev = s.prev
	}
	s.prev, s.next, s.due = nil, nil, 0
	w.held--
}

// advance moves to tick now and gives those whose time it is.
func (w *wheel) advance(now int64, judge func(*Socket)) {
	from := max(w.now+1, now-turn+1)
	w.now = max(w.now, now)
	for at := from; at <= now && w.held > 0; at++ {
		for s := w.slot[at%turn]; s != nil; {
			next := s.next
			w.drop(s)
			judge(s)
			s = next
		}
	}
}

// wait is how many ticks it is until somebody is judged, -1 for never.
func (w *wheel) wait() int64 {
	if w.held == 0 {
		return -1
	}
	for i := int64(1); i < turn; i++ {
		if w.slot[(w.now+i)%turn] != nil {
			return i
		}
	}
	return turn
}
