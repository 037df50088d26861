package rules

import (
	"iter"
	"slices"

	"hutong/rules/engine"
)

// How many traces of each rule stay in memory: those that did something, and those that did not. They are kept apart, so
// that a hundred dull runs do not push out the one that matters.
const (
	keepActed = 12
	keepDull  = 4
)

// archive holds the newest traces of every rule and scene in memory.
type archive struct {
	byRule map[string]*shelf
	byID   map[string]*engine.Trace // of those that did something: the others come and go too often
}

type shelf struct {
	acted, dull []*engine.Trace // oldest first
	runs        uint64          // how many began since the hub started
}

func newArchive() *archive {
	return &archive{byRule: map[string]*shelf{}, byID: map[string]*engine.Trace{}}
}

func (a *archive) add(t engine.Trace) {
	key := t.Rule
	if t.Scene != "" {
		key = "scene/" + t.Scene
	}
	s := a.byRule[key]
	if s == nil {
		s = &shelf{}
		a.byRule[key] = s
	}
	if !t.Acted() {
		s.dull, _ = push(s.dull, keepDull, &t)
		return
	}
	s.runs++
	var gone string
	s.acted, gone = push(s.acted, keepActed, &t)
	delete(a.byID, gone)
	a.byID[t.ID] = s.acted[len(s.acted)-1]
}

// push puts t behind list, in the room of the oldest when there are limit, and says which one is gone.
func push(list []*engine.Trace, limit int, t *engine.Trace) (_ []*engine.Trace, gone string) {
	if len(list) < limit {
		kept := *t
		return append(list, &kept), ""
	}
	oldest := list[0]
	gone = oldest.ID
	*oldest = *t
	copy(list, list[1:])
	list[len(list)-1] = oldest
	return list, gone
}

// find is the trace with that id, nil when it is not here.
func (a *archive) find(id string) *engine.Trace {
	if t := a.byID[id]; t != nil {
		return t
	}
	for t := range a.all() {
		if t.ID == id {
			return t
		}
	}
	return nil
}

// all are the traces in memory, in no order.
func (a *archive) all() iter.Seq[*engine.Trace] {
	return func(yield func(*engine.Trace) bool) {
		for _, s := range a.byRule {
			for _, list := range [...][]*engine.Trace{s.acted, s.dull} {
				for _, t := range list {
					if !yield(t) {
						return
					}
				}
			}
		}
	}
}

func (a *archive) drop(rule string) {
	s := a.byRule[rule]
	if s == nil {
		return
	}
	for _, t := range s.acted {
		delete(a.byID, t.ID)
	}
	delete(a.byRule, rule)
}

// of lists the traces of one rule, newest first.
func (a *archive) of(rule string) []engine.Trace {
	s := a.byRule[rule]
	if s == nil {
		return nil
	}
	var list []engine.Trace
	for _, t := range slices.Concat(s.acted, s.dull) {
		list = append(list, *t)
	}
	slices.SortStableFunc(list, func(x, y engine.Trace) int { return int(min(1, max(-1, y.Began-x.Began))) })
	return list
}
