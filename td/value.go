package td

import (
	"encoding/json"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"

	"hutong/td/ordered"
)

// MaxPattern is the most bytes of a "pattern" that Check applies; a longer one is refused with the value.
const MaxPattern = 1024

// Check judges the JSON value in data against s by the terms of TD 1.1 section 5.3.2, which are those of JSON
// Schema draft 7: type, const, enum, oneOf, limits, multipleOf, lengths, pattern, items, properties, required.
// Members that s does not name are allowed (assertion client-data-schema-accept-extras), unless it says that
// "additionalProperties" is false. Numbers are compared by
// their digits, so no limit is blurred. "format", and a pattern that needs more than linear time, are hints and not
// judged. The error is an *Error or Errors whose pointers lead into the value.
func (s *Schema) Check(data []byte) error {
	n, err := ordered.Read(data)
	if err != nil {
		return err
	}
	var j judge
	j.value(s, &n)
	if j.work > maxWork {
		return &Error{Reason: "the value is too large for its schema to be judged"}
	}
	return j.err()
}

type judge struct {
	tracker
	trials   int  // alternatives around this place: what fails there is counted, not told
	failed   bool // something has failed in the present trial
	work     int  // what has been spent of maxWork
	patterns map[string]pattern
	allowed  map[*Schema]allowed
}

// maxWork bounds what one value may cost, counted in schemas applied and values compared: a schema of a megabyte
// against a value of a megabyte must not take a minute.
const maxWork = 2_000_000

func (j *judge) spend(n int) bool {
	j.work += n
	return j.work <= maxWork
}

func (j *judge) fail(mend, reason string, args ...any) {
	j.failed = true
	if j.trials == 0 {
		j.tracker.fail(mend, reason, args...)
	}
}

func (j *judge) value(s *Schema, n *ordered.Node) {
	if !j.spend(1+len(s.Enum)+len(s.Required)) || j.trials > 0 && j.failed {
		return
	}
	if !j.kind(s.Type, n) {
		return
	}
	if len(s.Const)+len(s.Enum) > 0 {
		j.enum(s, n)
	}
	if len(s.OneOf) > 0 {
		j.oneOf(s.OneOf, n)
	}
	switch n.Kind {
	case ordered.Number:
		j.number(s, n)
	case ordered.Text:
		j.text(s, n)
	case ordered.List:
		j.list(s, n)
	case ordered.Object:
		j.object(s, n)
	}
}

// kind says whether n has the type that a schema names.
func (j *judge) kind(name string, n *ordered.Node) bool {
	if name == "" || n.Is(name) {
		return true
	}
	j.fail("", "want %s, got %s", article(name), n)
	return false
}

// allowed is the values that const and enum allow, read once for each Schema.
type allowed struct{ constant, enum []ordered.Node }

func (j *judge) enum(s *Schema, n *ordered.Node) {
	a, ok := j.allowed[s]
	if !ok {
		a = allowed{readAll(s.Const), readAll(s.Enum...)}
		if j.allowed == nil {
			j.allowed = make(map[*Schema]allowed)
		}
		j.allowed[s] = a
	}
	if len(s.Const) > 0 && !among(a.constant, n) {
		j.fail("", "want %s, got %s", list(a.constant), n)
	}
	if len(s.Enum) > 0 && !among(a.enum, n) {
		j.fail("", "%s is not one of the %d allowed values; use one of %s", n, len(s.Enum), list(a.enum))
	}
}

func readAll(raws ...json.RawMessage) []ordered.Node {
	var all list
	for _, raw := range raws {
		if v, err := ordered.Read(raw); err == nil {
			all = append(all, v)
		}
	}
	return all
}

func among(all []ordered.Node, n *ordered.Node) bool {
	for i := range all {
		if n.Equal(&all[i]) {
			return true
		}
	}
	return false
}

func (j *judge) oneOf(list []*Schema, n *ordered.Node) {
	fits := 0
	before := j.failed
	j.trials++
	for _, s := range list {
		j.failed = false
		j.value(s, n)
		if !j.failed {
			fits++
		}
	}
	j.trials--
	j.failed = before
	if fits != 1 {
		j.fail("", "%s fits %d of the %d alternatives (oneOf), want exactly one", n, fits, len(list))
	}
}

