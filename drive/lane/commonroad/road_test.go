package commonroad_test

import (
	"math"
	"testing"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/lane/commonroad"
)

// strip is a lanelet along x, from one x to another, between two ys.
func strip(from, to, right, left float64) commonroad.Lanelet {
	return commonroad.Lanelet{
		Left:   []geom.Vec{{X: from, Y: left}, {X: (from + to) / 2, Y: left}, {X: to, Y: left}},
		Right:  []geom.Vec{{X: from, Y: right}, {X: (from + to) / 2, Y: right}, {X: to, Y: right}},
		LeftOf: lane.None, RightOf: lane.None,
	}
}

func turned(l commonroad.Lanelet) commonroad.Lanelet {
	l.Left, l.Right = l.Right, l.Left
	for _, p := range [][]geom.Vec{l.Left, l.Right} {
		p[0], p[2] = p[2], p[0]
	}
	return l
}

func box(x, y, heading float64) geom.Box {
	return geom.Box{Pose: geom.Pose{Vec: geom.Vec{X: x, Y: y}, Heading: heading}, Length: 4, Width: 2}
}

func rim(r *commonroad.Road) (long float64) {
	for _, e := range r.Edges() {
		long += e.A.To(e.B)
	}
	return long
}

func TestLaneletsSideBySideAreOneGround(t *testing.T) {
	a, b := strip(0, 50, 0, 3), strip(0, 50, 3.01, 6) // a crack of a centimetre
	apart := commonroad.NewRoad([]commonroad.Lanelet{a, b})
	if apart.Carries(box(20, 3, 0)) {
		t.Error("a crack between lanelets that aren't neighbours carries nobody")
	}
	a.LeftOf, b.RightOf = 1, 0
	joined := commonroad.NewRoad([]commonroad.Lanelet{a, b})
	if !joined.Carries(box(20, 3, 0)) || math.Abs(rim(joined)-112) > 1e-6 {
		t.Errorf("neighbours with a crack between them; the rim is %g m", rim(joined))
	}
	b = turned(b)
	a.LeftTurned, b.LeftTurned = true, true
	b.LeftOf, b.RightOf = 0, lane.None
	facing := commonroad.NewRoad([]commonroad.Lanelet{a, b})
	if !facing.Carries(box(20, 3, 0)) || math.Abs(rim(facing)-112) > 1e-6 {
		t.Errorf("neighbours that lead opposite ways; the rim is %g m", rim(facing))
	}
}

func TestLaneletsThatFollowAreOneGroundOnlyWhereTheyTouch(t *testing.T) {
	touching := commonroad.NewRoad([]commonroad.Lanelet{strip(0, 30, 0, 3), strip(30, 60, 0, 3)})
	if !touching.Carries(box(30, 1.5, 0.1)) || math.Abs(rim(touching)-126) > 1e-6 {
		t.Errorf("end to end; the rim is %g m", rim(touching))
	}
	cracked := commonroad.NewRoad([]commonroad.Lanelet{strip(0, 30, 0, 3), strip(30.004, 60, 0, 3)})
	if cracked.Carries(box(30, 1.5, 0.1)) || !cracked.Carries(box(20, 1.5, 0.1)) {
		t.Error("a crack of 4 mm across the road")
	}
	over := commonroad.NewRoad([]commonroad.Lanelet{strip(0, 30, 0, 3), strip(20, 60, 1, 4)})
	if !over.Carries(box(25, 2, 0)) || over.Carries(box(25, 0.9, math.Pi/2)) || math.Abs(rim(over)-128) > 1e-6 {
		t.Errorf("one over the other; the rim is %g m", rim(over))
	}
	for _, e := range over.Edges() {
		way := e.B.Minus(e.A)
		in := geom.Between(e.A, e.B, 0.5).Plus(way.Left().Times(0.01 / way.Length()))
		if !over.Holds(in) {
			t.Errorf("the road isn't to the left of %v", e)
		}
	}
}

func TestABoxIsOnTheRoadOnlyAsAWhole(t *testing.T) {
	r := commonroad.NewRoad([]commonroad.Lanelet{strip(0, 50, 0, 3)})
	for _, c := range []struct {
		b    geom.Box
		want bool
	}{
		{box(20, 1.5, 0), true},
		{box(20, 1.01, 0), true},
		{box(20, 0.99, 0), false},
		{box(20, 1.5, 0.3), false},
		{box(1.9, 1.5, 0), false},
		{box(20, -5, 0), false},
		{box(20, 1.5, math.Pi), true},
		{geom.Box{Pose: geom.Pose{Vec: geom.Vec{X: 20, Y: 1.5}}, Length: 100, Width: 100}, false},
	} {
		if got := r.Carries(c.b); got != c.want {
			t.Errorf("%+v: %v", c.b, got)
		}
	}
}
