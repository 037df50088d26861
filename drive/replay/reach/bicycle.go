package reach

import (
	"math"

	"hutong/drive/geom"
	"hutong/drive/vehicle"
)

// state is the kinematic single-track model's: the rear axle's place, the heading, the speed and the angle of the wheels.
type state [5]float64

// The parts of a state.
const (
	atX = iota
	atY
	atHeading
	atSpeed
	atWheels
)

// input is what drives it over one step: an acceleration, and how fast the wheels turn.
type input [2]float64

// matrix is the step's slope by the state and, in the last two columns, by the input.
type matrix [5][7]float64

func (x *state) pose() geom.Pose {
	return geom.Pose{Vec: geom.Vec{X: x[atX], Y: x[atY]}, Heading: x[atHeading]}
}

func stateOf(x vehicle.State) state { return state{x.X, x.Y, x.Heading, x.Speed, x.Steer} }

// bicycle is the model, by steps of dt.
type bicycle struct {
	spec *vehicle.Spec
	dt   float64
}

// step gives the state after a step. The speed must not fall below 0 in it.
func (b *bicycle) step(x state, u input) state {
	way := x[atSpeed]*b.dt + u[0]*b.dt*b.dt/2
	turn := way * math.Tan(x[atWheels]+u[1]*b.dt/2) / b.spec.Wheelbase
	to := geom.Towards(x[atHeading] + turn/2)
	return state{
		x[atX] + way*to.X, x[atY] + way*to.Y, x[atHeading] + turn,
		max(0, x[atSpeed]+u[0]*b.dt), x[atWheels] + u[1]*b.dt,
	}
}

// slope gives how the step's end changes with its beginning and the input.
func (b *bicycle) slope(x state, u input) (m matrix) {
	dt := b.dt
	way := x[atSpeed]*dt + u[0]*dt*dt/2
	tan := math.Tan(x[atWheels] + u[1]*dt/2)
	bend, more := tan/b.spec.Wheelbase, (1+tan*tan)/b.spec.Wheelbase
	to := geom.Towards(x[atHeading] + way*bend/2)
	for i := range 5 {
		m[i][i] = 1
	}
	m[atX][atHeading], m[atY][atHeading] = -way*to.Y, way*to.X
	const accel, rate = 5, 6
	for _, by := range [4]struct {
		col       int
		way, turn float64
	}{
		{atSpeed, dt, dt * bend},
		{accel, dt * dt / 2, dt * dt / 2 * bend},
		{atWheels, 0, way * more},
		{rate, 0, way * more * dt / 2},
	} {
		m[atX][by.col] += by.way*to.X - way*to.Y*by.turn/2
		m[atY][by.col] += by.way*to.Y + way*to.X*by.turn/2
		m[atHeading][by.col] += by.turn
	}
	m[atSpeed][accel], m[atWheels][rate] = dt, dt
	return m
}

// The pull of the tyres and of the engine, with a little in hand for rounding.
const (
	grip  = 11.2 // m/s², along and across together
	power = 0.97 * 11.5 * 7.319
)

// bounds gives the least and the greatest input at a state.
func (b *bicycle) bounds(x state) (low, high input) {
	low = input{max(-grip, -x[atSpeed]/b.dt), max(-b.spec.MaxSteerRate, (-b.spec.MaxSteer-x[atWheels])/b.dt)}
	high = input{
		min(grip, power/max(x[atSpeed], 1), (b.spec.MaxSpeed-x[atSpeed])/b.dt),
		min(b.spec.MaxSteerRate, (b.spec.MaxSteer-x[atWheels])/b.dt),
	}
	high[0] = max(high[0], low[0])
	return low, high
}

func held(u, low, high input) input {
	return input{min(max(u[0], low[0]), high[0]), min(max(u[1], low[1]), high[1])}
}

// body gives the outline at a state.
func (b *bicycle) body(x *state) body {
	u := geom.Towards(x[atHeading])
	far := b.spec.Length/2 - b.spec.RearOverhang
	return body{geom.Vec{X: x[atX] + far*u.X, Y: x[atY] + far*u.Y}, u.X, u.Y, b.spec.Length / 2, b.spec.Width / 2}
}
