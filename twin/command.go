package twin

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"hutong/thing"
)

const (
	deadline    = 10 * time.Second // of a Command that names none
	echoWithin  = 10 * time.Second // how long a report may be a Command's doing
	maxAsks     = 8                // Commands per point whose echo is awaited
	maxRunning  = 1024             // Commands on their way at once
	keepEnded   = 1000             // ended Commands remembered
	keepEndedOf = 20               // and of one Ref at most, so that a busy one leaves room
)

// Do carries out cmd and returns how it ended, waiting for it until its deadline. Only the gate may call it. A Command
// that cannot be (no such point, read-only, an input that does not fit, too many on their way) comes back Failed with
// the reason. An id that is known already is not carried out again: its Outcome is returned, awaited while it runs.
// An empty ID, Deadline or Trace is filled in. A Change that echoes the input of a written property within 10 s gets
// cmd's Cause.
func (t *Twin) Do(ctx context.Context, cmd thing.Command) thing.Outcome {
	now := t.now()
	cmd, err := t.fit(fill(cmd, now))
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ctx, stop := context.WithDeadlineCause(ctx, cmd.Deadline.Std(), errLate)
	defer stop()
	r, fresh := t.commands.begin(cmd, thing.At(now), cancel, err)
	if !fresh {
		return t.commands.await(ctx, r)
	}
	var out thing.Value
	if err = r.refused; err == nil {
		out, err = t.carry(ctx, cmd)
	}
	return t.commands.end(r, out, err, thing.At(t.now()))
}

// fill gives cmd what it does not say itself.
func fill(cmd thing.Command, now time.Time) thing.Command {
	if cmd.ID == "" {
		cmd.ID = rand.Text()
	}
	if cmd.Deadline == 0 {
		cmd.Deadline = thing.At(now.Add(deadline))
	}
	if cmd.Cause.Trace == "" {
		cmd.Cause.Trace = cmd.ID
	}
	return cmd
}

var (
	errLate      = errors.New("the device's side did not answer in time")
	errCancelled = errors.New("cancelled")
	errStopping  = errors.New("the hub is stopping")
)

// carry passes cmd to the Doer and waits for it or the end of ctx. A Doer that does not honour ctx keeps its place
// among the running until it returns.
func (t *Twin) carry(ctx context.Context, cmd thing.Command) (thing.Value, error) {
	t.ask(cmd)
	type answer struct {
		out thing.Value
		err error
	}
	done := make(chan answer, 1)
	do := func() (thing.Value, error) {
		defer t.commands.release() // before who waits goes on
		return t.doer.Do(ctx, cmd)
	}
	go func() {
		out, err := do()
		done <- answer{out, err}
	}()
	select {
	case a := <-done:
		switch {
		case a.err == nil:
		case ctx.Err() != nil:
			a.err = why(ctx)
		default:
			t.unask(cmd)
		}
		return a.out, a.err
	case <-ctx.Done():
		return thing.Null(), why(ctx)
	}
}

// why says in plain words what ended ctx.
func why(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != context.Canceled {
		return cause
	}
	return errors.New("who asked went away before it was done")
}

// fit checks cmd against the description of its Thing.
func (t *Twin) fit(cmd thing.Command) (thing.Command, error) {
	x, ok := t.Thing(cmd.Ref.Thing)
	if !ok {
		return cmd, fmt.Errorf("%s: no such Thing", cmd.Ref.Thing)
	}
	p, ok := x.Find(cmd.Ref.Kind, cmd.Ref.Name)
	switch {
	case !ok:
		return cmd, fmt.Errorf("%s: the Thing has none of that name among its %s", cmd.Ref, cmd.Ref.Kind)
	case cmd.Ref.Kind == thing.Event:
		return cmd, fmt.Errorf("%s: an event cannot be commanded", cmd.Ref)
	case cmd.Ref.Kind == thing.Property && p.ReadOnly:
		return cmd, fmt.Errorf("%s: read-only", cmd.Ref)
	case t.doer == nil:
		return cmd, fmt.Errorf("%s: nothing here reaches devices", cmd.Ref)
	}
	if cmd.Ref.Kind == thing.Action && cmd.Input.IsNull() {
		return cmd, nil // no input; the binding knows whether it needs one
	}
	v, err := p.Accept(cmd.Input)
	if err != nil {
		return cmd, err
	}
	cmd.Input = v
	return cmd, nil
}

// Outcome is what is known of the Command of that id: while it runs, and after that as long as it is among the last
// 1,000 and the last 20 of its Ref.
func (t *Twin) Outcome(id string) (thing.Outcome, bool) {
	t.commands.mu.Lock()
	defer t.commands.mu.Unlock()
	r, ok := t.commands.byID[id]
	if !ok {
		return thing.Outcome{}, false
	}
	return r.outcome, true
}

// Outcomes are those known of ref, newest first.
func (t *Twin) Outcomes(ref thing.Ref) []thing.Outcome {
	t.commands.mu.Lock()
	defer t.commands.mu.Unlock()
	list := make([]thing.Outcome, 0, len(t.commands.byRef[ref]))
	for _, r := range slices.Backward(t.commands.byRef[ref]) {
		list = append(list, r.outcome)
	}
	return list
}

// Cancel stops waiting for a running Command, which then is Failed, and tells its binding by the context. It says
// whether there was one; whether the device had acted by then, only its state can tell.
func (t *Twin) Cancel(id string) bool {
	t.commands.mu.Lock()
	defer t.commands.mu.Unlock()
	r, ok := t.commands.byID[id]
	if !ok || r.outcome.Ended != 0 {
		return false
	}
	r.cancel(errCancelled)
	return true
}

