package rules

import (
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
	byID   map[string]*engine.Trace
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
	list, limit := &s.dull, keepDull
	if t.Acted() {
		list, limit = &s.acted, keepActed
		s.runs++
	}
	if len(*list) == limit {
		delete(a.byID, (*list)[0].ID)
		*list = slices.Delete(*list, 0, 1)
	}
	*list = append(*list, &t)
	a.byID[t.ID] = &t
}

func (a *archive) drop(rule string) {
	s := a.byRule[rule]
	if s == nil {
		return
	}
	for _, t := range slices.Concat(s.acted, s.dull) {
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
