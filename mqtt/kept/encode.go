package kept

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"hutong/mqtt/tap"
	"hutong/mqtt/wire"
)

// Encode is flags, the expiry in Unix milliseconds (0 for none) and a PUBLISH packet of MQTT 5.
func (m *Message) Encode(flags byte) []byte {
	b := []byte{flags}
	var expires uint64
	if !m.Expires.IsZero() {
		expires = uint64(m.Expires.UnixMilli())
	}
	b = binary.BigEndian.AppendUint64(b, expires)
	var props wire.Properties
	p := wire.Publish{QoS: m.QoS, Payload: m.unpacked(), Props: m.Props.ToWire(&props)}
	if p.QoS > 0 {
		p.ID = 1
	}
	return wire.AppendPublish(b, wire.V5, &p, m.Topic)
}

// Decode reads what Encode wrote.
func Decode(b []byte) (m *Message, flags byte, err error) {
	if len(b) < 9 {
		return nil, 0, fmt.Errorf("message of %d bytes is too short", len(b))
	}
	header, body, n, _, err := wire.Frame(b[9:], 1<<28)
	if err != nil {
		return nil, 0, err
	}
	var p wire.Publish
	var props wire.Properties
	if n == 0 {
		return nil, 0, fmt.Errorf("message is cut off")
	}
	if err := p.Decode(header, body, wire.V5, &props); err != nil {
		return nil, 0, err
	}
	m = &Message{Topic: string(p.Topic), payload: slices.Clone(p.Payload), QoS: p.QoS, Props: tap.FromWire(p.Props)}
	if ms := binary.BigEndian.Uint64(b[1:]); ms != 0 {
		m.Expires = time.UnixMilli(int64(ms))
	}
	return m, b[0], nil
}
