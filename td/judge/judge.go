// Package judge judges the values that devices send again and again by a schema that stays.
package judge

import (
	"strconv"
	"strings"

	"hutong/td"
	"hutong/td/ordered"
)

// Judge applies one td.Schema to many values. An object of plain members, as most devices send, it judges in one pass,
// without reading it into memory.
type Judge struct {
	members []flatMember // nil when the schema asks for more than that
	needs   uint64       // a bit for each member that is required
}

// flatMember is what a schema says of a member that is no object and no array.
type flatMember struct {
	name     string
	kind     string
	min, max float64
	limited  bool
}

// New makes the Judge of s, which must not change any more; nil is any value.
func New(s *td.Schema) *Judge {
	j := &Judge{}
	if s == nil || s.Type != "object" || len(s.Const)+len(s.Enum)+len(s.OneOf) > 0 || s.Properties.Len() > 64 || s.Properties.Len() == 0 {
		return j
	}
	for name, of := range s.Properties.All() {
		m, ok := flatten(name, of)
		if !ok {
			j.members = nil
			return j
		}
		j.members = append(j.members, m)
	}
	for _, name := range s.Required {
		i := j.find(name, 0)
		if i < 0 {
			j.members = nil
			return j
		}
		j.needs |= 1 << i
	}
	return j
}

// flatten says what s comes to, false when it has a term that a flatMember cannot hold.
func flatten(name string, s *td.Schema) (flatMember, bool) {
	m := flatMember{name: name, kind: s.Type}
	if len(s.Const)+len(s.Enum)+len(s.OneOf) > 0 || s.Pattern != "" || s.ExclusiveMinimum+s.ExclusiveMaximum+s.MultipleOf+s.MinLength+s.MaxLength != "" {
		return m, false
	}
	switch s.Type {
	case "boolean", "string":
		return m, true
	case "number", "integer":
	default:
		return m, false
	}
	m.min, m.max = -1e300, 1e300
	for _, limit := range []struct {
		text string
		to   *float64
	}{{string(s.Minimum), &m.min}, {string(s.Maximum), &m.max}} {
		if limit.text == "" {
			continue
		}
		v, err := strconv.ParseFloat(limit.text, 64)
		if err != nil {
			return m, false
		}
		*limit.to, m.limited = v, true
	}
	return m, true
}

// find is the place of a member, -1 when there is none; next is where it is likely to be.
func (j *Judge) find(name string, next int) int {
	if next < len(j.members) && j.members[next].name == name {
		return next
	}
	for i := range j.members {
		if j.members[i].name == name {
			return i
		}
	}
	return -1
}

// Fits says that text is surely compact JSON, and as the schema wants it. It says no to whatever is out of the ordinary,
// such as an escape, a letter beyond ASCII, a member without a schema or a number on a limit: then td.Schema.Check tells.
func (j *Judge) Fits(text string) bool {
	if len(j.members) == 0 || len(text) < 2 || len(text) > ordered.MaxSize || text[0] != '{' {
		return false
	}
	var seen uint64
	for at, next := 1, 0; ; next++ {
		name, after, ok := plainText(text, at)
		if !ok || after >= len(text) || text[after] != ':' {
			return false
		}
		i := j.find(name, next)
		if i < 0 || seen&(1<<i) != 0 {
			return false
		}
		seen |= 1 << i
		if at = j.members[i].fits(text, after+1); at < 0 || at >= len(text) {
			return false
		}
		switch text[at] {
		case ',':
			at++
		case '}':
			return at+1 == len(text) && seen&j.needs == j.needs
		default:
			return false
		}
	}
}

// plainText is the string that begins at, and where it ends; false for anything else or more.
func plainText(text string, at int) (s string, after int, ok bool) {
	if at >= len(text) || text[at] != '"' {
		return "", 0, false
	}
	for i := at + 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return text[at+1 : i], i + 1, true
		case c < 0x20, c >= 0x80, c == '\\':
			return "", 0, false
		}
	}
	return "", 0, false
}

// fits gives the place after the value that begins at, -1 when it is not surely as m wants it.
func (m *flatMember) fits(text string, at int) (after int) {
	switch m.kind {
	case "boolean":
		for _, word := range [...]string{"true", "false"} {
			if strings.HasPrefix(text[at:], word) {
				return at + len(word)
			}
		}
		return -1
	case "string":
		_, after, ok := plainText(text, at)
		if !ok {
			return -1
		}
		return after
	}
	return m.number(text, at)
}

// number takes up to 15 digits with at most one point among them: more is rare, and no float holds it.
func (m *flatMember) number(text string, at int) (after int) {
	i := at
	if i < len(text) && text[i] == '-' {
		i++
	}
	digits, point := i, -1
	for ; i < len(text) && (text[i] >= '0' && text[i] <= '9' || text[i] == '.' && point < 0 && i > digits); i++ {
		if text[i] == '.' {
			point = i
		}
	}
	n := i - digits
	switch {
	case n == 0 || n > 16 || point == i-1:
		return -1
	case text[digits] == '0' && n > 1 && point != digits+1:
		return -1 // 007
	case m.kind == "integer" && point >= 0:
		return -1
	}
	if m.limited {
		v, err := strconv.ParseFloat(text[at:i], 64)
		if err != nil || v <= m.min || v >= m.max { // on a limit only the digits tell
			return -1
		}
	}
	return i
}
