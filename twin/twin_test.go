package twin_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"hutong/thing"
	"hutong/twin"
)

// memLog keeps Changes in memory and refuses while full.
type memLog struct {
	mu   sync.Mutex
	list []thing.Change
	full bool
}

var errFull = errors.New("no space left on device")

func (l *memLog) Append(b []thing.Change) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.full {
		return 0, errFull
	}
	l.list = append(l.list, b...)
	return b[len(b)-1].Seq, nil
}

func (l *memLog) Wait(uint64) error { return nil }

func (l *memLog) Read(from uint64, most int) ([]thing.Change, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, _ := slices.BinarySearchFunc(l.list, from, func(c thing.Change, s uint64) int { return int(c.Seq) - int(s) })
	list := slices.Clone(l.list[i:min(len(l.list), i+most)])
	for i := range list {
		list[i].Point = 0
	}
	return list, nil
}

func (l *memLog) LastSeq() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.list) == 0 {
		return 0
	}
	return l.list[len(l.list)-1].Seq
}

func (l *memLog) fill(full bool) {
	l.mu.Lock()
	l.full = full
	l.mu.Unlock()
}

func lamp(id thing.ID) *thing.Thing {
	return &thing.Thing{
		ID: id, Title: "Lamp", Points: []thing.Point{
			{Kind: thing.Property, Name: "on", Type: thing.Boolean},
			{Kind: thing.Property, Name: "level", Type: thing.Integer},
			{Kind: thing.Property, Name: "power", Type: thing.Number, ReadOnly: true},
			{Kind: thing.Event, Name: "pressed", Type: thing.Any},
		},
		Actions: []thing.Point{{Kind: thing.Action, Name: "blink", Type: thing.Integer}},
	}
}

func ref(id thing.ID, name string) thing.Ref {
	if name == "pressed" {
		return thing.Ref{Thing: id, Kind: thing.Event, Name: name}
	}
	return thing.Ref{Thing: id, Kind: thing.Property, Name: name}
}

// house is a Twin with a log and helpers that fail the test at the line that called them.
type house struct {
	*twin.Twin
	t   *testing.T
	log *memLog
}

func newHouse(t *testing.T, o twin.Options) *house {
	h := &house{t: t, log: &memLog{}}
	o.Log = h.log
	h.Twin = twin.New(o)
	t.Cleanup(h.Close)
	return h
}

func (h *house) add(x *thing.Thing) {
	h.t.Helper()
	if err := h.Add(x); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) report(r thing.Ref, v thing.Value, retained bool) uint64 {
	h.t.Helper()
	p, ok := h.Handle(r)
	if !ok {
		h.t.Fatalf("no handle for %s", r)
	}
	return h.Report([]thing.Report{{Point: p, Value: v, Quality: thing.Good, Retained: retained}})
}

// want checks what is known of a point and how many Changes there have been.
func (h *house) want(r thing.Ref, v thing.Value, q thing.Quality, changes int) {
	h.t.Helper()
	s, ok := h.Get(r)
	if !ok || s.Value != v || s.Quality != q {
		h.t.Errorf("%s is %s %s (%v), want %s %s", r.Name, s.Value.Describe(), s.Quality, ok, v.Describe(), q)
	}
	if n := h.Stats().Changes; int(n) != changes {
		h.t.Errorf("%d changes so far, want %d", n, changes)
	}
}

func TestAReportBecomesAChangeAndARepeatIsMarked(t *testing.T) {
	h := newHouse(t, twin.Options{After: 41})
	h.add(lamp("urn:a"))
	h.want(ref("urn:a", "on"), thing.Null(), thing.Unknown, 0)
	if pos := h.report(ref("urn:a", "on"), thing.Bool(false), false); pos != 42 {
		t.Errorf("position %d, want 42, which follows After", pos)
	}
	h.report(ref("urn:a", "on"), thing.Bool(false), false)
	h.report(ref("urn:a", "on"), thing.Bool(true), false)
	h.want(ref("urn:a", "on"), thing.Bool(true), thing.Good, 3)
	for i, repeat := range []bool{false, true, false} {
		if c := h.log.list[i]; c.Repeat != repeat || c.Seq != uint64(42+i) || c.Ref != ref("urn:a", "on") {
			t.Errorf("logged %+v, want Repeat %v", c, repeat)
		}
	}
	if h.report(ref("urn:a", "power"), thing.Int(3), false); h.log.list[3].Value != thing.Float(3) {
		t.Errorf("an integer for a number is kept as %s", h.log.list[3].Value.Describe())
	}
}

func TestSinceMovesWithTheValueOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, twin.Options{})
		h.add(lamp("urn:a"))
		h.report(ref("urn:a", "on"), thing.Bool(true), false)
		first, _ := h.Get(ref("urn:a", "on"))
		for _, f := range []func(){
			func() { h.report(ref("urn:a", "on"), thing.Bool(true), false) },
			func() { h.Online("urn:a", false) },
			func() { h.Online("urn:a", true) },
			func() { h.report(ref("urn:a", "on"), thing.Bool(true), false) },
		} {
			pass(1e9)
			f()
			if s, _ := h.Get(ref("urn:a", "on")); s.Since != first.Since {
				t.Errorf("Since moved to %v with the value unchanged", s.Since)
			}
		}
		pass(1e9)
		h.report(ref("urn:a", "on"), thing.Bool(false), false)
		if s, _ := h.Get(ref("urn:a", "on")); s.Since <= first.Since || s.Committed < s.Received {
			t.Errorf("state %+v after a new value", s)
		}
	})
}

func TestAValueThatDoesNotFitIsBadAndNull(t *testing.T) {
	h := newHouse(t, twin.Options{})
	h.add(lamp("urn:a"))
	h.report(ref("urn:a", "level"), thing.Int(5), false)
	h.report(ref("urn:a", "level"), thing.String("five"), false)
	h.want(ref("urn:a", "level"), thing.Null(), thing.Bad, 2)
	if h.Stats().Bad != 1 {
		t.Errorf("counted %d bad values", h.Stats().Bad)
	}
}

func TestARestartIsNoNews(t *testing.T) {
	h := newHouse(t, twin.Options{})
	h.add(lamp("urn:a"))
	on := ref("urn:a", "on")
	h.Restore(on, thing.State{Value: thing.Bool(true), Quality: thing.Good, Seq: 7, Since: 5})
	h.want(on, thing.Bool(true), thing.Restored, 0)
	screen := h.Latest(nil)
	defer screen.Close()
	if pos := h.report(on, thing.Bool(true), true); pos != 0 {
		t.Errorf("a retained value that is known gives position %d", pos)
	}
	h.want(on, thing.Bool(true), thing.Good, 0)
	got, err := screen.Next(t.Context())
	if err != nil || len(got) != 1 || got[0].Quality != thing.Good || got[0].Seq != 7 {
		t.Errorf("the screen is told %+v, %v", got, err)
	}
	h.report(on, thing.Bool(true), true)
	h.want(on, thing.Bool(true), thing.Good, 0)
	h.report(on, thing.Bool(false), true)
	h.want(on, thing.Bool(false), thing.Good, 1)

	level := ref("urn:a", "level")
	h.Restore(level, thing.State{Value: thing.Int(3), Quality: thing.Uncertain})
	h.report(level, thing.Int(3), false)
	h.want(level, thing.Int(3), thing.Good, 2)
	if c := h.log.list[1]; !c.Repeat {
		t.Error("a fresh report of the restored value is not a repeat")
	}
	h.Restore(level, thing.State{Value: thing.Int(9), Quality: thing.Good})
	h.want(level, thing.Int(3), thing.Good, 2)
}

func TestOfflineIsStaleUntilHeardOfAgain(t *testing.T) {
	h := newHouse(t, twin.Options{})
	h.add(lamp("urn:a"))
	on, level := ref("urn:a", "on"), ref("urn:a", "level")
	h.report(on, thing.Bool(true), false)
	h.report(level, thing.Int(1), false)
	h.report(ref("urn:a", "pressed"), thing.Int(1), false)
	h.Online("urn:a", false)
	h.Online("urn:a", false)
	h.want(on, thing.Bool(true), thing.Stale, 5)
	h.want(ref("urn:a", "pressed"), thing.Int(1), thing.Good, 5)
	h.report(level, thing.Int(2), false)
	h.want(level, thing.Int(2), thing.Stale, 6)
	h.Online("urn:a", true)
	h.want(level, thing.Int(2), thing.Good, 7)
	h.want(on, thing.Bool(true), thing.Stale, 7)
	h.report(on, thing.Bool(true), false)
	h.want(on, thing.Bool(true), thing.Good, 8)
	for _, c := range h.log.list {
		if c.Repeat {
			t.Errorf("change %d of %s is a repeat", c.Seq, c.Ref.Name)
		}
	}
	h.Online("urn:a", false)
	h.add(lamp("urn:a")) // described anew, still away
	if h.report(on, thing.Bool(false), false); h.IsOnline("urn:a") {
		t.Error("a new description made the device online")
	}
	h.want(on, thing.Bool(false), thing.Stale, 11)
}

