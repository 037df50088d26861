package pool

import (
	"math"
	"testing"

	"hutong/drive/geom"
	"hutong/drive/lane"
)

// straight is a road of one lane, 1 km there; the way takes a second for 10 m, and nobody goes back.
func straight(t *testing.T) *lane.Map {
	t.Helper()
	p, err := geom.NewPath([]geom.Vec{{}, {X: 1000}})
	if err != nil {
		t.Fatal(err)
	}
	wide := make([]float64, len(p.Points()))
	for i := range wide {
		wide[i] = 2
	}
	m, err := lane.NewMap([]lane.Lane{{
		Name: "east", Centre: p, ToLeft: wide, ToRight: wide, Limit: 10, Kind: lane.Drive, Users: lane.Cars,
		LeftOf: lane.None, RightOf: lane.None, Opposite: lane.None, Signal: -1,
	}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func need(from geom.Pose, to lane.Spot) float64 {
	if to.S < from.X {
		return math.Inf(1)
	}
	return (to.S - from.X) / 10
}

func spot(s float64) lane.Spot { return lane.Spot{S: s} }

func TestNobodyJoinsAtTheCostOfAPromise(t *testing.T) {
	m := straight(t)
	ann := Party{ID: 1, From: spot(0), To: spot(800), Size: 2, Longest: 140, Since: -10}
	bob := Party{ID: 2, From: spot(400), To: spot(900), Size: 2, Latest: 900, Longest: 140}
	f := func(name string, c Car, waiting Party, joins bool) {
		t.Helper()
		plans, without := Match(m, need, []Car{c}, []Party{waiting}, 20)
		if joined := len(without) == 0; joined != joins {
			t.Errorf("%s: %v", name, plans)
		}
		if len(plans[0]) == 0 || plans[0][len(plans[0])-1].Party != map[bool]int{true: 2, false: 1}[joins] {
			t.Errorf("%s: the plan is %v", name, plans)
		}
	}
	car := Car{At: geom.Pose{Vec: geom.Vec{X: 100}}, Seats: 4, Aboard: []Party{ann}, Plan: []Stop{{Party: 1, Out: true}}}
	f("on the way", car, bob, true) // ann: 10 + 70 + 30 s
	crowd := bob
	crowd.Size = 3
	f("no room", car, crowd, false)
	hurried := ann
	hurried.Longest = 100
	car.Aboard = []Party{hurried}
	f("a promise", car, bob, false)
	late := ann
	late.Longest, late.Since = 60, -300 // long broken, and not to be broken further
	car.Aboard = []Party{late}
	f("a broken promise", car, bob, false)
	behind := bob
	behind.From, behind.To = spot(810), spot(900)
	f("after they got out", car, behind, true)
}

func TestHowLateACarIs(t *testing.T) {
	m := straight(t)
	c := Car{
		At: geom.Pose{}, Seats: 4, Ready: 10, Aboard: []Party{{ID: 1, To: spot(500), Size: 1, Longest: 100, Since: -60}},
		Due: []Party{{ID: 2, From: spot(200), To: spot(900), Size: 1, Latest: 20, Longest: 200}}, Plan: []Stop{{Party: 2}, {Party: 1, Out: true}, {Party: 2, Out: true}},
	}
	// It's at 200 after 30 s, 10 too late, and at 500 after 90, when the first has ridden for 150, 50 too long.
	if late := Late(m, need, c); math.Abs(late-60) > 1e-9 {
		t.Errorf("%g s late, want 60", late)
	}
}

func TestVehiclesSpreadToWhereTheyAreWanted(t *testing.T) {
	idle := []geom.Pose{{}, {Vec: geom.Vec{X: 100}}, {Vec: geom.Vec{X: 880}}}
	moves := Spread(straight(t), need, idle, []Zone{{spot(500), 1}, {spot(900), 1.4}, {spot(700), 0.4}}, 30)
	if len(moves) != 1 || moves[1] != 0 {
		t.Errorf("%v", moves)
	}
}
