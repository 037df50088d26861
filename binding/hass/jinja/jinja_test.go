package jinja_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"hutong/binding/hass/jinja"
	"hutong/binding/hass/jinja/py"
)

var env = &py.Env{Now: func() time.Time { return time.Date(2026, 3, 29, 13, 37, 42, 0, time.UTC) }}

func render(source, payload string) (string, error) {
	t, err := jinja.Parse(source)
	if err != nil {
		return "", err
	}
	vars := []py.Var{{Name: "value", Value: py.Text(payload)}}
	if v, err := py.ParseJSON([]byte(payload)); err == nil {
		vars = append(vars, py.Var{Name: "value_json", Value: v})
	}
	return t.Render(env, vars...)
}

func TestTemplatesPrintAsPythonDoes(t *testing.T) {
	f := func(source, payload, want string) {
		t.Helper()
		if got, err := render(source, payload); err != nil || got != want {
			t.Errorf("%s of %s is %q, %v; want %q", source, payload, got, err, want)
		}
	}
	f(`{{ value_json.a }}`, `{"a":40.0}`, "40.0")
	f(`{{ value_json.a }}`, `{"a":null}`, "None")
	f(`{{ value_json.a }}`, `{"a":[true,"it's",1e20]}`, `[True, "it's", 1e+20]`)
	f(`{{ value_json.a }}`, `{}`, "")
	f(`{{ value_json['items'] }}`, `{"items":1}`, "1")
	f(`{{ {none: 1, 0: 'off'}[value_json.a] }}`, `{"a":false}`, "off")
	f(`{% for p in value_json.l if p > 1 %}{{ loop.index }}={{ p }} {% else %}none{% endfor %}`, `{"l":[1,2,3]}`, "1=2 2=3 ")
	f(`{% set ns = namespace(n=0) %}{% for i in range(5) %}{% if i == 3 %}{% break %}{% endif %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}`, ``, "3")
	f(`{{ value | regex_findall('(\d)(\w)') }}`, `1a2b`, "[('1', 'a'), ('2', 'b')]")
	f(`{{ dict.from_keys([('a', 1)]) | to_json }}`, ``, `{"a":1}`)
	f(`{{ value | int(0) // 3 }} {{ -7 % 3 }} {{ 2 ** -1 }}`, `x`, "0 2 0.5")
	f(`{{ now().strftime('%H:%M') }} {{ 0 | timestamp_custom('%Y') }}`, ``, "13:37 1970")
	f("a\n{%- if true %} b {% endif -%}\n c", ``, "a b c")
}

func TestErrorsSayWhereAndWhy(t *testing.T) {
	f := func(source, want string) {
		t.Helper()
		_, err := render(source, `{"a":"x"}`)
		var at *jinja.Error
		if !errors.As(err, &at) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80s: %v, want %q", source, err, want)
		}
	}
	f("{{ a", "line 1, column 1: tag is not closed")
	f("ok\n {{ 1 | nope }}", `line 2, column 9: no filter named "nope"`)
	f("{{ value_json.b.c }}", "line 1, column 16: 'dict object' has no attribute 'b'")
	f("{{ value_json.a | float }}", "float got invalid input 'x' but no default was specified")
	f("{{ 1 / 0 }}", "division by zero")
	f("{% for x in y %}", "want {% endfor %}")
	f("{% include 'x' %}", `tag "include" is not supported`)
	f("{{ 'a' + 1 }}", "+ does not work on a str and a int")
	f("{{ 9223372036854775807 + 1 }}", "does not fit 64 bits")
	f("{{ '' | regex_replace('(?=a)', '') }}", "regular expression")
	f("{{ {}.update(a=1) }}", "unsafe")
	f("{{ ''.__class__.__mro__ }}", "has no attribute '__class__'")
}

