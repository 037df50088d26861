package lanelet2

import (
	"math"
	"os"
	"strings"
	"testing"

	"hutong/drive/lane"
)

func load(t testing.TB, path string) *lane.Map {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAJunctionIsReadAsItIsDrawn(t *testing.T) {
	m := load(t, "testdata/junction.osm")
	id := func(name string) lane.ID {
		id, ok := m.Find(name)
		if !ok {
			t.Fatalf("no lanelet %s", name)
		}
		return id
	}
	one, two, three := m.Lane(id("1")), m.Lane(id("2")), m.Lane(id("3"))
	if one.LeftOf != id("2") || two.RightOf != id("1") || !one.MayLeft || !two.MayRight {
		t.Errorf("1 and 2 lie side by side over a dashed line: %+v, %+v", one, two)
	}
	if two.Opposite != id("3") || three.Opposite != id("2") || two.LeftOf != lane.None {
		t.Errorf("2 and 3 are opposite: %d, %d", two.Opposite, three.Opposite)
	}
	if h := three.Centre.At(10).Heading; math.Abs(math.Abs(h)-math.Pi) > 1e-9 {
		t.Errorf("3 heads %v, not west", h)
	}
	if math.Abs(one.Limit-50/3.6) > 1e-9 || math.Abs(two.Limit-30*0.44704) > 1e-9 || math.Abs(three.Limit-100/3.6) > 1e-9 {
		t.Errorf("limits %v, %v, %v", one.Limit, two.Limit, three.Limit)
	}
	if len(one.Next) != 1 || one.Next[0] != id("11") || m.Lane(id("11")).Prev[0] != id("1") {
		t.Errorf("1 leads to %v", one.Next)
	}
	if m.Lane(id("11")).Signal != 0 || len(m.Signals) != 1 || m.Signals[0].Name != "31" {
		t.Errorf("the light guards %v", m.Signals)
	}
	across := m.Lane(id("13"))
	if across.Kind != lane.Junction || !across.MustStop || len(across.Conflicts) < 2 {
		t.Fatalf("across: %+v", across)
	}
	for _, c := range across.Conflicts {
		if !c.Yield {
			t.Errorf("who comes across gives way to %s", m.Lane(c.With).Name)
		}
	}
	for _, c := range m.Lane(id("12")).Conflicts {
		if c.With == id("13") && c.Yield {
			t.Error("12 has the right of way")
		}
	}
	if bus, road := m.Lane(id("21")), m.Lane(id("22")); bus.Users&lane.Cars != 0 || bus.Users&lane.Buses == 0 ||
		road.Users&lane.Bicycles != 0 || bus.LeftOf != lane.None && bus.Users&road.Users == 0 {
		t.Errorf("users %b and %b", bus.Users, road.Users)
	}
}

func TestDegreesAreLaidOnThePlane(t *testing.T) {
	m := load(t, "testdata/degrees.osm")
	l := &m.Lanes[0]
	left, right := l.Widths(50)
	if math.Abs(l.Centre.Length()-111.03) > 0.1 || math.Abs(left+right-3.42) > 0.05 || l.Kind != lane.Walk {
		t.Errorf("%v m long, %v wide, of kind %v", l.Centre.Length(), left+right, l.Kind)
	}
	if h := l.Centre.At(50).Heading; math.Abs(h-math.Pi/2) > 1e-3 {
		t.Errorf("it heads %v, not north", h)
	}
	if m.OriginLat != 39.9 || m.OriginLon != 116.4 {
		t.Errorf("lies at %v, %v", m.OriginLat, m.OriginLon)
	}
}

func TestBrokenFilesAreRefusedWithTheirPlace(t *testing.T) {
	good, err := os.ReadFile("testdata/junction.osm")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{`<osm version`, `<map version`, `the root is <map>`},
		{`k="local_x" v="50"`, `k="local_x" v="Inf"`, `local_x, local_y: "Inf"`},
		{`<node id="2"`, `<node id="1"`, `node 1: the id comes twice`},
		{`ref="101" role="right"`, `ref="999" role="right"`, `lanelet 1: its right bound is way 999`},
		{`role="left"`, `role="middle"`, `it has no left bound`},
		{`<nd ref="1"/>`, `<nd ref="77"/>`, `node 77, which isn't there`},
		{`ref="13" role="yield"`, `ref="14" role="yield"`, `lanelet 14 isn't there`},
		{`</osm>`, ``, `line `},
		{`v="lanelet"`, `v="nothing"`, `the map has no lanelet`},
	} {
		if !strings.Contains(string(good), c.old) {
			t.Fatalf("the file has no %s", c.old)
		}
		n := 1
		if c.old == `v="lanelet"` {
			n = -1
		}
		_, err := Read(strings.NewReader(strings.Replace(string(good), c.old, c.new, n)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("with %s: %v", c.new, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"junction", "degrees"} {
		text, err := os.ReadFile("testdata/" + name + ".osm")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := Read(strings.NewReader(text))
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
