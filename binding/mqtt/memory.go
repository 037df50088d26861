package mqttwot

import (
	"hash/maphash"
	"sync"

	"hutong/td"
)

// memory is the plans of Things that were announced before the hub was started. Their descriptions are kept by the broker,
// too, and come again: each is read once.
type memory struct {
	seed   maphash.Seed
	mu     sync.Mutex
	byText map[uint64]*plan
}

// Remember implements binding.Rememberer.
func (b *Binding) Remember(d *td.Thing, text []byte) {
	if p, err := planOf(d); err == nil { // else it is told when it is announced
		b.shelf.settle(p)
		b.memory.put(text, p)
	}
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
	m.byText = nil
}
