package gather

import (
	"testing"

	"hutong/thing"
)

func TestBooleansTogetherComeToWhatTheyComeToOneByOne(t *testing.T) {
	f := func(before ...thing.Value) {
		t.Helper()
		var together, each Bucket
		for _, b := range []*Bucket{&together, &each} {
			for i, v := range before {
				b.Add(Sample{Time: thing.Time(i), Value: v, Quality: thing.Good})
			}
		}
		on := Sample{Time: 1000, Value: thing.Bool(true), Quality: thing.Good}
		for range 300 {
			each.Add(on)
		}
		together.Bools(300, 300, on)
		if together != each {
			t.Errorf("after %v: %+v together, %+v one by one", before, together, each)
		}
	}
	f()
	f(thing.Int(7))
	for i := range 50 {
		f(thing.Float(float64(i-25) / 7))
	}
	f(thing.Float(0.1), thing.Float(1e16))
	f(thing.Int(1<<53 - 20))
}
