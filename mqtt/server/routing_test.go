package server_test

import (
	"fmt"
	"slices"
	"testing"

	"hutong/mqtt/kept"
	"hutong/mqtt/server"
	"hutong/mqtt/tap"
	"hutong/mqtt/wire"
)

func TestOverlappingSubscriptionsGetOneCopyOfTheHighestQoS(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, s *server.Server) {
		d, _ := join(t, s, wire.V5, "c")
		d.subscribeAs(3, wire.Filter{Filter: "a/#", QoS: 2})
		d.subscribeAs(300, wire.Filter{Filter: "a/+", QoS: 1})
		d.subscribe(wire.Filter{Filter: "+/b", QoS: 0})
		a, _ := join(t, s, wire.V5, "a")
		a.tell(message("a/b", "x", 2))
		p := d.hears("a/b x q2")
		slices.Sort(p.Props.SubscriptionIDs)
		if !slices.Equal(p.Props.SubscriptionIDs, []uint32{3, 300}) {
			t.Errorf("subscription identifiers %v", p.Props.SubscriptionIDs)
		}
		d.silent()
	})
}

func TestNoLocalKeepsOnesOwnMessagesAway(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, s *server.Server) {
		a, _ := join(t, s, wire.V5, "a")
		b, _ := join(t, s, wire.V5, "b")
		a.subscribe(wire.Filter{Filter: "q", NoLocal: true})
		b.subscribe(wire.Filter{Filter: "q", NoLocal: true})
		a.publish(message("q", "x", 0))
		b.hears("q x q0")
		a.silent()
	})
}

func TestDollarTopicsAreNotMatchedByWildcards(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, s *server.Server) {
		d, _ := join(t, s, wire.V5, "c")
		d.subscribe(wire.Filter{Filter: "#"}, wire.Filter{Filter: "+/x"}, wire.Filter{Filter: "$a/#"})
		d.publish(message("$a/x", "1", 0))
		d.hears("$a/x 1 q0")
		d.publish(message("$b/x", "2", 0))
		d.silent()
	})
}

func TestASharedSubscriptionSharesEvenly(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, s *server.Server) {
		var members []*device
		for i := range 3 {
			d, _ := join(t, s, wire.V5, fmt.Sprint("m", i))
			d.subscribe(wire.Filter{Filter: "$share/g/q", QoS: 1})
			members = append(members, d)
		}
		other, _ := join(t, s, wire.V5, "other")
		other.subscribe(wire.Filter{Filter: "$share/other/q"}, wire.Filter{Filter: "q"})
		a, _ := join(t, s, wire.V5, "a")
		for i := range 6 {
			a.publish(message("q", fmt.Sprint(i), 0))
			other.hears(fmt.Sprintf("q %d q0", i))
			other.hears(fmt.Sprintf("q %d q0", i))
			members[i%3].hears(fmt.Sprintf("q %d q0", i))
		}
		for _, d := range members {
			d.silent()
		}
	})
}

func TestWhatAMemberOfASharedSubscriptionLeavesUndoneGoesToAnother(t *testing.T) {
	in(t, server.Options{MaxInflight: 1}, func(t *testing.T, s *server.Server) {
		one, _ := join(t, s, wire.V5, "one")
		one.subscribe(wire.Filter{Filter: "$share/g/q", QoS: 1})
		a, _ := join(t, s, wire.V5, "a")
		for i := range 3 {
			a.tell(message("q", fmt.Sprint(i), 1))
		}
		one.hears("q 0 q1") // and never acknowledges it
		two, _ := join(t, s, wire.V5, "two")
		two.subscribe(wire.Filter{Filter: "$share/g/q", QoS: 1})
		one.nc.Close()
		for i := range 3 {
			two.answer(wire.PUBACK, two.hears(fmt.Sprintf("q %d q1", i)).ID)
		}
		two.silent()
	})
}

func TestAnAbsentMemberGetsAMessageOnlyWhenNobodyElseIsThere(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, s *server.Server) {
		away, _ := join(t, s, wire.V5, "away", keepSession)
		away.subscribe(wire.Filter{Filter: "$share/g/q", QoS: 1})
		here, _ := join(t, s, wire.V5, "here")
		here.subscribe(wire.Filter{Filter: "$share/g/q", QoS: 1})
		away.leave(0)
		a, _ := join(t, s, wire.V5, "a")
		for i := range 3 {
			a.tell(message("q", fmt.Sprint(i), 1))
			here.answer(wire.PUBACK, here.hears(fmt.Sprintf("q %d q1", i)).ID)
		}
		here.leave(0)
		a.tell(message("q", "3", 1))
		away, _ = join(t, s, wire.V5, "away", keepSession)
		away.hears("q 3 q1")
		away.silent()
	})
}

