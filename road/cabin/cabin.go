// Package cabin hands what vehicles see and mean to do to those who look on: each frame is made into a message once,
// however many there are, and nobody waits for a slow one.
package cabin

import (
	"bytes"
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"
)

// Bell wakes any number of lookers-on, each once for however many times it was rung. The zero Bell is ready.
type Bell struct {
	mu   sync.Mutex
	next chan struct{}
	Seen uint64 // for the one who rings
}

// Wait gives a channel that is closed when the bell rings next.
func (b *Bell) Wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next == nil {
		b.next = make(chan struct{})
	}
	return b.next
}

// Ring wakes all who wait.
func (b *Bell) Ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next != nil {
		close(b.next)
		b.next = nil
	}
}

// Cabins hands what vehicles see and mean to do to any number of viewers. A frame is looked at and made into a message
// once, however many there are; a viewer who is slow misses frames, and is counted.
type Cabins struct {
	witness Witness
	now     func() time.Time
	mu      sync.Mutex
	views   map[string]*Cabin
	viewers atomic.Int64
	skipped atomic.Uint64
	refused atomic.Uint64
}

// maxFrame bounds what is taken from outside, bytes.
const maxFrame = 8 << 10

// Witness is told of every frame, and must not block.
type Witness interface {
	Frame(vehicle string, at time.Time, frame []byte)
}

// New makes one without cabins. The witness may be nil.
func New(w Witness, now func() time.Time) *Cabins {
	return &Cabins{witness: w, now: now, views: make(map[string]*Cabin)}
}

// Cabin is what one vehicle shows.
type Cabin struct {
	of     *Cabins
	bell   Bell
	newest atomic.Pointer[frame]
}

type frame struct {
	number  uint64
	message []byte        // as it goes over the wire of a stream
	packed  func() []byte // the same by Pack, made when somebody first asks for it
}

// Admit lets a vehicle show what it sees, Dismiss lets it no more.
func (c *Cabins) Admit(vehicle string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.views[vehicle] == nil {
		c.views[vehicle] = &Cabin{of: c}
	}
}

// Dismiss is for a vehicle that is gone.
func (c *Cabins) Dismiss(vehicle string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.views, vehicle)
}

// Publish takes a frame as a vehicle published it. One of a vehicle that isn't admitted, and what isn't one JSON object
// of at most 8 KiB, is refused and counted.
func (c *Cabins) Publish(vehicle string, payload []byte) {
	v := c.Of(vehicle)
	if v == nil || len(payload) > maxFrame || len(payload) == 0 || payload[0] != '{' || bytes.ContainsAny(payload, "\r\n") || !json.Valid(payload) {
		c.refused.Add(1)
		return
	}
	if c.witness != nil {
		c.witness.Frame(vehicle, c.now(), payload)
	}
	number := uint64(1)
	if old := v.newest.Load(); old != nil {
		number = old.number + 1
	}
	message := make([]byte, 0, len(payload)+10)
	message = append(append(append(message, "data: "...), payload...), "\n\n"...)
	v.newest.Store(&frame{number, message, sync.OnceValue(func() []byte { return Pack(message) })})
	v.bell.Ring()
}

// Of gives the cabin of a vehicle; nil where it isn't admitted.
func (c *Cabins) Of(vehicle string) *Cabin {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.views[vehicle]
}

// Counts are how many look on, how many frames slow ones have missed, and how many were refused.
func (c *Cabins) Counts() (viewers int64, skipped, refused uint64) {
	return c.viewers.Load(), c.skipped.Load(), c.refused.Load()
}

// Viewer looks into one cabin. It is for one goroutine; Close it.
type Viewer struct {
	cabin  *Cabin
	packed bool
	last   uint64
}

// View begins to look, from the newest frame on; packed asks for messages as [Pack] makes them.
func (c *Cabin) View(packed bool) *Viewer {
	c.of.viewers.Add(1)
	return &Viewer{cabin: c, packed: packed}
}

// Next gives the newest frame as a message of a stream, if there's one it hasn't given, and a channel that is closed
// when there's another.
func (v *Viewer) Next() (message []byte, more <-chan struct{}) {
	more = v.cabin.bell.Wait()
	f := v.cabin.newest.Load()
	if f == nil || f.number == v.last {
		return nil, more
	}
	if v.last > 0 && f.number > v.last+1 {
		v.cabin.of.skipped.Add(f.number - v.last - 1)
	}
	v.last = f.number
	if v.packed {
		return f.packed(), more
	}
	return f.message, more
}

// Close ends the looking.
func (v *Viewer) Close() { v.cabin.of.viewers.Add(-1) }
