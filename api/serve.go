package api

import (
	"compress/gzip"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"hutong/api/header"
	"hutong/api/latency"
	"hutong/thing"
)

// call is one request on its way through a handler, and who makes it.
type call struct {
	*http.Request
	w        http.ResponseWriter
	api      *API
	by, role string // "" when nobody has signed in
	token    string
}

// answer is what a handler wants sent. A stream writes itself.
type answer struct {
	status int
	header http.Header
	media  string
	body   []byte
	stream func(c *call) error
}

type handler func(c *call) (*answer, error)

func (ans *answer) set(name, value string) *answer {
	if ans.header == nil {
		ans.header = http.Header{}
	}
	ans.header.Set(name, value)
	return ans
}

func jsonAnswer(body []byte) *answer {
	return &answer{status: http.StatusOK, media: "application/json", body: body}
}

func noContent() *answer { return &answer{status: http.StatusNoContent} }

// newID makes an unguessable id for a command, a trace or a hub's run: 26 letters and digits.
func newID() string { return rand.Text() }

// protect is what holds for every answer: headers that keep the page from being abused, no writes from other origins,
// and on an open hub no names but those of this machine, so that a web page elsewhere cannot reach it by re-pointing
// its own name here (DNS rebinding).
func (a *API) protect(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{Request: r, w: w, api: a}
		a.send(c, fail(http.StatusForbidden, "a page of another origin may not change anything here").answer())
	}))
	inner := cross.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "+
			"connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if a.Open && !namesLoopback(r.Host) {
			c := &call{Request: r, w: w, api: a}
			a.send(c, fail(http.StatusMisdirectedRequest, "this hub is open and answers only as localhost or 127.0.0.1, not as %q", r.Host).answer())
			return
		}
		defer a.calls.Add(-1)
		if a.calls.Add(1) > maxCalls {
			c := &call{Request: r, w: w, api: a}
			a.send(c, fail(http.StatusServiceUnavailable, "%d requests are being answered already, which is the most", maxCalls).with("Retry-After", "1").answer())
			return
		}
		inner.ServeHTTP(w, r)
	})
}

// maxCalls is how many requests are answered at once, streams among them.
const maxCalls = maxStreams + 1024

func namesLoopback(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// serve runs one route: who is it, may they, do it, answer.
func (a *API) serve(r *route) http.Handler {
	took := latency.New(a.metrics, r.Method+" "+r.Path)
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		start := a.Now()
		c := &call{Request: req, w: w, api: a}
		ans, err := a.enter(c, r)
		if err != nil {
			ans = a.faultOf(c, err).answer()
		}
		a.metrics.GetOrCreateCounter(fmt.Sprintf("hutong_http_requests_total{route=%q,code=\"%d\"}", r.Method+" "+r.Path, ans.status)).Inc()
		if ans.stream == nil {
			took.Add(a.Now().Sub(start).Seconds())
		}
		a.send(c, ans)
	})
}

func (a *API) enter(c *call, r *route) (_ *answer, err error) {
	defer func() {
		if x := recover(); x != nil { // one bad request must not take the others along
			err = fmt.Errorf("panic: %v\n%s", x, debug.Stack())
		}
	}()
	c.token = tokenOf(c.Request)
	var unknown error
	if c.by, c.role, unknown = a.Access.Holder(c.token); unknown != nil {
		if c.by, c.role = "", ""; r.access != public {
			return nil, fail(http.StatusUnauthorized, "%s", unknown).with("WWW-Authenticate", `Bearer realm="hutong"`)
		}
	}
	switch r.access {
	case readsHub:
		if v := a.Access.Reads(c.by, nil); !v.Allowed {
			return nil, fail(http.StatusForbidden, "%s", v.Reason)
		}
	case administers:
		if v := a.Access.Administers(c.by); !v.Allowed {
			return nil, fail(http.StatusForbidden, "%s", v.Reason)
		}
	}
	if c.Method == http.MethodPut || c.Method == http.MethodPost {
		c.Body = http.MaxBytesReader(c.w, c.Body, maxBody)
		if key := c.Header.Get("Idempotency-Key"); key != "" {
			return a.once(c, key, r.handle)
		}
	}
	return r.handle(c)
}

