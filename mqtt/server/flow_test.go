package server_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hutong/mqtt/kept"
	"hutong/mqtt/server"
	"hutong/mqtt/tap"
	"hutong/mqtt/wire"
)

func TestASlowReaderHoldsBackThePublishersAcknowledgements(t *testing.T) {
	in(t, server.Options{MaxQueue: 8, MaxInflight: 2}, func(t *testing.T, s *server.Server) {
		slow, _ := join(t, s, wire.V5, "slow")
		slow.subscribe(wire.Filter{Filter: "q", QoS: 1})
		fast, _ := join(t, s, wire.V5, "fast")
		for i := range 3 {
			if r := fast.tell(message("q", fmt.Sprint(i), 1)); r.Failed() {
				t.Fatal(r)
			}
		}
		fast.publish(message("q", "3", 1)) // the fourth makes the queue half full
		fast.silent()
		first, second := slow.hears("q 0 q1").ID, slow.hears("q 1 q1").ID
		slow.silent()
		slow.answer(wire.PUBACK, first)
		fast.ack(wire.PUBACK, 5)
		slow.answer(wire.PUBACK, second)
		slow.hears("q 2 q1")
		slow.hears("q 3 q1")
		if st := s.Stats(); st.Dropped+st.Overflowed+st.Stuck != 0 {
			t.Errorf("%+v", st)
		}
	})
}

func TestAFullQueueRefusesThePublisherAndNothingAcknowledgedIsLost(t *testing.T) {
	in(t, server.Options{MaxQueue: 8, MaxInflight: 2}, func(t *testing.T, s *server.Server) {
		slow, _ := join(t, s, wire.V5, "slow", keepSession)
		slow.subscribe(wire.Filter{Filter: "q", QoS: 1})
		var l log
		detach, err := s.Attach(&l, "q")
		if err != nil {
			t.Fatal(err)
		}
		defer detach()
		fast, _ := join(t, s, wire.V5, "fast")
		for i := range 20 {
			p := message("q", fmt.Sprint(i), 1)
			p.ID = uint16(i + 1)
			fast.publish(p)
		}
		// Answers keep the order of the questions (4.6), so refusals wait, too.
		if acked, refused := fast.answers(); acked != 3 || refused != 0 {
			t.Errorf("%d acknowledged and %d refused at first", acked, refused)
		}
		for i := range 8 {
			slow.answer(wire.PUBACK, slow.hears(fmt.Sprintf("q %d q1", i)).ID)
		}
		slow.silent()
		if acked, refused := fast.answers(); acked != 5 || refused != 12 {
			t.Errorf("%d acknowledged and %d refused in the end", acked, refused)
		}
		if len(l.heard) != 8 || s.Stats().Overflowed != 12 {
			t.Errorf("the tap heard %v, counted %d", l.heard, s.Stats().Overflowed)
		}
		if err := s.Publish(t.Context(), &tap.Message{Topic: "q", QoS: 1}); err != nil {
			t.Errorf("with room again: %v", err)
		}
	})
}

func TestWhoNeverComesBackStopsNobody(t *testing.T) {
	f := func(name, filter string, o server.Options) {
		t.Run(name, func(t *testing.T) {
			in(t, o, func(t *testing.T, s *server.Server) {
				gone, _ := join(t, s, wire.V5, "gone", keepSession)
				gone.subscribe(wire.Filter{Filter: filter, QoS: 1})
				gone.leave(0)
				var l log
				detach, err := s.Attach(&l, "q")
				if err != nil {
					t.Fatal(err)
				}
				defer detach()
				for _, v := range []byte{wire.V5, wire.V311} {
					d, _ := join(t, s, v, fmt.Sprint("device of ", v))
					for i := range 20 {
						if r := d.tell(message("q", fmt.Sprint(i), 1)); r.Failed() {
							t.Fatalf("message %d: %s", i, r)
						}
					}
				}
				if st := s.Stats(); len(l.heard) != 40 || st.Overflowed != 0 || st.GivenUp != 1 || st.Queued != 0 {
					t.Errorf("the tap heard %d; %+v", len(l.heard), st)
				}
				if _, ack := join(t, s, wire.V5, "gone", keepSession); ack.SessionPresent {
					t.Error("the client is not told that its session is gone")
				}
			})
		})
	}
	f("own", "q", server.Options{MaxQueue: 8})
	f("shared", "$share/g/q", server.Options{MaxQueue: 8})
	f("persisted", "q", server.Options{MaxQueue: 8, Store: &kept.MemoryStore{}})
	f("bytes", "q", server.Options{MaxQueueBytes: 1500})
}

