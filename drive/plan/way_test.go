package plan

import (
	"math"
	"testing"

	"hutong/drive/geom"
	"hutong/drive/vehicle"
)

// corner gives points every Pace along 20 m, a quarter circle to the left of the given radius, and 20 m more.
func corner(radius float64) []geom.Vec {
	var points []geom.Vec
	p := geom.Pose{}
	for s := 0.0; s < 40+radius*math.Pi/2; s += Pace {
		points = append(points, p.Vec)
		turn := 0.0
		if s >= 20 && s < 20+radius*math.Pi/2 {
			turn = Pace / radius
		}
		p = geom.Pose{Vec: p.Ahead(Pace*math.Cos(turn/2), Pace*math.Sin(turn/2)), Heading: p.Heading + turn}
	}
	return points
}

func TestAFittedLineKeepsTheBodyInTheLaneAndTurnsNoSharperThanTheWheels(t *testing.T) {
	spec := vehicle.Shuttle
	reach := spec.Length - spec.RearOverhang
	sharpest := math.Tan(spec.MaxSteer) / spec.Wheelbase
	for _, radius := range []float64{5, 6, 8, 12, 30} {
		middle := corner(radius)
		line := append([]geom.Vec(nil), middle...)
		rooms := make([]room, len(line))
		for i := range rooms {
			rooms[i] = room{1.6 - spec.Width/2, 1.6 - spec.Width/2}
		}
		var f fitter
		f.fit(line, rooms, reach, 0.92*sharpest)
		path, err := geom.NewPath(middle)
		if err != nil {
			t.Fatal(err)
		}
		worst := 0.0
		for i := 3; i < len(line)-12; i++ {
			heading := line[i+1].Minus(line[i-1]).Angle()
			front := geom.Pose{Vec: line[i], Heading: heading}.Ahead(reach, 0)
			for _, v := range []geom.Vec{line[i], front} {
				_, d := path.Project(v)
				worst = max(worst, math.Abs(d)+spec.Width/2-1.6)
			}
			u, v := line[i].Minus(line[i-2]), line[i+2].Minus(line[i])
			if bend := math.Abs(u.Cross(v)) / math.Pow(u.Length(), 3); bend > 1.05*sharpest {
				t.Errorf("radius %g: at %d it turns with %.3f 1/m, the wheels can %.3f", radius, i, bend, sharpest)
			}
		}
		if worst > 0.3 {
			t.Errorf("radius %g: the body is %.2f m out of its lane", radius, worst)
		}
	}
}

func TestABendBeginsAsTheVehicleLiesAndEndsLevel(t *testing.T) {
	b := newBend(10, 30, 0.5, 0.1, 0.02, 3.2)
	for _, c := range []struct{ s, d, d1, d2 float64 }{{10, 0.5, 0.1, 0.02}, {40, 3.2, 0, 0}, {60, 3.2, 0, 0}} {
		if d, d1, d2 := b.at(c.s); math.Abs(d-c.d)+math.Abs(d1-c.d1)+math.Abs(d2-c.d2) > 1e-9 {
			t.Errorf("at %g: %g %g %g", c.s, d, d1, d2)
		}
	}
}

func TestAHaltStopsBehindItsLineWithoutHardBraking(t *testing.T) {
	spec := vehicle.Shuttle
	for _, speed := range []float64{3, 8, 13.9} {
		x := vehicle.State{Speed: speed}
		line, hardest := speed*speed/(2*halting)+8, 0.0
		for range 300 {
			x = spec.Step(x, vehicle.Control{Accel: halt(x.Speed, line-x.X)}, 0.1)
			hardest = max(hardest, -x.Accel)
		}
		if x.Speed > 0 || x.X > line || x.X < line-1.5 || hardest > 3 {
			t.Errorf("from %g m/s it stands %.2f m before the line, having braked with %.1f m/s²", speed, line-x.X, hardest)
		}
	}
}
