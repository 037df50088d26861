package history

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hutong/thing"
)

func mustOpen(t testing.TB, d FS, o Options) *Store {
	t.Helper()
	o.FS = d
	s, err := Open("", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func ref(i uint64) thing.Ref { return thing.Ref{Thing: thing.ID(fmt.Sprint("urn:", i)), Name: "x"} }

// changes makes changes that can be told by their Seq, of five points in turn, a second apart.
func changes(from, to uint64) []thing.Change {
	var list []thing.Change
	for seq := from; seq <= to; seq++ {
		at := thing.Time(seq) * thing.Time(time.Second)
		list = append(list, thing.Change{
			Ref: ref(seq % 5), Point: thing.Handle(seq%5 + 1), Value: thing.Int(int64(seq)), Quality: thing.Good,
			Received: at, Committed: at, Seq: seq,
		})
	}
	return list
}

func feed(t testing.TB, s *Store, list []thing.Change) {
	t.Helper()
	if err := s.Append(list); err != nil {
		t.Fatal(err)
	}
}

// wantAll checks that exactly the changes of the Seqs are there.
func wantAll(t testing.TB, s *Store, from, to uint64) {
	t.Helper()
	for i := range uint64(5) {
		list, err := s.Query(t.Context(), Query{Ref: ref(i)})
		if err != nil {
			t.Fatal(err)
		}
		var want []Sample
		for _, c := range changes(from, to) {
			if c.Ref == ref(i) {
				want = append(want, Sample{Time: c.Received, Value: c.Value, Quality: c.Quality})
			}
		}
		if !slices.Equal(list, want) {
			t.Fatalf("point %d: %d samples, want %d; %+v", i, len(list), len(want), s.Stats())
		}
	}
}

func TestSmallSegmentsAreMergedIntoLargerOnes(t *testing.T) {
	d := newDisk()
	s := mustOpen(t, d, Options{})
	seals := uint64(0)
	for seq := uint64(1); seq <= 3000; seq += 30 {
		feed(t, s, changes(seq, seq+29))
		if err := s.Seal(); err != nil {
			t.Fatal(err)
		}
		if err := s.merge(); err != nil {
			t.Fatal(err)
		}
		seals++
	}
	if n := s.Stats().Segments; n != 1+4+4 { // 100 is 1 times 64, 4 times 8 and 4
		t.Fatalf("%d seals left %d segments", seals, n)
	}
	wantAll(t, s, 1, 3000)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, d, Options{})
	wantAll(t, s, 1, 3000)
	if got, ok := s.Last(ref(0)); !ok || got.Seq != 3000 {
		t.Fatalf("last is %+v", got)
	}
}

func TestRetentionDeletesFromTheDiskAndKeepsTheLastState(t *testing.T) {
	d := newDisk()
	s := mustOpen(t, d, Options{Retention: 1000 * time.Second})
	s.Describe(ref(0), thing.Point{Retention: 100 * time.Second})
	for seq := uint64(1); seq <= 1000; seq += 100 {
		feed(t, s, changes(seq, seq+99))
		if err := s.Seal(); err != nil {
			t.Fatal(err)
		}
	}
	retain := func(second int) {
		t.Helper()
		if err := s.Retain(thing.Time(second) * thing.Time(time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	count := func(i uint64) int {
		t.Helper()
		list, err := s.Query(t.Context(), Query{Ref: ref(i)})
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	retain(1000)
	if a, b := count(0), count(1); a != 21 || b != 200 {
		t.Fatalf("%d and %d samples are shown", a, b)
	}
	if n := s.Stats().Sealed; n > 4*200+21+2 {
		t.Fatalf("%d samples are on disk", n)
	}
	retain(1750)
	if a, b := count(0), count(1); a != 0 || b != 50 {
		t.Fatalf("%d and %d samples are shown", a, b)
	}
	retain(1e6)
	if st := s.Stats(); st.Segments != 0 || st.Durable != 1000 {
		t.Fatalf("%+v", st)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, d, Options{})
	if st := s.Stats(); st.Durable != 1000 || st.Last != 1000 || len(st.SetAside) > 0 {
		t.Fatalf("%+v", st)
	}
	for i := range uint64(5) {
		if got, ok := s.Last(ref(i)); !ok || got.Seq <= 995 || got.Value.Int() != int64(got.Seq) {
			t.Fatalf("last of %d is %+v", i, got)
		}
	}
}

func TestHistoryKeepsToItsRoomAndTheNewestStays(t *testing.T) {
	const most = 30_000
	d := newDisk()
	s := mustOpen(t, d, Options{MaxBytes: most})
	last := uint64(0)
	for range 60 {
		var list []thing.Change
		for _, c := range changes(last+1, last+1000) { // numbers that cannot be packed
			c.Value = thing.Int(int64(c.Seq * 0x9e3779b97f4a7c15))
			list = append(list, c)
		}
		feed(t, s, list)
		last += 1000
		if err := errors.Join(s.Seal(), s.merge(), s.Retain(thing.Time(last)*thing.Time(time.Second))); err != nil {
			t.Fatal(err)
		}
		if n := s.Stats().Bytes; n > most {
			t.Fatalf("after %d values the files take %d bytes", last, n)
		}
	}
	floor := s.Stats().Floor
	list, err := s.Query(t.Context(), Query{Ref: ref(0)})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(list); n < 300 || list[0].Time < floor || list[0].Time > floor+thing.Time(5*time.Second) ||
		list[n-1].Value.Int() != int64(last*0x9e3779b97f4a7c15) {
		t.Errorf("%d samples from %v on, floor %v", n, list[0].Time, floor)
	}
	for i := 1; i < len(list); i++ {
		if list[i].Time-list[i-1].Time != thing.Time(5*time.Second) {
			t.Fatalf("a hole after %v", list[i-1].Time)
		}
	}
	if got, ok := s.Last(ref(1)); !ok || got.Seq != last-4 {
		t.Errorf("last is %+v", got)
	}
}

func TestAFullDiskLosesNothingAndAppendSaysSo(t *testing.T) {
	d := newDisk()
	full := errNoSpace
	s := mustOpen(t, d, Options{SealSamples: 100})
	d.change(func() error { d.fail = func() error { return full }; return nil })
	feed(t, s, changes(1, 200))
	if err := s.Seal(); !errors.Is(err, errNoSpace) {
		t.Fatal(err)
	}
	feed(t, s, changes(201, 450))
	if err := s.Append(changes(451, 451)); !errors.Is(err, ErrBehind) {
		t.Fatalf("append with a full memory: %v", err)
	}
	wantAll(t, s, 1, 450)
	if s.Durable() != 0 {
		t.Fatalf("durable is %d", s.Durable())
	}
	d.mu.Lock()
	d.fail = nil
	d.mu.Unlock()
	if err := s.Seal(); err != nil {
		t.Fatal(err)
	}
	feed(t, s, changes(451, 500))
	wantAll(t, s, 1, 500)
	if s.Durable() < 450 {
		t.Fatalf("durable is %d", s.Durable())
	}
}

// The power fails at every single step of a life with seals, merges and retention; what was durable is always there.
func TestAPowerCutAtAnyMomentLosesNothingDurable(t *testing.T) {
	errCut := errors.New("the power is gone")
	for step, done := 0, false; !done; step++ {
		d := newDisk()
		left := step
		d.fail = func() error {
			if left--; left < 0 {
				return errCut
			}
			return nil
		}
		durable := uint64(0)
		s, err := Open("", Options{FS: d})
		if err != nil {
			t.Fatal(err)
		}
		done = true
		for seq := uint64(1); seq <= 20*17; seq += 20 {
			feed(t, s, changes(seq, seq+19))
			_ = s.Seal()
			durable = s.Durable()
			if err := errors.Join(s.merge(), s.Retain(thing.Time(seq)*thing.Time(time.Second))); err != nil {
				done = false
				break
			}
		}
		done = done && durable == 20*17
		for _, removed := range []bool{false, true} {
			again := mustOpen(t, d.powerCut(removed), Options{})
			if again.Durable() < durable {
				t.Fatalf("step %d: %d was durable, now %d", step, durable, again.Durable())
			}
			if st := again.Stats(); len(st.SetAside) > 0 {
				t.Fatalf("step %d: %v", step, st.SetAside)
			}
			wantAll(t, again, 1, again.Durable())
		}
		_ = s.Close()
	}
}

func TestADamagedByteIsNoticedAndTheRestIsRight(t *testing.T) {
	d := newDisk()
	s := mustOpen(t, d, Options{})
	feed(t, s, changes(1, 100))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	names, _ := d.List()
	whole := d.files[names[0]].data
	for i := range whole {
		hurt := newDisk()
		hurt.files[names[0]] = &node{data: slices.Clone(whole)}
		hurt.files[names[0]].data[i] ^= 0x41
		s, err := Open("", Options{FS: hurt})
		if err != nil {
			t.Fatalf("byte %d: %v", i, err)
		}
		damaged := i < len(magic) // nothing depends on the magic at the front
		for p := range uint64(5) {
			list, err := s.Query(t.Context(), Query{Ref: ref(p)})
			damaged = damaged || errors.Is(err, ErrDamaged) || len(s.Stats().SetAside) == 1 && s.Durable() == 0
			for _, x := range list {
				if c := changes(uint64(x.Value.Int()), uint64(x.Value.Int()))[0]; x != (Sample{Time: c.Received, Value: c.Value, Quality: c.Quality}) || c.Ref != ref(p) {
					t.Fatalf("byte %d: wrong sample %+v", i, x)
				}
			}
		}
		if !damaged {
			t.Fatalf("byte %d: damage not noticed", i)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAHistoryOfALaterFormatIsRefused(t *testing.T) {
	d := newDisk()
	s := mustOpen(t, d, Options{})
	feed(t, s, changes(1, 10))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	names, _ := d.List()
	data := d.files[names[0]].data
	foot := data[len(data)-footerSize:]
	foot[71]++
	binary.LittleEndian.PutUint32(foot[60:], footerSum(foot))
	if _, err := Open("", Options{FS: d}); err == nil || !strings.Contains(err.Error(), "later format") {
		t.Fatal(err)
	}
	if after, _ := d.List(); !slices.Equal(after, names) {
		t.Fatalf("files are now %v", after)
	}
}

func TestMemoryIsSealedByItselfInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mustOpen(t, newDisk(), Options{SealEvery: time.Minute, SealSamples: 100})
		feed(t, s, changes(1, 10))
		time.Sleep(61 * time.Second)
		synctest.Wait()
		if s.Durable() != 10 {
			t.Fatalf("after a minute %d is durable", s.Durable())
		}
		feed(t, s, changes(11, 200))
		synctest.Wait()
		if s.Durable() != 200 {
			t.Fatalf("with many samples %d is durable", s.Durable())
		}
	})
}

func TestClosedStoresSaySo(t *testing.T) {
	s := mustOpen(t, newDisk(), Options{})
	feed(t, s, changes(1, 10))
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Append(changes(11, 11)); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
	if _, err := s.Query(t.Context(), Query{Ref: ref(0)}); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
}

func TestQueriesThatAreTooLargeAreRefused(t *testing.T) {
	s := mustOpen(t, newDisk(), Options{MaxResult: 100})
	feed(t, s, changes(1, 1000))
	if _, err := s.Query(t.Context(), Query{Ref: ref(0)}); !errors.Is(err, ErrQuery) {
		t.Fatal(err)
	}
	for _, q := range []Query{{Limit: 100}, {Step: time.Minute}, {To: thing.Time(400 * time.Second)}} {
		q.Ref = ref(0)
		if list, err := s.Query(t.Context(), q); err != nil || len(list) == 0 {
			t.Fatalf("%+v: %v", q, err)
		}
	}
}

// thin is what a query does with the samples it has when they are too many.
func thin(list []Sample, most int) []Sample {
	c := collector{q: Query{Max: most}, out: list}
	return c.finish(nil)
}

func TestThinningKeepsTheShapeOfTheLine(t *testing.T) {
	var list []Sample
	for i := range 10_000 {
		v := thing.Float(float64(i%7) / 100)
		switch i {
		case 1234:
			v = thing.Float(50)
		case 1240:
			v = thing.Null() // a gap must not look like a peak
		case 7777:
			v = thing.Int(-50)
		}
		list = append(list, Sample{Time: thing.Time(i) * 1e9, Value: v, Quality: thing.Good})
	}
	for _, most := range []int{30, 100, 9999} {
		got := thin(list, most)
		if len(got) != most || !slices.Contains(got, list[1234]) || !slices.Contains(got, list[7777]) {
			t.Errorf("%d of %d samples, the peaks are not among them", len(got), len(list))
		}
	}
	var toggles []Sample
	for i := range 1000 {
		toggles = append(toggles, Sample{Time: thing.Time(i), Value: thing.Bool(i == 500), Quality: thing.Good})
	}
	if got := thin(toggles, 20); !slices.Contains(got, toggles[500]) {
		t.Error("the one moment a switch was on is not kept")
	}
}

// Readers read on while the store is fed, sealed, merged and cleared; what they see never has holes.
func TestReadersSeeAWholeHistoryAtEveryMoment(t *testing.T) {
	s, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var fed atomic.Uint64
	var wg sync.WaitGroup
	const last = 10_000
	for reader := range 3 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(reader)))
			for fed.Load() < last {
				i, sure := r.Uint64N(5), fed.Load()
				list, err := s.Query(t.Context(), Query{Ref: ref(i)})
				if err != nil {
					t.Error(err)
					return
				}
				for k, x := range list {
					if want := int64(k)*5 + int64(i+4)%5 + 1; x.Value.Int() != want {
						t.Errorf("sample %d of %d is %d, want %d", k, i, x.Value.Int(), want)
						return
					}
				}
				if uint64(len(list)) < sure/5 {
					t.Errorf("%d samples, %d changes were fed before", len(list), sure)
					return
				}
				s.Last(ref(i))
				s.Stats()
			}
		})
	}
	for seq := uint64(1); seq <= last; seq += 100 {
		feed(t, s, changes(seq, seq+99))
		fed.Store(seq + 99)
		if seq%500 == 1 {
			if err := errors.Join(s.Seal(), s.merge(), s.Retain(0)); err != nil {
				t.Fatal(err)
			}
		}
	}
	wg.Wait()
	wantAll(t, s, 1, last)
}
