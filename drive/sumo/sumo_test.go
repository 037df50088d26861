package sumo

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hutong/drive/geom"
	"hutong/drive/scene"
	"hutong/drive/traci"
	"hutong/drive/vehicle"
)

func TestSUMOsAnglesBecomeHeadingsAndBack(t *testing.T) {
	for degrees, want := range map[float64]float64{0: math.Pi / 2, 90: 0, 180: -math.Pi / 2, 270: math.Pi, 45: math.Pi / 4} {
		if got := heading(degrees); math.Abs(geom.Wrap(got-want)) > 1e-12 {
			t.Errorf("%g degrees from north is %g rad, want %g", degrees, got, want)
		}
		if got := angle(want); math.Abs(got-degrees) > 1e-9 {
			t.Errorf("%g rad is %g degrees from north, want %g", want, got, degrees)
		}
	}
	for h := -3.1; h < 3.1; h += 0.37 {
		if back := heading(angle(h)); math.Abs(geom.Wrap(back-h)) > 1e-12 || angle(h) < 0 || angle(h) >= 360 {
			t.Errorf("%g rad comes back as %g by %g degrees", h, back, angle(h))
		}
	}
}

func TestTheFrontBumperOfSUMOIsTheFrontOfTheBox(t *testing.T) {
	w := &World{types: map[string]kind{"car": {scene.Car, 5, 2, false}}, others: map[string]*other{}, byName: map[string]*ego{}}
	err := w.takeOther(&traci.Object{Domain: traci.Vehicles, ID: "v", Values: []traci.Value{
		{Var: traci.VarPosition, X: 10, Y: 20},
		{Var: traci.VarAngle, X: 180},
		{Var: traci.VarSpeed, X: 3},
		{Var: traci.VarSignals, Int: traci.SignalLeft | traci.SignalBrake},
		{Var: traci.VarType, Text: "car"},
	}})
	if err != nil || len(w.actors) != 1 {
		t.Fatal(err, w.actors)
	}
	a := w.actors[0] // it drives south: its middle is north of its front
	if a.Box.Vec.To(geom.Vec{X: 10, Y: 22.5}) > 1e-9 || a.Turn != scene.TurnLeft || !a.Braking || a.Speed != 3 || a.ID == 0 {
		t.Errorf("got %+v", a)
	}
}

func TestAVehicleOfOursIsWhereItsRearAxleSays(t *testing.T) {
	e := ego{id: 1<<31 + 1, spec: &vehicle.Shuttle, at: vehicle.State{Pose: geom.Pose{Heading: math.Pi / 2}, Speed: 4, Steer: 0.1}}
	a := e.actor()
	front := a.Box.Ahead(a.Box.Length/2, 0)
	if front.To(geom.Vec{Y: 4}) > 1e-9 { // 4.9 m long, 0.9 m behind the axle
		t.Errorf("its front is at %v", front)
	}
	if want := 4 * math.Tan(0.1) / 3; math.Abs(a.YawRate-want) > 1e-9 {
		t.Errorf("it turns at %g rad/s, want %g", a.YawRate, want)
	}
}

func TestALightsRemainingTimeIsThatOfItsOwnLink(t *testing.T) {
	p := newProgram(traci.Program{Phases: []traci.Phase{
		{Duration: 30, State: "Gr"}, {Duration: 4, State: "yr"}, {Duration: 20, State: "rG"}, {Duration: 6, State: "ry"},
	}, Next: make([][]int, 4)}, 2)
	w := &World{
		shown:  make([]scene.Light, 2),
		lights: []light{{links: [][]int32{{0}, {1}}, programs: map[string]*program{"0": p}, program: "0", state: "Gr", next: 12}},
		now:    10,
	}
	w.showLights()
	if l := w.shown[0]; l.Colour != scene.Green || l.Remaining != 2 {
		t.Errorf("the first link shows %+v, want green for 2 s", l)
	}
	if l := w.shown[1]; l.Colour != scene.Red || l.Remaining != 6 {
		t.Errorf("the second link shows %+v, want red for 2 s and the 4 s of amber for the other", l)
	}
	w.lights[0].program = "actuated"
	if w.showLights(); w.shown[0].Remaining != -1 {
		t.Errorf("of a program whose times nobody knows it says %g s", w.shown[0].Remaining)
	}
	if newProgram(traci.Program{Type: 3, Phases: []traci.Phase{{Duration: 5, State: "G"}}}, 1) != nil {
		t.Error("an actuated program passes for one of fixed times")
	}
}

