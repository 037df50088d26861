package server_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"hutong/mqtt/line"
	"hutong/mqtt/server"
	"hutong/mqtt/tap"
	"hutong/mqtt/wire"
)

// These tests use real connections, which the server's loops read; the others use pipes, which have goroutines.

// serving serves on a port until the test ends, and gives what connects to it.
func serving(t *testing.T, o server.Options) (*server.Server, func(id string, change ...func(*wire.Connect)) *device) {
	t.Helper()
	s, err := server.New(o)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() { _ = s.Serve(l) }) // ends with Close
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
		all.Wait()
	})
	return s, func(id string, change ...func(*wire.Connect)) *device {
		t.Helper()
		nc, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { nc.Close() })
		d := &device{t, nc, line.NewInbox(nc, 1<<28), wire.V5}
		p := &wire.Connect{Version: wire.V5, ClientID: id, CleanStart: true}
		for _, f := range change {
			f(p)
		}
		d.send(p.Append(nil))
		if header, _ := d.recv(); wire.Kind(header>>4) != wire.CONNACK {
			t.Fatalf("%s: the first packet is %x", id, header)
		}
		return d
	}
}

// diary is a Tap that notes all it hears; it gathers what is below "many/".
type diary struct {
	mu    sync.Mutex
	heard []string
	pos   uint64
}

func (d *diary) note(topic string, payload []byte) uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.heard = append(d.heard, fmt.Sprintf("%s %.8s %d", topic, payload, len(payload)))
	d.pos++
	return d.pos
}

func (d *diary) Route(topic string) tap.Sink {
	if strings.HasPrefix(topic, "many/") {
		return gatherer{d}
	}
	return single{d}
}
func (d *diary) Wait(uint64) error { return nil }

type single struct{ *diary }

func (s single) Publish(m *tap.Message) uint64 { return s.note(m.Topic, m.Payload) }

type gatherer struct{ *diary }

func (g gatherer) Publish(m *tap.Message) uint64 { return g.note(m.Topic, m.Payload) }
func (g gatherer) Kind() any                     { return g.diary }
func (g gatherer) Basket() tap.Basket            { return &pages{of: g.diary} }
func (g gatherer) Gather(m *tap.Message, b tap.Basket) bool {
	p := b.(*pages)
	p.list = append(p.list, tap.Message{Topic: m.Topic, Payload: bytes.Clone(m.Payload)})
	return true
}

type pages struct {
	of   *diary
	list []tap.Message
}

func (p *pages) Empty() (pos uint64) {
	for _, m := range p.list {
		pos = p.of.note(m.Topic, m.Payload)
	}
	p.list = nil
	return pos
}
func (p *pages) Wait(uint64) error { return nil }

func TestALoopKeepsTheOrderOfEachSenderWhateverItSends(t *testing.T) {
	for _, piece := range []int{1, 7, 1 << 20} {
		t.Run(fmt.Sprint(piece), func(t *testing.T) {
			s, dial := serving(t, server.Options{})
			var d diary
			detach, err := s.Attach(&d, "#")
			if err != nil {
				t.Fatal(err)
			}
			defer detach()
			c := dial("c")
			var all []byte
			var want []string
			for i := range 60 {
				p := wire.Publish{Topic: []byte("many/t"), Payload: []byte(fmt.Sprintf("%08d", i)), QoS: byte(i % 3), Retain: i%7 == 0}
				if i%5 == 0 {
					p.Topic = []byte("one/t")
				}
				if i%20 == 0 && piece > 1 {
					p.Payload = append(p.Payload, make([]byte, 300_000)...)
				}
				if p.QoS > 0 {
					p.ID = uint16(i + 1)
				}
				want = append(want, fmt.Sprintf("%s %.8s %d", p.Topic, p.Payload, len(p.Payload)))
				all = p.Append(all, wire.V5)
			}
			all = wire.AppendEmpty(all, wire.PINGREQ)
			var sent sync.WaitGroup
			sent.Go(func() {
				for b := all; len(b) > 0; b = b[min(piece, len(b)):] {
					if _, err := c.nc.Write(b[:min(piece, len(b))]); err != nil {
						t.Error(err)
						return
					}
				}
			})
			acks := 0
			for pong := false; !pong || acks < 40; {
				switch header, _ := c.recv(); wire.Kind(header >> 4) {
				case wire.PUBACK, wire.PUBREC:
					acks++
				case wire.PINGRESP:
					pong = true
				case 0:
					t.Fatal("the connection ended")
				}
			}
			sent.Wait()
			d.mu.Lock()
			defer d.mu.Unlock()
			for i := range want {
				if i >= len(d.heard) || d.heard[i] != want[i] {
					t.Fatalf("heard %d: %q, want %q", i, d.heard[min(i, len(d.heard)-1)], want[i])
				}
			}
		})
	}
}

