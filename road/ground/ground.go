// Package ground is where the area is: its streets and stops, where, when and how fast may be driven, and how far it is.
package ground

import (
	"math"
	"sync"

	"hutong/drive/geom"
	"hutong/drive/lane"
)

// Stop is a place where people get in and out.
type Stop struct {
	ID, Name string
	geom.Pose
	StepFree bool
}

// Area is what doesn't change while the hub runs: the roads and the stops.
type Area struct {
	Name  string
	Map   *lane.Map
	Stops []Stop
	// Depots are where vehicles without work go to be charged, one for each, and where nobody boards.
	Depots  []Stop
	ODD     ODD // the one to begin with
	Scenery []Scene
}

// Scene is something beside the roads that is only drawn.
type Scene struct {
	Kind, Name string
	Points     []geom.Vec // its outline, not closed
}

// Stop gives the stop of an id.
func (a *Area) Stop(id string) (*Stop, bool) {
	for i := range a.Stops {
		if a.Stops[i].ID == id {
			return &a.Stops[i], true
		}
	}
	return nil, false
}

// Users are the lanes that the area's vehicles may use.
const Users = lane.Cars | lane.Taxis

// atKerb is how far from a lane somebody may stand who is fetched there, m.
const atKerb = 12.0

// Kerb finds the lane at which a vehicle stops for somebody who is at v; with a heading, of those that go that way.
func (a *Area) Kerb(v geom.Vec, heading *float64) (lane.Spot, bool) {
	return a.Map.Kerb(v, heading, Users, atKerb)
}

// Ways answers how far it is. It keeps what it has found out; it may be asked from many goroutines.
type Ways struct {
	m  *lane.Map
	mu sync.Mutex
	// fields are kept by the lane and the metre of their goal, the least used ones forgotten.
	fields map[[2]int]*kept
	clock  uint64
}

type kept struct {
	field *lane.Field
	used  uint64
}

// maxFields is how many goals are kept: each is a number for every lane.
const maxFields = 256

// NewWays makes one that knows nothing yet.
func NewWays(m *lane.Map) *Ways { return &Ways{m: m, fields: make(map[[2]int]*kept)} }

func (w *Ways) field(goal lane.Spot) *lane.Field {
	key := [2]int{int(goal.Lane), int(goal.S)}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock++
	if k := w.fields[key]; k != nil {
		k.used = w.clock
		return k.field
	}
	if len(w.fields) >= maxFields {
		var oldest [2]int
		least := uint64(math.MaxUint64)
		for key, k := range w.fields {
			if k.used < least {
				least, oldest = k.used, key
			}
		}
		delete(w.fields, oldest)
	}
	f := w.m.NewField(goal, Users)
	w.fields[key] = &kept{f, w.clock}
	return f
}

// Way is a way to somewhere.
type Way struct {
	Seconds float64 // at the speed limits, without anybody else around
	Metres  float64
	Line    []geom.Vec
}

// Find gives the way from a pose to a goal. ok is false where no lane is near or none leads there.
func (w *Ways) Find(from geom.Pose, goal lane.Spot) (Way, bool) {
	at, ok := w.m.Locate(from, Users, 6)
	if !ok {
		return Way{}, false
	}
	f := w.field(goal)
	route, ok := f.Route(at)
	if !ok {
		return Way{}, false
	}
	line := f.Line(at, route)
	way := Way{Seconds: f.From(at.Lane, at.S), Line: line}
	for i := 1; i < len(line); i++ {
		way.Metres += line[i-1].To(line[i])
	}
	return way, true
}

// Seconds gives only how long the way takes; +Inf where there is none.
func (w *Ways) Seconds(from geom.Pose, goal lane.Spot) float64 {
	at, ok := w.m.Locate(from, Users, 6)
	if !ok {
		return math.Inf(1)
	}
	return w.field(goal).From(at.Lane, at.S)
}

// Lived is what the way takes in traffic: lights, corners and others make it longer than the limits say.
func Lived(seconds float64) float64 { return 1.4*seconds + 8 }
