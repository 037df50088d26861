package registry

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Migration tells what Open did to an older store; From equals To when nothing.
type Migration struct {
	From, To int
	Backup   string // the copy of the store as it was
}

// appID marks the file as ours ("HuTo"), where file(1) and SQLite look for it.
const appID = 0x4875546f

// steps brings format n to n+1 at index n. A step that has been released is never changed.
var steps = [...]string{`
CREATE TABLE things (
	n         INTEGER PRIMARY KEY,
	id        TEXT    NOT NULL UNIQUE,
	td        BLOB    NOT NULL,
	title     TEXT    NOT NULL,
	place     TEXT    NOT NULL,
	binding   TEXT    NOT NULL,
	simulated INTEGER NOT NULL,
	created   INTEGER NOT NULL,
	modified  INTEGER NOT NULL,
	revision  INTEGER NOT NULL
) STRICT;
CREATE INDEX things_place ON things (place);
CREATE VIRTUAL TABLE words USING fts5 (text, tokenize = 'trigram');
CREATE TABLE places (
	id    TEXT NOT NULL PRIMARY KEY,
	title TEXT NOT NULL
) STRICT;
CREATE TABLE records (
	kind     TEXT    NOT NULL,
	key      TEXT    NOT NULL,
	value    BLOB    NOT NULL,
	modified INTEGER NOT NULL,
	PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE blobs (
	key   TEXT NOT NULL PRIMARY KEY,
	value BLOB NOT NULL
) STRICT;
`, `
CREATE TABLE texts (
	id   TEXT NOT NULL PRIMARY KEY,
	text TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO texts (id, text) SELECT id, text FROM things JOIN words ON words.rowid = n;
DROP TABLE words;
`}

// migrate brings the store to the newest format in one transaction, after copying one that holds something.
func migrate(db *sql.DB, path string) (Migration, error) {
	ctx := context.Background()
	m := Migration{To: len(steps)}
	var app, tables int
	err := db.QueryRowContext(ctx, `SELECT
		(SELECT user_version FROM pragma_user_version), (SELECT application_id FROM pragma_application_id),
		(SELECT count(*) FROM sqlite_schema)`).Scan(&m.From, &app, &tables)
	switch {
	case err != nil:
		return m, fmt.Errorf("%w; %s", err, remedy(err))
	case tables > 0 && app != appID:
		return m, fmt.Errorf("this file belongs to another program; name another folder")
	case m.From > m.To:
		return m, fmt.Errorf("its format is %d and this hutong knows formats up to %d; use the newer hutong, "+
			"or put a backup of the older one in its place", m.From, m.To)
	case m.From == m.To:
		return m, tidy(ctx, db)
	}
	if tables > 0 {
		m.Backup = fmt.Sprintf("%s.format-%d.%s", path, m.From, time.Now().UTC().Format("20060102T150405Z"))
		if err := copyTo(ctx, db, m.Backup); err != nil {
			return m, fmt.Errorf("copy before migrating: %w", err)
		}
	}
	return m, climb(ctx, db, m)
}

// remedy is what to do about a store that cannot be read.
func remedy(err error) string {
	var e *sqlite.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff { // the rest tells which call failed
		case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY:
			return "see that its disk has room and may be written to"
		}
	}
	return "put the last backup in its place"
}

func climb(ctx context.Context, db *sql.DB, m Migration) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it has nothing to do
	for n := m.From; n < m.To; n++ {
		if _, err := tx.ExecContext(ctx, steps[n]); err != nil {
			return fmt.Errorf("migrate from format %d: %w", n, err)
		}
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", appID, m.To)); err != nil {
		return err
	}
	return tx.Commit()
}

// tidy forgets titles of places that no Thing lies in.
func tidy(ctx context.Context, db *sql.DB) error {
	_, err := db.ExecContext(ctx, "DELETE FROM places WHERE NOT "+placeInUse)
	return err
}

// placeInUse is true for a row of places that holds a Thing, however deep: '0' follows '/'.
const placeInUse = `(EXISTS (SELECT 1 FROM things WHERE place = places.id)
	OR EXISTS (SELECT 1 FROM things WHERE place > places.id || '/' AND place < places.id || '0'))`
