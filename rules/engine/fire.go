package engine

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"hutong/condition"
	"hutong/rules/schedule"
	"hutong/rules/text"
	"hutong/thing"
)

// maxLate is how late a time or sun trigger may still fire: after a longer sleep of the machine it is passed over.
const maxLate = 10 * time.Minute

// watch is where one change trigger stands.
type watch struct {
	valid  bool // whether a value has been seen; the first one fires nothing
	inside bool // whether the last known value is what the trigger asks for
	lost   bool // the value became unknown while it was being held
	due    bool // held long enough, but on a value that was only read back after a start
	hold   *timer
	cause  *Trigger // what began the hold; nil when there is none
}

// begin notes where things stand when a rule is loaded, and goes on with a hold that was under way.
func (e *Engine) begin(r *live, i int) {
	t, w := &r.triggers[i], &r.watches[i]
	st := &r.states[t.on]
	if t.Kind != "change" || !st.known {
		return
	}
	w.valid, w.inside = true, t.matches(st.value, false)
	if t.Hold == 0 || !w.inside || st.since == 0 || len(t.frVals) > 0 {
		return
	}
	if rest := t.Hold - time.Duration(e.now-st.since); rest > 0 && rest <= t.Hold {
		e.held(r, i, rest, Trigger{Name: t.label, Kind: "change", Point: r.points[t.on].decl.name, Value: ptr(st.value)})
	}
}

// matches says whether v is what the trigger asks for; inside is whether the last value was.
func (t *trigger) matches(v thing.Value, inside bool) bool {
	if t.Above != nil || t.Below != nil {
		if !v.IsNumber() {
			return false
		}
		slack := t.Slack
		if !inside {
			slack = 0
		}
		return (t.Above == nil || v.Float() > *t.Above-slack) && (t.Below == nil || v.Float() < *t.Below+slack)
	}
	return len(t.toVals) == 0 || slices.ContainsFunc(t.toVals, v.Equal)
}

// watched tells a change trigger about its point.
func (e *Engine) watched(r *live, i int, c *thing.Change, was pointState, differs bool) {
	t, w := &r.triggers[i], &r.watches[i]
	st := &r.states[t.on]
	if !st.known {
		w.lost = w.lost || w.hold != nil || w.due
		e.stop(w.hold)
		w.hold, w.due = nil, false
		return
	}
	first, entered := !w.valid, t.matches(st.value, w.inside)
	left := !entered && w.inside
	plain := len(t.toVals) == 0 && t.Above == nil && t.Below == nil
	edge := entered && (!w.inside || plain) && differs && !first && was.seen
	w.valid, w.inside = true, entered
	if len(t.frVals) > 0 && !slices.ContainsFunc(t.frVals, was.value.Equal) {
		edge = false
	}
	switch {
	case edge && t.Hold == 0 && e.refusedAlike(r, i, c):
	case edge && t.Hold == 0:
		e.fire(r, i, e.causeOf(r, t, c, st), t.on)
	case edge, entered && w.lost:
		e.stop(w.hold)
		e.held(r, i, t.Hold, e.causeOf(r, t, c, st))
	case left:
		e.stop(w.hold)
		w.hold, w.due, w.lost = nil, false, false
	case w.due && st.confirmed:
		w.due = false
		e.fire(r, i, *w.cause, t.on)
	}
}

func (e *Engine) causeOf(r *live, t *trigger, c *thing.Change, st *pointState) Trigger {
	x := Trigger{
		Name: t.label, Kind: t.Kind, Point: r.points[t.on].decl.name, Ref: e.nameOf(c), Seq: c.Seq,
		Value: ptr(st.value), Cause: c.Cause.Trace, Hops: c.Cause.Hops,
	}
	if st.hasBefore {
		x.Before = ptr(st.before)
	}
	return x
}

// nameOf is the ref of c as a text.
func (e *Engine) nameOf(c *thing.Change) string {
	s := e.find(c)
	if s == nil {
		return c.Ref.String()
	}
	if s.name == "" {
		s.name = s.ref.String()
	}
	return s.name
}

// held fires trigger i after d, unless the value leaves before.
func (e *Engine) held(r *live, i int, d time.Duration, cause Trigger) {
	w := &r.watches[i]
	w.lost, w.due, w.cause = false, false, &cause
	w.hold = e.timer(r, e.now+thing.Time(d), func() {
		w.hold = nil
		if w.due = !r.states[r.triggers[i].on].confirmed; w.due {
			return
		}
		e.fire(r, i, cause, r.triggers[i].on)
	})
}

