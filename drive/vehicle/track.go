package vehicle

import "math"

// Tracker keeps a vehicle on a path: a linear-quadratic regulator over the way it is off to the side, the angle it is
// off by and its steering, with gains worked out beforehand for every speed. It holds no state, so that a simulated
// vehicle and the real one may share it.
type Tracker struct {
	spec  *Spec
	gains [trackSpeeds][3]float64 // the feedback, by speed
}

const (
	trackCycle  = 0.1 // s between two calls
	trackSpeeds = 81
	trackPace   = 0.5 // m/s between two gains
	// The regulator's weights: a metre off, a radian off, and the steering rate in rad/s.
	weighOff, weighTurn, weighRate = 1.0, 4.0, 6.0
	// reluctance is how much of the feedforward's error counts: nearly none, the way is to be kept and not the wheel.
	reluctance = 0.05
	// gentle is up to which speed the weights hold as they are, m/s.
	gentle = 14.0
)

// NewTracker works out the gains for a vehicle.
func NewTracker(spec *Spec) *Tracker {
	t := &Tracker{spec: spec}
	var p matrix // what is left to pay, from the last speed on: the next one's differs little
	for i := range t.gains {
		t.gains[i] = regulate(&p, max(float64(i)*trackPace, 1), spec.Wheelbase)
	}
	return t
}

// Off is how a vehicle lies to the path it should follow.
type Off struct {
	Side float64 // m, to the left of it
	Turn float64 // rad, its heading less the path's
	// Curve is how sharply the path turns where the vehicle is when the wheels have followed, 1/m.
	Curve float64
}

// Steer gives the front wheels' angle to ask for until the next call, 0.1 s later.
func (t *Tracker) Steer(x State, o Off) float64 {
	ahead := math.Atan(t.spec.Wheelbase * o.Curve)
	at := min(max(x.Speed/trackPace, 0), trackSpeeds-1)
	i := min(int(at), trackSpeeds-2)
	f := at - float64(i)
	a, b := &t.gains[i], &t.gains[i+1]
	rate := -(mix(a[0], b[0], f)*o.Side + mix(a[1], b[1], f)*o.Turn + mix(a[2], b[2], f)*(x.Steer-ahead))
	rate = min(max(rate, -t.spec.MaxSteerRate), t.spec.MaxSteerRate)
	return min(max(x.Steer+rate*trackCycle, -t.spec.MaxSteer), t.spec.MaxSteer)
}

func mix(a, b, share float64) float64 { return a + share*(b-a) }

type (
	matrix [3][3]float64
	column [3]float64
)

// regulate iterates the discrete Riccati equation for the bicycle's errors at one speed, from p on, until it stands
// still, and gives the feedback: steering rate = -K·(side, turn, steering).
func regulate(p *matrix, speed, wheelbase float64) [3]float64 {
	h, turn := trackCycle, speed/wheelbase*trackCycle // of the heading per radian of steering and cycle
	a := matrix{{1, speed * h, speed * h * turn / 2}, {0, 1, turn}, {0, 0, 1}}
	b := column{speed * h * turn * h / 6, turn * h / 2, h}
	q := column{weighOff, weighTurn, reluctance}
	rate := weighRate * max(1, math.Pow(speed/gentle, 4)) // what the passengers feel grows with the square of the speed
	var gain column
	for range 500 {
		var last column
		last, gain = gain, feedback(p, &a, b, rate)
		*p = descend(p, &a, b, q, gain)
		if math.Abs(gain[0]-last[0])+math.Abs(gain[1]-last[1])+math.Abs(gain[2]-last[2]) < 1e-7 {
			break
		}
	}
	return gain
}

// feedback gives (R + BᵀPB)⁻¹ BᵀPA, R being what the steering rate weighs.
func feedback(p, a *matrix, b column, rate float64) column {
	var bp column
	for j := range 3 {
		bp[j] = b[0]*p[0][j] + b[1]*p[1][j] + b[2]*p[2][j]
	}
	scale := 1 / (rate*trackCycle + bp[0]*b[0] + bp[1]*b[1] + bp[2]*b[2])
	var k column
	for j := range 3 {
		k[j] = scale * (bp[0]*a[0][j] + bp[1]*a[1][j] + bp[2]*a[2][j])
	}
	return k
}

// descend gives Q + AᵀP(A - BK).
func descend(p, a *matrix, b, q, k column) matrix {
	var closed, next matrix
	for i := range 3 {
		for j := range 3 {
			closed[i][j] = a[i][j] - b[i]*k[j]
		}
	}
	for i := range 3 {
		for j := range 3 {
			sum := 0.0
			for m := range 3 {
				for n := range 3 {
					sum += a[m][i] * p[m][n] * closed[n][j]
				}
			}
			next[i][j] = sum
		}
		next[i][i] += q[i]
	}
	return next
}
