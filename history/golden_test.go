package history

import (
	"os"
	"slices"
	"testing"
	"time"

	"hutong/thing"
)

// golden is a history of every kind of value, late samples included.
func golden(t testing.TB) []thing.Change {
	t.Helper()
	doc, err := thing.ParseJSON([]byte(`{"h":12,"s":[1,2]}`))
	if err != nil {
		t.Fatal(err)
	}
	values := []thing.Value{
		thing.Null(), thing.Bool(true), thing.Bool(false), thing.Int(-7), thing.Int(1 << 62), thing.Float(21.3),
		thing.Float(float64(float32(0.1))), thing.Float(1.0 / 3), thing.String("on"), thing.String("门开着"), doc,
	}
	var list []thing.Change
	for i := range 400 {
		at := thing.Time(1_750_000_000+i) * 1e9
		c := thing.Change{
			Ref:      thing.Ref{Thing: thing.ID("urn:golden:" + []string{"a", "b"}[i%2]), Kind: thing.Kind(i % 3 * 2 % 3), Name: "x"},
			Value:    values[i/30%len(values)],
			Quality:  thing.Quality(1 + i/100),
			Received: at, Committed: at + 1, Seq: uint64(i + 1),
		}
		if i%9 == 0 {
			c.Device = at - 100e9
		}
		list = append(list, c)
	}
	return list
}

// The files in testdata were written when format 1 was new. They must be read for ever.
func TestFilesOfFormatOneAreStillRead(t *testing.T) {
	s := openCopy(t, "testdata/format1")
	fresh := mustOpen(t, newDisk(), Options{})
	feed(t, fresh, golden(t))
	if st := s.Stats(); st.Durable != 400 || st.Sealed != 300 || len(st.SetAside) > 0 {
		t.Fatalf("%+v", st)
	}
	same(t, s, fresh, golden(t)[100].Received) // the first hundred were dropped
}

// Those in format2 hold the same without a drop, and then what minutes makes of tenth, of which there is a rollup.
func TestFilesOfFormatTwoAreStillRead(t *testing.T) {
	s := openCopy(t, "testdata/format2")
	fresh := mustOpen(t, newDisk(), Options{})
	feed(t, fresh, goldenTwo(t))
	if st := s.Stats(); st.Durable != 3280 || st.Sealed != 3280 || len(st.SetAside) > 0 || rollups(s) != 1 {
		t.Fatalf("%+v, %d rollups", st, rollups(s))
	}
	same(t, s, fresh, 0)
	for _, agg := range []string{"avg", "min", "max", "sum", "count", "last"} {
		q := Query{Ref: ref(1), Step: time.Hour, Agg: agg}
		if got, err := s.Query(t.Context(), q); err != nil || !slices.Equal(got, plainly(t, fresh, q)) {
			t.Errorf("%s: %v, %v", agg, got, err)
		}
	}
}

// openCopy opens a copy of a folder until the test ends.
func openCopy(t *testing.T, from string) *Store {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func goldenTwo(t testing.TB) []thing.Change {
	list := golden(t)
	for _, c := range minutes(tenth) {
		c.Seq += 400
		list = append(list, c)
	}
	return list
}

// same checks that s has from a time on what fresh has.
func same(t *testing.T, s, fresh *Store, from thing.Time) {
	t.Helper()
	for _, x := range fresh.list {
		got, err := s.Query(t.Context(), Query{Ref: x.ref, From: from})
		if err != nil {
			t.Fatal(err)
		}
		want, err := fresh.Query(t.Context(), Query{Ref: x.ref, From: from})
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) || len(got) == 0 {
			t.Fatalf("%v: %d samples, want %d", x.ref, len(got), len(want))
		}
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("%v: sample %d is %+v, want %+v", x.ref, i, got[i], want[i])
			}
		}
		if last, ok := s.Last(x.ref); !ok || last != x.state {
			t.Fatalf("%v: last is %+v, want %+v", x.ref, last, x.state)
		}
	}
}
