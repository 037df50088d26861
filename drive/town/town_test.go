package town_test

import (
	"math"
	"testing"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/town"
)

func TestFromEveryStopAndChargerOneGetsToEveryOther(t *testing.T) {
	m, p := town.Load()
	all := append(append([]town.Stop(nil), p.Stops...), p.Depot...)
	if len(p.Stops) != 10 || len(p.Depot) != 5 {
		t.Fatalf("there are %d stops and %d chargers", len(p.Stops), len(p.Depot))
	}
	for _, to := range all {
		field := m.NewField(to.At, lane.Taxis)
		for _, from := range all {
			if s := field.From(from.At.Lane, from.At.S); math.IsInf(s, 1) || s > 400 {
				t.Errorf("from %s to %s it takes %.0f s", from.Name, to.Name, s)
			}
		}
	}
}

func TestAVehicleFitsItsStopAndTheTrafficPassesIt(t *testing.T) {
	m, p := town.Load()
	for _, s := range append(append([]town.Stop(nil), p.Stops...), p.Depot...) {
		l := m.Lane(s.At.Lane)
		left, right := l.Widths(s.At.S)
		if left+right < 2.9 || s.At.S < 12 || l.Centre.Length()-s.At.S < 12 {
			t.Errorf("%s: the bay is %.1f m wide, %.0f m long, and one stands %.0f m along it", s.Name, left+right, l.Centre.Length(), s.At.S)
		}
		if l.LeftOf == lane.None || !l.MayLeft || !m.Lane(l.LeftOf).MayRight {
			t.Errorf("%s: one can't get into the bay and out again", s.Name)
		}
		if !inside(p.Area, s.Pose.Vec) {
			t.Errorf("%s lies outside of the area", s.Name)
		}
	}
}

func TestNoHouseStandsOnARoad(t *testing.T) {
	m, p := town.Load()
	for i := range m.Lanes {
		l := &m.Lanes[i]
		for s := 0.0; s < l.Centre.Length(); s += 2 {
			at := l.Centre.At(s)
			left, right := l.Widths(s)
			for _, v := range []geom.Vec{at.Ahead(0, left), at.Vec, at.Ahead(0, -right)} {
				for _, h := range p.Houses {
					if h.Points[0].To(v) < 60 && inside(h.Points, v) {
						t.Fatalf("a %s stands on lane %s at %.1f, %.1f", h.Kind, l.Name, v.X, v.Y)
					}
				}
			}
		}
	}
}

func inside(outline []geom.Vec, v geom.Vec) bool {
	in := false
	for i, a := range outline {
		b := outline[(i+1)%len(outline)]
		if (a.Y > v.Y) != (b.Y > v.Y) && v.X < a.X+(v.Y-a.Y)/(b.Y-a.Y)*(b.X-a.X) {
			in = !in
		}
	}
	return in
}
