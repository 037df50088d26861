package engine

import (
	"strings"
	"time"

	"hutong/condition"
	"hutong/rules/text"
	"hutong/thing"
)

// opKind is one instruction of a run. Steps within steps become jumps, so that a run is a place in a list and can wait
// anywhere.
type opKind uint8

const (
	opCommands opKind = iota // set, calc, invoke
	opScene
	opNotify
	opDelay
	opWait
	opIf     // go on when true, to jump when false, to end when unknown
	opJump   // to jump
	opRepeat // count up; to jump when done
	opReset  // begin counting
	opStop
)

// op is one instruction. Only what its kind needs is set.
type op struct {
	kind    opKind
	step    string // path of the step it came from
	word    string // "set", "invoke", ... for the trace
	targets []target
	scene   string
	message message
	level   string
	span    time.Duration
	carryOn bool
	cond    *condition.Expr
	jump    int
	end     int
	counter int
	times   int
}

// target is one command to come: a member of a point and its input.
type target struct {
	member
	name  string // of the member's ref
	value thing.Value
	calc  *condition.Expr
}

// message is a text with expressions in it: parts[0], exprs[0], parts[1], ...
type message struct {
	parts []string
	exprs []*condition.Expr
}

type flattener struct {
	*compiler
	ops      []op
	counters int
}

func (f *flattener) add(o op) int {
	f.ops = append(f.ops, o)
	return len(f.ops) - 1
}

func (f *flattener) steps(list []text.Step) {
	for i := range list {
		f.step(&list[i])
	}
}

func (f *flattener) step(d *text.Step) {
	o := op{step: d.Path, word: d.Kind, level: d.Level, carryOn: d.CarryOn}
	switch d.Kind {
	case "set", "calc", "invoke":
		o.kind = opCommands
		for _, t := range d.Targets {
			o.targets = append(o.targets, f.target(d, t)...)
		}
		f.add(o)
	case "scene":
		o.kind, o.scene = opScene, d.Word.S
		if f.Scene != nil && !f.Scene(d.Word.S) {
			f.refuse(d.Word.At, "there is no scene %q", d.Word.S)
		}
		f.add(o)
	case "notify":
		o.kind, o.message = opNotify, f.message(d.Word)
		f.add(o)
	case "delay":
		o.kind, o.span = opDelay, d.Span
		f.add(o)
	case "wait":
		o.kind, o.span, o.cond = opWait, d.Timeout, f.expr(*d.Cond, thing.Boolean)
		f.add(o)
	case "stop":
		o.kind, o.message = opStop, message{parts: []string{d.Word.S}}
		f.add(o)
	case "if":
		f.choose(d, []text.Branch{{Cond: *d.Cond, Then: d.Then}})
	case "choose":
		f.choose(d, d.Branches)
	case "repeat":
		f.repeat(d, o)
	}
}

func (f *flattener) choose(d *text.Step, branches []text.Branch) {
	var tests, ends []int
	for _, b := range branches {
		test := f.add(op{kind: opIf, step: d.Path, word: "if", cond: f.expr(b.Cond, thing.Boolean)})
		tests = append(tests, test)
		f.steps(b.Then)
		ends = append(ends, f.add(op{kind: opJump}))
		f.ops[test].jump = len(f.ops)
	}
	f.steps(d.Other)
	for _, i := range tests {
		f.ops[i].end = len(f.ops)
	}
	for _, i := range ends {
		f.ops[i].jump = len(f.ops)
	}
}

func (f *flattener) repeat(d *text.Step, o op) {
	counter := f.counters
	f.counters++
	f.add(op{kind: opReset, counter: counter})
	o.kind, o.counter, o.times = opRepeat, counter, d.Times
	loop := f.add(o)
	test := -1
	if d.Cond != nil {
		test = f.add(op{kind: opIf, step: d.Path, word: "while", cond: f.expr(*d.Cond, thing.Boolean)})
	}
	f.steps(d.Then)
	f.add(op{kind: opJump, jump: loop})
	f.ops[loop].jump = len(f.ops)
	if test >= 0 {
		f.ops[test].jump, f.ops[test].end = len(f.ops), len(f.ops)
	}
}

// target makes the commands of one entry of set, calc or invoke: one for each member of the point.
func (f *flattener) target(d *text.Step, t text.Target) []target {
	i := f.find(t.Point)
	if i < 0 {
		return nil
	}
	p := &f.points[i]
	want := thing.Property
	if d.Kind == "invoke" {
		want = thing.Action
	}
	if p.decl.kind != want {
		f.refuse(t.Point.At, "%s is %s; %s", p.decl.name, nouns[p.decl.kind], map[thing.Kind]string{
			thing.Property: "only a property can be set", thing.Action: "only an action can be invoked",
		}[want])
		return nil
	}
	out := target{}
	if t.Calc != nil {
		typ := p.typ
		if len(p.members) > 0 {
			typ = p.members[0].point.Type
		}
		out.calc = f.expr(*t.Calc, typ)
	}
	var list []target
	for _, m := range p.members {
		if m.point.ReadOnly && want == thing.Property {
			f.refuse(t.Point.At, "%s of %s can be read but not set", m.ref.Name, m.ref.Thing)
			return nil
		}
		if t.Lit != nil {
			single := point{decl: &decl{name: p.decl.name}, typ: m.point.Type, members: []member{m}}
			v, err := single.accept(*t.Lit)
			if err != nil {
				f.refuse(t.Lit.At, "%s", err)
				return nil
			}
			out.value = v
		}
		out.member, out.name = m, m.ref.String()
		list = append(list, out)
	}
	return list
}

// message reads "It is {temperature} degrees": expressions in braces, {{ and }} for braces themselves.
func (f *flattener) message(t text.Text) message {
	var m message
	var part strings.Builder
	s := t.S
	for i := 0; i < len(s); i++ {
		switch {
		case strings.HasPrefix(s[i:], "{{") || strings.HasPrefix(s[i:], "}}"):
			part.WriteByte(s[i])
			i++
		case s[i] == '{':
			end := strings.IndexByte(s[i:], '}')
			if end < 0 {
				f.refuse(t.At, "a { has no } after it; write {{ for a brace")
				return m
			}
			x := f.expr(t.Sub(i+1, i+end), thing.Any)
			m.parts, m.exprs = append(m.parts, part.String()), append(m.exprs, x)
			part.Reset()
			i += end
		default:
			part.WriteByte(s[i])
		}
	}
	m.parts = append(m.parts, part.String())
	return m
}
