package line

import "hutong/mqtt/tap"

// Gathering is what a round has brought for Gatherers, each kind in its Basket. It is for one goroutine.
type Gathering struct {
	held []*basket
}

// maxKinds is how many Baskets are held at once: kinds come and go.
const maxKinds = 16

// basket is a tap.Basket and those who wait for what is in it. It is a Waiter.
type basket struct {
	tap.Basket
	kind  any
	full  bool
	owing []*Batch
}

// Take gives m to the Basket of to's kind. When b is not nil, owes are the bits of what m's acknowledgement in it then
// waits for. It is false when m must be given to Publish: then all Baskets have been emptied.
func (g *Gathering) Take(to tap.Gatherer, m *tap.Message, b *Batch) (owes uint32, ok bool) {
	in := g.of(to)
	if !to.Gather(m, in.Basket) {
		g.Empty()
		return 0, false
	}
	if in.full = true; b != nil {
		owes = b.Owe(in, 0) // the position is known when it is emptied
		if n := len(in.owing); n == 0 || in.owing[n-1] != b {
			in.owing = append(in.owing, b)
		}
	}
	return owes, true
}

func (g *Gathering) of(to tap.Gatherer) *basket {
	kind := to.Kind()
	for _, b := range g.held {
		if b.kind == kind {
			return b
		}
	}
	if len(g.held) >= maxKinds {
		g.Empty()
		g.held = nil
	}
	b := &basket{Basket: to.Basket(), kind: kind}
	g.held = append(g.held, b)
	return b
}

// Empty hands on what was gathered.
func (g *Gathering) Empty() {
	for _, in := range g.held {
		if !in.full {
			continue
		}
		pos := in.Empty()
		for _, b := range in.owing {
			b.reach(in, pos)
		}
		clear(in.owing)
		in.owing, in.full = in.owing[:0], false
	}
}
