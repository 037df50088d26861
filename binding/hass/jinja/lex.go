package jinja

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"hutong/binding/hass/jinja/py"
)

type tokKind uint8

const (
	tokEOF tokKind = iota
	tokText
	tokVarOpen    // {{
	tokVarClose   // }}
	tokBlockOpen  // {%
	tokBlockClose // %}
	tokName
	tokString
	tokInt
	tokFloat
	tokOp
)

type token struct {
	kind tokKind
	pos  int
	text string // the name, operator, unquoted string, text or digits
}

type lexer struct {
	src  string
	pos  int
	toks []token
	trim bool // a "-" closed the last tag: white space after it goes
}

func (t *Template) lex() []token {
	// Jinja reads "\r\n" as "\n" and drops one newline at the end. Places shift by what was dropped, so both are
	// rewritten in the source that errors count in.
	if strings.Contains(t.source, "\r") {
		t.source = strings.ReplaceAll(strings.ReplaceAll(t.source, "\r\n", "\n"), "\r", "\n")
	}
	l := &lexer{src: strings.TrimSuffix(t.source, "\n")}
	for l.pos < len(l.src) {
		l.outside()
	}
	return append(l.toks, token{kind: tokEOF, pos: len(l.src)})
}

func (l *lexer) fail(pos int, format string, args ...any) {
	panic(py.Failure{Pos: pos, Reason: fmt.Sprintf(format, args...)})
}

// outside reads text up to the next tag, and the tag.
func (l *lexer) outside() {
	start := l.pos
	open := nextTag(l.src, start)
	if open < 0 {
		l.text(start, len(l.src), false)
		l.pos = len(l.src)
		return
	}
	sign := byte(0)
	if open+2 < len(l.src) {
		sign = l.src[open+2]
	}
	l.text(start, open, sign == '-')
	l.pos = open + 2
	if sign == '-' || sign == '+' && l.src[open+1] != '{' {
		l.pos++
	}
	switch l.src[open+1] {
	case '#':
		l.comment(open)
	case '{':
		l.tag(token{tokVarOpen, open, "{{"}, token{tokVarClose, 0, "}}"})
	default:
		if end, ok := l.rawTag("raw"); ok {
			l.raw(open, end)
			return
		}
		l.tag(token{tokBlockOpen, open, "{%"}, token{tokBlockClose, 0, "%}"})
	}
}

func nextTag(s string, from int) int {
	for i := from; ; i++ {
		n := strings.IndexByte(s[i:], '{')
		if n < 0 || i+n+1 >= len(s) {
			return -1
		}
		i += n
		if c := s[i+1]; c == '{' || c == '%' || c == '#' {
			return i
		}
	}
}

func (l *lexer) text(from, to int, trimRight bool) {
	s := l.src[from:to]
	if l.trim {
		s = strings.TrimLeftFunc(s, unicode.IsSpace)
		l.trim = false
	}
	if trimRight {
		s = strings.TrimRightFunc(s, unicode.IsSpace)
	}
	if s != "" {
		l.toks = append(l.toks, token{tokText, from, s})
	}
}

func (l *lexer) comment(open int) {
	n := strings.Index(l.src[l.pos:], "#}")
	if n < 0 {
		l.fail(open, "comment is not closed: want #}")
	}
	l.trim = n > 0 && l.src[l.pos+n-1] == '-'
	l.pos += n + 2
}

// rawTag says whether the tag at l.pos is {% name %} and where it ends.
func (l *lexer) rawTag(name string) (end int, ok bool) {
	s := strings.TrimLeft(l.src[l.pos:], " \t\n")
	s, ok = strings.CutPrefix(s, name)
	if !ok {
		return 0, false
	}
	s = strings.TrimLeft(s, " \t\n")
	l.trim = strings.HasPrefix(s, "-")
	s = strings.TrimLeft(s, "-+")
	s, ok = strings.CutPrefix(s, "%}")
	return len(l.src) - len(s), ok
}

func (l *lexer) raw(open, end int) {
	l.pos = end
	for at := end; ; {
		n := strings.Index(l.src[at:], "{%")
		if n < 0 {
			l.fail(open, "raw block is not closed: want {%% endraw %%}")
		}
		at += n
		l.pos = at + 2
		minus := strings.HasPrefix(l.src[l.pos:], "-")
		if minus {
			l.pos++
		}
		trim := l.trim
		if stop, ok := l.rawTag("endraw"); ok {
			after := l.trim
			l.trim = trim
			l.text(end, at, minus)
			l.trim, l.pos = after, stop
			return
		}
		l.trim = trim
		at += 2
	}
}

