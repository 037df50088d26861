package lane

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hutong/drive/geom"
)

// straight makes a lane of two points or more, 3.2 m wide.
func straight(name string, points ...geom.Vec) Lane {
	p, err := geom.NewPath(points)
	if err != nil {
		panic(err)
	}
	half := slices.Repeat([]float64{1.6}, len(p.Points()))
	return Lane{
		Name: name, Centre: p, ToLeft: half, ToRight: half, Limit: 10, Users: Cars,
		LeftOf: None, RightOf: None, Opposite: None, Signal: -1,
	}
}

func join(lanes []Lane, from, to ID) {
	lanes[from].Next = append(lanes[from].Next, to)
	lanes[to].Prev = append(lanes[to].Prev, from)
}

func mapOf(t interface{ Fatal(...any) }, lanes []Lane) *Map {
	m, err := NewMap(lanes, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// town draws a town of streets with two lanes each way between the corners of a grid, its ways through the corners
// included.
func town(n int) []Lane {
	var lanes []Lane
	type corner struct{ in, out [][2]ID }
	corners := make([]corner, n*n)
	for x := range n {
		for y := range n {
			for _, d := range [][2]int{{1, 0}, {-1, 0}, {0, 1}, {0, -1}} {
				tx, ty := x+d[0], y+d[1]
				if tx < 0 || ty < 0 || tx >= n || ty >= n {
					continue
				}
				a, b := geom.Vec{X: 100 * float64(x), Y: 100 * float64(y)}, geom.Vec{X: 100 * float64(tx), Y: 100 * float64(ty)}
				u := b.Minus(a).Times(0.01)
				right := u.Left().Times(-1)
				var pair [2]ID
				for k := range 2 {
					off := right.Times(1.6 + 3.2*float64(k))
					pair[k] = ID(len(lanes))
					name := fmt.Sprintf("%d,%d-%d,%d_%d", x, y, tx, ty, k)
					lanes = append(lanes, straight(name, a.Plus(u.Times(12)).Plus(off), b.Plus(u.Times(-12)).Plus(off)))
				}
				lanes[pair[0]].RightOf, lanes[pair[0]].MayRight = pair[1], true
				lanes[pair[1]].LeftOf, lanes[pair[1]].MayLeft = pair[0], true
				corners[x*n+y].out = append(corners[x*n+y].out, pair)
				corners[tx*n+ty].in = append(corners[tx*n+ty].in, pair)
			}
		}
	}
	for c, k := range corners {
		for i, in := range k.in {
			for o, out := range k.out {
				for side := range 2 {
					from, to := lanes[in[side]].Centre, lanes[out[side]].Centre
					a, b := from.At(from.Length()), to.At(0)
					if geom.Towards(a.Heading).Dot(geom.Towards(b.Heading)) < -0.5 {
						continue // no turning back
					}
					id := ID(len(lanes))
					l := straight(fmt.Sprintf(":%d_%d_%d_%d", c, i, o, side), a.Vec, b.Vec)
					l.Kind = Junction
					lanes = append(lanes, l)
					join(lanes, in[side], id)
					join(lanes, id, out[side])
				}
			}
		}
	}
	return lanes
}

func TestALaneIsFoundWhereItsPoseIs(t *testing.T) {
	m := mapOf(t, town(4))
	rapid.Check(t, func(t *rapid.T) {
		id := ID(rapid.IntRange(0, len(m.Lanes)-1).Draw(t, "lane"))
		l := m.Lane(id)
		if l.Kind != Drive {
			return
		}
		at := Spot{id, rapid.Float64Range(0, l.Centre.Length()).Draw(t, "s"), rapid.Float64Range(-1.5, 1.5).Draw(t, "d")}
		found, ok := m.Locate(m.Pose(at), Cars, 0)
		if !ok || found.Lane != id || math.Abs(found.S-at.S) > 1e-6 || math.Abs(found.D-at.D) > 1e-6 {
			t.Fatalf("%+v was located at %+v, %v", at, found, ok)
		}
		if !m.On(m.Pose(at).Vec, Cars, 0) {
			t.Fatalf("%+v is not on a lane", at)
		}
	})
}

func TestNothingIsNearThatIsFarAndNothingNearIsLeftOut(t *testing.T) {
	m := mapOf(t, town(5))
	rapid.Check(t, func(t *rapid.T) {
		v := geom.Vec{X: rapid.Float64Range(-200, 700).Draw(t, "x"), Y: rapid.Float64Range(-200, 700).Draw(t, "y")}
		radius := rapid.Float64Range(0, 150).Draw(t, "radius")
		near := m.Near(nil, v, radius)
		if !slices.IsSorted(near) || len(slices.Compact(slices.Clone(near))) != len(near) {
			t.Fatalf("out of order or twice: %v", near)
		}
		for i := range m.Lanes {
			_, d := m.Lanes[i].Centre.Project(v)
			if math.Abs(d) <= radius && !slices.Contains(near, ID(i)) {
				t.Fatalf("lane %d is %g m away and not among those within %g", i, d, radius)
			}
		}
		for _, id := range near {
			if _, d := m.Lanes[id].Centre.Project(v); math.Abs(d) > 2*(radius+4)+100 {
				t.Fatalf("lane %d is %g m away, but near within %g", id, d, radius)
			}
		}
	})
}

// costs is the plainest way to the same numbers as a Field's: relax everything until nothing changes.
func costs(m *Map, goal Spot) []float64 {
	start := slices.Repeat([]float64{math.Inf(1)}, len(m.Lanes))
	start[goal.Lane] = goal.S / m.Lanes[goal.Lane].Limit
	for changed := true; changed; {
		changed = false
		for i := range m.Lanes {
			l := &m.Lanes[i]
			least := start[i]
			for _, n := range l.Next {
				least = min(least, start[n]+l.Centre.Length()/l.Limit)
			}
			if l.MayLeft {
				least = min(least, start[l.LeftOf]+changeCost*max(1, changeWay/l.Centre.Length()))
			}
			if l.MayRight {
				least = min(least, start[l.RightOf]+changeCost*max(1, changeWay/l.Centre.Length()))
			}
			if least < start[i] {
				start[i], changed = least, true
			}
		}
	}
	return start
}

func TestTheWayToAGoalIsTheShortestAndItsRouteHangsTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		r := rand.New(rand.NewPCG(seed, 1))
		lanes := town(3)
		for range r.IntN(60) { // close some ways
			if id := ID(r.IntN(len(lanes))); lanes[id].Kind == Junction {
				for _, p := range lanes[id].Prev {
					lanes[p].Next = slices.DeleteFunc(lanes[p].Next, func(n ID) bool { return n == id })
				}
				lanes[id].Prev = nil
			}
		}
		for i := range lanes {
			lanes[i].Limit = 2 + 20*r.Float64()
		}
		m := mapOf(t, lanes)
		goal := Spot{Lane: ID(r.IntN(len(lanes)))}
		goal.S = r.Float64() * m.Lanes[goal.Lane].Centre.Length()
		f, want := m.NewField(goal, Cars), costs(m, goal)
		for i := range m.Lanes {
			if got := f.From(ID(i), 0); math.Abs(got-want[i]) > 1e-6 && got != want[i] {
				t.Fatalf("from lane %d: %g s, want %g", i, got, want[i])
			}
			checkRoute(t, m, f, Spot{Lane: ID(i), S: r.Float64() * m.Lanes[i].Centre.Length()})
		}
	})
}

