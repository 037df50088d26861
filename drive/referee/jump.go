package referee

import (
	"math"

	"hutong/drive/geom"
	"hutong/drive/scene"
)

// A body that is more than leap metres from where its speed could have brought it was set there: a simulator that puts who
// is stuck, or off its lane, somewhere else does that. For a while after it nobody is to blame for meeting it.
const (
	leap    = 2.0 // m
	leapFor = 1.0 // s
)

// body is where somebody was at the last look.
type body struct {
	at     geom.Vec
	speed  float64 // m/s
	jumped float64 // when it was last set somewhere else, s since the world began
}

// jumps notes who was set somewhere else since the last look, dt seconds ago.
func (r *Referee) jumps(t *scene.Truth, dt float64) {
	clear(r.next)
	for i := range t.Actors {
		a := &t.Actors[i]
		b := body{at: a.Box.Vec, speed: math.Abs(a.Speed), jumped: -leapFor}
		if was, known := r.bodies[a.ID]; known {
			if b.jumped = was.jumped; was.at.To(a.Box.Vec) > max(was.speed, b.speed)*dt+leap {
				b.jumped = t.Time
			}
		}
		r.next[a.ID] = b
	}
	r.bodies, r.next = r.next, r.bodies
}

// jumped tells whether somebody has just been set where it is.
func (r *Referee) jumped(t *scene.Truth, id uint32) bool { return t.Time-r.bodies[id].jumped < leapFor }
