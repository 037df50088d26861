package main

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"hutong/thing"
)

// What a clock has to do to be doubted, and what follows. Retention deletes by the clock: one that is set forward by a year
// for a minute must not cost a year of history.
const (
	maxStep = time.Hour           // it may be set by so much at once
	maxAway = 30 * 24 * time.Hour // a hub may have been off for so long
	doubt   = 24 * time.Hour      // for so long nothing is deleted: time to set it right
)

// steady judges whether the clock may be deleted by.
type steady struct {
	wall    thing.Time    // what the clock said last, before the start when it was trusted last; 0 when nobody knows
	up      time.Duration // how long the hub had run then, by a clock that nobody sets
	started bool
	until   time.Duration // doubted until the hub has run this long
}

// trust takes what the clock says, and how long the hub has run. Stepped is by how much the clock is off what was to be
// expected, 0 when it is not.
func (s *steady) trust(wall thing.Time, up time.Duration) (ok bool, stepped time.Duration) {
	if s.wall != 0 {
		stepped = time.Duration(wall-s.wall) - (up - s.up)
	}
	expected := stepped >= -maxStep && stepped <= maxStep
	if !s.started {
		expected = stepped >= -maxStep && stepped <= maxAway
	}
	s.wall, s.up, s.started = wall, up, true
	if expected {
		return up >= s.until, 0
	}
	s.until = up + doubt
	return false, stepped
}

// clockFile says in a data folder what the clock said when it was trusted last: what a start compares it with. Without it
// the newest value kept is taken, which a clock that was wrong may have stamped.
const clockFile = "clock"

// readClock gives what writeClock wrote, or the fallback.
func readClock(data string, fallback thing.Time) thing.Time {
	text, err := os.ReadFile(filepath.Join(data, clockFile))
	if err != nil {
		return fallback
	}
	t, err := time.Parse(time.RFC3339, strings.TrimSpace(string(text)))
	if err != nil {
		return fallback
	}
	return thing.At(t)
}

func writeClock(data string, now thing.Time) error {
	return writeWhole(filepath.Join(data, clockFile), []byte(now.Std().UTC().Format(time.RFC3339)+"\n"))
}
