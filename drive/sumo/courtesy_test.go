package sumo

import (
	"testing"

	"hutong/drive/geom"
	"hutong/drive/scene"
	"hutong/drive/vehicle"
)

func TestWhoIsBehindBesideAnIndicatorIsAskedToLetItIn(t *testing.T) {
	at := func(x, y, heading float64) scene.Actor {
		return scene.Actor{ID: 1, Kind: scene.Car, Box: geom.Box{Pose: geom.Pose{Vec: geom.Vec{X: x, Y: y}, Heading: heading}, Length: 4.5, Width: 1.8}}
	}
	for _, c := range []struct {
		what string
		turn scene.Indicator
		who  scene.Actor
		asks bool
	}{
		{"behind to the left", scene.TurnLeft, at(-8, 3.2, 0), true},
		{"its nose beside ours", scene.TurnLeft, at(1.8, 3.2, 0), false},
		{"behind to the right", scene.TurnLeft, at(-8, -3.2, 0), false},
		{"behind to the right, and so is the indicator", scene.TurnRight, at(-8, -3.2, 0), true},
		{"no indicator", scene.NoTurn, at(-8, 3.2, 0), false},
		{"behind in the own lane", scene.TurnLeft, at(-8, 0, 0), false},
		{"far behind", scene.TurnLeft, at(-40, 3.2, 0), false},
		{"it comes towards us", scene.TurnLeft, at(-8, 3.2, 3.1), false},
	} {
		w := &World{actors: []scene.Actor{c.who}}
		e := &ego{spec: &vehicle.Shuttle, turn: c.turn, at: vehicle.State{}}
		if got := w.behind(e) != nil; got != c.asks {
			t.Errorf("%s: asked: %v", c.what, got)
		}
	}
}
