package history

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"hutong/history/gather"
	"hutong/thing"
)

// minutes makes two days of what one sensor says each minute.
func minutes(value func(i int) thing.Value) (list []thing.Change) {
	for i := range 2 * 1440 {
		at := thing.Time(i) * thing.Time(time.Minute)
		list = append(list, thing.Change{Ref: ref(1), Value: value(i), Quality: thing.Good, Received: at, Committed: at, Seq: uint64(i + 1)})
	}
	return list
}

func tenth(i int) thing.Value { return thing.Float(float64(200+i%7) / 10) }

// plainly gathers samples without any rollup.
func plainly(t *testing.T, s *Store, q Query) []Sample {
	t.Helper()
	raw, err := s.Query(t.Context(), Query{Ref: q.Ref, From: q.From, To: q.To})
	if err != nil {
		t.Fatal(err)
	}
	c := collector{q: q, most: s.o.MaxResult, bucket: gather.Bucket{Agg: q.Agg}}
	c.add(raw)
	return c.finish(nil)
}

func rollups(s *Store) (n int) {
	for _, g := range s.segments {
		for _, e := range g.entries {
			if e.rollup > 0 {
				n++
			}
		}
	}
	return n
}

func TestQueriesByTheHourReadRollupsAndNotTheSamplesTheyStandFor(t *testing.T) {
	for name, value := range map[string]func(i int) thing.Value{
		"tenths":   tenth,
		"floats":   func(i int) thing.Value { return thing.Float(math.Sin(float64(i))) },
		"integers": func(i int) thing.Value { return thing.Int(int64(i) << 40) },
		"switch":   func(i int) thing.Value { return thing.Bool(i%100 > 60) },
	} {
		d := newDisk()
		s := mustOpen(t, d, Options{})
		list := minutes(value)
		if name == "floats" { // one costs more bytes than minutes are worth
			for i := range list {
				list[i].Received /= 10
			}
		}
		feed(t, s, list)
		if err := s.Seal(); err != nil {
			t.Fatal(err)
		}
		if rollups(s) != 1 {
			t.Fatalf("%s: no rollup", name)
		}
		queries := map[Query][]Sample{}
		for _, agg := range []string{"avg", "min", "max", "sum", "count", "last"} {
			for _, step := range []time.Duration{time.Hour, 5 * time.Hour, 0} {
				q := Query{Ref: ref(1), Agg: agg, Step: step}
				queries[q] = plainly(t, s, q)
			}
		}
		spoil(d, s.segments[0].chunks)
		for q, want := range queries {
			if got, err := s.Query(t.Context(), q); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s: %+v: %v, %v, want %v", name, q, got, err, want)
			}
		}
	}
}

// spoil makes the chunks unreadable.
func spoil(d *disk, chunks []chunkAt) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, n := range d.files {
		for _, c := range chunks {
			clear(n.data[c.off : c.off+int64(c.length)])
		}
	}
}

func TestADamagedRollupIsNoticedAndCostsNothing(t *testing.T) {
	d := newDisk()
	s := mustOpen(t, d, Options{})
	feed(t, s, minutes(tenth))
	if err := s.Seal(); err != nil {
		t.Fatal(err)
	}
	g := s.segments[0]
	last := g.chunks[len(g.chunks)-1]
	spoil(d, []chunkAt{{off: last.off + int64(last.length), length: g.entries[0].rollup}})
	q := Query{Ref: ref(1), Step: time.Hour}
	if got, err := s.Query(t.Context(), q); err != nil || len(got) != 48 || !slices.Equal(got, plainly(t, s, q)) {
		t.Fatalf("%d hours, %v", len(got), err)
	}
	if s.Stats().Damaged == 0 {
		t.Error("nobody was told")
	}
}

// What comes late for an hour that has been summed up is in its answer, from memory and from a file of its own.
func TestLateSamplesAreInTheHoursTheyBelongTo(t *testing.T) {
	s := mustOpen(t, newDisk(), Options{})
	feed(t, s, minutes(tenth))
	if err := s.Seal(); err != nil {
		t.Fatal(err)
	}
	late := thing.Time(30*time.Hour + 30*time.Minute)
	now := thing.Time(48 * time.Hour)
	feed(t, s, []thing.Change{{Ref: ref(1), Value: thing.Float(1e6), Quality: thing.Good, Device: late, Received: now, Committed: now, Seq: 9999}})
	for range 2 {
		got, err := s.Query(t.Context(), Query{Ref: ref(1), Step: time.Hour, Agg: "max"})
		if err != nil || len(got) != 48 || got[30].Value != thing.Float(1e6) || got[29].Value != thing.Float(20.6) {
			t.Fatalf("%v, %v", got, err)
		}
		if err := s.Seal(); err != nil {
			t.Fatal(err)
		}
	}
}

// FuzzRollup reads any bytes as a rollup: no panic, memory in proportion, and what is accepted can be used.
func FuzzRollup(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for series := range 10 {
		list := mix(r, series, 600, 0)
		var x gather.Roller
		x.Add(list)
		f.Add(x.Append(nil, 1<<20), int64(list[0].Time), int64(list[599].Time))
	}
	f.Fuzz(func(t *testing.T, data []byte, from, to int64) {
		if from > to {
			return
		}
		before := bytes.Clone(data)
		for _, agg := range []string{"", "min", "max", "sum", "count", "last"} {
			x, err := gather.Read(data, agg, 1000, thing.Time(from), thing.Time(to))
			if err != nil {
				continue
			}
			c := collector{q: Query{Agg: agg, Step: time.Hour}, most: 1 << 20, bucket: gather.Bucket{Agg: agg}}
			for i, n := range x.Counts {
				if n > 0 && !c.hours(x, i, i+1) {
					t.Fatal("too many hours")
				}
			}
			if len(c.finish(nil)) > 1000 {
				t.Fatal("more hours than samples")
			}
		}
		if !bytes.Equal(before, data) {
			t.Fatal("the bytes were changed")
		}
	})
}
