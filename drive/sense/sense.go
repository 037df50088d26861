// Package sense says what a vehicle's sensors see of a world: within their range, along free lines of sight, a little
// late, a little wrong, and now and then not at all. A driver is given its [scene.View] and nothing else of the world.
//
// What it models is the output of a tracker, not the physics of a sensor: objects with a size, a speed and a number of
// their own that stays while they are seen and for a second longer. Errors are correlated in time, as a tracker's are.
package sense

import (
	"math"
	"math/rand/v2"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
	"hutong/drive/vehicle"
)

// Config says how good the sensors are. The zero Config sees everything within 120 m at once, exactly, through walls;
// [Usual] is a real one.
type Config struct {
	Range   float64 // m; 0: 120
	Every   float64 // s between two looks; 0: as often as it is asked
	Latency float64 // s between a look and the view made of it

	// Standard deviations at 50 m. Half of that nearby, one and a half times at 100 m.
	NoisePos     float64 // m, along and across each
	NoiseSpeed   float64 // m/s
	NoiseHeading float64 // rad
	NoiseSize    float64 // m, of length and width; the same as long as a track lives

	Dropout     float64 // 0 to 1: how likely a look misses one object
	Blackouts   float64 // how often an hour the sensors go blind
	BlackoutFor float64 // s that one lasts
	Dark        []Span  // when they go blind for certain

	Occlusion bool   // what stands behind something isn't seen
	Walls     *Walls // buildings and the like, with Occlusion
	V2X       bool   // lights are told by radio too, with the time they have left
	Ghosts    []Ghost
}

// Span is a stretch of time: from From until before Until, s since the world began.
type Span struct{ From, Until float64 }

func (s Span) holds(t float64) bool { return t >= s.From && t < s.Until }

// Ghost is something the sensors hold to be there which isn't.
type Ghost struct {
	Span
	Actor scene.Actor // its ID is of no account; it moves on as it says
}

// Usual is the sensors of the area's vehicles: 120 m, 0.1 s late, 0.15 m and 0.2 m/s uncertain, 1 % of detections missed.
func Usual() Config {
	return Config{
		Range: 120, Latency: 0.1, NoisePos: 0.15, NoiseSpeed: 0.2, NoiseHeading: 0.02, NoiseSize: 0.08,
		Dropout: 0.01, Occlusion: true, V2X: true,
	}
}

const (
	coasting    = 1.0   // s that a track lives on unseen
	lightReach  = 100.0 // m that a light is seen from
	radioReach  = 300.0 // m that a light is heard from
	signReach   = 60.0  // m that indicators and brake lights are seen from
	steadiness  = 0.8   // s over which an error keeps its sign
	seenToReach = 15.0  // m/s at which the unseen may come nearer: what blindness costs of the free sight
)

// Sensor is the sensors of one vehicle and the tracker behind them. It is used by one goroutine at a time.
type Sensor struct {
	c      Config
	m      *lane.Map
	rng    *rand.Rand
	looks  []look // ring, oldest at first
	first  int
	count  int
	given  float64 // time of the look given last
	next   float64 // time of the next look
	dark   float64 // until when a blackout lasts
	last   float64 // time of the last call
	tracks []track
	byID   map[uint32]int // truth's id -> index in tracks
	named  uint32
	sight  sight
}

// look is what the sensors took at one instant.
type look struct {
	at     float64
	blind  bool
	from   geom.Pose
	seen   []detection
	lights []scene.Light
	free   [scene.Bearings]float32
}

type detection struct {
	id    uint32
	actor scene.Actor
	far   float64
}

// track is one object as the tracker holds it.
type track struct {
	truth uint32
	name  uint32
	actor scene.Actor // as last seen, with its errors
	at    float64     // when
	err   [5]float64  // along, across, speed, heading, accel: standard normal, wandering
	size  [2]float64
}

// New makes the sensors of one vehicle. What they see of the same world is the same for the same seed. m gives the
// places of the lights; it may be nil, then none is seen.
func New(c Config, m *lane.Map, seed uint64) *Sensor {
	if c.Range <= 0 {
		c.Range = 120
	}
	return &Sensor{
		c: c, m: m, rng: rand.New(rand.NewPCG(seed, 0x5e45e)), byID: make(map[uint32]int),
		given: math.Inf(-1), next: math.Inf(-1), dark: math.Inf(-1), last: math.Inf(-1),
	}
}

// See looks at the world as it is now and fills in what the vehicle id, at ego, then knows: Look, and Know at once. It is
// called in order of time. In the first moments, before its latency has passed, the first look is given early.
func (s *Sensor) See(t *scene.Truth, id uint32, ego vehicle.State, spec *vehicle.Spec, out *scene.View) {
	s.Look(t, id, ego, spec)
	s.Know(t.Time, ego, spec, out)
}

