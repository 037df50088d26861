package main

import (
	"encoding/binary"
	"net"
	"strconv"
)

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
	return append(binary.AppendUvarint(append(b, 0x30|qos<<1), uint64(len(body))), body...)
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
