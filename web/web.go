// Package web holds the page people see: a TypeScript program in src, bundled into dist by "go generate ./web".
// dist is committed, so building the hub needs no Node.js.
package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"
)

//go:generate go run ./build

//go:embed all:dist
var dist embed.FS

// policy lets the page run its own files and talk to its own hub, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"manifest-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"

type file struct {
	plain, gz []byte
	kind      string // Content-Type
	tag       string // ETag, quoted
	forever   bool   // its name changes with its content
}

// Handler serves the page at "/" and at every path below "/ui/" that a page of it may have, and its files below
// "/ui/". Everything else is 404. It works below any prefix that a proxy strips: index.html is told how to get back
// to the root from the path it was asked at. Only GET and HEAD are allowed.
func Handler() http.Handler {
	return &handler{files: sync.OnceValues(load)}
}

type handler struct {
	files func() (map[string]*file, error)
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	files, err := h.files()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	head := w.Header()
	head.Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		head.Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	if f, ok := files[strings.TrimPrefix(r.URL.Path, "/")]; ok && r.URL.Path != "/index.html" {
		f.serve(w, r)
		return
	}
	if !isPage(r.URL.Path) {
		http.NotFound(w, r)
		return
	}
	head.Set("Content-Security-Policy", policy)
	head.Set("Referrer-Policy", "same-origin")
	files["index.html"].from(r.URL.EscapedPath()).serve(w, r)
}

// isPage says whether a path names a page: the root, or a path below /ui/ that does not look like a file there.
func isPage(p string) bool {
	if p == "/" || p == "/ui" {
		return true
	}
	rest, ok := strings.CutPrefix(p, "/ui/")
	return ok && (strings.Contains(rest, "/") || !strings.Contains(rest, "."))
}

// from is index.html for a browser that asked for it at p.
func (f *file) from(p string) *file {
	up := strings.Repeat("../", strings.Count(p, "/")-1)
	if up == "" {
		up = "./"
	}
	return newFile("index.html", bytes.Replace(f.plain, []byte("{{base}}"), []byte(up), 1), nil)
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("Content-Type", f.kind)
	head.Set("ETag", f.tag)
	if f.forever {
		head.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		head.Set("Cache-Control", "no-cache")
	}
	body := f.plain
	if f.gz != nil {
		head.Add("Vary", "Accept-Encoding")
		if takesGzip(r.Header.Values("Accept-Encoding")) {
			head.Set("Content-Encoding", "gzip")
			head.Set("ETag", strings.TrimSuffix(f.tag, `"`)+`-gz"`)
			body = f.gz
		}
	}
	if head.Get("Content-Encoding") == "" {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
		return
	}
	if strings.Contains(r.Header.Get("If-None-Match"), head.Get("ETag")) {
		head.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	head.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the browser may have gone; there is nobody to tell
	}
}

// takesGzip reads Accept-Encoding (RFC 9110 section 12.5.3): gzip or * with a weight above 0.
func takesGzip(values []string) bool {
	star := false
	for part := range strings.SplitSeq(strings.Join(values, ","), ",") {
		coding, params, _ := strings.Cut(part, ";")
		coding = strings.ToLower(strings.TrimSpace(coding))
		if coding != "gzip" && coding != "*" {
			continue
		}
		weight := 1.0
		if q, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(params)), "q="); ok {
			weight, _ = strconv.ParseFloat(q, 64) // what is no number is no wish for gzip
		}
		if coding == "gzip" {
			return weight > 0
		}
		star = weight > 0
	}
	return star
}

func load() (map[string]*file, error) {
	files := make(map[string]*file)
	err := fs.WalkDir(dist, "dist", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, ".gz") || path.Base(name) == "made.json" {
			return err
		}
		plain, err := dist.ReadFile(name)
		if err != nil {
			return err
		}
		gz, err := dist.ReadFile(name + ".gz")
		if err != nil {
			gz = nil
		}
		short := strings.TrimPrefix(name, "dist/")
		files[short] = newFile(short, plain, gz)
		return nil
	})
	if err == nil && files["index.html"] == nil {
		err = fmt.Errorf("web: dist/index.html is missing from this build: run go generate ./web")
	}
	return files, err
}

func newFile(name string, plain, gz []byte) *file {
	sum := sha256.Sum256(plain)
	kinds := map[string]string{
		".html": "text/html; charset=utf-8",
		".js":   "text/javascript; charset=utf-8",
		".css":  "text/css; charset=utf-8",
		".svg":  "image/svg+xml",
		".txt":  "text/plain; charset=utf-8",
	}
	kind := kinds[path.Ext(name)]
	if kind == "" {
		kind = "application/octet-stream"
	}
	return &file{
		plain:   plain,
		gz:      gz,
		kind:    kind,
		tag:     `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`,
		forever: strings.Contains(name, "-") && path.Ext(name) != ".html",
	}
}
