package binding

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"hutong/thing"
)

// Things is where live Things are kept; the twin is one.
type Things interface {
	// Add puts x in, or in place of the Thing with its id.
	Add(x *thing.Thing) error
	Remove(id thing.ID)
	Handle(ref thing.Ref) (thing.Handle, bool)
	Online(id thing.ID, online bool)
}

// Values takes what devices report; the twin does.
type Values interface {
	Report(batch []thing.Report) (pos uint64)
	Wait(pos uint64) error
}

// Registry keeps descriptions over restarts. Its methods return when the disk has them.
type Registry interface {
	PutTD(x *thing.Thing, text []byte) error
	DeleteTD(id thing.ID) error
	// EachTD calls f with every description and the binding that announced it, until f returns an error. err says
	// why one cannot be read.
	EachTD(f func(binding string, text []byte, err error) error) error
}

// Options of a Supervisor.
type Options struct {
	Things   Things
	Values   Values
	Registry Registry // nil keeps nothing
	Bindings []Binding
	Log      *slog.Logger // nil is silent
	// Grace is how long a binding may be away, or may run without announcing a Thing again, until the Things
	// concerned count as offline; 0 is a minute. A run of this length also makes the next delay short again.
	Grace time.Duration
	// MaxThings is how many Things are taken at most; 0 is 200,000.
	MaxThings int
}

const (
	maxThings  = 200_000
	grace      = time.Minute
	firstDelay = time.Second
	longest    = time.Minute
)

// State is what a binding is doing.
type State string

// The states of a binding.
const (
	Starting State = "starting" // the hub has not begun yet
	Running  State = "running"
	Waiting  State = "waiting" // has failed, will be tried again
	Stopped  State = "stopped"
)

// Health tells how one binding fares.
type Health struct {
	Binding  string
	State    State
	Since    time.Time
	Error    string    // of the last run that failed; "" when none has
	Failures int       // runs that failed since the hub started
	Next     time.Time // when it will be tried again; zero unless Waiting
	Things   int       // announced by it or remembered from it
}

// Supervisor keeps bindings running, is their Hub, and carries each Command to the binding that owns its Thing.
type Supervisor struct {
	things   Things
	values   Values
	registry Registry
	log      *slog.Logger
	grace    time.Duration
	most     int // Things
	bindings []*supervised

	stripes [64]sync.Mutex // hold one of them, by id, to announce or withdraw
	mu      sync.Mutex     // guards the rest; held for moments
	owned   map[thing.ID]*owned
	makes   makes
}

// supervised is one binding and how it fares; health is guarded by Supervisor.mu.
type supervised struct {
	Binding
	name   string
	health Health
	run    int // how often Run has been called
}

// owned is a Thing with whom it belongs to.
type owned struct {
	binding string
	text    uint64 // hash of the description
	device  *device
	run     int  // of the binding, when it announced the Thing last; 0 for remembered only
	lost    bool // counts as offline because its binding does not speak of it
}

// New makes a Supervisor; nothing runs yet. Two bindings of one name, or a name that is not one lower-case word, are
// errors.
func New(o Options) (*Supervisor, error) {
	s := &Supervisor{
		things: o.Things, values: o.Values, registry: o.Registry, log: o.Log, grace: o.Grace,
		most: o.MaxThings, owned: make(map[thing.ID]*owned),
	}
	if s.most == 0 {
		s.most = maxThings
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.grace == 0 {
		s.grace = grace
	}
	for _, b := range o.Bindings {
		name := b.Name()
		if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return nil, fmt.Errorf("binding %q: a name is one word of a-z, 0-9 and -", name)
		}
		if s.find(name) != nil {
			return nil, fmt.Errorf("binding %q: there are two of that name", name)
		}
		s.bindings = append(s.bindings, &supervised{
			Binding: b, name: name, health: Health{Binding: name, State: Starting, Since: time.Now()},
		})
	}
	return s, nil
}

func (s *Supervisor) find(name string) *supervised {
	for _, b := range s.bindings {
		if b.name == name {
			return b
		}
	}
	return nil
}

// Run runs all bindings until ctx ends and every one of them has returned. A binding that fails is run again after a
// growing delay with jitter, at most a minute; the others do not notice. It is called once.
func (s *Supervisor) Run(ctx context.Context) error {
	var all sync.WaitGroup
	for _, b := range s.bindings {
		all.Go(func() { s.keep(ctx, b) })
	}
	all.Wait()
	return nil
}

