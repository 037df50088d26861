package bindingtest

import (
	"context"
	"strings"
	"testing"

	"hutong/binding"
	"hutong/thing"
)

// Subject is a binding together with one device of its world, played by the test. Each func is called from the
// test's goroutine unless it says otherwise.
type Subject struct {
	Binding  binding.Binding
	ID       thing.ID       // of the Thing the device becomes
	Property string         // one of its properties, readable and writable
	Values   [2]thing.Value // two values the property can have

	Appear func() // the device becomes known to the world, with no value yet; it may be known already
	Vanish func() // the world forgets it
	// Say has the device report v and returns when it has been told that v is kept, or why not. It may be called from
	// another goroutine. A protocol without acknowledgement sets Unacknowledged and returns nil.
	Say            func(v thing.Value) error
	Unacknowledged bool
	// Hear returns the next value that is written to the device.
	Hear func(ctx context.Context) (thing.Value, error)
	// Online has the device come and go; nil for a protocol that cannot tell.
	Online func(online bool)
	// Garbage sends what no device should: malformed announcements and values, for other devices and for this. It must
	// leave the device and its last value as they were.
	Garbage func()
}

func (s *Subject) ref() thing.Ref {
	return thing.Ref{Thing: s.ID, Kind: thing.Property, Name: s.Property}
}

func (s *Subject) set(v thing.Value) thing.Command {
	return thing.Command{ID: "c1", Ref: s.ref(), Input: v, By: "user:test"}
}

// running is a Subject whose binding runs against a fresh Hub.
type running struct {
	Subject
	hub  *Hub
	stop context.CancelFunc
	done chan error
}

func start(t *testing.T, s Subject, hub *Hub) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := &running{Subject: s, hub: hub, stop: cancel, done: make(chan error, 1)}
	go func() { r.done <- s.Binding.Run(ctx, hub) }()
	t.Cleanup(cancel)
	return r
}

// end stops the binding and checks that it ends in peace.
func (r *running) end(t *testing.T) {
	t.Helper()
	r.stop()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	select {
	case err := <-r.done:
		if err != nil {
			t.Errorf("Run returned %v when its context ended, want nil", err)
		}
	case <-ctx.Done():
		t.Fatalf("Run did not return within %s of the end of its context", patience)
	}
}

// ready waits until the binding is all ears: what a device says at the moment it is announced may be missed.
func (r *running) ready(t *testing.T) {
	t.Helper()
	r.hub.UntilAnnounced(t, r.ID)
	r.hub.Until(t, "a value is reported", func() bool {
		if len(r.hub.Reports(r.ref())) > 0 {
			return true
		}
		if err := r.Say(r.Values[0]); err != nil {
			t.Fatalf("the device reports %s: %v", r.Values[0].Describe(), err)
		}
		return false
	})
}

func (r *running) say(t *testing.T, v thing.Value) {
	t.Helper()
	if err := r.Say(v); err != nil {
		t.Fatalf("the device reports %s: %v", v.Describe(), err)
	}
	r.hub.UntilValue(t, r.ref(), v)
}

// Run proves a binding. It calls make for a fresh Subject for each of its tests.
func Run(t *testing.T, subject func(t *testing.T) Subject) {
	for name, f := range map[string]func(*testing.T, *running){
		"a device that is there is announced":     there,
		"values are reported in order":            inOrder,
		"what is kept is acknowledged, no sooner": acknowledged,
		"commands reach the device":               commands,
		"commands for nobody are refused":         nobody,
		"garbage harms no one":                    garbage,
		"a device may go and come":                online,
		"a device that vanishes is withdrawn":     vanish,
	} {
		t.Run(name, func(t *testing.T) {
			s := subject(t)
			s.Appear()
			r := start(t, s, NewHub())
			r.ready(t)
			f(t, r)
			r.end(t)
		})
	}
	t.Run("a device may appear later", func(t *testing.T) {
		s := subject(t)
		r := start(t, s, NewHub())
		s.Appear()
		r.ready(t)
		r.say(t, s.Values[1])
		r.end(t)
	})
	t.Run("it may be run again", func(t *testing.T) { again(t, subject(t)) })
	t.Run("its name stays", func(t *testing.T) {
		a, b := subject(t).Binding.Name(), subject(t).Binding.Name()
		if a != b || a == "" || strings.ToLower(a) != a || strings.ContainsAny(a, " /") {
			t.Errorf("named %q and then %q, want one lower-case word", a, b)
		}
	})
}

func there(t *testing.T, r *running) {
	d, _ := r.hub.Device(r.ID)
	if _, ok := d.Thing().Find(thing.Property, r.Property); !ok {
		t.Errorf("the description has no property %q: %s", r.Property, d.TD.JSON())
	}
	if d.Offline {
		t.Error("it is announced as offline")
	}
}

