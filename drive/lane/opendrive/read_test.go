package opendrive

import (
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/internal/testkit"
)

func load(t testing.TB, path string) *Network {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n, err := Read(f)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return n
}

// networks gives our own networks and those of the two public scenario sets, where they are at hand.
func networks(t *testing.T) map[string]*Network {
	found := map[string]*Network{"shapes": load(t, "testdata/shapes.xodr"), "cross": load(t, "testdata/cross.xodr")}
	for _, set := range []string{"osc-alks", "osc-ncap"} {
		t.Run(set, func(t *testing.T) {
			dir := testkit.Data(t, "road/"+set, "public OpenDRIVE roads")
			_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
				if err == nil && strings.HasSuffix(path, ".xodr") {
					found[filepath.Base(path)] = load(t, path)
				}
				return err
			})
		})
	}
	return found
}

func TestEachPieceOfAReferenceLineEndsWhereTheNextBegins(t *testing.T) {
	for name, n := range networks(t) {
		for _, r := range n.roads {
			for i := 0; i+1 < len(r.plan); i++ {
				end, next := r.plan[i].at(r.plan[i].length), r.plan[i+1].from
				if gap, turn := end.To(next.Vec), geom.Wrap(end.Heading-next.Heading); gap > 2e-3 || math.Abs(turn) > 1e-4 {
					t.Errorf("%s: road %s: after geometry %d a gap of %.4f m and %.5f rad", name, r.id, i, gap, turn)
				}
			}
		}
	}
}

func TestSampledLanesKeepToTheTrueCurve(t *testing.T) {
	for name, n := range networks(t) {
		for i := range n.Map.Lanes {
			l, worst := &n.Map.Lanes[i], 0.0
			for s := 0.0; s < l.Centre.Length(); s += 0.37 {
				spot := lane.Spot{Lane: lane.ID(i), S: s}
				p := n.Place(spot)
				p.Offset = 0
				at, err := n.Pose(p)
				if err != nil {
					t.Fatalf("%s: %s: %v", name, l.Name, err)
				}
				drawn := n.Map.Pose(spot)
				worst = max(worst, math.Abs(drawn.Local(at.Vec).Y))
				if turn := math.Abs(geom.Wrap(at.Heading - drawn.Heading)); turn > 0.15 {
					t.Errorf("%s: %s at %.1f heads %.3f rad off", name, l.Name, s, turn)
				}
			}
			if worst > 0.05 {
				t.Errorf("%s: %s lies %.3f m off its curve", name, l.Name, worst)
			}
		}
	}
}

func TestAPlaceIsASpotAndBack(t *testing.T) {
	all := networks(t)
	rapid.Check(t, func(t *rapid.T) {
		n := all[rapid.SampledFrom([]string{"shapes", "cross"}).Draw(t, "network")]
		id := lane.ID(rapid.IntRange(0, len(n.Map.Lanes)-1).Draw(t, "lane"))
		long := n.Map.Lanes[id].Centre.Length()
		spot := lane.Spot{
			Lane: id,
			S:    rapid.Float64Range(0.001, 0.999).Draw(t, "share") * long,
			D:    rapid.Float64Range(-1, 1).Draw(t, "d"),
		}
		back, err := n.Spot(n.Place(spot))
		if err != nil || back.Lane != id || math.Abs(back.S-spot.S) > 1e-6 || math.Abs(back.D-spot.D) > 1e-9 {
			t.Fatalf("%+v came back as %+v (%v)", spot, back, err)
		}
		at, err := n.Pose(n.Place(spot))
		if err != nil || at.To(n.Map.Pose(spot).Vec) > 0.1 {
			t.Fatalf("%+v lies at %+v (%v), drawn at %+v", spot, at, err, n.Map.Pose(spot))
		}
	})
}

func TestLinkedLanesMeet(t *testing.T) {
	for name, n := range networks(t) {
		for i := range n.Map.Lanes {
			l := &n.Map.Lanes[i]
			for _, id := range l.Next {
				if gap := l.Centre.At(l.Centre.Length()).To(n.Map.Lanes[id].Centre.At(0).Vec); gap > 0.1 {
					t.Errorf("%s: from %s to %s is a gap of %.2f m", name, l.Name, n.Map.Lanes[id].Name, gap)
				}
			}
		}
	}
}

