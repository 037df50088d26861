package vehicle_test

import (
	"math"
	"testing"

	"hutong/drive/geom"
	"hutong/drive/vehicle"
)

// follow drives a line that bends as curve says, at a speed, and gives how far off the vehicle was at most after the
// first metres.
func follow(speed, metres float64, from vehicle.State, curve func(s float64) float64) float64 {
	spec := vehicle.Shuttle
	spec.MaxSpeed = 40
	tracker := vehicle.NewTracker(&spec)
	line := []geom.Pose{{}}
	const pace = 0.1
	for s := 0.0; s < metres+30; s += pace {
		p := line[len(line)-1]
		p.Vec = p.Ahead(pace, 0)
		p.Heading += pace * curve(s)
		line = append(line, p)
	}
	x, worst := from, 0.0
	x.Speed = speed
	for at, n := 0, 0; float64(at)*pace < metres; n++ {
		if n > 5000 {
			return math.Inf(1)
		}
		for at+1 < len(line) && line[at+1].To(x.Vec) <= line[at].To(x.Vec) {
			at++
		}
		off := vehicle.Off{
			Side: line[at].Local(x.Vec).Y, Turn: geom.Wrap(x.Heading - line[at].Heading),
			Curve: curve(float64(at)*pace + 0.1*speed),
		}
		if float64(at)*pace > 30 {
			worst = max(worst, math.Abs(off.Side))
		}
		c := vehicle.Control{Steer: tracker.Steer(x, off)}
		for range 5 {
			x = spec.Step(x, c, 0.02)
		}
	}
	return worst
}

func TestTheTrackerKeepsALaneAtFiftyKilometresAnHour(t *testing.T) {
	for _, radius := range []float64{60, 100, 200} { // bends of an inner ring that may be driven at 50 km/h and below 3.3 m/s²
		s := func(s float64) float64 { // left, right, left: each with 10 m to turn in
			return math.Sin(min(1, math.Mod(s, 80)/10)*math.Pi/2) * math.Copysign(1/radius, math.Sin(s*math.Pi/80))
		}
		if worst := follow(13.9, 600, vehicle.State{}, s); worst > 0.25 {
			t.Errorf("in bends of %g m it was %.2f m off", radius, worst)
		}
	}
}

func TestTheTrackerKeepsATightTurnAtWalkingPace(t *testing.T) {
	turn := func(s float64) float64 {
		if s < 35 || s > 35+8*math.Pi/2 {
			return 0
		}
		return min(1, (s-35)/2.5) / 8
	}
	if worst := follow(3, 60, vehicle.State{}, turn); worst > 0.25 {
		t.Errorf("it was %.2f m off", worst)
	}
}

func TestTheTrackerComesBackToItsLineWithoutSwinging(t *testing.T) {
	for _, speed := range []float64{1, 4, 8, 13.9, 30} {
		from := vehicle.State{Pose: geom.Pose{Vec: geom.Vec{Y: 1}, Heading: 0.05}}
		if worst := follow(speed, 60+3*speed, from, func(float64) float64 { return 0 }); worst > 0.35 {
			t.Errorf("at %g m/s it was still %.2f m off after 30 m", speed, worst)
		}
	}
}
