package header

import "testing"

func TestAccepts(t *testing.T) {
	f := func(want bool, what string, values ...string) {
		t.Helper()
		if got := Accepts(values, what); got != want {
			t.Errorf("%q accepts %s: %v", values, what, got)
		}
	}
	f(true, "gzip", "br, gzip")
	f(true, "gzip", "br", "GZIP ; q=0.5")
	f(true, "gzip", "gzip;q=x")
	f(false, "gzip", "gzip;q=0")
	f(false, "gzip", "gzip; q = 0.0")
	f(false, "gzip", "x-gzip, *")
	f(false, "gzip")
}

func TestMatches(t *testing.T) {
	f := func(want bool, etag string, values ...string) {
		t.Helper()
		if got := Matches(values, etag); got != want {
			t.Errorf("%q matches %s: %v", values, etag, got)
		}
	}
	f(true, `"a"`, `"b", W/"a"`)
	f(true, `"a"`, "*")
	f(false, `"a"`, `"ab"`, `a`)
	f(false, `"a"`)
}
