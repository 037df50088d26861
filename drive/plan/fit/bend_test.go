package fit

import (
	"math"
	"testing"
)

func TestABendBeginsAsTheVehicleLiesAndEndsLevel(t *testing.T) {
	b := NewBend(10, 30, 0.5, 0.1, 0.02, 3.2)
	for _, c := range []struct{ s, d, d1, d2 float64 }{{10, 0.5, 0.1, 0.02}, {40, 3.2, 0, 0}, {60, 3.2, 0, 0}} {
		if d, d1, d2 := b.At(c.s); math.Abs(d-c.d)+math.Abs(d1-c.d1)+math.Abs(d2-c.d2) > 1e-9 {
			t.Errorf("at %g: %g %g %g", c.s, d, d1, d2)
		}
	}
}
