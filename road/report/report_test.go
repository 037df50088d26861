package report

import (
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func TestADisengagementIsALineThatNoSpreadsheetRuns(t *testing.T) {
	var b strings.Builder
	err := Disengagements(&b, []Entry{
		{At: noon.Add(time.Hour), Vehicle: "b", Kind: Disengagement},
		{At: noon, Vehicle: "a", Plate: "H 001", Kind: Disengagement, Initiator: "passenger", Lane: "-north_0", Lat: -1.5, Speed: 21.04, Cause: "stop", Words: `=cmd("x"), a car`},
		{At: noon, Vehicle: "c", Kind: Collision},
	})
	lines := strings.Split(b.String(), "\n")
	want := `2026-05-01,12:00:00Z,a,H 001,yes,no,passenger,'-north_0,-1.500000,0.000000,21.0,stop,"'=cmd(""x""), a car",`
	if err != nil || len(lines) != 4 || lines[1] != want {
		t.Errorf("%v\n%s", err, b.String())
	}
}

func TestFiguresOfASpan(t *testing.T) {
	rides := []Ride{
		{Asked: noon, Fetched: noon.Add(60 * time.Second), Ended: noon.Add(300 * time.Second), Party: 2, Done: true},
		{Asked: noon, Fetched: noon.Add(120 * time.Second), Party: 1},
		{Asked: noon, Party: 1, Cancelled: true},
		{Asked: noon.Add(-time.Hour), Party: 4, Done: true},
	}
	entries := []Entry{{At: noon, Kind: Disengagement}, {At: noon, Kind: Collision}, {At: noon.Add(time.Hour), Kind: Collision}, {At: noon, Kind: "?"}}
	f := Sum(noon, noon.Add(time.Hour), entries, rides, []Driven{{"a", 100}, {"b", 0}, {"a", 100}})
	if f.Rides != 3 || f.Done != 1 || f.Cancelled != 1 || f.People != 2 || f.RideShare != 0.5 || f.WaitMean != 90 || f.Wait90 != 120 ||
		f.Vehicles != 1 || f.Km != 200 || f.Disengagements != 1 || f.Collisions != 1 || f.Per1000Km != 5 {
		t.Errorf("%s", f.JSON())
	}
}

func TestNothingHappenedIsNotANumberOfNothing(t *testing.T) {
	if s := string(Sum(noon, noon, nil, nil, nil).JSON()); strings.Contains(s, "NaN") {
		t.Error(s)
	}
}
