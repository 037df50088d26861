package commonroad

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/internal/testkit"
)

func load(t testing.TB, path string) *Scenario {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s, err := Read(f)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return s
}

func TestThePublicScenariosAreRead(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(testkit.Data(t, "road/commonroad", "134 scenarios"), "*.xml.gz"))
	lanelets, others := 0, 0
	for _, f := range files {
		s := load(t, f)
		lanelets, others = lanelets+len(s.Lanelets), others+len(s.Others)
		if len(s.Problems) != 1 {
			t.Errorf("%s has %d problems", s.ID, len(s.Problems))
		}
	}
	if len(files) != 134 || lanelets != 2443 || others != 3233 {
		t.Errorf("%d files, %d lanelets, %d others", len(files), lanelets, others)
	}
}

func TestAnOldScenarioIsReadAsItIsWritten(t *testing.T) {
	s := load(t, "testdata/old.xml")
	m := s.Map
	first, _ := m.Find("1")
	l := m.Lane(first)
	if l.Limit != 13.9 || m.Lane(l.LeftOf).Name != "2" || !l.MayLeft || l.RightOf != lane.None || m.Lane(l.Next[0]).Name != "3" {
		t.Errorf("lanelet 1 is read as %+v", l)
	}
	if left, right := l.Widths(20); left != 2 || right != 2 {
		t.Errorf("it is %v and %v wide", left, right)
	}
	last, _ := m.Find("4")
	if m.Lane(last).Opposite != first || len(m.Lane(m.Lane(l.Next[0]).Prev[0]).Next) != 1 {
		t.Error("lanelet 4 lies opposite 1, and 3 follows 1 once")
	}
	car, parked := s.Others[0], s.Others[1]
	if car.Static || len(car.States) != 3 || car.States[2].Speed != 12 || car.Shapes[0].Box.Length != 4.5 {
		t.Errorf("the car: %+v", car)
	}
	if !parked.Static || parked.Shapes[0].Form != Circle || parked.Shapes[0].Radius != 1.5 {
		t.Errorf("the parked one: %+v", parked)
	}
	p := s.Problems[0]
	if p.Initial.Speed != 9 || len(p.Goals) != 2 || p.Goals[0].Lanes[0] != l.Next[0] {
		t.Fatalf("the problem: %+v", p)
	}
	for _, c := range []struct {
		x, y, heading, speed float64
		step                 int
		met                  bool
	}{
		{60, 2, 0, 9, 45, true},
		{60, 2, 0, 9, 35, false},    // too early for the lanelet, and not in the rectangle
		{70, 2, 0, 9, 35, true},     // in the rectangle
		{70, 2, 0.5, 20, 35, false}, // heads elsewhere
		{70, 2, 6.2, 20, 35, true},  // a turn on
		{85, 3, 0, 20, 60, true},    // in the polygon
		{81, 3, 0, 20, 60, false},   // beside it
		{60, 2, 0, 13, 45, false},   // too fast
	} {
		state := State{Step: c.step, Speed: c.speed, Pose: geom.Pose{Vec: geom.Vec{X: c.x, Y: c.y}, Heading: c.heading}}
		if got := p.Goals[0].Met(state) || p.Goals[1].Met(state); got != c.met {
			t.Errorf("%+v meets a goal: %v", c, got)
		}
	}
}

func TestANewScenarioIsReadAsItIsWritten(t *testing.T) {
	s := load(t, "testdata/new.xml")
	m := s.Map
	get := func(name string) *lane.Lane {
		id, ok := m.Find(name)
		if !ok {
			t.Fatalf("no lanelet %s", name)
		}
		return m.Lane(id)
	}
	if l := get("1"); l.Limit != 8.33 || l.Kind != lane.Drive || l.Users&lane.Bicycles == 0 || l.Users&lane.People != 0 {
		t.Errorf("lanelet 1: %+v", l)
	}
	straight, left := get("2"), get("3")
	if straight.Kind != lane.Junction || straight.Signal != 0 || !straight.MustStop || straight.Turn != lane.Straight {
		t.Errorf("straight on: %+v", straight)
	}
	if left.Turn != lane.Left || left.Signal != -1 || left.Junction != "40" {
		t.Errorf("to the left: %+v", left)
	}
	walk, _ := m.Find("4")
	gives := false
	for _, c := range straight.Conflicts {
		gives = gives || c.With == walk && c.Yield
	}
	if m.Lane(walk).Kind != lane.Crossing || !gives {
		t.Error("who drives straight on gives way to who walks across")
	}
	for step, want := range map[int]string{0: "red", 20: "green", 69: "green", 70: "yellow", 80: "red", 120: "green"} {
		if got, _ := s.Lights[0].At(step); got != want {
			t.Errorf("at step %d the light is %s, not %s", step, got, want)
		}
	}
	if !s.Others[0].Static || s.Others[1].Static || len(s.Others[1].Fills) != 1 || s.Others[1].Fills[0].To != 9 {
		t.Errorf("the others: %+v", s.Others)
	}
	if g := s.Problems[0].Goals[0]; g.Shapes != nil || !g.Met(State{Step: 33}) || g.Met(State{Step: 41}) {
		t.Errorf("the goal: %+v", g)
	}
}

func TestBrokenScenariosAreRefusedWithTheirPlace(t *testing.T) {
	good, err := os.ReadFile("testdata/old.xml")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{`"2018b"`, `"2099z"`, `commonRoadVersion="2099z"`},
		{`timeStepSize="0.1"`, `timeStepSize="0"`, `timeStepSize=0`},
		{`<x>50</x><y>4</y></point></leftBound>`, `<x>NaN</x><y>4</y></point></leftBound>`, `"NaN" is not a number`},
		{`<point><x>50</x><y>4</y></point></leftBound>`, `</leftBound>`, `lanelet 1: its bounds have 1 and 2 points`},
		{`<successor ref="3"/>`, `<successor ref="9"/>`, `lanelet 1: its successor is lanelet 9`},
		{`<lanelet id="2">`, `<lanelet id="1">`, `lanelet 1: the id comes twice`},
		{`<exact>2</exact></time>`, `<exact>1</exact></time>`, `obstacle 10: state 1`},
		{`<lanelet ref="3"/></position>`, `<lanelet ref="8"/></position>`, `planning problem 20: goalState 0: lanelet 8`},
		{`<intervalEnd>60</intervalEnd></time><v`, `<intervalEnd>6</intervalEnd></time><v`, `goalState 0: time is no interval`},
		{`</commonRoad>`, ``, `line 4`},
	} {
		if !strings.Contains(string(good), c.old) {
			t.Fatalf("the file has no %s", c.old)
		}
		_, err := Read(strings.NewReader(strings.Replace(string(good), c.old, c.new, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("with %s: %v", c.new, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"old", "new"} {
		text, err := os.ReadFile("testdata/" + name + ".xml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Read(strings.NewReader(text))
		if err != nil {
			return
		}
		if len(s.Lanelets) != len(s.Map.Lanes) || len(s.Lights) != len(s.Map.Signals) {
			t.Fatal("lanelets and lanes, or lights and signals, don't go together")
		}
		for i := range s.Others {
			if len(s.Others[i].States) == 0 {
				t.Fatalf("obstacle %d is nowhere", i)
			}
		}
		for _, p := range s.Problems {
			for i := range p.Goals {
				p.Goals[i].Met(p.Initial)
			}
		}
	})
}
