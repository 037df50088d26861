package traci

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// writer appends what TraCI sends: everything big-endian, strings and lists after their 4-byte length.
type writer struct{ b []byte }

func (w *writer) u8(v byte)     { w.b = append(w.b, v) }
func (w *writer) i32(v int)     { w.b = binary.BigEndian.AppendUint32(w.b, uint32(int32(v))) }
func (w *writer) f64(v float64) { w.b = binary.BigEndian.AppendUint64(w.b, math.Float64bits(v)) }
func (w *writer) str(s string)  { w.i32(len(s)); w.b = append(w.b, s...) }

// The typed forms put the kind before the value, as the parameters of commands want it.
func (w *writer) tInt(v int)        { w.u8(byte(KindInt)); w.i32(v) }
func (w *writer) tDouble(v float64) { w.u8(byte(KindDouble)); w.f64(v) }
func (w *writer) tByte(v int8)      { w.u8(byte(KindByte)); w.u8(byte(v)) }
func (w *writer) tUByte(v byte)     { w.u8(byte(KindUByte)); w.u8(v) }
func (w *writer) tString(s string)  { w.u8(byte(KindString)); w.str(s) }
func (w *writer) tCompound(n int)   { w.u8(byte(KindCompound)); w.i32(n) }

func (w *writer) tStrings(all []string) {
	w.u8(byte(KindStrings))
	w.i32(len(all))
	for _, s := range all {
		w.str(s)
	}
}

func (w *writer) tPoint(k Kind, x, y float64) { w.u8(byte(k)); w.f64(x); w.f64(y) }

// Value is one decoded value. Which fields hold it depends on its Kind.
type Value struct {
	Var  Var // the variable it is of, where it belongs to one
	Kind Kind
	// Int holds UByte, Byte and Int; of a Colour, 0xrrggbbaa; of a Road position, the lane's index.
	Int int64
	// X holds a Double and the way along a Road; X, Y and Z the positions (longitude before latitude).
	X, Y, Z float64
	// Text holds a String, and the edge of a Road position.
	Text string
	// Parts holds the items of Strings, Doubles, a Polygon (points) and a Compound.
	Parts []Value
}

// Number gives a number of any kind; 0 for what is none.
func (v *Value) Number() float64 {
	switch v.Kind {
	case KindUByte, KindByte, KindInt:
		return float64(v.Int)
	case KindDouble:
		return v.X
	}
	return 0
}

// Texts gives the strings of a string list.
func (v *Value) Texts() []string {
	if v.Kind != KindStrings {
		return nil
	}
	all := make([]string, len(v.Parts))
	for i := range v.Parts {
		all[i] = v.Parts[i].Text
	}
	return all
}

// reader takes TraCI's answers apart. After the first error every read gives zero and the error stays.
type reader struct {
	b     []byte
	at    int
	err   error
	names *names
}

var errShort = errors.New("the answer ends in the middle of a value")

// maxDepth is how deep compounds may lie in each other. SUMO's deepest is a traffic light's programs: four.
const maxDepth = 8

func (r *reader) take(n int) []byte {
	if r.err != nil {
		return nil
	}
	if n < 0 || n > len(r.b)-r.at {
		r.err = errShort
		return nil
	}
	r.at += n
	return r.b[r.at-n : r.at]
}

func (r *reader) u8() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) i32() int {
	if b := r.take(4); b != nil {
		return int(int32(binary.BigEndian.Uint32(b)))
	}
	return 0
}

func (r *reader) f64() float64 {
	if b := r.take(8); b != nil {
		return math.Float64frombits(binary.BigEndian.Uint64(b))
	}
	return 0
}

func (r *reader) str() string { return r.names.of(r.take(r.i32())) }

// count reads how many items of at least size bytes follow, and refuses more than the answer has room for.
func (r *reader) count(size int) int {
	n := r.i32()
	if r.err == nil && (n < 0 || n > (len(r.b)-r.at)/size) {
		r.err = fmt.Errorf("the answer speaks of %d items in its last %d bytes", n, len(r.b)-r.at)
	}
	if r.err != nil {
		return 0
	}
	return n
}

// block reads the length of a command's block, one byte or 0 and four, and gives where the block ends.
func (r *reader) block() (end int) {
	start := r.at
	n := int(r.u8())
	if n == 0 {
		n = r.i32()
	}
	if r.err == nil && (n < r.at-start || start+n > len(r.b)) {
		r.err = fmt.Errorf("a block of the answer says it is %d bytes long; %d are left", n, len(r.b)-start)
	}
	if r.err != nil {
		return r.at
	}
	return start + n
}

// value reads a kind and the value after it.
func (r *reader) value(v *Value, depth int) {
	v.Kind = Kind(r.u8())
	v.Int, v.X, v.Y, v.Z, v.Text, v.Parts = 0, 0, 0, 0, "", nil
	switch v.Kind {
	case KindDouble:
		v.X = r.f64()
	case KindInt:
		v.Int = int64(r.i32())
	case KindString:
		v.Text = r.str()
	case KindPoint, KindLonLat:
		v.X, v.Y = r.f64(), r.f64()
	case KindPoint3, KindLonLatAlt:
		v.X, v.Y, v.Z = r.f64(), r.f64(), r.f64()
	case KindUByte:
		v.Int = int64(r.u8())
	case KindByte:
		v.Int = int64(int8(r.u8()))
	case KindColour:
		v.Int = int64(uint32(r.i32()))
	case KindRoad:
		v.Text, v.X, v.Int = r.str(), r.f64(), int64(r.u8())
	case KindPolygon, KindStrings, KindDoubles, KindCompound:
		r.list(v, depth)
	default:
		if r.err == nil {
			r.err = fmt.Errorf("a value of %v, which is not known", v.Kind)
		}
	}
}

func (r *reader) list(v *Value, depth int) {
	if depth >= maxDepth {
		r.err = fmt.Errorf("compounds lie deeper than %d in each other", maxDepth)
		return
	}
	var n int
	switch v.Kind {
	case KindPolygon:
		if n = int(r.u8()); n == 0 { // more than 255 points
			n = r.count(16)
		}
		if n > (len(r.b)-r.at)/16 {
			r.err = errShort
		}
	case KindStrings:
		n = r.count(4)
	case KindDoubles:
		n = r.count(8)
	default:
		n = r.count(2)
	}
	if r.err != nil || n == 0 {
		return
	}
	v.Parts = make([]Value, n)
	for i := range v.Parts {
		part := &v.Parts[i]
		switch v.Kind {
		case KindPolygon:
			part.Kind, part.X, part.Y = KindPoint, r.f64(), r.f64()
		case KindStrings:
			part.Kind, part.Text = KindString, r.str()
		case KindDoubles:
			part.Kind, part.X = KindDouble, r.f64()
		default:
			r.value(part, depth+1)
		}
		if r.err != nil {
			return
		}
	}
}

// names keeps one copy of each string that was read: ids, lanes and types come again with every step.
type names struct{ known map[string]string }

// maxNames bounds what is kept; a longer run begins anew.
const maxNames = 1 << 16

func (n *names) of(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if s, ok := n.known[string(b)]; ok {
		return s
	}
	if n.known == nil || len(n.known) >= maxNames {
		n.known = make(map[string]string, 1024)
	}
	s := string(b)
	n.known[s] = s
	return s
}
