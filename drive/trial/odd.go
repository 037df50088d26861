package trial

import (
	"hutong/drive/geom"
	"hutong/drive/scene"
	"hutong/drive/sense"
)

// both does one thing and another.
func both(acts ...Act) Act {
	return func(a *actor) {
		for _, do := range acts {
			do(a)
		}
	}
}

func surprising() []Trial {
	return []Trial{
		{
			Name: "a box falls off the lorry ahead", On: Road(2, city), Start: begin(), Speed: 10, Goal: far(), Seconds: 75,
			Cast: []Part{
				{Name: "lorry", Kind: scene.Truck, From: Place{Lane: "east0"}, To: Place{Lane: "east0", S: 799}, At: 84, Speed: 10},
				{Name: "box", Kind: scene.Obstacle, From: Place{Lane: "east0"}, To: Place{Lane: "east0", S: 799}, At: 79, Speed: 10, Cues: []Cue{{After(6), Halt(6)}}},
			},
			Must: []Check{Untouched, Reaches(70)},
		},
		{
			Name: "a door opens", On: Road(1, 8.3), Start: begin(), Speed: 8, Goal: Place{Lane: "east0", S: 300}, Seconds: 75,
			Cast: []Part{
				parked("car", scene.Car, 150, -2.85),
				{
					Name: "door", Kind: scene.Obstacle, Length: 0.2, Width: 0.9, Over: []geom.Vec{{Y: -2.4}, {X: 800, Y: -2.4}}, At: 150,
					Cues: []Cue{{Within("door", 20), Shift(0.85, 0.8)}},
				},
			},
			Must: []Check{Untouched, Keeps("door", 0.3), Reaches(70)},
		},
		{
			Name: "a parked car pulls out", On: Road(1, city), Start: begin(), Speed: 11, Goal: far(), Seconds: 80,
			Cast: []Part{{
				Name: "puller", Kind: scene.Car, From: Place{Lane: "east0"}, To: Place{Lane: "east0", S: 799}, At: 150, Aside: -2.7,
				Cues: []Cue{{Within("puller", 30), both(Go(9, 1.8), Shift(0, 3))}},
			}},
			Must: []Check{Untouched, Reaches(78)},
		},
		{
			Name: "a car backs out of a drive", On: Road(1, city), Start: begin(), Speed: 11, Goal: far(), Seconds: 100,
			Cast: []Part{{
				Name: "reverser", Kind: scene.Car, Over: []geom.Vec{{X: 180, Y: -8}, {X: 180, Y: 30}},
				Cues: []Cue{{Within("reverser", 48), Go(1.5, 1)}, {Then(6), Halt(2)}, {Then(4), TurnBack(2)}, {Then(5), Halt(2)}},
			}},
			Must: []Check{Untouched, Reaches(95)},
		},
		{
			Name: "an animal runs across", On: Road(1, city), Start: begin(), Speed: 11, Goal: far(), Seconds: 75,
			Cast: []Part{{
				Name: "deer", Kind: scene.Unknown, Over: []geom.Vec{{X: 180, Y: -14}, {X: 180, Y: 20}}, Cues: []Cue{{Within("deer", 45), Go(5, 6)}},
			}},
			Must: []Check{Untouched, Reaches(70)},
		},
		{
			Name: "both lanes are blocked", On: Road(2, city), Start: begin(), Speed: 11, Goal: far(), Seconds: 60,
			Cast: []Part{parked("van", scene.Van, 200, 0), parked("lorry", scene.Truck, 202, 3.5)},
			Must: []Check{Untouched, Brakes(4), Asks("pass"), Stands(40)},
		},
		{
			Name: "a motorcycle passes between the lanes", On: Road(2, city), Start: begin(), Speed: 11, Goal: far(), Seconds: 70,
			Cast: []Part{
				{Name: "motorcycle", Kind: scene.Motorcycle, From: Place{Lane: "east0"}, To: Place{Lane: "east0", S: 799}, At: 5, Aside: 1.9, Speed: 16},
				car("beside", "east1", 48, 11),
			},
			Must: []Check{Untouched, Reaches(65)},
		},
		{
			Name: "a bus stops in our lane and goes on", On: Road(1, city), Start: begin(), Speed: 9, Goal: far(), Seconds: 110,
			Cast: []Part{{
				Name: "bus", Kind: scene.Bus, From: Place{Lane: "east0"}, To: Place{Lane: "east0", S: 799}, At: 90, Speed: 9,
				Cues: []Cue{{After(5), Halt(1.5)}, {Then(22), Go(10, 1)}},
			}},
			Must: []Check{Untouched, Brakes(4), Reaches(105)},
		},
	}
}

