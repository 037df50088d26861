package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// shadowEnv tells the hub under test where its orders are. The product knows nothing of it.
const shadowEnv = "HUTONG_FAULTS"

// What is added to the packages under test, in a build of their own.
const (
	common = `
import (
	"os"

	"hutong/bench/faults/disk"
)

func openDir(dir string) (FS, error) {
	fs, err := openRealDir(dir)
	shadow := os.Getenv("` + shadowEnv + `")
	if err != nil || shadow == "" {
		return fs, err
	}
	d, err := disk.New(shadow, watched)
	if err != nil {
		return nil, err
	}
	return watchedFS{fs, d, dir}, nil
}

type watchedFS struct {
	FS
	disk *disk.Disk
	dir  string
}

func (w watchedFS) Create(name string) (File, error) {
	if err := w.disk.Create(name); err != nil {
		return nil, err
	}
	f, err := w.FS.Create(name)
	return watchedFile{f, w.disk, name}, err
}

func (w watchedFS) Remove(name string) error {
	if err := w.disk.Remove(w.dir, name); err != nil {
		return err
	}
	return w.FS.Remove(name)
}

type watchedFile struct {
	File
	disk *disk.Disk
	name string
}

func (w watchedFile) Sync() error { return w.disk.Sync(w.name, w.File.Sync) }
`
	forJournal = `package journal
` + common + `
const watched = "journal"

func (w watchedFS) Open(name string) (File, error) {
	f, err := w.FS.Open(name)
	return watchedFile{f, w.disk, name}, err
}

func (w watchedFS) Sync() error { return w.disk.SyncFolder(w.FS.Sync) }

func (w watchedFile) WriteAt(p []byte, off int64) (int, error) {
	may, bad := w.disk.WriteAt(w.name, len(p), off)
	n, err := w.File.WriteAt(p[:may], off)
	if err == nil {
		err = bad
	}
	return n, err
}

func (w watchedFile) Truncate(size int64) error {
	if err := w.disk.Truncate(w.name, size); err != nil {
		return err
	}
	return w.File.Truncate(size)
}
`
	forHistory = `package history
` + common + `
const watched = "history"

func (w watchedFile) Write(p []byte) (int, error) {
	may, bad := w.disk.Write(w.name, len(p))
	n, err := w.File.Write(p[:may])
	if err == nil {
		err = bad
	}
	return n, err
}

func (w watchedFS) Commit(from, to string) error {
	return w.disk.Commit(from, to, func() error { return w.FS.Commit(from, to) })
}
`
	forClock = `package time

import "sync/atomic"

// Off is how many nanoseconds the clock of this process is off.
var Off atomic.Int64
`
	forMain = `package main

import (
	"os"
	"time"

	"hutong/bench/faults/disk"
)

func init() {
	shadow := os.Getenv("` + shadowEnv + `")
	if shadow == "" {
		return
	}
	time.Off.Store(int64(disk.Read(shadow).Clock))
	go func() {
		for range time.Tick(2 * time.Millisecond) {
			time.Off.Store(int64(disk.Read(shadow).Clock))
		}
	}()
}
`
)

// edit is one place of a source file that reads otherwise in the build under test.
type edit struct{ file, old, new string }

// overlay is the build under test: the stores' folders are watched, history seals and merges often so that faults meet it
// at that, and with clock the process' clock can be set. That recompiles everything, so it is asked for.
func overlay(root string, clock bool) (map[string]string, error) {
	edits := []edit{
		{"journal/fs.go", "func openDir(", "func openRealDir("},
		{"history/fs.go", "func openDir(", "func openRealDir("},
		{"history/history.go", "cmp.Or(o.SealSamples, 1_000_000)", "cmp.Or(o.SealSamples, 20_000)"},
		{"cmd/hutong/keep.go", "tidyEvery = 5 * time.Minute", "tidyEvery = 300 * time.Millisecond"},
		{"cmd/hutong/keep.go", "journal.Options{", "journal.Options{SegmentBytes: 256 << 10, "},
	}
	all := map[string]string{"journal/watched.go": forJournal, "history/watched.go": forHistory}
	if clock {
		out, err := exec.Command("go", "env", "GOROOT").Output()
		if err != nil {
			return nil, fmt.Errorf("go env GOROOT: %w", err)
		}
		clocks := filepath.Join(strings.TrimSpace(string(out)), "src/time")
		edits = append(edits, edit{
			filepath.Join(clocks, "time.go"), "\tsec, nsec, mono := runtimeNow()\n\tif mono == 0 {",
			"\tsec, nsec, mono := runtimeNow()\n\tat := sec*1e9 + int64(nsec) + Off.Load()\n\tsec, nsec = at/1e9, int32(at%1e9)\n\tif mono == 0 {",
		})
		all[filepath.Join(clocks, "off.go")] = forClock
		all["cmd/hutong/off.go"] = forMain
	}
	for _, e := range edits {
		text, ok := all[e.file]
		if !ok {
			name := e.file
			if !filepath.IsAbs(name) {
				name = filepath.Join(root, name)
			}
			b, err := os.ReadFile(name)
			if err != nil {
				return nil, err
			}
			text = string(b)
		}
		if n := strings.Count(text, e.old); n != 1 {
			return nil, fmt.Errorf("overlay: %s has %d places that read %q, want one", e.file, n, e.old)
		}
		all[e.file] = strings.Replace(text, e.old, e.new, 1)
	}
	return all, nil
}
