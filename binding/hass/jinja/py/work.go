package py

import (
	"fmt"
	"regexp"
	"sync"
)

// The bounds of one rendering.
const (
	MaxDepth  = 100       // nesting of blocks and expressions together, and of calls
	MaxSteps  = 200_000   // evaluated nodes and visited items
	maxMemory = 8 << 20   // bytes made
	MaxOutput = 256 << 10 // bytes written
)

// Failure is the panic of a template that cannot go on; only rescue sees it.
type Failure struct {
	Pos    int
	Reason string
}

// Filter is what follows "|". v is the value before it.
type Filter func(r *Work, v Value, a Args) Value

// Test is what follows "is".
type Test func(r *Work, v Value, a Args) bool

// Work is one rendering's budget, and what its values may ask of the world.
type Work struct {
	Env     *Env
	Lib     *Library
	Regexes *RegexCache
	Pos     int // of the node at work, for errors
	steps   int
	memory  int
	Depth   int
}

// Library is the filters and tests that templates and filters find by name.
type Library struct {
	Filters map[string]Filter
	Tests   map[string]Test
	Globals map[string]Value
}

// Fail ends the rendering with an error at the node at work. It does not return.
func (r *Work) Fail(format string, args ...any) {
	panic(Failure{r.Pos, fmt.Sprintf(format, args...)})
}

// Step counts n nodes or items.
func (r *Work) Step(n int) {
	if r.steps += n; r.steps > MaxSteps || n < 0 {
		r.Fail("more than %d steps", MaxSteps)
	}
}

// Spend counts n bytes made; work on them is counted too.
func (r *Work) Spend(n int) {
	if r.memory += n; r.memory > maxMemory || n < 0 {
		r.Fail("more than %d bytes of memory", maxMemory)
	}
	r.Step(n / 64)
}

// List counts the memory of a new list and makes it a value.
func (r *Work) List(items []Value) Value {
	r.Spend(48 * len(items))
	return List(items...)
}

// Text counts the memory of a new text and makes it a value.
func (r *Work) Text(s string) Value {
	r.Spend(len(s))
	return Text(s)
}

// Enter counts a level of depth in calls and nested values; the caller leaves with r.depth--.
func (r *Work) Enter() {
	if r.Depth++; r.Depth > MaxDepth {
		r.Fail("more than %d calls deep", MaxDepth)
	}
}

// Size counts the work of walking v before it is printed or compared: shared parts make a small value print long.
func (r *Work) Size(v Value) {
	r.Step(1)
	switch v.kind {
	case KindText:
		r.Spend(len(v.str))
	case KindList, KindTuple:
		r.Enter()
		for _, it := range v.Items() {
			r.Size(it)
		}
		r.Depth--
	case KindDict:
		r.Enter()
		d := v.Dict()
		for i := range d.Keys {
			r.Size(d.Keys[i])
			r.Size(d.Values[i])
		}
		r.Depth--
	}
}

// Put sets a key of a new dict.
func (r *Work) Put(d *Map, key, v Value) {
	if !Hashable(key) {
		r.Fail("a %s cannot be a key", key.kind)
	}
	if key.kind != KindText || len(d.Keys) < indexFrom {
		r.Step(len(d.Keys) / 8) // found by looking at each
	}
	r.Spend(96)
	d.Set(key, v)
}

// Args are the evaluated arguments of a call.
type Args struct {
	List  []Value
	Names []string
	Named []Value
}

// Find returns the argument at place i or of that name.
func (a *Args) Find(i int, name string) (Value, bool) {
	if i < len(a.List) {
		return a.List[i], true
	}
	for k, n := range a.Names {
		if n == name {
			return a.Named[k], true
		}
	}
	return Value{}, false
}

// Or is Find, or missing when the argument is not given.
func (a *Args) Or(i int, name string, missing Value) Value {
	if v, ok := a.Find(i, name); ok {
		return v
	}
	return missing
}

// Need is Find, and a failure when the argument is not given.
func (a *Args) Need(r *Work, i int, name string) Value {
	v, ok := a.Find(i, name)
	if !ok {
		r.Fail("argument %q is missing", name)
	}
	return v
}

// Done refuses arguments past those named.
func (a *Args) Done(r *Work, names ...string) {
	if len(a.List) > len(names) {
		r.Fail("%d arguments given, at most %d are taken", len(a.List), len(names))
	}
	for _, n := range a.Names {
		known := false
		for _, want := range names {
			known = known || n == want
		}
		if !known {
			r.Fail("no argument is named %q", n)
		}
	}
}

// Num returns the argument as a whole number.
func (a *Args) Num(r *Work, i int, name string, missing int) int {
	v, ok := a.Find(i, name)
	if !ok {
		return missing
	}
	if v.kind != KindInt && v.kind != KindBool {
		r.Fail("argument %q: want a whole number, got %s", name, v.kind)
	}
	return int(int64(v.num))
}

// maxRegexes is how many regular expressions a template keeps compiled.
const maxRegexes = 32

// RegexCache keeps the regular expressions of one template.
type RegexCache struct {
	mu   sync.RWMutex
	kept map[string]*regexp.Regexp
}

// Find is the compiled expression, nil when it is not kept.
func (c *RegexCache) Find(text string) *regexp.Regexp {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.kept[text]
}

// Keep keeps a compiled expression while there is room.
func (c *RegexCache) Keep(text string, re *regexp.Regexp) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil {
		c.kept = map[string]*regexp.Regexp{}
	}
	if len(c.kept) < maxRegexes {
		c.kept[text] = re
	}
}
