package wire

import (
	"encoding/binary"
)

// Connect is a CONNECT packet (3.1).
type Connect struct {
	Version     byte
	CleanStart  bool // "clean session" in MQTT 3.1.1
	KeepAlive   uint16
	ClientID    string
	HasUsername bool
	Username    string
	HasPassword bool
	Password    []byte
	Will        *Will
	Props       Properties
}

// Will is the message a server publishes when the client is lost (3.1.2.5).
type Will struct {
	Topic   string
	Payload []byte
	QoS     byte
	Retain  bool
	Props   Properties
}

// Decode reads the body of a CONNECT. A protocol or version that is not known is an Error with UnsupportedVersion.
func (c *Connect) Decode(body []byte) error {
	r := &reader{b: body}
	name := string(r.text())
	c.Version = r.byte()
	if r.err != nil {
		return r.err
	}
	if name != "MQTT" || (c.Version != V311 && c.Version != V5) {
		return &Error{UnsupportedVersion, "only MQTT 3.1.1 and 5 are spoken here"}
	}
	flags := r.byte()
	if r.err == nil && flags&1 != 0 {
		return malformed("reserved connect flag is set")
	}
	c.CleanStart = flags&2 != 0
	c.KeepAlive = r.uint16()
	if c.Version == V5 {
		c.Props.read(r, CONNECT)
		if c.Props.Has(AuthData) && !c.Props.Has(AuthMethod) {
			r.fail(protocol("authentication data without a method"))
		}
	}
	c.ClientID = r.string()
	if flags&4 != 0 {
		c.Will = readWill(r, flags, c.Version)
	} else if flags&0x38 != 0 {
		r.fail(malformed("will QoS or will retain without a will"))
	}
	if c.HasUsername = flags&0x80 != 0; c.HasUsername {
		c.Username = r.string()
	}
	if c.HasPassword = flags&0x40 != 0; c.HasPassword {
		if !c.HasUsername && c.Version == V311 {
			r.fail(malformed("password without user name"))
		}
		c.Password = r.binary()
	}
	return r.end()
}

func readWill(r *reader, flags, version byte) *Will {
	w := &Will{QoS: flags >> 3 & 3, Retain: flags&0x20 != 0}
	if w.QoS == 3 {
		r.fail(malformed("will QoS 3"))
	}
	if version == V5 {
		w.Props.read(r, will)
	}
	topic := r.text()
	if r.err == nil && !topicName(topic) {
		r.fail(&Error{TopicNameInvalid, "will topic is empty or holds a wildcard"})
	}
	w.Topic = string(topic)
	w.Payload = r.binary()
	return w
}

// Append writes the whole packet.
func (c *Connect) Append(b []byte) []byte {
	const guess = 128
	b, mark := begin(append(b, byte(CONNECT)<<4), guess)
	b = append(appendString(b, "MQTT"), c.Version)
	flags := len(b)
	b = binary.BigEndian.AppendUint16(append(b, 0), c.KeepAlive)
	if c.CleanStart {
		b[flags] |= 2
	}
	if c.Version == V5 {
		b = c.Props.append(b, CONNECT)
	}
	b = appendString(b, c.ClientID)
	if w := c.Will; w != nil {
		b[flags] |= 4 | w.QoS<<3
		if w.Retain {
			b[flags] |= 0x20
		}
		if c.Version == V5 {
			b = w.Props.append(b, will)
		}
		b = appendString(appendString(b, w.Topic), w.Payload)
	}
	if c.HasUsername {
		b[flags] |= 0x80
		b = appendString(b, c.Username)
	}
	if c.HasPassword {
		b[flags] |= 0x40
		b = appendString(b, c.Password)
	}
	return finish(b, mark, guess)
}

// Connack is a CONNACK packet (3.2).
type Connack struct {
	SessionPresent bool
	Reason         Reason // in MQTT 3.1.1 written as the nearest return code
	Props          Properties
}

// Decode reads the body of a CONNACK.
func (c *Connack) Decode(body []byte, version byte) error {
	r := &reader{b: body}
	flags, code := r.byte(), r.byte()
	if flags > 1 {
		r.fail(malformed("reserved CONNACK flags are set"))
	}
	c.SessionPresent = flags&1 != 0
	c.Reason = Reason(code)
	// A server that does not know MQTT 5 answers in the form of 3.1.1.
	if version == V5 && len(r.b) > 0 {
		c.Props.read(r, CONNACK)
	} else if code < 0x80 {
		c.Reason = From311(code)
	}
	return r.end()
}

