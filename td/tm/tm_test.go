package tm_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"hutong/td"
	"hutong/td/tm"
)

// shelf is a Loader of texts at hand.
type shelf map[string]string

func (s shelf) load(_ context.Context, uri string) ([]byte, error) {
	if text, ok := s[uri]; ok {
		return []byte(text), nil
	}
	return nil, errors.New("not found")
}

func resolve(t *testing.T, s shelf, model string) (string, error) {
	t.Helper()
	m, err := tm.Parse([]byte(model))
	if err != nil {
		t.Fatal(err)
	}
	out, err := tm.Resolve(t.Context(), m, "http://x/own.tm.json", s.load)
	if err != nil {
		return "", err
	}
	return string(out.JSON()), nil
}

func TestResolveTakesInWhatAModelExtendsAndRefersTo(t *testing.T) {
	s := shelf{
		// TD 1.1 section 10.3.2.1, examples 55 and 56
		"http://x/base.tm.json": `{"@context":"https://www.w3.org/2022/wot/td/v1.1","@type":"tm:ThingModel","id":"urn:base",
			"title":"Basic On/Off Thing Model","version":{"model":"1.0.0"},"links":[{"rel":"license","href":"l"},
			{"rel":"tm:submodel","href":"sub","instanceName":"s"}],"tm:optional":["/actions/toggle"],
			"properties":{"onOff":{"type":"boolean","title":"On"}},"actions":{"toggle":{}}}`,
		"http://x/dim.tm.json": `{"@context":["https://www.w3.org/2022/wot/td/v1.1",{"om":"http://om/"}],"@type":"tm:ThingModel",
			"properties":{"dim":{"@type":"om:Percent","type":"integer","minimum":0,"maximum":100,"unit":"%"},
			"self":{"tm:ref":"#/properties/dim","title":"Self"}}}`,
	}
	f := func(model, want string) {
		t.Helper()
		got, err := resolve(t, s, `{"@context":"https://www.w3.org/2022/wot/td/v1.1","@type":"tm:ThingModel"`+model+`}`)
		if err != nil {
			t.Errorf("%s: %v", model, err)
		} else if got != want {
			t.Errorf("%s:\n got %s\nwant %s", model, got, want)
		}
	}
	const head = `{"@context":"https://www.w3.org/2022/wot/td/v1.1","@type":"tm:ThingModel"`
	const om = `{"@context":["https://www.w3.org/2022/wot/td/v1.1",{"om":"http://om/"}],"@type":"tm:ThingModel"`
	f(``, head+`}`)
	f(`,"title":"Lamp","links":[{"rel":"tm:extends","href":"base.tm.json"},{"rel":"help","href":"h"}],
		"tm:optional":["/properties/dim"],"properties":{"dim":{},"onOff":{"title":null}}`,
		head+`,"title":"Lamp","links":[{"rel":"tm:submodel","href":"sub","instanceName":"s"},{"rel":"help","href":"h"}],`+
			`"tm:optional":["/actions/toggle","/properties/dim"],"properties":{"onOff":{"type":"boolean"},"dim":{}},`+
			`"actions":{"toggle":{}}}`)
	f(`,"properties":{"d":{"title":"D","tm:ref":"http://x/dim.tm.json#/properties/dim","maximum":80,"unit":null}}`,
		om+`,"properties":{"d":{"@type":"om:Percent","type":"integer","minimum":0,"maximum":80,"title":"D"}}}`)
	f(`,"properties":{"d":{"tm:ref":"dim.tm.json#/properties/self"}}`,
		om+`,"properties":{"d":{"@type":"om:Percent","type":"integer","minimum":0,"maximum":100,"unit":"%","title":"Self"}}}`)
	f(`,"schemaDefinitions":{"a/b":{"type":"string"}},"actions":{"go":{"input":{"tm:ref":"#/schemaDefinitions/a~1b"}}}`,
		head+`,"schemaDefinitions":{"a/b":{"type":"string"}},"actions":{"go":{"input":{"type":"string"}}}}`)
}

