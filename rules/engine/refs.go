package engine

import (
	"maps"
	"slices"

	"hutong/rules/text"
	"hutong/thing"
)

// Head is that of the rule the Program was made of.
func (p *Program) Head() *text.Head { return p.head }

// Refs are all properties, actions and events the rule names.
func (p *Program) Refs() []thing.Ref { return refs(p.points) }

func refs(points []point) []thing.Ref {
	var list []thing.Ref
	for i := range points {
		for _, m := range points[i].members {
			list = append(list, m.ref)
		}
	}
	return list
}

// Same says whether p and q, of one text, mean the same Things described alike.
func (p *Program) Same(q *Program) bool {
	return p.head == q.head && slices.EqualFunc(p.points, q.points, func(a, b point) bool {
		return a.typ == b.typ && slices.EqualFunc(a.members, b.members, func(x, y member) bool {
			return x.ref == y.ref && x.point.Type == y.point.Type && x.point.ReadOnly == y.point.ReadOnly &&
				x.point.WriteOnly == y.point.WriteOnly && slices.Equal(x.point.Enum, y.point.Enum)
		})
	})
}

// Reads are the properties and events the rule watches or asks, each once.
func (p *Program) Reads() []thing.Ref {
	want := map[int]bool{}
	for _, t := range p.triggers {
		want[t.on] = true
	}
	note := func(names []string) {
		for _, n := range names {
			want[p.index[n]] = true
		}
	}
	if p.guard != nil {
		note(p.guard.Names())
	}
	for _, o := range p.ops {
		if o.cond != nil {
			note(o.cond.Names())
		}
		for _, x := range o.message.exprs {
			note(x.Names())
		}
		for _, t := range o.targets {
			if t.calc != nil {
				note(t.calc.Names())
			}
		}
	}
	var list []thing.Ref
	for i := range p.points {
		if want[i] {
			for _, m := range p.points[i].members {
				list = append(list, m.ref)
			}
		}
	}
	return list
}

// Sets are the properties and actions the rule commands itself, without its scenes, each once.
func (p *Program) Sets() []thing.Ref {
	var list []thing.Ref
	for _, o := range p.ops {
		for _, t := range o.targets {
			if !slices.Contains(list, t.ref) {
				list = append(list, t.ref)
			}
		}
	}
	return list
}

// sortedRefs are the keys of m in an order that is always the same.
func sortedRefs(m map[thing.Ref]thing.State) []thing.Ref {
	return slices.SortedFunc(maps.Keys(m), thing.Ref.Compare)
}

// Text is the text the Scene was made of.
func (s *Scene) Text() *text.Scene { return s.text }

// Refs are all properties and actions the scene names.
func (s *Scene) Refs() []thing.Ref { return refs(s.points) }

// Wish is what one property is to become, or the input of one action.
type Wish struct {
	Ref    thing.Ref
	Input  thing.Value
	Secret bool // the point can be written but not read
}

// Wishes are what the scene asks for, in the order of its text.
func (s *Scene) Wishes() []Wish {
	list := make([]Wish, len(s.targets))
	for i, t := range s.targets {
		list[i] = Wish{t.ref, t.value, t.point.WriteOnly}
	}
	return list
}

// News is a set of Things that came, changed or went.
type News struct {
	ids    map[thing.ID]struct{} // nil: all of them
	titles map[string]struct{}
	places map[thing.PlaceID]struct{} // where they are, and what these places lie in
}

// NewNews is the news of the Things with these ids, as they are in d now; nil ids are all Things.
func NewNews(ids map[thing.ID]struct{}, d Directory) News {
	n := News{ids: ids, titles: map[string]struct{}{}, places: map[thing.PlaceID]struct{}{}}
	for id := range ids {
		if t, ok := d.Thing(id); ok {
			n.titles[t.Title] = struct{}{}
			for p := t.Place; ; p = p.Parent() {
				n.places[p] = struct{}{}
				if p == "" {
					break
				}
			}
		}
	}
	return n
}

// Concerns says whether the news may change what the declared points mean, or is of a Thing behind refs.
func (n News) Concerns(points []text.Point, refs []thing.Ref) bool {
	if n.ids == nil {
		return true
	}
	return slices.ContainsFunc(points, func(d text.Point) bool {
		if d.Thing == "" {
			place, _ := placeOf(d.Place)
			_, ok := n.places[place]
			return ok
		}
		_, byID := n.ids[thing.ID(d.Thing)]
		_, byTitle := n.titles[d.Thing]
		return byID || byTitle
	}) || slices.ContainsFunc(refs, func(r thing.Ref) bool { _, ok := n.ids[r.Thing]; return ok })
}

// Parked says why a rule rests, "" when it does not.
func (e *Engine) Parked(rule string) string {
	if r := e.rules[rule]; r != nil {
		return r.parked
	}
	return ""
}

// Running returns the runs of a rule that are not over, newest first.
func (e *Engine) Running(rule string) []Trace {
	r := e.rules[rule]
	if r == nil {
		return nil
	}
	var list []Trace
	for _, x := range slices.Backward(r.runs) {
		list = append(list, x.trace.clone())
	}
	return list
}

// Find returns the run under way with this trace id.
func (e *Engine) Find(trace string) (Trace, bool) {
	for _, r := range e.rules {
		for _, x := range r.runs {
			if x.trace.ID == trace {
				return x.trace.clone(), true
			}
		}
	}
	return Trace{}, false
}

// Caused returns the runs under way that changes caused by a trace set off, in no order.
func (e *Engine) Caused(trace string) []Trace {
	var list []Trace
	for _, r := range e.rules {
		for _, x := range r.runs {
			if x.trace.Trigger.Cause == trace {
				list = append(list, x.trace.clone())
			}
		}
	}
	return list
}
