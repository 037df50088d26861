// Package engine joins the text of a rule to its Things, checks every expression and value against their descriptions,
// and runs the result as a pure step over an injected clock, with a trace of every run.
package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"hutong/condition"
	"hutong/rules/schedule"
	"hutong/rules/text"
	"hutong/thing"
)

// trigger is a text.Trigger made ready: values fit their point, schedules have a position.
type trigger struct {
	text.Trigger
	label  string // shown in traces and given to expressions as "trigger"
	on     int    // index of the watched point, -1 for none
	toVals []thing.Value
	frVals []thing.Value
	sched  []schedule.Schedule
}

// Program is a rule joined to its Things and ready to run. It does not change.
type Program struct {
	*shape
	head     *text.Head
	points   []point
	ops      []op
	counters int
}

// shape is what the programs of many rules may have in common.
type shape struct {
	index    map[string]int
	triggers []trigger
	watching [][]int // for each point, the triggers that watch it
	guard    *condition.Expr
}

// by is as whom it commands.
func (p *Program) by() string { return "rule:" + p.head.ID }

// Setting is what the check of a rule needs beside the Things.
type Setting struct {
	Position *schedule.Position   // nil when the hub does not know where it stands
	Scene    func(id string) bool // nil when scenes are not checked
}

// compiler joins one rule to its Things.
type compiler struct {
	Setting
	look     *Lookup
	points   []point
	index    map[string]int
	env      condition.Env
	problems text.Problems
}

func newCompiler(s Setting, l *Lookup, decls []text.Point) *compiler {
	c := &compiler{Setting: s, look: l, index: l.index(decls), points: make([]point, 0, len(decls))}
	c.env = condition.Env{Points: map[string]thing.Type{}, Sun: s.Position != nil}
	for _, d := range decls {
		p, bad := l.bind(d)
		if bad != nil {
			c.problems = append(c.problems, *bad)
			p.typ, p.members = thing.Any, nil
		}
		c.points = append(c.points, p)
		if d.Kind != thing.Action {
			c.env.Points[d.Name] = p.typ
		}
	}
	return c
}

// Join joins rule to the Things behind l. The program is nil when there are problems, of which some may only be
// waiting for a Thing.
func Join(rule *text.Rule, s Setting, l *Lookup) (*Program, text.Problems) {
	c := newCompiler(s, l, rule.Points)
	p := &Program{shape: c.shape(rule), head: rule.Head, points: c.points}
	f := &flattener{compiler: c}
	f.steps(rule.Then)
	p.ops, p.counters = slices.Clip(f.ops), f.counters
	c.problems.Sort()
	if len(c.problems) > 0 {
		return nil, c.problems
	}
	return p, nil
}

// shapeKey is what two rules have in common that have one shape: the same text, read once, of points alike.
type shapeKey struct {
	when   *text.Trigger
	guard  *text.Text
	points string
}

// shape makes the triggers and the guard of a rule, or finds those of a rule that is like it.
func (c *compiler) shape(rule *text.Rule) *shape {
	key := shapeKey{when: &rule.When[0], guard: rule.Guard}
	for i := range c.points {
		p := &c.points[i]
		if len(c.problems) > 0 || len(p.members) != 1 {
			return c.newShape(rule)
		}
		key.points += fmt.Sprintf("%p %p ", p.decl, p.members[0].point)
	}
	s := c.look.shapes[key]
	if s == nil {
		if s = c.newShape(rule); len(c.problems) == 0 {
			if c.look.shapes == nil {
				c.look.shapes = map[shapeKey]*shape{}
			}
			c.look.shapes[key] = s
		}
	}
	return s
}

func (c *compiler) newShape(rule *text.Rule) *shape {
	s := &shape{index: c.index, watching: make([][]int, len(c.points))}
	for i := range rule.When {
		t := c.trigger(i, rule.When[i])
		s.triggers = append(s.triggers, t)
		if t.on >= 0 {
			s.watching[t.on] = append(s.watching[t.on], i)
		}
	}
	if rule.Guard != nil {
		s.guard = c.expr(*rule.Guard, thing.Boolean)
	}
	return s
}

