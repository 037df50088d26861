package registry

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func insert(id string, title any) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO things
			(id, td, title, place, binding, simulated, created, modified, revision) VALUES (?, x'', ?, '', '', 0, 0, 0, 1)`, id, title)
		return err
	}
}

func contents(t testing.TB, b *Blobs) map[string]string {
	t.Helper()
	all := make(map[string]string)
	if err := b.All(func(key string, value []byte) bool {
		all[key] = string(value)
		return true
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestBlobsAreWhatAMapWouldBe(t *testing.T) {
	r := open1(t)
	want, pos := make(map[string]string), uint64(0)
	key, value := rapid.StringMatching("[a-d]"), rapid.String()
	rapid.Check(t, func(rt *rapid.T) {
		rt.Repeat(map[string]func(*rapid.T){
			"put": func(rt *rapid.T) {
				k, v := key.Draw(rt, "key"), value.Draw(rt, "value")
				pos = r.Blobs().Put(k, []byte(v))
				want[k] = v
			},
			"delete": func(rt *rapid.T) {
				k := key.Draw(rt, "key")
				pos = r.Blobs().Delete(k)
				delete(want, k)
			},
		})
		if err := r.Blobs().Wait(pos); err != nil {
			rt.Fatal(err)
		}
		if got := contents(t, r.Blobs()); !maps.Equal(got, want) {
			rt.Fatalf("holds %q, want %q", got, want)
		}
	})
}

func TestWhatWasWaitedForSurvivesACrash(t *testing.T) {
	r := open1(t)
	put(t, r, "urn:a", "A", "", "")
	for i := range 10 {
		if err := r.Blobs().Wait(r.Blobs().Put(fmt.Sprint(i), []byte("v"))); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir() // gets what is on disk, while r goes on
		for _, end := range []string{"", "-wal"} {
			data, err := os.ReadFile(r.path + end)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "registry.db"+end), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		after, err := Open(filepath.Join(dir, "registry.db"))
		if err != nil {
			t.Fatal(err)
		}
		if n := len(contents(t, after.Blobs())); n != i+1 {
			t.Errorf("%d of %d blobs are left", n, i+1)
		}
		if _, ok, err := after.TD("urn:a"); !ok || err != nil {
			t.Errorf("the description: %v, %v", ok, err)
		}
		after.Close()
	}
}

func TestManyBlobWaitersAreServedTogether(t *testing.T) {
	r := open1(t)
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			for j := range 20 {
				if err := r.Blobs().Wait(r.Blobs().Put(fmt.Sprint(i), []byte(fmt.Sprint(j)))); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	for key, value := range contents(t, r.Blobs()) {
		if value != "19" {
			t.Errorf("%s is %s", key, value)
		}
	}
}

func TestABlobNobodyWaitsForIsWrittenSoon(t *testing.T) {
	r := open1(t)
	r.Blobs().Put("k", []byte("v"))
	for n := 0; n == 0; {
		if err := r.read.QueryRow("SELECT count(*) FROM blobs").Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
}

// fill makes the disk full, or gives it room again.
func fill(t *testing.T, r *Registry, full bool) {
	t.Helper()
	pages := 1 << 30
	if full {
		pages = 1 // SQLite makes that what there is
	}
	err := r.writer.run(func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", pages))
		return err
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
}

func TestAFullDiskRefusesAndLosesNothingItTook(t *testing.T) {
	r := open1(t)
	r.blobs.limit = 4 << 20
	before := r.Blobs().Put("before", []byte("v"))
	if err := r.Blobs().Wait(before); err != nil {
		t.Fatal(err)
	}
	fill(t, r, true)
	big := []byte(strings.Repeat("x", 1<<20))
	pos := r.Blobs().Put("big", big)
	if err := r.Blobs().Wait(pos); err == nil || !strings.Contains(err.Error(), "full") {
		t.Fatalf("wait on a full disk: %v", err)
	}
	if err := r.Records("setting").Put("s", big); err == nil {
		t.Error("a record was kept on a full disk")
	}
	if err := r.Blobs().Wait(before); err != nil {
		t.Errorf("what was kept before is refused: %v", err)
	}
	var last uint64
	for i := range 8 { // more than may wait
		last = r.Blobs().Put(fmt.Sprint(i), big)
	}
	if r.Blobs().Dropped() == 0 {
		t.Error("everything is held in memory")
	}
	fill(t, r, false)
	b := r.Blobs()
	b.mu.Lock()
	for b.err != nil { // it tries again by itself
		b.settled.Wait()
	}
	b.mu.Unlock()
	if err := r.Blobs().Wait(pos); err != nil {
		t.Errorf("the blob taken first is still refused: %v", err)
	}
	if err := r.Blobs().Wait(last); err == nil {
		t.Error("a dropped blob counts as kept")
	}
	if got := contents(t, r.Blobs()); len(got["big"]) != 1<<20 || got["before"] != "v" {
		t.Errorf("%d blobs are left", len(got))
	}
}
