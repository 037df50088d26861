package history

import (
	"math/rand/v2"
	"testing"
	"time"

	"hutong/thing"
)

// BenchmarkHourly gathers two years of minutes of a temperature by the hour.
func BenchmarkHourly(b *testing.B) {
	s := mustOpen(b, newDisk(), Options{SealSamples: 100_000, MaxResult: 1 << 30})
	r := rand.New(rand.NewPCG(1, 2))
	const minutes = 2 * 365 * 1440
	tenths := 200
	var batch []thing.Change
	for m := range minutes {
		tenths += r.IntN(3) - 1
		at := thing.Time(m) * thing.Time(time.Minute)
		batch = append(batch, thing.Change{
			Ref: ref(1), Value: thing.Float(float64(tenths) / 10), Quality: thing.Good, Received: at, Committed: at, Seq: uint64(m + 1),
		})
		if len(batch) == 50_000 || m == minutes-1 {
			feed(b, s, batch)
			if err := s.Seal(); err != nil {
				b.Fatal(err)
			}
			batch = batch[:0]
		}
	}
	for b.Loop() {
		list, err := s.Query(b.Context(), Query{Ref: ref(1), Step: time.Hour})
		if err != nil || len(list) != minutes/60 {
			b.Fatal(len(list), err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*minutes), "ns/sample")
}
