package server

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"hutong/mqtt/line"
	"hutong/mqtt/tap"
	"hutong/mqtt/wire"
)

// counter is a Tap that counts, and says at once that all is durable.
type counter struct{ n uint64 }

func (c *counter) Route(string) tap.Sink       { return c }
func (c *counter) Publish(*tap.Message) uint64 { c.n++; return c.n }
func (c *counter) Wait(uint64) error           { return nil }

// ready gives a connected conn whose output goes nowhere, and whose reader is the test.
func ready(t testing.TB, s *Server, id string) *conn {
	t.Helper()
	near, far := net.Pipe()
	c := newConn(s, far)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(io.Discard, near) // until the end
	}()
	c.who.ClientID = id
	c.welcome(&wire.Connect{Version: wire.V5, CleanStart: true, ClientID: id})
	c.batch = c.settle.Take()
	t.Cleanup(func() {
		s.leave(c, c.sess, nil)
		close(c.gone)
		c.out.Close(time.Second)
		c.settle.Wait()
		near.Close()
		<-done
	})
	return c
}

func closed(t testing.TB, s *Server) {
	t.Cleanup(func() {
		if err := s.Close(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
}

func TestAMessageToATapAllocatesNothing(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	closed(t, s)
	var tap counter
	detach, err := s.Attach(&tap, "home/#")
	if err != nil {
		t.Fatal(err)
	}
	defer detach()
	c := ready(t, s, "device")
	for qos := range byte(2) {
		p := wire.Publish{Topic: []byte("home/kitchen/temperature"), Payload: []byte("21.5"), QoS: qos}
		if qos > 0 {
			p.ID = 1
		}
		header, body, _, _, err := wire.Frame(p.Append(nil, wire.V5), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		got := testing.AllocsPerRun(1000, func() {
			if err := c.publish(header, body); err != nil {
				t.Fatal(err)
			}
			c.batch.Reset() // what flush does with it is measured apart
			c.unacked.Store(0)
		})
		if got != 0 {
			t.Errorf("QoS %d: %v allocations for each message", qos, got)
		}
	}
	if tap.n == 0 {
		t.Error("the tap heard nothing")
	}
}

func TestAQoS0MessageToAReaderAllocatesNothing(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	closed(t, s)
	reader, c := ready(t, s, "reader"), ready(t, s, "device")
	s.topics.add(reader.sess, wire.Filter{Filter: "home/#"}, 0)
	p := wire.Publish{Topic: []byte("home/kitchen/temperature"), Payload: []byte("21.5")}
	header, body, _, _, err := wire.Frame(p.Append(nil, wire.V5), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	got := testing.AllocsPerRun(1000, func() {
		if err := c.publish(header, body); err != nil {
			t.Fatal(err)
		}
	})
	c.flush()
	if got > 0.1 { // the reader's buffer grows now and then
		t.Errorf("%v allocations for each message", got)
	}
}

// BenchmarkPublish measures the way from a socket's bytes to a Tap and back to PUBACK, over a real connection.
func BenchmarkPublish(b *testing.B) {
	for _, bench := range []struct {
		name  string
		qos   byte
		batch int
	}{{"QoS0 batched", 0, 64}, {"QoS1 batched", 1, 64}, {"QoS1 one by one", 1, 1}} {
		b.Run(bench.name, func(b *testing.B) { benchPublish(b, bench.qos, bench.batch) })
	}
}

func benchPublish(b *testing.B, qos byte, batch int) {
	s, err := New(Options{})
	if err != nil {
		b.Fatal(err)
	}
	closed(b, s)
	var tap counter
	detach, err := s.Attach(&tap, "#")
	if err != nil {
		b.Fatal(err)
	}
	defer detach()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() { _ = s.Serve(l) }) // ends with Close
	nc, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer nc.Close()
	in := line.NewInbox(nc, 1<<20)
	if _, err := nc.Write((&wire.Connect{Version: wire.V5, CleanStart: true, ClientID: "bench"}).Append(nil)); err != nil {
		b.Fatal(err)
	}
	if _, _, err := in.Next(0, nil); err != nil {
		b.Fatal(err)
	}
	var packets []byte
	for i := range batch {
		p := wire.Publish{Topic: []byte("home/kitchen/temperature"), Payload: make([]byte, 64), QoS: qos}
		if qos > 0 {
			p.ID = uint16(i + 1)
		}
		packets = p.Append(packets, wire.V5)
	}
	packets = wire.AppendEmpty(packets, wire.PINGREQ)
	want := 1
	if qos > 0 {
		want += batch
	}
	b.ReportAllocs()
	for n := 0; n < b.N; n += batch {
		if _, err := nc.Write(packets); err != nil {
			b.Fatal(err)
		}
		for range want {
			if _, _, err := in.Next(0, nil); err != nil {
				b.Fatal(err)
			}
		}
	}
}
