// Package jinja is a small evaluator of Jinja2 templates as Home Assistant runs them: Jinja's expressions, filters
// and tests, loop controls, and the filters and functions Home Assistant adds for MQTT values. Printing follows
// Python ("None", "True", "21.0", "['a']"), since that is what devices' templates were written against.
//
// Templates come from devices, so nothing in them is trusted: source size, nesting, steps, memory and output are
// bounded, regular expressions run in linear time, and nothing can be changed or reached but the values handed in.
// A Template may be rendered by many goroutines at once.
package jinja

import (
	"fmt"
	"strings"

	"hutong/binding/hass/jinja/library"
	"hutong/binding/hass/jinja/py"
)

// MaxSource is the most bytes a template may have.
const MaxSource = 64 << 10

// Error says where a template is wrong and why. Line and Column count from 1, in bytes.
type Error struct {
	Line, Column int
	Reason       string
}

// Error returns "line L, column C: reason".
func (e *Error) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Reason)
}

// Template is a parsed template.
type Template struct {
	source  string
	body    []stmt
	field   []string
	lib     *py.Library
	regexes py.RegexCache
}

// Parse reads a template. The error is an *Error.
func Parse(source string) (*Template, error) {
	if len(source) > MaxSource {
		return nil, &Error{1, 1, fmt.Sprintf("template of %d bytes: at most %d are allowed", len(source), MaxSource)}
	}
	t := &Template{source: source, lib: &py.Library{Filters: library.Filters, Tests: library.Tests, Globals: library.Globals}}
	if err := t.parse(); err != nil {
		return nil, err
	}
	if len(t.body) == 1 {
		if s, ok := t.body[0].(*outputStmt); ok {
			t.field = plainField(s.value)
		}
	}
	return t, nil
}

func (t *Template) parse() (err error) {
	defer t.rescue(&err)
	toks := t.lex()
	p := &parser{t: t, toks: toks}
	t.body = p.block()
	if tok := p.peek(); tok.kind != tokEOF {
		p.fail(tok, "unexpected %q", p.closing())
	}
	return nil
}

// Source is the text the template was parsed from.
func (t *Template) Source() string { return t.source }

// Field returns the path of a template that only prints a field, such as {{ value_json.state }} or
// {{ value_json['update']['state'] }}: the variable first, then the keys. It is nil for any other template, and for
// one whose keys name a method of a dict, which Python would find first.
func (t *Template) Field() []string { return t.field }

func plainField(e expr) []string {
	switch e := e.(type) {
	case *nameExpr:
		return []string{e.name}
	case *attrExpr:
		if path := plainField(e.of); path != nil && !py.DictMethod(e.name) {
			return append(path, e.name)
		}
	case *indexExpr:
		c, ok := e.key.(*constExpr)
		if !ok || c.value.Kind() != py.KindText || py.DictMethod(c.value.Text()) {
			return nil
		}
		if path := plainField(e.of); path != nil {
			return append(path, c.value.Text())
		}
	}
	return nil
}

// Render runs the template with vars and returns its text as Jinja gives it, white space around it included. A nil
// env is the zero Env. The error is an *Error with the place in the template.
func (t *Template) Render(env *py.Env, vars ...py.Var) (text string, err error) {
	defer t.rescue(&err)
	r := &run{Work: &py.Work{Env: env, Lib: t.lib, Regexes: &t.regexes}, t: t, frame: &frame{}}
	for _, v := range vars {
		r.frame.vars = append(r.frame.vars, binding{v.Name, v.Value})
	}
	var out strings.Builder
	r.out = &out
	r.exec(t.body)
	return out.String(), nil
}

func (t *Template) rescue(err *error) {
	switch f := recover().(type) {
	case nil:
	case py.Failure:
		before := t.source[:min(f.Pos, len(t.source))]
		line := 1 + strings.Count(before, "\n")
		*err = &Error{line, len(before) - strings.LastIndexByte(before, '\n'), f.Reason}
	default:
		panic(f)
	}
}
