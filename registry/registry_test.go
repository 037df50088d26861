package registry

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hutong/thing"
)

func open1(t testing.TB) *Registry {
	t.Helper()
	r, err := Open(filepath.Join(t.TempDir(), "registry.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// reopen closes r and opens its file again.
func reopen(t *testing.T, r *Registry) *Registry {
	t.Helper()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	next, err := Open(r.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = next.Close() })
	return next
}

func put(t testing.TB, r *Registry, id, title, place, more string) {
	t.Helper()
	x := &thing.Thing{ID: thing.ID(id), Title: title, Binding: "mqtt"}
	if p := thing.ParsePlace(place); len(p) > 0 {
		x.Place = p[len(p)-1].ID
	}
	if err := r.PutTD(x, fmt.Appendf(nil, `{"id":%q,"title":%q,"hutong:place":%q%s}`, id, title, place, more)); err != nil {
		t.Fatal(err)
	}
}

func TestADescriptionIsKeptAsItWasAnnounced(t *testing.T) {
	r := open1(t)
	put(t, r, "urn:a", "Lamp", "Home / Living Room", "")
	put(t, r, "urn:a", "Light", "Home / Kitchen", `,"x":  [1,2]`)
	r = reopen(t, r)
	e, ok, err := r.Entry("urn:a")
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if want := `{"id":"urn:a","title":"Light","hutong:place":"Home / Kitchen","x":  [1,2]}`; string(e.Text) != want {
		t.Errorf("text is %s", e.Text)
	}
	if e.Revision != 2 || e.Title != "Light" || e.Place != "home/kitchen" || e.Binding != "mqtt" || !e.Modified.After(e.Created) {
		t.Errorf("entry is %+v", e)
	}
	if _, ok, err := r.TD("urn:b"); ok || err != nil {
		t.Errorf("a Thing that is not there: %v, %v", ok, err)
	}
	if err := r.DeleteTD("urn:a"); err != nil {
		t.Fatal(err)
	}
	if n, err := r.Count(); n != 0 || err != nil {
		t.Errorf("%d left, %v", n, err)
	}
}

func TestThingsComeInPagesById(t *testing.T) {
	r := open1(t)
	for i := range 25 {
		put(t, r, fmt.Sprintf("urn:%02d", 24-i), "T", "", "")
	}
	list, err := r.TDs(10, 3)
	if err != nil || len(list) != 3 || list[0].ID != "urn:10" || list[2].ID != "urn:12" {
		t.Errorf("page %+v, %v", list, err)
	}
	n := 0
	stop := fmt.Errorf("enough")
	err = r.EachTD(func(string, []byte, error) error {
		if n++; n == 7 {
			return stop
		}
		return nil
	})
	if err != stop || n != 7 {
		t.Errorf("EachTD went on to %d: %v", n, err)
	}
}

func TestADamagedDescriptionIsToldAndTheOthersAreRead(t *testing.T) {
	r := open1(t)
	for _, id := range []string{"urn:a", "urn:b", "urn:c"} {
		put(t, r, id, "T", "", "")
	}
	if _, err := r.write.Exec("UPDATE things SET td = x'00112233' WHERE id = 'urn:b'"); err != nil {
		t.Fatal(err)
	}
	var good, bad int
	if err := r.EachTD(func(_ string, text []byte, err error) error {
		switch {
		case err == nil && strings.Contains(string(text), "urn:"):
			good++
		case err != nil && strings.Contains(err.Error(), "urn:b"):
			bad++
		}
		return nil
	}); err != nil || good != 2 || bad != 1 {
		t.Errorf("%d good, %d bad, %v", good, bad, err)
	}
}

func TestSearchFindsWordsWhereverTheyAre(t *testing.T) {
	r := open1(t)
	put(t, r, "urn:lamp", "Reading Lamp", "Home / Living Room", `,"@type":["Light"],"titles":{"zh":"阅读灯"}`)
	put(t, r, "urn:lamp2", "Desk LAMP", "Park / Büro 2", "")
	put(t, r, "urn:pump", `Pump "A"`, "Clinic", `,"description":"infusion, 50% duty","@type":"Pump"`)
	f := func(query string, want ...thing.ID) {
		t.Helper()
		ids, err := r.Search(query)
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Collect(ids); !slices.Equal(got, want) {
			t.Errorf("search %q: %v; want %v", query, got, want)
		}
	}
	f("lamp", "urn:lamp", "urn:lamp2")
	f("LAMP living", "urn:lamp")
	f("büro", "urn:lamp2")
	f("BÜRO", "urn:lamp2")
	f("灯", "urn:lamp")
	f("2 la", "urn:lamp2")
	f(`"a"`, "urn:pump")
	f("50%", "urn:pump")
	f("light", "urn:lamp")
	f("nothing")
	f("lamp AND NOT pump")
	f(`" OR text:*`)
	f("\xff\x00\x01 NEAR(a b)")
	f("", "urn:lamp", "urn:lamp2", "urn:pump")
	put(t, r, "urn:lamp", "Torch", "", "")
	f("reading")
	f("torch", "urn:lamp")
	if err := r.DeleteTD("urn:lamp"); err != nil {
		t.Fatal(err)
	}
	f("torch")
	r = reopen(t, r)
	f("lamp", "urn:lamp2")
	f("torch")
}

func TestPlacesKeepTheirFirstTitleWhileInUse(t *testing.T) {
	r := open1(t)
	put(t, r, "urn:a", "A", "Home / Living Room", "")
	put(t, r, "urn:b", "B", "home / LIVING ROOM / Shelf", "")
	f := func(want ...thing.Place) {
		t.Helper()
		got, err := r.Places()
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Errorf("places (-want +got) %s %v", d, err)
		}
	}
	home, room, shelf := thing.Place{ID: "home", Title: "Home"}, thing.Place{ID: "home/living-room", Title: "Living Room"},
		thing.Place{ID: "home/living-room/shelf", Title: "Shelf"}
	f(home, room, shelf)
	if err := r.DeleteTD("urn:b"); err != nil {
		t.Fatal(err)
	}
	f(home, room)
	r = reopen(t, r)
	f(home, room)
	if err := r.DeleteTD("urn:a"); err != nil {
		t.Fatal(err)
	}
	f()
}

func TestRecordsOfAKind(t *testing.T) {
	r := open1(t)
	tokens, users := r.Records(Tokens), r.Records("user")
	for _, err := range []error{
		tokens.Put("ann", []byte(`{"role":"admin"}`)), tokens.Put("ann", []byte(`{"role":"user"}`)),
		tokens.Put("bob", nil), users.Put("ann", []byte("x")), users.Delete("ann"), users.Delete("ann"),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	all, err := tokens.All()
	if err != nil || len(all) != 2 || string(all["ann"]) != `{"role":"user"}` {
		t.Errorf("tokens %q, %v", all, err)
	}
	if got, ok, err := tokens.Get("ann"); !ok || err != nil || string(got) != `{"role":"user"}` {
		t.Errorf("ann is %q, %v, %v", got, ok, err)
	}
	if _, ok, err := users.Get("ann"); ok || err != nil {
		t.Errorf("a deleted user: %v, %v", ok, err)
	}
}

func TestManyWritersShareTransactions(t *testing.T) {
	r := open1(t)
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			for j := range 4 {
				put(t, r, fmt.Sprintf("urn:%d-%d", i, j), "T", "", "")
			}
		})
	}
	all.Wait()
	if n, err := r.Count(); n != 200 || err != nil {
		t.Errorf("%d things, %v", n, err)
	}
	if err := r.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestOneBadWriteDoesNotFailItsNeighbours(t *testing.T) {
	r := open1(t)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			id := fmt.Sprintf("urn:%d", i)
			title := any("T")
			if i == 7 {
				title = nil // NOT NULL refuses it
			}
			err := r.writer.run(insert(id, title), nil)
			if (err != nil) != (i == 7) {
				t.Errorf("write %d: %v", i, err)
			}
		})
	}
	all.Wait()
	if n, _ := r.Count(); n != 19 {
		t.Errorf("%d things", n)
	}
}

