package interop

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hutong/drive"
	"hutong/drive/lane"
	"hutong/drive/referee"
	"hutong/drive/scene"
	"hutong/drive/sense"
	"hutong/drive/sumo"
	"hutong/drive/traci"
	"hutong/drive/vehicle"
	"hutong/drive/world"
)

// gridWorld starts the grid of [grid] as a world.
func gridWorld(t *testing.T, perHour int, dir string) *sumo.World {
	t.Helper()
	args := grid(t, perHour)
	w, err := sumo.Start(t.Context(), sumo.Options{
		Binary: peer(t, "sumo"), Net: args[1], Routes: []string{args[3]}, Seed: 7, Dir: dir,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func TestOurAgentDrivesInSUMOsTrafficAndHitsNobody(t *testing.T) {
	dir := t.TempDir()
	w := gridWorld(t, 250, dir)
	ref := referee.New(w.Map())
	seen := 0
	l := world.New(w, world.Options{Referee: ref, After: []func(*world.Moment){func(m *world.Moment) {
		for _, hit := range w.Collisions() {
			if strings.HasPrefix(hit.Collider, "hutong.") || strings.HasPrefix(hit.Victim, "hutong.") {
				t.Errorf("SUMO saw a collision: %+v", hit)
			}
		}
		seen = max(seen, len(m.Truth.Actors))
	}}})
	defer l.Close()
	for n, way := range [][]string{{"A1B1", "B1C1", "C1C2"}, {"C1B1", "B1A1", "A1A0"}, {"B0B1", "B1B2", "B2A2"}} {
		goal, ok := w.Map().Find(way[2] + "_0")
		start, there := w.Map().Find(way[0] + "_0")
		if !ok || !there {
			t.Fatalf("the grid has no %v", way)
		}
		id := world.FirstID + uint32(n)
		if err := w.Send(id, way); err != nil {
			t.Fatal(err)
		}
		err := l.Add(&world.Rider{
			ID: id, Spec: &vehicle.Shuttle, Driver: drive.New(w.Map(), &vehicle.Shuttle, drive.Options{}),
			State:  vehicle.State{Pose: w.Map().Pose(lane.Spot{Lane: start, S: 20})},
			Sensor: sense.New(sense.Usual(), w.Map(), uint64(n)),
			Orders: drive.Orders{Goal: w.Map().NewField(lane.Spot{Lane: goal, S: 80}, lane.Cars)},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Run(t.Context(), 60, nil); err != nil {
		t.Fatal(err)
	}
	p := ref.Report()
	if len(p.Collisions) > 0 || p.RedLights > 0 || p.WrongWay > 0 || p.OffRoad > 0 {
		t.Errorf("the ride was not clean:\n%s", p)
	}
	if p.Km < 0.3 || seen < 10 {
		t.Errorf("they drove %.2f km among at most %d road users", p.Km, seen)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, sumo.CollisionFile)); err != nil {
		t.Error(err)
	}
}

func TestTheWorldSaysWhatSUMOSays(t *testing.T) {
	w := gridWorld(t, 400, "")
	var truth scene.Truth
	spec := vehicle.Shuttle
	at := vehicle.State{Pose: w.Map().Pose(lane.Spot{Lane: find(t, w.Map(), "A1B1_0"), S: 15}), Speed: 3}
	const id = world.FirstID + 9
	for range 300 {
		at = spec.Step(at, vehicle.Control{}, 0.1)
		if at.X > 105 { // before the junction
			at.Speed = 0
		}
		if err := w.Place(id, &spec, at); err != nil {
			t.Fatal(err)
		}
		if err := w.Step(t.Context(), 0.1); err != nil {
			t.Fatal(err)
		}
	}
	w.Truth(&truth)
	if truth.Time < 29.9 || truth.Time > 30.1 {
		t.Errorf("after 30 s it is %g s", truth.Time)
	}
	c := w.Client()
	compared := 0
	for i := range truth.Actors {
		a := &truth.Actors[i]
		name := w.Name(a.ID)
		p, err := c.Get(traci.Vehicles, traci.VarPosition, name)
		if err != nil {
			t.Fatal(err)
		}
		long, err := c.Double(traci.Vehicles, traci.VarLength, name)
		if err != nil {
			t.Fatal(err)
		}
		speed, err := c.Double(traci.Vehicles, traci.VarSpeed, name)
		if err != nil {
			t.Fatal(err)
		}
		front := a.Box.Ahead(a.Box.Length/2, 0)
		if math.Hypot(front.X-p.X, front.Y-p.Y) > 0.01 || a.Box.Length != long || math.Abs(a.Speed-speed) > 0.01 {
			t.Errorf("%s: front %v, %g m long, %g m/s; SUMO says (%g, %g), %g m, %g m/s", name, front, a.Box.Length, a.Speed,
				p.X, p.Y, long, speed)
		}
		compared++
	}
	ids, err := c.Texts(traci.Vehicles, traci.VarIDs, "")
	if err != nil {
		t.Fatal(err)
	}
	if compared != len(ids) || compared < 10 {
		t.Errorf("the truth has %d road users, SUMO has %d", compared, len(ids))
	}
	lights(t, w, &truth)
}

func find(t *testing.T, m *lane.Map, name string) lane.ID {
	t.Helper()
	id, ok := m.Find(name)
	if !ok {
		t.Fatalf("there is no lane %s", name)
	}
	return id
}

// lights compares the colours of the truth with the letters SUMO has for the links, and the time left with what comes.
func lights(t *testing.T, w *sumo.World, truth *scene.Truth) {
	t.Helper()
	first := slices.Clone(truth.Lights)
	began := truth.Time
	changed := make([]float64, len(first))
	for range 1000 {
		if err := w.Step(t.Context(), 0.1); err != nil {
			t.Fatal(err)
		}
		w.Truth(truth)
		for i, l := range truth.Lights {
			if changed[i] == 0 && l.Colour != first[i].Colour {
				changed[i] = truth.Time - began
			}
		}
	}
	right := 0
	for i, l := range first {
		if changed[i] == 0 {
			continue
		}
		if math.Abs(changed[i]-l.Remaining) > 0.15 {
			t.Errorf("signal %s changed after %.1f s; %.1f s were told", w.Map().Signals[i].Name, changed[i], l.Remaining)
		}
		right++
	}
	if right < 20 {
		t.Errorf("only %d lights changed in 100 s", right)
	}
}

func TestAVehicleThatSUMOTakesOutIsToldAndComesBack(t *testing.T) {
	w := gridWorld(t, 60, "")
	spec := vehicle.Shuttle
	at := vehicle.State{Pose: w.Map().Pose(lane.Spot{Lane: find(t, w.Map(), "A1B1_0"), S: 30})}
	const id = world.FirstID + 1
	step := func() {
		t.Helper()
		if err := w.Place(id, &spec, at); err != nil {
			t.Fatal(err)
		}
		if err := w.Step(t.Context(), 0.1); err != nil {
			t.Fatal(err)
		}
	}
	step()
	if err := w.Client().RemoveVehicle(w.Name(id), traci.Vaporised); err != nil {
		t.Fatal(err)
	}
	step()
	if len(w.Lost()) == 0 || w.Lost()[0].ID != id {
		step()
	}
	if len(w.Lost()) == 0 || w.Lost()[0].ID != id {
		t.Fatalf("nobody was told: %v", w.Lost())
	}
	step()
	step()
	lane, err := w.Client().Text(traci.Vehicles, traci.VarLane, w.Name(id))
	if err != nil || lane != "A1B1_0" {
		t.Errorf("it is back on %q: %v", lane, err)
	}
}

func TestAWorldWhoseSUMOIsCutOffIsAnErrorAndNoWait(t *testing.T) {
	w := gridWorld(t, 60, "")
	if err := w.Step(t.Context(), 0.1); err != nil {
		t.Fatal(err)
	}
	w.Client().Abort()
	began := time.Now()
	err := w.Step(t.Context(), 0.1)
	if err == nil || !strings.Contains(err.Error(), "the connection to SUMO is lost") {
		t.Errorf("got %v", err)
	}
	if err := w.Close(); err != nil || time.Since(began) > 10*time.Second {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
}
