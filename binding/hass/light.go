package hass

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"hutong/binding/hass/jinja/py"
	"hutong/mqtt"
	"hutong/td"
	"hutong/thing"
)

var errWrongCode = errors.New("the code is wrong")

// json publishes v as JSON, whatever the command's template.
func (c *command) json(v py.Value) ([]*mqtt.Message, error) {
	data, err := v.AppendJSON(nil)
	if err != nil {
		return nil, err
	}
	return []*mqtt.Message{{Topic: c.topic, Payload: data, QoS: c.qos, Retain: c.retain}}, nil
}

func (b *builder) light() {
	switch schema := b.TextOr("schema", "basic"); schema {
	case "json":
		b.jsonLight()
	case "template":
		b.templateLight()
	case "basic", "default":
		b.basicLight()
	default:
		b.fail("schema", fmt.Errorf("%.40q is not basic, json or template", schema))
	}
}

// Members of colours, by colour mode, as the JSON schema writes them.
var colorMembers = map[string][]string{
	"hs": {"h", "s"}, "xy": {"x", "y"}, "rgb": {"r", "g", "b"}, "rgbw": {"r", "g", "b", "w"}, "rgbww": {"r", "g", "b", "c", "w"},
}

// channel is the schema of one member of a colour.
func channel(name string) *td.Schema {
	switch name {
	case "h":
		return rangeSchema("number", 0, 360, 0, "°")
	case "s":
		return rangeSchema("number", 0, 100, 0, "%")
	case "x", "y":
		return rangeSchema("number", 0, 1, 0, "")
	}
	return rangeSchema("number", 0, 255, 0, "")
}

// colorSchema is an object with the members of modes.
func colorSchema(modes []string) *td.Schema {
	s := objectSchema()
	for _, m := range modes {
		for _, name := range colorMembers[m] {
			s.Properties.Set(name, channel(name))
		}
	}
	return s
}

// warmth is the schema of a colour temperature, in mired or in kelvin.
func (b *builder) warmth() *td.Schema {
	if b.Flag("color_temp_kelvin", false) {
		return rangeSchema("integer", b.Number("min_kelvin", 2000), b.Number("max_kelvin", 6535), 0, "K")
	}
	return rangeSchema("integer", b.Number("min_mireds", 153), b.Number("max_mireds", 500), 0, "mired")
}

// typed adds a property with a type of the vocabulary.
func (b *builder) typed(name, class string, schema *td.Schema, reads []*source, to *command, write writer) {
	p := &point{kind: thing.Property, aspect: name, types: []string{"hutong:" + class}, schema: schema, reads: reads, to: to}
	if to != nil {
		p.write = write
	}
	b.add(p)
}

// jsonLight is a light whose state and commands are JSON objects.
func (b *builder) jsonLight() {
	to := b.command("command_topic", "")
	var switched func(on bool, more ...py.Var) ([]*mqtt.Message, error)
	if to != nil {
		switched = func(on bool, more ...py.Var) ([]*mqtt.Message, error) {
			return to.json(py.Dict(append([]py.Var{{Name: "state", Value: onOff("ON", "OFF")(thing.Bool(on))}}, more...)...))
		}
	}
	read := func(name string, decode decoder) []*source { return b.member("state_topic", decode, name) }
	set := func(name string) writer {
		return func(v thing.Value) ([]*mqtt.Message, error) {
			return switched(true, py.Var{Name: name, Value: toJinja(v)})
		}
	}
	b.typed("", "Light", booleanSchema(), read("state", decodeBool("ON", "OFF")), to, func(v thing.Value) ([]*mqtt.Message, error) { return switched(v.Bool()) })
	modes := b.Texts("supported_color_modes")
	has := func(list ...string) bool {
		return slices.ContainsFunc(modes, func(m string) bool { return slices.Contains(list, m) })
	}
	members := []memberSchema{}
	if b.Flag("brightness", false) || has("brightness", "color_temp", "hs", "xy", "rgb", "rgbw", "rgbww", "white") {
		s := rangeSchema("integer", 0, b.Number("brightness_scale", 255), 0, "")
		b.typed("brightness", "Brightness", s, read("brightness", decodeWhole), to, func(v thing.Value) ([]*mqtt.Message, error) {
			if v.Int() == 0 {
				return switched(false)
			}
			return switched(true, py.Var{Name: "brightness", Value: wholeNumber(v)})
		})
		members = append(members, memberSchema{"brightness", s})
	}
	if has("color_temp") {
		b.typed("color_temp", "ColorTemperature", b.warmth(), read("color_temp", decodeWhole), to, set("color_temp"))
		members = append(members, memberSchema{"color_temp", b.warmth()})
	}
	if has("hs", "xy", "rgb", "rgbw", "rgbww") {
		b.typed("color", "Color", colorSchema(modes), read("color", decodeJSON), to, set("color"))
		members = append(members, memberSchema{"color", colorSchema(modes)})
	}
	if has("white") {
		s := rangeSchema("integer", 0, b.Number("white_scale", 255), 0, "")
		b.typed("white", "White", s, nil, to, set("white"))
	}
	if len(modes) > 1 {
		b.typed("color_mode", "ColorMode", enumSchema(modes...), read("color_mode", decodeState), nil, nil)
	}
	if b.Flag("effect", false) {
		b.typed("effect", "Effect", b.modes("effect_list"), read("effect", decodeState), to, set("effect"))
		members = append(members, memberSchema{"effect", b.modes("effect_list")})
	}
	if to == nil {
		return
	}
	if b.Flag("transition", true) {
		members = append(members, memberSchema{"transition", rangeSchema("number", 0, math.NaN(), 0, "s")})
	}
	b.turnOn(members, to, func(vars []py.Var) ([]*mqtt.Message, error) { return switched(true, vars...) })
}

