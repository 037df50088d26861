package api

import (
	"bytes"
	"crypto/sha256"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	keyLife  = 10 * time.Minute
	maxKeys  = 4096
	maxKey   = 255
	keptBody = 16 << 10
)

// keys remembers the answers to requests with an Idempotency-Key (draft-ietf-httpapi-idempotency-key-header), so that
// a client that did not hear an answer may ask again without doing it twice.
type keys struct {
	mu    sync.Mutex
	known map[string]*keyed
}

type keyed struct {
	print [sha256.Size]byte
	until time.Time
	ans   *answer // nil while it is being done
}

// once does h unless the same caller has done the same request under the same key.
func (a *API) once(c *call, key string, h handler) (*answer, error) {
	if len(key) > maxKey {
		return nil, wrong("Idempotency-Key", "it has %d bytes: at most %d are allowed", len(key), maxKey)
	}
	body, err := c.read()
	if err != nil {
		return nil, err
	}
	c.Body, c.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	print := sha256.Sum256(append([]byte(c.Method+" "+c.URL.RequestURI()+"\n"), body...))
	name := c.by + "\x00" + key

	k, old, err := a.keys.claim(name, print, a.Now())
	if err != nil {
		return nil, err
	}
	if old != nil {
		return old, nil
	}
	var ans *answer
	defer func() { a.keys.keep(name, k, ans) }()
	got, err := h(c)
	if err != nil {
		got = a.faultOf(c, err).answer()
	}
	ans = got
	return ans, nil
}

// claim makes an entry for name, or returns the answer of an earlier request.
func (k *keys) claim(name string, print [sha256.Size]byte, now time.Time) (*keyed, *answer, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if e, ok := k.known[name]; ok && now.Before(e.until) {
		switch {
		case e.print != print:
			return nil, nil, fail(http.StatusUnprocessableEntity, "this Idempotency-Key was used for another request: choose a new one")
		case e.ans == nil:
			return nil, nil, fail(http.StatusConflict, "the same request is still being done").with("Retry-After", "1")
		}
		again := *e.ans
		again.header = e.ans.header.Clone()
		return nil, again.set("Idempotency-Replayed", "true"), nil
	}
	if len(k.known) >= maxKeys {
		for n, e := range k.known {
			if !now.Before(e.until) {
				delete(k.known, n)
			}
		}
	}
	if len(k.known) >= maxKeys {
		return nil, nil, fail(http.StatusTooManyRequests, "too many Idempotency-Keys within %s: try again without, or later", keyLife).with("Retry-After", "60")
	}
	e := &keyed{print: print, until: now.Add(keyLife)}
	k.known[name] = e
	return e, nil, nil
}

// keep holds on to ans for repeats, unless there is none, it is the hub's own trouble, which may pass, or too large.
func (k *keys) keep(name string, e *keyed, ans *answer) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if ans == nil || ans.status >= 500 && ans.status != http.StatusBadGateway && ans.status != http.StatusGatewayTimeout || len(ans.body) > keptBody {
		delete(k.known, name)
		return
	}
	e.ans = ans
}
