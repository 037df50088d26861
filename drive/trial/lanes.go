package trial

import (
	"hutong/drive/geom"
	"hutong/drive/scene"
)

// All gives every trial.
func All() []Trial {
	var all []Trial
	for _, some := range [][]Trial{
		cutting(), following(), obstacles(), walking(), cycling(), sensing(), ordering(), lights(), givingWay(), mixing(), surprising(), helping(),
		queueing(),
	} {
		all = append(all, some...)
	}
	return all
}

const city = 13.9 // m/s

// begin is where a vehicle begins on a straight road, and far where it goes.
func begin() Place { return Place{Lane: "east0", S: 40} }
func far() Place   { return Place{Lane: "east0", S: 520} }

// car is one that drives along a lane of the straight road.
func car(name, on string, at, speed float64, cues ...Cue) Part {
	return Part{Name: name, Kind: scene.Car, From: Place{Lane: on}, To: Place{Lane: on, S: 799}, At: at, Speed: speed, Heedful: true, Cues: cues}
}

// deaf is car without regard for who is in front of it.
func deaf(name, on string, at, speed float64, cues ...Cue) Part {
	p := car(name, on, at, speed, cues...)
	p.Heedful = false
	return p
}

// parked is a body that stands on a straight road, d to the left of the middle of east0.
func parked(name string, kind scene.Kind, x, d float64) Part {
	return Part{Name: name, Kind: kind, Over: []geom.Vec{{X: 0, Y: d}, {X: 800, Y: d}}, At: x}
}

func cutting() []Trial {
	return []Trial{
		{
			Name: "a car cuts in far ahead", On: Road(2, city), Start: begin(), Speed: 12, Goal: far(), Seconds: 60,
			Cast: []Part{deaf("cutter", "east1", 75, 10, Cue{Within("cutter", 32), Shift(-3.5, 3.5)})},
			Must: []Check{Untouched, Brakes(4), Reaches(58)},
		},
		{
			Name: "a car cuts in close and slower", On: Road(2, city), Start: begin(), Speed: 12, Goal: far(), Seconds: 60,
			Cast: []Part{deaf("cutter", "east1", 64, 9, Cue{Within("cutter", 14), Quietly(Shift(-3.5, 2.5))}, Cue{Then(8), Go(13, 1.5)})},
			Must: []Check{Untouched, Reaches(58)},
		},
		{
			Name: "a car cuts in and brakes", On: Road(2, city), Start: begin(), Speed: 12, Goal: far(), Seconds: 70,
			Cast: []Part{deaf("cutter", "east1", 70, 10, Cue{Within("cutter", 20), Shift(-3.5, 3)}, Cue{Then(2.5), Go(3, 4)}, Cue{Then(4), Go(13, 2)})},
			Must: []Check{Untouched, Reaches(68)},
		},
		{
			Name: "the leader pulls out before a standing car", On: Road(2, city), Start: begin(), Speed: 11, Goal: far(), Seconds: 80,
			Cast: []Part{
				parked("wreck", scene.Car, 230, 0),
				deaf("leader", "east0", 66, 11, Cue{Then(10.5), Shift(3.5, 2.6)}),
			},
			Must: []Check{Untouched, Reaches(78)},
		},
		{
			Name: "two cars cut in, one after the other", On: Road(2, city), Start: begin(), Speed: 12, Goal: far(), Seconds: 60,
			Cast: []Part{
				deaf("first", "east1", 72, 11, Cue{Within("first", 28), Shift(-3.5, 3)}),
				deaf("second", "east1", 62, 11, Cue{After(5), Shift(-3.5, 3)}),
			},
			Must: []Check{Untouched, Reaches(58)},
		},
		{
			Name: "into the next lane's crawling queue", On: Road(2, city), Start: begin(), Speed: 3, Goal: Place{Lane: "east1", S: 130}, Seconds: 120,
			Cast: []Part{
				car("ahead", "east0", 72, 0, Cue{After(90), Go(5, 1)}), car("one", "east1", 66, 0, Cue{After(8), Go(1.5, 1)}), car("two", "east1", 54, 0, Cue{After(8), Go(1.5, 1)}),
				car("three", "east1", 42, 0, Cue{After(9), Go(1.5, 1)}), car("four", "east1", 30, 0, Cue{After(10), Go(1.5, 1)}), car("five", "east1", 18, 0, Cue{After(11), Go(1.5, 1)}),
				car("six", "east1", 6, 0, Cue{After(12), Go(1.5, 1)}),
			},
			Must: []Check{Untouched, Because("lane-change"), Reaches(112)},
		},
		{
			Name: "one comes towards us in our lane", On: Road(2, city), Start: begin(), Speed: 10, Goal: far(), Seconds: 70,
			Cast: []Part{{
				Name: "ghost driver", Kind: scene.Car, Over: []geom.Vec{{X: 800}, {X: 0}}, At: 480, Speed: 8,
				Cues: []Cue{{Within("ghost driver", 22), Halt(4)}, {Then(8), Vanish}},
			}},
			Must: []Check{Untouched, Reaches(68)},
		},
	}
}

