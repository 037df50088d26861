package sense_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
	"hutong/drive/sense"
	"hutong/drive/vehicle"
)

const own = 1 << 31

// box is a road user of a kind at a place, facing east.
func box(id uint32, kind scene.Kind, x, y, speed float64) scene.Actor {
	sizes := map[scene.Kind][2]float64{scene.Pedestrian: {0.5, 0.5}, scene.Bus: {12, 2.5}, scene.Bicycle: {1.8, 0.6}}
	size, ok := sizes[kind]
	if !ok {
		size = [2]float64{4.5, 1.8}
	}
	return scene.Actor{ID: id, Kind: kind, Speed: speed, Box: geom.Box{Pose: geom.Pose{Vec: geom.Vec{X: x, Y: y}}, Length: size[0], Width: size[1]}}
}

// ego stands with its middle at the origin and faces east.
func ego() vehicle.State {
	s := vehicle.Shuttle
	return vehicle.State{Pose: geom.Pose{Vec: geom.Vec{X: -(s.Length/2 - s.RearOverhang)}}}
}

func see(s *sense.Sensor, now float64, actors ...scene.Actor) *scene.View {
	var v scene.View
	t := scene.Truth{Time: now, Actors: append(actors, scene.Actor{ID: own, Box: vehicle.Shuttle.Box(ego())})}
	s.See(&t, own, ego(), &vehicle.Shuttle, &v)
	return &v
}

func TestWhatStandsBehindSomethingIsNotSeen(t *testing.T) {
	house := sense.NewWalls([][]geom.Vec{{{X: 20, Y: 10}, {X: 40, Y: 10}, {X: 40, Y: 30}, {X: 20, Y: 30}}})
	car, bus := box(1, scene.Car, 15, 0, 0), box(1, scene.Bus, 20, 0, 0)
	cases := []struct {
		name   string
		hidden bool
		by     *scene.Actor
		what   scene.Actor
	}{
		{"someone on foot before a car", false, &car, box(2, scene.Pedestrian, 8, 0, 1)},
		{"someone on foot right behind a car", true, &car, box(2, scene.Pedestrian, 19, 0, 1)},
		{"someone on foot beside it", false, &car, box(2, scene.Pedestrian, 19, 4, 1)},
		{"a car behind a car", true, &car, box(2, scene.Car, 25, 0, 0)},
		{"a bus behind a car, which is lower", false, &car, box(2, scene.Bus, 30, 0, 0)},
		{"a bus behind a bus", true, &bus, box(2, scene.Bus, 40, 0, 0)},
		{"a car of which a corner looks out", false, &car, box(2, scene.Car, 25, 2.8, 0)},
		{"someone on foot behind the house", true, nil, box(2, scene.Pedestrian, 50, 35, 1)},
		{"someone on foot before the house", false, nil, box(2, scene.Pedestrian, 30, 9, 1)},
		{"someone on foot behind us", false, &car, box(2, scene.Pedestrian, -19, 0, 1)},
		{"a bus behind the house", true, nil, box(2, scene.Bus, 60, 40, 0)},
	}
	for _, c := range cases {
		for _, occlusion := range []bool{true, false} {
			s := sense.New(sense.Config{Occlusion: occlusion, Walls: house}, nil, 1)
			actors := []scene.Actor{c.what}
			if c.by != nil {
				actors = append(actors, *c.by)
			}
			v := see(s, 1, actors...)
			got := slices.ContainsFunc(v.Actors, func(a scene.Actor) bool { return a.Box.Vec == c.what.Box.Vec })
			if got == (c.hidden && occlusion) {
				t.Errorf("%s: seen %t, with occlusion %t", c.name, got, occlusion)
			}
		}
	}
}

func TestTwoOnFootHideNobody(t *testing.T) {
	s := sense.New(sense.Config{Occlusion: true}, nil, 1)
	if v := see(s, 1, box(1, scene.Pedestrian, 5, 0, 0), box(2, scene.Pedestrian, 9, 0, 0), box(3, scene.Bicycle, 15, 0, 0)); len(v.Actors) != 3 {
		t.Errorf("of three in a row it sees %d", len(v.Actors))
	}
}

func TestFreeIsHowFarOneSees(t *testing.T) {
	s := sense.New(sense.Config{Occlusion: true, Range: 100}, nil, 1)
	v := see(s, 1, box(1, scene.Car, 20, 0, 0), box(2, scene.Car, 0, -10, 0), box(3, scene.Pedestrian, 0, 5, 0))
	for _, c := range []struct {
		degrees int
		want    float64
	}{{0, 17.75}, {2, 17.76}, {30, 100}, {90, 100}, {180, 100}, {270, 9.1}, {300, 100}} {
		if got := float64(v.Free[c.degrees/2]); math.Abs(got-c.want) > 0.05 {
			t.Errorf("at %d° it is free for %.2f m, want %.2f", c.degrees, got, c.want)
		}
	}
}

