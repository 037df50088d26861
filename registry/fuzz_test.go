package registry

import "testing"

// FuzzSearch looks for whatever people type: never an error, never more than asked for.
func FuzzSearch(f *testing.F) {
	r := open1(f)
	put(f, r, "urn:lamp", "Reading Lamp", "Home / Living Room", `,"titles":{"zh":"阅读灯"}`)
	for _, seed := range []string{"lamp", `"`, "NEAR(a b)", "text:*", "灯 阅读灯", "a AND OR NOT", "%_\\", "\x00abc"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		got, err := r.Search(query, 0, 1)
		if err != nil || len(got) > 1 {
			t.Errorf("search %q: %v, %v", query, got, err)
		}
	})
}
