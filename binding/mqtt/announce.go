package mqttwot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"sync"

	"hutong/binding"
	"hutong/mqtt"
	"hutong/td"
	"hutong/thing"
)

const (
	lanes     = 8    // announcements worked on at once; those of one topic keep to one lane
	laneDepth = 64   // and waiting in each: then who announces waits
	maxFailed = 4096 // announcements remembered as not kept
)

// run is one run of the Binding. It is the Tap for announcements, which are taken in the sender's order and worked
// on by lanes, since a Sink may not call its broker.
type run struct {
	b     *Binding
	hub   binding.Hub
	ctx   context.Context // of Run
	stop  context.CancelFunc
	lanes [lanes]chan announcement
	all   sync.WaitGroup
	seed  maphash.Seed

	mu      sync.RWMutex
	byTopic map[string]*member
	byID    map[thing.ID]*member

	done    tracker
	batches sync.Pool // of *[]thing.Report
}

// announcement is one message at a topic below announceTopic.
type announcement struct {
	pos   uint64
	topic string
	from  string // the login that said so; "" where it isn't known
	text  []byte
}

// member is a Thing that lives here. Only the lane of its topic changes it.
type member struct {
	topic   string
	device  binding.Device
	outlets outlets
	detach  func()
}

func newRun(ctx context.Context, b *Binding, hub binding.Hub) *run {
	r := &run{
		b: b, hub: hub, seed: maphash.MakeSeed(),
		byTopic: make(map[string]*member), byID: make(map[thing.ID]*member),
	}
	r.ctx, r.stop = context.WithCancel(ctx)
	r.done.start()
	r.batches.New = func() any { return new([]thing.Report) }
	context.AfterFunc(r.ctx, r.done.close) // what the lanes leave behind nobody shall wait for
	for i := range r.lanes {
		lane := make(chan announcement, laneDepth)
		r.lanes[i] = lane
		r.all.Go(func() { r.work(lane) })
	}
	return r
}

// end stops the lanes and lets go of every topic. The Things stay: they are only out of reach.
func (r *run) end() {
	r.stop()
	r.all.Wait()
	r.done.close()
	for _, m := range r.byTopic {
		m.detach()
	}
}

// Route implements mqtt.Tap.
func (r *run) Route(topic string) mqtt.Sink {
	if len(topic) <= len(announceTopic) || !strings.HasPrefix(topic, announceTopic) {
		return nil
	}
	return r
}

// Publish implements mqtt.Sink. It blocks while too many announcements wait.
func (r *run) Publish(m *mqtt.Message) uint64 {
	a := announcement{r.done.begin(), m.Topic, m.From, slices.Clone(m.Payload)}
	lane := r.lanes[maphash.String(r.seed, m.Topic)%lanes]
	select {
	case lane <- a:
	case <-r.ctx.Done():
		r.done.end(a.pos, errStopped)
	}
	return a.pos
}

var errStopped = errors.New("the hub is stopping")

// Wait implements mqtt.Tap.
func (r *run) Wait(pos uint64) error { return r.done.wait(pos) }

func (r *run) work(lane <-chan announcement) {
	for {
		select {
		case a := <-lane:
			r.done.end(a.pos, r.take(a))
		case <-r.ctx.Done():
			return
		}
	}
}

// take works on one announcement. The error is for one that was right and yet could not be kept.
func (r *run) take(a announcement) error {
	if len(a.text) == 0 {
		r.withdraw(a.topic)
		r.b.topics.Release(a.topic)
		return nil
	}
	err := r.announce(a)
	var wrong *td.Error
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &wrong):
		r.b.log.Error("an announcement could not be kept", "binding", r.b.name, "topic", a.topic, "error", err)
		return fmt.Errorf("%s: %w", a.topic, err)
	}
	r.b.warn("an announcement is refused", "topic", a.topic, "error", err)
	if err := r.refuse(a.topic, err); err != nil {
		r.b.warn("the sender could not be told", "topic", a.topic, "error", err)
	}
	return nil
}

func (r *run) announce(a announcement) error {
	p, again := r.b.memory.take(a.text)
	var d *td.Thing
	if !again {
		var err error
		if d, p, err = r.b.read(a.text); err != nil {
			return err
		}
	}
	id := p.id
	old, err := r.claim(id, a.topic)
	if err != nil {
		return err
	}
	if err := r.b.topics.Claim(a.topic, a.from, append(p.says(), binding.OwnID(id)), p.takes); err != nil {
		r.unclaim(id)
		return &td.Error{Reason: err.Error(), Mend: "name other topics and another id, or let the same login announce it"}
	}
	device, err := r.enter(d, p, a.text)
	if err != nil {
		r.unclaim(id)
		if old == nil {
			r.b.topics.Release(a.topic)
		}
		return err
	}
	if old != nil && old.device == device {
		return nil
	}
	if old != nil && old.device.Thing().ID != id { // the topic stands for another Thing now
		r.withdraw(a.topic)
		old = nil
	}
	return r.adopt(a.topic, old, device, p)
}

