package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"hutong/binding"
	"hutong/binding/hass"
	wot "hutong/binding/mqtt"
	"hutong/gate"
	"hutong/mqtt"
)

// bindings is the list of ways to reach devices. A new protocol is a line here.
func (h *Hub) bindings() []binding.Binding {
	here := []binding.Binding{
		hass.New(hass.Options{Broker: h.mqtt, Topics: h.owners(), Href: h.mqttURL(), Log: h.log}),
		wot.New(wot.Options{Broker: h.mqtt, Topics: h.owners(), Log: h.log}),
	}
	for _, b := range here {
		if b, ok := b.(binding.Hearer); ok {
			h.local = append(h.local, b)
		}
	}
	if h.upstream == nil {
		return here
	}
	return append(here,
		named{hass.New(hass.Options{Broker: h.upstream, Href: withoutUser(h.config.Upstream), Log: h.log}), "upstream-hass"},
		wot.New(wot.Options{Name: "upstream-mqtt", Broker: h.upstream, Log: h.log}),
	)
}

// owners says whose topics are whose on the hub's own broker: on an open hub, everybody's.
func (h *Hub) owners() binding.Topics {
	if h.topics == nil {
		return binding.Everybodys{}
	}
	return h.topics
}

// named is a binding under another name, so that one convention can be lived in two brokers.
type named struct {
	binding.Binding
	name string
}

func (n named) Name() string { return n.name }

// withoutUser is a broker's address without the credentials in it, as it may be shown.
func withoutUser(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	u.User = nil
	return u.String()
}

// absence is how long messages are kept for a client that is away: a forgotten one must not fill its queue, since a full
// queue refuses what it cannot keep.
const absence = 24 * time.Hour

// openDevices starts what devices connect to. Nothing is accepted before run.
func (h *Hub) openDevices() (err error) {
	h.mqtt, err = mqtt.NewServer(mqtt.Options{
		Authenticate: h.mayConnect, Authorize: h.mayUse, Store: h.registry.Blobs(), Log: h.log, MaxSessionExpiry: absence,
	})
	if err != nil {
		return fmt.Errorf("mqtt: %w", err)
	}
	h.later(func() error { return h.mqtt.Close(context.Background()) })
	if !h.config.Open {
		h.topics, err = gate.OpenTopics(gate.TopicsOptions{
			Tokens: h.gate.Tokens, Kept: h.registry.Records(topicRecords), Changed: h.mqtt.Forget, Now: time.Now, Log: h.log,
		})
		if err != nil {
			return err
		}
	}
	if h.config.Upstream != "" {
		h.upstream, err = mqtt.StartClient(mqtt.ClientOptions{URL: h.config.Upstream, ClientID: "hutong", Log: h.log})
		if err != nil {
			return fmt.Errorf("--mqtt-upstream: %w", err)
		}
		h.later(h.upstream.Close)
	}
	h.devices, err = binding.New(binding.Options{
		Things: described{h.twin, h.memory}, Values: h.twin, Registry: h.registry, Bindings: h.bindings(), Log: h.log,
	})
	if err != nil {
		return err
	}
	n, err := h.devices.Load()
	if err != nil {
		return err
	}
	h.log.Debug("things remembered", "count", n)
	return nil
}

// hearing is how long the bindings have to take what the hub's own broker had kept, and hearingEach how much longer for
// each Thing.
const (
	hearing     = 5 * time.Second
	hearingEach = 2 * time.Millisecond
)

// hear waits until the bindings hear the devices they knew before: what is acknowledged must have somebody who takes it.
func (h *Hub) hear(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, hearing+time.Duration(h.twin.Stats().Things)*hearingEach)
	defer cancel()
	for _, b := range h.local {
		select {
		case <-b.Heard():
		case <-ctx.Done():
			h.log.Warn("not all devices were heard in time")
			return
		}
	}
}

// mayConnect asks the gate about a device that wants to connect.
func (h *Hub) mayConnect(_ context.Context, who *mqtt.Login) error {
	id, err := h.gate.Device(who.Username, string(who.Password))
	if err != nil {
		return err
	}
	who.Grant = id
	return nil
}

// topicRecords is the kind of records that say whose topics are whose.
const topicRecords = "topic"

// mayUse lets a device that may connect use every topic but the hub's own, and on a hub that isn't open publish at no
// topic that is another login's, or where a device takes orders: these come through the gate, or from an admin.
func (h *Hub) mayUse(who *mqtt.Login, topic string, write bool) error {
	id, ok := who.Grant.(gate.Identity)
	admin := ok && id.Role == gate.Admin
	if strings.HasPrefix(topic, "$SYS") {
		if admin && !write {
			return nil
		}
		return fmt.Errorf("%s is the broker's own", topic)
	}
	if h.topics == nil || !write {
		return nil
	}
	if !admin && (strings.HasPrefix(topic, "hutong/td-refused/") || topic == "homeassistant/status") {
		return fmt.Errorf("%s is the hub's own", topic)
	}
	return h.topics.May(id, topic)
}
