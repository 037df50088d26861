package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	esbuild "github.com/evanw/esbuild/pkg/api"
)

// build bundles src and returns the files of dist by slash path.
func build(dir string) (map[string][]byte, error) {
	files := make(map[string][]byte)
	meta, err := bundle(dir, files, esbuild.BuildOptions{
		EntryPoints: []string{"src/main.tsx", "src/mark.svg"},
		Splitting:   true,
		Format:      esbuild.FormatESModule,
		Plugins:     []esbuild.Plugin{icons(dir)},
	})
	if err != nil {
		return nil, err
	}
	// Not a module: a browser runs it at once, before it paints.
	if _, err := bundle(dir, files, esbuild.BuildOptions{EntryPoints: []string{"src/early.ts"}, Format: esbuild.FormatIIFE}); err != nil {
		return nil, err
	}
	if err := page(dir, files); err != nil {
		return nil, err
	}
	if err := licences(dir, meta, files); err != nil {
		return nil, err
	}
	return files, pack(dir, files)
}

// bundle runs esbuild with what all bundles share, adds what it made to files and returns the list of its inputs.
func bundle(dir string, files map[string][]byte, o esbuild.BuildOptions) (metafile string, err error) {
	o.AbsWorkingDir = dir
	o.Outdir = "dist/ui"
	o.EntryNames, o.ChunkNames, o.AssetNames = "[name]-[hash]", "[name]-[hash]", "[name]-[hash]"
	o.Bundle = true
	o.Target = esbuild.ES2022
	o.MinifySyntax, o.MinifyWhitespace, o.MinifyIdentifiers = true, true, true
	o.LegalComments = esbuild.LegalCommentsNone // licences.txt has them all
	o.JSX, o.JSXImportSource = esbuild.JSXAutomatic, "preact"
	o.Charset = esbuild.CharsetUTF8
	o.Loader = map[string]esbuild.Loader{".svg": esbuild.LoaderCopy}
	o.Metafile = true
	o.LogLevel = esbuild.LogLevelSilent
	result := esbuild.Build(o)
	if len(result.Errors) > 0 {
		lines := esbuild.FormatMessages(result.Errors, esbuild.FormatMessagesOptions{Kind: esbuild.ErrorMessage})
		return "", errors.New(strings.Join(lines, ""))
	}
	for _, f := range result.OutputFiles {
		rel, err := filepath.Rel(filepath.Join(dir, "dist"), f.Path)
		if err != nil {
			return "", err
		}
		files[filepath.ToSlash(rel)] = f.Contents
	}
	return result.Metafile, nil
}

// page writes index.html, with each {{name.ext}} replaced by the hashed file it stands for.
func page(dir string, files map[string][]byte) error {
	text, err := os.ReadFile(filepath.Join(dir, "src", "index.html"))
	if err != nil {
		return err
	}
	var missing error
	out := regexp.MustCompile(`\{\{([a-z]+)\.([a-z]+)\}\}`).ReplaceAllFunc(text, func(m []byte) []byte {
		name, ext, _ := strings.Cut(strings.Trim(string(m), "{}"), ".")
		for f := range files {
			base := path.Base(f)
			if strings.HasPrefix(base, name+"-") && strings.HasSuffix(base, "."+ext) {
				return []byte(f)
			}
		}
		missing = errors.Join(missing, fmt.Errorf("index.html: nothing was built for %s", m))
		return m
	})
	files["index.html"] = out
	return missing
}

// icons answers `import { lamp } from "hutong:icons"` with the SVG path of each icon listed in src/icons.json,
// which maps our names to file names of @mdi/svg. Only what is listed is shipped.
func icons(dir string) esbuild.Plugin {
	shape := regexp.MustCompile(`<path d="([^"]+)"`)
	load := func() (string, error) {
		data, err := os.ReadFile(filepath.Join(dir, "src", "icons.json"))
		if err != nil {
			return "", err
		}
		var list map[string]string
		if err := json.Unmarshal(data, &list); err != nil {
			return "", fmt.Errorf("src/icons.json: %w", err)
		}
		paths := make(map[string]string, len(list))
		for name, file := range list {
			svg, err := os.ReadFile(filepath.Join(dir, "node_modules", "@mdi", "svg", "svg", file+".svg"))
			if err != nil {
				return "", fmt.Errorf("icon %s: %w", name, err)
			}
			m := shape.FindSubmatch(svg)
			if m == nil {
				return "", fmt.Errorf("icon %s: %s.svg has no path", name, file)
			}
			paths[name] = string(m[1])
		}
		out, err := json.Marshal(paths) // sorted by name
		return "export default " + string(out), err
	}
	return esbuild.Plugin{Name: "icons", Setup: func(b esbuild.PluginBuild) {
		b.OnResolve(esbuild.OnResolveOptions{Filter: `^hutong:icons$`}, func(esbuild.OnResolveArgs) (esbuild.OnResolveResult, error) {
			return esbuild.OnResolveResult{Path: "icons", Namespace: "hutong"}, nil
		})
		b.OnLoad(esbuild.OnLoadOptions{Filter: `.*`, Namespace: "hutong"}, func(esbuild.OnLoadArgs) (esbuild.OnLoadResult, error) {
			text, err := load()
			return esbuild.OnLoadResult{Contents: &text, Loader: esbuild.LoaderJS}, err
		})
	}}
}

// licences collects the licence of every package that went into the bundle, as those licences ask.
func licences(dir, metafile string, files map[string][]byte) error {
	var meta struct{ Inputs map[string]json.RawMessage }
	if err := json.Unmarshal([]byte(metafile), &meta); err != nil {
		return err
	}
	names := []string{"@mdi/svg"}
	for input := range meta.Inputs {
		_, rest, ok := strings.Cut(input, "node_modules/")
		if !ok {
			continue
		}
		parts := strings.SplitN(rest, "/", 3)
		name := parts[0]
		if strings.HasPrefix(name, "@") {
			name += "/" + parts[1]
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var out bytes.Buffer
	for _, name := range names {
		folder := filepath.Join(dir, "node_modules", filepath.FromSlash(name))
		text, err := os.ReadFile(filepath.Join(folder, "LICENSE"))
		if err != nil {
			return fmt.Errorf("licence of %s: %w", name, err)
		}
		var about struct{ Version string }
		data, err := os.ReadFile(filepath.Join(folder, "package.json"))
		if err != nil {
			return err
		}
		if err := json.Unmarshal(data, &about); err != nil {
			return fmt.Errorf("%s: package.json: %w", name, err)
		}
		fmt.Fprintf(&out, "%s %s\n\n%s\n\n\n", name, about.Version, bytes.TrimSpace(text))
	}
	files["ui/licences.txt"] = out.Bytes()
	return nil
}