// keep runs b again and again.
func (s *Supervisor) keep(ctx context.Context, b *supervised) {
	defer s.set(b, Stopped)
	delay, away := firstDelay, time.Time{} // away: since when it has not run for long
	for {
		begin := time.Now()
		err := s.once(ctx, b)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = errors.New("stopped by itself")
		}
		if away.IsZero() || time.Since(begin) >= s.grace {
			delay, away = firstDelay, time.Now()
		}
		pause := delay/2 + rand.N(delay)
		s.log.Error("binding failed", "binding", b.name, "error", err, "again_in", pause.Round(time.Millisecond))
		s.failed(b, err, pause)
		s.pause(ctx, b, time.Now().Add(pause), away.Add(s.grace))
		delay = min(2*delay, longest)
	}
}

// pause waits until end and, on the way there, gives up the Things of b when patience ends.
func (s *Supervisor) pause(ctx context.Context, b *supervised, end, patience time.Time) {
	if patience.Before(end) {
		if !sleep(ctx, time.Until(patience)) {
			return
		}
		s.lose(b, func(*owned) bool { return true })
	}
	sleep(ctx, time.Until(end))
}

func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// once is one run of b; a panic in it is its error. What b has not announced after a while counts as offline.
func (s *Supervisor) once(ctx context.Context, b *supervised) (err error) {
	run := s.set(b, Running)
	patience, stop := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() {
		if sleep(patience, s.grace) {
			s.lose(b, func(o *owned) bool { return o.run < run })
		}
	})
	defer watch.Wait()
	defer stop()
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("binding panicked", "binding", b.name, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return b.Run(ctx, &hub{s: s, name: b.name})
}

func (s *Supervisor) set(b *supervised, state State) (run int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state == Running {
		b.run++
	}
	b.health.State, b.health.Since, b.health.Next = state, time.Now(), time.Time{}
	return b.run
}

func (s *Supervisor) failed(b *supervised, err error, pause time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := &b.health
	h.State, h.Since, h.Error, h.Failures = Waiting, time.Now(), err.Error(), h.Failures+1
	h.Next = h.Since.Add(pause)
}

// lose counts the Things of b as offline that silent picks. Each is judged again under its stripe, since it may be
// announced meanwhile.
func (s *Supervisor) lose(b *supervised, silent func(*owned) bool) {
	var ids []thing.ID
	s.mu.Lock()
	for id, o := range s.owned {
		if o.binding == b.name && !o.lost && silent(o) {
			ids = append(ids, id)
		}
	}
	s.mu.Unlock()
	if len(ids) > 0 {
		s.log.Warn("things are not heard of and count as offline", "binding", b.name, "things", len(ids))
	}
	for _, id := range ids {
		s.loseOne(id, silent)
	}
}

func (s *Supervisor) loseOne(id thing.ID, silent func(*owned) bool) {
	defer s.stripe(id)()
	s.mu.Lock()
	o := s.owned[id]
	lost := o != nil && silent(o)
	if lost {
		o.lost = true
	}
	s.mu.Unlock()
	if lost {
		s.things.Online(id, false)
	}
}

// Health tells how each binding fares, in the order they were given.
func (s *Supervisor) Health() []Health {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Health, len(s.bindings))
	for i, b := range s.bindings {
		list[i] = b.health
	}
	for _, o := range s.owned {
		if i := slices.IndexFunc(list, func(h Health) bool { return h.Binding == o.binding }); i >= 0 {
			list[i].Things++
		}
	}
	return list
}

// Do carries cmd to the binding that owns its Thing. It fails at once when that binding does not run. A panic in the
// binding is its error.
func (s *Supervisor) Do(ctx context.Context, cmd thing.Command) (out thing.Value, err error) {
	b, err := s.owner(cmd.Ref.Thing)
	if err != nil {
		return thing.Null(), err
	}
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("binding panicked", "binding", b.name, "command", cmd.ID, "panic", p, "stack", string(debug.Stack()))
			out, err = thing.Null(), fmt.Errorf("binding %s: panic: %v", b.name, p)
		}
	}()
	return b.Do(ctx, cmd)
}

func (s *Supervisor) owner(id thing.ID) (*supervised, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.owned[id]
	if !ok {
		return nil, fmt.Errorf("%s: no binding has announced it", id)
	}
	b := s.find(o.binding)
	switch {
	case b == nil:
		return nil, fmt.Errorf("%s: its binding %s is not part of this hub", id, o.binding)
	case b.health.State != Running && b.health.Error != "":
		return nil, fmt.Errorf("%s: binding %s is %s: %s", id, b.name, b.health.State, b.health.Error)
	case b.health.State != Running:
		return nil, fmt.Errorf("%s: binding %s is %s", id, b.name, b.health.State)
	}
	return b, nil
}
