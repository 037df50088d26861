package fit

import (
	"math"
	"testing"

	"hutong/drive/geom"
)

const pace = 0.5 // m between two points

// corner gives points every pace along 20 m, a quarter circle to the left of the given radius, and 20 m more.
func corner(radius float64) []geom.Vec {
	var points []geom.Vec
	p := geom.Pose{}
	for s := 0.0; s < 40+radius*math.Pi/2; s += pace {
		points = append(points, p.Vec)
		turn := 0.0
		if s >= 20 && s < 20+radius*math.Pi/2 {
			turn = pace / radius
		}
		p = geom.Pose{Vec: p.Ahead(pace*math.Cos(turn/2), pace*math.Sin(turn/2)), Heading: p.Heading + turn}
	}
	return points
}

func TestAFittedLineKeepsTheBodyInTheLaneAndTurnsNoSharperThanTheWheels(t *testing.T) {
	const width, reach, wheelbase, steer = 1.95, 4.0, 3.0, 0.68 // of the area's vehicles
	sharpest := math.Tan(steer) / wheelbase
	for _, radius := range []float64{5, 6, 8, 12, 30} {
		middle := corner(radius)
		line := append([]geom.Vec(nil), middle...)
		rooms := make([]Room, len(line))
		for i := range rooms {
			rooms[i] = Room{1.6 - width/2, 1.6 - width/2}
		}
		var f Fitter
		f.Fit(line, rooms, pace, reach, 0.92*sharpest)
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
				worst = max(worst, math.Abs(d)+width/2-1.6)
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
