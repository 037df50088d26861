package engine

import (
	"slices"
	"time"

	"hutong/condition"
	"hutong/rules/schedule"
	"hutong/thing"
)

// MaxHops is how many rule runs may follow from one another before the last is taken for a loop.
const MaxHops = 8

// Engine runs rules. Step is its only way to do anything, and is pure: it reads no clock, does no I/O and starts nothing,
// so the same Inputs in the same order give the same Outputs, whether live, in a test or over a recorded log. An Engine
// belongs to one goroutine at a time.
//
// Rules are set off by changes, never by states: a value that is restored after a start, or first seen when a rule is
// loaded, is where things stand and fires nothing.
type Engine struct {
	zone     *time.Location
	position *schedule.Position

	now      thing.Time
	seen     uint64 // highest Seq of a Change
	ids      uint64
	slots    map[thing.Ref]*slot
	byHandle []*slot
	rules    map[string]*live
	scenes   map[string]*Scene
	timers   timers
	pending  map[string]*run // by Command id
	out      *Output
	traces   int // of the last Step that had some: as much room is made for the next
	sun      condition.Sun
	sunAt    thing.Time
	eye      view // scratch, for what is looked at most often
}

// NewEngine makes an Engine without rules. Position may be nil when nobody has said where the hub stands.
func NewEngine(zone *time.Location, position *schedule.Position) *Engine {
	return &Engine{
		zone: zone, position: position, slots: map[thing.Ref]*slot{}, rules: map[string]*live{},
		scenes: map[string]*Scene{}, pending: map[string]*run{},
	}
}

// Input is one thing that happens to the Engine. Now is always set; of the rest, any may be.
type Input struct {
	Now      thing.Time
	Changes  []thing.Change
	Outcomes []thing.Outcome           // of Commands given out before, once they have ended
	Load     []*Program                // rules that are new or different
	Unload   []string                  // ids of rules that are gone or switched off
	States   map[thing.Ref]thing.State // where the points of Load stand; without Load, what is said of Doubtful ones now
	Hand     []Hand                    // rules a person wants to run now
	Unpark   []string                  // rules to wake from being parked
	Start    bool                      // the hub has just started: sets off start triggers
	Seq      uint64                    // every Change up to this one has been given, or never will be

	// Scenes are all scenes that can be set, when any is different; nil when not.
	Scenes map[string]*Scene
}

// Hand is a person's wish to run a rule now.
type Hand struct {
	Rule      string
	By        string
	Cause     thing.Cause
	SkipGuard bool
}

// Output is what the Engine wants done. Traces are those that ended, in order. Step wants to be called again at Wake at
// the latest; 0 is whenever something happens.
type Output struct {
	Commands []thing.Command
	Notices  []Notice
	Traces   []Trace
	Wake     thing.Time
	Started  []string // trace ids of the runs that Hand began, "" where it did not; in the order of Hand
}

// Step takes one Input to its end: it first does whatever was due by then, then what the Input brings.
func (e *Engine) Step(in Input) Output {
	var out Output
	e.now, e.out = in.Now, &out
	e.seen = max(e.seen, in.Seq)
	e.due()
	if in.Scenes != nil {
		e.scenes = in.Scenes
	}
	for _, id := range in.Unload {
		e.unload(id, "the rule was removed or switched off")
	}
	for _, l := range in.Load {
		e.load(l, in.States, in.Start)
	}
	if len(in.Load) == 0 {
		for _, ref := range sortedRefs(in.States) {
			e.reread(ref, in.States[ref])
		}
	}
	for _, id := range in.Unpark {
		if r := e.rules[id]; r != nil {
			r.parked, r.spent = "", 0
		}
	}
	for i := range in.Changes {
		e.change(&in.Changes[i])
	}
	for i := range in.Outcomes {
		e.outcome(&in.Outcomes[i])
	}
	for _, h := range in.Hand {
		out.Started = append(out.Started, e.hand(h))
	}
	out.Wake = e.timers.next()
	e.out = nil
	return out
}

// slot is the state of one affordance that some rule names.
type slot struct {
	ref     thing.Ref
	name    string // ref as a text, once it was asked for
	quality thing.Quality
	value   thing.Value // last one known
	seen    bool        // whether there was ever one
	since   thing.Time
	seq     uint64
	users   []user
	gone    bool // no longer in the Engine's table
}

// user is one point of one rule.
type user struct {
	rule  *live
	point int
}

// live is a rule in the Engine.
type live struct {
	*Program
	states  []pointState
	watches []watch
	runs    []*run
	parked  string
	spent   float64    // runs of the rate budget used up
	spentAt thing.Time // when spent was worked out
	timers  map[*timer]struct{}
	refused refusal
}