// answers counts the PUBACKs that have come.
func (d *device) answers() (acked, refused int) {
	d.t.Helper()
	for {
		synctest.Wait()
		if err := d.nc.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
			d.t.Fatal(err)
		}
		header, body := d.recv()
		if header == 0 {
			return acked, refused
		}
		switch _, reason, err := wire.DecodeAck(wire.PUBACK, body, wire.V5); {
		case err != nil:
			d.t.Fatal(err)
		case reason == wire.QuotaExceeded:
			refused++
		case reason == wire.Success:
			acked++
		default:
			d.t.Errorf("PUBACK says %s", reason)
		}
	}
}

func TestPublishInTheProcessIsRefusedWhenThereIsNoRoom(t *testing.T) {
	in(t, server.Options{MaxRetained: 2}, func(t *testing.T, s *server.Server) {
		for i := range 3 {
			err := s.Publish(t.Context(), &tap.Message{Topic: fmt.Sprint("q/", i), Payload: []byte("x"), QoS: 1, Retain: true})
			if refused := errors.Is(err, wire.QuotaExceeded); refused != (i == 2) {
				t.Errorf("message %d: %v", i, err)
			}
		}
		if err := s.Publish(t.Context(), &tap.Message{Topic: "q/#"}); !errors.Is(err, wire.TopicNameInvalid) {
			t.Errorf("a wildcard: %v", err)
		}
	})
}

func TestAnOldPublisherIsCutOffWhenThereIsNoRoom(t *testing.T) {
	in(t, server.Options{MaxRetained: 1}, func(t *testing.T, s *server.Server) {
		old, _ := join(t, s, wire.V311, "old")
		first, second := message("a", "x", 1), message("b", "y", 1)
		first.Retain, second.Retain = true, true
		old.tell(first)
		old.publish(second)
		old.closed(0)
	})
}

func TestAClientThatNeverAcknowledgesIsDisconnected(t *testing.T) {
	in(t, server.Options{MaxQueue: 4, MaxInflight: 1, Patience: 20 * time.Second}, func(t *testing.T, s *server.Server) {
		stuck, _ := join(t, s, wire.V5, "stuck")
		stuck.subscribe(wire.Filter{Filter: "q", QoS: 1})
		fast, _ := join(t, s, wire.V5, "fast")
		fast.tell(message("q", "0", 1))
		begin := time.Now()
		fast.publish(message("q", "1", 1))
		stuck.hears("q 0 q1")
		go stuck.closed(wire.QuotaExceeded)
		fast.ack(wire.PUBACK, 5)
		if took := time.Since(begin); took != 20*time.Second {
			t.Errorf("the publisher waited %v", took)
		}
		if n := s.Stats().Stuck; n != 1 {
			t.Errorf("%d stuck", n)
		}
	})
}

func TestAClientThatNeverReadsCostsOthersAMomentOnly(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, s *server.Server) {
		deaf, _ := join(t, s, wire.V5, "deaf")
		deaf.subscribe(wire.Filter{Filter: "#"})
		good, _ := join(t, s, wire.V5, "good")
		good.subscribe(wire.Filter{Filter: "q"})
		fast, _ := join(t, s, wire.V5, "fast")
		big := strings.Repeat("x", 60_000)
		var wg sync.WaitGroup
		wg.Go(func() {
			for range 50 {
				good.hears("q " + big + " q0")
			}
		})
		begin := time.Now()
		for range 50 { // 3 MB, and deaf takes nothing
			fast.publish(message("q", big, 0))
		}
		wg.Wait()
		if took := time.Since(begin); took > 200*time.Millisecond {
			t.Errorf("held up for %v", took)
		}
		if n := s.Stats().Dropped; n < 30 {
			t.Errorf("%d dropped: the outbox of the deaf client is not bounded", n)
		}
		time.Sleep(21 * time.Second) // its write has waited for too long
		deaf.closed(0)
		if st := s.Stats(); st.Connections != 2 {
			t.Errorf("%+v", st)
		}
	})
}

func TestASlowReaderOfQoS0GetsEverythingWhileItReads(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, s *server.Server) {
		slow, _ := join(t, s, wire.V5, "slow")
		slow.subscribe(wire.Filter{Filter: "q"})
		fast, _ := join(t, s, wire.V5, "fast")
		big := strings.Repeat("x", 60_000)
		var wg sync.WaitGroup
		wg.Go(func() {
			for range 100 {
				time.Sleep(10 * time.Millisecond)
				slow.hears("q " + big + " q0")
			}
		})
		for range 100 {
			fast.publish(message("q", big, 0))
		}
		wg.Wait()
		if n := s.Stats().Dropped; n != 0 {
			t.Errorf("%d dropped", n)
		}
	})
}

