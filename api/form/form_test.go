package form

import (
	"testing"

	"hutong/td"
	"hutong/thing"
)

func TestPathsAreEncodedOnce(t *testing.T) {
	f := func(kind thing.Kind, id, name, want string) {
		t.Helper()
		if got := Path(thing.Ref{Thing: thing.ID(id), Kind: kind, Name: name}); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	f(thing.Property, "urn:a", "on", "/things/urn:a/properties/on")
	f(thing.Action, "http://x/y?z#1", "a/b c%2F", "/things/http:%2F%2Fx%2Fy%3Fz%231/actions/a%2Fb%20c%252F")
}

func TestTheContextIsForConsumersOfBothVersions(t *testing.T) {
	f := func(context, want string) {
		t.Helper()
		if got := string(forBoth([]byte(context))); got != want {
			t.Errorf("%s: %s, want %s", context, got, want)
		}
	}
	v10, v11 := `"`+td.Context10+`"`, `"`+td.Context+`"`
	f(v11, `[`+v10+`,`+v11+`]`)
	f(`[`+v11+`,{"a":"urn:a"},"urn:b"]`, `[`+v10+`,`+v11+`,{"a":"urn:a"},"urn:b"]`)
	f(`[`+v10+`,`+v11+`]`, `[`+v10+`,`+v11+`]`)
	f(v10, v10)
	f(`[]`, `[]`)
}

// strange is a TD whose forms are as odd as the standard allows.
const strange = `{"@context":"` + td.Context + `","id":"urn:x","title":"X","base":"coap://h/a/","security":["k"],
"securityDefinitions":{"k":{"scheme":"apikey","in":"query","name":"k"},"n":{"scheme":"nosec"}},
"links":[{"href":"../doc","rel":"help"}],
"properties":{"p":{"type":"string","forms":[{"href":"p{?x}","security":"n"},{"href":"/q"},{"href":"mqtt://b/t"}],"uriVariables":{"x":{"type":"integer"}}}},
"forms":[{"href":"all","op":"readallproperties"}]}`

func TestTheDevicesOwnFormsStayUsable(t *testing.T) {
	d, err := td.Parse([]byte(strange))
	if err != nil {
		t.Fatal(err)
	}
	Expose(d, false)
	d.Base = "http://hub/"
	if err := d.Check(); err != nil {
		t.Error(err)
	}
	p, _ := d.Properties.Get("p")
	own := p.Forms[len(p.Forms)-3:]
	for i, want := range []string{"coap://h/a/p{?x}", "coap://h/q", "mqtt://b/t"} {
		if own[i].Href != want {
			t.Errorf("%s, want %s", own[i].Href, want)
		}
	}
	if own[0].Security[0] != "n" || own[1].Security[0] != "k" || d.Security[0] != ourSecurity || p.Forms[0].Security != nil {
		t.Errorf("%v %v %v", own[0].Security, own[1].Security, d.Security)
	}
	if last := d.Forms[len(d.Forms)-1]; last.Href != "coap://h/a/all" || d.Links[0].Href != "coap://h/doc" {
		t.Errorf("%s %s", last.Href, d.Links[0].Href)
	}
}
