// Package mqttwot reaches Things that announce themselves by publishing their Thing Description over MQTT.
//
// # Announcing
//
// A retained TD at hutong/td/ANYTHING makes a Thing; an empty payload there withdraws it. A TD that is not valid, or
// whose forms cannot be followed, changes nothing: why is logged and published, not retained, at
// hutong/td-refused/ANYTHING as {"errors":[{"pointer":"/properties/on/forms/0","reason":"..."}]}. A QoS 1 or 2
// announcement is acknowledged when the description is on disk.
//
// # Forms
//
// Forms are read by the W3C MQTT binding (https://w3c.github.io/wot-binding-templates/bindings/protocols/mqtt). A form
// counts when its href is mqtt or mqtts, or it has one of the terms below; which broker the href names does not
// matter: the one that carried the TD is meant.
//
//   - mqv:topic or mqv:filter (text, or a list of texts) is the topic, else it is the path of href. No wildcards.
//   - readproperty, observeproperty, subscribeevent: the device publishes there.
//   - writeproperty, invokeaction: the hub publishes there with mqv:qos (0, 1 or 2; 1 when left out) and mqv:retain
//     (false when left out).
//   - mqv:controlPacket tells what a form without op is for.
//   - mqv:responseTopic: a Command is completed when a message with its MQTT 5 correlation data comes there. The
//     payload is the action's output; a user property "error" is why it failed.
//   - contentType is application/json or another JSON, or text for the bare value.
//
// At the level of the Thing hutong:availability is {"topic","online","offline"}, or a list of such: the payloads by
// which the device says that it is there ("online" and "offline" when left out); all of a list must.
//
// What is announced belongs to the login that announced it: its topics, those of links with an mqtt address, and its
// id, which another login's announcement can't have ([Options].Topics).
//
// A value is decoded and judged by its schema; one that does not fit is reported as Bad. QoS 1 and 2 values are
// acknowledged when they are on disk.
package mqttwot

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"hutong/binding"
	"hutong/mould"
	"hutong/mqtt"
	"hutong/thing"
)

const (
	announceTopic = "hutong/td/"
	refusedTopic  = "hutong/td-refused/"
)

// Options of a Binding.
type Options struct {
	Broker mqtt.Broker
	Topics binding.Topics // nil: everybody may announce everything
	Name   string         // "mqtt" when empty
	Log    *slog.Logger   // nil is silent
}

// Binding reaches the Things that are described on one broker. It implements binding.Binding.
type Binding struct {
	name   string
	broker mqtt.Broker
	topics binding.Topics
	poster mqtt.Poster // broker, when it is one in this process
	log    *slog.Logger
	often  rate.Sometimes // lets strangers fill the log only slowly

	shelf  shelf
	memory memory

	heard chan struct{}
	once  sync.Once

	mu      sync.RWMutex
	run     *run // nil while it does not run
	answers map[string]chan answer
}

// answer is what a device says to a Command that it answers.
type answer struct {
	payload []byte
	refusal string
}

// New makes a Binding; nothing happens until Run.
func New(o Options) *Binding {
	b := &Binding{
		name: o.Name, broker: o.Broker, topics: o.Topics, log: o.Log, answers: make(map[string]chan answer),
		often: rate.Sometimes{First: 50, Interval: time.Second}, heard: make(chan struct{}),
		memory: memory{seed: maphash.MakeSeed()},
	}
	b.memory.alike = mould.New(b.plan, own)
	b.poster, _ = o.Broker.(mqtt.Poster)
	if b.name == "" {
		b.name = "mqtt"
	}
	if b.topics == nil {
		b.topics = binding.Everybodys{}
	}
	if b.log == nil {
		b.log = slog.New(slog.DiscardHandler)
	}
	return b
}

// Heard implements binding.Hearer.
func (b *Binding) Heard() <-chan struct{} { return b.heard }

// Name implements binding.Binding.
func (b *Binding) Name() string { return b.name }

// warn logs what a stranger did wrong.
func (b *Binding) warn(text string, args ...any) {
	b.often.Do(func() { b.log.Warn(text, append([]any{"binding", b.name}, args...)...) })
}

// Run implements binding.Binding.
func (b *Binding) Run(ctx context.Context, hub binding.Hub) error {
	r := newRun(ctx, b, hub)
	b.mu.Lock()
	b.run = r
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		b.run = nil
		b.mu.Unlock()
		r.end()
	}()
	detach, err := b.broker.Attach(r, announceTopic+"#")
	if err != nil {
		return fmt.Errorf("%s: listen to %s#: %w", b.name, announceTopic, err)
	}
	defer detach()
	if r.done.wait(r.done.newest()) == nil || ctx.Err() == nil { // one that could not be kept is logged and will not hold up the rest
		b.once.Do(func() { b.memory.end(); close(b.heard) })
	}
	if c, ok := b.broker.(link); ok {
		return b.watch(ctx, c)
	}
	<-ctx.Done()
	return nil
}

