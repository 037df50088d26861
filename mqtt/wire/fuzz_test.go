package wire

import (
	"bytes"
	"testing"
)

// packets are one of each kind, for the fuzzers to start from.
func packets() [][]byte {
	c := Connect{
		Version: V5, CleanStart: true, ClientID: "c", HasUsername: true, Username: "u", Props: allProps(CONNECT),
		Will: &Will{Topic: "w", Payload: []byte("gone"), QoS: 1, Props: allProps(will)},
	}
	props := allProps(PUBLISH)
	pub := Publish{QoS: 1, ID: 9, Topic: []byte("a/b"), Payload: []byte("x"), Props: &props}
	return [][]byte{
		c.Append(nil), pub.Append(nil, V5), pub.Append(nil, V311),
		(&Connack{Props: allProps(CONNACK)}).Append(nil, V5),
		(&Ack{Kind: PUBACK, ID: 1, Reason: QuotaExceeded, Props: allProps(PUBACK)}).Append(nil, V5),
		(&Subscribe{ID: 1, Props: allProps(SUBSCRIBE), Filters: []Filter{{"a/#", 2, true, true, 2}}}).Append(nil, V5),
		(&Unsubscribe{ID: 1, Filters: []string{"a"}}).Append(nil, V5),
		(&Suback{Kind: SUBACK, ID: 1, Reasons: []Reason{0, 0x87}}).Append(nil, V5),
		(&Disconnect{Reason: ServerMoved, Props: allProps(DISCONNECT)}).Append(nil, V5),
		AppendEmpty(nil, PINGREQ),
	}
}

// FuzzPackets feeds any bytes to every decoder. What is accepted must survive being written and read again.
func FuzzPackets(f *testing.F) {
	for _, p := range packets() {
		f.Add(p, byte(5))
		f.Add(p, byte(4))
	}
	f.Fuzz(func(t *testing.T, data []byte, version byte) {
		if version != V5 {
			version = V311
		}
		for len(data) > 0 {
			header, body, n, _, err := Frame(data, 1<<16)
			if err != nil || n == 0 {
				return
			}
			if n > len(data) {
				t.Fatalf("a packet of %d in %d bytes", n, len(data))
			}
			if CheckFlags(header, version) == nil {
				again(t, header, body, version)
			}
			data = data[n:]
		}
	})
}

func again(t *testing.T, header byte, body []byte, version byte) {
	first, err := rewrite(header, body, version)
	if err != nil || first == nil {
		return
	}
	h, b, n, _, err := Frame(first, 1<<20)
	if err != nil || n != len(first) {
		t.Fatalf("% x was accepted and written as % x, which is %d of %d bytes: %v", body, first, n, len(first), err)
	}
	second, err := rewrite(h, b, version)
	if err != nil {
		t.Fatalf("% x was accepted and written as % x, which is not: %v", body, first, err)
	}
	if !bytes.Equal(first, second) {
		t.Fatalf("% x became % x, then % x", body, first, second)
	}
}

// rewrite reads a packet and writes it.
func rewrite(header byte, body []byte, v byte) ([]byte, error) {
	switch k := Kind(header >> 4); k {
	case CONNECT:
		var p Connect
		err := p.Decode(body)
		return p.Append(nil), err
	case CONNACK:
		var p Connack
		err := p.Decode(body, v)
		return p.Append(nil, v), err
	case PUBLISH:
		var p Publish
		err := p.Decode(header, body, v, &Properties{})
		return p.Append(nil, v), err
	case PUBACK, PUBREC, PUBREL, PUBCOMP:
		p := Ack{Kind: k}
		err := p.Decode(body, v)
		return p.Append(nil, v), err
	case SUBSCRIBE:
		var p Subscribe
		err := p.Decode(body, v)
		return p.Append(nil, v), err
	case UNSUBSCRIBE:
		var p Unsubscribe
		err := p.Decode(body, v)
		return p.Append(nil, v), err
	case SUBACK, UNSUBACK:
		p := Suback{Kind: k}
		err := p.Decode(body, v)
		return p.Append(nil, v), err
	case DISCONNECT:
		var p Disconnect
		err := p.Decode(body, v)
		return p.Append(nil, v), err
	}
	return nil, nil
}
