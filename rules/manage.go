package rules

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"hutong/rules/engine"
	"hutong/rules/text"
	"hutong/thing"
)

// Status says how a rule stands.
type Status string

// The statuses of a rule.
const (
	StatusRunning  Status = "running"  // waiting for its triggers, or at work
	StatusWaiting  Status = "waiting"  // for a Thing that is not there
	StatusRefused  Status = "refused"  // its text is wrong, and there is no good one before
	StatusDisabled Status = "disabled" // switched off
	StatusParked   Status = "parked"   // it looked like a loop; see Wake
)

// Info is what a list shows of a rule. Problems are those of the text in the file; when Status is running nevertheless,
// the last good text runs.
type Info struct {
	ID          string         `json:"id"`
	Title       string         `json:"title"`
	Description string         `json:"description,omitempty"`
	Enabled     bool           `json:"enabled"`
	Mode        text.Mode      `json:"mode,omitempty"`
	Status      Status         `json:"status"`
	Reason      string         `json:"reason,omitempty"` // why it does not run
	Problems    []text.Problem `json:"problems,omitempty"`
	Version     string         `json:"version"` // of the text in the file
	Reads       []thing.Ref    `json:"-"`
	Sets        []thing.Ref    `json:"-"`
	Runs        uint64         `json:"runs"` // that did something, since the hub started
	Active      int            `json:"active"`
	Traces      []engine.Trace `json:"-"` // newest first, those under way included
}

// ErrNone is returned for a rule or scene that is not there.
var ErrNone = errors.New("there is none with this id")

func (r *Runner) status(e *entry) Status {
	switch {
	case e.rule == nil:
		return StatusRefused
	case !e.rule.Enabled:
		return StatusDisabled
	case e.joined.Refused():
		return StatusRefused
	case e.program == nil:
		return StatusWaiting
	}
	if r.engine.Parked(e.id) != "" {
		return StatusParked
	}
	return StatusRunning
}

// listed is how many traces of each rule a list shows.
const listed = 5

func (r *Runner) info(e *entry) Info {
	i := Info{ID: e.id, Title: e.id, Version: e.version, Status: r.status(e), Problems: slices.Concat(e.wrong, e.joined)}
	if e.rule != nil {
		i.Title, i.Description, i.Enabled, i.Mode = e.rule.Title, e.rule.Rule().Description, e.rule.Enabled, e.rule.Mode
	}
	switch i.Status {
	case StatusRefused:
		i.Reason = "the rule is wrong: " + i.Problems[0].String()
	case StatusWaiting:
		i.Reason = "waiting: " + e.joined.Waits()
	case StatusParked:
		i.Reason = r.engine.Parked(e.id)
	}
	if s := r.archive.byRule[e.id]; s != nil {
		i.Runs = s.runs
	}
	i.Traces = r.engine.Running(e.id)
	i.Active = len(i.Traces)
	i.Traces = append(i.Traces, r.archive.of(e.id)...)
	p := e.program
	if p == nil {
		p = e.disabled
	}
	if p != nil {
		i.Reads, i.Sets = p.Reads(), p.Sets()
	}
	return i
}

// List is all rules, sorted by id, with the newest traces of each.
func (r *Runner) List() []Info {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]Info, 0, len(r.entries))
	for _, e := range r.entries {
		i := r.info(e)
		i.Traces = i.Traces[:min(len(i.Traces), listed)]
		list = append(list, i)
	}
	slices.SortFunc(list, func(a, b Info) int { return strings.Compare(a.ID, b.ID) })
	return list
}

// Get is one rule; ErrNone when there is none.
func (r *Runner) Get(id string) (Info, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.entries[id]
	if e == nil {
		return Info{}, fmt.Errorf("rule %.70q: %w", id, ErrNone)
	}
	return r.info(e), nil
}

// Text is the text of a rule as it is in the file, and false when there is no such rule.
func (r *Runner) Text(id string) ([]byte, bool) {
	r.mu.Lock()
	_, ok := r.entries[id]
	r.mu.Unlock()
	if !ok {
		return nil, false
	}
	return r.rules.text(id)
}

// check says what is wrong with source as the text of rule id on this hub, its scenes and position included. r.mu is held.
func (r *Runner) check(id string, source []byte) text.Problems {
	rule, problems := text.Parse(id, source)
	if rule != nil {
		_, problems = engine.Join(rule, r.setting(), engine.NewLookup(r.o.Directory))
	}
	return problems
}

// Put makes source the text of rule id, on disk and at once in effect. When it is wrong the error is Problems, and
// everything is as it was. A text that only waits for a Thing is taken.
func (r *Runner) Put(_ context.Context, id string, source []byte) error {
	if err := text.CheckID(id); err != nil {
		return err
	}
	r.edit.Lock()
	defer r.edit.Unlock()
	return r.put(id, source)
}