func checkRoute(t *rapid.T, m *Map, f *Field, from Spot) {
	route, ok := f.Route(from)
	if ok == math.IsInf(f.From(from.Lane, from.S), 1) {
		t.Fatalf("from %+v: a route: %v, but From is %g", from, ok, f.From(from.Lane, from.S))
	}
	if !ok {
		return
	}
	if route[0] != from.Lane || route[len(route)-1] != f.Goal.Lane {
		t.Fatalf("from %+v to %+v: %v", from, f.Goal, route)
	}
	for i, id := range route[1:] {
		l := m.Lane(route[i])
		if !slices.Contains(l.Next, id) && (l.LeftOf != id || !l.MayLeft) && (l.RightOf != id || !l.MayRight) {
			t.Fatalf("from %+v: no way leads from lane %d to %d", from, route[i], id)
		}
	}
	if line := f.Line(from, route); len(line) == 0 {
		t.Fatalf("from %+v: no line", from)
	}
}

func TestALittleLongerWayWithoutALightIsTheBetterOne(t *testing.T) {
	lanes := []Lane{
		straight("in", geom.Vec{}, geom.Vec{X: 100}),
		straight("light", geom.Vec{X: 100}, geom.Vec{X: 200}),
		straight("round", geom.Vec{X: 100}, geom.Vec{X: 150, Y: 30}, geom.Vec{X: 200}),
		straight("out", geom.Vec{X: 200}, geom.Vec{X: 300}),
	}
	for _, on := range []ID{1, 2} {
		join(lanes, 0, on)
		join(lanes, on, 3)
	}
	lanes[1].Signal = 0
	m, err := NewMap(lanes, []Signal{{Name: "x/0", Lanes: []ID{1}}})
	if err != nil {
		t.Fatal(err)
	}
	f := m.NewField(Spot{Lane: 3, S: 50}, Cars)
	if f.Next(0) != 2 {
		t.Errorf("it goes over the light: %g s, instead of %g s without one", f.From(1, 0), f.From(2, 0))
	}
	if before, after := f.From(1, 0), f.From(1, 1); math.Abs(before-after-lightWait-0.1) > 1e-9 {
		t.Errorf("%g s before the light, %g s behind it", before, after)
	}
}

