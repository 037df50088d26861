package history

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"

	"hutong/history/pack"
	"hutong/thing"
)

// The states file keeps the last state of points whose segments retention has deleted, and the highest Seq of those.
const (
	statesName  = "states"
	statesMagic = "hutongS\x02"
	statesHead  = 24
)

// mergeCount is how many segments of one level become one of the next.
const mergeCount = 8

// Retain lets go of what is older than each point's retention, counted back from now. Such samples are not shown from
// then on; from the disk they are gone at the latest when they are an eighth of the retention older still and Retain
// is called again. The last state of every point stays (Last). Call it after Open, when the points are described, and
// then every day or so: a store just opened shows everything its files hold.
//
// When the files take more than Options.MaxBytes, the oldest samples of all points go as well, until they take a tenth less.
func (s *Store) Retain(now thing.Time) error {
	s.work.Lock()
	defer s.work.Unlock()
	s.mu.Lock()
	s.floor = max(s.floor, s.fitting())
	for _, x := range s.list {
		x.cut = s.floor
		if keep := cmp.Or(x.retention, s.o.Retention); keep > 0 {
			x.cut = max(x.cut, now-thing.Time(keep))
		}
	}
	segments := slices.Clone(s.segments)
	s.mu.Unlock()
	var gone []*segment
	for _, g := range segments {
		switch expired, overdue := s.judge(g); {
		case expired:
			gone = append(gone, g)
		case overdue:
			next := span{g.from, g.to, g.generation + 1}
			if err := s.rewrite([]*segment{g}, next, g.level); err != nil {
				return fmt.Errorf("history retain: %w", err)
			}
		}
	}
	if err := s.drop(gone); err != nil {
		return fmt.Errorf("history retain: %w", err)
	}
	return nil
}

// fitting is from when on samples can stay for the files to take a tenth less than they may; always when they may take what
// they do. The files are supposed to be as full at their beginning as at their end. The caller holds the lock.
func (s *Store) fitting() thing.Time {
	total := int64(0)
	for _, g := range s.segments {
		total += g.bytes
	}
	if s.o.MaxBytes == 0 || total <= s.o.MaxBytes {
		return always
	}
	from, over := always, total-s.o.MaxBytes/10*9
	for _, g := range s.segments {
		if over < g.bytes {
			share := float64(over) / float64(g.bytes)
			return max(from, g.min+thing.Time(share*float64(g.max-g.min)))
		}
		from, over = max(from, g.max+1), over-g.bytes
	}
	return from
}

// judge says whether all of a segment has expired, and whether some of it must go from the disk now.
func (s *Store) judge(g *segment) (expired, overdue bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	expired = true
	for i, e := range g.entries {
		x := s.list[e.series]
		last := len(g.chunks)
		if i+1 < len(g.entries) {
			last = int(g.entries[i+1].first)
		}
		slack := thing.Time(cmp.Or(x.retention, s.o.Retention) / 8)
		if x.cut == s.floor {
			slack = 0 // there is no room
		}
		for _, c := range g.chunks[e.first:last] {
			expired = expired && c.max < x.cut
			overdue = overdue || x.cut != always && c.min < x.cut-slack
		}
	}
	return expired, overdue
}

// drop deletes segments, after saving the states only they may know.
func (s *Store) drop(gone []*segment) error {
	if len(gone) == 0 {
		return nil
	}
	to, states, err := s.readStates()
	if err != nil {
		return err
	}
	for _, g := range gone {
		_, records, err := openSegment(g.file, g.span, s.codec)
		if err != nil {
			return fmt.Errorf("%s: %w", g.name(), err)
		}
		for _, rec := range records {
			if rec.state.Seq > states[rec.ref].Seq {
				states[rec.ref] = rec.state
			}
		}
		to = max(to, g.to)
	}
	if err := s.writeStates(to, states); err != nil {
		return err
	}
	return s.replace(gone, nil)
}

// replace takes old segments off the list, puts the new one in the place of the first, and deletes the old files.
func (s *Store) replace(old []*segment, by *segment) error {
	s.mu.Lock()
	var list []*segment
	for _, g := range s.segments {
		if by != nil && g == old[0] {
			list = append(list, by)
		}
		if !slices.Contains(old, g) {
			list = append(list, g)
		}
	}
	s.segments = list
	s.mu.Unlock()
	var errs []error
	for _, g := range old {
		errs = append(errs, s.fs.Remove(g.name()))
		g.release()
	}
	return errors.Join(errs...)
}

// merge joins runs of small segments into larger ones until there are none.
func (s *Store) merge() error {
	s.work.Lock()
	defer s.work.Unlock()
	for {
		run := s.mergeable()
		if run == nil {
			return nil
		}
		next := span{run[0].from, run[len(run)-1].to, 0}
		if err := s.rewrite(run, next, run[0].level+1); err != nil {
			return fmt.Errorf("history merge: %w", err)
		}
	}
}

// mergeable finds the oldest run of neighbours of one level that is long enough.
func (s *Store) mergeable() []*segment {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for i := 0; i < len(s.segments); {
		n := 1
		for i+n < len(s.segments) && s.segments[i+n].level == s.segments[i].level && n < mergeCount {
			n++
		}
		if n == mergeCount && s.segments[i].level < maxLevel && !slices.ContainsFunc(s.segments[i:i+n], (*segment).isHurt) {
			return slices.Clone(s.segments[i : i+n])
		}
		i += n
	}
	return nil
}

