package hass

import (
	"math"
	"slices"
	"strings"
	"time"

	"hutong/binding/hass/jinja/py"
	"hutong/mqtt"
	"hutong/td"
	"hutong/thing"
)

// components are the kinds of entity that are understood; any other is generic.
var components = map[string]func(*builder){
	"alarm_control_panel": (*builder).alarm, "binary_sensor": (*builder).binarySensor, "button": (*builder).button,
	"camera": (*builder).camera, "climate": (*builder).climate, "cover": (*builder).cover, "date": (*builder).date,
	"datetime": (*builder).date, "device_automation": (*builder).trigger, "device_tracker": (*builder).tracker,
	"event": (*builder).eventEntity, "fan": (*builder).fan, "humidifier": (*builder).humidifier, "image": (*builder).image,
	"lawn_mower": (*builder).mower, "light": (*builder).light, "lock": (*builder).lock, "notify": (*builder).notify,
	"number": (*builder).numberEntity, "scene": (*builder).scene, "select": (*builder).selectEntity, "sensor": (*builder).sensor,
	"siren": (*builder).siren, "switch": (*builder).switchEntity, "tag": (*builder).tag, "text": (*builder).textEntity,
	"time": (*builder).date, "update": (*builder).update, "vacuum": (*builder).vacuum, "valve": (*builder).valve,
	"water_heater": (*builder).waterHeater,
}

// classed marks a point with its device class, such as hutong:Temperature.
func (b *builder) classed(p *point, otherwise string) {
	class := b.TextOr("device_class", otherwise)
	if class != "" {
		p.types = append(p.types, "hutong:"+camel(class))
	}
}

// camel makes "carbon_monoxide" CarbonMonoxide, leaving out what a name in a vocabulary cannot have.
func camel(s string) string {
	var out strings.Builder
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return r > 'z' || !isNameByte(byte(r)) || r == '_' }) {
		out.WriteString(capital(w))
	}
	return out.String()
}

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

func (b *builder) sensor() {
	class, unit := b.Text("device_class"), b.Text("unit_of_measurement")
	schema, decode := textSchema(), decodeText
	switch {
	case class == "timestamp":
		schema.Format = "date-time"
	case class == "date":
		schema.Format = "date"
	case b.Has("options"):
		schema = enumSchema(b.Texts("options")...)
	case unit != "" || class != "" && class != "enum" || b.Has("state_class") || b.Has("suggested_display_precision"):
		schema, decode = &td.Schema{Type: "number", Unit: unit}, decodeNumber
	}
	p := b.property("", schema, b.read("state_topic", "value_template", decode), nil, nil)
	b.classed(p, "")
	if b.Text("state_class") == "measurement" {
		p.extra = append(p.extra, td.Member{Name: "hutong:linear", Value: []byte("true")})
	}
}

func (b *builder) binarySensor() {
	decode := decodeBool(b.TextOr("payload_on", "ON"), b.TextOr("payload_off", "OFF"))
	p := b.property("", booleanSchema(), b.read("state_topic", "value_template", decode), nil, nil)
	p.off = time.Duration(b.Number("off_delay", 0) * float64(time.Second))
	b.classed(p, "")
}

// onOff writes a boolean as one of two payloads.
func onOff(on, off string) func(v thing.Value) py.Value {
	return func(v thing.Value) py.Value {
		if v.Bool() {
			return py.Text(on)
		}
		return py.Text(off)
	}
}

func (b *builder) switchEntity() {
	on, off := b.TextOr("payload_on", "ON"), b.TextOr("payload_off", "OFF")
	decode := decodeBool(b.TextOr("state_on", on), b.TextOr("state_off", off))
	p := b.property("", booleanSchema(), b.read("state_topic", "value_template", decode), b.command("command_topic", "command_template"), onOff(on, off))
	b.classed(p, "switch")
}

func (b *builder) button() {
	b.action("", "", b.command("command_topic", "command_template"), b.TextOr("payload_press", "PRESS"))
}

func (b *builder) scene() {
	b.action("", "", b.command("command_topic", "command_template"), b.TextOr("payload_on", "ON"))
}

func (b *builder) selectEntity() {
	p := b.property("", enumSchema(b.Texts("options")...), b.read("state_topic", "value_template", decodeState), b.command("command_topic", "command_template"), toJinja)
	b.classed(p, "")
}

func (b *builder) numberEntity() {
	low, high, step := b.Number("min", 1), b.Number("max", 100), b.Number("step", 1)
	reset := b.TextOr("payload_reset", none)
	decode := func(v py.Value) (thing.Value, verdict) {
		if v.Kind() == py.KindText && v.Text() == reset {
			return thing.Value{}, unknown
		}
		return decodeNumber(v)
	}
	p := b.property("", rangeSchema("number", low, high, step, b.Text("unit_of_measurement")), b.read("state_topic", "value_template", decode),
		b.command("command_topic", "command_template"), shortest)
	b.classed(p, "")
}

// shortest writes a whole number without a fraction.
func shortest(v thing.Value) py.Value {
	if f := v.Float(); f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return py.Int(int64(f))
	}
	return py.Float(v.Float())
}

// decimal writes a number as Python writes a float: 21 is 21.0.
func decimal(v thing.Value) py.Value { return py.Float(v.Float()) }

func wholeNumber(v thing.Value) py.Value { return py.Int(v.Int()) }

func (b *builder) textEntity() {
	s := textSchema()
	s.MinLength, s.MaxLength = digits(max(b.Number("min", 0), 0)), digits(b.Number("max", 255))
	s.Pattern = b.Text("pattern")
	s.WriteOnly = b.Text("mode") == "password"
	b.property("", s, b.read("state_topic", "value_template", decodeText), b.command("command_topic", "command_template"), toJinja)
}

