package poll

import (
	"os"
	"syscall"
	"time"
	"unsafe"
)

// nap is how a loop lets things gather. Its goroutine is parked meanwhile, and woken by a timerfd, whose timer is as fine
// as the kernel's: a goroutine that sleeps in the kernel has its processor taken away each time, by a thread that then
// looks out for such sleepers thousands of times a second.
type nap struct {
	*os.File
	raw  syscall.RawConn
	over func(fd uintptr) bool
}

func newNap() (*nap, error) {
	const monotonic = 1
	fd, _, e := syscall.Syscall(syscall.SYS_TIMERFD_CREATE, monotonic, syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
	if e != 0 {
		return nil, os.NewSyscallError("timerfd_create", e)
	}
	n := &nap{File: os.NewFile(fd, "nap")}
	raw, err := n.SyscallConn()
	if err != nil {
		return nil, err
	}
	times := new([8]byte)
	n.raw, n.over = raw, func(fd uintptr) bool {
		_, _, e := syscall.RawSyscall(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(times)), uintptr(len(times)))
		return e != syscall.EAGAIN
	}
	return n, nil
}

// take takes a nap of d; none when d is not above 0.
func (n *nap) take(d time.Duration) {
	if d <= 0 {
		return
	}
	spec := [2]syscall.Timespec{1: syscall.NsecToTimespec(int64(d))}
	set := func(fd uintptr) {
		_, _, _ = syscall.RawSyscall6(syscall.SYS_TIMERFD_SETTIME, fd, 0, uintptr(unsafe.Pointer(&spec)), 0, 0, 0)
	}
	if n.raw.Control(set) == nil {
		_ = n.raw.Read(n.over)
	}
}
