package ordered

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Read reads one JSON text (RFC 8259) within the limits. It refuses what could be read in two ways: a name given
// twice with different values, text that is not UTF-8, half a surrogate pair. A member given twice alike is read
// once. A byte order mark is passed over (assertion td-json-open_accept-byte-order). The error is
// an *Error.
func Read(data []byte) (Node, error) {
	if len(data) > MaxSize {
		return Node{}, &Error{Reason: fmt.Sprintf("%d bytes are too many", len(data)), Mend: fmt.Sprintf("use at most %d", MaxSize)}
	}
	if !utf8.Valid(data) {
		return Node{}, &Error{Reason: "not UTF-8", Mend: "encode the text as UTF-8"}
	}
	s := scanner{src: strings.TrimPrefix(string(data), "\ufeff")}
	var n Node
	if err := s.value(&n); err != nil {
		return Node{}, err
	}
	if s.peek() != 0 || s.pos < len(s.src) {
		return Node{}, s.fail("text after the end of the JSON value")
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

func (s *scanner) value(n *Node) *Error {
	switch c := s.peek(); {
	case c == '{':
		return s.object(n)
	case c == '[':
		return s.list(n)
	case c == '"':
		n.Kind = Text
		return s.string(&n.Text)
	case c == '-' || c >= '0' && c <= '9':
		n.Kind = Number
		return s.number(&n.Text)
	}
	for _, w := range [...]struct {
		word string
		kind Kind
	}{{"true", Bool}, {"false", Bool}, {"null", Null}} {
		if strings.HasPrefix(s.src[s.pos:], w.word) {
			s.pos += len(w.word)
			n.Kind, n.Text = w.kind, w.word
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

func (s *scanner) list(n *Node) *Error {
	n.Kind = List
	if err := s.open(); err != nil {
		return err
	}
	for {
		more, err := s.next(len(n.Kids) == 0, ']')
		if !more {
			return err
		}
		n.Kids = append(n.Kids, Node{})
		i := len(n.Kids) - 1
		if err := s.value(&n.Kids[i]); err != nil {
			return err.In(strconv.Itoa(i))
		}
	}
}

func (s *scanner) object(n *Node) *Error {
	n.Kind = Object
	if err := s.open(); err != nil {
		return err
	}
	var seen index
	for {
		more, err := s.next(len(n.Kids) == 0, '}')
		if !more {
			return err
		}
		k, err := s.member()
		if err != nil {
			return err
		}
		if i := seen.add(n.Kids, k.Name); i < 0 {
			n.Kids = append(n.Kids, k)
		} else if !n.Kids[i].Same(&k) {
			return s.fail("the name %s is given twice with different values", Quote(k.Name))
		}
		if len(n.Kids) > MaxNames {
			return s.fail("more than %d members in one object", MaxNames)
		}
	}
}

func (s *scanner) member() (Node, *Error) {
	var k Node
	if s.peek() != '"' {
		return k, s.fail("want a name between quotation marks")
	}
	if err := s.string(&k.Name); err != nil {
		return k, err
	}
	if s.peek() != ':' {
		return k, s.fail("want ':' after the name %s", Quote(k.Name))
	}
	s.pos++
	if err := s.value(&k); err != nil {
		return k, err.In(k.Name)
	}
	return k, nil
}

// index finds the members of one object by name; it makes a map only when there are more than a few.
type index map[string]int

// add returns where among kids name is; when it is not there, -1, and notes that it will be the next.
func (x *index) add(kids []Node, name string) int {
	const few = 16
	if len(kids) < few {
		return slices.IndexFunc(kids, func(k Node) bool { return k.Name == name })
	}
	if *x == nil {
		*x = make(index, 4*few)
		for i := range kids {
			(*x)[kids[i].Name] = i
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
