package engine_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"hutong/rules/engine"
	"hutong/rules/schedule"
	"hutong/rules/text"
	"hutong/thing"
)

// directory is a Directory of a few Things.
type directory []*thing.Thing

func (d directory) Things() []*thing.Thing { return d }

func (d directory) Thing(id thing.ID) (*thing.Thing, bool) {
	for _, t := range d {
		if t.ID == id {
			return t, true
		}
	}
	return nil, false
}

func prop(name string, t thing.Type) thing.Point {
	return thing.Point{Kind: thing.Property, Name: name, Type: t}
}

func house() directory {
	sensor := prop("temperature", thing.Number)
	sensor.ReadOnly = true
	occupied := prop("occupied", thing.Boolean)
	occupied.ReadOnly = true
	mode := prop("mode", thing.Text)
	mode.Enum = []thing.Value{thing.String("off"), thing.String("heat"), thing.String("auto")}
	pin := prop("pin", thing.Text)
	pin.WriteOnly = true
	kitchen, living := thing.PlaceID("home/kitchen"), thing.PlaceID("home/living-room")
	return directory{
		{ID: "urn:lamp", Title: "Ceiling lamp", Place: living, Points: []thing.Point{prop("on", thing.Boolean), prop("level", thing.Integer)}, Actions: []thing.Point{{Kind: thing.Action, Name: "blink", Type: thing.Integer}}},
		{ID: "urn:lamp2", Title: "Kitchen lamp", Place: kitchen, Points: []thing.Point{prop("on", thing.Boolean)}},
		{ID: "urn:t1", Title: "Thermometer", Place: kitchen, Points: []thing.Point{sensor}},
		{ID: "urn:t2", Title: "Thermometer", Place: living, Points: []thing.Point{sensor}},
		{ID: "urn:m1", Title: "Motion one", Place: kitchen, Points: []thing.Point{occupied}},
		{ID: "urn:m2", Title: "Motion two", Place: living, Points: []thing.Point{occupied}},
		{ID: "urn:button", Title: "Button", Place: living, Points: []thing.Point{{Kind: thing.Event, Name: "pressed", Type: thing.Text}}},
		{ID: "urn:heat", Title: "Heating", Place: living, Points: []thing.Point{mode, pin, prop("where", thing.Object)}},
	}
}

var beijing = &schedule.Position{Latitude: 39.9042, Longitude: 116.4074}

var zone = time.FixedZone("UTC+8", 8*3600)

// world is a house with a clock that is moved by hand. Commands complete at once unless answer says otherwise.
type world struct {
	testing.TB
	*engine.Engine
	dir      directory
	now      time.Time
	seq      uint64
	wake     thing.Time
	states   map[thing.Ref]thing.State
	commands []thing.Command
	traces   []engine.Trace
	notices  []engine.Notice
	answer   func(thing.Command) *thing.Outcome // nil: not yet
	echo     bool                               // devices report what they are told before they answer
	late     bool                               // and after it
}

func newWorld(t testing.TB) *world {
	w := &world{TB: t, dir: house(), now: time.Date(2026, 11, 23, 12, 0, 0, 0, zone), states: map[thing.Ref]thing.State{}}
	w.Engine = engine.NewEngine(zone, beijing)
	w.answer = func(c thing.Command) *thing.Outcome { return &thing.Outcome{Command: c, Status: thing.Completed} }
	return w
}

func (w *world) step(in engine.Input) engine.Output {
	in.Now = thing.At(w.now)
	out := w.Step(in)
	w.wake = out.Wake
	w.traces, w.notices = append(w.traces, out.Traces...), append(w.notices, out.Notices...)
	for _, c := range out.Commands {
		w.commands = append(w.commands, c)
		o := w.answer(c)
		if o == nil {
			continue
		}
		echoes := o.Status == thing.Completed && c.Ref.Kind == thing.Property
		if w.echo && echoes {
			w.report(c.Ref, c.Input, c.Cause)
		}
		w.step(engine.Input{Outcomes: []thing.Outcome{*o}})
		if w.late && echoes {
			w.report(c.Ref, c.Input, c.Cause)
		}
	}
	return out
}