// turnOn adds the action that switches a light on with everything at once.
func (b *builder) turnOn(members []memberSchema, to *command, send func(vars []py.Var) ([]*mqtt.Message, error)) {
	if len(members) == 0 {
		return
	}
	b.add(&point{kind: thing.Action, aspect: "turn_on", title: "turn on", schema: objectOf(members...), to: to, write: func(in thing.Value) ([]*mqtt.Message, error) {
		var vars []py.Var
		for name, v := range toJinja(in).Entries() {
			if slices.ContainsFunc(members, func(m memberSchema) bool { return m.name == name }) {
				vars = append(vars, py.Var{Name: name, Value: v})
			}
		}
		return send(vars)
	}})
}

// templateLight is a light whose state is read, and whose commands are written, by templates.
func (b *builder) templateLight() {
	on, off := b.command("command_topic", "command_on_template"), b.command("command_topic", "command_off_template")
	if on == nil || on.template == nil || off.template == nil {
		b.fail("schema", errors.New("a template light needs command_topic, command_on_template and command_off_template"))
		return
	}
	light := func(vars ...py.Var) ([]*mqtt.Message, error) {
		return on.message(py.None(), append([]py.Var{{Name: "state", Value: py.Bool(true)}}, vars...)...)
	}
	var state []*source
	if b.Has("state_template") {
		state = b.read("state_topic", "state_template", decodeBool("on", "off"))
	}
	b.typed("", "Light", booleanSchema(), state, on, func(v thing.Value) ([]*mqtt.Message, error) {
		if v.Bool() {
			return light()
		}
		return off.message(py.None(), py.Var{Name: "state", Value: py.Bool(false)})
	})
	set := func(name string) writer {
		return func(v thing.Value) ([]*mqtt.Message, error) { return light(py.Var{Name: name, Value: toJinja(v)}) }
	}
	members := []memberSchema{{"transition", rangeSchema("number", 0, math.NaN(), 0, "s")}, {"flash", enumSchema("short", "long")}}
	one := func(name, class, templateKey string, s *td.Schema, decode decoder) {
		if b.Has(templateKey) {
			b.typed(name, class, s, b.read("state_topic", templateKey, decode), on, set(name))
			members = append(members, memberSchema{name, s})
		}
	}
	one("brightness", "Brightness", "brightness_template", rangeSchema("integer", 0, 255, 0, ""), decodeWhole)
	one("color_temp", "ColorTemperature", "color_temp_template", b.warmth(), decodeWhole)
	if b.Has("effect_list") {
		one("effect", "Effect", "effect_template", b.modes("effect_list"), decodeState)
	}
	if b.Has("red_template") && b.Has("green_template") && b.Has("blue_template") {
		for _, c := range []string{"red", "green", "blue"} {
			b.property(c, rangeSchema("integer", 0, 255, 0, ""), b.read("state_topic", c+"_template", decodeWhole), nil, nil)
			members = append(members, memberSchema{c, rangeSchema("integer", 0, 255, 0, "")})
		}
	}
	b.turnOn(members, on, func(vars []py.Var) ([]*mqtt.Message, error) { return light(vars...) })
}

