package rules_test

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hutong/rules"
	"hutong/rules/engine"
	"hutong/thing"
	"hutong/twin"
)

// These tests run rules over the real twin, since what counts as a change is its to say.

func switchThing(id thing.ID) *thing.Thing {
	return &thing.Thing{ID: id, Title: string(id), Points: []thing.Point{
		{Name: "on", Type: thing.Boolean}, {Kind: thing.Event, Name: "pressed", Type: thing.Text},
	}}
}

// quartet is a twin of two switches that do what they are told, with a Runner over it.
type quartet struct {
	*twin.Twin
	*rules.Runner
	commands atomic.Int64
}

func (q *quartet) report(t *testing.T, r thing.Ref, v thing.Value, retained bool) {
	t.Helper()
	h, ok := q.Twin.Handle(r)
	if !ok {
		t.Fatal("no such point: ", r)
	}
	q.Twin.Report([]thing.Report{{Point: h, Value: v, Quality: thing.Good, Retained: retained}})
	synctest.Wait()
}

func on(id string) thing.Ref { return thing.Ref{Thing: thing.ID(id), Name: "on"} }

func overTwin(t *testing.T, sources map[string]string, before func(*twin.Twin), f func(t *testing.T, q *quartet)) {
	t.Helper()
	dir := t.TempDir()
	for id, s := range sources {
		write(t, dir, "rules/"+id+".yaml", s)
	}
	synctest.Test(t, func(t *testing.T) {
		q := &quartet{}
		var w *twin.Twin
		w = twin.New(twin.Options{After: 100, Doer: twin.DoerFunc(func(_ context.Context, c thing.Command) (thing.Value, error) {
			q.commands.Add(1)
			h, _ := w.Handle(c.Ref)
			w.Report([]thing.Report{{Point: h, Value: c.Input, Quality: thing.Good}})
			return thing.Null(), nil
		})})
		q.Twin = w
		for _, id := range []thing.ID{"urn:a", "urn:b"} {
			if err := w.Add(switchThing(id)); err != nil {
				t.Fatal(err)
			}
		}
		before(w)
		feed := w.Every(0)
		defer feed.Close()
		r, err := rules.Open(rules.Options{
			Dir: dir, Directory: w, States: w, Feed: feed, Commands: w, Zone: time.UTC, Log: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		q.Runner = r
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- r.Run(ctx) }()
		synctest.Wait()
		f(t, q)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

const follow = "points: {a: 'urn:a#/properties/on', b: 'urn:b#/properties/on'}\nwhen: [{change: a}]\nthen: [{calc: {b: a}}]\n"

func TestOverTheTwinALoopOfRulesIsParked(t *testing.T) {
	oppose := "points: {a: 'urn:a#/properties/on', b: 'urn:b#/properties/on'}\nmode: queued\nwhen: [{change: b}]\nthen: [{calc: {a: '!b'}}]\n"
	overTwin(t, map[string]string{"follow": "mode: queued\n" + follow, "oppose": oppose}, func(*twin.Twin) {}, func(t *testing.T, q *quartet) {
		q.report(t, on("urn:a"), thing.Bool(false), false)
		q.report(t, on("urn:b"), thing.Bool(false), false)
		q.report(t, on("urn:a"), thing.Bool(true), false)
		time.Sleep(time.Minute)
		if n := q.commands.Load(); n > 2*engine.MaxHops {
			t.Errorf("%d commands", n)
		}
		if s := q.Stats(); s.Parked != 1 {
			t.Errorf("%+v", s)
		}
	})
}

// Stats is the Runner's; the twin has one too.
func (q *quartet) Stats() rules.Stats { return q.Runner.Stats() }

func TestOverTheTwinARestartFiresNothing(t *testing.T) {
	restore := func(w *twin.Twin) {
		w.Restore(on("urn:a"), thing.State{Value: thing.Bool(true), Quality: thing.Good, Seq: 40})
		w.Restore(on("urn:b"), thing.State{Value: thing.Bool(false), Quality: thing.Good, Seq: 41})
	}
	overTwin(t, map[string]string{"follow": follow}, restore, func(t *testing.T, q *quartet) {
		q.report(t, on("urn:a"), thing.Bool(true), true)
		q.report(t, on("urn:a"), thing.Bool(true), false)
		q.Online("urn:a", false)
		q.Online("urn:a", true)
		q.report(t, on("urn:a"), thing.Bool(true), false)
		time.Sleep(5 * time.Second)
		if n := q.commands.Load(); n != 0 {
			t.Errorf("%d commands though nothing changed", n)
		}
		q.report(t, on("urn:a"), thing.Bool(false), true) // it changed while the hub was down
		time.Sleep(time.Second)
		if n := q.commands.Load(); n != 1 {
			t.Errorf("%d commands after a change", n)
		}
	})
}

func TestOverTheTwinAHoldGoesOnOnceItsValueIsConfirmed(t *testing.T) {
	held := strings.Replace(follow, "change: a", "change: a, to: true, for: 5m", 1)
	restore := func(w *twin.Twin) {
		w.Restore(on("urn:a"), thing.State{Value: thing.Bool(true), Quality: thing.Good, Since: thing.At(time.Now().Add(-4 * time.Minute)), Seq: 40})
	}
	for name, retained := range map[string]bool{"by what the broker kept": true, "by the device": false} {
		t.Run(name, func(t *testing.T) {
			overTwin(t, map[string]string{"held": held}, restore, func(t *testing.T, q *quartet) {
				time.Sleep(10 * time.Minute)
				if n := q.commands.Load(); n != 0 {
					t.Errorf("%d commands on a value nobody has confirmed", n)
				}
				q.report(t, on("urn:a"), thing.Bool(true), retained)
				time.Sleep(3 * time.Second)
				if n := q.commands.Load(); n != 1 {
					t.Errorf("%d commands once it was confirmed", n)
				}
			})
		})
	}
}

func TestOverTheTwinWhatIsRestoredLateIsKnownToGuards(t *testing.T) {
	guarded := strings.Replace(follow, "then:", "if: b == false\nthen:", 1)
	overTwin(t, map[string]string{"guarded": guarded}, func(*twin.Twin) {}, func(t *testing.T, q *quartet) {
		q.Restore(on("urn:b"), thing.State{Value: thing.Bool(false), Quality: thing.Good, Seq: 40})
		time.Sleep(2 * time.Second)
		q.report(t, on("urn:a"), thing.Bool(false), false)
		q.report(t, on("urn:a"), thing.Bool(true), false)
		if n := q.commands.Load(); n != 1 {
			t.Errorf("%d commands: %+v", n, q.Traces("guarded"))
		}
	})
}

func TestOverTheTwinEveryPressCounts(t *testing.T) {
	press := "points: {p: 'urn:a#/events/pressed', b: 'urn:b#/properties/on'}\nwhen: [{event: p}]\nthen: [{set: {b: true}}]\n"
	overTwin(t, map[string]string{"press": press}, func(*twin.Twin) {}, func(t *testing.T, q *quartet) {
		pressed := thing.Ref{Thing: "urn:a", Kind: thing.Event, Name: "pressed"}
		for range 3 {
			q.report(t, pressed, thing.String("single"), false)
		}
		if n := q.commands.Load(); n != 3 {
			t.Errorf("%d commands for 3 presses", n)
		}
	})
}
