package py

import (
	"strconv"
	"strings"
)

// Percent is Python's text % values.
func (r *Work) Percent(text string, values Value) string {
	var b strings.Builder
	list := []Value{values}
	if values.kind == KindTuple {
		list = values.Items()
	}
	used := 0
	for {
		i := strings.IndexByte(text, '%')
		if i < 0 {
			break
		}
		b.WriteString(text[:i])
		text = text[i+1:]
		var v Value
		named := false
		if key, rest, ok := strings.Cut(text, ")"); ok && text[0] == '(' {
			v, named = r.Index(values, Text(key[1:])), true
			text = rest
		}
		n := strings.IndexAny(text, "diouxXeEfFgGcrsa%")
		if n < 0 {
			r.Fail("format is incomplete after %%")
		}
		verb, flags := text[n], text[:n]
		text = text[n+1:]
		if verb == '%' {
			b.WriteByte('%')
			continue
		}
		if !named {
			if used == len(list) {
				r.Fail("not enough values for the format")
			}
			v = list[used]
			used++
		}
		s := r.percentOne(v, flags, verb)
		r.Spend(len(s))
		b.WriteString(s)
	}
	if used < len(list) && values.kind != KindDict {
		r.Fail("more values than the format takes")
	}
	b.WriteString(text)
	return b.String()
}

func (r *Work) percentOne(v Value, flags string, verb byte) string {
	spec := ""
	if strings.Contains(flags, "-") {
		spec = "<"
	} else if verb == 's' || verb == 'r' {
		spec = ">"
	}
	rest := strings.TrimLeft(flags, "-+ #0")
	head := flags[:len(flags)-len(rest)]
	for _, c := range "+ #0" {
		if strings.ContainsRune(head, c) && (c != '0' || spec == "") {
			spec += string(c)
		}
	}
	switch verb {
	case 's', 'r', 'a':
		r.Size(v)
		text := v.String()
		if verb != 's' {
			var b strings.Builder
			v.repr(&b)
			text = b.String()
		}
		return r.format(Text(text), spec+rest)
	}
	if !v.IsNumber() {
		r.Fail("format %%%c needs a number, got %s", verb, v.kind)
	}
	if verb == 'd' || verb == 'i' || verb == 'u' {
		verb = 'd'
		if v.kind == KindFloat {
			v = r.whole(v)
		}
	}
	return r.format(v, spec+rest+string(verb))
}

// braces is Python's str.format.
func (r *Work) braces(text string, a Args) string {
	var b strings.Builder
	auto := 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c != '{' && c != '}' {
			b.WriteByte(c)
			continue
		}
		if i+1 < len(text) && text[i+1] == c {
			b.WriteByte(c)
			i++
			continue
		}
		end := strings.IndexByte(text[i:], '}')
		if c == '}' || end < 0 {
			r.Fail("a single %q in a format", c)
		}
		field, spec, _ := strings.Cut(text[i+1:i+end], ":")
		i += end
		field, conv, _ := strings.Cut(field, "!")
		v := r.field(field, &auto, a)
		if conv == "r" {
			var rb strings.Builder
			r.Size(v)
			v.repr(&rb)
			v = Text(rb.String())
		}
		s := r.format(v, spec)
		r.Spend(len(s))
		b.WriteString(s)
	}
	return b.String()
}

// field finds the value that a field such as "", "0", "name" or "0.key" names.
func (r *Work) field(field string, auto *int, a Args) Value {
	first, rest, _ := strings.Cut(field, ".")
	if first == "" {
		first = strconv.Itoa(*auto)
		*auto++
	}
	var v Value
	if i, err := strconv.Atoi(first); err == nil && i >= 0 {
		if i >= len(a.List) {
			r.Fail("format wants value %d, %d are given", i, len(a.List))
		}
		v = a.List[i]
	} else {
		v = a.Need(r, len(a.List), first)
	}
	for key := range strings.SplitSeq(rest, ".") {
		if key != "" {
			v = r.Attr(v, key)
		}
	}
	return v
}
