package engine

import (
	"strings"

	"hutong/condition"
	"hutong/thing"
)

// Result says how a run ended.
type Result string

// The results of a run. Those before Done left nothing done.
const (
	Refused   Result = "guard"     // the guard was false
	Unknown   Result = "unknown"   // the guard could not be told, since a point it reads is not known
	Busy      Result = "busy"      // it was running already, or too many were waiting
	Parked    Result = "parked"    // it looked like a loop, or ran too often; it rests until a person wakes it
	Running   Result = "running"   // not over yet
	Waiting   Result = "waiting"   // queued behind another run
	Done      Result = "done"      // every step was done
	Stopped   Result = "stopped"   // a stop step, or a wait that came to nothing
	Failed    Result = "failed"    // a step failed, or an expression could not be worked out
	Cancelled Result = "cancelled" // by a newer run, or because the rule was changed
)

// Acted says whether the run got past its guard, and was not passed over for being busy.
func (t *Trace) Acted() bool {
	return t.Result != Busy && (t.Guard == nil || t.Guard.Answer == "true" || t.Guard.Answer == "skipped")
}

// Trace is the story of one run: why it began, what it saw, what it did and how that went. Times are nanoseconds.
type Trace struct {
	ID      string     `json:"id"`
	Rule    string     `json:"rule,omitempty"`
	Scene   string     `json:"scene,omitempty"` // a scene that a person activated
	Version string     `json:"version,omitempty"`
	Began   thing.Time `json:"began"`
	Ended   thing.Time `json:"ended,omitempty"` // 0 while it runs
	Result  Result     `json:"result"`
	Reason  string     `json:"reason,omitempty"`
	Trigger Trigger    `json:"trigger"`
	Guard   *Guard     `json:"guard,omitempty"`
	Steps   []Step     `json:"steps,omitempty"`
	More    int        `json:"more,omitempty"` // steps left out, past the first MaxTraceSteps
	// Alike counts the refusals since the last Trace that have none of their own: of one trigger, one Trace a second.
	Alike int `json:"alike,omitempty"`
}

// MaxTraceSteps is how many steps one Trace keeps.
const MaxTraceSteps = 100

// Trigger is what set a run off.
type Trigger struct {
	Name   string       `json:"name"`
	Kind   string       `json:"kind"` // change, event, time, every, cron, sun, start, or hand for a person
	Point  string       `json:"point,omitempty"`
	Ref    string       `json:"ref,omitempty"` // the affordance that changed
	Seq    uint64       `json:"seq,omitempty"` // of the Change; 0 when time set it off
	Value  *thing.Value `json:"value,omitempty"`
	Before *thing.Value `json:"before,omitempty"`
	By     string       `json:"by,omitempty"`    // who, for hand
	Cause  string       `json:"cause,omitempty"` // trace that caused the Change, "" for the device itself
	Hops   uint8        `json:"hops,omitempty"`  // rule runs between the first cause and this
}

// Guard is what the rule's if said, and of what.
type Guard struct {
	Source string `json:"source"`
	Answer string `json:"answer"` // true, false, unknown, error, or skipped
	Seen   []Seen `json:"seen,omitempty"`
	Error  string `json:"error,omitempty"`
}

// Seen is the value of one point as an expression saw it.
type Seen struct {
	Point string      `json:"point"`
	Value thing.Value `json:"value"`
	Known bool        `json:"known"`
	Since thing.Time  `json:"since,omitempty"`
}

// Step is one thing a run did: a command, a notice, a wait, a choice.
type Step struct {
	Path    string       `json:"path"` // in the rule's file, such as then[1]
	Kind    string       `json:"kind"`
	Began   thing.Time   `json:"began"`
	Ended   thing.Time   `json:"ended,omitempty"`
	Command string       `json:"command,omitempty"` // id of the Command
	Ref     string       `json:"ref,omitempty"`
	Input   *thing.Value `json:"input,omitempty"`
	Text    string       `json:"text,omitempty"`
	Status  thing.Status `json:"status,omitempty"`
	Answer  string       `json:"answer,omitempty"` // of an if or a wait: true, false, unknown, timeout
	Error   string       `json:"error,omitempty"`
	Seen    []Seen       `json:"seen,omitempty"`
}

// Notice is something a rule wants people to know.
type Notice struct {
	Time  thing.Time `json:"time"`
	Rule  string     `json:"rule"`
	Trace string     `json:"trace,omitempty"`
	Level string     `json:"level"` // info, warning or alarm
	Text  string     `json:"text"`
}

// clone is a copy that no later step of the run changes.
func (t *Trace) clone() Trace {
	c := *t
	c.Steps = append([]Step(nil), t.Steps...)
	return c
}

// Add keeps a step and returns its place, -1 when there is no room.
func (t *Trace) Add(s Step) int {
	if len(t.Steps) >= MaxTraceSteps {
		t.More++
		return -1
	}
	t.Steps = append(t.Steps, s)
	return len(t.Steps) - 1
}

// maxShown is how many bytes of a value a trace keeps.
const maxShown = 512

// brief is v for a trace: a long text, list or object becomes the beginning of its text.
func brief(v thing.Value) thing.Value {
	s := v.Text()
	switch v.Type() {
	case thing.Text:
	case thing.Object, thing.Array:
		s = v.Document()
	default:
		return v
	}
	if len(s) <= maxShown {
		return v
	}
	return thing.String(strings.ToValidUTF8(s[:maxShown-3], "") + "...")
}

// ptr is v in brief for an optional field.
func ptr(v thing.Value) *thing.Value {
	v = brief(v)
	return &v
}

// answer is a result in one word.
func answer(r condition.Result) string {
	switch {
	case r.Err != nil:
		return "error"
	case !r.Known:
		return "unknown"
	case r.Value.Bool():
		return "true"
	}
	return "false"
}