// pointState is the value of a point as the rule sees it: of one affordance, or of several made into one.
type pointState struct {
	value     thing.Value // last one known
	before    thing.Value
	since     thing.Time
	known     bool // whether value is what it is now
	seen      bool // whether there was ever a value
	confirmed bool // known, and not just read back after a start
	hasBefore bool
	direct    *slot // of a point that is one property; nil for others
}

func (e *Engine) load(p *Program, states map[thing.Ref]thing.State, start bool) {
	e.unload(p.head.ID, "the rule was changed")
	r := &live{Program: p, states: make([]pointState, len(p.points)), watches: make([]watch, len(p.triggers)), spentAt: e.now}
	e.rules[p.head.ID] = r
	for i := range p.points {
		for _, m := range p.points[i].members {
			if m.ref.Kind != thing.Action {
				s := e.slot(m.ref, states)
				s.users = append(s.users, user{r, i})
				if st := &r.states[i]; st.direct == nil && p.points[i].decl.of == "" && p.points[i].decl.kind == thing.Property {
					st.direct = s
				}
			}
		}
		e.refresh(r, i, 0)
		r.states[i].hasBefore = false
	}
	for i := range p.triggers {
		t := &p.triggers[i]
		if t.on >= 0 {
			e.begin(r, i)
		}
		for j := range t.sched {
			e.plan(r, i, j, e.now)
		}
		if start && t.Kind == "start" {
			e.fire(r, i, Trigger{Name: t.label, Kind: "start"}, -1)
		}
	}
}

func (e *Engine) unload(id, why string) {
	r := e.rules[id]
	if r == nil {
		return
	}
	delete(e.rules, id)
	for len(r.runs) > 0 {
		e.finish(r.runs[0], Cancelled, why)
	}
	for t := range r.timers {
		e.stop(t)
	}
	for i := range r.points {
		for _, m := range r.points[i].members {
			e.release(m.ref, r)
		}
	}
}

// slot returns the slot of ref, made from what the hub knows when it is new.
func (e *Engine) slot(ref thing.Ref, states map[thing.Ref]thing.State) *slot {
	s := e.slots[ref]
	if s != nil {
		return s
	}
	s = &slot{ref: ref}
	e.slots[ref] = s
	if st, ok := states[ref]; ok && ref.Kind == thing.Property {
		s.quality, s.seq = st.Quality, st.Seq
		if st.Quality.Known() || st.Quality == thing.Stale {
			s.value, s.seen, s.since = st.Value, true, st.Since
		}
	}
	return s
}

func (e *Engine) release(ref thing.Ref, r *live) {
	s := e.slots[ref]
	if s == nil {
		return
	}
	s.users = slices.DeleteFunc(s.users, func(u user) bool { return u.rule == r })
	if len(s.users) == 0 {
		delete(e.slots, ref)
		s.gone = true
	}
}

// maxHandles bounds the table that spares a look-up by name for each Change.
const maxHandles = 1 << 22

func (e *Engine) find(c *thing.Change) *slot {
	h := int(c.Point)
	if h > 0 && h < len(e.byHandle) {
		if s := e.byHandle[h]; s != nil && !s.gone && s.ref == c.Ref {
			return s
		}
	}
	s := e.slots[c.Ref]
	if s != nil && h > 0 && h < maxHandles {
		if h >= len(e.byHandle) {
			e.byHandle = append(e.byHandle, make([]*slot, h+1+h/2-len(e.byHandle))...)
		}
		e.byHandle[h] = s
	}
	return s
}

func (e *Engine) change(c *thing.Change) {
	event := c.Ref.Kind == thing.Event
	e.seen = max(e.seen, c.Seq)
	s := e.find(c)
	if s == nil || c.Seq != 0 && c.Seq <= s.seq {
		return
	}
	if c.Repeat && !event && c.Quality == s.quality {
		s.seq = c.Seq
		return
	}
	s.seq, s.quality = c.Seq, c.Quality
	if c.Quality.Known() {
		if event || !s.seen || !s.value.Equal(c.Value) {
			s.since = c.Committed
		}
		s.value, s.seen = c.Value, true
	}
	for _, u := range s.users {
		e.touched(u.rule, u.point, c, event)
	}
}

// Doubtful gives the properties that rules name and of which nothing is known, or only what was read back after a start.
// The twin may come to know more of these without a Change, so they are worth reading anew now and then.
func (e *Engine) Doubtful() map[thing.Ref]thing.Quality {
	list := map[thing.Ref]thing.Quality{}
	for ref, s := range e.slots {
		if ref.Kind == thing.Property && (s.quality == thing.Unknown || s.quality == thing.Restored) {
			list[ref] = s.quality
		}
	}
	return list
}

