// Package testkit holds what tests of several packages need, and nothing that a program does.
package testkit

import (
	"os"
	"path/filepath"
	"testing"
)

// Data is the folder called name in the data that several projects share: below $HUTONG_TESTDATA, or in shared/data
// beside this tree or above it. A test that needs it is skipped where it is absent, with what says why.
func Data(t testing.TB, name, what string) string {
	t.Helper()
	if dir := os.Getenv("HUTONG_TESTDATA"); dir != "" {
		return filepath.Join(dir, filepath.FromSlash(name))
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		found := filepath.Join(dir, "shared", "data", filepath.FromSlash(name))
		if _, err := os.Stat(found); err == nil {
			return found
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Skipf("no shared/data/%s above the tree and no HUTONG_TESTDATA: %s", name, what)
		}
		dir = up
	}
}
