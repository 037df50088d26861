package journal

import (
	"sync"
	"sync/atomic"
	"testing"
)

// BenchmarkAppend is one appender that never waits, on the real disk, in batches of 64.
func BenchmarkAppend(b *testing.B) {
	j, _ := mustOpen(b, Options{})
	batch := changes(1, 64)
	seq := uint64(0)
	for b.Loop() {
		for i := range batch {
			seq++
			batch[i].Seq = seq
			batch[i].Committed += 1e6
		}
		mustAppend(b, j, batch)
	}
	mustWait(b, j, seq)
	b.ReportMetric(float64(seq)/b.Elapsed().Seconds(), "changes/s")
	b.ReportMetric(float64(j.Stats().Bytes)/float64(seq), "B/change")
}

// BenchmarkDurable is 64 goroutines that each append one change and wait until it is on the real disk.
func BenchmarkDurable(b *testing.B) {
	j, _ := mustOpen(b, Options{})
	var mu sync.Mutex
	var seq uint64
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			batch := changes(1, 1)
			for left.Add(-1) >= 0 {
				mu.Lock()
				seq++
				batch[0].Seq = seq
				pos, err := j.Append(batch)
				mu.Unlock()
				if err == nil {
					err = j.Wait(pos)
				}
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(seq)/b.Elapsed().Seconds(), "changes/s")
	b.ReportMetric(float64(seq)/float64(j.Stats().Commits), "changes/fsync")
}

// BenchmarkRead reads a journal of 500,000 changes from the start, a thousand at a time.
func BenchmarkRead(b *testing.B) {
	j, _ := mustOpen(b, Options{})
	const total = 500_000
	mustWait(b, j, mustAppend(b, j, changes(1, total)))
	for b.Loop() {
		for from := uint64(1); from <= total; {
			list, err := j.Read(from, 1000)
			if err != nil {
				b.Fatal(err)
			}
			from = list[len(list)-1].Seq + 1
		}
	}
	b.ReportMetric(float64(total*b.N)/b.Elapsed().Seconds(), "changes/s")
}
