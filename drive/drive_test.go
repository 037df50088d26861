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
