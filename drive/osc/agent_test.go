package osc

import (
	"context"
	"math"
	"testing"

	"hutong/drive"
	"hutong/drive/lane"
	"hutong/drive/world"
)

// driven plays a scenario with our agent, which sees everything, and gives the least distance it kept.
func driven(t *testing.T, w *World) (gap float64) {
	t.Helper()
	spec, start := w.Ego()
	r := &world.Rider{ID: world.FirstID, Spec: spec, State: start, Driver: drive.New(w.Map(), spec, drive.Options{})}
	r.Orders.Goal, r.Orders.MaxSpeed = w.Map().NewField(w.Goal(), lane.Cars), w.Wish()
	gap = math.Inf(1)
	loop := world.New(w, world.Options{Workers: 1, After: []func(*world.Moment){func(m *world.Moment) {
		for _, a := range m.Truth.Actors {
			if a.ID != r.ID {
				gap = min(gap, spec.Box(r.State).Distance(a.Box))
			}
		}
	}}})
	defer loop.Close()
	if err := loop.Add(r); err != nil {
		t.Fatal(err)
	}
	if err := loop.Run(context.Background(), 60, func() bool { return !w.Ended() }); err != nil {
		t.Fatal(err)
	}
	if r.Failed != nil {
		t.Error(r.Failed)
	}
	return gap
}

func TestOurAgentKeepsClearOfWhoCutsInAndOfWhoWalksAcross(t *testing.T) {
	for _, kph := range []string{"36", "72", "108"} {
		for _, body := range []string{"car", "walker"} {
			w := must(t, Values{"Speed_kph": kph, "Body": body})
			if gap := driven(t, w); gap < 0.5 {
				t.Errorf("at %s km/h with a %s: %.2f m are left", kph, body, gap)
			}
			if !w.Ended() {
				t.Errorf("at %s km/h with a %s: the scenario doesn't end", kph, body)
			}
		}
	}
}

func TestAVehicleThatKeepsItsLaneHasNoChangesOfLanes(t *testing.T) {
	w := must(t, nil)
	w.KeepLanes()
	for i := range w.Map().Lanes {
		if l := w.Map().Lanes[i]; l.MayLeft || l.MayRight {
			t.Errorf("lane %s may be left", l.Name)
		}
	}
	began := w.ego.spot.Lane
	driven(t, w)
	if spot, ok := w.spot(w.ego); !ok || spot.Lane != began {
		t.Errorf("it ends on lane %d, not %d", spot.Lane, began)
	}
}
