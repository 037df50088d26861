package v2x

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
)

// Intersection is a place where lights guard lanes: the signals of one controller, each a signal group of its own.
type Intersection struct {
	ID      int    // 1 to 65535
	Name    string // of its controller
	Signals []int  // indices in the map; the signal group of each is its place here, from 1
}

// maxGroups is how many signal groups an intersection may have.
const maxGroups = 255 - 1

// Intersections gives those of a map, in the order of their names.
func Intersections(m *lane.Map) []Intersection {
	by := make(map[string][]int)
	for i := range m.Signals {
		name, _, _ := strings.Cut(m.Signals[i].Name, "/")
		by[name] = append(by[name], i)
	}
	var list []Intersection
	for name, signals := range by {
		list = append(list, Intersection{Name: name, Signals: signals[:min(len(signals), maxGroups)]})
	}
	slices.SortFunc(list, func(a, b Intersection) int { return cmp.Compare(a.Name, b.Name) })
	for i := range list {
		list[i].ID = i + 1
	}
	return list
}

// reference is IntersectionReferenceID.
type reference struct {
	Region int `json:"region"`
	ID     int `json:"id"`
}

// SPATEM says what lights show, and until when.
type SPATEM struct {
	Header Header `json:"header"`
	SPAT   struct {
		Intersections []spatState `json:"intersections"`
	} `json:"spat"`
}

type spatState struct {
	ID        reference  `json:"id"`
	Revision  int        `json:"revision"`
	Status    []string   `json:"status"`
	MOY       int        `json:"moy"`       // minute of the year
	TimeStamp int        `json:"timeStamp"` // ms of the minute
	States    []movement `json:"states"`
}

type movement struct {
	SignalGroup int        `json:"signalGroup"`
	Events      []movEvent `json:"state-time-speed"`
}

type movEvent struct {
	State  string `json:"eventState"`
	Timing timing `json:"timing"`
}

type timing struct {
	MinEnd    int `json:"minEndTime"`
	LikelyEnd int `json:"likelyEndTime"`
}

// Light is what one signal shows; Remaining is for how long, s of the clock, negative where that isn't known.
type Light struct {
	Colour    scene.Colour
	Remaining float64
}

// states are MovementPhaseState.
var states = [...]string{
	scene.Dark: "dark", scene.Red: "stop-And-Remain", scene.RedAmber: "pre-Movement", scene.Amber: "protected-clearance",
	scene.Green: "protected-Movement-Allowed", scene.GreenYield: "permissive-Movement-Allowed", scene.Blinking: "caution-Conflicting-Traffic",
}

// SPAT makes the SPATEM of an intersection, of what its signals show, in their order.
func (x *Intersection) SPAT(lights []Light, now time.Time) SPATEM {
	s := SPATEM{Header: header(spatemID, uint32(x.ID))}
	minute, ms := moment(now)
	state := spatState{ID: reference{0, x.ID}, Revision: 1, Status: []string{}, MOY: minute, TimeStamp: ms}
	for i, l := range lights {
		name := "unavailable"
		if int(l.Colour) < len(states) {
			name = states[l.Colour]
		}
		at := Mark(now, l.Remaining)
		state.States = append(state.States, movement{i + 1, []movEvent{{name, timing{at, at}}}})
	}
	s.SPAT.Intersections = []spatState{state}
	return s
}

// MAPEM says how an intersection lies: the lanes that lead to it and away, and which signal group guards which way.
type MAPEM struct {
	Header Header `json:"header"`
	Map    struct {
		IssueRevision int        `json:"msgIssueRevision"`
		Intersections []geometry `json:"intersections"`
	} `json:"map"`
}

type geometry struct {
	Name     string    `json:"name"`
	ID       reference `json:"id"`
	Revision int       `json:"revision"`
	Ref      struct {
		Lat  int32 `json:"lat"`
		Long int32 `json:"long"`
	} `json:"refPoint"`
	LaneSet []genericLane `json:"laneSet"`
}

type genericLane struct {
	LaneID     int          `json:"laneID"`
	Attributes attributes   `json:"laneAttributes"`
	Nodes      nodeList     `json:"nodeList"`
	ConnectsTo []connection `json:"connectsTo,omitempty"`
}

type attributes struct {
	Use  []string `json:"directionalUse"`
	Type string   `json:"laneType"`
}

type nodeList struct {
	Nodes []node `json:"nodes"`
}

type node struct {
	Delta struct {
		XY offset `json:"node-XY6"`
	} `json:"delta"`
}

// offset is Node-XY-32b: cm east and north of the node before.
type offset struct {
	X int `json:"x"`
	Y int `json:"y"`
}

type connection struct {
	Lane        connectingLane `json:"connectingLane"`
	SignalGroup int            `json:"signalGroup"`
	ID          int            `json:"connectionID"`
}

