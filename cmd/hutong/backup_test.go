package main

import (
	"archive/tar"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// A backup of a later format may hold what this program would read wrongly: nothing of it is unpacked.
func TestABackupOfALaterFormatIsRefused(t *testing.T) {
	name := filepath.Join(t.TempDir(), "later.tar.zst")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	packed, err := zstd.NewWriter(file)
	if err != nil {
		t.Fatal(err)
	}
	out := tar.NewWriter(packed)
	for _, x := range [][2]string{
		{manifestName, `{"format":99,"program":"hutong 9.9.0","made":"2030-01-01T00:00:00Z"}`}, {aboutFile, `{"format":99,"kind":"serve"}`},
	} {
		if err := writeEntry(out, x[0], int64(len(x[1])), strings.NewReader(x[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(out.Close(), packed.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "data")
	err = (&restoreCmd{From: name, Data: to}).Run()
	if err == nil || !strings.Contains(err.Error(), "99") || !strings.Contains(err.Error(), "hutong 9.9.0") || !strings.Contains(err.Error(), "use a newer hutong") {
		t.Errorf("it says %v", err)
	}
	if _, err := os.Stat(to); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the new data folder is there: %v", err)
	}
}