// Append writes the whole packet.
func (c *Connack) Append(b []byte, version byte) []byte {
	var flags byte
	if c.SessionPresent {
		flags = 1
	}
	if version != V5 {
		return append(b, byte(CONNACK)<<4, 2, flags, c.Reason.Code311())
	}
	b, mark := begin(append(b, byte(CONNACK)<<4), 64)
	return finish(c.Props.append(append(b, flags, byte(c.Reason)), CONNACK), mark, 64)
}

// Ack is a PUBACK, PUBREC, PUBREL or PUBCOMP packet (3.4 to 3.7).
type Ack struct {
	Kind   Kind
	ID     uint16
	Reason Reason
	Props  Properties
}

// Decode reads the body of a packet of a.Kind.
func (a *Ack) Decode(body []byte, version byte) error {
	r := &reader{b: body}
	a.ID, a.Reason = r.id(), Success
	if version == V5 && len(r.b) > 0 {
		a.Reason = Reason(r.byte())
		if len(r.b) > 0 {
			a.Props.read(r, a.Kind)
		}
	}
	return r.end()
}

// Append writes the whole packet.
func (a *Ack) Append(b []byte, version byte) []byte {
	if version != V5 || a.Props.Empty() {
		return AppendAck(b, version, a.Kind, a.ID, a.Reason)
	}
	b, mark := begin(append(b, ackHeader(a.Kind)), 64)
	b = append(b, byte(a.ID>>8), byte(a.ID), byte(a.Reason))
	return finish(a.Props.append(b, a.Kind), mark, 64)
}

// AppendAck writes a whole PUBACK, PUBREC, PUBREL or PUBCOMP without properties.
func AppendAck(b []byte, version byte, k Kind, id uint16, reason Reason) []byte {
	if version != V5 || reason == Success {
		return append(b, ackHeader(k), 2, byte(id>>8), byte(id))
	}
	return append(b, ackHeader(k), 3, byte(id>>8), byte(id), byte(reason))
}

func ackHeader(k Kind) byte {
	if k == PUBREL {
		return byte(k)<<4 | 2
	}
	return byte(k) << 4
}

// Filter is one line of a SUBSCRIBE (3.8.3).
type Filter struct {
	Filter            string
	QoS               byte
	NoLocal           bool
	RetainAsPublished bool
	RetainHandling    byte // 0 send retained messages, 1 only for a new subscription, 2 never
}

// Subscribe is a SUBSCRIBE packet (3.8).
type Subscribe struct {
	ID      uint16
	Filters []Filter
	Props   Properties
}

// Decode reads the body of a SUBSCRIBE. It does not judge the filters themselves.
func (s *Subscribe) Decode(body []byte, version byte) error {
	r := &reader{b: body}
	s.ID = r.id()
	if version == V5 {
		s.Props.read(r, SUBSCRIBE)
	}
	for len(r.b) > 0 && r.err == nil {
		f := Filter{Filter: r.string()}
		o := r.byte()
		f.QoS = o & 3
		if version == V5 {
			f.NoLocal, f.RetainAsPublished, f.RetainHandling = o&4 != 0, o&8 != 0, o>>4&3
			o &^= 0x3c
		}
		if o > 2 || f.RetainHandling == 3 {
			r.fail(malformed("subscription options are wrong"))
		}
		s.Filters = append(s.Filters, f)
	}
	if r.err == nil && len(s.Filters) == 0 {
		r.fail(protocol("SUBSCRIBE without a filter"))
	}
	return r.end()
}

// Append writes the whole packet.
func (s *Subscribe) Append(b []byte, version byte) []byte {
	b, mark := begin(append(b, byte(SUBSCRIBE)<<4|2), 64)
	b = binary.BigEndian.AppendUint16(b, s.ID)
	if version == V5 {
		b = s.Props.append(b, SUBSCRIBE)
	}
	for _, f := range s.Filters {
		o := f.QoS
		if version == V5 {
			if f.NoLocal {
				o |= 4
			}
			if f.RetainAsPublished {
				o |= 8
			}
			o |= f.RetainHandling << 4
		}
		b = append(appendString(b, f.Filter), o)
	}
	return finish(b, mark, 64)
}

