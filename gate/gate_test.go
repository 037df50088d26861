package gate

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hutong/thing"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func at(t time.Time) func() time.Time { return func() time.Time { return t } }

type things map[thing.ID]*thing.Thing

func (m things) Thing(id thing.ID) (*thing.Thing, bool) { x, ok := m[id]; return x, ok }

type memory map[string][]byte

func (m memory) Put(key string, record []byte) error { m[key] = record; return nil }
func (m memory) Delete(key string) error             { delete(m, key); return nil }
func (m memory) All() (map[string][]byte, error)     { return m, nil }

type doer func(thing.Command) thing.Outcome

func (d doer) Do(_ context.Context, cmd thing.Command) thing.Outcome { return d(cmd) }

func done(cmd thing.Command) thing.Outcome {
	return thing.Outcome{Command: cmd, Status: thing.Completed}
}

var quarter = things{
	"urn:lamp": {
		ID: "urn:lamp", Title: "Lamp", Place: "home/living-room",
		Points:  []thing.Point{{Name: "on", Type: thing.Boolean}, {Name: "power", ReadOnly: true}, {Name: "pin", WriteOnly: true}},
		Actions: []thing.Point{{Kind: thing.Action, Name: "fade"}},
	},
	"urn:pump":     {ID: "urn:pump", Title: "Pump", Place: "clinic/room-1", Points: []thing.Point{{Name: "rate"}}},
	"urn:clinical": {ID: "urn:clinical", Title: "Not of the clinic", Place: "clinical", Points: []thing.Point{{Name: "on"}}},
	"urn:desk":     {ID: "urn:desk", Title: "Desk", Place: "visit/desk", Points: []thing.Point{{Name: "light"}}},
}

func write(id, name, by string) thing.Command {
	return thing.Command{ID: "c1", Ref: thing.Ref{Thing: thing.ID(id), Name: name}, Input: thing.Bool(true), By: by}
}

