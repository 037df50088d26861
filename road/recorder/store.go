package recorder

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// headName holds the digest of the newest file: without it a missing last file would not show.
const headName = "head"

// Record is a recording in a Store.
type Record struct {
	ID      string // also its file's name without .mcap: "000012-shuttle-1-collision"
	Number  int
	Vehicle string
	Cause   string
	At      time.Time
	Bytes   int64
	Digest  string // SHA-256 of the file, in hex
}

// Store keeps recordings in a folder. It is safe for concurrent use.
type Store struct {
	dir  string
	mu   sync.Mutex
	list []Record
}

// Open opens or makes the folder and reads what it holds. Files that are not recordings of its chain are an error that
// names them; [Store.Verify] then says more.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("recordings: %w", err)
	}
	s := &Store{dir: dir}
	names, err := filepath.Glob(filepath.Join(dir, "*.mcap"))
	if err != nil {
		return nil, fmt.Errorf("recordings: %w", err)
	}
	slices.Sort(names)
	for _, name := range names {
		r, _, err := s.read(name)
		if err != nil {
			return nil, fmt.Errorf("recordings: %w; move it out of the folder and keep it safe", err)
		}
		s.list = append(s.list, r)
	}
	return s, s.mend()
}

// mend brings the head up to the newest file where a crash came between the two.
func (s *Store) mend() error {
	if len(s.list) == 0 {
		return nil
	}
	last := s.list[len(s.list)-1]
	_, previous, err := s.read(filepath.Join(s.dir, last.ID+".mcap"))
	if err != nil {
		return fmt.Errorf("recordings: %w", err)
	}
	head, err := os.ReadFile(filepath.Join(s.dir, headName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("recordings: %w", err)
	}
	if strings.TrimSpace(string(head)) != previous {
		return nil // it is up to date, or Verify has something to say
	}
	if err := write(filepath.Join(s.dir, headName), []byte(last.Digest+"\n")); err != nil {
		return fmt.Errorf("recordings: %w", err)
	}
	return nil
}

func (s *Store) read(name string) (r Record, previous string, err error) {
	file, err := os.ReadFile(name)
	if err != nil {
		return r, "", err
	}
	d, err := chainOf(file)
	if err != nil {
		return r, "", fmt.Errorf("%s %w", filepath.Base(name), err)
	}
	sum := sha256.Sum256(file)
	r = Record{
		ID: strings.TrimSuffix(filepath.Base(name), ".mcap"), Vehicle: d["vehicle"], Cause: d["cause"],
		Bytes: int64(len(file)), Digest: hex.EncodeToString(sum[:]),
	}
	if r.Number, err = strconv.Atoi(d["number"]); err != nil {
		return r, "", fmt.Errorf("%s has the number %q in its chain", filepath.Base(name), d["number"])
	}
	if r.At, err = time.Parse(time.RFC3339Nano, d["at"]); err != nil {
		return r, "", fmt.Errorf("%s has the time %q in its chain", filepath.Base(name), d["at"])
	}
	return r, d["previous"], nil
}

// Keep writes an incident and gives its record. It is on disk when Keep returns without an error.
func (s *Store) Keep(i Incident) (Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	number, previous := 1, ""
	if n := len(s.list); n > 0 {
		number, previous = s.list[n-1].Number+1, s.list[n-1].Digest
	}
	file := i.Encode(number, previous)
	sum := sha256.Sum256(file)
	r := Record{
		ID:     fmt.Sprintf("%06d-%s-%s", number, plain(i.Vehicle), plain(i.Cause)),
		Number: number, Vehicle: i.Vehicle, Cause: i.Cause, At: i.At, Bytes: int64(len(file)), Digest: hex.EncodeToString(sum[:]),
	}
	if err := write(filepath.Join(s.dir, r.ID+".mcap"), file); err != nil {
		return Record{}, fmt.Errorf("recordings: %w", err)
	}
	s.list = append(s.list, r)
	if err := write(filepath.Join(s.dir, headName), []byte(r.Digest+"\n")); err != nil {
		return r, fmt.Errorf("recordings: %w", err)
	}
	return r, nil
}

// plain keeps what may stand in a file's name.
func plain(s string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' {
			return c
		}
		return '_'
	}, s[:min(len(s), 40)])
}

// write puts a file in place whole or not at all.
func write(name string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(name), ".new-")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // nothing is left under that name once it worked
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), name); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// List gives all records, the oldest first.
func (s *Store) List() []Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.list)
}

// Prune removes the recordings of incidents before the time given, the oldest first; the newest always stays, so that the
// chain goes on.
func (s *Store) Prune(before time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.list) > 1 && s.list[0].At.Before(before) {
		if err := os.Remove(filepath.Join(s.dir, s.list[0].ID+".mcap")); err != nil {
			return fmt.Errorf("recordings: %w", err)
		}
		s.list = s.list[1:]
	}
	return nil
}

// File gives a recording's MCAP file, of a record's ID. An ID it doesn't have is fs.ErrNotExist.
func (s *Store) File(id string) ([]byte, error) {
	s.mu.Lock()
	known := slices.ContainsFunc(s.list, func(r Record) bool { return r.ID == id })
	s.mu.Unlock()
	if !known {
		return nil, fmt.Errorf("recording %q: %w", id, fs.ErrNotExist)
	}
	return os.ReadFile(filepath.Join(s.dir, id+".mcap"))
}

// Verify reads every file again and follows the chain. The error names the first file that was changed, or after which
// one is missing.
func (s *Store) Verify() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := Record{}
	for i, known := range s.list {
		r, previous, err := s.read(filepath.Join(s.dir, known.ID+".mcap"))
		switch {
		case err != nil:
			return fmt.Errorf("recordings: %w", err)
		case i > 0 && r.Number != last.Number+1:
			return fmt.Errorf("recordings: between %s and %s something is missing", last.ID, r.ID)
		case i > 0 && previous != last.Digest:
			return fmt.Errorf("recordings: %s was changed after %s was written", last.ID, r.ID)
		}
		last = r
	}
	head, err := os.ReadFile(filepath.Join(s.dir, headName))
	if errors.Is(err, fs.ErrNotExist) && len(s.list) == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("recordings: %w", err)
	}
	if strings.TrimSpace(string(head)) != last.Digest {
		return fmt.Errorf("recordings: %s is not the newest as it was written: changed, or a newer one is missing", last.ID)
	}
	return nil
}