// Unsubscribe is an UNSUBSCRIBE packet (3.10).
type Unsubscribe struct {
	ID      uint16
	Filters []string
	Props   Properties
}

// Decode reads the body of an UNSUBSCRIBE.
func (u *Unsubscribe) Decode(body []byte, version byte) error {
	r := &reader{b: body}
	u.ID = r.id()
	if version == V5 {
		u.Props.read(r, UNSUBSCRIBE)
	}
	for len(r.b) > 0 && r.err == nil {
		u.Filters = append(u.Filters, r.string())
	}
	if r.err == nil && len(u.Filters) == 0 {
		r.fail(protocol("UNSUBSCRIBE without a filter"))
	}
	return r.end()
}

// Append writes the whole packet.
func (u *Unsubscribe) Append(b []byte, version byte) []byte {
	b, mark := begin(append(b, byte(UNSUBSCRIBE)<<4|2), 64)
	b = binary.BigEndian.AppendUint16(b, u.ID)
	if version == V5 {
		b = u.Props.append(b, UNSUBSCRIBE)
	}
	for _, f := range u.Filters {
		b = appendString(b, f)
	}
	return finish(b, mark, 64)
}

// Suback is a SUBACK or UNSUBACK packet (3.9, 3.11).
type Suback struct {
	Kind    Kind
	ID      uint16
	Reasons []Reason // one for each filter; an UNSUBACK of MQTT 3.1.1 has none
	Props   Properties
}

// Decode reads the body of a packet of s.Kind.
func (s *Suback) Decode(body []byte, version byte) error {
	r := &reader{b: body}
	s.ID = r.id()
	if version == V5 {
		s.Props.read(r, s.Kind)
	}
	for _, c := range r.b {
		s.Reasons = append(s.Reasons, Reason(c))
	}
	return r.err
}

// Append writes the whole packet.
func (s *Suback) Append(b []byte, version byte) []byte {
	b, mark := begin(append(b, byte(s.Kind)<<4), len(s.Reasons)+3)
	b = binary.BigEndian.AppendUint16(b, s.ID)
	if version == V5 {
		b = s.Props.append(b, s.Kind)
	}
	for _, c := range s.Reasons {
		if version != V5 && c.Failed() {
			c = 0x80
		}
		if version == V5 || s.Kind == SUBACK {
			b = append(b, byte(c))
		}
	}
	return finish(b, mark, len(s.Reasons)+3)
}

// Disconnect is a DISCONNECT packet (3.14).
type Disconnect struct {
	Reason Reason
	Props  Properties
}

// Decode reads the body of a DISCONNECT.
func (d *Disconnect) Decode(body []byte, version byte) error {
	r := &reader{b: body}
	if version == V5 && len(r.b) > 0 {
		d.Reason = Reason(r.byte())
		if len(r.b) > 0 {
			d.Props.read(r, DISCONNECT)
		}
	}
	return r.end()
}

// Append writes the whole packet.
func (d *Disconnect) Append(b []byte, version byte) []byte {
	if version != V5 || (d.Reason == Success && d.Props.Empty()) {
		return append(b, byte(DISCONNECT)<<4, 0)
	}
	b, mark := begin(append(b, byte(DISCONNECT)<<4), 64)
	b = append(b, byte(d.Reason))
	if !d.Props.Empty() {
		b = d.Props.append(b, DISCONNECT)
	}
	return finish(b, mark, 64)
}

// AppendEmpty writes a packet without a body: PINGREQ or PINGRESP.
func AppendEmpty(b []byte, k Kind) []byte { return append(b, byte(k)<<4, 0) }

// DecodeAck reads the body of an acknowledgement of kind k; it checks its properties and lets them go.
func DecodeAck(k Kind, body []byte, version byte) (id uint16, reason Reason, err error) {
	if len(body) == 2 && body[0]|body[1] != 0 {
		return uint16(body[0])<<8 | uint16(body[1]), Success, nil
	}
	a := Ack{Kind: k}
	err = a.Decode(body, version)
	return a.ID, a.Reason, err
}
