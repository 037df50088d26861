package engine

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"hutong/thing"
)

func TestATraceIsReadBackAsItWas(t *testing.T) {
	word := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z:#/ ]*`), rapid.SampledFrom([]string{"<&>", "\u2028", "\"\\\n"}))
	val := rapid.Custom(func(t *rapid.T) thing.Value {
		switch rapid.IntRange(0, 4).Draw(t, "type") {
		case 0:
			return thing.Int(rapid.Int64().Draw(t, "int"))
		case 1:
			return thing.Float(rapid.Float64().Draw(t, "float"))
		case 2:
			return thing.String(word.Draw(t, "text"))
		case 3:
			return thing.Document(`{"a":[1,"b"]}`)
		}
		return thing.Bool(rapid.Bool().Draw(t, "bool"))
	})
	looked := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Seen {
		return Seen{word.Draw(t, "point"), val.Draw(t, "value"), rapid.Bool().Draw(t, "known"), thing.Time(rapid.Int64().Draw(t, "since"))}
	}), 0, 3)
	rapid.Check(t, func(t *rapid.T) {
		text := func(name string) string { return word.Draw(t, name) }
		when := func(name string) thing.Time { return thing.Time(rapid.Int64().Draw(t, name)) }
		v := val.Draw(t, "value")
		want := Trace{
			ID: text("id"), Rule: text("rule"), Scene: text("scene"), Version: text("version"), Began: when("began"), Ended: when("ended"),
			Result: Result(text("result")), Reason: text("reason"), More: rapid.Int().Draw(t, "more"), Alike: rapid.Int().Draw(t, "alike"),
			Trigger: Trigger{
				Name: text("name"), Kind: text("kind"), Point: text("point"), Ref: text("ref"), Seq: rapid.Uint64().Draw(t, "seq"), Value: &v,
				By: text("by"), Cause: text("cause"), Hops: rapid.Uint8().Draw(t, "hops"),
			},
		}
		if rapid.Bool().Draw(t, "guarded") {
			want.Guard = &Guard{text("source"), text("answer"), looked.Draw(t, "seen"), text("error")}
			want.Trigger.Before = &v
		}
		for range rapid.IntRange(0, 3).Draw(t, "steps") {
			want.Steps = append(want.Steps, Step{
				text("path"), text("kind"), when("began"), when("ended"), text("command"), text("ref"), &v, text("text"),
				thing.Status(text("status")), text("answer"), text("error"), looked.Draw(t, "seen"),
			})
		}
		var got, std Trace
		if err := json.Unmarshal(want.AppendJSON(nil), &got); err != nil {
			t.Fatalf("%v: %s", err, want.AppendJSON(nil))
		}
		plain, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(plain, &std); err != nil { // invalid UTF-8 is mended by both
			t.Fatal(err)
		}
		if d := cmp.Diff(std, got, cmpopts.EquateEmpty(), cmp.AllowUnexported(thing.Value{})); d != "" {
			t.Error(d)
		}
	})
}