func following() []Trial {
	return []Trial{
		{
			Name: "the leader brakes to a stop", On: Road(1, city), Start: begin(), Speed: 12, Goal: far(), Seconds: 75,
			Cast: []Part{car("leader", "east0", 70, 12, Cue{After(4), Halt(7)}, Cue{Then(5), Go(12, 2)})},
			Must: []Check{Untouched, Because("follow"), Reaches(73)},
		},
		{
			Name: "the leader stops and goes", On: Road(1, city), Start: begin(), Speed: 8, Goal: Place{Lane: "east0", S: 330}, Seconds: 90,
			Cast: []Part{car("leader", "east0", 62, 8,
				Cue{After(3), Halt(2)}, Cue{Then(7), Go(8, 1.5)}, Cue{Then(9), Halt(2.5)}, Cue{Then(8), Go(9, 1.5)}, Cue{Then(8), Go(3, 2)}, Cue{Then(6), Go(12, 2)})},
			Must: []Check{Untouched, Brakes(3.5), Reaches(88)},
		},
		{
			Name: "one drives close behind", On: Road(1, city), Start: begin(), Speed: 11, Goal: far(), Seconds: 75,
			Cast: []Part{
				car("leader", "east0", 78, 11, Cue{After(5), Go(6, 2)}, Cue{Then(8), Go(11, 1.5)}),
				{Name: "tailgater", Kind: scene.Car, From: Place{Lane: "east0"}, To: Place{Lane: "east0", S: 799}, At: 31, Speed: 11, Heedful: true, Headway: 0.45},
			},
			Must: []Check{Untouched, Brakes(3), Reaches(73)},
		},
		{
			Name: "the leader vanishes", On: Road(1, city), Start: begin(), Speed: 9, Goal: far(), Seconds: 70,
			Cast: []Part{car("leader", "east0", 62, 8, Cue{After(6), Vanish})},
			Must: []Check{Untouched, Brakes(3.5), Reaches(64)},
		},
		{
			Name: "a siren comes from behind", On: Road(2, city), Start: begin(), Speed: 11, Goal: far(), Seconds: 75,
			Cast: []Part{{
				Name: "ambulance", Kind: scene.Van, From: Place{Lane: "east0"}, To: Place{Lane: "east0", S: 799}, At: 2, Speed: 14, Siren: true, Heedful: true,
				Cues: []Cue{{Within("ambulance", 20), Shift(3.5, 3)}},
			}},
			Must: []Check{Untouched, Because("siren"), Reaches(73)},
		},
	}
}

func obstacles() []Trial {
	return []Trial{
		{
			Name: "a van stands in the second row", On: Road(2, city), Start: begin(), Speed: 11, Goal: far(), Seconds: 80,
			Cast: []Part{parked("van", scene.Van, 200, 0)},
			Must: []Check{Untouched, Brakes(4), Reaches(70)},
		},
		{
			Name: "the lane is blocked and a person allows to pass", On: Road(1, city), Start: begin(), Speed: 10, Goal: far(), Seconds: 130,
			Cast:   []Part{parked("lorry", scene.Truck, 200, 0)},
			Orders: []Order{{Asked("pass"), func(*Run) {}}, {Then(3), Allow}},
			Must:   []Check{Untouched, Asks("pass"), Reaches(125)},
		},
		{
			Name: "the lane is blocked and nobody answers", On: Road(1, city), Start: begin(), Speed: 10, Goal: far(), Seconds: 70,
			Cast: []Part{parked("lorry", scene.Truck, 200, 0)},
			Must: []Check{Untouched, Asks("pass"), StaysBehind(Place{Lane: "east0", S: 196}), Stands(40)},
		},
		{
			Name: "something lies on the road", On: Road(2, city), Start: begin(), Speed: 12, Goal: far(), Seconds: 70,
			Cast: []Part{parked("box", scene.Obstacle, 180, -0.3)},
			Must: []Check{Untouched, Reaches(60)},
		},
		{
			Name: "a narrow passage", On: Road(1, 8.3), Start: begin(), Speed: 7, Goal: Place{Lane: "east0", S: 320}, Seconds: 90,
			Cast: []Part{
				parked("right one", scene.Car, 170, -2.0), parked("left one", scene.Car, 176, 3.2), parked("right two", scene.Car, 182, -2.0),
			},
			Must: []Check{Untouched, Reaches(80), Keeps("left one", 0.25), Keeps("right two", 0.25)},
		},
		{
			Name: "a car stands half on the lane", On: Road(1, 8.3), Start: begin(), Speed: 8, Goal: Place{Lane: "east0", S: 320}, Seconds: 70,
			Cast: []Part{parked("car", scene.Car, 160, -2.1)},
			Must: []Check{Untouched, Because("nudge", "free", "blocked"), Reaches(60)},
		},
		{
			Name: "a jam stands behind a crest of lorries", On: Road(2, city), Start: begin(), Speed: 12, Goal: far(), Seconds: 90,
			Cast: []Part{
				car("jam end", "east0", 260, 0, Cue{After(25), Go(11, 1.5)}), car("jam", "east0", 268, 0, Cue{After(24), Go(11, 1.5)}),
				car("lorry", "east1", 250, 0, Cue{After(26), Go(12, 1.5)}), car("lorry two", "east1", 262, 0, Cue{After(25), Go(12, 1.5)}),
			},
			Must: []Check{Untouched, Brakes(4), Reaches(88)},
		},
	}
}
