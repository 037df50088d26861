package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// budget is the most bytes, gzipped, that a browser may have to fetch before the home page shows.
const budget = 90_000

// made is dist/made.json: what the committed files were made from.
type made struct {
	Sources   string   `json:"sources"`   // see sources
	First     []string `json:"first"`     // what the first load fetches
	FirstLoad int      `json:"firstLoad"` // its size, gzipped
}

// pack adds a .gz beside every file that shrinks by it, and made.json.
func pack(dir string, files map[string][]byte) error {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if name == "index.html" {
			continue // it is written anew for each path it is asked at
		}
		var buf bytes.Buffer
		w, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
		if err != nil {
			return err
		}
		if _, err := w.Write(files[name]); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		if buf.Len() < len(files[name]) {
			files[name+".gz"] = buf.Bytes()
		}
	}
	sum, err := sources(dir)
	if err != nil {
		return err
	}
	size := firstLoad(files)
	if size > budget {
		return fmt.Errorf("the first load is %d bytes gz; at most %d are allowed", size, budget)
	}
	text, err := json.MarshalIndent(made{Sources: sum, First: first(files), FirstLoad: size}, "", "  ")
	if err != nil {
		return err
	}
	files["made.json"] = append(text, '\n')
	return nil
}

// first lists what a browser fetches at the first load: index.html, what it names, and what those import at once.
func first(files map[string][]byte) []string {
	list := []string{"index.html"}
	for i := 0; i < len(list); i++ {
		text := string(files[list[i]])
		for name := range files {
			if slices.Contains(list, name) || strings.HasSuffix(name, ".gz") {
				continue
			}
			base := path.Base(name)
			if list[i] == "index.html" && strings.Contains(text, name) ||
				strings.Contains(text, `from"./`+base+`"`) || strings.Contains(text, `import"./`+base+`"`) {
				list = append(list, name)
			}
		}
		slices.Sort(list[i+1:])
	}
	return list
}

func firstLoad(files map[string][]byte) int {
	n := 0
	for _, name := range first(files) {
		if gz, ok := files[name+".gz"]; ok {
			n += len(gz)
		} else {
			n += len(files[name])
		}
	}
	return n
}

// sources is one sum over the name and content of everything that dist is made from, so that a forgotten rebuild
// is seen without Node.js.
func sources(dir string) (string, error) {
	h := sha256.New()
	add := func(name string) error {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		fmt.Fprintf(h, "%s %d\n%s\n", name, len(data), data)
		return nil
	}
	err := fs.WalkDir(os.DirFS(dir), "src", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return add(name)
	})
	err = errors.Join(err, add("package-lock.json"))
	return hex.EncodeToString(h.Sum(nil)), err
}

// write makes dist hold exactly files.
func write(dist string, files map[string][]byte) error {
	have, err := read(dist)
	if err != nil {
		return err
	}
	for name := range have {
		if _, ok := files[name]; !ok {
			if err := os.Remove(filepath.Join(dist, filepath.FromSlash(name))); err != nil {
				return err
			}
		}
	}
	for name, data := range files {
		file := filepath.Join(dist, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// compare says how dist differs from files.
func compare(dist string, files map[string][]byte) error {
	have, err := read(dist)
	if err != nil {
		return err
	}
	var diff []error
	for _, name := range slices.Sorted(maps.Keys(files)) {
		switch data, ok := have[name]; {
		case !ok:
			diff = append(diff, fmt.Errorf("dist/%s is missing", name))
		case !bytes.Equal(data, files[name]):
			diff = append(diff, fmt.Errorf("dist/%s is different", name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(have)) {
		if _, ok := files[name]; !ok {
			diff = append(diff, fmt.Errorf("dist/%s is left over", name))
		}
	}
	if diff != nil {
		diff = append(diff, errors.New(`run "go generate ./web" and commit web/dist`))
	}
	return errors.Join(diff...)
}

func read(dist string) (map[string][]byte, error) {
	files := make(map[string][]byte)
	err := filepath.WalkDir(dist, func(file string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dist, file)
		if err != nil {
			return err
		}
		files[filepath.ToSlash(rel)], err = os.ReadFile(file)
		return err
	})
	return files, err
}
