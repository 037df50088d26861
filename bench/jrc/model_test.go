package main

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"testing"

	"hutong/drive/geom"
)

// beside is a case: 25 m/s behind one in the next lane, who drives 10 m/s, so far ahead from nose to rear.
func beside(gap, sideways float64) *question {
	return &question{Speed: 25, OtherX: gap + 4.3, OtherY: 3.5, OtherVX: 10, OtherVY: -sideways, Length: 4.3, Breadth: 1.9}
}

func TestTheModelBrakesForWhoComesOverAndForNobodyElse(t *testing.T) {
	m, err := newModel()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		q      *question
		brakes bool
	}{
		{"one who keeps the next lane", beside(20, 0), false},
		{"one who comes over", beside(30, 1), true},
		{"one who comes over far ahead", beside(250, 1), false},
		{"one who comes over behind", beside(-40, 1), false},
	} {
		if brake := m.brake(c.q); brake > 0 != c.brakes || brake > body.MaxBrake {
			t.Errorf("%s: brakes with %.2f m/s²", c.name, brake)
		}
	}
}

func TestASlidingVehicleCoversTheSamePlace(t *testing.T) {
	b := other(beside(10, 1.7)).Box
	var along, across float64
	for _, c := range b.Corners() {
		along, across = max(along, math.Abs(c.X-b.X)), max(across, math.Abs(c.Y-b.Y))
	}
	if math.Abs(2*along-4.3) > 1e-9 || math.Abs(2*across-1.9) > 1e-9 {
		t.Errorf("it covers %.2f by %.2f m: %+v", 2*along, 2*across, b)
	}
	if still := other(&question{Length: 4.3, Breadth: 1.9}).Box; still != (geom.Box{Length: 4.3, Width: 1.9}) {
		t.Errorf("one who stands covers %+v", still)
	}
}

func TestTheSimulatorIsAnsweredUntilItHasResults(t *testing.T) {
	var in, out bytes.Buffer
	in.WriteByte('a')
	if err := binary.Write(&in, binary.LittleEndian, beside(30, 1)); err != nil {
		t.Fatal(err)
	}
	in.WriteString("d\x00\x00\x00\x00\x00\x00\x24\x40") // 10 m/s
	in.WriteString("r\x1a\x00\x00\x00" + `{"shield": {"Crashes": 7}}`)
	got, err := answer(&in, &out)
	if err != nil || got["shield"].Crashes != 7 {
		t.Errorf("%v, %v", got, err)
	}
	if out.Len() != 16 {
		t.Fatalf("%d bytes of answers", out.Len())
	}
	var brake, distance float64
	if err := binary.Read(io.MultiReader(&out), binary.LittleEndian, &brake); err != nil || brake <= 0 {
		t.Errorf("brake %g, %v", brake, err)
	}
	if err := binary.Read(&out, binary.LittleEndian, &distance); err != nil || math.Abs(distance-limits.Follow(10, 10)) > 1e-9 {
		t.Errorf("distance %g, %v", distance, err)
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte("r\x02\x00\x00\x00{}"))
	f.Add(append([]byte("a"), make([]byte, 13*8)...))
	f.Add([]byte("d\x00\x00\x00\x00\x00\x00\xf8\x7f"))
	f.Fuzz(func(t *testing.T, text []byte) {
		_, _ = answer(bytes.NewReader(text), io.Discard) // it ends, and doesn't panic
	})
}
