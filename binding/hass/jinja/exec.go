package jinja

import (
	"strings"

	"hutong/binding/hass/jinja/py"
)

type binding struct {
	name  string
	value py.Value
}

// frame holds the names set in one scope. The vars of the first frame are what Render was given.
type frame struct {
	up   *frame
	vars []binding
}

func (f *frame) get(name string) (py.Value, bool) {
	for ; f != nil; f = f.up {
		for i := range f.vars {
			if f.vars[i].name == name {
				return f.vars[i].value, true
			}
		}
	}
	return py.Value{}, false
}

func (f *frame) set(name string, v py.Value) {
	for i := range f.vars {
		if f.vars[i].name == name {
			f.vars[i].value = v
			return
		}
	}
	f.vars = append(f.vars, binding{name, v})
}

// run is one rendering.
type run struct {
	*py.Work
	t     *Template
	frame *frame
	out   *strings.Builder
}

func (r *run) eval(e expr) py.Value {
	r.Pos = e.at()
	r.Step(1)
	v := e.eval(r)
	r.Pos = e.at()
	return v
}

func (r *run) write(s string) {
	if r.Spend(len(s)); r.out.Len()+len(s) > py.MaxOutput {
		r.Fail("output of more than %d bytes", py.MaxOutput)
	}
	r.out.WriteString(s)
}

func (r *run) exec(list []stmt) signal {
	for _, s := range list {
		r.Step(1)
		if sig := s.exec(r); sig != next {
			return sig
		}
	}
	return next
}

// scoped runs list in a scope of its own.
func (r *run) scoped(list []stmt, vars ...binding) signal {
	r.frame = &frame{r.frame, vars}
	sig := r.exec(list)
	r.frame = r.frame.up
	return sig
}

// capture runs list in a scope of its own and returns what it wrote.
func (r *run) capture(list []stmt, vars ...binding) string {
	out := r.out
	r.out = &strings.Builder{}
	r.scoped(list, vars...)
	text := r.out.String()
	r.out = out
	return text
}

func (s *textStmt) exec(r *run) signal {
	r.write(s.text)
	return next
}

func (s *outputStmt) exec(r *run) signal {
	v := r.eval(s.value)
	r.Size(v)
	r.write(v.String())
	return next
}

func (s *doStmt) exec(r *run) signal {
	r.eval(s.value)
	return next
}

func (s *jumpStmt) exec(*run) signal { return s.to }

func (s *setStmt) exec(r *run) signal {
	if s.value != nil {
		r.assign(&s.targets, r.eval(s.value))
		return next
	}
	v := r.Text(r.capture(s.body))
	for _, f := range s.filters {
		v = f.apply(r, v)
	}
	r.assign(&s.targets, v)
	return next
}

func (r *run) assign(t *target, v py.Value) {
	switch {
	case t.items != nil:
		items := r.Iterate(v)
		if len(items) != len(t.items) {
			r.Fail("cannot unpack %d values into %d names", len(items), len(t.items))
		}
		for i := range t.items {
			r.assign(&t.items[i], items[i])
		}
	case t.attr != "":
		ns, _ := r.frame.get(t.name)
		n, ok := ns.Object().(*py.Namespace)
		if !ok {
			r.Pos = t.at()
			r.Fail("cannot set an attribute of %q: it is not a namespace", t.name)
		}
		n.Set(t.attr, v)
	default:
		r.frame.set(t.name, v)
	}
}

func (s *ifStmt) exec(r *run) signal {
	for i, c := range s.conds {
		if r.eval(c).Truth() {
			return r.exec(s.bodies[i])
		}
	}
	return r.exec(s.other)
}

func (s *withStmt) exec(r *run) signal {
	inner := &frame{up: r.frame}
	for i := range s.targets {
		v := r.eval(s.values[i])
		outer := r.frame
		r.frame = inner
		r.assign(&s.targets[i], v)
		r.frame = outer
	}
	r.frame = inner
	sig := r.exec(s.body)
	r.frame = inner.up
	return sig
}

func (s *filterStmt) exec(r *run) signal {
	v := r.Text(r.capture(s.body))
	for _, f := range s.filters {
		v = f.apply(r, v)
	}
	r.write(v.String())
	return next
}