// reread takes what the hub says of a doubtful point. A state that the Changes still to come will tell of is left to
// them: only they set rules off.
func (e *Engine) reread(ref thing.Ref, st thing.State) {
	s := e.slots[ref]
	switch {
	case s == nil || st.Seq > e.seen:
		return
	case s.quality == thing.Unknown && !s.seen && (st.Quality.Known() || st.Quality == thing.Stale):
		s.value, s.seen, s.since = st.Value, true, st.Since
	case s.quality != thing.Restored || st.Quality <= thing.Restored || !s.value.Equal(st.Value):
		return
	}
	s.quality = st.Quality
	for _, u := range s.users {
		for _, i := range u.rule.watching[u.point] {
			if w := &u.rule.watches[i]; !w.valid {
				e.refresh(u.rule, u.point, 0)
				e.begin(u.rule, i)
			}
		}
		e.touched(u.rule, u.point, &thing.Change{Ref: ref, Seq: s.seq, Committed: st.Since}, false)
	}
}

// touched passes a Change on to one point of one rule, its triggers and its waiting runs.
func (e *Engine) touched(r *live, point int, c *thing.Change, event bool) {
	was := r.states[point]
	e.refresh(r, point, c.Committed)
	st := &r.states[point]
	differs := st.known && (!was.seen || !was.value.Equal(st.value))
	if !differs && st.known == was.known && st.confirmed == was.confirmed && !event {
		return
	}
	for _, i := range r.watching[point] {
		if event {
			e.event(r, i, c)
		} else {
			e.watched(r, i, c, was, differs)
		}
	}
	for _, x := range slices.Clone(r.runs) {
		if x.waits != nil && slices.Contains(x.waits.Names(), r.points[point].decl.name) {
			e.look(x, point)
		}
	}
}

// refresh works out the value of a point anew from its members. At is when the change that asks for it was committed.
func (e *Engine) refresh(r *live, i int, at thing.Time) {
	p, st := &r.points[i], &r.states[i]
	var v thing.Value
	var known, confirmed bool
	var since thing.Time
	if s := st.direct; s != nil {
		v, known, confirmed, since = s.value, s.seen && s.quality.Known(), s.quality > thing.Restored, s.since
	} else {
		v, known, confirmed, since = e.combine(p)
	}
	st.known, st.confirmed = known, confirmed
	if !known {
		return
	}
	if !st.seen || !st.value.Equal(v) {
		st.before, st.hasBefore = st.value, st.seen
		st.since = since
		if p.decl.of != "" && at != 0 {
			st.since = at
		}
	}
	st.value, st.seen = v, true
}

// combine makes one value of the members' values.
func (e *Engine) combine(p *point) (v thing.Value, known, confirmed bool, since thing.Time) {
	if len(p.members) == 0 || p.decl.kind == thing.Action {
		return v, false, false, 0
	}
	if p.decl.of == "" && p.decl.kind == thing.Property || len(p.members) == 1 && p.decl.of == "" {
		s := e.slots[p.members[0].ref]
		return s.value, s.seen && s.quality.Known(), s.quality > thing.Restored, s.since
	}
	if p.decl.kind == thing.Event {
		for _, m := range p.members { // the newest counts
			if s := e.slots[m.ref]; s.seen && s.since >= since {
				v, known, since = s.value, true, s.since
			}
		}
		return v, known, known, since
	}
	return e.gather(p)
}

// gather makes one value of several: unknown when any member is, unless the others decide it alone.
func (e *Engine) gather(p *point) (v thing.Value, known, confirmed bool, since thing.Time) {
	known, confirmed = true, true
	var sum float64
	var some, every bool = false, true
	lo, hi := 0.0, 0.0
	for i, m := range p.members {
		s := e.slots[m.ref]
		since = max(since, s.since)
		confirmed = confirmed && s.quality > thing.Restored
		if !s.seen || !s.quality.Known() {
			known = false
			continue
		}
		b, f := s.value.Bool(), s.value.Float()
		some, every = some || b, every && b
		if p.decl.of == "count" {
			f = 0
			if b {
				f = 1
			}
		}
		sum += f
		if i == 0 || f < lo {
			lo = f
		}
		if i == 0 || f > hi {
			hi = f
		}
	}
	switch p.decl.of {
	case "any":
		return thing.Bool(some), known || some, confirmed || some, since
	case "all":
		return thing.Bool(every), known || !every, confirmed || !every, since
	case "avg":
		sum /= float64(len(p.members))
	case "min":
		sum = lo
	case "max":
		sum = hi
	}
	return thing.Float(sum), known, confirmed && known, since
}
