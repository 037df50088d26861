package osc

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
	"hutong/drive/vehicle"
	"hutong/internal/testkit"
)

// pushed drives the vehicle under test along its line, or its lane, at the speed it has, whatever stands there, until
// the scenario ends or look says so. It is who never brakes.
func pushed(t testing.TB, w *World, look func() bool) {
	t.Helper()
	_, s := w.Ego()
	e := w.ego
	line, along, side := e.line, e.s, e.d
	spot, ok := w.net.Map.Locate(e.at, everyone, 6)
	if !ok {
		t.Fatal("the vehicle under test is on no lane")
	}
	for cycle := 0; !w.Ended() && cycle < 4000 && !look(); cycle++ {
		if err := w.Place(1<<31, e.spec, s); err != nil {
			t.Fatal(err)
		}
		if err := w.Step(context.Background(), 0.1); err != nil {
			t.Fatal(err)
		}
		way := s.Speed * 0.1
		if line != nil {
			along += way
			s.Pose = line.At(along)
			s.Vec = s.Ahead(0, side)
			continue
		}
		l := w.net.Map.Lane(spot.Lane)
		if spot.S += way; spot.S > l.Centre.Length() && straightest(w.net.Map, spot.Lane) != lane.None {
			spot.Lane, spot.S = straightest(w.net.Map, spot.Lane), spot.S-l.Centre.Length()
		}
		s.Pose = w.net.Map.Pose(spot)
	}
}

