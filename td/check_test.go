package td_test

import (
	"testing"

	"hutong/td"
)

// small is a TD with nothing wrong; the tests below add one thing that is.
const small = `"@context":"https://www.w3.org/2022/wot/td/v1.1","title":"T","security":"n","securityDefinitions":{"n":{"scheme":"nosec"}}`

func TestCheckSaysWhatIsWrongWhereAndHowToMendIt(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if text[0] == '"' {
			text = "{" + small + "," + text + "}"
		}
		x, err := td.Parse([]byte(text))
		if err == nil {
			err = x.Check()
		}
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", text, got, want)
		}
	}
	prop := func(s, want string) { t.Helper(); f(`"properties":{"p":{`+s+`}}`, want) }
	form := func(s, want string) { t.Helper(); prop(`"forms":[{`+s+`}]`, want) }
	schema := func(s, want string) { t.Helper(); prop(`"forms":[{"href":"x"}],`+s, want) }
	sec := func(s, want string) {
		t.Helper()
		f(`{"@context":["https://www.w3.org/2022/wot/td/v1.1",{"ace":"http://ace/"}],"title":"T","security":"n",`+
			`"securityDefinitions":{"n":{"scheme":"nosec"},"s":{`+s+`}}}`, want)
	}

	f(`"x":1`, ``)
	f(`{}`, `/@context: missing; add "https://www.w3.org/2022/wot/td/v1.1"
/title: missing; add a title for people to read
/securityDefinitions: missing; add {"nosec_sc": {"scheme": "nosec"}} when anyone may reach the Thing
/security: missing; name one or more of securityDefinitions`)
	f(`[]`, `/: want an object, got an array`)
	f(`"id":"lamp"`, `/id: "lamp" is no URI; write one such as "urn:uuid:..."`)
	f(`"@type":["a",5]`, `/@type/1: want a string, got a number`)
	f(`"titles":{"en":"x","not a tag":"y"}`, `/titles: "not a tag" is no language tag (BCP 47); write one such as "en" or "zh-Hans"`)
	f(`"created":"yesterday"`, `/created: "yesterday" is no date and time (RFC 3339); write one such as "2026-01-31T08:00:00Z"`)
	f(`"version":{"model":"1"}`, `/version: the member "instance" is missing; add it`)
	f(`"version":"1"`, `/version: want an object, got a string`)
	f(`"base":"/a"`, `/base: "/a" is no absolute URI; begin it with a scheme such as http:`)
	f(`"profile":[]`, `/profile: is empty; fill it or leave it out`)
	f(`"links":[{"href":"a b"}]`, `/links/0/href: "a b" is no URI reference (RFC 3986); percent-encode what a URI may not hold`)
	f(`"links":[{"rel":"icon"}]`, `/links/0/href: missing; add it`)
	f(`"links":[{"href":"a","rel":"tm:extends"}]`, `/links/0/rel: only a Thing Model extends another; instantiate the Thing Model`)
	f(`"links":[{"href":"a","sizes":"16x16"}]`, `/links/0/sizes: only an icon has sizes; give it to links with "rel": "icon"`)
	f(`"links":[{"href":"a","rel":"type"},{"href":"b","rel":"type"}]`, `/links/1/rel: more than one link names the type; keep one`)
	f(`"forms":[{"href":"a"}]`, `/forms/0/op: missing; a form of the whole Thing has no default; say which of readallproperties, `+
		`writeallproperties, readmultipleproperties, writemultipleproperties, observeallproperties, unobserveallproperties, `+
		`queryallactions, subscribeallevents, unsubscribeallevents`)
	f(`"security":["m"]`, `/: line 1, column 141: the name "security" is given twice with different values`)

	prop(`"type":"boolean"`, `/properties/p/forms: missing or empty; add a form that says how to reach it`)
	prop(`"forms":[]`, `/properties/p/forms: missing or empty; add a form that says how to reach it`)
	form(`"op":"readproperty"`, `/properties/p/forms/0/href: missing; add it`)
	form(`"href":"x","op":["readproperty","invokeaction"]`, `/properties/p/forms/0/op: "invokeaction" is no operation for this place; `+
		`use readproperty, writeproperty, observeproperty, unobserveproperty`)
	form(`"href":"x","op":[]`, `/properties/p/forms/0/op: is empty; fill it or leave it out`)
	form(`"href":"x","security":"m"`, `/properties/p/forms/0/security: "m" is not in securityDefinitions; define it there`)
	form(`"href":"x{"`, `/properties/p/forms/0/href: "x{": a '{' without its '}'`)
	form(`"href":"x{?y}"`, `/properties/p/forms/0/href: the variable "y" is not declared; add it to uriVariables`)
	form(`"href":"x","response":{}`, `/properties/p/forms/0/response: the member "contentType" is missing; add it`)
	form(`"href":"x","additionalResponses":[{"success":1}]`, `/properties/p/forms/0/additionalResponses/0/success: want a boolean, got a number`)
	form(`"href":"x","additionalResponses":[{"schema":"e"}]`, `/properties/p/forms/0/additionalResponses/0/schema: "e" is not in schemaDefinitions; add it there`)

	schema(`"type":"float"`, `/properties/p/type: "float" is no type; use boolean, integer, number, string, object, array, null`)
	schema(`"minLength":-1`, `/properties/p/minLength: -1 is no whole number from 0`)
	schema(`"multipleOf":0.0`, `/properties/p/multipleOf: 0.0 is not more than 0`)
	schema(`"enum":[]`, `/properties/p/enum: is empty; fill it or leave it out`)
	schema(`"enum":[{"a":1,"b":2},{"b":2.0,"a":1}]`, `/properties/p/enum: value 1, an object, is there twice; name each value once`)
	schema(`"pattern":"(a"`, `/properties/p/pattern: "(a" is no regular expression: missing closing )`)
	schema(`"pattern":"(?=a)\\cJ[]"`, ``)
	schema(`"items":[{"oneOf":[{},{"properties":{"a/b":{"type":"?"}}}]}]`,
		`/properties/p/items/0/oneOf/1/properties/a~1b/type: "?" is no type; use boolean, integer, number, string, object, array, null`)
	schema(`"uriVariables":{"v":{"type":"object"}}`, `/properties/p/uriVariables/v: an object cannot be written in a URI; use a string, a number or a boolean`)
	schema(`"items":{"@type":"tm:ThingModel"}`, `/properties/p/items/@type: only a Thing Model as a whole is a tm:ThingModel`)
	schema(`"minimum":"0"`, `/properties/p/minimum: want a number, got a string`)

	sec(`"scheme":"ace:x"`, ``)
	sec(`"scheme":"acme:x"`, `/securityDefinitions/s/scheme: the prefix "acme" is not in @context; add it there`)
	f(`{"@context":["https://www.w3.org/2022/wot/td/v1.1","http://elsewhere/"],"title":"T","security":"n",`+
		`"securityDefinitions":{"n":{"scheme":"acme:x"}}}`, ``)
	sec(`"in":"header"`, `/securityDefinitions/s/scheme: missing; use nosec, auto, combo, basic, digest, apikey, bearer, psk, oauth2`)
	sec(`"scheme":"magic"`, `/securityDefinitions/s/scheme: "magic" is no security scheme; use nosec, auto, combo, basic, digest, apikey, bearer, psk, oauth2`)
	sec(`"scheme":"basic","in":"uri"`, `/securityDefinitions/s/in: "uri" is no place for it; use header, query, body, cookie, auto`)
	sec(`"scheme":"apikey","in":"body","name":"key"`, `/securityDefinitions/s/name: in a body the name is a JSON pointer, "key" is none; write one such as "/token"`)
	sec(`"scheme":"auto","name":"x"`, `/securityDefinitions/s/name: an auto scheme has no name; leave it out`)
	sec(`"scheme":"digest","qop":"best"`, `/securityDefinitions/s/qop: "best" is no quality of protection; use auth or auth-int`)
	sec(`"scheme":"bearer","alg":5`, `/securityDefinitions/s/alg: want a string, got a number`)
	sec(`"scheme":"oauth2","flow":"code"`, `/securityDefinitions/s/authorization: missing; the code flow needs it; add it
/securityDefinitions/s/token: missing; the code flow needs it; add it`)
	sec(`"scheme":"oauth2","flow":"client","token":"t","authorization":"a"`, `/securityDefinitions/s/authorization: the client flow has none; leave it out`)
	sec(`"scheme":"combo","oneOf":["n","s"]`, `/securityDefinitions/s: security "s": combo schemes hold one another, or more than 8 deep`)
	sec(`"scheme":"combo","oneOf":["n","m"]`, `/securityDefinitions/s: security "m": not in securityDefinitions`)
	sec(`"scheme":"combo","allOf":["n"]`, `/securityDefinitions/s: a combo scheme combines two or more`)
	sec(`"scheme":"combo"`, `/securityDefinitions/s: a combo scheme has exactly one of oneOf and allOf`)
}

