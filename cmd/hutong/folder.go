package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

// What lies in a data folder (docs/formats).
const (
	registryFile = "registry.db"
	auditFile    = "audit.log"
	aboutFile    = "hutong.json"
	lockFile     = "lock"
)

// folder is an opened data folder: this process is the only hub in it until close.
type folder struct {
	path string
	lock *flock.Flock
}

// about says what a data folder is for, so that a simulated quarter and a real one are never mixed.
type about struct {
	Format int    `json:"format"`
	Kind   string `json:"kind"` // "demo" or "serve"
}

// openFolder makes or opens a data folder and locks it. A second hub is refused by the name of the first.
func openFolder(path, kind string) (*folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	lock := flock.New(filepath.Join(path, lockFile), flock.SetPermissions(0o600))
	mine, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("data folder %s: %w", path, err)
	}
	if !mine {
		holder, _ := os.ReadFile(lock.Path()) // only for the message
		return nil, fmt.Errorf("data folder %s is in use by another hub (%s); stop it, or name another folder with --data",
			path, strings.TrimSpace(string(holder)))
	}
	f := &folder{path: path, lock: lock}
	if err := f.claim(kind); err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

// claim writes who holds the folder, and checks that it is of the right kind.
func (f *folder) claim(kind string) error {
	_ = os.WriteFile(f.lock.Path(), fmt.Appendf(nil, "process %d\n", os.Getpid()), 0o600) // only for another's message
	name := filepath.Join(f.path, aboutFile)
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		data, err = json.Marshal(about{Format: 1, Kind: kind})
		if err != nil {
			return err
		}
		if err := writeWhole(name, append(data, '\n')); err != nil {
			return fmt.Errorf("data folder: %w", err)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	var is about
	if err := json.Unmarshal(data, &is); err != nil {
		return fmt.Errorf("%s says what the data folder is for, and is damaged: %w; write {\"format\":1,\"kind\":%q} into it", name, err, kind)
	}
	switch {
	case is.Format > 1:
		return fmt.Errorf("data folder %s has format %d; this program knows 1: use a newer hutong", f.path, is.Format)
	case is.Kind != kind:
		return fmt.Errorf("data folder %s belongs to `hutong %s`; name another with --data, so that pretended and real values are never mixed", f.path, is.Kind)
	}
	return nil
}

func (f *folder) close() error { return f.lock.Close() }

// writeWhole makes a file that is there with all of data or not at all, whatever happens meanwhile.
func writeWhole(name string, data []byte) error {
	part, err := os.CreateTemp(filepath.Dir(name), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(part.Name()) // gone already when all went well
	_, err = part.Write(data)
	if err = errors.Join(err, part.Sync(), part.Close()); err != nil {
		return err
	}
	return os.Rename(part.Name(), name)
}
