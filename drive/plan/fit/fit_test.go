package fit

import (
	"math"
	"testing"

	"hutong/drive/geom"
)

const pace = 0.5 // m between two points

// corner gives points every pace along 20 m, a bend to the left of the given radius and degrees, and 20 m more.
func corner(radius, degrees float64) []geom.Vec {
	bend := radius * degrees * math.Pi / 180
	var points []geom.Vec
	p := geom.Pose{}
	for s := 0.0; s < 40+bend; s += pace {
		points = append(points, p.Vec)
		turn := 0.0
		if s >= 20 && s < 20+bend {
			turn = pace / radius
		}
		p = geom.Pose{Vec: p.Ahead(pace*math.Cos(turn/2), pace*math.Sin(turn/2)), Heading: p.Heading + turn}
	}
	return points
}

// drawn tells of a fitted line by how much the body is off its road at most, m, and how sharp it turns, 1/m.
func drawn(t *testing.T, line, middle []geom.Vec, rooms []Room, body Body) (off, sharp float64) {
	t.Helper()
	path, err := geom.NewPath(middle)
	if err != nil {
		t.Fatal(err)
	}
	for i := 3; i < len(line)-12; i++ {
		at := geom.Pose{Vec: line[i], Heading: line[i+1].Minus(line[i-1]).Angle()}
		for _, v := range []geom.Vec{
			at.Ahead(0, body.Half), at.Ahead(0, -body.Half), at.Ahead(body.Reach, body.Half), at.Ahead(body.Reach, -body.Half),
		} {
			s, d := path.Project(v)
			room := rooms[min(int(s/pace), len(rooms)-1)]
			off = max(off, d-room.Left, -d-room.Right)
		}
		u, v := line[i].Minus(line[i-2]), line[i+2].Minus(line[i])
		sharp = max(sharp, math.Abs(u.Cross(v))/math.Pow(u.Length(), 3))
	}
	return off, sharp
}

func TestAFittedLineKeepsTheBodyOnTheRoadAndTurnsNoSharperThanTheWheels(t *testing.T) {
	const wheelbase, steer = 3.0, 0.68 // of the area's vehicles
	sharpest := math.Tan(steer) / wheelbase
	body := Body{Reach: 4, Half: 1.95 / 2, Sharpest: 0.92 * sharpest}
	for _, c := range []struct {
		radius, turn, out float64 // m, degrees, m of road outside of the lane in the bend
	}{
		{30, 90, 0}, {12, 90, 0}, {8, 90, 0}, {6, 90, 0}, {5, 90, 0.5}, {3.5, 90, 1.5}, {3.5, 120, 2}, {5, 180, 1.5},
	} {
		middle := corner(c.radius, c.turn)
		line, rooms := append([]geom.Vec(nil), middle...), make([]Room, len(middle))
		for i := range rooms {
			rooms[i] = Room{1.6, 1.6}
			if s := float64(i) * pace; s > 18 && s < 22+c.radius*c.turn*math.Pi/180 {
				rooms[i].Right += c.out
			}
		}
		var f Fitter
		f.Fit(line, rooms, pace, body)
		off, sharp := drawn(t, line, middle, rooms, body)
		if sharp > sharpest {
			t.Errorf("radius %g, %g degrees: it turns with %.3f 1/m, the wheels can %.3f", c.radius, c.turn, sharp, sharpest)
		}
		if off > 0.15 {
			t.Errorf("radius %g, %g degrees: the body is %.2f m off the road", c.radius, c.turn, off)
		}
	}
}

func BenchmarkFitOfABendTooSharpForTheLane(b *testing.B) {
	middle := corner(3.5, 120)
	for len(middle) < 380 { // as long as a way is
		middle = append(middle, middle[len(middle)-1].Times(2).Minus(middle[len(middle)-2]))
	}
	line, rooms := make([]geom.Vec, len(middle)), make([]Room, len(middle))
	for i := range rooms {
		rooms[i] = Room{1.6, 1.6}
	}
	var f Fitter
	for b.Loop() {
		copy(line, middle)
		f.Fit(line, rooms, pace, Body{Reach: 4, Half: 1.95 / 2, Sharpest: 0.25})
	}
}

func TestWhereNoLineKeepsToTheRoadTheFittedOneIsOffItByLittle(t *testing.T) {
	body := Body{Reach: 4, Half: 1.95 / 2, Sharpest: 0.95 * math.Tan(0.68) / 3}
	middle := corner(1.2, 90)
	line, rooms := append([]geom.Vec(nil), middle...), make([]Room, len(middle))
	for i := range rooms {
		rooms[i] = Room{1.6, 1.6}
	}
	var f Fitter
	f.Even(line)
	f.Even(line)
	middle = append(middle[:0], line...)
	f.Fit(line, rooms, pace, body)
	if off, _ := drawn(t, line, middle, rooms, body); off > 0.8 {
		t.Errorf("the body is %.2f m off the road", off)
	}
}
