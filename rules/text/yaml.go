package text

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"hutong/condition"
	"hutong/thing"
)

// Limits of one file.
const (
	MaxFile  = 64 << 10 // bytes
	maxNest  = 24       // levels of lists and mappings
	maxNodes = 8000     // scalars, lists and mappings
)

// At is a place in a file.
type At struct {
	Line, Column int
	Path         string
}

// Text is a string in a file, with its place.
type Text struct {
	At
	S string
	// inner is where the first line of s starts in the file, for the place of a mistake inside it; indent is how far
	// the later lines are moved right, -1 when s is not written line by line.
	inner  At
	indent int
}

// Locate is the place in the file of a line and column within t, both from 1.
func (t Text) Locate(line, column int) (int, int) {
	switch {
	case line == 1 && t.indent < 0:
		return t.inner.Line, t.inner.Column + column - 1
	case t.indent < 0:
		return t.Line, t.Column
	}
	return t.inner.Line + line - 1, t.indent + column
}

// Sub is the part of t from byte i to byte j of it, which lie on one line when t is written in one.
func (t Text) Sub(i, j int) Text {
	t.S = t.S[i:j]
	if t.indent < 0 {
		t.inner.Column += i
	}
	return t
}

// Literal is a value in a file.
type Literal struct {
	At
	V     thing.Value
	Plain string // the text of a scalar without quotes, for on and off
}

// reader walks one YAML document and gathers what is wrong with it.
type reader struct {
	lines    []string
	problems Problems
}

var yamlLine = regexp.MustCompile(`^yaml: (?:unmarshal errors:\n *)?line (\d+): (.*)`)

// open parses source into its top mapping; false when that is not possible, with the problem noted.
func open(source []byte) (*reader, *yaml.Node, bool) {
	r := &reader{}
	if len(source) > MaxFile {
		r.refuse(At{1, 1, ""}, "the file is %d bytes long; at most %d are allowed", len(source), MaxFile)
		return r, nil, false
	}
	r.lines = strings.Split(string(source), "\n")
	decoder := yaml.NewDecoder(bytes.NewReader(source))
	var doc, second yaml.Node
	if err := decoder.Decode(&doc); errors.Is(err, io.EOF) {
		r.refuse(At{1, 1, ""}, "the file is empty")
		return r, nil, false
	} else if err != nil {
		r.syntax(err)
		return r, nil, false
	}
	if err := decoder.Decode(&second); err == nil {
		r.refuse(At{max(second.Line, 1), max(second.Column, 1), ""}, "there is a second document; one file holds one")
		return r, nil, false
	} else if !errors.Is(err, io.EOF) {
		r.syntax(err)
		return r, nil, false
	}
	count := 0
	if len(doc.Content) != 1 || !r.sound(doc.Content[0], 0, &count) {
		return r, nil, false
	}
	return r, doc.Content[0], true
}

func (r *reader) syntax(err error) {
	line, reason := 1, strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		line, _ = strconv.Atoi(m[1])
		reason = m[2]
	}
	r.refuse(At{max(line, 1), 1, ""}, "this is not YAML: %s", reason)
}

// sound refuses what a rule never needs and an attacker might: aliases, tags, depth, size.
func (r *reader) sound(n *yaml.Node, depth int, count *int) bool {
	*count++
	here := At{n.Line, n.Column, ""}
	switch {
	case depth > maxNest:
		r.refuse(here, "nested more than %d levels deep", maxNest)
	case *count > maxNodes:
		r.refuse(here, "more than %d values in one file", maxNodes)
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		r.refuse(here, "anchors and aliases (& and *) are not used here; write it out, or put the text in quotes")
	case n.Style&yaml.TaggedStyle != 0:
		r.refuse(here, "tags (%s) are not used here", n.Tag)
	default:
		for _, c := range n.Content {
			if !r.sound(c, depth+1, count) {
				return false
			}
		}
		return true
	}
	return false
}

func (r *reader) refuse(a At, format string, args ...any) {
	r.problems = append(r.problems, Problem{Line: a.Line, Column: a.Column, Path: a.Path, Reason: fmt.Sprintf(format, args...)})
}

// field is one member of a mapping.
type field struct {
	key  At
	name string
	node *yaml.Node
	path string
}

func (f field) at() At { return At{f.node.Line, f.node.Column, f.path} }

// object reads a mapping whose names are all in allowed (any name when that is empty), each once.
func (r *reader) object(n *yaml.Node, path string, allowed ...string) []field {
	if n.Kind != yaml.MappingNode {
		r.refuse(At{n.Line, n.Column, path}, "want name: value pairs, got %s", describe(n))
		return nil
	}
	var list []field
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		here := At{k.Line, k.Column, path}
		switch {
		case k.Kind != yaml.ScalarNode:
			r.refuse(here, "a name must be a word, got %s", describe(k))
		case slices.ContainsFunc(list, func(f field) bool { return f.name == k.Value }):
			r.refuse(here, "%q is here twice", k.Value)
		case len(allowed) > 0 && !slices.Contains(allowed, k.Value):
			r.refuse(here, "%q is not known here; known are %s", k.Value, strings.Join(allowed, ", "))
		default:
			list = append(list, field{At{k.Line, k.Column, join(path, k.Value)}, k.Value, v, join(path, k.Value)})
		}
	}
	return list
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "name: value pairs"
	case yaml.SequenceNode:
		return "a list"
	}
	if n.Tag == "!!null" {
		return "nothing"
	}
	return fmt.Sprintf("%.40q", n.Value)
}

