package trial

import (
	"fmt"
	"math"

	"hutong/drive"
	"hutong/drive/scene"
)

func ordering() []Trial {
	return []Trial{
		{
			Name: "stop now, at speed", On: Road(1, city), Start: begin(), Speed: 11, Goal: far(), Seconds: 30,
			Orders: []Order{{After(5), Tell(func(o *drive.Orders) { o.Stop = true })}},
			Must:   []Check{Stands(11), EndsAs(drive.Stopped), Brakes(8)},
		},
		{
			Name: "stop now, and go on", On: Road(1, city), Start: begin(), Speed: 11, Goal: far(), Seconds: 80,
			Orders: []Order{
				{After(5), Tell(func(o *drive.Orders) { o.Stop = true })}, {Then(12), Tell(func(o *drive.Orders) { o.Stop = false })},
			},
			Must: []Check{Stands(11), Reaches(78)},
		},
		{
			Name: "the link is lost: pull over", On: Town, Start: Place{Lane: "high2_2", S: 5}, Speed: 8, Goal: Place{Lane: "high42_2", S: 26}, Seconds: 70,
			Orders: []Order{{After(3), Tell(func(o *drive.Orders) { o.PullOver = true })}},
			Must:   []Check{Stands(60), EndsAs(drive.Stopped), Brakes(4)},
		},
		{
			Name: "another goal on the way", On: Town, Start: Place{Lane: "high32_2", S: 24.5}, Goal: Place{Lane: "clinic22_1", S: 26}, Seconds: 200,
			Orders: []Order{{After(12), Head(Place{Lane: "north12_1", S: 26})}},
			Must:   []Check{Reaches(195), Brakes(4)},
		},
		{
			Name: "the area allows 5 m/s", On: Road(1, city), Start: begin(), Speed: 5, Goal: Place{Lane: "east0", S: 200}, Seconds: 60,
			Orders: []Order{{After(0), Tell(func(o *drive.Orders) { o.MaxSpeed = 5 })}},
			Must:   []Check{SlowAt(120, 0, 60, 5.3), Reaches(58)},
		},
		{
			Name: "hold while someone boards", On: Road(1, city), Start: begin(), Goal: Place{Lane: "east0", S: 200}, Seconds: 60,
			Orders: []Order{
				{After(0), Tell(func(o *drive.Orders) { o.Hold = true })}, {Then(15), Tell(func(o *drive.Orders) { o.Hold = false })},
			},
			Must: []Check{{what: "stands for 15 s", always: func(r *Run) string {
				if r.Truth.Time < 15 && r.Rider.State.Speed > 0.05 {
					return "it moved"
				}
				return ""
			}}, Reaches(58)},
		},
	}
}

// through is a car of the town from one lane to another.
func through(name, from string, at float64, to string, speed float64, cues ...Cue) Part {
	return Part{Name: name, Kind: scene.Car, From: Place{Lane: from, S: at}, To: Place{Lane: to, S: 12}, Speed: speed, Heedful: true, Cues: cues}
}

func lights() []Trial {
	west := Place{Lane: "-high42_2", S: 5}
	out := Place{Lane: "-high31_2", S: 10}
	return []Trial{
		{
			Name: "a red light", On: Town, Start: west, Speed: 8, Goal: out, Seconds: 70,
			Must: []Check{Because("red", "amber"), Brakes(3.5), Reaches(65)},
		},
		{
			Name: "the light turns amber in front of us", On: Town, Clock: 52.5, Start: west, Speed: 10, Goal: out, Seconds: 80,
			Must: []Check{Brakes(4.05), Reaches(75)},
		},
		{
			Name: "the light turns amber further away", On: Town, Clock: 58, Start: west, Speed: 10, Goal: out, Seconds: 110,
			Must: []Check{Brakes(3.5), Because("red", "amber"), Reaches(105)},
		},
		{
			Name: "one runs the red light", On: Town, Clock: 46, Start: west, Speed: 9, Goal: out, Seconds: 60,
			Cast: []Part{func() Part {
				p := through("runner", "-avenue32_2", 10, "-avenue2_2", 11)
				p.Heedful = false
				return p
			}()},
			Must: []Check{Untouched, Reaches(55)},
		},
		{
			Name: "one turns left across our way", On: Town, Clock: 46, Start: west, Speed: 8, Goal: out, Seconds: 60,
			Cast: []Part{func() Part {
				p := through("turner", "high33_2", 2, "-avenue2_2", 0, Cue{After(4.2), Go(6, 2.5)})
				p.Heedful = false
				return p
			}()},
			Must: []Check{Untouched, Reaches(55)},
		},
		{
			Name: "a left turn across oncoming cars", On: Town, Clock: 46, Start: west, Speed: 7, Goal: Place{Lane: "avenue33_2", S: 10}, Seconds: 120,
			Cast: []Part{
				through("first", "high31_2", 5, "high42_3", 9), through("second", "high2_2", 80, "high42_3", 9), through("third", "high2_2", 62, "high42_3", 9),
			},
			Must: []Check{Untouched, Reaches(115)},
		},
		{
			Name: "a queue reaches back to the junction", On: Town, Clock: 46, Start: west, Speed: 8, Goal: Place{Lane: "-high2_2", S: 60}, Seconds: 150,
			Cast: []Part{
				through("last", "-high33_2", 7, "-high1_2", 0, Cue{After(32), Go(9, 1.5)}),
				through("first", "-high33_2", 14, "-high1_2", 0, Cue{After(30), Go(9, 1.5)}),
			},
			Must: []Check{Untouched, Because("junction-full"), KeepsClear, Reaches(145)},
		},
		{
			Name: "the lights are out", On: Town, Start: west, Speed: 8, Goal: out, Seconds: 90,
			Dark: []Place{{Lane: "-high41_2"}},
			Cast: []Part{
				through("from the right", "avenue1_2", 60, "avenue33_2", 8), through("from the left", "-avenue4_1", 40, "-avenue2_1", 8),
			},
			Must: []Check{Untouched, Reaches(85)},
		},
	}
}

