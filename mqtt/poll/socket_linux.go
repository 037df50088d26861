package poll

import (
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// Socket is a connection in a loop. Its methods may be called from any goroutine.
type Socket struct {
	owner Owner
	loop  *loop
	fd    int
	slot  int32
	gen   int32

	mu       sync.Mutex
	interest uint32 // what the kernel watches it for; 0: it does not
	reading  bool
	full     bool // a Write left something over
	stopped  bool
	closed   bool
	entered  bool // the loop's wheel knows it

	// Only touched by the loop:
	idle       int64 // ticks it may be silent; 0: for ever
	heard      int64 // tick when something came last
	due        int64 // tick when that is judged; 0: it is not in the wheel
	prev, next *Socket
}

// Loop is the number of the socket's loop.
func (s *Socket) Loop() int { return s.loop.number }

// Resume has the loop read from now on, after Socket and after Pause.
func (s *Socket) Resume() {
	s.mu.Lock()
	s.reading = true
	call := s.stopped || !s.entered && s.idle > 0
	s.entered = true
	s.watch()
	s.mu.Unlock()
	if call {
		s.loop.call(s)
	}
}

// Pause has the loop read no more until Resume. It is for the Owner, in Data.
func (s *Socket) Pause() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reading = false
	s.watch()
}

// Stop has the loop tell the Owner that it is Gone, at the latest when it is resumed.
func (s *Socket) Stop() {
	s.mu.Lock()
	done := s.stopped || s.closed
	s.stopped = true
	s.mu.Unlock()
	if !done {
		s.loop.call(s)
	}
}

// watch tells the kernel what to watch s for. s.mu is held.
func (s *Socket) watch() {
	var want uint32
	if s.reading && !s.closed {
		want |= syscall.EPOLLIN | syscall.EPOLLRDHUP
	}
	if s.full && !s.closed {
		want |= syscall.EPOLLOUT
	}
	op := syscall.EPOLL_CTL_MOD
	switch {
	case want == s.interest:
		return
	case want == 0:
		op = syscall.EPOLL_CTL_DEL
	case s.interest == 0:
		op = syscall.EPOLL_CTL_ADD
	}
	s.interest = want
	s.tell(op)
}

// tell tells the kernel of s.interest. s.mu is held.
func (s *Socket) tell(op int) {
	ev := syscall.EpollEvent{Events: s.interest | edge, Fd: s.slot, Pad: s.gen}
	if err := syscall.EpollCtl(s.loop.ep, op, s.fd, &ev); err != nil && s.interest != 0 {
		s.stopped = true // the kernel has no room for it: it must end
		s.loop.call(s)
	}
}

// again has the kernel tell once more what there is: not all of it was read.
func (s *Socket) again() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.interest != 0 {
		s.tell(syscall.EPOLL_CTL_MOD)
	}
}

// read is read(2). It never waits, so the scheduler need not know.
func (s *Socket) read(b []byte) (int, error) {
	n, _, e := syscall.RawSyscall(syscall.SYS_READ, uintptr(s.fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
	if e != 0 {
		return 0, e
	}
	return int(n), nil
}

// Write writes what there is room for, without waiting. When n is less than len(b) and err is nil, the Owner is told when
// there is room again.
func (s *Socket) Write(b []byte) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, net.ErrClosed
	}
	for n < len(b) {
		k, err := syscall.Write(s.fd, b[n:])
		switch err {
		case nil:
			n += k
		case syscall.EINTR:
		case syscall.EAGAIN:
			s.full = true
			s.watch()
			return n, nil
		default:
			return n, os.NewSyscallError("write", err)
		}
	}
	if s.full {
		s.full = false
		s.watch()
	}
	return n, nil
}

// Close closes the connection. It is for the Owner, when the Socket is paused or Gone.
func (s *Socket) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	s.leave()
	return os.NewSyscallError("close", syscall.Close(s.fd))
}

// Detach takes the connection out of its loop and gives it as it came. It is for the Owner, as Close is.
func (s *Socket) Detach() (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, net.ErrClosed
	}
	s.leave()
	f := os.NewFile(uintptr(s.fd), "socket")
	defer f.Close() // FileConn has its own
	return net.FileConn(f)
}

// leave takes s out of its loop. s.mu is held.
func (s *Socket) leave() {
	s.reading, s.full = false, false
	s.watch()
	s.closed = true
	s.loop.remove(s)
}

// Socket takes over a TCP connection: c is closed, and what it was goes on in a loop once Resume is called. It may be
// silent for idle; 0 is for ever. After an error c is as it was.
func (set *Set) Socket(c net.Conn, owner Owner, idle time.Duration) (*Socket, error) {
	t, ok := c.(*net.TCPConn)
	if !ok {
		return nil, fmt.Errorf("poll: a %T cannot be polled", c)
	}
	raw, err := t.SyscallConn()
	if err != nil {
		return nil, err
	}
	fd, errno := -1, error(nil)
	err = raw.Control(func(old uintptr) {
		n, _, e := syscall.Syscall(syscall.SYS_FCNTL, old, syscall.F_DUPFD_CLOEXEC, 0)
		if e != 0 {
			errno = os.NewSyscallError("dup", e)
			return
		}
		fd = int(n)
	})
	if err == nil {
		err = errno
	}
	if err != nil {
		return nil, err
	}
	// One TCP acknowledgement for two small packets instead of one for each read; who sends seldom is acknowledged as before.
	_ = syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 0)
	s := &Socket{owner: owner, fd: fd}
	if idle > 0 {
		s.idle = ticks(idle)
	}
	if err := set.add(s); err != nil {
		_ = syscall.Close(fd)
		return nil, err
	}
	_ = c.Close() // the copy lives on
	return s, nil
}
