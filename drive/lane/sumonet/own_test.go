package sumonet

import (
	"bytes"
	"compress/gzip"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"hutong/drive/lane"
)

// cross is a net of our own: a crossing with lights and zebras, a bus lane, and two stop signs.
func cross(t testing.TB) *lane.Map { return open(t, "testdata/cross.net.xml") }

func find(t testing.TB, m *lane.Map, name string) *lane.Lane {
	t.Helper()
	id, ok := m.Find(name)
	if !ok {
		t.Fatalf("there is no lane %q", name)
	}
	return m.Lane(id)
}

func names(m *lane.Map, ids []lane.ID) []string {
	var list []string
	for _, id := range ids {
		list = append(list, m.Lane(id).Name)
	}
	return list
}

func TestALeftTurnWaitsWithinTheJunction(t *testing.T) {
	m := cross(t)
	first := find(t, m, ":C_7_0")
	if first.Turn != lane.Left || len(first.Next) != 1 {
		t.Fatalf("%+v", first)
	}
	second := m.Lane(first.Next[0])
	if second.Junction != "C" || second.Turn != lane.Left || !slices.Equal(names(m, second.Next), []string{"cs_1"}) {
		t.Errorf("after the place to wait comes %s of junction %q, which leads to %v", second.Name, second.Junction, names(m, second.Next))
	}
	oncoming, _ := m.Find(":C_15_0")
	for _, c := range first.Conflicts {
		if c.With == oncoming {
			t.Error("who waits is in the way of who comes towards")
		}
	}
	if !slices.ContainsFunc(second.Conflicts, func(c lane.Conflict) bool { return c.With == oncoming && c.Yield && !c.Merge }) {
		t.Errorf("who turns left doesn't give way to who comes towards: %+v", second.Conflicts)
	}
	for _, c := range m.Lane(oncoming).Conflicts {
		if m.Lane(c.With).Name == second.Name && c.Yield {
			t.Error("who goes straight gives way to who turns left")
		}
	}
}

func TestALightGuardsTheLanesItOpensAtTheStopLine(t *testing.T) {
	m := cross(t)
	l := find(t, m, ":C_5_1")
	s := m.Signals[l.Signal]
	stop := find(t, m, "ec_1").Centre
	if s.Name != "C/6" || !slices.Equal(names(m, s.Lanes), []string{":C_5_1"}) || s.At.To(stop.At(stop.Length()).Vec) > 0.01 {
		t.Errorf("%+v guards %v", s, names(m, s.Lanes))
	}
	if math.Abs(s.At.Heading) < 3.1 {
		t.Errorf("the traffic it guards goes west, but it faces %g", s.At.Heading)
	}
	if zebra := find(t, m, ":C_c0_0"); zebra.Kind != lane.Crossing || zebra.Signal < 0 || zebra.Users != lane.People {
		t.Errorf("the crossing is %+v", zebra)
	}
	if m.Lane(find(t, m, ":C_7_0").Next[0]).Signal >= 0 {
		t.Error("there is a light at the place to wait within the junction")
	}
}

func TestVehiclesGiveWayToPeopleOnACrossing(t *testing.T) {
	m := cross(t)
	zebra := find(t, m, ":C_c0_0")
	crossed := 0
	for _, c := range zebra.Conflicts {
		crossed++
		if c.To-c.From < 1 || c.WithTo-c.WithFrom < 1 {
			t.Errorf("the crossing is met by %s from %g to %g m, itself from %g to %g", m.Lane(c.With).Name, c.WithFrom, c.WithTo, c.From, c.To)
		}
	}
	if crossed < 4 {
		t.Errorf("only %d lanes meet the crossing", crossed)
	}
}

