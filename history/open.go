package history

import (
	"cmp"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"

	"hutong/history/pack"
)

// Open opens the history in dir, making it when there is none. What a crash left unfinished is removed; a file that
// is damaged is renamed to NAME.damaged and named in Stats().SetAside, and Durable may be lower for it. A history in a
// later format is refused and left as it is. Only one process may have a history open; the caller sees to that.
func Open(dir string, o Options) (*Store, error) {
	if o.FS == nil {
		fs, err := openDir(dir)
		if err != nil {
			return nil, fmt.Errorf("history: %w", err)
		}
		o.FS = fs
	}
	codec, err := newCodec()
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	s := &Store{
		fs: o.FS, o: o.withDefaults(), codec: codec, seed: maphash.MakeSeed(), byHash: map[uint32]*series{}, floor: always,
		seal: make(chan struct{}, 1), closing: make(chan struct{}), stopped: make(chan struct{}),
	}
	if err := s.loadAll(); err != nil {
		for _, g := range s.segments {
			g.release()
		}
		return nil, fmt.Errorf("history: %w", err)
	}
	go s.run()
	return s, nil
}

// loadAll loads the last states and all segments, and tidies up after a crash.
func (s *Store) loadAll() error {
	names, err := s.fs.List()
	if err != nil {
		return err
	}
	var spans []span
	for _, name := range names {
		if strings.HasSuffix(name, tempSuffix) {
			if err := s.fs.Remove(name); err != nil {
				return err
			}
		} else if p, ok := parseName(name); ok {
			spans = append(spans, p)
		}
	}
	if err := s.loadStates(); err != nil {
		return err
	}
	slices.SortFunc(spans, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to), cmp.Compare(b.generation, a.generation))
	})
	for _, p := range spans { // a segment comes before those it replaces
		if n := len(s.segments); n > 0 && s.segments[n-1].replaces(p) {
			if err := s.fs.Remove(p.name()); err != nil {
				return err
			}
			continue
		}
		g, err := s.load(p)
		if errors.Is(err, pack.ErrDamaged) {
			aside := p.name() + ".damaged"
			s.stats.SetAside = append(s.stats.SetAside, aside)
			if err := s.fs.Commit(p.name(), aside); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		s.segments = append(s.segments, g)
		s.durable = max(s.durable, p.to)
	}
	s.last = s.durable
	return nil
}
