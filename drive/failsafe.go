package drive

import (
	"math"

	"hutong/drive/geom"
	"hutong/drive/predict"
	"hutong/drive/vehicle"
)

// failSafe is the way to a stop that an agent has in store: the line of the last way it drove, and the brake.
type failSafe struct {
	spec    *vehicle.Spec
	tracker *vehicle.Tracker
	line    []geom.Pose
	curve   []float64
	last    vehicle.Control
}

// firm is how hard a fail-safe brakes, m/s².
const firm = 4.0

func newFailSafe(spec *vehicle.Spec) failSafe {
	return failSafe{
		spec: spec, tracker: vehicle.NewTracker(spec),
		line: make([]geom.Pose, 0, predict.Steps+1), curve: make([]float64, 0, predict.Steps+1),
	}
}

// keep stores the line of a plan.
func (f *failSafe) keep(states []vehicle.State) {
	f.line, f.curve = f.line[:0], f.curve[:0]
	for i := range states {
		x := &states[i]
		if n := len(f.line); n > 0 && f.line[n-1].To(x.Vec) < 0.3 {
			continue
		}
		f.line = append(f.line, x.Pose)
		f.curve = append(f.curve, math.Tan(x.Steer)/f.spec.Wheelbase)
	}
}

// hold stores that the vehicle stays where it is.
func (f *failSafe) hold(x vehicle.State) {
	f.line, f.curve = append(f.line[:0], x.Pose), append(f.curve[:0], math.Tan(x.Steer)/f.spec.Wheelbase)
}

// drive brakes along the stored line. Where not even the vehicle's own state can be believed, the wheels stay.
func (f *failSafe) drive(x vehicle.State, d *Decision) {
	c := vehicle.Control{Accel: -firm, Hard: true, Steer: f.last.Steer}
	if sound(x) {
		c.Steer = f.steer(x)
		d.Plan = d.Plan[:0]
		at := x
		for range predict.Steps / 2 {
			d.Plan = append(d.Plan, at)
			at = f.spec.Step(at, vehicle.Control{Accel: -firm, Hard: true, Steer: f.steer(at)}, predict.Tick)
		}
	}
	f.last = c
	d.Control = c
}

func (f *failSafe) steer(x vehicle.State) float64 {
	best, near := -1, 5.0 // farther off, the line says nothing about this place
	for i := range f.line {
		if far := f.line[i].To(x.Vec); far < near {
			best, near = i, far
		}
	}
	if best < 0 {
		return min(max(x.Steer, -f.spec.MaxSteer), f.spec.MaxSteer)
	}
	at := f.line[best]
	return f.tracker.Steer(x, vehicle.Off{
		Side: at.Local(x.Vec).Y, Turn: geom.Wrap(x.Heading - at.Heading), Curve: f.curve[best],
	})
}