func (j *judge) number(s *Schema, n *ordered.Node) {
	if s.Minimum == "" && s.Maximum == "" && s.ExclusiveMinimum == "" && s.ExclusiveMaximum == "" && s.MultipleOf == "" {
		return
	}
	v := ordered.ParseDecimal(n.Text)
	against := func(limit json.Number) int { return v.Compare(ordered.ParseDecimal(string(limit))) }
	switch {
	case s.Minimum != "" && against(s.Minimum) < 0:
		j.fail("", "%s is less than the minimum %s", n, s.Minimum)
	case s.Maximum != "" && against(s.Maximum) > 0:
		j.fail("", "%s is more than the maximum %s", n, s.Maximum)
	case s.ExclusiveMinimum != "" && against(s.ExclusiveMinimum) <= 0:
		j.fail("", "%s is not more than %s", n, s.ExclusiveMinimum)
	case s.ExclusiveMaximum != "" && against(s.ExclusiveMaximum) >= 0:
		j.fail("", "%s is not less than %s", n, s.ExclusiveMaximum)
	case s.MultipleOf != "" && !v.Multiple(ordered.ParseDecimal(string(s.MultipleOf))):
		j.fail("", "%s is not a multiple of %s", n, s.MultipleOf)
	}
}

func (j *judge) text(s *Schema, n *ordered.Node) {
	if s.MinLength != "" || s.MaxLength != "" {
		j.count(utf8.RuneCountInString(n.Text), s.MinLength, s.MaxLength, "characters")
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
	s = fromECMA(s)
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

// fromECMA is the regular expression s of ECMA 262 as Go writes it: "\u00e9" is "\x{00e9}".
func fromECMA(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		if s[i] == 'u' && i+4 < len(s) {
			fmt.Fprintf(&b, `\x{%s}`, s[i+1:i+5])
			i += 4
			continue
		}
		b.WriteString(s[i-1 : i+1])
	}
	return b.String()
}

func (j *judge) match(source string, n *ordered.Node) {
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
	if p.re != nil && j.spend(p.size*len(n.Text)/perUnit) && !p.re.MatchString(n.Text) {
		j.fail("", "%s does not match the pattern %s", n, ordered.Quote(source))
	}
}

// count judges how many there are of what.
func (j *judge) count(n int, least, most json.Number, what string) {
	d := ordered.Decimal{}
	if n > 0 {
		d = ordered.ParseDecimal(fmt.Sprint(n))
	}
	if least != "" && d.Compare(ordered.ParseDecimal(string(least))) < 0 {
		j.fail("", "%d %s, want at least %s", n, what, least)
	}
	if most != "" && d.Compare(ordered.ParseDecimal(string(most))) > 0 {
		j.fail("", "%d %s, want at most %s", n, what, most)
	}
}

func (j *judge) list(s *Schema, n *ordered.Node) {
	j.count(len(n.Kids), s.MinItems, s.MaxItems, "items")
	for i := range n.Kids {
		item := i
		if !s.ItemsList {
			item = 0
		}
		if item >= len(s.Items) || j.full() {
			return
		}
		j.enterIndex(i)
		j.value(s.Items[item], &n.Kids[i])
		j.leave()
	}
}

func (j *judge) object(s *Schema, n *ordered.Node) {
	if len(s.Required) > 0 {
		has := make(map[string]bool, len(n.Kids))
		for i := range n.Kids {
			has[n.Kids[i].Name] = true
		}
		for _, name := range s.Required {
			if !has[name] {
				j.fail("add it", "the member %s is missing", ordered.Quote(name))
			}
		}
	}
	closed := s.closed()
	for i := range n.Kids {
		m, ok := s.Properties.Get(n.Kids[i].Name)
		if !ok && !closed {
			continue
		}
		j.enter(n.Kids[i].Name)
		if ok {
			j.value(m, &n.Kids[i])
		} else {
			j.fail("leave it out", "there is no such member; there are: %s", s.names())
		}
		j.leave()
	}
}

// closed tells whether an object may have no members but those that s names.
func (s *Schema) closed() bool {
	for i := range s.Extra {
		if s.Extra[i].Name == "additionalProperties" {
			return string(s.Extra[i].Value) == "false"
		}
	}
	return false
}

// names are the first of the members that s names.
func (s *Schema) names() string {
	const most = 10
	var list []string
	for name := range s.Properties.All() {
		if len(list) == most {
			list = append(list, "...")
			break
		}
		list = append(list, ordered.Quote(name))
	}
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

// list is values for a message, made only when there is one.
type list []ordered.Node

// String is the first of them, with commas.
func (l list) String() string {
	const most = 10
	var b strings.Builder
	for i := range l {
		if i > 0 {
			b.WriteString(", ")
		}
		if i == most {
			b.WriteString("...")
			break
		}
		b.WriteString(l[i].String())
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
