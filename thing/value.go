package thing

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

type valueKind uint8

const (
	kindNull valueKind = iota
	kindBool
	kindInt
	kindFloat
	kindText
	kindJSON
)

// Value is one JSON value, held without allocation when it is null, a boolean, an integer that fits 64 bits, or a
// float. The zero Value is null. Values are comparable with ==, which compares floats bit by bit; use Equal where
// 1 and 1.0 should be the same.
type Value struct {
	kind valueKind
	num  uint64
	str  string // text, or the compact JSON of an object or array
}

// Null is the value of a point that is known to have none.
func Null() Value { return Value{} }

// Bool makes a boolean value.
func Bool(b bool) Value {
	if b {
		return Value{kind: kindBool, num: 1}
	}
	return Value{kind: kindBool}
}

// Int makes an integer value.
func Int(i int64) Value { return Value{kind: kindInt, num: uint64(i)} }

// Float makes a floating point value. NaN and the infinities have no JSON form and become null.
func Float(f float64) Value {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Value{}
	}
	return Value{kind: kindFloat, num: math.Float64bits(f)}
}

// String makes a text value.
func String(s string) Value { return Value{kind: kindText, str: s} }

// Document makes a value of text, which must be the compact JSON of an object or an array: it is not looked at. For what
// nobody has checked there is ParseJSON.
func Document(text string) Value { return Value{kind: kindJSON, str: text} }

// IsNull says whether v is null.
func (v Value) IsNull() bool { return v.kind == kindNull }

// Bool returns the boolean, false for any other kind.
func (v Value) Bool() bool { return v.kind == kindBool && v.num == 1 }

// Int returns the integer, a float cut toward zero, or 0.
func (v Value) Int() int64 {
	switch v.kind {
	case kindInt:
		return int64(v.num)
	case kindFloat:
		return int64(math.Float64frombits(v.num))
	}
	return 0
}

// Float returns the number as a float, or 0.
func (v Value) Float() float64 {
	switch v.kind {
	case kindInt:
		return float64(int64(v.num))
	case kindFloat:
		return math.Float64frombits(v.num)
	}
	return 0
}

// Text returns the string, "" for any other kind.
func (v Value) Text() string {
	if v.kind == kindText {
		return v.str
	}
	return ""
}

// Document returns the compact JSON of an object or an array, "" for any other kind.
func (v Value) Document() string {
	if v.kind == kindJSON {
		return v.str
	}
	return ""
}

// IsNumber says whether v is an integer or a float.
func (v Value) IsNumber() bool { return v.kind == kindInt || v.kind == kindFloat }

// Type is the Type v has by itself; Any for null.
func (v Value) Type() Type {
	switch v.kind {
	case kindBool:
		return Boolean
	case kindInt:
		return Integer
	case kindFloat:
		return Number
	case kindText:
		return Text
	case kindJSON:
		if v.str[0] == '[' {
			return Array
		}
		return Object
	}
	return Any
}

func (v Value) fits(t Type) bool { return v.Type() == t && v.kind != kindNull }

// Equal says whether v and w are the same JSON value; 1 and 1.0 are equal, objects are compared as text.
func (v Value) Equal(w Value) bool {
	if v.IsNumber() && w.IsNumber() && v.kind != w.kind {
		return v.Float() == w.Float()
	}
	return v == w
}

// Describe names v for an error message: its type and, when short, its JSON.
func (v Value) Describe() string {
	s := string(v.AppendJSON(nil))
	if len(s) > 40 {
		s = s[:36] + "..."
	}
	if v.kind == kindNull {
		return "null"
	}
	return v.Type().String() + " " + s
}

// AppendJSON appends the compact JSON of v to dst.
func (v Value) AppendJSON(dst []byte) []byte {
	switch v.kind {
	case kindBool:
		return strconv.AppendBool(dst, v.num == 1)
	case kindInt:
		return strconv.AppendInt(dst, int64(v.num), 10)
	case kindFloat:
		return appendFloat(dst, math.Float64frombits(v.num))
	case kindText:
		return appendText(dst, v.str)
	case kindJSON:
		return append(dst, v.str...)
	}
	return append(dst, "null"...)
}

// appendFloat keeps a mark of being a float (".0") so that a float read back is a float again.
func appendFloat(dst []byte, f float64) []byte {
	start := len(dst)
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	} else {
		dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	if !bytes.ContainsAny(dst[start:], ".e") {
		dst = append(dst, '.', '0')
	}
	return dst
}

func appendText(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			var buf bytes.Buffer
			enc := json.NewEncoder(&buf)
			enc.SetEscapeHTML(false)
			if err := enc.Encode(s); err != nil { // a string always encodes
				return append(dst, `""`...)
			}
			return append(dst, bytes.TrimSuffix(buf.Bytes(), []byte("\n"))...)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

// MarshalJSON writes v as JSON.
func (v Value) MarshalJSON() ([]byte, error) { return v.AppendJSON(nil), nil }

// UnmarshalJSON reads v from JSON.
func (v *Value) UnmarshalJSON(data []byte) error {
	w, err := ParseJSON(data)
	if err == nil {
		*v = w
	}
	return err
}

// MaxJSON is the most bytes of JSON that one Value may have.
const MaxJSON = 1 << 20

// ParseJSON reads exactly one JSON value of at most MaxJSON bytes. A number without fraction or exponent that fits
// 64 bits is an integer, any other a float; objects and arrays are kept as compact text with their order.
func ParseJSON(data []byte) (Value, error) {
	if len(data) > MaxJSON {
		return Value{}, fmt.Errorf("JSON of %d bytes: at most %d are allowed", len(data), MaxJSON)
	}
	data = bytes.TrimSpace(data)
	if len(data) == 0 {
		return Value{}, errors.New("JSON: empty")
	}
	switch data[0] {
	case '{', '[':
		var buf bytes.Buffer
		if err := json.Compact(&buf, data); err != nil {
			return Value{}, fmt.Errorf("JSON: %w", err)
		}
		return Value{kind: kindJSON, str: buf.String()}, nil
	case '"':
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return Value{}, fmt.Errorf("JSON: %w", err)
		}
		return String(s), nil
	}
	switch string(data) {
	case "null":
		return Value{}, nil
	case "true":
		return Bool(true), nil
	case "false":
		return Bool(false), nil
	}
	return parseNumber(data)
}

func parseNumber(data []byte) (Value, error) {
	if !json.Valid(data) {
		return Value{}, fmt.Errorf("JSON: %.20q is not a value", data)
	}
	if !bytes.ContainsAny(data, ".eE") {
		if i, err := strconv.ParseInt(string(data), 10, 64); err == nil {
			return Int(i), nil
		}
	}
	f, err := strconv.ParseFloat(string(data), 64)
	if err != nil {
		return Value{}, fmt.Errorf("JSON: number %.40s is out of range", data)
	}
	return Float(f), nil
}

// Of makes a Value of what encoding/json or a template would give: nil, bool, ints, floats, string, or anything
// that marshals to JSON. A value that does not marshal is an error.
func Of(x any) (Value, error) {
	switch x := x.(type) {
	case nil:
		return Value{}, nil
	case Value:
		return x, nil
	case bool:
		return Bool(x), nil
	case int:
		return Int(int64(x)), nil
	case int64:
		return Int(x), nil
	case float64:
		return Float(x), nil
	case string:
		return String(x), nil
	}
	data, err := json.Marshal(x)
	if err != nil {
		return Value{}, fmt.Errorf("value of %T: %w", x, err)
	}
	return ParseJSON(data)
}
