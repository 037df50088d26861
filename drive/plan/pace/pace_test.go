package pace

import (
	"testing"

	"hutong/drive/vehicle"
)

func TestAHaltStopsBehindItsLineWithoutHardBraking(t *testing.T) {
	spec := vehicle.Shuttle
	for _, speed := range []float64{3, 8, 13.9} {
		x := vehicle.State{Speed: speed}
		line, hardest := speed*speed/(2*halting)+8, 0.0
		for range 300 {
			x = spec.Step(x, vehicle.Control{Accel: Halt(x.Speed, line-x.X)}, 0.1)
			hardest = max(hardest, -x.Accel)
		}
		if x.Speed > 0 || x.X > line || x.X < line-1.5 || hardest > 3 {
			t.Errorf("from %g m/s it stands %.2f m before the line, having braked with %.1f m/s²", speed, line-x.X, hardest)
		}
	}
}
