// Package gate answers one question: may this happen? Every Command, whoever asks, passes it and is written to a
// hash-chained log before it goes on.
//
// Nothing is allowed that is not said to be. A Role gives a first answer, Grants add to it for a place and all inside
// it or for one Thing, until a time. The clinic is read-only for everybody: only a Grant that names the clinic, a place
// in it or one of its Things opens more. The Gate keeps no state of its own but a short-lived copy of the tokens.
package gate

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"hutong/thing"
)

// Doer carries out a Command that was allowed. It may block until the device's side has answered.
type Doer interface {
	Do(ctx context.Context, cmd thing.Command) thing.Outcome
}

// Things finds a Thing by its id; the Gate judges by the place it finds there.
type Things interface {
	Thing(id thing.ID) (*thing.Thing, bool)
}

// Options is what a Gate needs.
type Options struct {
	Next   Doer
	Things Things
	Tokens *Tokens          // nil: there are none
	Audit  *Audit           // nil: nothing is written down
	Open   bool             // everybody is the admin "user:demo"; for a demo on loopback only
	Now    func() time.Time // nil: time.Now
}

// Gate judges Commands and passes on the allowed ones. It is safe for use by many goroutines.
type Gate struct {
	Options
	denials *rate.Limiter // how often a refusal is written down: a stranger must not fill the disk

	mu     sync.Mutex
	missed uint64 // entries that could not be written since the last that was
}

// The names of those who are not tokens.
const (
	Demo        = "user:demo" // everybody, on an open hub
	RulePrefix  = "rule:"     // a rule; its id follows
	CourtPrefix = "court:"    // a court, which may do what it likes in its own place; the place follows
	RidePrefix  = "ride:"     // a passenger, for whom the road's court asks of their vehicle; the ride's short name follows
	System      = "system"    // the hub itself and the command line on the same machine
	tokenName   = "token:"
)

// ruleGrants are what every rule holds.
var ruleGrants = []Grant{{Ops: Read | Write | Invoke}}

// clinic is the court that is read-only unless a Grant says otherwise.
const clinic thing.PlaceID = "clinic"

// vehicles is where a ride may ask for something.
const vehicles thing.PlaceID = "road/vehicles"

// New makes a Gate.
func New(o Options) *Gate {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Gate{Options: o, denials: rate.NewLimiter(20, 200)}
}

// Identity is somebody the Gate knows, and what they may.
type Identity struct {
	By     string // "user:demo", "token:NAME", "rule:ID", "court:PLACE", "ride:NAME"
	Role   Role   // "" for a rule, a court and a ride
	Grants []Grant
}

// Identify says who holds token. On an open hub everybody is Demo, whatever they show. The error says why nobody is.
func (g *Gate) Identify(token string) (Identity, error) {
	if g.Open {
		return Identity{By: Demo, Role: Admin}, nil
	}
	if g.Tokens == nil {
		return Identity{}, errNoTokens
	}
	t, err := g.Tokens.Verify(token, g.Now())
	if err != nil {
		return Identity{}, err
	}
	return t.identity(), nil
}

// Device says whether an MQTT client that shows user and password may connect, and as whom: the password is a token of
// an admin or a user, and the user name is the token's name.
func (g *Gate) Device(user, password string) (Identity, error) {
	who, err := g.Identify(password)
	switch {
	case err != nil || g.Open:
		return who, err
	case who.By != tokenName+user:
		return Identity{}, fmt.Errorf("user name %q is not the name of this token", user)
	case who.Role != User && who.Role != Admin:
		return Identity{}, fmt.Errorf("%s is a %s: devices need a token of role user or admin", who.By, who.Role)
	}
	return who, nil
}

// who is the Identity that by names, as it stands now.
func (g *Gate) who(by string) (Identity, error) {
	switch {
	case by == System, by == Demo && g.Open:
		return Identity{By: by, Role: Admin}, nil
	case strings.HasPrefix(by, RulePrefix):
		return Identity{By: by, Grants: ruleGrants}, nil
	case strings.HasPrefix(by, CourtPrefix) && by != CourtPrefix:
		return Identity{By: by, Grants: []Grant{{Place: thing.PlaceID(by[len(CourtPrefix):]), Ops: Read | Write | Invoke}}}, nil
	case strings.HasPrefix(by, RidePrefix):
		return Identity{By: by, Grants: []Grant{{Place: vehicles, Ops: Invoke}}}, nil
	case strings.HasPrefix(by, tokenName) && g.Tokens != nil:
		t, err := g.Tokens.Named(by[len(tokenName):], g.Now())
		return t.identity(), err
	}
	return Identity{}, fmt.Errorf("%s is nobody this hub knows", cmp.Or(by, "a caller without a name"))
}

