package trial

import (
	"context"
	"errors"
	"fmt"
	"math"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
	"hutong/drive/sense"
	"hutong/drive/town"
	"hutong/drive/vehicle"
)

// Set is where a trial plays: our town without its traffic, or a road made for it.
type Set func() (*lane.Map, *town.Town, error)

// Part is one road user of a trial: a body on a line, and what it does there.
type Part struct {
	Name          string
	Kind          scene.Kind
	Length, Width float64 // 0: as usual for its kind

	// Its line: along the lanes from From to To, or over the points of Over.
	From, To Place
	Over     []geom.Vec
	At       float64 // m along its line, at the start
	Aside    float64 // m to the left of its line
	Speed    float64 // m/s, at the start
	Siren    bool
	Heedful  bool    // it keeps its distance from who is in front of it on its line
	Headway  float64 // s of it, where it is Heedful; 0: 1.2
	Polite   bool    // where it is Heedful, it lets one in who is ahead in the next lane and indicates
	Cues     []Cue   // what it does, one after the other
}

// Cue is something a part does at some moment.
type Cue struct {
	When When
	Do   Act
}

// When says whether a moment has come.
type When func(*Run) bool

// Act changes what an actor does.
type Act func(*actor)

// actor is a part on the stage.
type actor struct {
	part  *Part
	id    uint32
	path  geom.Path
	s, d  float64
	speed float64
	accel float64
	want  float64 // m/s it goes to, at
	rate  float64 // m/s²
	slide float64 // the d it goes to, at
	drift float64 // m/s
	turn  scene.Indicator
	back  bool
	gone  bool
	box   geom.Box
	yaw   float64
	cues  []Cue
	cued  float64 // when the last cue was
}

// stage is the world of a trial.
type stage struct {
	m      *lane.Map
	lights *town.Town // nil: no lights
	walls  *sense.Walls
	now    float64
	actors []*actor
	ego    scene.Actor
	spec   *vehicle.Spec
	run    *Run
}

func newStage(t *Trial) (*stage, error) {
	m, lights, err := t.On()
	if err != nil {
		return nil, err
	}
	st := &stage{m: m, lights: lights}
	if lights != nil {
		for k := 0.0; k < t.Clock; k += 0.1 {
			if err := lights.Step(context.Background(), 0.1); err != nil {
				return nil, err
			}
		}
		var outlines [][]geom.Vec
		for _, h := range lights.Places().Houses {
			outlines = append(outlines, h.Points)
		}
		st.walls = sense.NewWalls(outlines)
		for _, p := range t.Dark {
			at, err := spot(m, p)
			if err != nil {
				return nil, err
			}
			for _, n := range m.Lane(at.Lane).Next {
				if s := m.Lane(n).Signal; s >= 0 {
					lights.SetDark(s, true)
				}
			}
		}
	}
	for i := range t.Cast {
		a, err := newActor(m, &t.Cast[i], uint32(i)+1)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.Cast[i].Name, err)
		}
		st.actors = append(st.actors, a)
	}
	return st, nil
}

// sizes are those of the kinds, length and width.
var sizes = [...][2]float64{
	scene.Car: {4.5, 1.8}, scene.Van: {5.4, 2.0}, scene.Truck: {9, 2.5}, scene.Bus: {11, 2.5}, scene.Motorcycle: {2.1, 0.8},
	scene.Bicycle: {1.8, 0.65}, scene.Pedestrian: {0.5, 0.6}, scene.Tram: {20, 2.4}, scene.Obstacle: {0.8, 0.8}, scene.Unknown: {1, 1},
}

func newActor(m *lane.Map, p *Part, id uint32) (*actor, error) {
	if p.Length == 0 {
		p.Length, p.Width = sizes[p.Kind][0], sizes[p.Kind][1]
	}
	points := p.Over
	if points == nil {
		from, err := spot(m, p.From)
		if err != nil {
			return nil, err
		}
		to, err := spot(m, p.To)
		if err != nil {
			return nil, err
		}
		f := m.NewField(to, lane.Cars|lane.Bicycles|lane.Buses)
		route, ok := f.Route(from)
		if !ok {
			return nil, errors.New("there is no way from where it begins to where it goes")
		}
		points = f.Line(from, route)
	}
	path, err := geom.NewPath(points)
	if err != nil {
		return nil, err
	}
	a := &actor{
		part: p, id: id, path: path, s: p.At, d: p.Aside, speed: p.Speed, want: p.Speed, slide: p.Aside, rate: 2, cues: p.Cues,
	}
	a.place()
	return a, nil
}

func (a *actor) place() {
	rear, front := a.path.At(a.s-0.3*a.part.Length), a.path.At(a.s+0.3*a.part.Length)
	way := front.Minus(rear.Vec)
	heading := way.Angle()
	mid := a.path.At(a.s)
	if a.drift != 0 && a.speed > 0.5 && a.d != a.slide {
		heading += math.Atan2(math.Copysign(a.drift, a.slide-a.d), a.speed)
	}
	if a.back {
		heading += math.Pi
	}
	a.box = geom.Box{Pose: geom.Pose{Vec: mid.Ahead(0, a.d), Heading: geom.Wrap(heading)}, Length: a.part.Length, Width: a.part.Width}
}

