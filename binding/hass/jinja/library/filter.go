// Package library is the filters, tests and functions of templates: Jinja's own, and those that Home Assistant adds.
package library

import (
	"strings"
	"unicode"

	"hutong/binding/hass/jinja/py"
)

// Filters are Jinja's, with those Home Assistant adds or changes.
var Filters = map[string]py.Filter{
	// text
	"capitalize": texts(py.Capitalize), "lower": texts(strings.ToLower), "upper": texts(strings.ToUpper),
	"title": texts(func(s string) string { return py.Title(s, true) }),
	"trim":  filterTrim, "center": filterCenter, "replace": filterReplace, "truncate": filterTruncate,
	"indent": filterIndent, "wordcount": filterWordcount, "striptags": texts(stripTags), "urlencode": filterURLEncode,
	"e": texts(escape), "escape": texts(escape), "forceescape": texts(escape), "safe": texts(func(s string) string { return s }),
	"string": texts(func(s string) string { return s }), "format": filterFormat, "ord": filterOrd,
	"slugify": filterSlugify, "ordinal": filterOrdinal, "base64_encode": filterBase64Encode, "base64_decode": filterBase64Decode,
	"md5": hashed("md5"), "sha1": hashed("sha1"), "sha256": hashed("sha256"), "sha512": hashed("sha512"),
	"regex_match": filterRegexMatch, "regex_search": filterRegexSearch, "regex_replace": filterRegexReplace,
	"regex_findall": filterRegexFindall, "regex_findall_index": filterRegexFindallIndex,
	"tojson": filterTojson, "to_json": filterToJSON, "from_json": filterFromJSON,
	// lists and dicts
	"list": filterList, "first": filterFirst, "last": filterLast, "length": filterLength, "count": filterLength,
	"join": filterJoin, "sort": filterSort, "reverse": filterReverse, "unique": filterUnique, "sum": filterSum,
	"min": extreme(-1), "max": extreme(1), "batch": filterBatch, "slice": filterSlice, "groupby": filterGroupBy,
	"map": filterMap, "select": chosen(true, false), "reject": chosen(false, false),
	"selectattr": chosen(true, true), "rejectattr": chosen(false, true), "attr": filterAttr,
	"items": func(r *py.Work, v py.Value, _ py.Args) py.Value { return r.Pairs(v) }, "dictsort": filterDictsort,
	"contains": func(r *py.Work, v py.Value, a py.Args) py.Value { return py.Bool(r.Contains(v, a.Need(r, 0, "value"))) },
	"flatten":  filterFlatten, "intersect": setFilter("intersect"), "difference": setFilter("difference"),
	"union": setFilter("union"), "symmetric_difference": setFilter("symmetric_difference"), "combine": filterCombine,
	// numbers
	"abs": filterAbs, "int": filterInt, "float": filterFloat, "round": filterRound, "multiply": scaled("*"), "add": scaled("+"),
	"is_number": func(_ *py.Work, v py.Value, _ py.Args) py.Value { return py.Bool(py.IsNumber(v)) },
	"log":       filterLog, "sqrt": mathFilter("sqrt"), "sin": mathFilter("sin"), "cos": mathFilter("cos"), "tan": mathFilter("tan"),
	"asin": mathFilter("asin"), "acos": mathFilter("acos"), "atan": mathFilter("atan"), "atan2": filterAtan2,
	"average": filterAverage, "median": filterMedian, "statistical_mode": filterMode,
	"bitwise_and": bitwise("and"), "bitwise_or": bitwise("or"), "bitwise_xor": bitwise("xor"),
	"clamp": filterClamp, "wrap": filterWrap, "remap": filterRemap, "filesizeformat": filterFileSize,
	// any value
	"default": filterDefault, "d": filterDefault, "bool": filterBool, "iif": filterIif, "is_defined": filterIsDefined,
	"typeof": func(_ *py.Work, v py.Value, _ py.Args) py.Value { return py.Text(v.Kind().String()) },
	// time
	"as_datetime": filterAsDatetime, "as_local": filterAsLocal, "as_timestamp": filterAsTimestamp, "as_timedelta": filterAsTimedelta,
	"timestamp_custom": filterTimestampCustom, "timestamp_local": timestampText(true), "timestamp_utc": timestampText(false),
	"today_at": filterTodayAt,
}

