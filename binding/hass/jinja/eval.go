package jinja

import "hutong/binding/hass/jinja/py"

func (e *constExpr) eval(*run) py.Value { return e.value }

func (e *nameExpr) eval(r *run) py.Value {
	if v, ok := r.frame.get(e.name); ok {
		return v
	}
	if v, ok := r.Lib.Globals[e.name]; ok {
		return v
	}
	return py.Undefined("'" + e.name + "' is undefined")
}

func (e *attrExpr) eval(r *run) py.Value {
	of := r.eval(e.of)
	r.Pos = e.at()
	return r.Attr(of, e.name)
}

func (e *indexExpr) eval(r *run) py.Value {
	of := r.eval(e.of)
	key := r.eval(e.key)
	r.Pos = e.at()
	return r.Index(of, key)
}

func (e *sliceExpr) eval(r *run) py.Value {
	part := func(x expr) (int, bool) {
		if x == nil {
			return 0, false
		}
		v := r.eval(x)
		if v.Kind() == py.KindNone {
			return 0, false
		}
		if v.Kind() != py.KindInt && v.Kind() != py.KindBool {
			r.Fail("slice bounds are whole numbers, got %s", v.Kind())
		}
		return int(v.Whole()), true
	}
	of := r.eval(e.of)
	low, hasLow := part(e.low)
	high, hasHigh := part(e.high)
	hop, hasHop := part(e.hop)
	r.Pos = e.at()
	if !hasHop {
		hop = 1
	}
	if hop == 0 {
		r.Fail("slice step is zero")
	}
	switch of.Kind() {
	case py.KindUndefined:
		r.Fail("%s", of.Why())
	case py.KindText:
		chars := []rune(of.Text())
		r.Spend(4 * len(chars))
		var out []rune
		for _, i := range py.Slice(len(chars), low, hasLow, high, hasHigh, hop) {
			out = append(out, chars[i])
		}
		return r.Text(string(out))
	case py.KindList, py.KindTuple:
		items := of.Items()
		var out []py.Value
		for _, i := range py.Slice(len(items), low, hasLow, high, hasHigh, hop) {
			out = append(out, items[i])
		}
		v := r.List(out)
		if of.Kind() == py.KindTuple {
			v = v.AsTuple()
		}
		return v
	}
	return py.Undefined("'" + of.Kind().String() + " object' cannot be sliced")
}

func (e *callExpr) eval(r *run) py.Value {
	fn := r.eval(e.fn)
	a := r.args(&e.args)
	r.Pos = e.at()
	switch fn.Kind() {
	case py.KindFunc:
		r.Step(1)
		return fn.Call(r.Work, a)
	case py.KindObject:
		if l, ok := fn.Object().(*loop); ok && l.recurse != nil {
			return r.Text(l.recurse(a.Need(r.Work, 0, "iterable")))
		}
	case py.KindUndefined:
		r.Fail("%s", fn.Why())
	}
	r.Fail("a %s cannot be called", fn.Kind())
	return py.Value{}
}

func (e *filterExpr) eval(r *run) py.Value { return e.apply(r, r.eval(e.of)) }

func (e *filterExpr) apply(r *run, v py.Value) py.Value {
	a := r.args(&e.args)
	r.Pos = e.at()
	r.Step(1)
	return e.fn(r.Work, v, a)
}

func (e *testExpr) eval(r *run) py.Value {
	v := r.eval(e.of)
	a := r.args(&e.args)
	r.Pos = e.at()
	return py.Bool(e.fn(r.Work, v, a))
}

func (e *unaryExpr) eval(r *run) py.Value {
	x := r.eval(e.x)
	r.Pos = e.at()
	if e.op == "not" {
		return py.Bool(!x.Truth())
	}
	return r.Sign(e.op, x)
}

func (e *binaryExpr) eval(r *run) py.Value {
	x := r.eval(e.x)
	y := r.eval(e.y)
	r.Pos = e.at()
	if e.op == "~" {
		r.Size(x)
		r.Size(y)
		return r.Text(x.String() + y.String())
	}
	return r.Binary(e.op, x, y)
}

func (e *compareExpr) eval(r *run) py.Value {
	x := r.eval(e.first)
	for i, op := range e.ops {
		y := r.eval(e.rest[i])
		r.Pos = e.at()
		if !r.Compare(op, x, y) {
			return py.Bool(false)
		}
		x = y
	}
	return py.Bool(true)
}

func (e *logicExpr) eval(r *run) py.Value {
	x := r.eval(e.x)
	if x.Truth() == e.or {
		return x
	}
	return r.eval(e.y)
}

func (e *ifExpr) eval(r *run) py.Value {
	if r.eval(e.cond).Truth() {
		return r.eval(e.yes)
	}
	if e.no == nil {
		return py.Undefined("the inline if expression evaluated to false and no else section was defined.")
	}
	return r.eval(e.no)
}

func (e *listExpr) eval(r *run) py.Value {
	items := make([]py.Value, len(e.items))
	for i, it := range e.items {
		items[i] = r.eval(it)
	}
	v := r.List(items)
	if e.tuple {
		v = v.AsTuple()
	}
	return v
}

func (e *dictExpr) eval(r *run) py.Value {
	d := &py.Map{}
	for i, k := range e.keys {
		key := r.eval(k)
		r.Put(d, key, r.eval(e.values[i]))
	}
	return py.DictOf(d)
}

func (r *run) args(a *callArgs) py.Args {
	var out py.Args
	if len(a.list) > 0 {
		out.List = make([]py.Value, 0, len(a.list))
	}
	for _, e := range a.list {
		out.List = append(out.List, r.eval(e))
	}
	if a.star != nil {
		out.List = append(out.List, r.Iterate(r.eval(a.star))...)
	}
	out.Names = a.names
	for _, e := range a.named {
		out.Named = append(out.Named, r.eval(e))
	}
	return out
}
