package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hutong/drive"
	"hutong/drive/lane"
)

func TestEachEdgeOfTheirsTookTheTimeUntilItWasLeft(t *testing.T) {
	path := filepath.Join(t.TempDir(), "routes.xml")
	err := os.WriteFile(path, []byte(`<routes><vehicle id="theirs.7" depart="10" arrival="60"><route edges="a b c" exitTimes="25.5 40 60"/></vehicle>
	<vehicle id="car" depart="1"><route edges="a" exitTimes="2"/></vehicle></routes>`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	times, err := edgeTimes(path)
	if err != nil || len(times) != 1 || times["theirs.7"]["a"] != 15.5 || times["theirs.7"]["b"] != 14.5 || times["theirs.7"]["c"] != 20 {
		t.Errorf("got %v, %v", times, err)
	}
}

func TestAJunctionBelongsToTheEdgeItLeadsTo(t *testing.T) {
	var d diary
	for _, l := range []lane.Lane{
		{Name: "a_0"}, {Name: "a_1"}, {Name: ":j_0_0", Kind: lane.Junction}, {Name: ":j_1_0", Kind: lane.Junction}, {Name: "b_0"},
	} {
		d.turn(&l)
	}
	if len(d) != 2 || d[0].edge != "a" || d[1].edge != "b" {
		t.Errorf("got %v", d)
	}
}

func TestWhatARideIsSlowerByAddsUp(t *testing.T) {
	d := diary{
		{edge: "a", time: 20, lost: map[string]float64{"follow": 3, "red": 9}},
		{edge: "b", time: 8},
		{edge: "c", time: 5, lost: map[string]float64{"red": 1}},
	}
	by := d.against(map[string]float64{"a": 12, "b": 10, "x": 4})
	want := map[string]float64{"follow": 2, "red": 6, gained: -2, elsewhere: 1}
	for code, s := range want {
		if math.Abs(by[code]-s) > 1e-9 {
			t.Errorf("%s: %g s, want %g", code, by[code], s)
		}
	}
	if len(by) != len(want) {
		t.Errorf("got %v", by)
	}
	r := newResult()
	r.rides = []*ride{{trip: trip{Outcome: "arrived", Theirs: 26, Slower: by}}, {trip: trip{Outcome: "hit", Theirs: 1, Slower: by}}}
	if text := r.slowness(); !strings.HasPrefix(text, "7 s in 1 rides: red 6 s; follow 2 s") {
		t.Errorf("it says %q", text)
	}
}

func TestOneThatIsSlowOfItsOwnChoiceSaysSo(t *testing.T) {
	d := drive.Decision{Candidates: []drive.Candidate{{Name: "keep 1.0"}, {Name: "keep 0.6", Chosen: true}}}
	d.Reason.Code = "free"
	if got := why(&d, 3); got != slower {
		t.Errorf("got %q", got)
	}
	d.Reason.Code = "red"
	if got := why(&d, 0); got != "red, standing" {
		t.Errorf("got %q", got)
	}
}
