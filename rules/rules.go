// Package rules runs what people wrote as "when this, then that": rules and scenes as YAML files, checked against the
// descriptions of their Things, run by a pure step over an injected clock, with a trace of every run. docs/rules.md tells
// people how to write them.
//
// A Rule is the text, read; a program is a rule joined to its Things, with every expression and value checked; the Engine
// runs programs and is pure; the Runner connects an Engine to the hub and the data folder. Check is the same reading and
// joining without running.
//
// What a rule does goes out as Commands in its own name ("rule:ID") with a Cause that counts how many rules lie between
// the first cause and it. A rule that looks like a loop is parked: it rests, everything else goes on.
package rules

import (
	"context"
	"log/slog"
	"time"

	"hutong/rules/engine"
	"hutong/rules/schedule"
	"hutong/rules/text"
	"hutong/thing"
)

// States tells what is known of a point now.
type States interface {
	// Get returns the state of a point, and false when there is no such point.
	Get(ref thing.Ref) (thing.State, bool)
}

// Commander carries out Commands. It may block until the device has answered, and honours ctx.
type Commander interface {
	Do(ctx context.Context, cmd thing.Command) thing.Outcome
}

// Prompt is a Commander that can carry out some Commands without waiting.
type Prompt interface {
	Commander
	// Prompt carries out those of cmds that need no waiting, in order, and puts into outs, which is as long, how each
	// ended. The Status of those it leaves to Do stays ""; when it leaves one, it leaves all later ones for that Thing.
	Prompt(cmds []thing.Command, outs []thing.Outcome)
}

// Feed gives all Changes in order. The slice is only read until the next call. A Feed that has a method Seq() uint64 is
// asked, before the first Next, for the Seq of the last Change it will not give; without it, points that the hub learns of
// without a Change stay unknown to rules until the first one comes.
type Feed interface {
	Next(ctx context.Context) ([]thing.Change, error)
}

// Options is what a Runner needs. Dir, Directory, States, Feed and Commands must be set.
type Options struct {
	Dir       string // data folder; rules/, scenes/ and traces/ in it are made when they are not there
	Directory engine.Directory
	States    States
	Feed      Feed // opened before Open is called, so that nothing is missed
	Commands  Commander
	Notify    func(engine.Notice) // told of every notice; must not block or call the Runner; nil for nobody
	Traces    TraceLog            // nil: JSON lines in Dir/traces
	Zone      *time.Location      // in which people there read a clock; nil: time.Local
	Position  *schedule.Position  // nil: nobody has said where the hub stands, so rules cannot use the sun
	Interval  time.Duration       // how often the folders are looked at; 0: one second
	Now       func() time.Time    // nil: time.Now
	Log       *slog.Logger        // nil: slog.Default()
}

// seqOf is the Seq of the last Change that f will not give, 0 when it does not say.
func seqOf(f Feed) uint64 {
	if s, ok := f.(interface{ Seq() uint64 }); ok {
		return s.Seq()
	}
	return 0
}

// Check says what is wrong with the text of a rule, in the order of the text; nil when nothing is. With a nil directory
// only the text itself is checked, not what it says of Things. Scenes and the sun are taken to be there.
func Check(source []byte, d engine.Directory) []text.Problem {
	rule, problems := text.Parse("", source)
	if rule == nil || d == nil {
		return problems
	}
	_, problems = engine.Join(rule, engine.Setting{Position: &schedule.Position{}}, engine.NewLookup(d))
	return problems
}

// CheckScene is Check for the text of a scene.
func CheckScene(source []byte, d engine.Directory) []text.Problem {
	scene, problems := text.ParseScene("", source)
	if scene == nil || d == nil {
		return problems
	}
	_, problems = engine.JoinScene(scene, engine.NewLookup(d))
	return problems
}