func TestAKeyInTheURIIsInEveryURI(t *testing.T) {
	f := func(rest, want string) {
		t.Helper()
		x, err := td.Parse([]byte(`{"@context":"https://www.w3.org/2022/wot/td/v1.1","title":"T","security":"k",
			"securityDefinitions":{"k":{"scheme":"apikey","in":"uri","name":"key"},"n":{"scheme":"nosec"}},` + rest + `}`))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := x.Check(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", rest, got, want)
		}
	}
	f(`"events":{"e":{"forms":[{"href":"a{?key}"},{"href":"b","security":"n"}]}}`, ``)
	f(`"events":{"e":{"forms":[{"href":"a"}]}}`, `/events/e/forms/0/href: its security puts the variable "key" into the URI; add {key} or {?key} to it`)
	f(`"base":"http://h/{key}/","events":{"e":{"forms":[{"href":"a"}]}}`, ``)
	f(`"uriVariables":{"key":{}}`, `/uriVariables/key: a security scheme uses this variable too; rename it`)
}

func TestTD10IsReadAndJudgedToo(t *testing.T) {
	x, err := td.Parse([]byte(`{"@context":["https://www.w3.org/2019/wot/td/v1",{"@language":"en"}],"title":"T","security":["n"],
		"securityDefinitions":{"n":{"scheme":"nosec"}},"actions":{"a":{"forms":[{"href":"x"}]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Check(); err != nil {
		t.Error(err)
	}
}
