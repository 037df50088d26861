package journal

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"hutong/thing"
)

func mustOpen(t testing.TB, o Options) (*Journal, Report) {
	t.Helper()
	dir := ""
	if o.FS == nil {
		dir = t.TempDir()
	}
	j, report, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j, report
}

// change makes a change that can be told from any other by its Seq.
func change(seq uint64) thing.Change {
	return thing.Change{
		Ref:   thing.Ref{Thing: thing.ID(fmt.Sprint("urn:lamp:", seq%7)), Name: "power"},
		Point: thing.Handle(seq%7 + 1), Value: thing.Int(int64(seq)), Quality: thing.Good,
		Received: thing.Time(1e18 + seq*1e6), Committed: thing.Time(1e18 + seq*1e6 + 300), Seq: seq,
	}
}

func changes(from, to uint64) []thing.Change {
	var list []thing.Change
	for seq := from; seq <= to; seq++ {
		list = append(list, change(seq))
	}
	return list
}

func mustAppend(t rapid.TB, j *Journal, batch []thing.Change) uint64 {
	t.Helper()
	pos, err := j.Append(batch)
	if err != nil {
		t.Fatal(err)
	}
	return pos
}

func mustWait(t rapid.TB, j *Journal, pos uint64) {
	t.Helper()
	if err := j.Wait(pos); err != nil {
		t.Fatal(err)
	}
}

// wantRead reads everything from a Seq on and compares it with want, whose Points do not matter.
func wantRead(t rapid.TB, j *Journal, from uint64, want []thing.Change) {
	t.Helper()
	got, err := j.Read(from, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	want = slices.Clone(want)
	for i := range want {
		want[i].Point = 0
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmp.Comparer(func(a, b thing.Value) bool { return a == b })); diff != "" {
		t.Fatalf("read from %d (-want +got):\n%s", from, diff)
	}
}

func anyValue() *rapid.Generator[thing.Value] {
	return rapid.OneOf(
		rapid.Just(thing.Null()),
		rapid.Map(rapid.Bool(), thing.Bool),
		rapid.Map(rapid.Int64(), thing.Int),
		rapid.Map(rapid.Float64(), thing.Float),
		rapid.Map(rapid.String(), thing.String),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) thing.Value { return thing.String(string(b)) }),
		rapid.Map(rapid.MapOf(rapid.String(), rapid.Int()), func(m map[string]int) thing.Value {
			v, err := thing.Of(m)
			if err != nil {
				panic(err)
			}
			return v
		}),
	)
}

func anyChange(t *rapid.T, seq uint64) thing.Change {
	when := rapid.Map(rapid.Int64(), func(i int64) thing.Time { return thing.Time(i) })
	return thing.Change{
		Ref: thing.Ref{
			Thing: thing.ID(rapid.SampledFrom([]string{"", "urn:a", "urn:b", "https://c.example/ü"}).Draw(t, "thing")),
			Kind:  thing.Kind(rapid.IntRange(0, 2).Draw(t, "kind")),
			Name:  rapid.SampledFrom([]string{"", "x", "y/z", "温度"}).Draw(t, "name"),
		},
		Point:    thing.Handle(rapid.IntRange(0, 3).Draw(t, "point")),
		Value:    anyValue().Draw(t, "value"),
		Quality:  thing.Quality(rapid.IntRange(0, 5).Draw(t, "quality")),
		Repeat:   rapid.Bool().Draw(t, "repeat"),
		Device:   when.Draw(t, "device"),
		Received: when.Draw(t, "received"), Committed: when.Draw(t, "committed"),
		Seq:   seq,
		Cause: thing.Cause{Trace: rapid.SampledFrom([]string{"", "t1"}).Draw(t, "trace"), Hops: rapid.Byte().Draw(t, "hops")},
	}
}

