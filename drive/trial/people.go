package trial

import (
	"hutong/drive/geom"
	"hutong/drive/scene"
	"hutong/drive/sense"
)

// across is one on foot who crosses a straight road at x from the right, once a moment has come.
func across(name string, x, pace float64, when When, more ...Cue) Part {
	return Part{
		Name: name, Kind: scene.Pedestrian, Over: []geom.Vec{{X: x, Y: -4.5}, {X: x, Y: 14}},
		Cues: append([]Cue{{when, Go(pace, 3)}}, more...),
	}
}

func walking() []Trial {
	return []Trial{
		{
			Name: "someone walks onto the road", On: Road(1, city), Start: begin(), Speed: 12, Goal: far(), Seconds: 75,
			Cast: []Part{across("jaywalker", 180, 1.5, Within("jaywalker", 42))},
			Must: []Check{Untouched, Reaches(70)},
		},
		{
			Name: "someone runs onto the road", On: Road(1, city), Start: begin(), Speed: 11, Goal: far(), Seconds: 75,
			Cast: []Part{across("runner", 180, 3.2, Within("runner", 32))},
			Must: []Check{Untouched, Reaches(70)},
		},
		{
			Name: "someone turns back half way", On: Road(1, city), Start: begin(), Speed: 11, Goal: far(), Seconds: 80,
			Cast: []Part{across("waverer", 180, 1.5, Within("waverer", 45), Cue{Then(3.2), TurnBack(1.6)}, Cue{Then(2.8), Halt(4)})},
			Must: []Check{Untouched, Reaches(78)},
		},
		{
			Name: "someone walks along the kerb", On: Road(1, city), Start: begin(), Speed: 11, Goal: far(), Seconds: 65,
			Cast: []Part{{Name: "walker", Kind: scene.Pedestrian, Over: []geom.Vec{{X: 0, Y: -3.0}, {X: 800, Y: -3.0}}, At: 150, Speed: 1.3}},
			Must: []Check{Untouched, Keeps("walker", 0.8), Reaches(62)},
		},
		{
			Name: "a child between parked cars", On: Road(1, 8.3), Start: begin(), Speed: 8, Goal: Place{Lane: "east0", S: 300}, Seconds: 75,
			Cast: []Part{
				parked("van one", scene.Van, 150, -2.9), parked("van two", scene.Van, 157.4, -2.9),
				across("child", 153.7, 2.2, Within("child", 16)),
			},
			Must: []Check{Untouched, Reaches(70)},
		},
		{
			Name: "a group crosses slowly", On: Road(1, city), Start: begin(), Speed: 11, Goal: far(), Seconds: 90,
			Cast: []Part{
				across("one", 180, 1.0, Within("one", 55)), across("two", 181, 0.9, Within("two", 55)), across("three", 182, 0.8, Within("three", 55)),
			},
			Must: []Check{Untouched, Brakes(4), Reaches(88)},
		},
		{
			Name: "a crossing, and someone waits at it", On: Town, Start: Place{Lane: "clinic1_1", S: 2}, Speed: 6, Goal: Place{Lane: "clinic22_1", S: 26}, Seconds: 60,
			Cast: []Part{{
				Name: "visitor", Kind: scene.Pedestrian, Over: []geom.Vec{{X: 662.5, Y: 372}, {X: 651, Y: 372}},
				Cues: []Cue{{Within("visitor", 18), Go(1.3, 2)}},
			}},
			Must: []Check{Untouched, Brakes(4.5), Reaches(55)},
		},
		{
			Name: "a crossing hidden by a parked van", On: Town, Start: Place{Lane: "school1_1", S: 30}, Speed: 5, Goal: Place{Lane: "school2_1", S: 60}, Seconds: 75,
			Cast: []Part{
				parkedAt("van", scene.Van, 205.2, 408, geom.Vec{Y: 1}),
				{
					Name: "child", Kind: scene.Pedestrian, Over: []geom.Vec{{X: 207.5, Y: 413.6}, {X: 193, Y: 413.6}},
					Cues: []Cue{{Within("child", 13), Go(1.8, 3)}},
				},
			},
			Must: []Check{Untouched, Reaches(70)},
		},
	}
}

// parkedAt is a body that stands at a point and faces a way.
func parkedAt(name string, kind scene.Kind, x, y float64, way geom.Vec) Part {
	at := geom.Vec{X: x, Y: y}
	return Part{Name: name, Kind: kind, Over: []geom.Vec{at.Minus(way.Times(20)), at.Plus(way.Times(20))}, At: 20}
}

