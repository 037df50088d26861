package shield

import (
	"math"
	"testing"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
	"hutong/drive/vehicle"

	"pgregory.net/rapid"
)

// odd draws a number as it may come from a broken sensor.
func odd(t *rapid.T, name string) float64 {
	return rapid.OneOf(
		rapid.Float64Range(-100, 100), rapid.Float64(),
		rapid.SampledFrom([]float64{0, math.NaN(), math.Inf(1), math.Inf(-1), 1e300, -1e9, 3e9, math.SmallestNonzeroFloat64}),
	).Draw(t, name)
}

func oddPose(t *rapid.T) geom.Pose {
	return geom.Pose{Vec: geom.Vec{X: odd(t, "x"), Y: odd(t, "y")}, Heading: odd(t, "heading")}
}

func oddState(t *rapid.T) vehicle.State {
	return vehicle.State{Pose: oddPose(t), Speed: odd(t, "speed"), Accel: odd(t, "accel"), Steer: odd(t, "steer")}
}

func finite(x vehicle.State) bool {
	sum := x.X + x.Y + x.Heading + x.Speed + x.Accel + x.Steer
	return !math.IsNaN(sum) && !math.IsInf(sum, 0)
}

func TestNothingASensorSaysBreaksTheShield(t *testing.T) {
	maps := []*lane.Map{nil, street(t, 100, 13.9, -13.9), cross(t, "west")}
	rapid.Check(t, func(t *rapid.T) {
		s, err := New(rapid.SampledFrom(maps).Draw(t, "map"), &vehicle.Shuttle, City)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			sound := rapid.Bool().Draw(t, "sound")
			v := scene.View{Time: odd(t, "time"), Taken: odd(t, "taken"), Range: odd(t, "range"), Ego: ego(0, 0, 0, 5)}
			if !sound {
				v.Ego = oddState(t)
			}
			for range rapid.IntRange(0, 4).Draw(t, "actors") {
				v.Actors = append(v.Actors, scene.Actor{
					ID: rapid.Uint32().Draw(t, "id"), Kind: scene.Kind(rapid.Byte().Draw(t, "kind")),
					Box:   geom.Box{Pose: oddPose(t), Length: odd(t, "length"), Width: odd(t, "width")},
					Speed: odd(t, "speed"), Accel: odd(t, "accel"), YawRate: odd(t, "yaw rate"), Age: odd(t, "age"),
				})
			}
			v.Lights = append(v.Lights, scene.Light{Signal: rapid.Int32().Draw(t, "signal"), Colour: scene.Colour(rapid.Byte().Draw(t, "colour"))})
			s.Look(&v)
			way := plan(ego(0, 0, 0, 5), rapid.IntRange(1, 200).Draw(t, "states"), steady(rapid.Float64Range(-8, 3).Draw(t, "accel")))
			for range rapid.IntRange(0, 3).Draw(t, "odd states") {
				way[rapid.IntRange(0, len(way)-1).Draw(t, "which")] = oddState(t)
			}
			verdict := s.Judge(way)
			if verdict.Released && !finite(way[0]) || math.IsNaN(verdict.Missing+verdict.At) || math.IsInf(verdict.Missing+verdict.At, 0) {
				t.Fatalf("%+v", verdict)
			}
			s.Judge(nil)
			c, states := s.FailSafe()
			if math.IsNaN(c.Accel+c.Steer) || math.IsInf(c.Accel+c.Steer, 0) || len(states) == 0 {
				t.Fatalf("fail-safe %+v with %d states", c, len(states))
			}
			if sound && !finite(states[len(states)-1]) {
				t.Fatalf("the fail-safe of a sound vehicle ends at %+v", states[len(states)-1])
			}
			if sound && v.Ego.Speed > 0.1 && states[len(states)-1].Speed > 0 {
				t.Fatalf("the fail-safe never stops: %+v", states[len(states)-1])
			}
		}
	})
}

func TestAJudgementAllocatesNothing(t *testing.T) {
	road := cross(t, "west")
	s, err := New(road, &vehicle.Shuttle, City)
	if err != nil {
		t.Fatal(err)
	}
	v := scene.View{Ego: ego(-40, 0, 0, 10), Range: 120, Actors: []scene.Actor{
		car(1, -20, 0, 0, 8), car(2, -60, 0, 0, 10), car(3, 0, -20, math.Pi/2, 10), car(4, -30, 3.5, math.Pi, 10),
		{ID: 5, Kind: scene.Pedestrian, Box: geom.Box{Pose: geom.Pose{Vec: geom.Vec{X: -20, Y: 3}}, Length: 0.5, Width: 0.5}, Speed: 1},
		{ID: 6, Kind: scene.Obstacle, Box: geom.Box{Pose: geom.Pose{Vec: geom.Vec{X: 30}}, Length: 1, Width: 1}},
	}}
	way := plan(v.Ego, 41, steady(0.5))
	all := func() {
		v.Time += dt
		s.Look(&v)
		s.Judge(way)
		s.FailSafe()
	}
	all()
	if n := testing.AllocsPerRun(100, all); n > 0 {
		t.Errorf("a cycle allocates %v times", n)
	}
}

func TestWhatIsRefusedIsNotReleasedWhenTheOtherIsCloser(t *testing.T) {
	road := street(t, 400, 13.9, 13.9)
	rapid.Check(t, func(t *rapid.T) {
		me := ego(0, 0, 0, rapid.Float64Range(0.5, 13.9).Draw(t, "speed"))
		way := plan(me, 41, steady(rapid.Float64Range(-3, 2).Draw(t, "accel"))) // which is no proper response
		its, x := rapid.Float64Range(0, 14).Draw(t, "its"), rapid.Float64Range(5.2, 60).Draw(t, "x")
		closer := rapid.Float64Range(5, x).Draw(t, "closer")
		at := func(x float64) Verdict {
			return judged(t, road, scene.View{Ego: me, Range: 120, Actors: []scene.Actor{car(1, x, 0, 0, its)}}, way)
		}
		far, close := at(x), at(closer)
		if !far.Released && close.Released {
			t.Fatalf("refused at %.2f m (%+v), released at %.2f m (%+v)", x, far, closer, close)
		}
	})
}
