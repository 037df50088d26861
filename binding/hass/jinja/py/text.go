package py

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What Python's str can do, for methods and filters alike.

// Capitalize is Python's str.capitalize.
func Capitalize(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return ""
	}
	return string(unicode.ToTitle(r)) + strings.ToLower(s[n:])
}

// Title is str.title, or with words the filter's, which starts words only after white space, - ( { [ and <.
func Title(s string, words bool) string {
	var b strings.Builder
	start := true
	for _, c := range s {
		if start {
			b.WriteRune(unicode.ToTitle(c))
		} else {
			b.WriteRune(unicode.ToLower(c))
		}
		if words {
			start = unicode.IsSpace(c) || strings.ContainsRune("-({[<", c)
		} else {
			start = !unicode.IsLetter(c)
		}
	}
	return b.String()
}

func swapCase(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsUpper(c) {
			return unicode.ToLower(c)
		}
		return unicode.ToUpper(c)
	}, s)
}

// Strip is Python's strip, lstrip or rstrip, as name says.
func Strip(r *Work, s, name string, a Args) string {
	inside := unicode.IsSpace
	if v, ok := a.Find(0, "chars"); ok && v.kind == KindText {
		inside = func(c rune) bool { return strings.ContainsRune(v.str, c) }
		r.Step(len(v.str))
	}
	if name != "rstrip" {
		s = strings.TrimLeftFunc(s, inside)
	}
	if name != "lstrip" {
		s = strings.TrimRightFunc(s, inside)
	}
	return s
}

// Texts makes a list of texts.
func (r *Work) Texts(parts []string) Value {
	items := make([]Value, len(parts))
	for i, s := range parts {
		items[i] = Text(s)
	}
	return r.List(items)
}

func (r *Work) split(s string, fromEnd bool, a Args) Value {
	r.Spend(len(s))
	limit := a.Num(r, 1, "maxsplit", -1)
	sep, ok := a.Find(0, "sep")
	if ok && sep.kind == KindText {
		if sep.str == "" {
			r.Fail("the separator is empty")
		}
		return r.Texts(splitAt(s, sep.str, limit, fromEnd))
	}
	fields := strings.Fields(s)
	if limit < 0 || len(fields) <= limit+1 {
		return r.Texts(fields)
	}
	if fromEnd {
		rest := s
		for range limit {
			rest = strings.TrimRightFunc(rest, unicode.IsSpace)
			rest = rest[:strings.LastIndexFunc(rest, unicode.IsSpace)+1]
		}
		return r.Texts(append([]string{strings.TrimSpace(rest)}, fields[len(fields)-limit:]...))
	}
	rest := s
	for range limit {
		rest = strings.TrimLeftFunc(rest, unicode.IsSpace)
		rest = rest[strings.IndexFunc(rest, unicode.IsSpace):]
	}
	return r.Texts(append(fields[:limit:limit], strings.TrimLeftFunc(rest, unicode.IsSpace)))
}

func splitAt(s, sep string, limit int, fromEnd bool) []string {
	if limit < 0 {
		return strings.Split(s, sep)
	}
	if !fromEnd {
		return strings.SplitN(s, sep, limit+1)
	}
	parts := strings.Split(s, sep)
	if keep := len(parts) - limit; keep > 1 {
		return append([]string{strings.Join(parts[:keep], sep)}, parts[keep:]...)
	}
	return parts
}

func startsWith(end bool) func(r *Work, v Value, a Args) Value {
	return func(r *Work, v Value, a Args) Value {
		want := a.Need(r, 0, "prefix")
		list := []Value{want}
		if want.kind == KindTuple {
			list = want.Items()
		}
		for _, w := range list {
			if w.kind != KindText {
				r.Fail("want a str, got %s", w.kind)
			}
			if end && strings.HasSuffix(v.str, w.str) || !end && strings.HasPrefix(v.str, w.str) {
				return Bool(true)
			}
		}
		return Bool(false)
	}
}