func TestEachEventCountsAndARetainedOneDoesNot(t *testing.T) {
	h := newHouse(t, twin.Options{})
	h.add(lamp("urn:a"))
	press := ref("urn:a", "pressed")
	h.report(press, thing.String("single"), true)
	h.report(press, thing.String("single"), false)
	h.report(press, thing.String("single"), false)
	h.want(press, thing.String("single"), thing.Good, 2)
	if h.log.list[1].Repeat || h.Stats().Ignored != 1 {
		t.Errorf("second press %+v, ignored %d", h.log.list[1], h.Stats().Ignored)
	}
}

func TestABatchMayNameAPointTwiceAndManyThings(t *testing.T) {
	h := newHouse(t, twin.Options{})
	var batch []thing.Report
	for i := range 100 {
		id := thing.ID("urn:" + string(rune('0'+i)))
		h.add(lamp(id))
		p, _ := h.Handle(ref(id, "level"))
		batch = append(batch, thing.Report{Point: p, Value: thing.Int(1), Quality: thing.Good},
			thing.Report{Point: p, Value: thing.Int(1), Quality: thing.Good},
			thing.Report{Point: p, Value: thing.Int(2), Quality: thing.Good})
	}
	if pos := h.Report(batch); pos != 300 {
		t.Errorf("position %d", pos)
	}
	if s := h.Stats(); s.Repeats != 100 {
		t.Errorf("%d repeats", s.Repeats)
	}
	h.want(ref("urn:0", "level"), thing.Int(2), thing.Good, 300)
}

func TestANewDescriptionKeepsWhatSurvives(t *testing.T) {
	h := newHouse(t, twin.Options{})
	h.add(lamp("urn:a"))
	on, level, power := ref("urn:a", "on"), ref("urn:a", "level"), ref("urn:a", "power")
	h.report(on, thing.Bool(true), false)
	h.report(level, thing.Int(5), false)
	h.report(power, thing.Float(1.5), false)
	spent, _ := h.Handle(power)
	kept, _ := h.Handle(on)

	next := lamp("urn:a")
	next.Points = []thing.Point{
		{Kind: thing.Property, Name: "level", Type: thing.Text},
		{Kind: thing.Property, Name: "on", Type: thing.Boolean},
		{Kind: thing.Property, Name: "colour", Type: thing.Text},
	}
	h.add(next)
	h.want(on, thing.Bool(true), thing.Good, 3)
	h.want(level, thing.Null(), thing.Unknown, 3)
	if _, ok := h.Get(power); ok {
		t.Error("power is still there")
	}
	if now, _ := h.Handle(on); now != kept {
		t.Errorf("handle of a surviving point went from %d to %d", kept, now)
	}
	h.Report([]thing.Report{{Point: spent, Value: thing.Float(9), Quality: thing.Good}})
	h.want(ref("urn:a", "colour"), thing.Null(), thing.Unknown, 3)
	h.Remove("urn:a")
	h.Remove("urn:a")
	h.Report([]thing.Report{{Point: kept, Value: thing.Bool(false), Quality: thing.Good}})
	if s := h.Stats(); s.Ignored != 2 || s.Things != 0 || s.Points != 0 {
		t.Errorf("stats %+v", s)
	}
	h.add(lamp("urn:b"))
	if s, _ := h.Get(ref("urn:b", "on")); s.Quality != thing.Unknown {
		t.Errorf("a new Thing begins %+v", s)
	}
}

func TestAddRefusesWhatCannotBeToldApart(t *testing.T) {
	h := newHouse(t, twin.Options{})
	x := lamp("urn:a")
	x.Points = append(x.Points, x.Points[0])
	if err := h.Add(x); err == nil {
		t.Error("two properties of one name were taken")
	}
	if err := h.Add(lamp("")); err == nil {
		t.Error("a Thing without an id was taken")
	}
	if len(h.Things()) != 0 {
		t.Error("something was added")
	}
}

