package td

import (
	"encoding/json"
	"slices"
	"strconv"
)

// text is a string.
type text string

func (t *text) read(r *reader, n *node) {
	if r.want(n, isText) {
		*t = text(n.text)
	}
}
func (t *text) write(w *writer, _ bool) { w.buf = appendText(w.buf, string(*t)) }
func (t *text) zero() bool              { return *t == "" }
func (t *text) detach(*copier)          {}

// texts is an array of strings, which may be written as a string when it has one.
type texts []string

func (t *texts) read(r *reader, n *node) {
	if n.kind == isText {
		*t = texts{n.text}
		return
	}
	if n.kind != isList {
		r.fail("", "want a string or an array of strings, got %s", n.kind)
		return
	}
	(*names)(t).read(r, n)
}

func (t *texts) write(w *writer, lone bool) {
	if lone && len(*t) == 1 {
		w.buf = appendText(w.buf, (*t)[0])
		return
	}
	(*names)(t).write(w, lone)
}
func (t *texts) zero() bool     { return len(*t) == 0 }
func (t *texts) detach(*copier) { *t = slices.Clone(*t) }

// names is an array of strings.
type names []string

func (t *names) read(r *reader, n *node) {
	if !r.want(n, isList) {
		return
	}
	*t = make(names, len(n.kids))
	for i := range n.kids {
		r.enterIndex(i)
		if r.want(&n.kids[i], isText) {
			(*t)[i] = n.kids[i].text
		}
		r.leave()
	}
}

func (t *names) write(w *writer, _ bool) {
	w.list(len(*t), func(i int) { w.buf = appendText(w.buf, (*t)[i]) })
}
func (t *names) zero() bool     { return len(*t) == 0 }
func (t *names) detach(*copier) { *t = slices.Clone(*t) }

// flag is a boolean.
type flag bool

func (f *flag) read(r *reader, n *node) {
	if r.want(n, isBool) {
		*f = n.text == "true"
	}
}
func (f *flag) write(w *writer, _ bool) { w.buf = strconv.AppendBool(w.buf, bool(*f)) }
func (f *flag) zero() bool              { return !bool(*f) }
func (f *flag) detach(*copier)          {}

// choice is a boolean that may be left out with a meaning of its own.
type choice struct{ at **bool }

func (c choice) read(r *reader, n *node) {
	if r.want(n, isBool) {
		b := n.text == "true"
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

func (d *digits) read(r *reader, n *node) {
	if r.want(n, isNumber) {
		*d = digits(n.text)
	}
}
func (d *digits) write(w *writer, _ bool) { w.raw([]byte(*d)) }
func (d *digits) zero() bool              { return *d == "" }
func (d *digits) detach(*copier)          {}

// raw is any JSON value.
type raw json.RawMessage

func (v *raw) read(_ *reader, n *node) { *v = raw(n.raw()) }
func (v *raw) write(w *writer, _ bool) { w.raw(*v) }
func (v *raw) zero() bool              { return len(*v) == 0 }
func (v *raw) detach(*copier)          { *v = slices.Clone(*v) }

// raws is an array of any JSON values.
type raws []json.RawMessage

func (v *raws) read(r *reader, n *node) {
	if !r.want(n, isList) {
		return
	}
	*v = make(raws, len(n.kids))
	for i := range n.kids {
		(*v)[i] = n.kids[i].raw()
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

func (l *lang) read(r *reader, n *node) {
	if !r.want(n, isObject) {
		return
	}
	for i := range n.kids {
		k := &n.kids[i]
		r.enter(k.name)
		if r.want(k, isText) {
			(*Lang)(l).Set(k.name, k.text)
		}
		r.leave()
	}
}

func (l *lang) write(w *writer, _ bool) {
	writeMap(w, Lang(*l), func(s string) { w.buf = appendText(w.buf, s) })
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

func (o one[T, P]) read(r *reader, n *node) {
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

func (m *many[T, P]) read(r *reader, n *node) {
	if !r.want(n, isList) {
		return
	}
	*m = make(many[T, P], len(n.kids))
	for i := range n.kids {
		r.enterIndex(i)
		one[T, P]{&(*m)[i]}.read(r, &n.kids[i])
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

func (m *named[T, P]) read(r *reader, n *node) {
	if !r.want(n, isObject) {
		return
	}
	for i := range n.kids {
		k := &n.kids[i]
		var x P
		r.enter(k.name)
		one[T, P]{&x}.read(r, k)
		r.leave()
		(*Map[P])(m).Set(k.name, x)
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
		w.buf = append(appendText(w.buf, name), ':')
		value(m.values[name])
	}
	w.buf = append(w.buf, '}')
}

// items is the "items" of a Schema: one schema, or a list of them.
type items Schema

func (s *items) read(r *reader, n *node) {
	if s.ItemsList = n.kind == isList; s.ItemsList {
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
