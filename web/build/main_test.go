package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// Whoever changes src without running "go generate ./web" is told here, on a machine without Node.js too.
func TestDistWasMadeFromTheseSources(t *testing.T) {
	data, err := os.ReadFile("../dist/made.json")
	if err != nil {
		t.Fatal(err)
	}
	var have made
	if err := json.Unmarshal(data, &have); err != nil {
		t.Fatal(err)
	}
	want, err := sources("..")
	if err != nil {
		t.Fatal(err)
	}
	if have.Sources != want {
		t.Errorf("web/dist was made from other sources: run go generate ./web and commit web/dist")
	}
}

func TestEveryLanguageSaysEverything(t *testing.T) {
	if err := checkWords("../src/words"); err != nil {
		t.Error(err)
	}
}

func TestStylesAreLogical(t *testing.T) {
	if err := checkStyles("../src"); err != nil {
		t.Error(err)
	}
}

func TestScanReadsMessages(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		m, err := scan(text)
		got, _ := json.Marshal(m.arguments)
		if err != nil {
			got = []byte(err.Error())
		}
		if !strings.Contains(string(got), want) {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	f("plain", `{}`)
	f("{a} and {b}", `{"a":"","b":""}`)
	f("{n, plural, =0 {none} one {# of {all}} other {#}}", `{"all":"","n":"plural"}`)
	f("{x, select, a {1} other {2}}", `{"x":"select"}`)
	f("{n, plural, one {1}}", `form "other" is missing`)
	f("{n, plural, one {1} other {2}", `} is missing`)
	f("{n", `} is missing`)
	f("a } b", `} too many`)
	f("{n, number}", `neither plural nor select`)
	f("{, }", `no name`)
}

func TestCompareWordsFindsWhatIsWrong(t *testing.T) {
	f := func(lang, master, words, want string) {
		t.Helper()
		got := ""
		for _, err := range compareWords(lang, plurals(lang), map[string]string{"k": master}, map[string]string{"k": words}) {
			got += err.Error() + "\n"
		}
		if !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%s %q for %q: %q, want %q", lang, words, master, got, want)
		}
	}
	f("zh", "{n, plural, one {#} other {#}}", "{n, plural, other {#}}", "")
	f("ar", "{n, plural, one {#} other {#}}", "{n, plural, one {#} other {#}}", `"few" is missing`)
	f("zh", "{a}", "{b}", "arguments")
	f("zh", "a", " ", "missing")
}

func TestCompareSaysWhatIsDifferent(t *testing.T) {
	dir := t.TempDir()
	files := map[string][]byte{"index.html": []byte("a"), "ui/x.js": []byte("b")}
	if err := write(dir, files); err != nil {
		t.Fatal(err)
	}
	if err := compare(dir, files); err != nil {
		t.Errorf("just written: %v", err)
	}
	err := compare(dir, map[string][]byte{"index.html": []byte("c"), "ui/y.js": nil})
	for _, want := range []string{"index.html is different", "ui/y.js is missing", "ui/x.js is left over", "go generate"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
