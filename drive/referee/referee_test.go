package referee_test

import (
	"math"
	"strings"
	"testing"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/referee"
	"hutong/drive/scene"
	"hutong/drive/vehicle"
)

const own = 1 << 31

// crossroads is a road towards the east: lane "in" (0 to 100), in the junction "straight" and "left" from the same line,
// each with a light, then "out" (120 to 300); "back" comes the other way; "stop" is a side road with a stop sign.
func crossroads(t *testing.T) *lane.Map {
	t.Helper()
	var lanes []lane.Lane
	add := func(name string, junction bool, signal int32, points ...geom.Vec) {
		centre, err := geom.NewPath(points)
		if err != nil {
			t.Fatal(err)
		}
		l := lane.Lane{
			Name: name, Centre: centre, Limit: 14, Users: lane.Cars, LeftOf: lane.None, RightOf: lane.None, Opposite: lane.None, Signal: signal,
		}
		for range centre.Points() {
			l.ToLeft, l.ToRight = append(l.ToLeft, 1.75), append(l.ToRight, 1.75)
		}
		if junction {
			l.Kind, l.Junction = lane.Junction, "x"
		}
		lanes = append(lanes, l)
	}
	v := func(x, y float64) geom.Vec { return geom.Vec{X: x, Y: y} }
	add("in", false, -1, v(0, 0), v(100, 0))
	add("straight", true, 0, v(100, 0), v(120, 0))
	add("left", true, 1, v(100, 0), v(105, 0.5), v(109, 3), v(111, 7), v(111.5, 13))
	lanes[len(lanes)-1].Limit = 6
	add("out", false, -1, v(120, 0), v(300, 0))
	add("back", false, -1, v(300, 3.5), v(0, 3.5))
	add("away", false, -1, v(111.5, 13), v(111.5, 80))
	add("side", false, -1, v(200, -80), v(200, -12))
	add("turn", true, -1, v(200, -12), v(201, -7), v(204, -3), v(209, -0.5), v(215, 0))
	join := func(from, to int) {
		lanes[from].Next = append(lanes[from].Next, lane.ID(to))
		lanes[to].Prev = append(lanes[to].Prev, lane.ID(from))
	}
	join(0, 1)
	join(0, 2)
	join(1, 3)
	join(2, 5)
	join(6, 7)
	lanes[7].MustStop = true
	m, err := lane.NewMap(lanes, []lane.Signal{{Name: "x/0", Lanes: []lane.ID{1}}, {Name: "x/1", Lanes: []lane.ID{2}}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// drive lets the vehicle go along points at given speeds, with whoever is around, and gives what the referee saw.
type drive struct {
	path   []geom.Vec
	speed  func(s float64) float64
	lights [2]scene.Colour
	others func(now float64) []scene.Actor
	idle   bool
	pass   bool
	stand  float64 // s to stand at the end
}

func (d drive) run(t *testing.T) referee.Report {
	t.Helper()
	path, err := geom.NewPath(d.path)
	if err != nil {
		t.Fatal(err)
	}
	r := referee.New(crossroads(t))
	now, s, was := 0.0, 0.0, 0.0
	look := func(v float64) {
		// The path is that of the body's middle; its heading is taken over the length of the body.
		at := geom.Pose{Vec: path.At(s).Vec, Heading: path.At(s + 1.5).Vec.Minus(path.At(s - 1.5).Vec).Angle()}
		spec := &vehicle.Shuttle
		x := vehicle.State{Pose: geom.Pose{Vec: at.Ahead(-(spec.Length/2 - spec.RearOverhang), 0), Heading: at.Heading}, Speed: v, Accel: (v - was) / 0.1}
		if now == 0 {
			x.Accel = 0
		}
		was = v
		truth := scene.Truth{Time: now, Lights: []scene.Light{{Signal: 0, Colour: d.lights[0]}, {Signal: 1, Colour: d.lights[1]}}}
		if d.others != nil {
			truth.Actors = d.others(now)
		}
		truth.Actors = append(truth.Actors, scene.Actor{ID: own, Box: spec.Box(x), Speed: v})
		r.Look(&truth, []referee.Ego{{ID: own, Spec: spec, State: x, Idle: d.idle, Passing: d.pass}})
		now += 0.1
	}
	for s < path.Length() {
		v := 10.0
		if d.speed != nil {
			v = d.speed(s)
		}
		look(v)
		s += max(v, 0.02) * 0.1
	}
	for k := 0.0; k < d.stand; k += 0.1 {
		look(0)
	}
	return r.Report()
}

func straight(from, to float64) []geom.Vec { return []geom.Vec{{X: from}, {X: to}} }

func turnLeft() []geom.Vec {
	return []geom.Vec{{X: 60}, {X: 100}, {X: 105, Y: 0.5}, {X: 109, Y: 3}, {X: 111, Y: 7}, {X: 111.5, Y: 13}, {X: 111.5, Y: 50}}
}

func turnOut() []geom.Vec {
	return []geom.Vec{{X: 200, Y: -60}, {X: 200, Y: -12}, {X: 201, Y: -7}, {X: 204, Y: -3}, {X: 209, Y: -0.5}, {X: 215}, {X: 250}}
}

func TestACleanDriveIsClean(t *testing.T) {
	p := drive{path: straight(10, 280), lights: [2]scene.Colour{scene.Green, scene.Red}}.run(t)
	if len(p.Collisions)+p.RedLights+p.WrongWay+p.OffRoad+p.StopLines+p.HardBrakes+p.Deadlocks != 0 || p.RoughSeconds > 0 || p.SpeedingSeconds > 0 {
		t.Errorf("it isn't:\n%s", p)
	}
	if math.Abs(p.Km-0.27) > 0.002 || math.Abs(p.Seconds-26.9) > 0.15 {
		t.Errorf("it went %.4f km in %.1f s", p.Km, p.Seconds)
	}
}

func TestRedLightsAreThoseOfTheLaneTaken(t *testing.T) {
	const green, red, amber = scene.Green, scene.Red, scene.Amber
	for _, c := range []struct {
		name       string
		path       []geom.Vec
		lights     [2]scene.Colour
		red, amber int
	}{
		{"straight on at red", straight(60, 200), [2]scene.Colour{red, red}, 1, 0},
		{"straight on at green while left is red", straight(60, 200), [2]scene.Colour{green, red}, 0, 0},
		{"straight on at green, near the lane to the left, while left is red", []geom.Vec{{X: 60}, {X: 95, Y: 0.3}, {X: 100, Y: 0.9}, {X: 108, Y: 1.2}, {X: 112, Y: 1.2}, {X: 200}}, [2]scene.Colour{green, red}, 0, 0},
		{"straight on at red while left is green", straight(60, 200), [2]scene.Colour{red, green}, 1, 0},
		{"left at green while straight on is red", turnLeft(), [2]scene.Colour{red, green}, 0, 0},
		{"left at red while straight on is green", turnLeft(), [2]scene.Colour{green, red}, 1, 0},
		{"straight on at amber", straight(60, 200), [2]scene.Colour{amber, red}, 0, 1},
		{"up to the line at red", straight(60, 97), [2]scene.Colour{red, red}, 0, 0},
		{"back on the other side at red", []geom.Vec{{X: 200, Y: 3.5}, {X: 40, Y: 3.5}}, [2]scene.Colour{red, red}, 0, 0},
		{"with the lights out", straight(60, 200), [2]scene.Colour{scene.Dark, scene.Dark}, 0, 0},
	} {
		p := drive{path: c.path, lights: c.lights}.run(t)
		if p.RedLights != c.red || p.AmberLights != c.amber {
			t.Errorf("%s: %d red and %d amber, want %d and %d", c.name, p.RedLights, p.AmberLights, c.red, c.amber)
		}
	}
}

func TestAStopSignAsksForAStop(t *testing.T) {
	stops := func(s float64) float64 { // the front is at the line at about s = 45.5
		switch {
		case s < 30:
			return 8
		case s < 45:
			return max(0.05, (45-s)/2)
		}
		return 4
	}
	if p := (drive{path: turnOut(), speed: stops}).run(t); p.StopLines != 0 {
		t.Errorf("it stopped, and yet %d", p.StopLines)
	}
	if p := (drive{path: turnOut(), speed: func(s float64) float64 { return 4 }}).run(t); p.StopLines != 1 {
		t.Errorf("it drove through at 4 m/s: %d", p.StopLines)
	}
}

func TestWrongWayAndOffTheRoad(t *testing.T) {
	for _, c := range []struct {
		name       string
		d          drive
		wrong, off int
	}{
		{"on the oncoming lane", drive{path: []geom.Vec{{X: 130, Y: 3.5}, {X: 200, Y: 3.5}}}, 1, 0},
		{"on the oncoming lane, allowed", drive{path: []geom.Vec{{X: 130, Y: 3.5}, {X: 200, Y: 3.5}}, pass: true}, 0, 0},
		{"with one wheel over the middle", drive{path: []geom.Vec{{X: 130, Y: 1.2}, {X: 200, Y: 1.2}}}, 0, 0},
		{"0.2 m over the edge", drive{path: []geom.Vec{{X: 130, Y: -0.97}, {X: 200, Y: -0.97}}}, 0, 0},
		{"0.5 m over the edge", drive{path: []geom.Vec{{X: 130, Y: -1.3}, {X: 200, Y: -1.3}}}, 0, 1},
		{"over the edge twice", drive{path: []geom.Vec{{X: 130}, {X: 145, Y: -1.6}, {X: 160}, {X: 175, Y: -1.6}, {X: 190}}}, 0, 2},
		{"through the junction, turning", drive{path: turnLeft(), lights: [2]scene.Colour{scene.Green, scene.Green}}, 0, 0},
	} {
		p := c.d.run(t)
		if p.WrongWay != c.wrong || p.OffRoad != c.off {
			t.Errorf("%s: wrong way %d, off the road %d; want %d and %d\n%s", c.name, p.WrongWay, p.OffRoad, c.wrong, c.off, p)
		}
	}
}

// body is a car with its middle at a place.
func body(id uint32, x, y, heading, speed float64) scene.Actor {
	return scene.Actor{ID: id, Speed: speed, Box: geom.Box{Pose: geom.Pose{Vec: geom.Vec{X: x, Y: y}, Heading: heading}, Length: 4.5, Width: 1.8}}
}

func TestCollisionsAreCountedOnceAndJudged(t *testing.T) {
	for _, c := range []struct {
		name  string
		d     drive
		n     int
		class referee.Class
		fault bool
	}{
		{"into a parked car", drive{path: straight(130, 180), others: func(float64) []scene.Actor { return []scene.Actor{body(1, 160, 0, 0, 0)} }}, 1, referee.StoppedTrack, true},
		{"into a slower one", drive{path: straight(130, 200), others: func(now float64) []scene.Actor { return []scene.Actor{body(1, 150+5*now, 0, 0, 5)} }}, 1, referee.Front, true},
		{"hit from behind", drive{path: straight(150, 200), others: func(now float64) []scene.Actor { return []scene.Actor{body(1, 130+16*now, 0, 0, 16)} }}, 1, referee.Rear, false},
		{"one swerves into our side", drive{path: straight(130, 200), others: func(now float64) []scene.Actor {
			return []scene.Actor{body(1, 129+10*now, 3.5-now, -0.1, 10.05)}
		}}, 1, referee.Lateral, false},
		{"a standing car is set back into our way", drive{path: straight(130, 160), speed: func(float64) float64 { return 2 }, others: func(now float64) []scene.Actor {
			at := 155.0
			if now >= 8 {
				at = 150
			}
			return []scene.Actor{body(1, at, 0, 0, 0)}
		}}, 1, referee.Set, false},
		{"a standing car was set back long before", drive{path: straight(130, 160), speed: func(float64) float64 { return 2 }, others: func(now float64) []scene.Actor {
			at := 155.0
			if now >= 4 {
				at = 150
			}
			return []scene.Actor{body(1, at, 0, 0, 0)}
		}}, 1, referee.StoppedTrack, true},
		{"we stand and are hit", drive{path: straight(130, 131), speed: func(float64) float64 { return 0 }, stand: 5, others: func(now float64) []scene.Actor {
			return []scene.Actor{body(1, 100+8*now, 0, 0, 8)}
		}}, 1, referee.StoppedEgo, false},
		{"past one on the other lane", drive{path: straight(130, 200), others: func(now float64) []scene.Actor { return []scene.Actor{body(1, 220-10*now, 3.5, math.Pi, 10)} }}, 0, 0, false},
	} {
		p := c.d.run(t)
		if len(p.Collisions) != c.n {
			t.Errorf("%s: %d collisions, want %d", c.name, len(p.Collisions), c.n)
			continue
		}
		if c.n > 0 && (p.Collisions[0].Class != c.class || p.Collisions[0].AtFault != c.fault) {
			t.Errorf("%s: %v, at fault %t", c.name, p.Collisions[0].Class, p.Collisions[0].AtFault)
		}
	}
}

func TestHowNearItWas(t *testing.T) {
	// Behind one who goes 4 m/s slower, 20 m from bumper to bumper at first: 5 s to a collision, then ever less until we slow down.
	p := drive{path: straight(130, 200), speed: func(s float64) float64 {
		if s < 25 {
			return 10
		}
		return 6
	}, others: func(now float64) []scene.Actor { return []scene.Actor{body(1, 130+20+2.45+2.25+6*now, 0, 0, 6)} }}.run(t)
	if math.Abs(p.MinTTC-(20-10)/4.0) > 0.15 || math.Abs(p.MaxDRAC-16.0/20) > 0.1 || p.NearSeconds > 0 {
		t.Errorf("least time to collision %.2f s (want 2.5), needed %.2f m/s² (want 0.8)", p.MinTTC, p.MaxDRAC)
	}
	// One crosses before us; our front is at the place 1.5 s after its rear has left it.
	p = drive{path: straight(130, 200), others: func(now float64) []scene.Actor { return []scene.Actor{body(1, 170, -12+10*now, math.Pi/2, 10)} }}.run(t)
	rearLeaves, frontComes := (12+2.25+0.975)/10, (170-0.9-130-2.45)/10
	if math.Abs(p.MinPET-(frontComes-rearLeaves)) > 0.3 {
		t.Errorf("the time between the two was %.2f s, want %.2f", p.MinPET, frontComes-rearLeaves)
	}
}

func TestTheRideAndTheStandstill(t *testing.T) {
	p := drive{path: straight(130, 200), speed: func(s float64) float64 { return max(0.2, 12-1.2*math.Max(0, s-20)) }}.run(t)
	if p.HardBrakes != 1 || p.MaxBrake < 4.1 || p.RoughSeconds == 0 {
		t.Errorf("a stop from 12 m/s within 10 m: %d hard brakes, %.1f m/s², %.1f s rough", p.HardBrakes, p.MaxBrake, p.RoughSeconds)
	}
	standing := drive{path: straight(130, 131), speed: func(float64) float64 { return 0 }, stand: 70}
	if p := standing.run(t); p.Deadlocks != 1 || p.LongestStand < 60 {
		t.Errorf("it stood for %.0f s: %d deadlocks", p.LongestStand, p.Deadlocks)
	}
	standing.idle = true
	if p := standing.run(t); p.Deadlocks != 0 {
		t.Error("one that has nothing to do is no deadlock")
	}
	if p := (drive{path: straight(130, 200), speed: func(float64) float64 { return 16 }}).run(t); p.SpeedingSeconds < 3 || math.Abs(p.MaxOver-2) > 0.01 {
		t.Errorf("16 m/s where 14 are allowed: %.1f s, +%.1f m/s", p.SpeedingSeconds, p.MaxOver)
	}
}

func TestTheLimitIsThatOfTheWayTaken(t *testing.T) {
	for _, c := range []struct {
		name  string
		path  []geom.Vec
		speed float64
		over  float64
	}{
		{"straight on, over where the way to the left parts", straight(60, 200), 14, 0},
		{"too fast straight on", straight(60, 200), 16, 2},
		{"to the left", turnLeft(), 6, 0},
		{"too fast to the left", turnLeft(), 8, 2},
	} {
		speed := func(s float64) float64 { return c.speed }
		if p := (drive{path: c.path, speed: speed}).run(t); math.Abs(p.MaxOver-c.over) > 0.01 || p.SpeedingSeconds > 0 != (c.over > 0) {
			t.Errorf("%s: %.1f s, +%.1f m/s; want +%g", c.name, p.SpeedingSeconds, p.MaxOver, c.over)
		}
	}
}

func TestReportsAddUpAndRead(t *testing.T) {
	a := drive{path: straight(130, 180), others: func(float64) []scene.Actor { return []scene.Actor{body(1, 160, 0, 0, 0)} }}.run(t)
	b := drive{path: straight(60, 200), lights: [2]scene.Colour{scene.Red, scene.Red}}.run(t)
	km := a.Km + b.Km
	a.Add(&b)
	if a.Vehicles != 2 || a.RedLights != 1 || a.AtFault() != 1 || math.Abs(a.Km-km) > 1e-12 {
		t.Errorf("together:\n%s", a)
	}
	for _, part := range []string{"2 vehicles", "collisions 1, at fault 1", "stopped track", "red lights 1"} {
		if !strings.Contains(a.String(), part) {
			t.Errorf("the text doesn't say %q:\n%s", part, a)
		}
	}
}
