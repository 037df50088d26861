package referee

import (
	"math"

	"hutong/drive/scene"
)

// nuPlan's bounds of a comfortable ride.
const (
	maxAccel     = 2.40
	minAccel     = -4.05
	maxLateral   = 4.89
	maxYawRate   = 0.95
	maxYawAccel  = 1.93
	maxLongJerk  = 4.13
	maxJerk      = 8.37
	windowLength = 9 // looks; about nuPlan's Savitzky-Golay windows at 0.1 s
)

// window holds the last looks of one vehicle's motion, for derivatives that don't take one look's step for a jerk:
// the slope of a line fitted to the window is what a Savitzky-Golay filter of order 2 gives at its middle.
type window struct {
	at, accel, lateral, yaw [windowLength]float64
	n                       int
}

func (w *window) add(at, accel, lateral, yaw float64) {
	if w.n == windowLength {
		copy(w.at[:], w.at[1:])
		copy(w.accel[:], w.accel[1:])
		copy(w.lateral[:], w.lateral[1:])
		copy(w.yaw[:], w.yaw[1:])
		w.n--
	}
	w.at[w.n], w.accel[w.n], w.lateral[w.n], w.yaw[w.n] = at, accel, lateral, yaw
	w.n++
}

// slope gives how fast y grows over the window.
func (w *window) slope(y *[windowLength]float64) float64 {
	var mt, my float64
	for i := range w.n {
		mt, my = mt+w.at[i], my+y[i]
	}
	mt, my = mt/float64(w.n), my/float64(w.n)
	var num, den float64
	for i := range w.n {
		num += (w.at[i] - mt) * (y[i] - my)
		den += (w.at[i] - mt) * (w.at[i] - mt)
	}
	if den == 0 {
		return 0
	}
	return num / den
}

// rough names the bound that the motion in the window breaks, "" where it keeps all.
func (w *window) rough() string {
	if w.n < windowLength {
		return ""
	}
	k := windowLength / 2
	long, lat := w.slope(&w.accel), w.slope(&w.lateral)
	switch {
	case w.accel[k] > maxAccel || w.accel[k] < minAccel:
		return "acceleration"
	case math.Abs(w.lateral[k]) > maxLateral:
		return "lateral acceleration"
	case math.Abs(w.yaw[k]) > maxYawRate:
		return "yaw rate"
	case math.Abs(w.slope(&w.yaw)) > maxYawAccel:
		return "yaw acceleration"
	case math.Abs(long) > maxLongJerk:
		return "jerk along"
	case math.Hypot(long, lat) > maxJerk:
		return "jerk"
	}
	return ""
}

// ride looks at how it feels, and whether it goes on at all.
func (r *Referee) ride(t *scene.Truth, rec *record, e *Ego, dt float64) {
	p, x := &rec.report, e.State
	yaw := x.Speed * math.Tan(x.Steer) / e.Spec.Wheelbase
	rec.window.add(t.Time, x.Accel, x.Speed*yaw, yaw)
	if why := rec.window.rough(); why != "" {
		p.RoughSeconds += dt
		p.Rough[why] += dt
	}
	p.MaxBrake = max(p.MaxBrake, -x.Accel)
	if hard := x.Accel < minAccel; hard != rec.hard {
		if rec.hard = hard; hard {
			p.HardBrakes++
			r.tell(rec, t.Time, BrakedHard, 0, "it brakes harder than 4.05 m/s²")
		}
	}
	if e.FailSafe != rec.failSafe {
		if rec.failSafe = e.FailSafe; e.FailSafe {
			p.FailSafes++
			r.tell(rec, t.Time, WentSafe, 0, "it drives its fail-safe")
		}
	}
	r.stands(t, rec, e, dt)
}
