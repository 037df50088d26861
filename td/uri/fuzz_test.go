package uri

import "testing"

// FuzzTemplate holds that no template panics and that expanding yields nothing a URI may not hold.
func FuzzTemplate(f *testing.F) {
	for _, s := range []string{"{?a,b*}", "/x/{+a:3}{#b}", "{;a}{&b}", "日本{/a}%zz"} {
		f.Add(s, "value", "日本 \x00%41")
	}
	f.Fuzz(func(t *testing.T, template, a, b string) {
		parsed, err := ParseTemplate(template)
		if err != nil {
			return
		}
		got := parsed.Expand(func(name string) (string, bool) {
			switch name {
			case "a":
				return a, true
			case "b":
				return b, true
			}
			return "", false
		})
		if !IsReference(got) {
			t.Fatalf("%q with %q and %q: %q", template, a, b, got)
		}
	})
}

// FuzzResolve holds that resolving panics on nothing, and that an absolute result resolves to itself.
func FuzzResolve(f *testing.F) {
	f.Add("http://a/b/c/d;p?q", "../../g")
	f.Add("mqtt://h", "x/./y")
	f.Add("urn:a:b", "#c")
	f.Fuzz(func(t *testing.T, base, ref string) {
		base, err := Resolve(base, base)
		if err != nil {
			return
		}
		got, err := Resolve(base, ref)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Resolve(base, got)
		if err != nil || again != got {
			t.Fatalf("%q in %q: %q, and that again: %q, %v", ref, base, got, again, err)
		}
	})
}
