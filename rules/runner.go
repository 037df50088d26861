package rules

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"hutong/rules/engine"
	"hutong/thing"
)

// Bounds of what a Runner holds.
const (
	keepNotices = 200
	maxTraces   = 1024  // traces on their way to disk
	maxNews     = 10000 // Things of which news is kept before everything is looked at again
	settleTime  = 200 * time.Millisecond

	gatherTraces = 10 * time.Millisecond // how long traces gather before they are written
)

// Runner keeps rules running: it reads the folders, feeds Changes and time to an Engine, and passes its Commands on. Its
// methods may be called from any goroutine, before, while and after Run runs.
type Runner struct {
	o      Options
	rules  folder
	scenes folder
	log    TraceLog
	out    *dispatcher
	wake   chan struct{} // the Engine wants to be called earlier than before
	newly  chan struct{} // news of the directory
	toDisk chan engine.Trace

	edit sync.Mutex // one writer of files, or reader of folders, at a time; taken before mu

	mu       sync.Mutex
	engine   *engine.Engine
	next     thing.Time // when the Engine wants to be called
	entries  map[string]*entry
	stage    map[string]*sceneEntry
	archive  *archive
	notices  []engine.Notice
	news     map[thing.ID]struct{}
	lost     uint64 // traces that could not be kept on disk
	troubles map[string]string
}

// Open reads the rules and scenes of the data folder and joins them to their Things. A rule that is wrong or waits for
// a Thing is no error. Nothing goes out before Run.
func Open(o Options) (*Runner, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Zone == nil {
		o.Zone = time.Local
	}
	if o.Interval <= 0 {
		o.Interval = time.Second
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	r := &Runner{
		o: o, rules: folder{filepath.Join(o.Dir, "rules")}, scenes: folder{filepath.Join(o.Dir, "scenes")}, log: o.Traces,
		wake: make(chan struct{}, 1), newly: make(chan struct{}, 1), toDisk: make(chan engine.Trace, maxTraces),
		engine: engine.NewEngine(o.Zone, o.Position), entries: map[string]*entry{}, stage: map[string]*sceneEntry{},
		archive: newArchive(), news: map[thing.ID]struct{}{}, troubles: map[string]string{},
	}
	r.out = &dispatcher{do: o.Commands, done: r.ended, queue: map[thing.ID][]thing.Command{}}
	for _, f := range []folder{r.rules, r.scenes} {
		if err := os.MkdirAll(f.dir, 0o755); err != nil {
			return nil, fmt.Errorf("open rules: %w", err)
		}
	}
	if r.log == nil {
		l, err := openTraceLog(filepath.Join(o.Dir, "traces"))
		if err != nil {
			return nil, err
		}
		r.log = l
	}
	if err := r.log.Recent(r.archive.add); err != nil {
		return nil, errors.Join(err, r.log.Close())
	}
	for _, s := range r.archive.byRule {
		s.runs = 0
	}
	if err := r.scan(true); err != nil {
		return nil, errors.Join(err, r.log.Close())
	}
	return r, nil
}

// Run runs rules until ctx ends, then returns nil; Commands under way are cut short. An error means that the feed of
// Changes broke. It is called once.
func (r *Runner) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	r.out.begin(ctx)
	g.Go(func() error { return r.follow(ctx) })
	g.Go(func() error { return r.tick(ctx) })
	g.Go(func() error { return r.watch(ctx) })
	written := make(chan struct{})
	go func() { defer close(written); r.write(ctx) }()
	err := g.Wait()
	r.out.group.Wait()
	<-written
	if e := r.log.Close(); e != nil {
		err = errors.Join(err, fmt.Errorf("close traces: %w", e))
	}
	return err
}

// follow passes Changes to the Engine.
func (r *Runner) follow(ctx context.Context) error {
	for {
		batch, err := r.o.Feed.Next(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("rules: read changes: %w", err)
		}
		r.mu.Lock()
		r.step(engine.Input{Changes: batch})
		r.mu.Unlock()
	}
}

// tick calls the Engine when it wants to be called.
func (r *Runner) tick(ctx context.Context) error {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		r.mu.Lock()
		wait := time.Hour
		if r.next != 0 {
			wait = min(wait, max(0, r.next.Std().Sub(r.o.Now())))
		}
		r.mu.Unlock()
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return nil
		case <-r.wake:
		case <-timer.C:
			r.mu.Lock()
			r.step(engine.Input{})
			r.mu.Unlock()
		}
	}
}

// watch looks at the folders every so often, and at rules whose Things have come, changed or gone.
func (r *Runner) watch(ctx context.Context) error {
	poll, settle := time.NewTimer(r.o.Interval), time.NewTimer(time.Hour)
	settle.Stop()
	defer poll.Stop()
	defer settle.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.newly:
			settle.Reset(settleTime)
		case <-settle.C:
			r.mu.Lock()
			r.rejoin()
			r.mu.Unlock()
		case <-poll.C:
			began := time.Now()
			err := r.scan(false)
			r.reread()
			r.trouble("the rules folder cannot be read", err)
			// A folder of many thousand files is looked at less often, so that looking stays a fraction of the work.
			poll.Reset(max(r.o.Interval, 50*time.Since(began)))
		}
	}
}

