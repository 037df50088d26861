// Package referee looks on and says who did what wrong: collisions and whose fault they are, red lights, wrong ways,
// leaving the road, and how near and how rough it was. It sees the truth, all of it, and no plan: what it says doesn't
// depend on what a driver believed.
//
// Thresholds are nuPlan's where nuPlan has one.
package referee

import (
	"fmt"
	"math"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
	"hutong/drive/vehicle"
)

// Ego is one of the vehicles looked at, as it is.
type Ego struct {
	ID       uint32 // the one it has in the Truth
	Spec     *vehicle.Spec
	State    vehicle.State
	Idle     bool // it has nothing to do: that it stands is no deadlock
	FailSafe bool // it drives its fail-safe
	// Goal is where it is to go, by which its way is known; nil: any way will do.
	Goal    *lane.Field
	Passing bool // a person allowed it to drive around something, on the oncoming side if need be
}

// What happened, as the Kind of an Event.
const (
	Collided   = "collision"
	RanRed     = "red light"
	RanStop    = "stop line"
	WentWrong  = "wrong way"
	LeftRoad   = "off-road"
	BrakedHard = "hard brake"
	Deadlocked = "deadlock"
	WentSafe   = "fail-safe"
)

// Event is one thing that happened.
type Event struct {
	At   float64 // s since the world began
	Ego  uint32
	Kind string
	With uint32   // the other, if there is one
	Near geom.Vec // where
	Why  string
}

// Collision is one meeting of bodies; a pair is counted once, until it has been apart for a while.
type Collision struct {
	At         float64
	Ego, With  uint32
	Kind       scene.Kind // of the other
	Class      Class
	AtFault    bool
	Why        string
	Speed      float64 // of the vehicle, m/s
	OtherSpeed float64
	Impact     float64 // m/s: how fast the two moved against each other
	Where      geom.Vec
}

// Referee looks at vehicles in one world. It is used by one goroutine.
type Referee struct {
	m      *lane.Map
	floor  *floor
	gates  []gate
	byCell map[[2]int32][]int32 // gates
	egos   map[uint32]*record
	order  []uint32
	near   []int32 // scratch: actors near the ego
	still  []int32 // scratch: actors that stand
	events []Event
	trail  trail
	last   float64
	begun  bool
	bodies map[uint32]body // everybody at the last look
	next   map[uint32]body // scratch
}

// record is what is known of one vehicle.
type record struct {
	report   Report
	id       uint32
	spec     *vehicle.Spec
	state    vehicle.State
	box      geom.Box
	seen     bool // since a look before
	touching map[uint32]float64
	offRoad  bool
	hard     bool
	failSafe bool
	against  float64 // m gone the wrong way in this stretch
	wrong    bool
	stood    float64  // s without a reason
	waited   float64  // s with one
	stoodAt  geom.Vec // where it came to stand
	locked   bool
	reason   bool    // it stands for one
	asked    float64 // s until that is asked again
	slow     float64 // least speed on the last metres, for stop lines
	slowAt   float64 // way gone when that was
	ranRed   float64 // when it last ran a red light
	pending  []crossing
	window   window
}

// New makes a referee for the roads of m.
func New(m *lane.Map) *Referee {
	r := &Referee{m: m, floor: newFloor(m), egos: make(map[uint32]*record), bodies: make(map[uint32]body), next: make(map[uint32]body)}
	r.gates, r.byCell = newGates(m)
	return r
}

// Look takes note of one instant. Looks come in order, about 0.1 s apart, each with the vehicles that are there. It
// gives what has happened since the last; the slice is good until the next.
func (r *Referee) Look(t *scene.Truth, egos []Ego) []Event {
	r.events = r.events[:0]
	dt := 0.0
	if r.begun {
		dt = min(max(t.Time-r.last, 0), 1)
	}
	r.last, r.begun = t.Time, true
	r.jumps(t, dt)
	for i := range egos {
		r.one(t, &egos[i], dt)
	}
	r.trail.take(t)
	return r.events
}

// Forget lets go of a vehicle that has left; what it did stays in the report.
func (r *Referee) Forget(id uint32) {
	if rec := r.egos[id]; rec != nil {
		rec.seen = false
		clear(rec.touching)
	}
}

func (r *Referee) of(id uint32) *record {
	rec := r.egos[id]
	if rec == nil {
		rec = &record{id: id, touching: make(map[uint32]float64), ranRed: math.Inf(-1)}
		rec.report.begin()
		r.egos[id] = rec
		r.order = append(r.order, id)
	}
	return rec
}