func cycling() []Trial {
	bike := func(d float64, cues ...Cue) Part {
		return Part{
			Name: "cyclist", Kind: scene.Bicycle, From: Place{Lane: "east0"}, To: Place{Lane: "east0", S: 799}, At: 90, Aside: d, Speed: 4.5, Cues: cues,
		}
	}
	return []Trial{
		{
			Name: "a cyclist rides ahead", On: Road(2, city), Start: begin(), Speed: 11, Goal: far(), Seconds: 100,
			Cast: []Part{bike(-1.2)},
			Must: []Check{Untouched, Keeps("cyclist", 1.5), Reaches(75)},
		},
		{
			Name: "a cyclist swerves", On: Road(2, city), Start: begin(), Speed: 11, Goal: far(), Seconds: 110,
			Cast: []Part{bike(-1.2, Cue{Within("cyclist", 14), Quietly(Shift(0.2, 1.2))}, Cue{Then(4), Shift(-1.2, 2)})},
			Must: []Check{Untouched, Reaches(90)},
		},
		{
			Name: "a cyclist falls", On: Road(1, city), Start: begin(), Speed: 9, Goal: far(), Seconds: 60,
			Cast: []Part{bike(-0.6, Cue{Within("cyclist", 22), Halt(6)})},
			Must: []Check{Untouched},
		},
	}
}

func sensing() []Trial {
	slow := func() []Part {
		return []Part{car("leader", "east0", 75, 11, Cue{After(8), Halt(5)}, Cue{Then(5), Go(11, 2)})}
	}
	return []Trial{
		{
			Name: "a third of the detections is missing", On: Road(1, city), Start: begin(), Speed: 11, Goal: far(), Seconds: 80,
			Sensors: func(c *sense.Config) { c.Dropout = 0.3 }, Cast: slow(),
			Must: []Check{Untouched, Reaches(75)},
		},
		{
			Name: "the sensors are blind for two seconds", On: Road(1, city), Start: begin(), Speed: 11, Goal: far(), Seconds: 90,
			Sensors: func(c *sense.Config) { c.Dark = []sense.Span{{From: 9, Until: 11}} }, Cast: slow(),
			Must: []Check{Untouched, Because("fail-safe"), Reaches(88)},
		},
		{
			Name: "the sensors stay blind", On: Road(1, city), Start: begin(), Speed: 11, Goal: far(), Seconds: 30,
			Sensors: func(c *sense.Config) { c.Dark = []sense.Span{{From: 6, Until: 99}} }, Cast: []Part{car("leader", "east0", 90, 11)},
			Must: []Check{Untouched, Because("fail-safe"), Stands(12.5)},
		},
		{
			Name: "the sensors are 300 ms late", On: Road(1, city), Start: begin(), Speed: 11, Goal: far(), Seconds: 80,
			Sensors: func(c *sense.Config) { c.Latency = 0.3 }, Cast: slow(),
			Must: []Check{Untouched, Reaches(75)},
		},
		{
			Name: "the sensors are three times as noisy", On: Road(1, city), Start: begin(), Speed: 11, Goal: far(), Seconds: 80,
			Sensors: func(c *sense.Config) {
				c.NoisePos, c.NoiseSpeed, c.NoiseHeading, c.NoiseSize = 3*c.NoisePos, 3*c.NoiseSpeed, 3*c.NoiseHeading, 3*c.NoiseSize
			}, Cast: slow(),
			Must: []Check{Untouched, Reaches(78)},
		},
		{
			Name: "the sensors reach 40 m in fog", On: Road(1, city), Start: begin(), Speed: 8, Goal: far(), Seconds: 90,
			Sensors: func(c *sense.Config) { c.Range = 40 }, Cast: []Part{parked("jam", scene.Car, 250, 0)},
			Must: []Check{Untouched, StaysBehind(Place{Lane: "east0", S: 248})},
		},
		{
			Name: "the sensors see what isn't there", On: Road(1, city), Start: begin(), Speed: 11, Goal: far(), Seconds: 80,
			Sensors: func(c *sense.Config) {
				box := geom.Box{Pose: geom.Pose{Vec: geom.Vec{X: 150}}, Length: 4, Width: 1.8}
				c.Ghosts = []sense.Ghost{{Span: sense.Span{From: 6, Until: 7.5}, Actor: scene.Actor{Kind: scene.Car, Box: box}}}
			},
			Cast: []Part{{Name: "follower", Kind: scene.Car, From: Place{Lane: "east0"}, To: Place{Lane: "east0", S: 799}, At: 14, Speed: 11, Heedful: true}},
			Must: []Check{Untouched, Reaches(75)},
		},
	}
}
