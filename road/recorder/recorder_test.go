package recorder

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func after(seconds float64) time.Time { return noon.Add(time.Duration(seconds * float64(time.Second))) }

// drive adds a frame every 0.1 s.
func drive(r *Recorder, vehicle string, from, to float64) {
	for n := int(from * 10); n < int(to*10); n++ {
		r.Add(vehicle, Frame{"cabin", after(float64(n) / 10), fmt.Appendf(nil, `{"t":%d}`, n)})
	}
}

func TestThirtySecondsBeforeAndTenAfterAreKept(t *testing.T) {
	r := New(Options{})
	drive(r, "a", 0, 100)
	drive(r, "b", 0, 100)
	r.Trigger("a", "collision", after(100))
	drive(r, "a", 100, 105)
	if done := r.Done(after(105)); len(done) != 0 {
		t.Fatalf("%d recordings done five seconds after", len(done))
	}
	drive(r, "a", 105, 120)
	done := r.Done(after(120))
	if len(done) != 1 {
		t.Fatalf("%d recordings done", len(done))
	}
	i := done[0]
	if i.Vehicle != "a" || i.Cause != "collision" || i.Frames[0].At != after(70) || i.Frames[len(i.Frames)-1].At != after(110) || len(i.Frames) != 401 {
		t.Errorf("%s %s from %v to %v, %d frames", i.Vehicle, i.Cause, i.Frames[0].At, i.Frames[len(i.Frames)-1].At, len(i.Frames))
	}
	if again := r.Done(after(500)); len(again) != 0 {
		t.Errorf("and another: %v", again)
	}
}

func TestAnotherTriggerProlongsARecordingWithinBounds(t *testing.T) {
	r := New(Options{Most: 30 * time.Second})
	drive(r, "a", 0, 40)
	r.Trigger("a", "harsh", after(40))
	for at := 40.0; at < 100; at += 5 {
		drive(r, "a", at, at+5)
		r.Trigger("a", "failSafe", after(at+5))
	}
	done := r.Done(after(100))
	if len(done) != 1 || done[0].To != after(70) || fmt.Sprint(done[0].Also) != "[failSafe]" || done[0].From != after(10) {
		t.Errorf("%+v", done)
	}
}

func TestAFloodIsBoundedAndCounted(t *testing.T) {
	r := New(Options{Bytes: 10 * (100 + overhead), Fleet: 1})
	r.Trigger("a", "harsh", noon)
	for n := range 300 {
		r.Add("a", Frame{"cabin", after(float64(n) / 100), make([]byte, 100)})
		r.Add("b", Frame{"cabin", after(float64(n) / 100), make([]byte, 100)})
	}
	done := r.Done(after(100))
	if len(done) != 1 || len(done[0].Frames) != 10 || done[0].Dropped != 290 {
		t.Errorf("%d recordings, %d frames, %d dropped", len(done), len(done[0].Frames), done[0].Dropped)
	}
}

func TestAllVehiclesTogetherAreBounded(t *testing.T) {
	const frame = 100 + overhead
	r := New(Options{Total: 100 * frame})
	size := func() (n int) {
		for _, g := range r.rings {
			n += len(g.frames)
		}
		return n
	}
	for n := range 100 {
		r.Add("first", Frame{"cabin", after(float64(n) / 10), make([]byte, 100)})
	}
	for v := range 19 {
		for n := range 30 {
			r.Add(fmt.Sprint(v), Frame{"cabin", after(10 + float64(n)/10), make([]byte, 100)})
		}
	}
	r.Done(after(13))
	if n := size(); n > 100 || n < 90 || len(r.rings["first"].frames) != 5 {
		t.Errorf("%d frames of 20 vehicles are kept, %d of the first", n, len(r.rings["first"].frames))
	}
	r.Trigger("0", "harsh", after(13))
	if n := len(r.Done(after(60))) + len(r.Done(after(61))); n != 1 || len(r.rings) != 0 {
		t.Errorf("a minute later %d frames of %d vehicles are kept", size(), len(r.rings))
	}
}