// loop is what the variable "loop" shows.
type loop struct {
	items   []py.Value
	index   int
	depth   int
	last    []py.Value // what changed() saw
	seen    bool
	recurse func(items py.Value) string // nil unless the loop is recursive
}

func (s *forStmt) exec(r *run) signal {
	r.forLoop(s, r.eval(s.items), 0)
	return next
}

func (r *run) forLoop(s *forStmt, over py.Value, depth int) {
	r.Enter()
	defer func() { r.Depth-- }()
	r.Pos = s.at()
	items := r.Iterate(over)
	outer := r.frame
	inner := &frame{up: outer}
	r.frame = inner
	if s.cond != nil {
		var kept []py.Value
		for _, it := range items {
			r.Step(1)
			inner.vars = inner.vars[:0]
			r.assign(&s.targets, it)
			if r.eval(s.cond).Truth() {
				kept = append(kept, it)
			}
		}
		r.Spend(48 * len(kept))
		items = kept
	}
	l := &loop{items: items, depth: depth}
	if s.recursive {
		l.recurse = func(items py.Value) string { return r.again(s, outer, items, depth+1) }
	}
	for i, it := range items {
		r.Step(1)
		l.index = i
		inner.vars = append(inner.vars[:0], binding{"loop", py.ObjectOf(l)})
		r.assign(&s.targets, it)
		if r.exec(s.body) == leave {
			break
		}
	}
	r.frame = outer
	if len(items) == 0 {
		r.scoped(s.other)
	}
}

// again runs a recursive loop over new items, from inside itself.
func (r *run) again(s *forStmt, outer *frame, items py.Value, depth int) string {
	out, inner := r.out, r.frame
	r.out, r.frame = &strings.Builder{}, outer
	r.forLoop(s, items, depth)
	text := r.out.String()
	r.out, r.frame = out, inner
	return text
}

func (s *macroStmt) exec(r *run) signal {
	home := r.frame
	r.frame.set(s.name, py.FuncOf(s.name, func(_ *py.Work, a py.Args) py.Value {
		r.Enter()
		defer func() { r.Depth-- }()
		vars := make([]binding, 0, len(s.params))
		for i, name := range s.params {
			v, ok := a.Find(i, name)
			if d := i - (len(s.params) - len(s.defaults)); !ok && d >= 0 {
				v = r.eval(s.defaults[d])
			}
			vars = append(vars, binding{name, v})
		}
		a.Done(r.Work, s.params...)
		from := r.frame
		r.frame = home
		text := r.capture(s.body, vars...)
		r.frame = from
		return r.Text(text)
	}))
	return next
}

// Member is an attribute of the variable "loop".
func (l *loop) Member(name string) (py.Value, bool) {
	n := len(l.items)
	switch name {
	case "index":
		return py.Int(int64(l.index + 1)), true
	case "index0":
		return py.Int(int64(l.index)), true
	case "revindex":
		return py.Int(int64(n - l.index)), true
	case "revindex0":
		return py.Int(int64(n - l.index - 1)), true
	case "first":
		return py.Bool(l.index == 0), true
	case "last":
		return py.Bool(l.index == n-1), true
	case "length":
		return py.Int(int64(n)), true
	case "depth":
		return py.Int(int64(l.depth + 1)), true
	case "depth0":
		return py.Int(int64(l.depth)), true
	case "previtem":
		if l.index > 0 {
			return l.items[l.index-1], true
		}
		return py.Undefined("there is no previous item"), true
	case "nextitem":
		if l.index+1 < n {
			return l.items[l.index+1], true
		}
		return py.Undefined("there is no next item"), true
	case "cycle":
		return py.FuncOf(name, func(r *py.Work, a py.Args) py.Value {
			if len(a.List) == 0 {
				r.Fail("no items for cycling given")
			}
			return a.List[l.index%len(a.List)]
		}), true
	case "changed":
		return py.FuncOf(name, func(_ *py.Work, a py.Args) py.Value {
			same := l.seen && py.Equal(py.Tuple(l.last...), py.Tuple(a.List...))
			l.last, l.seen = a.List, true
			return py.Bool(!same)
		}), true
	}
	return py.Value{}, false
}