func TestWhoHasPassedTheGoalGoesAllTheWayRound(t *testing.T) {
	m := mapOf(t, town(3))
	left, _ := m.Find("0,0-1,0_0")
	right, _ := m.Find("0,0-1,0_1")
	f := m.NewField(Spot{Lane: left, S: 40}, Cars)
	for _, id := range []ID{left, right} {
		before, after := f.From(id, 39), f.From(id, 41)
		if before > 6 || after < 20 {
			t.Errorf("lane %s: %g s before the goal, %g s after it", m.Lanes[id].Name, before, after)
		}
	}
}

func TestNobodyChangesLanesWhereThereIsNoRoomForIt(t *testing.T) {
	for long, may := range map[float64]bool{0.5: false, 30: true} {
		lanes := []Lane{straight("from", geom.Vec{}, geom.Vec{X: long}), straight("to", geom.Vec{Y: 3.5}, geom.Vec{X: long, Y: 3.5})}
		lanes[0].LeftOf, lanes[0].MayLeft, lanes[1].RightOf = 1, true, 0
		f := mapOf(t, lanes).NewField(Spot{Lane: 1, S: long}, Cars)
		if got := !math.IsInf(f.From(0, 0), 1); got != may {
			t.Errorf("out of a lane %g m long: %v", long, got)
		}
	}
}

// turned gives the lanes of a way through a junction that turns by so many degrees about a radius, drawn in pieces, from a lane
// 50 m long to another.
func turned(degrees, radius float64, pieces int) []Lane {
	lanes := []Lane{straight("from", geom.Vec{X: -50}, geom.Vec{})}
	p, kinks := geom.Pose{}, 4
	step := degrees * math.Pi / 180 / float64(kinks)
	points := []geom.Vec{{}}
	for range kinks {
		p.Heading += step / 2
		p.Vec = p.Ahead(2*radius*math.Sin(math.Abs(step)/2), 0)
		p.Heading += step / 2
		points = append(points, p.Vec)
	}
	for i := range pieces {
		l := straight(fmt.Sprint("turn ", i), points[i*kinks/pieces:(i+1)*kinks/pieces+1]...)
		l.Kind = Junction
		lanes = append(lanes, l)
		join(lanes, ID(i), ID(i+1))
	}
	lanes = append(lanes, straight("to", p.Vec, p.Ahead(50, 0)))
	join(lanes, ID(pieces), ID(pieces+1))
	return lanes
}

