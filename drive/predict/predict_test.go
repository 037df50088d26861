package predict_test

import (
	"math"
	"testing"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/predict"
	"hutong/drive/scene"
	"hutong/drive/vehicle"
)

func straight(t *testing.T, name string, points ...geom.Vec) lane.Lane {
	t.Helper()
	path, err := geom.NewPath(points)
	if err != nil {
		t.Fatal(err)
	}
	half := []float64{1.6, 1.6}
	return lane.Lane{
		Name: name, Centre: path, ToLeft: half, ToRight: half, Limit: 13.9, Users: lane.Cars, LeftOf: lane.None,
		RightOf: lane.None, Opposite: lane.None, Signal: -1,
	}
}

// crossroads is a way east with a light before x = 100, and one north over it at x = 105 that gives way.
func crossroads(t *testing.T) *lane.Map {
	t.Helper()
	in, through := straight(t, "in", geom.Vec{}, geom.Vec{X: 100}), straight(t, "through", geom.Vec{X: 100}, geom.Vec{X: 110})
	up, over := straight(t, "up", geom.Vec{X: 105, Y: -100}, geom.Vec{X: 105, Y: -5}), straight(t, "over", geom.Vec{X: 105, Y: -5}, geom.Vec{X: 105, Y: 5})
	in.Next, through.Prev, up.Next, over.Prev = []lane.ID{1}, []lane.ID{0}, []lane.ID{3}, []lane.ID{2}
	through.Kind, over.Kind, through.Signal = lane.Junction, lane.Junction, 0
	through.Conflicts = []lane.Conflict{{With: 3, From: 3.4, To: 6.6, WithFrom: 3.4, WithTo: 6.6}}
	over.Conflicts = []lane.Conflict{{With: 1, From: 3.4, To: 6.6, WithFrom: 3.4, WithTo: 6.6, Yield: true}}
	m, err := lane.NewMap([]lane.Lane{in, through, up, over}, []lane.Signal{{Name: "j/0", Lanes: []lane.ID{1}}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func car(x, y, heading, speed float64) scene.Actor {
	return scene.Actor{
		ID: 5, Speed: speed, Box: geom.Box{Pose: geom.Pose{Vec: geom.Vec{X: x, Y: y}, Heading: heading}, Length: 4.5, Width: 1.8},
	}
}

func foretell(t *testing.T, a scene.Actor, lights []scene.Light, claims []predict.Claim) predict.Motion {
	t.Helper()
	spec := vehicle.Shuttle
	v := scene.View{Actors: []scene.Actor{a}, Lights: lights}
	motions := predict.New(crossroads(t)).Look(&v, lane.Spot{Lane: lane.None}, &spec, claims)
	if len(motions) != 1 {
		t.Fatalf("%d motions", len(motions))
	}
	m := motions[0]
	for k := range m.Boxes {
		if !m.Boxes[k].Finite() || m.Speed[k] < 0 {
			t.Fatalf("tick %d: %v at %v m/s", k, m.Boxes[k], m.Speed[k])
		}
	}
	return m
}

func TestWhoHasARedLightIsThoughtToStopIfItCan(t *testing.T) {
	red := []scene.Light{{Signal: 0, Colour: scene.Red}}
	if m := foretell(t, car(50, 0, 0, 10), red, nil); m.Boxes[predict.Steps].X > 100 || !m.Yields {
		t.Errorf("it ends at %v", m.Boxes[predict.Steps])
	}
	if m := foretell(t, car(92, 0, 0, 12), red, nil); m.Boxes[predict.Steps].X < 110 {
		t.Errorf("too near to stop, it ends at %v", m.Boxes[predict.Steps])
	}
}

func TestWhoMustGiveWayIsThoughtToWhileItCan(t *testing.T) {
	claims := []predict.Claim{{Lane: 1, In: 2, Out: 3}}
	up := math.Pi / 2
	if m := foretell(t, car(105, -40, up, 8), nil, claims); m.Boxes[predict.Steps].Y > -4 || !m.Yields {
		t.Errorf("it ends at %v", m.Boxes[predict.Steps])
	}
	if m := foretell(t, car(105, -40, up, 8), nil, nil); m.Boxes[predict.Steps].Y < 5 {
		t.Errorf("with nobody there, it ends at %v", m.Boxes[predict.Steps])
	}
	if m := foretell(t, car(105, -8, up, 9), nil, claims); m.Boxes[predict.Steps].Y < 5 {
		t.Errorf("too near to stop, it ends at %v", m.Boxes[predict.Steps])
	}
}

func TestSomebodyOnFootWalksOnAndBecomesLessCertain(t *testing.T) {
	a := car(50, -4, math.Pi/2, 1.5)
	a.Kind, a.Box.Length, a.Box.Width = scene.Pedestrian, 0.5, 0.5
	m := foretell(t, a, nil, nil)
	if got := m.Boxes[40]; got.To(geom.Vec{X: 50, Y: 2}) > 0.01 || m.Grow <= 0 {
		t.Errorf("after 4 s at %v, growing %v", got, m.Grow)
	}
}

// twoLanes is a street of two lanes to the east, the right one first.
func twoLanes(t *testing.T) *lane.Map {
	t.Helper()
	right, left := straight(t, "right", geom.Vec{}, geom.Vec{X: 300}), straight(t, "left", geom.Vec{Y: 3.2}, geom.Vec{X: 300, Y: 3.2})
	right.LeftOf, right.MayLeft, left.RightOf, left.MayRight = 1, true, 0, true
	m, err := lane.NewMap([]lane.Lane{right, left}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestWhoOnlyIndicatesIsThoughtToChangeLanesWhenTheVehicleIsNoLongerBesideIt(t *testing.T) {
	m := twoLanes(t)
	spec := vehicle.Shuttle
	for _, c := range []struct {
		what           string
		x, v, sideways float64 // of the other in the left lane, which indicates to the right; m/s to the right
		own            float64 // m/s, of the vehicle at 100 m in the right one
		from, until    float64 // s, between which it first is half way over
	}{
		{"beside, as fast, and speeding up", 100, 8, 0, 8, 4, 7},
		{"coming past", 97, 8, 0, 4, 3, 5.5},
		{"slower, ahead, the vehicle coming up", 108, 6, 0, 12, 4, 7},
		{"ahead", 120, 8, 0, 8, 1, 3},
		{"beside, and moving over already", 103, 8, 0.6, 8, 0.5, 2.5},
	} {
		a := car(c.x, 3.2, -math.Asin(c.sideways/c.v), c.v)
		a.Turn = scene.TurnRight
		v := scene.View{Actors: []scene.Actor{a}, Ego: vehicle.State{Pose: geom.Pose{Vec: geom.Vec{X: 100}}, Speed: c.own}}
		over := 9.0
		for _, x := range predict.New(m).Look(&v, lane.Spot{Lane: 0, S: 100}, &spec, nil) {
			for k := range x.Boxes {
				if t := float64(k) * predict.Tick; x.Boxes[k].Y < 1.6 && t < over {
					over = t
				}
			}
		}
		if over < c.from || over > c.until {
			t.Errorf("%s: it is half way over after %.1f s, want %.1f to %.1f", c.what, over, c.from, c.until)
		}
	}
}
