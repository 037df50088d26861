//go:build !linux

package poll

import (
	"net"
	"time"
)

// Set is a set of loops.
type Set struct{}

// New says ErrUnsupported.
func New(Options) (*Set, error) { return nil, ErrUnsupported }

// Close does nothing.
func (*Set) Close() {}

// Socket says ErrUnsupported.
func (*Set) Socket(net.Conn, Owner, time.Duration) (*Socket, error) { return nil, ErrUnsupported }

// Socket is a connection in a loop; there is none here.
type Socket struct {
	due        int64
	prev, next *Socket
}

// Loop is the number of the socket's loop.
func (*Socket) Loop() int { return 0 }

// Resume does nothing.
func (*Socket) Resume() {}

// Pause does nothing.
func (*Socket) Pause() {}

// Stop does nothing.
func (*Socket) Stop() {}

// Write says ErrUnsupported.
func (*Socket) Write([]byte) (int, error) { return 0, ErrUnsupported }

// Close says ErrUnsupported.
func (*Socket) Close() error { return ErrUnsupported }

// Detach says ErrUnsupported.
func (*Socket) Detach() (net.Conn, error) { return nil, ErrUnsupported }