func TestABackupIsWholeAndOverwritesNothing(t *testing.T) {
	r := open1(t)
	put(t, r, "urn:a", "A", "", "")
	r.Blobs().Put("k", []byte("v"))
	if err := r.Blobs().Wait(1); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := r.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if err := r.Backup(t.Context(), path); err == nil || !strings.Contains(err.Error(), "there already") {
		t.Errorf("a second backup to one file: %v", err)
	}
	c, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, ok, err := c.TD("urn:a"); !ok || err != nil {
		t.Errorf("the copy has it: %v, %v", ok, err)
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", st.Mode(), err)
	}
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*.part"))
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestStoresThatAreNotOursAreRefused(t *testing.T) {
	f := func(name string, make func(path string), want string) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "registry.db")
		make(path)
		before, _ := os.ReadFile(path)
		r, err := Open(path)
		if err == nil {
			r.Close()
			t.Errorf("%s was opened", name)
		} else if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v; want %q", name, err, want)
		}
		if after, _ := os.ReadFile(path); string(after) != string(before) {
			t.Errorf("%s was changed", name)
		}
	}
	exec := func(query string) func(string) {
		return func(path string) {
			db, err := sql.Open("sqlite", path)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.Exec(query); err != nil {
				t.Fatal(err)
			}
		}
	}
	f("a newer store", func(path string) {
		r, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		exec("PRAGMA user_version = 99")(path)
	}, "its format is 99")
	f("another program's file", exec("PRAGMA journal_mode=WAL; CREATE TABLE x (y)"), "another program")
	f("a file that is no database", func(path string) {
		if err := os.WriteFile(path, []byte(strings.Repeat("hello ", 1000)), 0o600); err != nil {
			t.Fatal(err)
		}
	}, "backup")
	f("a file that SQLite cannot write beside", func(path string) {
		r, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		if err := os.Mkdir(path+"-wal", 0o700); err != nil {
			t.Fatal(err)
		}
	}, "see that its disk has room")
}

