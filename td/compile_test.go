package td_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"hutong/td"
	"hutong/thing"
)

const lamp = `{
	"@context": ["https://www.w3.org/2022/wot/td/v1.1", {"h": "https://hutong.example/ns#"}],
	"id": "urn:lamp", "title": "Lamp",
	"h:place": "Home / Living Room", "h:simulated": true,
	"securityDefinitions": {"nosec_sc": {"scheme": "nosec"}}, "security": "nosec_sc",
	"properties": {
		"on": {"type": "boolean", "forms": [{"href": "on"}]},
		"level": {"title": "Level", "type": "integer", "unit": "%", "minimum": 0, "maximum": 100, "readOnly": true,
			"h:resolution": "1s", "h:retention": "720h", "h:linear": true, "forms": [{"href": "level"}]},
		"mode": {"enum": ["day", "night"], "titles": {"de": "Modus"}, "writeOnly": true, "forms": [{"href": "mode"}]}
	},
	"actions": {"fade": {"input": {"oneOf": [{"type": "integer"}, {"type": "number"}]}, "forms": [{"href": "fade"}]}},
	"events": {"hot": {"data": {"type": "number", "unit": "Cel"}, "forms": [{"href": "hot"}]}}
}`

func TestCompileGivesTheEngineItsPoints(t *testing.T) {
	x, err := td.Parse([]byte(lamp))
	if err != nil {
		t.Fatal(err)
	}
	got, err := x.Compile()
	if err != nil {
		t.Fatal(err)
	}
	want := &thing.Thing{
		ID: "urn:lamp", Title: "Lamp", Place: "home/living-room", Simulated: true,
		Points: []thing.Point{
			{Kind: thing.Property, Name: "on", Title: "on", Type: thing.Boolean},
			{
				Kind: thing.Property, Name: "level", Title: "Level", Type: thing.Integer, Unit: "%", ReadOnly: true,
				Resolution: time.Second, Retention: 720 * time.Hour, Linear: true,
			},
			{
				Kind: thing.Property, Name: "mode", Title: "Modus", Type: thing.Text, WriteOnly: true,
				Enum: []thing.Value{thing.String("day"), thing.String("night")},
			},
			{Kind: thing.Event, Name: "hot", Title: "hot", Type: thing.Number, Unit: "Cel", ReadOnly: true},
		},
		Actions: []thing.Point{{Kind: thing.Action, Name: "fade", Title: "fade", Type: thing.Number}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(thing.Value{}), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func TestCompileSaysWhatIsWrong(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		x, err := td.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err = x.Compile(); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	f(`{}`, `/id: a Thing needs an id to be kept; give it a URN`)
	f(`{"id":"urn:x","@type":"tm:ThingModel"}`, `/@type: a Thing Model is no Thing; instantiate it first`)
	f(`{"id":"urn:x","events":{"e":{"hutong:retention":"a while"}}}`,
		`/events/e/hutong:retention: "a while" is no duration; write a duration such as "1s" or "720h"`)
}

func TestOpsFollowTheDefaults(t *testing.T) {
	f := func(kind thing.Kind, p *td.Property, form td.Form, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, form.Ops(kind, p)); diff != "" {
			t.Error(diff)
		}
	}
	f(thing.Property, &td.Property{}, td.Form{}, "readproperty", "writeproperty")
	f(thing.Property, &td.Property{Schema: td.Schema{ReadOnly: true}}, td.Form{}, "readproperty")
	f(thing.Property, &td.Property{Schema: td.Schema{WriteOnly: true}}, td.Form{}, "writeproperty")
	f(thing.Property, &td.Property{}, td.Form{Op: []string{"observeproperty"}}, "observeproperty")
	f(thing.Action, nil, td.Form{}, "invokeaction")
	f(thing.Event, nil, td.Form{}, "subscribeevent", "unsubscribeevent")
}