func (a *actor) actor() scene.Actor {
	return scene.Actor{
		ID: a.id, Kind: a.part.Kind, Box: a.box, Speed: math.Abs(a.speed), Accel: a.accel, YawRate: a.yaw, Turn: a.turn,
		Braking: a.accel < -0.5, Siren: a.part.Siren,
	}
}

func (st *stage) Map() *lane.Map { return st.m }

func (st *stage) Close() error { return nil }

func (st *stage) Truth(t *scene.Truth) {
	t.Time, t.Lights, t.Actors = st.now, t.Lights[:0], t.Actors[:0]
	if st.lights != nil {
		st.lights.Truth(t)
		t.Time, t.Actors = st.now, t.Actors[:0]
	}
	for _, a := range st.actors {
		if !a.gone {
			t.Actors = append(t.Actors, a.actor())
		}
	}
	if st.spec != nil {
		t.Actors = append(t.Actors, st.ego)
	}
}

func (st *stage) Place(id uint32, spec *vehicle.Spec, at vehicle.State) error {
	st.spec = spec
	st.ego = scene.Actor{ID: id, Kind: scene.Van, Box: spec.Box(at), Speed: at.Speed, Accel: at.Accel, Braking: at.Accel < -0.5, Turn: st.ego.Turn}
	return nil
}

// Indicate shows the cast where the vehicle means to go.
func (st *stage) Indicate(_ uint32, to scene.Indicator) { st.ego.Turn = to }

func (st *stage) Step(ctx context.Context, dt float64) error {
	st.now += dt
	if st.lights != nil {
		if err := st.lights.Step(ctx, dt); err != nil {
			return err
		}
	}
	for _, a := range st.actors {
		st.step(a, dt)
	}
	return nil
}

func (st *stage) step(a *actor, dt float64) {
	for len(a.cues) > 0 && st.due(a, a.cues[0].When) {
		a.cues[0].Do(a)
		a.cues = a.cues[1:]
		a.cued = st.now
	}
	want, rate := a.want, a.rate
	if a.part.Heedful {
		want, rate = st.heed(a, want, rate)
	}
	v := a.speed + math.Copysign(min(math.Abs(want-a.speed), rate*dt), want-a.speed)
	a.s += (a.speed + v) / 2 * dt
	a.accel, a.speed = (v-a.speed)/dt, v
	if a.d != a.slide {
		a.d += math.Copysign(min(math.Abs(a.slide-a.d), a.drift*dt), a.slide-a.d)
	}
	a.gone = a.gone || a.s > a.path.Length() && a.speed > 0 // it has left
	before := a.box.Heading
	a.place()
	a.yaw = geom.Wrap(a.box.Heading-before) / dt
}

// due asks a cue's condition with the actor's own clock.
func (st *stage) due(a *actor, when When) bool {
	r := st.run
	keep := r.lastOne
	r.lastOne = a.cued
	defer func() { r.lastOne = keep }()
	self := *r
	self.Truth = &scene.Truth{Time: st.now}
	self.stage = st
	return when(&self)
}

// heed gives the speed and the rate of an actor that keeps its distance: the intelligent driver model.
func (st *stage) heed(a *actor, want, rate float64) (float64, float64) {
	gap, ahead := math.Inf(1), 0.0
	look := func(b geom.Box, speed float64) {
		s, d := a.path.Project(b.Vec)
		cos := math.Cos(b.Heading - a.box.Heading)
		if s > a.s && math.Abs(d-a.d) < (a.part.Width+b.Width)/2+0.2 {
			if g := s - a.s - (a.part.Length+b.Length)/2; g < gap {
				gap, ahead = g, speed*cos
			}
		}
	}
	for _, o := range st.actors {
		if o != a && !o.gone {
			look(o.box, o.speed)
		}
	}
	look(st.ego.Box, st.ego.Speed)
	if a.part.Polite && gap > 0 {
		st.letIn(a, look)
	}
	if math.IsInf(gap, 1) {
		return want, rate
	}
	headway := a.part.Headway
	if headway == 0 {
		headway = 1.2
	}
	need := 2 + max(0, a.speed*headway+a.speed*(a.speed-ahead)/(2*math.Sqrt(2*3.0)))
	free := 1 - math.Pow(a.speed/max(want, 0.1), 4)
	acc := max(-8, 2*(free-(need/max(gap, 0.1))*(need/max(gap, 0.1))))
	if acc < 0 {
		return 0, -acc
	}
	return want, acc
}

// letIn lets an actor look at the vehicle as if it were in its lane already, where that indicates that it wants to be and
// its nose is ahead.
func (st *stage) letIn(a *actor, look func(geom.Box, float64)) {
	b := st.ego.Box
	aside := a.box.Local(b.Vec)
	if st.ego.Turn == scene.TurnLeft && aside.Y < 0 && aside.Y > -5 || st.ego.Turn == scene.TurnRight && aside.Y > 0 && aside.Y < 5 {
		if nose := aside.X + b.Length/2 - a.box.Length/2; nose > 1 && nose < 20 {
			b.Vec = b.Plus(geom.Towards(a.box.Heading + math.Pi/2).Times(-aside.Y))
			look(b, st.ego.Speed)
		}
	}
}
