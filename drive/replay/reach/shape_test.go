package reach

import (
	"math"
	"math/rand/v2"
	"testing"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/lane/commonroad"
)

func TestTheSlopeIsHowAStepChanges(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	spec := BMW
	for range 200 {
		b := bicycle{&spec, 0.05 + 0.2*r.Float64()}
		x := state{r.NormFloat64(), r.NormFloat64(), 3 * r.NormFloat64(), 5 + 20*r.Float64(), r.Float64() - 0.5}
		u := input{8*r.Float64() - 4, 0.8*r.Float64() - 0.4}
		m := b.slope(x, u)
		for j := range 7 {
			const h = 1e-6
			more, less, mu, lu := x, x, u, u
			if j < 5 {
				more[j], less[j] = x[j]+h, x[j]-h
			} else {
				mu[j-5], lu[j-5] = u[j-5]+h, u[j-5]-h
			}
			y, z := b.step(more, mu), b.step(less, lu)
			for i := range 5 {
				if want := (y[i] - z[i]) / (2 * h); math.Abs(m[i][j]-want) > 1e-5*(1+math.Abs(want)) {
					t.Fatalf("of %v under %v: %d by %d is %g, not %g", x, u, i, j, m[i][j], want)
				}
			}
		}
	}
}

// lot is a square road of 60 m with its corner at the origin.
func lot() *commonroad.Road {
	left, right := []geom.Vec{{X: 0, Y: 60}, {X: 60, Y: 60}}, []geom.Vec{{}, {X: 60}}
	return commonroad.NewRoad([]commonroad.Lanelet{{Left: left, Right: right, LeftOf: lane.None, RightOf: lane.None}})
}

func TestTheGroundTellsHowDeepWithinTheRoadAPlaceLies(t *testing.T) {
	g := newGround(lot(), []geom.Vec{{X: 5, Y: 5}, {X: 55, Y: 55}}, 20)
	for _, c := range []struct{ x, y, want float64 }{
		{30, 0.73, 0.73}, {30, -0.73, -0.73}, {30, 30, rim}, {-10, 30, -rim}, {59.5, 30, 0.5}, {1000, 30, -rim}, {60.3, 60.4, -0.5},
	} {
		if depth, _ := g.at(geom.Vec{X: c.x, Y: c.y}); math.Abs(depth-c.want) > 0.02 {
			t.Errorf("at %g, %g: %g, not %g", c.x, c.y, depth, c.want)
		}
	}
	if depth, slope := g.at(geom.Vec{X: 30, Y: 0.5}); math.Abs(slope.Y-1) > 0.01 || math.Abs(slope.X) > 0.01 {
		t.Errorf("%g, slope %v", depth, slope)
	}
}

func TestTheGapBetweenBodiesIsNegativeJustWhereTheyOverlap(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		box := func() geom.Box {
			at := geom.Pose{Vec: geom.Vec{X: 6 * r.Float64(), Y: 6 * r.Float64()}, Heading: 7 * r.Float64()}
			return geom.Box{Pose: at, Length: 1 + 4*r.Float64(), Width: 1 + 2*r.Float64()}
		}
		a, b := box(), box()
		one, other := newBody(a), newBody(b)
		gap, axis := one.gap(&other)
		if (gap <= 0) != a.Overlaps(b) {
			t.Fatalf("%+v and %+v: a gap of %g", a, b, gap)
		}
		if gap > a.Distance(b)+1e-9 {
			t.Fatalf("%+v and %+v: a gap of %g, but they are %g apart", a, b, gap, a.Distance(b))
		}
		one.Vec = one.Plus(axis.Times(0.01))
		if wider, _ := one.gap(&other); wider < gap+0.01-1e-9 {
			t.Fatalf("the axis doesn't lead out: from %g to %g", gap, wider)
		}
	}
}

// aim is a task: to be somewhere at the end, at rest, with as little input as that takes.
type aim struct{ at geom.Vec }

func (a aim) stage(_ int, x *state, _ input, last bool, b *bowl) (cost float64) {
	if !last {
		return 0
	}
	for i, off := range [4]float64{x[atX] - a.at.X, x[atY] - a.at.Y, x[atHeading], x[atSpeed]} {
		cost += 1000 * off * off
		if b != nil {
			var slope [7]float64
			slope[i] = 1
			b.add(1000, off, &slope)
		}
	}
	return cost
}

