package hass_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"hutong/binding/bindingtest"
	"hutong/binding/hass"
	"hutong/internal/testkit/broker"
	"hutong/mqtt"
	"hutong/thing"
)

// world is a broker with a binding and a client of its own, which plays the devices.
type world struct {
	t       *testing.T
	server  *mqtt.Server
	device  *mqtt.Client
	binding *hass.Binding
}

func newWorld(t *testing.T) *world {
	t.Helper()
	server, addr := broker.Serve(t, mqtt.Options{})
	device, err := mqtt.Dial(t.Context(), mqtt.ClientOptions{URL: "mqtt://" + addr, ClientID: "device"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { device.Close() })
	b := hass.New(hass.Options{Broker: server, Grace: 20 * time.Millisecond, Settle: time.Millisecond, Log: quiet()})
	return &world{t, server, device, b}
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// send publishes as the device, acknowledged.
func (w *world) send(topic, payload string, retain bool) error {
	ctx, cancel := context.WithTimeout(w.t.Context(), 10*time.Second)
	defer cancel()
	return w.device.Publish(ctx, &mqtt.Message{Topic: topic, Payload: []byte(payload), QoS: 1, Retain: retain})
}

func (w *world) must(topic, payload string, retain bool) {
	w.t.Helper()
	if err := w.send(topic, payload, retain); err != nil {
		w.t.Fatalf("publish %s: %v", topic, err)
	}
}

// heard is a Tap that passes payloads on.
type heard chan string

func (h heard) Route(string) mqtt.Sink { return h }
func (h heard) Wait(uint64) error      { return nil }

func (h heard) Publish(m *mqtt.Message) uint64 {
	h <- m.Topic + " " + string(m.Payload)
	return 0
}

func (w *world) hear(filters ...string) heard {
	w.t.Helper()
	h := make(heard, 64)
	detach, err := w.device.Attach(h, filters...)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(detach)
	return h
}

func (h heard) next(ctx context.Context) (string, error) {
	select {
	case s := <-h:
		return s, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

const dimmer = `{"name":null,"uniq_id":"d1","cmd_t":"~/set","stat_t":"~","~":"lamps/d1","avty_t":"~/here","val_tpl":"{{ value_json.level }}",
	"min":0,"max":254,"dev":{"ids":["d1"],"name":"Dimmer","sa":"Home / Hall"},"o":{"name":"test"}}`

func TestBindingKeepsItsContract(t *testing.T) {
	bindingtest.Run(t, func(t *testing.T) bindingtest.Subject {
		w := newWorld(t)
		set := w.hear("lamps/d1/set")
		return bindingtest.Subject{
			Binding: w.binding, ID: "urn:hutong:hass:d1", Property: "level", Values: [2]thing.Value{thing.Int(10), thing.Int(200)},
			Appear: func() { w.must("homeassistant/number/d1/level/config", dimmer, true) },
			Vanish: func() { w.must("homeassistant/number/d1/level/config", "", true) },
			Say:    func(v thing.Value) error { return w.send("lamps/d1", fmt.Sprintf(`{"level":%d}`, v.Int()), false) },
			Hear: func(ctx context.Context) (thing.Value, error) {
				s, err := set.next(ctx)
				if err != nil {
					return thing.Value{}, err
				}
				return thing.ParseJSON([]byte(strings.TrimPrefix(s, "lamps/d1/set ")))
			},
			Online: func(online bool) {
				w.must("lamps/d1/here", map[bool]string{true: "online", false: "offline"}[online], true)
			},
			Garbage: func() {
				for i, payload := range []string{
					"{", "[]", "\xff\xfe", `{"val_tpl":"{{"}`, strings.Repeat("[", 10_000), `{"stat_t":"a/#"}`, `{"stat_t":"x","val_tpl":"` + strings.Repeat("{{ a }}", 100_000) + `"}`,
					`{"cmps":{"a":{"p":"sensor","stat_t":7}},"dev":{},"o":{}}`, "null", `{"dev":{"ids":[["x"]]},"stat_t":"y"}`, `{"stat_t":{"a":1}}`,
				} {
					w.must(fmt.Sprintf("homeassistant/sensor/g%d/config", i), payload, false)
					w.must(fmt.Sprintf("homeassistant/device/g%d/config", i), payload, false)
				}
				w.must("lamps/d1", "not json", false)
				w.must("lamps/d1", `{"level":`+strings.Repeat("[", 5000), false)
				w.must("lamps/d1", `{"other":1}`, false)
				w.must("lamps/d1/here", "perhaps", false)
			},
		}
	})
}
