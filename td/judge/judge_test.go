package judge

import (
	"bytes"
	"encoding/json"
	"testing"

	"hutong/td"
)

const flatSchema = `{"type":"object","required":["t","n"],"properties":{
	"t":{"type":"number","minimum":-40,"maximum":85.5},"n":{"type":"integer"},"b":{"type":"boolean"},"s":{"type":"string"}}}`

func schemaOf(t testing.TB, text string) *td.Schema {
	t.Helper()
	d, err := td.Parse([]byte(`{"@context":"https://www.w3.org/2022/wot/td/v1.1","id":"urn:x","title":"X","security":"n",
		"securityDefinitions":{"n":{"scheme":"nosec"}},"properties":{"p":` + text[:len(text)-1] + `,"forms":[{"href":"mqtt://x/y"}]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	p, _ := d.Properties.Get("p")
	return &p.Schema
}

func TestAJudgeTakesWhatSurelyFits(t *testing.T) {
	j := New(schemaOf(t, flatSchema))
	for text, want := range map[string]bool{
		`{"t":20.5,"n":1}`: true, `{"n":-7,"b":true,"s":"x y","t":0}`: true, `{"t":-0.5,"n":0}`: true,
		`{"t":20.5}`: false, `{"t":86,"n":1}`: false, `{"t":85.5,"n":1}`: false, `{"t":1,"n":1.0}`: false, `{"t":1,"n":1,"x":1}`: false,
		`{"t":1,"n":1,"n":1}`: false, `{"t":1, "n":1}`: false, `{"t":01,"n":1}`: false, `{"t":1.,"n":1}`: false, `{"t":1,"n":1}x`: false,
		`{"t":1,"n":1,}`: false, `{"t":1,"n":1`: false, `{"t":1,"n":"1"}`: false, `{"t":1e1,"n":1}`: false, `{"t":--1,"n":1}`: false,
		"{\"t\":1,\"n\":1,\"s\":\"\xff\"}": false, `{"t":1,"n":1,"s":"\n"}`: false, `{}`: false, `{`: false, ``: false, `[]`: false,
	} {
		if got := j.Fits(text); got != want {
			t.Errorf("%s fits: %t", text, got)
		}
	}
	for _, text := range []string{
		`{"type":"object","properties":{"a":{"type":"string","pattern":"x"}}}`, `{"type":"object","required":["a"],"properties":{"b":{"type":"string"}}}`,
		`{"type":"object"}`, `{"type":"object","properties":{"a":{}}}`, `{"type":"object","properties":{"a":{"type":"string"}},"oneOf":[{}]}`,
	} {
		if New(schemaOf(t, text)).Fits(`{"a":"y"}`) {
			t.Errorf("%s is for Check", text)
		}
	}
}

func FuzzWhatAJudgeTakesFits(f *testing.F) {
	for _, text := range []string{`{"t":20.5,"n":1}`, `{"n":-7,"b":false,"s":"x","t":-40.0}`, `{"t":85.50000000000001,"n":9999999999999999}`} {
		f.Add(text)
	}
	s := schemaOf(f, flatSchema)
	j := New(s)
	f.Fuzz(func(t *testing.T, text string) {
		if !j.Fits(text) {
			return
		}
		if err := s.Check([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		var b bytes.Buffer
		if err := json.Compact(&b, []byte(text)); err != nil || b.String() != text {
			t.Errorf("%s is not compact JSON: %v", text, err)
		}
	})
}

func BenchmarkJudge(b *testing.B) {
	j := New(schemaOf(b, flatSchema))
	b.ReportAllocs()
	for b.Loop() {
		if !j.Fits(`{"t":20.5,"n":12345,"b":true,"s":"on"}`) {
			b.Fatal("no")
		}
	}
}
