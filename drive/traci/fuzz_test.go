package traci

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"
)

// FuzzAnswer reads bytes as the answers of every shape. Nothing panics, and no answer takes much more room than its own.
func FuzzAnswer(f *testing.F) {
	w := &writer{}
	w.tCompound(2)
	w.tString("a")
	w.tStrings([]string{"b", "c"})
	f.Add(w.b)
	f.Add([]byte("\x00\x00\x00\x01\x1c\xe4\x00\x00\x00\x01v\x02\x40\x00\x0b\x40\x00\x00\x00\x00\x00\x00\x00\x4f\x00\x0c\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var n names
		var s Results
		r := &reader{b: b, names: &n}
		s.read(r)
		if r.err == nil && r.at > len(b) {
			t.Fatalf("read %d bytes of %d", r.at, len(b))
		}
		if len(s.values) > len(b) || len(s.others) > len(b) || len(s.Objects) > len(b) {
			t.Fatalf("%d bytes became %d values of %d objects", len(b), len(s.values), len(s.others))
		}
		r = &reader{b: b, names: &n}
		var v Value
		r.value(&v, 0)
		if count(&v) > len(b)+1 {
			t.Fatalf("%d bytes became %d values", len(b), count(&v))
		}
		r = &reader{b: b, names: &n}
		if refusal, err := r.status(sent{cmd: 2}); refusal != nil && err != nil {
			t.Fatal("a status is both understood and not")
		}
	})
}

func count(v *Value) int {
	n := 1
	for i := range v.Parts {
		n += count(&v.Parts[i])
	}
	return n
}

// FuzzWhatIsWrittenIsRead writes values and reads them again.
func FuzzWhatIsWrittenIsRead(f *testing.F) {
	f.Add("id", 3, 2.5, []byte("a b"))
	f.Fuzz(func(t *testing.T, s string, i int, x float64, list []byte) {
		var words []string
		for _, one := range bytes.Fields(list) {
			words = append(words, string(one))
		}
		w := &writer{}
		w.tCompound(5)
		w.tString(s)
		w.tInt(i)
		w.tDouble(x)
		w.tStrings(words)
		w.tPoint(KindPoint, x, -x)
		var v Value
		r := &reader{b: w.b, names: &names{}}
		r.value(&v, 0)
		if r.err != nil || r.at != len(w.b) || len(v.Parts) != 5 {
			t.Fatalf("%v after %d of %d bytes", r.err, r.at, len(w.b))
		}
		if v.Parts[0].Text != s || v.Parts[1].Int != int64(int32(i)) ||
			math.Float64bits(v.Parts[2].X) != math.Float64bits(x) || len(v.Parts[3].Texts()) != len(words) {
			t.Fatalf("wrote %q %d %v %v, read %+v", s, i, x, words, v)
		}
	})
}

func TestABlockOfMoreThan255BytesHasItsLengthInFourMore(t *testing.T) {
	c := NewClient(nil, Options{})
	start := c.begin(0xc4, 1, "x")
	c.out.b = append(c.out.b, make([]byte, 300)...)
	c.end(start)
	b := c.out.b[start:]
	if b[0] != 0 || int(binary.BigEndian.Uint32(b[1:])) != len(b) || b[5] != 0xc4 || len(b) != 306 {
		t.Errorf("the block of %d bytes begins % x", len(b), b[:6])
	}
}
