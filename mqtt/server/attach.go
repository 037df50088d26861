package server

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"hutong/mqtt/kept"
	"hutong/mqtt/tap"
	"hutong/mqtt/topic"
)

// attached is one Tap and its filters.
type attached struct {
	tap     tap.Tap
	filters []string
}

// Wait implements line.Waiter. A pointer can always be compared, a Tap perhaps not.
func (a *attached) Wait(pos uint64) error { return a.tap.Wait(pos) }

// Attach implements Broker. Retained messages are handed over before Attach returns, each topic's newest last.
func (s *Server) Attach(tap tap.Tap, filters ...string) (detach func(), err error) {
	if err := checkFilters(filters); err != nil {
		return nil, err
	}
	a := &attached{tap, slices.Clone(filters)}
	// Retained messages first, without a lock, since a Sink may block; then those that came meanwhile. A message
	// that arrives while the Tap is being entered may come twice, never not at all.
	var seen uint64
	for range 8 {
		newest := s.handRetained(a, seen)
		if newest <= seen {
			break
		}
		seen = newest
	}
	s.topics.attach(a)
	// Now messages come by two ways, and an older one may be handed over after a newer: then the newest comes again.
	for range 8 {
		newest := s.handRetained(a, seen)
		if newest <= seen {
			break
		}
		seen = newest
	}
	return func() { s.topics.detach(a) }, nil
}

func checkFilters(filters []string) error {
	if len(filters) == 0 {
		return errors.New("mqtt: a tap needs a filter")
	}
	for _, f := range filters {
		if group, _ := topic.SplitShare(f); group != "" || !topic.ValidFilter(f) {
			return fmt.Errorf("mqtt: %q is not a filter a tap can be attached to", f)
		}
	}
	return nil
}

func (s *Server) handRetained(a *attached, after uint64) (newest uint64) {
	now := time.Now()
	done := map[*kept.Message]bool{}
	for i, f := range a.filters {
		found, v := s.retained.Match(f, after, now)
		if i == 0 {
			newest = v // later filters may see more; that comes again
		}
		for _, old := range found {
			if done[old] {
				continue
			}
			done[old] = true
			if sink := a.tap.Route(old.Topic); sink != nil {
				m := old.Open(now)
				m.Retain = true
				sink.Publish(&m)
			}
		}
	}
	return newest
}

// Forget implements Broker. Authorize is asked again, too.
func (s *Server) Forget() { s.topics.tapGen.Add(1) }

func (t *topics) attach(a *attached) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, f := range a.filters {
		at, _ := t.taps.Get(f)
		t.taps.Put(f, append(slices.Clip(at), a))
	}
	t.tapGen.Add(1)
}

func (t *topics) detach(a *attached) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, f := range a.filters {
		at, _ := t.taps.Get(f)
		at = slices.DeleteFunc(slices.Clone(at), func(b *attached) bool { return a == b })
		if len(at) == 0 {
			t.taps.Remove(f)
		} else {
			t.taps.Put(f, at)
		}
	}
	t.tapGen.Add(1)
}

// sinks asks every Tap that wants topic.
func (t *topics) sinks(topic string) (sinks []tapSink) {
	var wanting []*attached
	t.mu.RLock()
	t.taps.FiltersFor(topic, func(at []*attached) {
		for _, a := range at {
			if !slices.Contains(wanting, a) {
				wanting = append(wanting, a)
			}
		}
	})
	t.mu.RUnlock()
	for _, a := range wanting {
		if sink := a.tap.Route(topic); sink != nil {
			many, _ := sink.(tap.Gatherer)
			sinks = append(sinks, tapSink{sink, many, a})
		}
	}
	return sinks
}

// anew is r, or what has become of it when somebody attached or subscribed meanwhile. A retained message asks again
// when it has been kept, since who came in between was not handed it with the others.
func (t *topics) anew(r *route, from *session) *route {
	if (!r.tapped || r.tapGen == t.tapGen.Load()) && r.subGen == t.subGen.Load() {
		return r
	}
	n := &route{topic: r.topic, tapped: r.tapped, tapGen: t.tapGen.Load()}
	if n.tapped {
		n.sinks = t.sinks(n.topic)
	}
	t.find(n, from)
	return n
}