func TestTopicAliasesWorkBothWays(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, s *server.Server) {
		d, _ := join(t, s, wire.V5, "c", func(p *wire.Connect) {
			p.Props.TopicAliasMaximum = 1
			p.Props.Set(wire.TopicAliasMaximum)
		})
		d.subscribe(wire.Filter{Filter: "#"})
		a, _ := join(t, s, wire.V5, "a")
		alias := func(name string) wire.Publish {
			p := message(name, "x", 0)
			p.Props = &wire.Properties{TopicAlias: 4}
			p.Props.Set(wire.TopicAlias)
			return p
		}
		a.publish(alias("first"))
		if p := d.hears("first x q0"); p.Props.TopicAlias != 1 {
			t.Errorf("alias %d", p.Props.TopicAlias)
		}
		a.publish(alias(""))
		if p := d.hears(" x q0"); p.Props.TopicAlias != 1 {
			t.Errorf("alias %d", p.Props.TopicAlias)
		}
		a.publish(alias("second"))
		if p := d.hears("second x q0"); p.Props != nil && p.Props.TopicAlias != 0 {
			t.Errorf("alias %d beyond the maximum", p.Props.TopicAlias)
		}
		a.publish(alias(""))
		d.hears("second x q0")
	})
}

func TestPropertiesTravelUnchanged(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, s *server.Server) {
		d, _ := join(t, s, wire.V5, "c")
		d.subscribe(wire.Filter{Filter: "q", QoS: 2})
		a, _ := join(t, s, wire.V5, "a")
		for qos := range byte(3) {
			p := message("q", "x", qos)
			p.Props = &wire.Properties{
				PayloadFormat: 1, ContentType: "text/plain", ResponseTopic: "re", CorrelationData: []byte{0, 1},
				User: []wire.UserProperty{{Name: "a", Value: "1"}, {Name: "a", Value: "2"}},
			}
			p.Props.Set(wire.PayloadFormat, wire.ContentType, wire.ResponseTopic, wire.CorrelationData)
			a.tell(p)
			got := d.hears(fmt.Sprintf("q x q%d", qos)).Props
			if got.PayloadFormat != 1 || got.ContentType != "text/plain" || got.ResponseTopic != "re" ||
				string(got.CorrelationData) != "\x00\x01" || !slices.Equal(got.User, p.Props.User) {
				t.Errorf("QoS %d: %+v", qos, got)
			}
		}
	})
}

func TestAPublisherHearsThatNobodyListens(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, s *server.Server) {
		a, _ := join(t, s, wire.V5, "a")
		if r := a.tell(message("q", "x", 1)); r != wire.NoMatchingSubscribers {
			t.Errorf("QoS 1: %s", r)
		}
		a.subscribe(wire.Filter{Filter: "q"})
		a.publish(message("q", "x", 1))
		a.hears("q x q0")
		if r := a.ack(wire.PUBACK, 5); r != wire.Success {
			t.Errorf("with a reader: %s", r)
		}
	})
}

func TestPublishInTheProcessReachesClientsAndIsRetained(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, s *server.Server) {
		d, _ := join(t, s, wire.V5, "c")
		d.subscribe(wire.Filter{Filter: "q", QoS: 2})
		for qos := range byte(3) {
			if err := s.Publish(t.Context(), &tap.Message{Topic: "q", Payload: []byte("x"), QoS: qos, Retain: true}); err != nil {
				t.Error(err)
			}
			d.hears(fmt.Sprintf("q x q%d", qos))
		}
		late, _ := join(t, s, wire.V311, "late")
		late.subscribe(wire.Filter{Filter: "q"})
		late.hears("q x q0 retained")
	})
}

func TestAFullSharedSubscriptionRefusesThePublisher(t *testing.T) {
	in(t, server.Options{MaxQueue: 2}, func(t *testing.T, s *server.Server) {
		busy, _ := join(t, s, wire.V5, "busy")
		busy.subscribe(wire.Filter{Filter: "$share/g/q", QoS: 1})
		here, _ := join(t, s, wire.V5, "here")
		here.subscribe(wire.Filter{Filter: "q"})
		for i := range 3 {
			here.publish(message("q", fmt.Sprint(i), 1))
		}
		here.hears("q 0 q0")
		here.hears("q 1 q0")
		here.silent()
		for i := range 2 {
			busy.answer(wire.PUBACK, busy.hears(fmt.Sprintf("q %d q1", i)).ID)
		}
		for i, want := range []wire.Reason{0, 0, wire.QuotaExceeded} {
			if r := here.ack(wire.PUBACK, 5); r != want {
				t.Errorf("message %d: %s", i, r)
			}
		}
		here.silent()
		busy.silent()
	})
}

func TestASessionIsNotGivenToAnotherUser(t *testing.T) {
	user := func(name string) func(p *wire.Connect) {
		return func(p *wire.Connect) { p.HasUsername, p.Username = true, name }
	}
	store := &kept.MemoryStore{}
	in(t, server.Options{Store: store}, func(t *testing.T, s *server.Server) {
		ann, _ := join(t, s, wire.V5, "c", keepSession, user("ann"))
		ann.subscribe(wire.Filter{Filter: "private", QoS: 1})
		ann.leave(0)
		if err := s.Publish(t.Context(), &tap.Message{Topic: "private", QoS: 1}); err != nil {
			t.Fatal(err)
		}
	})
	in(t, server.Options{Store: store}, func(t *testing.T, s *server.Server) {
		bob, ack := join(t, s, wire.V5, "c", keepSession, user("bob"))
		if ack.SessionPresent {
			t.Error("bob got ann's session")
		}
		bob.silent()
	})
}
