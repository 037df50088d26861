package drive_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hutong/drive"
	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
	"hutong/drive/vehicle"
)

// wild draws a number that a broken sensor might give.
func wild(t *rapid.T, name string, from, to float64) float64 {
	switch rapid.IntRange(0, 19).Draw(t, name+"?") {
	case 0:
		return math.NaN()
	case 1:
		return math.Inf(1 - 2*rapid.IntRange(0, 1).Draw(t, name+" sign"))
	}
	return rapid.Float64Range(from, to).Draw(t, name)
}

func drawActor(t *rapid.T, number func(*rapid.T, string, float64, float64) float64) scene.Actor {
	return scene.Actor{
		ID: rapid.Uint32Range(1, 9).Draw(t, "id"), Kind: scene.Kind(rapid.IntRange(0, int(scene.Unknown)).Draw(t, "kind")),
		Box: geom.Box{
			Pose:   geom.Pose{Vec: geom.Vec{X: number(t, "x", -20, 230), Y: number(t, "y", -10, 100)}, Heading: number(t, "heading", -4, 4)},
			Length: number(t, "length", 0, 20), Width: number(t, "width", 0, 3),
		},
		Speed: number(t, "speed", -3, 20), Accel: number(t, "accel", -8, 3), Siren: rapid.IntRange(0, 9).Draw(t, "siren") == 0,
	}
}

func checkControl(t *rapid.T, spec *vehicle.Spec, d *drive.Decision) {
	c := d.Control
	if math.IsNaN(c.Accel) || math.IsNaN(c.Steer) || math.Abs(c.Steer) > spec.MaxSteer+1e-9 || c.Accel > spec.MaxAccel || c.Accel < -spec.MaxBrake-1 {
		t.Fatalf("control %+v", c)
	}
	for _, x := range d.Plan {
		if !x.Finite() || math.IsNaN(x.Speed+x.Steer+x.Heading) || x.Speed < 0 {
			t.Fatalf("plan holds %+v", x)
		}
	}
	for i, c := range d.Candidates {
		if math.IsNaN(c.Score) || c.Score < 0 || c.Score > 1 {
			t.Fatalf("candidate %d: %+v", i, c)
		}
	}
	if len(d.Reason.Words) > 80 || d.Reason.Words == "" {
		t.Fatalf("reason %+v", d.Reason)
	}
}

func TestWhateverItIsGivenItGivesAControlThatCanBeDriven(t *testing.T) {
	m := corner(t)
	field := m.NewField(lane.Spot{Lane: 2, S: 100}, lane.Cars)
	rapid.Check(t, func(t *rapid.T) {
		spec := vehicle.Shuttle
		a := drive.New(m, &spec, drive.Options{})
		var d drive.Decision
		for range rapid.IntRange(1, 4).Draw(t, "cycles") {
			v := scene.View{
				Time: wild(t, "time", 0, 100), Range: wild(t, "range", 0, 120), Blind: rapid.Bool().Draw(t, "blind"),
				Ego: vehicle.State{
					Pose:  geom.Pose{Vec: geom.Vec{X: wild(t, "ego x", -20, 230), Y: wild(t, "ego y", -5, 150)}, Heading: wild(t, "ego heading", -4, 4)},
					Speed: wild(t, "ego speed", -1, 15), Accel: wild(t, "ego accel", -9, 3), Steer: wild(t, "ego steer", -1, 1),
				},
			}
			for range rapid.IntRange(0, 5).Draw(t, "actors") {
				v.Actors = append(v.Actors, drawActor(t, wild))
			}
			v.Lights = []scene.Light{{Signal: int32(rapid.IntRange(-2, 3).Draw(t, "signal")), Colour: scene.Colour(rapid.IntRange(0, 6).Draw(t, "colour"))}}
			o := drive.Orders{Goal: field, Stop: rapid.Bool().Draw(t, "stop"), MaxSpeed: wild(t, "most", -1, 20), Pass: 3, PullOver: rapid.Bool().Draw(t, "over")}
			if rapid.IntRange(0, 4).Draw(t, "goal") == 0 {
				o.Goal = nil
			}
			a.Step(&v, &o, &d)
			checkControl(t, &spec, &d)
		}
	})
}

