package server_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"hutong/mqtt/kept"
	"hutong/mqtt/server"
	"hutong/mqtt/wire"
)

func expiry(seconds uint32) func(p *wire.Connect) {
	return func(p *wire.Connect) {
		p.CleanStart = false
		p.Props.SessionExpiry = seconds
		p.Props.Set(wire.SessionExpiry)
	}
}

func (d *device) leave(reason wire.Reason) {
	d.t.Helper()
	d.send((&wire.Disconnect{Reason: reason}).Append(nil, d.v))
	d.closed(0)
	synctest.Wait()
}

func TestASessionLivesAsLongAsItsExpiry(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, s *server.Server) {
		f := func(seconds uint32, away time.Duration, want bool) {
			t.Helper()
			d, _ := join(t, s, wire.V5, "c", expiry(seconds), func(p *wire.Connect) { p.CleanStart = true })
			d.leave(0)
			time.Sleep(away)
			d, ack := join(t, s, wire.V5, "c", expiry(0))
			if ack.SessionPresent != want {
				t.Errorf("expiry %d s, away %v: present %v", seconds, away, ack.SessionPresent)
			}
			d.leave(0)
		}
		f(0, 0, false)
		f(5, 4*time.Second, true)
		f(5, 6*time.Second, false)
		f(1<<32-1, 29*24*time.Hour, true)
		f(1<<32-1, 31*24*time.Hour, false)
	})
}

func TestDisconnectMayChangeTheExpiry(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, s *server.Server) {
		d, _ := join(t, s, wire.V5, "c", expiry(5))
		bye := wire.Disconnect{}
		bye.Props.SessionExpiry = 100
		bye.Props.Set(wire.SessionExpiry)
		d.send(bye.Append(nil, wire.V5))
		d.closed(0)
		time.Sleep(50 * time.Second)
		if _, ack := join(t, s, wire.V5, "c", expiry(5)); !ack.SessionPresent {
			t.Error("the session did not get its longer life")
		}
	})
}

func TestAnAbsentClientGetsItsMessagesInOrder(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, s *server.Server) {
		d, _ := join(t, s, wire.V5, "c", keepSession)
		d.subscribe(wire.Filter{Filter: "q/#", QoS: 2})
		d.leave(0)
		a, _ := join(t, s, wire.V5, "a")
		a.tell(message("q/0", "lost", 0))
		for i := range 3 {
			a.tell(message("q/1", fmt.Sprint(i), 1))
			a.tell(message("q/2", fmt.Sprint(i), 2))
		}
		if n := s.Stats().Queued; n != 6 {
			t.Errorf("%d queued", n)
		}
		d, ack := join(t, s, wire.V5, "c", keepSession)
		if !ack.SessionPresent {
			t.Fatal("no session")
		}
		for i := range 3 {
			d.answer(wire.PUBACK, d.hears(fmt.Sprintf("q/1 %d q1", i)).ID)
			d.hears(fmt.Sprintf("q/2 %d q2", i))
		}
		d.silent()
	})
}

func TestWhatWasNotAcknowledgedIsSentAgain(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, s *server.Server) {
		a, _ := join(t, s, wire.V5, "a")
		d, _ := join(t, s, wire.V5, "c", keepSession)
		d.subscribe(wire.Filter{Filter: "q", QoS: 2})
		a.tell(message("q", "one", 1))
		one := d.hears("q one q1").ID
		a.tell(message("q", "two", 2))
		two := d.hears("q two q2").ID
		a.tell(message("q", "three", 2))
		three := d.hears("q three q2").ID
		d.answer(wire.PUBREC, three)
		d.ack(wire.PUBREL, three)
		d.nc.Close() // three is released but not complete
		synctest.Wait()

		d, _ = join(t, s, wire.V5, "c", keepSession)
		d.ack(wire.PUBREL, three)
		if p := d.hears("q one q1 again"); p.ID != one {
			t.Errorf("identifier %d, was %d", p.ID, one)
		}
		if p := d.hears("q two q2 again"); p.ID != two {
			t.Errorf("identifier %d, was %d", p.ID, two)
		}
		d.answer(wire.PUBCOMP, three)
		d.answer(wire.PUBACK, one)
		d.answer(wire.PUBREC, two)
		d.ack(wire.PUBREL, two)
		d.answer(wire.PUBCOMP, two)
		synctest.Wait()
		if n := s.Stats().Queued; n != 0 {
			t.Errorf("%d still queued", n)
		}
		d.answer(wire.PUBREC, 999)
		if r := d.ack(wire.PUBREL, 999); r != wire.PacketIDNotFound {
			t.Errorf("PUBREL says %s", r)
		}
	})
}