func TestLettersOfLightsAreColours(t *testing.T) {
	for letters, want := range map[string]scene.Colour{
		"rs": scene.Red, "u": scene.RedAmber, "yY": scene.Amber, "G": scene.Green, "g": scene.GreenYield, "o": scene.Blinking,
		"O?": scene.Dark,
	} {
		for _, c := range []byte(letters) {
			if got := colour(c); got != want {
				t.Errorf("%c is %d, want %d", c, got, want)
			}
		}
	}
}

func TestKindsOfSUMOAreKindsOfOurs(t *testing.T) {
	for _, c := range []struct {
		class, shape string
		want         scene.Kind
	}{
		{"passenger", "passenger/sedan", scene.Car},
		{"passenger", "passenger/van", scene.Van},
		{"ignoring", "delivery", scene.Van},
		{"bus", "bus", scene.Bus},
		{"truck", "truck/semitrailer", scene.Truck},
		{"bicycle", "bicycle", scene.Bicycle},
		{"pedestrian", "pedestrian", scene.Pedestrian},
		{"tram", "rail", scene.Tram},
		{"emergency", "emergency", scene.Car},
	} {
		if got := kindOf(c.class, c.shape); got != c.want {
			t.Errorf("%s, %s is %d, want %d", c.class, c.shape, got, c.want)
		}
	}
}

func TestReportsOfSUMOAreRead(t *testing.T) {
	hits, err := ReadCollisions(strings.NewReader(`<?xml version="1.0"?><collisions>
	<collision time="12.30" type="collision" lane="a_0" pos="3.1" collider="hutong.1" victim="v" colliderSpeed="3.20" victimSpeed="0.00"/>
	<collision time="13.00" type="junction" lane=":J_0" collider="v" victim="w" colliderSpeed="1" victimSpeed="2"/>`)) // cut short
	if err != nil || len(hits) != 2 || hits[0] != (Collision{12.3, "collision", "a_0", "hutong.1", "v", 3.2, 0}) {
		t.Errorf("got %+v, %v", hits, err)
	}
	near, err := ReadConflicts(strings.NewReader(`<SSMLog><conflict begin="5.00" end="9.00" ego="hutong.1" foe="v">
	<minTTC time="6" position="1,2" type="2" value="1.20" speed="3"/><maxDRAC time="NA" position="NA" type="NA" value="NA" speed="NA"/>
	<PET time="7" position="1,2" type="10" value="0.40" speed="3"/></conflict></SSMLog>`))
	if err != nil || len(near) != 1 || near[0].MinTTC != 1.2 || near[0].PET != 0.4 || !math.IsNaN(near[0].MaxDRAC) || near[0].Ego != "hutong.1" {
		t.Errorf("got %+v, %v", near, err)
	}
}

func TestAConfigNamesItsInputsBesideItselfAndDetectorsAreLeftOut(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run.sumocfg")
	err := os.WriteFile(path, []byte(`<configuration><input><net-file value="a.net.xml"/><route-files value="b.xml, c.xml"/>
	<additional-files value="d.xml, e.xml"/></input></configuration>`), 0o600)
	err = errors.Join(err,
		os.WriteFile(filepath.Join(dir, "d.xml"), []byte(`<additional><vType id="v"/><e1Detector id="x" file="out.xml"/></additional>`), 0o600),
		os.WriteFile(filepath.Join(dir, "e.xml"), []byte(`<additional><inductionLoop id="x" file="out.xml"/></additional>`), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	o, err := ReadConfig(path)
	if err != nil || o.Net != filepath.Join(dir, "a.net.xml") || len(o.Routes) != 2 || o.Routes[1] != filepath.Join(dir, "c.xml") ||
		len(o.Additional) != 1 || o.Additional[0] != filepath.Join(dir, "d.xml") {
		t.Errorf("got %+v, %v", o, err)
	}
}

func TestWithoutItsNetworkAWorldSaysSo(t *testing.T) {
	_, err := Start(context.Background(), Options{Net: filepath.Join(t.TempDir(), "none.net.xml")})
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "the network") {
		t.Errorf("got %v", err)
	}
}

// FuzzReports reads bytes as SUMO's reports. Nothing panics.
func FuzzReports(f *testing.F) {
	f.Add(`<collisions><collision time="1" collider="a"/></collisions>`)
	f.Add(`<SSMLog><conflict ego="a"><minTTC value="NA"/></conflict>`)
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = ReadCollisions(strings.NewReader(text))
		_, _ = ReadConflicts(strings.NewReader(text))
	})
}
