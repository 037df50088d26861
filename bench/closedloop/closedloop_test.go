package main

import (
	"encoding/json"
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
		{outcome: "arrived", began: 10, ended: 120, theirs: 100},
		{outcome: "arrived", began: 10, ended: 100, theirs: 100},
		{outcome: "arrived", began: 10, ended: 500},             // theirs never ended
		{outcome: "collided", began: 10, ended: 20, theirs: 90}, // ours neither
	}
	ours, theirs, each := r.ratios()
	if ours != 200 || theirs != 200 || len(each) != 2 || each[0] != 0.9 || math.Abs(each[1]-1.1) > 1e-9 {
		t.Errorf("got %g of %g, %v", ours, theirs, each)
	}
}

func TestAResultTellsWhatCounts(t *testing.T) {
	sum, r := newResult(), newResult()
	r.version = "SUMO 1"
	r.rides = []*ride{{outcome: "arrived"}, {outcome: "took too long"}, {began: -1, outcome: "never entered"}}
	r.took.add(3 * time.Millisecond)
	r.conflicts = conflicts{all: 2, ttc: 1}
	sum.add(r)
	sum.add(r)
	text := sum.String()
	for _, want := range []string{
		"50.00 % arrived of 4: 2 arrived, 2 took too long", "4 conflicts, 2 with TTC < 0.95 s", "p50 3.00 ms",
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