// event tells an event trigger about an event.
func (e *Engine) event(r *live, i int, c *thing.Change) {
	t := &r.triggers[i]
	if t.Kind != "event" || !c.Quality.Known() || len(t.toVals) > 0 && !slices.ContainsFunc(t.toVals, c.Value.Equal) {
		return
	}
	st := pointState{value: c.Value}
	e.fire(r, i, e.causeOf(r, t, c, &st), t.on)
}

// plan sets the timer for the next moment of a schedule after t.
func (e *Engine) plan(r *live, i, j int, t thing.Time) {
	s := r.triggers[i].sched[j]
	next := thing.At(s.Next(t.Std().In(e.zone)))
	if next == 0 {
		return
	}
	e.timer(r, next, func() {
		late := time.Duration(e.now - next)
		e.plan(r, i, j, max(next, e.now))
		if late <= maxLate {
			x := &r.triggers[i]
			e.fire(r, i, Trigger{Name: x.label, Kind: x.Kind}, -1)
		}
	})
}

// timer makes a timer that dies with the rule.
func (e *Engine) timer(r *live, at thing.Time, do func()) *timer {
	t := e.timers.add(at, r, do)
	if r.timers == nil {
		r.timers = map[*timer]struct{}{}
	}
	r.timers[t] = struct{}{}
	return t
}

// fire asks the guard and, when it agrees, begins a run. Changed is the point that set the rule off, -1 for none.
func (e *Engine) fire(r *live, i int, cause Trigger, changed int) string {
	if r.parked != "" {
		return ""
	}
	tr := &Trace{ID: e.id(r.head.ID, cause), Rule: r.head.ID, Version: r.head.Version, Began: e.now, Trigger: cause}
	if cause.Hops >= MaxHops {
		e.park(r, tr, fmt.Sprintf("it was set off by a chain of %d rule runs, which looks like a loop", cause.Hops))
		return tr.ID
	}
	if r.guard != nil {
		if result, why := e.ask(r, tr, cause, changed); result != "" {
			if result == Refused {
				tr.Alike, r.refused = r.refused.alike, refusal{trigger: i, at: e.now}
			}
			e.end(tr, result, why)
			return tr.ID
		}
	}
	return e.launch(r, tr, changed)
}

// refusal is the last time a rule's guard said no, and how many times since without a Trace of its own.
type refusal struct {
	trigger int
	at      thing.Time
	alike   int
}

// refusedAlike passes over a Change that sets off a trigger which the guard refused within the last second, and refuses
// again: a sensor that reports a hundred times a second tells the same story each time. It only counts.
func (e *Engine) refusedAlike(r *live, i int, c *thing.Change) bool {
	if r.guard == nil || r.parked != "" || c.Cause.Hops >= MaxHops ||
		r.refused.at == 0 || r.refused.trigger != i || e.now-r.refused.at >= thing.Time(time.Second) {
		return false
	}
	t := &r.triggers[i]
	e.eye = view{e, r, t.on, t.label}
	res := r.guard.Eval(&e.eye)
	if res.Err != nil || !res.Known || res.True() {
		return false
	}
	r.refused.alike++
	return true
}

// ask puts the guard to the question; "" lets the run begin.
func (e *Engine) ask(r *live, tr *Trace, cause Trigger, changed int) (Result, string) {
	v := view{e, r, changed, cause.Name}
	res := r.guard.Eval(v)
	tr.Guard = &Guard{Source: r.guard.Source(), Answer: answer(res), Seen: v.seen(r.guard)}
	switch {
	case res.Err != nil:
		tr.Guard.Error = res.Err.Error()
		return Failed, "the guard could not be worked out: " + res.Err.Error()
	case !res.Known:
		return Unknown, "not known: " + strings.Join(res.Unknown, ", ")
	case !res.True():
		return Refused, "the guard is false"
	}
	return "", ""
}

// launch begins a run as the rule's mode allows.
func (e *Engine) launch(r *live, tr *Trace, changed int) string {
	busy, mode := len(r.runs), r.head.Mode
	if busy > 0 && (mode == text.Single || mode == text.Parallel && busy >= r.head.Max || mode == text.Queued && busy > r.head.Max) {
		e.end(tr, Busy, "it was running already")
		return tr.ID
	}
	if !e.afford(r) {
		e.park(r, tr, fmt.Sprintf("it ran more than %d times in a minute", r.head.PerMinute))
		return tr.ID
	}
	for mode == text.Restart && len(r.runs) > 0 {
		e.finish(r.runs[0], Cancelled, "a newer run took its place")
	}
	x := &run{rule: r, trace: tr, changed: changed, step: -1, counts: make([]int, r.counters)}
	r.runs = append(r.runs, x)
	if mode == text.Queued && busy > 0 {
		tr.Result = Waiting
		return tr.ID
	}
	e.exec(x)
	return tr.ID
}

