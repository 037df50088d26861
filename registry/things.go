package registry

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"hutong/registry/find"
	"hutong/thing"
)

// Entry is one description as it is kept.
type Entry struct {
	ID        thing.ID
	Text      []byte // the TD as it was announced
	Title     string
	Place     thing.PlaceID
	Binding   string
	Simulated bool
	Created   time.Time
	Modified  time.Time
	Revision  int // 1 for the first description, one more with each PutTD
}

const (
	maxText  = 1 << 20 // bytes of a description
	maxWords = 8 << 10 // bytes of it that can be searched
)

// PutTD keeps text, the TD of x, in place of an earlier one and returns when it is on disk. Titles of places that the
// TD names ("hutong:place") are kept when the place has none yet.
func (r *Registry) PutTD(x *thing.Thing, text []byte) error {
	if len(text) > maxText {
		return fmt.Errorf("registry %s: put %s: %d bytes, at most %d are kept", r.path, x.ID, len(text), maxText)
	}
	zipped := r.zip.EncodeAll(text, nil)
	s := readSearchable(text)
	words := s.words(x)
	now := time.Now().UnixNano()
	err := r.writer.run(func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO things
			(id, td, title, place, binding, simulated, created, modified, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)
			ON CONFLICT (id) DO UPDATE SET td = excluded.td, title = excluded.title, place = excluded.place,
			binding = excluded.binding, simulated = excluded.simulated, modified = excluded.modified, revision = revision + 1`,
			string(x.ID), zipped, x.Title, string(x.Place), x.Binding, x.Simulated, now, now); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO texts (id, text) VALUES (?, ?)", string(x.ID), words); err != nil {
			return err
		}
		for _, p := range thing.ParsePlace(s.Place) {
			if _, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO places (id, title) VALUES (?, ?)", string(p.ID), p.Title); err != nil {
				return err
			}
		}
		return nil
	}, func(found *find.Index) { found.Put(string(x.ID), words) })
	if err != nil {
		return fmt.Errorf("registry %s: put %s: %w", r.path, x.ID, err)
	}
	return nil
}

// searchable is what of a TD people look for.
type searchable struct {
	Types        any               `json:"@type"`
	Titles       map[string]string `json:"titles"`
	Description  string            `json:"description"`
	Descriptions map[string]string `json:"descriptions"`
	Place        string            `json:"hutong:place"`
}

// readSearchable reads what it can: a member of another shape is nothing to look for.
func readSearchable(text []byte) searchable {
	var s searchable
	var all map[string]json.RawMessage
	if json.Unmarshal(text, &all) != nil {
		return s
	}
	for name, to := range map[string]any{
		"@type": &s.Types, "titles": &s.Titles, "description": &s.Description, "descriptions": &s.Descriptions, "hutong:place": &s.Place,
	} {
		if raw, ok := all[name]; ok {
			_ = json.Unmarshal(raw, to)
		}
	}
	return s
}

// words is the text a search goes through: lower case, one part to a line.
func (s *searchable) words(x *thing.Thing) string {
	parts := []string{x.Title, string(x.ID), s.Place, string(x.Place), x.Binding, s.Description}
	switch types := s.Types.(type) {
	case string:
		parts = append(parts, types)
	case []any:
		for _, t := range types {
			if name, ok := t.(string); ok {
				parts = append(parts, name)
			}
		}
	}
	for _, m := range []map[string]string{s.Titles, s.Descriptions} {
		for _, text := range m {
			parts = append(parts, text)
		}
	}
	text := strings.ToLower(strings.Join(parts, "\n"))
	if len(text) > maxWords {
		text = strings.ToValidUTF8(text[:maxWords], "")
	}
	return text
}

// DeleteTD forgets a description and returns when that is on disk; one that is not there is no error.
func (r *Registry) DeleteTD(id thing.ID) error {
	err := r.writer.run(func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM texts WHERE id = ?", string(id)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM things WHERE id = ?", string(id))
		return err
	}, func(found *find.Index) { found.Delete(string(id)) })
	if err != nil {
		return fmt.Errorf("registry %s: delete %s: %w", r.path, id, err)
	}
	return nil
}

// TD returns the text of a description as it was announced and whether there is one.
func (r *Registry) TD(id thing.ID) (text []byte, ok bool, err error) {
	e, ok, err := r.Entry(id)
	return e.Text, ok, err
}

const columns = "id, td, title, place, binding, simulated, created, modified, revision"

// Entry returns what is kept of a Thing and whether there is anything.
func (r *Registry) Entry(id thing.ID) (Entry, bool, error) {
	e, err := r.scan(r.read.QueryRow("SELECT "+columns+" FROM things WHERE id = ?", string(id)))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Entry{}, false, nil
	case err != nil:
		return Entry{}, false, fmt.Errorf("registry %s: read %s: %w", r.path, id, err)
	}
	return e, true, nil
}

func (r *Registry) scan(row interface{ Scan(...any) error }) (Entry, error) {
	var e Entry
	var zipped sql.RawBytes
	var id, place string
	var created, modified int64
	var whole []byte
	to := any(&zipped)
	if _, one := row.(*sql.Row); one { // a Row is closed by Scan, so its bytes must be copied
		to = &whole
	}
	if err := row.Scan(&id, to, &e.Title, &place, &e.Binding, &e.Simulated, &created, &modified, &e.Revision); err != nil {
		return e, err
	}
	if whole == nil {
		whole = zipped
	}
	text, err := r.unzip.DecodeAll(whole, nil)
	if err != nil {
		return e, fmt.Errorf("description of %s: %w", id, err)
	}
	e.ID, e.Place, e.Text = thing.ID(id), thing.PlaceID(place), text
	e.Created, e.Modified = time.Unix(0, created).UTC(), time.Unix(0, modified).UTC()
	return e, nil
}

// TDs returns at most limit descriptions from the offset-th on, sorted by id.
func (r *Registry) TDs(offset, limit int) ([]Entry, error) {
	var list []Entry
	err := r.each(func(e Entry, err error) error {
		list = append(list, e)
		return err
	}, " ORDER BY id LIMIT ? OFFSET ?", limit, offset)
	return list, err
}

// EachTD calls f with every description and the binding that announced it, sorted by id, until f returns an error,
// which it returns. err says why one cannot be read: damage to one Thing is not damage to all.
func (r *Registry) EachTD(f func(binding string, text []byte, err error) error) error {
	return r.each(func(e Entry, err error) error { return f(e.Binding, e.Text, err) }, " ORDER BY id")
}

func (r *Registry) each(f func(Entry, error) error, rest string, args ...any) error {
	rows, err := r.read.Query("SELECT "+columns+" FROM things"+rest, args...)
	if err != nil {
		return fmt.Errorf("registry %s: read things: %w", r.path, err)
	}
	defer rows.Close()
	for rows.Next() {
		e, err := r.scan(rows)
		if err != nil {
			err = fmt.Errorf("registry %s: read things: %w", r.path, err)
		}
		if err := f(e, err); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("registry %s: read things: %w", r.path, err)
	}
	return nil
}

// Count is how many descriptions are kept.
func (r *Registry) Count() (n int, err error) {
	if err := r.read.QueryRow("SELECT count(*) FROM things").Scan(&n); err != nil {
		return 0, fmt.Errorf("registry %s: count things: %w", r.path, err)
	}
	return n, nil
}

// Places are those that hold a Thing, however deep, and whose title is known, sorted by id.
func (r *Registry) Places() ([]thing.Place, error) {
	rows, err := r.read.Query("SELECT id, title FROM places WHERE " + placeInUse + " ORDER BY id")
	if err != nil {
		return nil, fmt.Errorf("registry %s: read places: %w", r.path, err)
	}
	defer rows.Close()
	var list []thing.Place
	for rows.Next() {
		var id, title string
		if err := rows.Scan(&id, &title); err != nil {
			return nil, fmt.Errorf("registry %s: read places: %w", r.path, err)
		}
		list = append(list, thing.Place{ID: thing.PlaceID(id), Title: title})
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("registry %s: read places: %w", r.path, err)
	}
	return list, nil
}
