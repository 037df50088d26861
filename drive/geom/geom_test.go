package geom

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func draw(t *rapid.T, name string, reach float64) Vec {
	return Vec{
		rapid.Float64Range(-reach, reach).Draw(t, name+" x"), rapid.Float64Range(-reach, reach).Draw(t, name+" y"),
	}
}

func drawBox(t *rapid.T, name string) Box {
	return Box{
		Pose:   Pose{draw(t, name, 8), rapid.Float64Range(-10, 10).Draw(t, name+" heading")},
		Length: rapid.Float64Range(0.1, 9).Draw(t, name+" length"), Width: rapid.Float64Range(0.1, 4).Draw(t, name+" width"),
	}
}

func TestBoxesThatShareAPointOverlapAndOthersDoNot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawBox(t, "a"), drawBox(t, "b")
		shared := false
		const n = 60
		for i := range n + 1 {
			for k := range n + 1 {
				p := a.Ahead((float64(i)/n-0.5)*a.Length, (float64(k)/n-0.5)*a.Width)
				shared = shared || b.Holds(p)
			}
		}
		far := a.Distance(b)
		switch {
		case a.Overlaps(b) != b.Overlaps(a):
			t.Fatal("a overlaps b, but not the other way round")
		case shared && !a.Overlaps(b):
			t.Fatal("they share a point, but don't overlap")
		case a.Overlaps(b) != (far == 0):
			t.Fatalf("overlap %v, distance %g", a.Overlaps(b), far)
		case math.Abs(far-b.Distance(a)) > 1e-9:
			t.Fatalf("%g one way, %g the other", far, b.Distance(a))
		case far > 0 && a.Grown(2*far+0.01, 2*far+0.01).Distance(b) > far:
			t.Fatal("grown towards it, it is farther away")
		}
	})
}

func TestWhatIsAheadIsSeenAhead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Pose{draw(t, "at", 1e4), rapid.Float64Range(-7, 7).Draw(t, "heading")}
		want := draw(t, "ahead", 100)
		if got := p.Local(p.Ahead(want.X, want.Y)); got.To(want) > 1e-7 {
			t.Fatalf("%v became %v", want, got)
		}
	})
}

func TestAngleIsWrappedOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.Float64Range(-1000, 1000).Draw(t, "angle")
		w := Wrap(a)
		if w <= -math.Pi || w > math.Pi || math.Abs(math.Sin(w)-math.Sin(a)) > 1e-9 || math.Abs(math.Cos(w)-math.Cos(a)) > 1e-9 {
			t.Fatalf("%g became %g", a, w)
		}
	})
}

func drawPath(t *rapid.T) Path {
	points := []Vec{{}}
	heading := rapid.Float64Range(-3, 3).Draw(t, "heading")
	for range rapid.IntRange(1, 20).Draw(t, "points") {
		heading += rapid.Float64Range(-0.3, 0.3).Draw(t, "turn")
		points = append(points, points[len(points)-1].Plus(Towards(heading).Times(rapid.Float64Range(0.5, 20).Draw(t, "long"))))
	}
	p, err := NewPath(points)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestNoPointOfAPathIsNearerThanTheProjected(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, v := drawPath(t), draw(t, "v", 60)
		s, d := p.Project(v)
		if got := p.At(s).To(v); math.Abs(got-math.Abs(d)) > 1e-6 {
			t.Fatalf("%g m away, but d is %g", got, d)
		}
		for i := 0.0; i <= 200; i++ {
			if got := p.At(i / 200 * p.Length()).To(v); got < math.Abs(d)-1e-6 {
				t.Fatalf("at %g it is %g away, nearer than %g", i/200*p.Length(), got, d)
			}
		}
		if near, e := p.ProjectNear(v, s, 1); math.Abs(e) > math.Abs(d)+1e-9 || p.At(near).To(v) > math.Abs(d)+1e-6 {
			t.Fatalf("looking near %g m only: %g, %g", s, near, e)
		}
	})
}

func TestAPathGoesOnStraightBeyondItsEnds(t *testing.T) {
	p, err := NewPath([]Vec{{0, 0}, {10, 0}, {10, 0.0001}, {10, 10}})
	if err != nil {
		t.Fatal(err)
	}
	for s, want := range map[float64]Pose{
		-3: {Vec{-3, 0}, 0}, 0: {Vec{}, 0}, 10: {Vec{10, 0}, 0}, 15: {Vec{10, 5}, math.Pi / 2}, 23: {Vec{10, 13}, math.Pi / 2},
	} {
		if got := p.At(s); got.To(want.Vec) > 1e-3 || math.Abs(Wrap(got.Heading-want.Heading)) > 1e-3 {
			t.Errorf("at %g: %v, want %v", s, got, want)
		}
	}
	if _, err := NewPath([]Vec{{1, 1}, {1, 1.0005}}); err == nil {
		t.Error("a path of one point")
	}
	if _, err := NewPath([]Vec{{1, 1}, {math.NaN(), 2}}); err == nil {
		t.Error("a path to nowhere")
	}
}

