package registry

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Tokens is the kind of records that access tokens are, by name; package gate gives them a meaning.
const Tokens = "token"

// Records keeps small named records of one kind, each a JSON text or other bytes its owner gives a meaning to.
type Records struct {
	registry *Registry
	kind     string
}

// Records are those of one kind.
func (r *Registry) Records(kind string) *Records { return &Records{r, kind} }

// Put keeps record under key in place of what was there and returns when it is on disk.
func (r *Records) Put(key string, record []byte) error {
	return r.write("put", key, `INSERT INTO records (value, modified, kind, key) VALUES (?, ?, ?, ?)
		ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value, modified = excluded.modified`,
		append([]byte{}, record...), time.Now().UnixNano(), r.kind, key)
}

// Delete forgets key and returns when that is on disk; one that is not there is no error.
func (r *Records) Delete(key string) error {
	return r.write("delete", key, "DELETE FROM records WHERE kind = ? AND key = ?", r.kind, key)
}

func (r *Records) write(what, key, query string, args ...any) error {
	err := r.registry.writer.run(func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	}, nil)
	if err != nil {
		return fmt.Errorf("registry %s: %s %s %q: %w", r.registry.path, what, r.kind, key, err)
	}
	return nil
}

// Get returns the record of key and whether there is one.
func (r *Records) Get(key string) (record []byte, ok bool, err error) {
	err = r.registry.read.QueryRow("SELECT value FROM records WHERE kind = ? AND key = ?", r.kind, key).Scan(&record)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, false, nil
	case err != nil:
		return nil, false, fmt.Errorf("registry %s: get %s %q: %w", r.registry.path, r.kind, key, err)
	}
	return record, true, nil
}

// All returns every record of the kind by its key.
func (r *Records) All() (map[string][]byte, error) {
	rows, err := r.registry.read.Query("SELECT key, value FROM records WHERE kind = ?", r.kind)
	if err != nil {
		return nil, fmt.Errorf("registry %s: read %s: %w", r.registry.path, r.kind, err)
	}
	defer rows.Close()
	all := make(map[string][]byte)
	for rows.Next() {
		var key string
		var value []byte
		if err := rows.Scan(&key, &value); err != nil {
			return nil, fmt.Errorf("registry %s: read %s: %w", r.registry.path, r.kind, err)
		}
		all[key] = value
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("registry %s: read %s: %w", r.registry.path, r.kind, err)
	}
	return all, nil
}