// put is Put with r.edit held. The disk is written while rules go on running.
func (r *Runner) put(id string, source []byte) error {
	r.mu.Lock()
	problems := r.check(id, source)
	_, had := r.entries[id]
	count := len(r.entries)
	r.mu.Unlock()
	if problems.Refused() {
		return problems
	}
	if !had && count >= MaxFiles {
		return fmt.Errorf("there are %d rules already; no more are allowed", MaxFiles)
	}
	st, err := r.rules.write(id, source)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var in engine.Input
	r.take(id, parsed(id, source, st, text.ParseKept), engine.NewLookup(r.o.Directory), &in)
	r.load(in)
	return nil
}

// Delete removes rule id and its file; false when there is no such rule.
func (r *Runner) Delete(_ context.Context, id string) (bool, error) {
	r.edit.Lock()
	defer r.edit.Unlock()
	if _, err := r.Get(id); err != nil {
		return false, nil
	}
	if err := r.rules.remove(id); err != nil {
		return true, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var in engine.Input
	r.forget(id, &in)
	r.load(in)
	return true, nil
}

// Enable switches rule id on or off, by changing that one word in its file.
func (r *Runner) Enable(_ context.Context, id string, on bool) error {
	r.edit.Lock()
	defer r.edit.Unlock()
	old, ok := r.Text(id)
	if !ok {
		return fmt.Errorf("rule %.70q: %w", id, ErrNone)
	}
	source, err := withEnabled(old, on)
	if err != nil {
		return err
	}
	return r.put(id, source)
}

// Wake lets a parked rule run again.
func (r *Runner) Wake(id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.entries[id] == nil {
		return fmt.Errorf("rule %.70q: %w", id, ErrNone)
	}
	r.step(engine.Input{Unpark: []string{id}})
	return nil
}

// RunNow sets rule id off in the name of by, and returns the id of the trace. The guard is asked unless skipGuard. The
// error says why the rule cannot run now.
func (r *Runner) RunNow(_ context.Context, id, by string, cause thing.Cause, skipGuard bool) (trace string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.entries[id]
	if e == nil {
		return "", fmt.Errorf("rule %.70q: %w", id, ErrNone)
	}
	if s := r.status(e); s != StatusRunning {
		return "", fmt.Errorf("rule %s cannot run: it is %s. %s", id, s, r.info(e).Reason)
	}
	out := r.step(engine.Input{Hand: []engine.Hand{{Rule: id, By: by, Cause: cause, SkipGuard: skipGuard}}})
	return out.Started[0], nil
}

// Trace finds a run by its id: under way, in memory or on disk.
func (r *Runner) Trace(id string) (engine.Trace, bool, error) {
	r.mu.Lock()
	if t := r.archive.find(id); t != nil {
		found := *t // its room is used again
		r.mu.Unlock()
		return found, true, nil
	}
	if t, ok := r.engine.Find(id); ok {
		r.mu.Unlock()
		return t, true, nil
	}
	r.mu.Unlock()
	return r.log.Find(id)
}

// Caused lists the runs that Changes caused by id set off, oldest first: those in memory and under way.
func (r *Runner) Caused(id string) []engine.Trace {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []engine.Trace
	for t := range r.archive.all() {
		if t.Trigger.Cause == id {
			list = append(list, *t)
		}
	}
	list = append(list, r.engine.Caused(id)...)
	slices.SortFunc(list, func(a, b engine.Trace) int {
		return cmp.Or(cmp.Compare(a.Began, b.Began), strings.Compare(a.ID, b.ID))
	})
	return list
}

// Traces lists the runs of one rule that are in memory, newest first, those under way included.
func (r *Runner) Traces(rule string) []engine.Trace {
	i, err := r.Get(rule)
	if err != nil {
		return nil
	}
	return i.Traces
}

// Notices is what rules have told lately, oldest first.
func (r *Runner) Notices() []engine.Notice {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.notices)
}

// SceneInfo is what a list shows of a scene.
type SceneInfo struct {
	ID          string         `json:"id"`
	Title       string         `json:"title"`
	Description string         `json:"description,omitempty"`
	Version     string         `json:"version"`
	Problems    []text.Problem `json:"problems,omitempty"`
	Sets        []thing.Ref    `json:"-"`
}