// locked is a hub with one token for each role, and what they are called.
func locked(t *testing.T, grants ...Grant) *Gate {
	t.Helper()
	tokens := NewTokens(memory{})
	for _, r := range []Role{Admin, User, Guest} {
		if _, err := tokens.Create(string(r), r, grants, noon, time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	return New(Options{Next: doer(done), Things: quarter, Tokens: tokens, Now: at(noon)})
}

func TestWhoMayWriteWhere(t *testing.T) {
	clinicGrant := Grant{Place: "clinic/room-1", Ops: Write}
	f := func(by, id, name string, want bool, grants ...Grant) {
		t.Helper()
		v := locked(t, grants...).Judge(write(id, name, by))
		if v.Allowed != want || v.Reason == "" {
			t.Errorf("%s writes %s of %s: %+v", by, name, id, v)
		}
	}
	f("token:admin", "urn:lamp", "on", true)
	f("token:user", "urn:lamp", "on", true)
	f("token:guest", "urn:lamp", "on", false)
	f("rule:night", "urn:lamp", "on", true)
	f("system", "urn:lamp", "on", true)
	f("", "urn:lamp", "on", false)
	f("user:demo", "urn:lamp", "on", false) // the hub is not open
	f("token:nobody", "urn:lamp", "on", false)

	f("token:admin", "urn:lamp", "power", false) // read-only
	f("token:admin", "urn:lamp", "none", false)
	f("token:admin", "urn:none", "on", false)

	for _, by := range []string{"token:admin", "token:user", "rule:night", "system"} {
		f(by, "urn:pump", "rate", false)
		f(by, "urn:clinical", "on", true)
	}
	f("token:user", "urn:pump", "rate", true, clinicGrant)
	f("token:guest", "urn:pump", "rate", true, Grant{Thing: "urn:pump", Ops: Write})
	f("rule:night", "urn:pump", "rate", false, clinicGrant)
	f("token:admin", "urn:pump", "rate", false, Grant{Ops: Read | Write | Invoke | Administer}) // does not name the clinic
	f("token:guest", "urn:lamp", "on", true, Grant{Place: "home", Ops: Read | Write})
	f("token:guest", "urn:lamp", "on", false, Grant{Place: "home", Ops: Read})
	f("token:guest", "urn:lamp", "on", false, Grant{Place: "home/living", Ops: Write})
	f("token:guest", "urn:lamp", "on", false, Grant{Place: "home", Ops: Write, Until: thing.At(noon)})
	f("token:guest", "urn:lamp", "on", true, Grant{Place: "home", Ops: Write, Until: thing.At(noon) + 1})
}

func TestWhoMayReadAndAdminister(t *testing.T) {
	g := locked(t)
	f := func(by string, op Op, id thing.ID, want bool) {
		t.Helper()
		if v := g.May(by, op, quarter[id]); v.Allowed != want || v.Reason == "" {
			t.Errorf("%s %s %q: %+v", by, op, id, v)
		}
	}
	f("token:user", Read, "urn:pump", true)
	f("token:user", Read, "", true)
	f("token:user", Administer, "", false)
	f("token:admin", Administer, "", true)
	f("token:guest", Read, "urn:desk", true) // what a guest without grants gets
	f("token:guest", Read, "urn:lamp", false)
	f("token:guest", Read, "", false)
	f("rule:x", Administer, "", false)
}

func TestOnAnOpenHubEverybodyIsTheDemoAdmin(t *testing.T) {
	g := New(Options{Next: doer(done), Things: quarter, Open: true})
	for _, token := range []string{"", "htg_wrong"} {
		if who, err := g.Identify(token); err != nil || who.By != Demo || who.Role != Admin {
			t.Errorf("token %q: %+v, %v", token, who, err)
		}
	}
	if out := g.Do(t.Context(), write("urn:lamp", "on", Demo)); out.Status != thing.Completed {
		t.Error(out)
	}
	if v := g.Judge(write("urn:pump", "rate", Demo)); v.Allowed {
		t.Error("the clinic of the demo can be written")
	}
}

func TestARefusedCommandNeverReachesTheNext(t *testing.T) {
	g := locked(t)
	g.Next = doer(func(thing.Command) thing.Outcome { t.Fatal("it was passed on"); return thing.Outcome{} })
	out := g.Do(t.Context(), write("urn:pump", "rate", "token:user"))
	if out.Status != thing.Failed || !strings.Contains(out.Error, "read-only without a grant") || out.Asked == 0 {
		t.Error(out)
	}
}

func TestALateCommandIsRefused(t *testing.T) {
	cmd := write("urn:lamp", "on", "rule:x")
	cmd.Deadline = thing.At(noon) - 1
	if v := locked(t).Judge(cmd); v.Allowed {
		t.Error(v)
	}
}

func TestTokens(t *testing.T) {
	store := memory{}
	tokens := NewTokens(store)
	secret, err := tokens.Create("ann", User, nil, noon, noon.Add(time.Hour))
	if err != nil || !strings.HasPrefix(secret, "htg_") || len(secret) != len("htg_")+43 {
		t.Fatalf("%q, %v", secret, err)
	}
	if strings.Contains(string(store["ann"]), secret[4:]) {
		t.Error("the secret is kept in the store")
	}
	other := NewTokens(store) // as another process sees it
	if got, err := other.Verify(secret, noon.Add(time.Minute)); err != nil || got.Name != "ann" || got.Used != thing.At(noon.Add(time.Minute)) {
		t.Errorf("%+v, %v", got, err)
	}
	refused := func(secret string, now time.Time, want error) {
		t.Helper()
		if _, err := other.Verify(secret, now); !errors.Is(err, want) {
			t.Errorf("%.8s: %v, want %v", secret, err, want)
		}
	}
	refused(secret, noon.Add(time.Hour), errExpired)
	refused("", noon, errNoToken)
	refused(secret[:len(secret)-1]+"_", noon, errUnknown)
	refused(strings.Repeat("htg_", 1000), noon, errUnknown)

	if _, err := tokens.Create("ann", User, nil, noon, time.Time{}); err == nil {
		t.Error("a name was given twice")
	}
	if err := tokens.Revoke("ann"); err != nil {
		t.Error(err)
	}
	if _, err := tokens.Verify(secret, noon); !errors.Is(err, errUnknown) {
		t.Errorf("revoked here: %v", err)
	}
	refused(secret, noon.Add(time.Minute+3*time.Second), errUnknown) // revoked elsewhere: seen within 2 s
}

func TestCreateRefusesWhatMakesNoToken(t *testing.T) {
	f := func(name string, role Role, expires time.Time) {
		t.Helper()
		if _, err := NewTokens(memory{}).Create(name, role, nil, noon, expires); err == nil {
			t.Errorf("%q %q %v was taken", name, role, expires)
		}
	}
	f("", User, time.Time{})
	f("a/b", User, time.Time{})
	f("a\nb", User, time.Time{})
	f(strings.Repeat("a", 65), User, time.Time{})
	f("ann", "root", time.Time{})
	f("ann", User, noon)
}

func TestDevicesShowTheNameAndTheSecretOfAToken(t *testing.T) {
	g := locked(t)
	secret, err := g.Tokens.Create("porch", User, nil, noon, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	guest, err := g.Tokens.Create("visitor", Guest, nil, noon, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	inspector, err := g.Tokens.Create("inspector", Regulator, nil, noon, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if who, err := g.Device("porch", secret); err != nil || who.By != "token:porch" {
		t.Error(who, err)
	}
	for user, password := range map[string]string{"Porch": secret, "": secret, "porch": "", "visitor": guest, "inspector": inspector} {
		if _, err := g.Device(user, password); err == nil {
			t.Errorf("%q may connect", user)
		}
	}
}

func TestParseGrant(t *testing.T) {
	f := func(s string, want Grant) {
		t.Helper()
		if got, err := ParseGrant(s); err != nil || got != want {
			t.Errorf("%q: %+v, %v", s, got, err)
		}
	}
	f("visit/desk=read+invoke", Grant{Place: "visit/desk", Ops: Read | Invoke})
	f("Home / Living Room=write", Grant{Place: "home/living-room", Ops: Write})
	f("=read", Grant{Ops: Read})
	f("urn:a=b=read@2026-11-23T12:00:00Z", Grant{Thing: "urn:a=b", Ops: Read, Until: thing.At(noon)})
	for _, bad := range []string{"", "home", "home=", "home=fly", "home=read@noon"} {
		if g, err := ParseGrant(bad); err == nil {
			t.Errorf("%q was taken as %+v", bad, g)
		}
	}
}

func audited(t *testing.T, n int) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "audit.log")
	a, _, err := OpenAudit(path)
	if err != nil {
		t.Fatal(err)
	}
	g := locked(t)
	g.Audit = a
	for range n {
		g.Do(t.Context(), write("urn:lamp", "on", "token:user"))
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheAuditLogHoldsVerdictsAndContinues(t *testing.T) {
	path := audited(t, 2)
	a, repair, err := OpenAudit(path)
	if err != nil || repair != "" {
		t.Fatal(repair, err)
	}
	g := locked(t)
	g.Audit = a
	g.Do(t.Context(), write("urn:pump", "rate", "token:user"))
	g.Do(t.Context(), write("urn:lamp", "pin", "token:user"))
	if err := errors.Join(g.Record("token:admin", "rule put", "night-light"), a.Close()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Verify(strings.NewReader(string(data)))
	if n, head := a.Head(); err != nil || c.Entries != 5 || c.Entries != n || c.Head != head {
		t.Fatalf("%+v, %v", c, err)
	}
	lines := strings.Split(string(data), "\n")
	if !strings.Contains(lines[0], `"input":true`) || !strings.Contains(lines[2], `"allowed":false`) || strings.Contains(lines[3], "input") {
		t.Errorf("%s", data)
	}
}

func TestEveryChangeToTheAuditLogIsSeen(t *testing.T) {
	path := audited(t, 4)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(whole), "\n")
	f := func(what, line string, parts ...string) {
		t.Helper()
		if _, err := Verify(strings.NewReader(strings.Join(parts, ""))); err == nil || !strings.HasPrefix(err.Error(), "line "+line+":") {
			t.Errorf("%s: %v", what, err)
		}
	}
	f("changed", "2", lines[0], strings.Replace(lines[1], "token:user", "token:eve_", 1), lines[2])
	f("removed", "2", lines[0], lines[2], lines[3])
	f("swapped", "1", lines[1], lines[0])
	f("repeated", "2", lines[0], lines[0])
	f("blank", "2", lines[0], "\n", lines[1])
	for i := range len(lines[0]) - 1 { // every byte of a line counts
		b := []byte(lines[0])
		b[i] ^= 1
		if _, err := Verify(strings.NewReader(string(b))); err == nil {
			t.Fatalf("byte %d of a line can be changed unseen", i)
		}
	}
}

func TestATornLastLineIsCutOff(t *testing.T) {
	path := audited(t, 2)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"n":3,"time":"2026`); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	a, repair, err := OpenAudit(path)
	if err != nil || repair == "" {
		t.Fatal(repair, err)
	}
	if err := errors.Join(a.Append(Entry{Time: noon, By: "x"}), a.Close()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := Verify(strings.NewReader(string(data))); err != nil || c.Entries != 3 || c.Torn {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestABrokenLogIsSetAsideAndGoesOnAfterWhatHolds(t *testing.T) {
	for name, harm := range map[string]func([]byte) []byte{
		"a changed byte": func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"foreign bytes":  func(b []byte) []byte { return append(b, "\x00\x00\nrubbish\n"...) },
		"an endless end": func(b []byte) []byte { return append(b, strings.Repeat("x", 1<<20)...) },
		"all is foreign": func([]byte) []byte { return []byte("{}\n") },
	} {
		path := audited(t, 3)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		harmed := harm(bytes.Clone(whole))
		if err := os.WriteFile(path, harmed, 0o600); err != nil {
			t.Fatal(err)
		}
		for again := range 2 { // the second time all is well
			a, repair, err := OpenAudit(path)
			if err != nil || (repair == "") != (again == 1) {
				t.Fatal(name, repair, err)
			}
			if err := errors.Join(a.Append(Entry{Time: noon, By: "x"}), a.Close()); err != nil {
				t.Fatal(err)
			}
		}
		now, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		kept := 0
		for kept < len(whole) && kept < len(harmed) && whole[kept] == harmed[kept] {
			kept++
		}
		kept = bytes.LastIndexByte(whole[:kept], '\n') + 1
		if !bytes.HasPrefix(now, whole[:kept]) || !strings.Contains(string(now), "set aside as") {
			t.Errorf("%s: the log is now %s", name, now)
		}
		if c, err := VerifyLog(path); err != nil || int(c.Entries) != bytes.Count(now, []byte("\n")) {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
		aside, err := filepath.Glob(path + BrokenMark + "*")
		if err != nil || len(aside) != 1 {
			t.Fatalf("%s: set aside are %v, %v", name, aside, err)
		}
		if data, err := os.ReadFile(aside[0]); err != nil || !bytes.Equal(data, harmed) {
			t.Errorf("%s: what was set aside is not what was there: %v", name, err)
		}
	}
}

func TestTheLogIsSetAsideInVolumesAndStaysOneChain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	var a *Audit
	reopen := func() {
		t.Helper()
		var err error
		if a != nil {
			err = a.Close()
		}
		if err == nil {
			a, _, err = OpenAudit(path)
		}
		if err != nil {
			t.Fatal(err)
		}
		a.limit = 64 << 10
	}
	reopen()
	big := Entry{Time: noon, By: "x", Detail: strings.Repeat("a", maxEntry-1000)}
	for i := range 20 {
		if err := a.Append(big); err != nil {
			t.Fatal(err)
		}
		if i%3 == 0 {
			reopen()
		}
	}
	n, head := a.Head()
	reopen()
	if c, err := VerifyLog(path); err != nil || c.First != 1 || c.Entries != n || c.Head != head || c.Size > 2*64<<10 {
		t.Fatalf("%+v, %v", c, err)
	}
	files, err := volumes(path)
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	middle, err := os.ReadFile(files[1])
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(a.Close(), os.Remove(files[0])); err != nil {
		t.Fatal(err)
	}
	if c, err := VerifyLog(path); err != nil || c.First == 1 || c.Head != head {
		t.Errorf("the oldest volume moved away: %+v, %v", c, err)
	}
	middle[len(middle)/2] ^= 1
	if err := os.WriteFile(files[1], middle, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := VerifyLog(path); err == nil || !strings.Contains(err.Error(), files[1]) {
		t.Errorf("a volume was changed: %v", err)
	}
}

func TestWhenTheLogCannotBeWrittenOnlyTheClinicStops(t *testing.T) {
	a, _, err := OpenAudit(filepath.Join(t.TempDir(), "audit.log"))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil { // every write fails from now on, as on a full disk
		t.Fatal(err)
	}
	g := locked(t, Grant{Place: "clinic", Ops: Write})
	g.Audit = a
	if out := g.Do(t.Context(), write("urn:lamp", "on", "token:user")); out.Status != thing.Completed {
		t.Error(out)
	}
	if out := g.Do(t.Context(), write("urn:pump", "rate", "token:user")); out.Status != thing.Failed || !strings.Contains(out.Error, "written down") {
		t.Error(out)
	}
	if g.Missed() != 2 {
		t.Errorf("missed %d", g.Missed())
	}
}

func TestAFloodOfRefusalsIsCountedNotWritten(t *testing.T) {
	a, _, err := OpenAudit(filepath.Join(t.TempDir(), "audit.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	g := locked(t)
	g.Audit = a
	for range 1000 {
		g.Do(t.Context(), write("urn:lamp", "on", "token:eve"))
	}
	if n, _ := a.Head(); n != 200 || g.Missed() != 800 {
		t.Errorf("%d written, %d missed", n, g.Missed())
	}
}

func FuzzVerify(f *testing.F) {
	line, _ := seal([]byte(`{"n":1,"time":"2026-11-23T12:00:00Z","by":"x","op":"write","allowed":true,"prev":"`+strings.Repeat("0", 64)+`"}`), 0)
	f.Add(line)
	f.Add([]byte("{}\n"))
	f.Add([]byte(strings.Repeat("{", 20000)))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Verify(strings.NewReader(string(data)))
		if c.Size > int64(len(data)) || err == nil && !c.Torn && c.Size != int64(len(data)) {
			t.Errorf("%+v, %v", c, err)
		}
	})
}

func TestWhoSupervisesReadsEverythingAndDoesNothing(t *testing.T) {
	who := Identity{By: "token:inspector", Role: Regulator}
	for _, x := range []*thing.Thing{nil, quarter["urn:lamp"], quarter["urn:pump"]} {
		for _, op := range []Op{Read, Write, Invoke, Administer} {
			if v := who.may(op, x, thing.At(noon)); v.Allowed != (op == Read) {
				t.Errorf("%s %v: %+v", op, x, v)
			}
		}
	}
	if r, err := ParseRole("regulator"); r != Regulator || err != nil {
		t.Error(r, err)
	}
}
