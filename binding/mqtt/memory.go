package mqttwot

import (
	"hash/maphash"
	"slices"
	"sync"

	"hutong/mould"
	"hutong/td"
)

// memory is the plans of Things that were announced before the hub was started. Their descriptions are kept by the broker,
// too, and come again: each is read once.
type memory struct {
	alike  *mould.Moulds[*plan]
	seed   maphash.Seed
	mu     sync.Mutex
	byText map[uint64]*plan
}

// Remember implements binding.Rememberer.
func (b *Binding) Remember(text []byte, read func() (*td.Thing, error)) {
	if c, words := b.memory.alike.Cast(text); c != nil {
		b.memory.put(text, c.Pour(words))
	} else if d, err := read(); err == nil {
		if p, err := planOf(d); err == nil { // else it is told when it is announced
			b.shelf.settle(p)
			b.memory.put(text, p)
		}
	}
}

// plan reads a description of which others may be alike. Where a form names several topics, they are in the order of their
// words.
func (b *Binding) plan(text []byte) (*plan, bool) {
	_, p, err := b.read(text)
	return p, err == nil && !p.several
}

// own is what the plans of devices that are alike have each to themselves.
func own(p *plan) (*plan, []*string) {
	q := *p
	q.inlets, q.outlets, q.available = slices.Clone(p.inlets), slices.Clone(p.outlets), slices.Clone(p.available)
	q.takes, q.links, q.responses = slices.Clone(p.takes), slices.Clone(p.links), slices.Clone(p.responses)
	list := []*string{(*string)(&q.id)}
	for i := range q.inlets {
		list = append(list, &q.inlets[i].topic)
	}
	for i := range q.outlets {
		list = append(list, &q.outlets[i].topic, &q.outlets[i].response)
	}
	for i := range q.available {
		list = append(list, &q.available[i].Topic)
	}
	for _, some := range [][]string{q.takes, q.links, q.responses} {
		for i := range some {
			list = append(list, &some[i])
		}
	}
	return &q, list
}

func (m *memory) put(text []byte, p *plan) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.byText == nil {
		m.byText = map[uint64]*plan{}
	}
	m.byText[maphash.Bytes(m.seed, text)] = p
}

// take gives what is remembered of text, once.
func (m *memory) take(text []byte) (*plan, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.byText) == 0 {
		return nil, false
	}
	key := maphash.Bytes(m.seed, text)
	p, ok := m.byText[key]
	delete(m.byText, key)
	return p, ok
}

// end forgets what has not been announced again.
func (m *memory) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.byText, m.alike = nil, nil
}
