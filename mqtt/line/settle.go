package line

import (
	"errors"
	"sync"

	"hutong/mqtt/wire"
)

// Waiter is something an acknowledgement may have to wait for: a Tap, a Store or a slow reader.
type Waiter interface{ Wait(pos uint64) error }

// Debt is a position that must be reached before an acknowledgement may leave.
type Debt struct {
	To  Waiter
	Pos uint64
}

// Batch is a run of acknowledgements that leave together, once its debts are paid.
type Batch struct {
	Debts []Debt
	acks  []Ack
}

// Ack is one acknowledgement.
type Ack struct {
	Kind   wire.Kind
	Reason wire.Reason
	ID     uint16
	owes   uint32 // bit i: Debts[i]; the last bit stands for all from there on
}

// Owe notes a debt, and returns the bit that says so to Ack.
func (b *Batch) Owe(to Waiter, pos uint64) uint32 {
	for i := range b.Debts {
		if b.Debts[i].To == to {
			b.Debts[i].Pos = max(b.Debts[i].Pos, pos)
			return 1 << min(i, 31)
		}
	}
	b.Debts = append(b.Debts, Debt{to, pos})
	return 1 << min(len(b.Debts)-1, 31)
}

// reach sets the position of the debt to to, which was not known when it was made.
func (b *Batch) reach(to Waiter, pos uint64) {
	for i := range b.Debts {
		if b.Debts[i].To == to {
			b.Debts[i].Pos = max(b.Debts[i].Pos, pos)
		}
	}
}

// Ack adds an acknowledgement that owes what the bits say.
func (b *Batch) Ack(kind wire.Kind, id uint16, reason wire.Reason, owes uint32) {
	b.acks = append(b.acks, Ack{kind, reason, id, owes})
}

// Len is the number of acknowledgements.
func (b *Batch) Len() int { return len(b.acks) }

// Reset empties b.
func (b *Batch) Reset() {
	clear(b.Debts)
	b.Debts, b.acks = b.Debts[:0], b.acks[:0]
}

// Settler sends acknowledgements in order, each batch only when what it owes is paid. Its goroutine lives only while
// a batch waits.
type Settler struct {
	// Settled is told of each acknowledgement before it leaves.
	Settled func(a Ack)
	// Failed is told of each that may not leave as a success, because of err. It returns the reason to send instead,
	// or false to send neither it nor the rest of its batch.
	Failed func(a Ack, err error) (wire.Reason, bool)

	out     *Outbox
	version byte
	mu      sync.Mutex
	queue   []*Batch
	free    []*Batch
	pending int // acknowledgements in queue
	running bool
	idle    sync.Cond // broadcast when pending shrinks
}

// NewSettler makes a Settler that writes to out in the form of version.
func NewSettler(out *Outbox, version byte) *Settler {
	s := &Settler{out: out, version: version}
	s.idle.L = &s.mu
	return s
}

// Take gives an empty batch.
func (s *Settler) Take() *Batch {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.free); n > 0 {
		b := s.free[n-1]
		s.free = s.free[:n-1]
		return b
	}
	return &Batch{}
}

// Send sends b's acknowledgements now if nothing is owed and nothing older waits, and queues them otherwise. It takes
// b over. Only the connection's reader calls it.
func (s *Settler) Send(b *Batch) {
	s.mu.Lock()
	if len(b.acks) > 0 && (len(b.Debts) > 0 || s.running) {
		s.queue = append(s.queue, b)
		s.pending += len(b.acks)
		if !s.running {
			s.running = true
			go s.run()
		}
		s.mu.Unlock()
		return
	}
	s.mu.Unlock()
	s.emit(b, nil)
	s.mu.Lock()
	s.recycle(b)
	s.mu.Unlock()
}

func (s *Settler) recycle(b *Batch) {
	b.Reset()
	if len(s.free) < 1 && cap(b.acks) <= 256 {
		s.free = append(s.free, b)
	}
}

func (s *Settler) run() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.queue) > 0 {
		b := s.queue[0]
		s.queue = s.queue[1:]
		n := len(b.acks)
		s.mu.Unlock()
		var errs [32]error
		for i, d := range b.Debts {
			if err := d.To.Wait(d.Pos); err != nil {
				errs[min(i, 31)] = err
			}
		}
		s.emit(b, &errs)
		s.out.Kick()
		s.mu.Lock()
		s.pending -= n
		s.recycle(b)
		s.idle.Broadcast()
	}
	s.queue = nil
	s.running = false
	s.idle.Broadcast()
}

// emit puts b's acknowledgements into the outbox.
func (s *Settler) emit(b *Batch, errs *[32]error) {
	for _, a := range b.acks {
		if err := a.unpaid(errs); err != nil && !a.Reason.Failed() {
			var ok bool
			if a.Reason, ok = s.Failed(a, err); !ok {
				return
			}
		}
		s.Settled(a)
		s.out.Add(func(buf []byte) []byte { return wire.AppendAck(buf, s.version, a.Kind, a.ID, a.Reason) })
	}
}

// unpaid is why one of a's debts was not paid.
func (a Ack) unpaid(errs *[32]error) error {
	for i := 0; errs != nil && i < 32 && a.owes>>i != 0; i++ {
		if a.owes>>i&1 != 0 && errs[i] != nil {
			return errs[i]
		}
	}
	return nil
}

// Pending is how many acknowledgements are queued.
func (s *Settler) Pending() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pending
}

// WaitBelow waits until fewer than n acknowledgements are queued.
func (s *Settler) WaitBelow(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.pending >= n && s.running {
		s.idle.Wait()
	}
}

// Wait waits until no acknowledgement is queued.
func (s *Settler) Wait() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.running {
		s.idle.Wait()
	}
}

// ReasonOf is the Reason inside err, or other.
func ReasonOf(err error, other wire.Reason) wire.Reason {
	var r wire.Reason
	if errors.As(err, &r) && r.Failed() {
		return r
	}
	var w *wire.Error
	if errors.As(err, &w) {
		return w.Reason
	}
	return other
}
