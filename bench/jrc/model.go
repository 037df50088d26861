package main

import (
	"bufio"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
	"hutong/drive/shield"
	"hutong/drive/vehicle"
)

//go:embed driver.py
var driver string

// drive runs one grid in a Python of its own and answers its model.
func drive(python, source, grid, whose string) (map[string]Result, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close()
	cmd := exec.Command(python, "-c", driver, source, grid, whose, "3")
	cmd.ExtraFiles, cmd.Stderr = []*os.File{write}, os.Stderr
	answers, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", python, err)
	}
	write.Close()
	results, err := answer(bufio.NewReader(read), answers)
	answers.Close()
	if gone := cmd.Wait(); gone != nil {
		err = errors.Join(err, gone)
	}
	return results, err
}

// answer answers the driver's questions until its results come.
func answer(r io.Reader, w io.Writer) (map[string]Result, error) {
	m, err := newModel()
	if err != nil {
		return nil, err
	}
	for {
		var kind [1]byte
		if _, err := io.ReadFull(r, kind[:]); err != nil {
			return nil, fmt.Errorf("the simulator ended without results: %w", err)
		}
		switch kind[0] {
		case 'a':
			var q question
			if err := binary.Read(r, binary.LittleEndian, &q); err != nil {
				return nil, err
			}
			if err := binary.Write(w, binary.LittleEndian, m.brake(&q)); err != nil {
				return nil, err
			}
		case 'd':
			var speed float64
			if err := binary.Read(r, binary.LittleEndian, &speed); err != nil {
				return nil, err
			}
			if err := binary.Write(w, binary.LittleEndian, limits.Follow(speed, speed)); err != nil {
				return nil, err
			}
		case 'r':
			var n uint32
			if err := binary.Read(r, binary.LittleEndian, &n); err != nil {
				return nil, err
			}
			var results map[string]Result
			return results, json.NewDecoder(io.LimitReader(r, int64(n))).Decode(&results)
		default:
			return nil, fmt.Errorf("the simulator sent a record of kind %q", kind[0])
		}
	}
}

// question is one step of one case as the simulator gives it to its models: metres, seconds; x along the road, y to the
// left.
type question struct {
	Fresh           float64 // 1: a case begins
	Time            float64 // since it began
	Late            float64 // what is left of the reaction time
	Brake           float64 // m/s², in force
	Speed           float64
	X, Y            float64
	OtherX, OtherY  float64
	OtherVX         float64
	OtherVY         float64
	Length, Breadth float64 // of either
}

// The simulator's vehicle: it brakes with 0.774 g at most, which comes in with 12.65 m/s³ after 0.75 s.
var (
	body = vehicle.Spec{
		Length: 4.3, Width: 1.9, Wheelbase: 2.7, RearOverhang: 0.8, MaxSteer: 0.6, MaxSteerRate: 0.6, MaxSpeed: 60,
		MaxAccel: 1, MaxBrake: 0.774 * 9.81, MaxJerk: 12.65, MaxBrakeJerk: 12.65,
	}
	limits = shield.Params{
		Delay: 0.1, Response: 0.85, MaxAccel: 1, MinBrake: 4, Hard: 0.774 * 9.81, HardJerk: 12.65,
		OtherResponse: 1, OtherAccel: 2, OtherMinBrake: 4, OtherMaxBrake: 0.95 * 9.81, OverLimit: 1.2,
		LateralAccel: 1, LateralBrake: 0.8, LateralGap: 0.3, Drift: 0.05,
		WalkAccel: 0.8, WalkSpeed: 2.5, Gap: 1,
	}
)

// model is the shield as the simulator's model: one for a vehicle that has yet to react, one for a vehicle that reacts.
type model struct {
	calm, alert *shield.Shield
	view        scene.View
	plan        [61]vehicle.State
}

func newModel() (*model, error) {
	centre, err := geom.NewPath([]geom.Vec{{X: -1000}, {X: 5000}})
	if err != nil {
		return nil, err
	}
	half := []float64{20, 20}
	road, err := lane.NewMap([]lane.Lane{{ // the models aren't told of lanes: all is one wide road
		Name: "road", Centre: centre, ToLeft: half, ToRight: half, Limit: 130 / 3.6, Users: lane.Cars,
		LeftOf: lane.None, RightOf: lane.None, Opposite: lane.None, Signal: -1,
	}}, nil)
	if err != nil {
		return nil, err
	}
	late := limits
	late.Delay = limits.Response
	m := &model{view: scene.View{Range: 300, Actors: make([]scene.Actor, 1)}}
	if m.calm, err = shield.New(road, &body, late); err != nil {
		return nil, err
	}
	m.alert, err = shield.New(road, &body, limits)
	return m, err
}

// brake answers a question: how hard to brake, m/s²; 0 where to go on as fast as now is released.
func (m *model) brake(q *question) float64 {
	m.view.Time, m.view.Taken = q.Time, q.Time
	m.view.Ego = vehicle.State{Pose: geom.Pose{Vec: geom.Vec{X: q.X + body.RearOverhang - body.Length/2, Y: q.Y}}, Speed: q.Speed, Accel: -q.Brake}
	m.view.Actors[0] = other(q)
	state := m.view.Ego
	state.Accel = 0
	for i := range m.plan {
		m.plan[i] = state
		state.X += q.Speed * 0.1
	}
	s := m.alert
	if q.Late > 0 {
		s = m.calm
	}
	s.Look(&m.view)
	if s.Judge(m.plan[:]).Released {
		return 0
	}
	c, _ := s.FailSafe()
	return max(-c.Accel, 0)
}

// other is the simulator's other vehicle. Its vehicles slide sideways without turning; one that drives where its heading
// points is given the measures that cover the same place.
func other(q *question) scene.Actor {
	a := scene.Actor{ID: 1, Speed: math.Hypot(q.OtherVX, q.OtherVY)}
	a.Box = geom.Box{Pose: geom.Pose{Vec: geom.Vec{X: q.OtherX, Y: q.OtherY}}, Length: q.Length, Width: q.Breadth}
	if a.Speed > 0 {
		a.Box.Heading = math.Atan2(q.OtherVY, q.OtherVX)
	}
	if sin, cos := math.Sincos(math.Abs(a.Box.Heading)); cos*cos-sin*sin > 0.1 {
		a.Box.Length = (q.Length*cos - q.Breadth*sin) / (cos*cos - sin*sin)
		a.Box.Width = (q.Breadth*cos - q.Length*sin) / (cos*cos - sin*sin)
	}
	a.Box.Width = max(a.Box.Width, 0.2)
	return a
}
