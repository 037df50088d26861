package twin_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hutong/thing"
	"hutong/twin"
)

func set(id, name string, v thing.Value) thing.Command {
	return thing.Command{ID: id, Ref: ref("urn:a", name), Input: v, By: "user:ann", Cause: thing.Cause{Trace: "t-" + id}}
}

// answers is a Doer whose devices take everything and answer 7.
func answers(context.Context, thing.Command) (thing.Value, error) { return thing.Int(7), nil }

// silent is a Doer whose devices never answer.
func silent(ctx context.Context, _ thing.Command) (thing.Value, error) {
	<-ctx.Done()
	return thing.Null(), ctx.Err()
}

func TestACommandIsFittedCarriedOutAndRemembered(t *testing.T) {
	h := newHouse(t, twin.Options{Doer: twin.DoerFunc(answers)})
	h.add(lamp("urn:a"))
	f := func(cmd thing.Command, status thing.Status, why string) {
		t.Helper()
		o := h.Do(t.Context(), cmd)
		if o.Status != status || !strings.Contains(o.Error, why) || (why == "") != (o.Error == "") || o.Ended == 0 {
			t.Errorf("%s: %+v, want %s %q", cmd.Ref, o, status, why)
		}
		if kept, ok := h.Outcome(o.Command.ID); !ok || kept != o {
			t.Errorf("%s: kept as %+v", cmd.Ref, kept)
		}
	}
	f(set("1", "on", thing.Bool(true)), thing.Completed, "")
	f(set("2", "on", thing.Int(1)), thing.Failed, "want boolean")
	f(set("3", "power", thing.Float(1)), thing.Failed, "read-only")
	f(set("4", "colour", thing.Float(1)), thing.Failed, "none of that name")
	f(set("5", "pressed", thing.Null()), thing.Failed, "event")
	f(thing.Command{ID: "6", Ref: thing.Ref{Thing: "urn:zzz"}}, thing.Failed, "no such Thing")
	f(thing.Command{Ref: thing.Ref{Thing: "urn:a", Kind: thing.Action, Name: "blink"}}, thing.Completed, "")
	if list := h.Outcomes(ref("urn:a", "on")); len(list) != 2 || list[0].Command.ID != "2" {
		t.Errorf("outcomes of on: %+v", list)
	}
	if s := h.Stats(); s.Commands != 2 || s.Running != 0 {
		t.Errorf("stats %+v", s)
	}
}

func TestACommandEndsAtItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, twin.Options{Doer: twin.DoerFunc(silent)})
		h.add(lamp("urn:a"))
		begin := time.Now()
		o := h.Do(t.Context(), set("1", "on", thing.Bool(true)))
		if o.Status != thing.Failed || !strings.Contains(o.Error, "in time") || time.Since(begin) != 10*time.Second {
			t.Errorf("%+v after %s", o, time.Since(begin))
		}
		cmd := set("2", "on", thing.Bool(true))
		cmd.Deadline = thing.At(time.Now().Add(-time.Second))
		if o := h.Do(t.Context(), cmd); o.Status != thing.Failed {
			t.Errorf("a Command past its deadline: %+v", o)
		}
	})
}

func TestACommandCanBeCancelledAndAskedTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		h := newHouse(t, twin.Options{Doer: twin.DoerFunc(func(ctx context.Context, cmd thing.Command) (thing.Value, error) {
			calls++
			return silent(ctx, cmd)
		})})
		h.add(lamp("urn:a"))
		var ends [2]thing.Outcome
		var wg sync.WaitGroup
		for i := range ends {
			wg.Go(func() { ends[i] = h.Do(t.Context(), set("1", "on", thing.Bool(true))) })
		}
		synctest.Wait()
		if o, _ := h.Outcome("1"); o.Status != thing.Running || h.Stats().Running != 1 {
			t.Errorf("while it runs: %+v", o)
		}
		if !h.Cancel("1") || h.Cancel("2") {
			t.Error("Cancel did not say what it found")
		}
		wg.Wait()
		if ends[0] != ends[1] || ends[0].Error != "cancelled" || calls != 1 || h.Cancel("1") {
			t.Errorf("%d calls ended as %+v and %+v", calls, ends[0], ends[1])
		}
	})
}

func TestTooManyCommandsAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, twin.Options{Doer: twin.DoerFunc(silent)})
		h.add(lamp("urn:a"))
		var wg sync.WaitGroup
		for i := range 1024 {
			wg.Go(func() { h.Do(t.Context(), set(fmt.Sprint(i), "on", thing.Bool(true))) })
		}
		synctest.Wait()
		if o := h.Do(t.Context(), set("more", "on", thing.Bool(true))); !strings.Contains(o.Error, "on their way") {
			t.Errorf("one more: %+v", o)
		}
		wg.Wait()
		if n := len(h.Outcomes(ref("urn:a", "on"))); n != 20 {
			t.Errorf("%d outcomes of one ref remembered", n)
		}
	})
}

func TestOutcomesStayBounded(t *testing.T) {
	h := newHouse(t, twin.Options{Doer: twin.DoerFunc(answers)})
	for i := range 3000 {
		x := lamp(thing.ID(fmt.Sprintf("urn:%d", i%500)))
		if i < 500 {
			h.add(x)
		}
		h.Do(t.Context(), thing.Command{ID: fmt.Sprint(i), Ref: ref(x.ID, "on"), Input: thing.Bool(true)})
	}
	known := 0
	for i := range 3000 {
		if _, ok := h.Outcome(fmt.Sprint(i)); ok {
			known++
		}
	}
	if _, ok := h.Outcome("2000"); !ok || known != 1000 {
		t.Errorf("%d outcomes are remembered", known)
	}
}

func TestAnEchoCarriesTheCauseOfItsCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fail error
		h := newHouse(t, twin.Options{Doer: twin.DoerFunc(func(context.Context, thing.Command) (thing.Value, error) {
			return thing.Null(), fail
		})})
		h.add(lamp("urn:a"))
		f := func(level int64, want string) {
			t.Helper()
			h.report(ref("urn:a", "level"), thing.Int(level), false)
			if got := h.log.list[len(h.log.list)-1].Cause.Trace; got != want {
				t.Errorf("level %d was caused by %q, want %q", level, got, want)
			}
		}
		f(1, "")
		for i := range 3 {
			h.Do(t.Context(), set(fmt.Sprint(i), "level", thing.Int(int64(10*i))))
		}
		f(10, "t-1") // a slider's echoes come late and in any order
		f(20, "t-2")
		f(11, "")
		pass(10 * time.Second)
		f(20, "")
		fail = errors.New("device said no")
		h.Do(t.Context(), set("no", "level", thing.Int(3)))
		f(3, "")
	})
}
