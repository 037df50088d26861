package trial

import (
	"context"
	"fmt"
	"math"
	"testing"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/town"
)

// bend is a lane 3.2 m wide, "in", that leads to a junction at (0, 0). There it turns by so many degrees, to the left
// positive, about a radius, to the lane "out", or goes straight on, to "on".
func bend(degrees, radius float64) Set {
	return func() (*lane.Map, *town.Town, error) {
		turn, p := degrees*math.Pi/180, geom.Pose{}
		points := []geom.Vec{{}}
		for range 4 {
			p.Heading += turn / 8
			p.Vec = p.Ahead(2*radius*math.Sin(math.Abs(turn)/8), 0)
			p.Heading += turn / 8
			points = append(points, p.Vec)
		}
		var all []lane.Lane
		for _, x := range []struct {
			name       string
			points     []geom.Vec
			next, prev []lane.ID
		}{
			{"in", []geom.Vec{{X: -60}, {}}, []lane.ID{1, 2}, nil},
			{"turn", points, []lane.ID{3}, []lane.ID{0}},
			{"straight", []geom.Vec{{}, {X: 14}}, []lane.ID{4}, []lane.ID{0}},
			{"out", []geom.Vec{p.Vec, p.Ahead(60, 0)}, nil, []lane.ID{1}},
			{"on", []geom.Vec{{X: 14}, {X: 60}}, nil, []lane.ID{2}},
		} {
			centre, err := geom.NewPath(x.points)
			if err != nil {
				return nil, nil, err
			}
			l := lane.Lane{
				Name: x.name, Centre: centre, Limit: 13.9, Users: lane.Cars, Next: x.next, Prev: x.prev,
				LeftOf: lane.None, RightOf: lane.None, Opposite: lane.None, Signal: -1,
			}
			if x.name == "turn" || x.name == "straight" {
				l.Kind, l.Junction = lane.Junction, "corner"
			}
			for range x.points {
				l.ToLeft, l.ToRight = append(l.ToLeft, 1.6), append(l.ToRight, 1.6)
			}
			all = append(all, l)
		}
		m, err := lane.NewMap(all, nil)
		return m, nil, err
	}
}

func TestAloneItKeepsToTheRoadInBendsSharperThanItsWheelsTurnInTheMiddleOfTheLane(t *testing.T) {
	for _, c := range []struct{ degrees, radius float64 }{{60, 4}, {90, 3.5}, {90, 5}, {105, 3.5}, {120, 3.5}, {120, 5}} {
		for _, side := range []float64{1, -1} {
			one := Trial{
				Name: fmt.Sprintf("%g degrees, %g m", side*c.degrees, c.radius), On: bend(side*c.degrees, c.radius),
				Start: Place{Lane: "in", S: 8}, Goal: Place{Lane: "out", S: 40}, Seconds: 60,
			}
			r, err := one.Play(context.Background(), Agent)
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Failed) > 0 || math.IsInf(r.Arrive, 1) {
				t.Errorf("%s: arrives after %.1f s; %v", one.Name, r.Arrive, r.Failed)
			}
			t.Logf("%s: %.1f s, %.1f s rough", one.Name, r.Arrive, r.Report.RoughSeconds)
		}
	}
}