func TestTwoClientsThatFloodEachOtherDoNotLock(t *testing.T) {
	in(t, server.Options{MaxQueue: 10, MaxInflight: 2, ReceiveMaximum: 4}, func(t *testing.T, s *server.Server) {
		a, _ := join(t, s, wire.V5, "a")
		b, _ := join(t, s, wire.V5, "b")
		a.subscribe(wire.Filter{Filter: "a", QoS: 1})
		b.subscribe(wire.Filter{Filter: "b", QoS: 1})
		const n = 300
		run := func(d *device, to string) {
			var wg sync.WaitGroup
			tokens := make(chan struct{}, 4)
			wg.Go(func() {
				for i := range n {
					tokens <- struct{}{}
					p := message(to, "x", 1)
					p.ID = uint16(i + 1)
					d.publish(p)
				}
			})
			for got, acked := 0, 0; got < n || acked < n; {
				header, body := d.recv()
				switch wire.Kind(header >> 4) {
				case wire.PUBACK:
					if _, r, _ := wire.DecodeAck(wire.PUBACK, body, wire.V5); r.Failed() {
						t.Errorf("refused: %s", r)
						return
					}
					acked++
					<-tokens
				case wire.PUBLISH:
					got++
					var p wire.Publish
					if err := p.Decode(header, body, wire.V5, &wire.Properties{}); err != nil {
						t.Error(err)
					}
					wg.Go(func() { d.answer(wire.PUBACK, p.ID) })
				default:
					t.Errorf("packet %x", header)
					return
				}
			}
			wg.Wait()
		}
		var wg sync.WaitGroup
		wg.Go(func() { run(a, "b") })
		wg.Go(func() { run(b, "a") })
		wg.Wait()
		if st := s.Stats(); st.Stuck+st.Overflowed+st.Dropped != 0 {
			t.Errorf("%+v", st)
		}
	})
}

func TestTheMaximumPacketSizeOfTheReaderIsKept(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, s *server.Server) {
		d, _ := join(t, s, wire.V5, "c", func(p *wire.Connect) {
			p.Props.MaximumPacketSize = 64
			p.Props.TopicAliasMaximum = 5
			p.Props.Set(wire.MaximumPacketSize, wire.TopicAliasMaximum)
		})
		d.subscribe(wire.Filter{Filter: "q", QoS: 1})
		a, _ := join(t, s, wire.V5, "a")
		for qos := byte(0); qos < 2; qos++ {
			a.tell(message("q", strings.Repeat("x", 64), qos))
		}
		a.tell(message("q", "small", 1))
		p := d.hears("q small q1")
		if p.Props.TopicAlias != 1 {
			t.Errorf("alias %d: the one of a message not sent was used up", p.Props.TopicAlias)
		}
		if st := s.Stats(); st.Oversized != 2 || st.Queued != 1 {
			t.Errorf("%+v", st)
		}
	})
}

func TestATopicOf65535BytesPasses(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, s *server.Server) {
		var l log
		detach, err := s.Attach(&l, "#")
		if err != nil {
			t.Fatal(err)
		}
		defer detach()
		d, _ := join(t, s, wire.V5, "c")
		long := strings.Repeat("long", 65535/4+1)[:65535]
		d.subscribe(wire.Filter{Filter: long})
		go d.publish(retained(long, "x", 1)) // the answer comes while the packet is still being sent
		d.hears(long + " x q0")
		d.ack(wire.PUBACK, 5)
		if len(l.heard) != 1 {
			t.Errorf("the tap heard %d", len(l.heard))
		}
		deep := strings.Repeat("/", 65535)
		if got := d.subscribe(wire.Filter{Filter: deep}); got[0] != wire.TopicFilterInvalid {
			t.Errorf("a filter of 65,536 levels: %s", got[0])
		}
		if r := d.tell(message(deep, "x", 1)); r != wire.TopicNameInvalid {
			t.Errorf("a topic of 65,536 levels: %s", r)
		}
	})
}

func TestSubscriptionsOfOneClientAreBounded(t *testing.T) {
	in(t, server.Options{MaxSubscriptions: 3}, func(t *testing.T, s *server.Server) {
		d, _ := join(t, s, wire.V5, "c")
		for i := range 5 {
			got := d.subscribe(wire.Filter{Filter: fmt.Sprint(i)})[0]
			if got.Failed() != (i >= 3) || got.Failed() && got != wire.QuotaExceeded {
				t.Errorf("subscription %d: %s", i, got)
			}
		}
		if got := d.subscribe(wire.Filter{Filter: "0", QoS: 1})[0]; got != wire.GrantedQoS1 {
			t.Errorf("a known one: %s", got)
		}
	})
}
