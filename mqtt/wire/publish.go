package wire

import (
	"bytes"
	"encoding/binary"
)

// Publish is a PUBLISH packet (3.3).
type Publish struct {
	Dup     bool
	QoS     byte
	Retain  bool
	ID      uint16 // 0 for QoS 0
	Topic   []byte // empty only where a topic alias stands for it
	Payload []byte
	Props   *Properties // nil for none
}

func topicName(b []byte) bool {
	return len(b) > 0 && bytes.IndexByte(b, '#') < 0 && bytes.IndexByte(b, '+') < 0
}

// Decode reads a PUBLISH, whose first byte is header, without copying topic or payload. Properties go into scratch,
// which may be used again after the packet is done with.
func (p *Publish) Decode(header byte, body []byte, version byte, scratch *Properties) error {
	r := reader{b: body}
	*p = Publish{Dup: header&8 != 0, QoS: header >> 1 & 3, Retain: header&1 != 0, Topic: r.text()}
	if p.QoS > 0 {
		p.ID = r.id()
	}
	if version == V5 {
		if len(r.b) > 0 && r.b[0] == 0 {
			r.b = r.b[1:]
		} else {
			*scratch = Properties{}
			scratch.read(&r, PUBLISH)
			p.Props = scratch
		}
	}
	if r.err != nil {
		return r.err
	}
	if len(p.Topic) == 0 && version == V5 && p.Props != nil && p.Props.Has(TopicAlias) {
		// The receiver knows the topic.
	} else if !topicName(p.Topic) {
		return &Error{TopicNameInvalid, "topic name is empty or holds a wildcard"}
	}
	if p.Props != nil && p.Props.Has(ResponseTopic) && !topicName([]byte(p.Props.ResponseTopic)) {
		return protocol("response topic is empty or holds a wildcard")
	}
	p.Payload = r.b
	return nil
}

// Append writes the whole packet.
func (p *Publish) Append(b []byte, version byte) []byte {
	return AppendPublish(b, version, p, p.Topic)
}

// AppendPublish writes p with topic in place of p.Topic.
func AppendPublish[T string | []byte](b []byte, version byte, p *Publish, topic T) []byte {
	first := byte(PUBLISH)<<4 | p.QoS<<1
	if p.Dup {
		first |= 8
	}
	if p.Retain {
		first |= 1
	}
	guess := 2 + len(topic) + len(p.Payload)
	if p.QoS > 0 {
		guess += 2
	}
	if version == V5 {
		guess++
	}
	b, mark := begin(append(b, first), guess)
	b = appendString(b, topic)
	if p.QoS > 0 {
		b = binary.BigEndian.AppendUint16(b, p.ID)
	}
	if version == V5 {
		b = p.Props.append(b, PUBLISH)
	}
	return finish(append(b, p.Payload...), mark, guess)
}