// Replace is Python's str.replace; n < 0 replaces all.
func (r *Work) Replace(s string, old, with Value, n int) Value {
	from, to := old.String(), with.String()
	r.Spend(len(s))
	if times := strings.Count(s, from); len(to) > 0 && times > maxMemory/len(to) {
		r.Fail("more than %d bytes of memory", maxMemory)
	}
	return r.Text(strings.Replace(s, from, to, n))
}

func finder(name string) func(r *Work, v Value, a Args) Value {
	return func(r *Work, v Value, a Args) Value {
		sub := a.Need(r, 0, "sub")
		if sub.kind != KindText {
			r.Fail("want a str, got %s", sub.kind)
		}
		r.Spend(len(v.str))
		if name == "count" {
			return Int(int64(strings.Count(v.str, sub.str)))
		}
		i := strings.Index(v.str, sub.str)
		if name[0] == 'r' {
			i = strings.LastIndex(v.str, sub.str)
		}
		if i < 0 {
			if strings.HasSuffix(name, "index") {
				r.Fail("the text is not found")
			}
			return Int(-1)
		}
		return Int(int64(Length(v.str[:i])))
	}
}

// Padder is Python's zfill, ljust, rjust or center, as name says.
func Padder(name string) func(r *Work, v Value, a Args) Value {
	return func(r *Work, v Value, a Args) Value {
		s := v.str
		n := a.Num(r, 0, "width", 0) - Length(s)
		if n <= 0 {
			return v
		}
		r.Spend(n)
		fill := a.Or(1, "fillchar", Text(" ")).String()
		if Length(fill) != 1 {
			r.Fail("the fill is one character")
		}
		switch name {
		case "zfill":
			signed := s != "" && (s[0] == '-' || s[0] == '+')
			if signed {
				return Text(s[:1] + strings.Repeat("0", n) + s[1:])
			}
			return Text(strings.Repeat("0", n) + s)
		case "ljust":
			return Text(s + strings.Repeat(fill, n))
		case "rjust":
			return Text(strings.Repeat(fill, n) + s)
		}
		left := n/2 + n&(n+Length(s))&1
		return Text(strings.Repeat(fill, left) + s + strings.Repeat(fill, n-left))
	}
}

// Join is the filter and the method; the method takes only texts.
func (r *Work) Join(list Value, sep string, strict bool) Value {
	var b strings.Builder
	for i, it := range r.Iterate(list) {
		if strict && it.kind != KindText {
			r.Fail("want texts to join, got %s", it.kind)
		}
		if i > 0 {
			b.WriteString(sep)
		}
		r.Size(it)
		r.Spend(len(sep))
		b.WriteString(it.String())
	}
	return r.Text(b.String())
}

// format writes v as Python's format(v, spec): [[fill]align][sign][#][0][width][,][.precision][type].
func (r *Work) format(v Value, spec string) string {
	f := parseSpec(r, spec)
	var s string
	switch {
	case v.IsNumber() && (f.verb != 0 || v.kind != KindBool) && f.verb != 's':
		s = f.number(r, v)
	default:
		r.Size(v)
		s = v.String()
		if f.precision >= 0 {
			s = Cut(s, f.precision)
		}
		if f.align == 0 {
			f.align = '<'
		}
	}
	return f.pad(r, s)
}

type formatSpec struct {
	fill      string
	align     byte
	sign      byte
	alt, zero bool
	comma     byte
	width     int
	precision int
	verb      byte
}