func named(t *testing.T, n *Network, name string) *lane.Lane {
	t.Helper()
	id, ok := n.Map.Find(name)
	if !ok {
		t.Fatalf("no lane %s", name)
	}
	return n.Map.Lane(id)
}

func TestShapesIsReadAsItIsWritten(t *testing.T) {
	n := load(t, "testdata/shapes.xodr")
	if len(n.Notes) > 0 {
		t.Error(n.Notes)
	}
	if math.Abs(n.Map.OriginLat-39.93) > 0.01 || math.Abs(n.Map.OriginLon-116.41) > 0.01 {
		t.Errorf("lies at %v, %v", n.Map.OriginLat, n.Map.OriginLon)
	}
	first := named(t, n, "1.0.-1")
	if math.Abs(first.Limit-30/3.6) > 1e-9 || math.Abs(first.Centre.Length()-60) > 0.1 || first.Users&lane.Cars == 0 {
		t.Errorf("the first lane: limit %v, %v m, users %b", first.Limit, first.Centre.Length(), first.Users)
	}
	back := named(t, n, "1.2.1")
	if math.Abs(back.Limit-40*0.44704) > 1e-9 {
		t.Errorf("the lane back: limit %v, heads %v", back.Limit, back.Centre.At(0).Heading)
	}
	if o := n.Map.Lane(first.Opposite); o.Name != "1.0.1" || n.Map.Lane(o.Opposite) != first {
		t.Errorf("opposite the first lane lies %s", o.Name)
	}
	bus := named(t, n, "1.2.-2")
	if bus.Users != lane.Buses || bus.Kind != lane.Drive {
		t.Errorf("the bus lane is of kind %v for %b", bus.Kind, bus.Users)
	}
	if left, right := bus.Widths(30); math.Abs(left+right-1.5) > 0.1 {
		t.Errorf("the bus lane is %v wide 30 m on", left+right)
	}
	if rural := named(t, n, "1.3.-1"); math.Abs(rural.Limit-100/3.6) > 1e-9 {
		t.Errorf("on the rural stretch the limit is %v", rural.Limit)
	} else if len(rural.Next) != 1 || n.Map.Lane(rural.Next[0]).Name != "2.0.1" {
		t.Errorf("it leads to %v", rural.Next)
	}
	if walk := named(t, n, "1.2.-3"); walk.Kind != lane.Walk || walk.Users != lane.People {
		t.Errorf("the pavement is of kind %v for %b", walk.Kind, walk.Users)
	}
}

func TestACrossGivesWayByTheRules(t *testing.T) {
	n := load(t, "testdata/cross.xodr")
	if len(n.Notes) > 0 {
		t.Error(n.Notes)
	}
	// The ways from arm k are the roads 10+3k (right), 11+3k (straight), 12+3k (left); arm 0 comes from the west, 1 from
	// the south with a stop sign, 2 from the east with a give-way sign, 3 from the north.
	for _, c := range []struct {
		one, other  string
		meet, yield bool
	}{
		{"11", "20", true, false}, // from the west and the north: the north has its right before left
		{"20", "11", true, false}, // (west is to the north's right)
		{"11", "14", true, false}, // the south has a stop sign
		{"14", "11", true, true},
		{"12", "17", true, false}, // a left turn against oncoming traffic that a sign holds back
		{"17", "12", true, true},
		{"15", "20", true, true}, // a left turn from behind a stop sign against the north
		{"10", "12", false, false},
		{"10", "16", false, false},
	} {
		id, _ := n.Map.Find(c.other + ".0.-1")
		var found *lane.Conflict
		for i, x := range named(t, n, c.one+".0.-1").Conflicts {
			if x.With == id {
				found = &named(t, n, c.one+".0.-1").Conflicts[i]
			}
		}
		switch {
		case (found != nil) != c.meet:
			t.Errorf("%s and %s meet: %v", c.one, c.other, found != nil)
		case found != nil && c.one == "11" && c.other == "20":
			back := false
			for _, x := range n.Map.Lane(id).Conflicts {
				back = back || n.Map.Lane(x.With).Name == "11.0.-1" && x.Yield
			}
			if found.Yield || !back {
				t.Errorf("the north gives way to the west, on its right: %v, %v", found.Yield, back)
			}
		case found != nil && c.one != "20" && found.Yield != c.yield:
			t.Errorf("%s gives way to %s: %v", c.one, c.other, found.Yield)
		}
	}
	for _, name := range []string{"10.0.-1", "11.0.-1", "12.0.-1"} {
		if l := named(t, n, name); l.Signal != 0 || l.MustStop {
			t.Errorf("%s: signal %d, must stop %v", name, l.Signal, l.MustStop)
		}
	}
	if !named(t, n, "14.0.-1").MustStop || named(t, n, "17.0.-1").MustStop {
		t.Error("only from the south one must stop")
	}
	if turn := named(t, n, "12.0.-1").Turn; turn != lane.Left {
		t.Errorf("way 12 turns %v", turn)
	}
}

