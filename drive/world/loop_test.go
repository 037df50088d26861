package world_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hutong/drive"
	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/referee"
	"hutong/drive/scene"
	"hutong/drive/sense"
	"hutong/drive/vehicle"
	"hutong/drive/world"
)

// road is a straight road of one lane, 2 km long, with one car on it.
type road struct {
	m    *lane.Map
	now  float64
	car  scene.Actor
	egos []scene.Actor
	fail error
}

func newRoad(t *testing.T) *road {
	t.Helper()
	centre, err := geom.NewPath([]geom.Vec{{}, {X: 2000}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := lane.NewMap([]lane.Lane{{
		Name: "a", Centre: centre, ToLeft: []float64{2, 2}, ToRight: []float64{2, 2}, Limit: 14, Users: lane.Cars,
		LeftOf: lane.None, RightOf: lane.None, Opposite: lane.None, Signal: -1,
	}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &road{m: m, car: scene.Actor{ID: 7, Box: geom.Box{Pose: geom.Pose{Vec: geom.Vec{X: 100}}, Length: 4, Width: 2}, Speed: 3}}
}

func (r *road) Map() *lane.Map { return r.m }

func (r *road) Truth(t *scene.Truth) {
	t.Time, t.Lights = r.now, t.Lights[:0]
	t.Actors = append(append(t.Actors[:0], r.car), r.egos...)
}

func (r *road) Place(id uint32, spec *vehicle.Spec, at vehicle.State) error {
	for i := range r.egos {
		if r.egos[i].ID == id {
			r.egos[i].Box, r.egos[i].Speed = spec.Box(at), at.Speed
			return nil
		}
	}
	r.egos = append(r.egos, scene.Actor{ID: id, Box: spec.Box(at), Speed: at.Speed})
	return nil
}

func (r *road) Step(_ context.Context, dt float64) error {
	r.now += dt
	r.car.Box.X += r.car.Speed * dt
	return r.fail
}

func (r *road) Close() error { return nil }

// follower drives at 10 m/s and keeps two seconds from what is in front.
type follower struct {
	boom  int
	sleep func(cycle int) time.Duration
	n     int

	missed atomic.Int32
}

func (f *follower) Missed() { f.missed.Add(1) }

func (f *follower) Step(v *scene.View, _ *drive.Orders, d *drive.Decision) {
	f.n++
	if f.boom > 0 && f.n == f.boom {
		panic("out of ideas")
	}
	if f.sleep != nil {
		time.Sleep(f.sleep(f.n))
	}
	want := 10.0
	for i := range v.Actors {
		if at := v.Ego.Local(v.Actors[i].Box.Vec); at.X > 0 && math.Abs(at.Y) < 2 {
			want = min(want, max(0, (at.X-8)/2))
		}
	}
	*d = drive.Decision{Mode: drive.Driving, Control: vehicle.Control{Accel: want - v.Ego.Speed}}
}

func rider(n uint32, at geom.Vec, d world.Driver, c sense.Config, m *lane.Map) *world.Rider {
	return &world.Rider{
		ID: world.FirstID + n, Spec: &vehicle.Shuttle, Driver: d, Sensor: sense.New(c, m, uint64(n)),
		State: vehicle.State{Pose: geom.Pose{Vec: at}, Speed: 8},
	}
}

func TestVehiclesOfOneLoopSeeAndFollowEachOther(t *testing.T) {
	w := newRoad(t)
	ref := referee.New(w.m)
	l := world.New(w, world.Options{Referee: ref})
	for n := range uint32(4) {
		if err := l.Add(rider(n, geom.Vec{X: 20 * float64(n)}, &follower{}, sense.Config{}, w.m)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Run(t.Context(), 60, nil); err != nil {
		t.Fatal(err)
	}
	p := ref.Report()
	if len(p.Collisions) > 0 || p.OffRoad > 0 || p.WrongWay > 0 {
		t.Errorf("the run isn't clean:\n%s", p)
	}
	if p.Km < 0.5 || p.Vehicles != 4 || math.Abs(p.Seconds-4*59.9) > 0.2 {
		t.Errorf("%d vehicles went %.2f km in %.1f s", p.Vehicles, p.Km, p.Seconds)
	}
	for _, r := range l.Riders() {
		if math.Abs(r.State.Speed-3) > 0.5 {
			t.Errorf("vehicle %d drives %.2f m/s behind a car that drives 3", r.ID, r.State.Speed)
		}
	}
}

func TestARunIsTheSameForAnyNumberOfWorkers(t *testing.T) {
	run := func(workers int) string {
		w := newRoad(t)
		l := world.New(w, world.Options{Workers: workers})
		c := sense.Usual()
		c.Dropout, c.Blackouts, c.BlackoutFor = 0.2, 200, 0.4
		for n := range uint32(6) {
			if err := l.Add(rider(n, geom.Vec{X: 15 * float64(n)}, &follower{}, c, w.m)); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Run(t.Context(), 20, nil); err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, r := range l.Riders() {
			fmt.Fprintln(&b, r.State, r.View.Actors)
		}
		return b.String()
	}
	if one, many := run(1), run(5); one != many {
		t.Errorf("with one worker\n%s\nwith five\n%s", one, many)
	}
}

func TestRidersThatDecideAheadDriveAsThoseThatDoNot(t *testing.T) {
	run := func(ahead bool) string {
		w := newRoad(t)
		l := world.New(w, world.Options{Workers: 2, Ahead: ahead})
		defer l.Close()
		for n := range uint32(4) {
			c := sense.Config{Range: 200, Latency: 0.1 * float64(1+n%2)}
			if err := l.Add(rider(n, geom.Vec{X: 20 * float64(n)}, &follower{}, c, w.m)); err != nil {
				t.Fatal(err)
			}
		}
		var way strings.Builder
		for range 300 {
			if err := l.Cycle(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, r := range l.Riders() {
				fmt.Fprintln(&way, l.Truth().Time, r.ID, r.State)
			}
		}
		return way.String()
	}
	if run(false) != run(true) {
		t.Error("they drove otherwise")
	}
}

func TestADriverThatPanicsIsStoppedAndReplaced(t *testing.T) {
	w := newRoad(t)
	ref := referee.New(w.m)
	l := world.New(w, world.Options{Referee: ref})
	r := rider(0, geom.Vec{}, &follower{boom: 10}, sense.Config{}, w.m)
	if err := l.Add(r); err != nil {
		t.Fatal(err)
	}
	if err := l.Run(t.Context(), 5, nil); err != nil {
		t.Fatal(err)
	}
	if r.Failed == nil || r.Panics != 1 || r.State.Speed != 0 || r.Decision.Mode != drive.FailSafe {
		t.Fatalf("after a panic: failed %v, panics %d, %.1f m/s, mode %d", r.Failed, r.Panics, r.State.Speed, r.Decision.Mode)
	}
	if p := ref.Report(); p.FailSafes != 1 || p.HardBrakes != 1 {
		t.Errorf("the referee saw %d fail-safes and %d hard brakes, want one of each", p.FailSafes, p.HardBrakes)
	}
	l.Replace(r.ID, &follower{})
	if err := l.Run(t.Context(), 10, nil); err != nil {
		t.Fatal(err)
	}
	if r.Failed != nil || r.State.Speed < 3 {
		t.Errorf("with another driver it goes %.1f m/s", r.State.Speed)
	}
}

func TestADriverThatHangsHoldsUpNobody(t *testing.T) {
	w := newRoad(t)
	l := world.New(w, world.Options{Deadline: 500 * time.Millisecond})
	release := make(chan struct{})
	var hung atomic.Bool
	slow := &follower{sleep: func(n int) time.Duration {
		if n == 3 {
			hung.Store(true)
			<-release
		}
		return 0
	}}
	a, b := rider(0, geom.Vec{}, slow, sense.Config{}, w.m), rider(1, geom.Vec{X: 40}, &follower{}, sense.Config{}, w.m)
	for _, r := range []*world.Rider{a, b} {
		if err := l.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	defer l.Close()
	if err := l.Run(t.Context(), 4, nil); err != nil {
		t.Fatal(err)
	}
	if a.State.Speed != 0 {
		t.Errorf("while it hangs its vehicle drives %.1f m/s", a.State.Speed)
	}
	close(release)
	for slow.missed.Load() == 0 && l.Truth().Time < 6000 { // it comes back, and is told
		if err := l.Cycle(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := slow.missed.Load(); n != 1 {
		t.Errorf("it was told %d times that it was late", n)
	}
	if !hung.Load() || a.Late < 30 {
		t.Errorf("the one that hangs was late %d times", a.Late)
	}
	if b.Late > 0 || b.State.Speed < 5 {
		t.Errorf("the other was late %d times and drives %.1f m/s", b.Late, b.State.Speed)
	}
}

// wild gives what isn't a number.
type wild struct{}

func (wild) Step(_ *scene.View, _ *drive.Orders, d *drive.Decision) {
	*d = drive.Decision{Control: vehicle.Control{Accel: math.NaN()}}
}

func TestAControlThatIsNoNumberStopsTheVehicle(t *testing.T) {
	w := newRoad(t)
	l := world.New(w, world.Options{})
	r := rider(0, geom.Vec{}, wild{}, sense.Config{}, w.m)
	if err := l.Add(r); err != nil {
		t.Fatal(err)
	}
	if err := l.Run(t.Context(), 3, nil); err != nil {
		t.Fatal(err)
	}
	if r.State.Speed != 0 || !r.State.Finite() {
		t.Errorf("it is at %v with %.1f m/s", r.State.Vec, r.State.Speed)
	}
}

func TestALoopTellsWhenItsWorldIsGone(t *testing.T) {
	w := newRoad(t)
	w.fail = fmt.Errorf("the line is cut")
	l := world.New(w, world.Options{})
	if err := l.Cycle(t.Context()); err == nil || !strings.Contains(err.Error(), "the line is cut") {
		t.Errorf("the cycle gave %v", err)
	}
}

func TestAddRefusesWhatCannotDrive(t *testing.T) {
	w := newRoad(t)
	l := world.New(w, world.Options{})
	good := rider(0, geom.Vec{}, &follower{}, sense.Config{}, w.m)
	if err := l.Add(good); err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]*world.Rider{
		"an id of the world's": {ID: 5, Spec: &vehicle.Shuttle, Driver: &follower{}},
		"an id that is taken":  rider(0, geom.Vec{}, &follower{}, sense.Config{}, w.m),
		"no driver":            {ID: world.FirstID + 2, Spec: &vehicle.Shuttle},
		"a place at infinity":  rider(3, geom.Vec{X: math.Inf(1)}, &follower{}, sense.Config{}, w.m),
	} {
		if l.Add(r) == nil {
			t.Errorf("a vehicle with %s was added", name)
		}
	}
	ahead := world.New(w, world.Options{Ahead: true})
	if err := ahead.Add(rider(9, geom.Vec{}, &follower{}, sense.Config{Latency: 0.05}, w.m)); err == nil || !strings.Contains(err.Error(), "latency") {
		t.Errorf("one whose sensors are too quick to decide ahead: %v", err)
	}
}
