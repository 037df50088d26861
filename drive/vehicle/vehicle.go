// Package vehicle is the body that is driven: its measures and limits, a kinematic bicycle that says where it goes, and
// the controller that keeps it on a trajectory.
package vehicle

import (
	"math"

	"hutong/drive/geom"
)

// Spec is what a vehicle is and can do. Metres, seconds, radians.
type Spec struct {
	Length, Width float64
	Wheelbase     float64
	RearOverhang  float64 // from the rear axle to the rear end
	MaxSteer      float64 // of the front wheels, each way
	MaxSteerRate  float64 // rad/s
	MaxSpeed      float64
	MaxAccel      float64 // m/s²
	MaxBrake      float64 // m/s², positive, the hardest there is
	MaxJerk       float64 // m/s³ while driving; the brake may be applied MaxBrakeJerk fast
	MaxBrakeJerk  float64
}

// Shuttle is the area's vehicle: six seats, electric, at most 50 km/h, with a turning circle of 11 m.
var Shuttle = Spec{
	Length: 4.9, Width: 1.95, Wheelbase: 3.0, RearOverhang: 0.9,
	MaxSteer: 0.68, MaxSteerRate: 0.6, MaxSpeed: 13.9, MaxAccel: 2.0, MaxBrake: 8.0, MaxJerk: 4.0, MaxBrakeJerk: 30,
}

// State is where a vehicle is and how it moves. The pose is that of its rear axle's middle.
type State struct {
	geom.Pose
	Speed float64 // m/s, never negative
	Accel float64 // m/s²
	Steer float64 // of the front wheels, rad, to the left positive
}

// Control is what is asked of the vehicle until the next control.
type Control struct {
	Accel float64 // m/s², negative brakes
	Steer float64 // front wheels' angle to go to, rad
	// Hard lets the brake come in as fast as it can: an emergency.
	Hard bool
}

// Box gives the vehicle's outline.
func (s *Spec) Box(x State) geom.Box {
	return geom.Box{
		Pose:   geom.Pose{Vec: x.Ahead(s.Length/2-s.RearOverhang, 0), Heading: x.Heading},
		Length: s.Length, Width: s.Width,
	}
}

// Step gives the state dt seconds later under control c. It keeps to the spec's limits whatever c asks; the vehicle
// stops at 0 and doesn't roll back. dt is at most 0.2 s.
func (s *Spec) Step(x State, c Control, dt float64) State {
	jerk, brake := s.MaxJerk*dt, s.MaxJerk*dt
	if c.Hard {
		brake = s.MaxBrakeJerk * dt
	}
	accel := min(max(c.Accel, -s.MaxBrake), s.MaxAccel)
	accel = min(max(accel, x.Accel-brake), x.Accel+jerk)
	steer := min(max(c.Steer, -s.MaxSteer), s.MaxSteer)
	steer = min(max(steer, x.Steer-s.MaxSteerRate*dt), x.Steer+s.MaxSteerRate*dt)

	if x.Speed > s.MaxSpeed { // faster than it can: it only slows down
		accel = min(accel, 0)
	}
	way := x.Speed*dt + accel*dt*dt/2
	speed := x.Speed + accel*dt
	switch {
	case speed < 0: // it stands before the step is over
		way, speed = 0, 0
		if accel < 0 {
			way = x.Speed * x.Speed / (-2 * accel)
		}
		accel = 0
	case speed > s.MaxSpeed && x.Speed <= s.MaxSpeed:
		way, speed, accel = (x.Speed+s.MaxSpeed)/2*dt, s.MaxSpeed, (s.MaxSpeed-x.Speed)/dt
	}
	way = max(way, 0)
	turn := way * math.Tan((x.Steer+steer)/2) / s.Wheelbase
	middle := geom.Towards(x.Heading + turn/2)
	return State{
		Pose:  geom.Pose{Vec: x.Vec.Plus(middle.Times(way)), Heading: geom.Wrap(x.Heading + turn)},
		Speed: speed, Accel: accel, Steer: steer,
	}
}
