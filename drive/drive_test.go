package drive_test

import (
	"math"
	"testing"

	"hutong/drive"
	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
	"hutong/drive/vehicle"
)

// road builds a lane of the given points.
func road(t *testing.T, name string, limit float64, points ...geom.Vec) lane.Lane {
	t.Helper()
	path, err := geom.NewPath(points)
	if err != nil {
		t.Fatal(err)
	}
	wide := make([]float64, len(path.Points()))
	for i := range wide {
		wide[i] = 1.6
	}
	return lane.Lane{
		Name: name, Centre: path, ToLeft: wide, ToRight: wide, Limit: limit, Users: lane.Cars,
		LeftOf: lane.None, RightOf: lane.None, Opposite: lane.None, Signal: -1,
	}
}

// arc gives points on a quarter circle to the left around c.
func arc(c geom.Vec, r float64) []geom.Vec {
	var points []geom.Vec
	for i := 0; i <= 12; i++ {
		points = append(points, c.Plus(geom.Towards(-math.Pi/2+float64(i)*math.Pi/24).Times(r)))
	}
	return points
}

// corner is a street of 200 m, a left turn with a light before it, and a street of 150 m.
func corner(t *testing.T) *lane.Map {
	t.Helper()
	in := road(t, "in", 13.9, geom.Vec{}, geom.Vec{X: 200})
	turn := road(t, "turn", 13.9, arc(geom.Vec{X: 200, Y: 10}, 10)...)
	turn.Kind, turn.Turn, turn.Signal, turn.Junction = lane.Junction, lane.Left, 0, "j"
	out := road(t, "out", 13.9, geom.Vec{X: 210, Y: 10}, geom.Vec{X: 210, Y: 160})
	in.Next, turn.Prev, turn.Next, out.Prev = []lane.ID{1}, []lane.ID{0}, []lane.ID{2}, []lane.ID{1}
	m, err := lane.NewMap([]lane.Lane{in, turn, out}, []lane.Signal{{Name: "j/0", Lanes: []lane.ID{1}}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// ride is a little closed loop: one vehicle that sees all, and a script for what is around it.
type ride struct {
	m      *lane.Map
	agent  *drive.Agent
	orders drive.Orders
	view   scene.View
	d      drive.Decision
	state  vehicle.State
	script func(r *ride)
}

func newRide(m *lane.Map, at vehicle.State, goal lane.Spot) *ride {
	spec := vehicle.Shuttle
	r := &ride{m: m, agent: drive.New(m, &spec, drive.Options{}), state: at}
	r.orders.Goal = m.NewField(goal, lane.Cars)
	r.view.Range = 120
	for i := range r.view.Free {
		r.view.Free[i] = 120
	}
	return r
}

// cycle lets 0.1 s pass.
func (r *ride) cycle() {
	r.view.Ego = r.state
	if r.script != nil {
		r.script(r)
	}
	r.agent.Step(&r.view, &r.orders, &r.d)
	for range 5 {
		r.state = vehicle.Shuttle.Step(r.state, r.d.Control, 0.02)
	}
	r.view.Time += drive.Cycle
}

func TestItDrivesToItsGoalAndStopsThere(t *testing.T) {
	r := newRide(corner(t), vehicle.State{}, lane.Spot{Lane: 2, S: 100})
	for r.view.Time < 60 && r.d.Mode != drive.Arrived {
		r.cycle()
		if !r.m.On(r.state.Vec, lane.Cars, 0) {
			t.Fatalf("off the road at %v, %.1f s", r.state, r.view.Time)
		}
	}
	if r.d.Mode != drive.Arrived {
		t.Fatalf("after %.1f s: %v %v %v", r.view.Time, r.d.Mode, r.d.Reason, r.state)
	}
	if r.view.Time > 40 {
		t.Errorf("it took %.1f s", r.view.Time)
	}
}

func TestItWaitsForARedLight(t *testing.T) {
	r := newRide(corner(t), vehicle.State{}, lane.Spot{Lane: 2, S: 100})
	r.script = func(r *ride) {
		r.view.Lights = append(r.view.Lights[:0], scene.Light{Signal: 0, Colour: scene.Red, Remaining: -1})
		if r.view.Time > 40 {
			r.view.Lights[0].Colour = scene.Green
		}
	}
	for r.view.Time < 90 && r.d.Mode != drive.Arrived {
		r.cycle()
		front := r.state.X + vehicle.Shuttle.Length - vehicle.Shuttle.RearOverhang
		if r.view.Time < 40 && front > 200 {
			t.Fatalf("it ran the red light at %.1f s", r.view.Time)
		}
		if r.view.Time > 35 && r.view.Time < 40 && (front < 197 || r.d.Reason.Code != "red" || r.d.Reason.Signal != 0) {
			t.Fatalf("it stands at %.1f, for %+v", front, r.d.Reason)
		}
	}
	if r.d.Mode != drive.Arrived {
		t.Fatalf("after %.1f s: %v %v %v", r.view.Time, r.d.Mode, r.d.Reason, r.state)
	}
}

func TestItFollowsAndStopsBehind(t *testing.T) {
	r := newRide(corner(t), vehicle.State{}, lane.Spot{Lane: 2, S: 100})
	lead := 30.0
	r.script = func(r *ride) {
		speed := 5.0
		if lead > 120 {
			speed = 0
		}
		lead += speed * drive.Cycle
		r.view.Actors = append(r.view.Actors[:0], scene.Actor{
			ID: 7, Box: geom.Box{Pose: geom.Pose{Vec: geom.Vec{X: lead}}, Length: 4.5, Width: 1.8}, Speed: speed,
		})
	}
	for r.view.Time < 40 {
		r.cycle()
		if gap := lead - 2.25 - r.state.X - 4; gap < 1 {
			t.Fatalf("it came %.2f m near at %.1f s", gap, r.view.Time)
		}
	}
	if r.state.Speed > 0.1 || r.state.X < 105 || r.d.Reason.Subject != 7 {
		t.Errorf("it stands at %.1f with %.2f m/s for %+v", r.state.X, r.state.Speed, r.d.Reason)
	}
}

// street is two lanes of 300 m in one direction, the right one first, with an oncoming lane beside the left one.
func street(t *testing.T, lanes int) *lane.Map {
	t.Helper()
	right := road(t, "right", 13.9, geom.Vec{}, geom.Vec{X: 300})
	on := road(t, "oncoming", 13.9, geom.Vec{X: 300, Y: 3.2 * float64(lanes)}, geom.Vec{Y: 3.2 * float64(lanes)})
	if lanes == 1 {
		right.Opposite = 1
		m, err := lane.NewMap([]lane.Lane{right, on}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	left := road(t, "left", 13.9, geom.Vec{Y: 3.2}, geom.Vec{X: 300, Y: 3.2})
	right.LeftOf, right.MayLeft, left.RightOf, left.MayRight, left.Opposite = 1, true, 0, true, 2
	m, err := lane.NewMap([]lane.Lane{right, left, on}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func box(x, y, length, width float64) geom.Box {
	return geom.Box{Pose: geom.Pose{Vec: geom.Vec{X: x, Y: y}}, Length: length, Width: width}
}

// run drives until done says so, at most for so many seconds, and checks every cycle that nobody is touched.
func (r *ride) run(t *testing.T, seconds float64, done func() bool) {
	t.Helper()
	for end := r.view.Time + seconds; r.view.Time < end && !done(); {
		r.cycle()
		for i := range r.view.Actors {
			if own := vehicle.Shuttle.Box(r.state); own.Overlaps(r.view.Actors[i].Box) {
				t.Fatalf("it touches %d at %.1f s, at %v, for %+v", r.view.Actors[i].ID, r.view.Time, r.state, r.d.Reason)
			}
		}
	}
	if !done() {
		t.Fatalf("after %.1f s: %v %+v at %+v, candidates %v", r.view.Time, r.d.Mode, r.d.Reason, r.state, r.d.Candidates)
	}
}

func TestItChangesLanesForItsGoal(t *testing.T) {
	r := newRide(street(t, 2), vehicle.State{Speed: 8}, lane.Spot{Lane: 1, S: 280})
	r.run(t, 60, func() bool { return r.d.Mode == drive.Arrived })
	if math.Abs(r.state.Y-3.2) > 0.5 {
		t.Errorf("it stands at %v", r.state.Vec)
	}
}

func TestItGoesAroundWhatStandsInItsLane(t *testing.T) {
	r := newRide(street(t, 2), vehicle.State{Speed: 8}, lane.Spot{Lane: 0, S: 280})
	r.view.Actors = []scene.Actor{{ID: 3, Kind: scene.Obstacle, Box: box(120, 0, 2, 2)}}
	r.run(t, 90, func() bool { return r.d.Mode == drive.Arrived })
}

func TestItAsksBeforeItUsesTheOncomingLane(t *testing.T) {
	r := newRide(street(t, 1), vehicle.State{Speed: 8}, lane.Spot{Lane: 0, S: 250})
	r.view.Actors = []scene.Actor{{ID: 3, Kind: scene.Obstacle, Box: box(120, 0, 2, 2.4)}}
	r.run(t, 60, func() bool { return r.d.Assist.Kind == "pass" && r.state.Speed < 0.05 })
	if r.d.Assist.Track != 3 || r.state.X > 112 {
		t.Errorf("it asks for %+v at %v", r.d.Assist, r.state.Vec)
	}
	r.orders.Pass = 3
	r.run(t, 90, func() bool { return r.d.Mode == drive.Arrived })
}

func TestItStopsWhenOrderedAndGoesOnWhenReleased(t *testing.T) {
	r := newRide(corner(t), vehicle.State{Speed: 10}, lane.Spot{Lane: 2, S: 100})
	r.orders.Stop = true
	r.run(t, 6, func() bool { return r.d.Mode == drive.Stopped })
	r.orders.Stop = false
	r.run(t, 60, func() bool { return r.d.Mode == drive.Arrived })
}

func TestItPullsOverOutsideOfTheJunction(t *testing.T) {
	r := newRide(corner(t), vehicle.State{Pose: geom.Pose{Vec: geom.Vec{X: 180}}, Speed: 8}, lane.Spot{Lane: 2, S: 100})
	r.orders.PullOver = true
	r.run(t, 30, func() bool { return r.d.Mode == drive.Stopped })
	if vehicle.Shuttle.Box(r.state).Y < 13 && r.state.X > 195 {
		t.Errorf("it stands in the junction, at %v", r.state.Vec)
	}
}

func TestItMakesRoomForAnEmergencyVehicle(t *testing.T) {
	r := newRide(street(t, 1), vehicle.State{Speed: 12}, lane.Spot{Lane: 0, S: 280})
	behind := -70.0
	r.script = func(r *ride) {
		behind += 2
		r.view.Actors = append(r.view.Actors[:0], scene.Actor{
			ID: 9, Kind: scene.Van, Siren: true, Speed: 20, Box: box(behind, 2.4, 5, 2),
		})
	}
	r.run(t, 10, func() bool { return r.state.Y < -0.2 && r.d.Reason.Code == "siren" })
}

func TestItStopsSafelyWhenTheSensorsGoBlind(t *testing.T) {
	r := newRide(corner(t), vehicle.State{Speed: 12}, lane.Spot{Lane: 2, S: 100})
	r.script = func(r *ride) { r.view.Blind = r.view.Time > 2 }
	r.run(t, 12, func() bool { return r.d.Mode == drive.FailSafe && r.state.Speed == 0 })
	if math.Abs(r.state.Y) > 0.3 {
		t.Errorf("it left its lane: %v", r.state)
	}
}

func TestALateDecisionDrivesTheStoredWayAndThenItPlansAgain(t *testing.T) {
	r := newRide(corner(t), vehicle.State{Speed: 12}, lane.Spot{Lane: 2, S: 100})
	for range 10 {
		r.cycle()
	}
	r.agent.Missed()
	r.cycle()
	if r.d.Mode != drive.FailSafe || r.d.Control.Accel > -1 {
		t.Errorf("after a miss: %v %+v", r.d.Mode, r.d.Control)
	}
	r.run(t, 60, func() bool { return r.d.Mode == drive.Arrived })
}