// Look takes what the vehicle id, at ego, can see of the world as it is now, if it is time for a look. It is called in
// order of time.
func (s *Sensor) Look(t *scene.Truth, id uint32, ego vehicle.State, spec *vehicle.Spec) {
	if s.last > math.Inf(-1) && s.c.Blackouts > 0 && s.rng.Float64() < s.c.Blackouts/3600*(t.Time-s.last) {
		s.dark = t.Time + s.c.BlackoutFor
	}
	s.last = t.Time
	if t.Time >= s.next-1e-6 {
		s.next = t.Time + s.c.Every
		s.look(t, id, spec.Box(ego))
	}
}

// Know fills in what the vehicle knows at a time, when it is at ego: by looks that are at least as old as the latency, so
// that what it knows a latency after the last look is certain before it is then.
func (s *Sensor) Know(now float64, ego vehicle.State, spec *vehicle.Spec, out *scene.View) {
	fresh := s.take(now - s.c.Latency)
	if fresh != nil && !fresh.blind {
		s.follow(fresh)
	}
	s.forget(now)
	s.fill(out, now, ego, spec.Box(ego).Pose, fresh)
}

// Latency is how long after a look what was seen is known, s.
func (s *Sensor) Latency() float64 { return s.c.Latency }

// take gives the newest look that was taken at or before the time given, and nil where that has been given already.
func (s *Sensor) take(until float64) *look {
	best := s.ring(0)
	for i := 1; i < s.count; i++ {
		if l := s.ring(i); l.at <= until+1e-6 {
			best = l
		}
	}
	if best.at <= s.given {
		return nil
	}
	s.given = best.at
	return best
}

func (s *Sensor) ring(i int) *look { return &s.looks[(s.first+i)%len(s.looks)] }

// push makes room for a look and gives it, emptied.
func (s *Sensor) push(now float64) *look {
	for s.count > 1 && s.ring(1).at <= now-s.c.Latency-0.5 {
		s.first, s.count = (s.first+1)%len(s.looks), s.count-1
	}
	if s.count == len(s.looks) {
		grown := make([]look, max(4, 2*len(s.looks)))
		for i := range s.count {
			grown[i] = *s.ring(i)
		}
		s.looks, s.first = grown, 0
	}
	s.count++
	l := s.ring(s.count - 1)
	l.seen, l.lights, l.at, l.blind = l.seen[:0], l.lights[:0], now, false
	return l
}

// look takes what can be seen now.
func (s *Sensor) look(t *scene.Truth, id uint32, own geom.Box) {
	l := s.push(t.Time)
	l.from = own.Pose
	l.blind = t.Time < s.dark
	for _, d := range s.c.Dark {
		l.blind = l.blind || d.holds(t.Time)
	}
	if l.blind {
		return
	}
	s.sight.begin(own.Pose, s.c.Range)
	if s.c.Occlusion {
		s.sight.walls(s.c.Walls)
		for i := range t.Actors {
			if a := &t.Actors[i]; a.ID != id {
				s.sight.body(a)
			}
		}
	}
	for i := range t.Actors {
		a := &t.Actors[i]
		far := a.Box.Vec.To(own.Vec)
		if a.ID == id || far-a.Box.Radius() > s.c.Range {
			continue
		}
		if s.c.Dropout > 0 && s.rng.Float64() < s.c.Dropout {
			continue
		}
		if !s.c.Occlusion || s.sight.sees(a) {
			l.seen = append(l.seen, detection{a.ID, *a, far})
		}
	}
	for i, g := range s.c.Ghosts {
		if g.holds(t.Time) {
			a := g.Actor
			a.Box.Vec = a.Box.Ahead(a.Speed*(t.Time-g.From), 0)
			l.seen = append(l.seen, detection{math.MaxUint32 - uint32(i), a, a.Box.Vec.To(own.Vec)})
		}
	}
	s.lights(l, t)
	s.sight.free(&l.free)
}

// lights takes those lights that face the vehicle, near enough, with nothing tall between, and those it is told.
func (s *Sensor) lights(l *look, t *scene.Truth) {
	if s.m == nil {
		return
	}
	for _, light := range t.Lights {
		if light.Signal < 0 || int(light.Signal) >= len(s.m.Signals) {
			continue
		}
		at := s.m.Signals[light.Signal].At
		far := at.To(l.from.Vec)
		switch {
		case s.c.V2X && far <= radioReach:
			l.lights = append(l.lights, light)
		case far <= min(lightReach, s.c.Range) && faces(at, l.from.Vec) && (!s.c.Occlusion || !s.sight.hidden(at.Vec, true)):
			light.Remaining = -1 // a lamp doesn't say how long
			l.lights = append(l.lights, light)
		}
	}
}

// faces tells whether a light for the traffic of the pose at can be seen from v.
func faces(at geom.Pose, v geom.Vec) bool {
	from := at.Local(v)
	return from.X < 1 && math.Abs(from.Y) < 6-4*from.X
}