func givingWay() []Trial {
	ring := func(name string, delay float64) Part { // once round and out to the north
		p := through(name, "-high6_1", 95, "clinic1_1", 0, Cue{After(delay), Go(6.5, 2)})
		p.To = Place{Lane: "clinic1_1", S: 30}
		p.From = Place{Lane: "-park12_1", S: 20}
		return p
	}
	return []Trial{
		{
			Name: "right before left", On: Town, Start: Place{Lane: "row2_1", S: 20}, Speed: 7, Goal: Place{Lane: "baker_1", S: 60}, Seconds: 60,
			Cast: []Part{through("from the right", "ash_1", 5, "-row2_1", 7)},
			Must: []Check{Untouched, Reaches(55)},
		},
		{
			Name: "a stop sign", On: Town, Start: Place{Lane: "stop_1", S: 5}, Speed: 6, Goal: Place{Lane: "west1_1", S: 60}, Seconds: 70,
			Cast: []Part{through("on the ring", "south13_1", 5, "west1_1", 11), through("from the left", "-west1_1", 250, "-south13_1", 11)},
			Must: []Check{Untouched, Reaches(65)},
		},
		{
			Name: "into the roundabout behind one", On: Town, Start: Place{Lane: "high43_2", S: 12}, Speed: 7, Goal: Place{Lane: "high6_1", S: 60}, Seconds: 75,
			Cast: []Part{through("circling", "-high6_1", 100, "park11_1", 7)},
			Must: []Check{Untouched, Reaches(70)},
		},
		{
			Name: "into a busy roundabout", On: Town, Start: Place{Lane: "high43_2", S: 12}, Speed: 7, Goal: Place{Lane: "high6_1", S: 60}, Seconds: 120,
			Cast: []Part{ring("one", 0), ring("two", 4.5), ring("three", 9), through("four", "-high6_1", 70, "park11_1", 7), through("five", "-high6_1", 40, "park11_1", 7)},
			Must: []Check{Untouched, Reaches(110)},
		},
		{
			Name: "out of a side street", On: Town, Start: Place{Lane: "baker_1", S: 60}, Speed: 7, Goal: Place{Lane: "avenue4_1", S: 80}, Seconds: 80,
			Cast: []Part{
				through("one", "avenue1_1", 90, "avenue4_1", 12), through("two", "avenue1_1", 70, "avenue4_1", 12), through("three", "avenue2_2", 10, "avenue4_2", 12),
			},
			Must: []Check{Untouched, Reaches(75)},
		},
	}
}

func mixing() []Trial {
	return []Trial{
		{
			Name: "out of a bay into traffic", On: Town, Start: Place{Lane: "high32_2", S: 24.5}, Goal: Place{Lane: "high42_2", S: 26}, Clock: 48, Seconds: 150,
			Cast: []Part{
				through("one", "high2_2", 70, "high42_3", 8), through("two", "high2_2", 50, "high42_3", 8), through("three", "high2_2", 25, "high42_3", 8),
			},
			Must: []Check{Untouched, Reaches(145)},
		},
		{
			Name: "a bus pulls out of its bay", On: Town, Clock: 47, Start: Place{Lane: "high31_2", S: 2}, Speed: 7, Goal: Place{Lane: "high43_2", S: 12}, Seconds: 110,
			Cast: []Part{{
				Name: "bus", Kind: scene.Bus, Length: 9, Width: 2.4, From: Place{Lane: "high32_2", S: 20}, To: Place{Lane: "high43_2", S: 20},
				Cues: []Cue{{Within("bus", 26), Go(7, 1.2)}},
			}},
			Must: []Check{Untouched, Reaches(105)},
		},
		{
			Name: "two changes of lanes in the last metres", On: Road(3, city), Start: Place{Lane: "east2", S: 309}, Goal: Place{Lane: "east0", S: 345}, Seconds: 60,
			Must: []Check{Because("lane-change"), Reaches(50)},
		},
		{
			Name: "a change of lanes on the avenue", On: Town, Start: Place{Lane: "avenue1_1", S: 10}, Speed: 11, Goal: Place{Lane: "high42_2", S: 26}, Seconds: 120,
			Cast: []Part{through("beside", "avenue1_2", 4, "avenue33_2", 11), through("behind", "avenue1_2", 1, "avenue33_2", 10)},
			Must: []Check{Untouched, Reaches(115)},
		},
		{
			Name: "into a bay to stop", On: Town, Start: Place{Lane: "north11_1", S: 20}, Speed: 10, Goal: Place{Lane: "north12_1", S: 26}, Seconds: 60,
			Must: []Check{Brakes(3.5), Reaches(50), {what: "stands within 1.5 m of its place", atEnd: func(r *Run) string {
				at, err := spot(r.Map, r.goal)
				if err != nil {
					return err.Error()
				}
				off := r.Map.Pose(at).Local(r.Rider.Spec.Box(r.Rider.State).Vec)
				if math.Abs(off.X) > 1.5 || math.Abs(off.Y) > 0.5 {
					return fmt.Sprintf("it stands %.1f m ahead and %.1f m left of it", off.X, off.Y)
				}
				return ""
			}}},
		},
	}
}
