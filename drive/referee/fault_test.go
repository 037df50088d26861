package referee

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"hutong/drive/geom"
	"hutong/drive/lane"
)

func TestWhoIsAtFault(t *testing.T) {
	const deg = math.Pi / 180
	cases := []struct {
		name  string
		c     Contact
		class Class
		fault bool
	}{
		{"we stand and are hit from behind", Contact{Speed: 0, OtherSpeed: 8, Bearing: 180 * deg, OwnLane: true}, StoppedEgo, false},
		{"we stand and one drives into our front", Contact{Speed: 0.04, OtherSpeed: 8, Bumper: true, OwnLane: true}, StoppedEgo, false},
		{"we stand across two lanes and are hit", Contact{Speed: 0, OtherSpeed: 8, Bearing: 90 * deg}, StoppedEgo, false},
		{"we stand after a red light that we ran", Contact{Speed: 0, OtherSpeed: 8, Bearing: 90 * deg, RanRed: true}, StoppedEgo, false},
		{"we drive into a parked car", Contact{Speed: 5, OtherSpeed: 0, Bumper: true, OwnLane: true}, StoppedTrack, true},
		{"we scrape along a parked car", Contact{Speed: 5, OtherSpeed: 0, Bearing: 80 * deg, OwnLane: true}, StoppedTrack, true},
		{"we run into the one in front", Contact{Speed: 9, OtherSpeed: 4, Bumper: true, OwnLane: true}, Front, true},
		{"we hit one who crosses", Contact{Speed: 9, OtherSpeed: 9, Bearing: 20 * deg, Bumper: true, OwnLane: true}, Front, true},
		{"one comes towards us and we drive on", Contact{Speed: 9, OtherSpeed: 9, Bumper: true, OwnLane: true}, Front, true},
		{"we are hit from behind", Contact{Speed: 5, OtherSpeed: 9, Bearing: 175 * deg, OwnLane: true}, Rear, false},
		{"we are hit from behind while we change lanes", Contact{Speed: 5, OtherSpeed: 9, Bearing: -170 * deg}, Rear, false},
		{"one swerves into our lane", Contact{Speed: 9, OtherSpeed: 9, Bearing: 100 * deg, OwnLane: true}, Lateral, false},
		{"we swerve into another's lane", Contact{Speed: 9, OtherSpeed: 9, Bearing: 100 * deg}, Lateral, true},
		{"one hits our side where we owed the way", Contact{Speed: 5, OtherSpeed: 9, Bearing: 90 * deg, OwnLane: true, OwedWay: true}, Lateral, true},
		{"one hits our side after we ran a red light", Contact{Speed: 9, OtherSpeed: 9, Bearing: 90 * deg, OwnLane: true, RanRed: true}, Lateral, true},
		{"one hits our side while we drive on the wrong side", Contact{Speed: 9, OtherSpeed: 9, Bearing: 90 * deg, OwnLane: true, WrongWay: true}, Lateral, true},
		{"one hits us from behind after we gave no way", Contact{Speed: 5, OtherSpeed: 9, Bearing: 180 * deg, OwnLane: true, OwedWay: true}, Rear, false},
		{"one is set before us out of nowhere", Contact{Speed: 5, OtherSpeed: 0, Bumper: true, OwnLane: true, Jumped: true}, Set, false},
		{"one backs into us", Contact{Speed: 3, OtherSpeed: -2, Bumper: true, OwnLane: true}, Front, true},
	}
	for _, c := range cases {
		class, fault, why := Judge(c.c)
		if class != c.class || fault != c.fault || why == "" {
			t.Errorf("%s: %v, at fault %t (%s); want %v, %t", c.name, class, fault, why, c.class, c.fault)
		}
	}
}

// The time to a meeting agrees with letting both drive on in small steps.
func TestMeetAgreesWithDrivingOn(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		f := func(name string, lo, hi float64) float64 { return rapid.Float64Range(lo, hi).Draw(r, name) }
		a := geom.Box{Pose: geom.Pose{Heading: f("h", -3, 3)}, Length: f("l", 1, 6), Width: f("w", 0.5, 2.5)}
		b := geom.Box{Pose: geom.Pose{Vec: geom.Vec{X: f("x", -25, 25), Y: f("y", -25, 25)}, Heading: f("g", -3, 3)}, Length: f("m", 0.5, 12), Width: f("v", 0.5, 2.5)}
		va := geom.Vec{X: f("vx", -15, 15), Y: f("vy", -15, 15)}
		vb := geom.Vec{X: f("ux", -15, 15), Y: f("uy", -15, 15)}
		const horizon, step = 3.0, 0.004
		want := math.Inf(1)
		for s := 0.0; s <= horizon && math.IsInf(want, 1); s += step {
			c, d := a, b
			c.Vec, d.Vec = a.Plus(va.Times(s)), b.Plus(vb.Times(s))
			if c.Overlaps(d) {
				want = s
			}
		}
		got := meet(a, va, b, vb, horizon)
		switch {
		case math.IsInf(want, 1) && got < horizon-2*step:
			// The steps may have missed a mere touch of corners: then the boxes are all but together there.
			c, d := a.Grown(-0.1, -0.1), b.Grown(-0.1, -0.1)
			c.Vec, d.Vec = a.Plus(va.Times(got)), b.Plus(vb.Times(got))
			if c.Distance(d) > 0.25 {
				r.Fatalf("meet says %.3f s, driving on says never", got)
			}
		case !math.IsInf(want, 1) && math.Abs(got-want) > 2*step:
			r.Fatalf("meet says %.4f s, driving on says %.4f s", got, want)
		}
	})
}

func TestHullHoldsItsPoints(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(3, 30).Draw(r, "n")
		var points []geom.Vec
		for range n {
			points = append(points, geom.Vec{X: rapid.Float64Range(-50, 50).Draw(r, "x"), Y: rapid.Float64Range(-50, 50).Draw(r, "y")})
		}
		h := hull(append([]geom.Vec(nil), points...))
		if len(h) < 3 {
			return // all on one line
		}
		for _, p := range points {
			if !inHull(h, p, 1e-6) {
				r.Fatalf("%v is out of its own hull", p)
			}
		}
		if far := (geom.Vec{X: 200, Y: 200}); inHull(h, far, 1) {
			r.Fatal("what is far away is in the hull")
		}
	})
}

func TestABodyInTheMiddleOfItsLaneIsInItWhicheverWayTheLaneGoes(t *testing.T) {
	for heading := 0.05; heading < 6.3; heading += 0.1 {
		u := geom.Towards(heading)
		centre, err := geom.NewPath([]geom.Vec{{}, u.Times(60)})
		if err != nil {
			t.Fatal(err)
		}
		m, err := lane.NewMap([]lane.Lane{{
			Name: "one", Centre: centre, ToLeft: []float64{1.6, 1.6}, ToRight: []float64{1.6, 1.6}, Limit: 14, Users: lane.Cars,
			LeftOf: lane.None, RightOf: lane.None, Opposite: lane.None, Signal: -1,
		}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range []float64{-1, -0.8, -0.6, -0.3, 0, 0.1, 0.4, 0.6, 0.8, 1} {
			box := geom.Box{Pose: geom.Pose{Vec: u.Times(30).Plus(u.Left().Times(d)), Heading: heading}, Length: 4.9, Width: 1.95}
			if own, want := New(m).ownLane(box), math.Abs(d) < 0.65; own != want {
				t.Errorf("%.2f m aside on a lane towards %.2f rad: wholly in its lane is %v", d, heading, own)
			}
		}
	}
}
