package td

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Limits of a text. They are far above what devices write (the largest of W3C's 435 test TDs has 60 kB) and low
// enough that a hostile text costs milliseconds.
const (
	MaxSize  = 1 << 20 // bytes of a text
	MaxDepth = 64      // objects and arrays inside one another
	MaxNames = 4096    // members of one object
)

type kind uint8

const (
	isNull kind = iota
	isBool
	isNumber
	isText
	isList
	isObject
)

var kindNames = [...]string{"null", "a boolean", "a number", "a string", "an array", "an object"}

func (k kind) String() string { return kindNames[k] }

// node is a JSON value that keeps the order of its members and the digits of its numbers.
type node struct {
	kind kind
	name string // its name, inside an object
	text string // of a string: decoded; of a number, a boolean or null: as written
	kids []node
}

// get returns the member called name, nil when there is none.
func (n *node) get(name string) *node {
	if n.kind != isObject {
		return nil
	}
	for i := range n.kids {
		if n.kids[i].name == name {
			return &n.kids[i]
		}
	}
	return nil
}

// same says whether n and m are written alike: same members in the same order, same digits.
func (n *node) same(m *node) bool {
	return n.kind == m.kind && n.text == m.text && slices.EqualFunc(n.kids, m.kids, func(a, b node) bool {
		return a.name == b.name && a.same(&b)
	})
}

// append appends the compact JSON of n.
func (n *node) append(dst []byte) []byte {
	switch n.kind {
	case isText:
		return appendText(dst, n.text)
	case isList:
		dst = append(dst, '[')
		for i := range n.kids {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = n.kids[i].append(dst)
		}
		return append(dst, ']')
	case isObject:
		dst = append(dst, '{')
		for i := range n.kids {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendText(dst, n.kids[i].name), ':')
			dst = n.kids[i].append(dst)
		}
		return append(dst, '}')
	}
	return append(dst, n.text...)
}

func (n *node) raw() json.RawMessage { return n.append(nil) }

// appendText appends s as a JSON string, escaping only what RFC 8259 section 7 demands.
func appendText(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(dst, s[start:]...), '"')
}

// scan reads one JSON text (RFC 8259) within the limits. It refuses what could be read in two ways: a name given
// twice with different values, text that is not UTF-8, half a surrogate pair. A member given twice alike is read
// once. A byte order mark is passed over (assertion td-json-open_accept-byte-order).
func scan(data []byte) (node, *Error) {
	if len(data) > MaxSize {
		return node{}, &Error{Reason: fmt.Sprintf("%d bytes are too many", len(data)), Mend: fmt.Sprintf("use at most %d", MaxSize)}
	}
	if !utf8.Valid(data) {
		return node{}, &Error{Reason: "not UTF-8", Mend: "encode the text as UTF-8"}
	}
	s := scanner{src: strings.TrimPrefix(string(data), "\ufeff")}
	var n node
	if err := s.value(&n); err != nil {
		return node{}, err
	}
	if s.peek() != 0 || s.pos < len(s.src) {
		return node{}, s.fail("text after the end of the JSON value")
	}
	return n, nil
}

type scanner struct {
	src   string
	pos   int
	depth int
}

func (s *scanner) fail(reason string, args ...any) *Error {
	before := s.src[:min(s.pos, len(s.src))]
	line := strings.Count(before, "\n") + 1
	column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
	return &Error{Reason: fmt.Sprintf("line %d, column %d: ", line, column) + fmt.Sprintf(reason, args...)}
}

