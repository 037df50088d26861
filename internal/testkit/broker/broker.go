// Package broker is an MQTT server that lasts as long as a test.
package broker

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"hutong/mqtt"
)

// Serve runs a server on a free port of this machine until the test ends, and gives its address. A server that does not
// end as it should fails the test.
func Serve(t testing.TB, o mqtt.Options) (s *mqtt.Server, addr string) {
	t.Helper()
	s, err := mqtt.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { over <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
		if err := <-over; !errors.Is(err, mqtt.ErrServerClosed) {
			t.Error(err)
		}
	})
	return s, l.Addr().String()
}