// link is a Broker that may be out of reach, as a mqtt.Client is.
type link interface{ Connected() bool }

// absence is how long the broker may be out of reach until Run fails, so that the hub learns that its devices are, too.
const absence = 10 * time.Second

func (b *Binding) watch(ctx context.Context, l link) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for seen := time.Now(); ; {
		select {
		case now := <-tick.C:
			if l.Connected() {
				seen = now
			} else if now.Sub(seen) >= absence {
				return fmt.Errorf("%s: the broker has been out of reach for %s", b.name, absence)
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// Do implements binding.Binding.
func (b *Binding) Do(ctx context.Context, cmd thing.Command) (thing.Value, error) {
	b.mu.RLock()
	r := b.run
	b.mu.RUnlock()
	if r == nil {
		return thing.Null(), fmt.Errorf("%s: binding %s does not run", cmd.Ref, b.name)
	}
	to, err := r.outlet(cmd.Ref)
	if err != nil {
		return thing.Null(), err
	}
	if err := ctx.Err(); err != nil {
		return thing.Null(), err
	}
	m, err := to.message(cmd.Input)
	if err != nil {
		return thing.Null(), fmt.Errorf("%s: %w", cmd.Ref, err)
	}
	if to.response != "" {
		return b.ask(ctx, cmd.Ref, to, m)
	}
	if err := b.broker.Publish(ctx, m); err != nil {
		return thing.Null(), fmt.Errorf("%s: publish to %s: %w", cmd.Ref, to.topic, err)
	}
	return thing.Null(), nil
}

// Ready implements binding.Prompt: a message to a broker in this process, which nobody answers.
func (b *Binding) Ready(cmd *thing.Command) bool {
	to := b.prompt(cmd.Ref)
	return to != nil && b.poster.Ready(to.topic, to.qos)
}

// prompt is the outlet of ref when no answer is awaited there, else nil.
func (b *Binding) prompt(ref thing.Ref) *outlet {
	b.mu.RLock()
	r := b.run
	b.mu.RUnlock()
	if r == nil || b.poster == nil {
		return nil
	}
	to, err := r.outlet(ref)
	if err != nil || to.response != "" || to.retain {
		return nil
	}
	return to
}

// Now implements binding.Prompt.
func (b *Binding) Now(cmds []thing.Command, errs []error) {
	for i := range cmds {
		errs[i] = b.post(&cmds[i])
	}
	b.poster.Flush()
}

func (b *Binding) post(cmd *thing.Command) error {
	to := b.prompt(cmd.Ref)
	if to == nil {
		return fmt.Errorf("%s: its description has just changed", cmd.Ref)
	}
	m, err := to.message(cmd.Input)
	if err != nil {
		return fmt.Errorf("%s: %w", cmd.Ref, err)
	}
	if err := b.poster.Post(m); err != nil {
		return fmt.Errorf("%s: publish to %s: %w", cmd.Ref, to.topic, err)
	}
	return nil
}

// ask publishes m and waits for the device's answer.
func (b *Binding) ask(ctx context.Context, ref thing.Ref, to *outlet, m *mqtt.Message) (thing.Value, error) {
	key := rand.Text()
	came := make(chan answer, 1)
	b.mu.Lock()
	b.answers[key] = came
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		delete(b.answers, key)
		b.mu.Unlock()
	}()
	m.Properties = &mqtt.Properties{ResponseTopic: to.response, CorrelationData: []byte(key)}
	if err := b.broker.Publish(ctx, m); err != nil {
		return thing.Null(), fmt.Errorf("%s: publish to %s: %w", ref, to.topic, err)
	}
	select {
	case a := <-came:
		if a.refusal != "" {
			return thing.Null(), fmt.Errorf("%s: %s", ref, a.refusal)
		}
		v, err := to.output.decode(a.payload)
		if err != nil {
			return thing.Null(), fmt.Errorf("%s: the answer: %w", ref, err)
		}
		return v, nil
	case <-ctx.Done():
		return thing.Null(), fmt.Errorf("%s: no answer at %s: %w", ref, to.response, context.Cause(ctx))
	}
}

// answered hands m to the Command that waits for it; anything else that comes to a response topic is nobody's.
func (b *Binding) answered(m *mqtt.Message) {
	if m.Properties == nil || m.Retain {
		return
	}
	b.mu.RLock()
	came := b.answers[string(m.Properties.CorrelationData)]
	b.mu.RUnlock()
	if came == nil {
		return
	}
	a := answer{payload: append([]byte(nil), m.Payload...)}
	for _, u := range m.Properties.User {
		if u.Name == "error" {
			a.refusal = u.Value
		}
	}
	select {
	case came <- a:
	default: // the first answer counts
	}
}

var errUnknown = errors.New("nobody has announced this Thing here")
