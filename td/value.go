package td

import (
	"encoding/json"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxPattern is the most bytes of a "pattern" that Check applies; a longer one is refused with the value.
const MaxPattern = 1024

// Check judges the JSON value in data against s by the terms of TD 1.1 section 5.3.2, which are those of JSON
// Schema draft 7: type, const, enum, oneOf, limits, multipleOf, lengths, pattern, items, properties, required.
// Members that s does not name are allowed (assertion client-data-schema-accept-extras). Numbers are compared by
// their digits, so no limit is blurred. "format", and a pattern that needs more than linear time, are hints and not
// judged. The error is an *Error or Errors whose pointers lead into the value.
func (s *Schema) Check(data []byte) error {
	n, bad := scan(data)
	if bad != nil {
		return bad
	}
	var j judge
	j.value(s, &n)
	return j.err()
}

type judge struct {
	tracker
	work     int // what has been spent of maxWork
	patterns map[string]pattern
}

// maxWork bounds what one value may cost, counted in schemas applied and allowed values compared: a schema of a
// megabyte against a value of a megabyte must not take a minute.
const maxWork = 2_000_000

func (j *judge) spend(n int) bool {
	before := j.work
	j.work += n
	if j.work > maxWork && before <= maxWork {
		j.fail("", "the value is too large for its schema to be judged")
	}
	return j.work <= maxWork
}

func (j *judge) value(s *Schema, n *node) {
	if !j.spend(1 + len(s.Enum)) {
		return
	}
	if !j.kind(s.Type, n) {
		return
	}
	if len(s.Const) > 0 && !equalRaw(n, s.Const) {
		j.fail("", "want %s, got %s", brief(s.Const), n.brief())
	}
	if len(s.Enum) > 0 && !slices.ContainsFunc(s.Enum, func(e json.RawMessage) bool { return equalRaw(n, e) }) {
		j.fail("use one of "+listed(s.Enum), "%s is not one of the %d allowed values", n.brief(), len(s.Enum))
	}
	if len(s.OneOf) > 0 {
		j.oneOf(s.OneOf, n)
	}
	switch n.kind {
	case isNumber:
		j.number(s, n)
	case isText:
		j.text(s, n)
	case isList:
		j.list(s, n)
	case isObject:
		j.object(s, n)
	}
}

// kind says whether n has the type that a schema names.
func (j *judge) kind(name string, n *node) bool {
	if name == "" || n.is(name) {
		return true
	}
	j.fail("", "want %s, got %s", article(name), n.brief())
	return false
}

// is says whether n is of the JSON Schema type called name; 2.0 is an integer.
func (n *node) is(name string) bool {
	switch name {
	case "boolean":
		return n.kind == isBool
	case "integer":
		return n.kind == isNumber && parseDecimal(n.text).whole()
	case "number":
		return n.kind == isNumber
	case "string":
		return n.kind == isText
	case "array":
		return n.kind == isList
	case "object":
		return n.kind == isObject
	case "null":
		return n.kind == isNull
	}
	return true
}

func (j *judge) oneOf(list []*Schema, n *node) {
	fits := 0
	before := j.errs
	for _, s := range list {
		j.errs = nil
		j.value(s, n)
		if len(j.errs) == 0 {
			fits++
		}
	}
	j.errs = before
	if j.work > maxWork {
		j.fail("", "the value is too large for its schema to be judged")
		return
	}
	if fits != 1 {
		j.fail("", "%s fits %d of the %d alternatives (oneOf), want exactly one", n.brief(), fits, len(list))
	}
}

func (j *judge) number(s *Schema, n *node) {
	if s.Minimum == "" && s.Maximum == "" && s.ExclusiveMinimum == "" && s.ExclusiveMaximum == "" && s.MultipleOf == "" {
		return
	}
	v := parseDecimal(n.text)
	against := func(limit json.Number) int { return v.compare(parseDecimal(string(limit))) }
	switch {
	case s.Minimum != "" && against(s.Minimum) < 0:
		j.fail("", "%s is less than the minimum %s", n.brief(), s.Minimum)
	case s.Maximum != "" && against(s.Maximum) > 0:
		j.fail("", "%s is more than the maximum %s", n.brief(), s.Maximum)
	case s.ExclusiveMinimum != "" && against(s.ExclusiveMinimum) <= 0:
		j.fail("", "%s is not more than %s", n.brief(), s.ExclusiveMinimum)
	case s.ExclusiveMaximum != "" && against(s.ExclusiveMaximum) >= 0:
		j.fail("", "%s is not less than %s", n.brief(), s.ExclusiveMaximum)
	case s.MultipleOf != "" && !v.multiple(parseDecimal(string(s.MultipleOf))):
		j.fail("", "%s is not a multiple of %s", n.brief(), s.MultipleOf)
	}
}

func (j *judge) text(s *Schema, n *node) {
	if s.MinLength != "" || s.MaxLength != "" {
		j.count(utf8.RuneCountInString(n.text), s.MinLength, s.MaxLength, "characters")
	}
	if s.Pattern != "" {
		j.match(s.Pattern, n)
	}
}

// pattern is a compiled pattern; without re it cannot be judged in linear time.
type pattern struct {
	re   *regexp.Regexp
	size int // instructions
}

func compilePattern(s string) pattern {
	parsed, err := syntax.Parse(s, syntax.Perl)
	if err != nil {
		return pattern{}
	}
	prog, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return pattern{}
	}
	re, err := regexp.Compile(s)
	if err != nil {
		return pattern{}
	}
	return pattern{re, len(prog.Inst)}
}