func TestBrokenFilesAreRefusedWithTheirPlace(t *testing.T) {
	good, err := os.ReadFile("testdata/shapes.xodr")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{`revMajor="1"`, `revMajor="2"`, `revMajor="2"`},
		{`curvature="0.02"`, `curvature="NaN"`, `curvature="NaN" is not a finite number`},
		{`curvature="0.02"`, `curvature="2e9"`, `turns within a centimetre`},
		{`<line/>`, ``, `road "1": geometry 0: has none of line`},
		{`s="50" x="50" y="0" hdg="0" length="50"`, `s="50" x="50" y="0" hdg="0" length="-1"`, `road "1": geometry 1`},
		{`s="100" x`, `s="30" x`, `doesn't come after`},
		{`pRange="normalized"`, `pRange="other"`, `pRange="other"`},
		{`id="-2" type="biking"`, `id="-1" type="biking"`, `lane -1 comes twice`},
		{`id="-2" type="biking"`, `id="2" type="biking"`, `lane id="2"`},
		{`unit="mph"`, `unit="knots"`, `unit="knots"`},
		{`elementId="2"`, `elementId="7"`, `road "7", which the file doesn't have`},
		{`contactPoint="end"`, `contactPoint="middle"`, `contactPoint="middle"`},
		{`id="2" junction`, `id="1" junction`, `the id comes twice`},
		{`</OpenDRIVE>`, ``, `line 59`},
		{`<laneSection s="130">`, `<laneSection s="1300">`, `laneSection 1: it goes from s=1300`},
		{`UTF-8`, `EBCDIC`, `encoding "EBCDIC"`},
	} {
		if !strings.Contains(string(good), c.old) {
			t.Fatalf("the file has no %s", c.old)
		}
		_, err := Read(strings.NewReader(strings.Replace(string(good), c.old, c.new, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("with %s: %v", c.new, err)
		}
	}
}

func TestPlacesThatAreNotThereAreRefused(t *testing.T) {
	n := load(t, "testdata/shapes.xodr")
	for _, p := range []Place{
		{Road: "9", Lane: -1},
		{Road: "1", Lane: -9},
		{Road: "1", Lane: -1, S: 400},
		{Road: "1", Lane: -1, S: -3},
		{Road: "1", Lane: 0, S: 10},
		{Road: "1", Lane: -1, S: math.NaN()},
		{Road: "1", Lane: -1, S: 5, Offset: math.Inf(1)},
	} {
		if at, err := n.Spot(p); err == nil {
			t.Errorf("%+v is at %+v", p, at)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"shapes", "cross"} {
		text, err := os.ReadFile("testdata/" + name + ".xodr")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := Read(strings.NewReader(text))
		if err != nil {
			return
		}
		for i := range n.Map.Lanes {
			spot := lane.Spot{Lane: lane.ID(i), S: n.Map.Lanes[i].Centre.Length() / 2}
			if at := n.Map.Pose(spot); !at.Finite() {
				t.Fatalf("lane %d lies at %v", i, at)
			}
			if p := n.Place(spot); n.byID[p.Road] == nil {
				t.Fatalf("lane %d is of no road", i)
			}
		}
	})
}
