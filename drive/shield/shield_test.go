package shield

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
	"hutong/drive/vehicle"
)

// street makes a map of lanes side by side along the x axis, from the right, each 3.5 m wide; the middle of the first is
// y = 0. A negative limit turns a lane around.
func street(t testing.TB, long float64, limits ...float64) *lane.Map {
	t.Helper()
	lanes := make([]lane.Lane, len(limits))
	for i, limit := range limits {
		y := 3.5 * float64(i)
		from, to := geom.Vec{X: -100, Y: y}, geom.Vec{X: long, Y: y}
		if limit < 0 {
			from, to, limit = to, from, -limit
		}
		lanes[i] = straight(t, string(rune('a'+i)), from, to, limit)
		if i > 0 && limits[i-1] > 0 == (limits[i] > 0) {
			lanes[i].RightOf, lanes[i-1].LeftOf = lane.ID(i-1), lane.ID(i)
		}
	}
	return mapOf(t, lanes)
}

func straight(t testing.TB, name string, from, to geom.Vec, limit float64) lane.Lane {
	t.Helper()
	centre, err := geom.NewPath([]geom.Vec{from, geom.Between(from, to, 0.5), to})
	if err != nil {
		t.Fatal(err)
	}
	half := []float64{1.75, 1.75, 1.75}
	return lane.Lane{
		Name: name, Centre: centre, ToLeft: half, ToRight: half, Limit: limit, Users: lane.Cars,
		LeftOf: lane.None, RightOf: lane.None, Opposite: lane.None, Signal: -1,
	}
}

func mapOf(t testing.TB, lanes []lane.Lane, signals ...lane.Signal) *lane.Map {
	t.Helper()
	m, err := lane.NewMap(lanes, signals)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func car(id uint32, x, y, heading, speed float64) scene.Actor {
	return scene.Actor{ID: id, Box: geom.Box{Pose: geom.Pose{Vec: geom.Vec{X: x, Y: y}, Heading: heading}, Length: 4.5, Width: 1.8}, Speed: speed}
}

// ego is the shuttle with its middle at x, y.
func ego(x, y, heading, speed float64) vehicle.State {
	s := vehicle.State{Pose: geom.Pose{Vec: geom.Vec{X: x, Y: y}, Heading: heading}, Speed: speed}
	s.Vec = s.Ahead(vehicle.Shuttle.RearOverhang-vehicle.Shuttle.Length/2, 0)
	return s
}

// plan drives the model for n states with what control says.
func plan(from vehicle.State, n int, control func(i int, x vehicle.State) vehicle.Control) []vehicle.State {
	states := []vehicle.State{from}
	for i := 1; i < n; i++ {
		from = vehicle.Shuttle.Step(from, control(i, from), dt)
		states = append(states, from)
	}
	return states
}

func steady(accel float64) func(int, vehicle.State) vehicle.Control {
	return func(int, vehicle.State) vehicle.Control { return vehicle.Control{Accel: accel, Hard: accel < -3} }
}

// fataler is a test, rapid's or Go's.
type fataler interface {
	Helper()
	Fatal(...any)
}

func judged(t fataler, m *lane.Map, v scene.View, p []vehicle.State) Verdict {
	t.Helper()
	s, err := New(m, &vehicle.Shuttle, City)
	if err != nil {
		t.Fatal(err)
	}
	s.Look(&v)
	return s.Judge(p)
}

func TestAPlanIsReleasedWhereRSSSaysSoAndVetoedWhereNot(t *testing.T) {
	road := street(t, 400, 13.9, 13.9, -13.9)
	const pi = 3.141592653589793
	for _, c := range []struct {
		name  string
		ego   vehicle.State
		accel float64
		with  []scene.Actor
		rule  Rule
	}{
		{"an empty road", ego(0, 0, 0, 10), 0, nil, None},
		{"far behind one who drives", ego(0, 0, 0, 10), 0, []scene.Actor{car(1, 25, 0, 0, 10)}, None},
		{"close behind one who drives", ego(0, 0, 0, 10), 0, []scene.Actor{car(1, 7, 0, 0, 10)}, Following},
		{"close behind one who drives, braking", ego(0, 0, 0, 10), -6, []scene.Actor{car(1, 7, 0, 0, 10)}, None},
		{"towards one who stands, in time", ego(0, 0, 0, 10), 0, []scene.Actor{car(1, 40, 0, 0, 0)}, None},
		{"towards one who stands, too late", ego(0, 0, 0, 10), 0, []scene.Actor{car(1, 12, 0, 0, 0)}, Following},
		{"one abreast in its own lane", ego(0, 0, 0, 10), 0, []scene.Actor{car(1, 0, 3.5, 0, 10)}, None},
		{"one abreast who comes over", ego(0, 0, 0, 10), 0, []scene.Actor{car(1, 7, 2.4, -0.12, 8)}, Following},
		{"oncoming in its own lane", ego(0, 3.5, 0, 12), 0, []scene.Actor{car(1, 20, 7, pi, 12)}, None},
		{"oncoming in this lane", ego(0, 0, 0, 12), 0, []scene.Actor{car(1, 30, 0, pi, 12)}, Oncoming},
		{"followed closely", ego(0, 0, 0, 8), 0, []scene.Actor{car(1, -6, 0, 0, 14)}, None},
		{"standing in a queue", ego(0, 0, 0, 0), 0, []scene.Actor{car(1, 5.5, 0, 0, 0), car(2, -5.5, 0, 0, 3)}, None},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := scene.View{Ego: c.ego, Actors: c.with, Range: 120}
			got := judged(t, road, v, plan(c.ego, 41, steady(c.accel)))
			if got.Rule != c.rule || got.Released != (c.rule == None) {
				t.Errorf("got %+v, want rule %v", got, c.rule)
			}
		})
	}
}

