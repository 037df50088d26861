package web

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func get(t *testing.T, path string, head ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest("GET", path, nil)
	for i := 0; i < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	var in io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		in = z
	}
	data, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestEveryPageKnowsTheWayBackToTheRoot(t *testing.T) {
	for path, base := range map[string]string{
		"/":                              `<base href="./">`,
		"/ui":                            `<base href="./">`,
		"/ui/things":                     `<base href="../">`,
		"/ui/place/home/living-room":     `<base href="../../../">`,
		"/ui/thing/urn:dev:a.b":          `<base href="../../">`,
		"/ui/thing/https:%2F%2Fx%2Flamp": `<base href="../../">`,
		"/ui/thing/":                     `<base href="../../">`,
	} {
		r := get(t, path)
		text := body(t, r)
		if r.StatusCode != 200 || !strings.Contains(text, base) {
			t.Errorf("%s: %d, want %s in\n%s", path, r.StatusCode, base, text)
		}
		if r.Header.Get("Cache-Control") != "no-cache" || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: headers %v", path, r.Header)
		}
		if p := r.Header.Get("Content-Security-Policy"); !strings.Contains(p, "script-src 'self';") || strings.Contains(p, "unsafe") {
			t.Errorf("%s: policy %q", path, p)
		}
	}
}

func TestOnlyPagesAndFilesAreServed(t *testing.T) {
	for _, path := range []string{"/things", "/index.html", "/ui/main-OLD.js", "/made.json", "/uix", "/ui/main.js.gz", "/dist/index.html"} {
		if r := get(t, path); r.StatusCode != 404 {
			t.Errorf("%s: %d, want 404", path, r.StatusCode)
		}
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, httptest.NewRequest("POST", "/", nil))
	if w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d %v", w.Code, w.Header())
	}
}

var named = regexp.MustCompile(`(?:src|href)="(ui/[^"]+)"`)

func TestWhatThePageNamesIsThereAndKeptForAYear(t *testing.T) {
	names := named.FindAllStringSubmatch(body(t, get(t, "/")), -1)
	if len(names) != 4 {
		t.Fatalf("index.html names %d files, want early.js, main.css, the mark and main.js", len(names))
	}
	for _, m := range names {
		plain := get(t, "/"+m[1])
		if plain.StatusCode != 200 || !strings.Contains(plain.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v", m[1], plain.StatusCode, plain.Header)
		}
		if kind := plain.Header.Get("Content-Type"); kind == "application/octet-stream" {
			t.Errorf("%s has no content type", m[1])
		}
		zipped := get(t, "/"+m[1], "Accept-Encoding", "br, gzip;q=0.8")
		if a, b := body(t, plain), body(t, zipped); a != b {
			t.Errorf("%s: plain and gzip differ", m[1])
		}
		again := get(t, "/"+m[1], "Accept-Encoding", "gzip", "If-None-Match", zipped.Header.Get("ETag"))
		if again.StatusCode != 304 {
			t.Errorf("%s again: %d, want 304", m[1], again.StatusCode)
		}
	}
}

func TestTakesGzip(t *testing.T) {
	f := func(header string, want bool) {
		t.Helper()
		if got := takesGzip([]string{header}); got != want {
			t.Errorf("Accept-Encoding %q: %v, want %v", header, got, want)
		}
	}
	f("", false)
	f("gzip", true)
	f("GZIP;q=1", true)
	f("gzip;q=0", false)
	f("br, *;q=0.5", true)
	f("*, gzip;q=0", false)
	f("deflate, br", false)
}

// Nothing in the page may come from elsewhere or run inside the HTML: the policy forbids both.
func TestThePageAsksNothingOfAnotherServer(t *testing.T) {
	index := body(t, get(t, "/"))
	if regexp.MustCompile(`<script[^>]*>[^<]|\son\w+=|<style|\sstyle=|https?://`).MatchString(index) {
		t.Errorf("index.html has inline code or an address elsewhere:\n%s", index)
	}
	files, err := load()
	if err != nil {
		t.Fatal(err)
	}
	known := regexp.MustCompile(`^http://www\.w3\.org/(2000/svg|1999/xhtml|1998/Math/MathML|1999/xlink)`)
	for name, f := range files {
		if strings.HasSuffix(name, ".txt") {
			continue
		}
		for _, url := range regexp.MustCompile(`https?://[\w./-]+`).FindAllString(string(f.plain), -1) {
			if !known.MatchString(url) {
				t.Errorf("%s names %s", name, url)
			}
		}
	}
}

func TestTheFirstLoadIsSmall(t *testing.T) {
	data, err := dist.ReadFile("dist/made.json")
	if err != nil {
		t.Fatal(err)
	}
	var made struct {
		First     []string
		FirstLoad int
	}
	if err := json.Unmarshal(data, &made); err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, name := range made.First {
		data, err := dist.ReadFile("dist/" + name + ".gz")
		if err != nil {
			data, err = dist.ReadFile("dist/" + name)
		}
		if err != nil {
			t.Fatal(err)
		}
		sum += len(data)
	}
	if sum != made.FirstLoad || sum > 90_000 || len(made.First) < 5 {
		t.Errorf("first load: %d bytes gz of %v, made.json says %d, at most 90000", sum, made.First, made.FirstLoad)
	}
}