func TestALoopEndsWhoIsSilentAndTellsWhy(t *testing.T) {
	s, dial := serving(t, server.Options{})
	c := dial("c", func(p *wire.Connect) { p.KeepAlive = 1 })
	c.closed(wire.KeepAliveTimeout)
	if st := s.Stats(); st.TimedOut != 1 {
		t.Errorf("%+v", st)
	}
}

func TestALoopEndsWhoBreaksTheRulesAndTellsWhy(t *testing.T) {
	_, dial := serving(t, server.Options{})
	c := dial("c")
	c.send([]byte{0x36, 2, 0, 0})
	c.closed(wire.MalformedPacket)
	c = dial("c")
	other := dial("c")
	c.closed(wire.SessionTakenOver)
	other.send(wire.AppendEmpty(nil, wire.PINGREQ))
	if header, _ := other.recv(); wire.Kind(header>>4) != wire.PINGRESP {
		t.Errorf("%x", header)
	}
}

func TestAReaderInALoopThatStopsIsPassedOverAndComesBack(t *testing.T) {
	s, dial := serving(t, server.Options{SlowGrace: time.Millisecond})
	slow, fast := dial("slow"), dial("fast")
	slow.subscribe(wire.Filter{Filter: "q"})
	p := wire.Publish{Topic: []byte("q"), Payload: make([]byte, 64<<10)}
	for s.Stats().Dropped == 0 {
		fast.send(p.Append(nil, wire.V5))
	}
	end := wire.Publish{Topic: []byte("q"), Payload: []byte("end")}
	var all sync.WaitGroup
	over := make(chan struct{})
	all.Go(func() {
		for {
			select {
			case <-over:
				return
			default:
				if _, err := fast.nc.Write(end.Append(nil, wire.V5)); err != nil {
					return
				}
			}
		}
	})
	for {
		header, body := slow.recv()
		if header == 0 {
			t.Fatal("the reader was cut off")
		}
		if len(body) < 100 {
			break
		}
	}
	close(over)
	all.Wait()
}

func TestManyComeAndGoAtOnce(t *testing.T) {
	s, dial := serving(t, server.Options{Loops: 3})
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			for range 5 {
				c := dial(fmt.Sprint(i % 50)) // two at a time fight for each name
				if _, err := c.nc.Write(wire.AppendEmpty(nil, wire.PINGREQ)); err == nil {
					_, _ = c.recv() // perhaps a goodbye
				}
				c.nc.Close()
			}
		})
	}
	all.Wait()
	if err := s.Close(t.Context()); err != nil || s.Stats().Connections != 0 {
		t.Errorf("%v, %+v", err, s.Stats())
	}
}

func TestTheEndIsToldToAll(t *testing.T) {
	s, dial := serving(t, server.Options{})
	var list []*device
	for i := range 50 {
		list = append(list, dial(fmt.Sprint(i)))
	}
	var all sync.WaitGroup
	for _, c := range list {
		all.Go(func() { c.closed(wire.ServerShuttingDown) })
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	all.Wait()
}
