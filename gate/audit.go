package gate

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
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

// BrokenMark stands in the names of files that were set aside as broken, after the name of the log.
const BrokenMark = ".broken-"

const (
	maxEntry   = 16 << 10
	maxInput   = 1 << 10
	maxVolume  = 16 << 20
	maxLines   = 256 << 10 // bytes of a buffer that is kept
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
// a line breaks the chain at that place, and only cutting the end needs the head hash to be seen. A file that has grown
// to 16 MiB is set aside as a volume, named after its last entry, and the chain goes on in a new one; volumes may be
// moved away, oldest first. An entry is handed to the operating system before Append returns, so a killed process loses
// none; it is forced to disk about once a second and at Close. It is safe for use by many goroutines.
type Audit struct {
	path  string
	limit int64 // bytes from which the file is set aside

	mu      sync.Mutex
	file    *os.File
	chain   Chain
	lines   []byte // scratch of Append
	synced  time.Time
	syncing chan error // nil, or gives how the sync under way ended
}

// OpenAudit opens or makes the log at path and checks the chain of its newest file; VerifyLog checks the volumes too.
// A last line that was cut off in writing is removed. A file that is broken elsewhere is set aside whole, for people to
// look at, and the log goes on after the last entry that holds, with one that says so. Repair tells of either; it is ""
// when all was well.
func OpenAudit(path string) (a *Audit, repair string, err error) {
	before, err := lastVolume(path)
	if err != nil {
		return nil, "", err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, "", fmt.Errorf("audit: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close())
		}
	}()
	c, err := before.verify(f)
	var disk *fs.PathError
	switch {
	case errors.As(err, &disk):
		return nil, "", fmt.Errorf("audit: %w", err)
	case err != nil:
		broken := err
		aside, whole, err := setAside(path, f, c)
		if err != nil {
			return nil, "", fmt.Errorf("audit %s: %w; it cannot be set aside: %w", path, broken, err)
		}
		repair = fmt.Sprintf("the log is broken at %v; it was set aside as %s", broken, filepath.Base(aside))
		_ = f.Close() // it was only read
		f = whole
	case c.Torn:
		if err := f.Truncate(c.Size); err != nil {
			return nil, "", fmt.Errorf("audit: cut off the torn last line: %w", err)
		}
		return &Audit{path: path, limit: maxVolume, file: f, chain: c}, "the log ended in the middle of an entry, which was cut off", nil
	}
	a = &Audit{path: path, limit: maxVolume, file: f, chain: c}
	if repair != "" {
		if err := a.Append(Entry{Time: time.Now(), By: "hub", Op: "audit", Detail: repair, Allowed: true}); err != nil {
			return nil, "", err
		}
	}
	return a, repair, nil
}

// setAside moves a broken file to a name of its own, and opens one in its place that holds the good lines at its
// beginning.
func setAside(path string, f io.ReaderAt, good Chain) (aside string, whole *os.File, err error) {
	whole, err = os.CreateTemp(filepath.Dir(path), ".audit-*")
	if err != nil {
		return "", nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, whole.Close(), os.Remove(whole.Name()))
		}
	}()
	if _, err := io.Copy(whole, io.NewSectionReader(f, 0, good.Size)); err != nil {
		return "", nil, err
	}
	if err := whole.Sync(); err != nil {
		return "", nil, err
	}
	for n := 0; ; n++ {
		aside = fmt.Sprintf("%s%s%d-%d", path, BrokenMark, good.Entries, n)
		if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err := os.Rename(path, aside); err != nil {
		return "", nil, err
	}
	if err := os.Rename(whole.Name(), path); err != nil {
		return "", nil, errors.Join(err, os.Rename(aside, path))
	}
	return aside, whole, nil
}

