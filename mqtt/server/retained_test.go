package server_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hutong/mqtt/server"
	"hutong/mqtt/tap"
	"hutong/mqtt/wire"
)

func retained(name, payload string, qos byte) wire.Publish {
	p := message(name, payload, qos)
	p.Retain = true
	return p
}

func TestRetainedMessagesGreetANewSubscription(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, s *server.Server) {
		a, _ := join(t, s, wire.V5, "a")
		a.tell(retained("r/1", "old", 1))
		a.tell(retained("r/1", "new", 1))
		a.tell(retained("r/2", "x", 2))
		a.tell(retained("r/3", "y", 1))
		a.tell(retained("r/3", "", 1)) // forgotten
		a.tell(retained("$hidden", "z", 1))
		for _, version := range []byte{wire.V311, wire.V5} {
			b, _ := join(t, s, version, "b")
			b.subscribe(wire.Filter{Filter: "#", QoS: 1})
			for _, want := range []string{"r/1 new q1 retained", "r/2 x q1 retained"} {
				b.answer(wire.PUBACK, b.hears(want).ID)
			}
			b.silent()
			b.subscribe(wire.Filter{Filter: "r/+", QoS: 0})
			b.hears("r/1 new q0 retained")
			b.hears("r/2 x q0 retained")
			b.silent()
		}
		if st := s.Stats(); st.Retained != 3 {
			t.Errorf("%d retained, want 3", st.Retained)
		}
	})
}

func TestRetainHandlingSaysWhoIsGreeted(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, s *server.Server) {
		a, _ := join(t, s, wire.V5, "a")
		a.tell(retained("r", "x", 1))
		f := func(handling byte, first, second bool) {
			t.Helper()
			b, _ := join(t, s, wire.V5, "b")
			for _, want := range []bool{first, second} {
				b.subscribe(wire.Filter{Filter: "r", RetainHandling: handling})
				if want {
					b.hears("r x q0 retained")
				}
				b.silent()
			}
		}
		f(0, true, true)
		f(1, true, false)
		f(2, false, false)
	})
}

func TestTheRetainFlagIsKeptOnlyForThoseWhoAsked(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, s *server.Server) {
		a, _ := join(t, s, wire.V5, "a")
		b, _ := join(t, s, wire.V5, "b")
		b.subscribe(wire.Filter{Filter: "plain"}, wire.Filter{Filter: "asis", RetainAsPublished: true})
		a.publish(retained("plain", "1", 0))
		b.hears("plain 1 q0")
		a.publish(retained("asis", "2", 0))
		b.hears("asis 2 q0 retained")
		a.publish(message("asis", "3", 0))
		b.hears("asis 3 q0")
	})
}

func TestRetainedMessagesExpire(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, s *server.Server) {
		a, _ := join(t, s, wire.V5, "a")
		p := retained("r", "x", 1)
		p.Props = &wire.Properties{MessageExpiry: 10}
		p.Props.Set(wire.MessageExpiry)
		a.tell(p)
		time.Sleep(4 * time.Second)
		b, _ := join(t, s, wire.V5, "b")
		b.subscribe(wire.Filter{Filter: "r"})
		if got := b.hears("r x q0 retained"); got.Props.MessageExpiry != 6 {
			t.Errorf("expiry %d, want what is left: 6", got.Props.MessageExpiry)
		}
		time.Sleep(6 * time.Second)
		b.subscribe(wire.Filter{Filter: "r"})
		b.silent()
		time.Sleep(time.Minute)
		if st := s.Stats(); st.Retained != 0 || st.Expired != 1 {
			t.Errorf("%+v", st)
		}
	})
}

func TestARetainedMessageBeyondTheLimitIsRefusedNotAcknowledged(t *testing.T) {
	in(t, server.Options{MaxRetained: 2, MaxRetainedBytes: 2000}, func(t *testing.T, s *server.Server) {
		a, _ := join(t, s, wire.V5, "a")
		f := func(p wire.Publish, want wire.Reason) {
			t.Helper()
			if got := a.tell(p); got.Failed() != want.Failed() || want.Failed() && got != want {
				t.Errorf("%s: %s, want %s", p.Topic, got, want)
			}
		}
		f(retained("1", "x", 1), wire.Success)
		f(retained("2", "x", 1), wire.Success)
		f(retained("3", "x", 1), wire.QuotaExceeded)
		f(retained("1", strings.Repeat("x", 3000), 1), wire.QuotaExceeded)
		f(retained("1", "y", 1), wire.Success)
		f(retained("2", "", 1), wire.Success)
		f(retained("3", "x", 1), wire.Success)
		old, _ := join(t, s, wire.V311, "old")
		old.publish(retained("4", "x", 1))
		old.closed(0)
		if n := s.Stats().Overflowed; n != 3 {
			t.Errorf("%d counted, want 3", n)
		}
	})
}

