package rig

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// Conn is one MQTT connection, written and read by hand. Its reading half and its writing half may be used by one
// goroutine each.
type Conn struct {
	net.Conn
	r   *bufio.Reader
	old bool // MQTT 3.1.1, otherwise 5
}

// Dial connects a device of this id to the hub with a clean session.
func (h *Hub) Dial(id string) (*Conn, error) { return h.DialKeep(id, 0) }

// DialKeep is Dial with a keep-alive, in seconds; 0 is none.
func (h *Hub) DialKeep(id string, keepAlive uint16) (*Conn, error) {
	return dial(h.MQTT, h.Hello(id, keepAlive), false)
}

// Dial311 connects a device to any broker in MQTT 3.1.1, which all of them speak, with a clean session and no keep-alive.
// The zero Login gives no name. Of the methods, Publish, and of the functions, Message and Topic are for MQTT 5 alone.
func Dial311(addr, id string, who Login) (*Conn, error) {
	flags, body := byte(2), Text(nil, id)
	if who.User != "" {
		flags, body = flags|0xc0, Text(Text(body, who.User), who.Password)
	}
	return dial(addr, Packet(0x10, append(append(Text(nil, "MQTT"), 4, flags, 0, 0), body...)), true)
}

func dial(addr string, hello []byte, old bool) (*Conn, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	x := &Conn{c, bufio.NewReaderSize(c, 2048), old}
	if err := x.greet(hello); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return x, nil
}

// Hello is the CONNECT packet of a device.
func (h *Hub) Hello(id string, keepAlive uint16) []byte {
	body := append(Text(nil, "MQTT"), 5, 0xc2)
	body = binary.BigEndian.AppendUint16(body, keepAlive)
	body = append(body, 0) // no properties
	return Packet(0x10, Text(Text(Text(body, id), h.Who.User), h.Who.Password))
}

func (c *Conn) greet(hello []byte) error {
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return err
	}
	if _, err := c.Write(hello); err != nil {
		return err
	}
	header, body, err := c.Next()
	switch {
	case err != nil:
		return fmt.Errorf("CONNACK: %w", err)
	case header != 0x20 || len(body) < 2 || body[1] != 0:
		return fmt.Errorf("connection refused: %x %x", header, body)
	}
	return c.SetDeadline(time.Time{})
}

// Next reads one packet: the first byte of its header, and its body.
func (c *Conn) Next() (header byte, body []byte, err error) {
	if header, err = c.r.ReadByte(); err != nil {
		return 0, nil, err
	}
	n, err := binary.ReadUvarint(c.r) // the same coding, 1.5.5
	if err != nil {
		return 0, nil, err
	}
	if n > 16<<20 {
		return 0, nil, fmt.Errorf("a packet of %d bytes", n)
	}
	body = make([]byte, n)
	_, err = io.ReadFull(c.r, body)
	return header, body, err
}

// Buffered is how many bytes Next has without reading from the network.
func (c *Conn) Buffered() int { return c.r.Buffered() }

// Subscribe asks for what matches a filter and waits for the answer. Nothing may be on its way to the connection yet.
func (c *Conn) Subscribe(filter string, qos byte) error {
	head := []byte{0, 1, 0} // the identifier, and no properties
	if c.old {
		head = head[:2]
	}
	if _, err := c.Write(Packet(0x82, append(Text(head, filter), qos))); err != nil {
		return err
	}
	header, body, err := c.Next()
	if err == nil && (header != 0x90 || body[len(body)-1] > 2) {
		err = fmt.Errorf("subscription to %s refused: %x %x", filter, header, body)
	}
	return err
}

// Publish sends one message at QoS 1 and waits until it is acknowledged. Nothing else may be on its way.
func (c *Conn) Publish(topic string, payload []byte, retain bool) error {
	flags := byte(2)
	if retain {
		flags |= 1
	}
	if _, err := c.Write(Message(nil, flags, topic, 1, payload)); err != nil {
		return err
	}
	header, body, err := c.Next()
	if err == nil {
		_, err = Acked(header, body)
	}
	if err != nil {
		err = fmt.Errorf("PUBACK of %s: %w", topic, err)
	}
	return err
}

// ErrRefused is in the error of an acknowledgement that says no.
var ErrRefused = errors.New("refused")

// Acked reads a PUBACK and gives the message's identifier.
func Acked(header byte, body []byte) (id uint16, err error) {
	if header != 0x40 || len(body) < 2 {
		return 0, fmt.Errorf("no PUBACK: %x %x", header, body)
	}
	id = binary.BigEndian.Uint16(body)
	if len(body) > 2 && body[2] >= 0x80 {
		return id, fmt.Errorf("%w with reason %#x", ErrRefused, body[2])
	}
	return id, nil
}

// Message appends a PUBLISH packet; flags are the low bits of its header (retain 1, QoS 1 is 2). Id is left out at QoS 0.
func Message(b []byte, flags byte, topic string, id uint16, payload []byte) []byte {
	n := 2 + len(topic) + 1 + len(payload)
	if flags&6 != 0 {
		n += 2
	}
	b = append(b, 0x30|flags)
	b = binary.AppendUvarint(b, uint64(n))
	b = Text(b, topic)
	if flags&6 != 0 {
		b = binary.BigEndian.AppendUint16(b, id)
	}
	return append(append(b, 0), payload...)
}

// Topic splits the body of a PUBLISH at QoS 0 into its topic and its payload; both are "" when it is none.
func Topic(body []byte) (topic, payload []byte) {
	if len(body) < 3 {
		return nil, nil
	}
	n := 2 + int(binary.BigEndian.Uint16(body))
	if len(body) <= n {
		return nil, nil
	}
	skip, k := binary.Uvarint(body[n:])
	if k <= 0 || n+k+int(skip) > len(body) {
		return nil, nil
	}
	return body[2:n], body[n+k+int(skip):]
}

// Text appends a string as MQTT does.
func Text(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
}

// Packet is a header, the length and the body.
func Packet(header byte, body []byte) []byte {
	return append(binary.AppendUvarint([]byte{header}, uint64(len(body))), body...)
}