func TestWhatIsTooFarIsNotSeen(t *testing.T) {
	s := sense.New(sense.Config{Range: 50}, nil, 1)
	if v := see(s, 1, box(1, scene.Pedestrian, 49, 0, 0), box(2, scene.Pedestrian, 51, 0, 0), box(3, scene.Bus, 54, 20, 0)); len(v.Actors) != 1 || v.Range != 50 {
		t.Errorf("it sees %d, with a range of %g m", len(v.Actors), v.Range)
	}
}

func TestPositionsAreBroughtForwardByTheLatency(t *testing.T) {
	s := sense.New(sense.Config{Latency: 0.3}, nil, 1)
	var v *scene.View
	for k := range 20 {
		now := 0.1 * float64(k)
		v = see(s, now, box(1, scene.Car, 10*now, 5, 10))
	}
	if got := v.Actors[0].Box.X; math.Abs(got-19) > 1e-9 {
		t.Errorf("the car is seen at %.3f, want 19: it moves evenly", got)
	}
	if math.Abs(v.Time-v.Taken-0.3) > 1e-9 || math.Abs(v.Actors[0].Age-0.3) > 1e-9 {
		t.Errorf("taken %.2f s ago, seen %.2f s ago; want 0.3 both", v.Time-v.Taken, v.Actors[0].Age)
	}
	// One who begins to brake is held to go on for as long as the latency lasts.
	v = see(s, 2, box(1, scene.Car, 20, 5, 0))
	if got := v.Actors[0].Speed; got != 10 {
		t.Errorf("0 s after it stopped it is seen with %.1f m/s", got)
	}
}

func TestATrackKeepsItsNumberAndGivesAwayNothing(t *testing.T) {
	s := sense.New(sense.Config{Dropout: 0.3}, nil, 3)
	first := see(s, 0, box(77, scene.Car, 10, 5, 0)).Actors
	for k := 1; len(first) == 0; k++ {
		first = see(s, 0.1*float64(k), box(77, scene.Car, 10, 5, 0)).Actors
	}
	name := first[0].ID
	if name == 77 {
		t.Error("the track has the world's own number")
	}
	for k := range 300 {
		v := see(s, 10+0.1*float64(k), box(77, scene.Car, 10, 5, 0))
		if k == 0 && len(v.Actors) == 1 {
			name = v.Actors[0].ID // after ten seconds unseen it is another
		}
		if k > 3 && (len(v.Actors) != 1 || v.Actors[0].ID != name) && name != first[0].ID {
			t.Fatalf("%d looks later: %+v, want one with the number %d", k, v.Actors, name)
		}
	}
}

func TestAnUnseenTrackLivesForASecond(t *testing.T) {
	s := sense.New(sense.Config{}, nil, 1)
	see(s, 0, box(1, scene.Car, 10, 0, 2))
	for k := 1; k <= 20; k++ {
		now := 0.1 * float64(k)
		v := see(s, now)
		if alive := len(v.Actors) == 1; alive != (k <= 10) {
			t.Fatalf("%.1f s after it was seen there are %d tracks", now, len(v.Actors))
		}
		if len(v.Actors) == 1 && (math.Abs(v.Actors[0].Box.X-10-2*now) > 1e-9 || math.Abs(v.Actors[0].Age-now) > 1e-9) {
			t.Errorf("after %.1f s it is held to be at %.2f, seen %.2f s ago", now, v.Actors[0].Box.X, v.Actors[0].Age)
		}
	}
}

func TestABlindSensorSaysSoAndClaimsLessAndLess(t *testing.T) {
	s := sense.New(sense.Config{Range: 100, Dark: []sense.Span{{From: 1, Until: 2}}}, nil, 1)
	last := 101.0
	for k := range 30 {
		v := see(s, 0.1*float64(k), box(1, scene.Car, 10, 0, 0))
		dark := k >= 10 && k < 20
		if v.Blind != dark {
			t.Fatalf("at %.1f s blind is %t", v.Time, v.Blind)
		}
		if dark && (v.Range >= last || float64(v.Free[3]) > v.Range || v.Taken > 0.95) {
			t.Errorf("at %.1f s it claims %.1f m, %.1f before", v.Time, v.Range, last)
		}
		last = v.Range
	}
	if last != 100 {
		t.Errorf("after it sees again it claims %.1f m", last)
	}
}

func TestErrorsHaveTheSizeAskedFor(t *testing.T) {
	c := sense.Config{NoisePos: 0.4, NoiseSpeed: 0.3, NoiseHeading: 0.05}
	var along, speed, heading []float64
	for seed := range uint64(400) {
		v := see(sense.New(c, nil, seed), 0, box(1, scene.Car, 50, 0, 8))
		along, speed, heading = append(along, v.Actors[0].Box.X-50), append(speed, v.Actors[0].Speed-8), append(heading, v.Actors[0].Box.Heading)
	}
	for _, x := range []struct {
		what string
		got  []float64
		want float64
	}{{"place", along, 0.4}, {"speed", speed, 0.3}, {"heading", heading, 0.05}} {
		var sum, square float64
		for _, e := range x.got {
			sum, square = sum+e, square+e*e
		}
		n := float64(len(x.got))
		if sd := math.Sqrt(square / n); math.Abs(sum/n) > 0.2*x.want || math.Abs(sd-x.want) > 0.15*x.want {
			t.Errorf("%s: mean error %.3f, deviation %.3f, want 0 and %.3f", x.what, sum/n, sd, x.want)
		}
	}
}

