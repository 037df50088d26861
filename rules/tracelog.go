package rules

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"hutong/rules/engine"
)

// Limits of the traces on disk: traceFiles files of traceBytes each, the oldest dropped.
const (
	traceFiles = 4
	traceBytes = 8 << 20
	traceLine  = 1 << 20 // longest line read back
)

// TraceLog keeps traces over restarts.
type TraceLog interface {
	// Append keeps t, at the latest with the next Flush. An error says that it was not kept.
	Append(t engine.Trace) error
	// Flush hands what was kept to the operating system.
	Flush() error
	// Find returns the trace with this id, false when it is not there (any more).
	Find(id string) (engine.Trace, bool, error)
	// Recent calls f with the newest traces, oldest first.
	Recent(f func(engine.Trace)) error
	// Close ends the log.
	Close() error
}

// fileLog is a TraceLog of JSON lines: trace-0.jsonl is the newest file. A line cut short by a crash is passed over.
type fileLog struct {
	dir  string
	file *os.File
	size int64
	buf  []byte // not written yet
}

// traceBuffer is how many bytes of traces wait for a Flush at most.
const traceBuffer = 64 << 10

// openTraceLog opens the traces in dir, which is made when it is not there.
func openTraceLog(dir string) (*fileLog, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("open traces: %w", err)
	}
	l := &fileLog{dir: dir}
	return l, l.reopen()
}

func (l *fileLog) path(i int) string { return filepath.Join(l.dir, fmt.Sprintf("trace-%d.jsonl", i)) }

func (l *fileLog) reopen() error {
	f, err := os.OpenFile(l.path(0), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("open traces: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(fmt.Errorf("open traces: %w", err), f.Close())
	}
	l.file, l.size = f, info.Size()
	last := []byte{'\n'}
	if l.size > 0 {
		if _, err := f.ReadAt(last, l.size-1); err != nil {
			return errors.Join(fmt.Errorf("open traces: %w", err), f.Close())
		}
	}
	if last[0] != '\n' { // the end of what a crash cut short
		n, err := f.WriteString("\n")
		l.size += int64(n)
		if err != nil {
			return errors.Join(fmt.Errorf("open traces: %w", err), f.Close())
		}
	}
	return nil
}

// Append implements TraceLog.
func (l *fileLog) Append(t engine.Trace) error {
	if l.size > traceBytes {
		if err := l.rotate(); err != nil {
			return err
		}
	}
	before := len(l.buf)
	l.buf = append(t.AppendJSON(l.buf), '\n')
	l.size += int64(len(l.buf) - before)
	if len(l.buf) >= traceBuffer {
		return l.Flush()
	}
	return nil
}

// Flush implements TraceLog.
func (l *fileLog) Flush() error {
	if len(l.buf) == 0 {
		return nil
	}
	_, err := l.file.Write(l.buf)
	l.buf = l.buf[:0]
	if err != nil {
		return fmt.Errorf("keep traces: %w", err)
	}
	return nil
}

func (l *fileLog) rotate() error {
	err := errors.Join(l.Flush(), l.file.Close())
	for i := traceFiles - 1; i > 0; i-- {
		if e := os.Rename(l.path(i-1), l.path(i)); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	if err != nil {
		err = fmt.Errorf("rotate traces: %w", err)
	}
	return errors.Join(err, l.reopen())
}

// Find implements TraceLog.
func (l *fileLog) Find(id string) (found engine.Trace, ok bool, err error) {
	want := fmt.Appendf(nil, `{"id":%q,`, id)
	for i := 0; i < traceFiles && !ok; i++ {
		err = errors.Join(err, l.lines(i, func(line []byte) {
			if bytes.HasPrefix(line, want) && json.Unmarshal(line, &found) == nil {
				ok = true
			}
		}))
	}
	return found, ok, err
}

// Recent implements TraceLog: it reads the two newest files.
func (l *fileLog) Recent(f func(engine.Trace)) error {
	var err error
	for i := 1; i >= 0; i-- {
		err = errors.Join(err, l.lines(i, func(line []byte) {
			var t engine.Trace
			if json.Unmarshal(line, &t) == nil && t.ID != "" {
				f(t)
			}
		}))
	}
	return err
}

func (l *fileLog) lines(i int, f func([]byte)) error {
	file, err := os.Open(l.path(i))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read traces: %w", err)
	}
	defer file.Close()
	r := bufio.NewReaderSize(file, 64<<10)
	for {
		line, err := r.ReadSlice('\n')
		long := append([]byte(nil), line...)
		for errors.Is(err, bufio.ErrBufferFull) && len(long) < traceLine {
			line, err = r.ReadSlice('\n')
			long = append(long, line...)
		}
		f(long)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return fmt.Errorf("read traces: %w", err)
		}
	}
}

// Close implements TraceLog.
func (l *fileLog) Close() error { return errors.Join(l.Flush(), l.file.Close()) }
