package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"sync"

	"hutong/api/form"
	"hutong/td"
	"hutong/thing"
)

// text is the description of one Thing as this API serves it.
type text struct {
	of   *thing.Thing // what it was made for; another one makes another text
	td   *td.Thing    // with our forms; never changed
	json [2][]byte    // what is served, before and after the base, which is that of each request
	rev  string       // changes with the description as announced
	etag string
}

// texts keeps descriptions, parsed and with our forms. It is bounded: when it is full, any one makes room.
type texts struct {
	mu    sync.Mutex
	known map[thing.ID]*text
}

const maxTexts = 4096

// text is the description of x.
func (a *API) text(x *thing.Thing) (*text, error) {
	a.texts.mu.Lock()
	t, ok := a.texts.known[x.ID]
	a.texts.mu.Unlock()
	if ok && t.of == x {
		return t, nil
	}
	data, ok, err := a.Directory.TD(x.ID)
	if err != nil {
		return nil, fmt.Errorf("description of %s: %w", x.ID, err)
	}
	if !ok {
		return nil, fail(http.StatusNotFound, "the description of %s is not there (any more)", x.ID)
	}
	d, err := td.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("description of %s: %w", x.ID, err)
	}
	sum := sha256.Sum256(data)
	t = &text{of: x, td: d, rev: base64.RawURLEncoding.EncodeToString(sum[:6])}
	t.etag = `"` + t.rev + `"`
	form.Expose(d, a.Open)
	d.Base = "hutong:" + newID()
	head, tail, _ := bytes.Cut(d.JSON(), []byte(`"`+d.Base+`"`))
	t.json = [2][]byte{head, tail}
	a.texts.mu.Lock()
	defer a.texts.mu.Unlock()
	if len(a.texts.known) >= maxTexts {
		for id := range a.texts.known {
			delete(a.texts.known, id)
			break
		}
	}
	a.texts.known[x.ID] = t
	return t, nil
}

// appendTo appends the description, with hrefs for those who came by base.
func (t *text) appendTo(dst []byte, base string) []byte {
	dst = append(dst, t.json[0]...)
	dst = thing.String(base).AppendJSON(dst)
	return append(dst, t.json[1]...)
}

// input is the schema that a value written to ref must fit; nil when anything does.
func (t *text) input(ref thing.Ref) *td.Schema {
	if ref.Kind == thing.Action {
		if x, ok := t.td.Actions.Get(ref.Name); ok {
			return x.Input
		}
		return nil
	}
	if p, ok := t.td.Properties.Get(ref.Name); ok {
		return &p.Schema
	}
	return nil
}

// synchronous is what the description says of an action: nil when it does not say.
func (t *text) synchronous(name string) *bool {
	if x, ok := t.td.Actions.Get(name); ok {
		return x.Synchronous
	}
	return nil
}
