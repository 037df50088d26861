package twin_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hutong/thing"
	"hutong/twin"
)

// pass lets d go by on the fake clock of a synctest bubble.
func pass(d time.Duration) { <-time.After(d) }

func TestEveryReadsTheLogWhenTheRingHasMovedOn(t *testing.T) {
	h := newHouse(t, twin.Options{})
	h.add(lamp("urn:a"))
	slow := h.Every(0)
	defer slow.Close()
	const n = 50_000
	for i := range n {
		h.report(ref("urn:a", "level"), thing.Int(int64(i)), false)
	}
	p, _ := h.Handle(ref("urn:a", "level"))
	for i := 0; i < n; {
		got, err := slow.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range got {
			if c.Value != thing.Int(int64(i)) || c.Seq != uint64(i+1) || c.Point != p {
				t.Fatalf("change %d is %+v", i, c)
			}
			i++
		}
	}
	if slow.Skipped() != 0 || slow.Seq() != n {
		t.Errorf("skipped %d, at %d", slow.Skipped(), slow.Seq())
	}
}

func TestEveryCountsWhatNobodyKept(t *testing.T) {
	h := newHouse(t, twin.Options{})
	h.add(lamp("urn:a"))
	slow := h.Every(1)
	defer slow.Close()
	for i := range 40_000 {
		h.log.fill(i >= 10_000 && i < 15_000)
		h.report(ref("urn:a", "level"), thing.Int(int64(i)), false)
	}
	seen, last := 0, uint64(0)
	for last < 40_000 {
		got, err := slow.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range got {
			if c.Seq <= last {
				t.Fatalf("change %d after %d", c.Seq, last)
			}
			seen, last = seen+1, c.Seq
		}
	}
	if seen != 35_000 || slow.Skipped() != 5_000 {
		t.Errorf("saw %d, skipped %d", seen, slow.Skipped())
	}
}

func TestEveryResumesAcrossARestart(t *testing.T) {
	h := newHouse(t, twin.Options{})
	h.add(lamp("urn:a"))
	for i := range 10 {
		h.report(ref("urn:a", "level"), thing.Int(int64(i)), false)
	}
	again := twin.New(twin.Options{Log: h.log})
	defer again.Close()
	e := again.Every(4)
	defer e.Close()
	got, err := e.Next(t.Context())
	if err != nil || len(got) != 7 || got[0].Seq != 4 || got[0].Point != 0 {
		t.Errorf("got %d from %+v, %v", len(got), got[0], err)
	}
	if err := again.Add(lamp("urn:a")); err != nil {
		t.Fatal(err)
	}
	p, _ := again.Handle(ref("urn:a", "level"))
	if pos := again.Report([]thing.Report{{Point: p, Value: thing.Int(1), Quality: thing.Good}}); pos != 11 {
		t.Errorf("Seq goes on at %d", pos)
	}
}

func TestLatestSkipsToTheNewestAndPassesOverRepeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, twin.Options{})
		h.add(lamp("urn:a"))
		screen := h.Latest(func(r thing.Ref) bool { return r.Name != "power" })
		defer screen.Close()
		h.add(lamp("urn:b"))
		for i := range 1000 {
			h.report(ref("urn:a", "level"), thing.Int(int64(i)), false)
			h.report(ref("urn:b", "power"), thing.Int(int64(i)), false)
		}
		h.report(ref("urn:b", "on"), thing.Bool(true), false)
		got, err := screen.Next(t.Context())
		if err != nil || len(got) != 2 || got[0].Value != thing.Int(999) || got[1].Ref != ref("urn:b", "on") {
			t.Fatalf("got %+v, %v", got, err)
		}
		var woken []thing.Change
		go func() { woken, _ = screen.Next(t.Context()) }()
		synctest.Wait()
		h.report(ref("urn:b", "on"), thing.Bool(true), false)
		synctest.Wait()
		if woken != nil {
			t.Errorf("a repeat woke the screen: %+v", woken)
		}
		h.Online("urn:b", false)
		synctest.Wait()
		if len(woken) != 1 || woken[0].Quality != thing.Stale || woken[0].Repeat {
			t.Errorf("going offline told the screen %+v", woken)
		}
	})
}

func TestLatestTellsOfValuesThatANewDescriptionTookAway(t *testing.T) {
	h := newHouse(t, twin.Options{})
	h.add(lamp("urn:a"))
	h.report(ref("urn:a", "level"), thing.Int(5), false)
	screen := h.Latest(func(r thing.Ref) bool { return r.Name == "level" })
	defer screen.Close()
	next := lamp("urn:a")
	next.Points[1].Type = thing.Text
	h.add(next)
	got, err := screen.Next(t.Context())
	if err != nil || len(got) != 1 || got[0].Quality != thing.Unknown || !got[0].Value.IsNull() {
		t.Errorf("the screen is told %+v, %v", got, err)
	}
}

