// Package ordered holds JSON values (RFC 8259) without losing what other readers lose: the order of members and the
// digits of numbers. It reads strictly and within limits, for texts that strangers send.
package ordered

import (
	"slices"
	"strconv"
	"strings"
)

// Limits of a text. They are far above what devices write (the largest of W3C's 435 test TDs has 60 kB) and low
// enough that a hostile text costs milliseconds.
const (
	MaxSize  = 1 << 20 // bytes of a text
	MaxDepth = 64      // objects and arrays inside one another
	MaxNames = 4096    // members of one object
)

// Kind is which of the six kinds of JSON value a Node is.
type Kind uint8

// The kinds; their String has its article.
const (
	Null Kind = iota
	Bool
	Number
	Text
	List
	Object
)

var kindNames = [...]string{"null", "a boolean", "a number", "a string", "an array", "an object"}

// String is the kind for a message: "a string", "an object".
func (k Kind) String() string { return kindNames[k] }

// Node is a JSON value that keeps the order of its members and the digits of its numbers.
type Node struct {
	Kind Kind
	Name string // its name, inside an object
	Text string // of a string: decoded; of a number, a boolean or null: as written
	Kids []Node
}

// Get returns the member called name, nil when there is none.
func (n *Node) Get(name string) *Node {
	if n.Kind != Object {
		return nil
	}
	for i := range n.Kids {
		if n.Kids[i].Name == name {
			return &n.Kids[i]
		}
	}
	return nil
}

// Same says whether n and m are written alike: same members in the same order, same digits.
func (n *Node) Same(m *Node) bool {
	return n.Kind == m.Kind && n.Text == m.Text && slices.EqualFunc(n.Kids, m.Kids, func(a, b Node) bool {
		return a.Name == b.Name && a.Same(&b)
	})
}

// Append appends the compact JSON of n.
func (n *Node) Append(dst []byte) []byte {
	switch n.Kind {
	case Text:
		return AppendText(dst, n.Text)
	case List:
		dst = append(dst, '[')
		for i := range n.Kids {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = n.Kids[i].Append(dst)
		}
		return append(dst, ']')
	case Object:
		dst = append(dst, '{')
		for i := range n.Kids {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(AppendText(dst, n.Kids[i].Name), ':')
			dst = n.Kids[i].Append(dst)
		}
		return append(dst, '}')
	}
	return append(dst, n.Text...)
}

// JSON is the compact JSON of n.
func (n *Node) JSON() []byte { return n.Append(nil) }

// AppendText appends s as a JSON string, escaping only what RFC 8259 section 7 demands.
func AppendText(dst []byte, s string) []byte {
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

// Equal says whether n and m are the same value to JSON Schema: 1 is 1.0, the order of members says nothing.
func (n *Node) Equal(m *Node) bool {
	if n.Kind != m.Kind || len(n.Kids) != len(m.Kids) {
		return false
	}
	switch n.Kind {
	case Number:
		return n.Text == m.Text || ParseDecimal(n.Text).Compare(ParseDecimal(m.Text)) == 0
	case List:
		for i := range n.Kids {
			if !n.Kids[i].Equal(&m.Kids[i]) {
				return false
			}
		}
		return true
	case Object:
		for i := range n.Kids {
			o := &m.Kids[i]
			if o.Name != n.Kids[i].Name {
				o = m.Get(n.Kids[i].Name)
			}
			if o == nil || !n.Kids[i].Equal(o) {
				return false
			}
		}
		return true
	}
	return n.Text == m.Text
}

// Is says whether n is of the JSON Schema type called name; 2.0 is an integer.
func (n *Node) Is(name string) bool {
	switch name {
	case "boolean":
		return n.Kind == Bool
	case "integer":
		return n.Kind == Number && ParseDecimal(n.Text).Whole()
	case "number":
		return n.Kind == Number
	case "string":
		return n.Kind == Text
	case "array":
		return n.Kind == List
	case "object":
		return n.Kind == Object
	case "null":
		return n.Kind == Null
	}
	return true
}

// Key is a text that equal values share: members sorted by name, numbers in one form.
func (n *Node) Key() string {
	switch n.Kind {
	case Number:
		d := ParseDecimal(n.Text)
		return strconv.Itoa(d.Sign()) + d.digits + "e" + strconv.Itoa(d.exp)
	case Text:
		return string(AppendText(nil, n.Text))
	case List, Object:
		parts := make([]string, len(n.Kids))
		for i := range n.Kids {
			parts[i] = n.Kids[i].Key()
			if n.Kind == Object {
				parts[i] = string(AppendText(nil, n.Kids[i].Name)) + ":" + parts[i]
			}
		}
		if n.Kind == Object {
			slices.Sort(parts)
		}
		return n.Kind.String() + "(" + strings.Join(parts, ",") + ")"
	}
	return n.Text
}

// String is n for a message: a string, number or word itself, cut when long; else what kind it is.
func (n *Node) String() string {
	switch n.Kind {
	case List, Object:
		return n.Kind.String()
	case Text:
		return Quote(n.Text)
	}
	const most = 60
	if len(n.Text) > most {
		return n.Text[:most] + "..."
	}
	return n.Text
}