// texts makes a filter of a function on text; any value is printed first.
func texts(f func(string) string) py.Filter {
	return func(r *py.Work, v py.Value, a py.Args) py.Value {
		a.Done(r)
		r.Size(v)
		return r.Text(f(v.String()))
	}
}

func filterDefault(r *py.Work, v py.Value, a py.Args) py.Value {
	missing := a.Or(0, "default_value", py.Text(""))
	if v.Kind() == py.KindUndefined || !v.Truth() && a.Or(1, "boolean", py.Bool(false)).Truth() {
		return missing
	}
	return v
}

func filterTrim(r *py.Work, v py.Value, a py.Args) py.Value {
	r.Size(v)
	return r.Text(py.Strip(r, v.String(), "strip", a))
}

func filterCenter(r *py.Work, v py.Value, a py.Args) py.Value {
	width := a.Or(0, "width", py.Int(80))
	return py.Padder("center")(r, py.Text(v.String()), py.Args{List: []py.Value{width}})
}

func filterReplace(r *py.Work, v py.Value, a py.Args) py.Value {
	n := -1
	if c, ok := a.Find(2, "count"); ok && c.Kind() == py.KindInt {
		n = int(c.Int())
	}
	r.Size(v)
	return r.Replace(v.String(), a.Need(r, 0, "old"), a.Need(r, 1, "new"), n)
}

func filterTruncate(r *py.Work, v py.Value, a py.Args) py.Value {
	a.Done(r, "length", "killwords", "end", "leeway")
	n := a.Num(r, 0, "length", 255)
	kill := a.Or(1, "killwords", py.Bool(false)).Truth()
	end := a.Or(2, "end", py.Text("...")).String()
	leeway := 5
	if l, ok := a.Find(3, "leeway"); ok && l.Kind() != py.KindNone {
		leeway = a.Num(r, 3, "leeway", 5)
	}
	if v.Kind() != py.KindText {
		r.Fail("truncate wants a str, got %s", v.Kind())
	}
	if n < py.Length(end) || leeway < 0 {
		r.Fail("truncate to %d is shorter than its end %q", n, end)
	}
	r.Spend(len(v.Text()))
	if py.Length(v.Text()) <= n+leeway {
		return v
	}
	s := py.Cut(v.Text(), n-py.Length(end))
	if i := strings.LastIndexByte(s, ' '); i >= 0 && !kill {
		s = s[:i]
	}
	return r.Text(s + end)
}

func filterIndent(r *py.Work, v py.Value, a py.Args) py.Value {
	pad := a.Or(0, "width", py.Int(4))
	indent := pad.String()
	if pad.Kind() == py.KindInt {
		indent = strings.Repeat(" ", min(max(int(pad.Int()), 0), 1000))
	}
	first, blank := a.Or(1, "first", py.Bool(false)).Truth(), a.Or(2, "blank", py.Bool(false)).Truth()
	lines := strings.Split(v.String(), "\n")
	r.Spend(len(lines) * len(indent))
	for i, l := range lines {
		if (i > 0 || first) && (blank || i == 0 || l != "") {
			lines[i] = indent + l
		}
	}
	return r.Text(strings.Join(lines, "\n"))
}

func filterWordcount(r *py.Work, v py.Value, _ py.Args) py.Value {
	s := v.String()
	r.Spend(len(s))
	return py.Int(int64(len(strings.FieldsFunc(s, func(c rune) bool {
		return c != '_' && !unicode.IsLetter(c) && !unicode.IsDigit(c)
	}))))
}

func stripTags(s string) string {
	var b strings.Builder
	for {
		open := strings.IndexByte(s, '<')
		if open < 0 {
			break
		}
		end := strings.IndexByte(s[open:], '>')
		if strings.HasPrefix(s[open:], "<!--") {
			if end = strings.Index(s[open:], "-->"); end >= 0 {
				end += 2
			}
		}
		if end < 0 {
			break
		}
		b.WriteString(s[:open])
		s = s[open+end+1:]
	}
	return strings.Join(strings.Fields(b.String()+s), " ")
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "'", "&#39;", `"`, "&#34;").Replace(s)
}

