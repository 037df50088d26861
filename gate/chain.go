package gate

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Chain is how far a log was found to hold.
type Chain struct {
	First   uint64 // number of the first entry seen; those before it were moved away
	Entries uint64 // number of the last
	Head    string // hash of the last; 64 zeros when there is none
	Size    int64  // bytes of whole, good lines of the last file
	Torn    bool   // its last line was cut off in writing
}

// Verify reads one file of a log from its first entry and checks that every line holds what was written and follows
// the one before. The error names the first line that does not.
func Verify(r io.Reader) (Chain, error) { return Chain{}.verify(r) }

// VerifyLog checks the log at path with all its volumes, as one chain. When the oldest volumes were moved away, First
// tells where it begins.
func VerifyLog(path string) (Chain, error) {
	files, err := volumes(path)
	if err != nil {
		return Chain{}, err
	}
	var c Chain
	if len(files) > 0 {
		if c, err = startOf(files[0]); err != nil {
			return c, err
		}
	}
	for _, name := range append(files, path) {
		f, err := os.Open(name)
		if err != nil {
			return c, fmt.Errorf("audit: %w", err)
		}
		c, err = c.verify(f)
		if err = errors.Join(err, f.Close()); err != nil {
			return c, fmt.Errorf("audit %s: %w", name, err)
		}
		if c.Torn && name != path {
			return c, fmt.Errorf("audit %s: it ends in the middle of a line", name)
		}
	}
	return c, nil
}

// verify goes on from c with the lines of r.
func (c Chain) verify(r io.Reader) (Chain, error) {
	c.Head, c.Size = cmp.Or(c.Head, noHash()), 0
	lines := bufio.NewReaderSize(r, maxEntry+hashTail)
	for n := 1; ; n++ {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			c.Torn = len(line) > 0
			return c, nil
		}
		if err == nil {
			err = c.follow(line)
		}
		if err != nil {
			return c, fmt.Errorf("line %d: %w", n, err)
		}
	}
}

func noHash() string { return hex.EncodeToString(make([]byte, sha256.Size)) }

func (c *Chain) follow(line []byte) error {
	e, hash, err := open(line)
	if err != nil {
		return err
	}
	if e.Prev != c.Head || e.N != c.Entries+1 {
		return errors.New("it does not follow the line before: one was removed, inserted or moved")
	}
	c.First = cmp.Or(c.First, e.N)
	c.Entries, c.Head, c.Size = e.N, hash, c.Size+int64(len(line))
	return nil
}

// open reads what seal wrote.
func open(line []byte) (e Entry, hash string, err error) {
	if len(line) <= hashTail || line[0] != '{' {
		return e, "", errors.New("it is not an entry")
	}
	want, hash := seal(append(bytes.Clone(line[:len(line)-hashTail]), '}'), 0)
	if !bytes.Equal(want, line) {
		return e, "", errors.New("its hash does not fit: it was changed after it was written")
	}
	return e, hash, json.Unmarshal(line, &e)
}

// volumes lists what was set aside of the log at path, oldest first.
func volumes(path string) ([]string, error) {
	all, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	var files []string
	for _, f := range all {
		number, ok := strings.CutPrefix(f.Name(), filepath.Base(path)+".")
		if ok && len(number) == 16 && strings.Trim(number, "0123456789") == "" {
			files = append(files, filepath.Join(filepath.Dir(path), f.Name()))
		}
	}
	slices.Sort(files)
	return files, nil
}

// startOf is the Chain before the first line of a volume, taken on trust.
func startOf(volume string) (Chain, error) {
	f, err := os.Open(volume)
	if err != nil {
		return Chain{}, fmt.Errorf("audit: %w", err)
	}
	line, err := bufio.NewReaderSize(f, maxEntry+hashTail).ReadSlice('\n')
	if err == nil {
		var e Entry
		if e, _, err = open(line); err == nil {
			return Chain{Entries: e.N - 1, Head: e.Prev}, f.Close()
		}
	}
	return Chain{}, fmt.Errorf("audit %s: line 1: %w", volume, errors.Join(err, f.Close()))
}

// lastVolume is the Chain at the end of the newest volume; the zero Chain when there is none.
func lastVolume(path string) (c Chain, err error) {
	files, err := volumes(path)
	if err != nil || len(files) == 0 {
		return Chain{}, err
	}
	name := files[len(files)-1]
	f, err := os.Open(name)
	if err != nil {
		return Chain{}, fmt.Errorf("audit: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return Chain{}, fmt.Errorf("audit: %w", err)
	}
	end := make([]byte, min(info.Size(), maxEntry+int64(hashTail)+1))
	if _, err := f.ReadAt(end, info.Size()-int64(len(end))); err != nil {
		return Chain{}, fmt.Errorf("audit %s: %w", name, err)
	}
	whole := bytes.TrimSuffix(end, []byte{'\n'})
	e, hash, err := open(end[bytes.LastIndexByte(whole, '\n')+1:])
	if err != nil {
		return Chain{}, fmt.Errorf("audit %s: last line: %w", name, err)
	}
	return Chain{First: e.N, Entries: e.N, Head: hash}, nil
}
