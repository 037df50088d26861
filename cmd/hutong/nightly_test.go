package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// nights runs the nightly backups for a while of made-up time, and gives when each was made, in hours since it began.
func nights(t *testing.T, dir string, hours int, fail func(n int) bool) (at []float64) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { // begins at midnight UTC
		began := time.Now()
		tries := 0
		n := &nightly{to: dir, keep: 3, zone: time.FixedZone("", 8*3600), log: slog.New(slog.DiscardHandler)}
		n.made = func(_ context.Context, _, to string, now time.Time) error {
			if tries++; fail(tries) {
				return errors.New("the disk is full")
			}
			at = append(at, now.Sub(began).Hours())
			return os.WriteFile(to, nil, 0o600)
		}
		ctx, stop := context.WithTimeout(t.Context(), time.Duration(hours)*time.Hour)
		defer stop()
		if err := n.run(ctx); err != nil {
			t.Error(err)
		}
	})
	return at
}

func never(int) bool { return false }

func TestABackupIsMadeSoonAndThenEveryNight(t *testing.T) {
	dir := t.TempDir()
	at := nights(t, dir, 80, never)
	if want := []float64{1. / 6, 19, 43, 67}; !slices.Equal(at, want) { // 03:00 at +8 is 19:00 UTC
		t.Errorf("made at %v, want %v", at, want)
	}
	left, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(left) != 3 {
		t.Errorf("%d are kept: %v", len(left), left)
	}
	if again := nights(t, dir, 18, never); len(again) > 1 {
		t.Errorf("and after a restart at %v", again)
	}
}

func TestABackupThatFailsIsTriedAgain(t *testing.T) {
	at := nights(t, t.TempDir(), 20, func(n int) bool { return n == 1 })
	if want := []float64{1./6 + 1 + 1./6, 19}; len(at) != 2 || at[0] != want[0] || at[1] != want[1] {
		t.Errorf("made at %v, want %v", at, want)
	}
}

func TestWhatIsNotANightlyBackupStays(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"hutong-2020-01-01-000000.tar.zst", "nightly-2020-01-01-000000.tar.zst.part", "notes.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	nights(t, dir, 100, never)
	left, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(left) != 5 || filepath.Base(left[0]) != "hutong-2020-01-01-000000.tar.zst" || filepath.Base(left[4]) != "notes.txt" {
		t.Errorf("left: %v", left)
	}
}
