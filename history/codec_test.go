package history

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hutong/history/pack"
	"hutong/thing"
)

func mustCodec(t testing.TB) *codec {
	t.Helper()
	c, err := newCodec()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// roundTrip fails when samples do not come back bit by bit; it returns the chunk's length.
func roundTrip(t rapid.TB, c *codec, list []Sample) int {
	t.Helper()
	b := c.appendChunk(nil, list)
	got, err := c.decodeChunk(nil, b)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, list) {
		for i := range list {
			if got[i] != list[i] {
				t.Fatalf("sample %d of %d: wrote %#v, read %#v", i, len(list), list[i], got[i])
			}
		}
	}
	return len(b)
}

// steps makes a column as devices make them: constant, regular, jittering, jumping, or anything.
func steps(t *rapid.T, n int) []int64 {
	unit := rapid.SampledFrom([]int64{1, 7, 1e3, 1e6, 6e10, math.MaxInt64 / 3}).Draw(t, "unit")
	form := rapid.SampledFrom([]string{"constant", "regular", "jitter", "jump", "few", "any"}).Draw(t, "form")
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	list := make([]int64, n)
	at := rapid.Int64().Draw(t, "first")
	for i := range list {
		switch form {
		case "regular":
			at += unit
		case "jitter":
			at += unit
			list[i] = at + r.Int64N(100)
			continue
		case "jump":
			if at += unit; r.IntN(50) == 0 {
				at += int64(r.Uint64())
			}
		case "few":
			if r.IntN(4) == 0 {
				at = r.Int64N(5) * unit
			}
		case "any":
			at = int64(r.Uint64())
		}
		list[i] = at
	}
	return list
}

func TestIntegersComeBackExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := steps(t, rapid.IntRange(1, 600).Draw(t, "n"))
		if rapid.Bool().Draw(t, "edges") {
			for _, edge := range []int64{math.MinInt64, math.MaxInt64, 0, -1} {
				list[rapid.IntRange(0, len(list)-1).Draw(t, "at")] = edge
			}
		}
		b := pack.AppendInts(nil, slices.Clone(list))
		got := make([]int64, len(list))
		r := pack.Reader{B: b}
		r.Ints(got)
		if r.Bad || len(r.B) > 0 || !slices.Equal(got, list) {
			t.Fatalf("wrote %v\n read %v, %d bytes left, bad %v", list, got, len(r.B), r.Bad)
		}
	})
}

func TestFloatsComeBackBitByBit(t *testing.T) {
	c := mustCodec(t)
	rapid.Check(t, func(t *rapid.T) {
		list := make([]Sample, rapid.IntRange(1, 300).Draw(t, "n"))
		form := rapid.SampledFrom([]string{"decimal", "single", "any", "odd ones"}).Draw(t, "form")
		scale := math.Pow10(rapid.IntRange(0, 15).Draw(t, "digits"))
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		for i := range list {
			f := float64(r.IntN(100_000)-50_000) / scale
			switch {
			case form == "single":
				f = float64(float32(f))
			case form == "any", form == "odd ones" && r.IntN(30) == 0:
				f = math.Float64frombits(r.Uint64())
			}
			list[i] = Sample{Time: thing.Time(i), Value: thing.Float(f), Quality: thing.Good}
		}
		list[0].Value = thing.Float(math.Copysign(0, -1))
		roundTrip(t, c, list)
	})
}

func TestMixedValuesComeBack(t *testing.T) {
	c := mustCodec(t)
	doc, err := thing.ParseJSON([]byte(`{"a":[1,2,{"b":null}]}`))
	if err != nil {
		t.Fatal(err)
	}
	values := []thing.Value{
		thing.Null(), thing.Bool(true), thing.Bool(false), thing.Int(math.MinInt64), thing.Int(1 << 60), thing.Float(0.1),
		thing.Float(math.MaxFloat64), thing.String(""), thing.String("\xff\x00"), doc,
		thing.String(string(bytes.Repeat([]byte("long "), 5000))),
	}
	rapid.Check(t, func(t *rapid.T) {
		var list []Sample
		for _, at := range steps(t, rapid.IntRange(1, 200).Draw(t, "n")) {
			list = append(list, Sample{
				Time: thing.Time(at), Value: rapid.SampledFrom(values).Draw(t, "value"),
				Quality: thing.Quality(rapid.IntRange(0, 5).Draw(t, "quality")),
			})
		}
		roundTrip(t, c, list)
	})
}

// The mix of facts: 40 % temperature at 0.1, 30 % on/off, 20 % a counter at 0.001, 10 % an enum as integer; a sample
// each minute.
func mix(r *rand.Rand, series, n int, jitter time.Duration) []Sample {
	list := make([]Sample, n)
	temperature, counter, state := 200, 0, int64(0)
	on := false
	for i := range list {
		at := int64(1.7e18) + int64(i)*int64(time.Minute)
		if jitter > 0 {
			at += (r.Int64N(int64(2*jitter/time.Millisecond)+1) - int64(jitter/time.Millisecond)) * int64(time.Millisecond)
		}
		var v thing.Value
		switch k := series % 10; {
		case k < 4:
			temperature += r.IntN(3) - 1
			v = thing.Float(float64(temperature) / 10)
		case k < 7:
			if r.IntN(20) == 0 {
				on = !on
			}
			v = thing.Bool(on)
		case k < 9:
			counter += r.IntN(30)
			v = thing.Float(float64(counter) / 1000)
		default:
			if r.IntN(10) == 0 {
				state = r.Int64N(5)
			}
			v = thing.Int(state)
		}
		list[i] = Sample{Time: thing.Time(at), Value: v, Quality: thing.Good}
	}
	return list
}

