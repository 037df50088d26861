package client

import (
	"bytes"
	"sync"
	"sync/atomic"

	"hutong/mqtt/tap"
)

// The most that waits for handlers.
const (
	maxJobs     = 4096
	maxJobBytes = 16 << 20
)

// dispatcher runs handlers one after another, apart from the connection, in a goroutine that lives only while there
// is something to do. When handlers are slow the connection is not read any more, which slows the broker down; but
// while somebody waits for an acknowledgement it must be read, and then QoS 0 messages are dropped instead.
type dispatcher struct {
	mu      sync.Mutex
	change  sync.Cond
	queue   []job
	bytes   int
	taken   uint64 // messages so far
	handled uint64 // of those
	holds   int    // how many wait for an acknowledgement
	running bool
	closed  bool
	dropped atomic.Int64
}

type job struct {
	handlers []func(*tap.Message)
	msg      tap.Message
}

func (d *dispatcher) init() { d.change.L = &d.mu }

// put queues m and returns the position to wait for; 0 when it was dropped.
func (d *dispatcher) put(handlers []func(*tap.Message), m *tap.Message) uint64 {
	j := job{handlers, *m}
	j.msg.Payload = bytes.Clone(m.Payload)
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.isFull() && d.holds == 0 && !d.closed {
		d.change.Wait()
	}
	if d.closed || d.isFull() && m.QoS == 0 {
		d.dropped.Add(1)
		return 0
	}
	d.queue = append(d.queue, j)
	d.bytes += len(j.msg.Payload)
	d.taken++
	if !d.running {
		d.running = true
		go d.run()
	}
	return d.taken
}

func (d *dispatcher) isFull() bool { return len(d.queue) >= maxJobs || d.bytes >= maxJobBytes }

func (d *dispatcher) full() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.isFull()
}

func (d *dispatcher) run() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.queue) > 0 && !d.closed {
		j := d.queue[0]
		d.queue[0] = job{}
		d.queue = d.queue[1:]
		d.bytes -= len(j.msg.Payload)
		d.mu.Unlock()
		for _, h := range j.handlers {
			h(&j.msg)
		}
		d.mu.Lock()
		d.handled++
		d.change.Broadcast()
	}
	d.queue = nil
	d.running = false
	d.change.Broadcast()
}

// Wait blocks until the handlers of every message up to pos have returned. It is how acknowledgements wait for them.
func (d *dispatcher) Wait(pos uint64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.handled < pos && !d.closed {
		d.change.Wait()
	}
	if d.handled < pos {
		return ErrClosed
	}
	return nil
}

func (d *dispatcher) hold() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.holds++
	d.change.Broadcast()
}

func (d *dispatcher) let() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.holds--
}

// close gives up what waits.
func (d *dispatcher) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	d.change.Broadcast()
}

// wait waits for the handler that runs.
func (d *dispatcher) wait() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.running {
		d.change.Wait()
	}
}