// Whatever is appended comes back the same, from memory, from disk, and after a restart or a power cut.
func TestWhatIsAppendedComesBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := newDisk()
		o := Options{FS: d, SegmentBytes: int64(rapid.SampledFrom([]int{1, 500, 20_000}).Draw(rt, "segment"))}
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		j, _, err := Open("", o)
		if err != nil {
			rt.Fatal(err)
		}
		var model []thing.Change // what was appended
		seq, acked := uint64(0), 0
		for range rapid.IntRange(1, 20).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"append", "append", "append", "wait", "read", "reopen", "cut"}).Draw(rt, "step") {
			case "append":
				var batch []thing.Change
				for range rapid.IntRange(1, 5).Draw(rt, "n") {
					seq += uint64(rapid.SampledFrom([]int{1, 1, 1, 10}).Draw(rt, "gap"))
					batch = append(batch, anyChange(rt, seq))
				}
				pos := mustAppend(rt, j, batch)
				model = append(model, batch...)
				if pos != seq || j.LastSeq() != seq {
					rt.Fatalf("append at %d, last is %d, want %d", pos, j.LastSeq(), seq)
				}
			case "wait":
				mustWait(rt, j, seq)
				acked = len(model)
			case "read":
				wantRead(rt, j, 0, model)
				if len(model) > 0 {
					i := rapid.IntRange(0, len(model)-1).Draw(rt, "from")
					wantRead(rt, j, model[i].Seq, model[i:])
				}
			case "reopen":
				if err := j.Close(); err != nil {
					rt.Fatal(err)
				}
				acked = len(model)
				if j, _, err = Open("", o); err != nil {
					rt.Fatal(err)
				}
			case "cut":
				after := d.powerCut(r)
				_ = j.Close()
				d, o.FS = after, after
				if j, _, err = Open("", o); err != nil {
					rt.Fatal(err)
				}
				got, err := j.Read(0, 1<<20)
				if err != nil {
					rt.Fatal(err)
				}
				if len(got) < acked || len(got) > len(model) {
					rt.Fatalf("%d of %d changes came back, %d were acknowledged", len(got), len(model), acked)
				}
				model = model[:len(got)]
				seq = j.LastSeq()
				acked = len(model)
			}
		}
		wantRead(rt, j, 0, model)
		if err := j.Close(); err != nil {
			rt.Fatal(err)
		}
	})
}

func TestReadingInPagesGivesTheSameAsReadingAtOnce(t *testing.T) {
	j, _ := mustOpen(t, Options{FS: newDisk(), SegmentBytes: 5_000})
	want := changes(1, 1200)
	for batch := range slices.Chunk(want, 37) {
		mustAppend(t, j, batch)
	}
	mustWait(t, j, 1000)
	for _, page := range []int{1, 7, 999, 5000} {
		var got []thing.Change
		for from := uint64(1); ; {
			list, err := j.Read(from, page)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, list...)
			if len(list) < page {
				break
			}
			from = list[len(list)-1].Seq + 1
		}
		if len(got) != len(want) || got[1199].Seq != 1200 || got[1034].Value != want[1034].Value {
			t.Fatalf("pages of %d: %d changes", page, len(got))
		}
	}
}

func TestManyWaitersShareOneSync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		j, _ := mustOpen(t, Options{FS: d})
		d.set(func(d *disk) { d.onSync = func(int) error { time.Sleep(time.Second); return nil } })
		start := time.Now()
		var wg sync.WaitGroup
		for seq := uint64(1); seq <= 100; seq++ {
			pos := mustAppend(t, j, changes(seq, seq))
			wg.Go(func() { mustWait(t, j, pos) })
			if time.Since(start) > 0 {
				t.Fatal("append waited for the disk")
			}
			if seq == 1 {
				synctest.Wait() // the first sync is under way, the rest must share the second
			}
		}
		wg.Wait()
		if took := time.Since(start); took != 2*time.Second || j.Stats().Commits != 2 {
			t.Fatalf("100 changes took %v and %d syncs", took, j.Stats().Commits)
		}
	})
}

func TestMaxDelayGathersSlowStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, _ := mustOpen(t, Options{FS: newDisk(), MaxDelay: 10 * time.Millisecond})
		for seq := uint64(1); seq <= 100; seq++ {
			mustAppend(t, j, changes(seq, seq))
			time.Sleep(time.Millisecond)
		}
		mustWait(t, j, 100)
		if n := j.Stats().Commits; n < 8 || n > 11 {
			t.Fatalf("%d commits in 100 ms", n)
		}
	})
}

