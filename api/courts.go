package api

import (
	"bytes"
	"context"
	"net/http"
	"sync"
	"time"

	"hutong/api/openapi"
)

// Court is a route that one of the courts answers itself, in the table beside the others: it's protected, counted,
// described and asked twice with one Idempotency-Key like them.
type Court struct {
	openapi.Route
	Operator bool // only for who administers the hub; else, when not Public, for whoever has signed in
	Handler  http.Handler
}

// callerKey is under which a court finds who asks.
type callerKey struct{}

type caller struct{ by, role string }

// Caller says who asks, for the handler of a Court; "" and "" for a stranger.
func Caller(r *http.Request) (by, role string) {
	c, _ := r.Context().Value(callerKey{}).(caller)
	return c.by, c.role
}

func (a *API) courtRoutes() []route {
	var list []route
	for _, x := range a.Courts {
		who := known
		switch {
		case x.Public:
			who = public
		case x.Operator:
			who = administers
		}
		if x.Method != http.MethodGet {
			x.Params = append(x.Params, idempotencyKey)
		}
		list = append(list, route{x.Route, who, a.court(x.Handler)})
	}
	return list
}

// court runs a court's handler. What isn't a stream is gathered first, so that it can be repeated and compressed.
func (a *API) court(h http.Handler) handler {
	return func(c *call) (*answer, error) {
		r := c.WithContext(context.WithValue(c.Context(), callerKey{}, caller{c.by, c.role}))
		if c.Method == http.MethodGet && c.listens() {
			if a.streams.Add(1) > maxStreams {
				a.streams.Add(-1)
				return nil, fail(http.StatusServiceUnavailable, "%d clients are listening already, which is the most", maxStreams).with("Retry-After", "10")
			}
			return &answer{status: http.StatusOK, stream: func(c *call) error {
				defer a.streams.Add(-1)
				ctx, cancel := context.WithCancel(r.Context())
				defer cancel()
				defer context.AfterFunc(a.life, cancel)()
				if c.by != "" {
					defer c.revoked(cancel)()
				}
				h.ServeHTTP(c.w, r.WithContext(ctx))
				return nil
			}}, nil
		}
		g := &gathered{status: http.StatusOK, header: http.Header{}}
		h.ServeHTTP(g, r)
		ans := &answer{status: g.status, header: g.header, media: g.header.Get("Content-Type"), body: g.body.Bytes()}
		return ans, nil
	}
}

// revoked looks now and then whether the caller's token is still good, and ends their stream when it isn't.
func (c *call) revoked(end func()) (stop func()) {
	var t *time.Timer
	var mu sync.Mutex
	mu.Lock()
	defer mu.Unlock()
	t = time.AfterFunc(checkEvery, func() {
		mu.Lock()
		defer mu.Unlock()
		if by, _, err := c.api.Access.Holder(c.token); err != nil || by != c.by {
			end()
			return
		}
		t.Reset(checkEvery)
	})
	return func() {
		mu.Lock()
		defer mu.Unlock()
		t.Stop()
	}
}

// gathered is an answer that isn't sent yet.
type gathered struct {
	status int
	header http.Header
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (g *gathered) Header() http.Header { return g.header }

// WriteHeader implements http.ResponseWriter.
func (g *gathered) WriteHeader(status int) { g.status = status }

// Write implements http.ResponseWriter.
func (g *gathered) Write(p []byte) (int, error) { return g.body.Write(p) }
