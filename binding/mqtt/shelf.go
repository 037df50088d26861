package mqttwot

import (
	"sync"

	"hutong/td"
	"hutong/td/judge"
)

// shelf holds one copy of each format, and of the schema that its values are judged by. Devices of one make have the same,
// and what a schema was read from, a whole description, need not stay in memory for it.
type shelf struct {
	mu      sync.Mutex
	byText  map[string]shelved
	formats map[format]*format
}

type shelved struct {
	schema *td.Schema
	quick  *judge.Judge
}

// maxShelved bounds the shelf: when it is full it is begun anew, and what is in use stays with whoever uses it.
const maxShelved = 4096

// settle has a plan use the shelf's formats.
func (s *shelf) settle(p *plan) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range p.inlets {
		s.swap(&p.inlets[i].format)
	}
	for i := range p.outlets {
		s.swap(&p.outlets[i].format)
		if p.outlets[i].output != nil {
			s.swap(&p.outlets[i].output)
		}
	}
}

func (s *shelf) swap(to **format) {
	f := *(*to)
	own, ok := s.judging(f.schema)
	if !ok {
		return // it can stay as it is
	}
	f.schema, f.quick = own.schema, own.quick
	same := s.formats[f]
	if same == nil {
		if s.formats == nil || len(s.formats) >= maxShelved {
			s.formats = map[format]*format{}
		}
		same = *to
		*same = f
		s.formats[f] = same
	}
	*to = same
}

// judging is the shelf's copy of a schema, which may be nil.
func (s *shelf) judging(of *td.Schema) (own shelved, ok bool) {
	var text []byte
	if of != nil {
		judging := *of // without what is for people
		judging.Title, judging.Description, judging.Titles, judging.Descriptions = "", "", td.Lang{}, td.Lang{}
		judging.Types, judging.Extra = nil, nil
		text = judging.JSON()
	}
	if own, ok = s.byText[string(text)]; !ok {
		var schema *td.Schema
		if of != nil {
			var err error
			if schema, err = td.ParseSchema(text); err != nil {
				return own, false
			}
		}
		if s.byText == nil || len(s.byText) >= maxShelved {
			s.byText = map[string]shelved{}
		}
		own = shelved{schema, judge.New(schema)}
		s.byText[string(text)] = own
	}
	return own, true
}
