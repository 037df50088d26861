package py

import (
	"strings"
	"unicode"
)

// Attr is v.name: a method first, as in Python, then a key.
func (r *Work) Attr(v Value, name string) Value {
	if m, ok := r.Member(v, name); ok {
		return m
	}
	switch v.kind {
	case KindUndefined:
		r.Fail("%s", v.str)
	case KindDict:
		if x, ok := v.Dict().text(name); ok {
			return x
		}
	}
	return Missing(v, name)
}

// Index is v[key]: a key or place first, then a method.
func (r *Work) Index(v, key Value) Value {
	switch v.kind {
	case KindUndefined:
		r.Fail("%s", v.str)
	case KindDict:
		d := v.Dict()
		if key.kind != KindText {
			r.Step(len(d.Keys) / 8)
		}
		if Hashable(key) {
			if i := d.Find(key); i >= 0 {
				return d.Values[i]
			}
		}
	case KindList, KindTuple:
		if items := v.Items(); key.kind == KindInt || key.kind == KindBool {
			if i, ok := Place(int64(key.num), len(items)); ok {
				return items[i]
			}
		}
	case KindText:
		if key.kind == KindInt || key.kind == KindBool {
			r.Spend(len(v.str))
			if i, ok := Place(int64(key.num), Length(v.str)); ok {
				rest := v.str[len(Cut(v.str, i)):]
				return Text(Cut(rest, 1))
			}
		}
	}
	if key.kind == KindText {
		if m, ok := r.Member(v, key.str); ok {
			return m
		}
	}
	return Missing(v, key.String())
}

// Missing is the undefined value of an attribute or key that v does not have.
func Missing(v Value, name string) Value {
	return Undefined("'" + v.kind.String() + " object' has no attribute '" + name + "'")
}

// Place turns Python's index, which may count from the end, into one of n items.
func Place(i int64, n int) (int, bool) {
	if i < 0 {
		i += int64(n)
	}
	return int(i), i >= 0 && i < int64(n)
}

// Member finds a method or a built-in attribute.
func (r *Work) Member(v Value, name string) (Value, bool) {
	switch v.kind {
	case KindDict:
		return dictMember(v, name)
	case KindText:
		if m, ok := textMethods(name); ok {
			return method(v, name, m), true
		}
	case KindList, KindTuple:
		return listMember(v, name)
	case KindDatetime:
		return dateMember(v, name)
	case KindTimedelta:
		return spanMember(v, name)
	case KindFunc:
		if v.ref.(*function).name == "dict" && (name == "from_keys" || name == "fromkeys") {
			return FuncOf(name, map[string]func(*Work, Args) Value{"from_keys": DictOfPairs, "fromkeys": dictFromKeys}[name]), true
		}
	case KindObject:
		return v.ref.(Object).Member(name)
	}
	return Value{}, false
}

func method(v Value, name string, call func(r *Work, v Value, a Args) Value) Value {
	return Value{kind: KindFunc, ref: &function{name, v.kind, func(r *Work, a Args) Value { return call(r, v, a) }}}
}

// DictMethod says whether name is an attribute of Python's dict, found before a key of that name.
func DictMethod(name string) bool {
	switch name {
	case "get", "keys", "values", "items", "copy", "fromkeys", "clear", "pop", "popitem", "setdefault", "update":
		return true
	}
	return false
}

func dictMember(v Value, name string) (Value, bool) {
	d := v.Dict()
	switch name {
	case "get":
		return method(v, name, func(r *Work, v Value, a Args) Value {
			key := a.Need(r, 0, "key")
			a.Done(r, "key", "default")
			r.Step(1 + len(d.Keys)/16)
			if !Hashable(key) {
				r.Fail("a %s cannot be a key", key.kind)
			}
			if i := d.Find(key); i >= 0 {
				return d.Values[i]
			}
			return a.Or(1, "default", None())
		}), true
	case "keys":
		return method(v, name, func(*Work, Value, Args) Value { return view("dict_keys", d.Keys) }), true
	case "values":
		return method(v, name, func(*Work, Value, Args) Value { return view("dict_values", d.Values) }), true
	case "items":
		return method(v, name, func(r *Work, v Value, _ Args) Value { return view("dict_items", r.Pairs(v).Items()) }), true
	case "copy":
		return method(v, name, func(_ *Work, v Value, _ Args) Value { return v }), true
	case "fromkeys":
		return FuncOf(name, dictFromKeys), true
	case "clear", "pop", "popitem", "setdefault", "update":
		return Undefined("access to attribute '" + name + "' of 'dict' object is unsafe."), true
	}
	return Value{}, false
}

// Pairs lists the items of a dict as tuples.
func (r *Work) Pairs(v Value) Value {
	if v.kind == KindUndefined {
		return List()
	}
	d := v.Dict()
	if d == nil {
		r.Fail("want a dict, got %s", v.kind)
	}
	items := make([]Value, len(d.Keys))
	for i := range d.Keys {
		items[i] = Tuple(d.Keys[i], d.Values[i])
	}
	r.Spend(96 * len(items))
	return r.List(items)
}

