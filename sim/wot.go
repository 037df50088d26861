package sim

import (
	"encoding/json"
	"strconv"

	"hutong/td"
)

// value declares one property of a device that describes itself by a Thing Description.
type value struct {
	name, title string
	kind        string // JSON type
	unit        string
	lo, hi      float64
	options     []string
	linear      bool
	fine        bool              // kept to the millisecond instead of the second
	set         func(json []byte) // nil for what can only be read
}

// act declares one action.
type act struct {
	name, title string
	input       *td.Schema
	do          func(payload []byte)
}

// happening declares one event.
type happening struct {
	name, title string
	data        *td.Schema
}

// publishTD announces the device by a Thing Description with MQTT forms, one topic for each value.
func (d *device) publishTD(kind string, values []value, acts []act, events ...happening) {
	d.split = true
	t := td.NewThing("urn:hutong:sim:"+d.id, d.title)
	t.Types = []string{kind}
	t.Extra = append(t.Extra,
		td.Member{Name: "hutong:place", Value: encode(d.area)},
		td.Member{Name: "hutong:simulated", Value: json.RawMessage("true")},
		td.Member{Name: "hutong:availability", Value: encode(map[string]string{
			"topic": d.topic("online"), "online": "online", "offline": "offline",
		})})
	for _, v := range values {
		t.Properties.Set(v.name, d.property(v))
	}
	for _, a := range acts {
		topic := d.topic("do", a.name)
		d.on(topic, a.do)
		t.Actions.Set(a.name, &td.Action{
			Interaction: td.Interaction{Title: a.title, Forms: []*td.Form{td.MQTTForm(topic, "publish", "invokeaction")}},
			Input:       a.input,
		})
	}
	for _, e := range events {
		t.Events.Set(e.name, &td.Event{
			Interaction: td.Interaction{Title: e.title, Forms: []*td.Form{td.MQTTForm(d.topic("event", e.name), "subscribe", "subscribeevent", "unsubscribeevent")}},
			Data:        e.data,
		})
	}
	d.announce = append(d.announce, message{"hutong/td/" + d.id, t.JSON(), true})
}

func (d *device) property(v value) *td.Property {
	p := &td.Property{Interaction: td.Interaction{Title: v.title}, Observable: true}
	p.Type, p.Unit, p.ReadOnly = v.kind, v.unit, v.set == nil
	if v.lo != 0 || v.hi != 0 {
		p.Minimum, p.Maximum = digits(v.lo), digits(v.hi)
	}
	for _, o := range v.options {
		p.Enum = append(p.Enum, encode(o))
	}
	if v.linear {
		p.Schema.Extra = append(p.Schema.Extra, td.Member{Name: "hutong:linear", Value: json.RawMessage("true")})
	}
	if v.fine {
		p.Schema.Extra = append(p.Schema.Extra, td.Member{Name: "hutong:resolution", Value: json.RawMessage(`"1ms"`)})
	}
	read := td.MQTTForm(d.topic(v.name), "subscribe", "readproperty", "observeproperty", "unobserveproperty")
	read.Extra = append(read.Extra, td.Member{Name: "mqv:retain", Value: json.RawMessage("true")})
	p.Forms = []*td.Form{read}
	if v.set != nil {
		topic := d.topic(v.name, "set")
		d.on(topic, v.set)
		p.Forms = append(p.Forms, td.MQTTForm(topic, "publish", "writeproperty"))
	}
	return p
}

func digits(f float64) json.Number { return json.Number(strconv.FormatFloat(f, 'f', -1, 64)) }

// The usual kinds of value.

func number(name, title, unit string) value {
	return value{name: name, title: title, kind: "number", unit: unit, linear: true}
}

func flag(name, title string) value { return value{name: name, title: title, kind: "boolean"} }

func word(name, title string, options ...string) value {
	return value{name: name, title: title, kind: "string", options: options}
}

// between gives a number its range.
func (v value) between(lo, hi float64) value { v.lo, v.hi = lo, hi; return v }

// exact keeps a value to the millisecond.
func (v value) exact() value { v.fine = true; return v }

// writable lets a value be set; what does not fit is ignored.
func (d *device) writable(v value) value {
	v.set = func(payload []byte) {
		switch v.kind {
		case "boolean":
			if on, ok := decodeBool(payload); ok {
				d.state.set(v.name, on)
			}
		case "string":
			if o, ok := decodeChoice(payload, v.options); ok {
				d.state.set(v.name, o)
			}
		default:
			if f, ok := decodeNumber(payload, v.lo, v.hi); ok {
				d.state.set(v.name, f)
			}
		}
	}
	return v
}
