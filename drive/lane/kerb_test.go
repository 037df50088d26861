package lane

import (
	"math"
	"testing"

	"hutong/drive/geom"
)

func TestAVehicleStopsAtTheLaneThatIsNearestAndGoesTheRightWay(t *testing.T) {
	lane := func(name string, kind Kind, users Users, points ...geom.Vec) Lane {
		p, err := geom.NewPath(points)
		if err != nil {
			t.Fatal(err)
		}
		n := len(p.Points())
		wide := make([]float64, n)
		for i := range wide {
			wide[i] = 1.6
		}
		return Lane{Name: name, Centre: p, ToLeft: wide, ToRight: wide, Limit: 10, Kind: kind, Users: users, LeftOf: None, RightOf: None, Opposite: None, Signal: -1}
	}
	m, err := NewMap([]Lane{
		lane("east", Drive, Cars, geom.Vec{}, geom.Vec{X: 100}),
		lane("west", Drive, Cars, geom.Vec{X: 100, Y: 3.2}, geom.Vec{Y: 3.2}),
		lane("junction", Junction, Cars, geom.Vec{X: 100}, geom.Vec{X: 110}),
		lane("path", Walk, People, geom.Vec{Y: -3}, geom.Vec{X: 100, Y: -3}),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	east, west := 0.0, math.Pi
	for _, c := range []struct {
		at      geom.Vec
		heading *float64
		want    string
		s       float64
	}{
		{geom.Vec{X: 40, Y: -3}, nil, "east", 40},
		{geom.Vec{X: 40, Y: 4}, nil, "west", 60},
		{geom.Vec{X: 40, Y: 4}, &east, "east", 40},
		{geom.Vec{X: 40, Y: -1}, &west, "west", 60},
		{geom.Vec{X: 106, Y: 0}, nil, "east", 100},
		{geom.Vec{X: 40, Y: -20}, nil, "", 0},
		{geom.Vec{X: math.NaN()}, nil, "", 0},
	} {
		got, ok := m.Kerb(c.at, c.heading, Cars, 12)
		if ok != (c.want != "") || ok && (m.Lane(got.Lane).Name != c.want || math.Abs(got.S-c.s) > 1e-9) {
			t.Errorf("Kerb(%v, %v) = %+v, %v; want %s at %g", c.at, c.heading, got, ok, c.want, c.s)
		}
	}
}
