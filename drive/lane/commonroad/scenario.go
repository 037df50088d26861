package commonroad

import (
	"math"

	"hutong/drive/geom"
	"hutong/drive/lane"
)

// Scenario is one recorded or made-up scene with the problems to solve in it.
type Scenario struct {
	ID       string  // the benchmark's, "DEU_Muc-1_1_T-1"
	Version  string  // "2018b" or "2020a"
	Step     float64 // s between two time steps
	Map      *lane.Map
	Lanelets []Lanelet // of each lane of the map, as written
	Others   []Obstacle
	Problems []Problem
	Lights   []Light // of each signal of the map
}

// Lanelet is a lane by its two bounds, from its start to its end.
type Lanelet struct {
	ID          int64
	Left, Right []geom.Vec
	// The neighbours on both sides, as written, or lane.None; one that is turned leads the other way.
	LeftOf, RightOf         lane.ID
	LeftTurned, RightTurned bool
}

// Outline gives the lanelet's ground as a polygon: along its right bound and back along its left one.
func (l *Lanelet) Outline() []geom.Vec {
	p := append([]geom.Vec(nil), l.Right...)
	for i := len(l.Left) - 1; i >= 0; i-- {
		p = append(p, l.Left[i])
	}
	return p
}

// Form is what a Shape is.
type Form uint8

// The forms.
const (
	Rectangle Form = iota
	Circle
	Polygon
)

// Shape is a piece of ground. That of an obstacle is told in the obstacle's own frame, that of a goal on the map.
type Shape struct {
	Form
	Box    geom.Box   // a rectangle; of a circle its middle counts
	Radius float64    // of a circle
	Points []geom.Vec // of a polygon
}

// Holds tells whether the point lies on the shape, its edge included.
func (s *Shape) Holds(v geom.Vec) bool {
	switch s.Form {
	case Circle:
		return s.Box.To(v) <= s.Radius
	case Polygon:
		return Within(s.Points, v)
	}
	return s.Box.Holds(v)
}

// Bounds gives a box that holds the whole shape.
func (s *Shape) Bounds() geom.Box {
	switch s.Form {
	case Circle:
		return geom.Box{Pose: s.Box.Pose, Length: 2 * s.Radius, Width: 2 * s.Radius}
	case Polygon:
		low, high := s.Points[0], s.Points[0]
		for _, v := range s.Points {
			low = geom.Vec{X: min(low.X, v.X), Y: min(low.Y, v.Y)}
			high = geom.Vec{X: max(high.X, v.X), Y: max(high.Y, v.Y)}
		}
		return geom.Box{Pose: geom.Pose{Vec: geom.Between(low, high, 0.5)}, Length: high.X - low.X, Width: high.Y - low.Y}
	}
	return s.Box
}

// Within tells whether v lies in the polygon, by the even-odd rule.
func Within(polygon []geom.Vec, v geom.Vec) bool {
	in := false
	for i, j := 0, len(polygon)-1; i < len(polygon); j, i = i, i+1 {
		a, b := polygon[i], polygon[j]
		if (a.Y > v.Y) != (b.Y > v.Y) && v.X < (b.X-a.X)*(v.Y-a.Y)/(b.Y-a.Y)+a.X {
			in = !in
		}
	}
	return in
}

// State is where something is at one time step. Intervals are given by their middles.
type State struct {
	Step int
	geom.Pose
	Speed, Accel float64 // m/s, m/s²
	YawRate      float64 // rad/s
}

// Obstacle is one of the others: it stands, or moves as recorded.
type Obstacle struct {
	ID     int64
	Type   string // as written: "car", "pedestrian", "roadBoundary", ...
	Static bool
	Shapes []Shape // its ground, in its own frame; none where Fills tells it
	States []State // in order of time, the first its initial one; a static one has only that
	Fills  []Fill  // what it may fill at later times, where that is given instead of states
}

// Fill is the ground that an obstacle may fill at one time.
type Fill struct {
	From, To int // steps, both included
	Shapes   []Shape
}

// Interval is all from From to To, both included.
type Interval struct{ From, To float64 }

// Goal is a set of states of which any solves the problem: what it leaves open is nil.
type Goal struct {
	From, To int // time steps, both included
	// Shapes is the ground on which the vehicle's middle must be: one of them is enough. Lanelets that are named by
	// their id are among them by their outlines.
	Shapes []Shape
	Lanes  []lane.ID
	Speed  *Interval // m/s
	// Heading starts at From, in (-π, π], and turns to the left until To.
	Heading *Interval
}

// Met tells whether a state lies in the goal.
func (g *Goal) Met(s State) bool {
	if s.Step < g.From || s.Step > g.To || g.Speed != nil && (s.Speed < g.Speed.From || s.Speed > g.Speed.To) {
		return false
	}
	if g.Heading != nil && !g.Heading.HoldsAngle(s.Heading) {
		return false
	}
	return g.Stands(s.Vec)
}

// Stands tells whether a place fits the goal.
func (g *Goal) Stands(v geom.Vec) bool {
	for i := range g.Shapes {
		if g.Shapes[i].Holds(v) {
			return true
		}
	}
	return len(g.Shapes) == 0
}

// HoldsAngle tells whether an angle lies in the interval of angles.
func (i *Interval) HoldsAngle(a float64) bool {
	off := math.Mod(a-i.From, 2*math.Pi)
	if off < 0 {
		off += 2 * math.Pi
	}
	return off <= i.To-i.From || off > 2*math.Pi-1e-9
}

// Problem is one vehicle's task. The position is that of the vehicle's middle.
type Problem struct {
	ID      int64
	Initial State
	Goals   []Goal
}

// Light is the cycle of a traffic light.
type Light struct {
	Offset int // steps
	Phases []Phase
}

// Phase is one colour of a cycle.
type Phase struct {
	Steps  int
	Colour string // "red", "redYellow", "yellow", "green", "inactive"
}

// At gives the colour at a time step and for how many more steps it stays; "inactive" where there is no cycle.
func (l *Light) At(step int) (colour string, more int) {
	whole := 0
	for _, p := range l.Phases {
		whole += p.Steps
	}
	if whole <= 0 {
		return "inactive", 0
	}
	at := ((step-l.Offset)%whole + whole) % whole
	for _, p := range l.Phases {
		if at < p.Steps {
			return p.Colour, p.Steps - at
		}
		at -= p.Steps
	}
	return "inactive", 0
}