func TestAQoS2MessageSentTwiceArrivesOnce(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, s *server.Server) {
		var l log
		detach, err := s.Attach(&l, "#")
		if err != nil {
			t.Fatal(err)
		}
		defer detach()
		d, _ := join(t, s, wire.V5, "c", keepSession)
		p := message("x", "1", 2)
		d.publish(p)
		d.ack(wire.PUBREC, p.ID)
		p.Dup = true
		d.publish(p)
		d.ack(wire.PUBREC, p.ID)
		d.nc.Close()
		synctest.Wait()
		d, _ = join(t, s, wire.V5, "c", keepSession)
		d.publish(p)
		d.ack(wire.PUBREC, p.ID)
		d.answer(wire.PUBREL, p.ID)
		if r := d.ack(wire.PUBCOMP, p.ID); r != 0 {
			t.Error(r)
		}
		d.answer(wire.PUBREL, p.ID)
		if r := d.ack(wire.PUBCOMP, p.ID); r != wire.PacketIDNotFound {
			t.Errorf("a second PUBREL is answered with %s", r)
		}
		if len(l.heard) != 1 {
			t.Errorf("heard %v", l.heard)
		}
	})
}

func TestTheReceiveMaximumOfTheReaderIsKept(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, s *server.Server) {
		d, _ := join(t, s, wire.V5, "c", func(p *wire.Connect) {
			p.Props.ReceiveMaximum = 2
			p.Props.Set(wire.ReceiveMaximum)
		})
		d.subscribe(wire.Filter{Filter: "q", QoS: 2})
		a, _ := join(t, s, wire.V5, "a")
		for i := range 4 {
			a.tell(message("q", fmt.Sprint(i), 1+byte(i)%2))
		}
		zero := d.hears("q 0 q1").ID
		one := d.hears("q 1 q2").ID
		d.silent()
		a.publish(message("q", "at once", 0))
		d.hears("q at once q0")
		d.answer(wire.PUBREC, one)
		d.ack(wire.PUBREL, one)
		d.silent() // a released message still counts
		d.answer(wire.PUBACK, zero)
		d.hears("q 2 q1")
		d.answer(wire.PUBCOMP, one)
		d.hears("q 3 q2")
	})
}

func TestAWillWaitsForItsDelayOrTheEndOfTheSession(t *testing.T) {
	will := func(delay uint32) func(p *wire.Connect) {
		return func(p *wire.Connect) {
			p.Will = &wire.Will{Topic: "will", Payload: []byte("gone"), Retain: true}
			p.Will.Props.WillDelay = delay
			p.Will.Props.User = []wire.UserProperty{{Name: "a", Value: "1"}}
			p.Will.Props.Set(wire.WillDelay)
		}
	}
	in(t, server.Options{}, func(t *testing.T, s *server.Server) {
		reader, _ := join(t, s, wire.V5, "reader")
		reader.subscribe(wire.Filter{Filter: "will"})
		f := func(session, delay uint32, want time.Duration) {
			t.Helper()
			d, _ := join(t, s, wire.V5, "c", expiry(session), will(delay))
			d.nc.Close()
			begin := time.Now()
			p := reader.hears("will gone q0")
			if took := time.Since(begin); took != want {
				t.Errorf("session %d s, delay %d s: published after %v", session, delay, took)
			}
			if len(p.Props.User) != 1 {
				t.Errorf("user properties %v", p.Props.User)
			}
			time.Sleep(time.Minute)
		}
		f(0, 0, 0)
		f(10, 0, 0)
		f(10, 3, 3*time.Second)
		f(2, 5, 2*time.Second)
		f(0, 5, 0)

		d, _ := join(t, s, wire.V5, "c", expiry(60), will(10))
		d.nc.Close()
		time.Sleep(5 * time.Second)
		d, _ = join(t, s, wire.V5, "c", expiry(60)) // back in time
		time.Sleep(time.Minute)
		reader.silent()
		d.leave(0)

		d, _ = join(t, s, wire.V5, "c", expiry(0), will(0))
		d.leave(0) // a goodbye is no loss
		reader.silent()
		d, _ = join(t, s, wire.V5, "c", expiry(0), will(0))
		d.leave(wire.DisconnectWithWill)
		reader.hears("will gone q0")
		d, _ = join(t, s, wire.V5, "c", expiry(60), will(30))
		d.nc.Close()
		synctest.Wait()
		join(t, s, wire.V5, "c") // a clean start ends the session
		reader.hears("will gone q0")
		reader.subscribe(wire.Filter{Filter: "will"})
		reader.hears("will gone q0 retained")
	})
}