func TestFramesThatComeLateStandInTheirOrder(t *testing.T) {
	r := New(Options{})
	r.Add("a", Frame{"x", after(1), []byte("1")})
	r.Add("a", Frame{"x", after(3), []byte("3")})
	r.Add("a", Frame{"x", after(2), []byte("2")})
	r.Trigger("a", "harsh", after(3))
	if got := r.Done(after(100))[0].Frames; string(got[0].Data)+string(got[1].Data)+string(got[2].Data) != "123" {
		t.Errorf("order %s %s %s", got[0].Data, got[1].Data, got[2].Data)
	}
}

func incident(n int) Incident {
	r := New(Options{})
	drive(r, "shuttle-1", 0, 40)
	r.Trigger("shuttle-1", fmt.Sprintf("cause %d", n), after(30))
	return r.Done(after(100))[0]
}

func kept(t *testing.T, n int) (dir string, s *Store) {
	t.Helper()
	dir = t.TempDir()
	s, err := Open(dir)
	for k := 0; k < n && err == nil; k++ {
		_, err = s.Keep(incident(k))
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir, s
}

func TestRecordingsAreThereAfterARestart(t *testing.T) {
	dir, s := kept(t, 3)
	again, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(again.List()) != fmt.Sprint(s.List()) || len(again.List()) != 3 {
		t.Errorf("%v, were %v", again.List(), s.List())
	}
	if err := again.Verify(); err != nil {
		t.Error(err)
	}
	if r, err := again.Keep(incident(3)); err != nil || r.Number != 4 || again.Verify() != nil {
		t.Errorf("the next is %v (%v, %v)", r, err, again.Verify())
	}
}

func TestAnyChangeShows(t *testing.T) {
	file := func(dir string, n int) string {
		names, _ := filepath.Glob(filepath.Join(dir, "*.mcap"))
		return names[n]
	}
	for name, c := range map[string]struct {
		harm func(dir string) error
		says string
	}{
		"nothing":            {func(string) error { return nil }, ""},
		"a bit of the first": {func(dir string) error { return flip(file(dir, 0)) }, "000001-shuttle-1-cause_0 was changed"},
		"a bit of the last":  {func(dir string) error { return flip(file(dir, 2)) }, "000003-shuttle-1-cause_2 is not the newest as it was written"},
		"the second gone":    {func(dir string) error { return os.Remove(file(dir, 1)) }, "something is missing"},
		"the last gone":      {func(dir string) error { return os.Remove(file(dir, 2)) }, "a newer one is missing"},
	} {
		dir, _ := kept(t, 3)
		if err := c.harm(dir); err != nil {
			t.Fatal(err)
		}
		s, err := Open(dir)
		if err == nil {
			err = s.Verify()
		}
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

func flip(name string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	data[len(data)/2] ^= 1
	return os.WriteFile(name, data, 0o600)
}

func TestACrashBeforeTheHeadIsMended(t *testing.T) {
	dir, _ := kept(t, 2)
	old, err := os.ReadFile(filepath.Join(dir, headName))
	if err != nil {
		t.Fatal(err)
	}
	s, _ := Open(dir)
	if _, err := s.Keep(incident(2)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, headName), old, 0o600); err != nil { // as if it had not come to that
		t.Fatal(err)
	}
	if s, err = Open(dir); err != nil || s.Verify() != nil {
		t.Errorf("%v, %v", err, s.Verify())
	}
}

func TestOldRecordingsGoAndTheChainStays(t *testing.T) {
	dir, s := kept(t, 3)
	if err := s.Prune(after(1e6)); err != nil || len(s.List()) != 1 || s.Verify() != nil {
		t.Errorf("%v, %v, %v", err, s.List(), s.Verify())
	}
	if _, err := s.File("000001-shuttle-1-cause_0"); err == nil {
		t.Error("a pruned one is still given")
	}
	if again, err := Open(dir); err != nil || again.Verify() != nil {
		t.Errorf("%v", err)
	}
}

func FuzzChain(f *testing.F) {
	i := incident(1)
	f.Add(i.Encode(3, "ab"))
	f.Add([]byte(magic + magic))
	f.Add([]byte(magic + "\x0c\xff\xff\xff\xff\xff\xff\xff\xff" + magic))
	f.Add([]byte(magic + "\x0c\x14\x00\x00\x00\x00\x00\x00\x00\x0c\x00\x00\x00hutong.chain\xff\xff\xff\xff" + magic))
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = chainOf(data) })
}