func TestNoWayLeadsOverATurnThatIsTooSharpForACar(t *testing.T) {
	for _, c := range []struct {
		degrees, radius float64
		pieces          int
		may             bool
	}{
		{180, 1.5, 1, false},
		{180, 1.5, 2, false}, // as it is drawn where one waits in the middle of the junction
		{-180, 1.5, 2, false},
		{180, 4, 2, true},
		{-125, 4.3, 1, true},
		{-125, 1.5, 1, false},
		{90, 2, 1, true},
	} {
		lanes := turned(c.degrees, c.radius, c.pieces)
		to := ID(len(lanes) - 1)
		f := mapOf(t, lanes).NewField(Spot{Lane: to, S: 40}, Cars)
		if got := !math.IsInf(f.From(0, 0), 1); got != c.may {
			t.Errorf("%g degrees about %g m in %d pieces: a way leads over it: %v", c.degrees, c.radius, c.pieces, got)
		}
	}
}

func TestALineThatGoesALittleBackOrAsideIsNoTurn(t *testing.T) {
	for _, step := range []geom.Vec{{X: -0.01}, {X: -0.2}, {X: -0.45}, {Y: 0.01}, {Y: -0.3}, {X: -0.2, Y: 0.2}} {
		end := geom.Vec{X: 50}.Plus(step)
		lanes := []Lane{straight("from", geom.Vec{}, geom.Vec{X: 50}), straight("through", geom.Vec{X: 50}, end), straight("to", end, end.Plus(geom.Vec{X: 50}))}
		lanes[1].Kind = Junction
		join(lanes, 0, 1)
		join(lanes, 1, 2)
		if f := mapOf(t, lanes).NewField(Spot{Lane: 2, S: 40}, Cars); math.IsInf(f.From(0, 0), 1) {
			t.Errorf("no way leads over a piece of a junction that goes by %v", step)
		}
		one := mapOf(t, []Lane{straight("jagged", geom.Vec{}, geom.Vec{X: 50}, end, end.Plus(geom.Vec{X: 50}))})
		if f := one.NewField(Spot{S: 90}, Cars); math.IsInf(f.From(0, 0), 1) {
			t.Errorf("no way leads along a lane of which a piece goes by %v", step)
		}
	}
}

func TestATurnIsJudgedWhereAnotherWayPartsFromIt(t *testing.T) {
	lanes := turned(180, 1.5, 2) // from, turn 0, turn 1, to
	lanes = append(lanes, straight("on", geom.Vec{}, geom.Vec{X: 50}))
	turn, on := ID(2), ID(4)
	begin := lanes[turn].Centre.At(0).Vec
	lanes[on] = straight("on", begin, begin.Plus(geom.Vec{X: 1, Y: 1}))
	lanes[on].Kind = Junction
	join(lanes, 1, on)
	slices.Reverse(lanes[1].Next) // the way that goes on comes first
	if f := mapOf(t, lanes).NewField(Spot{Lane: 3, S: 40}, Cars); !math.IsInf(f.From(0, 0), 1) {
		t.Error("a way leads over a turn on the spot")
	}
}

func TestALaneWithACornerTooSharpForACarIsDrivenOnlyBeforeAndAfterIt(t *testing.T) {
	m := mapOf(t, []Lane{straight("corner", geom.Vec{}, geom.Vec{X: 50}, geom.Vec{X: 48, Y: 50})})
	for _, c := range []struct {
		from, to float64
		may      bool
	}{{0, 30, true}, {0, 70, false}, {60, 90, true}} {
		f := m.NewField(Spot{S: c.to}, Cars)
		if got := !math.IsInf(f.From(0, c.from), 1); got != c.may {
			t.Errorf("from %g m to %g m: %v", c.from, c.to, got)
		}
	}
}