func TestTheRealisticMixIsSmall(t *testing.T) {
	for _, c := range []struct {
		jitter time.Duration
		most   float64
	}{{0, 0.35}, {50 * time.Millisecond, 1.3}} {
		d := newDisk()
		s := mustOpen(t, d, Options{SealSamples: 1 << 30})
		r := rand.New(rand.NewPCG(1, 2))
		const series, n = 200, 1000
		var seq uint64
		for i := range series {
			batch := make([]thing.Change, 0, n)
			for _, x := range mix(r, i, n, c.jitter) {
				seq++
				batch = append(batch, thing.Change{
					Ref:   thing.Ref{Thing: thing.ID("urn:dev:zigbee2mqtt:0x00158d000" + time.Duration(i).String()), Name: "value"},
					Value: x.Value, Quality: x.Quality, Device: x.Time, Received: x.Time + 3e6, Committed: x.Time + 3e6 + 777, Seq: seq,
				})
			}
			feed(t, s, batch)
		}
		if err := s.Seal(); err != nil {
			t.Fatal(err)
		}
		per := float64(s.Stats().Bytes) / float64(s.Stats().Sealed)
		t.Logf("jitter %v: %.3f bytes a sample, index included", c.jitter, per)
		if per > c.most {
			t.Errorf("jitter %v: %.3f bytes a sample, at most %v", c.jitter, per, c.most)
		}
	}
}

func BenchmarkChunk(b *testing.B) {
	c := mustCodec(b)
	r := rand.New(rand.NewPCG(1, 2))
	for _, x := range []struct {
		name   string
		series int
	}{{"temperature", 0}, {"switch", 4}, {"counter", 7}, {"enum", 9}} {
		list := mix(r, x.series, sealedChunk, 50*time.Millisecond)
		var data []byte
		b.Run("encode/"+x.name, func(b *testing.B) {
			for b.Loop() {
				data = c.appendChunk(data[:0], list)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(list)), "ns/sample")
			b.ReportMetric(float64(len(data))/float64(len(list)), "B/sample")
		})
		b.Run("decode/"+x.name, func(b *testing.B) {
			var out []Sample
			for b.Loop() {
				out, _ = c.decodeChunk(out[:0], data)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(list)), "ns/sample")
		})
	}
}

func BenchmarkAppend(b *testing.B) {
	s := mustOpen(b, newDisk(), Options{SealSamples: 1 << 40})
	batch := changes(1, 1000)
	var seq uint64
	for b.Loop() {
		for i := range batch {
			seq++
			batch[i].Seq = seq
			batch[i].Received += thing.Time(1000 * time.Second)
		}
		if err := s.Append(batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(batch)), "ns/sample")
}

// FuzzChunk decodes any bytes: no panic, memory in proportion, and what is accepted can be written and read again.
func FuzzChunk(f *testing.F) {
	c := mustCodec(f)
	r := rand.New(rand.NewPCG(1, 2))
	for series := range 10 {
		f.Add(c.appendChunk(nil, mix(r, series, 40, time.Second)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := c.decodeChunk(nil, data)
		if err != nil {
			return
		}
		roundTrip(t, c, list)
	})
}

// FuzzIndex reads any bytes as the index of a segment, FuzzSegment as a whole segment, FuzzStates as a states file.
func FuzzIndex(f *testing.F) {
	f.Add(appendIndex(nil, []record{
		{ref: ref(1), state: thing.State{Seq: 7, Value: thing.Float(1.5)}, chunks: []chunkAt{{off: 8, length: 20, count: 3, min: 1, max: 9}}},
		{ref: ref(2), state: thing.State{Seq: 8, Value: thing.String("x"), Quality: thing.Good}},
	}), int64(28))
	f.Fuzz(func(t *testing.T, data []byte, end int64) {
		list, err := parseIndex(data, end, 2)
		if err != nil {
			return
		}
		again, err := parseIndex(appendIndex(nil, list), end, 2)
		if err != nil || len(again) != len(list) {
			t.Fatalf("%d records, written and read %d: %v", len(list), len(again), err)
		}
	})
}

func FuzzSegment(f *testing.F) {
	d := newDisk()
	s := mustOpen(f, d, Options{})
	feed(f, s, changes(1, 60))
	if err := s.Close(); err != nil {
		f.Fatal(err)
	}
	names, _ := d.List()
	f.Add(d.files[names[0]].data)
	f.Fuzz(func(t *testing.T, data []byte) {
		d := newDisk()
		d.files[names[0]] = &node{data: data}
		s, err := Open("", Options{FS: d})
		if err != nil {
			return
		}
		defer s.Close()
		for i := range uint64(5) {
			_, _ = s.Query(t.Context(), Query{Ref: ref(i)})
		}
	})
}

func FuzzStates(f *testing.F) {
	d := newDisk()
	s := mustOpen(f, d, Options{})
	if err := s.writeStates(9, map[thing.Ref]thing.State{ref(1): {Seq: 3, Value: thing.Bool(true)}}); err != nil {
		f.Fatal(err)
	}
	f.Add(d.files[statesName].data)
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _, _ = parseStates(data, s.codec)
	})
}