func TestThePlanBeginsWhereTheVehicleIsAndTheSameViewsGiveTheSameDecisions(t *testing.T) {
	m := corner(t)
	field := m.NewField(lane.Spot{Lane: 2, S: 100}, lane.Cars)
	rapid.Check(t, func(t *rapid.T) {
		spec := vehicle.Shuttle
		v := scene.View{Range: 100, Ego: vehicle.State{
			Pose:  geom.Pose{Vec: geom.Vec{X: rapid.Float64Range(0, 195).Draw(t, "x"), Y: rapid.Float64Range(-0.5, 0.5).Draw(t, "y")}, Heading: rapid.Float64Range(-0.1, 0.1).Draw(t, "h")},
			Speed: rapid.Float64Range(0, 13).Draw(t, "v"),
		}}
		for i := range v.Free {
			v.Free[i] = 100
		}
		for range rapid.IntRange(0, 6).Draw(t, "actors") {
			v.Actors = append(v.Actors, drawActor(t, func(t *rapid.T, name string, from, to float64) float64 {
				return rapid.Float64Range(from, to).Draw(t, name)
			}))
		}
		var one, two drive.Decision
		a, b := drive.New(m, &spec, drive.Options{}), drive.New(m, &spec, drive.Options{})
		for range 3 {
			a.Step(&v, &drive.Orders{Goal: field}, &one)
			b.Step(&v, &drive.Orders{Goal: field}, &two)
			if one.Plan[0].Vec != v.Ego.Vec {
				t.Fatalf("the plan begins at %v, the vehicle is at %v", one.Plan[0], v.Ego)
			}
			if one.Control != two.Control || one.Reason != two.Reason || !slices.Equal(one.Plan, two.Plan) || !slices.Equal(one.Candidates, two.Candidates) {
				t.Fatalf("%+v and %+v", one.Reason, two.Reason)
			}
			v.Ego, v.Time = one.Plan[1], v.Time+drive.Cycle
		}
	})
}

func TestAChangeOfLanesThatThePlannerRulesOutIsNeverBegun(t *testing.T) {
	m := street(t, 2)
	field := m.NewField(lane.Spot{Lane: 1, S: 280}, lane.Cars)
	rng := rand.New(rand.NewPCG(8, 1))
	for range 100 {
		v := scene.View{Range: 100, Ego: vehicle.State{Pose: geom.Pose{Vec: geom.Vec{X: 100, Y: rng.Float64()}, Heading: 0.2 * rng.Float64()}, Speed: 4 + 10*rng.Float64()}}
		for i := range v.Free {
			v.Free[i] = 100
		}
		for id := range uint32(5) { // close by, with no regard to anybody
			box := geom.Box{Length: 4.5, Width: 1.8, Pose: geom.Pose{
				Vec: geom.Vec{X: 85 + 50*rng.Float64(), Y: 6*rng.Float64() - 1}, Heading: rng.Float64() - 0.5,
			}}
			if !box.Overlaps(vehicle.Shuttle.Box(v.Ego)) {
				v.Actors = append(v.Actors, scene.Actor{ID: id + 1, Kind: scene.Car, Box: box, Speed: 12 * rng.Float64()})
			}
		}
		a, d := drive.New(m, &vehicle.Shuttle, drive.Options{}), drive.Decision{}
		for range 3 {
			a.Step(&v, &drive.Orders{Goal: field}, &d)
			for _, c := range d.Candidates {
				if c.Chosen && c.Veto != "" && strings.HasPrefix(c.Name, "left ") && !strings.HasPrefix(c.Name, "left of lane") {
					t.Fatalf("it drives %+v", c)
				}
			}
			v.Time += drive.Cycle
		}
	}
}

func TestAnOrderToStopAlwaysEndsInAStandstill(t *testing.T) {
	m := corner(t)
	rapid.Check(t, func(t *rapid.T) {
		at := vehicle.State{
			Pose:  geom.Pose{Vec: geom.Vec{X: rapid.Float64Range(0, 190).Draw(t, "x"), Y: rapid.Float64Range(-1, 1).Draw(t, "y")}, Heading: rapid.Float64Range(-0.2, 0.2).Draw(t, "h")},
			Speed: rapid.Float64Range(0, 13.9).Draw(t, "v"), Accel: rapid.Float64Range(-2, 2).Draw(t, "a"),
		}
		r := newRide(m, at, lane.Spot{Lane: 2, S: 100})
		r.orders.Stop = true
		for range 80 {
			r.cycle()
		}
		if r.d.Mode != drive.Stopped || r.state.Speed != 0 {
			t.Fatalf("after 8 s: %v, %.2f m/s, %+v", r.d.Mode, r.state.Speed, r.d.Reason)
		}
	})
}

func TestAStepAllocatesNothingOnceItIsWarm(t *testing.T) {
	r := newRide(corner(t), vehicle.State{Speed: 8}, lane.Spot{Lane: 2, S: 100})
	for i := range 30 {
		r.view.Actors = append(r.view.Actors, scene.Actor{
			ID: uint32(i + 1), Box: geom.Box{Pose: geom.Pose{Vec: geom.Vec{X: 60 + 5*float64(i%6), Y: 8 * float64(i%5-2)}}, Length: 4.5, Width: 1.8},
			Speed: float64(i % 7),
		})
	}
	for range 20 {
		r.cycle()
	}
	if n := testing.AllocsPerRun(20, r.cycle); n > 0 {
		t.Errorf("%.1f allocations in a cycle", n)
	}
}
