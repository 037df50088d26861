// Package registry keeps what exists: descriptions of Things, titles of places, records such as tokens, and what the
// MQTT server must not forget. It is one SQLite file in WAL mode with synchronous=FULL.
//
// One goroutine writes. Whoever writes meanwhile waits for the next transaction and shares its fsync, so many writers
// cost little more than one. Readers have connections of their own and never wait for a writer.
// The format is in docs/formats/registry.md.
package registry

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"
	_ "modernc.org/sqlite" // the driver named "sqlite"
)

// ErrClosed is what a write returns after Close.
var ErrClosed = errors.New("registry is closed")

// Registry is an open store. All methods may be called from any goroutine.
type Registry struct {
	path     string
	read     *sql.DB
	write    *sql.DB
	writer   *writer
	blobs    *Blobs
	search   searching
	zip      *zstd.Encoder
	unzip    *zstd.Decoder
	migrated Migration
}

const readers = 4 // connections for reading

// Open opens the store at path, making it when there is none, and brings an older format up to date after copying the
// file. A newer format, a file of another program and a damaged file are errors that say so. Close it.
func Open(path string) (*Registry, error) {
	r, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("registry %s: %w", path, err)
	}
	return r, nil
}

func open(path string) (_ *Registry, err error) {
	path, err = filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	// The file holds hashes of secrets: only its owner may read it. SQLite's other files take its mode.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	r := &Registry{path: path}
	defer func() {
		if err != nil {
			r.closeFiles()
		}
	}()
	if r.write, err = connect(path, 1, "_txlock", "immediate"); err != nil {
		return nil, err
	}
	if r.migrated, err = migrate(r.write, path); err != nil {
		return nil, err
	}
	if r.read, err = connect(path, readers, "_pragma", "query_only(1)"); err != nil {
		return nil, err
	}
	if r.zip, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(maxText)); err != nil {
		return nil, err
	}
	if r.unzip, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(2*maxText)); err != nil {
		return nil, err
	}
	r.blobs = newBlobs(r)
	r.writer = startWriter(r.write, r.blobs, &r.search)
	return r, nil
}

// connect opens a pool of at most n connections; name and value are one more parameter of the address.
func connect(path string, n int, name, value string) (*sql.DB, error) {
	q := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)"}}
	q.Add(name, value)
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: q.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return db, nil
}

// Close writes what is pending and closes the store. The error is that of the last write.
func (r *Registry) Close() error {
	err := r.writer.stop()
	return errors.Join(err, r.closeFiles())
}

func (r *Registry) closeFiles() error {
	var errs []error
	for _, db := range []*sql.DB{r.read, r.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if r.zip != nil {
		errs = append(errs, r.zip.Close())
	}
	if r.unzip != nil {
		r.unzip.Close()
	}
	return errors.Join(errs...)
}

// Migrated says what Open did to an older store.
func (r *Registry) Migrated() Migration { return r.migrated }

// Check reads the whole file and says what is damaged, nil for nothing. It takes a while on a large store.
func (r *Registry) Check(ctx context.Context) error {
	rows, err := r.read.QueryContext(ctx, "PRAGMA integrity_check(20)")
	if err != nil {
		return fmt.Errorf("registry %s: check: %w", r.path, err)
	}
	defer rows.Close()
	var errs []error
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return fmt.Errorf("registry %s: check: %w", r.path, err)
		}
		if line != "ok" {
			errs = append(errs, fmt.Errorf("registry %s: %s", r.path, line))
		}
	}
	return errors.Join(append(errs, rows.Err())...)
}

// Backup writes a whole, consistent copy of the store to path, which must not be there yet, while others read and
// write. When it returns nil the copy is on disk; on an error nothing is left at path.
func (r *Registry) Backup(ctx context.Context, path string) error {
	db, err := connect(r.path, 1, "_txlock", "deferred") // SQLite counts a copy as a write of the one who asks
	if err != nil {
		return fmt.Errorf("registry %s: backup: %w", r.path, err)
	}
	defer db.Close()
	if err := copyTo(ctx, db, path); err != nil {
		return fmt.Errorf("registry %s: backup: %w", r.path, err)
	}
	return nil
}

// copyTo has SQLite write db to path, by way of a file beside it, so that path is whole or not there.
func copyTo(ctx context.Context, db *sql.DB, path string) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s is there already: name another file", path)
	}
	part := path + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	defer os.Remove(part) // gone after the rename
	f, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", part); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := os.Link(part, path); err != nil { // unlike a rename it never overwrites
		return err
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
