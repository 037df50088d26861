package referee_test

import (
	"math"
	"testing"

	"hutong/drive/geom"
	"hutong/drive/scene"
)

func TestWhoStandsForARedLightOrInAQueueHasAReason(t *testing.T) {
	car := func(x, y, heading float64) scene.Actor {
		return scene.Actor{ID: 7, Box: geom.Box{Pose: geom.Pose{Vec: geom.Vec{X: x, Y: y}, Heading: heading}, Length: 4.5, Width: 1.8}}
	}
	crate := car(60, 0, 0)
	crate.Kind = scene.Obstacle
	driving := car(60, 0, 0)
	driving.Speed = 3
	red, green := [2]scene.Colour{scene.Red, scene.Red}, [2]scene.Colour{scene.Green, scene.Green}
	for _, c := range []struct {
		what   string
		at     float64 // where the vehicle's middle stands, on the lane that ends at 100
		lights [2]scene.Colour
		others []scene.Actor
		reason bool
	}{
		{"at a red light", 95, red, nil, true},
		{"at a green light", 95, green, nil, false},
		{"far before a red light", 70, red, nil, false},
		{"behind a car", 50, green, []scene.Actor{car(60, 0, 0)}, true},
		{"far behind a car", 50, green, []scene.Actor{car(75, 0, 0)}, false},
		{"behind a car that goes on", 50, green, []scene.Actor{driving}, false},
		{"behind a thing", 50, green, []scene.Actor{crate}, false},
		{"beside a car", 50, green, []scene.Actor{car(50, 3.5, math.Pi)}, false},
		{"face to face with a car", 50, green, []scene.Actor{car(58, 0, math.Pi)}, false},
		{"before a junction behind which the queue begins", 95, green, []scene.Actor{car(126, 0, 0)}, true},
		{"before a junction behind which there is room", 95, green, []scene.Actor{car(140, 0, 0)}, false},
	} {
		p := drive{
			path: straight(c.at, c.at+1), speed: func(float64) float64 { return 0 }, lights: c.lights, stand: 70,
			others: func(float64) []scene.Actor { return c.others },
		}.run(t)
		if (p.Deadlocks == 0) != c.reason || (p.LongestWait > 60) != c.reason {
			t.Errorf("%s: %d deadlocks, stood %.0f s, waited %.0f s", c.what, p.Deadlocks, p.LongestStand, p.LongestWait)
		}
	}
}
