package sumo

import (
	"math"

	"hutong/drive/scene"
)

// SUMO's drivers make room for one of their own who has to change lanes: its model of a change tells whoever is behind in
// the next lane, who then slows down a little. A vehicle that is placed from outside has no such model, and nobody in SUMO
// looks at indicators; so whoever is behind beside an indicator of ours is told here.
const (
	courtesyEvery = 10   // steps between two askings
	courtesyReach = 20.0 // m behind, between middles
	courtesyFor   = 15.0 // s that the same one is asked, at most
	courtesyBrake = 1.0  // m/s², what SUMO's drivers brake with to help
)

// Indicate shows the others to which side a vehicle of ours turns or means to change lanes.
func (w *World) Indicate(id uint32, to scene.Indicator) {
	if e := w.egos[id]; e != nil {
		e.turn = to
	}
}

// letIn asks the first one behind in the lane to the indicator's side to fall back.
func (w *World) letIn(e *ego) error {
	a := w.behind(e)
	if a == nil {
		e.host, e.asking = 0, 0
		return nil
	}
	if e.host != a.ID {
		e.host, e.asking = a.ID, 0
	}
	lapse := courtesyEvery * w.o.StepLength
	if e.asking += lapse; e.asking > courtesyFor {
		return nil
	}
	speed := max(a.Speed-courtesyBrake*lapse, 0)
	if speed < e.at.Speed && a.Speed > 1 {
		return nil // it falls back already
	}
	return w.sumo.Client.SlowDown(w.Name(a.ID), speed, lapse)
}

// behind gives the first of SUMO's vehicles that is beside the vehicle or behind it in the lane to its indicator's side, and
// that it is ahead of by its nose; nil where nobody is.
func (w *World) behind(e *ego) *scene.Actor {
	const narrow, wide, sameWay = 2.0, 5.0, 0.88 // m to the side; the least cosine between the directions
	side := 0.0
	switch e.turn {
	case scene.TurnLeft:
		side = 1
	case scene.TurnRight:
		side = -1
	default:
		return nil
	}
	box := e.spec.Box(e.at)
	var first *scene.Actor
	least := courtesyReach
	for i := range w.actors {
		a := &w.actors[i]
		at := box.Local(a.Box.Vec)
		nose := box.Length/2 - at.X - a.Box.Length/2
		if aside := side * at.Y; aside < narrow || aside > wide || nose < 1 || -at.X > least || a.Vulnerable() ||
			math.Cos(a.Box.Heading-box.Heading) < sameWay {
			continue
		}
		first, least = a, -at.X
	}
	return first
}