// Append numbers the entries, chains each to the one before and writes them in one piece. After an error the log is as
// it was before.
func (a *Audit) Append(list ...Entry) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.settle(false); err != nil { // what was written last may not be on disk
		return err
	}
	if a.chain.Size >= a.limit {
		if err := a.turn(); err != nil {
			return err
		}
	}
	c, lines := a.chain, a.lines[:0]
	for i := range list {
		e := &list[i]
		e.N, e.Prev = c.Entries+1, c.Head
		at := len(lines)
		lines = e.appendJSON(lines)
		if n := len(lines) - at; n > maxEntry {
			return fmt.Errorf("audit: entry %d has %d bytes: at most %d are allowed", e.N, n, maxEntry)
		}
		lines, c.Head = seal(lines, at)
		c.Entries, c.Size = e.N, c.Size+int64(len(lines)-at)
	}
	if a.lines = lines; cap(lines) > maxLines {
		a.lines = nil
	}
	if _, err := a.file.WriteAt(lines, a.chain.Size); err != nil {
		return fmt.Errorf("audit: entry %d: %w", a.chain.Entries+1, errors.Join(err, a.file.Truncate(a.chain.Size)))
	}
	a.chain = c
	if now := list[len(list)-1].Time; now.Sub(a.synced) >= syncEvery && a.syncing == nil {
		a.synced = now
		ended, file := make(chan error, 1), a.file
		a.syncing = ended
		go func() { ended <- file.Sync() }() // who says stop doesn't wait for the disk
	}
	return nil
}

// settle takes the news of the sync under way: waits for it, or takes it if it's there.
func (a *Audit) settle(wait bool) error {
	if a.syncing == nil {
		return nil
	}
	var err error
	if wait {
		err = <-a.syncing
	} else {
		select {
		case err = <-a.syncing:
		default:
			return nil
		}
	}
	if a.syncing = nil; err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return nil
}

// turn sets the file aside as a volume and begins a new one. After an error the old file is still the log.
func (a *Audit) turn() error {
	if err := a.settle(true); err != nil {
		return err
	}
	if err := a.file.Sync(); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	volume := fmt.Sprintf("%s.%016d", a.path, a.chain.Entries)
	if err := os.Rename(a.path, volume); err != nil {
		return fmt.Errorf("audit: set aside: %w", err)
	}
	f, err := os.OpenFile(a.path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("audit: begin a new file: %w", errors.Join(err, os.Rename(volume, a.path)))
	}
	old := a.file
	a.file, a.chain.Size = f, 0
	if err := old.Close(); err != nil {
		return fmt.Errorf("audit: %s: %w", volume, err)
	}
	return nil
}

// Head is the number and hash of the last entry: keep it elsewhere to see later that nothing was cut off.
func (a *Audit) Head() (n uint64, hash string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.chain.Entries, a.chain.Head
}

// Close forces the log to disk and closes it.
func (a *Audit) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return errors.Join(a.settle(true), a.file.Sync(), a.file.Close())
}

// seal makes a line of the entry's JSON that begins at from: its hash is the last member, over all bytes before it.
func seal(b []byte, from int) (line []byte, hash string) {
	b = b[:len(b)-1] // the brace
	sum := sha256.Sum256(b[from:])
	b = append(b, hashMember...)
	at := len(b)
	b = hex.AppendEncode(b, sum[:])
	hash = string(b[at:])
	return append(b, "\"}\n"...), hash
}

// appendJSON appends what encoding/json would make of e.
func (e *Entry) appendJSON(b []byte) []byte {
	b = strconv.AppendUint(append(b, `{"n":`...), e.N, 10)
	b = append(b, `,"time":"`...)
	b = e.Time.AppendFormat(b, time.RFC3339Nano)
	b = appendText(append(b, `","by":`...), e.By)
	b = appendText(append(b, `,"op":`...), e.Op)
	b = appendMember(b, `,"ref":`, e.Ref)
	if len(e.Input) > 0 {
		b = append(append(b, `,"input":`...), e.Input...)
	}
	b = appendMember(b, `,"command":`, e.Command)
	b = appendMember(b, `,"trace":`, e.Trace)
	b = appendMember(b, `,"detail":`, e.Detail)
	b = strconv.AppendBool(append(b, `,"allowed":`...), e.Allowed)
	b = appendMember(b, `,"reason":`, e.Reason)
	if e.Missed > 0 {
		b = strconv.AppendUint(append(b, `,"missed":`...), e.Missed, 10)
	}
	b = appendText(append(b, `,"prev":`...), e.Prev)
	return append(b, '}')
}

func appendMember(b []byte, name, text string) []byte {
	if text == "" {
		return b
	}
	return appendText(append(b, name...), text)
}

// appendText appends s as a JSON string in which the characters of HTML are escaped.
func appendText(b []byte, s string) []byte {
	if !strings.ContainsAny(s, "<>&") {
		return thing.String(s).AppendJSON(b)
	}
	whole, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always has a JSON
	}
	return append(b, whole...)
}
