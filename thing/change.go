package thing

import "time"

// Time is an instant in nanoseconds since 1970-01-01 UTC. Zero means "not known".
type Time int64

// At is the Time of t; the zero time.Time is not known.
func At(t time.Time) Time {
	if t.IsZero() {
		return 0
	}
	return Time(t.UnixNano())
}

// Std is t as a time.Time in UTC; the zero time.Time when not known.
func (t Time) Std() time.Time {
	if t == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(t)).UTC()
}

// Quality says how far a value may be believed. Zero is Unknown: no value has been seen, which is not the same
// as false, zero or off.
type Quality uint8

// The qualities, least known first.
const (
	Unknown   Quality = iota // never reported since the Thing was added
	Bad                      // the device says it cannot tell, or sent something that does not fit its description
	Stale                    // was good; the device has since gone offline
	Restored                 // read back after a start, not yet confirmed by the device
	Uncertain                // the device itself doubts it
	Good                     // reported by a device that is there
)

var qualityNames = [...]string{"unknown", "bad", "stale", "restored", "uncertain", "good"}

// String returns the word used in JSON: unknown, bad, stale, restored, uncertain or good.
func (q Quality) String() string { return qualityNames[q] }

// Known says whether a rule may act on a value of this quality: Restored, Uncertain and Good are known.
func (q Quality) Known() bool { return q >= Restored }

// Cause says what made something happen. The zero Cause is the device itself: somebody pressed the real button.
type Cause struct {
	Trace string // id of the trace (a request, a rule's run) that did it; "" for the device itself
	Hops  uint8  // how many rule runs lie between the first cause and this; a brake for loops
}

// Report is what a binding hands to the twin: one value read from a device.
type Report struct {
	Point    Handle
	Value    Value
	Quality  Quality // Good, Uncertain or Bad
	Device   Time    // when the device says it was so; 0 when it does not say
	Retained bool    // true when the value is an old one kept by a broker, not fresh from the device
}

// State is what is known of a point now, with its three times: when the device says it was so, when it was
// received, and when the twin took it in order (Committed). Since is when the value last became different.
type State struct {
	Value     Value
	Quality   Quality
	Device    Time
	Received  Time
	Committed Time
	Since     Time
	Seq       uint64 // sequence of the Change that brought it; 0 when Unknown
}

// Change is one report in its place in the order of all reports. Seq grows by one with each Change and never
// goes back, over restarts too. Repeat says that value and quality are what was known already: history keeps
// such a Change, rules and event streams pass over it.
type Change struct {
	Ref       Ref
	Point     Handle
	Value     Value
	Quality   Quality
	Repeat    bool
	Device    Time
	Received  Time
	Committed Time
	Seq       uint64
	Cause     Cause
}

// Command is what somebody wants: a property written or an action invoked. It is a wish, never state; only a
// Change says that something is so.
type Command struct {
	ID       string // unique; also the id of the W3C ActionStatus
	Ref      Ref    // a Property to write or an Action to invoke
	Input    Value
	By       string // who: "user:NAME", "rule:ID", "token:NAME"; shown, and judged by the gate
	Cause    Cause
	Deadline Time // after which it must not be carried out any more; 0 is the hub's default of 10 s
}

// Status is the life of a Command in the words of W3C WoT Profile, ActionStatus.
type Status string

// The four states of a Command.
const (
	Pending   Status = "pending"
	Running   Status = "running"
	Completed Status = "completed"
	Failed    Status = "failed"
)

// Outcome is what is known of a Command. Completed means the device's side took it, not that state changed.
type Outcome struct {
	Command Command
	Status  Status
	Output  Value
	Error   string // why it failed, in plain words
	Asked   Time
	Ended   Time // 0 while it runs
}

// Verdict is the gate's answer to a Command or a request.
type Verdict struct {
	Allowed bool
	Reason  string // why, in plain words a person can act on
}
