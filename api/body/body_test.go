package body

import (
	"encoding/json"
	"strings"
	"testing"

	"hutong/thing"
)

func TestCheckTakesOneValueAndNothingElse(t *testing.T) {
	for _, good := range []string{"1", " true\n", `{"a":{"a":[1,{"b":null}]}}`, `"[[[["`, `"\\\"[["`, strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth)} {
		if err := Check([]byte(good)); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	f := func(bad, why string) {
		t.Helper()
		if err := Check([]byte(bad)); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%.40s: %v, want %s", bad, err, why)
		}
	}
	f("", "ends too early")
	f("{", "ends too early")
	f("1 2", "more than one value")
	f(`{"a":1,"a":2}`, `"a" is there twice`)
	f(`[{"b":{"a":1,"\u0061":2}}]`, `"a" is there twice`)
	f("\"\xff\"", "not UTF-8")
	f(strings.Repeat("[", MaxDepth+1)+strings.Repeat("]", MaxDepth+1), "nests deeper")
	f(strings.Repeat(`{"a":`, 100_000), "nests deeper")
	f("nul", "at byte")
	f("[1,]", "at byte")
	f("{'a':1}", "at byte")
}

func FuzzCheck(f *testing.F) {
	for _, s := range []string{`{"a":[1,2,{"b":null}]}`, `{"a":1,"a":2}`, "[[[[", `"\u12"`, "1 2", "", "{\"a\"}", "nul", "\"\xff\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		err := Check(data)
		if err == nil && !json.Valid(data) {
			t.Errorf("%q was taken and is not JSON", data)
		}
		if err == nil {
			if _, err := thing.ParseJSON(data); err != nil && !strings.Contains(err.Error(), "out of range") {
				t.Errorf("%q was taken and makes no value: %v", data, err)
			}
		}
	})
}