func TestAMessageTooOldForAnAbsentClientIsNotSent(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, s *server.Server) {
		d, _ := join(t, s, wire.V5, "c", keepSession)
		d.subscribe(wire.Filter{Filter: "q", QoS: 1})
		d.leave(0)
		a, _ := join(t, s, wire.V5, "a")
		for _, seconds := range []uint32{1, 6} {
			p := message("q", fmt.Sprint(seconds), 1)
			p.Props = &wire.Properties{MessageExpiry: seconds}
			p.Props.Set(wire.MessageExpiry)
			a.tell(p)
		}
		time.Sleep(3 * time.Second)
		d, _ = join(t, s, wire.V5, "c", keepSession)
		if p := d.hears("q 6 q1"); p.Props.MessageExpiry != 3 {
			t.Errorf("expiry %d, want what is left: 3", p.Props.MessageExpiry)
		}
		d.silent()
	})
}

func TestEverythingDurableSurvivesARestart(t *testing.T) {
	store := &kept.MemoryStore{}
	o := server.Options{Store: store}
	var sent, received uint16 = 0, 5
	in(t, o, func(t *testing.T, s *server.Server) {
		a, _ := join(t, s, wire.V5, "a", keepSession)
		a.tell(retained("r/1", "kept", 1))
		a.tell(retained("r/2", "x", 1))
		a.tell(retained("r/2", "", 1))
		a.publish(wire.Publish{Topic: []byte("none"), QoS: 2, ID: received})
		a.ack(wire.PUBREC, received)
		d, _ := join(t, s, wire.V5, "c/with/slashes", keepSession)
		d.subscribeAs(9, wire.Filter{Filter: "q/+", QoS: 2})
		d.subscribe(wire.Filter{Filter: "given up"})
		d.send((&wire.Unsubscribe{ID: 1, Filters: []string{"given up"}}).Append(nil, wire.V5))
		if h, _ := d.recv(); wire.Kind(h>>4) != wire.UNSUBACK {
			t.Fatalf("packet %x", h)
		}
		a.tell(wire.Publish{Topic: []byte("q/1"), Payload: []byte("sent"), QoS: 2, ID: 8})
		sent = d.hears("q/1 sent q2").ID
		d.leave(0)
		p := message("q/2", "queued", 1)
		p.Props = &wire.Properties{User: []wire.UserProperty{{Name: "k", Value: "v"}}, CorrelationData: []byte{1}}
		p.Props.Set(wire.CorrelationData)
		a.tell(p)
		join(t, s, wire.V5, "fleeting")
	})
	in(t, o, func(t *testing.T, s *server.Server) {
		if st := s.Stats(); st.Sessions != 2 || st.Subscriptions != 1 || st.Retained != 1 || st.Queued != 2 {
			t.Errorf("%+v", st)
		}
		var l log
		detach, err := s.Attach(&l, "none")
		if err != nil {
			t.Fatal(err)
		}
		defer detach()
		a, ack := join(t, s, wire.V5, "a", keepSession)
		if !ack.SessionPresent {
			t.Error("session of a is gone")
		}
		a.publish(wire.Publish{Topic: []byte("none"), QoS: 2, ID: received, Dup: true})
		a.ack(wire.PUBREC, received)
		if len(l.heard) != 0 {
			t.Errorf("a QoS 2 message came twice: %v", l.heard)
		}
		a.tell(message("q/3", "live", 1))
		d, ack := join(t, s, wire.V5, "c/with/slashes", keepSession)
		if !ack.SessionPresent {
			t.Error("session of c is gone")
		}
		if p := d.hears("q/1 sent q2 again"); p.ID != sent {
			t.Errorf("identifier %d, was %d", p.ID, sent)
		}
		p := d.hears("q/2 queued q1")
		if len(p.Props.User) != 1 || len(p.Props.CorrelationData) != 1 || p.Props.SubscriptionIDs[0] != 9 {
			t.Errorf("properties %+v", p.Props)
		}
		d.answer(wire.PUBACK, p.ID)
		d.answer(wire.PUBACK, d.hears("q/3 live q1").ID)
		d.answer(wire.PUBREC, sent)
		d.ack(wire.PUBREL, sent)
		d.answer(wire.PUBCOMP, sent)
		d.subscribe(wire.Filter{Filter: "r/#"})
		d.hears("r/1 kept q0 retained")
		d.silent()
		a.tell(retained("r/1", "", 1))
		for _, d := range []*device{a, d} {
			bye := wire.Disconnect{}
			bye.Props.Set(wire.SessionExpiry)
			d.send(bye.Append(nil, wire.V5))
			d.closed(0)
		}
		synctest.Wait()
		if n := store.Len(); n != 0 {
			_ = store.All(func(key string, _ []byte) bool { t.Logf("left: %s", key); return true })
			t.Errorf("%d records left when nothing is to be kept", n)
		}
	})
}