func TestSignsStopAndBusLanesAreForBuses(t *testing.T) {
	m := cross(t)
	for name, want := range map[string]bool{":N_1_0": true, ":NE_1_0": true, ":N_0_0": false, ":C_5_0": false} {
		if got := find(t, m, name).MustStop; got != want {
			t.Errorf("%s: stop is %v", name, got)
		}
	}
	if bus := find(t, m, "wc_0"); bus.Users != lane.Buses || !bus.MayLeft {
		t.Errorf("the bus lane is %+v", bus)
	}
	if through := find(t, m, ":C_13_0"); through.Users != lane.Buses {
		t.Errorf("from the bus lane on go %b", through.Users)
	}
	if walk := find(t, m, "ec_0"); walk.Kind != lane.Drive {
		t.Errorf("ec_0 is %+v", walk)
	}
	if walk := find(t, m, "nc_0"); walk.Kind != lane.Walk || walk.MayLeft || walk.LeftOf == lane.None {
		t.Errorf("the pavement is %+v", walk)
	}
	if there := find(t, m, "nc_1").Opposite; there == lane.None || m.Lane(there).Name != "cn_1" {
		t.Error("nobody comes towards nc_1")
	}
}

func TestWaysOnFootLeadFromPavementToCrossing(t *testing.T) {
	m := cross(t)
	zebra := find(t, m, ":C_c0_0")
	if len(zebra.Next) == 0 || len(zebra.Prev) == 0 {
		t.Errorf("the crossing leads from %v to %v", names(m, zebra.Prev), names(m, zebra.Next))
	}
	for _, id := range slices.Concat(zebra.Next, zebra.Prev) {
		if m.Lane(id).Users&lane.People == 0 {
			t.Errorf("people walk on to %s", m.Lane(id).Name)
		}
	}
}

func TestANetWithoutInternalLanesGetsOnesOfItsOwn(t *testing.T) {
	m := open(t, "testdata/bare.net.xml")
	for _, p := range m.Check() {
		if p.Code == "gap" {
			t.Error(p.What)
		}
	}
	straight := find(t, m, ":C_ec_1_cw_1")
	if len(straight.Conflicts) == 0 || straight.Signal < 0 || straight.Junction != "C" {
		t.Errorf("the way straight on is %+v", straight)
	}
	left := find(t, m, ":C_ec_2_cs_0")
	id, _ := m.Find(":C_wc_1_ce_1")
	if !slices.ContainsFunc(left.Conflicts, func(c lane.Conflict) bool { return c.With == id && c.Yield }) {
		t.Error("who turns left doesn't give way to who comes towards")
	}
}

func TestAZippedNetIsTheSameNet(t *testing.T) {
	text, err := os.ReadFile("testdata/cross.net.xml")
	if err != nil {
		t.Fatal(err)
	}
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	m, err := Read(&zipped)
	if err != nil {
		t.Fatal(err)
	}
	if want := cross(t); len(m.Lanes) != len(want.Lanes) || len(m.Signals) != len(want.Signals) {
		t.Errorf("%d lanes and %d signals, not %d and %d", len(m.Lanes), len(m.Signals), len(want.Lanes), len(want.Signals))
	}
	if math.Abs(m.OriginLat-39.92) > 0.02 || math.Abs(m.OriginLon-116.38) > 0.02 {
		t.Errorf("it lies at %g, %g", m.OriginLat, m.OriginLon)
	}
}

