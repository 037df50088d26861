package line

import (
	"slices"
	"testing"

	"hutong/mqtt/tap"
)

// scale is a Gatherer; it and its Basket note what they are given.
type scale struct {
	kind  string
	plain bool // takes nothing but Publish
	log   *[]string
}

func (s *scale) Publish(m *tap.Message) uint64 {
	*s.log = append(*s.log, "publish "+m.Topic)
	return 1
}
func (s *scale) Kind() any          { return s.kind }
func (s *scale) Basket() tap.Basket { return &pan{log: s.log} }
func (s *scale) Gather(m *tap.Message, b tap.Basket) bool {
	if s.plain {
		return false
	}
	p := b.(*pan)
	p.in = append(p.in, m.Topic)
	return true
}

type pan struct {
	in  []string
	pos uint64
	log *[]string
}

func (p *pan) Empty() uint64 {
	for _, topic := range p.in {
		*p.log = append(*p.log, "gathered "+topic)
	}
	p.in, p.pos = nil, p.pos+10
	return p.pos
}
func (p *pan) Wait(uint64) error { return nil }

func TestWhatIsGatheredKeepsItsPlaceBeforeWhatIsNot(t *testing.T) {
	var log []string
	many, one := &scale{"a", false, &log}, &scale{"a", true, &log}
	var g Gathering
	var first, second Batch
	owes, ok := g.Take(many, &tap.Message{Topic: "1"}, &first)
	if !ok || owes != 1 {
		t.Errorf("owes %b, %v", owes, ok)
	}
	if _, ok := g.Take(many, &tap.Message{Topic: "2"}, nil); !ok {
		t.Error("2 was not taken")
	}
	if _, ok := g.Take(one, &tap.Message{Topic: "3"}, &first); ok {
		t.Error("3 was taken")
	}
	one.Publish(&tap.Message{Topic: "3"})
	if _, ok := g.Take(many, &tap.Message{Topic: "4"}, &second); !ok {
		t.Error("4 was not taken")
	}
	if _, ok := g.Take(many, &tap.Message{Topic: "5"}, &first); !ok {
		t.Error("5 was not taken")
	}
	if first.Debts[0].Pos != 10 || second.Debts[0].Pos != 0 {
		t.Errorf("positions %+v %+v", first.Debts, second.Debts)
	}
	g.Empty()
	g.Empty() // nothing is in
	if want := []string{"gathered 1", "gathered 2", "publish 3", "gathered 4", "gathered 5"}; !slices.Equal(log, want) {
		t.Errorf("%v", log)
	}
	if len(first.Debts) != 1 || first.Debts[0].Pos != 20 || second.Debts[0].Pos != 20 {
		t.Errorf("positions %+v %+v", first.Debts, second.Debts)
	}
}
