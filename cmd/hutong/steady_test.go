package main

import (
	"testing"
	"time"

	"hutong/thing"
)

func TestAClockThatJumpsIsNotDeletedBy(t *testing.T) {
	const day = 24 * time.Hour
	noon := thing.At(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	for _, c := range []struct {
		name   string
		newest thing.Time
		walls  []time.Duration // after noon, a minute of running each
		want   string          // y: trusted, n: not, N: not, and it is told
	}{
		{"a new hub", 0, []time.Duration{0, time.Minute, 2 * time.Minute}, "yyy"},
		{"a restart", noon - thing.Time(time.Minute), []time.Duration{0, time.Minute}, "yy"},
		{"a fortnight off", noon - thing.Time(14*day), []time.Duration{0, time.Minute}, "yy"},
		{"a start a year ahead", noon - thing.Time(365*day), []time.Duration{0, time.Minute}, "Nn"},
		{"a start in 1970", noon, []time.Duration{-20_000 * day, -20_000*day + time.Minute, 2 * time.Minute}, "NnN"},
		{"set forward and back", 0, []time.Duration{0, 400*day + time.Minute, 2 * time.Minute, 3 * time.Minute}, "yNNn"},
		{"summer and winter of a clock that keeps local time", 0, []time.Duration{0, time.Hour + time.Minute, 2 * time.Minute}, "yyy"},
	} {
		s := steady{wall: c.newest}
		got := ""
		for i, wall := range c.walls {
			ok, stepped := s.trust(noon+thing.Time(wall), time.Duration(i)*time.Minute)
			switch {
			case ok:
				got += "y"
			case stepped != 0:
				got += "N"
			default:
				got += "n"
			}
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	s := steady{wall: noon}
	s.trust(noon+thing.Time(400*day), 0)
	if ok, _ := s.trust(noon+thing.Time(401*day+time.Minute), day+time.Minute); !ok {
		t.Error("a clock that has gone steadily for a day is not trusted again")
	}
}

func TestAStartRemembersTheClockThatWasTrusted(t *testing.T) {
	data := t.TempDir()
	if got := readClock(data, 7); got != 7 {
		t.Errorf("a new folder remembers %v", got)
	}
	noon := thing.At(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	if err := writeClock(data, noon); err != nil {
		t.Fatal(err)
	}
	if got := readClock(data, 7); got != noon {
		t.Errorf("it remembers %v, want %v", got, noon)
	}
}

func TestTimesAreKeptAsFinelyAsIsSaid(t *testing.T) {
	for _, c := range []struct {
		place thing.PlaceID
		p     thing.Point
		want  time.Duration
	}{
		{"home/hall", thing.Point{}, time.Second},
		{"road/vehicles", thing.Point{}, time.Millisecond},
		{"clinic/or-1", thing.Point{}, time.Millisecond},
		{"roadside", thing.Point{}, time.Second},
		{"home/hall", thing.Point{Resolution: 1}, 1},
		{"clinic/or-1", thing.Point{Resolution: time.Minute}, time.Minute},
		{"home/hall", thing.Point{Kind: thing.Event}, 0},
	} {
		if got := resolution(&thing.Thing{Place: c.place}, &c.p); got != c.want {
			t.Errorf("%s, %+v: %v, want %v", c.place, c.p, got, c.want)
		}
	}
}
