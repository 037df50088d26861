package reach

import (
	"math"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/predict"
	"hutong/drive/scene"
	"hutong/drive/vehicle"
)

// future is where the others are held to be at each tick from now.
type future struct {
	at [][]other
}

// other is one road user at one tick. share is how likely it is there.
type other struct {
	body
	reach float64 // m, from its middle to its corners
	speed float64
	share float64
}

// Log tells where the others will be: those recorded, at a time, s.
type Log func(dst []scene.Actor, time float64) []scene.Actor

func (f *future) clear(horizon int) {
	for len(f.at) <= horizon {
		f.at = append(f.at, nil)
	}
	for k := range f.at {
		f.at[k] = f.at[k][:0]
	}
}

func (f *future) add(k int, a *scene.Actor, at geom.Pose, speed, share float64) {
	o := other{body: newBody(geom.Box{Pose: at, Length: a.Box.Length, Width: a.Box.Width}), speed: speed, share: share}
	o.reach = math.Hypot(o.long, o.wide)
	f.at[k] = append(f.at[k], o)
}

// foretell fills the future by the predictor. The vehicle itself is hidden from it: whoever is recorded won't mind it.
func (f *future) foretell(p *predict.Predictor, v *scene.View, spec *vehicle.Spec, seen float64) {
	const horizon = predict.Steps
	f.clear(horizon)
	motions := p.Look(v, lane.Spot{Lane: lane.None}, spec, nil)
	for i := range motions {
		m := &motions[i]
		if m.Share < 0.1 || m.Actor.Box.To(v.Ego.Vec) > seen {
			continue
		}
		for k := 0; k <= horizon; k++ {
			f.add(k, m.Actor, m.Boxes[k], m.Speed[k], m.Share)
		}
	}
}

// remember fills the future from the log, so many ticks from a time on, with those within reach of a place.
func (f *future) remember(log Log, time, tick float64, horizon int, place geom.Vec, reach float64) {
	f.clear(horizon)
	var now []scene.Actor
	for k := 0; k <= horizon; k++ {
		now = log(now[:0], time+float64(k)*tick)
		for i := range now {
			if a := &now[i]; a.Box.To(place) < reach {
				f.add(k, a, a.Box.Pose, a.Speed, 1)
			}
		}
	}
}