func TestAppendBlocksWhenTheDiskIsTooFarBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		j, _ := mustOpen(t, Options{FS: d, MaxPending: 10_000})
		gate := make(chan struct{})
		d.set(func(d *disk) { d.onSync = func(int) error { <-gate; return nil } })
		appended := 0
		go func() {
			for seq := uint64(1); seq <= 1000; seq++ {
				mustAppend(t, j, changes(seq, seq))
				appended++
			}
		}()
		synctest.Wait()
		if appended < 10 || appended > 60 || j.Stats().Pending > 10_000 {
			t.Fatalf("%d appended with %d bytes pending", appended, j.Stats().Pending)
		}
		close(gate)
		synctest.Wait()
		if appended != 1000 {
			t.Fatalf("%d appended in the end", appended)
		}
	})
}

func TestAFailedSyncIsMadeGoodInANewFile(t *testing.T) {
	d := newDisk()
	j, _ := mustOpen(t, Options{FS: d})
	mustWait(t, j, mustAppend(t, j, changes(1, 10)))
	d.set(func(d *disk) {
		failOn := d.syncs + 1
		d.onSync = func(n int) error {
			if n == failOn {
				return errSync
			}
			return nil
		}
	})
	mustWait(t, j, mustAppend(t, j, changes(11, 20)))
	wantRead(t, j, 1, changes(1, 20))
	after := d.powerCut(rand.New(rand.NewPCG(1, 1)))
	again, _ := mustOpen(t, Options{FS: after})
	wantRead(t, again, 1, changes(1, 20))
}

// While the disk refuses, Wait and Append say so; what failed once is never acknowledged later; then it carries on.
func TestADiskThatFailsCostsOnlyWhatWasNotKept(t *testing.T) {
	spoil := map[string]func(d *disk){
		"sync fails": func(d *disk) { d.onSync = func(int) error { return errSync } },
		"disk full":  func(d *disk) { d.room = 100 },
		"no room":    func(d *disk) { d.room = 0 },
		"short":      func(d *disk) { d.short = true },
	}
	for name, fault := range spoil {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDisk()
				j, _ := mustOpen(t, Options{FS: d, SegmentBytes: 1}) // so that there is no room made ahead
				mustWait(t, j, mustAppend(t, j, changes(1, 10)))
				d.set(fault)
				pos := mustAppend(t, j, changes(11, 20))
				if err := j.Wait(pos); !errors.Is(err, ErrRefused) {
					t.Fatalf("wait: %v", err)
				}
				if _, err := j.Append(changes(21, 30)); !errors.Is(err, ErrRefused) || j.Stats().Broken == nil {
					t.Fatalf("append: %v", err)
				}
				wantRead(t, j, 1, changes(1, 10))
				d.set(func(d *disk) { d.onSync, d.room, d.short = nil, 1<<40, false })
				time.Sleep(time.Second)
				mustWait(t, j, mustAppend(t, j, changes(21, 30)))
				for seq := uint64(11); seq <= 20; seq++ {
					if err := j.Wait(seq); !errors.Is(err, ErrRefused) {
						t.Fatalf("wait for %d, which failed: %v", seq, err)
					}
				}
				want := append(changes(1, 10), changes(21, 30)...)
				wantRead(t, j, 1, want)
				again, _ := mustOpen(t, Options{FS: d.powerCut(rand.New(rand.NewPCG(1, 1)))})
				wantRead(t, again, 1, want)
				if again.LastSeq() != 30 {
					t.Fatalf("last is %d", again.LastSeq())
				}
			})
		})
	}
}

func TestAJournalOpensOnAFullDiskAndGoesOnWhenThereIsRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		j, _ := mustOpen(t, Options{FS: d})
		mustWait(t, j, mustAppend(t, j, changes(1, 10)))
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		d.set(func(d *disk) { d.room = 0 })
		j, _ = mustOpen(t, Options{FS: d})
		wantRead(t, j, 1, changes(1, 10))
		if _, err := j.Append(changes(11, 20)); !errors.Is(err, ErrRefused) {
			t.Fatal(err)
		}
		d.set(func(d *disk) { d.room = 1 << 20 })
		time.Sleep(time.Second)
		mustWait(t, j, mustAppend(t, j, changes(11, 20)))
		wantRead(t, j, 1, changes(1, 20))
	})
}

