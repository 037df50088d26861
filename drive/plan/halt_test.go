package plan

import (
	"fmt"
	"testing"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/vehicle"
)

func TestAWayOverSeveralLanesIsCountedInChanges(t *testing.T) {
	var lanes []lane.Lane
	for i := range 4 { // from the right to the left
		centre, err := geom.NewPath([]geom.Vec{{Y: 3.2 * float64(i)}, {X: 200, Y: 3.2 * float64(i)}})
		if err != nil {
			t.Fatal(err)
		}
		l := lane.Lane{
			Name: fmt.Sprint(i), Centre: centre, ToLeft: []float64{1.6, 1.6}, ToRight: []float64{1.6, 1.6}, Limit: 14, Users: lane.Cars,
			LeftOf: lane.None, RightOf: lane.None, Opposite: lane.None, Signal: -1,
		}
		if i > 0 {
			l.RightOf, l.MayRight = lane.ID(i-1), true
			lanes[i-1].LeftOf, lanes[i-1].MayLeft = lane.ID(i), true
		}
		lanes = append(lanes, l)
	}
	m, err := lane.NewMap(lanes, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := New(m, &vehicle.Shuttle)
	p.task = &Task{Field: m.NewField(lane.Spot{Lane: 1, S: 150}, lane.Cars)}
	for from, want := range []int{1, 1, 1, 2} {
		if from == 1 {
			continue // it is there
		}
		if n := p.changes(lane.ID(from), 20); n != want {
			t.Errorf("from lane %d: %d changes, want %d", from, n, want)
		}
	}
}
