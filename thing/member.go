package thing

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Member is the member of an object with that name, found without reading the rest into memory. It is false for what is
// no object, has no such member or has it twice, and may be for an object with escapes (\") in it: who needs those reads
// the whole.
func (v Value) Member(name string) (Value, bool) {
	if v.kind != kindJSON || v.str[0] != '{' || strings.IndexByte(v.str, '\\') >= 0 {
		return Value{}, false
	}
	var found string
	for s := v.str[1:]; len(s) > 0 && s[0] == '"'; { // the text is known to be compact JSON
		end := strings.IndexByte(s[1:], '"') + 1
		key := s[1:end]
		s = s[end+2:]
		n := element(s)
		if key == name {
			if found != "" {
				return Value{}, false
			}
			found = s[:n]
		}
		s = s[n:]
		if s[0] == ',' {
			s = s[1:]
		}
	}
	return plainValue(found)
}

// element is the length of the JSON value that s begins with; there are no escapes in it.
func element(s string) int {
	depth, inside := 0, false
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"':
			inside = !inside
		case inside:
		case c == '{' || c == '[':
			depth++
		case depth == 0 && (c == ',' || c == '}' || c == ']'):
			return i
		case c == '}' || c == ']':
			depth--
		}
	}
	return len(s)
}

// plainValue is the Value of a compact JSON text without escapes; false for none.
func plainValue(s string) (Value, bool) {
	switch {
	case s == "":
		return Value{}, false
	case s[0] == '"':
		return String(s[1 : len(s)-1]), utf8.ValidString(s)
	case s[0] == '{' || s[0] == '[':
		return Value{kind: kindJSON, str: s}, true
	case s == "null":
		return Value{}, true
	case s == "true" || s == "false":
		return Bool(s == "true"), true
	}
	if !strings.ContainsAny(s, ".eE") {
		if i, err := strconv.ParseInt(s, 10, 64); err == nil {
			return Int(i), true
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	return Float(f), err == nil
}
