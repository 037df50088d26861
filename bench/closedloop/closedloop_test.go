package main

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hutong/drive"
	"hutong/drive/scene"
	"hutong/drive/vehicle"
	"hutong/drive/world"
)

func TestTripTimesAreOfThoseThatEndedAndWereToBeCompared(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tripinfo.xml")
	err := os.WriteFile(path, []byte(`<tripinfos><tripinfo id="theirs.7" duration="81.50" vaporized=""/>
	<tripinfo id="theirs.8" duration="10" vaporized="teleport"/><tripinfo id="car" duration="5"/></tripinfos>`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	times, err := tripTimes(path)
	if err != nil || len(times) != 1 || times["theirs.7"] != 81.5 {
		t.Errorf("got %v, %v", times, err)
	}
}

func TestTheRatioIsOfRidesThatBothEnded(t *testing.T) {
	r := newResult()
	r.rides = []*ride{
		{trip: trip{Outcome: "arrived", Began: 10, Ended: 120, Theirs: 100}},
		{trip: trip{Outcome: "arrived", Began: 10, Ended: 100, Theirs: 100}},
		{trip: trip{Outcome: "arrived", Began: 10, Ended: 500}},             // theirs never ended
		{trip: trip{Outcome: "collided", Began: 10, Ended: 20, Theirs: 90}}, // ours neither
	}
	ours, theirs, each := r.ratios()
	if ours != 200 || theirs != 200 || len(each) != 2 || each[0] != 0.9 || math.Abs(each[1]-1.1) > 1e-9 {
		t.Errorf("got %g of %g, %v", ours, theirs, each)
	}
}

func TestAResultTellsWhatCounts(t *testing.T) {
	sum, r := newResult(), newResult()
	r.version = "SUMO 1"
	r.rides = []*ride{
		{trip: trip{Outcome: "arrived"}},
		{trip: trip{Outcome: "took too long"}},
		{trip: trip{Began: -1, Outcome: "never entered"}},
		{trip: trip{}}, // cut short
	}
	r.took.add(3 * time.Millisecond)
	r.conflicts = conflicts{All: 2, TTC: 1}
	sum.add(r)
	sum.add(r)
	text := sum.String()
	for _, want := range []string{
		"50.00 % arrived of 4: 2 arrived, 2 cut short, 2 took too long", "4 conflicts, 2 with TTC < 0.95 s", "p50 2.97 ms",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it doesn't say %q:\n%s", want, text)
		}
	}
}

func TestATapeHoldsTheLastThirtySecondsInOrder(t *testing.T) {
	var tp tape
	r := &world.Rider{ID: world.FirstID, Spec: &vehicle.Shuttle, Decision: drive.Decision{Reason: drive.Reason{Code: "red"}}}
	for i := range tapeLength + 50 {
		tp.add(&scene.Truth{Time: float64(i) / 10}, r)
	}
	path := filepath.Join(t.TempDir(), "x.jsonl")
	if err := tp.write(path, "why it is kept"); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	if len(lines) != tapeLength+1 || !strings.Contains(lines[0], "why it is kept") {
		t.Fatalf("%d lines, the first %q", len(lines), lines[0])
	}
	var first, last frame
	if err := json.Unmarshal([]byte(lines[1]), &first); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil {
		t.Fatal(err)
	}
	if first.Time != 5 || last.Time != 34.9 || last.Reason != "red" {
		t.Errorf("it goes from %g to %g s", first.Time, last.Time)
	}
}

func TestTheIntervalOfRareEventsIsGarwoods(t *testing.T) {
	for n, want := range map[int][2]float64{0: {0, 3.689}, 1: {0.0253, 5.572}, 5: {1.623, 11.668}, 20: {12.217, 30.888}} {
		if low, high := interval(n); math.Abs(low-want[0]) > 1e-3 || math.Abs(high-want[1]) > 1e-3 {
			t.Errorf("%d events: %g to %g, want %g to %g", n, low, high, want[0], want[1])
		}
	}
}

func TestARideCutShortCountsOnlyWhereItWasStuck(t *testing.T) {
	r := newResult()
	r.rides = []*ride{
		{trip: trip{Outcome: "arrived"}}, {trip: trip{}}, {trip: trip{Stuck: true}}, {trip: trip{Began: -1, Outcome: "never entered"}},
	}
	if n, of := r.arrived(); n != 1 || of != 2 || r.begun() != 3 {
		t.Errorf("%d of %d arrived, %d begun", n, of, r.begun())
	}
}

func TestARunThatWasKeptCountsAgainWhereProgramAndSettingsAreTheSame(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.jsonl")
	var s settings
	s.vehicles = 7
	k := &keeper{program: "abc", how: s.how("1.28.0")}
	r := newResult()
	r.name, r.seed, r.compared = "town", 3, true
	r.referee.Km, r.counts.SUMO = 12.5, 2
	r.took.add(4 * time.Millisecond)
	r.rides = []*ride{{trip: trip{ID: 5, Outcome: "arrived", Began: 1, Ended: 51, Theirs: 50}}}
	var err error
	if k.file, err = os.Create(path); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(k.write(r), k.write(r), k.close()); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteString(`{"program":"abc","ho`) // it was cut off while it wrote
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	old, err := k.read(path)
	if err != nil || len(old) != 2 {
		t.Fatalf("%d runs, %v", len(old), err)
	}
	got, want := newResult(), newResult()
	got.add(old[0])
	want.add(r)
	if got.String() != want.String() || bars(got) != bars(want) || old[0].name != "town" || old[0].seed != 3 {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	k.program = "other"
	if old, err := k.read(path); err != nil || len(old) != 0 {
		t.Errorf("another program's runs count: %d, %v", len(old), err)
	}
	k.program = "abc"
	s.vehicles = 8
	k.how = s.how("1.28.0")
	if old, err := k.read(path); err != nil || len(old) != 0 {
		t.Errorf("runs with other settings count: %d, %v", len(old), err)
	}
}

func TestEachBarSaysWhetherItIsMet(t *testing.T) {
	r := newResult()
	r.referee.Km, r.referee.Seconds, r.referee.Moving = 1200, 3600, 3000
	r.rides = []*ride{
		{trip: trip{Outcome: "arrived", Began: 10, Ended: 120, Theirs: 100}}, {trip: trip{Outcome: "arrived", Began: 10, Ended: 110, Theirs: 90}},
	}
	if text := bars(r); strings.Contains(text, "MISSED") || strings.Count(text, " met ") != 9 {
		t.Errorf("all bars are met here:\n%s", text)
	}
	r.referee.RedLights, r.rides[1].Outcome = 1, "took too long"
	if text := bars(r); strings.Count(text, "MISSED") != 2 {
		t.Errorf("two bars are missed here:\n%s", text)
	}
}

func TestTheIntervalOfASharesIsWilsons(t *testing.T) {
	if low, high := shares(995, 1000); math.Abs(low-0.98836) > 1e-4 || math.Abs(high-0.99786) > 1e-4 {
		t.Errorf("%g to %g", low, high)
	}
}
