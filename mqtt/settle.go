package mqtt

import (
	"errors"
	"sync"

	"hutong/mqtt/wire"
)

// waiter is something an acknowledgement may have to wait for: a Tap, a Store or a slow subscriber.
type waiter interface{ Wait(pos uint64) error }

// debt is a position that must be reached before an acknowledgement may leave.
type debt struct {
	to  waiter
	pos uint64
}

// batch is a run of acknowledgements that leave together, once its debts are paid.
type batch struct {
	debts []debt
	acks  []owedAck
}

type owedAck struct {
	kind   wire.Kind
	reason wire.Reason
	id     uint16
	owes   uint32 // bit i: debts[i]; the last bit stands for all from there on
}

// owe notes that the next acknowledgement waits for to to reach pos, and returns the bit to give to ack.
func (b *batch) owe(to waiter, pos uint64) uint32 {
	for i := range b.debts {
		if b.debts[i].to == to {
			b.debts[i].pos = max(b.debts[i].pos, pos)
			return 1 << min(i, 31)
		}
	}
	b.debts = append(b.debts, debt{to, pos})
	return 1 << min(len(b.debts)-1, 31)
}

func (b *batch) ack(kind wire.Kind, id uint16, reason wire.Reason, owes uint32) {
	b.acks = append(b.acks, owedAck{kind, reason, id, owes})
}

func (b *batch) reset() {
	clear(b.debts)
	b.debts, b.acks = b.debts[:0], b.acks[:0]
}

// settler sends acknowledgements in order, each batch only when what it owes is durable. Its goroutine lives only
// while a batch waits.
type settler struct {
	out     *outbox
	version byte
	// settled is told of each acknowledgement that leaves, before it does. failed is told of one that may not leave
	// because of err; it returns the reason to send, or false to send nothing.
	settled func(a owedAck)
	failed  func(a owedAck, err error) (wire.Reason, bool)

	mu      sync.Mutex
	queue   []*batch
	free    []*batch
	pending int // acknowledgements in queue
	running bool
	idle    sync.Cond // broadcast when pending shrinks
}

func newSettler(out *outbox, version byte) *settler {
	s := &settler{out: out, version: version}
	s.idle.L = &s.mu
	return s
}

// take gives an empty batch.
func (s *settler) take() *batch {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.free); n > 0 {
		b := s.free[n-1]
		s.free = s.free[:n-1]
		return b
	}
	return &batch{}
}

// send sends b's acknowledgements now if nothing is owed and nothing older waits, and queues them otherwise. It takes
// b over.
func (s *settler) send(b *batch) {
	s.mu.Lock()
	if len(b.acks) == 0 {
		s.recycle(b)
		s.mu.Unlock()
		return
	}
	if len(b.debts) > 0 || s.running {
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

func (s *settler) recycle(b *batch) {
	b.reset()
	if len(s.free) < 2 && cap(b.acks) <= 1024 {
		s.free = append(s.free, b)
	}
}

func (s *settler) run() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.queue) > 0 {
		b := s.queue[0]
		s.queue = s.queue[1:]
		n := len(b.acks)
		s.mu.Unlock()
		var errs [32]error
		for i, d := range b.debts {
			if err := d.to.Wait(d.pos); err != nil {
				errs[min(i, 31)] = err
			}
		}
		s.emit(b, &errs)
		s.out.kick()
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
func (s *settler) emit(b *batch, errs *[32]error) {
	for _, a := range b.acks {
		if errs != nil {
			for i := 0; i < 32 && a.owes>>i != 0; i++ {
				if a.owes>>i&1 == 0 || errs[i] == nil {
					continue
				}
				reason, ok := s.failed(a, errs[i])
				if !ok {
					return
				}
				a.reason = reason
				break
			}
		}
		s.settled(a)
		s.out.mu.Lock()
		if !s.out.closed {
			s.out.buf = wire.AppendAck(s.out.grown(), s.version, a.kind, a.id, a.reason)
		}
		s.out.mu.Unlock()
	}
}

// waitBelow waits until fewer than n acknowledgements are queued.
func (s *settler) waitBelow(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.pending >= n && s.running {
		s.idle.Wait()
	}
}

// wait waits until no batch is left.
func (s *settler) wait() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.running {
		s.idle.Wait()
	}
}

// reasonOf is the Reason inside err, or other.
func reasonOf(err error, other wire.Reason) wire.Reason {
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
