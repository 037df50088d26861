package fit

import (
	"math"

	"hutong/drive/vehicle"
)

// Bend is a quintic across a way: from how the vehicle lies to it now, to a distance kept from there on. It is Long metres
// long, along the way.
type Bend struct {
	Long  float64
	begin float64
	c     [6]float64
	keeps float64
}

// NewBend makes the quintic that starts at s with the offset d, the slope d1 and the bend d2, and keeps the offset end after
// long metres, more than 0.
func NewBend(s, long, d, d1, d2, end float64) Bend {
	b := Bend{begin: s, Long: long, keeps: end}
	l := long
	e, e1, e2 := end-d-d1*l-d2*l*l/2, -d1-d2*l, -d2
	b.c = [6]float64{
		d, d1, d2 / 2,
		(10*e - 4*e1*l + e2*l*l/2) / (l * l * l),
		(-15*e + 7*e1*l - e2*l*l) / (l * l * l * l),
		(6*e - 3*e1*l + e2*l*l/2) / (l * l * l * l * l),
	}
	return b
}

// End gives where along the way it is over.
func (b *Bend) End() float64 { return b.begin + b.Long }

// At gives offset, slope and bend at s.
func (b *Bend) At(s float64) (d, d1, d2 float64) {
	t := s - b.begin
	if t >= b.Long {
		return b.keeps, 0, 0
	}
	if t < 0 {
		t = 0
	}
	c := &b.c
	d = c[0] + t*(c[1]+t*(c[2]+t*(c[3]+t*(c[4]+t*c[5]))))
	d1 = c[1] + t*(2*c[2]+t*(3*c[3]+t*(4*c[4]+t*5*c[5])))
	d2 = 2*c[2] + t*(6*c[3]+t*(12*c[4]+t*20*c[5]))
	return d, d1, d2
}

// Pace gives how fast the bend may be driven, m/s, so that the wheels are turned in time and nobody is thrown aside by more
// than lateral, m/s².
func (b *Bend) Pace(spec *vehicle.Spec, lateral float64) float64 {
	const share, slowest = 0.75, 1.0 // of the steering rate there is; m/s
	turn, sharp := 0.0, 0.0
	for t := 0.0; t <= b.Long; t += b.Long / 12 {
		turn = max(turn, math.Abs(6*b.c[3]+t*(24*b.c[4]+t*60*b.c[5])))
		_, _, d2 := b.At(b.begin + t)
		sharp = max(sharp, math.Abs(d2))
	}
	return max(slowest, min(share*spec.MaxSteerRate/max(spec.Wheelbase*turn, 1e-6), math.Sqrt(lateral/max(sharp, 1e-6))))
}
