package mqttwot

import (
	"errors"
	"testing"

	"hutong/mqtt"
	"hutong/td"
	"hutong/thing"
)

// FuzzPlan reads descriptions as strangers send them: a plan names only topics that values may have, and a refusal
// says where.
func FuzzPlan(f *testing.F) {
	for _, seed := range []string{
		`{"id":"urn:a","hutong:availability":[{"topic":"a"},{"topic":"b","online":"1"}],"properties":{"p":{"forms":[{"href":"mqtt://h/a/b","op":["readproperty","writeproperty"],"mqv:qos":2,"mqv:retain":true}]}}}`,
		`{"id":"urn:a","base":"mqtt://h/base/","properties":{"p":{"forms":[{"href":"rel%20ative?q#f"}]}},"actions":{"a/~":{"forms":[{"href":"mqtts://h","mqv:topic":["x","y"],"mqv:responseTopic":"z"}]}}}`,
		`{"id":"urn:a","events":{"e":{"forms":[{"href":"x:","mqv:filter":"a/#","mqv:controlPacket":"mqv:subscribe","contentType":"text/plain; charset=x"}]}}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := td.Parse(text)
		if err != nil {
			return
		}
		p, err := planOf(d)
		var where *td.Error
		if err != nil {
			if !errors.As(err, &where) {
				t.Fatalf("refused without a place: %v", err)
			}
			return
		}
		for _, in := range p.inlets {
			if checkTopics([]string{in.topic}, "") != nil {
				t.Errorf("listens to %q", in.topic)
			}
		}
		for _, out := range p.outlets {
			ref := thing.Ref{Thing: p.id, Kind: out.kind, Name: out.name}
			if !mqtt.ValidTopic(out.topic) || out.qos > 2 || ref.Kind == thing.Event || p.outlets.of(ref).topic != out.topic {
				t.Errorf("%s goes to %+v", ref, out)
			}
		}
	})
}

// FuzzValue decodes payloads: what is taken as good fits its schema and is read back from what encode writes.
func FuzzValue(f *testing.F) {
	f.Add(`{"type":"integer","minimum":0}`, "text/plain", []byte("12"))
	f.Add(`{"type":"string","maxLength":3}`, "text/plain", []byte(""))
	f.Add(`{"type":"object","required":["a"]}`, "application/json", []byte(`{"a":[1,2.50,"x"]}`))
	f.Add(`{"oneOf":[{"type":"null"},{"enum":[1,"1"]}]}`, "application/senml+json", []byte(` "1" `))
	f.Fuzz(func(t *testing.T, schema, media string, payload []byte) {
		s, err := td.ParseSchema([]byte(schema))
		if err != nil {
			return
		}
		form, err := formatOf(media, s, "")
		if err != nil {
			return
		}
		v, err := form.decode(payload)
		if err != nil || len(payload) == 0 {
			return
		}
		if s.Check(v.AppendJSON(nil)) != nil {
			return // type and enum are the hub's to judge
		}
		back, err := form.encode(v)
		if err != nil {
			t.Fatalf("%s does not go back: %v", v.Describe(), err)
		}
		again, err := form.decode(back)
		if err != nil || !again.Equal(v) {
			t.Errorf("%q is %s, and back %q is %s, %v", payload, v.Describe(), back, again.Describe(), err)
		}
	})
}
