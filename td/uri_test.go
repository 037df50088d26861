package td_test

import (
	"testing"

	"hutong/td"
	"hutong/thing"
)

// The examples of RFC 3986 section 5.4, and schemes that TDs use.
func TestReferencesAreResolvedAsRFC3986Says(t *testing.T) {
	f := func(base, ref, want string) {
		t.Helper()
		if got, err := td.Resolve(base, ref); err != nil || got != want {
			t.Errorf("%s in %s: got %q, %v; want %q", ref, base, got, err, want)
		}
	}
	const base = "http://a/b/c/d;p?q"
	f(base, "g:h", "g:h")
	f(base, "g", "http://a/b/c/g")
	f(base, "./g", "http://a/b/c/g")
	f(base, "g/", "http://a/b/c/g/")
	f(base, "/g", "http://a/g")
	f(base, "//g", "http://g")
	f(base, "?y", "http://a/b/c/d;p?y")
	f(base, "g?y", "http://a/b/c/g?y")
	f(base, "#s", "http://a/b/c/d;p?q#s")
	f(base, "g#s", "http://a/b/c/g#s")
	f(base, "g?y#s", "http://a/b/c/g?y#s")
	f(base, ";x", "http://a/b/c/;x")
	f(base, "g;x", "http://a/b/c/g;x")
	f(base, "g;x?y#s", "http://a/b/c/g;x?y#s")
	f(base, "", "http://a/b/c/d;p?q")
	f(base, ".", "http://a/b/c/")
	f(base, "./", "http://a/b/c/")
	f(base, "..", "http://a/b/")
	f(base, "../", "http://a/b/")
	f(base, "../g", "http://a/b/g")
	f(base, "../..", "http://a/")
	f(base, "../../", "http://a/")
	f(base, "../../g", "http://a/g")
	f(base, "../../../g", "http://a/g")
	f(base, "../../../../g", "http://a/g")
	f(base, "/./g", "http://a/g")
	f(base, "/../g", "http://a/g")
	f(base, "g.", "http://a/b/c/g.")
	f(base, ".g", "http://a/b/c/.g")
	f(base, "g..", "http://a/b/c/g..")
	f(base, "..g", "http://a/b/c/..g")
	f(base, "./../g", "http://a/b/g")
	f(base, "./g/.", "http://a/b/c/g/")
	f(base, "g/./h", "http://a/b/c/g/h")
	f(base, "g/../h", "http://a/b/c/h")
	f(base, "g;x=1/./y", "http://a/b/c/g;x=1/y")
	f(base, "g;x=1/../y", "http://a/b/c/y")
	f(base, "g?y/./x", "http://a/b/c/g?y/./x")
	f(base, "g?y/../x", "http://a/b/c/g?y/../x")
	f(base, "g#s/./x", "http://a/b/c/g#s/./x")
	f(base, "g#s/../x", "http://a/b/c/g#s/../x")
	f("mqtt://broker:1883", "lamp/on", "mqtt://broker:1883/lamp/on")
	f("modbus+tcp://10.0.0.1:502/1/", "40001?quantity=2", "modbus+tcp://10.0.0.1:502/1/40001?quantity=2")
	f("http://[fe80::1%25en0]:80/a", "b", "http://[fe80::1%25en0]:80/b")
	if got, err := td.Resolve("", "g"); err == nil {
		t.Errorf("a relative reference without a base: got %q", got)
	}
}

func TestTargetPutsVariablesIntoTheHref(t *testing.T) {
	x, err := td.Parse([]byte(`{"base": "http://h/{room}/", "uriVariables": {"room": {"type": "string"}},
		"properties": {"p": {"uriVariables": {"step": {"type": "integer", "minimum": 1}, "q": {}}, "forms": [{"href": "p{?step,q}"}]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	p, _ := x.Properties.Get("p")
	f := func(vars map[string]thing.Value, want, wantErr string) {
		t.Helper()
		got, err := x.Target(&p.Interaction, p.Forms[0], vars)
		if got != want || (err == nil) != (wantErr == "") || err != nil && err.Error() != wantErr {
			t.Errorf("%v: got %q, %v", vars, got, err)
		}
	}
	f(map[string]thing.Value{"room": thing.String("a b"), "step": thing.Int(2)}, "http://h/a%20b/p?step=2", "")
	f(map[string]thing.Value{"room": thing.String("x"), "q": thing.Bool(true)}, "http://h/x/p?q=true", "")
	f(map[string]thing.Value{"room": thing.String("../..")}, "http://h/..%2F../p", "")
	f(map[string]thing.Value{"step": thing.Int(0)}, "", `URI variable "step": /: 0 is less than the minimum 1`)
	f(map[string]thing.Value{"other": thing.Int(0)}, "", `URI variable "other": not declared in uriVariables`)
}
