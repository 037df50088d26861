package mqttwot

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"hutong/binding"
	"hutong/mqtt"
	"hutong/thing"
)

// tap listens to the topics of one Thing.
type tap struct {
	run    *run
	device binding.Device
	sinks  []*sink // sorted by topic
	state  presence
}

// sink takes the messages of one topic of one Thing.
type sink struct {
	tap    *tap
	topic  string
	values []valueOf
	online []*signal
	answer bool
	wrong  atomic.Bool // the last value did not fit: log only the first of a row
}

type valueOf struct {
	format *format
	handle thing.Handle
	always bool // an empty payload is a value, too; else it is how a kept message is taken back
}

// signal is one of the ways a device says that it is there.
type signal struct {
	availability
	away bool
}

// presence is what all signals of a device come to.
type presence struct {
	mu      sync.Mutex
	signals []*signal
}

// tap makes the Tap for the topics of p.
func (p *plan) tap(r *run, device binding.Device) *tap {
	t := &tap{run: r, device: device}
	at := func(topic string) *sink {
		i, ok := t.search(topic)
		if !ok {
			t.sinks = slices.Insert(t.sinks, i, &sink{tap: t, topic: topic})
		}
		return t.sinks[i]
	}
	for _, i := range p.inlets {
		if h, ok := device.Handle(i.kind, i.name); ok {
			at(i.topic).add(valueOf{i.format, h, i.kind == thing.Event || i.format.emptyText()})
		}
	}
	for _, a := range p.available {
		s := at(a.Topic)
		sig := &signal{availability: a}
		t.state.signals = append(t.state.signals, sig)
		s.online = append(s.online, sig)
	}
	for _, topic := range p.responses {
		at(topic).answer = true
	}
	return t
}

// add has s feed one more point; forms that name topic and point twice feed it once.
func (s *sink) add(v valueOf) {
	for _, old := range s.values {
		if old.handle == v.handle {
			return
		}
	}
	s.values = append(s.values, v)
}

func (t *tap) search(topic string) (int, bool) {
	return slices.BinarySearchFunc(t.sinks, topic, func(s *sink, topic string) int { return strings.Compare(s.topic, topic) })
}

func (t *tap) topics() []string {
	list := make([]string, len(t.sinks))
	for i, s := range t.sinks {
		list[i] = s.topic
	}
	return list
}

// Route implements mqtt.Tap.
func (t *tap) Route(topic string) mqtt.Sink {
	if i, ok := t.search(topic); ok {
		return t.sinks[i]
	}
	return nil
}

// Wait implements mqtt.Tap.
func (t *tap) Wait(pos uint64) error { return t.run.hub.Wait(pos) }

// Publish implements mqtt.Sink.
func (s *sink) Publish(m *mqtt.Message) (pos uint64) {
	if s.answer {
		s.tap.run.b.answered(m)
	}
	for _, sig := range s.online {
		s.signalled(sig, string(m.Payload))
	}
	if len(s.values) == 0 {
		return 0
	}
	batch := s.tap.run.batches.Get().(*[]thing.Report)
	defer s.tap.run.batches.Put(batch)
	for i := range s.values {
		if v := &s.values[i]; len(m.Payload) > 0 || v.always {
			*batch = append(*batch, s.read(v, m))
		}
	}
	pos = s.tap.run.hub.Report(*batch)
	clear(*batch)
	*batch = (*batch)[:0]
	return pos
}

// Kind implements mqtt.Gatherer.
func (s *sink) Kind() any { return s.tap.run }

// Basket implements mqtt.Gatherer.
func (s *sink) Basket() mqtt.Basket { return &basket{run: s.tap.run} }

// Gather implements mqtt.Gatherer. What says that a device is there or gone must not be overtaken by its values, nor
// overtake them; and what is in a full basket goes ahead.
func (s *sink) Gather(m *mqtt.Message, b mqtt.Basket) bool {
	to, ok := b.(*basket)
	if !ok || s.answer || len(s.online) > 0 || len(to.reports) >= maxBasket {
		return false
	}
	for i := range s.values {
		if v := &s.values[i]; len(m.Payload) > 0 || v.always {
			to.reports = append(to.reports, s.read(v, m))
		}
	}
	return true
}

// basket gathers values of many devices.
type basket struct {
	run     *run
	reports []thing.Report
}

// maxBasket is how many values are in a full basket. The disk has them while the round goes on.
const maxBasket = 1024

// Empty implements mqtt.Basket.
func (b *basket) Empty() (pos uint64) {
	if len(b.reports) == 0 {
		return 0
	}
	pos = b.run.hub.Report(b.reports)
	clear(b.reports)
	b.reports = b.reports[:0]
	return pos
}

// Wait implements mqtt.Basket.
func (b *basket) Wait(pos uint64) error { return b.run.hub.Wait(pos) }

func (s *sink) read(v *valueOf, m *mqtt.Message) thing.Report {
	r := thing.Report{Point: v.handle, Quality: thing.Good, Retained: m.Retain}
	var err error
	if r.Value, err = v.format.decode(m.Payload); err != nil {
		r.Quality = thing.Bad
		if !s.wrong.Swap(true) {
			s.tap.run.b.warn("a value does not fit", "thing", s.tap.device.Thing().ID, "topic", s.topic, "error", err)
		}
		return r
	}
	s.wrong.Store(false)
	return r
}

// signalled notes what sig says and tells the hub whether the device is there by all of its signals.
func (s *sink) signalled(sig *signal, payload string) {
	s.tap.state.mu.Lock()
	defer s.tap.state.mu.Unlock()
	switch payload {
	case sig.Online:
		sig.away = false
	case sig.Offline:
		sig.away = true
	default:
		return
	}
	for _, other := range s.tap.state.signals {
		if other.away {
			s.tap.device.Online(false)
			return
		}
	}
	s.tap.device.Online(true)
}
