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
	if f.Rides != 3 || f.Done != 1 || f.Cancelled != 1 || f.People != 2 || *f.RideShare != 0.5 || *f.WaitMean != 90 || *f.Wait90 != 120 ||
		f.Vehicles != 1 || f.Km != 200 || f.Disengagements != 1 || f.Collisions != 1 || *f.Per1000Km != 5 {
		t.Errorf("%s", f.JSON())
	}
}

func TestNothingHappenedIsNotANumberOfNothing(t *testing.T) {
	s := string(Sum(noon, noon, nil, nil, nil).JSON())
	for _, unknown := range []string{"NaN", "rideShare", "wait", "1000"} {
		if strings.Contains(s, unknown) {
			t.Error(unknown, "in", s)
		}
	}
}

func TestARideIsSharedWhereOthersWereAboardWithIt(t *testing.T) {
	ride := func(vehicle string, from, to int) Ride {
		at := func(m int) time.Time { return noon.Add(time.Duration(m) * time.Minute) }
		return Ride{Asked: noon, Fetched: at(from), Ended: at(to), Vehicle: vehicle, Party: 1, Done: true}
	}
	f := func(want int, rides ...Ride) {
		t.Helper()
		if got := Sum(noon, noon.Add(time.Hour), nil, rides, nil).Shared; got != want {
			t.Errorf("%d, not %d", got, want)
		}
	}
	f(0, ride("a", 1, 5), ride("a", 5, 9), ride("b", 2, 8))
	f(2, ride("a", 4, 9), ride("a", 1, 5), ride("a", 9, 12))
	f(3, ride("a", 1, 20), ride("a", 2, 3), ride("a", 18, 30))
	f(0, ride("", 1, 5), ride("", 2, 6))
}