// read makes the plan of a description.
func (b *Binding) read(text []byte) (*td.Thing, *plan, error) {
	d, err := td.Parse(text)
	if err != nil {
		return nil, nil, err
	}
	p, err := planOf(d)
	if err != nil {
		return nil, nil, err
	}
	b.shelf.settle(p)
	return d, p, nil
}

// enter announces a Thing to the hub; d is nil for one that it should know by its text.
func (r *run) enter(d *td.Thing, p *plan, text []byte) (device binding.Device, err error) {
	if d == nil {
		if device, ok := r.hub.Again(p.id, text); ok {
			return device, nil
		}
		if d, err = td.Parse(text); err != nil {
			return nil, err
		}
	}
	return r.hub.Announce(d)
}

// claim has id belong to topic, and returns what lives at topic already, nil for nothing.
func (r *run) claim(id thing.ID, topic string) (old *member, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch m := r.byID[id]; {
	case m == nil:
		r.byID[id] = &member{topic: topic}
	case m.topic != topic:
		return nil, &td.Error{Pointer: "/id", Reason: fmt.Sprintf("the Thing %s is announced at %s already", id, m.topic)}
	}
	return r.byTopic[topic], nil
}

// unclaim gives id back if nothing came of the claim.
func (r *run) unclaim(id thing.ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := r.byID[id]; m != nil && m.device == nil {
		delete(r.byID, id)
	}
}

// adopt listens to the topics of p for device in place of old, which may be nil.
func (r *run) adopt(topic string, old *member, device binding.Device, p *plan) error {
	m := &member{topic: topic, device: device, outlets: slices.Clip(p.outlets), detach: func() {}}
	r.mu.Lock()
	r.byTopic[topic], r.byID[device.Thing().ID] = m, m
	r.mu.Unlock()
	if old != nil {
		old.detach()
	}
	if tap := p.tap(r, device); len(tap.sinks) > 0 {
		detach, err := r.b.broker.Attach(tap, tap.topics()...)
		if err != nil {
			return fmt.Errorf("listen to the topics of %s: %w", device.Thing().ID, err)
		}
		m.detach = detach
	}
	return nil
}

func (r *run) withdraw(topic string) {
	r.mu.Lock()
	m := r.byTopic[topic]
	delete(r.byTopic, topic)
	if m != nil {
		delete(r.byID, m.device.Thing().ID)
	}
	r.mu.Unlock()
	if m != nil {
		m.detach()
		m.device.Withdraw()
	}
}

// refuse tells who listens why the announcement at topic is refused.
func (r *run) refuse(topic string, err error) error {
	type wrong struct {
		Pointer string `json:"pointer"`
		Reason  string `json:"reason"`
		Mend    string `json:"mend,omitempty"`
	}
	var text struct {
		Errors []wrong `json:"errors"`
	}
	var many td.Errors
	var one *td.Error
	if errors.As(err, &many) {
		for _, e := range many {
			text.Errors = append(text.Errors, wrong{e.Pointer, e.Reason, e.Mend})
		}
	} else if errors.As(err, &one) {
		text.Errors = []wrong{{one.Pointer, one.Reason, one.Mend}}
	}
	payload, err := json.Marshal(text)
	if err != nil {
		return err
	}
	return r.b.broker.Publish(r.ctx, &mqtt.Message{
		Topic: refusedTopic + strings.TrimPrefix(topic, announceTopic), Payload: payload, QoS: 0,
		Properties: &mqtt.Properties{ContentType: "application/json"},
	})
}

// outlet is where a Command for ref goes.
func (r *run) outlet(ref thing.Ref) (*outlet, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	m := r.byID[ref.Thing]
	if m == nil {
		return nil, fmt.Errorf("%s: %w", ref, errUnknown)
	}
	if to := m.outlets.of(ref); to != nil {
		return to, nil
	}
	return nil, fmt.Errorf("%s: its description has no MQTT form for that", ref)
}

// tracker knows up to where announcements are done.
type tracker struct {
	mu     sync.Mutex
	moved  *sync.Cond
	next   uint64          // position to give out
	low    uint64          // all below are done
	ahead  map[uint64]bool // done, but not all before them
	failed map[uint64]error
	order  []uint64 // keys of failed, oldest first
	closed bool
}

func (t *tracker) start() {
	t.moved = sync.NewCond(&t.mu)
	t.next, t.low = 1, 1
	t.ahead, t.failed = make(map[uint64]bool), make(map[uint64]error)
}

func (t *tracker) begin() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.next++
	return t.next - 1
}

// newest is the last position given out, 0 for none.
func (t *tracker) newest() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.next - 1
}

func (t *tracker) end(pos uint64, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		t.failed[pos] = err
		t.order = append(t.order, pos)
		if len(t.order) > maxFailed {
			delete(t.failed, t.order[0])
			t.order = t.order[1:]
		}
	}
	t.ahead[pos] = true
	for t.ahead[t.low] {
		delete(t.ahead, t.low)
		t.low++
	}
	t.moved.Broadcast()
}

// wait blocks until all up to pos are done, and returns the error of pos itself.
func (t *tracker) wait(pos uint64) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.low <= pos {
		if t.closed {
			return errStopped
		}
		t.moved.Wait()
	}
	return t.failed[pos]
}

func (t *tracker) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.moved.Broadcast()
}