func TestWatchTellsTheDifference(t *testing.T) {
	h := newHouse(t, twin.Options{})
	h.add(lamp("urn:old"))
	h.add(lamp("urn:kept"))
	w := h.Watch()
	defer w.Close()
	h.add(lamp("urn:new"))
	h.add(lamp("urn:brief"))
	h.Remove("urn:brief")
	h.add(lamp("urn:kept"))
	h.Remove("urn:old")
	h.Remove("urn:kept")
	h.add(lamp("urn:kept"))
	got, err := w.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, n := range got {
		text += fmt.Sprintf("%s %s %v; ", n.What, n.ID, n.Thing != nil)
	}
	if want := "changed urn:kept true; added urn:new true; removed urn:old false; "; text != want {
		t.Errorf("told %q, want %q", text, want)
	}
}

// Everything at once: what each Every reader sees is one gapless order, and what Latest ends with is what Get says.
func TestNobodyMissesAnythingUnderLoad(t *testing.T) {
	h := newHouse(t, twin.Options{})
	const writers, each = 8, 2000
	for w := range writers {
		h.add(lamp(thing.ID(fmt.Sprintf("urn:%d", w))))
	}
	screen, every := h.Latest(nil), [...]*twin.Every{h.Every(1), h.Every(1)}
	shown := make(map[thing.Ref]thing.Value)
	var readers, all sync.WaitGroup
	for _, e := range every {
		readers.Go(func() {
			newest := make(map[thing.Ref]int64)
			for want := uint64(1); want <= writers*each; {
				got, err := e.Next(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				for _, c := range got {
					if c.Seq != want || c.Value.Int() <= newest[c.Ref] {
						t.Errorf("change %d (%s) after %d (%d)", c.Seq, c.Value.Describe(), want-1, newest[c.Ref])
						return
					}
					newest[c.Ref] = c.Value.Int()
					want++
				}
			}
		})
	}
	readers.Go(func() {
		for left := writers; left > 0; {
			got, err := screen.Next(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			for _, c := range got {
				if c.Value.Int() == each && shown[c.Ref] != c.Value {
					left--
				}
				shown[c.Ref] = c.Value
			}
		}
	})
	for w := range writers {
		all.Go(func() {
			p, _ := h.Handle(ref(thing.ID(fmt.Sprintf("urn:%d", w)), "level"))
			for i := range each {
				h.Report([]thing.Report{{Point: p, Value: thing.Int(int64(i + 1)), Quality: thing.Good}})
			}
		})
	}
	all.Go(func() {
		for i := range 200 {
			id := thing.ID(fmt.Sprintf("urn:x%d", i%7))
			h.add(lamp(id))
			h.Things()
			h.Get(ref(id, "on"))
			h.Remove(id)
		}
	})
	all.Wait()
	readers.Wait()
	for r, v := range shown {
		if s, _ := h.Get(r); s.Value != v {
			t.Errorf("%s shows %s, is %s", r, v.Describe(), s.Value.Describe())
		}
	}
}

func BenchmarkReport(b *testing.B) {
	for _, readers := range []int{0, 8} {
		b.Run(fmt.Sprintf("readers=%d", readers), func(b *testing.B) {
			t := twin.New(twin.Options{})
			defer t.Close()
			var batch []thing.Report
			for i := range 1000 {
				id := thing.ID(fmt.Sprintf("urn:%d", i))
				if err := t.Add(lamp(id)); err != nil {
					b.Fatal(err)
				}
				p, _ := t.Handle(ref(id, "level"))
				batch = append(batch, thing.Report{Point: p, Quality: thing.Good})
			}
			for range readers {
				t.Latest(nil)
				t.Every(0)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				r := &batch[i%1000]
				r.Value = thing.Int(int64(i))
				t.Report(batch[i%1000 : i%1000+1])
			}
		})
	}
}

func TestAReaderInNoHurryIsWokenOnceForMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, twin.Options{})
		h.add(lamp("urn:a"))
		e := h.Every(0)
		defer e.Close()
		e.Gather(10 * time.Millisecond)
		go func() {
			for i := range 10 {
				h.report(ref("urn:a", "level"), thing.Int(int64(i)), false)
				pass(time.Millisecond)
			}
		}()
		for seen, calls := 0, 0; seen < 10; {
			got, err := e.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			seen += len(got)
			if calls++; calls > 2 {
				t.Fatalf("%d of 10 changes after %d calls", seen, calls)
			}
		}
	})
}
