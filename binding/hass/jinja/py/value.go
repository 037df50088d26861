// Package py holds the values of templates, which behave as Python's do: how they print, compare, add up, format and
// become JSON, and what attributes and methods they have. All work on them is counted against a budget (Work), which
// ends a rendering that does too much.
package py

import (
	"iter"
	"math"
	"time"
)

// Kind is the Python type of a Value.
type Kind uint8

// The kinds of value a template can hold. Undefined is what Jinja gives for a name or key that is not there.
const (
	KindUndefined Kind = iota
	KindNone
	KindBool
	KindInt
	KindFloat
	KindText
	KindList
	KindTuple
	KindDict
	KindDatetime
	KindTimedelta
	KindFunc   // something to call
	KindObject // something with attributes only
)

var kindNames = [...]string{
	"Undefined", "NoneType", "bool", "int", "float", "str", "list", "tuple", "dict", "datetime", "timedelta",
	"builtin_function_or_method", "object",
}

// String is the name Python has for the kind.
func (k Kind) String() string { return kindNames[k] }

// Value is one value of a template. The zero Value is undefined. Lists and dicts are never changed once made, so
// Values may be shared.
type Value struct {
	kind Kind
	num  uint64 // bool, int, float bits, timedelta
	str  string // text; for an undefined value why it is
	ref  any    // []Value, *dict, time.Time as *Datetime, function, *frame, *loop
}

// None is Python's None, JSON's null.
func None() Value { return Value{kind: KindNone} }

// Bool makes a bool.
func Bool(b bool) Value {
	if b {
		return Value{kind: KindBool, num: 1}
	}
	return Value{kind: KindBool}
}

// Int makes an int.
func Int(i int64) Value { return Value{kind: KindInt, num: uint64(i)} }

// Float makes a float.
func Float(f float64) Value { return Value{kind: KindFloat, num: math.Float64bits(f)} }

// Text makes a str.
func Text(s string) Value { return Value{kind: KindText, str: s} }

// List makes a list that keeps items.
func List(items ...Value) Value { return Value{kind: KindList, ref: items} }

// view is what keys(), values() and items() of a dict give: it prints under its name.
func view(name string, items []Value) Value { return Value{kind: KindList, str: name, ref: items} }

// Tuple makes a tuple that keeps items.
func Tuple(items ...Value) Value { return Value{kind: KindTuple, ref: items} }

// Dict makes a dict of the vars, in their order.
func Dict(items ...Var) Value {
	d := &Map{}
	for _, it := range items {
		d.Set(Text(it.Name), it.Value)
	}
	return Value{kind: KindDict, ref: d}
}

// DictOf makes a dict that keeps d, which must not change any more.
func DictOf(d *Map) Value { return Value{kind: KindDict, ref: d} }

// Datetime is Python's: naive when it knows no time zone.
type Datetime struct {
	Time  time.Time
	Naive bool
}

// DateOf makes a datetime, to the microsecond; naive when it knows no time zone.
func DateOf(t time.Time, naive bool) Value {
	return Value{kind: KindDatetime, ref: &Datetime{t.Truncate(time.Microsecond), naive}}
}

// SpanOf makes a timedelta, to the microsecond.
func SpanOf(d time.Duration) Value {
	return Value{kind: KindTimedelta, num: uint64(d.Truncate(time.Microsecond))}
}

// Date is the datetime v holds; nil for any other kind.
func (v Value) Date() *Datetime { d, _ := v.ref.(*Datetime); return d }

func (v Value) span() time.Duration { return time.Duration(v.num) }

// function is something a template can call.
type function struct {
	name string
	of   Kind // of a method: the kind it belongs to
	call func(r *Work, a Args) Value
}

// FuncOf makes a function that templates call.
func FuncOf(name string, call func(r *Work, a Args) Value) Value {
	return Value{kind: KindFunc, ref: &function{name: name, call: call}}
}

// Undefined is a value that is not there; why says so in words.
func Undefined(why string) Value { return Value{str: why} }

// Kind tells the type of v.
func (v Value) Kind() Kind { return v.kind }

// Bool is the boolean, false for any other kind.
func (v Value) Bool() bool { return v.kind == KindBool && v.num == 1 }

// Int is the int, 0 for any other kind.
func (v Value) Int() int64 {
	if v.kind == KindInt {
		return int64(v.num)
	}
	return 0
}

// Float is the float or the int as one, 0 for any other kind.
func (v Value) Float() float64 {
	switch v.kind {
	case KindFloat:
		return math.Float64frombits(v.num)
	case KindInt:
		return float64(int64(v.num))
	}
	return 0
}

// Text is the str, "" for any other kind.
func (v Value) Text() string {
	if v.kind == KindText {
		return v.str
	}
	return ""
}

// Items are the items of a list or tuple, not to be changed; nil for any other kind.
func (v Value) Items() []Value {
	if v.kind == KindList || v.kind == KindTuple {
		items, _ := v.ref.([]Value)
		return items
	}
	return nil
}

