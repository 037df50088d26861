package poll

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

const (
	maxEvents  = 512
	bufferSize = 256 << 10
	bellSlot   = -1

	edge = 1 << 31 // EPOLLET: what was told is told again only when more has come
)

// Set is a set of loops. A loop's goroutine lives from its first Socket until Close.
type Set struct {
	o     Options
	loops []*loop
	next  atomic.Uint32
}

// loop is one goroutine and its sockets.
type loop struct {
	set    *Set
	number int
	ep     int // epoll
	bell   int // eventfd: something was called while the loop slept
	bed    *bed
	nap    *nap
	asleep atomic.Bool
	done   chan struct{} // closed when the goroutine has ended; nil before it began

	mu      sync.Mutex
	sockets []*Socket // by slot; nil where free
	gens    []int32   // by slot: who is told apart from who was there before
	free    []int32
	called  []*Socket // to be looked at
	closing bool

	// Only touched by the goroutine:
	wheel  wheel
	began  time.Time
	events []syscall.EpollEvent
	ready  []*Socket
	spare  []*Socket
	buf    []byte
}

// New makes a Set.
func New(o Options) (*Set, error) {
	set := &Set{o: o}
	for i := range max(o.Loops, 1) {
		l, err := set.loop(i)
		if err != nil {
			set.Close()
			return nil, err
		}
		set.loops = append(set.loops, l)
	}
	return set, nil
}

func (set *Set) loop(number int) (*loop, error) {
	ep, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create", err)
	}
	bell, _, e := syscall.Syscall(syscall.SYS_EVENTFD2, 0, syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
	if e != 0 {
		return nil, errors.Join(os.NewSyscallError("eventfd", e), syscall.Close(ep))
	}
	ev := syscall.EpollEvent{Events: syscall.EPOLLIN | edge, Fd: bellSlot} // an edge need not be emptied
	err = os.NewSyscallError("epoll_ctl", syscall.EpollCtl(ep, syscall.EPOLL_CTL_ADD, int(bell), &ev))
	l := &loop{set: set, number: number, ep: ep, bell: int(bell), began: time.Now()}
	if err == nil {
		l.nap, err = newNap()
	}
	if err == nil {
		if l.bed, err = newBed(ep, l.poll); err != nil {
			err = errors.Join(err, l.nap.Close())
		}
	}
	if err != nil {
		return nil, errors.Join(err, syscall.Close(ep), syscall.Close(int(bell)))
	}
	return l, nil
}

// Close ends the loops. Every Socket must have been closed before.
func (set *Set) Close() {
	for _, l := range set.loops {
		l.mu.Lock()
		l.closing = true
		done := l.done
		l.mu.Unlock()
		if done != nil {
			l.ring()
			<-done
		}
		_ = l.nap.Close()
		_ = l.bed.Close()
		_ = syscall.Close(l.bell)
		_ = syscall.Close(l.ep)
	}
}

// add gives s a loop and a slot in it.
func (set *Set) add(s *Socket) error {
	l := set.loops[int(set.next.Add(1))%len(set.loops)]
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closing {
		return net.ErrClosed
	}
	if l.done == nil {
		l.done = make(chan struct{})
		l.events, l.buf = make([]syscall.EpollEvent, maxEvents), make([]byte, bufferSize)
		go l.run()
	}
	if n := len(l.free); n > 0 {
		s.slot, l.free = l.free[n-1], l.free[:n-1]
	} else {
		s.slot = int32(len(l.sockets))
		l.sockets, l.gens = append(l.sockets, nil), append(l.gens, 0)
	}
	l.gens[s.slot]++
	s.loop, s.gen = l, l.gens[s.slot]
	l.sockets[s.slot] = s
	return nil
}

// remove frees the slot of s, and has the loop forget it.
func (l *loop) remove(s *Socket) {
	l.mu.Lock()
	l.sockets[s.slot] = nil
	l.free = append(l.free, s.slot)
	l.mu.Unlock()
	if s.idle > 0 {
		l.call(s)
	}
}

// call has the loop look at s.
func (l *loop) call(s *Socket) {
	l.mu.Lock()
	l.called = append(l.called, s)
	l.mu.Unlock()
	if l.asleep.Swap(false) {
		l.ring()
	}
}

func (l *loop) ring() {
	one := uint64(1)
	_, _, _ = syscall.Syscall(syscall.SYS_WRITE, uintptr(l.bell), uintptr(unsafe.Pointer(&one)), 8)
}

