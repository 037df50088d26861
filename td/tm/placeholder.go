package tm

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"hutong/td"
	"hutong/td/ordered"
)

// placeholder is the pattern of TD 1.1 section 10.3.3.
var placeholder = regexp.MustCompile(`\{\{([ -~]+?)\}\}`)

// Placeholders are the names of the placeholders in model, each once, in the order of the text.
func Placeholders(model *td.Thing) []string {
	n, err := ordered.Read(model.JSON())
	if err != nil {
		return nil
	}
	var list []string
	seen := make(map[string]bool)
	walk(&n, func(s string) {
		for _, m := range placeholder.FindAllStringSubmatch(s, -1) {
			if !seen[m[1]] {
				seen[m[1]] = true
				list = append(list, m[1])
			}
		}
	})
	return list
}

// walk calls f with every string value in n.
func walk(n *ordered.Node, f func(string)) {
	if n.Kind == ordered.Text {
		f(n.Text)
	}
	for i := range n.Kids {
		walk(&n.Kids[i], f)
	}
}

// filler puts values in the place of placeholders.
type filler struct {
	values map[string]value
	size   int // bytes put in: a long value in many places must not fill the memory
	errs   td.Errors
}

type value struct {
	node ordered.Node
	size int
	used bool
}

func fill(n *ordered.Node, values map[string]json.RawMessage) (ordered.Node, td.Errors) {
	f := filler{values: make(map[string]value, len(values))}
	for name, raw := range values {
		v, err := ordered.Read(raw)
		if err != nil {
			f.fail("", fmt.Sprintf("the value of placeholder %s: %v", ordered.Quote(name), err), "")
		}
		f.values[name] = value{node: v, size: len(raw)}
	}
	out := f.node(n, "")
	for _, name := range slices.Sorted(maps.Keys(f.values)) {
		if !f.values[name].used {
			f.fail("", fmt.Sprintf("the model has no placeholder %s", ordered.Quote(name)), "")
		}
	}
	return out, f.errs
}

func (f *filler) fail(pointer, reason, mend string) {
	if len(f.errs) < td.MaxErrors {
		f.errs = append(f.errs, &td.Error{Pointer: pointer, Reason: reason, Mend: mend})
	}
}

func (f *filler) node(n *ordered.Node, at string) ordered.Node {
	out := *n
	if n.Kind == ordered.Text && strings.Contains(n.Text, "{{") {
		out = f.text(n.Text, at)
		out.Name = n.Name
	}
	if n.Kids == nil {
		return out
	}
	out.Kids = make([]ordered.Node, len(n.Kids))
	for i := range n.Kids {
		part := n.Kids[i].Name
		if n.Kind == ordered.List {
			part = fmt.Sprint(i)
		}
		out.Kids[i] = f.node(&n.Kids[i], at+"/"+ordered.EscapeName(part))
	}
	return out
}

// text fills one string. A string that is one placeholder becomes its value, whatever that is; in a longer one
// strings, numbers and booleans are written out.
func (f *filler) text(s, at string) ordered.Node {
	if m := placeholder.FindStringSubmatch(s); m != nil && m[0] == s {
		return f.value(m[1], at)
	}
	s = placeholder.ReplaceAllStringFunc(s, func(m string) string {
		v := f.value(m[2:len(m)-2], at)
		if v.Kind == ordered.List || v.Kind == ordered.Object {
			f.fail(at, fmt.Sprintf("%s is %s and cannot stand inside a string", m, v.Kind), "")
		}
		return v.Text
	})
	return ordered.Node{Kind: ordered.Text, Text: s}
}

func (f *filler) value(name, at string) ordered.Node {
	v, ok := f.values[name]
	if !ok {
		f.fail(at, fmt.Sprintf("the placeholder %s has no value", ordered.Quote(name)), "give it one")
	}
	v.used = true
	f.values[name] = v
	before := f.size
	if f.size += v.size; f.size > ordered.MaxSize || !ok {
		if before <= ordered.MaxSize && ok {
			f.fail(at, "the values make the Thing too large", "")
		}
		return ordered.Node{Kind: ordered.Null, Text: "null"}
	}
	return v.node
}