type connectingLane struct {
	Lane     int      `json:"lane"`
	Maneuver []string `json:"maneuver"`
}

// What of the lanes is told, and the bounds of the standard.
const (
	maxLanes = 255
	maxReach = 100.0 // m from the stop line
	maxStep  = 300.0 // m in one offset
)

var maneuvers = [...]string{
	lane.Straight: "maneuverStraightAllowed", lane.Left: "maneuverLeftAllowed", lane.Right: "maneuverRightAllowed", lane.Back: "maneuverUTurnAllowed",
}

// MAP makes the MAPEM of an intersection. Degrees gives the place on earth of a place on the map.
func (x *Intersection) MAP(m *lane.Map, degrees func(geom.Vec) (lat, lon float64)) MAPEM {
	var sum geom.Vec
	for _, s := range x.Signals {
		at := m.Signals[s].At.Vec
		sum.X, sum.Y = sum.X+at.X/float64(len(x.Signals)), sum.Y+at.Y/float64(len(x.Signals))
	}
	b := &mapper{m: m, middle: sum, ids: make(map[key]int)}
	for group, s := range x.Signals {
		for _, id := range m.Signals[s].Lanes {
			b.way(id, group+1)
		}
	}
	out := MAPEM{Header: header(mapemID, uint32(x.ID))}
	out.Map.IssueRevision = 1
	g := geometry{Name: x.Name, ID: reference{0, x.ID}, Revision: 1, LaneSet: b.lanes}
	at := Place(degrees(sum))
	g.Ref.Lat, g.Ref.Long = at.Latitude, at.Longitude
	out.Map.Intersections = []geometry{g}
	return out
}

// mapper gathers the lanes of an intersection.
type mapper struct {
	m      *lane.Map
	middle geom.Vec
	ids    map[key]int
	lanes  []genericLane
	ways   int
}

type key struct {
	lane lane.ID
	in   bool
}

// way adds a way over the intersection, and the lanes at its ends.
func (b *mapper) way(id lane.ID, group int) {
	l := b.m.Lane(id)
	if len(l.Prev) == 0 || len(l.Next) == 0 {
		return
	}
	in, out := b.lane(l.Prev[0], true), b.lane(l.Next[0], false)
	if in == 0 || out == 0 {
		return
	}
	b.ways++
	from := &b.lanes[in-1]
	from.ConnectsTo = append(from.ConnectsTo, connection{connectingLane{out, []string{maneuvers[l.Turn]}}, group, b.ways})
}

// lane adds a lane, from its end at the intersection on, and gives its number; 0 where there are too many.
func (b *mapper) lane(id lane.ID, in bool) int {
	k := key{id, in}
	if n := b.ids[k]; n > 0 {
		return n
	}
	if len(b.lanes) >= maxLanes {
		return 0
	}
	points := slices.Clone(b.m.Lane(id).Centre.Points())
	use := "egressPath"
	if in {
		slices.Reverse(points)
		use = "ingressPath"
	}
	g := genericLane{LaneID: len(b.lanes) + 1, Attributes: attributes{[]string{use}, "vehicle"}}
	last, way := b.middle, 0.0
	for i, p := range points {
		if i > 0 {
			way += points[i-1].To(p)
		}
		var n node
		n.Delta.XY = offset{clamp(100*min(max(p.X-last.X, -maxStep), maxStep), -32768, 32767), clamp(100*min(max(p.Y-last.Y, -maxStep), maxStep), -32768, 32767)}
		// What is rounded away here isn't lost to the next.
		last = geom.Vec{X: last.X + float64(n.Delta.XY.X)/100, Y: last.Y + float64(n.Delta.XY.Y)/100}
		if g.Nodes.Nodes = append(g.Nodes.Nodes, n); len(g.Nodes.Nodes) == 63 || way > maxReach {
			break
		}
	}
	b.lanes = append(b.lanes, g)
	b.ids[k] = g.LaneID
	return g.LaneID
}

// Title names an intersection to people.
func (x *Intersection) Title() string { return fmt.Sprintf("Intersection %d", x.ID) }

// Same tells whether two say the same, but for when they say it: then nothing needs to be said again. Marks a few tenths
// apart are one.
func (s *SPATEM) Same(o *SPATEM) bool {
	a, b := s.SPAT.Intersections, o.SPAT.Intersections
	return len(a) == len(b) && slices.EqualFunc(a, b, func(a, b spatState) bool {
		return slices.EqualFunc(a.States, b.States, func(a, b movement) bool {
			x, y := a.Events[0], b.Events[0]
			return x.State == y.State && math.Abs(float64(x.Timing.MinEnd-y.Timing.MinEnd)) <= 5
		})
	})
}