func must(t testing.TB, set Values) *World {
	t.Helper()
	w, err := Open("testdata/cutin.xosc", set)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestAScenarioBeginsAsItIsWritten(t *testing.T) {
	w := must(t, nil)
	spec, ego := w.Ego()
	if ego.To(geom.Vec{X: 50, Y: -5.25}) > 1e-6 || ego.Speed != 20 || w.Wish() != 20 {
		t.Errorf("the vehicle under test begins at %+v", ego)
	}
	if box := spec.Box(ego); box.X != 51.5 || box.Length != 5 || spec.Wheelbase != 3 || spec.MaxBrake != bestBrake {
		t.Errorf("its body is %+v", spec)
	}
	other := w.find("Other")
	if other.at.To(geom.Vec{X: 90, Y: -8.75}) > 1e-6 || other.speed != 15 {
		t.Errorf("the other begins at %+v with %g m/s", other.at, other.speed)
	}
	var truth scene.Truth
	w.Truth(&truth)
	if len(truth.Actors) != 2 || w.Name(truth.Actors[0].ID) != "Other" || truth.Actors[1].Kind != scene.Pedestrian {
		t.Errorf("before it is placed one sees %+v", truth.Actors)
	}
	if goal := w.Goal(); goal.Lane == lane.None || w.Map().Pose(goal).X < 1900 {
		t.Errorf("the goal is %+v", goal)
	}
}

func TestACutInTakesTheTimeItsSidewaysSpeedAllows(t *testing.T) {
	w := must(t, nil)
	other := w.find("Other")
	var began, ended, brakes, fastest float64
	last := other.at.Y
	pushed(t, w, func() bool {
		fastest = max(fastest, (other.at.Y-last)/0.1)
		if last = other.at.Y; began == 0 && other.sideway != nil {
			began = w.time
			if gap, _ := gap(w.ego.box(), other.box()); math.Abs(gap-25) > 2.1 {
				t.Errorf("it begins with a gap of %.2f m", gap)
			}
		}
		if ended == 0 && began > 0 && other.sideway.done {
			ended = w.time
		}
		if brakes == 0 && other.accel < -4 {
			brakes = w.time
		}
		return false
	})
	// A sine of 3.5 m at 2 m/s at its fastest takes π/2·3.5/2 s.
	if long := ended - began; math.Abs(long-math.Pi/2*3.5/2) > 0.15 || math.Abs(fastest-2) > 0.05 {
		t.Errorf("it takes %.2f s, %.2f m/s at its fastest", long, fastest)
	}
	if math.Abs(brakes-ended-1) > 0.15 {
		t.Errorf("it brakes %.2f s after it has changed lanes, not 1", brakes-ended)
	}
	if math.Abs(other.at.Y+5.25) > 1e-6 || math.Abs(other.speed-5) > 0.01 {
		t.Errorf("it ends at %+v with %g m/s", other.at, other.speed)
	}
	if !w.Ended() || math.Abs(w.time-brakes-3) > 0.25 {
		t.Errorf("the scenario ends at %.2f s (%v), 3 s after %.2f", w.time, w.Ended(), brakes)
	}
}

func TestWhoIsSynchronisedArrivesInTime(t *testing.T) {
	for _, kph := range []string{"36", "54", "72", "108"} {
		w := must(t, Values{"Speed_kph": kph})
		w.story.stop = nil
		walker := w.find("Walker")
		var egoAt, walkerAt, speed float64
		pushed(t, w, func() bool {
			if egoAt == 0 && w.ego.at.X >= 446 {
				egoAt = w.time
			}
			if walkerAt == 0 && walker.s >= 6 {
				walkerAt, speed = w.time, walker.speed
			}
			return egoAt > 0 && walkerAt > 0 || w.time > 100
		})
		if math.Abs(egoAt-walkerAt) > 0.3 || math.Abs(speed-1.5) > 0.01 {
			t.Errorf("at %s km/h: one arrives at %.2f s, the other at %.2f s with %.2f m/s", kph, egoAt, walkerAt, speed)
		}
	}
}

func TestAClothoidTurnsByItsCurvature(t *testing.T) {
	l := &loader{catalogs: map[string]*node{}}
	root, err := readFile("testdata/catalogs/all.xosc")
	if err != nil {
		t.Fatal(err)
	}
	l.catalogs["bodies"] = root.kid("Catalog")
	for _, e := range l.catalogs["bodies"].kids {
		if name, _ := e.raw("name"); name != "bend" {
			continue
		}
		line, err := l.trajectory(&node{name: "TrajectoryRef", kids: []*node{e}}, &scope{}, 0)
		if err != nil {
			t.Fatal(err)
		}
		path, err := line(nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		// 20 m with 0.025 on average, then 10 m with 0.05: a radian.
		if end := path.At(path.Length()); math.Abs(end.Heading-1) > 0.01 || math.Abs(path.Length()-30) > 0.01 {
			t.Errorf("it ends at %+v after %.3f m", end, path.Length())
		}
	}
}

func TestDistributionsKeepToTheConstraints(t *testing.T) {
	cases, err := Vary("testdata/cutin_variation.xosc")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range cases {
		got = append(got, c.Set["Speed_kph"]+" "+c.Set["Sideways"]+" "+c.Set["Body"])
	}
	want := "36 1 car, 36 3 walker, 72 1 car, 72 3 walker, 108 1 car, 108 3 walker"
	if strings.Join(got, ", ") != want {
		t.Errorf("the cases are %s, not %s", strings.Join(got, ", "), want)
	}
	var out *ConstraintError
	if _, err := Open("testdata/cutin.xosc", Values{"Speed_kph": "144"}); !errors.As(err, &out) {
		t.Errorf("144 km/h: %v", err)
	}
	if one, err := Vary("testdata/cutin.xosc"); err != nil || len(one) != 1 || len(one[0].Set) != 0 {
		t.Errorf("of the scenario itself: %+v, %v", one, err)
	}
}

func TestExpressions(t *testing.T) {
	vars := Values{"a": "3", "b": "-0.5", "word": "car"}
	look := (&scope{vars: vars}).look
	for text, want := range map[string]float64{
		"1": 1, "$a": 3, "-$a": -3, "1+2*3": 7, "(1+2)*3": 9, "2-3-4": -5, "8/4/2": 1, "7%4": 3, "-2*-3": 6,
		"sqrt(16)": 4, "pow(2, 10)": 1024, "abs($b)": 0.5, "sin(pi/2)": 1, "acos(0)*2": math.Pi, "max(1, $a)": 3,
		"sign($b)": -1, "floor(2.7)+ceil(2.2)+round(2.5)": 8, "1e3": 1000, "1.5e-1": 0.15, "$a/($b - -1)": 6,
		"1/$a*$a": 1, " - ( $a ) ": -3,
	} {
		if got, err := evaluate(text, look); err != nil || math.Abs(got-want) > 1e-12 {
			t.Errorf("${%s} = %g, %v; want %g", text, got, err, want)
		}
	}
	for _, text := range []string{"", "1+", "(1", "$c", "$word", "1 2", "foo(1)", "sqrt(-1)", "1/0", "pow(1)", strings.Repeat("(", 99), "--", "$"} {
		if got, err := evaluate(text, look); err == nil {
			t.Errorf("${%s} = %g", text, got)
		}
	}
}

func TestADelayedConditionHoldsLater(t *testing.T) {
	w := &World{}
	on := func(w *World) (bool, error) { return w.time >= 1 && w.time < 2, nil }
	for edge, want := range map[string][2]float64{"none": {1.5, 2.5}, "rising": {1.5, 1.6}, "falling": {2.5, 2.6}} {
		c := condition{holds: on, edge: edge, delay: 0.5}
		first, last := math.Inf(1), math.Inf(-1)
		for w.time = 0; w.time < 4; w.time += 0.1 {
			if ok, _ := c.met(w); ok {
				first, last = min(first, w.time), max(last, w.time+0.1)
			}
		}
		if math.Abs(first-want[0]) > 0.11 || math.Abs(last-want[1]) > 0.11 {
			t.Errorf("%s: it holds from %.1f to %.1f, want %v", edge, first, last, want)
		}
	}
}

func TestWhatIsNotPlayedIsRefusedByItsName(t *testing.T) {
	text, err := os.ReadFile("testdata/cutin.xosc")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"road.xodr", "catalogs/all.xosc"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ old, put, want string }{
		{`entryName="$Body"`, `entryName="cart"`, `there is no Vehicle or Pedestrian or MiscObject "cart" in the catalog "bodies"`},
		{`name="Ego"`, `name="Me"`, `there is no entity "Ego"`},
		{`<LaneChangeAction>`, `<Fly/><LaneChangeAction>`, "<Fly>: is not played"},
		{`dynamicsShape="linear"`, `dynamicsShape="zigzag"`, `the shape "zigzag" is not played`},
		{`value="$Sideways"`, `value="$Upwards"`, "there is no parameter $Upwards"},
		{`filepath="road.xodr"`, `filepath="path.xodr"`, "path.xodr"},
		{`laneId="-2" s="50"`, `laneId="-9" s="50"`, "no lane -9"},
		{`rule="lessThan" coord`, `rule="beside" coord`, ""},
		{`storyboardElementRef="changes"`, `storyboardElementRef="dances"`, ""},
		{`</Storyboard>`, ``, "XML syntax error"},
		{`<StartTrigger><ConditionGroup><Condition name="near"`, `<StartTrigger><ConditionGroup><Condition name="near" mood="x"`, "fine"},
	} {
		path := filepath.Join(dir, "spoilt.xosc")
		spoilt := strings.Replace(string(text), c.old, c.put, 1)
		if spoilt == string(text) {
			t.Fatalf("%q is not in the scenario", c.old)
		}
		if err := os.WriteFile(path, []byte(spoilt), 0o666); err != nil {
			t.Fatal(err)
		}
		w, err := Open(path, nil)
		if c.want == "fine" {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		if err == nil { // told when it is played
			for range 200 {
				if err = w.Step(context.Background(), 0.1); err != nil {
					break
				}
			}
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("with %q: want an error with %q, got %v", c.put, c.want, err)
		}
	}
}

func TestOnlyOneVehicleIsUnderTest(t *testing.T) {
	w := must(t, nil)
	spec, at := w.Ego()
	if err := w.Place(1<<31, spec, at); err != nil {
		t.Fatal(err)
	}
	if w.Place(1<<31+1, spec, at) == nil {
		t.Error("a second one is let in")
	}
	at.X = math.NaN()
	if w.Place(1<<31, spec, at) == nil {
		t.Error("it may be nowhere")
	}
}

// hits plays a case with a vehicle that never brakes and gives whom it hits.
func hits(t *testing.T, c Case) (who string) {
	t.Helper()
	w, err := Open(c.File, c.Set)
	if err != nil {
		t.Error(err)
		return ""
	}
	if _, start := w.Ego(); start.Speed < 0 {
		return "backwards"
	}
	pushed(t, w, func() bool {
		for _, o := range w.entities {
			if o != w.ego && !o.gone && o.box().Overlaps(w.ego.box()) {
				who = o.name
			}
		}
		return who != ""
	})
	return who
}

func TestWhoNeverBrakesHitsTheTargetOfEveryNCAPCase(t *testing.T) {
	dir := testkit.Data(t, "road/osc-ncap", "the Euro NCAP scenarios")
	files, _ := filepath.Glob(filepath.Join(dir, "OpenSCENARIO/NCAP/*/Variations/*.xosc"))
	more, _ := filepath.Glob(filepath.Join(dir, "OpenSCENARIO/NCAP/*/Variations/*/*.xosc"))
	if files = append(files, more...); len(files) < 100 {
		t.Fatalf("only %d files", len(files))
	}
	for i, f := range files {
		cases, err := Vary(f)
		if err != nil {
			t.Fatal(err)
		}
		if i%3 != 0 { // each of them takes as long as its scenario
			continue
		}
		if who := hits(t, cases[len(cases)/2]); who == "" || strings.HasPrefix(who, "Obstruction") {
			t.Errorf("%s %v: it hits %q", filepath.Base(f), cases[len(cases)/2].Set, who)
		}
	}
}

func TestWhoNeverBrakesHitsWhateverBlocksAnALKSLane(t *testing.T) {
	dir := testkit.Data(t, "road/osc-alks", "the UN R157 scenarios")
	files, _ := filepath.Glob(filepath.Join(dir, "logical_scenarios/concrete_scenarios/*.xosc"))
	if len(files) != 15 {
		t.Fatalf("%d files", len(files))
	}
	free := 0
	for _, f := range files {
		name := filepath.Base(f)
		// Nobody is in the way in these; and in swerving, following and beside them nobody needs to brake.
		clear := strings.Contains(name, "scenario_4_1_") || strings.Contains(name, "scenario_4_6_") || strings.Contains(name, "partially")
		if clear {
			free++
		}
		if who := hits(t, Case{File: f}); (who == "") != clear {
			t.Errorf("%s: it hits %q", name, who)
		}
	}
	if free != 6 {
		t.Errorf("%d scenarios are free", free)
	}
}

func TestEveryALKSDistributionOpens(t *testing.T) {
	dir := testkit.Data(t, "road/osc-alks", "the UN R157 scenarios")
	files, _ := filepath.Glob(filepath.Join(dir, "logical_scenarios/*.xosc"))
	if len(files) != 15 {
		t.Fatalf("%d files", len(files))
	}
	for _, f := range files {
		cases, err := Vary(f)
		if err != nil {
			t.Error(err)
			continue
		}
		if c := cases[len(cases)/2]; c.Set == nil {
			t.Errorf("%s: sets nothing", filepath.Base(f))
		} else if _, err := Open(c.File, c.Set); err != nil {
			t.Errorf("%s %v: %v", filepath.Base(f), c.Set, err)
		}
	}
}

func TestNobodyLeavesTheNumbersWhateverTheVehicleDoes(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w, err := Open("testdata/cutin.xosc", nil)
		if err != nil {
			r.Fatal(err)
		}
		spec, at := w.Ego()
		var truth scene.Truth
		for range 100 {
			at.X += rapid.Float64Range(-5, 10).Draw(r, "x")
			at.Y += rapid.Float64Range(-3, 3).Draw(r, "y")
			at.Heading = rapid.Float64Range(-4, 4).Draw(r, "heading")
			at.Speed = rapid.Float64Range(0, 60).Draw(r, "speed")
			if err := w.Place(1<<31, spec, at); err != nil {
				r.Fatal(err)
			}
			if err := w.Step(context.Background(), 0.1); err != nil {
				r.Fatal(err)
			}
			w.Truth(&truth)
			for _, a := range truth.Actors {
				if !a.Box.Finite() || math.IsNaN(a.Speed) || a.Speed < 0 {
					r.Fatalf("%+v", a)
				}
			}
		}
	})
}

func FuzzOpen(f *testing.F) {
	for _, name := range []string{"testdata/cutin.xosc", "testdata/cutin_variation.xosc", "testdata/catalogs/all.xosc"} {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		root, err := readTree(bytes.NewReader(text))
		if err != nil {
			return
		}
		if len(text) > 1<<15 || bytes.Contains(text, []byte("..")) {
			return
		}
		dir, err := filepath.Abs("testdata")
		if err != nil {
			t.Fatal(err)
		}
		w, err := assemble(root, dir, nil)
		if err != nil {
			return
		}
		spec, at := w.Ego()
		for range 20 {
			if w.Place(1<<31, spec, vehicle.State{Pose: at.Pose, Speed: at.Speed}) != nil || w.Step(context.Background(), 0.1) != nil {
				return
			}
		}
	})
}
