// Package thing holds the nouns every other package speaks in: Thing, Ref, Value, Change, Command, Cause, Place.
//
// It imports the standard library only and does no I/O, reads no clock and starts no goroutine, so that any
// package may import it and none can be surprised by it. A Change (what a device reported) and a Command (what
// somebody wants) are the only two messages that cross a wall inside Hutong; their JSON form is versioned by
// golden files in testdata.
package thing

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// ID names a Thing for good: an absolute URI, usually a URN (W3C TD 1.1 section 5.3.1.1, "id"). It never encodes
// anything that may change, such as a place or an owner.
type ID string

// Kind tells which of the three interaction affordances of W3C TD 1.1 a Ref names.
type Kind uint8

// The three kinds of affordance.
const (
	Property Kind = iota
	Action
	Event
)

var kindNames = [...]string{"properties", "actions", "events"}

// String returns the TD member that holds this kind: "properties", "actions" or "events".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Ref names one affordance of one Thing. It is comparable and therefore a map key.
type Ref struct {
	Thing ID
	Kind  Kind
	Name  string
}

// String returns "ID#/properties/NAME" (or actions, events): a JSON pointer into the Thing's description, with
// "~" and "/" in NAME escaped as RFC 6901 says.
func (r Ref) String() string {
	return string(r.Thing) + "#/" + r.Kind.String() + "/" + pointerEscape.Replace(r.Name)
}

// Compare orders Refs by Thing, kind and name: negative when r comes before o. Files are written in this order.
func (r Ref) Compare(o Ref) int {
	return cmp.Or(cmp.Compare(r.Thing, o.Thing), cmp.Compare(r.Kind, o.Kind), cmp.Compare(r.Name, o.Name))
}

var (
	pointerEscape   = strings.NewReplacer("~", "~0", "/", "~1")
	pointerUnescape = strings.NewReplacer("~1", "/", "~0", "~")
)

// ParseRef reads what String wrote. The error says which part is missing.
func ParseRef(s string) (Ref, error) {
	i := strings.LastIndex(s, "#/")
	if i <= 0 {
		return Ref{}, fmt.Errorf("ref %q: want ID#/properties/NAME", s)
	}
	kind, name, ok := strings.Cut(s[i+2:], "/")
	if !ok || name == "" {
		return Ref{}, fmt.Errorf("ref %q: want a kind and a name after #/", s)
	}
	for k, n := range kindNames {
		if n == kind {
			return Ref{Thing: ID(s[:i]), Kind: Kind(k), Name: pointerUnescape.Replace(name)}, nil
		}
	}
	return Ref{}, fmt.Errorf("ref %q: kind %q is not properties, actions or events", s, kind)
}

// Handle is the small number by which one running hub knows a Ref: an index, valid until the hub stops, never
// stored and never shown. Zero is no handle.
type Handle uint32

// Type is the JSON type of a value as a data schema declares it.
type Type uint8

// The types of W3C TD 1.1 section 5.3.2; Any stands for a schema that names none.
const (
	Any Type = iota
	Boolean
	Integer
	Number
	Text
	Object
	Array
)

var typeNames = [...]string{"", "boolean", "integer", "number", "string", "object", "array"}

// String returns the JSON Schema word of the type, "" for Any.
func (t Type) String() string { return typeNames[t] }

// TypeOf is the Type a JSON Schema word stands for; an unknown word is Any.
func TypeOf(word string) Type {
	for t, n := range typeNames {
		if n == word {
			return Type(t)
		}
	}
	return Any
}

// Thing is what the engine needs to know of a described device: the compiled form of a TD. The TD itself (package
// td) stays the only full description. A Thing is not changed once it has been handed on; a new TD makes a new one.
type Thing struct {
	ID        ID
	Title     string
	Place     PlaceID // "" when nobody has said where it is
	Binding   string  // name of the binding that reaches it
	Simulated bool    // true for a device that is pretended, so that every screen can say so
	Points    []Point // properties and events, in the order of the TD
	Actions   []Point // actions, in the order of the TD; Type is that of the input
}

// Point is one place where values appear: a property or an event of a Thing, or the input of an action.
type Point struct {
	Kind       Kind
	Name       string
	Title      string
	Type       Type
	Unit       string // as the TD says it, "" when it says none
	ReadOnly   bool
	WriteOnly  bool
	Enum       []Value       // allowed values; empty for no restriction
	Resolution time.Duration // how finely history keeps times: 0 is exact
	Retention  time.Duration // how long history keeps values: 0 is the hub's default
	Linear     bool          // true when values between two reports lie on a line; false when each holds until the next
}

// Find returns the property or event named so, or the action, and whether there is one.
func (t *Thing) Find(kind Kind, name string) (*Point, bool) {
	list := t.Points
	if kind == Action {
		list = t.Actions
	}
	for i := range list {
		if list[i].Kind == kind && list[i].Name == name {
			return &list[i], true
		}
	}
	return nil, false
}

// Ref names p, which is a point or an action of t.
func (t *Thing) Ref(p *Point) Ref { return Ref{Thing: t.ID, Kind: p.Kind, Name: p.Name} }

// Accept makes v fit the point's type: an integer becomes a float where a number is declared, a whole float an
// integer where an integer is; nothing else is converted. Null is refused except by Any. The error says what was
// wanted and what came.
func (p *Point) Accept(v Value) (Value, error) {
	switch {
	case p.Type == Any, v.fits(p.Type):
	case p.Type == Number && v.kind == kindInt:
		v = Float(float64(v.Int()))
	case p.Type == Integer && v.kind == kindFloat && v.Float() == float64(int64(v.Float())):
		v = Int(int64(v.Float()))
	default:
		return Value{}, fmt.Errorf("%s: want %s, got %s", p.Name, p.Type, v.Describe())
	}
	if len(p.Enum) == 0 {
		return v, nil
	}
	for _, e := range p.Enum {
		if e.Equal(v) {
			return v, nil
		}
	}
	return Value{}, fmt.Errorf("%s: %s is not one of the %d allowed values", p.Name, v.Describe(), len(p.Enum))
}
