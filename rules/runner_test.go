package rules_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hutong/rules"
	"hutong/rules/engine"
	"hutong/rules/text"
	"hutong/thing"
)

// hub is a small hub: Things, their states, a feed of Changes, and devices that do what they are told.
type hub struct {
	mu     sync.Mutex
	things map[thing.ID]*thing.Thing
	states map[thing.Ref]thing.State
	feed   chan thing.Change
	did    []string
	seq    uint64
	slow   map[thing.ID]bool // devices that never answer
}

func newHub() *hub {
	h := &hub{things: map[thing.ID]*thing.Thing{}, states: map[thing.Ref]thing.State{}, feed: make(chan thing.Change, 1000), slow: map[thing.ID]bool{}}
	h.add("urn:lamp", thing.Point{Name: "on", Type: thing.Boolean}, thing.Point{Name: "level", Type: thing.Integer})
	h.add("urn:door", thing.Point{Name: "open", Type: thing.Boolean, ReadOnly: true})
	return h
}

func (h *hub) add(id thing.ID, points ...thing.Point) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.things[id] = &thing.Thing{ID: id, Title: strings.TrimPrefix(string(id), "urn:"), Points: points}
}

func (h *hub) remove(id thing.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.things, id)
}

func (h *hub) Thing(id thing.ID) (*thing.Thing, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t, ok := h.things[id]
	return t, ok
}

func (h *hub) Things() []*thing.Thing {
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []*thing.Thing
	for _, t := range h.things {
		list = append(list, t)
	}
	return list
}

func (h *hub) Get(ref thing.Ref) (thing.State, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s, ok := h.states[ref]
	return s, ok
}

func (h *hub) Do(ctx context.Context, cmd thing.Command) thing.Outcome {
	h.mu.Lock()
	h.did = append(h.did, cmd.By+" "+cmd.Ref.String()+"="+string(cmd.Input.AppendJSON(nil)))
	slow := h.slow[cmd.Ref.Thing]
	h.mu.Unlock()
	if slow {
		<-ctx.Done()
		return thing.Outcome{Command: cmd, Status: thing.Failed, Error: "the device does not answer"}
	}
	h.say(cmd.Ref, cmd.Input, cmd.Cause)
	return thing.Outcome{Command: cmd, Status: thing.Completed}
}

// say has a device report a value.
func (h *hub) say(ref thing.Ref, v thing.Value, cause thing.Cause) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seq++
	now := thing.At(time.Now())
	old := h.states[ref]
	h.states[ref] = thing.State{Value: v, Quality: thing.Good, Since: now, Seq: h.seq}
	h.feed <- thing.Change{Ref: ref, Value: v, Quality: thing.Good, Repeat: old.Quality == thing.Good && old.Value.Equal(v), Committed: now, Seq: h.seq, Cause: cause}
}

func (h *hub) door(open bool) {
	h.say(thing.Ref{Thing: "urn:door", Name: "open"}, thing.Bool(open), thing.Cause{})
}