func TestWhereACrossingBeginsUnseenSomebodyMayStand(t *testing.T) {
	road := straight(t, "road", geom.Vec{X: -100}, geom.Vec{X: 200}, 13.9)
	crossing := straight(t, "crossing", geom.Vec{X: 15, Y: -2.8}, geom.Vec{X: 15, Y: 6}, 2)
	crossing.Kind, crossing.Users = lane.Crossing, lane.People
	m := mapOf(t, []lane.Lane{road, crossing})
	for _, c := range []struct {
		name     string
		speed    float64
		free     float32
		released bool
	}{
		{"in full view", 12, 120, true},
		{"hidden, fast", 12, 10, false},
		{"hidden, slowly", 4, 10, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			me := ego(0, 0, 0, c.speed)
			v := scene.View{Ego: me, Range: 120}
			for i := range v.Free {
				v.Free[i] = c.free
			}
			if got := judged(t, m, v, plan(me, 41, steady(0))); got.Released != c.released {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestOneWhoStandsOnALaneIsNotOnAnotherThatComesInBelowItsBody(t *testing.T) {
	entry := []geom.Vec{{X: 5, Y: -10}, {X: 5.3, Y: -4}, {X: 6.2, Y: -0.5}, {X: 7, Y: 2}, {X: 10, Y: 3.2}, {X: 14, Y: 3.5}}
	centre, err := geom.NewPath(entry)
	if err != nil {
		t.Fatal(err)
	}
	in := straight(t, "in", entry[0], entry[5], 13.9)
	in.Centre, in.Kind = centre, lane.Junction
	in.ToLeft, in.ToRight = slices.Repeat([]float64{1.75}, len(entry)), slices.Repeat([]float64{1.75}, len(entry))
	m := mapOf(t, []lane.Lane{
		straight(t, "outer", geom.Vec{X: -100}, geom.Vec{X: 200}, 13.9), straight(t, "inner", geom.Vec{X: -100, Y: 3.5}, geom.Vec{X: 200, Y: 3.5}, 13.9), in,
	})
	s, err := New(m, &vehicle.Shuttle, City)
	if err != nil {
		t.Fatal(err)
	}
	s.Look(&scene.View{Ego: ego(0, 0, 0, 0), Actors: []scene.Actor{car(1, 8.7, 3.4, 0, 0)}, Range: 120})
	for _, e := range s.entries {
		if name := m.Lane(e.lane).Name; name != "inner" {
			t.Errorf("one who stands in the inner lane is thought to be on %q, %.1f m along it and %.1f m aside", name, e.from, e.d)
		}
	}
}

func TestTheShieldIsSmallEnoughToBeRead(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") && !strings.HasSuffix(name, "_test.go") {
				lines++
			}
		}
	}
	if lines > 1000 {
		t.Errorf("%d lines of code; 1,000 are what one reader may hold in mind", lines)
	}
}