func parseSpec(r *Work, s string) formatSpec {
	f := formatSpec{fill: " ", precision: -1}
	if n := len(Cut(s, 1)); len(s) > n && strings.IndexByte("<>^=", s[n]) >= 0 {
		f.fill, f.align, s = s[:n], s[n], s[n+1:]
	} else if s != "" && strings.IndexByte("<>^=", s[0]) >= 0 {
		f.align, s = s[0], s[1:]
	}
	take := func(set string) byte {
		if s != "" && strings.IndexByte(set, s[0]) >= 0 {
			c := s[0]
			s = s[1:]
			return c
		}
		return 0
	}
	number := func() int {
		n := 0
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		i, err := strconv.Atoi(s[:n])
		if n > 0 && (err != nil || i > 10_000) {
			r.Fail("width or precision %.20s is too large", s[:n])
		}
		s = s[n:]
		return i
	}
	f.sign = take("+- ")
	f.alt = take("#") != 0
	if f.zero = take("0") != 0; f.zero && f.align == 0 {
		f.fill, f.align = "0", '='
	}
	f.width = number()
	f.comma = take(",_")
	if take(".") != 0 {
		f.precision = number()
	}
	f.verb = take("bcdeEfFgGnosxX%")
	if s != "" {
		r.Fail("format %q is not understood", s)
	}
	return f
}

// number writes a number with its sign, unpadded.
func (f *formatSpec) number(r *Work, v Value) string {
	verb := f.verb
	if verb == 0 && v.kind == KindFloat && f.precision < 0 {
		return f.signed(floatText(v.Number()))
	}
	if verb == 0 {
		verb = 'g'
		if v.kind != KindFloat {
			verb = 'd'
		}
	}
	if base := map[byte]int{'b': 2, 'o': 8, 'd': 10, 'n': 10, 'x': 16, 'X': 16}[verb]; base != 0 {
		if v.kind == KindFloat {
			r.Fail("format %q needs a whole number", verb)
		}
		s := strconv.FormatInt(int64(v.num), base)
		if f.alt && base != 10 {
			s = strings.Replace("0"+string(verb)+s, "0"+string(verb)+"-", "-0"+string(verb), 1)
		}
		if verb == 'X' {
			s = strings.ToUpper(s)
		}
		return f.signed(group(s, f.comma))
	}
	precision := f.precision
	if precision < 0 {
		precision = 6
	}
	x := v.Number()
	tail := ""
	if verb == '%' {
		x, verb, tail = x*100, 'f', "%"
	}
	var s string
	switch verb {
	case 'g', 'G':
		s = general(x, max(precision, 1))
	case 'c':
		r.Fail("format 'c' is not supported")
	default:
		s = strconv.FormatFloat(x, byte(unicode.ToLower(rune(verb))), precision, 64)
	}
	if verb < 'a' {
		s = strings.ToUpper(s)
	}
	return f.signed(group(s, f.comma) + tail)
}

// general is C's %g.
func general(x float64, precision int) string {
	e := strconv.FormatFloat(x, 'e', precision-1, 64)
	i := strings.IndexByte(e, 'e')
	if i < 0 {
		return e
	}
	exp, _ := strconv.Atoi(e[i+1:]) // FormatFloat wrote it
	trim := func(s string) string {
		if strings.IndexByte(s, '.') < 0 {
			return s
		}
		return strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if exp < -4 || exp >= precision {
		return trim(e[:i]) + e[i:]
	}
	return trim(strconv.FormatFloat(x, 'f', precision-1-exp, 64))
}

func (f *formatSpec) signed(s string) string {
	if f.sign != 0 && f.sign != '-' && s[0] != '-' {
		return string(f.sign) + s
	}
	return s
}

// group puts sep between thousands.
func group(s string, sep byte) string {
	if sep == 0 {
		return s
	}
	start := 0
	if s[0] == '-' {
		start = 1
	}
	end := start
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	for i := end - 3; i > start; i -= 3 {
		s = s[:i] + string(sep) + s[i:]
	}
	return s
}

func (f *formatSpec) pad(r *Work, s string) string {
	n := f.width - Length(s)
	if n <= 0 {
		return s
	}
	r.Spend(f.width)
	switch f.align {
	case '<':
		return s + strings.Repeat(f.fill, n)
	case '^':
		return strings.Repeat(f.fill, n/2) + s + strings.Repeat(f.fill, n-n/2)
	case '=':
		if s[0] == '-' || s[0] == '+' || s[0] == ' ' {
			return s[:1] + strings.Repeat(f.fill, n) + s[1:]
		}
	}
	return strings.Repeat(f.fill, n) + s
}