func (l *loop) run() {
	defer close(l.done)
	var last time.Duration
	for {
		n, slept := l.wait()
		began := time.Since(l.began)
		if l.serve(l.events[:n], int64(began/tick)) {
			return
		}
		if l.set.o.End != nil {
			l.set.o.End(l.number)
		}
		if pace := l.set.o.Pace; pace > 0 && n > 0 && slept < pace && began-last < 2*pace {
			// Sockets have something all the time: a little later there is something on many, for one wake-up.
			_ = l.bed.make(false) // it sleeps well enough without
			l.nap.take(pace - (time.Since(l.began) - began))
		}
		last = began
	}
}

// wait gives the events there are, and sleeps until there is one.
func (l *loop) wait() (n int, slept time.Duration) {
	if n = l.poll(); n > 0 {
		return n, 0
	}
	began := time.Now()
	l.asleep.Store(true)
	l.mu.Lock()
	awaited := len(l.called) > 0 || l.closing
	l.mu.Unlock()
	if !awaited {
		n = l.bed.sleep(l.wheel.wait())
	}
	l.asleep.Store(false)
	return n, time.Since(began)
}

// poll is epoll_wait that doesn't wait, and so is not told to the scheduler.
func (l *loop) poll() int {
	at, most := uintptr(unsafe.Pointer(&l.events[0])), uintptr(len(l.events))
	n, _, e := syscall.RawSyscall6(syscall.SYS_EPOLL_PWAIT, uintptr(l.ep), at, most, 0, 0, 0)
	if e != 0 {
		return 0
	}
	return int(n)
}

// serve is one round: it reads what has come, looks at those who were called, and judges the silent. It says whether the
// loop is to end.
func (l *loop) serve(events []syscall.EpollEvent, now int64) (over bool) {
	l.ready = l.ready[:0]
	l.mu.Lock()
	for i := range events {
		ev := &events[i]
		if ev.Fd == bellSlot {
			l.ready = append(l.ready, nil)
			continue
		}
		s := l.sockets[ev.Fd]
		if s != nil && s.gen != ev.Pad {
			s = nil // closed since, and its slot is another's
		}
		l.ready = append(l.ready, s)
	}
	called := l.called
	l.called, l.spare = l.spare[:0], nil
	over = l.closing
	l.mu.Unlock()
	for i, s := range l.ready {
		if s != nil {
			l.turn(s, events[i].Events, now)
		}
	}
	clear(l.ready)
	for _, s := range called {
		l.look(s, now)
	}
	clear(called)
	l.spare = called[:0]
	if now > l.wheel.now {
		l.wheel.advance(now, l.judge)
	}
	return over
}

// turn gives s what the kernel said of it.
func (l *loop) turn(s *Socket, what uint32, now int64) {
	s.mu.Lock()
	reading, full := s.reading, s.full
	s.mu.Unlock()
	if full && what&(syscall.EPOLLOUT|syscall.EPOLLERR|syscall.EPOLLHUP) != 0 {
		s.owner.Writable()
	}
	if !reading || what&^syscall.EPOLLOUT == 0 {
		return
	}
	n, err := s.read(l.buf)
	switch {
	case err == syscall.EAGAIN:
	case err == syscall.EINTR:
		s.again()
	case err != nil:
		l.gone(s, os.NewSyscallError("read", err))
	case n == 0:
		l.gone(s, io.EOF)
	default:
		s.heard = now
		s.owner.Data(l.buf[:n])
		if n == len(l.buf) || what&(syscall.EPOLLRDHUP|syscall.EPOLLHUP|syscall.EPOLLERR) != 0 {
			s.again()
		}
	}
}

// gone pauses s for good and tells its Owner.
func (l *loop) gone(s *Socket, err error) {
	s.Pause()
	l.wheel.drop(s)
	s.owner.Gone(err)
}

// look at a socket that was called: it is new, or stopped, or closed.
func (l *loop) look(s *Socket, now int64) {
	s.mu.Lock()
	stopped, reading, closed := s.stopped, s.reading, s.closed
	s.mu.Unlock()
	switch {
	case closed:
		l.wheel.drop(s)
	case stopped && reading:
		l.gone(s, net.ErrClosed)
	case s.idle > 0 && s.due == 0:
		s.heard = now
		l.wheel.put(s, now+s.idle)
	}
}

// judge is for a socket whose time may be over: if something has come meanwhile, it is judged again later.
func (l *loop) judge(s *Socket) {
	s.mu.Lock()
	reading, closed := s.reading, s.closed
	s.mu.Unlock()
	switch at := s.heard + s.idle; {
	case closed:
	case at > l.wheel.now:
		l.wheel.put(s, at)
	case !reading: // its Owner is busy with what came
		l.wheel.put(s, l.wheel.now+s.idle)
	default:
		l.gone(s, os.ErrDeadlineExceeded)
	}
}
