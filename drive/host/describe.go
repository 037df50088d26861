package host

import (
	"encoding/json"
	"strconv"

	"hutong/td"
)

// The URNs of the Things begin so.
const urn = "urn:hutong:drive:"

// place is where the vehicles are, as people write it.
const place = "Road / Vehicles"

func member(name string, v any) td.Member { return td.Member{Name: name, Value: encode(v)} }

// newThing is a description with what all of ours have.
func newThing(id, title, kind, where, prefix string) *td.Thing {
	t := td.NewThing(urn+id, title)
	t.Types = []string{kind}
	t.Extra = append(t.Extra,
		member("hutong:place", where),
		member("hutong:simulated", true),
		member("hutong:availability", map[string]string{"topic": prefix + "/online", "online": "online", "offline": "offline"}))
	return t
}

// property adds a property that can be read and observed.
func property(t *td.Thing, prefix, name, title string, s td.Schema) {
	p := &td.Property{Interaction: td.Interaction{Title: title}, Schema: s, Observable: true}
	p.ReadOnly = true
	f := td.MQTTForm(prefix+"/"+name, "subscribe", "readproperty", "observeproperty", "unobserveproperty")
	f.Extra = append(f.Extra, member("mqv:retain", true))
	p.Forms = []*td.Form{f}
	t.Properties.Set(name, p)
}

func action(t *td.Thing, prefix, name, title string, input *td.Schema) {
	f := td.MQTTForm(prefix+"/do/"+name, "publish", "invokeaction")
	f.Extra = append(f.Extra, member("mqv:responseTopic", prefix+"/done"))
	t.Actions.Set(name, &td.Action{Interaction: td.Interaction{Title: title, Forms: []*td.Form{f}}, Input: input})
}

func happening(t *td.Thing, prefix, name, title string, data *td.Schema) {
	t.Events.Set(name, &td.Event{
		Interaction: td.Interaction{Title: title, Forms: []*td.Form{td.MQTTForm(prefix+"/event/"+name, "subscribe", "subscribeevent", "unsubscribeevent")}},
		Data:        data,
	})
}

func metric(unit string) td.Schema { return td.Schema{Type: "number", Unit: unit} }

// linear is a number between whose reports lies a line.
func linear(unit string) td.Schema {
	s := metric(unit)
	s.Extra = []td.Member{member("hutong:linear", true)}
	return s
}

func words(options ...string) td.Schema {
	s := td.Schema{Type: "string"}
	for _, o := range options {
		s.Enum = append(s.Enum, encode(o))
	}
	return s
}

// object is a schema of an object; of is name, schema, name, schema, ...; the first n are required.
func object(n int, of ...any) td.Schema {
	s := td.Schema{Type: "object"}
	for i := 0; i < len(of); i += 2 {
		name, inner := of[i].(string), of[i+1].(td.Schema)
		s.Properties.Set(name, &inner)
		if i/2 < n {
			s.Required = append(s.Required, name)
		}
	}
	return s
}

// input is an object without other members.
func input(n int, of ...any) *td.Schema {
	s := object(n, of...)
	s.Extra = append(s.Extra, member("additionalProperties", false))
	return &s
}

func between(s td.Schema, lo, hi json.Number) td.Schema {
	s.Minimum, s.Maximum = lo, hi
	return s
}

// describe is the vehicle's Thing Description.
func (c *car) describe() []byte {
	prefix := "drive/" + c.Name
	t := newThing(c.Name, c.Title, "Vehicle", place, prefix)
	prop := func(name, title string, s td.Schema) { property(t, prefix, name, title, s) }
	prop("state", "State", words("standing", "driving", "arrived", "fail-safe", "stopped", "offline"))
	prop("speed", "Speed", between(linear("km/h"), "0", "130"))
	prop("battery", "Battery", between(linear("percent"), "0", "100"))
	prop("doors", "Doors", words("open", "closed", "locked"))
	prop("reason", "What it is doing", object(2, "code", words(), "words", words(), "subject", td.Schema{Type: "integer"}))
	prop("pose", "Where it is", object(3, "x", metric("m"), "y", metric("m"), "heading", metric("rad"),
		"lat", metric("deg"), "lon", metric("deg"), "lane", words()))
	prop("trip", "Where it is going", td.Schema{Type: "object"})
	prop("limit", "Allowed speed", metric("km/h"))
	prop("odometer", "Driven", metric("km"))
	prop("assist", "What it asks of a person", td.Schema{})
	prop("plate", "Plate", words())
	prop("colour", "Colour", words())
	prop("seats", "Seats", td.Schema{Type: "integer"})
	prop("wheelchair", "Takes a wheelchair", td.Schema{Type: "boolean"})

	act := func(name, title string, input *td.Schema) { action(t, prefix, name, title, input) }
	act("stopNow", "Stop now", nil)
	act("pullOver", "Pull over", nil)
	act("resume", "Go on", nil)
	act("hold", "Stay while it stands", nil)
	act("openDoors", "Open the doors", nil)
	act("closeDoors", "Close the doors", nil)
	name := words()
	name.MaxLength = json.Number(strconv.Itoa(maxName))
	act("driveTo", "Drive to", input(2, "x", metric("m"), "y", metric("m"), "heading", between(metric("rad"), "-100", "100"), "name", name))
	act("setLimit", "Set the allowed speed", input(1, "kmh", between(metric("km/h"), "1", "130")))
	act("answer", "Answer its question", input(1, "option", words(), "id", words()))

	on := func(name, title string, data td.Schema) { happening(t, prefix, name, title, &data) }
	on("arrived", "Arrived", object(2, "x", metric("m"), "y", metric("m"), "name", words()))
	on("failSafe", "Came to a safe stop by itself", object(1, "cause", words()))
	on("collision", "Collision", object(1, "why", words(), "with", td.Schema{Type: "integer"}))
	on("harsh", "Braked hard", object(1, "speed", metric("km/h")))
	on("warning", "Warns of something on the road (DENM)", object(2, "header", object(0), "denm", object(0)))
	on("assistAsked", "Asks a person", object(2, "kind", words(), "words", words()))
	t.Links = append(t.Links, &td.Link{Href: "mqtt://broker/" + prefix + "/cabin", Rel: "hutong:cabin", Type: "application/json"},
		&td.Link{Href: "mqtt://broker/" + prefix + "/cam", Rel: "hutong:cam", Type: "application/json"},
		&td.Link{Href: "mqtt://broker/" + prefix + "/beat", Rel: "hutong:beat"})
	return t.JSON()
}