// tag reads the inside of {{ }} or {% %}.
func (l *lexer) tag(open, closing token) {
	l.toks = append(l.toks, open)
	depth := 0
	for {
		for l.pos < len(l.src) && strings.IndexByte(" \t\n\f\v", l.src[l.pos]) >= 0 {
			l.pos++
		}
		if l.pos >= len(l.src) {
			l.fail(open.pos, "tag is not closed: want %s", closing.text)
		}
		rest := l.src[l.pos:]
		closing.pos = l.pos
		if depth == 0 && strings.HasPrefix(rest, closing.text) {
			l.toks = append(l.toks, closing)
			l.pos += 2
			return
		}
		if rest[0] == '-' && strings.HasPrefix(rest[1:], closing.text) {
			l.toks = append(l.toks, closing)
			l.pos += 3
			l.trim = true
			return
		}
		switch rest[0] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
		}
		l.toks = append(l.toks, l.inside(rest))
	}
}

func (l *lexer) inside(s string) token {
	c := s[0]
	start := l.pos
	switch {
	case c == '"' || c == '\'':
		return l.str(s)
	case c >= '0' && c <= '9':
		return l.number(s)
	case c == '_' || unicode.IsLetter(firstRune(s)):
		n := 0
		for n < len(s) {
			r, size := utf8.DecodeRuneInString(s[n:])
			if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
				break
			}
			n += size
		}
		l.pos += n
		return token{tokName, start, s[:n]}
	}
	for _, op := range [...]string{"**", "//", "==", "!=", "<=", ">="} {
		if strings.HasPrefix(s, op) {
			l.pos += 2
			return token{tokOp, start, op}
		}
	}
	if strings.IndexByte("+-*/%~<>=.:,|()[]{};", c) < 0 {
		l.fail(start, "unexpected character %q", firstRune(s))
	}
	l.pos++
	return token{tokOp, start, s[:1]}
}

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

func (l *lexer) number(s string) token {
	start := l.pos
	n := 0
	digits := func(set string) {
		for n < len(s) && (strings.IndexByte(set, s[n]) >= 0 || s[n] == '_') {
			n++
		}
	}
	kind := tokInt
	const dec = "0123456789"
	if len(s) > 2 && s[0] == '0' && strings.IndexByte("xXoObB", s[1]) >= 0 {
		n = 2
		digits("0123456789abcdefABCDEF")
	} else {
		digits(dec)
		if n+1 < len(s) && s[n] == '.' && s[n+1] >= '0' && s[n+1] <= '9' {
			kind = tokFloat
			n++
			digits(dec)
		}
		if m := exponent(s[n:]); m > 0 {
			kind = tokFloat
			n += m
			digits(dec)
		}
	}
	l.pos += n
	return token{kind, start, strings.ReplaceAll(s[:n], "_", "")}
}

// exponent returns the length of "e", a sign and one digit at the start of s, 0 for none.
func exponent(s string) int {
	if s == "" || s[0] != 'e' && s[0] != 'E' {
		return 0
	}
	n := 1
	if n < len(s) && (s[n] == '+' || s[n] == '-') {
		n++
	}
	if n < len(s) && s[n] >= '0' && s[n] <= '9' {
		return n + 1
	}
	return 0
}

func (l *lexer) str(s string) token {
	start := l.pos
	quote := s[0]
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case quote:
			l.pos += i + 1
			return token{tokString, start, l.unescape(start, s[1:i])}
		}
	}
	l.fail(start, "string is not closed")
	return token{}
}

// unescape reads the escapes of a Python string literal.
func (l *lexer) unescape(pos int, s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 >= len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		if k := strings.IndexByte("abfnrtv\\'\"", s[i]); k >= 0 {
			b.WriteByte("\a\b\f\n\r\t\v\\'\""[k])
			continue
		}
		switch n := escapeLen(s[i:]); {
		case s[i] == '\n':
		case n > 1 && s[i] > '7':
			r, err := strconv.ParseUint(s[i+1:min(i+n, len(s))], 16, 32)
			if err != nil || i+n > len(s) || r > unicode.MaxRune {
				l.fail(pos, "string has a broken \\%c escape", s[i])
			}
			b.WriteRune(rune(r))
			i += n - 1
		case n > 0:
			r, _ := strconv.ParseUint(s[i:i+n], 8, 32) // only octal digits were counted
			b.WriteRune(rune(r))
			i += n - 1
		default:
			b.WriteByte('\\')
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// escapeLen is the length of a hexadecimal or octal escape after its backslash, 0 for neither.
func escapeLen(s string) int {
	switch s[0] {
	case 'x':
		return 3
	case 'u':
		return 5
	case 'U':
		return 9
	}
	n := 0
	for n < 3 && n < len(s) && s[n] >= '0' && s[n] <= '7' {
		n++
	}
	return n
}