func TestAFullDiskStopsNothingButTheAcknowledgement(t *testing.T) {
	h := newHouse(t, twin.Options{})
	h.add(lamp("urn:a"))
	on := ref("urn:a", "on")
	rules := h.Every(0)
	defer rules.Close()
	before := h.report(on, thing.Bool(true), false)
	h.log.fill(true)
	lost := h.report(on, thing.Bool(false), false)
	h.want(on, thing.Bool(false), thing.Good, 2)
	h.log.fill(false)
	after := h.report(on, thing.Bool(true), false)
	if err := h.Wait(lost); !errors.Is(err, errFull) {
		t.Errorf("wait for what was refused: %v", err)
	}
	if a, b := h.Wait(before), h.Wait(after); a != nil || b != nil {
		t.Errorf("wait for what was kept: %v, %v", a, b)
	}
	if s := h.Stats(); s.Refused != 1 || s.Seq != 3 {
		t.Errorf("stats %+v", s)
	}
	got, err := rules.Next(t.Context())
	if err != nil || len(got) != 3 {
		t.Errorf("rules got %d changes, %v", len(got), err)
	}
}

func TestManyRefusalsStayBounded(t *testing.T) {
	h := newHouse(t, twin.Options{})
	h.add(lamp("urn:a"))
	for i := range 1000 {
		h.log.fill(i%2 == 0)
		pos := h.report(ref("urn:a", "level"), thing.Int(int64(i)), false)
		if err := h.Wait(pos); (err != nil) != (i%2 == 0) {
			t.Fatalf("report %d: %v", i, err)
		}
	}
}

func TestCloseEndsEveryFeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, twin.Options{})
		var wg sync.WaitGroup
		end := func(next func(context.Context) error) {
			wg.Go(func() {
				if err := next(t.Context()); !errors.Is(err, twin.ErrClosed) {
					t.Errorf("Next gave %v", err)
				}
			})
		}
		l, e, w := h.Latest(nil), h.Every(0), h.Watch()
		end(func(ctx context.Context) error { _, err := l.Next(ctx); return err })
		end(func(ctx context.Context) error { _, err := e.Next(ctx); return err })
		end(func(ctx context.Context) error { _, err := w.Next(ctx); return err })
		synctest.Wait()
		h.Close()
		wg.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		e = h.Every(0)
		defer e.Close()
		if _, err := e.Next(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Next of an ended ctx gave %v", err)
		}
	})
}

func TestHandlesStaySmallAndSpentOnesMeanNobody(t *testing.T) {
	h := newHouse(t, twin.Options{})
	h.add(lamp("urn:a"))
	first, _ := h.Handle(ref("urn:a", "on"))
	if first == 0 || first > 1000 {
		t.Errorf("the first handle is %d", first)
	}
	seen := map[thing.Handle]bool{}
	for i := range 100 {
		p, _ := h.Handle(ref("urn:a", "on"))
		if seen[p] {
			t.Fatalf("handle %d is given out a second time after %d turns", p, i)
		}
		seen[p] = true
		h.Remove("urn:a")
		h.add(lamp("urn:a"))
	}
	for p := range seen {
		h.Report([]thing.Report{{Point: p, Value: thing.Bool(true), Quality: thing.Good}})
	}
	h.want(ref("urn:a", "on"), thing.Null(), thing.Unknown, 0)
}

// stuck is a log whose disk does not answer until it is let go.
type stuck struct {
	memLog
	entered, release chan struct{}
}

func (l *stuck) Append(b []thing.Change) (uint64, error) {
	l.entered <- struct{}{}
	<-l.release
	return l.memLog.Append(b)
}

func TestWhoReadsNeverWaitsForTheLog(t *testing.T) {
	log := &stuck{entered: make(chan struct{}), release: make(chan struct{})}
	tw := twin.New(twin.Options{Log: log, Doer: twin.DoerFunc(answers)})
	defer tw.Close()
	if err := tw.Add(lamp("urn:a")); err != nil {
		t.Fatal(err)
	}
	p, _ := tw.Handle(ref("urn:a", "on"))
	done := make(chan uint64)
	go func() { done <- tw.Report([]thing.Report{{Point: p, Value: thing.Bool(true), Quality: thing.Good}}) }()
	<-log.entered
	// Each of these would hang the test.
	if s, ok := tw.Get(ref("urn:a", "on")); !ok || s.Quality != thing.Unknown {
		t.Errorf("before it is logged: %+v", s)
	}
	if len(tw.Things()) != 1 || tw.Stats().Changes != 0 || tw.Seq() != 0 {
		t.Error("the directory or the counts are not as they were")
	}
	if o := tw.Do(t.Context(), set("1", "on", thing.Bool(true))); o.Status != thing.Completed {
		t.Errorf("a Command while the disk is stuck: %+v", o)
	}
	tw.Latest(nil).Close()
	tw.Every(0).Close()
	close(log.release)
	if pos := <-done; pos != 1 {
		t.Errorf("position %d", pos)
	}
}