// commands remembers what became of Commands.
type commands struct {
	mu      sync.Mutex
	byID    map[string]*record
	byRef   map[thing.Ref][]*record // oldest first
	ended   []*record               // oldest first; those dropped from byRef already linger until their turn
	running int
	total   uint64
	closed  bool
	idle    sync.WaitGroup
}

type record struct {
	outcome thing.Outcome
	cancel  context.CancelCauseFunc
	refused error         // why it was not even begun
	done    chan struct{} // nil when it ended as it began
}

func (c *commands) start() {
	c.byID = make(map[string]*record)
	c.byRef = make(map[thing.Ref][]*record)
}

func (c *commands) size() (running int, total uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.running, c.total
}

// begin records cmd; bad is why it cannot be carried out, if so. fresh is false when the id is known.
func (c *commands) begin(cmd thing.Command, now thing.Time, cancel context.CancelCauseFunc, bad error) (r *record, fresh bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r, ok := c.byID[cmd.ID]; ok {
		return r, false
	}
	r = &record{cancel: cancel, done: make(chan struct{}), refused: bad}
	r.outcome = thing.Outcome{Command: cmd, Status: thing.Running, Asked: now}
	switch {
	case bad != nil:
	case c.closed:
		r.refused = errStopping
	case c.running >= maxRunning:
		r.refused = fmt.Errorf("%d commands are on their way already; try again later", c.running)
	}
	if r.refused == nil {
		c.running++
		c.total++
		c.idle.Add(1)
	}
	c.byID[cmd.ID] = r
	c.byRef[cmd.Ref] = append(c.byRef[cmd.Ref], r)
	return r, true
}

// release gives back the place of a Command whose Doer has returned.
func (c *commands) release() {
	c.mu.Lock()
	c.running--
	c.mu.Unlock()
	c.idle.Done()
}

// await waits for a Command that another call carries out.
func (c *commands) await(ctx context.Context, r *record) thing.Outcome {
	if r.done != nil { // else it came to its end as it began
		select {
		case <-r.done:
		case <-ctx.Done():
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return r.outcome
}

// end notes how r ended and drops what is too old to remember.
func (c *commands) end(r *record, out thing.Value, err error, now thing.Time) thing.Outcome {
	c.mu.Lock()
	defer c.mu.Unlock()
	o := &r.outcome
	o.Status, o.Output, o.Ended = thing.Completed, out, now
	if err != nil {
		o.Status, o.Output, o.Error = thing.Failed, thing.Null(), err.Error()
	}
	close(r.done)
	c.retire(r)
	return *o
}

// retire drops what is too old to remember now that r has ended.
func (c *commands) retire(r *record) {
	c.ended = append(c.ended, r)
	o := &r.outcome
	if same := c.byRef[o.Command.Ref]; len(same) > keepEndedOf {
		if i := slices.IndexFunc(same, func(x *record) bool { return x.outcome.Ended != 0 }); i >= 0 {
			c.forget(same[i])
		}
	}
	if len(c.ended) > keepEnded {
		c.forget(c.ended[0])
		c.ended[0] = nil
		c.ended = c.ended[1:]
	}
}

// forget drops an ended record; one that is dropped already stays so.
func (c *commands) forget(r *record) {
	cmd := r.outcome.Command
	if c.byID[cmd.ID] != r {
		return
	}
	delete(c.byID, cmd.ID)
	rest := slices.DeleteFunc(c.byRef[cmd.Ref], func(x *record) bool { return x == r })
	if len(rest) == 0 {
		delete(c.byRef, cmd.Ref)
		return
	}
	c.byRef[cmd.Ref] = rest
}

// close cancels what runs, refuses what comes and waits for the Doer.
func (c *commands) close() {
	c.mu.Lock()
	c.closed = true
	for _, r := range c.byID {
		if r.outcome.Ended == 0 {
			r.cancel(errStopping)
		}
	}
	c.mu.Unlock()
	c.idle.Wait()
}

// asks are the newest Commands of one point whose echo is awaited.
type asks struct {
	mu   sync.Mutex
	list [maxAsks]asked
	next int
}

type asked struct {
	id    string
	input thing.Value
	cause thing.Cause
	until thing.Time
}

// match returns the Cause of the newest Command that asked for v.
func (a *asks) match(v thing.Value, now thing.Time) thing.Cause {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range maxAsks {
		x := &a.list[(a.next+maxAsks-1-i)%maxAsks]
		if x.until > now && x.input.Equal(v) {
			return x.cause
		}
	}
	return thing.Cause{}
}

// ask has the point of cmd await its echo.
func (t *Twin) ask(cmd thing.Command) {
	s := t.written(cmd)
	if s == nil {
		return
	}
	a := s.asks.Load()
	if a == nil {
		s.asks.CompareAndSwap(nil, new(asks))
		a = s.asks.Load()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.list[a.next] = asked{cmd.ID, cmd.Input, cmd.Cause, thing.At(t.now().Add(echoWithin))}
	a.next = (a.next + 1) % maxAsks
}

// unask is for a Command that the device's side has refused: a like report is not its doing.
func (t *Twin) unask(cmd thing.Command) {
	s := t.written(cmd)
	if s == nil {
		return
	}
	a := s.asks.Load()
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range a.list {
		if a.list[i].id == cmd.ID {
			a.list[i] = asked{}
		}
	}
}

// written is the slot that cmd writes, nil for none.
func (t *Twin) written(cmd thing.Command) *slot {
	e, ok := t.dir.get(cmd.Ref.Thing)
	if !ok || cmd.Ref.Kind != thing.Property {
		return nil
	}
	return e.find(cmd.Ref.Kind, cmd.Ref.Name)
}