func (c *compiler) refuse(a text.At, format string, args ...any) {
	c.problems = append(c.problems, text.Problem{Line: a.Line, Column: a.Column, Path: a.Path, Reason: fmt.Sprintf(format, args...)})
}

// expr compiles an expression of the file; nil when it is refused.
func (c *compiler) expr(t text.Text, want thing.Type) *condition.Expr {
	x, err := c.look.compile(t.S, c.env, want)
	var list condition.Problems
	if errors.As(err, &list) {
		for _, p := range list {
			line, column := t.Locate(p.Line, p.Column)
			c.refuse(text.At{Line: line, Column: column, Path: t.Path}, "%s", p.Reason)
		}
		return nil
	}
	for _, name := range x.Names() {
		if why := c.points[c.index[name]].unreadable(); why != "" {
			c.refuse(t.At, "%s", why)
		}
	}
	return x
}

// find returns the declared point that t names, and -1 with a problem when there is none.
func (c *compiler) find(t text.Text) int {
	if i, ok := c.index[t.S]; ok {
		return i
	}
	names := make([]string, len(c.points))
	for i, p := range c.points {
		names[i] = p.decl.name
	}
	hint := "none are declared under points:"
	if len(names) > 0 {
		hint = "declared under points: are " + strings.Join(names, ", ")
	}
	c.refuse(t.At, "there is no point %q; %s", t.S, hint)
	return -1
}

func (c *compiler) trigger(i int, d text.Trigger) trigger {
	t := trigger{Trigger: d, on: -1, sched: d.Times}
	if t.label = d.Name; t.label == "" {
		t.label = fmt.Sprintf("when[%d]", i)
	}
	if d.Kind == "sun" {
		if c.Position == nil {
			c.refuse(d.At, "the hub does not know where it stands; give it a latitude and longitude")
			return t
		}
		s := *d.Sun
		s.At = *c.Position
		t.sched = []schedule.Schedule{s}
	}
	if d.Kind != "change" && d.Kind != "event" {
		return t
	}
	if t.on = c.find(d.Point); t.on < 0 {
		return t
	}
	p := &c.points[t.on]
	if (d.Kind == "event") != (p.decl.kind == thing.Event) {
		c.refuse(d.Point.At, "%s is %s; write %s", p.decl.name, nouns[p.decl.kind], map[thing.Kind]string{
			thing.Property: "change: " + p.decl.name, thing.Event: "event: " + p.decl.name, thing.Action: "a property or an event",
		}[p.decl.kind])
		return t
	}
	if why := p.unreadable(); why != "" {
		c.refuse(d.Point.At, "%s", why)
		return t
	}
	if (d.Above != nil || d.Below != nil) && !slices.Contains([]thing.Type{thing.Any, thing.Integer, thing.Number}, p.typ) {
		c.refuse(d.At, "above and below want a number; %s is %s", p.decl.name, article(p.typ))
	}
	t.toVals, t.frVals = c.fit(p, d.To), c.fit(p, d.From)
	return t
}

// fit makes the values written in the file values of p.
func (c *compiler) fit(p *point, list []text.Literal) []thing.Value {
	var out []thing.Value
	for _, l := range list {
		v, err := p.accept(l)
		if err != nil {
			c.refuse(l.At, "%s", err)
		}
		out = append(out, v)
	}
	return out
}

// accept makes a value written in the file fit the point. Bare on, off, yes and no are true and false where that is wanted.
func (p *point) accept(l text.Literal) (thing.Value, error) {
	v := l.V
	if p.typ == thing.Boolean && v.Type() == thing.Text {
		switch strings.ToLower(l.Plain) {
		case "on", "yes":
			v = thing.Bool(true)
		case "off", "no":
			v = thing.Bool(false)
		}
	}
	if len(p.members) == 0 {
		return v, nil
	}
	if p.decl.of != "" {
		return (&thing.Point{Name: p.decl.name, Type: p.typ}).Accept(v)
	}
	return p.members[0].point.Accept(v)
}