// Get is the value of a text key of a dict and whether there is one; false for any other kind.
func (v Value) Get(key string) (Value, bool) {
	if v.kind != KindDict {
		return Value{}, false
	}
	return v.ref.(*Map).text(key)
}

// Path follows text keys into nested dicts; an undefined Value when one is missing.
func (v Value) Path(keys []string) Value {
	for _, k := range keys {
		var ok bool
		if v, ok = v.Get(k); !ok {
			return Value{}
		}
	}
	return v
}

// Dict is the dict v holds; nil for any other kind.
func (v Value) Dict() *Map { d, _ := v.ref.(*Map); return d }

// IsNumber says whether v counts as a number in arithmetic; Python's bools do.
func (v Value) IsNumber() bool { return v.kind == KindInt || v.kind == KindFloat || v.kind == KindBool }

// Number is v as a float; only for what isNumber.
func (v Value) Number() float64 {
	if v.kind == KindFloat {
		return math.Float64frombits(v.num)
	}
	return float64(int64(v.num))
}

// Truth is Python's bool(v).
func (v Value) Truth() bool {
	switch v.kind {
	case KindUndefined, KindNone:
		return false
	case KindBool, KindInt, KindTimedelta:
		return v.num != 0
	case KindFloat:
		return v.Number() != 0
	case KindText:
		return v.str != ""
	case KindList, KindTuple:
		return len(v.Items()) > 0
	case KindDict:
		return len(v.Dict().Keys) > 0
	}
	return true
}

// Map is a dict. It keeps the order in which keys were first set, as Python's does. Keys are compared as Python does: 1, 1.0 and
// True are one key.
type Map struct {
	Keys, Values []Value
	index        map[string]int // text keys, once there are many; else nil
}

// indexFrom is how many keys a dict has when an index pays for itself.
const indexFrom = 24

func (d *Map) text(key string) (Value, bool) {
	if i := d.findText(key); i >= 0 {
		return d.Values[i], true
	}
	return Value{}, false
}

func (d *Map) findText(key string) int {
	if d.index != nil {
		if i, ok := d.index[key]; ok {
			return i
		}
		return -1
	}
	for i := range d.Keys {
		if d.Keys[i].kind == KindText && d.Keys[i].str == key {
			return i
		}
	}
	return -1
}

// Find is the place of key, -1 for none.
func (d *Map) Find(key Value) int {
	if key.kind == KindText {
		return d.findText(key.str)
	}
	for i := range d.Keys {
		if Equal(d.Keys[i], key) {
			return i
		}
	}
	return -1
}

// Set gives key a value; a new key goes to the end.
func (d *Map) Set(key, v Value) {
	if i := d.Find(key); i >= 0 {
		d.Values[i] = v
		return
	}
	if d.index == nil && len(d.Keys) == indexFrom {
		d.index = make(map[string]int, 2*indexFrom)
		for i, k := range d.Keys {
			if k.kind == KindText {
				d.index[k.str] = i
			}
		}
	}
	if d.index != nil && key.kind == KindText {
		d.index[key.str] = len(d.Keys)
	}
	d.Keys = append(d.Keys, key)
	d.Values = append(d.Values, v)
}

// Hashable says whether v may be a key.
func Hashable(v Value) bool {
	switch v.kind {
	case KindList, KindDict, KindObject:
		return false
	case KindTuple:
		for _, it := range v.Items() {
			if !Hashable(it) {
				return false
			}
		}
	}
	return true
}

// Entries yields the text keys of a dict and their values in order; nothing for any other kind.
func (v Value) Entries() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if v.kind != KindDict {
			return
		}
		d := v.Dict()
		for i, k := range d.Keys {
			if k.kind == KindText && !yield(k.str, d.Values[i]) {
				return
			}
		}
	}
}

// Object is a value that has attributes and nothing else: a namespace, the variable "loop".
type Object interface {
	Member(name string) (Value, bool)
}

// ObjectOf makes a value that has attributes only.
func ObjectOf(o Object) Value { return Value{kind: KindObject, ref: o} }

// Namespace holds what {% set ns.name = ... %} sets.
type Namespace struct{ names Map }

// Member is the value of a name.
func (n *Namespace) Member(name string) (Value, bool) { return n.names.text(name) }

// Set gives a name a value.
func (n *Namespace) Set(name string, v Value) { n.names.Set(Text(name), v) }

// Object is what v holds when it has attributes only; nil for any other kind.
func (v Value) Object() Object { o, _ := v.ref.(Object); return o }

// Call calls v, which is a function.
func (v Value) Call(r *Work, a Args) Value { return v.ref.(*function).call(r, a) }

// AsTuple is a list as a tuple of the same items.
func (v Value) AsTuple() Value {
	v.kind = KindTuple
	return v
}

// Why says what is missing, for an undefined value.
func (v Value) Why() string { return v.str }

// Whole is an int, or a bool as 0 or 1.
func (v Value) Whole() int64 { return int64(v.num) }
