package registry

import "testing"

// FuzzSearch looks for whatever people type: never an error, never what is not there.
func FuzzSearch(f *testing.F) {
	r := open1(f)
	put(f, r, "urn:lamp", "Reading Lamp", "Home / Living Room", `,"titles":{"zh":"阅读灯"}`)
	for _, seed := range []string{"lamp", `"`, "NEAR(a b)", "text:*", "灯 阅读灯", "a AND OR NOT", "%_\\", "\x00abc"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		got, err := r.Search(query)
		if err != nil {
			t.Fatalf("search %q: %v", query, err)
		}
		for id := range got {
			if id != "urn:lamp" {
				t.Errorf("search %q: %q", query, id)
			}
		}
	})
}
