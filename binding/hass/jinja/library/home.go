package library

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"hutong/binding/hass/jinja/py"
)

// What Home Assistant adds to Jinja: regular expressions, JSON, base64 and hashes.

const maxPattern = 1 << 10

// regex compiles a pattern, once for a template. The engine runs in linear time; what only a backtracking one can do
// (look-around, back-references) is refused.
func regex(r *py.Work, pattern py.Value, a *py.Args, ignoreCaseAt int) *regexp.Regexp {
	text := pattern.String()
	if a.Or(ignoreCaseAt, "ignorecase", py.Bool(false)).Truth() {
		text = "(?i)" + text
	}
	if re := r.Regexes.Find(text); re != nil {
		return re
	}
	if len(text) > maxPattern {
		r.Fail("regular expression of %d bytes: at most %d are allowed", len(text), maxPattern)
	}
	r.Step(len(text))
	re, err := regexp.Compile(text)
	if err != nil {
		r.Fail("regular expression: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	r.Regexes.Keep(text, re)
	return re
}

// subject is the text a regular expression runs on; its length times the size of the expression is the work.
func subject(r *py.Work, v py.Value, re *regexp.Regexp) string {
	r.Size(v)
	s := v.String()
	r.Step(len(s) / 64 * (1 + len(re.String())/8))
	return s
}

func regexMatch(r *py.Work, v py.Value, a py.Args) bool {
	re := regex(r, a.Or(0, "find", py.Text("")), &a, 1)
	at := re.FindStringIndex(subject(r, v, re))
	return at != nil && (at[0] == 0 || anchored(r, re).MatchString(v.String()))
}

// anchored is re as Python's match uses it: at the start only.
func anchored(r *py.Work, re *regexp.Regexp) *regexp.Regexp {
	return regex(r, py.Text(`\A(?:`+re.String()+`)`), &py.Args{}, 1)
}

func filterRegexMatch(r *py.Work, v py.Value, a py.Args) py.Value {
	return py.Bool(regexMatch(r, v, a))
}

func regexSearch(r *py.Work, v py.Value, a py.Args) bool {
	re := regex(r, a.Or(0, "find", py.Text("")), &a, 1)
	return re.MatchString(subject(r, v, re))
}

func filterRegexSearch(r *py.Work, v py.Value, a py.Args) py.Value {
	return py.Bool(regexSearch(r, v, a))
}

func filterRegexReplace(r *py.Work, v py.Value, a py.Args) py.Value {
	re := regex(r, a.Or(0, "find", py.Text("")), &a, 2)
	with := a.Or(1, "replace", py.Text("")).String()
	s := subject(r, v, re)
	var b strings.Builder
	last := 0
	for _, m := range re.FindAllStringSubmatchIndex(s, -1) {
		b.WriteString(s[last:m[0]])
		expand(r, &b, re, with, s, m)
		last = m[1]
	}
	b.WriteString(s[last:])
	return r.Text(b.String())
}

// expand writes Python's replacement text: \1, \g<1> and \g<name> are groups.
func expand(r *py.Work, b *strings.Builder, re *regexp.Regexp, with, s string, m []int) {
	r.Spend(len(with))
	start := b.Len()
	for i := 0; i < len(with); i++ {
		if with[i] != '\\' || i+1 == len(with) {
			b.WriteByte(with[i])
			continue
		}
		i++
		name := with[i : i+1]
		if name == "g" {
			rest, ok := strings.CutPrefix(with[i:], "g<")
			end := strings.IndexByte(rest, '>')
			if !ok || end < 0 {
				r.Fail(`replacement: want \g<name>`)
			}
			name = rest[:end]
			i += 2 + end
		} else if k := strings.Index("n t r \\ ", name+" "); k >= 0 {
			b.WriteByte("\n.\t.\r.\\"[k])
			continue
		} else if i+1 < len(with) && name >= "0" && name <= "9" && with[i+1] >= '0' && with[i+1] <= '9' {
			i++
			name += with[i : i+1]
		}
		g, err := strconv.Atoi(name)
		if err != nil {
			g = re.SubexpIndex(name)
		}
		if g < 0 || 2*g+1 >= len(m) {
			r.Fail("replacement: there is no group %q", name)
		}
		if m[2*g] >= 0 {
			b.WriteString(s[m[2*g]:m[2*g+1]])
		}
	}
	r.Spend(b.Len() - start)
}

func filterRegexFindall(r *py.Work, v py.Value, a py.Args) py.Value {
	re := regex(r, a.Or(0, "find", py.Text("")), &a, 1)
	found := re.FindAllStringSubmatch(subject(r, v, re), -1)
	items := make([]py.Value, len(found))
	for i, m := range found {
		switch len(m) {
		case 1:
			items[i] = py.Text(m[0])
		case 2:
			items[i] = py.Text(m[1])
		default:
			items[i] = r.Texts(m[1:])
			items[i] = items[i].AsTuple()
		}
	}
	return r.List(items)
}

func filterRegexFindallIndex(r *py.Work, v py.Value, a py.Args) py.Value {
	i := a.Num(r, 1, "index", 0)
	rest := py.Args{List: []py.Value{a.Or(0, "find", py.Text("")), a.Or(2, "ignorecase", py.Bool(false))}}
	items := filterRegexFindall(r, v, rest).Items()
	k, ok := py.Place(int64(i), len(items))
	if !ok {
		r.Fail("match %d is wanted, there are %d", i, len(items))
	}
	return items[k]
}

func json(r *py.Work, v py.Value, s py.JSONStyle) string {
	r.Size(v)
	b, err := py.AppendJSON(nil, v, s, 0)
	if err != nil {
		r.Fail("%s", err)
	}
	r.Spend(len(b))
	return string(b)
}

// filterTojson is Jinja's tojson: json.dumps with sorted names, safe inside HTML.
func filterTojson(r *py.Work, v py.Value, a py.Args) py.Value {
	s := py.JSONStyle{Spaced: true, ASCII: true, Sorted: true, HTML: true}
	if n, ok := a.Find(0, "indent"); ok && n.Kind() != py.KindNone {
		s.Indent = min(max(a.Num(r, 0, "indent", 0), 0), 16)
	}
	return py.Text(json(r, v, s))
}

// filterToJSON is Home Assistant's to_json.
func filterToJSON(r *py.Work, v py.Value, a py.Args) py.Value {
	s := py.JSONStyle{ASCII: a.Or(0, "ensure_ascii", py.Bool(false)).Truth()}
	s.Spaced = s.ASCII
	s.Sorted = a.Or(2, "sort_keys", py.Bool(false)).Truth()
	if a.Or(1, "pretty_print", py.Bool(false)).Truth() {
		s.Indent = 2
	}
	return py.Text(json(r, v, s))
}

func filterFromJSON(r *py.Work, v py.Value, a py.Args) py.Value {
	if v.Kind() == py.KindText {
		r.Spend(8 * len(v.Text()))
		if x, err := py.ParseJSON([]byte(v.Text())); err == nil {
			return x
		}
	}
	return fallback(r, "from_json", r.Known(v), &a, 0)
}

func filterBase64Encode(r *py.Work, v py.Value, _ py.Args) py.Value {
	r.Size(v)
	return r.Text(base64.StdEncoding.EncodeToString([]byte(v.String())))
}

func filterBase64Decode(r *py.Work, v py.Value, _ py.Args) py.Value {
	r.Size(v)
	b, err := base64.StdEncoding.DecodeString(v.String())
	if err != nil {
		r.Fail("base64_decode: %s", err)
	}
	if !utf8.Valid(b) {
		r.Fail("base64_decode: what it holds is not UTF-8")
	}
	return r.Text(string(b))
}

// hashed is md5, sha1, sha256 and sha512, in hexadecimal.
func hashed(name string) py.Filter {
	return texts(func(s string) string {
		switch name {
		case "md5":
			h := md5.Sum([]byte(s))
			return hex.EncodeToString(h[:])
		case "sha1":
			h := sha1.Sum([]byte(s))
			return hex.EncodeToString(h[:])
		case "sha256":
			h := sha256.Sum256([]byte(s))
			return hex.EncodeToString(h[:])
		}
		h := sha512.Sum512([]byte(s))
		return hex.EncodeToString(h[:])
	})
}
