package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	esbuild "github.com/evanw/esbuild/pkg/api"
)

// The page's own logic, in test/logic.test.ts, run by Node.js where that and the packages are here.
func TestLogic(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("Node.js is not here")
	}
	if _, err := os.Stat("../node_modules/preact"); err != nil {
		t.Skip("node_modules is not here: run go generate ./web")
	}
	dir, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string][]byte)
	if _, err := bundle(dir, files, esbuild.BuildOptions{
		EntryPoints: []string{"test/logic.test.ts"},
		Format:      esbuild.FormatESModule,
		Platform:    esbuild.PlatformNode,
		Plugins:     []esbuild.Plugin{icons(dir)},
	}); err != nil {
		t.Fatal(err)
	}
	to := t.TempDir()
	for name, data := range files {
		name = filepath.Join(to, filepath.Base(name)+".mjs")
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(node, "--test", name).CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
}
