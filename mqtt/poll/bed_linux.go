package poll

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// bed is where a loop sleeps until there is something on its sockets. Its goroutine is parked meanwhile, and the runtime
// watches a second epoll, in which the loop's is. A goroutine that sleeps in the kernel keeps its processor: whom the last
// round woke waits there, until the runtime's monitor has seen that it sleeps, and it looks thousands of times a second.
type bed struct {
	*os.File
	raw  syscall.RawConn
	ep   int // the loop's
	made bool
	look func(fd uintptr) bool
	n    int // events of the last look
}

func newBed(ep int, poll func() int) (*bed, error) {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create", err)
	}
	err = errors.Join(syscall.SetNonblock(fd, true), // os.NewFile asks for it
		syscall.EpollCtl(fd, syscall.EPOLL_CTL_ADD, ep, &syscall.EpollEvent{}))
	if err != nil {
		return nil, errors.Join(os.NewSyscallError("epoll_ctl", err), syscall.Close(fd))
	}
	b := &bed{File: os.NewFile(uintptr(fd), "bed"), ep: ep}
	if b.raw, err = b.SyscallConn(); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	b.look = func(uintptr) bool {
		b.n = poll()
		return b.n > 0
	}
	return b, nil
}

// make has the sockets wake the runtime or not: while a loop is at work or takes a nap, nobody is to be woken.
func (b *bed) make(on bool) error {
	if b.made == on {
		return nil
	}
	var ev syscall.EpollEvent
	if on {
		ev.Events = syscall.EPOLLIN
	}
	b.made = on
	return b.raw.Control(func(fd uintptr) { _ = syscall.EpollCtl(int(fd), syscall.EPOLL_CTL_MOD, b.ep, &ev) })
}

// sleep sleeps until there are events and gives their number, 0 when so many ticks are over first; -1 is no end.
func (b *bed) sleep(ticks int64) int {
	var end time.Time
	if ticks >= 0 {
		end = time.Now().Add(time.Duration(ticks) * tick)
	}
	b.n = 0
	if errors.Join(b.make(true), b.SetReadDeadline(end), b.raw.Read(b.look)) != nil {
		return 0
	}
	return b.n
}