// reread asks anew for the points of which little is known: the twin learns from what a broker kept, or from its own
// store, without a Change.
func (r *Runner) reread() {
	r.mu.Lock()
	defer r.mu.Unlock()
	states := map[thing.Ref]thing.State{}
	for ref, q := range r.engine.Doubtful() {
		if s, ok := r.o.States.Get(ref); ok && s.Quality != q {
			states[ref] = s
		}
	}
	if len(states) > 0 {
		r.step(engine.Input{States: states})
	}
}

// write keeps traces on disk, until ctx has ended and none is left.
func (r *Runner) write(ctx context.Context) {
	keep := func(t engine.Trace) {
		err := r.log.Append(t)
		if err != nil {
			r.mu.Lock()
			r.lost++
			r.mu.Unlock()
		}
		r.trouble("a trace could not be kept on disk", err)
	}
	flush := func() { r.trouble("traces could not be kept on disk", r.log.Flush()) }
	// Traces gather for a moment, so that a busy rule does not cost a write for each.
	gathered := time.NewTimer(time.Hour)
	gathered.Stop()
	defer gathered.Stop()
	for {
		select {
		case t := <-r.toDisk:
			gathered.Reset(gatherTraces)
			keep(t)
		case <-ctx.Done():
		}
		select {
		case <-gathered.C:
		case <-ctx.Done():
		}
		for more := true; more; {
			select {
			case t := <-r.toDisk:
				keep(t)
			default:
				more = false
			}
		}
		flush()
		if ctx.Err() != nil {
			return
		}
	}
}

// trouble logs err once, until it is over or another.
func (r *Runner) trouble(what string, err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	r.mu.Lock()
	same := r.troubles[what] == text
	r.troubles[what] = text
	r.mu.Unlock()
	if !same && err != nil {
		r.o.Log.Error("rules: "+what, "error", err)
	}
}

// step gives the Engine one Input and deals with the Output. r.mu is held.
func (r *Runner) step(in engine.Input) engine.Output {
	in.Now = thing.At(r.o.Now())
	out := r.engine.Step(in)
	all := out
	for {
		ended := r.out.carry(out.Commands, in.Now)
		for _, t := range out.Traces {
			r.keep(t)
		}
		for _, n := range out.Notices {
			r.tell(n)
		}
		if len(ended) == 0 {
			break
		}
		out = r.engine.Step(engine.Input{Now: in.Now, Outcomes: ended})
	}
	if out.Wake != r.next {
		r.next = out.Wake
		poke(r.wake)
	}
	return all
}

// poke leaves a note for a goroutine that has perhaps not read the last one.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// keep puts a trace into the archive and, when it did something, on its way to disk.
func (r *Runner) keep(t engine.Trace) {
	r.archive.add(t)
	if !t.Acted() {
		return
	}
	select {
	case r.toDisk <- t:
	default:
		r.lost++
	}
}

func (r *Runner) tell(n engine.Notice) {
	if len(r.notices) == keepNotices {
		copy(r.notices, r.notices[1:])
		r.notices = r.notices[:keepNotices-1]
	}
	r.notices = append(r.notices, n)
	if r.o.Notify != nil {
		r.o.Notify(n)
	}
}

// ended tells the Engine of an Outcome.
func (r *Runner) ended(o thing.Outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.step(engine.Input{Outcomes: []thing.Outcome{o}})
}

// Changed says that Things have been added, changed or removed. The rules that name them are joined to them anew a
// moment later. It does not block.
func (r *Runner) Changed(ids ...thing.ID) {
	r.mu.Lock()
	for _, id := range ids {
		if len(r.news) <= maxNews {
			r.news[id] = struct{}{}
		}
	}
	r.mu.Unlock()
	poke(r.newly)
}

// Stats counts what a Runner has.
type Stats struct {
	Rules, Running, Waiting, Refused, Parked, Scenes int
	Commands                                         int    // waiting or under way
	LostTraces                                       uint64 // that could not be kept on disk
}

// Stats counts now.
func (r *Runner) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := Stats{Rules: len(r.entries), Scenes: len(r.stage), LostTraces: r.lost}
	for _, e := range r.entries {
		switch r.status(e) {
		case StatusRunning:
			s.Running++
		case StatusWaiting:
			s.Waiting++
		case StatusRefused:
			s.Refused++
		case StatusParked:
			s.Parked++
		}
	}
	r.out.mu.Lock()
	s.Commands = r.out.count
	r.out.mu.Unlock()
	return s
}