func TestResolveRefusesWhatHasNoEnd(t *testing.T) {
	const head = `{"@context":"https://www.w3.org/2022/wot/td/v1.1","@type":"tm:ThingModel"`
	s := shelf{
		"http://x/a": head + `,"links":[{"rel":"tm:extends","href":"b"}]}`,
		"http://x/b": head + `,"links":[{"rel":"tm:extends","href":"a"}]}`,
		"http://x/c": head + `,"properties":{"p":{"tm:ref":"own.tm.json#/properties/p"}}}`,
		"http://x/d": `{"@context":{"om":"http://other/"}}`,
		"http://x/e": `{"@context":{"om":"http://one/"}}`,
		"http://x/f": `{"a":1,}`,
	}
	for i := range 40 {
		s[fmt.Sprint("http://x/deep", i)] = fmt.Sprintf(`%s,"links":[{"rel":"tm:extends","href":"deep%d"}]}`, head, i+1)
	}
	var wide []string
	for i := range 100 {
		wide = append(wide, fmt.Sprintf(`"p%d":{"tm:ref":"#/schemaDefinitions/a"}`, i))
	}
	f := func(model, want string) {
		t.Helper()
		if got, err := resolve(t, s, head+model+`}`); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n got %v %s\nwant %s", model, err, got, want)
		}
	}
	f(`,"links":[{"rel":"tm:extends","href":"a"}]`, `leads back to itself: http://x/own.tm.json -> http://x/a -> http://x/b -> http://x/a`)
	f(`,"properties":{"p":{"tm:ref":"#/properties"}}`, `/properties/p/tm:ref: http://x/own.tm.json#/properties: /p/tm:ref: http://x/own.tm.json#/properties leads back to itself`)
	f(`,"properties":{"p":{"tm:ref":"c#/properties/p"}}`, `/properties/p/tm:ref: http://x/c#/properties/p: /tm:ref: http://x/own.tm.json#/properties/p: /tm:ref: http://x/c#/properties/p leads back`)
	f(`,"properties":{"p":{"tm:ref":5}}`, `/properties/p/tm:ref: want a string such as`)
	f(`,"properties":{"p":{"tm:ref":"#/properties/q"}}`, `/properties/p/tm:ref: "#/properties/q" points to no object`)
	f(`,"properties":{"p":{"tm:ref":"none#/properties/q"}}`, `/properties/p/tm:ref: load http://x/none: not found`)
	f(`,"properties":{"p":{"tm:ref":"f#/properties/q"}}`, `load http://x/f: /: line 1, column 8: want a name`)
	f(`,"properties":{"p":{"tm:ref":"d#"},"q":{"tm:ref":"e#"}}`, `in @context "om" stands for two things`)
	f(`,"links":[{"rel":"tm:extends","href":"deep0"}]`, `more than 32 models and references inside one another`)
	f(`,"schemaDefinitions":{"a":{"properties":{`+strings.ReplaceAll(strings.Join(wide, ","), "/a", "/b")+
		`}},"b":{"properties":{`+strings.ReplaceAll(strings.Join(wide, ","), "/a", "/c")+`}},"c":{"x":[1,2,3,4,5,6,7,8]}},
		"properties":{`+strings.Join(wide, ",")+`}`, `more than 50000 values`)
}

const model = `{
	"@context": ["https://www.w3.org/2022/wot/td/v1.1"], "@type": ["tm:ThingModel", "saref:LightSwitch"],
	"title": "Lamp {{NR}} of {{WHO}}", "version": {"model": "1.2.0"}, "base": "mqtt://{{HOST}}:{{PORT}}/",
	"links": [{"rel": "tm:submodel", "href": "led", "instanceName": "led"}, {"rel": "tm:submodel", "href": "y"}],
	"tm:optional": ["/properties/dim", "/actions/blink"],
	"properties": {
		"on": {"type": "boolean", "observable": "{{OBSERVABLE}}"},
		"dim": {"type": "integer", "maximum": "{{MAX}}"},
		"mode": {"type": "string", "enum": "{{MODES}}"}
	},
	"actions": {"blink": {}}
}`