func helping() []Trial {
	return []Trial{
		{
			Name: "children get off the school bus", On: Road(2, city), Start: begin(), Speed: 11, Goal: far(), Seconds: 90,
			Cast: []Part{
				parked("school bus", scene.Bus, 200, 0), across("child", 207.5, 1.6, Within("child", 30)), across("other child", 208.5, 1.3, Within("child", 24)),
			},
			Must: []Check{Untouched, Reaches(85)},
		},
		{
			Name: "someone stands in the lane", On: Road(1, city), Start: begin(), Speed: 11, Goal: far(), Seconds: 90,
			Cast: []Part{{
				Name: "stander", Kind: scene.Pedestrian, Over: []geom.Vec{{X: 180, Y: 0.3}, {X: 180, Y: 14}}, Cues: []Cue{{After(30), Go(1.2, 2)}},
			}},
			Must: []Check{Untouched, Brakes(4), StaysBehindUntil(30, 178), Reaches(80)},
		},
		{
			Name: "a cyclist where there is no room to pass", On: Road(1, city), Start: begin(), Speed: 11, Goal: Place{Lane: "east0", S: 300}, Seconds: 80,
			Cast: []Part{{
				Name: "cyclist", Kind: scene.Bicycle, From: Place{Lane: "east0"}, To: Place{Lane: "east0", S: 799}, At: 90, Aside: -1, Speed: 5,
			}},
			Must: []Check{Untouched, Keeps("cyclist", 1.5), Brakes(3.5), Reaches(65)},
		},
		{
			Name: "a siren from behind, and one lane", On: Road(1, city), Start: begin(), Speed: 11, Goal: far(), Seconds: 75,
			Cast: []Part{{
				Name: "ambulance", Kind: scene.Van, From: Place{Lane: "east0"}, To: Place{Lane: "east0", S: 799}, At: 2, Speed: 14, Siren: true, Heedful: true,
				Cues: []Cue{{Within("ambulance", 24), Shift(2.9, 3)}, {Then(8), Shift(0, 3)}},
			}},
			Must: []Check{Untouched, Because("siren"), Reaches(70)},
		},
		{
			Name: "a siren crosses on red", On: Town, Clock: 46, Start: Place{Lane: "-high42_2", S: 5}, Speed: 9, Goal: Place{Lane: "-high31_2", S: 10}, Seconds: 60,
			Cast: []Part{func() Part {
				p := through("ambulance", "-avenue32_2", 4, "-avenue2_2", 12)
				p.Kind, p.Siren, p.Heedful = scene.Van, true, false
				return p
			}()},
			Must: []Check{Untouched, Reaches(55)},
		},
		{
			Name: "the one ahead stands at a junction and doesn't go", On: Town, Start: Place{Lane: "row2_1", S: 20}, Speed: 6, Goal: Place{Lane: "baker_1", S: 60}, Seconds: 130,
			Cast: []Part{through("asleep", "row2_1", 60, "baker_1", 0)},
			Must: []Check{Untouched, Asks("wait"), Stands(30)},
		},
		{
			Name: "the sensors blink", On: Road(1, city), Start: begin(), Speed: 11, Goal: far(), Seconds: 85,
			Sensors: func(c *sense.Config) {
				for t := 3.0; t < 30; t += 2 {
					c.Dark = append(c.Dark, sense.Span{From: t, Until: t + 0.4})
				}
			},
			Cast: []Part{car("leader", "east0", 75, 11, Cue{After(8), Halt(4)}, Cue{Then(5), Go(11, 2)})},
			Must: []Check{Untouched, Brakes(6), Reaches(80)},
		},
	}
}