func TestARoundedQuarterTurnIsNearlyACircle(t *testing.T) {
	var coarse []Vec
	for i := range 5 {
		coarse = append(coarse, Towards(float64(i)*math.Pi/8).Times(10))
	}
	fine := Round(coarse, math.Pi/2, math.Pi, 0.5)
	p, err := NewPath(fine)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range fine {
		if math.Abs(v.Length()-10) > 0.02 {
			t.Errorf("point %d is %g from the middle", i, v.Length())
		}
		if i > 0 && i+1 < len(fine) {
			if turn := math.Abs(Wrap(p.facing[i] - p.facing[i-1])); turn > 0.08 {
				t.Errorf("at point %d it turns by %g rad", i, turn)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		p := drawPath(t)
		fine := Round(p.Points(), math.NaN(), math.NaN(), 0.7)
		longest := 0.0
		for i := range p.facing {
			longest = max(longest, p.along[i+1]-p.along[i])
		}
		for _, v := range fine {
			if _, d := p.Project(v); math.Abs(d) > longest/5 {
				t.Fatalf("the curve is %g m off a line of pieces up to %g m", d, longest)
			}
		}
	})
}

func TestThePlaneIsWherePROJHasIt(t *testing.T) {
	for text, c := range map[string]struct {
		lat, lon float64
		want     Vec
	}{
		"+proj=utm +zone=32 +ellps=WGS84 +datum=WGS84 +units=m +no_defs":               {44.49, 11.31, Vec{683672.1493, 4928893.8195}},
		"+proj=utm +zone=50 +ellps=WGS84":                                              {39.9, 116.4, Vec{448709.3802, 4416830.5622}},
		"+proj=tmerc +lat_0=48.5 +lon_0=9 +k=0.9999 +x_0=1000 +y_0=-2000 +ellps=WGS84": {49, 8.4, Vec{-42898.5750, 53770.3599}},
	} {
		p, err := ParseProjection(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Plane(c.lat, c.lon); got.To(c.want) > 0.001 {
			t.Errorf("%s: %.4f, want %.4f", text, got, c.want)
		}
		if lat, lon := p.Degrees(c.want); math.Abs(lat-c.lat) > 1e-8 || math.Abs(lon-c.lon) > 1e-8 {
			t.Errorf("%s: back at %.9f, %.9f", text, lat, lon)
		}
	}
	for _, text := range []string{"", "!", "+proj=utm +zone=61", "+proj=merc", "+proj=utm +zone=3 +ellps=bessel", "+proj=tmerc +k=x", "+proj=tmerc +k=0"} {
		if _, err := ParseProjection(text); err == nil {
			t.Errorf("%q was understood", text)
		}
	}
}

func BenchmarkProject(b *testing.B) {
	points := make([]Vec, 50)
	for i := range points {
		points[i] = Towards(float64(i) * 0.03).Times(100)
	}
	p, _ := NewPath(points)
	for b.Loop() {
		p.Project(Vec{40, 60})
	}
}

func BenchmarkAt(b *testing.B) {
	points := make([]Vec, 50)
	for i := range points {
		points[i] = Towards(float64(i) * 0.03).Times(100)
	}
	p, _ := NewPath(points)
	for b.Loop() {
		p.At(77)
	}
}

func BenchmarkOverlaps(b *testing.B) {
	a := Box{Pose: Pose{Vec{}, 0.3}, Length: 5, Width: 2}
	c := Box{Pose: Pose{Vec{4, 2}, 1.3}, Length: 5, Width: 2}
	for b.Loop() {
		a.Overlaps(c)
	}
}

func TestABoxIsBetweenTwoPointsWhereTheLineCrossesIt(t *testing.T) {
	b := Box{Pose: Pose{Vec: Vec{X: 10}, Heading: math.Pi / 2}, Length: 4, Width: 2}
	for _, c := range []struct {
		from, to Vec
		want     bool
	}{
		{Vec{}, Vec{X: 20}, true},
		{Vec{}, Vec{X: 8}, false},
		{Vec{X: 12}, Vec{X: 20}, false},
		{Vec{Y: 3}, Vec{X: 20, Y: 3}, false},
		{Vec{X: 10, Y: -5}, Vec{X: 10, Y: 5}, true},
		{Vec{X: 7, Y: 0.5}, Vec{X: 10, Y: 3.5}, false},
	} {
		if got := b.Between(c.from, c.to); got != c.want {
			t.Errorf("from %v to %v: %v", c.from, c.to, got)
		}
	}
}
