package gate

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"hutong/thing"
)

// Entry is one line of the audit log: who wanted what, and what the Gate said.
type Entry struct {
	N       uint64          `json:"n"` // 1, 2, 3, ...
	Time    time.Time       `json:"time"`
	By      string          `json:"by"`
	Op      string          `json:"op"`              // write, invoke, or what Record was told
	Ref     string          `json:"ref,omitempty"`   // thing.Ref of a Command
	Input   json.RawMessage `json:"input,omitempty"` // left out when secret or longer than 1 KiB
	Command string          `json:"command,omitempty"`
	Trace   string          `json:"trace,omitempty"`
	Detail  string          `json:"detail,omitempty"`
	Allowed bool            `json:"allowed"`
	Reason  string          `json:"reason,omitempty"`
	Missed  uint64          `json:"missed,omitempty"` // entries before this one that could not be written
	Prev    string          `json:"prev"`             // hash of the line before; 64 zeros in the first
}

const (
	maxEntry   = 16 << 10
	maxInput   = 1 << 10
	syncEvery  = time.Second
	hashMember = `,"hash":"`
	hashTail   = len(hashMember) + 2*sha256.Size + len("\"}\n")
)

func entryOf(cmd thing.Command, v thing.Verdict, hidden bool) Entry {
	e := Entry{By: cmd.By, Op: Write.String(), Ref: cmd.Ref.String(), Command: cmd.ID, Trace: cmd.Cause.Trace, Allowed: v.Allowed, Reason: v.Reason}
	if cmd.Ref.Kind == thing.Action {
		e.Op = Invoke.String()
	}
	if input := cmd.Input.AppendJSON(nil); !hidden && len(input) <= maxInput {
		e.Input = input
	}
	return e
}

// Audit is an append-only file of Entries, each holding the hash of the one before: whoever changes, inserts or removes
// a line breaks the chain at that place, and only cutting the end needs the head hash to be seen. An entry is handed to
// the operating system before Append returns, so a killed process loses none; it is forced to disk about once a second
// and at Close. It is safe for use by many goroutines.
type Audit struct {
	mu     sync.Mutex
	file   *os.File
	size   int64
	n      uint64
	head   string
	synced time.Time
}

// OpenAudit opens or makes the log at path and checks its whole chain. A last line that was cut off in writing is
// removed and told as repaired; any other break is an error that names the line.
func OpenAudit(path string) (a *Audit, repaired bool, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, false, fmt.Errorf("audit: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close())
		}
	}()
	c, err := Verify(f)
	if err != nil {
		return nil, false, err
	}
	if c.Torn {
		if err := f.Truncate(c.Size); err != nil {
			return nil, false, fmt.Errorf("audit: cut off the torn last line: %w", err)
		}
	}
	return &Audit{file: f, size: c.Size, n: c.Entries, head: c.Head}, c.Torn, nil
}

// Append numbers e, chains it to the last and writes it. After an error the log is as it was before.
func (a *Audit) Append(e Entry) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	e.N, e.Prev = a.n+1, a.head
	body, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("audit: entry %d: %w", e.N, err)
	}
	if len(body) > maxEntry {
		return fmt.Errorf("audit: entry %d has %d bytes: at most %d are allowed", e.N, len(body), maxEntry)
	}
	line, head := seal(body)
	if _, err := a.file.WriteAt(line, a.size); err != nil {
		return fmt.Errorf("audit: entry %d: %w", e.N, errors.Join(err, a.file.Truncate(a.size)))
	}
	a.size, a.n, a.head = a.size+int64(len(line)), e.N, head
	if e.Time.Sub(a.synced) >= syncEvery {
		a.synced = e.Time
		if err := a.file.Sync(); err != nil {
			return fmt.Errorf("audit: entry %d: %w", e.N, err)
		}
	}
	return nil
}

// Head is the number and hash of the last entry: keep it elsewhere to see later that nothing was cut off.
func (a *Audit) Head() (n uint64, hash string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.n, a.head
}

// Close forces the log to disk and closes it.
func (a *Audit) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return errors.Join(a.file.Sync(), a.file.Close())
}

// seal makes a line of an entry's JSON: its hash is the last member, over all bytes before it.
func seal(body []byte) (line []byte, hash string) {
	open := body[:len(body)-1]
	sum := sha256.Sum256(open)
	hash = hex.EncodeToString(sum[:])
	line = make([]byte, 0, len(open)+hashTail)
	line = append(line, open...)
	line = append(line, hashMember...)
	line = append(line, hash...)
	return append(line, "\"}\n"...), hash
}

// Chain is what Verify found.
type Chain struct {
	Entries uint64
	Head    string // hash of the last entry; 64 zeros when there is none
	Size    int64  // bytes of whole, good lines
	Torn    bool   // the last line was cut off in writing
}

// Verify reads a log and checks that every line holds what was written and follows the one before. The error names the
// first line that does not.
func Verify(r io.Reader) (Chain, error) {
	c := Chain{Head: hex.EncodeToString(make([]byte, sha256.Size))}
	lines := bufio.NewReaderSize(r, maxEntry+hashTail)
	for {
		line, err := lines.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF):
			c.Torn = len(line) > 0
			return c, nil
		case err != nil:
			return c, fmt.Errorf("audit: line %d: %w", c.Entries+1, err)
		}
		if err := c.follow(line); err != nil {
			return c, fmt.Errorf("audit: line %d: %w", c.Entries+1, err)
		}
	}
}

func (c *Chain) follow(line []byte) error {
	if len(line) <= hashTail || line[0] != '{' {
		return errors.New("it is not an entry")
	}
	open := line[:len(line)-hashTail]
	want, hash := seal(append(bytes.Clone(open), '}'))
	if !bytes.Equal(want, line) {
		return errors.New("its hash does not fit: it was changed after it was written")
	}
	var e Entry
	if err := json.Unmarshal(line, &e); err != nil {
		return err
	}
	if e.Prev != c.Head || e.N != c.Entries+1 {
		return errors.New("it does not follow the line before: one was removed, inserted or moved")
	}
	c.Entries, c.Head, c.Size = e.N, hash, c.Size+int64(len(line))
	return nil
}
