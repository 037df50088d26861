package server

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"hutong/mqtt/tap"
	"hutong/mqtt/topic"
)

// attached is one Tap and its filters.
type attached struct {
	tap     tap.Tap
	filters []string
}

func (a *attached) wants(name string) bool {
	return slices.ContainsFunc(a.filters, func(f string) bool { return topic.Match(f, name) })
}

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
	s.handRetained(a, seen)
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
	done := map[*message]bool{}
	for i, f := range a.filters {
		found, v := s.retained.match(f, after, now)
		if i == 0 {
			newest = v // later filters may see more; that comes again
		}
		for _, kept := range found {
			if done[kept] {
				continue
			}
			done[kept] = true
			if sink := a.tap.Route(kept.topic); sink != nil {
				m := kept.open(now)
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
	t.taps = append(slices.Clip(t.taps), a)
	t.tapGen.Add(1)
}

func (t *topics) detach(a *attached) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.taps = slices.DeleteFunc(slices.Clone(t.taps), func(b *attached) bool { return a == b })
	t.tapGen.Add(1)
}

// sinks asks every Tap that wants topic.
func (t *topics) sinks(topic string) (sinks []tapSink) {
	t.mu.RLock()
	taps := t.taps
	t.mu.RUnlock()
	for _, a := range taps {
		if !a.wants(topic) {
			continue
		}
		if sink := a.tap.Route(topic); sink != nil {
			sinks = append(sinks, tapSink{sink, a.tap})
		}
	}
	return sinks
}