func TestAnOlderStoreIsCopiedAndBroughtUpToDate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "registry.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(fmt.Sprintf("CREATE TABLE old (x); PRAGMA application_id = %d", appID)); err != nil {
		t.Fatal(err)
	}
	db.Close()
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	m := r.Migrated()
	if m.From != 0 || m.To != len(steps) || m.Backup == "" {
		t.Fatalf("migrated %+v", m)
	}
	copied, err := sql.Open("sqlite", m.Backup)
	if err != nil {
		t.Fatal(err)
	}
	defer copied.Close()
	if _, err := copied.Exec("SELECT x FROM old"); err != nil {
		t.Errorf("the copy does not hold what there was: %v", err)
	}
}

func TestWhatFormat1FoundIsFoundAfterwards(t *testing.T) {
	path := filepath.Join(t.TempDir(), "registry.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(steps[0] + fmt.Sprintf(`; PRAGMA application_id = %d; PRAGMA user_version = 1;
		INSERT INTO things VALUES (7, 'urn:lamp', x'', 'Lamp', '', 'mqtt', 0, 1, 1, 1);
		INSERT INTO words (rowid, text) VALUES (7, 'lamp' || char(10) || 'urn:lamp')`, appID)); err != nil {
		t.Fatal(err)
	}
	db.Close()
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	put(t, r, "urn:b", "Lamp 2", "", "")
	ids, err := r.Search("LAM")
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.Collect(ids); !slices.Equal(got, []thing.ID{"urn:b", "urn:lamp"}) {
		t.Errorf("found %v", got)
	}
}

func TestAfterCloseNothingIsWritten(t *testing.T) {
	r := open1(t)
	pos := r.Blobs().Put("k", []byte("v"))
	r2 := reopen(t, r)
	if err := r.Blobs().Wait(pos); err != nil {
		t.Errorf("Close did not write what was pending: %v", err)
	}
	if err := r.Blobs().Wait(r.Blobs().Put("l", nil)); err == nil {
		t.Error("a blob was kept after Close")
	}
	if err := r.Records(Tokens).Put("a", nil); err == nil {
		t.Error("a record was kept after Close")
	}
	n := 0
	if err := r2.Blobs().All(func(key string, value []byte) bool { n++; return key == "k" && string(value) == "v" }); err != nil || n != 1 {
		t.Errorf("%d blobs, %v", n, err)
	}
}

func BenchmarkPutTD(b *testing.B) {
	r := open1(b)
	text := `,"x":"` + strings.Repeat("a description of two kilobytes ", 64) + `"`
	for i := 0; b.Loop(); i++ {
		put(b, r, fmt.Sprintf("urn:%d", i%1000), "T", "Home", text)
	}
}
