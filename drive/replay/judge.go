package replay

import (
	"fmt"
	"math"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/lane/commonroad"
	"hutong/drive/vehicle"
)

// Verdict is what is right and wrong with a solution of a planning problem. A solution is valid where all four hold.
type Verdict struct {
	Reached  bool // one of its states lies in a goal
	Free     bool // it hits nobody
	OnRoad   bool // it keeps to the lanelets
	Feasible bool // the kinematic single-track model can drive it
	Why      string
	Cost     float64 // SM1, where the problem's goals and the lanes tell it
}

// Valid tells whether all is well.
func (v *Verdict) Valid() bool { return v.Reached && v.Free && v.OnRoad && v.Feasible }

// Limits of the kinematic single-track model for the BMW 320i (CommonRoad: Vehicle Models, 2020a, table 6).
const (
	maxPull   = 11.5  // m/s², along and across together
	maxSwitch = 7.319 // m/s, above which less pull is left forwards
	maxTurn   = 0.4   // rad/s of the front wheels
)

// Judge looks at a solution: the vehicle's states, one for each time step of the scenario from the problem's first.
func Judge(s *commonroad.Scenario, p *commonroad.Problem, spec *vehicle.Spec, way []vehicle.State) Verdict {
	v := Verdict{Free: true, OnRoad: true, Feasible: true}
	note := func(ok *bool, format string, args ...any) {
		if *ok {
			*ok = false
			v.Why += fmt.Sprintf(format, args...) + "; "
		}
	}
	road := commonroad.NewRoad(s.Lanelets)
	for k := range way {
		step := p.Initial.Step + k
		box := spec.Box(way[k])
		for i := range p.Goals {
			state := commonroad.State{Step: step, Pose: box.Pose, Speed: way[k].Speed}
			v.Reached = v.Reached || p.Goals[i].Met(state)
		}
		for i := range s.Others {
			for _, a := range At(nil, s, i, float64(step)*s.Step) {
				if a.Box.Overlaps(box) {
					note(&v.Free, "hits %s %d at step %d", s.Others[i].Type, s.Others[i].ID, step)
				}
			}
		}
		if !road.Carries(box.Grown(0.002, 0.002)) {
			note(&v.OnRoad, "off the road at step %d, (%.2f, %.2f)", step, box.X, box.Y)
		}
		if k > 0 {
			if why := feasible(spec, way[k-1], way[k], s.Step); why != "" {
				note(&v.Feasible, "step %d: %s", step, why)
			}
		}
	}
	if !v.Reached {
		v.Why += "the goal isn't reached"
	}
	v.Cost = costSM1(s, p, way)
	return v
}

// feasible says why the model can't drive from x to y in dt under one turn of the wheels and one pull; "" where it can,
// to 2 cm and 0.03 rad.
func feasible(spec *vehicle.Spec, x, y vehicle.State, dt float64) string {
	turn, pull := (y.Steer-x.Steer)/dt, (y.Speed-x.Speed)/dt
	yaw := x.Speed * math.Tan(x.Steer) / spec.Wheelbase
	switch {
	case math.Abs(turn) > maxTurn+1e-4:
		return fmt.Sprintf("the wheels turn by %.3f rad/s", turn)
	case math.Hypot(pull, x.Speed*yaw) > maxPull:
		return fmt.Sprintf("a pull of %.2f along and %.2f m/s² across", pull, x.Speed*yaw)
	case x.Speed > maxSwitch && pull > maxPull*maxSwitch/x.Speed+1e-6:
		return fmt.Sprintf("a pull of %.2f m/s² at %.1f m/s", pull, x.Speed)
	}
	const parts = 20
	h := dt / parts
	at := x.Pose
	for k := range parts {
		t := (float64(k) + 0.5) * h
		speed, steer := x.Speed+pull*t, x.Steer+turn*t
		bend := math.Tan(steer) / spec.Wheelbase
		at.Vec = at.Plus(geom.Towards(at.Heading + speed*bend*h/2).Times(speed * h))
		at.Heading += speed * bend * h
	}
	off, aside := at.Minus(y.Vec), geom.Wrap(at.Heading-y.Heading)
	if math.Abs(off.X) >= 0.02 || math.Abs(off.Y) >= 0.02 || math.Abs(aside) >= 0.03 {
		return fmt.Sprintf("%.3f m and %.3f rad from where the model would be", off.Length(), aside)
	}
	return ""
}

// costSM1 is the benchmark's cost SM1: 50 for accelerations, for steering angles and for steering rates, 1 for the way,
// 20 for speeds off the goal's and 50 for headings off the lane's, each the integral of the square (but for the way).
func costSM1(s *commonroad.Scenario, p *commonroad.Problem, way []vehicle.State) float64 {
	want := math.Inf(1)
	for i := range p.Goals {
		if g := p.Goals[i].Speed; g != nil {
			want = min(want, g.From)
		}
	}
	sum, last := 0.0, math.Inf(1)
	for k := range way {
		x := way[k]
		part := 50*x.Steer*x.Steer + x.Speed
		if !math.IsInf(want, 0) && want != 0 {
			part += 20 * (want - x.Speed) * (want - x.Speed)
		}
		if spot, ok := s.Map.Locate(x.Pose, ^lane.Users(0), 2); ok {
			off := geom.Wrap(s.Map.Pose(spot).Heading - x.Heading)
			part += 50 * off * off
		}
		if !math.IsInf(last, 0) {
			sum += (part + last) / 2 * s.Step
		}
		last = part
		if k > 0 {
			pull, turn := (x.Speed-way[k-1].Speed)/s.Step, (x.Steer-way[k-1].Steer)/s.Step
			sum += 50 * (pull*pull + turn*turn) * s.Step
		}
	}
	return sum
}
