package td

import (
	"encoding/json"
	"slices"
	"strconv"

	"hutong/td/ordered"
)

// text is a string.
type text string

func (t *text) read(r *reader, n *ordered.Node) {
	if r.want(n, ordered.Text) {
		*t = text(n.Text)
	}
}
func (t *text) write(w *writer, _ bool) { w.buf = ordered.AppendText(w.buf, string(*t)) }
func (t *text) zero() bool              { return *t == "" }
func (t *text) detach(*copier)          {}

// texts is an array of strings, which may be written as a string when it has one.
type texts []string

func (t *texts) read(r *reader, n *ordered.Node) {
	if n.Kind == ordered.Text {
		*t = texts{n.Text}
		return
	}
	if n.Kind != ordered.List {
		r.fail("", "want a string or an array of strings, got %s", n.Kind)
		return
	}
	(*names)(t).read(r, n)
}

func (t *texts) write(w *writer, lone bool) {
	if lone && len(*t) == 1 {
		w.buf = ordered.AppendText(w.buf, (*t)[0])
		return
	}
	(*names)(t).write(w, lone)
}
func (t *texts) zero() bool     { return len(*t) == 0 }
func (t *texts) detach(*copier) { *t = slices.Clone(*t) }

// names is an array of strings.
type names []string

func (t *names) read(r *reader, n *ordered.Node) {
	if !r.want(n, ordered.List) {
		return
	}
	*t = make(names, len(n.Kids))
	for i := range n.Kids {
		r.enterIndex(i)
		if r.want(&n.Kids[i], ordered.Text) {
			(*t)[i] = n.Kids[i].Text
		}
		r.leave()
	}
}

func (t *names) write(w *writer, _ bool) {
	w.list(len(*t), func(i int) { w.buf = ordered.AppendText(w.buf, (*t)[i]) })
}
func (t *names) zero() bool     { return len(*t) == 0 }
func (t *names) detach(*copier) { *t = slices.Clone(*t) }

// flag is a boolean.
type flag bool

func (f *flag) read(r *reader, n *ordered.Node) {
	if r.want(n, ordered.Bool) {
		*f = n.Text == "true"
	}
}
func (f *flag) write(w *writer, _ bool) { w.buf = strconv.AppendBool(w.buf, bool(*f)) }
func (f *flag) zero() bool              { return !bool(*f) }
func (f *flag) detach(*copier)          {}

// choice is a boolean that may be left out with a meaning of its own.
type choice struct{ at **bool }

func (c choice) read(r *reader, n *ordered.Node) {
	if r.want(n, ordered.Bool) {
		b := n.Text == "true"
		*c.at = &b
	}
}
func (c choice) write(w *writer, _ bool) { w.buf = strconv.AppendBool(w.buf, **c.at) }
func (c choice) zero() bool              { return *c.at == nil }
func (c choice) detach(*copier) {
	if *c.at != nil {
		b := **c.at
		*c.at = &b
	}
}

// digits is a number as written.
type digits json.Number

func (d *digits) read(r *reader, n *ordered.Node) {
	if r.want(n, ordered.Number) {
		*d = digits(n.Text)
	}
}
func (d *digits) write(w *writer, _ bool) { w.raw([]byte(*d)) }
func (d *digits) zero() bool              { return *d == "" }
func (d *digits) detach(*copier)          {}

// raw is any JSON value.
type raw json.RawMessage

func (v *raw) read(_ *reader, n *ordered.Node) { *v = raw(n.JSON()) }
func (v *raw) write(w *writer, _ bool)         { w.raw(*v) }
func (v *raw) zero() bool                      { return len(*v) == 0 }
func (v *raw) detach(*copier)                  { *v = slices.Clone(*v) }

// raws is an array of any JSON values.
type raws []json.RawMessage

func (v *raws) read(r *reader, n *ordered.Node) {
	if !r.want(n, ordered.List) {
		return
	}
	*v = make(raws, len(n.Kids))
	for i := range n.Kids {
		(*v)[i] = n.Kids[i].JSON()
	}
}

func (v *raws) write(w *writer, _ bool) { w.list(len(*v), func(i int) { w.raw((*v)[i]) }) }
func (v *raws) zero() bool              { return len(*v) == 0 }
func (v *raws) detach(*copier) {
	*v = slices.Clone(*v)
	for i := range *v {
		(*v)[i] = slices.Clone((*v)[i])
	}
}

