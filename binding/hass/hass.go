// Package hass understands what announces itself by Home Assistant's MQTT discovery (home-assistant.io, MQTT,
// "MQTT Discovery") and makes a Thing of each device: per-entity and device-based announcements, with all their
// abbreviations, availability and templates. It sends commands exactly as Home Assistant would.
//
// Entities of one device are one Thing. Its id is "urn:hutong:hass:" with the device's first identifier, or the
// unique id or discovery topic of an entity without a device. An entity's main affordance is named after the last
// level of its discovery topic (or its key in a device-based announcement), the others add "_" and what they are:
// light, light_brightness, light_color. When two entities of a device want one name, the one that is most of a device
// keeps it (a light before a sensor, a sensor before a select) and the other adds "_" and its component.
//
// What is not known is Bad, never guessed: a state "None", a value that does not fit. A property whose entity is
// optimistic, or has no state topic, takes what it was last told with quality Uncertain.
package hass

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"hutong/binding"
	"hutong/binding/hass/jinja/py"
	"hutong/mqtt"
	"hutong/thing"
)

// SimulatedOrigin is the origin name by which an announcement says that its device is pretended.
const SimulatedOrigin = "hutong-sim"

// Options say how a Binding works. Broker is needed; the rest have defaults.
type Options struct {
	Broker mqtt.Broker
	Topics binding.Topics // nil: everybody may announce everything
	Prefix string         // of discovery topics; "homeassistant"
	Grace  time.Duration  // between the end of an announcement and the end of its Thing; 10 s
	Settle time.Duration  // how long to gather the entities of a device before announcing it; 200 ms
	Href   string         // what forms name the broker; "mqtt://localhost:1883"
	Log    *slog.Logger   // where refused announcements are told; slog.Default()
	Local  *time.Location // of templates; time.Local
	Now    func() time.Time
}

// Binding is the Home Assistant discovery binding.
type Binding struct {
	o   Options
	env *py.Env

	heard chan struct{}
	once  sync.Once

	mu      sync.RWMutex
	devices map[thing.ID]*announced
}

// New makes a Binding that is not running yet.
func New(o Options) *Binding {
	if o.Prefix == "" {
		o.Prefix = "homeassistant"
	}
	if o.Topics == nil {
		o.Topics = binding.Everybodys{}
	}
	if o.Grace == 0 {
		o.Grace = 10 * time.Second
	}
	if o.Settle == 0 {
		o.Settle = 200 * time.Millisecond
	}
	if o.Href == "" {
		o.Href = "mqtt://localhost:1883"
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Local == nil {
		o.Local = time.Local
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Binding{o: o, env: &py.Env{Now: o.Now, Local: o.Local}, devices: map[thing.ID]*announced{}, heard: make(chan struct{})}
}

// Heard implements binding.Hearer.
func (b *Binding) Heard() <-chan struct{} { return b.heard }

// Name is "hass".
func (b *Binding) Name() string { return "hass" }

// Run announces and reports until ctx ends. It publishes Home Assistant's birth message when it listens and its
// last will when it ends, so that devices announce themselves anew.
func (b *Binding) Run(ctx context.Context, hub binding.Hub) error {
	s := newSession(b, hub)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	attached := make(chan error, 1)
	var detach func()
	go func() {
		var err error
		detach, err = b.o.Broker.Attach(&discoveryTap{s, ctx}, b.o.Prefix+"/+/+/config", b.o.Prefix+"/+/+/+/config")
		attached <- err
	}()
	err := s.loop(ctx, attached)
	cancel()
	if s.listening || <-attached == nil {
		detach()
	}
	s.close()
	return err
}

// status publishes Home Assistant's own availability.
func (b *Binding) status(ctx context.Context, state string) error {
	m := &mqtt.Message{Topic: b.o.Prefix + "/status", Payload: []byte(state)}
	if err := b.o.Broker.Publish(ctx, m); err != nil {
		return fmt.Errorf("hass: publish %s: %w", m.Topic, err)
	}
	return nil
}

var errNoPoint = errors.New("no such property or action")

// Do writes a property or invokes an action: it publishes what Home Assistant would publish, in order, and returns
// when the broker has it.
func (b *Binding) Do(ctx context.Context, cmd thing.Command) (thing.Value, error) {
	if err := ctx.Err(); err != nil {
		return thing.Value{}, fmt.Errorf("hass: %s: %w", cmd.Ref, err)
	}
	b.mu.RLock()
	d := b.devices[cmd.Ref.Thing]
	b.mu.RUnlock()
	if d == nil {
		return thing.Value{}, fmt.Errorf("hass: %s is not announced", cmd.Ref.Thing)
	}
	if err := d.do(ctx, b.o.Broker, cmd); err != nil {
		return thing.Value{}, fmt.Errorf("hass: %s: %w", cmd.Ref, err)
	}
	return thing.Value{}, nil
}
