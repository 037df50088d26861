package binding_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hutong/binding"
	"hutong/td"
	"hutong/thing"
	"hutong/twin"
)

// played is a binding whose parts are set by the test.
type played struct {
	name string
	run  func(ctx context.Context, hub binding.Hub) error
	do   func(ctx context.Context, cmd thing.Command) (thing.Value, error)
}

func (p *played) Name() string { return p.name }

func (p *played) Run(ctx context.Context, hub binding.Hub) error { return p.run(ctx, hub) }

func (p *played) Do(ctx context.Context, cmd thing.Command) (thing.Value, error) {
	return p.do(ctx, cmd)
}

// shelf is a Registry in memory.
type shelf struct {
	mu   sync.Mutex
	by   map[thing.ID]string
	text map[thing.ID]string
	puts int
	full bool

	damaged error // why one more cannot be read
}

func (s *shelf) PutTD(x *thing.Thing, text []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.full {
		return errors.New("disk full")
	}
	if s.by == nil {
		s.by, s.text = map[thing.ID]string{}, map[thing.ID]string{}
	}
	s.by[x.ID], s.text[x.ID] = x.Binding, string(text)
	s.puts++
	return nil
}

func (s *shelf) DeleteTD(id thing.ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.by, id)
	delete(s.text, id)
	return nil
}

func (s *shelf) EachTD(f func(string, []byte, error) error) error {
	if s.damaged != nil {
		if err := f("mqtt", nil, s.damaged); err != nil {
			return err
		}
	}
	for id, text := range s.text {
		if err := f(s.by[id], []byte(text), nil); err != nil {
			return err
		}
	}
	return nil
}

func describe(t testing.TB, id, title string) *td.Thing {
	t.Helper()
	d, err := td.Parse(fmt.Appendf(nil, `{"@context":"https://www.w3.org/2022/wot/td/v1.1","id":%q,"title":%q,
		"securityDefinitions":{"nosec_sc":{"scheme":"nosec"}},"security":"nosec_sc",
		"properties":{"on":{"type":"boolean","forms":[{"href":"x:/on"}]}}}`, id, title))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

type hall struct {
	*binding.Supervisor
	twin *twin.Twin
	t    *testing.T
}

func open(t *testing.T, reg binding.Registry, all ...binding.Binding) *hall {
	tw := twin.New(twin.Options{})
	t.Cleanup(tw.Close)
	s, err := binding.New(binding.Options{Things: tw, Values: tw, Registry: reg, Bindings: all})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load(); err != nil {
		t.Fatal(err)
	}
	return &hall{s, tw, t}
}

// run runs the Supervisor; the func it returns ends it.
func (h *hall) run() (stop func()) {
	ctx, cancel := context.WithCancel(h.t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			h.t.Error(err)
		}
	}
}

// pass lets d go by in a synctest bubble and then everybody come to rest.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func on(id thing.ID) thing.Ref { return thing.Ref{Thing: id, Kind: thing.Property, Name: "on"} }

func TestAnAnnouncedThingIsKeptAndLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := &shelf{}
		devices := make(chan binding.Device, 4)
		b := &played{name: "x", run: func(ctx context.Context, hub binding.Hub) error {
			for _, title := range []string{"Lamp", "Lamp", "Light"} {
				d, err := hub.Announce(describe(t, "urn:a", title))
				if err != nil {
					t.Error(err)
					return nil
				}
				devices <- d
			}
			<-ctx.Done()
			return nil
		}, do: func(_ context.Context, cmd thing.Command) (thing.Value, error) { return cmd.Input, nil }}
		h := open(t, reg, b)
		stop := h.run()
		defer stop()
		synctest.Wait()
		first, second, third := <-devices, <-devices, <-devices
		if first != second || reg.puts != 2 {
			t.Errorf("the same description is kept %d times", reg.puts)
		}
		if _, ok := first.Handle(thing.Property, "on"); ok {
			t.Error("a replaced Device still gives handles")
		}
		first.Withdraw() // spent: nothing happens
		p, ok := third.Handle(thing.Property, "on")
		if x, _ := h.twin.Thing("urn:a"); !ok || x.Title != "Light" || x.Binding != "x" || third.Thing() != x {
			t.Errorf("the live Thing is %+v", x)
		}
		h.twin.Report([]thing.Report{{Point: p, Value: thing.Bool(true), Quality: thing.Good}})
		third.Online(false)
		if s, _ := h.twin.Get(on("urn:a")); s.Quality != thing.Stale {
			t.Errorf("offline: %+v", s)
		}
		if out, err := h.Do(t.Context(), thing.Command{Ref: on("urn:a"), Input: thing.Int(5)}); err != nil || out != thing.Int(5) {
			t.Errorf("Do: %s, %v", out.Describe(), err)
		}
		if hl := h.Health(); hl[0].State != binding.Running || hl[0].Things != 1 {
			t.Errorf("health %+v", hl)
		}
		third.Withdraw()
		if _, ok := h.twin.Thing("urn:a"); ok || len(reg.text) != 0 {
			t.Error("a withdrawn Thing is still there")
		}
		if _, err := h.Do(t.Context(), thing.Command{Ref: on("urn:a")}); err == nil {
			t.Error("Do for a withdrawn Thing")
		}
	})
}

func TestAnAnnouncementThatCannotBeKeptChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := &shelf{full: true}
		var errs []error
		b := &played{name: "x", run: func(ctx context.Context, hub binding.Hub) error {
			_, err := hub.Announce(describe(t, "urn:a", "Lamp"))
			errs = append(errs, err)
			_, err = hub.Announce(describe(t, "", "Lamp"))
			errs = append(errs, err)
			<-ctx.Done()
			return nil
		}}
		h := open(t, reg, b)
		stop := h.run()
		synctest.Wait()
		stop()
		if len(errs) != 2 || errs[0] == nil || errs[1] == nil || len(h.twin.Things()) != 0 {
			t.Errorf("errors %v, %d things", errs, len(h.twin.Things()))
		}
	})
}

func TestAThingBelongsToOneBinding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		announce := func(err *error) func(context.Context, binding.Hub) error {
			return func(ctx context.Context, hub binding.Hub) error {
				if err != nil {
					<-time.After(time.Second)
					_, *err = hub.Announce(describe(t, "urn:a", "Mine"))
				} else if _, err := hub.Announce(describe(t, "urn:a", "Lamp")); err != nil {
					t.Error(err)
				}
				<-ctx.Done()
				return nil
			}
		}
		var refused error
		h := open(t, nil, &played{name: "x", run: announce(nil)}, &played{name: "y", run: announce(&refused)})
		stop := h.run()
		pass(2 * time.Second)
		stop()
		if refused == nil || !strings.Contains(refused.Error(), "binding x") {
			t.Errorf("the second owner is told %v", refused)
		}
	})
}

func TestABindingThatFailsIsTriedAgainEverMoreSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs []time.Time
		b := &played{name: "x", run: func(ctx context.Context, _ binding.Hub) error {
			runs = append(runs, time.Now())
			if len(runs) == 3 {
				panic("a bug")
			}
			if len(runs) == 12 {
				<-ctx.Done()
				return nil
			}
			return errors.New("no route")
		}}
		h := open(t, nil, b)
		stop := h.run()
		pass(100 * time.Millisecond)
		if hl := h.Health()[0]; hl.State != binding.Waiting || hl.Error != "no route" || !hl.Next.After(time.Now()) {
			t.Errorf("after the first failure: %+v", hl)
		}
		pass(time.Hour)
		if len(runs) != 12 {
			t.Fatalf("%d runs", len(runs))
		}
		for i := 1; i < len(runs); i++ {
			want := min(time.Second<<(i-1), time.Minute)
			if gap := runs[i].Sub(runs[i-1]); gap < want/2 || gap > want*3/2 {
				t.Errorf("pause %d is %s, want about %s", i, gap, want)
			}
		}
		if hl := h.Health()[0]; hl.State != binding.Running || hl.Failures != 11 {
			t.Errorf("at last: %+v", hl)
		}
		stop()
		if hl := h.Health()[0]; hl.State != binding.Stopped {
			t.Errorf("in the end: %+v", hl)
		}
	})
}

func TestAPanicInDoIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &played{name: "x", run: func(ctx context.Context, hub binding.Hub) error {
			_, err := hub.Announce(describe(t, "urn:a", "Lamp"))
			<-ctx.Done()
			return err
		}, do: func(context.Context, thing.Command) (thing.Value, error) { panic("a bug") }}
		h := open(t, nil, b)
		stop := h.run()
		defer stop()
		synctest.Wait()
		if _, err := h.Do(t.Context(), thing.Command{Ref: on("urn:a")}); err == nil || !strings.Contains(err.Error(), "a bug") {
			t.Errorf("Do gives %v", err)
		}
	})
}

func TestRememberedThingsAreThereAtOnceAndLostWhenNobodySpeaksOfThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := &shelf{damaged: errors.New("registry: bits have rotted")}
		for id, b := range map[thing.ID]string{"urn:a": "x", "urn:gone": "x", "urn:orphan": "old"} {
			_ = reg.PutTD(&thing.Thing{ID: id, Binding: b}, describe(t, string(id), "Lamp").JSON())
		}
		fail := make(chan error)
		b := &played{name: "x", run: func(ctx context.Context, hub binding.Hub) error {
			for text, want := range map[string]bool{string(describe(t, "urn:a", "Lamp").JSON()): true, "another": false} {
				if _, ok := hub.Again("urn:a", []byte(text)); ok != want {
					t.Errorf("known by the text %s: %t", text, ok)
				}
			}
			if _, ok := hub.Again("urn:orphan", describe(t, "urn:orphan", "Lamp").JSON()); ok {
				t.Error("another's Thing is taken for its own")
			}
			select {
			case <-ctx.Done():
				return nil
			case err := <-fail:
				return err
			}
		}}
		h := open(t, reg, b)
		for _, x := range h.twin.Things() {
			h.twin.Restore(on(x.ID), thing.State{Value: thing.Bool(true), Quality: thing.Good})
		}
		f := func(when string, want map[thing.ID]thing.Quality) {
			t.Helper()
			for id, q := range want {
				if s, _ := h.twin.Get(on(id)); s.Quality != q {
					t.Errorf("%s %s is %s, want %s", when, id, s.Quality, q)
				}
			}
		}
		f("at once", map[thing.ID]thing.Quality{"urn:a": thing.Restored, "urn:gone": thing.Restored, "urn:orphan": thing.Stale})
		if reg.puts != 3 {
			t.Errorf("%d puts", reg.puts)
		}
		stop := h.run()
		defer stop()
		pass(59 * time.Second)
		f("soon", map[thing.ID]thing.Quality{"urn:a": thing.Restored, "urn:gone": thing.Restored})
		pass(2 * time.Second)
		f("later", map[thing.ID]thing.Quality{"urn:a": thing.Restored, "urn:gone": thing.Stale})
		fail <- errors.New("cut off")
		pass(2 * time.Second) // it runs again after at most 1.5 s
		f("after a short break", map[thing.ID]thing.Quality{"urn:a": thing.Restored})
		if err := h.Forget("urn:gone"); err != nil || len(reg.text) != 2 {
			t.Errorf("Forget: %v, %d left", err, len(reg.text))
		}
	})
}

func TestABindingLongAwayTakesItsThingsOffline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		b := &played{name: "x", run: func(ctx context.Context, hub binding.Hub) error {
			if runs++; runs > 1 && runs < 9 {
				return errors.New("no route")
			}
			d, err := hub.Announce(describe(t, "urn:a", "Lamp"))
			if err != nil {
				return err
			}
			p, _ := d.Handle(thing.Property, "on")
			hub.Report([]thing.Report{{Point: p, Value: thing.Bool(true), Quality: thing.Good}})
			if runs == 1 {
				return errors.New("cut off")
			}
			<-ctx.Done()
			return nil
		}}
		h := open(t, nil, b)
		stop := h.run()
		defer stop()
		pass(30 * time.Second)
		if s, _ := h.twin.Get(on("urn:a")); s.Quality != thing.Good {
			t.Errorf("after half a minute %s", s.Quality)
		}
		pass(40 * time.Second)
		if s, _ := h.twin.Get(on("urn:a")); s.Quality != thing.Stale {
			t.Errorf("after more than a minute %s", s.Quality)
		}
		if _, err := h.Do(t.Context(), thing.Command{Ref: on("urn:a")}); err == nil || !strings.Contains(err.Error(), "no route") {
			t.Errorf("Do while away: %v", err)
		}
		pass(5 * time.Minute)
		if s, _ := h.twin.Get(on("urn:a")); s.Quality != thing.Good {
			t.Errorf("when it is back %s", s.Quality)
		}
	})
}