func TestWhatIsWrongIsSaid(t *testing.T) {
	const edge = `<edge id="e"><lane id="e_0" index="0" speed="9" shape="0,0 50,0"/></edge>`
	for text, want := range map[string]string{
		``:                "no <net>",
		`<net`:            "EOF",
		`<roads></roads>`: "<roads>",
		`<net><edge id="e"/><edge id="e"/></net>`:                                                             `edge "e": the id comes twice`,
		`<net><edge id="e"><lane id="e_0" index="0" speed="fast" shape="0,0 1,1"/></edge></net>`:              `lane "e_0": speed "fast" is not a number`,
		`<net><edge id="e"><lane id="e_0" index="0" speed="NaN" shape="0,0 1,1"/></edge></net>`:               `speed "NaN" is not a number`,
		`<net><edge id="e"><lane id="e_0" index="0" speed="9" shape="0,0 1"/></edge></net>`:                   `point 1 "1" is no pair of numbers`,
		`<net><edge id="e"><lane id="e_0" index="0" speed="9" shape="0,0"/></edge></net>`:                     `its shape has 1 points`,
		`<net><edge id="e"><lane id="e_0" index="0" speed="9" shape="3,4 3,4"/></edge></net>`:                 `edge "e": lane "e_0": shape: a line needs two points that differ`,
		`<net><edge id="e"><lane id="e_0" index="1" speed="9" shape="0,0 1,1"/></edge></net>`:                 `its index is 1 where 0 is next`,
		`<net><edge id="e"><lane id="e_0" index="0" speed="9" allow="unicorn" shape="0,0 9,1"/></edge></net>`: `"unicorn", which is no vehicle class`,
		`<net>` + edge + `<connection from="e" to="f" fromLane="0" toLane="0"/></net>`:                        `there is no edge "f"`,
		`<net>` + edge + `<connection from="e" to="e" fromLane="0" toLane="1"/></net>`:                        `edge "e" has no lane 1`,
		`<net>` + edge + `<connection from="e" to="e" fromLane="0" toLane="0" via=":x_0_0"/></net>`:           `there is no lane ":x_0_0" to go through`,
		`<net>` + edge + `<connection from="e" to="e" fromLane="0" toLane="0" tl="t"/></net>`:                 `has no linkIndex`,
		`<net><junction id="j" intLanes="a"><request index="3" response="0" foes="0"/></junction></net>`:      `junction "j": request 3: it has only 1 links`,
		`<net><junction id="j" intLanes="a"><request index="0" response="x" foes="0"/></junction></net>`:      `rows of 0 and 1`,
		`<net>` + strings.Repeat("<a>", 40):                                                                   "deeper than 16",
		`<net><location netOffset="here"/></net>`:                                                             `netOffset "here"`,
		`<net><lane id="x"/></net>`:                     "",
		`<?xml version="1.0" encoding="EBCDIC"?><net/>`: "EBCDIC",
		`<net><edge id="e"><lane id="e_0" index="0" speed="9" shape="0,0 1e300,1"/></edge></net>`:          `lane "e_0": is at (1e+300, 1)`,
		`<net><edge id="e"><lane id="e_0" index="0" speed="9" width="4000" shape="0,0 9,1"/></edge></net>`: `lane "e_0": is 4000 m wide`,
	} {
		_, err := Read(strings.NewReader(text))
		if want == "" && err == nil {
			continue
		}
		if err == nil || want == "" || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n\twant an error with %q, got: %v", text, want, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`<net><edge id="e"><lane id="e_0" index="0" speed="9" shape="0,0 50,0"/></edge>` +
		`<edge id=":j_0" function="internal"><lane id=":j_0_0" index="0" speed="9" shape="50,0 50,0"/></edge>` +
		`<junction id="j" intLanes=":j_0_0 :j_0_0"><request index="0" response="11" foes="11" cont="1"/></junction>` +
		`<connection from="e" to="e" fromLane="0" toLane="0" via=":j_0_0" tl="t" linkIndex="0" dir="t" state="s"/>` +
		`<connection from=":j_0" to="e" fromLane="0" toLane="0"/></net>`))
	f.Add([]byte(`<net lefthand="1"><location netOffset="-447000,-4419000" projParameter="+proj=utm +zone=50"/>` +
		`<edge id="w" function="walkingarea"><lane id="w_0" index="0" speed="1" shape="0,0 1,1"/></edge>` +
		`<edge id="a" from="A" to="B"><lane id="a_0" index="0" speed="9" allow="pedestrian" shape="0,0 50,0"/>` +
		`<lane id="a_1" index="1" speed="9" width="3" disallow="bus" changeLeft="taxi" shape="0,3 50,3,1"/></edge>` +
		`<edge id="b" from="B" to="A"><lane id="b_0" index="0" speed="9" shape="60,6 9,9 0,6"/></edge>` +
		`<connection from="a" to="b" fromLane="1" toLane="0" tl="t" linkIndex="2" dir="L" allow="passenger"/>` +
		`<connection from="a" to="w" fromLane="0" toLane="0"/><connection from="w" to="b" fromLane="0" toLane="0"/></net>`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 1<<14 {
			return
		}
		m, err := Read(bytes.NewReader(text))
		if err != nil {
			return
		}
		m.Check()
		for i := range m.Lanes {
			goal := m.NewField(lane.Spot{Lane: lane.ID(i)}, lane.Cars)
			if route, ok := goal.Route(lane.Spot{}); ok {
				goal.Line(lane.Spot{}, route)
			}
			if i > 20 {
				break
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	text, err := os.ReadFile("testdata/cross.net.xml")
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := Read(bytes.NewReader(text)); err != nil {
			b.Fatal(err)
		}
	}
}
