package maps_test

import (
	"bytes"
	"compress/gzip"
	"os"
	"strings"
	"testing"

	"hutong/drive/lane/maps"
)

// known are a map of each format, and of both versions of CommonRoad's.
var known = []string{
	"../sumonet/testdata/cross.net.xml",
	"../opendrive/testdata/cross.xodr",
	"../lanelet2/testdata/junction.osm",
	"../commonroad/testdata/old.xml",
	"../commonroad/testdata/new.xml",
}

func TestAMapIsReadInWhicheverFormatItIs(t *testing.T) {
	for _, file := range known {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var zipped bytes.Buffer
		z := gzip.NewWriter(&zipped)
		if _, err := z.Write(text); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		plain, err := maps.Read(bytes.NewReader(text))
		if err != nil || len(plain.Lanes) == 0 {
			t.Fatalf("%s: %v", file, err)
		}
		if m, err := maps.Read(&zipped); err != nil || len(m.Lanes) != len(plain.Lanes) {
			t.Errorf("%s, zipped: %v", file, err)
		}
	}
}

func TestWhatIsNoMapIsNamed(t *testing.T) {
	for in, want := range map[string]string{
		"":                    "no element",
		"<!-- nothing -->":    "no element",
		"<gpx/>":              "<gpx>",
		"lanes: 3":            "no element",
		"<net":                "syntax",
		"<net><edge id='a'":   "SUMO",
		"\x1f\x8bnot gzip":    "gzip",
		"<OpenDRIVE></roads>": "opendrive",
		"<!--" + strings.Repeat("x", 1<<20+9) + "--><net/>": "EOF",
	} {
		if _, err := maps.Read(strings.NewReader(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v; want %q in it", in, err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, file := range known {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("\x1f\x8b\x08"))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := maps.Read(bytes.NewReader(text))
		if err != nil {
			return
		}
		for i := range m.Lanes {
			if at := m.Lanes[i].Centre.At(0); !at.Finite() {
				t.Fatalf("lane %s begins at %v", m.Lanes[i].Name, at)
			}
		}
	})
}
