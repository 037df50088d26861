package uri

import "testing"

// The examples of RFC 3986 section 5.4, and schemes that TDs use.
func TestReferencesAreResolvedAsRFC3986Says(t *testing.T) {
	f := func(base, ref, want string) {
		t.Helper()
		if got, err := Resolve(base, ref); err != nil || got != want {
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
	if got, err := Resolve("", "g"); err == nil {
		t.Errorf("a relative reference without a base: got %q", got)
	}
}