// basicLight is a light with a topic for each thing it can do.
func (b *builder) basicLight() {
	onText, offText := b.TextOr("payload_on", "ON"), b.TextOr("payload_off", "OFF")
	to := b.command("command_topic", "")
	template := "state_value_template"
	if !b.Has(template) {
		template = "value_template"
	}
	b.typed("", "Light", booleanSchema(), b.read("state_topic", template, decodeBool(onText, offText)), to, func(v thing.Value) ([]*mqtt.Message, error) {
		if v.Bool() && b.Text("on_command_type") == "brightness" {
			if bright := b.command("brightness_command_topic", "brightness_command_template"); bright != nil {
				return bright.message(wholeOf(b.Number("brightness_scale", 255)))
			}
		}
		return to.message(onOff(onText, offText)(v))
	})
	b.channelOf("brightness", "Brightness", "brightness", rangeSchema("integer", 0, b.Number("brightness_scale", 255), 0, ""), decodeWhole, to, offText)
	b.channelOf("color_temp", "ColorTemperature", "color_temp", b.warmth(), decodeWhole, to, "")
	b.channelOf("effect", "Effect", "effect", b.modes("effect_list"), decodeState, to, "")
	b.channelOf("white", "White", "white", rangeSchema("integer", 0, b.Number("white_scale", 255), 0, ""), decodeWhole, to, offText)
	b.property("color_mode", textSchema(), b.read("color_mode_state_topic", "color_mode_value_template", decodeState), nil, nil)
	for mode, vars := range map[string][]string{
		"hs": {"hue", "sat"}, "xy": {"x", "y"}, "rgb": {"red", "green", "blue"}, "rgbw": {"red", "green", "blue", "white"},
		"rgbww": {"red", "green", "blue", "cold_white", "warm_white"},
	} {
		b.colorOf(mode, vars, to, onText)
	}
	slices.SortStableFunc(b.e.points, func(x, y *point) int { return strings.Compare(x.aspect, y.aspect) })
}

// inOrder is what Home Assistant publishes to set one thing of a basic light: the "on" payload before or after it,
// as on_command_type says.
func (b *builder) inOrder(set []*mqtt.Message, err error, to *command) ([]*mqtt.Message, error) {
	if err != nil || to == nil {
		return set, err
	}
	on, err := to.message(py.Text(b.TextOr("payload_on", "ON")))
	switch b.TextOr("on_command_type", "last") {
	case "first":
		return append(on, set...), err
	case "last":
		return append(set, on...), err
	}
	return set, err
}

func (b *builder) channelOf(name, class, key string, s *td.Schema, decode decoder, light *command, offText string) {
	to := b.command(key+"_command_topic", key+"_command_template")
	b.typed(name, class, s, b.read(key+"_state_topic", key+"_value_template", decode), to, func(v thing.Value) ([]*mqtt.Message, error) {
		if offText != "" && v.Int() == 0 && light != nil {
			return light.message(py.Text(offText))
		}
		set, err := to.message(toJinja(v))
		return b.inOrder(set, err, light)
	})
}

// colorOf adds a colour that is text with commas on the wire: an object with the members of the mode.
func (b *builder) colorOf(mode string, vars []string, light *command, onText string) {
	names := colorMembers[mode]
	to := b.command(mode+"_command_topic", mode+"_command_template")
	whole := mode != "hs" && mode != "xy"
	s := colorSchema([]string{mode})
	s.Required = names
	b.typed("color_"+mode, "Color", s, b.read(mode+"_state_topic", mode+"_value_template", decodeTriple(whole, names...)), to,
		func(v thing.Value) ([]*mqtt.Message, error) {
			object := toJinja(v)
			parts, more := make([]string, len(names)), make([]py.Var, len(names))
			for i, n := range names {
				x, ok := object.Get(n)
				if !ok {
					return nil, fmt.Errorf("colour lacks %q", n)
				}
				if whole {
					x = py.Int(int64(x.Float()))
				} else {
					x = py.Float(x.Float())
				}
				parts[i], more[i] = x.String(), py.Var{Name: vars[i], Value: x}
			}
			set, err := to.message(py.Text(strings.Join(parts, ",")), more...)
			return b.inOrder(set, err, light)
		})
}