func values(pairs ...string) map[string]json.RawMessage {
	m := make(map[string]json.RawMessage)
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = json.RawMessage(pairs[i+1])
	}
	return m
}

func TestInstantiateMakesAThing(t *testing.T) {
	m, err := tm.Parse([]byte(model))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Check(); err != nil {
		t.Errorf("the model: %v", err)
	}
	if got := strings.Join(tm.Placeholders(m), " "); got != "NR WHO HOST PORT OBSERVABLE MAX MODES" {
		t.Errorf("placeholders: %s", got)
	}
	got, err := tm.Instantiate(m, tm.Options{
		ID:       "urn:lamp:7",
		Values:   values("NR", "7", "WHO", `"Ada"`, "HOST", `"b"`, "PORT", "1883", "OBSERVABLE", "true", "MAX", "1e2", "MODES", `["a","b"]`),
		Optional: func(pointer string) bool { return pointer == "/properties/dim" },
		Model:    "http://x/lamp.tm.json",
		Items:    map[string]string{"led": "http://x/led.td.json"},
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"@context":["https://www.w3.org/2022/wot/td/v1.1"],"@type":["saref:LightSwitch"],"title":"Lamp 7 of Ada",` +
		`"version":{"model":"1.2.0","instance":"1.2.0"},"base":"mqtt://b:1883/","links":[` +
		`{"rel":"item","href":"http://x/led.td.json","type":"application/td+json"},` +
		`{"rel":"type","href":"http://x/lamp.tm.json","type":"application/tm+json"}],` +
		`"properties":{"on":{"type":"boolean","observable":true},"dim":{"type":"integer","maximum":1e2},` +
		`"mode":{"type":"string","enum":["a","b"]}},"actions":{},"id":"urn:lamp:7"}`
	if string(got.JSON()) != want {
		t.Errorf(" got %s\nwant %s", got.JSON(), want)
	}
	if on, _ := got.Properties.Get("on"); !on.Observable {
		t.Error("the filled placeholder is not a field")
	}
}

func TestInstantiateSaysWhatIsMissing(t *testing.T) {
	f := func(model string, v map[string]json.RawMessage, want string) {
		t.Helper()
		m, err := tm.Parse([]byte(`{"@type":"tm:ThingModel",` + model + `}`))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := tm.Instantiate(m, tm.Options{Values: v}); err == nil || err.Error() != want {
			t.Errorf("%s: got %v %v, want %s", model, got, err, want)
		}
	}
	f(`"title":"{{A}} {{B}}"`, values("A", "1"), `/title: the placeholder "B" has no value; give it one`)
	f(`"title":"x"`, values("A", "1"), `/: the model has no placeholder "A"`)
	f(`"title":"a {{A}}"`, values("A", "[]"), `/title: {{A}} is an array and cannot stand inside a string`)
	f(`"title":"{{A}}"`, values("A", "7"), `the model with its placeholders filled: /title: want a string, got a number`)
	f(`"title":"{{A}}"`, values("A", "x"), `/: the value of placeholder "A": /: line 1, column 1: want a JSON value`)
	f(`"properties":{"a/b":{"tm:ref":"x#/y"}}`, nil, `/properties/a~1b/tm:ref: refers to another model; Resolve it first`)
	f(`"title":"{{A}}`+strings.Repeat(`{{A}}`, 30_000)+`"`, values("A", `"`+strings.Repeat("x", 1000)+`"`),
		`/title: the values make the Thing too large`)
}

func TestParseRefusesAThing(t *testing.T) {
	if _, err := tm.Parse([]byte(`{"@type":"Lamp"}`)); err == nil || err.Error() != "/@type: no Thing Model; give it the @type tm:ThingModel" {
		t.Error(err)
	}
	if _, err := td.Parse([]byte(`{"@type":"tm:ThingModel","title":5}`)); err == nil || err.Error() != "/title: want a string, got a number" {
		t.Error(err)
	}
}
