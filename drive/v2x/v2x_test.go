package v2x

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
)

var noon = time.Date(2026, 11, 23, 12, 34, 56, 700e6, time.UTC)

func said(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTimesAreThoseOfTheStandard(t *testing.T) {
	for seconds, want := range map[float64]int{0: 20967, 4: 21007, 25*60 + 10: 67, -1: 36001, 3600: 36001, math.Inf(1): 36001} {
		if got := Mark(noon, seconds); got != want {
			t.Errorf("in %g s: mark %d, want %d", seconds, got, want)
		}
	}
	if got := Timestamp(time.Date(2007, 1, 1, 0, 0, 0, 0, time.UTC)); got != 94694401000+4000 {
		t.Errorf("the standard's own example, 2007: %d", got) // it counts the leap second of 2005; four more came since
	}
	if minute, ms := moment(noon); minute != (326*24+12)*60+34 || ms != 56700 {
		t.Errorf("minute %d of the year, %d ms", minute, ms)
	}
	for deg, want := range map[float64]int{90: 0, 0: 900, -90: 1800, 180: 2700, 90.01: 0, 89.96: 0, 450: 0} {
		if got := heading(deg * math.Pi / 180); got != want {
			t.Errorf("%g degrees from east is heading %d, want %d", deg, got, want)
		}
	}
}

func TestAVehicleMakesOthersAware(t *testing.T) {
	m := Motion{Station: 7, Front: Place(35.5000001, -123.5), Heading: math.Pi, Speed: 10, Accel: -2.04, YawRate: 0.2, Length: 4.9, Width: 1.95}
	want := `{"header":{"protocolVersion":2,"messageID":2,"stationID":7},"cam":{"generationDeltaTime":` +
		said(t, Timestamp(noon)%65536) + `,"camParameters":{"basicContainer":{"stationType":5,"referencePosition":{"latitude":355000001,"longitude":-1235000000}},` +
		`"highFrequencyContainer":{"basicVehicleContainerHighFrequency":{"headingValue":2700,"speedValue":1000,"driveDirection":"forward","vehicleLengthValue":49,` +
		`"vehicleWidth":20,"longitudinalAccelerationValue":-20,"curvatureValue":600,"yawRateValue":1146}}}}}`
	if got := said(t, Aware(m, noon)); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	wild := Aware(Motion{Speed: 1e9, Accel: math.NaN(), YawRate: -1e9, Length: 1e9}, noon).CAM.Parameters.High.Vehicle
	if wild.Speed != 16382 || wild.Length != 1022 || wild.YawRate != -32766 || wild.Curvature < -1023 || wild.Acceleration > 161 {
		t.Errorf("out of bounds: %+v", wild)
	}
	for _, c := range []struct {
		name   string
		now    Motion
		metres float64
		since  time.Duration
		due    bool
	}{
		{"nothing new", m, 0, 900 * time.Millisecond, false},
		{"a second", m, 0, time.Second, true},
		{"4 m", m, 4.1, 400 * time.Millisecond, true},
		{"faster", Motion{Heading: math.Pi, Speed: 10.6}, 1, 100 * time.Millisecond, true},
		{"turned, over the end of the circle", Motion{Heading: -math.Pi + 0.08, Speed: 10}, 1, 100 * time.Millisecond, true},
		{"hardly turned", Motion{Heading: -math.Pi + 0.05, Speed: 10}, 1, 100 * time.Millisecond, false},
	} {
		if got := Due(m, c.now, c.metres, c.since); got != c.due {
			t.Errorf("%s: due is %t", c.name, got)
		}
	}
}

func TestAWarningIsGivenAndEnded(t *testing.T) {
	began := noon.Add(-20 * time.Second)
	d := Warn(7, 65537, Stationary, Place(1, 2), began, noon, 10*time.Second, false)
	m := d.DENM.Management
	if d.DENM.Situation.Event != (Cause{94, 0}) || m.ActionID.Sequence != 1 || m.Reference-m.Detected != 20000 || m.Validity != 10 || m.Termination != "" {
		t.Errorf("%s", said(t, d))
	}
	over := Warn(7, 1, Stationary, Place(1, 2), began, noon, 10*time.Second, true)
	if over.DENM.Situation != nil || over.DENM.Management.Termination != "isCancellation" || over.DENM.Management.ActionID != Warn(7, 1, Stationary, Position{}, noon, noon, 0, false).DENM.Management.ActionID {
		t.Errorf("%s", said(t, over))
	}
}

// crossing is a lane to a junction, a way over it, and a lane away.
func crossing(t *testing.T) *lane.Map {
	t.Helper()
	var lanes []lane.Lane
	add := func(kind lane.Kind, next, prev []lane.ID, points ...geom.Vec) {
		p, err := geom.NewPath(points)
		if err != nil {
			t.Fatal(err)
		}
		wide := make([]float64, len(p.Points()))
		for i := range wide {
			wide[i] = 2
		}
		lanes = append(lanes, lane.Lane{
			Name:   string(rune('a' + len(lanes))),
			Centre: p, ToLeft: wide, ToRight: wide, Limit: 10, Kind: kind, Users: lane.Cars, Next: next, Prev: prev,
			LeftOf: lane.None, RightOf: lane.None, Opposite: lane.None, Signal: -1,
		})
	}
	add(lane.Drive, []lane.ID{1}, nil, geom.Vec{X: -500}, geom.Vec{X: -10})
	add(lane.Junction, []lane.ID{2}, []lane.ID{0}, geom.Vec{X: -10}, geom.Vec{X: 10})
	add(lane.Drive, nil, []lane.ID{1}, geom.Vec{X: 10}, geom.Vec{X: 60, Y: 5})
	m, err := lane.NewMap(lanes, []lane.Signal{
		{Name: "b/0", At: geom.Pose{Vec: geom.Vec{X: 900}}}, {Name: "a/0", At: geom.Pose{Vec: geom.Vec{X: -10}}, Lanes: []lane.ID{1}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAnIntersectionSaysHowItLiesAndWhatItsLightsShow(t *testing.T) {
	m := crossing(t)
	list := Intersections(m)
	if len(list) != 2 || list[0].Name != "a" || list[0].ID != 1 || list[0].Signals[0] != 1 {
		t.Fatalf("%+v", list)
	}
	x := list[0]
	g := x.MAP(m, func(v geom.Vec) (float64, float64) { return v.Y, v.X }).Map.Intersections[0]
	if g.Ref.Long != -100000000 || len(g.LaneSet) != 2 {
		t.Fatalf("%s", said(t, g))
	}
	in, out := g.LaneSet[0], g.LaneSet[1]
	if in.Attributes.Use[0] != "ingressPath" || len(in.ConnectsTo) != 1 || in.ConnectsTo[0].Lane.Lane != out.LaneID || in.ConnectsTo[0].SignalGroup != 1 {
		t.Errorf("%s", said(t, in))
	}
	at := geom.Vec{X: -10}
	for _, n := range out.Nodes.Nodes {
		at = geom.Vec{X: at.X + float64(n.Delta.XY.X)/100, Y: at.Y + float64(n.Delta.XY.Y)/100}
	}
	if at.To(geom.Vec{X: 60, Y: 5}) > 0.02 || in.Nodes.Nodes[0].Delta.XY != (offset{}) {
		t.Errorf("the lane away ends at %v; the other begins at %v", at, in.Nodes.Nodes[0])
	}
	spat := x.SPAT([]Light{{scene.Red, 4}}, noon)
	if text := said(t, spat); !strings.Contains(text, `"states":[{"signalGroup":1,"state-time-speed":[{"eventState":"stop-And-Remain","timing":{"minEndTime":21007,"likelyEndTime":21007}}]}]`) {
		t.Error(text)
	}
	later := x.SPAT([]Light{{scene.Red, 3.9}}, noon.Add(100*time.Millisecond))
	green := x.SPAT([]Light{{scene.GreenYield, 3.9}}, noon)
	longer := x.SPAT([]Light{{scene.Red, 9}}, noon)
	if !spat.Same(&later) || spat.Same(&green) || spat.Same(&longer) || spat.Same(&SPATEM{}) {
		t.Error("what is the same, and what is not, is mixed up")
	}
}
