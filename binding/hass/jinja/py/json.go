package py

import (
	"errors"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxJSONDepth is how deep JSON may be nested.
const MaxJSONDepth = 200

// ParseJSON reads one JSON value (RFC 8259) in one pass. Objects keep their order, integers of 64 bits stay
// integers, any other number is a float. Strings share memory with a copy of data made once. The error says at which
// byte it stopped and why.
func ParseJSON(data []byte) (Value, error) {
	p := &jsonParser{s: string(data)}
	v, err := p.value(0)
	if err == nil {
		if p.space(); p.i < len(p.s) {
			err = errors.New("something follows the value")
		}
	}
	if err != nil {
		return Value{}, fmt.Errorf("JSON at byte %d: %w", p.i, err)
	}
	return v, nil
}

type jsonParser struct {
	s string
	i int
}

func (p *jsonParser) space() {
	for p.i < len(p.s) && (p.s[p.i] == ' ' || p.s[p.i] == '\n' || p.s[p.i] == '\t' || p.s[p.i] == '\r') {
		p.i++
	}
}

var errJSONEnd = errors.New("it ends too early")

func (p *jsonParser) value(depth int) (Value, error) {
	p.space()
	if p.i >= len(p.s) {
		return Value{}, errJSONEnd
	}
	switch c := p.s[p.i]; c {
	case '{', '[':
		if depth >= MaxJSONDepth {
			return Value{}, fmt.Errorf("nested more than %d deep", MaxJSONDepth)
		}
		p.i++
		if c == '[' {
			return p.list(depth + 1)
		}
		return p.object(depth + 1)
	case '"':
		s, err := p.str()
		return Text(s), err
	case 't':
		return p.word("true", Bool(true))
	case 'f':
		return p.word("false", Bool(false))
	case 'n':
		return p.word("null", None())
	}
	return p.number()
}

func (p *jsonParser) word(w string, v Value) (Value, error) {
	if !strings.HasPrefix(p.s[p.i:], w) {
		return Value{}, errors.New("not a value")
	}
	p.i += len(w)
	return v, nil
}

// more reads what follows an item: true after a comma, false after end.
func (p *jsonParser) more(end byte) (bool, error) {
	p.space()
	if p.i >= len(p.s) {
		return false, errJSONEnd
	}
	switch p.s[p.i] {
	case ',':
		p.i++
		return true, nil
	case end:
		p.i++
		return false, nil
	}
	return false, fmt.Errorf("want , or %c", end)
}

// empty takes end when it comes at once.
func (p *jsonParser) empty(end byte) bool {
	p.space()
	if p.i < len(p.s) && p.s[p.i] == end {
		p.i++
		return true
	}
	return false
}

func (p *jsonParser) list(depth int) (Value, error) {
	var items []Value
	if p.empty(']') {
		return List(items...), nil
	}
	for {
		v, err := p.value(depth)
		if err != nil {
			return Value{}, err
		}
		items = append(items, v)
		if ok, err := p.more(']'); err != nil || !ok {
			return List(items...), err
		}
	}
}

func (p *jsonParser) object(depth int) (Value, error) {
	d := &Map{}
	if p.empty('}') {
		return DictOf(d), nil
	}
	for {
		p.space()
		if p.i >= len(p.s) || p.s[p.i] != '"' {
			return Value{}, errors.New("want a name in quotes")
		}
		name, err := p.str()
		if err != nil {
			return Value{}, err
		}
		if p.space(); p.i >= len(p.s) || p.s[p.i] != ':' {
			return Value{}, errors.New("want : after the name")
		}
		p.i++
		v, err := p.value(depth)
		if err != nil {
			return Value{}, err
		}
		d.Set(Text(name), v)
		if ok, err := p.more('}'); err != nil || !ok {
			return DictOf(d), err
		}
	}
}

func (p *jsonParser) str() (string, error) {
	p.i++
	start := p.i
	for ; p.i < len(p.s); p.i++ {
		switch c := p.s[p.i]; {
		case c == '"':
			s := p.s[start:p.i]
			p.i++
			if !utf8.ValidString(s) {
				return "", errors.New("a string is not UTF-8")
			}
			return s, nil
		case c == '\\':
			return p.escaped(start)
		case c < 0x20:
			return "", errors.New("a control character in a string")
		}
	}
	return "", errJSONEnd
}

func (p *jsonParser) escaped(start int) (string, error) {
	b := []byte(p.s[start:p.i])
	for p.i < len(p.s) {
		c := p.s[p.i]
		switch {
		case c == '"':
			p.i++
			if !utf8.Valid(b) {
				return "", errors.New("a string is not UTF-8")
			}
			return string(b), nil
		case c < 0x20:
			return "", errors.New("a control character in a string")
		case c != '\\':
			b = append(b, c)
			p.i++
			continue
		}
		if p.i++; p.i >= len(p.s) {
			break
		}
		c = p.s[p.i]
		p.i++
		if k := strings.IndexByte(`"\/bfnrt`, c); k >= 0 {
			b = append(b, "\"\\/\b\f\n\r\t"[k])
		} else if r, ok := p.unicode(c); ok {
			b = utf8.AppendRune(b, r)
		} else {
			return "", errors.New("a broken escape in a string")
		}
	}
	return "", errJSONEnd
}

// unicode reads the digits after \u, and the second half of a surrogate pair.
func (p *jsonParser) unicode(c byte) (rune, bool) {
	hex := func() rune {
		if p.i+4 > len(p.s) {
			return -1
		}
		n, err := strconv.ParseUint(p.s[p.i:p.i+4], 16, 16)
		if err != nil {
			return -1
		}
		p.i += 4
		return rune(n)
	}
	if c != 'u' {
		return 0, false
	}
	r := hex()
	if !utf16.IsSurrogate(r) {
		return r, r >= 0
	}
	if !strings.HasPrefix(p.s[p.i:], `\u`) {
		return 0, false
	}
	p.i += 2
	r = utf16.DecodeRune(r, hex())
	return r, r != utf8.RuneError
}

func (p *jsonParser) number() (Value, error) {
	start := p.i
	digits := func() int {
		n := 0
		for p.i < len(p.s) && p.s[p.i] >= '0' && p.s[p.i] <= '9' {
			p.i++
			n++
		}
		return n
	}
	next := func(set string) bool {
		if p.i < len(p.s) && strings.IndexByte(set, p.s[p.i]) >= 0 {
			p.i++
			return true
		}
		return false
	}
	whole := true
	next("-")
	lead := p.i
	if n := digits(); n == 0 || n > 1 && p.s[lead] == '0' {
		return Value{}, errors.New("not a value")
	}
	if next(".") {
		whole = false
		if digits() == 0 {
			return Value{}, errors.New("a number without digits after the dot")
		}
	}
	if next("eE") {
		whole = false
		next("+-")
		if digits() == 0 {
			return Value{}, errors.New("a number without an exponent after e")
		}
	}
	text := p.s[start:p.i]
	if whole {
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			return Int(i), nil
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return Value{}, errors.New("a number out of range")
	}
	return Float(f), nil
}

// JSONStyle is how JSON is written: as Python's json.dumps does it, or as compactly as Home Assistant's to_json.
type JSONStyle struct {
	Spaced, ASCII, Sorted, HTML bool
	Indent                      int
}

// AppendJSON appends v as compact JSON; an error for what JSON cannot say.
func (v Value) AppendJSON(dst []byte) ([]byte, error) { return AppendJSON(dst, v, JSONStyle{}, 0) }

// AppendJSON appends v as JSON in a style, depth levels deep.
func AppendJSON(b []byte, v Value, s JSONStyle, depth int) ([]byte, error) {
	switch v.kind {
	case KindNone:
		return append(b, "null"...), nil
	case KindBool:
		return strconv.AppendBool(b, v.num == 1), nil
	case KindInt:
		return strconv.AppendInt(b, int64(v.num), 10), nil
	case KindFloat:
		return appendJSONFloat(b, v.Number(), s), nil
	case KindText:
		return appendJSONText(b, v.str, s), nil
	case KindList, KindTuple:
		items := v.Items()
		return appendJSONItems(b, '[', ']', len(items), s, depth, func(b []byte, i int) ([]byte, error) {
			return AppendJSON(b, items[i], s, depth+1)
		})
	case KindDict:
		return appendJSONDict(b, v.Dict(), s, depth)
	}
	return nil, fmt.Errorf("a %s has no JSON form", v.kind)
}

func appendJSONFloat(b []byte, f float64, s JSONStyle) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		if !s.Spaced {
			return append(b, "null"...)
		}
		if math.IsNaN(f) {
			return append(b, "NaN"...)
		}
		if f < 0 {
			b = append(b, '-')
		}
		return append(b, "Infinity"...)
	}
	return append(b, floatText(f)...)
}

