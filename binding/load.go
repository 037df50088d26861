package binding

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"sync"

	"hutong/mould"
	"hutong/td"
	"hutong/thing"
)

// kept is a description as the registry has it.
type kept struct {
	binding string
	text    []byte
}

// Load adds every Thing the registry remembers and returns how many. It is called once, before Run. A description
// that is refused now, though it was taken once, is logged and left out; it stays in the registry.
func (s *Supervisor) Load() (int, error) {
	if s.registry == nil {
		return 0, nil
	}
	alike := mould.New(s.compile, own)
	texts := make(chan kept, 64)
	var readers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		readers.Go(func() {
			for k := range texts {
				if err := s.remember(alike, k); err != nil {
					s.leaveOut(k.binding, err)
				}
			}
		})
	}
	err := s.registry.EachTD(func(name string, text []byte, err error) error {
		if err != nil {
			s.leaveOut(name, err)
			return nil
		}
		texts <- kept{name, text}
		return nil
	})
	close(texts)
	readers.Wait()
	if err != nil {
		return len(s.owned), fmt.Errorf("binding: load things: %w", err)
	}
	return len(s.owned), nil
}

func (s *Supervisor) leaveOut(name string, err error) {
	s.log.Error("a remembered Thing is left out", "binding", name, "error", err)
}

// compile reads a description of which others may be alike.
func (s *Supervisor) compile(text []byte) (*thing.Thing, bool) {
	d, err := td.Parse(text)
	if err != nil {
		return nil, false
	}
	x, err := d.Compile()
	if err != nil {
		return nil, false
	}
	s.makes.share(x)
	return x, true
}

// own is what Things that are alike have each to themselves.
func own(x *thing.Thing) (*thing.Thing, []*string) {
	y := *x
	return &y, []*string{(*string)(&y.ID), &y.Title, (*string)(&y.Place)}
}

func (s *Supervisor) remember(alike *mould.Moulds[*thing.Thing], k kept) error {
	read := sync.OnceValues(func() (*td.Thing, error) { return td.Parse(k.text) })
	var x *thing.Thing
	if c, words := alike.Cast(k.text); c != nil {
		x = c.Pour(words)
	} else {
		d, err := read()
		if err != nil {
			return err
		}
		if x, err = d.Compile(); err != nil {
			return err
		}
		s.makes.share(x)
	}
	x.Binding = k.binding
	if err := s.things.Add(x); err != nil {
		return err
	}
	by := s.find(k.binding)
	if by == nil { // nobody here reaches it
		s.things.Online(x.ID, false)
	} else if r, ok := by.Binding.(Rememberer); ok {
		r.Remember(k.text, read)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.owned[x.ID] = &owned{binding: k.binding, text: hash(k.text), device: &device{hub: &hub{s: s, name: k.binding}, thing: x}}
	return nil
}

// makes holds one copy of the points of each make of devices.
type makes struct {
	mu     sync.Mutex
	byText map[string][]thing.Point
}

// maxMakes bounds it: when it is full it is begun anew, and what is in use stays with whoever uses it.
const maxMakes = 4096

// share has x use the points that another of its make has.
func (m *makes) share(x *thing.Thing) {
	x.Points, x.Actions = m.of(x.Points), m.of(x.Actions)
}

func (m *makes) of(list []thing.Point) []thing.Point {
	if len(list) == 0 {
		return nil
	}
	text := describe(list)
	m.mu.Lock()
	defer m.mu.Unlock()
	if same, ok := m.byText[string(text)]; ok {
		return same
	}
	if m.byText == nil || len(m.byText) >= maxMakes {
		m.byText = map[string][]thing.Point{}
	}
	m.byText[string(text)] = list
	return list
}

// describe is a text that only points which are alike in everything have in common.
func describe(list []thing.Point) []byte {
	var b []byte
	for i := range list {
		p := &list[i]
		for _, s := range []string{p.Name, p.Title, p.Unit} {
			b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
		}
		b = fmt.Appendf(b, "%d %d %d %d %t %t %t %d", p.Kind, p.Type, p.Resolution, p.Retention, p.ReadOnly, p.WriteOnly, p.Linear, len(p.Enum))
		for _, v := range p.Enum {
			b = append(v.AppendJSON(append(b, byte(v.Type()))), 0)
		}
	}
	return b
}