func TestTheShaperFindsAWayWithinBounds(t *testing.T) {
	spec := BMW
	s := shaper{bicycle: bicycle{&spec, 0.1}, task: aim{geom.Vec{X: 30, Y: 3}}}
	s.x, s.u = make([]state, 61), make([]input, 60)
	s.x[0] = state{atSpeed: 8}
	first := s.run(0)
	cost := s.run(200)
	end := s.x[60]
	if off := math.Hypot(end[atX]-30, end[atY]-3); off > 0.05 || math.Abs(end[atHeading]) > 0.01 || end[atSpeed] > 0.05 {
		t.Errorf("it ends at %v, for %g after %g", end, cost, first)
	}
	for k, u := range s.u {
		if math.Abs(u[1]) > spec.MaxSteerRate+1e-9 || math.Abs(u[0]) > grip+1e-9 || s.x[k+1][atSpeed] < 0 {
			t.Fatalf("step %d: %v to %v", k, u, s.x[k+1])
		}
		if y := s.step(s.x[k], u); math.Abs(y[atX]-s.x[k+1][atX]) > 1e-9 || math.Abs(y[atHeading]-s.x[k+1][atHeading]) > 1e-9 {
			t.Fatalf("step %d leads to %v, not %v", k, y, s.x[k+1])
		}
	}
}

func TestWhatAnErrandCostsChangesByItsSlope(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	spec := BMW
	b := bicycle{&spec, 0.1}
	model := &b
	l := &line{}
	path, err := geom.NewPath([]geom.Vec{{X: 1, Y: 30}, {X: 59, Y: 31}})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.smooth(path, 1, 1); err != nil {
		t.Fatal(err)
	}
	speed, heading := commonroad.Interval{From: 3, To: 5}, commonroad.Interval{From: 0.1, To: 0.3}
	g := newGround(lot(), []geom.Vec{{X: 5, Y: 5}, {X: 55, Y: 55}}, 20)
	for range 500 {
		x := state{60 * r.Float64(), 60 * r.Float64(), 6 * r.Float64(), 20 * r.Float64(), r.Float64() - 0.5}
		at := x.pose()
		near := other{body: newBody(geom.Box{
			Pose:   geom.Pose{Vec: at.Ahead(3, 1.4), Heading: 6 * r.Float64()},
			Length: 3, Width: 1,
		}), reach: 2, share: 0.7}
		e := &errand{
			bicycle: model, ground: g, line: l, others: [][]other{{near}}, wish: 4,
			guess: []geom.Pose{{Vec: at.Ahead(0.3, 0.2), Heading: at.Heading + 0.1}}, speeds: []float64{7}, along: []float64{20},
			near: 2, hard: 30,
			goal: &commonroad.Goal{Shapes: []commonroad.Shape{{Box: geom.Box{Length: 3, Width: 2}}}, Speed: &speed, Heading: &heading},
		}
		u := input{10 * r.Float64(), 0.2}
		for _, last := range []bool{false, true} {
			var b bowl
			e.stage(0, &x, u, last, &b)
			for j := range 5 {
				const h = 1e-6
				more, less := x, x
				more[j], less[j] = x[j]+h, x[j]-h
				up, down := e.stage(0, &more, u, last, nil), e.stage(0, &less, u, last, nil)
				middle := e.stage(0, &x, u, last, nil)
				want, kink := (up-down)/(2*h), math.Abs(up-2*middle+down)/h
				if j == atHeading && math.Abs(e.turned(&x, &near)-gapSlope(model, x, &near)) > 1e-3 {
					continue // there the gap has a kink, and its slope is taken over more than a point
				}
				if kink < 0.1 && math.Abs(b.slope[j]-want) > 0.02*(10+math.Abs(want)) {
					t.Fatalf("at %v, last %v: by %d %g, not %g", x, last, j, b.slope[j], want)
				}
			}
		}
	}
}

// gapSlope is how the gap to another changes with the heading, right here.
func gapSlope(b *bicycle, x state, o *other) float64 {
	const turn = 1e-6
	one := b.body(&x)
	x[atHeading] += turn
	two := b.body(&x)
	before, _ := one.gap(&o.body)
	after, _ := two.gap(&o.body)
	return (after - before) / turn
}
