package journal

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"hutong/thing"
)

// written is a folder with two segments of three frames each, 10 changes to a frame.
func written(t testing.TB) (d *disk, names []string) {
	t.Helper()
	d = newDisk()
	for _, first := range []uint64{1, 31} {
		j, _ := mustOpen(t, Options{FS: d})
		for seq := first; seq < first+30; seq += 10 {
			mustWait(t, j, mustAppend(t, j, changes(seq, seq+9)))
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	names, err := d.List()
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return d, names
}

// The files in testdata were written when format 1 was new. The same bytes must be written and read for ever.
func TestFormatOneIsWrittenAndReadAsEver(t *testing.T) {
	d, names := written(t)
	for _, name := range names {
		golden, err := os.ReadFile("testdata/format1/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(golden, d.files[name].data) {
			t.Errorf("%s is written otherwise now", name)
		}
		d.files[name].data = golden
	}
	if n, report := intact(t, d); n != 60 || len(report.Repairs) > 0 {
		t.Errorf("%d changes read, %v", n, report)
	}
}

// clone copies a disk, with one file changed.
func clone(d *disk, name string, edit func([]byte) []byte) *disk {
	c := newDisk()
	for n, f := range d.files {
		data := slices.Clone(f.data)
		if n == name {
			data = edit(data)
		}
		c.files[n] = &node{data: data}
	}
	return c
}

// intact says how many of the 60 changes come back, and fails when one comes back wrong or out of order.
func intact(t *testing.T, d *disk) (n int, report Report) {
	t.Helper()
	j, report, err := Open("", Options{FS: d})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	list, err := j.Read(0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	last := uint64(0)
	for _, c := range list {
		want := change(c.Seq)
		want.Point = 0
		if c.Seq <= last || c != want {
			t.Fatalf("after %d came %+v", last, c)
		}
		last = c.Seq
	}
	if j.LastSeq() < last {
		t.Fatalf("LastSeq %d, but %d is there", j.LastSeq(), last)
	}
	return len(list), report
}

func TestADamagedByteCostsAtMostOneFrameAndWhatItDefined(t *testing.T) {
	d, names := written(t)
	for _, name := range names {
		for i := range d.files[name].data {
			hurt := clone(d, name, func(b []byte) []byte { b[i] ^= 0x55; return b })
			n, report := intact(t, hurt)
			if len(report.Repairs) != 1 {
				t.Fatalf("%s byte %d: reported %v", name, i, report.Repairs)
			}
			least := 60 - 10 - 21 // the first frame defines 7 refs; 20 later changes need them
			if i < segmentHeader {
				least = 60
			}
			if n < least || n == 60 && i >= segmentHeader {
				t.Fatalf("%s byte %d: %d changes left; %v", name, i, n, report.Repairs)
			}
		}
	}
}

func TestATornEndIsCutAndReportedOnce(t *testing.T) {
	d, names := written(t)
	whole := len(d.files[names[1]].data)
	for size := range whole {
		torn := clone(d, names[1], func(b []byte) []byte { return b[:size] })
		n, report := intact(t, torn)
		if n < 30 || n >= 60 || n%10 != 0 {
			t.Fatalf("%d of %d bytes: %d changes", size, whole, n)
		}
		onFrame := len(report.Repairs) == 0
		if !onFrame && (!report.Repairs[0].Cut || report.Repairs[0].Bytes == 0 || report.Repairs[0].File != names[1]) {
			t.Fatalf("%d bytes: %v", size, report.Repairs)
		}
		if again, report := intact(t, torn); again != n || len(report.Repairs) != 0 {
			t.Fatalf("%d bytes, opened again: %d changes, %v", size, again, report.Repairs)
		}
	}
}

func TestGarbageAtTheEndIsCut(t *testing.T) {
	d, names := written(t)
	for _, junk := range [][]byte{append(make([]byte, 5000), 1), bytes.Repeat([]byte{0xa7, 0xf1, 0x48, 0x6a}, 3000), {1}} {
		n, report := intact(t, clone(d, names[1], func(b []byte) []byte { return append(b, junk...) }))
		if n != 60 || len(report.Repairs) != 1 || report.Repairs[0].Bytes != int64(len(junk)) {
			t.Fatalf("%d changes, %v", n, report.Repairs)
		}
	}
}

// A hub that is killed leaves the room made ahead behind its changes.
func TestTheRoomMadeAheadIsNeitherKeptNorDamage(t *testing.T) {
	d, names := written(t)
	const room = 3000
	ahead := func() *disk {
		return clone(d, names[1], func(b []byte) []byte { return append(b, make([]byte, room)...) })
	}
	killed := ahead()
	if n, report := intact(t, killed); n != 60 || len(report.Repairs) != 0 {
		t.Fatalf("%d changes, %v", n, report.Repairs)
	}
	whole := len(d.files[names[1]].data)
	if n := len(killed.files[names[1]].data); n != whole {
		t.Fatalf("%d bytes are left, %d were written", n, whole)
	}
	for at := whole; at < whole+room; at++ { // a torn write in it is damage
		n, report := intact(t, clone(ahead(), names[1], func(b []byte) []byte { b[at] = 0xa7; return b }))
		if n != 60 || len(report.Repairs) != 1 || report.Repairs[0].Bytes != room {
			t.Fatalf("%d changes, %v", n, report.Repairs)
		}
	}
	begun := clone(d, names[1], func([]byte) []byte { return make([]byte, room) }) // its header did not arrive
	if n, report := intact(t, begun); n != 30 || begun.files[names[1]] != nil {
		t.Fatalf("%d changes, %v", n, report.Repairs)
	}
}

func TestFramesOfAnotherSegmentAreNotTaken(t *testing.T) {
	d, names := written(t)
	old := d.files[names[1]].data[segmentHeader:]
	n, report := intact(t, clone(d, names[0], func(b []byte) []byte { return append(b, old...) }))
	if n != 60 || len(report.Repairs) != 1 {
		t.Fatalf("%d changes, %v", n, report.Repairs)
	}
}

func TestAFileThatCannotBeReadAtAllIsLeftAsItIs(t *testing.T) {
	d, names := written(t)
	renamed := clone(d, "", nil)
	renamed.files["000000000099.journal"] = renamed.files[names[1]]
	delete(renamed.files, names[1])
	size := len(renamed.files["000000000099.journal"].data)
	n, report := intact(t, renamed)
	if n != 30 || len(report.Repairs) != 1 || report.Repairs[0].Cut {
		t.Fatalf("%d changes, %v", n, report.Repairs)
	}
	if len(renamed.files["000000000099.journal"].data) != size {
		t.Fatal("it was changed")
	}
}

func TestAJournalOfALaterFormatIsRefused(t *testing.T) {
	d, names := written(t)
	later := clone(d, names[0], func(b []byte) []byte {
		b[7] = segmentVersion + 1
		copy(b[24:], segment{}.header()[24:])
		crc := seal(1, b[:24])
		b[24], b[25], b[26], b[27] = byte(crc), byte(crc>>8), byte(crc>>16), byte(crc>>24)
		return b
	})
	_, _, err := Open("", Options{FS: later})
	if err == nil || !strings.Contains(err.Error(), "format 2") {
		t.Fatal(err)
	}
}

// FuzzSegment opens and reads any bytes as a segment: no panic, no endless loop, memory in proportion.
func FuzzSegment(f *testing.F) {
	d, names := written(f)
	for i, name := range names {
		f.Add(uint8(i+1), d.files[name].data)
		f.Add(uint8(i+1), d.files[name].data[:100])
	}
	f.Fuzz(func(t *testing.T, number uint8, data []byte) {
		in, err := inspect(bytes.NewReader(data), uint64(number))
		if err != nil {
			return
		}
		if in.bytes != int64(len(data)) {
			t.Fatalf("looked at %d of %d bytes", in.bytes, len(data))
		}
		sc := newScanner(bytes.NewReader(data), uint64(number), segmentHeader, math.MaxInt64, func(int64, int64, string) {})
		known := refs{}
		for {
			h, payload, err := sc.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			_, _ = known.decode(h, payload, func(thing.Change) bool { return true })
		}
	})
}

// FuzzPayload decodes any bytes as a payload; what it accepts must come out the same when written and read again.
func FuzzPayload(f *testing.F) {
	d, names := written(f)
	data := d.files[names[0]].data[segmentHeader:]
	h, _ := parseHeader(data, 1)
	f.Add(data[frameHeader:][:h.length])
	f.Fuzz(func(t *testing.T, payload []byte) {
		var got []thing.Change
		_, _ = refs{}.decode(header{first: 1, last: math.MaxUint64}, payload, func(c thing.Change) bool {
			if n := len(got); n == 0 || got[n-1].Seq < c.Seq {
				got = append(got, c)
			}
			return true
		})
		if len(got) == 0 {
			return
		}
		frame, n := newEncoder(9).frame(nil, got)
		h, ok := parseHeader(frame, 9)
		if !ok {
			t.Fatal("own header not accepted")
		}
		i := 0
		lost, err := refs{}.decode(h, frame[frameHeader:], func(c thing.Change) bool {
			if c != got[i] {
				t.Fatalf("wrote %+v, read %+v", got[i], c)
			}
			i++
			return true
		})
		if lost != 0 || err != nil || i != n {
			t.Fatalf("%d of %d came back, %d lost: %v", i, n, lost, err)
		}
	})
}