// lang is a MultiLanguage map (TD 1.1 section 5.3.1.7).
type lang Lang

func (l *lang) read(r *reader, n *ordered.Node) {
	if !r.want(n, ordered.Object) {
		return
	}
	for i := range n.Kids {
		k := &n.Kids[i]
		r.enter(k.Name)
		if r.want(k, ordered.Text) {
			(*Lang)(l).Set(k.Name, k.Text)
		}
		r.leave()
	}
}

func (l *lang) write(w *writer, _ bool) {
	writeMap(w, Lang(*l), func(s string) { w.buf = ordered.AppendText(w.buf, s) })
}
func (l *lang) zero() bool     { return len(l.names) == 0 }
func (l *lang) detach(*copier) { *l = lang(Lang(*l).clone(func(s string) string { return s })) }

// pointer is a *T that is an object; the slots below hold such.
type pointer[T any] interface {
	*T
	object
}

// one is an object, or none.
type one[T any, P pointer[T]] struct{ at *P }

func (o one[T, P]) read(r *reader, n *ordered.Node) {
	x := P(new(T))
	r.object(n, x)
	*o.at = x
}
func (o one[T, P]) write(w *writer, _ bool) { w.object(*o.at) }
func (o one[T, P]) zero() bool              { return *o.at == nil }
func (o one[T, P]) detach(c *copier)        { *o.at = own[T](c, *o.at) }

// own is a copy of x that shares nothing with it; nil for nil.
func own[T any, P pointer[T]](c *copier, x P) P {
	if x == nil {
		return nil
	}
	y := *x
	c.object(P(&y))
	return &y
}

// many is an array of objects.
type many[T any, P pointer[T]] []P

func (m *many[T, P]) read(r *reader, n *ordered.Node) {
	if !r.want(n, ordered.List) {
		return
	}
	*m = make(many[T, P], len(n.Kids))
	for i := range n.Kids {
		r.enterIndex(i)
		one[T, P]{&(*m)[i]}.read(r, &n.Kids[i])
		r.leave()
	}
}

func (m *many[T, P]) write(w *writer, _ bool) {
	w.list(len(*m), func(i int) { w.object((*m)[i]) })
}
func (m *many[T, P]) zero() bool { return len(*m) == 0 }
func (m *many[T, P]) detach(c *copier) {
	*m = slices.Clone(*m)
	for i, x := range *m {
		(*m)[i] = own[T](c, x)
	}
}

// named is a map of objects.
type named[T any, P pointer[T]] Map[P]

func (m *named[T, P]) read(r *reader, n *ordered.Node) {
	if !r.want(n, ordered.Object) {
		return
	}
	for i := range n.Kids {
		k := &n.Kids[i]
		var x P
		r.enter(k.Name)
		one[T, P]{&x}.read(r, k)
		r.leave()
		(*Map[P])(m).Set(k.Name, x)
	}
}

func (m *named[T, P]) write(w *writer, _ bool) {
	writeMap(w, Map[P](*m), func(x P) { w.object(x) })
}
func (m *named[T, P]) zero() bool { return len(m.names) == 0 }
func (m *named[T, P]) detach(c *copier) {
	*m = named[T, P](Map[P](*m).clone(func(x P) P { return own[T](c, x) }))
}

func writeMap[T any](w *writer, m Map[T], value func(T)) {
	w.buf = append(w.buf, '{')
	for i, name := range m.names {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		w.buf = append(ordered.AppendText(w.buf, name), ':')
		value(m.values[name])
	}
	w.buf = append(w.buf, '}')
}

// items is the "items" of a Schema: one schema, or a list of them.
type items Schema

func (s *items) read(r *reader, n *ordered.Node) {
	if s.ItemsList = n.Kind == ordered.List; s.ItemsList {
		(*many[Schema, *Schema])(&s.Items).read(r, n)
		return
	}
	s.Items = make([]*Schema, 1)
	one[Schema, *Schema]{&s.Items[0]}.read(r, n)
}

func (s *items) write(w *writer, lone bool) {
	if !s.ItemsList && len(s.Items) == 1 {
		w.object(s.Items[0])
		return
	}
	(*many[Schema, *Schema])(&s.Items).write(w, lone)
}
func (s *items) zero() bool       { return len(s.Items) == 0 }
func (s *items) detach(c *copier) { (*many[Schema, *Schema])(&s.Items).detach(c) }
