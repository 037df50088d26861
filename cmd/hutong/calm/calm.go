// Package calm keeps a log from becoming the flood that it tells of.
package calm

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// A log must not become the flood it tells of: of one message, told by one part of the program, a burst is written and
// then one a second; and no text in it is longer than a line can bear. What was left out is counted in the next.
const (
	calmBurst   = 20
	calmEvery   = time.Second
	calmText    = 512  // bytes of one attribute
	calmSubject = 1024 // messages that are told apart
)

// calm is a slog.Handler that keeps to that.
type calm struct {
	next  slog.Handler
	state *calmState
}

type calmState struct {
	mu    sync.Mutex
	about map[string]*bucket
}

// bucket is what one message has left: it holds calmBurst records and gets one back each calmEvery.
type bucket struct {
	room    float64
	last    time.Time
	leftOut int
}

// New is a Handler that hands on to next what there is room for.
func New(next slog.Handler) slog.Handler {
	return calm{next, &calmState{about: map[string]*bucket{}}}
}

func (c calm) Enabled(ctx context.Context, level slog.Level) bool { return c.next.Enabled(ctx, level) }

func (c calm) WithAttrs(attrs []slog.Attr) slog.Handler {
	return calm{c.next.WithAttrs(attrs), c.state}
}

func (c calm) WithGroup(name string) slog.Handler { return calm{c.next.WithGroup(name), c.state} }

// Handle implements slog.Handler.
func (c calm) Handle(ctx context.Context, r slog.Record) error {
	leftOut, ok := c.state.take(r.Message, r.Time)
	if !ok {
		return nil
	}
	short := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	r.Attrs(func(a slog.Attr) bool {
		short.AddAttrs(shorten(a))
		return true
	})
	if leftOut > 0 {
		short.AddAttrs(slog.Int("left_out", leftOut))
	}
	return c.next.Handle(ctx, short)
}

// take says whether a record may be written, and how many like it were not since the last.
func (s *calmState) take(message string, now time.Time) (leftOut int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.about[message]
	if b == nil {
		if len(s.about) >= calmSubject {
			message = "" // all that are new share one
		}
		if b = s.about[message]; b == nil {
			b = &bucket{room: calmBurst, last: now}
			s.about[message] = b
		}
	}
	b.room = min(calmBurst, b.room+max(0, now.Sub(b.last).Seconds()/calmEvery.Seconds()))
	b.last = now
	if b.room < 1 {
		b.leftOut++
		return 0, false
	}
	b.room--
	leftOut, b.leftOut = b.leftOut, 0
	return leftOut, true
}

// shorten cuts a text that a device may have made as long as it liked.
func shorten(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	text := ""
	switch v.Kind() {
	case slog.KindString:
		text = v.String()
	case slog.KindAny:
		switch x := v.Any().(type) {
		case error:
			text = x.Error()
		case fmt.Stringer:
			text = x.String()
		default:
			return a
		}
	default:
		return a
	}
	if len(text) <= calmText {
		return a
	}
	return slog.String(a.Key, fmt.Sprintf("%s... (%d bytes)", text[:calmText], len(text)))
}
