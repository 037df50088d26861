package gate

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hutong/thing"
)

func TestAnEntryIsWrittenAsEncodingJSONWould(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z:#/ ]*`), rapid.SampledFrom([]string{"<&>", "\u2028", "\xff", "\"\\\n"}))
	rapid.Check(t, func(t *rapid.T) {
		e := Entry{
			N: rapid.Uint64().Draw(t, "n"), By: text.Draw(t, "by"), Op: text.Draw(t, "op"), Ref: text.Draw(t, "ref"), Command: text.Draw(t, "command"),
			Trace: text.Draw(t, "trace"), Detail: text.Draw(t, "detail"), Reason: text.Draw(t, "reason"), Prev: text.Draw(t, "prev"),
			Time:    time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC(),
			Allowed: rapid.Bool().Draw(t, "allowed"), Missed: rapid.Uint64Range(0, 2).Draw(t, "missed"),
		}
		if rapid.Bool().Draw(t, "input") {
			e.Input = json.RawMessage(`{"a":[1,"b"]}`)
		}
		want, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.appendJSON(nil); string(got) != string(want) {
			t.Errorf("%s\nwant %s", got, want)
		}
	})
}

// clerk is a Doer that is prompt for all but the pump and notes what it was given.
type clerk struct {
	Doer
	audit *Audit
	seen  []thing.Command
	heads []uint64 // entries in the log when each was carried out
}

func (c *clerk) Ready(cmd *thing.Command) bool { return cmd.ID != "slow" }

func (c *clerk) Now(cmds []thing.Command, outs []thing.Outcome) {
	for i := range cmds {
		n, _ := c.audit.Head()
		c.seen, c.heads = append(c.seen, cmds[i]), append(c.heads, n)
		outs[i] = thing.Outcome{Command: cmds[i], Status: thing.Completed}
	}
}

func TestManyCommandsAreWrittenDownBeforeTheFirstIsCarriedOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	a, _, err := OpenAudit(path)
	if err != nil {
		t.Fatal(err)
	}
	next := &clerk{audit: a}
	g := New(Options{Next: next, Things: quarter, Audit: a, Now: func() time.Time { return noon }})
	lamp := func(id, by string) thing.Command {
		c := write("urn:lamp", "on", by)
		c.ID = id
		return c
	}
	cmds := []thing.Command{lamp("a", "rule:x"), lamp("b", "nobody"), lamp("c", "rule:x"), lamp("slow", "rule:x"), lamp("d", "rule:x")}
	outs := make([]thing.Outcome, len(cmds))
	g.Prompt(cmds, outs)
	want := []thing.Status{thing.Completed, thing.Failed, thing.Completed, "", ""} // d must not overtake the slow one
	for i, o := range outs {
		if o.Status != want[i] || o.Status != "" && o.Command.ID != cmds[i].ID {
			t.Errorf("%s: %+v", cmds[i].ID, o)
		}
	}
	if len(next.seen) != 2 || next.seen[0].ID != "a" || next.seen[1].ID != "c" || next.heads[0] != 3 || next.heads[1] != 3 {
		t.Errorf("%+v %v", next.seen, next.heads)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if c, err := VerifyLog(path); err != nil || c.Entries != 3 {
		t.Errorf("%+v, %v", c, err)
	}
}