func TestAppendRefusesWhatWouldBreakTheOrder(t *testing.T) {
	j, _ := mustOpen(t, Options{FS: newDisk()})
	mustAppend(t, j, changes(1, 10))
	long := change(11)
	long.Value = thing.String(strings.Repeat("x", MaxChange))
	odd := change(11)
	odd.Quality = thing.Good + 1
	for name, batch := range map[string][]thing.Change{
		"again":       changes(10, 10),
		"unordered":   {change(12), change(11)},
		"no seq":      {change(0)},
		"too long":    {long},
		"bad quality": {change(11), odd},
	} {
		if _, err := j.Append(batch); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := j.Wait(11); err == nil {
		t.Error("waiting for what was never appended succeeded")
	}
	wantRead(t, j, 1, changes(1, 10))
}

func TestAfterCloseNothingIsAccepted(t *testing.T) {
	j, _ := mustOpen(t, Options{FS: newDisk()})
	pos := mustAppend(t, j, changes(1, 10))
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	mustWait(t, j, pos)
	if _, err := j.Append(changes(11, 11)); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestDropForgetsWholeFilesAndKeepsTheOrder(t *testing.T) {
	d := newDisk()
	o := Options{FS: d, SegmentBytes: 1}
	j, _ := mustOpen(t, o)
	for seq := uint64(1); seq <= 50; seq += 10 {
		mustWait(t, j, mustAppend(t, j, changes(seq, seq+9)))
	}
	if err := j.Drop(35); err != nil {
		t.Fatal(err)
	}
	wantRead(t, j, 1, changes(31, 50))
	if err := j.Drop(1000); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	for range 3 { // restarts with nothing in between must not lose count
		again, report := mustOpen(t, o)
		if again.LastSeq() != 50 || report.Last != 50 {
			t.Fatalf("last is %d, report says %d", again.LastSeq(), report.Last)
		}
		if err := again.Drop(1000); err != nil {
			t.Fatal(err)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(d.files) != 1 {
		t.Fatalf("%d files left", len(d.files))
	}
}

func TestAfterKeepsSeqsOfOtherStoresFromComingAgain(t *testing.T) {
	j, report := mustOpen(t, Options{FS: newDisk(), After: 77})
	if j.LastSeq() != 77 || report.Last != 77 {
		t.Fatalf("last is %d", j.LastSeq())
	}
	if _, err := j.Append(changes(77, 77)); err == nil {
		t.Fatal("77 came again")
	}
	mustWait(t, j, mustAppend(t, j, changes(78, 78)))
}

func TestReadersMayReadWhileOthersAppendAndDrop(t *testing.T) {
	j, _ := mustOpen(t, Options{SegmentBytes: 10_000})
	const last = 10_000
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for from := uint64(1); from <= last; {
				list, err := j.Read(from, 100)
				if err != nil {
					t.Error(err)
					return
				}
				for _, c := range list {
					if c.Seq < from || c.Value.Int() != int64(c.Seq) || c.Ref != change(c.Seq).Ref {
						t.Errorf("read %v at %d", c, from)
						return
					}
					from = c.Seq + 1
				}
			}
		})
	}
	for seq := uint64(1); seq <= last; seq += 50 {
		pos := mustAppend(t, j, changes(seq, seq+49))
		if seq%1000 == 1 {
			mustWait(t, j, pos)
			if err := j.Drop(seq / 2); err != nil {
				t.Fatal(err)
			}
		}
	}
	wg.Wait()
}

func TestAWaitEndsTheDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, _ := mustOpen(t, Options{FS: newDisk(), MaxDelay: time.Hour})
		start := time.Now()
		for seq := uint64(1); seq <= 3; seq++ {
			mustAppend(t, j, changes(seq, seq))
			synctest.Wait() // the committer lets changes gather
			mustWait(t, j, seq)
		}
		if took := time.Since(start); took > time.Second {
			t.Fatalf("three waits took %v", took)
		}
		if n := j.Stats().Commits; n != 3 {
			t.Fatalf("%d commits", n)
		}
	})
}
