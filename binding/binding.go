// Package binding is the contract between the hub and a way to reach devices, and the supervisor that keeps
// bindings running.
//
// Duties. A binding never keeps state that matters: it announces Things, reports what devices say, and carries out
// Commands. It may be run again after Run has returned an error; it then announces everything anew, which is
// idempotent. Report never blocks on a reader; it may block while the log is behind, which is how back-pressure
// reaches the device. Every error a binding returns names the device and what was wrong.
package binding

import (
	"context"

	"hutong/td"
	"hutong/thing"
)

// Binding reaches the devices of one protocol or one convention.
type Binding interface {
	// Name is a short lower-case word, the same for good: it is stored with every Thing the binding announces.
	Name() string
	// Run announces and reports until ctx ends, then returns nil. An error means "try again later"; the supervisor
	// does, with a growing delay. Run is never called twice at once.
	Run(ctx context.Context, hub Hub) error
	// Do carries out a Command for one of the binding's Things and returns the output of an action, Null for none.
	// Nil error means the device's side took it, not that state changed. It honours ctx and may be called from many
	// goroutines at once, while Run runs.
	Do(ctx context.Context, cmd thing.Command) (thing.Value, error)
}

// Hearer is a Binding that needs a moment after a start until it hears the devices it knew before. The hub accepts no
// connection until then, so that nothing is acknowledged which nobody took.
type Hearer interface {
	// Heard is closed when the first Run has taken everything that its broker had kept.
	Heard() <-chan struct{}
}

// Rememberer is a Binding that knows a Thing again by the text of its description, without reading it anew.
type Rememberer interface {
	// Remember tells it, before the first Run and from many goroutines, of a Thing that it announced before the hub was
	// started, by the text of its description; read reads it. It holds on to none of them.
	Remember(text []byte, read func() (*td.Thing, error))
}

// Prompt is a Binding that can carry out some Commands without waiting for anything.
type Prompt interface {
	Binding
	// Ready says whether cmd is such a Command just now.
	Ready(cmd *thing.Command) bool
	// Now carries out cmds, for each of which Ready was true, in order, and puts into errs, which is as long, what came
	// of each. One that has ceased to be ready may be refused.
	Now(cmds []thing.Command, errs []error)
}

// Hub is what a binding sees of the hub. All methods may be called from any goroutine.
type Hub interface {
	// Announce says that a Thing exists and is described so. The same description again changes nothing; a new one
	// for the same id replaces it and earlier Devices for that id are spent. An error says where the description is
	// wrong; then nothing has changed.
	Announce(d *td.Thing) (Device, error)
	// Again is Announce for who knows that text is the description of the Thing of that id. False says that the hub
	// doesn't: then it is to be announced.
	Again(id thing.ID, text []byte) (Device, bool)
	// Report hands over values in their order and returns the position to Wait for. A value that does not fit its
	// point is recorded with quality Bad. Handles of withdrawn Things are ignored.
	Report(batch []thing.Report) (pos uint64)
	// Wait blocks until everything reported up to pos is on disk, or says why it cannot be. Only then may the
	// device be told that it is kept.
	Wait(pos uint64) error
}

// Topics says to whom the topics of a broker belong. A binding that takes announcements from it asks before it follows one.
type Topics interface {
	// Claim says that what the login from announces at topic speaks at the topics says and takes orders at those of
	// takes; from is "" where it isn't known, of an announcement that was kept. Who owns a Thing's id owns it like a
	// topic. The error says what belongs to somebody else: then the announcement is refused.
	Claim(topic, from string, says, takes []string) error
	// Release says that nothing is announced at topic any more.
	Release(topic string)
}

// Everybodys is Topics of a broker that judges for itself who publishes where.
type Everybodys struct{}

// Claim implements Topics.
func (Everybodys) Claim(string, string, []string, []string) error { return nil }

// Release implements Topics.
func (Everybodys) Release(string) {}

// OwnID is a Thing's id as it is claimed.
func OwnID(id thing.ID) string { return "id " + string(id) }

// Device is the hub's side of one announced Thing.
type Device interface {
	// Thing is the compiled description.
	Thing() *thing.Thing
	// Handle gives the number to report under, and false when there is no such property or event.
	Handle(kind thing.Kind, name string) (thing.Handle, bool)
	// Online says whether the device can be reached; offline makes its values Stale, online again lets the next
	// report make them Good.
	Online(online bool)
	// Withdraw says that the Thing is gone for good; its history stays.
	Withdraw()
}