// May says whether by may do op on x; a nil x is the hub itself: its rules, scenes, traces and settings.
func (g *Gate) May(by string, op Op, x *thing.Thing) thing.Verdict {
	who, err := g.who(by)
	if err != nil {
		return thing.Verdict{Reason: err.Error()}
	}
	return who.may(op, x, thing.At(g.Now()))
}

// Holder is Identify in plain words: who holds token and their role.
func (g *Gate) Holder(token string) (by, role string, err error) {
	who, err := g.Identify(token)
	return who.By, string(who.Role), err
}

// Reads says whether by may see x, its values and its history; a nil x is the hub itself: its rules and traces.
func (g *Gate) Reads(by string, x *thing.Thing) thing.Verdict { return g.May(by, Read, x) }

// Administers says whether by may change the hub itself.
func (g *Gate) Administers(by string) thing.Verdict { return g.May(by, Administer, nil) }

// Judge says whether cmd may be carried out. It looks at who asks, where, and whether there is such a property or
// action at all; never at the input.
func (g *Gate) Judge(cmd thing.Command) thing.Verdict {
	op := Write
	switch cmd.Ref.Kind {
	case thing.Action:
		op = Invoke
	case thing.Event:
		return thing.Verdict{Reason: "an event cannot be commanded, only listened to"}
	}
	x, ok := g.Things.Thing(cmd.Ref.Thing)
	if !ok {
		return thing.Verdict{Reason: fmt.Sprintf("there is no Thing %s", cmd.Ref.Thing)}
	}
	return g.judge(&cmd, op, x)
}

// judge is Judge for a Command to x.
func (g *Gate) judge(cmd *thing.Command, op Op, x *thing.Thing) thing.Verdict {
	if v := g.May(cmd.By, op, x); !v.Allowed {
		return v
	}
	p, ok := x.Find(cmd.Ref.Kind, cmd.Ref.Name)
	switch {
	case !ok:
		return thing.Verdict{Reason: fmt.Sprintf("%s has no %s", cmd.Ref.Thing, cmd.Ref)}
	case op == Write && p.ReadOnly:
		return thing.Verdict{Reason: fmt.Sprintf("%s of %s is read-only", p.Name, x.Title)}
	case cmd.Deadline != 0 && cmd.Deadline < thing.At(g.Now()):
		return thing.Verdict{Reason: "its deadline has passed"}
	}
	return thing.Verdict{Allowed: true, Reason: "allowed"}
}

// Do judges cmd, writes the verdict down and, when allowed, passes it on; it blocks as long as the next Doer does. A
// refused Command comes back Failed with the reason. When the log cannot be written the Command still goes on, since
// people must be able to switch their lights with a full disk, and the next entry that can be written tells how many
// are missing; in the clinic it is refused instead.
func (g *Gate) Do(ctx context.Context, cmd thing.Command) thing.Outcome {
	asked := thing.At(g.Now())
	v := g.Judge(cmd)
	if err := g.write(entryOf(cmd, v, g.hidden(cmd))); err != nil && v.Allowed && g.inClinic(cmd.Ref.Thing) {
		v = thing.Verdict{Reason: unwritten(err)}
	}
	if !v.Allowed {
		return thing.Outcome{Command: cmd, Status: thing.Failed, Error: v.Reason, Asked: asked, Ended: asked}
	}
	return g.Next.Do(ctx, cmd)
}

// Record writes down something other than a Command that was done to the hub, such as a rule changed or a token made.
func (g *Gate) Record(by, what, detail string) error {
	return g.write(Entry{By: by, Op: what, Detail: detail, Allowed: true})
}

// Missed is how many entries could not be written since the last one that was.
func (g *Gate) Missed() uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.missed
}

func (g *Gate) write(e Entry) error { return g.writeAll([]Entry{e}) }

// hidden says whether the input of cmd is a secret that a log must not hold.
func (g *Gate) hidden(cmd thing.Command) bool {
	x, ok := g.Things.Thing(cmd.Ref.Thing)
	if !ok {
		return true
	}
	p, ok := x.Find(cmd.Ref.Kind, cmd.Ref.Name)
	return !ok || p.WriteOnly
}

func (g *Gate) inClinic(id thing.ID) bool {
	x, ok := g.Things.Thing(id)
	return ok && x.Place.Within(clinic)
}
