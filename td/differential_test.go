package td_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"hutong/td"
)

// drawSchema draws a data schema of the terms that TD 1.1 shares with JSON Schema draft 7.
func drawSchema(t *rapid.T, depth int) string {
	var terms []string
	add := func(name string, values ...string) {
		if rapid.IntRange(0, 3).Draw(t, name+"?") == 0 {
			terms = append(terms, fmt.Sprintf("%q:%s", name, rapid.SampledFrom(values).Draw(t, name)))
		}
	}
	add("type", `"boolean"`, `"integer"`, `"number"`, `"string"`, `"object"`, `"array"`, `"null"`)
	add("const", `1`, `"a"`, `null`, `[1]`, `{"a":1}`)
	add("enum", `[1,2.0,"a"]`, `[null,true]`, `[{"a":1,"b":2},[1,2]]`)
	add("minimum", `-1`, `0.5`, `2`, `1e2`)
	add("maximum", `-1`, `0.5`, `2`, `1e2`)
	add("exclusiveMinimum", `-1`, `1.0`)
	add("exclusiveMaximum", `1`, `3`)
	add("multipleOf", `2`, `0.5`, `0.1`)
	add("minLength", `1`, `2`)
	add("maxLength", `0`, `1`)
	add("pattern", `"^a"`, `"b$"`)
	add("minItems", `1`, `2`)
	add("maxItems", `0`, `1`)
	add("required", `["a"]`, `["a","b"]`, `[]`)
	if depth > 0 {
		inner := func() string { return drawSchema(t, depth-1) }
		add("items", inner(), "["+inner()+","+inner()+"]")
		add("oneOf", "["+inner()+"]", "["+inner()+","+inner()+"]")
		add("properties", `{"a":`+inner()+`}`, `{"a":`+inner()+`,"b":`+inner()+`}`)
	}
	return "{" + strings.Join(terms, ",") + "}"
}

var someValues = []string{
	`null`, `true`, `false`, `0`, `1`, `1.0`, `-1`, `2`, `2.5`, `0.3`, `1e2`, `99.99`, `""`, `"a"`, `"ab"`, `"é"`, `[]`, `[1]`, `[1,2]`,
	`["a",1]`, `[[1],{"a":1}]`, `{}`, `{"a":1}`, `{"b":2.0,"a":1}`, `{"a":"a","c":null}`, `{"a":{"a":[1]},"b":true}`,
}

// TestSchemaCheckAgreesWithAnotherValidator draws schemas and values and asks santhosh-tekuri/jsonschema too.
func TestSchemaCheckAgreesWithAnotherValidator(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawSchema(t, 2)
		s, err := td.ParseSchema([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		c := jsonschema.NewCompiler()
		c.DefaultDraft(jsonschema.Draft7)
		if err := c.AddResource("s.json", doc); err != nil {
			t.Fatal(err)
		}
		other := c.MustCompile("s.json")
		for _, text := range someValues {
			value, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(text)))
			if err != nil {
				t.Fatal(err)
			}
			ours, theirs := s.Check([]byte(text)), other.Validate(value)
			if (ours == nil) != (theirs == nil) {
				t.Fatalf("%s: we say %v, the other %v", text, ours, theirs)
			}
		}
	})
}
