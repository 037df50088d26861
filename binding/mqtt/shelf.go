package mqttwot

import (
	"sync"

	"hutong/td"
	"hutong/td/judge"
)

// shelf holds one copy of each schema that values are judged by. Devices of one make have the same, and what a schema was
// read from, a whole description, need not stay in memory for it.
type shelf struct {
	mu     sync.Mutex
	byText map[string]shelved
}

type shelved struct {
	schema *td.Schema
	quick  *judge.Judge
}

// maxShelved bounds the shelf: when it is full it is begun anew, and what is in use stays with whoever uses it.
const maxShelved = 4096

// settle has a plan use the shelf's schemas.
func (s *shelf) settle(p *plan) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range p.inlets {
		s.swap(&p.inlets[i].format)
	}
	for i := range p.outlets {
		s.swap(&p.outlets[i].format)
		s.swap(&p.outlets[i].output)
	}
}

func (s *shelf) swap(f *format) {
	if f.schema == nil {
		return
	}
	judging := *f.schema // without what is for people
	judging.Title, judging.Description, judging.Titles, judging.Descriptions = "", "", td.Lang{}, td.Lang{}
	judging.Types, judging.Extra = nil, nil
	text := judging.JSON()
	own, ok := s.byText[string(text)]
	if !ok {
		schema, err := td.ParseSchema(text)
		if err != nil {
			return // it can stay as it is
		}
		if s.byText == nil || len(s.byText) >= maxShelved {
			s.byText = map[string]shelved{}
		}
		own = shelved{schema, judge.New(schema)}
		s.byText[string(text)] = own
	}
	f.schema, f.quick = own.schema, own.quick
}
