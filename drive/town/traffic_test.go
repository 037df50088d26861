package town_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"hutong/drive/lane"
	"hutong/drive/scene"
	"hutong/drive/town"
	"hutong/drive/vehicle"
)

// crashes counts the pairs of road users whose bodies touch, vehicles with anybody; two on foot slip past each other.
type crashes struct {
	seen map[[2]uint32]bool
	log  []string
}

func (c *crashes) look(t *scene.Truth) {
	if c.seen == nil {
		c.seen = make(map[[2]uint32]bool)
	}
	for i := range t.Actors {
		a := &t.Actors[i]
		for k := i + 1; k < len(t.Actors); k++ {
			b := &t.Actors[k]
			if a.OnFoot() && b.OnFoot() || !a.Box.Overlaps(b.Box) || c.seen[[2]uint32{a.ID, b.ID}] {
				continue
			}
			c.seen[[2]uint32{a.ID, b.ID}] = true
			c.log = append(c.log, fmt.Sprintf("%.1f s: %d (kind %d, %.1f m/s) and %d (kind %d, %.1f m/s) at %.1f, %.1f",
				t.Time, a.ID, a.Kind, a.Speed, b.ID, b.Kind, b.Speed, a.Box.X, a.Box.Y))
		}
	}
}

func TestTheTrafficKeepsClearOfItself(t *testing.T) {
	t.Parallel()
	w := town.New(town.Busy(1))
	var c crashes
	var truth scene.Truth
	for k := range 6000 {
		if err := w.Step(context.Background(), 0.1); err != nil {
			t.Fatal(err)
		}
		if k%2 == 0 {
			w.Truth(&truth)
			c.look(&truth)
		}
	}
	if len(c.log) > 0 {
		t.Errorf("%d touched in ten minutes, the first:\n%s", len(c.log), strings.Join(c.log[:min(8, len(c.log))], "\n"))
	}
}

func TestTheTrafficFlowsForAnHour(t *testing.T) {
	if testing.Short() {
		t.Skip("an hour takes a while")
	}
	t.Parallel()
	w := town.New(town.Busy(3))
	stood := make(map[uint32]float64)
	gone := make(map[uint32]bool)
	longest, far := 0.0, 0.0
	var truth scene.Truth
	for range 36000 {
		if err := w.Step(context.Background(), 0.1); err != nil {
			t.Fatal(err)
		}
		w.Truth(&truth)
		for i := range truth.Actors {
			a := &truth.Actors[i]
			if a.OnFoot() {
				continue
			}
			gone[a.ID] = true
			far += a.Speed * 0.1
			if a.Speed > 0.1 {
				stood[a.ID] = 0
			} else if stood[a.ID] += 0.1; stood[a.ID] > longest {
				longest = stood[a.ID]
			}
		}
	}
	mean := far / 3600 / float64(len(truth.Actors)-50)
	t.Logf("%d vehicles, %.0f km, %.1f m/s on average, the longest stand %.0f s", len(gone), far/1000, mean, longest)
	if longest > 180 {
		t.Errorf("somebody stood for %.0f s", longest)
	}
	if mean < 3 {
		t.Errorf("they went %.1f m/s on average", mean)
	}
}

func TestARunIsTheSameForTheSameSeed(t *testing.T) {
	run := func() string {
		w := town.New(town.Busy(9))
		if err := w.Place(1<<31, &vehicle.Shuttle, vehicle.State{Pose: w.Places().Stops[3].Pose}); err != nil {
			t.Fatal(err)
		}
		var truth scene.Truth
		for range 600 {
			if err := w.Step(context.Background(), 0.1); err != nil {
				t.Fatal(err)
			}
		}
		w.Truth(&truth)
		return fmt.Sprint(truth)
	}
	if first, again := run(), run(); first != again {
		t.Error("two runs of one seed differ")
	}
}

// A vehicle that drives itself and stands in the way is run into by nobody, wherever it stands.
func TestTheTrafficStopsForWhoStandsInTheWay(t *testing.T) {
	for _, name := range []string{"high42_3", "avenue1_1", "-north2_1", "row2_1", "school1_1", "clinic1_1"} {
		w := town.New(town.Busy(5))
		id, ok := w.Map().Find(name)
		if !ok {
			t.Fatalf("there is no lane %s", name)
		}
		at := w.Map().Pose(lane.Spot{Lane: id, S: w.Map().Lane(id).Centre.Length() / 2})
		if err := w.Place(1<<31, &vehicle.Shuttle, vehicle.State{Pose: at}); err != nil {
			t.Fatal(err)
		}
		var c crashes
		var truth scene.Truth
		for range 1200 {
			if err := w.Step(context.Background(), 0.1); err != nil {
				t.Fatal(err)
			}
			w.Truth(&truth)
			c.look(&truth)
		}
		if len(c.log) > 0 {
			t.Errorf("%s: %s", name, c.log[0])
		}
	}
}

func BenchmarkStepOfABusyTown(b *testing.B) {
	w := town.New(town.Busy(1))
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Step(context.Background(), 0.1); err != nil {
			b.Fatal(err)
		}
	}
}