func (w *world) program(id, source string) *engine.Program {
	w.Helper()
	rule, problems := text.Parse(id, []byte(source))
	if rule == nil {
		w.Fatalf("%s: %v", id, problems)
	}
	p, problems := engine.Join(rule, engine.Setting{Position: beijing}, engine.NewLookup(w.dir))
	if p == nil {
		w.Fatalf("%s: %v", id, problems)
	}
	return p
}

func (w *world) load(id, source string) {
	w.Helper()
	w.step(engine.Input{Load: []*engine.Program{w.program(id, source)}, States: w.states})
}

func ref(s string) thing.Ref {
	id, name, _ := strings.Cut(s, ".")
	kind := thing.Property
	if name == "pressed" {
		kind = thing.Event
	}
	return thing.Ref{Thing: thing.ID("urn:" + id), Kind: kind, Name: name}
}

func val(x any) thing.Value {
	v, err := thing.Of(x)
	if err != nil {
		panic(err)
	}
	return v
}

func (w *world) report(r thing.Ref, v thing.Value, cause thing.Cause) {
	w.seq++
	old := w.states[r]
	c := thing.Change{
		Ref: r, Value: v, Quality: thing.Good, Repeat: old.Quality == thing.Good && old.Value.Equal(v),
		Seq: w.seq, Committed: thing.At(w.now), Cause: cause,
	}
	st := thing.State{Value: v, Quality: thing.Good, Since: old.Since, Committed: c.Committed, Seq: c.Seq}
	if old.Quality == thing.Unknown || !old.Value.Equal(v) {
		st.Since = c.Committed
	}
	w.states[r] = st
	w.step(engine.Input{Changes: []thing.Change{c}})
}

// is has a device report a value: is("lamp.on", true).
func (w *world) is(name string, x any) { w.report(ref(name), val(x), thing.Cause{}) }

// quality has the hub say how far a value may be believed.
func (w *world) quality(name string, q thing.Quality) {
	w.seq++
	st := w.states[ref(name)]
	st.Quality, st.Seq = q, w.seq
	w.states[ref(name)] = st
	w.step(engine.Input{Changes: []thing.Change{{Ref: ref(name), Value: st.Value, Quality: q, Seq: w.seq, Committed: thing.At(w.now)}}})
}

// pass lets time pass, calling the Engine whenever it wants to be.
func (w *world) pass(d time.Duration) {
	until := w.now.Add(d)
	for w.wake != 0 && w.wake <= thing.At(until) {
		w.now = w.wake.Std().In(zone)
		w.step(engine.Input{})
	}
	w.now = until
	w.step(engine.Input{})
}

// did lists the commands given since it was last asked: "lamp.on=true".
func (w *world) did() string {
	var list []string
	for _, c := range w.commands {
		list = append(list, fmt.Sprintf("%s.%s=%s", strings.TrimPrefix(string(c.Ref.Thing), "urn:"), c.Ref.Name, c.Input.AppendJSON(nil)))
	}
	w.commands = nil
	return strings.Join(list, " ")
}

func (w *world) want(what string) {
	w.Helper()
	if got := w.did(); got != what {
		w.Errorf("at %s: did %q, want %q", w.now.Format("15:04:05"), got, what)
	}
}

// last is how the newest run ended.
func (w *world) last() engine.Trace {
	if len(w.traces) == 0 {
		return engine.Trace{}
	}
	return w.traces[len(w.traces)-1]
}

func (w *world) result(r engine.Result, reason string) {
	w.Helper()
	if t := w.last(); t.Result != r || !strings.Contains(t.Reason, reason) {
		w.Errorf("last run: %s (%s), want %s (%s)", t.Result, t.Reason, r, reason)
	}
}

// hash is a fingerprint of everything the Engine put out.
func (w *world) hash() string {
	data, err := json.Marshal([]any{w.commands, w.traces, w.notices})
	if err != nil {
		w.Fatal(err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(data))
}

func (w *world) scene(id, source string) {
	w.Helper()
	s, problems := text.ParseScene(id, []byte(source))
	if s == nil {
		w.Fatal(problems)
	}
	x, problems := engine.JoinScene(s, engine.NewLookup(w.dir))
	if x == nil {
		w.Fatal(problems)
	}
	w.step(engine.Input{Scenes: map[string]*engine.Scene{id: x}})
}
