package td_test

import (
	"encoding/json"
	"strings"
	"testing"

	"hutong/td"
)

func parse(t *testing.T, text string) *td.Thing {
	t.Helper()
	x, err := td.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestWhatIsNotChangedStaysAsWritten(t *testing.T) {
	f := func(text string) {
		t.Helper()
		if got := string(parse(t, text).JSON()); got != text {
			t.Errorf("%s became %s", text, got)
		}
	}
	f(`{}`)
	f(`{"x:b":[1.50,{"z":null}],"title":"","@type":"a","x:a":1e3,"security":["s"],"@context":{"z":1,"a":2}}`)
	f(`{"properties":{},"actions":{},"links":[],"forms":[],"profile":[],"titles":{},"security":"","base":""}`)
	f(`{"properties":{"b":{"observable":false,"readOnly":true,"writeOnly":false,"enum":[],"required":[],"items":[],"type":"",` +
		`"const":null,"default":0.10,"minimum":-0.0,"oneOf":[]},"a":{"items":[{}],"forms":[{"op":["x"],"security":[],"scopes":"s"}]}}}`)
	f(`{"actions":{"a":{"safe":false,"synchronous":false,"input":{},"forms":[{"href":"","response":{"b":1,"a":2}}],"idempotent":true}}}`)
	f(`{"events":{"e":{"data":{"items":{"type":"x"}},"cancellation":{},"hreflang":"no term here"}},"links":[{"hreflang":["en"]}]}`)
	f(`{"@type":["tm:ThingModel"],"properties":{"p":{"minimum":"{{MIN}}","readOnly":"{{RO}}","title":"{{T}}","type":"integer"}}}`)
}

func TestChangesGoWhereTheyBelong(t *testing.T) {
	f := func(text string, change func(*td.Thing), want string) {
		t.Helper()
		x := parse(t, text)
		before := string(x.JSON())
		c := x.Clone()
		change(c)
		if got := string(c.JSON()); got != want {
			t.Errorf("%s became %s, want %s", text, got, want)
		}
		if got := string(x.JSON()); got != before {
			t.Errorf("changing its clone changed it from %s to %s", before, got)
		}
	}
	f(`{"x":1,"title":"a","y":2}`, func(t *td.Thing) { t.Title = "b" }, `{"x":1,"title":"b","y":2}`)
	f(`{"x":1,"title":"a","y":2}`, func(t *td.Thing) { t.Title = "" }, `{"x":1,"y":2}`)
	f(`{"x":1,"y":2}`, func(t *td.Thing) { t.Title = "b" }, `{"x":1,"y":2,"title":"b"}`)
	f(`{"x":1,"y":2,"z":3}`, func(t *td.Thing) { t.Extra = t.Extra[1:] }, `{"y":2,"z":3}`)
	f(`{"x":1,"y":2}`, func(t *td.Thing) { t.Extra[0].Value = json.RawMessage(`"\u00e9 "`) }, `{"x":"é ","y":2}`)
	f(`{"x":1}`, func(t *td.Thing) { t.Extra[0].Value = json.RawMessage(`{`) }, `{"x":null}`)
	f(`{"x":1}`, func(t *td.Thing) { t.Extra = append(t.Extra, td.Text("y", "a\"b")) }, `{"x":1,"y":"a\"b"}`)
	f(`{"title":"a"}`, func(t *td.Thing) { t.Extra = append(t.Extra, td.Text("title", "b")) }, `{"title":"a"}`)
	f(`{"security":"s"}`, func(t *td.Thing) { t.Security = []string{"a", "b"} }, `{"security":["a","b"]}`)
	f(`{"security":["s"]}`, func(t *td.Thing) { t.Security = []string{"a"} }, `{"security":["a"]}`)
	f(`{"properties":{"b":{},"a":{},"c":{}}}`, func(t *td.Thing) {
		t.Properties.Delete("a")
		t.Properties.Set("b", &td.Property{Schema: td.Schema{Type: "string"}})
		t.Properties.Set("d", &td.Property{Observable: true})
	}, `{"properties":{"b":{"type":"string"},"c":{},"d":{"observable":true}}}`)
	f(`{"titles":{"en":"a"}}`, func(t *td.Thing) { t.Titles.Set("de", "b") }, `{"titles":{"en":"a","de":"b"}}`)
	f(`{"properties":{"p":{"items":{"type":"x"},"enum":[1],"forms":[{"href":"a"}]}},"actions":{"a":{"input":{},"synchronous":true}}}`,
		func(t *td.Thing) {
			p, _ := t.Properties.Get("p")
			p.Items[0].Type = "y"
			p.Enum[0] = json.RawMessage(`2`)
			p.Forms[0].Href = "b"
			a, _ := t.Actions.Get("a")
			*a.Synchronous = false
			a.Input.Title = "in"
		},
		`{"properties":{"p":{"items":{"type":"y"},"enum":[2],"forms":[{"href":"b"}]}},"actions":{"a":{"input":{"title":"in"},"synchronous":false}}}`)
}

func TestAThingMadeByAProgramIsSound(t *testing.T) {
	x := td.NewThing("urn:uuid:0804d572-cce8-422a-bb7c-4412fcd56f06", "Lamp")
	x.Extra = append(x.Extra, td.Text("hutong:place", "Home / Hall"))
	on := &td.Property{Schema: td.Schema{Type: "boolean"}, Observable: true}
	on.Forms = []*td.Form{{Href: "mqtt://h/on", Op: []string{"readproperty", "observeproperty"}}}
	x.Properties.Set("on", on)
	if err := x.Check(); err != nil {
		t.Error(err)
	}
	const want = `{"@context":["https://www.w3.org/2022/wot/td/v1.1",{"hutong":"https://hutong.example/ns#"}],` +
		`"id":"urn:uuid:0804d572-cce8-422a-bb7c-4412fcd56f06","title":"Lamp","securityDefinitions":{"nosec_sc":{"scheme":"nosec"}},` +
		`"security":"nosec_sc","properties":{"on":{"forms":[{"op":["readproperty","observeproperty"],"href":"mqtt://h/on"}],` +
		`"type":"boolean","observable":true}},"hutong:place":"Home / Hall"}`
	if got := string(x.JSON()); got != want {
		t.Errorf(" got %s\nwant %s", got, want)
	}
	if place := x.PlaceText(); place != "Home / Hall" {
		t.Errorf("place: %q", place)
	}
}

func TestInteractionsCanBeGivenOtherForms(t *testing.T) {
	x := parse(t, `{"id":"urn:x","properties":{"p":{"forms":[{"href":"old"}]}},"events":{"e":{}},"actions":{"a":{}}}`).Clone()
	var refs []string
	for ref, i := range x.Interactions() {
		refs = append(refs, ref.String())
		i.Forms = []*td.Form{{Href: "/" + ref.Kind.String() + "/" + ref.Name}}
	}
	if got := len(refs); got != 3 || refs[0] != "urn:x#/properties/p" || refs[1] != "urn:x#/actions/a" || refs[2] != "urn:x#/events/e" {
		t.Errorf("got %v", refs)
	}
	const want = `{"id":"urn:x","properties":{"p":{"forms":[{"href":"/properties/p"}]}},"events":{"e":{"forms":[{"href":"/events/e"}]}},` +
		`"actions":{"a":{"forms":[{"href":"/actions/a"}]}}}`
	if got := string(x.JSON()); got != want {
		t.Errorf(" got %s\nwant %s", got, want)
	}
}

func TestDefaultsAreThoseOfTheStandard(t *testing.T) {
	f := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	form := &td.Form{}
	f(form.Media(), "application/json")
	f(form.Answer(), "application/json")
	f((&td.Form{ContentType: "text/plain"}).Answer(), "text/plain")
	f((&td.Form{Response: json.RawMessage(`{"contentType":"image/png"}`)}).Answer(), "image/png")
	f(form.Method("readproperty"), "GET")
	f(form.Method("writemultipleproperties"), "PUT")
	f(form.Method("invokeaction"), "POST")
	f(form.Method("cancelaction"), "DELETE")
	f((&td.Form{Extra: []td.Member{td.Text("htv:methodName", "PATCH")}}).Method("writeproperty"), "PATCH")
	f((&td.Security{Scheme: "apikey"}).In(), "query")
	f((&td.Security{Scheme: "basic"}).In(), "header")
	f((&td.Security{Scheme: "bearer", Extra: []td.Member{td.Text("in", "cookie")}}).In(), "cookie")
	f((&td.Security{Scheme: "psk"}).In(), "")
	f((&td.Security{Scheme: "digest"}).QOP(), "auth")
	f((&td.Security{Scheme: "bearer"}).Alg(), "ES256")
	f((&td.Security{Scheme: "bearer"}).Format(), "jwt")
}

func TestAccessTakesCombosApart(t *testing.T) {
	x := parse(t, `{"security":"all","securityDefinitions":{
		"n":{"scheme":"nosec"},"b":{"scheme":"basic"},"k":{"scheme":"apikey"},"o":{"scheme":"oauth2"},
		"all":{"scheme":"combo","allOf":["either","k"]},"either":{"scheme":"combo","oneOf":["b","o"]},
		"loop":{"scheme":"combo","oneOf":["n","loop"]},
		"c1":{"scheme":"combo","allOf":["either","c2","c3","c4"]},"c2":{"scheme":"combo","oneOf":["n","b","k","o"]},
		"c3":{"scheme":"combo","oneOf":["n","b","k","o"]},"c4":{"scheme":"combo","oneOf":["n","b","k","o"]}}}`)
	f := func(form *td.Form, want, wantErr string) {
		t.Helper()
		ways, err := x.Access(form)
		got, _ := json.Marshal(ways)
		if err != nil {
			if err.Error() != wantErr {
				t.Errorf("got %v, want %s", err, wantErr)
			}
			return
		}
		if string(got) != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	f(nil, `[["b","k"],["o","k"]]`, "")
	f(&td.Form{}, `[["b","k"],["o","k"]]`, "")
	f(&td.Form{Security: []string{"n"}}, `[["n"]]`, "")
	f(&td.Form{Security: []string{"b", "b", "k"}}, `[["b","k"]]`, "")
	f(&td.Form{Security: []string{"x"}}, "", `security "x": not in securityDefinitions`)
	f(&td.Form{Security: []string{"loop"}}, "", `security "loop": combo schemes hold one another, or more than 8 deep`)
	f(&td.Form{Security: []string{"c1"}}, "", `security "c4": more than 64 ways to be let in`)
	f(&td.Form{Security: strings.Split(strings.Repeat("n ", 300)+"n", " ")}, "", `security "n": more than 64 ways to be let in`)
}

func BenchmarkParse(b *testing.B) {
	b.SetBytes(int64(len(lamp)))
	for b.Loop() {
		if _, err := td.Parse([]byte(lamp)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkJSON(b *testing.B) {
	x, err := td.Parse([]byte(lamp))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(lamp)))
	for b.Loop() {
		x.JSON()
	}
}

func BenchmarkSchemaCheck(b *testing.B) {
	s, err := td.ParseSchema([]byte(`{"type":"object","properties":{"on":{"type":"boolean"},"level":{"type":"number","minimum":0,"maximum":254}}}`))
	if err != nil {
		b.Fatal(err)
	}
	value := []byte(`{"on":true,"level":127.5}`)
	for b.Loop() {
		if err := s.Check(value); err != nil {
			b.Fatal(err)
		}
	}
}
