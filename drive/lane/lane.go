// Package lane is the map a vehicle drives by: lanes with their middles, who may use them, what comes next, who gives
// way to whom, and which light guards which way. Readers of its sub-packages make it of the formats of the field.
//
// A Map never changes after it is made, so it may be shared freely.
package lane

import "hutong/drive/geom"

// ID is a lane's number: its index in [Map.Lanes].
type ID int32

// None is no lane.
const None ID = -1

// Kind is what a lane is.
type Kind uint8

// The kinds of lanes.
const (
	Drive    Kind = iota // for vehicles
	Junction             // for vehicles, within a junction
	Walk                 // beside the road
	Crossing             // across the road, on foot
	Cycle                // for bicycles
	Shoulder             // to stop on, not to drive on
	Other                // closed to everyone the map speaks of
)

// Users is a set of those who may use a lane.
type Users uint16

// Those who may use lanes.
const (
	Cars Users = 1 << iota
	Buses
	Taxis // and the vehicles of the area, where a lane is theirs
	Trucks
	Motorcycles
	Bicycles
	People
	Rails
	Emergency
)

// Turn is the way a junction lane goes.
type Turn uint8

// The turns.
const (
	Straight Turn = iota
	Left
	Right
	Back
)

// Lane is one lane, in its driving direction. Within a junction every way through is a lane of its own.
type Lane struct {
	Name   string    // as in the source, unique in its map
	Centre geom.Path // from its start to its end
	// ToLeft and ToRight are the distances from the middle to the lane's edges, m, at each point of Centre.
	ToLeft, ToRight []float64
	Limit           float64 // m/s
	Kind            Kind
	Turn            Turn
	Users           Users
	Next, Prev      []ID // lanes that begin where this ends, and end where this begins
	LeftOf, RightOf ID   // the lane beside it in the same direction, None where there is none
	MayLeft         bool // a change to LeftOf is allowed
	MayRight        bool // a change to RightOf is allowed
	Opposite        ID   // the oncoming lane on its left, None where there is none
	// Signal is the index in [Map.Signals] of the light that says when this lane may be entered; -1 where there is none.
	Signal int32
	// Mandatory: stop before entering, whatever comes (a stop sign).
	MustStop  bool
	Junction  string // the junction it lies in, "" outside of junctions
	Conflicts []Conflict
	tight     float64 // m along it, where no car gets round; -1: nowhere
}

// Conflict is where another lane crosses or joins this one.
type Conflict struct {
	With             ID
	From, To         float64 // m along this lane
	WithFrom, WithTo float64 // m along the other
	Yield            bool    // who is on this lane gives way to who is on the other
	Merge            bool    // the two end in the same lane
}

// Signal is one light as a lane sees it. Several may change together; each has its own index.
type Signal struct {
	Name  string    // "controller/link", unique in its map
	At    geom.Pose // at the stop line, facing as the traffic it guards
	Lanes []ID      // those that may be entered when it shows green
}

// Spot is a place on a lane: S metres from its start, D metres to the left of its middle.
type Spot struct {
	Lane ID
	S, D float64
}

// Map is a road network.
type Map struct {
	Lanes   []Lane
	Signals []Signal
	// OriginLat and OriginLon are the place of (0, 0), degrees WGS 84; both 0 where the source doesn't say.
	OriginLat, OriginLon float64

	names map[string]ID
	grid  grid
}
