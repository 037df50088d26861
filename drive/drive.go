// Package drive is the vehicle's own agent: what its sensors say comes in, what to do goes out, ten times a second. It
// proposes, simulates and scores ways to go, lets a shield of its own veto what is not safe, keeps a way to a safe stop
// in store, and says why it does what it does.
//
// The agent is a pure step over the view it is given: no clock, no socket, no goroutine. It never sees more of the world
// than its [scene.View].
package drive

import (
	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
	"hutong/drive/vehicle"
)

// Cycle is how often an agent decides, s.
const Cycle = 0.1

// Mode is what an agent is about.
type Mode uint8

// The modes.
const (
	Standing Mode = iota // nothing to do: no goal, or held
	Driving              // on the way to its goal
	Arrived              // it stands at its goal
	FailSafe             // it drives its stored way to a stop, for the reason given
	Stopped              // it stands after a stop that was ordered or forced, and waits to be released
)

// Orders are what the vehicle has been told. The zero Orders ask it to stand where it is.
type Orders struct {
	Goal     *lane.Field // where to; nil: nowhere
	Stop     bool        // stop now, as fast as is safe for those inside and behind, and stay
	PullOver bool        // stop at the next place where it hinders nobody, and stay
	Hold     bool        // stay while it stands: doors open, someone boards
	MaxSpeed float64     // m/s that the area allows now; 0: as the lanes say
	Pass     uint32      // the track an operator allowed to pass where the agent had asked; 0: none
}

// Reason says why an agent does what it does: a code of the list in reason.go, who it is about, and the words of it.
type Reason struct {
	Code    string   // "free", "follow", "red", "yield", ...
	Subject uint32   // the track it is about; 0: none
	Signal  int32    // the signal it is about; -1: none
	At      geom.Vec // where, if it is about a place
	Words   string   // in plain English, at most 80 characters
}

// Candidate is one proposal of a cycle, as it was judged.
type Candidate struct {
	Name   string  // "keep 0.8", "left", "nudge +1.0", "stop line", ...
	Score  float64 // 0 to 1
	Veto   string  // why it was out of the question; "" where it was not
	Chosen bool
}

// Decision is what one cycle gives. Its slices belong to the agent and are good until its next step.
type Decision struct {
	Control    vehicle.Control
	Plan       []vehicle.State // what it means to do, from now, 0.1 s apart
	Mode       Mode
	Reason     Reason
	Candidates []Candidate
	Vetoed     int             // how many of the candidates the shield refused this cycle
	Lane       lane.Spot       // where it holds itself to be
	Turn       lane.Turn       // the next manoeuvre, and
	TurnIn     float64         // how far it is, m; negative: none in sight
	Remaining  float64         // s to the goal; negative: no goal, or no way there
	Indicator  scene.Indicator // as the others see it: a change of lanes that it makes or waits for, or the turn to come
	Paths      []Path          // where it thinks the others will go
	Assist     Assist
}

// Path is where one other road user is thought to go.
type Path struct {
	Track uint32
	Line  []geom.Vec // 0.5 s apart
	Share float64    // 0 to 1: how likely
}

// Assist is what the agent asks of a person when it can't go on by itself: may I do this? Kind "" asks nothing.
type Assist struct {
	Kind  string // "pass": drive around what stands in the way; "wait" has lasted too long; "lost": no way to the goal
	Track uint32
	Since float64 // s, of the view's time
}