func TestALiveMessageDoesNotOvertakeRetainedOnes(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, s *server.Server) {
		a, _ := join(t, s, wire.V5, "a")
		big := strings.Repeat("x", 4000)
		for i := range 200 { // more than fits into an outbox
			a.tell(retained(fmt.Sprintf("r/%03d", i), big, 1))
		}
		b, _ := join(t, s, wire.V5, "b")
		b.subscribe(wire.Filter{Filter: "r/#"})
		a.publish(message("r/199", "live", 0))
		a.tell(message("elsewhere", "", 1)) // the server has seen both
		for i := range 200 {
			b.hears(fmt.Sprintf("r/%03d %s q0 retained", i, big))
		}
		b.hears("r/199 live q0")
	})
}

func TestATapHearsRetainedMessagesFirst(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, s *server.Server) {
		a, _ := join(t, s, wire.V5, "a")
		a.tell(retained("x/1", "one", 1))
		a.tell(retained("y", "two", 1))
		var l log
		detach, err := s.Attach(&l, "x/#", "+/1")
		if err != nil {
			t.Fatal(err)
		}
		a.tell(retained("x/1", "three", 1))
		a.tell(message("x/1", "four", 1))
		a.tell(message("x/1", "five", 0))
		a.tell(message("y", "six", 1))
		if err := s.Publish(t.Context(), &tap.Message{Topic: "x/1", Payload: []byte("own")}); err != nil {
			t.Error(err)
		}
		detach()
		a.tell(message("x/1", "seven", 1))
		want := "x/1 one q1 retained,x/1 three q1,x/1 four q1,x/1 five q0"
		if got := strings.Join(l.heard, ","); got != want {
			t.Errorf("heard %s\n want %s", got, want)
		}
		if _, err := s.Attach(&l, "a/#/b"); err == nil {
			t.Error("a bad filter was taken")
		}
	})
}

func TestATapIsAskedOnceForEachConnectionAndTopicUntilForget(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, s *server.Server) {
		var l log
		detach, err := s.Attach(&l, "#")
		if err != nil {
			t.Fatal(err)
		}
		defer detach()
		a, _ := join(t, s, wire.V5, "a")
		for i := range 5 {
			a.tell(message("t", "x", 1))
			a.subscribe(wire.Filter{Filter: fmt.Sprintf("other/%d", i)}) // subscriptions are not the Tap's business
		}
		if len(l.asked) != 1 {
			t.Errorf("asked %v", l.asked)
		}
		s.Forget()
		a.tell(message("t", "x", 1))
		a.tell(message("t", "x", 1))
		b, _ := join(t, s, wire.V5, "b")
		b.tell(message("t", "x", 1))
		if len(l.asked) != 3 || len(l.heard) != 8 {
			t.Errorf("asked %v, heard %d", l.asked, len(l.heard))
		}
	})
}

func TestWhatCannotBeKeptIsNotAcknowledged(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, s *server.Server) {
		l := log{result: wire.QuotaExceeded}
		detach, err := s.Attach(&l, "disk/#")
		if err != nil {
			t.Fatal(err)
		}
		defer detach()
		a, _ := join(t, s, wire.V5, "a")
		for qos := byte(1); qos <= 2; qos++ {
			if r := a.tell(message("disk/x", "1", qos)); r != wire.QuotaExceeded {
				t.Errorf("QoS %d: %s", qos, r)
			}
		}
		if r := a.tell(message("elsewhere", "1", 1)); r.Failed() {
			t.Errorf("a message the Tap did not take: %s", r)
		}
		old, _ := join(t, s, wire.V311, "old")
		old.publish(message("disk/x", "1", 1))
		old.closed(0)
		if n := s.Stats().Unkept; n != 3 {
			t.Errorf("%d counted, want 3", n)
		}
	})
}