func TestNamesAreCheckedAtOnce(t *testing.T) {
	for _, names := range [][]string{{"a", "a"}, {""}, {"A b"}} {
		var list []binding.Binding
		for _, n := range names {
			list = append(list, &played{name: n})
		}
		if _, err := binding.New(binding.Options{Bindings: list}); err == nil {
			t.Errorf("bindings named %q were taken", names)
		}
	}
}

func TestThereIsAnEndToHowManyThings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tw := twin.New(twin.Options{})
		defer tw.Close()
		var last error
		b := &played{name: "x", run: func(ctx context.Context, hub binding.Hub) error {
			for i := range 4 {
				d, err := hub.Announce(describe(t, fmt.Sprintf("urn:%d", i), "Lamp"))
				if last = err; i == 0 {
					d.Withdraw()
				}
			}
			<-ctx.Done()
			return nil
		}}
		s, err := binding.New(binding.Options{Things: tw, Values: tw, Bindings: []binding.Binding{b}, MaxThings: 2})
		if err != nil {
			t.Fatal(err)
		}
		stop := (&hall{s, tw, t}).run()
		synctest.Wait()
		stop()
		if last == nil || len(tw.Things()) != 2 {
			t.Errorf("%d things, the last was told %v", len(tw.Things()), last)
		}
	})
}

func TestThingsThatAreAlikeAreRememberedAsEachAlone(t *testing.T) {
	reg := &shelf{}
	want := map[thing.ID]*thing.Thing{}
	keep := func(text []byte) {
		t.Helper()
		d, err := td.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		x, err := d.Compile()
		if err != nil {
			t.Fatal(err)
		}
		x.Binding, x.Actions = "x", nil
		want[x.ID] = x
		_ = reg.PutTD(x, text)
	}
	for i := range 40 {
		keep(fmt.Appendf(nil, `{"@context": ["https://www.w3.org/2022/wot/td/v1.1", {"hutong": "https://hutong.example/ns#"}], "id": "urn:uuid:a%02x-7b",
			"title": "Lamp A%[1]dB", "hutong:place": "Home / Room A%[1]d / b2", "security": "no", "securityDefinitions": {"no": {"scheme": "nosec"}},
			"properties": {"on": {"type": "boolean", "title": "On", "description": "of %[1]d", "forms": [{"href": "x:y%[1]d"}]},
			"n": {"type": "integer", "enum": [%d], "forms": [{"href": "x:z"}]}}}`, i, i/20))
		// the prefix of Hutong's own terms is h2
		keep(fmt.Appendf(nil, `{"@context": ["https://www.w3.org/2022/wot/td/v1.1", {"h2": "https://hutong.example/ns#"}], "id": "urn:h:n%[1]d", "title": "Lamp",
			"properties": {"on": {"type": "boolean", "forms": [{"href": "x:y"}]}}, "h2:place": "Home / Hall %[1]d", "security": "no", "securityDefinitions": {"no": {"scheme": "nosec"}}}`, i))
		keep(fmt.Appendf(nil, `{"@context": ["https://www.w3.org/2022/wot/td/v1.1", {"h2": "https://hutong.example/ns#"}], "id": "urn:p:n%[1]d", "title": "Lamp",
			"properties": {"on": {"type": "boolean", "forms": [{"href": "x:y"}]}}, "h%d:place": "Home / Hall", "security": "no", "securityDefinitions": {"no": {"scheme": "nosec"}}}`, i, (i+30)%40))
	}
	h := open(t, reg, &played{name: "x"})
	if n := len(h.twin.Things()); n != len(want) {
		t.Errorf("%d Things", n)
	}
	for _, x := range h.twin.Things() {
		if !reflect.DeepEqual(x, want[x.ID]) {
			t.Errorf("%+v, want %+v", x, want[x.ID])
		}
	}
}
