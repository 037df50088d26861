package replay_test

import (
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"hutong/drive/geom"
	"hutong/drive/lane/commonroad"
	"hutong/drive/replay"
	"hutong/drive/replay/reach"
	"hutong/drive/scene"
	"hutong/drive/vehicle"
	"hutong/drive/world"
)

func load(t *testing.T) *commonroad.Scenario { return read(t, "testdata/straight.xml") }

func read(t *testing.T, name string) *commonroad.Scenario {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s, err := commonroad.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// drive gives the states at each step until the goal, or its last time.
func drive(t *testing.T, s *commonroad.Scenario, o reach.Options) []vehicle.State {
	t.Helper()
	spec, p := reach.BMW, &s.Problems[0]
	d, err := reach.New(s, p, &spec, o)
	if err != nil {
		t.Fatal(err)
	}
	w := replay.New(s, p.Initial.Step)
	loop := world.New(w, world.Options{Workers: 1})
	rider := &world.Rider{ID: world.FirstID, Spec: &spec, State: reach.Start(p, &spec), Driver: d}
	if err := loop.Add(rider); err != nil {
		t.Fatal(err)
	}
	way := []vehicle.State{rider.State}
	for len(way) <= p.Goals[0].To {
		if err := loop.Cycle(t.Context()); err != nil {
			t.Fatal(err)
		}
		way = append(way, rider.State)
		at := commonroad.State{Step: len(way) - 1, Pose: spec.Box(rider.State).Pose, Speed: rider.State.Speed}
		if p.Goals[0].Met(at) {
			break
		}
	}
	return way
}

func TestItDrivesAroundWhatStandsAndReachesItsGoal(t *testing.T) {
	s := load(t)
	way := drive(t, s, reach.Options{})
	v := replay.Judge(s, &s.Problems[0], &reach.BMW, way)
	if !v.Valid() {
		t.Fatalf("after %d steps: %s", len(way)-1, v.Why)
	}
	if again := drive(t, s, reach.Options{}); len(again) != len(way) || again[len(again)-1] != way[len(way)-1] {
		t.Error("the same drive again ends elsewhere")
	}
}

// recorded is the log of a scenario.
func recorded(s *commonroad.Scenario) reach.Log {
	return func(dst []scene.Actor, time float64) []scene.Actor {
		for i := range s.Others {
			dst = replay.At(dst, s, i, time)
		}
		return dst
	}
}

func TestItSolvesAtOnceWhatIsRecorded(t *testing.T) {
	for _, name := range []string{"straight", "turn"} {
		for _, step := range []float64{0.1, 0.25} {
			s := read(t, "testdata/"+name+".xml")
			coarser(s, step)
			p := &s.Problems[0]
			way, err := reach.Solve(s, p, &reach.BMW, reach.Options{Log: recorded(s)})
			if err != nil {
				t.Errorf("%s by steps of %g s: %v", name, step, err)
				continue
			}
			if v := replay.Judge(s, p, &reach.BMW, way); !v.Valid() {
				t.Errorf("%s by steps of %g s: %s", name, step, v.Why)
			}
		}
	}
}

// coarser takes a scenario of steps of 0.1 s as one of longer steps: everyone is slower then, the vehicle too.
func coarser(s *commonroad.Scenario, step float64) {
	k := s.Step / step
	s.Step = step
	for i := range s.Others {
		for j := range s.Others[i].States {
			s.Others[i].States[j].Speed *= k
		}
	}
	for i := range s.Problems {
		p := &s.Problems[i]
		p.Initial.Speed *= k
		for j := range p.Goals {
			if v := p.Goals[j].Speed; v != nil {
				*v = commonroad.Interval{From: v.From * k, To: v.To * k}
			}
		}
	}
}

func TestWhatCannotBeSolvedIsSaid(t *testing.T) {
	s := load(t)
	p := &s.Problems[0]
	if _, err := reach.Solve(s, p, &reach.BMW, reach.Options{}); err == nil {
		t.Error("solved without knowing where the others will be")
	}
	p.Goals[0].From, p.Goals[0].To = 1, 2 // 0.2 s for all that way
	way, err := reach.Solve(s, p, &reach.BMW, reach.Options{Log: recorded(s)})
	if err == nil || len(way) == 0 {
		t.Errorf("%d states, %v", len(way), err)
	}
}

func TestTheJudgeSeesEachFault(t *testing.T) {
	s := load(t)
	p, spec := &s.Problems[0], reach.BMW
	good, err := reach.Solve(s, p, &spec, reach.Options{Log: recorded(s)})
	if err != nil {
		t.Fatal(err)
	}
	straight := []vehicle.State{reach.Start(p, &spec)}
	for range 60 {
		x := straight[len(straight)-1]
		x.Vec = x.Ahead(x.Speed*s.Step, 0)
		straight = append(straight, x)
	}
	if v := replay.Judge(s, p, &spec, straight); v.Free || v.Reached || !v.Feasible || !v.OnRoad {
		t.Errorf("straight into the parked one: %+v", v)
	}
	off := append([]vehicle.State(nil), good...)
	for i := range off {
		off[i].Y -= 1.5
	}
	if v := replay.Judge(s, p, &spec, off); v.OnRoad {
		t.Errorf("half on the verge: %+v", v)
	}
	leap := append([]vehicle.State(nil), good...)
	leap[5].X += 0.05
	if v := replay.Judge(s, p, &spec, leap); v.Feasible {
		t.Errorf("five centimetres too far in one step: %+v", v)
	}
	hard := append([]vehicle.State(nil), straight[:2]...)
	hard[1].Speed -= 2
	if v := replay.Judge(s, p, &spec, hard); v.Feasible {
		t.Errorf("braking by 20 m/s²: %+v", v)
	}
}

func TestTheOthersMoveAsTheyWereRecorded(t *testing.T) {
	s := load(t)
	w := replay.New(s, 0)
	var now scene.Truth
	w.Truth(&now)
	if len(now.Actors) != 2 || now.Actors[0].Box.X != 40 || now.Actors[0].Speed != 5 {
		t.Fatalf("at first: %+v", now.Actors)
	}
	if err := w.Step(t.Context(), 0.2); err != nil { // between two records that leave a step out
		t.Fatal(err)
	}
	w.Truth(&now)
	a := now.Actors[0]
	if math.Abs(a.Box.X-41) > 1e-9 || math.Abs(a.Box.Heading-0.1) > 1e-9 || math.Abs(a.Speed-5.5) > 1e-9 {
		t.Errorf("at 0.2 s: %+v", a)
	}
	if err := w.Step(t.Context(), 0.2); err != nil {
		t.Fatal(err)
	}
	if w.Truth(&now); len(now.Actors) != 1 || now.Actors[0].ID != 2 {
		t.Errorf("after the record only the parked one is left: %+v", now.Actors)
	}
	if err := w.Step(t.Context(), -1); err == nil {
		t.Error("time went backwards")
	}
}

func TestEachShapeOfAnObstacleIsThere(t *testing.T) {
	s := &commonroad.Scenario{Step: 0.1, Others: []commonroad.Obstacle{{
		Static: true,
		States: []commonroad.State{{Pose: geom.Pose{Vec: geom.Vec{X: 10}, Heading: math.Pi / 2}}},
		Shapes: []commonroad.Shape{
			{Form: commonroad.Rectangle, Box: geom.Box{Length: 2, Width: 1}},
			{Form: commonroad.Circle, Box: geom.Box{Pose: geom.Pose{Vec: geom.Vec{X: 3}}}, Radius: 1},
		},
	}}}
	got := replay.At(nil, s, 0, 1.5)
	if len(got) != 2 || got[0].ID != 1 || got[1].ID == 1 {
		t.Fatalf("%+v", got)
	}
	for i, want := range []geom.Box{{Length: 2, Width: 1}, {Pose: geom.Pose{Vec: geom.Vec{Y: 3}}, Length: 2, Width: 2}} {
		b := got[i].Box
		if math.Abs(b.X-10) > 1e-9 || math.Abs(b.Y-want.Y) > 1e-9 || b.Length != want.Length || b.Width != want.Width ||
			math.Abs(b.Heading-math.Pi/2) > 1e-9 {
			t.Errorf("shape %d: %+v", i, b)
		}
	}
}

func TestASolutionIsWrittenAsTheBenchmarkReadsIt(t *testing.T) {
	s := load(t)
	var b strings.Builder
	s.Problems[0].Initial.Heading = -2 * math.Pi // a heading is told as the problem tells it
	way := []vehicle.State{reach.Start(&s.Problems[0], &reach.BMW)}
	way[0].Heading = 0
	if err := replay.WriteSolution(&b, s, &s.Problems[0], &reach.BMW, way, time.Second); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`benchmark_id="KS2:SM1:ZAM_Own-3_1_T-1:2018b"`, `planningProblem="20"`,
		`<x>10.000000000</x><y>2.000000000</y><steeringAngle>0.000000000</steeringAngle><velocity>10.000000000</velocity>`,
		`<orientation>-6.283185307</orientation>`,
		`<time>0</time>`,
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in %s", want, b.String())
		}
	}
}
