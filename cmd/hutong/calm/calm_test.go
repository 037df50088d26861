package calm

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestALogIsNoFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		log := slog.New(New(slog.NewTextHandler(&out, nil))).With("part", "mqtt")
		lines := func() int {
			n := strings.Count(out.String(), "\n")
			out.Reset()
			return n
		}
		for range 10_000 {
			log.Warn("refused", "topic", strings.Repeat("x", 65_535), "error", errors.New(strings.Repeat("y", 65_535)))
		}
		if longest := len(out.String()) / calmBurst; longest > 2*calmText+300 {
			t.Errorf("a line is about %d bytes long", longest)
		}
		if n := lines(); n != calmBurst {
			t.Errorf("%d lines of one message, want %d", n, calmBurst)
		}
		log.Warn("another")
		if n := lines(); n != 1 {
			t.Error("one message silences another")
		}
		time.Sleep(calmEvery)
		log.Warn("refused")
		if text := out.String(); !strings.Contains(text, "left_out=9980") {
			t.Errorf("what was left out is not told: %s", text)
		}
		for i := range 100_000 {
			log.Warn(strings.Repeat("z", i%5000))
		}
		if n := lines(); n > calmSubject*calmBurst+calmBurst {
			t.Errorf("%d lines of ever new messages", n)
		}
	})
}
