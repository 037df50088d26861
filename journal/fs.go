package journal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// FS is the folder a journal lives in. Names are plain file names without a path. All methods may be called from
// many goroutines at once. The error of a missing file satisfies errors.Is(err, fs.ErrNotExist).
type FS interface {
	// Create makes a new empty file for writing; a file of that name already there is an error.
	Create(name string) (File, error)
	// Open opens a file for reading and truncating.
	Open(name string) (File, error)
	// List returns the names of all files, in any order.
	List() ([]string, error)
	// Remove deletes a file; readers that have it open may go on reading it.
	Remove(name string) error
	// Sync makes creations and removals before it outlast a power cut.
	Sync() error
}

// File is one open file of an FS. What was written before a Sync that returned nil outlasts a power cut, and the file's
// length with it; after a Sync that failed nothing may be supposed of anything written since the one before, even if a
// later Sync succeeds.
type File interface {
	io.WriterAt
	io.ReaderAt
	Sync() error
	Truncate(size int64) error
	Close() error
}

// dirFS is the FS of a real folder.
type dirFS string

func openDir(dir string) (FS, error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
		if err := dirFS(filepath.Dir(filepath.Clean(dir))).Sync(); err != nil {
			return nil, err
		}
	}
	return dirFS(dir), nil
}

// dirFile is a file of a real folder.
type dirFile struct{ *os.File }

// Sync implements File. What a reader does not need, such as when the file was written last, is not waited for.
func (f dirFile) Sync() error { return syncData(f.File) }

func (d dirFS) open(name string, flags int) (File, error) {
	f, err := os.OpenFile(filepath.Join(string(d), name), os.O_RDWR|flags, 0o600)
	if err != nil {
		return nil, err
	}
	return dirFile{f}, nil
}

func (d dirFS) Create(name string) (File, error) { return d.open(name, os.O_CREATE|os.O_EXCL) }

func (d dirFS) Open(name string) (File, error) { return d.open(name, 0) }

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

func (d dirFS) Remove(name string) error { return os.Remove(filepath.Join(string(d), name)) }

func (d dirFS) Sync() error {
	f, err := os.Open(string(d))
	if err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return errors.Join(fmt.Errorf("sync folder %s: %w", string(d), err), f.Close())
	}
	return f.Close()
}
