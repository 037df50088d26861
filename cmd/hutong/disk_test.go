//go:build linux

package main

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// smallDisk is a folder with room for size bytes in all, and what fills and frees it.
func smallDisk(t *testing.T, size string) (dir string, fill, free func()) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("a small disk is mounted by root only")
	}
	dir = t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size+",mode=700"); err != nil {
		t.Skip("no small disk can be mounted here:", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	ballast := filepath.Join(dir, "ballast")
	fill = func() {
		t.Helper()
		f, err := os.OpenFile(ballast, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for err == nil {
			_, err = f.Write(make([]byte, 4096))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
	free = func() {
		t.Helper()
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
	}
	return dir, fill, free
}

// TestAFullDiskAcknowledgesNothingItCannotKeep fills the disk under a running hub and makes room again.
func TestAFullDiskAcknowledgesNothingItCannotKeep(t *testing.T) {
	disk, fill, free := smallDisk(t, "32m")
	data := filepath.Join(disk, "data")
	token := newToken(t, data)
	g := visit(t, data, token)
	c := g.dial("meter")
	if err := g.say(c, "hutong/td/meter", string(meter()), true); err != nil {
		t.Fatal(err)
	}
	const property = "/things/urn:test:meter/properties/n0"
	becomes(t, "things", func() int { return g.metric("hutong_things") }, is(1))

	var acked []int64
	next := int64(0)
	write := func() bool {
		next++
		if g.say(c, "meter/n0", strconv.FormatInt(next, 10), false) != nil {
			return false
		}
		acked = append(acked, next)
		return true
	}
	if !write() {
		t.Fatal("not even the first value is acknowledged")
	}
	fill()
	for tries := 0; write(); tries++ { // what is left of the last block
		if tries > 100_000 {
			t.Fatal("the disk is full and everything is acknowledged")
		}
	}
	for range 100 {
		if write() {
			t.Fatalf("value %d is acknowledged on a full disk", next)
		}
	}
	if g.say(c, "some/topic", "retained", true) == nil {
		t.Error("a retained message is acknowledged on a full disk")
	}
	if status, text := g.ask("GET", "/readyz", ""); status != http.StatusServiceUnavailable || !strings.Contains(text, "make room") {
		t.Errorf("readyz says %d %s", status, text)
	}
	if status, text := g.ask("GET", property, ""); status != http.StatusOK || strings.TrimSpace(text) != strconv.FormatInt(next, 10) {
		t.Errorf("live state stands still: %d %s, want %d", status, text, next)
	}
	free()
	becomes(t, "acknowledged with room", write, is(true))
	becomes(t, "ready with room", func() int { status, _ := g.ask("GET", "/readyz", ""); return status }, is(http.StatusOK))
	if err := g.say(c, "some/topic", "retained", true); err != nil {
		t.Error("with room a retained message is refused:", err)
	}
	g.kill()
	g = visit(t, data, token)
	kept := recorded(t, g.victim, token, "n0")
	for _, n := range acked {
		if kept[n] != 1 {
			t.Errorf("value %d was acknowledged and is there %d times", n, kept[n])
		}
	}
	t.Logf("%d values acknowledged, %d refused", len(acked), next-int64(len(acked)))
}

// TestAHubStartsAgainOnceADiskHasRoom starts hubs on a full disk, which is refused in plain words or works, and then
// with room.
func TestAHubStartsAgainOnceADiskHasRoom(t *testing.T) {
	disk, fill, free := smallDisk(t, "16m")
	data := filepath.Join(disk, "data")
	for _, step := range []string{"a new folder", "a folder of a hub that ended"} {
		fill()
		said := failed(t, "serve", "--data", data, "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0")
		if !strings.Contains(said, "no space left") && !strings.Contains(said, "has room") || strings.Contains(said, "backup") {
			t.Errorf("%s on a full disk: %s", step, said)
		}
		free()
		v := awaken(t, data)
		if err := v.cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		if err := v.cmd.Wait(); err != nil {
			t.Fatal(err)
		}
	}
}
