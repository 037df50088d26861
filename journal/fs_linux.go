package journal

import (
	"os"
	"syscall"
)

// syncData is fdatasync(2): fsync without what only tells when the file was written.
func syncData(f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	done := raw.Control(func(fd uintptr) {
		for err = syscall.EINTR; err == syscall.EINTR; {
			err = syscall.Fdatasync(int(fd))
		}
	})
	if done != nil {
		return done
	}
	return os.NewSyscallError("fdatasync", err)
}