// afford takes one run from the rule's budget, which fills up again evenly over a minute.
func (e *Engine) afford(r *live) bool {
	rate := float64(r.head.PerMinute) / float64(time.Minute)
	r.spent = max(0, r.spent-rate*float64(max(0, e.now-r.spentAt)))
	r.spentAt = e.now
	if r.spent+1 > float64(r.head.PerMinute) {
		return false
	}
	r.spent++
	return true
}

// park lays a rule to rest until a person wakes it. The hub and its other rules go on.
func (e *Engine) park(r *live, tr *Trace, why string) {
	r.parked = why
	for len(r.runs) > 0 {
		e.finish(r.runs[0], Cancelled, "the rule was parked: "+why)
	}
	e.end(tr, Parked, why)
	e.out.Notices = append(e.out.Notices, Notice{
		Time: e.now, Rule: r.head.ID, Trace: tr.ID, Level: "warning", Text: fmt.Sprintf("%s was parked: %s", r.head.Title, why),
	})
}

// end closes a trace and hands it out.
func (e *Engine) end(tr *Trace, result Result, why string) {
	tr.Result, tr.Reason, tr.Ended = result, why, e.now
	if e.out.Traces == nil {
		e.out.Traces = make([]Trace, 0, e.traces+1)
	}
	e.out.Traces = append(e.out.Traces, tr.clone())
	e.traces = len(e.out.Traces)
}

func (e *Engine) hand(h Hand) string {
	r := e.rules[h.Rule]
	if r == nil {
		return ""
	}
	cause := Trigger{Name: "hand", Kind: "hand", By: h.By, Cause: h.Cause.Trace, Hops: h.Cause.Hops}
	if !h.SkipGuard || r.guard == nil || r.parked != "" {
		return e.fire(r, -1, cause, -1)
	}
	tr := &Trace{ID: e.id(r.head.ID, cause), Rule: r.head.ID, Version: r.head.Version, Began: e.now, Trigger: cause}
	tr.Guard = &Guard{Source: r.guard.Source(), Answer: "skipped"}
	return e.launch(r, tr, -1)
}

// id makes the id of a trace from what is the same whenever the same log is run again.
func (e *Engine) id(rule string, cause Trigger) string {
	e.ids++
	b := append(append(make([]byte, 0, 128), rule...), 0)
	b = binary.BigEndian.AppendUint64(b, uint64(e.now))
	b = binary.BigEndian.AppendUint64(b, cause.Seq)
	b = binary.BigEndian.AppendUint64(b, e.ids)
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:10])
}

// view is what an expression of one rule sees. It implements condition.Input.
type view struct {
	e       *Engine
	r       *live
	changed int
	trigger string
}

func (v view) Reading(name string) condition.Reading {
	i := v.r.place(name)
	st := &v.r.states[i]
	return condition.Reading{
		Value: st.value, Known: st.known, Since: st.since, Before: st.before, HasBefore: st.hasBefore, Changed: i == v.changed,
	}
}

// place is where the point called name is. Most rules have few, which are found sooner by looking.
func (p *Program) place(name string) int {
	const few = 8
	if len(p.points) > few {
		return p.index[name]
	}
	for i := range p.points {
		if p.points[i].decl.name == name {
			return i
		}
	}
	return 0 // never: a guard names only points of its rule
}

func (v view) Now() time.Time  { return v.e.now.Std().In(v.e.zone) }
func (v view) Trigger() string { return v.trigger }

func (v view) Sun() condition.Sun {
	if v.e.sunAt != v.e.now && v.e.position != nil {
		t := v.e.now.Std()
		v.e.sunAt = v.e.now
		v.e.sun = condition.Sun{Elevation: schedule.Elevation(t, *v.e.position), Up: schedule.Up(t, *v.e.position)}
	}
	return v.e.sun
}

// seen lists what x reads, for the trace.
func (v view) seen(x *condition.Expr) []Seen {
	list := make([]Seen, 0, len(x.Names()))
	for _, name := range x.Names() {
		r := v.Reading(name)
		s := Seen{Point: name, Known: r.Known, Since: r.Since}
		if r.Known {
			s.Value = brief(r.Value)
		}
		list = append(list, s)
	}
	return list
}
