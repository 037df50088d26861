package td_test

import (
	"strings"
	"testing"
	"time"

	"hutong/td"
)

func TestASchemaJudgesAValue(t *testing.T) {
	f := func(schema, value, want string) {
		t.Helper()
		s, err := td.ParseSchema([]byte(schema))
		if err != nil {
			t.Fatal(err)
		}
		err = s.Check([]byte(value))
		switch {
		case want == "" && err != nil:
			t.Errorf("%s against %s: %v", value, schema, err)
		case want != "" && (err == nil || err.Error() != want):
			t.Errorf("%s against %s:\n got %v\nwant %s", value, schema, err, want)
		}
	}
	f(`{}`, `{"any":["thing"]}`, "")
	f(`{"type":"boolean"}`, `true`, "")
	f(`{"type":"boolean"}`, `"on"`, `/: want a boolean, got "on"`)
	f(`{"type":"boolean"}`, `null`, `/: want a boolean, got null`)
	f(`{"type":"null"}`, `null`, ``)
	f(`{"type":"integer"}`, `2.0`, ``)
	f(`{"type":"integer"}`, `20e-1`, ``)
	f(`{"type":"integer"}`, `2.5`, `/: want an integer, got 2.5`)
	f(`{"type":"object"}`, `[]`, `/: want an object, got an array`)
	f(`{"type":"number","minimum":0,"maximum":100}`, `100.0`, ``)
	f(`{"minimum":-1}`, `-2`, `/: -2 is less than the minimum -1`)
	f(`{"maximum":9007199254740992}`, `9007199254740993`, `/: 9007199254740993 is more than the maximum 9007199254740992`)
	f(`{"maximum":0.1}`, `0.10000000000000000001`, `/: 0.10000000000000000001 is more than the maximum 0.1`)
	f(`{"maximum":1}`, `1e99999999999`, `/: 1e99999999999 is more than the maximum 1`)
	f(`{"minimum":0}`, `-1e-99999999999`, `/: -1e-99999999999 is less than the minimum 0`)
	f(`{"exclusiveMinimum":0}`, `0`, `/: 0 is not more than 0`)
	f(`{"exclusiveMaximum":-0.0}`, `0`, `/: 0 is not less than -0.0`)
	f(`{"multipleOf":0.1}`, `0.3`, ``)
	f(`{"multipleOf":0.1}`, `-1.25`, `/: -1.25 is not a multiple of 0.1`)
	f(`{"multipleOf":5}`, `0`, ``)
	f(`{"minLength":2,"maxLength":3}`, `"日本"`, ``)
	f(`{"maxLength":1}`, `"日本"`, `/: 2 characters, want at most 1`)
	f(`{"pattern":"^#[0-9a-f]{6}$"}`, `"#00ff00"`, ``)
	f(`{"pattern":"^#[0-9a-f]{6}$"}`, `"red"`, `/: "red" does not match the pattern "^#[0-9a-f]{6}$"`)
	f(`{"pattern":"^\\u00e9\\\\u$"}`, `"é\\u"`, ``)
	f(`{"pattern":"^\\u00E9$"}`, `"e"`, `/: "e" does not match the pattern "^\\u00E9$"`)
	f(`{"pattern":"^(?!x)"}`, `"x"`, ``)
	f(`{"enum":["a",1,{"x":[1],"y":2}]}`, `{"y":2.0,"x":[1e0]}`, ``)
	f(`{"enum":["low","high"]}`, `"medium"`, `/: "medium" is not one of the 2 allowed values; use one of "low", "high"`)
	f(`{"const":1}`, `1.0`, ``)
	f(`{"const":null}`, `0`, `/: want null, got 0`)
	f(`{"oneOf":[{"type":"integer"},{"type":"string"}]}`, `"x"`, ``)
	f(`{"oneOf":[{"type":"integer"},{"type":"number"}]}`, `1`, `/: 1 fits 2 of the 2 alternatives (oneOf), want exactly one`)
	f(`{"items":{"type":"integer"},"minItems":1}`, `[]`, `/: 0 items, want at least 1`)
	f(`{"items":{"type":"integer"}}`, `[1,"2"]`, `/1: want an integer, got "2"`)
	f(`{"items":[{"type":"integer"},{"type":"string"}]}`, `[1,"2",{}]`, ``)
	f(`{"properties":{"a/b":{"type":"string"}},"required":["a/b"]}`, `{"a/b":1,"c":2}`, `/a~1b: want a string, got 1`)
	f(`{"required":["x","y"]}`, `{"x":1}`, `/: the member "y" is missing; add it`)
	f(`{"properties":{"a":{}},"additionalProperties":false}`, `{"a":1,"b":2}`, `/b: there is no such member; there are: "a"; leave it out`)
	f(`{"properties":{"a":{}},"additionalProperties":true}`, `{"a":1,"b":2}`, ``)
	f(`{"properties":{"o":{"additionalProperties":false}}}`, `{"o":{"x":{}},"b":2}`, `/o/x: there is no such member; there are: none; leave it out`)
	f(`{}`, `{"a":1,}`, `/: line 1, column 8: want a name between quotation marks`)
	f(`{}`, ``, `/: line 1, column 1: the text ends where a value should be`)
}

func TestAValueTooLargeForItsSchemaIsRefusedSoon(t *testing.T) {
	f := func(schema, value string) {
		t.Helper()
		s, err := td.ParseSchema([]byte(schema))
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		err = s.Check([]byte(value))
		if err == nil || !strings.Contains(err.Error(), "too large for its schema") {
			t.Errorf("got %v", err)
		}
		if d := time.Since(start); d > time.Minute {
			t.Errorf("took %v", d)
		}
	}
	list := "[" + strings.Repeat("1,", 100_000) + "1]"
	f(`{"items":{"oneOf":[{}`+strings.Repeat(`,{"type":"string"}`, 1000)+`]}}`, list)
	f(`{"items":{"enum":[0`+strings.Repeat(`,0`, 1000)+`,1]}}`, list)
	f(`{"pattern":"((a?){30}){30}$"}`, `"`+strings.Repeat("a", 500_000)+`"`)
}