func (j *judge) match(source string, n *node) {
	if len(source) > MaxPattern {
		j.fail("", "its schema has a pattern of %d bytes, at most %d are applied", len(source), MaxPattern)
		return
	}
	p, ok := j.patterns[source]
	if !ok {
		p = compilePattern(source)
		if j.patterns == nil {
			j.patterns = make(map[string]pattern)
		}
		j.patterns[source] = p
	}
	const perUnit = 100 // instructions times bytes that cost about as much as applying a schema
	if p.re != nil && j.spend(p.size*len(n.text)/perUnit) && !p.re.MatchString(n.text) {
		j.fail("", "%s does not match the pattern %s", n.brief(), quote(source))
	}
}

// count judges how many there are of what.
func (j *judge) count(n int, least, most json.Number, what string) {
	d := decimal{}
	if n > 0 {
		d = parseDecimal(fmt.Sprint(n))
	}
	if least != "" && d.compare(parseDecimal(string(least))) < 0 {
		j.fail("", "%d %s, want at least %s", n, what, least)
	}
	if most != "" && d.compare(parseDecimal(string(most))) > 0 {
		j.fail("", "%d %s, want at most %s", n, what, most)
	}
}

func (j *judge) list(s *Schema, n *node) {
	j.count(len(n.kids), s.MinItems, s.MaxItems, "items")
	for i := range n.kids {
		item := i
		if !s.ItemsList {
			item = 0
		}
		if item >= len(s.Items) || j.full() {
			return
		}
		j.enterIndex(i)
		j.value(s.Items[item], &n.kids[i])
		j.leave()
	}
}

func (j *judge) object(s *Schema, n *node) {
	if len(s.Required) > 0 {
		has := make(map[string]bool, len(n.kids))
		for i := range n.kids {
			has[n.kids[i].name] = true
		}
		for _, name := range s.Required {
			if !has[name] {
				j.fail("add it", "the member %s is missing", quote(name))
			}
		}
	}
	for i := range n.kids {
		if m, ok := s.Properties.Get(n.kids[i].name); ok {
			j.enter(n.kids[i].name)
			j.value(m, &n.kids[i])
			j.leave()
		}
	}
}

// equalRaw says whether n and the JSON in raw are the same value.
func equalRaw(n *node, raw json.RawMessage) bool {
	m, err := scan(raw)
	return err == nil && n.equal(&m)
}

// equal compares as JSON Schema does: 1 is 1.0, the order of members says nothing.
func (n *node) equal(m *node) bool {
	if n.kind != m.kind || len(n.kids) != len(m.kids) {
		return false
	}
	switch n.kind {
	case isNumber:
		return n.text == m.text || parseDecimal(n.text).compare(parseDecimal(m.text)) == 0
	case isList:
		for i := range n.kids {
			if !n.kids[i].equal(&m.kids[i]) {
				return false
			}
		}
		return true
	case isObject:
		for i := range n.kids {
			o := &m.kids[i]
			if o.name != n.kids[i].name {
				o = m.get(n.kids[i].name)
			}
			if o == nil || !n.kids[i].equal(o) {
				return false
			}
		}
		return true
	}
	return n.text == m.text
}

// brief is n for a message: its JSON when short, else what it is.
func (n *node) brief() string {
	if n.kind == isList || n.kind == isObject {
		return n.kind.String()
	}
	if n.kind == isText {
		return quote(n.text)
	}
	return brief([]byte(n.text))
}

func brief(raw []byte) string {
	const most = 60
	if len(raw) > most {
		return strings.ToValidUTF8(string(raw[:most]), "") + "..."
	}
	return string(raw)
}

func listed(list []json.RawMessage) string {
	const most = 10
	var b strings.Builder
	for i, v := range list {
		if i == most {
			b.WriteString(", ...")
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(brief(v))
	}
	return b.String()
}

// article is a JSON Schema type with its article.
func article(name string) string {
	switch name {
	case "integer", "object", "array":
		return "an " + name
	case "null":
		return name
	}
	return "a " + name
}
