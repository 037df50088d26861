package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"hutong/bench/rig"
)

const (
	devices = 100
	warm    = 2 * time.Second // of the same load before a run: programs that compile as they go have done it by then
)

// result is one run.
type result struct{ p50, p99, cpu float64 } // ms, ms, us a message

func (r result) String() string {
	return fmt.Sprintf("p50 %.2f ms, p99 %.2f ms, CPU %.1f us a message, load %s", r.p50, r.p99, r.cpu, rig.Load())
}

// once starts a side, measures one run, and ends it.
func (s *settings) once(start func(dir string) (*side, error)) (r result, err error) {
	dir, err := os.MkdirTemp(s.work, "")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(dir)
	x, err := start(dir)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, x.end()) }()
	l := &line{side: x, rate: s.rate}
	if err := l.connect(); err != nil {
		return r, err
	}
	defer l.close()
	if err := l.ready(); err != nil {
		return r, err
	}
	if _, err := l.measure(warm); err != nil {
		return r, fmt.Errorf("warming up: %w", err)
	}
	return l.measure(s.length)
}

// line is the devices of a side, and who hears the commands.
type line struct {
	*side
	rate  int
	sub   *rig.Conn
	conns []*rig.Conn
	buf   []byte
	next  int // number of the next message
	heard atomic.Pointer[batch]
}

// batch is the commands that are awaited.
type batch struct {
	first int            // number of the first message
	at    []atomic.Int64 // when the command of each was read, Unix nanoseconds; 0 before
	came  atomic.Int64
	wrong atomic.Int64 // commands that nobody awaits, or that had come before
}

func (l *line) connect() (err error) {
	if l.sub, err = rig.Dial311(l.addr, "fans", l.who); err != nil {
		return err
	}
	if err := l.sub.Subscribe("command/+/set", 0); err != nil {
		return errors.Join(err, l.sub.Close())
	}
	for d := range devices {
		c, err := rig.Dial311(l.addr, "device-"+strconv.Itoa(d), l.who)
		if err != nil {
			l.close()
			return err
		}
		l.conns = append(l.conns, c)
	}
	l.await(0)
	go l.listen()
	return nil
}

func (l *line) close() {
	for _, c := range append(l.conns, l.sub) {
		c.Close()
	}
}

// await makes room for the next n commands.
func (l *line) await(n int) *batch {
	b := &batch{first: l.next, at: make([]atomic.Int64, n)}
	l.heard.Store(b)
	return b
}

// listen notes when the command of each message has been read, until the connection ends.
func (l *line) listen() {
	for {
		header, body, err := l.sub.Next()
		if err != nil {
			return
		}
		now := time.Now().UnixNano()
		if header>>4 != 3 || len(body) < 2 {
			continue
		}
		payload := body[2+int(binary.BigEndian.Uint16(body)):]
		n, err := strconv.Atoi(string(bytes.TrimSpace(payload)))
		b := l.heard.Load()
		if i := n - b.first; err != nil || i < 0 || i >= len(b.at) || !b.at[i].CompareAndSwap(0, now) {
			b.wrong.Add(1)
			continue
		}
		b.came.Add(1)
	}
}

// send writes the next message, which is the next device's.
func (l *line) send() error {
	n, d := l.next, l.next%devices
	l.next++
	body := append(l.buf[:0], 0, 0)
	body = append(strconv.AppendInt(append(body, "command/"...), int64(d), 10), "/state"...)
	binary.BigEndian.PutUint16(body, uint16(len(body)-2))
	body = append(strconv.AppendInt(append(body, `{"temperature":26.`...), int64(1+n%9), 10), `,"humidity":41.5,"battery":97,"motion":false,"device":`...)
	body = append(strconv.AppendInt(body, int64(d), 10), `,"n":`...)
	l.buf = append(strconv.AppendInt(body, int64(n), 10), '}')
	if _, err := l.conns[d].Write(rig.Packet(0x30, l.buf)); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	return nil
}

// ready sends a message of each device, a second apart, until all of them have their command: the rules run.
func (l *line) ready() error {
	var b *batch
	for range 60 {
		b = l.await(devices)
		for range devices {
			if err := l.send(); err != nil {
				return err
			}
		}
		for range 100 {
			if b.came.Load() == devices {
				return nil
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	return fmt.Errorf("after a minute only %d of %d devices get their command\n%s", b.came.Load(), devices, l.parts[len(l.parts)-1].Log())
}

// measure sends for d, each message when it is due, and waits for all commands.
func (l *line) measure(d time.Duration) (r result, err error) {
	n := int(d.Seconds() * float64(l.rate))
	b := l.await(n)
	before, err := l.cpu()
	if err != nil {
		return r, err
	}
	began := time.Now().Add(10 * time.Millisecond)
	due := func(i int) time.Time { return began.Add(time.Duration(i*1000/l.rate) * time.Millisecond) }
	for i := range n {
		if wait := time.Until(due(i)); wait > 0 {
			time.Sleep(wait)
		}
		if err := l.send(); err != nil {
			return r, err
		}
	}
	err = rig.Wait(func() (bool, int) { return b.came.Load() == int64(n), int(b.came.Load()) })
	if err != nil {
		return r, fmt.Errorf("%d of %d messages had their command: %w", b.came.Load(), n, err)
	}
	after, err := l.cpu()
	if err != nil {
		return r, err
	}
	if w := b.wrong.Load(); w > 0 {
		return r, fmt.Errorf("%d commands came that belong to no message, or to one that had its own", w)
	}
	ms := make([]float64, n)
	for i := range ms {
		ms[i] = float64(b.at[i].Load()-due(i).UnixNano()) / 1e6
	}
	r.p99, r.p50 = rig.Percentile(ms, 0.99), rig.Percentile(ms, 0.5)
	r.cpu = float64((after - before).Microseconds()) / float64(n)
	return r, nil
}