func TestASessionExpiresOverARestart(t *testing.T) {
	store := &kept.MemoryStore{}
	in(t, server.Options{Store: store}, func(t *testing.T, s *server.Server) {
		d, _ := join(t, s, wire.V5, "c", expiry(60))
		d.subscribe(wire.Filter{Filter: "q", QoS: 1})
		d.leave(0)
	})
	in(t, server.Options{Store: store}, func(t *testing.T, s *server.Server) {
		time.Sleep(61 * time.Second)
		synctest.Wait()
		if st := s.Stats(); st.Sessions != 0 || st.Subscriptions != 0 || store.Len() != 0 {
			t.Errorf("%+v, %d records", st, store.Len())
		}
	})
}

func TestWhatExpiredDuringARestartIsForgotten(t *testing.T) {
	store := &kept.MemoryStore{}
	in(t, server.Options{Store: store}, func(t *testing.T, s *server.Server) {
		a, _ := join(t, s, wire.V5, "a")
		p := retained("r", "x", 1)
		p.Props = &wire.Properties{MessageExpiry: 1}
		p.Props.Set(wire.MessageExpiry)
		a.tell(p)
		time.Sleep(2 * time.Second)
		next, err := server.New(server.Options{Store: store})
		if err != nil {
			t.Fatal(err)
		}
		if st := next.Stats(); st.Retained != 0 || store.Len() != 0 {
			t.Errorf("%+v, %d records", st, store.Len())
		}
		shut(t, next)
	})
}

func TestADamagedRecordIsForgottenAndTheRestIsRead(t *testing.T) {
	store := &kept.MemoryStore{}
	for _, key := range []string{"retained/x", "session/x", "queue/x/1", "queue/zz", "received/x/y", "queue/x/0000000000000001"} {
		store.Put(key, []byte("\x01junk"))
	}
	store.Put("another's", nil)
	in(t, server.Options{Store: store}, func(t *testing.T, s *server.Server) {
		if st := s.Stats(); st.Sessions != 0 || st.Retained != 0 {
			t.Errorf("%+v", st)
		}
		if store.Len() != 1 {
			t.Errorf("%d records left", store.Len())
		}
	})
}