func TestTheSameSeedSeesTheSame(t *testing.T) {
	run := func(seed uint64) string {
		c := sense.Usual()
		c.Dropout, c.Blackouts, c.BlackoutFor = 0.2, 300, 0.5
		s := sense.New(c, nil, seed)
		out := ""
		for k := range 100 {
			v := see(s, 0.1*float64(k), box(1, scene.Car, 30, 2, 5), box(2, scene.Pedestrian, 20, -5, 1))
			out += fmt.Sprint(v.Actors, v.Blind)
		}
		return out
	}
	if first, again := run(1), run(1); first != again {
		t.Error("one seed, two runs")
	}
	if run(1) == run(2) {
		t.Error("two seeds, one run")
	}
}

func TestLightsAreSeenFromTheFrontAndToldByRadio(t *testing.T) {
	centre, err := geom.NewPath([]geom.Vec{{X: 60}, {X: 90}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := lane.NewMap([]lane.Lane{{
		Name: "a", Centre: centre, ToLeft: []float64{2, 2}, ToRight: []float64{2, 2}, Limit: 10, Users: lane.Cars,
		LeftOf: lane.None, RightOf: lane.None, Opposite: lane.None, Signal: 0,
	}}, []lane.Signal{{Name: "x/0", At: geom.Pose{Vec: geom.Vec{X: 60}}, Lanes: []lane.ID{0}}})
	if err != nil {
		t.Fatal(err)
	}
	look := func(c sense.Config, x float64, between ...scene.Actor) []scene.Light {
		at := vehicle.State{Pose: geom.Pose{Vec: geom.Vec{X: x}}}
		truth := scene.Truth{Lights: []scene.Light{{Signal: 0, Colour: scene.Red, Remaining: 12}}, Actors: between}
		var v scene.View
		sense.New(c, m, 1).See(&truth, own, at, &vehicle.Shuttle, &v)
		return v.Lights
	}
	bus, car := box(1, scene.Bus, 40, 0, 0), box(1, scene.Car, 40, 0, 0)
	for _, c := range []struct {
		name string
		got  []scene.Light
		want []scene.Light
	}{
		{"from 60 m", look(sense.Config{Occlusion: true}, 0), []scene.Light{{Signal: 0, Colour: scene.Red, Remaining: -1}}},
		{"behind a car", look(sense.Config{Occlusion: true}, 0, car), []scene.Light{{Signal: 0, Colour: scene.Red, Remaining: -1}}},
		{"behind a bus", look(sense.Config{Occlusion: true}, 0, bus), nil},
		{"from beyond", look(sense.Config{}, 100), nil},
		{"from 130 m", look(sense.Config{Range: 200}, -70), nil},
		{"by radio, behind a bus", look(sense.Config{V2X: true, Occlusion: true}, 0, bus), []scene.Light{{Signal: 0, Colour: scene.Red, Remaining: 12}}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, c.got, c.want)
		}
	}
}

func TestALookAllocatesNothing(t *testing.T) {
	c := sense.Usual()
	c.Walls = sense.NewWalls([][]geom.Vec{{{X: 20, Y: 10}, {X: 40, Y: 10}, {X: 40, Y: 30}, {X: 20, Y: 30}}})
	s := sense.New(c, nil, 1)
	truth := crowd(40)
	var v scene.View
	step := func() {
		truth.Time += 0.1
		s.See(truth, own, ego(), &vehicle.Shuttle, &v)
	}
	for range 100 {
		step()
	}
	if n := testing.AllocsPerRun(200, step); n > 0 {
		t.Errorf("a look allocates %.1f times", n)
	}
}

func crowd(n int) *scene.Truth {
	var t scene.Truth
	for i := range n {
		a := float64(i) * 2.4
		t.Actors = append(t.Actors, box(uint32(i+1), scene.Kind(i%7), 15*math.Sqrt(float64(i+1))*math.Cos(a), 15*math.Sqrt(float64(i+1))*math.Sin(a), 0))
	}
	return &t
}

func BenchmarkLookAtFortyAmongHouses(b *testing.B) {
	var houses [][]geom.Vec
	for i := range 40 {
		x, y := float64(i%8)*30-120, float64(i/8)*40-95
		houses = append(houses, []geom.Vec{{X: x, Y: y}, {X: x + 15, Y: y}, {X: x + 15, Y: y + 10}, {X: x, Y: y + 10}})
	}
	c := sense.Usual()
	c.Walls = sense.NewWalls(houses)
	s := sense.New(c, nil, 1)
	truth := crowd(40)
	var v scene.View
	b.ReportAllocs()
	for b.Loop() {
		truth.Time += 0.1
		s.See(truth, own, ego(), &vehicle.Shuttle, &v)
	}
}
