package server_test

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"hutong/mqtt/kept"
	"hutong/mqtt/server"
	"hutong/mqtt/wire"
)

// FuzzConnection sends any bytes after a CONNECT. The server must end the connection when they end, keep nothing of
// it, and serve the next client.
func FuzzConnection(f *testing.F) {
	f.Add([]byte("\x82\x06\x00\x01\x00\x01#\x02\x30\x04\x00\x01ax\x32\x06\x00\x01a\x00\x01x\x34\x06\x00\x01a\x00\x02x"), false)
	f.Add([]byte("\x82\x07\x00\x01\x00\x00\x01#\x2e\x31\x05\x00\x01a\x00x\x62\x02\x00\x02\xa2\x06\x00\x01\x00\x00\x01#\xe0\x00"), true)
	f.Add([]byte("\x30\x07\x00\x01a\x03\x23\x00\x01\x30\x06\x00\x00\x03\x23\x00\x01\x40\x02\x00\x01\x50\x02\x00\x01\x70\x02\x00\x01"), true)
	f.Fuzz(func(t *testing.T, data []byte, five bool) {
		s, err := server.New(server.Options{Store: &kept.MemoryStore{}, MaxRetainedBytes: 1 << 16, MaxPacket: 1 << 16})
		if err != nil {
			t.Fatal(err)
		}
		near, far := net.Pipe()
		over := make(chan struct{})
		go func() {
			s.ServeConn(far)
			close(over)
		}()
		go func() { _, _ = io.Copy(io.Discard, near) }() // until the end
		hello := wire.Connect{Version: wire.V311, CleanStart: true, ClientID: "fuzz"}
		if five {
			hello.Version = wire.V5
		}
		if _, err := near.Write(hello.Append(nil)); err != nil {
			t.Fatal(err)
		}
		_, _ = near.Write(data) // the server may close before the end
		near.Close()
		<-over
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if st := s.Stats(); st.Sessions != 0 || st.Subscriptions != 0 || st.Connections != 0 || st.Queued != 0 {
			t.Errorf("left behind: %+v", st)
		}
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
	})
}
