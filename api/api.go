// Package api is the hub's HTTP surface: the directory of Things, their properties, actions and events as W3C WoT
// consumers use them, history, rules, and the one stream a screen lives on. It translates and decides nothing: what is
// comes from the twin, what may happen from the gate. docs/http.md shows it by example and /openapi.json in full, made
// of the same table that routes requests.
package api

import (
	"context"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"hutong/api/openapi"
	"hutong/thing"
)

// Twin is what is: read here, never written.
type Twin interface {
	Thing(id thing.ID) (*thing.Thing, bool)
	Things() []*thing.Thing // sorted by id
	Get(ref thing.Ref) (thing.State, bool)
}

// Feed hands out Changes: each call blocks until there are some. The slice is good until the next call.
type Feed interface {
	Next(ctx context.Context) ([]thing.Change, error)
	Close()
}

// Cursor is a Feed of all Changes in order; Skipped counts those that were no longer kept.
type Cursor interface {
	Feed
	Skipped() uint64
}

// Watch hands out the ids of Things that came, went or were described anew; each call blocks until there are some.
type Watch interface {
	Next(ctx context.Context) ([]thing.ID, error)
	Close()
}

// Feeds opens the subscriptions of the twin. Every with from 0, or one still to come, begins after now.
type Feeds interface {
	Latest(want func(thing.Ref) bool) Feed
	Every(from uint64) Cursor
	Watch() Watch
}

// Gate carries out a Command if it may be; a refused one comes back Failed. It blocks until the device's side answered.
type Gate interface {
	Do(ctx context.Context, cmd thing.Command) thing.Outcome
}

// Access says who somebody is and what they may. A nil Thing is the hub itself.
type Access interface {
	Holder(token string) (by, role string, err error)
	Reads(by string, x *thing.Thing) thing.Verdict
	Administers(by string) thing.Verdict
	Judge(cmd thing.Command) thing.Verdict
	Record(by, what, detail string) error
}

// Commands remembers what became of Commands. Outcomes are newest first.
type Commands interface {
	Outcome(id string) (thing.Outcome, bool)
	Outcomes(ref thing.Ref) []thing.Outcome
	Cancel(id string) bool
}

// Directory holds the text of each Thing as it was announced.
type Directory interface {
	TD(id thing.ID) (text []byte, ok bool, err error)
	// Search gives the Things, sorted by id, that have every word of query somewhere in what people know of them.
	Search(query string) (iter.Seq[*thing.Thing], error)
	Places() ([]thing.Place, error)
}

// Query asks History for the samples of one property with From <= time < To, oldest first. With a Step there is one
// sample for each step, made by Agg (avg, min, max, last or count; it means nothing without a Step). With a Max there
// are at most so many, the most telling ones.
type Query struct {
	Ref      thing.Ref
	From, To thing.Time
	Step     time.Duration
	Agg      string
	Max      int
	Limit    int // how many may be gone through; more is told by calling each once more, never a silent cut
}

// Sample is one value of the past.
type Sample struct {
	Time    thing.Time
	Value   thing.Value
	Quality thing.Quality
}

// History is what was. Query calls each for every Sample in order.
type History interface {
	Query(ctx context.Context, q Query, each func(Sample)) error
}

// Options is what an API needs. Twin, Feeds, Gate, Access, Commands and Directory are required; a nil one of the
// others makes its resources answer 404.
type Options struct {
	Twin      Twin
	Feeds     Feeds
	Gate      Gate
	Access    Access
	Commands  Commands
	Directory Directory
	History   History
	Rules     Rules
	Scenes    Scenes
	Traces    Traces
	Notices   *Notices
	Courts    []Court
	Page      http.Handler // answers what no route does; nil: nothing is there

	Open    bool   // everybody is an admin: only hosts that name this machine's loopback are answered
	ID      string // id of the hub as a Thing, a URN that stays
	Title   string // what people call the hub; "Hutong" when empty
	Version string
	Ready   func() error      // nil error: the hub can do its work
	Metrics func(w io.Writer) // appends the metrics of other packages, in Prometheus text
	Log     *slog.Logger      // nil: slog.Default
	Now     func() time.Time  // nil: time.Now
}

// API is the HTTP handler. Close it when the server stops, so that streams end.
type API struct {
	Options
	mux     *http.ServeMux
	chain   http.Handler
	openapi []byte
	texts   texts
	keys    keys
	gzips   sync.Pool

	life    context.Context
	end     context.CancelFunc
	boot    string
	streams atomic.Int64
	calls   atomic.Int64
	routes  []route

	metrics *metrics.Set
	lost    *metrics.Counter
}

// New makes the handler of all routes.
func New(o Options) *API {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Title == "" {
		o.Title = "Hutong"
	}
	if o.ID == "" {
		o.ID = "urn:hutong:hub"
	}
	a := &API{Options: o, mux: http.NewServeMux(), boot: newID()[:8], metrics: metrics.NewSet()}
	a.life, a.end = context.WithCancel(context.Background())
	a.texts.known = make(map[thing.ID]*text)
	a.keys.known = make(map[string]*keyed)
	a.lost = a.metrics.NewCounter("hutong_http_stream_lost_total")
	a.metrics.NewGauge("hutong_http_streams", func() float64 { return float64(a.streams.Load()) })
	a.routes = a.table()
	var rows []openapi.Route
	for i := range a.routes {
		r := &a.routes[i]
		a.mux.Handle(r.Method+" "+r.Path, a.serve(r))
		rows = append(rows, r.Route)
	}
	a.openapi = openapi.Document(a.Title, a.Version, cookieName, a.Open, rows)
	a.mux.HandleFunc("/", a.other)
	a.chain = a.protect(a.mux)
	return a
}

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.chain.ServeHTTP(w, r) }

// Close ends all streams; later ones end at once.
func (a *API) Close() { a.end() }

// Server is an http.Server for h with limits against slow and greedy clients. Streams lift the write limit for
// themselves and keep one for each message.
func Server(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
	}
}
