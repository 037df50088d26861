package journal

import (
	"errors"
	"fmt"
	"time"

	"hutong/thing"
)

// writer is the committer's hold on the segment being written. Only the committer goroutine touches it.
type writer struct {
	segment
	file File
	enc  *encoder
	buf  []byte
	room int64  // length of the file; from size on it is zeros
	high uint64 // highest segment number ever used
	good uint64 // highest Seq known to be on disk, over all segments
}

// run is the committer goroutine. It ends when the journal is closed and nothing is left to write.
func (j *Journal) run(w *writer) {
	defer close(j.stopped)
	for {
		batch := j.take(w)
		if len(batch) == 0 {
			break
		}
		err := j.commit(w, batch)
		if err != nil { // once more, in a new file, before giving the changes up
			err = j.commit(w, batch)
		}
		j.settle(w, err)
	}
	if w.file != nil {
		w.abandon()
	}
}

// take waits for changes to write and returns them; none when the journal is closed. While the disk refuses it keeps
// trying to begin a new segment.
func (j *Journal) take(w *writer) []thing.Change {
	j.mu.Lock()
	defer j.mu.Unlock()
	for len(j.waiting) == 0 && !j.closed {
		if j.broken == nil {
			j.work.Wait()
			continue
		}
		j.mu.Unlock()
		j.pause(j.o.Retry)
		err := j.begin(w)
		j.mu.Lock()
		if err == nil {
			j.broken = nil
		}
	}
	if j.o.MaxDelay > 0 && !j.closed && j.waiters == 0 {
		j.mu.Unlock()
		j.pause(j.o.MaxDelay)
		j.mu.Lock()
	}
	select { // a push for what is taken now
	case <-j.hurry:
	default:
	}
	j.waiting, j.writing, j.taken = j.writing[:0], j.waiting, j.pending
	return j.writing
}

// pause waits for d, for a push, or for Close.
func (j *Journal) pause(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-j.hurry:
	case <-j.closing:
	}
}

// settle publishes the outcome of the batch that was being written, and wakes whoever waits for it.
func (j *Journal) settle(w *writer, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	last := j.writing[len(j.writing)-1].Seq
	if err != nil {
		j.broken = fmt.Errorf("%w (%w)", ErrRefused, err)
		j.fail(j.writing)
		j.fail(j.waiting)
		last, j.taken = j.last, j.pending
		clear(j.waiting)
		j.waiting = j.waiting[:0]
	} else {
		j.stats.Commits++
		seg := &j.segments[len(j.segments)-1]
		seg.last, seg.size = w.good, w.size
	}
	clear(j.writing) // lets go of the texts
	j.writing = j.writing[:0]
	if cap(j.writing) > 1<<16 {
		j.writing = nil // a burst is over
	}
	j.pending -= j.taken
	j.done = last
	j.room.Broadcast()
	j.settled.Broadcast()
}

func (j *Journal) fail(batch []thing.Change) {
	if len(batch) == 0 {
		return
	}
	j.stats.Failures += uint64(len(batch))
	f := failure{batch[0].Seq, batch[len(batch)-1].Seq, j.broken}
	if n := len(j.failed); n > 0 && j.failed[n-1].last+1 == f.first {
		j.failed[n-1].last = f.last
		return
	}
	if len(j.failed) == maxFailures { // join the two oldest: better one false no than one false yes
		j.failed[1].first = j.failed[0].first
		j.failed = j.failed[1:]
	}
	j.failed = append(j.failed, f)
}

// commit writes and syncs a batch. After an error the segment has been abandoned.
func (j *Journal) commit(w *writer, batch []thing.Change) error {
	if w.file == nil || w.size >= j.o.SegmentBytes {
		if err := j.begin(w); err != nil {
			return err
		}
	}
	size, last := w.size, batch[len(batch)-1].Seq
	for len(batch) > 0 {
		w.buf = w.buf[:0]
		for len(batch) > 0 && len(w.buf) < 1<<20 {
			var n int
			w.buf, n = w.enc.frame(w.buf, batch)
			batch = batch[n:]
		}
		if err := writeAll(w.file, w.buf, size); err != nil {
			w.abandon()
			return err
		}
		size += int64(len(w.buf))
	}
	w.makeRoom(size, j.o.SegmentBytes)
	if err := w.file.Sync(); err != nil {
		w.abandon()
		return err
	}
	w.size, w.good = size, last
	if cap(w.buf) > 4<<20 {
		w.buf = nil
	}
	return nil
}

// begin closes the segment in hand and makes a new one, on disk with its header before it returns. Its base makes
// void whatever a failed write may have left of later changes in earlier segments.
func (j *Journal) begin(w *writer) error {
	if w.file != nil {
		w.abandon()
	}
	w.high++ // a number is never used twice, even when making the file fails
	seg := segment{number: w.high, base: w.good + 1, last: w.good, size: segmentHeader}
	f, err := j.fs.Create(seg.name())
	if err != nil {
		return fmt.Errorf("begin %s: %w", seg.name(), err)
	}
	made := writer{segment: seg, file: f, enc: newEncoder(seg.number), buf: w.buf, high: w.high, good: w.good}
	if err = writeAll(f, seg.header(), 0); err == nil {
		made.makeRoom(seg.size, j.o.SegmentBytes)
		err = f.Sync()
	}
	if err == nil {
		err = j.fs.Sync()
	}
	if err != nil {
		return errors.Join(fmt.Errorf("begin %s: %w", seg.name(), err), f.Close(), j.fs.Remove(seg.name()))
	}
	*w = made
	j.mu.Lock()
	j.segments = append(j.segments, seg)
	j.mu.Unlock()
	return nil
}

// roomAhead is how many zeros are written behind the changes, so that a commit into them changes neither the file's length
// nor where it lies: it costs the disk one write instead of three or four. A page of zeros is looked at after a crash only.
const roomAhead = 1 << 20

var zeros [roomAhead]byte

// makeRoom writes zeros from end on when the room that was made is used up, to be synced with what comes before them. A
// disk that has no room for them may yet have it for changes.
func (w *writer) makeRoom(end, most int64) {
	if end <= w.room {
		return
	}
	n, _ := w.file.WriteAt(zeros[:max(0, min(roomAhead, most-end))], end)
	w.room = end + int64(n)
}

// abandon lets go of the segment in hand and cuts off what is not known to be on disk. That is tidiness only: the
// next segment's base makes those changes void, so an error here changes nothing.
func (w *writer) abandon() {
	_ = w.file.Truncate(w.size)
	_ = w.file.Close()
	w.file, w.enc = nil, nil
}

func writeAll(f File, b []byte, at int64) error {
	n, err := f.WriteAt(b, at)
	if err == nil && n < len(b) {
		err = fmt.Errorf("only %d of %d bytes were written", n, len(b))
	}
	return err
}
