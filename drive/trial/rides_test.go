package trial_test

import (
	"flag"
	"testing"

	"hutong/drive/referee"
	"hutong/drive/town"
	"hutong/drive/trial"
)

var (
	minutes = flag.Float64("minutes", 4, "how long vehicles ride through the town")
	seed    = flag.Uint64("seed", 1, "of the town's traffic")
)

func TestVehiclesRideThroughOurTown(t *testing.T) {
	day := trial.Day{Traffic: town.Busy(*seed), Vehicles: 4, Seconds: 60 * *minutes, On: func(e referee.Event, _ *town.Town) {
		if e.Kind != referee.BrakedHard {
			t.Logf("%.1f s: %d %s with %d at %.1f, %.1f: %s", e.At, e.Ego-1<<31, e.Kind, e.With, e.Near.X, e.Near.Y, e.Why)
		}
	}}
	r, err := day.Play(t.Context(), trial.Agent)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", r)
	p := &r.Report
	if p.AtFault() > 0 || p.RedLights > 0 || p.WrongWay > 0 || p.OffRoad > 0 || p.StopLines > 0 || r.Forced > 0 {
		t.Error("the rides aren't clean")
	}
	if r.Done < r.Begun-4 || r.Done == 0 || r.Late > 0 {
		t.Errorf("of %d rides %d are done, %d of them late", r.Begun, r.Done, r.Late)
	}
}
