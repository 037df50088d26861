package plan

import (
	"math"
	"testing"

	"hutong/drive/vehicle"
)

func TestABendBeginsAsTheVehicleLiesAndEndsLevel(t *testing.T) {
	b := newBend(10, 30, 0.5, 0.1, 0.02, 3.2)
	for _, c := range []struct{ s, d, d1, d2 float64 }{{10, 0.5, 0.1, 0.02}, {40, 3.2, 0, 0}, {60, 3.2, 0, 0}} {
		if d, d1, d2 := b.at(c.s); math.Abs(d-c.d)+math.Abs(d1-c.d1)+math.Abs(d2-c.d2) > 1e-9 {
			t.Errorf("at %g: %g %g %g", c.s, d, d1, d2)
		}
	}
}

func TestAHaltStopsBehindItsLineWithoutHardBraking(t *testing.T) {
	spec := vehicle.Shuttle
	for _, speed := range []float64{3, 8, 13.9} {
		x := vehicle.State{Speed: speed}
		line, hardest := speed*speed/(2*halting)+8, 0.0
		for range 300 {
			x = spec.Step(x, vehicle.Control{Accel: halt(x.Speed, line-x.X)}, 0.1)
			hardest = max(hardest, -x.Accel)
		}
		if x.Speed > 0 || x.X > line || x.X < line-1.5 || hardest > 3 {
			t.Errorf("from %g m/s it stands %.2f m before the line, having braked with %.1f m/s²", speed, line-x.X, hardest)
		}
	}
}