// list reads a sequence; a lone value counts as a list of one when lone is true.
func (r *reader) list(f field, lone bool) []field {
	if f.node.Kind != yaml.SequenceNode {
		if !lone {
			r.refuse(f.at(), "want a list (lines that start with -), got %s", describe(f.node))
			return nil
		}
		return []field{f}
	}
	var list []field
	for i, n := range f.node.Content {
		list = append(list, field{f.key, f.name, n, fmt.Sprintf("%s[%d]", f.path, i)})
	}
	return list
}

// text reads a scalar of at most limit bytes as it is written.
func (r *reader) text(f field, limit int) Text {
	n := f.node
	t := Text{At: f.at(), S: n.Value, indent: -1}
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		r.refuse(f.at(), "want a text, got %s", describe(n))
		return t
	}
	if len(n.Value) > limit {
		r.refuse(f.at(), "the text is %d bytes long; at most %d are allowed", len(n.Value), limit)
		t.S = ""
	}
	t.inner = t.At
	switch n.Style {
	case yaml.DoubleQuotedStyle, yaml.SingleQuotedStyle:
		t.inner.Column++
	case yaml.LiteralStyle:
		t.inner.Line = n.Line + 1
		if n.Line < len(r.lines) {
			line := r.lines[n.Line]
			t.indent = len(line) - len(strings.TrimLeft(line, " "))
		}
	case yaml.FoldedStyle:
		t.inner.Line = n.Line + 1
	}
	return t
}

func (r *reader) boolean(f field) bool {
	if f.node.Kind == yaml.ScalarNode && f.node.Tag == "!!bool" {
		return strings.EqualFold(f.node.Value, "true")
	}
	r.refuse(f.at(), "want true or false, got %s", describe(f.node))
	return false
}

func (r *reader) integer(f field, lo, hi int) int {
	i, err := strconv.Atoi(f.node.Value)
	if f.node.Kind != yaml.ScalarNode || err != nil || i < lo || i > hi {
		r.refuse(f.at(), "want a whole number from %d to %d, got %s", lo, hi, describe(f.node))
		return lo
	}
	return i
}

func (r *reader) number(f field) float64 {
	x, err := strconv.ParseFloat(f.node.Value, 64)
	if f.node.Kind != yaml.ScalarNode || err != nil || x != x || x-x != 0 {
		r.refuse(f.at(), "want a number, got %s", describe(f.node))
	}
	return x
}

func (r *reader) duration(f field) time.Duration {
	d, err := condition.ParseDuration(f.node.Value)
	if f.node.Kind != yaml.ScalarNode || err != nil {
		r.refuse(f.at(), "want a length of time such as 90s, 5m, 1h30m or 2d, got %s", describe(f.node))
	}
	return d
}

// word reads one of a few words.
func (r *reader) word(f field, allowed ...string) string {
	if f.node.Kind != yaml.ScalarNode || !slices.Contains(allowed, f.node.Value) {
		r.refuse(f.at(), "want %s, got %s", strings.Join(allowed, ", "), describe(f.node))
		return allowed[0]
	}
	return f.node.Value
}

// value reads any YAML value as JSON.
func (r *reader) value(f field) Literal {
	l := Literal{At: f.at()}
	x, err := plainValue(f.node)
	if err == nil {
		l.V, err = thing.Of(x)
	}
	if err != nil {
		r.refuse(l.At, "%s", err)
	}
	if f.node.Kind == yaml.ScalarNode && f.node.Style == 0 {
		l.Plain = f.node.Value
	}
	return l
}

func plainValue(n *yaml.Node) (any, error) {
	switch n.Kind {
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for _, c := range n.Content {
			x, err := plainValue(c)
			if err != nil {
				return nil, err
			}
			list = append(list, x)
		}
		return list, nil
	case yaml.MappingNode:
		object := make(map[string]any, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			if _, twice := object[n.Content[i].Value]; twice {
				return nil, fmt.Errorf("%q is here twice", n.Content[i].Value)
			}
			x, err := plainValue(n.Content[i+1])
			if err != nil {
				return nil, err
			}
			object[n.Content[i].Value] = x
		}
		return object, nil
	}
	switch n.Tag {
	case "!!null":
		return nil, nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true"), nil
	case "!!int", "!!float":
		v, err := thing.ParseJSON([]byte(n.Value))
		if err != nil || !v.IsNumber() {
			return nil, fmt.Errorf("write the number %.40q in plain digits", n.Value)
		}
		return v, nil
	}
	return n.Value, nil
}