// peek passes over white space and returns the next byte, 0 at the end.
func (s *scanner) peek() byte {
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

func (s *scanner) value(n *node) *Error {
	switch c := s.peek(); {
	case c == '{':
		return s.object(n)
	case c == '[':
		return s.list(n)
	case c == '"':
		n.kind = isText
		return s.string(&n.text)
	case c == '-' || c >= '0' && c <= '9':
		n.kind = isNumber
		return s.number(&n.text)
	}
	for _, w := range [...]struct {
		word string
		kind kind
	}{{"true", isBool}, {"false", isBool}, {"null", isNull}} {
		if strings.HasPrefix(s.src[s.pos:], w.word) {
			s.pos += len(w.word)
			n.kind, n.text = w.kind, w.word
			return nil
		}
	}
	if s.pos == len(s.src) {
		return s.fail("the text ends where a value should be")
	}
	return s.fail("want a JSON value")
}

func (s *scanner) open() *Error {
	s.pos++
	if s.depth++; s.depth > MaxDepth {
		return s.fail("more than %d objects and arrays inside one another", MaxDepth)
	}
	return nil
}

// next says whether another element follows in an object or array that ends with end.
func (s *scanner) next(first bool, end byte) (bool, *Error) {
	c := s.peek()
	if c == end {
		s.pos++
		s.depth--
		return false, nil
	}
	if first {
		return true, nil
	}
	if c != ',' {
		return false, s.fail("want ',' or '%c'", end)
	}
	s.pos++
	return true, nil
}

func (s *scanner) list(n *node) *Error {
	n.kind = isList
	if err := s.open(); err != nil {
		return err
	}
	for {
		more, err := s.next(len(n.kids) == 0, ']')
		if !more {
			return err
		}
		n.kids = append(n.kids, node{})
		i := len(n.kids) - 1
		if err := s.value(&n.kids[i]); err != nil {
			return err.in(strconv.Itoa(i))
		}
	}
}

func (s *scanner) object(n *node) *Error {
	n.kind = isObject
	if err := s.open(); err != nil {
		return err
	}
	var seen index
	for {
		more, err := s.next(len(n.kids) == 0, '}')
		if !more {
			return err
		}
		k, err := s.member()
		if err != nil {
			return err
		}
		if i := seen.add(n.kids, k.name); i < 0 {
			n.kids = append(n.kids, k)
		} else if !n.kids[i].same(&k) {
			return s.fail("the name %s is given twice with different values", quote(k.name))
		}
		if len(n.kids) > MaxNames {
			return s.fail("more than %d members in one object", MaxNames)
		}
	}
}

func (s *scanner) member() (node, *Error) {
	var k node
	if s.peek() != '"' {
		return k, s.fail("want a name between quotation marks")
	}
	if err := s.string(&k.name); err != nil {
		return k, err
	}
	if s.peek() != ':' {
		return k, s.fail("want ':' after the name %s", quote(k.name))
	}
	s.pos++
	if err := s.value(&k); err != nil {
		return k, err.in(k.name)
	}
	return k, nil
}

// index finds the members of one object by name; it makes a map only when there are more than a few.
type index map[string]int

// add returns where among kids name is; when it is not there, -1, and notes that it will be the next.
func (x *index) add(kids []node, name string) int {
	const few = 16
	if len(kids) < few {
		return slices.IndexFunc(kids, func(k node) bool { return k.name == name })
	}
	if *x == nil {
		*x = make(index, 4*few)
		for i := range kids {
			(*x)[kids[i].name] = i
		}
	}
	if i, ok := (*x)[name]; ok {
		return i
	}
	(*x)[name] = len(kids)
	return -1
}

func (s *scanner) number(to *string) *Error {
	start := s.pos
	if s.src[s.pos] == '-' {
		s.pos++
	}
	if s.pos < len(s.src) && s.src[s.pos] == '0' {
		s.pos++
	} else if !s.digits() {
		return s.fail("want a digit")
	}
	if s.pos < len(s.src) && s.src[s.pos] == '.' {
		s.pos++
		if !s.digits() {
			return s.fail("want a digit after the point")
		}
	}
	if s.pos < len(s.src) && (s.src[s.pos] == 'e' || s.src[s.pos] == 'E') {
		s.pos++
		if s.pos < len(s.src) && (s.src[s.pos] == '+' || s.src[s.pos] == '-') {
			s.pos++
		}
		if !s.digits() {
			return s.fail("want a digit in the exponent")
		}
	}
	*to = s.src[start:s.pos]
	return nil
}

func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.src) && s.src[s.pos] >= '0' && s.src[s.pos] <= '9' {
		s.pos++
	}
	return s.pos > start
}

func (s *scanner) string(to *string) *Error {
	s.pos++
	start := s.pos
	for ; s.pos < len(s.src); s.pos++ {
		switch c := s.src[s.pos]; {
		case c == '"':
			*to = s.src[start:s.pos]
			s.pos++
			return nil
		case c == '\\':
			return s.escaped(start, to)
		case c < 0x20:
			return s.fail("a control character inside a string")
		}
	}
	return s.fail("the text ends inside a string")
}

// escaped goes on with a string from its first backslash.
func (s *scanner) escaped(start int, to *string) *Error {
	buf := append([]byte(nil), s.src[start:s.pos]...)
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; {
		case c == '"':
			*to = string(buf)
			s.pos++
			return nil
		case c == '\\':
			s.pos++
			var err *Error
			if buf, err = s.escape(buf); err != nil {
				return err
			}
		case c < 0x20:
			return s.fail("a control character inside a string")
		default:
			buf = append(buf, c)
			s.pos++
		}
	}
	return s.fail("the text ends inside a string")
}

func (s *scanner) escape(buf []byte) ([]byte, *Error) {
	if s.pos == len(s.src) {
		return buf, s.fail("the text ends inside a string")
	}
	c := s.src[s.pos]
	if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
		s.pos++
		return append(buf, "\"\\/\b\f\n\r\t"[i]), nil
	}
	if c != 'u' {
		return buf, s.fail("'\\%c' stands for nothing", c)
	}
	r, ok := s.hex(s.pos + 1)
	if !ok {
		return buf, s.fail("want four hexadecimal digits after '\\u'")
	}
	s.pos += 5
	if !utf16.IsSurrogate(r) {
		return utf8.AppendRune(buf, r), nil
	}
	if strings.HasPrefix(s.src[s.pos:], `\u`) {
		if low, ok := s.hex(s.pos + 2); ok {
			if full := utf16.DecodeRune(r, low); full != utf8.RuneError {
				s.pos += 6
				return utf8.AppendRune(buf, full), nil
			}
		}
	}
	return buf, s.fail("'\\u%04x' is half of a surrogate pair", r)
}

func (s *scanner) hex(at int) (rune, bool) {
	if at+4 > len(s.src) {
		return 0, false
	}
	v, err := strconv.ParseUint(s.src[at:at+4], 16, 16)
	return rune(v), err == nil
}
