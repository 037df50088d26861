package wire

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func allProps(k Kind) Properties {
	p := Properties{
		PayloadFormat: 1, RequestProblem: 1, RequestResponse: 1, MaximumQoS: 1, RetainAvailable: 1,
		WildcardAvailable: 1, SubIDAvailable: 1, SharedAvailable: 1, ServerKeepAlive: 60, ReceiveMaximum: 20,
		TopicAliasMaximum: 7, TopicAlias: 3, MessageExpiry: 11, SessionExpiry: 12, WillDelay: 13,
		MaximumPacketSize: 1000, ContentType: "text/plain", ResponseTopic: "re", AssignedClientID: "you",
		AuthMethod: "m", ResponseInfo: "ri", ServerReference: "sr", ReasonString: "because",
		CorrelationData: []byte{1, 2}, AuthData: []byte{3}, has: allowed(k) &^ set(User, SubscriptionID),
		User: []UserProperty{{"a", "1"}, {"a", "2"}},
	}
	if allowed(k)&set(SubscriptionID) != 0 {
		p.SubscriptionIDs = []uint32{268435455}
		if k == PUBLISH {
			p.SubscriptionIDs = []uint32{1, 300}
		}
	}
	return p
}

func body(t *testing.T, packet []byte) (byte, []byte) {
	t.Helper()
	h, b, n, _, err := Frame(packet, 1<<20)
	if err != nil || n != len(packet) {
		t.Fatalf("Frame of % x: %d of %d bytes, %v", packet, n, len(packet), err)
	}
	return h, b
}

func TestEveryPacketSurvivesARoundTripWithAllItsProperties(t *testing.T) {
	same := func(name string, packet []byte, again func(h byte, b []byte) ([]byte, error)) {
		t.Helper()
		got, err := again(body(t, packet))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !bytes.Equal(got, packet) {
			t.Errorf("%s:\n got % x\nwant % x", name, got, packet)
		}
	}
	c := Connect{
		Version: V5, CleanStart: true, KeepAlive: 30, ClientID: "c", HasUsername: true, Username: "u",
		HasPassword: true, Password: []byte("p"), Props: allProps(CONNECT),
		Will: &Will{Topic: "w", Payload: []byte("gone"), QoS: 2, Retain: true, Props: allProps(will)},
	}
	same("CONNECT", c.Append(nil), func(_ byte, b []byte) ([]byte, error) {
		var p Connect
		err := p.Decode(b)
		if diff := cmp.Diff(c.Will.Props.User, p.Will.Props.User); diff != "" {
			t.Error(diff)
		}
		return p.Append(nil), err
	})
	ack := Connack{SessionPresent: true, Reason: QuotaExceeded, Props: allProps(CONNACK)}
	same("CONNACK", ack.Append(nil, V5), func(_ byte, b []byte) ([]byte, error) {
		var p Connack
		err := p.Decode(b, V5)
		return p.Append(nil, V5), err
	})
	props := allProps(PUBLISH)
	pub := Publish{Dup: true, QoS: 1, Retain: true, ID: 9, Topic: []byte("a/b"), Payload: bytes.Repeat([]byte("x"), 300), Props: &props}
	same("PUBLISH", pub.Append(nil, V5), func(h byte, b []byte) ([]byte, error) {
		var p Publish
		var scratch Properties
		err := p.Decode(h, b, V5, &scratch)
		return p.Append(nil, V5), err
	})
	for _, k := range []Kind{PUBACK, PUBREC, PUBREL, PUBCOMP} {
		a := Ack{Kind: k, ID: 7, Reason: NoMatchingSubscribers, Props: allProps(k)}
		same("ack", a.Append(nil, V5), func(_ byte, b []byte) ([]byte, error) {
			p := Ack{Kind: k}
			err := p.Decode(b, V5)
			return p.Append(nil, V5), err
		})
	}
	sub := Subscribe{ID: 1, Props: allProps(SUBSCRIBE), Filters: []Filter{{"a/#", 2, true, true, 2}, {"+", 0, false, false, 0}}}
	same("SUBSCRIBE", sub.Append(nil, V5), func(_ byte, b []byte) ([]byte, error) {
		var p Subscribe
		err := p.Decode(b, V5)
		return p.Append(nil, V5), err
	})
	un := Unsubscribe{ID: 1, Props: allProps(UNSUBSCRIBE), Filters: []string{"a", "b"}}
	same("UNSUBSCRIBE", un.Append(nil, V5), func(_ byte, b []byte) ([]byte, error) {
		var p Unsubscribe
		err := p.Decode(b, V5)
		return p.Append(nil, V5), err
	})
	for _, k := range []Kind{SUBACK, UNSUBACK} {
		s := Suback{Kind: k, ID: 1, Reasons: []Reason{0, 1, 0x87}, Props: allProps(k)}
		same("SUBACK", s.Append(nil, V5), func(_ byte, b []byte) ([]byte, error) {
			p := Suback{Kind: k}
			err := p.Decode(b, V5)
			return p.Append(nil, V5), err
		})
	}
	d := Disconnect{Reason: ServerMoved, Props: allProps(DISCONNECT)}
	same("DISCONNECT", d.Append(nil, V5), func(_ byte, b []byte) ([]byte, error) {
		var p Disconnect
		err := p.Decode(b, V5)
		return p.Append(nil, V5), err
	})
}