func filterURLEncode(r *py.Work, v py.Value, _ py.Args) py.Value {
	quote := func(x py.Value, plus bool) string {
		const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~"
		s := x.String()
		r.Spend(3 * len(s))
		var b strings.Builder
		for i := range len(s) {
			switch c := s[i]; {
			case strings.IndexByte(plain, c) >= 0 || c == '/' && !plus:
				b.WriteByte(c)
			case c == ' ' && plus:
				b.WriteByte('+')
			default:
				b.WriteString("%" + string("0123456789ABCDEF"[c>>4]) + string("0123456789ABCDEF"[c&15]))
			}
		}
		return b.String()
	}
	var list []py.Value
	switch v.Kind() {
	case py.KindDict:
		list = r.Pairs(v).Items()
	case py.KindList, py.KindTuple:
		list = v.Items()
	default:
		return py.Text(quote(v, false))
	}
	parts := make([]string, len(list))
	for i, it := range list {
		pair := r.Iterate(it)
		if len(pair) != 2 {
			r.Fail("urlencode wants pairs")
		}
		parts[i] = quote(pair[0], true) + "=" + quote(pair[1], true)
	}
	return r.Text(strings.Join(parts, "&"))
}

func filterFormat(r *py.Work, v py.Value, a py.Args) py.Value {
	if len(a.Names) > 0 {
		d := &py.Map{}
		for i, n := range a.Names {
			r.Put(d, py.Text(n), a.Named[i])
		}
		return r.Text(r.Percent(v.String(), py.DictOf(d)))
	}
	return r.Text(r.Percent(v.String(), py.Tuple(a.List...)))
}

func filterOrd(r *py.Work, v py.Value, _ py.Args) py.Value {
	if v.Kind() != py.KindText || py.Length(v.Text()) != 1 {
		r.Fail("ord wants one character")
	}
	return py.Int(int64([]rune(v.Text())[0]))
}

func filterSlugify(r *py.Work, v py.Value, a py.Args) py.Value {
	sep := a.Or(0, "separator", py.Text("_")).String()
	r.Size(v)
	words := strings.FieldsFunc(strings.ToLower(v.String()), func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsDigit(c)
	})
	if len(words) == 0 && v.String() != "" {
		return py.Text("unknown")
	}
	return r.Text(strings.Join(words, sep))
}

func filterOrdinal(r *py.Work, v py.Value, _ py.Args) py.Value {
	s := v.String()
	n, ok := py.IntOf(py.Text(s[max(0, len(s)-2):]), 10)
	if !ok {
		r.Fail("ordinal wants a number")
	}
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		suffix = [...]string{"th", "st", "nd", "rd", "th", "th", "th", "th", "th", "th"}[max(n, -n)%10]
	}
	return py.Text(s + suffix)
}

func filterBool(r *py.Work, v py.Value, a py.Args) py.Value {
	switch strings.ToLower(strings.TrimSpace(v.String())) {
	case "1", "true", "yes", "on", "enable":
		return py.Bool(true)
	case "0", "false", "no", "off", "disable":
		return py.Bool(false)
	}
	if v.IsNumber() {
		return py.Bool(v.Truth())
	}
	if missing, ok := a.Find(0, "default"); ok {
		return missing
	}
	noDefault(r, "bool", v)
	return py.Value{}
}

// noDefault fails as Home Assistant does when a value cannot be converted and no default is given.
func noDefault(r *py.Work, name string, v py.Value) {
	text := v.String()
	if len(text) > 80 {
		text = text[:80] + "..."
	}
	r.Fail("%s got invalid input '%s' but no default was specified", name, text)
}

func filterIif(r *py.Work, v py.Value, a py.Args) py.Value {
	if none, ok := a.Find(2, "if_none"); ok && v.Kind() == py.KindNone {
		return none
	}
	if v.Truth() {
		return a.Or(0, "if_true", py.Bool(true))
	}
	return a.Or(1, "if_false", py.Bool(false))
}

func filterIsDefined(r *py.Work, v py.Value, _ py.Args) py.Value {
	if v.Kind() == py.KindUndefined {
		r.Fail("%s", v.Why())
	}
	return v
}
