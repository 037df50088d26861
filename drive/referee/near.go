package referee

import (
	"math"

	"hutong/drive/geom"
	"hutong/drive/scene"
)

const (
	tooNear  = 0.95 // s to a collision that are too few
	horizon  = 3.0  // s that the time to a collision looks ahead
	trailFor = 5.0  // s that bodies are remembered for the time between two in one place
	trailBy  = 0.2  // s
	tooClose = 1.0  // s between two in one place that are too few
)

// nearness measures how near it was: the time to a collision if all go on as they do, the deceleration that would avoid
// it, and the time between two who crossed one place.
func (r *Referee) nearness(t *scene.Truth, rec *record, dt float64) {
	p := &rec.report
	if rec.state.Speed > standing {
		ttc, drac := math.Inf(1), 0.0
		inside := r.ownLane(rec.box)
		velocity := geom.Towards(rec.state.Heading).Times(rec.state.Speed)
		for _, i := range r.near {
			a := &t.Actors[i]
			if _, touches := rec.touching[a.ID]; touches {
				continue
			}
			bearing := math.Abs(geom.Wrap(rec.state.Local(a.Box.Vec).Angle()))
			if bearing > behind || inside && bearing > ahead {
				continue
			}
			ttc = min(ttc, meet(rec.box, velocity, a.Box, a.Velocity(), horizon))
			drac = max(drac, avoid(rec, a))
		}
		p.MinTTC = min(p.MinTTC, ttc)
		if ttc < tooNear {
			p.NearSeconds += dt
		}
		p.MaxDRAC = max(p.MaxDRAC, drac)
	}
	if r.trail.due(t.Time) {
		r.encroach(t, rec)
	}
}

// avoid gives the deceleration that keeps the vehicle from running into one who goes the same way in front of it.
func avoid(rec *record, a *scene.Actor) float64 {
	if math.Abs(geom.Wrap(a.Box.Heading-rec.box.Heading)) > math.Pi/4 {
		return 0
	}
	at := rec.box.Local(a.Box.Vec)
	closing := rec.state.Speed - a.Speed*math.Cos(a.Box.Heading-rec.box.Heading)
	gap := at.X - (rec.box.Length+a.Box.Length)/2
	if closing <= 0 || gap <= 0 || math.Abs(at.Y) > (rec.box.Width+a.Box.Width)/2 {
		return 0
	}
	return closing * closing / (2 * max(gap, 0.1))
}

// trail remembers where bodies were in the last seconds.
type trail struct {
	at    [int(trailFor/trailBy) + 1]float64
	actor [int(trailFor/trailBy) + 1][]past
	head  int
	next  float64
}

type past struct {
	id    uint32
	box   geom.Box
	speed float64
}

func (tr *trail) due(now float64) bool { return now >= tr.next-1e-6 }

func (tr *trail) take(t *scene.Truth) {
	if !tr.due(t.Time) {
		return
	}
	tr.next = t.Time + trailBy
	tr.head = (tr.head + 1) % len(tr.at)
	tr.at[tr.head] = t.Time
	list := tr.actor[tr.head][:0]
	for i := range t.Actors {
		a := &t.Actors[i]
		if math.Abs(a.Speed) > standing {
			list = append(list, past{a.ID, a.Box, a.Speed})
		}
	}
	tr.actor[tr.head] = list
}

// encroach measures the time between two who crossed one place: the vehicle where another was before, and another where
// the vehicle was. Those who go the same way follow each other and don't count.
func (r *Referee) encroach(t *scene.Truth, rec *record) {
	least := math.Inf(1)
	cross := func(b, was geom.Box, at float64) {
		d := b.Vec.Minus(was.Vec)
		if r := b.Length + was.Length; t.Time-at >= least || d.Dot(d) > r*r {
			return
		}
		if math.Abs(math.Sin(b.Heading-was.Heading)) > 0.35 && b.Overlaps(was) {
			least = t.Time - at
		}
	}
	for k := range r.trail.at {
		at := r.trail.at[k]
		for i := range r.trail.actor[k] {
			was := &r.trail.actor[k][i]
			if was.id != rec.id {
				if _, touched := rec.touching[was.id]; !touched && rec.state.Speed > standing {
					cross(rec.box, was.box, at)
				}
				continue
			}
			for _, n := range r.near {
				if a := &t.Actors[n]; math.Abs(a.Speed) > standing {
					if _, touched := rec.touching[a.ID]; !touched {
						cross(a.Box, was.box, at)
					}
				}
			}
		}
	}
	p := &rec.report
	p.MinPET = min(p.MinPET, least)
	if least < tooClose {
		p.CloseSeconds += trailBy
	}
}
