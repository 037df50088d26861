package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// The few packets of MQTT 3.1.1 that a sender needs, written here so that the measured program is not its own measure.

type login struct{ user, password string }

func dial(addr, id string, who login) (net.Conn, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	flags := byte(2) // clean session
	body := text(nil, id)
	if who.user != "" {
		flags |= 0xc0
		body = text(text(body, who.user), who.password)
	}
	head := append(text(nil, "MQTT"), 4, flags, 0, 0)
	if _, err := c.Write(packet(0x10, append(head, body...))); err != nil {
		return nil, err
	}
	var ack [4]byte
	if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(c, ack[:]); err != nil {
		return nil, fmt.Errorf("CONNACK: %w", err)
	}
	if ack[3] != 0 {
		return nil, fmt.Errorf("connection refused with code %d", ack[3])
	}
	return c, c.SetReadDeadline(time.Time{})
}

func text(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
}

func packet(header byte, body []byte) []byte {
	return append(length([]byte{header}, len(body)), body...)
}

func length(b []byte, n int) []byte {
	for n >= 0x80 {
		b, n = append(b, byte(n)|0x80), n>>7
	}
	return append(b, byte(n))
}

// message appends what a device sends in its turn: five members, with a number in it that no other turn has.
func message(b []byte, device, turn int, hot bool, qos byte, id uint16) []byte {
	var buf [160]byte
	body := append(buf[:0], 0, 0)
	body = append(strconv.AppendInt(append(body, "bench/"...), int64(device), 10), "/state"...)
	binary.BigEndian.PutUint16(body, uint16(len(body)-2))
	if qos > 0 {
		body = binary.BigEndian.AppendUint16(body, id)
	}
	body = append(body, `{"temperature":`...)
	degrees := int64(20)
	if hot {
		degrees = 26
	}
	body = append(strconv.AppendInt(body, degrees, 10), '.', byte('1'+(turn+9000)%9))
	body = append(body, `,"humidity":41.5,"battery":97,"motion":false,"n":`...)
	body = append(strconv.AppendInt(body, int64(turn), 10), '}')
	return append(length(append(b, 0x30|qos<<1), len(body)), body...)
}

func subscribe(c net.Conn, filter string, qos byte) error {
	if _, err := c.Write(packet(0x82, append(text([]byte{0, 1}, filter), qos))); err != nil {
		return err
	}
	var ack [5]byte
	if _, err := io.ReadFull(c, ack[:]); err != nil {
		return fmt.Errorf("SUBACK: %w", err)
	}
	if ack[0] != 0x90 || ack[4] > 2 {
		return errors.New("subscription refused")
	}
	return nil
}

// keep publishes a retained message and waits for its acknowledgement.
func keep(c net.Conn, topic string, payload []byte) error {
	body := append(append(text(nil, topic), 0, 1), payload...)
	if _, err := c.Write(packet(0x33, body)); err != nil {
		return err
	}
	var ack [4]byte
	if _, err := io.ReadFull(c, ack[:]); err != nil {
		return fmt.Errorf("PUBACK of %s: %w", topic, err)
	}
	return nil
}

// listen reads PUBLISH packets of QoS 0 and gives the number in each topic, many at a time, until the connection ends.
func listen(c net.Conn, got func(devices []int)) error {
	buf := make([]byte, 256<<10)
	var list []int
	have := 0
	for {
		n, err := c.Read(buf[have:])
		if err != nil {
			return err
		}
		have += n
		at := 0
		list = list[:0]
		for {
			size, header := frame(buf[at:have])
			if size == 0 {
				break
			}
			if buf[at]>>4 == 3 {
				list = append(list, number(buf[at+header:at+size]))
			}
			at += size
		}
		have = copy(buf, buf[at:have])
		got(list)
	}
}

// frame is the length of the first packet and of its fixed header; 0 when it is not all there.
func frame(b []byte) (size, header int) {
	n := 0
	for i := 1; i < len(b) && i < 5; i++ {
		n |= int(b[i]&0x7f) << (7 * (i - 1))
		if b[i] < 0x80 {
			if size = 1 + i + n; size <= len(b) {
				return size, 1 + i
			}
			return 0, 0
		}
	}
	return 0, 0
}

// number is the N of bench/N/...
func number(body []byte) (n int) {
	for _, c := range body[2+len("bench/"):] {
		if c < '0' || c > '9' {
			break
		}
		n = 10*n + int(c-'0')
	}
	return n
}
