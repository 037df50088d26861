package shield

import (
	"math"
	"testing"
)

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9 }

func TestTheDistancesOfThePaperAreWhatAHandWorksOut(t *testing.T) {
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		// 10·1 + 2·1²/2 + 12²/8 - 10²/16 = 10 + 1 + 18 - 6.25
		{"following at one speed", Longitudinal(10, 10, 1, 2, 4, 8), 22.75},
		// 0·0.5 + 2·0.5²/2 + 1²/8 - 0
		{"standing behind one who stands", Longitudinal(0, 0, 0.5, 2, 4, 8), 0.375},
		// 5·1 + 1 + 7²/8 - 20²/16 = 12.125 - 25 < 0
		{"behind one who is much faster", Longitudinal(5, 20, 1, 2, 4, 8), 0},
		// 20·0.3 + 2·0.09/2 + 20.6²/9 - 0
		{"towards one who stands", Longitudinal(20, 0, 0.3, 2, 4.5, 8), 6 + 0.09 + 424.36/9},
		// (10·0.5 + 2·0.25/2 + 11²/8) + (8·1 + 1 + 10²/6) = 5.25 + 15.125 + 9 + 16.666…
		// 0.15 + (1·0.3 + 0.2·0.09/2 + 1.06²/1.6) + (0 + 0.2·1/2 + 0.2²/1.6)
		{"moving sideways towards one who keeps its lane", Lateral(1, 0, 0.3, 1, 0.2, 0.8, 0.15), 0.15 + 0.3 + 0.009 + 1.1236/1.6 + 0.1 + 0.04/1.6},
		// the left one leaves at 2 m/s: -2·0.5 + 0.025 - 1.9²/1.6, more than the other comes
		{"moving away", Lateral(-2, 0.1, 0.5, 0.5, 0.2, 0.8, 0.2), 0.2},
	} {
		if !near(c.got, c.want) {
			t.Errorf("%s: %.6f m, want %.6f", c.name, c.got, c.want)
		}
	}
}
