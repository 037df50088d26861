package history

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// FS is the folder a history lives in. Names are plain file names without a path. All methods may be called from
// many goroutines at once.
type FS interface {
	// Create makes an empty file for writing; what was under that name is lost.
	Create(name string) (File, error)
	// Open opens a file for reading.
	Open(name string) (File, error)
	// Commit gives a synced file its final name, replacing what is there, all or nothing, and returns when that
	// outlasts a power cut.
	Commit(from, to string) error
	// List returns the names of all files, in any order.
	List() ([]string, error)
	// Remove deletes a file; readers that have it open may go on reading it.
	Remove(name string) error
}

// File is one open file of an FS.
type File interface {
	io.Writer
	io.ReaderAt
	Sync() error
	Size() (int64, error)
	Close() error
}

// dirFS is the FS of a real folder.
type dirFS string

func openDir(dir string) (FS, error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
		if err := dirFS(filepath.Dir(filepath.Clean(dir))).sync(); err != nil {
			return nil, err
		}
	}
	return dirFS(dir), nil
}

type osFile struct{ *os.File }

func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (d dirFS) path(name string) string { return filepath.Join(string(d), name) }

func (d dirFS) Create(name string) (File, error) {
	f, err := os.OpenFile(d.path(name), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (d dirFS) Open(name string) (File, error) {
	f, err := os.Open(d.path(name))
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (d dirFS) Commit(from, to string) error {
	if err := os.Rename(d.path(from), d.path(to)); err != nil {
		return err
	}
	return d.sync()
}

func (d dirFS) List() ([]string, error) {
	entries, err := os.ReadDir(string(d))
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		if e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

func (d dirFS) Remove(name string) error { return os.Remove(d.path(name)) }

func (d dirFS) sync() error {
	f, err := os.Open(string(d))
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