// rewrite makes one segment of several neighbours, without what has expired, and puts it in their place. A segment in
// which something is damaged is left as it is, for what is still good in it and for whoever may mend it.
func (s *Store) rewrite(old []*segment, name span, level byte) error {
	var parts []part
	for _, g := range old {
		_, records, err := openSegment(g.file, g.span, s.codec)
		if err != nil {
			return fmt.Errorf("%s: %w", g.name(), err)
		}
		for _, rec := range records {
			parts = append(parts, part{g, rec})
		}
	}
	slices.SortStableFunc(parts, func(a, b part) int { return a.ref.Compare(b.ref) })
	g, err := s.write(name, level, func(w *segmentWriter) error {
		for len(parts) > 0 {
			n := 1
			for n < len(parts) && parts[n].ref == parts[0].ref {
				n++
			}
			if err := s.join(w, parts[:n]); err != nil {
				return err
			}
			parts = parts[n:]
		}
		return nil
	})
	switch {
	case errors.Is(err, pack.ErrDamaged):
		return nil
	case err != nil:
		return err
	}
	return s.replace(old, g)
}

// part is what one segment holds of a series.
type part struct {
	from *segment
	record
}

// join writes one series of several segments, without what has expired.
func (s *Store) join(w *segmentWriter, parts []part) error {
	ref := parts[0].ref
	s.mu.RLock()
	v := view{codec: s.codec, from: s.find(ref).cut, to: 1<<63 - 1, damaged: s.noteDamage}
	s.mu.RUnlock()
	for _, p := range parts {
		var found source
		for _, c := range p.chunks {
			found.pieces = append(found.pieces, piece{min: c.min, max: c.max, segment: p.from, at: c})
		}
		v.sources = append(v.sources, found)
	}
	w.begin(ref, parts[len(parts)-1].state)
	err := v.walk(context.Background(), each(func(list []Sample) bool {
		w.add(list)
		return true
	}))
	w.end()
	return err
}

// readStates reads the states file; none is no error.
func (s *Store) readStates() (to uint64, states map[thing.Ref]thing.State, err error) {
	states = map[thing.Ref]thing.State{}
	names, err := s.fs.List()
	if err != nil || !slices.Contains(names, statesName) {
		return 0, states, err
	}
	f, err := s.fs.Open(statesName)
	if err != nil {
		return 0, nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return 0, nil, err
	}
	data := make([]byte, size)
	if _, err := f.ReadAt(data, 0); err != nil && size > 0 {
		return 0, nil, err
	}
	to, records, err := parseStates(data, s.codec)
	if err != nil {
		return 0, nil, fmt.Errorf("%s: %w", statesName, err)
	}
	for _, rec := range records {
		states[rec.ref] = rec.state
	}
	return to, states, nil
}

func parseStates(data []byte, c *codec) (to uint64, list []record, err error) {
	le := binary.LittleEndian
	if len(data) < statesHead+4 || string(data[:7]) != statesMagic[:7] {
		return 0, nil, pack.ErrDamaged
	}
	body := data[:len(data)-4]
	if crc32.Checksum(body, castagnoli) != le.Uint32(data[len(body):]) {
		return 0, nil, pack.ErrDamaged
	}
	if data[7] > statesMagic[7] {
		return 0, nil, errNewer
	}
	index, err := c.big.DecodeAll(body[statesHead:], nil)
	if err != nil || uint64(len(index)) != le.Uint64(body[16:]) {
		return 0, nil, pack.ErrDamaged
	}
	list, err = parseIndex(index, int64(len(magic)), data[7])
	return le.Uint64(body[8:]), list, err
}

func (s *Store) writeStates(to uint64, states map[thing.Ref]thing.State) error {
	var list []record
	for ref, state := range states {
		list = append(list, record{ref: ref, state: state})
	}
	slices.SortFunc(list, func(a, b record) int { return a.ref.Compare(b.ref) })
	index := appendIndex(nil, list)
	data := append([]byte(nil), statesMagic...)
	data = binary.LittleEndian.AppendUint64(data, to)
	data = binary.LittleEndian.AppendUint64(data, uint64(len(index)))
	data = s.codec.enc.EncodeAll(index, data)
	data = binary.LittleEndian.AppendUint32(data, crc32.Checksum(data, castagnoli))
	f, err := s.fs.Create(statesName + tempSuffix)
	if err != nil {
		return err
	}
	if _, err = f.Write(data); err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = s.fs.Commit(statesName+tempSuffix, statesName)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", statesName, err)
	}
	return nil
}

// loadStates gives the series the states that no segment has any more. A damaged file costs just those.
func (s *Store) loadStates() error {
	to, states, err := s.readStates()
	if errors.Is(err, pack.ErrDamaged) {
		s.stats.SetAside = append(s.stats.SetAside, statesName+".damaged")
		return s.fs.Commit(statesName, statesName+".damaged")
	}
	if err != nil {
		return err
	}
	s.durable = to
	for ref, state := range states {
		s.of(ref, 0).state = state
	}
	return nil
}