// Scenes is all scenes, sorted by id.
func (r *Runner) Scenes() []SceneInfo {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []SceneInfo
	for _, s := range r.stage {
		i := SceneInfo{ID: s.id, Title: s.id, Version: s.version, Problems: slices.Concat(s.wrong, s.joined)}
		if s.scene != nil {
			i.Title, i.Description = s.scene.Title, s.scene.Description
		}
		if s.box != nil {
			i.Sets = s.box.Refs()
		}
		list = append(list, i)
	}
	slices.SortFunc(list, func(a, b SceneInfo) int { return strings.Compare(a.ID, b.ID) })
	return list
}

// SceneText is the text of a scene as it is in the file, and false when there is no such scene.
func (r *Runner) SceneText(id string) ([]byte, bool) {
	r.mu.Lock()
	_, ok := r.stage[id]
	r.mu.Unlock()
	if !ok {
		return nil, false
	}
	return r.scenes.text(id)
}

// PutScene is Put for a scene.
func (r *Runner) PutScene(_ context.Context, id string, source []byte) error {
	if err := text.CheckID(id); err != nil {
		return err
	}
	r.edit.Lock()
	defer r.edit.Unlock()
	scene, problems := text.ParseScene(id, source)
	if scene != nil {
		_, problems = engine.JoinScene(scene, engine.NewLookup(r.o.Directory))
	}
	if problems.Refused() {
		return problems
	}
	r.mu.Lock()
	_, had := r.stage[id]
	count := len(r.stage)
	r.mu.Unlock()
	if !had && count >= MaxFiles {
		return fmt.Errorf("there are %d scenes already; no more are allowed", MaxFiles)
	}
	st, err := r.scenes.write(id, source)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.takeScene(id, parsed(id, source, st, text.ParseScene), engine.NewLookup(r.o.Directory))
	r.staged()
	return nil
}

// DeleteScene is Delete for a scene. A rule that activates it fails from then on, and says so.
func (r *Runner) DeleteScene(_ context.Context, id string) (bool, error) {
	r.edit.Lock()
	defer r.edit.Unlock()
	r.mu.Lock()
	_, ok := r.stage[id]
	r.mu.Unlock()
	if !ok {
		return false, nil
	}
	if err := r.scenes.remove(id); err != nil {
		return true, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.stage, id)
	r.staged()
	return true, nil
}

func (r *Runner) staged() {
	var in engine.Input
	r.restage(&in)
	r.retry(engine.NewLookup(r.o.Directory), &in)
	r.load(in)
}

// newID is an unguessable id for a trace or a Command, in small letters like those the Engine gives.
func newID() string { return strings.ToLower(rand.Text()) }

// Activate sets scene id in the name of by, and waits until every Command has ended. False: there is no such scene. The
// error says which Commands failed.
func (r *Runner) Activate(ctx context.Context, id, by string, cause thing.Cause) (bool, error) {
	r.mu.Lock()
	s := r.stage[id]
	var box *engine.Scene
	if s != nil {
		box = s.box
	}
	r.mu.Unlock()
	if s == nil {
		return false, nil
	}
	if box == nil {
		return true, fmt.Errorf("scene %s cannot be set: %s", id, slices.Concat(s.wrong, s.joined)[0])
	}
	if cause.Trace == "" {
		cause.Trace = newID()
	}
	t := engine.Trace{ID: cause.Trace, Scene: id, Version: box.Text().Version, Began: thing.At(r.o.Now()), Result: engine.Done}
	t.Trigger = engine.Trigger{Name: "hand", Kind: "hand", By: by}
	wishes := box.Wishes()
	outcomes := make([]thing.Outcome, len(wishes))
	limit := make(chan struct{}, 64)
	var group sync.WaitGroup
	for i, x := range wishes {
		limit <- struct{}{}
		group.Go(func() {
			cmd := thing.Command{
				ID: newID(), Ref: x.Ref, Input: x.Input, By: by, Cause: cause,
				Deadline: thing.At(r.o.Now().Add(deadline)),
			}
			outcomes[i] = (&dispatcher{do: r.o.Commands}).one(ctx, cmd)
			<-limit
		})
	}
	group.Wait()
	var errs []error
	for i, o := range outcomes {
		s := engine.Step{
			Path: "set", Kind: "set", Began: t.Began, Ended: thing.At(r.o.Now()), Command: o.Command.ID, Ref: o.Command.Ref.String(),
			Status: o.Status, Error: o.Error,
		}
		if !wishes[i].Secret {
			s.Input = &o.Command.Input
		}
		t.Add(s)
		if o.Status == thing.Failed {
			errs = append(errs, fmt.Errorf("%s: %s", o.Command.Ref, o.Error))
		}
	}
	err := errors.Join(errs...)
	t.Ended = thing.At(r.o.Now())
	if err != nil {
		t.Result, t.Reason = engine.Failed, err.Error()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keep(t)
	return true, err
}
