package history

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// frozen is what is being sealed: it is not changed any more, and stays until it is in a file.
type frozen struct {
	from, to uint64
	series   []*series // those with a frozen buffer, by ref
	samples  int
}

func (f *frozen) len() int {
	if f == nil {
		return 0
	}
	return f.samples
}

// Seal writes everything taken so far into a file and returns when it is on disk; Durable has moved on then. After an
// error what was to be sealed stays in memory, can be queried, and is tried again first by the next Seal.
func (s *Store) Seal() error {
	s.work.Lock()
	defer s.work.Unlock()
	for s.freeze() {
		if err := s.sealFrozen(); err != nil {
			return fmt.Errorf("history seal: %w", err)
		}
	}
	return nil
}

// freeze sets aside what is in memory, unless something is set aside already; false when there is nothing.
func (s *Store) freeze() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.frozen != nil {
		return true
	}
	if s.last == s.durable {
		return false
	}
	f := &frozen{from: s.durable + 1, to: s.last, samples: s.open}
	for _, x := range s.list {
		if x.open != nil {
			x.frozen, x.open = x.open, nil
			x.frozen.state = x.state
			f.series = append(f.series, x)
		}
	}
	slices.SortFunc(f.series, func(a, b *series) int { return a.ref.Compare(b.ref) })
	s.frozen, s.open = f, 0
	return true
}

// sealFrozen writes what is set aside. The buffers are read without a lock: nobody changes them.
func (s *Store) sealFrozen() error {
	f := s.frozen
	g, err := s.write(span{from: f.from, to: f.to}, 0, func(w *segmentWriter) error {
		var list []Sample
		for _, x := range f.series {
			var err error
			if list, err = x.frozen.samples(list[:0], s.codec); err != nil {
				return err
			}
			w.begin(x.ref, x.frozen.state)
			w.add(list)
			w.end()
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.segments = append(s.segments, g)
	s.durable, s.frozen = f.to, nil
	for _, x := range f.series {
		x.frozen = nil
	}
	return nil
}

// write makes a segment file: under a temporary name first, then by its own, all or nothing. The caller enters it.
func (s *Store) write(name span, level byte, fill func(*segmentWriter) error) (*segment, error) {
	temp := name.name() + tempSuffix
	f, err := s.fs.Create(temp)
	if err != nil {
		return nil, err
	}
	w := newSegmentWriter(f, s.codec)
	if err = fill(w); err == nil {
		err = w.finish(name, level)
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = s.fs.Commit(temp, name.name())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("write %s: %w", name.name(), err), s.fs.Remove(temp))
	}
	return s.load(name)
}

// load opens a segment and enters its series, but not the segment itself.
func (s *Store) load(name span) (*segment, error) {
	f, err := s.fs.Open(name.name())
	if err != nil {
		return nil, err
	}
	g, records, err := openSegment(f, name, s.codec)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name.name(), err), f.Close())
	}
	g.refs.Store(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	type numbered struct {
		series uint32
		*record
	}
	var order []numbered
	for i := range records {
		rec := &records[i]
		x := s.of(rec.ref, 0)
		if rec.state.Seq > x.state.Seq {
			x.state = rec.state
		}
		order = append(order, numbered{x.number, rec})
		for _, c := range rec.chunks {
			if len(g.chunks) == 0 && g.min == 0 && g.max == 0 {
				g.min, g.max = c.min, c.max
			}
			g.min, g.max = min(g.min, c.min), max(g.max, c.max)
		}
	}
	slices.SortFunc(order, func(a, b numbered) int { return cmp.Compare(a.series, b.series) })
	for _, n := range order {
		g.entries = append(g.entries, entry{n.series, uint32(len(g.chunks)), n.rollup})
		g.chunks = append(g.chunks, n.chunks...)
	}
	return g, nil
}
