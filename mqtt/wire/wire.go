// Package wire turns the packets of MQTT 3.1.1 and MQTT 5 (OASIS, 2014 and 2019) into Go values and back.
//
// It is strict: what the standards forbid is refused with a *Error that carries the reason code to answer with. It
// keeps no state and does no I/O. Decoded byte slices alias the packet they were read from; strings are copies.
package wire

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// The protocol versions as CONNECT carries them (3.1.2.2).
const (
	V311 byte = 4
	V5   byte = 5
)

// Kind is the type of a packet (2.1.2).
type Kind byte

// The kinds of packets.
const (
	CONNECT Kind = iota + 1
	CONNACK
	PUBLISH
	PUBACK
	PUBREC
	PUBREL
	PUBCOMP
	SUBSCRIBE
	SUBACK
	UNSUBSCRIBE
	UNSUBACK
	PINGREQ
	PINGRESP
	DISCONNECT
	AUTH
)

// Error says why a packet is refused. Its Reason belongs into CONNACK or DISCONNECT.
type Error struct {
	Reason Reason
	Text   string
}

// Error gives the text and the reason.
func (e *Error) Error() string { return fmt.Sprintf("%s (%s)", e.Text, e.Reason) }

func malformed(text string) error { return &Error{MalformedPacket, text} }
func protocol(text string) error  { return &Error{ProtocolError, text} }

// Frame finds the first packet in b. It gives the packet's first byte, its body and its whole length; n is 0 when b
// does not hold it all yet, and need then says how many bytes it will take, as far as is known. A packet longer than
// max is an error at once, before its body has come.
func Frame(b []byte, max int) (header byte, body []byte, n, need int, err error) {
	if len(b) < 2 {
		return 0, nil, 0, 2, nil
	}
	length, used := 0, 0
	for i := 1; ; i++ {
		if i > 4 {
			return 0, nil, 0, 0, malformed("remaining length takes more than 4 bytes")
		}
		if i >= len(b) {
			return 0, nil, 0, i + 1, nil
		}
		length |= int(b[i]&0x7f) << (7 * (i - 1))
		if b[i] < 0x80 {
			if i > 1 && b[i] == 0 {
				return 0, nil, 0, 0, malformed("remaining length is not in its shortest form")
			}
			used = i + 1
			break
		}
	}
	if used+length > max {
		return 0, nil, 0, 0, &Error{PacketTooLarge, fmt.Sprintf("packet of %d bytes, the limit is %d", used+length, max)}
	}
	if len(b) < used+length {
		return 0, nil, 0, used + length, nil
	}
	return b[0], b[used : used+length], used + length, 0, nil
}

// CheckFlags refuses a first byte whose kind or reserved bits are not allowed (2.1.3); v5 tells whether AUTH exists.
func CheckFlags(header, version byte) error {
	switch k := Kind(header >> 4); k {
	case PUBLISH:
		if header&6 == 6 {
			return malformed("QoS 3")
		}
		if header&6 == 0 && header&8 != 0 {
			return malformed("DUP on QoS 0")
		}
		return nil
	case PUBREL, SUBSCRIBE, UNSUBSCRIBE:
		if header&15 != 2 {
			return malformed("reserved bits of the fixed header are wrong")
		}
		return nil
	case 0:
		return malformed("packet type 0")
	case AUTH:
		if version != V5 {
			return malformed("packet type 15")
		}
	}
	if header&15 != 0 {
		return malformed("reserved bits of the fixed header are wrong")
	}
	return nil
}

// reader walks over a body; after the first fault it only gives zeros.
type reader struct {
	b   []byte
	err error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.b = nil
}

func (r *reader) take(n int) []byte {
	if n > len(r.b) {
		r.fail(malformed("packet is shorter than its fields"))
		return nil
	}
	p := r.b[:n:n]
	r.b = r.b[n:]
	return p
}

func (r *reader) byte() byte {
	if p := r.take(1); p != nil {
		return p[0]
	}
	return 0
}

func (r *reader) uint16() uint16 {
	if p := r.take(2); p != nil {
		return binary.BigEndian.Uint16(p)
	}
	return 0
}

func (r *reader) uint32() uint32 {
	if p := r.take(4); p != nil {
		return binary.BigEndian.Uint32(p)
	}
	return 0
}

// varint reads a variable byte integer (1.5.5).
func (r *reader) varint() uint32 {
	var v uint32
	for i := range 4 {
		c := r.byte()
		if r.err != nil {
			return 0
		}
		v |= uint32(c&0x7f) << (7 * i)
		if c < 0x80 {
			if i > 0 && c == 0 {
				r.fail(malformed("variable byte integer is not in its shortest form"))
			}
			return v
		}
	}
	r.fail(malformed("variable byte integer takes more than 4 bytes"))
	return 0
}

func (r *reader) binary() []byte { return r.take(int(r.uint16())) }

// text reads a UTF-8 string (1.5.4) without copying it.
func (r *reader) text() []byte {
	p := r.binary()
	if !utf8.Valid(p) || bytes.IndexByte(p, 0) >= 0 {
		r.fail(malformed("string is not UTF-8 or holds U+0000"))
		return nil
	}
	return p
}

func (r *reader) string() string { return string(r.text()) }

// id reads a packet identifier, which is never 0 (2.2.1).
func (r *reader) id() uint16 {
	id := r.uint16()
	if id == 0 && r.err == nil {
		r.fail(protocol("packet identifier 0"))
	}
	return id
}

// end is the fault, or that something is left over.
func (r *reader) end() error {
	if r.err == nil && len(r.b) > 0 {
		r.fail(malformed("packet is longer than its fields"))
	}
	return r.err
}

func appendVarint(b []byte, v int) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

func varintLen(v int) int {
	switch {
	case v < 1<<7:
		return 1
	case v < 1<<14:
		return 2
	case v < 1<<21:
		return 3
	}
	return 4
}

func appendString[S string | []byte](b []byte, s S) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(s)))
	return append(b, s...)
}

// begin leaves room in b for a length that is thought to be about guess; finish puts it in.
func begin(b []byte, guess int) (out []byte, mark int) {
	return append(b, 0, 0, 0, 0)[:len(b)+varintLen(guess)], len(b) + varintLen(guess)
}

func finish(b []byte, mark, guess int) []byte {
	length := len(b) - mark
	start := mark - varintLen(guess)
	if want := varintLen(length); want != mark-start {
		for len(b) < start+want+length {
			b = append(b, 0)
		}
		copy(b[start+want:], b[mark:mark+length])
		b = b[:start+want+length]
	}
	appendVarint(b[:start], length)
	return b
}
