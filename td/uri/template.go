// Package uri resolves URI references (RFC 3986) of any scheme and expands URI templates (RFC 6570), as the forms of
// Thing Descriptions need.
package uri

import (
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Template is a URI template (RFC 6570). All four levels are read; values are strings only, since TD 1.1 allows no
// lists or objects as variables, so the explode modifier changes nothing.
type Template []part

// part is a literal, or an expression such as {?step,max}.
type part struct {
	literal string
	op      byte // 0 for none, else one of + # . / ; ? &
	vars    []variable
}

type variable struct {
	name   string
	prefix int // of the value, in characters; 0 is all of it
}

// operators is the table of RFC 6570 appendix A.
var operators = map[byte]struct {
	first, sep string
	named      bool
	ifEmpty    string
	reserved   bool
}{
	0:   {"", ",", false, "", false},
	'+': {"", ",", false, "", true},
	'#': {"#", ",", false, "", true},
	'.': {".", ".", false, "", false},
	'/': {"/", "/", false, "", false},
	';': {";", ";", true, "", false},
	'?': {"?", "&", true, "=", false},
	'&': {"&", "&", true, "=", false},
}

// ParseTemplate reads a template; one without expressions is a template too.
func ParseTemplate(s string) (Template, error) {
	var list Template
	for s != "" {
		i := strings.IndexAny(s, "{}")
		if i < 0 {
			return append(list, part{literal: s}), nil
		}
		if i > 0 {
			list = append(list, part{literal: s[:i]})
		}
		if s[i] == '}' {
			return nil, errors.New("a '}' without its '{'")
		}
		end := strings.IndexByte(s[i:], '}')
		if end < 0 {
			return nil, errors.New("a '{' without its '}'")
		}
		p, err := parseExpression(s[i+1 : i+end])
		if err != nil {
			return nil, err
		}
		list = append(list, p)
		s = s[i+end+1:]
	}
	return list, nil
}

func parseExpression(s string) (part, error) {
	var p part
	if s != "" && strings.IndexByte("+#./;?&", s[0]) >= 0 {
		p.op, s = s[0], s[1:]
	}
	for v := range strings.SplitSeq(s, ",") {
		name, length, ok := strings.Cut(strings.TrimSuffix(v, "*"), ":")
		x := variable{name: name}
		if ok {
			n, err := strconv.ParseUint(length, 10, 16)
			if err != nil || n == 0 || n >= 10000 {
				return p, fmt.Errorf("%s: the length of a prefix is 1 to 9999", short(v))
			}
			x.prefix = int(n)
		}
		if !isVariable(name) {
			return p, fmt.Errorf("%s is no name of a variable", short(name))
		}
		p.vars = append(p.vars, x)
	}
	return p, nil
}

// isVariable lets "-" pass beside what RFC 6570 section 2.3 allows: real TDs have it (Eclipse Ditto's
// "response-required"), and it is never ambiguous.
func isVariable(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; !isUnreserved(c) && c != '%' || c == '~' {
			return false
		}
	}
	return s != ""
}

func isUnreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

// Literals yields the text between the expressions.
func (t Template) Literals() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, p := range t {
			if p.vars == nil && !yield(p.literal) {
				return
			}
		}
	}
}

// Variables yields the names of the variables, in order; a name used twice comes twice.
func (t Template) Variables() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, p := range t {
			for _, v := range p.vars {
				if !yield(v.name) {
					return
				}
			}
		}
	}
}

// Expand puts values into the template; a variable without a value is left out (RFC 6570 section 3.2.1).
func (t Template) Expand(value func(name string) (string, bool)) string {
	var b strings.Builder
	for _, p := range t {
		if p.vars == nil {
			escape(&b, p.literal, true)
			continue
		}
		op := operators[p.op]
		sep := op.first
		for _, x := range p.vars {
			v, ok := value(x.name)
			if !ok {
				continue
			}
			b.WriteString(sep)
			sep = op.sep
			if op.named {
				b.WriteString(x.name)
				if v == "" {
					b.WriteString(op.ifEmpty)
					continue
				}
				b.WriteByte('=')
			}
			escape(&b, cut(v, x.prefix), op.reserved)
		}
	}
	return b.String()
}

// cut is the first n characters of s; all of it when n is 0.
func cut(s string, n int) string {
	if n == 0 {
		return s
	}
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// escape percent-encodes s; reserved lets through what has a meaning in URIs, and what is encoded already.
func escape(b *strings.Builder, s string, reserved bool) {
	for i := 0; i < len(s); i++ {
		c := s[i]
		encoded := c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2])
		if isUnreserved(c) || reserved && (encoded || c < utf8.RuneSelf && strings.IndexByte(":/?#[]@!$&'()*+,;=", c) >= 0) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(b, "%%%02X", c)
		}
	}
}

// short is s between quotation marks, cut when long, for a message.
func short(s string) string { return fmt.Sprintf("%.60q", s) }
