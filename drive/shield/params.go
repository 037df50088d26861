package shield

import (
	"fmt"
	"math"
	"reflect"
)

// Params are the assumptions a judgement rests on, in the terms of IEEE 2846-2022: what a reasonable road user may be
// expected to do at most, and what this vehicle does at least. All are positive; metres, seconds.
type Params struct {
	// Of this vehicle.
	Delay    float64 // s from a veto to the first of the brake: the cycle it drives on
	Response float64 // s from a danger to its proper response
	MaxAccel float64 // m/s², the most it speeds up while it has not yet responded
	MinBrake float64 // m/s², the least it brakes in its proper response
	Hard     float64 // m/s², what its fail-safe stop brakes with; no more than the vehicle can
	HardJerk float64 // m/s³, how fast that brake comes in

	// Of the others.
	OtherResponse float64 // s until one who sees this vehicle in the way begins to brake
	OtherAccel    float64 // m/s², the most they speed up
	OtherMinBrake float64 // m/s², the least they then brake with
	OtherMaxBrake float64 // m/s², the most a vehicle ahead brakes with
	OverLimit     float64 // how many times the limit they drive at most

	// Across the lane.
	LateralAccel float64 // m/s², the most that either speeds up sideways while it has not responded
	LateralBrake float64 // m/s², the least either then takes that speed back with
	LateralGap   float64 // m that stay between two in any case
	Drift        float64 // m/s sideways that still counts as keeping one's lane

	// Of those on foot.
	WalkAccel float64 // m/s², how fast one changes one's mind, in any direction
	WalkSpeed float64 // m/s, at most

	Gap float64 // m that stay ahead and behind in any case
}

// City is for streets up to about 60 km/h.
var City = Params{
	Delay: dt, Response: 0.3, MaxAccel: 2, MinBrake: 4.5, Hard: 7, HardJerk: 25,
	OtherResponse: 1, OtherAccel: 2, OtherMinBrake: 4, OtherMaxBrake: 8, OverLimit: 1.2,
	LateralAccel: 0.2, LateralBrake: 0.8, LateralGap: 0.15, Drift: 0.3,
	WalkAccel: 0.8, WalkSpeed: 2.5,
	Gap: 0.3,
}

// Check tells what of the parameters can't be.
func (p *Params) Check() error {
	for v, i := reflect.ValueOf(*p), 0; i < v.NumField(); i++ {
		if x := v.Field(i).Float(); !(x > 0) || math.IsInf(x, 0) {
			return fmt.Errorf("shield: %s is %g; it must be a positive number", v.Type().Field(i).Name, x)
		}
	}
	if p.MinBrake > p.Hard {
		return fmt.Errorf("shield: MinBrake %g is above Hard %g", p.MinBrake, p.Hard)
	}
	return nil
}

// Follow gives the distance, m from nose to rear, that this vehicle keeps at its speed to one ahead at its.
func (p *Params) Follow(speed, front float64) float64 {
	return p.Gap + Longitudinal(speed, front, p.Response, p.MaxAccel, p.MinBrake, p.OtherMaxBrake)
}