// DictOfPairs is dict(pairs), dict(other) and dict(name=value).
func DictOfPairs(r *Work, a Args) Value {
	d := &Map{}
	if v, ok := a.Find(0, "iterable"); ok && v.kind == KindDict {
		for i, k := range v.Dict().Keys {
			r.Put(d, k, v.Dict().Values[i])
		}
	} else {
		for _, it := range r.Iterate(v) {
			pair := r.Iterate(it)
			if len(pair) != 2 {
				r.Fail("want pairs to make a dict of, got %d values", len(pair))
			}
			r.Put(d, pair[0], pair[1])
		}
	}
	for i, n := range a.Names {
		r.Put(d, Text(n), a.Named[i])
	}
	return DictOf(d)
}

func dictFromKeys(r *Work, a Args) Value {
	d := &Map{}
	for _, k := range r.Iterate(a.Need(r, 0, "iterable")) {
		r.Put(d, k, a.Or(1, "value", None()))
	}
	return DictOf(d)
}

func listMember(v Value, name string) (Value, bool) {
	switch name {
	case "index", "count":
		return method(v, name, func(r *Work, v Value, a Args) Value {
			x, n := a.Need(r, 0, "value"), int64(0)
			for i, it := range r.Iterate(v) {
				r.Size(it)
				if !Equal(it, x) {
					continue
				}
				if name == "index" {
					return Int(int64(i))
				}
				n++
			}
			if name == "index" {
				r.Fail("the value is not in the list")
			}
			return Int(n)
		}), true
	case "append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort":
		if v.kind == KindList {
			return Undefined("access to attribute '" + name + "' of 'list' object is unsafe."), true
		}
	}
	return Value{}, false
}

// textMethods are the methods of str.
func textMethods(name string) (func(r *Work, v Value, a Args) Value, bool) {
	plain := func(f func(string) string) (func(r *Work, v Value, a Args) Value, bool) {
		return func(r *Work, v Value, a Args) Value {
			a.Done(r)
			return r.Text(f(v.str))
		}, true
	}
	is := func(f func(string) bool) (func(r *Work, v Value, a Args) Value, bool) {
		return func(r *Work, v Value, _ Args) Value { r.Spend(len(v.str)); return Bool(f(v.str)) }, true
	}
	switch name {
	case "lower", "casefold":
		return plain(strings.ToLower)
	case "upper":
		return plain(strings.ToUpper)
	case "capitalize":
		return plain(Capitalize)
	case "title":
		return plain(func(s string) string { return Title(s, false) })
	case "swapcase":
		return plain(swapCase)
	case "isdigit", "isdecimal", "isnumeric":
		return is(all(unicode.IsDigit))
	case "isalpha":
		return is(all(unicode.IsLetter))
	case "isalnum":
		return is(all(func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) }))
	case "isspace":
		return is(all(unicode.IsSpace))
	case "islower":
		return is(func(s string) bool { return s == strings.ToLower(s) && s != strings.ToUpper(s) })
	case "isupper":
		return is(func(s string) bool { return s == strings.ToUpper(s) && s != strings.ToLower(s) })
	case "strip", "lstrip", "rstrip":
		return func(r *Work, v Value, a Args) Value { return r.Text(Strip(r, v.str, name, a)) }, true
	case "split", "rsplit":
		return func(r *Work, v Value, a Args) Value { return r.split(v.str, name == "rsplit", a) }, true
	case "splitlines":
		return func(r *Work, v Value, _ Args) Value {
			s := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(v.str)
			if s == "" {
				return List()
			}
			return r.Texts(strings.Split(strings.TrimSuffix(s, "\n"), "\n"))
		}, true
	case "startswith", "endswith":
		return startsWith(name == "endswith"), true
	case "replace":
		return func(r *Work, v Value, a Args) Value {
			return r.Replace(v.str, a.Need(r, 0, "old"), a.Need(r, 1, "new"), a.Num(r, 2, "count", -1))
		}, true
	case "find", "rfind", "index", "rindex", "count":
		return finder(name), true
	case "join":
		return func(r *Work, v Value, a Args) Value { return r.Join(a.Need(r, 0, "iterable"), v.str, true) }, true
	case "zfill", "ljust", "rjust", "center":
		return Padder(name), true
	case "format":
		return func(r *Work, v Value, a Args) Value { return r.Text(r.braces(v.str, a)) }, true
	case "removeprefix":
		return func(r *Work, v Value, a Args) Value {
			return Text(strings.TrimPrefix(v.str, a.Need(r, 0, "prefix").str))
		}, true
	case "removesuffix":
		return func(r *Work, v Value, a Args) Value {
			return Text(strings.TrimSuffix(v.str, a.Need(r, 0, "suffix").str))
		}, true
	}
	return nil, false
}

func all(f func(rune) bool) func(string) bool {
	return func(s string) bool {
		for _, c := range s {
			if !f(c) {
				return false
			}
		}
		return s != ""
	}
}