func inOrder(t *testing.T, r *running) {
	const n = 50
	for i := range n {
		if err := r.Say(r.Values[i%2]); err != nil {
			t.Fatal(err)
		}
	}
	r.hub.Until(t, "the last reports are good and in order", func() bool {
		list := r.hub.Reports(r.ref())
		if len(list) < n {
			return false
		}
		for i, got := range list[len(list)-n:] {
			if !got.Value.Equal(r.Values[i%2]) || got.Quality != thing.Good {
				return false
			}
		}
		return true
	})
}

func acknowledged(t *testing.T, r *running) {
	if r.Unacknowledged {
		t.Skip("the protocol has no acknowledgement")
	}
	release := r.hub.Hold()
	defer release()
	before := r.hub.Waits()
	said := make(chan error, 1)
	go func() { said <- r.Say(r.Values[0]) }()
	r.hub.Until(t, "the binding waits for the log", func() bool {
		select {
		case err := <-said:
			t.Fatalf("the device was told %v before the value was kept", err)
		default:
		}
		return r.hub.Waits() > before
	})
	select {
	case err := <-said:
		t.Fatalf("the device was told %v while the log was still writing", err)
	default:
	}
	release()
	if err := <-said; err != nil {
		t.Errorf("a value that is kept is refused: %v", err)
	}
	r.hub.Refuse(true)
	if err := r.Say(r.Values[1]); err == nil {
		t.Error("a value that cannot be kept is acknowledged")
	}
	r.hub.Refuse(false)
	r.say(t, r.Values[0])
}

func commands(t *testing.T, r *running) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, v := range []thing.Value{r.Values[1], r.Values[0]} {
		done := make(chan error, 1)
		go func() {
			_, err := r.Binding.Do(ctx, r.set(v))
			done <- err
		}()
		if got, err := r.Hear(ctx); err != nil || !got.Equal(v) {
			t.Errorf("the device hears %s, %v; want %s", got.Describe(), err, v.Describe())
		}
		if err := <-done; err != nil {
			t.Errorf("Do of what the device has heard: %v", err)
		}
	}
}

func nobody(t *testing.T, r *running) {
	f := func(ctx context.Context, why string, cmd thing.Command) {
		t.Helper()
		if out, err := r.Binding.Do(ctx, cmd); err == nil {
			t.Errorf("%s: Do gives %s and no error", why, out.Describe())
		}
	}
	cmd := r.set(r.Values[0])
	cmd.Ref.Thing += ":stranger"
	f(t.Context(), "a Thing of nobody's", cmd)
	cmd = r.set(r.Values[0])
	cmd.Ref.Name += "-not"
	f(t.Context(), "a property it has not", cmd)
	cmd.Ref.Kind = thing.Action
	f(t.Context(), "an action it has not", cmd)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	f(over, "a context that has ended", r.set(r.Values[0]))
}

func garbage(t *testing.T, r *running) {
	if r.Garbage == nil {
		t.Skip("nothing malformed can reach this binding")
	}
	r.say(t, r.Values[0])
	r.Garbage()
	r.say(t, r.Values[1])
	if d, ok := r.hub.Device(r.ID); !ok || d.Withdrawn {
		t.Error("garbage took the device away")
	}
}

func online(t *testing.T, r *running) {
	if r.Online == nil {
		t.Skip("the protocol cannot tell")
	}
	for _, there := range []bool{false, true, false, true} {
		r.Online(there)
		r.hub.Until(t, "the hub is told", func() bool {
			d, _ := r.hub.Device(r.ID)
			return d.Offline != there
		})
	}
}

func vanish(t *testing.T, r *running) {
	r.Vanish()
	r.hub.Until(t, "the device is withdrawn", func() bool {
		d, _ := r.hub.Device(r.ID)
		return d.Withdrawn
	})
	if _, err := r.Binding.Do(t.Context(), r.set(r.Values[0])); err == nil {
		t.Error("a Command for a withdrawn Thing gives no error")
	}
	r.Appear()
	r.hub.UntilAnnounced(t, r.ID)
	before := len(r.hub.Reports(r.ref()))
	r.hub.Until(t, "a value is reported again", func() bool {
		return len(r.hub.Reports(r.ref())) > before || r.Say(r.Values[1]) != nil
	})
}

// again runs a binding a second time against another Hub, as a restart would.
func again(t *testing.T, s Subject) {
	s.Appear()
	first := start(t, s, NewHub())
	first.ready(t)
	first.end(t)
	if _, err := s.Binding.Do(t.Context(), s.set(s.Values[0])); err == nil {
		t.Error("a binding that does not run carries out a Command")
	}
	second := start(t, s, NewHub())
	second.ready(t)
	second.say(t, s.Values[1])
	commands(t, second)
	second.end(t)
}