func TestNearLocateAndOnAllocateNothing(t *testing.T) {
	m := mapOf(t, town(5))
	at := geom.Pose{Vec: geom.Vec{X: 150, Y: -2}}
	near := make([]ID, 0, 500)
	for name, do := range map[string]func(){
		"Near":    func() { near = m.Near(near[:0], at.Vec, 100) },
		"Locate":  func() { m.Locate(at, Cars, 3) },
		"On":      func() { m.On(at.Vec, Cars, 0.3) },
		"Project": func() { m.Lanes[0].Centre.Project(at.Vec) },
	} {
		if n := testing.AllocsPerRun(100, do); n != 0 {
			t.Errorf("%s allocates %g times", name, n)
		}
	}
}

func TestBrokenMapsAreToldAndPanicNothing(t *testing.T) {
	v := func(x, y float64) geom.Vec { return geom.Vec{X: x, Y: y} }
	narrow := straight("narrow", v(0, 20), v(50, 20))
	narrow.ToLeft, narrow.ToRight = []float64{1.6, 0.2}, []float64{1.6, 0.2}
	lanes := []Lane{
		straight("a", v(0, 0), v(50, 0)),
		straight("far", v(60, 0), v(100, 0)),
		straight("loop", v(0, 50), v(30, 50), v(30, 70), v(10, 70), v(10, 30)),
		narrow,
		straight("dot", v(0, 90), v(0.1, 90)),
		straight("round 1", v(100, 0), v(120, 0)), straight("round 2", v(120, 0), v(100, 0)),
	}
	join(lanes, 0, 1)
	join(lanes, 1, 5)
	join(lanes, 5, 6)
	join(lanes, 6, 5)
	join(lanes, 2, 0)
	join(lanes, 2, 2)
	join(lanes, 0, 2)
	lanes = append(lanes, straight("third", v(0, 0), v(10, 30)))
	join(lanes, 0, 7)
	join(lanes, 7, 2)
	m := mapOf(t, lanes)
	var told []string
	for _, p := range m.Check() {
		told = append(told, fmt.Sprint(p.Lane, " ", p.Code))
	}
	for _, want := range []string{
		"0 gap", "2 crosses itself", "3 narrow", "3 leads nowhere", "3 not reached", "4 short", "3 apart", "4 apart", "5 trap",
	} {
		if !slices.Contains(told, want) {
			t.Errorf("%q is not told; what is told: %s", want, strings.Join(told, ", "))
		}
	}
	for i := range m.Lanes {
		f := m.NewField(Spot{Lane: ID(i)}, Cars)
		for k := range m.Lanes {
			if route, ok := f.Route(Spot{Lane: ID(k), S: 1e9}); ok {
				f.Line(Spot{Lane: ID(k), S: 1e9}, route)
			}
		}
	}
	m.Locate(geom.Pose{Vec: geom.Vec{X: math.NaN()}}, Cars, 1)
	m.On(geom.Vec{X: math.Inf(1), Y: math.Inf(-1)}, Cars, 1e300)
	Cross(m.Lanes)
}