func appendJSONDict(b []byte, d *Map, s JSONStyle, depth int) ([]byte, error) {
	names := make([]string, len(d.Keys))
	order := make([]int, len(d.Keys))
	for i, k := range d.Keys {
		order[i] = i
		switch {
		case k.kind == KindText:
			names[i] = k.str
		case k.kind == KindNone || k.IsNumber():
			t, err := AppendJSON(nil, k, s, 0)
			if err != nil {
				return nil, err
			}
			names[i] = string(t)
		default:
			return nil, fmt.Errorf("a %s cannot be a name in JSON", k.kind)
		}
	}
	if s.Sorted {
		sort.SliceStable(order, func(a, b int) bool { return names[order[a]] < names[order[b]] })
	}
	return appendJSONItems(b, '{', '}', len(order), s, depth, func(b []byte, i int) ([]byte, error) {
		b = appendJSONText(b, names[order[i]], s)
		b = append(b, ':')
		if s.Spaced || s.Indent > 0 {
			b = append(b, ' ')
		}
		return AppendJSON(b, d.Values[order[i]], s, depth+1)
	})
}

func appendJSONItems(b []byte, open, end byte, n int, s JSONStyle, depth int, item func([]byte, int) ([]byte, error)) ([]byte, error) {
	if depth > MaxDepth+MaxJSONDepth {
		return nil, errors.New("nested too deep for JSON")
	}
	newline := func(depth int) {
		if s.Indent > 0 && n > 0 {
			b = append(b, '\n')
			b = append(b, strings.Repeat(" ", s.Indent*depth)...)
		}
	}
	b = append(b, open)
	var err error
	for i := range n {
		if i > 0 {
			b = append(b, ',')
			if s.Spaced && s.Indent == 0 {
				b = append(b, ' ')
			}
		}
		newline(depth + 1)
		if b, err = item(b, i); err != nil {
			return nil, err
		}
	}
	newline(depth)
	return append(b, end), nil
}

func appendJSONText(b []byte, text string, s JSONStyle) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for _, r := range text {
		k := -1
		if r < 0x80 {
			k = strings.IndexByte("\"\\\b\f\n\r\t", byte(r))
		}
		switch {
		case k >= 0:
			b = append(b, '\\', `"\bfnrt`[k])
		case r < 0x20 || r == 0x7f && s.ASCII || s.HTML && (r == '<' || r == '>' || r == '&' || r == '\''):
			b = append(b, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		case r < 0x80 || !s.ASCII:
			b = utf8.AppendRune(b, r)
		case r < 0x10000:
			b = fmt.Appendf(b, `\u%04x`, r)
		default:
			hi, lo := utf16.EncodeRune(r)
			b = fmt.Appendf(b, `\u%04x\u%04x`, hi, lo)
		}
	}
	return append(b, '"')
}