// other answers what no route does: the page, another method of a route, or nothing.
func (a *API) other(w http.ResponseWriter, r *http.Request) {
	c := &call{Request: r, w: w, api: a}
	var allow []string
	for _, m := range []string{http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete} {
		probe := *r
		probe.Method = m
		if _, pattern := a.mux.Handler(&probe); pattern != "/" && pattern != "" {
			allow = append(allow, m)
			if m == http.MethodGet {
				allow = append(allow, http.MethodHead)
			}
		}
	}
	if len(allow) > 0 {
		list := strings.Join(append(allow, http.MethodOptions), ", ")
		if r.Method == http.MethodOptions {
			a.send(c, noContent().set("Allow", list))
			return
		}
		a.send(c, fail(http.StatusMethodNotAllowed, "%s is not possible here, only %s", r.Method, list).with("Allow", list).answer())
		return
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	ours := slices.ContainsFunc(a.routes, func(x route) bool { return strings.HasPrefix(x.Path+"/", "/"+first+"/") })
	if a.Page == nil || ours || r.Method != http.MethodGet && r.Method != http.MethodHead {
		a.send(c, fail(http.StatusNotFound, "there is nothing at %s; /openapi.json lists what there is", r.URL.Path).answer())
		return
	}
	a.Page.ServeHTTP(w, r)
}

// worthGzip is the size from which a body is compressed: about one packet.
const worthGzip = 1400

func (a *API) send(c *call, ans *answer) {
	h := c.w.Header()
	for name, values := range ans.header {
		h[name] = values
	}
	if ans.stream != nil {
		if err := ans.stream(c); err != nil && a.life.Err() == nil && c.Context().Err() == nil {
			a.Log.Debug("http: stream ended", "path", c.URL.Path, "by", c.by, "error", err)
		}
		return
	}
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-cache")
	}
	body := ans.body
	if ans.media != "" {
		h.Set("Content-Type", ans.media)
		h.Add("Vary", "Accept-Encoding")
		if len(body) >= worthGzip && header.Accepts(c.Header.Values("Accept-Encoding"), "gzip") {
			body = a.gzip(body)
			h.Set("Content-Encoding", "gzip")
			if tag := h.Get("ETag"); strings.HasPrefix(tag, `"`) {
				h.Set("ETag", "W/"+tag) // the bytes differ (RFC 9110, 8.8.3.3)
			}
		}
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	c.w.WriteHeader(ans.status)
	if _, err := c.w.Write(body); err != nil && !errors.Is(err, http.ErrBodyNotAllowed) {
		a.Log.Debug("http: answer cut off", "path", c.URL.Path, "error", err)
	}
}

func (a *API) gzip(body []byte) []byte {
	z, ok := a.gzips.Get().(*gzip.Writer)
	if !ok {
		z = gzip.NewWriter(nil)
	}
	defer a.gzips.Put(z)
	var buf appender
	z.Reset(&buf)
	if _, err := z.Write(body); err != nil { // an appender takes everything
		return body
	}
	if err := z.Close(); err != nil {
		return body
	}
	return buf
}

type appender []byte

func (b *appender) Write(p []byte) (int, error) { *b = append(*b, p...); return len(p), nil }

// base is the origin this request came to, ending in "/".
func (c *call) base() string {
	scheme := "http"
	if c.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + c.Host + "/"
}

// thing finds the Thing of the path, if the caller may see it.
func (c *call) thing() (*thing.Thing, error) {
	id := thing.ID(c.PathValue("id"))
	x, ok := c.api.Twin.Thing(id)
	if !ok || !c.api.Access.Reads(c.by, x).Allowed {
		return nil, fail(http.StatusNotFound, "there is no Thing %s that %s may see; GET /things lists them", id, c.by)
	}
	return x, nil
}

// point finds the affordance of the path, and its Thing, if the caller may see that.
func (c *call) point(kind thing.Kind) (*thing.Thing, *thing.Point, thing.Ref, error) {
	x, err := c.thing()
	if err != nil {
		return nil, nil, thing.Ref{}, err
	}
	ref := thing.Ref{Thing: x.ID, Kind: kind, Name: c.PathValue("name")}
	p, ok := x.Find(kind, ref.Name)
	if !ok {
		return nil, nil, ref, fail(http.StatusNotFound, "%s has no %s among its %s; GET /things/{id} describes it", x.ID, ref.Name, kind)
	}
	return x, p, ref, nil
}

// notModified is the answer to a GET whose If-None-Match names etag, else nil.
func (c *call) notModified(etag string) *answer {
	if c.Header.Get("If-None-Match") == "" || !header.Matches(c.Header.Values("If-None-Match"), etag) {
		return nil
	}
	return (&answer{status: http.StatusNotModified}).set("ETag", etag)
}

func stamp(t thing.Time) string { return t.Std().Format(time.RFC3339Nano) }
