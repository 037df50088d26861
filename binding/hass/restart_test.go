package hass_test

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"hutong/binding"
	"hutong/binding/hass"
	"hutong/mqtt"
	"hutong/registry"
	"hutong/thing"
	"hutong/twin"
)

// hub is a small but whole hub: server, binding, supervisor, registry and twin.
type hub struct {
	twin *twin.Twin
	url  string
	stop func()
}

// before is run when the Things of the last time are there and no device can be heard yet.
func startHub(t *testing.T, path string, after uint64, before func(*twin.Twin)) *hub {
	t.Helper()
	known, err := registry.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	server, err := mqtt.NewServer(mqtt.Options{Store: known.Blobs()})
	if err != nil {
		t.Fatal(err)
	}
	var things *binding.Supervisor
	h := &hub{twin: twin.New(twin.Options{After: after, Doer: twin.DoerFunc(func(ctx context.Context, cmd thing.Command) (thing.Value, error) {
		return things.Do(ctx, cmd)
	})})}
	things, err = binding.New(binding.Options{
		Things: h.twin, Values: h.twin, Registry: known,
		Bindings: []binding.Binding{hass.New(hass.Options{Broker: server, Settle: 20 * time.Millisecond, Log: quiet()})},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := things.Load(); err != nil {
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
	all.Go(func() { _ = things.Run(ctx) })
	all.Go(func() { _ = server.Serve(l) })
	h.stop = sync.OnceFunc(func() {
		cancel()
		if err := server.Close(context.Background()); err != nil {
			t.Error(err)
		}
		all.Wait()
		h.twin.Close()
		if err := known.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(h.stop)
	return h
}

// await waits until each of refs has the quality it is to have.
func (h *hub) await(t *testing.T, want map[thing.Ref]thing.Quality) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	screen := h.twin.Latest(nil)
	defer screen.Close()
	for {
		missing := ""
		for ref, q := range want {
			if s, _ := h.twin.Get(ref); s.Quality != q {
				missing = fmt.Sprintf("%s is %s, want %s", ref, s.Quality, q)
			}
		}
		if missing == "" {
			return
		}
		if _, err := screen.Next(ctx); err != nil {
			t.Fatalf("%s: %v", missing, err)
		}
	}
}

func TestARestartBringsEverythingBackWithoutASingleChange(t *testing.T) {
	const n = 10
	path := filepath.Join(t.TempDir(), "registry.db")
	want := map[thing.Ref]thing.Quality{}
	announce := func(url string, states bool) {
		client, err := mqtt.Dial(t.Context(), mqtt.ClientOptions{URL: url, ClientID: "zigbee"})
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		send := func(topic, payload string) {
			if err := client.Publish(t.Context(), &mqtt.Message{Topic: topic, Payload: []byte(payload), QoS: 1, Retain: true}); err != nil {
				t.Fatal(err)
			}
		}
		for i := range n {
			device := fmt.Sprintf(`"dev":{"ids":["z%d"],"name":"Z%d"},"avty":[{"t":"z/%d/here"}]`, i, i, i)
			for _, e := range [][2]string{
				{"sensor/z%d/temperature", `"unit_of_meas":"°C","val_tpl":"{{ value_json.temperature }}"`},
				{"sensor/z%d/mood", `"val_tpl":"{{ value_json.mood | default('calm') | upper }}"`},
				{"sensor/z%d/lost", `"unit_of_meas":"W","val_tpl":"{{ value_json.lost }}"`},
				{"switch/z%d/state", fmt.Sprintf(`"val_tpl":"{{ value_json.state }}","cmd_t":"z/%d/set"`, i)},
				{"event/z%d/action", `"evt_typ":["single"],"val_tpl":"{\"event_type\":\"{{ value_json.action }}\"}"`},
			} {
				send(fmt.Sprintf("homeassistant/"+e[0]+"/config", i), fmt.Sprintf(`{"name":null,"stat_t":"z/%d",%s,%s}`, i, e[1], device))
			}
			if states {
				send(fmt.Sprintf("z/%d/here", i), "online")
				send(fmt.Sprintf("z/%d", i), `{"temperature":21.5,"state":"ON","lost":null,"action":"single"}`)
			}
			for name, q := range map[string]thing.Quality{"temperature": thing.Good, "mood": thing.Good, "state": thing.Good, "lost": thing.Bad} {
				want[thing.Ref{Thing: thing.ID(fmt.Sprintf("urn:hutong:hass:z%d", i)), Name: name}] = q
			}
		}
	}
	first := startHub(t, path, 0, func(*twin.Twin) {})
	announce(first.url, true)
	first.await(t, want)
	states := map[thing.Ref]thing.State{}
	for ref := range want {
		states[ref], _ = first.twin.Get(ref)
	}
	seq := first.twin.Seq()
	first.stop()

	second := startHub(t, path, seq, func(tw *twin.Twin) {
		if len(tw.Things()) != n {
			t.Errorf("%d Things are there at once, want %d", len(tw.Things()), n)
		}
		for ref, s := range states {
			tw.Restore(ref, s)
		}
	})
	second.await(t, want)
	announce(second.url, false)
	if s := second.twin.Stats(); s.Changes != 0 || s.Seq != seq {
		changes := second.twin.Every(seq + 1)
		defer changes.Close()
		list, err := changes.Next(t.Context())
		t.Errorf("after the restart %+v: %+v %v", s, list, err)
	}
	if got, _ := second.twin.Get(thing.Ref{Thing: "urn:hutong:hass:z3", Name: "mood"}); got.Value != thing.String("CALM") {
		t.Errorf("the mood is back as %+v", got)
	}
}