func TestAMapThatCannotBeIsRefused(t *testing.T) {
	v := func(x, y float64) geom.Vec { return geom.Vec{X: x, Y: y} }
	good := func() []Lane { return []Lane{straight("a", v(0, 0), v(50, 0)), straight("b", v(50, 0), v(90, 0))} }
	for want, spoil := range map[string]func(l []Lane){
		"no middle line": func(l []Lane) { l[0].Centre = geom.Path{} },
		"comes twice":    func(l []Lane) { l[1].Name = "a" },
		"speed limit":    func(l []Lane) { l[0].Limit = math.NaN() },
		"wide":           func(l []Lane) { l[0].ToLeft = []float64{1, math.Inf(1)} },
		"joined to":      func(l []Lane) { l[0].Next = []ID{7} },
		"beside lane":    func(l []Lane) { l[0].LeftOf = 9 },
		"crosses lane":   func(l []Lane) { l[0].Conflicts = []Conflict{{With: -4}} },
		"guarded by":     func(l []Lane) { l[0].Signal = 3 },
		"not on earth":   func(l []Lane) { l[0] = straight("a", v(0, 0), v(1e12, 0)) },
	} {
		lanes := good()
		spoil(lanes)
		if _, err := NewMap(lanes, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

func TestWhoComesFromTheRightGoesFirst(t *testing.T) {
	v := func(x, y float64) geom.Vec { return geom.Vec{X: x, Y: y} }
	lanes := []Lane{
		straight("east", v(-20, 0), v(20, 0)),
		straight("north", v(0, -20), v(0, 20)),                       // from the right of who goes east
		straight("left", v(20, 3), v(6, 3), v(0, 0), v(-3, -20)),     // oncoming, turning left across
		straight("join", v(10, -12), v(12, -4), v(16, -1), v(20, 0)), // ends where east ends
		straight("aside", v(-20, -9), v(20, -9.5)),
	}
	lanes = append(lanes, straight("on", v(20, 0), v(60, 0)))
	join(lanes, 0, 5)
	join(lanes, 3, 5)
	Cross(lanes)
	rule := func(a, b ID) string {
		for _, c := range lanes[a].Conflicts {
			if c.With == b {
				return fmt.Sprintf("yield %v merge %v", c.Yield, c.Merge)
			}
		}
		return "none"
	}
	for _, c := range []struct {
		a, b ID
		want string
	}{
		{0, 1, "yield true merge false"},
		{1, 0, "yield false merge false"},
		{2, 0, "yield true merge false"},
		{0, 2, "yield false merge false"},
		{0, 3, "yield true merge true"},
		{0, 5, "none"},
		{3, 5, "none"},
	} {
		if got := rule(c.a, c.b); got != c.want {
			t.Errorf("%s and %s: %s, want %s", lanes[c.a].Name, lanes[c.b].Name, got, c.want)
		}
	}
	for _, c := range lanes[0].Conflicts {
		if c.With == 1 && (math.Abs(c.From-18.75) > 0.6 || math.Abs(c.To-21.25) > 0.6) {
			t.Errorf("they meet from %g to %g m, want about 18.75 to 21.25", c.From, c.To)
		}
	}
}

func BenchmarkLocate(b *testing.B) {
	m := mapOf(b, town(10))
	for b.Loop() {
		m.Locate(geom.Pose{Vec: geom.Vec{X: 350, Y: 298.4}}, Cars, 3)
	}
}

func BenchmarkOn(b *testing.B) {
	m := mapOf(b, town(10))
	for b.Loop() {
		m.On(geom.Vec{X: 350, Y: 298.4}, Cars, 0.3)
	}
}

func BenchmarkNear(b *testing.B) {
	m := mapOf(b, town(10))
	var near []ID
	for b.Loop() {
		near = m.Near(near[:0], geom.Vec{X: 400, Y: 400}, 100)
	}
}

func BenchmarkNewField(b *testing.B) {
	m := mapOf(b, town(20))
	for b.Loop() {
		m.NewField(Spot{Lane: 0, S: 10}, Cars)
	}
}

func TestALaneIsRoundOutsideItsKinksAndEndsSquare(t *testing.T) {
	lanes := []Lane{
		straight("kinked", geom.Vec{}, geom.Vec{X: 20}, geom.Vec{X: 40, Y: 20}),
		straight("on", geom.Vec{X: 40, Y: 20}, geom.Vec{X: 40, Y: 40}),
	}
	join(lanes, 0, 1)
	m := mapOf(t, lanes)
	for _, c := range []struct {
		at geom.Vec
		on bool
	}{
		{geom.Vec{X: 20.5, Y: -1.4}, true},  // in the wedge outside the kink
		{geom.Vec{X: 20.7, Y: -1.7}, false}, // beyond its round edge
		{geom.Vec{X: 41.3, Y: 20.4}, true},  // outside the bend into the next lane
		{geom.Vec{X: 41, Y: 19.5}, true},
		{geom.Vec{X: 41.8, Y: 19.9}, false},
		{geom.Vec{X: 40, Y: 40.5}, false}, // after the last lane's end
		{geom.Vec{X: -0.5}, false},        // before the first one's beginning
	} {
		if on := m.On(c.at, Cars, 0); on != c.on {
			t.Errorf("%v is on a lane: %v, want %v", c.at, on, c.on)
		}
	}
}
