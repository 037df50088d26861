package mqttwot_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"testing"

	"hutong/binding"
	mqttwot "hutong/binding/mqtt"
	"hutong/mqtt"
	"hutong/registry"
	"hutong/thing"
	"hutong/twin"
)

// hub is a small but whole hub: server, binding, supervisor, registry and twin.
type hub struct {
	registry *registry.Registry
	twin     *twin.Twin
	things   *binding.Supervisor
	server   *mqtt.Server
	url      string
	stop     func()
}

// before is run when the Things of the last time are there and no device can be heard yet.
func startHub(t *testing.T, path string, after uint64, before func(*twin.Twin)) *hub {
	t.Helper()
	h := &hub{}
	var err error
	if h.registry, err = registry.Open(path); err != nil {
		t.Fatal(err)
	}
	if h.server, err = mqtt.NewServer(mqtt.Options{Store: h.registry.Blobs()}); err != nil {
		t.Fatal(err)
	}
	h.twin = twin.New(twin.Options{After: after, Doer: twin.DoerFunc(func(ctx context.Context, cmd thing.Command) (thing.Value, error) {
		return h.things.Do(ctx, cmd)
	})})
	h.things, err = binding.New(binding.Options{
		Things: h.twin, Values: h.twin, Registry: h.registry,
		Bindings: []binding.Binding{mqttwot.New(mqttwot.Options{Broker: h.server})},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.things.Load(); err != nil {
		t.Fatal(err)
	}
	before(h.twin)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.url = "mqtt://" + l.Addr().String()
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { _ = h.things.Run(ctx) })
	all.Go(func() { _ = h.server.Serve(l) })
	h.stop = sync.OnceFunc(func() {
		cancel()
		if err := h.server.Close(context.Background()); err != nil {
			t.Error(err)
		}
		all.Wait()
		h.twin.Close()
		if err := h.registry.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(h.stop)
	return h
}

// await waits until every level has a quality.
func (h *hub) await(t *testing.T, n int, want thing.Quality) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	screen := h.twin.Latest(nil)
	defer screen.Close()
	for {
		have := 0
		for i := range n {
			if s, _ := h.twin.Get(level(i)); s.Quality == want {
				have++
			}
		}
		if have == n {
			return
		}
		if _, err := screen.Next(ctx); err != nil {
			t.Fatalf("%d of %d levels are %s: %v", have, n, want, err)
		}
	}
}

func level(i int) thing.Ref {
	return thing.Ref{Thing: thing.ID(fmt.Sprintf("urn:test:%d", i)), Kind: thing.Property, Name: "level"}
}

func TestARestartBringsEverythingBackWithoutASingleChange(t *testing.T) {
	t.Run("of descriptions that are read again", func(t *testing.T) { restart(t, lamp) })
	t.Run("of descriptions known by their text", func(t *testing.T) {
		restart(t, func(id, more string) string {
			var text bytes.Buffer
			if err := json.Compact(&text, []byte(lamp(id, more))); err != nil {
				t.Fatal(err)
			}
			return text.String()
		})
	})
}

func restart(t *testing.T, lamp func(id, more string) string) {
	path := filepath.Join(t.TempDir(), "registry.db")
	const n = 20
	states := map[thing.Ref]thing.State{}
	first := startHub(t, path, 0, func(*twin.Twin) {})
	d := &device{Client: dial(t, first.url), t: t}
	for i := range n {
		d.must(fmt.Sprintf("hutong/td/%d", i), lamp(fmt.Sprintf("urn:test:%d", i), ""), true)
	}
	d.must("lamp/level", "42", true)
	d.must("lamp/online", "online", true)
	first.await(t, n, thing.Good)
	for i := range n {
		states[level(i)], _ = first.twin.Get(level(i))
	}
	seq := first.twin.Seq()
	first.stop()

	second := startHub(t, path, seq, func(tw *twin.Twin) {
		if len(tw.Things()) != n {
			t.Errorf("%d Things are there at once, want %d", len(tw.Things()), n)
		}
		for ref, s := range states {
			tw.Restore(ref, s)
			if got, _ := tw.Get(ref); got.Quality != thing.Restored || got.Value != thing.Int(42) {
				t.Errorf("%s is back as %+v", ref, got)
			}
		}
	})
	second.await(t, n, thing.Good)
	d = &device{Client: dial(t, second.url), t: t}
	for i := range n { // as a device does when it finds its broker again
		d.must(fmt.Sprintf("hutong/td/%d", i), lamp(fmt.Sprintf("urn:test:%d", i), ""), true)
	}
	if s := second.twin.Stats(); s.Changes != 0 || s.Seq != seq {
		t.Errorf("after the restart %+v", s)
	}
	if e, _, err := second.registry.Entry("urn:test:0"); e.Revision != 1 || err != nil {
		t.Errorf("described %d times, %v", e.Revision, err)
	}
	got := make(chan string, 1)
	if err := d.Subscribe(t.Context(), "lamp/level/set", 1, func(m *mqtt.Message) { got <- string(m.Payload) }); err != nil {
		t.Fatal(err)
	}
	out := second.twin.Do(t.Context(), thing.Command{Ref: level(3), Input: thing.Int(7), Cause: thing.Cause{Trace: "me"}})
	if said := <-got; out.Status != thing.Completed || said != "7" {
		t.Errorf("the device heard %q: %+v", said, out)
	}
	changes := second.twin.Every(0)
	defer changes.Close()
	d.must("lamp/level", "7", true)
	list, err := changes.Next(t.Context())
	if err != nil || list[0].Seq != seq+1 {
		t.Fatalf("%+v, %v", list, err)
	}
	for _, c := range list {
		if (c.Cause.Trace == "me") != (c.Ref == level(3)) {
			t.Errorf("%s changed because of %q", c.Ref, c.Cause.Trace)
		}
	}
}
