package tm_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"

	"hutong/internal/testkit"
	"hutong/td"
	"hutong/td/tm"
)

// TestEveryModelOfTheW3CThatIsWholeResolves resolves all Thing Models of the W3C's test event of 2022 whose sources
// were contributed with them.
func TestEveryModelOfTheW3CThatIsWholeResolves(t *testing.T) {
	root := os.DirFS(testkit.Data(t, "wot/td-2022", "W3C Thing Models not resolved"))
	absent := errors.New("not among the W3C's files")
	load := func(_ context.Context, uri string) ([]byte, error) {
		data, err := fs.ReadFile(root, "Ditto/TMs/ditto_"+path.Base(uri))
		if errors.Is(err, fs.ErrNotExist) {
			err = absent
		}
		return data, err
	}
	whole, parts := 0, 0
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		m, err := td.Parse(data)
		if err != nil || !m.IsModel() {
			return err
		}
		out, err := tm.Resolve(t.Context(), m, "http://w3c.example/"+name, load)
		switch {
		case errors.Is(err, absent):
			t.Logf("%s: %v", name, err)
			parts++
			return nil
		case err != nil:
			t.Errorf("%s: %v", name, err)
			return nil
		}
		whole++
		if err := out.Check(); err != nil {
			t.Errorf("%s, resolved: %v", name, err)
		}
		for _, left := range [...]string{`"tm:ref"`, `"tm:extends"`} {
			if strings.Contains(string(out.JSON()), left) {
				t.Errorf("%s: still has %s", name, left)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d models resolved, %d extend models that are not at hand", whole, parts)
	if whole < 200 {
		t.Errorf("only %d models resolved", whole)
	}
}
