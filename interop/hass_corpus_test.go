package interop

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hutong/binding"
	"hutong/binding/bindingtest"
	"hutong/binding/hass"
	"hutong/mqtt"
	"hutong/td"
)

// replay is a broker that has kept the announcements of a corpus and carries nothing else.
type replay struct {
	kept []announcement
	said chan struct{}
}

func (r *replay) Attach(tap mqtt.Tap, filters ...string) (func(), error) {
	if strings.HasPrefix(filters[0], "homeassistant/") {
		for _, a := range r.kept {
			if sink := tap.Route(a.Topic); sink != nil {
				sink.Publish(&mqtt.Message{Topic: a.Topic, Payload: []byte(a.Payload), Retain: true})
			}
		}
	}
	return func() {}, nil
}

func (r *replay) Forget() {}

func (r *replay) Publish(_ context.Context, m *mqtt.Message) error {
	if string(m.Payload) == "online" {
		close(r.said)
	}
	return nil
}

// census is a Hub that also lists what was announced.
type census struct {
	*bindingtest.Hub
	mu     sync.Mutex
	things map[string]*td.Thing
}

func (c *census) Announce(d *td.Thing) (binding.Device, error) {
	c.mu.Lock()
	c.things[d.ID] = d
	c.mu.Unlock()
	return c.Hub.Announce(d)
}

func (c *census) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.things)
}

func (c *census) list() []*td.Thing {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.SortedFunc(maps.Values(c.things), func(x, y *td.Thing) int { return strings.Compare(x.ID, y.ID) })
}

// refusals counts what the binding refuses.
type refusals struct {
	slog.Handler
	mu   sync.Mutex
	list []string
}

func (r *refusals) Enabled(context.Context, slog.Level) bool { return true }

func (r *refusals) Handle(_ context.Context, rec slog.Record) error {
	var b strings.Builder
	rec.Attrs(func(a slog.Attr) bool {
		fmt.Fprintf(&b, " %s=%v", a.Key, a.Value)
		return true
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, rec.Message+b.String())
	return nil
}

// TestEveryZigbeeDeviceBecomesAValidThing announces all devices Zigbee2MQTT knows: every announcement must become part
// of a Thing Description that our own validator accepts, and so must a sample at the W3C community's playground.
func TestEveryZigbeeDeviceBecomesAValidThing(t *testing.T) {
	playground := peer(t, "@thing-description-playground/core")
	kept := corpus(t)
	broker := &replay{kept: kept, said: make(chan struct{})}
	refused := &refusals{}
	hub := &census{Hub: bindingtest.NewHub(), things: map[string]*td.Thing{}}
	b := hass.New(hass.Options{Broker: broker, Settle: time.Millisecond, Log: slog.New(refused)})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	start := time.Now()
	go func() { done <- b.Run(ctx, hub) }()
	<-broker.said
	want := devicesOf(t, kept)
	hub.Until(t, "all devices are announced", func() bool { return hub.count() >= len(want) })
	t.Logf("announced in %s", time.Since(start).Round(time.Millisecond))
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for _, line := range refused.list[:min(len(refused.list), 20)] {
		t.Error(line)
	}
	things := hub.list()
	affordances, refusedTDs := 0, 0
	for _, d := range things {
		again, err := td.Parse(d.JSON())
		if err == nil {
			err = again.Check()
		}
		if err != nil {
			refusedTDs++
			t.Errorf("%s: %v", d.ID, err)
		}
		affordances += d.Properties.Len() + d.Actions.Len() + d.Events.Len()
	}
	t.Logf("%d announcements, %d refused; %d Things, %d invalid; %d affordances", len(kept), len(refused.list), len(things), refusedTDs, affordances)
	playgroundAccepts(t, playground, things)
}

// devicesOf counts the devices the announcements name.
func devicesOf(t *testing.T, kept []announcement) map[string]bool {
	t.Helper()
	ids := map[string]bool{}
	for _, a := range kept {
		var p struct {
			Device struct{ Identifiers []string }
		}
		if err := json.Unmarshal([]byte(a.Payload), &p); err != nil {
			t.Fatal(err)
		}
		ids[p.Device.Identifiers[0]] = true
	}
	return ids
}

func playgroundAccepts(t *testing.T, folder string, things []*td.Thing) {
	t.Helper()
	const sample = 500
	var b strings.Builder
	n := min(sample, len(things))
	for i := range n {
		b.Write(things[i*len(things)/n].JSON())
		b.WriteByte('\n')
	}
	file := filepath.Join(t.TempDir(), "things.jsonl")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	var answer struct {
		Checked int
		Refused map[string]string
	}
	if err := json.Unmarshal([]byte(output(t, node(t, ctx, "td_playground.cjs", folder, file))), &answer); err != nil {
		t.Fatal(err)
	}
	if answer.Checked != n {
		t.Errorf("the playground checked %d of %d", answer.Checked, n)
	}
	for _, id := range slices.Sorted(maps.Keys(answer.Refused)) {
		t.Errorf("the playground refuses %s: %s", id, answer.Refused[id])
	}
	t.Logf("playground: %d Thing Descriptions checked, %d refused", answer.Checked, len(answer.Refused))
}