func TestHostileTemplatesEndInAnError(t *testing.T) {
	for name, source := range map[string]string{
		"a megabyte":           strings.Repeat("{{ value }}", 100_000),
		"nested brackets":      "{{ " + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + " }}",
		"nested blocks":        strings.Repeat("{% if 1 %}", 6_000),
		"nested nots":          "{{ " + strings.Repeat("not ", 10_000) + "1 }}",
		"nested minuses":       "{{ " + strings.Repeat("-", 10_000) + "1 }}",
		"an endless loop":      "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
		"a wide range":         "{{ range(10 ** 18) | list | length }}",
		"long text":            "{{ 'x' * 999999999 }}",
		"doubling text":        "{% set ns = namespace(s='xxxxxxxx') %}{% for i in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
		"doubling lists":       "{% set ns = namespace(s=[1]) %}{% for i in range(60) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}",
		"doubling comparisons": "{% set ns = namespace(a=[1], b=[1]) %}{% for i in range(60) %}{% set ns.a = [ns.a, ns.a] %}{% set ns.b = [ns.b, ns.b] %}{% endfor %}{{ ns.a == ns.b }}",
		"wide padding":         "{{ '%999999999d' % 1 }}",
		"wide format":          "{{ '{:999999999}'.format(1) }}",
		"replacing":            "{{ ('a' * 100000) | replace('a', 'b' * 100000) }}",
		"joining":              "{{ range(90000) | join('x' * 100000) }}",
		"a deep macro":         "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
		"deep JSON":            "{{ ('[' * 9999) | from_json }}",
		"much output":          "{% for i in range(9999) %}" + strings.Repeat("x", 1000) + "{% endfor %}",
		"a giant power":        "{{ 10 ** 10 ** 10 }}",
		"a large expression":   "{{ 'a' | regex_findall('" + strings.Repeat("(a*)*", 1000) + "') }}",
	} {
		start := time.Now()
		text, err := render(source, "1")
		if err == nil {
			t.Errorf("%s: %.40q and no error", name, text)
		}
		if took := time.Since(start); took > 3*time.Second {
			t.Errorf("%s: took %s", name, took)
		}
	}
}

func TestPlainFieldsAreKnown(t *testing.T) {
	f := func(source, want string) {
		t.Helper()
		x, err := jinja.Parse(source)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(x.Field(), "/"); got != want {
			t.Errorf("%s is the field %q, want %q", source, got, want)
		}
	}
	f("{{ value_json.state }}", "value_json/state")
	f(`{{ value_json["a b"]['c'] }}`, "value_json/a b/c")
	f("{{ value_json.update }}", "")
	f("{{ value_json.a | int }}", "")
	f("x{{ value_json.a }}", "")
	f("{{ value_json[0] }}", "")
}

func FuzzTemplate(f *testing.F) {
	for _, s := range []string{
		"{{ value_json.a | default('x', true) | string | truncate(5, true, '', 0) }}", "{% set ns = namespace(r=[]) %}{% for a, b in zip([1], [2]) %}{% set ns.r = ns.r + [(a, b)] %}{% endfor %}{{ ns.r | selectattr(0, 'eq', 1) | list }}",
		"{% macro m(a, b=2) %}{{ a }}{% endmacro %}{{ m(1) }}{% raw %}{{{% endraw %}{# c #}", "{{ '%05.2f|%s' % (1, 'a') }} {{ '{:>{}}'.format(1) }} {{ value[1:2] }}",
		"{{ now() - timedelta(days=1) }} {{ value | as_datetime }} {{ {'a': [1.5, none]} | tojson }} {{ '1' | int(base=2) }}",
		"{{ value | regex_replace('(a)', '\\\\1') }}{{ value | from_json | tojson }} {{ [3,1] | sort | batch(2, 0) | list }} {% filter upper %}a{% endfilter %}",
	} {
		f.Add(s, `{"a":[1,{"b":null}]}`)
	}
	f.Fuzz(func(t *testing.T, source, payload string) {
		text, err := render(source, payload)
		var at *jinja.Error
		if err != nil && (!errors.As(err, &at) || at.Line < 1 || at.Column < 1 || at.Reason == "") {
			t.Errorf("an error without a place: %v", err)
		}
		if len(text) > 256<<10 {
			t.Errorf("%d bytes of output", len(text))
		}
	})
}

func BenchmarkEventTemplate(b *testing.B) {
	x, err := jinja.Parse(`{% set values = {None:None,'idle':'idle','heat':'heating'} %}{{ values[value_json["running_state"]] }}`)
	if err != nil {
		b.Fatal(err)
	}
	v, _ := py.ParseJSON([]byte(`{"running_state":"heat"}`))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := x.Render(env, py.Var{Name: "value_json", Value: v}); err != nil {
			b.Fatal(err)
		}
	}
}