func (r *Referee) tell(rec *record, at float64, kind string, with uint32, why string) {
	r.events = append(r.events, Event{at, rec.id, kind, with, rec.box.Vec, why})
}

func (r *Referee) one(t *scene.Truth, e *Ego, dt float64) {
	rec := r.of(e.ID)
	before, had := rec.state, rec.seen
	rec.spec, rec.state, rec.box, rec.seen = e.Spec, e.State, e.Spec.Box(e.State), true
	step := 0.0
	if had {
		step = before.To(e.State.Vec)
		if step > 5+2*e.Spec.MaxSpeed*dt { // it was set somewhere else
			step, had = 0, false
			rec.window = window{}
		}
	}
	p := &rec.report
	p.Seconds += dt
	p.Km += step / 1000
	if e.State.Speed > standing {
		p.Moving += dt
	}
	r.collisions(t, rec)
	r.nearness(t, rec, dt)
	r.road(t, rec, e, step, dt)
	if had {
		r.lines(t, rec, before, step)
	}
	r.ride(t, rec, e, dt)
}

// collisions takes the bodies that touch. It also gathers who is near, for the rest of the look.
func (r *Referee) collisions(t *scene.Truth, rec *record) {
	r.near = r.near[:0]
	for i := range t.Actors {
		a := &t.Actors[i]
		if a.ID == rec.id {
			continue
		}
		d := a.Box.Vec.Minus(rec.box.Vec)
		if d.Dot(d) > 80*80 {
			continue
		}
		r.near = append(r.near, int32(i))
		if !rec.box.Overlaps(a.Box) {
			continue
		}
		if _, still := rec.touching[a.ID]; !still {
			r.collide(t, rec, a)
		}
		rec.touching[a.ID] = t.Time
	}
	for id, at := range rec.touching {
		if t.Time-at > 5 {
			delete(rec.touching, id)
		}
	}
}

func (r *Referee) collide(t *scene.Truth, rec *record, a *scene.Actor) {
	c := Contact{
		Speed: rec.state.Speed, OtherSpeed: a.Speed,
		Bearing: rec.state.Local(a.Box.Vec).Angle(),
		Bumper:  r.bumper(rec, a), OwnLane: r.ownLane(rec.box),
		OwedWay: r.owed(t, rec, a), RanRed: t.Time-rec.ranRed < 6,
		WrongWay: rec.against > 0, Jumped: r.jumped(t, a.ID),
	}
	class, fault, why := Judge(c)
	impact := a.Velocity().Minus(geom.Towards(rec.state.Heading).Times(rec.state.Speed)).Length()
	rec.report.Collisions = append(rec.report.Collisions, Collision{
		At: t.Time, Ego: rec.id, With: a.ID, Kind: a.Kind, Class: class, AtFault: fault, Why: why,
		Speed: rec.state.Speed, OtherSpeed: a.Speed, Impact: impact, Where: rec.box.Vec,
	})
	r.tell(rec, t.Time, Collided, a.ID, fmt.Sprintf("%s: %s", class, why))
}

// bumper tells whether the line of the vehicle's front touches the other.
func (r *Referee) bumper(rec *record, a *scene.Actor) bool {
	front := rec.box
	front.Vec, front.Length = rec.box.Ahead(rec.box.Length/2, 0), 0.02
	return front.Overlaps(a.Box)
}

// owed tells whether the vehicle is on a way that gives way to the one the other is on.
func (r *Referee) owed(t *scene.Truth, rec *record, a *scene.Actor) bool {
	spot, ok := r.m.Locate(rec.box.Pose, vehicles, 1)
	if !ok {
		return false
	}
	l := r.m.Lane(spot.Lane)
	if l.Signal >= 0 && colour(t, l.Signal) == scene.Green {
		return false
	}
	for _, c := range l.Conflicts {
		if c.Yield && r.isOn(c.With, a.Box.Vec) {
			return true
		}
	}
	return false
}

// isOn tells whether v lies on a lane or on one that leads to it.
func (r *Referee) isOn(id lane.ID, v geom.Vec) bool {
	if r.holds(id, v, 0.5) {
		return true
	}
	for _, p := range r.m.Lane(id).Prev {
		if r.holds(p, v, 0.5) {
			return true
		}
	}
	return false
}

func (r *Referee) holds(id lane.ID, v geom.Vec, slack float64) bool {
	l := r.m.Lane(id)
	s, d := l.Centre.Project(v)
	left, right := l.Widths(s)
	return d <= left+slack && -d <= right+slack
}

func colour(t *scene.Truth, signal int32) scene.Colour {
	if signal < 0 || int(signal) >= len(t.Lights) {
		return scene.Dark
	}
	return t.Lights[signal].Colour
}
