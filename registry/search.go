package registry

import (
	"database/sql"
	"fmt"
	"iter"
	"strings"
	"sync"
	"sync/atomic"

	"hutong/registry/find"
	"hutong/thing"
)

// searching is what searches go through, made by the first of them: a second or two for a million Things.
type searching struct {
	making sync.Mutex
	made   bool
	index  atomic.Pointer[find.Index] // nil while nobody has searched; whoever writes tells it
}

// changed tells the index, if there is one, what has just been committed.
func (s *searching) changed(tell func(*find.Index)) {
	if x := s.index.Load(); x != nil {
		tell(x)
	}
}

// maxTerms is how many words of a search count.
const maxTerms = 8

// Search gives the ids, sorted, of all Things that have every word of query somewhere in title, id, type, place, binding
// or description, in any case of letters. Words past the eighth do not count; a query without words finds all. Who takes
// the ids holds up who writes descriptions, and must do neither that nor search.
func (r *Registry) Search(query string) (iter.Seq[thing.ID], error) {
	x, err := r.index()
	if err != nil {
		return nil, fmt.Errorf("registry %s: search %q: %w", r.path, query, err)
	}
	words := strings.Fields(strings.ToLower(strings.ToValidUTF8(query, " ")))
	return func(yield func(thing.ID) bool) {
		for id := range x.Find(words[:min(len(words), maxTerms)]...) {
			if !yield(thing.ID(id)) {
				return
			}
		}
	}, nil
}

func (r *Registry) index() (*find.Index, error) {
	s := &r.search
	s.making.Lock()
	defer s.making.Unlock()
	if s.made {
		return s.index.Load(), nil
	}
	x := new(find.Index)
	s.index.Store(x) // what is committed from now on comes on top
	if err := x.Fill(r.texts()); err != nil {
		s.index.Store(nil)
		return nil, err
	}
	s.made = true
	return x, nil
}

// texts is what searches go through, sorted by id.
func (r *Registry) texts() iter.Seq2[find.Text, error] {
	return func(yield func(find.Text, error) bool) {
		rows, err := r.read.Query("SELECT id, text FROM texts ORDER BY id")
		if err != nil {
			yield(find.Text{}, err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			var id, text sql.RawBytes
			err := rows.Scan(&id, &text)
			if !yield(find.Text{Key: id, Text: text}, err) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(find.Text{}, err)
		}
	}
}