// date is the date, time and datetime entities: ISO 8601 both ways.
func (b *builder) date() {
	s := textSchema()
	s.Format = map[string]string{"date": "date", "time": "time", "datetime": "date-time"}[b.e.Component]
	b.property("", s, b.read("state_topic", "value_template", decodeState), b.command("command_topic", "command_template"), toJinja)
}

func (b *builder) eventEntity() {
	types := b.Texts("event_types")
	data := objectOf(memberSchema{"event_type", enumSchema(types...)})
	data.Required = []string{"event_type"}
	b.event(data, b.read("state_topic", "value_template", decodeEvent(types)))
	for _, p := range b.e.points {
		b.classed(p, "")
	}
}

// trigger is a device automation: an event when a message, or what the template makes of it, is the payload.
func (b *builder) trigger() {
	want := b.Text("payload")
	decode := func(v py.Value) (thing.Value, verdict) {
		s := v.String()
		if v.Kind() == py.KindUndefined || s == "" || want != "" && s != want {
			return thing.Value{}, skip
		}
		return thing.String(s), take
	}
	if b.e.name == "" {
		b.e.name = words(strings.TrimSpace(b.Text("type") + " " + b.Text("subtype")))
	}
	data := textSchema()
	if want != "" {
		data = enumSchema(want)
	}
	b.event(data, b.read("topic", "value_template", decode))
}

func (b *builder) tag() {
	b.event(textSchema(), b.read("topic", "value_template", decodeState))
}

func (b *builder) notify() {
	to := b.command("command_topic", "command_template")
	if to == nil {
		return
	}
	b.add(&point{kind: thing.Action, schema: textSchema(), to: to, write: func(v thing.Value) ([]*mqtt.Message, error) {
		return to.message(toJinja(v))
	}})
}

func (b *builder) tracker() {
	home, away, reset := b.TextOr("payload_home", "home"), b.TextOr("payload_not_home", "not_home"), b.TextOr("payload_reset", none)
	decode := func(v py.Value) (thing.Value, verdict) {
		x, verdict := decodeState(v)
		switch {
		case verdict != take:
		case x.Text() == home:
			x = thing.String("home")
		case x.Text() == away:
			x = thing.String("not_home")
		case x.Text() == reset:
			return thing.Value{}, unknown
		}
		return x, verdict
	}
	b.property("", textSchema(), b.read("state_topic", "value_template", decode), nil, nil)
}

func (b *builder) picture(topicKey, mediaType string, encoded bool) {
	s := &td.Schema{Type: "string", ContentEncoding: "base64", ContentMediaType: mediaType}
	b.property("", s, b.read(topicKey, "", decodeBytes(encoded)), nil, nil)
}

func (b *builder) camera() { b.picture("topic", "image/jpeg", b.Text("image_encoding") == "b64") }

func (b *builder) image() {
	b.picture("image_topic", b.TextOr("content_type", "image/jpeg"), b.Text("image_encoding") == "b64")
	s := textSchema()
	s.Format = "uri"
	b.property("", s, b.read("url_topic", "url_template", decodeState), nil, nil)
}

func (b *builder) update() {
	s := objectOf(
		memberSchema{"installed_version", anySchema()}, memberSchema{"latest_version", anySchema()}, memberSchema{"title", anySchema()},
		memberSchema{"release_summary", anySchema()}, memberSchema{"release_url", anySchema()}, memberSchema{"entity_picture", anySchema()},
		memberSchema{"in_progress", anySchema()}, memberSchema{"update_percentage", anySchema()},
	)
	b.property("", s, b.read("state_topic", "value_template", decodeUpdate), nil, nil)
	b.property("latest_version", textSchema(), b.read("latest_version_topic", "latest_version_template", decodeState), nil, nil)
	if b.Has("payload_install") {
		b.action("install", "install", b.command("command_topic", "command_template"), b.Text("payload_install"))
	}
}

func anySchema() *td.Schema { return &td.Schema{} }

// generic is a component that is not known: what has a state topic is text to read, what has a command topic an
// action that takes text. Nothing is made up about their meaning.
func (b *builder) generic() {
	for key := range b.Entries() {
		aspect, isState := strings.CutSuffix(key, "state_topic")
		if isState || key == "topic" {
			aspect = strings.Trim(strings.TrimSuffix(aspect, "topic"), "_")
			prefix := strings.TrimSuffix(strings.TrimSuffix(key, "topic"), "state_")
			template := prefix + "value_template"
			if !b.Has(template) {
				template = strings.TrimSuffix(key, "topic") + "template"
			}
			b.property(aspect, anySchema(), b.read(key, template, decodeAny), nil, nil)
		}
	}
	for key := range b.Entries() {
		aspect, ok := strings.CutSuffix(key, "command_topic")
		if to := b.command(key, strings.TrimSuffix(key, "topic")+"template"); ok && to != nil {
			b.add(&point{
				kind: thing.Action, aspect: strings.Trim(aspect+"send", "_"), title: strings.TrimSpace(words(aspect) + " send"), schema: textSchema(), to: to,
				write: func(v thing.Value) ([]*mqtt.Message, error) { return to.message(toJinja(v)) },
			})
		}
	}
	slices.SortStableFunc(b.e.points, func(x, y *point) int { return strings.Compare(x.aspect, y.aspect) })
}

// decodeAny takes a value as it is.
func decodeAny(v py.Value) (thing.Value, verdict) {
	switch v.Kind() {
	case py.KindUndefined:
		return thing.Value{}, skip
	case py.KindText:
		return decodeText(v)
	}
	return fromJinja(v)
}