func (h *hub) Next(ctx context.Context) ([]thing.Change, error) {
	select {
	case c := <-h.feed:
		return []thing.Change{c}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (h *hub) said() string {
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	s := strings.Join(h.did, ", ")
	h.did = nil
	return s
}

const welcome = `title: Welcome
points:
  door: urn:door#/properties/open
  lamp: urn:lamp#/properties/on
when:
  - change: door
    to: true
then:
  - set: {lamp: true}
  - notify: Somebody came
`

func open(t *testing.T, h *hub, dir string) *rules.Runner {
	t.Helper()
	r, err := rules.Open(rules.Options{
		Dir: dir, Directory: h, States: h, Feed: h, Commands: h, Zone: time.UTC, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// live runs f beside a Runner over dir, in time that passes at once.
func live(t *testing.T, dir string, h *hub, f func(t *testing.T, r *rules.Runner)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h.feed = make(chan thing.Change, 1000)
		r := open(t, h, dir)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- r.Run(ctx) }()
		synctest.Wait()
		f(t, r)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func write(t *testing.T, dir, name, source string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
}

func status(t *testing.T, r *rules.Runner, id string, want rules.Status, reason string) rules.Info {
	t.Helper()
	i, err := r.Get(id)
	if err != nil || i.Status != want || !strings.Contains(i.Reason, reason) {
		t.Errorf("%s is %s (%s), %v; want %s (%s)", id, i.Status, i.Reason, err, want, reason)
	}
	return i
}

func TestARuleInTheFolderRuns(t *testing.T) {
	dir, h := t.TempDir(), newHub()
	write(t, dir, "rules/welcome.yaml", welcome)
	live(t, dir, h, func(t *testing.T, r *rules.Runner) {
		h.door(false)
		h.door(true)
		if got := h.said(); got != "rule:welcome urn:lamp#/properties/on=true" {
			t.Errorf("did %q", got)
		}
		i := status(t, r, "welcome", rules.StatusRunning, "")
		if i.Title != "Welcome" || i.Runs != 1 || len(i.Traces) != 1 || i.Traces[0].Result != engine.Done || len(i.Reads) != 1 || len(i.Sets) != 1 {
			t.Errorf("%+v", i)
		}
		if n := r.Notices(); len(n) != 1 || n[0].Text != "Somebody came" || n[0].Trace != i.Traces[0].ID {
			t.Errorf("notices %+v", n)
		}
		if tr, ok, err := r.Trace(i.Traces[0].ID); !ok || err != nil || tr.Steps[0].Status != thing.Completed {
			t.Errorf("trace %+v, %v, %v", tr, ok, err)
		}
	})
	// The trace is there after a restart, and nothing fires though the door stands open.
	live(t, dir, h, func(t *testing.T, r *rules.Runner) {
		i := status(t, r, "welcome", rules.StatusRunning, "")
		if got := h.said(); got != "" || len(i.Traces) != 1 || i.Runs != 0 {
			t.Errorf("after the restart: did %q, %d traces, %d runs", got, len(i.Traces), i.Runs)
		}
	})
}

func TestTheLogSaysWhichFileIsWrong(t *testing.T) {
	dir, h := t.TempDir(), newHub()
	write(t, dir, "rules/welcome.yaml", welcome)
	write(t, dir, "rules/broken.yaml", "title: [")
	write(t, dir, "rules/lost.yaml", strings.ReplaceAll(welcome, "properties/open", "properties/nothing"))
	write(t, dir, "scenes/dim.yaml", "title: Dim\nset: 5\n")
	var log strings.Builder
	r, err := rules.Open(rules.Options{
		Dir: dir, Directory: h, States: h, Feed: h, Commands: h, Zone: time.UTC, Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Run(ctx); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"broken.yaml", "lost.yaml", "dim.yaml"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%s is not told of: %s", want, log.String())
		}
	}
	if strings.Contains(log.String(), "welcome.yaml") {
		t.Errorf("a good file is complained of: %s", log.String())
	}
}

func TestFilesAreWatchedAndABrokenOneKeepsTheLastGoodRunning(t *testing.T) {
	dir, h := t.TempDir(), newHub()
	live(t, dir, h, func(t *testing.T, r *rules.Runner) {
		write(t, dir, "rules/welcome.yaml", welcome)
		write(t, dir, "rules/Not A Rule.yaml", "x")
		time.Sleep(3 * time.Second)
		status(t, r, "welcome", rules.StatusRunning, "")
		write(t, dir, "rules/welcome.yaml", strings.Replace(welcome, "to: true", "to: 3", 1))
		time.Sleep(3 * time.Second)
		i := status(t, r, "welcome", rules.StatusRunning, "")
		if len(i.Problems) != 1 || i.Problems[0].String() != "7:9: when[0].to: open: want boolean, got integer 3" {
			t.Errorf("problems %v", i.Problems)
		}
		h.door(false)
		h.door(true)
		if got := h.said(); got != "rule:welcome urn:lamp#/properties/on=true" {
			t.Errorf("did %q", got)
		}
		write(t, dir, "rules/welcome.yaml", strings.Replace(welcome, "lamp: true", "lamp: false", 1))
		time.Sleep(3 * time.Second)
		if i := status(t, r, "welcome", rules.StatusRunning, ""); len(i.Problems) != 0 {
			t.Errorf("problems %v", i.Problems)
		}
		if err := os.Remove(filepath.Join(dir, "rules/welcome.yaml")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		if _, err := r.Get("welcome"); !errors.Is(err, rules.ErrNone) {
			t.Errorf("after its file was removed: %v", err)
		}
		write(t, dir, "rules/bad.yaml", "when: [")
		time.Sleep(3 * time.Second)
		status(t, r, "bad", rules.StatusRefused, "this is not YAML")
	})
}

func TestARuleWaitsForItsThings(t *testing.T) {
	dir, h := t.TempDir(), newHub()
	door := h.things["urn:door"]
	h.remove("urn:door")
	write(t, dir, "rules/welcome.yaml", welcome)
	live(t, dir, h, func(t *testing.T, r *rules.Runner) {
		status(t, r, "welcome", rules.StatusWaiting, `there is no Thing "urn:door"`)
		h.add("urn:door", door.Points...)
		r.Changed("urn:door")
		time.Sleep(time.Second)
		status(t, r, "welcome", rules.StatusRunning, "")
		h.door(false)
		h.door(true)
		if got := h.said(); got == "" {
			t.Error("it does not run")
		}
		h.add("urn:door", thing.Point{Name: "open", Type: thing.Text})
		r.Changed("urn:door")
		time.Sleep(time.Second)
		status(t, r, "welcome", rules.StatusRefused, "want string, got boolean true")
		h.remove("urn:door")
		r.Changed("urn:door")
		time.Sleep(time.Second)
		status(t, r, "welcome", rules.StatusWaiting, `there is no Thing "urn:door"`)
	})
}

func TestRulesAreManaged(t *testing.T) {
	dir, h := t.TempDir(), newHub()
	live(t, dir, h, func(t *testing.T, r *rules.Runner) {
		ctx := t.Context()
		err := r.Put(ctx, "welcome", []byte(strings.Replace(welcome, "change: door", "change: window", 1)))
		var list text.Problems
		if !errors.As(err, &list) || list[0].Line != 6 || list[0].Column != 13 || list[0].Path != "when[0].change" {
			t.Errorf("put of a wrong rule: %v", err)
		}
		if _, ok := r.Text("welcome"); ok || len(r.List()) != 0 {
			t.Error("a refused rule is there")
		}
		if err := r.Put(ctx, "../welcome", []byte(welcome)); err == nil {
			t.Error("an id that leaves the folder was taken")
		}
		source := "# my first rule\n" + welcome
		if err := r.Put(ctx, "welcome", []byte(source)); err != nil {
			t.Fatal(err)
		}
		if got, _ := r.Text("welcome"); string(got) != source {
			t.Errorf("text %q", got)
		}
		if err := r.Enable(ctx, "welcome", false); err != nil {
			t.Fatal(err)
		}
		status(t, r, "welcome", rules.StatusDisabled, "")
		if got, _ := os.ReadFile(filepath.Join(dir, "rules/welcome.yaml")); string(got) != "# my first rule\nenabled: false\n"+welcome {
			t.Errorf("file %q", got)
		}
		if _, err := r.RunNow(ctx, "welcome", "user:mei", thing.Cause{}, false); err == nil {
			t.Error("a disabled rule was run")
		}
		if err := r.Enable(ctx, "welcome", true); err != nil {
			t.Fatal(err)
		}
		id, err := r.RunNow(ctx, "welcome", "user:mei", thing.Cause{Trace: "request"}, false)
		if got := h.said(); err != nil || got == "" {
			t.Errorf("run now: %q, %v", got, err)
		}
		if c := r.Caused("request"); len(c) != 1 || c[0].ID != id {
			t.Errorf("caused %+v", c)
		}
		if ok, err := r.Delete(ctx, "welcome"); !ok || err != nil {
			t.Errorf("delete: %v %v", ok, err)
		}
		if ok, err := r.Delete(ctx, "welcome"); ok || err != nil {
			t.Errorf("delete again: %v %v", ok, err)
		}
		if files, _ := os.ReadDir(filepath.Join(dir, "rules")); len(files) != 0 {
			t.Errorf("files left: %v", files)
		}
	})
}

func TestScenesAreManagedAndActivated(t *testing.T) {
	dir, h := t.TempDir(), newHub()
	const evening = "title: Evening\npoints: {lamp: 'urn:lamp#/properties/on', level: 'urn:lamp#/properties/level'}\nset: {lamp: true, level: 20}\n"
	live(t, dir, h, func(t *testing.T, r *rules.Runner) {
		ctx := t.Context()
		byScene := strings.Replace(welcome, "set: {lamp: true}", "scene: evening", 1)
		if err := r.Put(ctx, "welcome", []byte(byScene)); err == nil || !strings.Contains(err.Error(), `there is no scene "evening"`) {
			t.Errorf("put of a rule without its scene: %v", err)
		}
		if err := r.PutScene(ctx, "evening", []byte("set: {lamp: 3}")); err == nil {
			t.Error("a wrong scene was taken")
		}
		if err := r.PutScene(ctx, "evening", []byte(evening)); err != nil {
			t.Fatal(err)
		}
		if ok, err := r.Activate(ctx, "evening", "user:mei", thing.Cause{Trace: "t1"}); !ok || err != nil {
			t.Errorf("activate: %v, %v", ok, err)
		}
		if got := h.said(); !strings.Contains(got, "user:mei urn:lamp#/properties/level=20") || !strings.Contains(got, "user:mei urn:lamp#/properties/on=true") {
			t.Errorf("did %q", got)
		}
		if tr, ok, _ := r.Trace("t1"); !ok || tr.Scene != "evening" || len(tr.Steps) != 2 {
			t.Errorf("trace %+v", tr)
		}
		if ok, _ := r.Activate(ctx, "none", "user:mei", thing.Cause{}); ok {
			t.Error("a scene that is not there was activated")
		}
		if err := r.Put(ctx, "welcome", []byte(byScene)); err != nil {
			t.Fatal(err)
		}
		h.door(false)
		h.door(true)
		if got := h.said(); got != "rule:welcome urn:lamp#/properties/on=true, rule:welcome urn:lamp#/properties/level=20" {
			t.Errorf("did %q", got)
		}
		write(t, dir, "rules/later.yaml", strings.Replace(byScene, "evening", "night", 1))
		time.Sleep(3 * time.Second)
		status(t, r, "later", rules.StatusRefused, `there is no scene "night"`)
		write(t, dir, "scenes/night.yaml", strings.Replace(evening, "true", "false", 1))
		time.Sleep(3 * time.Second)
		status(t, r, "later", rules.StatusRunning, "")
		if ok, err := r.DeleteScene(ctx, "night"); !ok || err != nil {
			t.Errorf("delete: %v %v", ok, err)
		}
		if list := r.Scenes(); len(list) != 1 || list[0].Title != "Evening" || len(list[0].Sets) != 2 {
			t.Errorf("scenes %+v", list)
		}
		if ok, err := r.DeleteScene(ctx, "evening"); !ok || err != nil {
			t.Errorf("delete: %v %v", ok, err)
		}
	})
}

func TestADeviceThatDoesNotAnswerHoldsUpNoOther(t *testing.T) {
	dir, h := t.TempDir(), newHub()
	h.add("urn:slow", thing.Point{Name: "on", Type: thing.Boolean})
	h.slow["urn:slow"] = true
	write(t, dir, "rules/a.yaml", strings.Replace(welcome, "urn:lamp#", "urn:slow#", 1))
	write(t, dir, "rules/b.yaml", welcome)
	live(t, dir, h, func(t *testing.T, r *rules.Runner) {
		h.door(false)
		h.door(true)
		synctest.Wait()
		if i := status(t, r, "b", rules.StatusRunning, ""); len(i.Traces) != 1 || i.Traces[0].Result != engine.Done {
			t.Errorf("b: %+v", i.Traces)
		}
		if i := status(t, r, "a", rules.StatusRunning, ""); i.Active != 1 || i.Traces[0].Result != engine.Running {
			t.Errorf("a: %+v", i.Traces)
		}
		time.Sleep(11 * time.Second)
		if i := status(t, r, "a", rules.StatusRunning, ""); i.Traces[0].Result != engine.Failed || !strings.Contains(i.Traces[0].Reason, "does not answer") {
			t.Errorf("a: %+v", i.Traces)
		}
	})
}

func TestATimeTriggerFiresLive(t *testing.T) {
	dir, h := t.TempDir(), newHub()
	write(t, dir, "rules/a.yaml", "points: {lamp: 'urn:lamp#/properties/on'}\nwhen: [{time: \"00:30\"}]\nthen: [{set: {lamp: true}}]")
	live(t, dir, h, func(t *testing.T, r *rules.Runner) { // the clock begins at midnight
		time.Sleep(29 * time.Minute)
		if got := h.said(); got != "" {
			t.Errorf("early: %q", got)
		}
		time.Sleep(2 * time.Minute)
		if got := h.said(); got == "" {
			t.Error("not done")
		}
	})
}

func TestATraceFileSurvivesATornEnd(t *testing.T) {
	dir, h := t.TempDir(), newHub()
	write(t, dir, "traces/trace-0.jsonl", `{"id":"old","rule":"welcome","result":"done"}`+"\n"+`{"id":"torn","ru`)
	live(t, dir, h, func(t *testing.T, r *rules.Runner) {
		if tr, ok, err := r.Trace("old"); !ok || err != nil || tr.Rule != "welcome" {
			t.Errorf("%+v, %v, %v", tr, ok, err)
		}
		if _, ok, err := r.Trace("torn"); ok || err != nil {
			t.Errorf("a torn trace was found: %v", err)
		}
		write(t, dir, "rules/welcome.yaml", welcome)
		time.Sleep(3 * time.Second)
		h.door(false)
		h.door(true)
		time.Sleep(time.Second) // traces gather for a moment
		i, _ := r.Get("welcome")
		if data, _ := os.ReadFile(filepath.Join(dir, "traces/trace-0.jsonl")); !strings.Contains(string(data), "\n{\"id\":\""+i.Traces[0].ID) {
			t.Errorf("traces:\n%s", data)
		}
	})
}

func TestTraceFilesAreRotatedAndStillFound(t *testing.T) {
	dir, h := t.TempDir(), newHub()
	write(t, dir, "rules/welcome.yaml", welcome)
	write(t, dir, "traces/trace-0.jsonl", `{"id":"old","rule":"gone","result":"done"}`+"\n"+strings.Repeat("{\"id\":\"\",\"reason\":\""+strings.Repeat("x", 1000)+"\"}\n", 8400))
	write(t, dir, "traces/trace-1.jsonl", `{"id":"older","rule":"gone","result":"done"}`+"\n")
	write(t, dir, "traces/trace-2.jsonl", "\n")
	write(t, dir, "traces/trace-3.jsonl", `{"id":"oldest","rule":"gone","result":"done"}`+"\n")
	live(t, dir, h, func(t *testing.T, r *rules.Runner) {
		if _, ok, _ := r.Trace("oldest"); !ok {
			t.Error("the oldest file is not searched")
		}
		h.door(false)
		h.door(true)
		synctest.Wait()
		time.Sleep(time.Second)
		for id, want := range map[string]bool{"old": true, "older": true, "oldest": false} {
			if _, ok, err := r.Trace(id); ok != want || err != nil {
				t.Errorf("%s: %v, %v", id, ok, err)
			}
		}
		if data, err := os.ReadFile(filepath.Join(dir, "traces/trace-0.jsonl")); err != nil || strings.Count(string(data), "\n") != 1 {
			t.Errorf("the newest file: %d bytes, %v", len(data), err)
		}
	})
}

func TestDullRunsDoNotPushOutTheOneThatMatters(t *testing.T) {
	dir, h := t.TempDir(), newHub()
	write(t, dir, "rules/welcome.yaml", strings.Replace(welcome, "then:", "if: \"!known(lamp)\"\nthen:", 1))
	live(t, dir, h, func(t *testing.T, r *rules.Runner) {
		h.door(false)
		for range 50 {
			h.door(true)
			time.Sleep(time.Second)
			h.door(false)
		}
		synctest.Wait()
		list := r.Traces("welcome")
		if len(list) != 5 || list[4].Result != engine.Done || list[0].Result != engine.Refused {
			t.Errorf("%d traces, the first %+v", len(list), list[0])
		}
		i, _ := r.Get("welcome")
		if data, _ := os.ReadFile(filepath.Join(dir, "traces/trace-0.jsonl")); i.Runs != 1 || strings.Count(string(data), "\n") != 1 {
			t.Errorf("%d runs, on disk:\n%s", i.Runs, data)
		}
	})
}
