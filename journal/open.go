package journal

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Open opens the journal in dir, making it when there is none, checks every frame and repairs what a crash left. The
// Report says what was found. A journal written by a newer format is refused and left as it is. On a full disk it opens
// too, can be read, and refuses changes until there is room. Only one process may have a journal open; the caller sees
// to that.
func Open(dir string, o Options) (*Journal, Report, error) {
	if o.FS == nil {
		fs, err := openDir(dir)
		if err != nil {
			return nil, Report{}, fmt.Errorf("journal: %w", err)
		}
		o.FS = fs
	}
	o.SegmentBytes = cmp.Or(o.SegmentBytes, 32<<20)
	o.MaxPending = cmp.Or(o.MaxPending, 32<<20)
	o.Retry = cmp.Or(o.Retry, 500*time.Millisecond)
	j := &Journal{
		fs: o.FS, o: o, hurry: make(chan struct{}, 1), closing: make(chan struct{}), stopped: make(chan struct{}),
	}
	j.work, j.room, j.settled = sync.NewCond(&j.mu), sync.NewCond(&j.mu), sync.NewCond(&j.mu)
	report, high, empty, err := j.recover()
	if err != nil {
		return nil, report, fmt.Errorf("journal: %w", err)
	}
	w := &writer{high: high, good: j.last}
	// Writing goes on in a new file, so nothing that was on disk before is touched again.
	switch err := j.begin(w); {
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
		j.broken, empty = fmt.Errorf("%w (%w)", ErrRefused, err), nil
	case err != nil:
		return nil, report, fmt.Errorf("journal: %w", err)
	}
	for _, s := range empty {
		if err := j.fs.Remove(s.name()); err != nil {
			return nil, report, errors.Join(fmt.Errorf("journal: %w", err), w.file.Close())
		}
	}
	report.Segments = len(j.segments)
	go j.run(w)
	return j, report, nil
}

// recover reads all segments, cuts damaged ends, and sets where the journal goes on. It returns the highest number in
// use, and apart the segments without changes, to be removed once there is a new one that remembers the last Seq.
func (j *Journal) recover() (report Report, high uint64, empty []segment, err error) {
	names, err := j.fs.List()
	if err != nil {
		return report, 0, nil, err
	}
	var found []inspection
	for _, name := range names {
		if number, ok := segmentNumber(name); ok {
			in, err := j.examine(number)
			if err != nil {
				return report, 0, nil, err
			}
			found = append(found, in)
		}
	}
	slices.SortFunc(found, func(a, b inspection) int { return cmp.Compare(a.number, b.number) })
	j.last = j.o.After
	for _, in := range found {
		report.Repairs = append(report.Repairs, in.repairs...)
		j.last, high = max(j.last, in.last), in.number
		if in.lost {
			continue
		}
		if in.first == 0 {
			empty = append(empty, in.segment)
			continue
		}
		if report.First == 0 {
			report.First = in.first
		}
		report.Changes += in.count
		j.segments = append(j.segments, in.segment)
	}
	j.done = j.last
	report.Last = j.last
	return report, high, empty, nil
}

// examine inspects one segment and cuts off what is behind its end.
func (j *Journal) examine(number uint64) (inspection, error) {
	f, err := j.fs.Open(segment{number: number}.name())
	if err != nil {
		return inspection{}, err
	}
	in, err := inspect(f, number)
	if err == nil && in.end < in.bytes {
		if err = f.Truncate(in.end); err == nil {
			err = f.Sync()
		}
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return in, err
}
