package td_test

import (
	"bytes"
	"testing"

	"hutong/td"
)

// FuzzParse holds that no text panics, and that what is read is printed so that it is read alike.
func FuzzParse(f *testing.F) {
	f.Add([]byte(lamp))
	f.Add([]byte(`{"@context":"https://www.w3.org/2022/wot/td/v1.1","@type":["tm:ThingModel"],"tm:optional":["/actions/a"],
		"links":[{"rel":"tm:extends","href":"x"}],"properties":{"p":{"minimum":"{{MIN}}","tm:ref":"#/x","title":null}}}`))
	f.Add([]byte(`{"title":"","security":["a"],"securityDefinitions":{"a":{"scheme":"combo","oneOf":["a","b"]},"b":{"scheme":
		"apikey","in":"uri","name":"k"}},"forms":[{"op":[],"href":"{?a*,b:3}","response":{},"additionalResponses":[{}]}],
		"events":{"e":{"data":{"items":[{"oneOf":[]}],"multipleOf":0,"enum":[1,1.0]}}},"version":{},"hutong:place":"a/b"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := td.Parse(data)
		if err != nil {
			_ = err.Error()
			return
		}
		out := x.JSON()
		again, err := td.Parse(out)
		if err != nil {
			t.Fatalf("%q printed as %q: %v", data, out, err)
		}
		if second := again.JSON(); !bytes.Equal(out, second) {
			t.Fatalf("%q printed as %q and then as %q", data, out, second)
		}
		if cloned := x.Clone().JSON(); !bytes.Equal(out, cloned) {
			t.Fatalf("%q printed as %q, its clone as %q", data, out, cloned)
		}
		if err := x.Check(); err != nil {
			_ = err.Error()
		}
		if _, err := x.Compile(); err != nil {
			_ = err.Error()
		}
		for _, i := range x.Interactions() {
			for _, form := range i.Forms {
				if _, err := x.Target(i, form, nil); err != nil {
					_ = err.Error()
				}
				if _, err := x.Access(form); err != nil {
					_ = err.Error()
				}
			}
		}
	})
}

// FuzzSchemaCheck holds that no schema and value panic.
func FuzzSchemaCheck(f *testing.F) {
	f.Add([]byte(`{"type":"number","minimum":1e3,"maximum":1e999999,"multipleOf":0.1}`), []byte(`1.5e3`))
	f.Add([]byte(`{"oneOf":[{"type":"string","pattern":"^a+$","minLength":1},{"enum":[{"a":1}]}]}`), []byte(`{"a":1.0}`))
	f.Add([]byte(`{"items":[{"const":null}],"properties":{"a":{"required":["b"]}}}`), []byte(`{"a":{}}`))
	f.Fuzz(func(t *testing.T, schema, value []byte) {
		s, err := td.ParseSchema(schema)
		if err != nil {
			return
		}
		if err := s.Check(value); err != nil {
			_ = err.Error()
		}
	})
}
