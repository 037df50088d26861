package hass

import (
	"math"
	"slices"
	"strings"

	"hutong/binding/hass/jinja/py"
	"hutong/mqtt"
	"hutong/td"
	"hutong/thing"
)

// What opens, closes, locks and drives.

// payloadUnless is the payload of a command; one that is null turns the command off.
func (b *builder) payloadUnless(key, otherwise string) (string, bool) {
	if v, ok := b.Get(key); ok && v.Kind() == py.KindNone {
		return "", false
	}
	return b.TextOr(key, otherwise), true
}

// moves adds an action for each command that is not turned off.
func (b *builder) moves(to *command, names ...string) {
	for _, name := range names {
		if payload, ok := b.payloadUnless("payload_"+name, strings.ToUpper(name)); ok {
			b.action(name, words(name), to, payload)
		}
	}
}

// states is one of names, and how to read it: NAME is what state_NAME says, or spell(NAME) where it says nothing.
func (b *builder) states(spell func(string) string, names ...string) (*td.Schema, decoder) {
	words := map[string]string{}
	for _, name := range names {
		words[b.TextOr("state_"+name, spell(name))] = name
	}
	return enumSchema(names...), decodeWords(words)
}

func (b *builder) cover() {
	schema, decode := b.states(strings.ToLower, "open", "opening", "closed", "closing", "stopped")
	state := b.property("", schema, b.read("state_topic", "value_template", decode), nil, nil)
	b.classed(state, "cover")
	b.moves(b.command("command_topic", ""), "open", "close", "stop")
	low, high := b.Number("position_closed", 0), b.Number("position_open", 100)
	b.position("position", "position_topic", "position_template", "set_position_topic", "set_position_template", low, high, low, high)
	b.position("tilt", "tilt_status_topic", "tilt_status_template", "tilt_command_topic", "tilt_command_template",
		b.Number("tilt_min", 0), b.Number("tilt_max", 100), b.Number("tilt_closed_value", 0), b.Number("tilt_opened_value", 100))
	if tilt := b.command("tilt_command_topic", ""); tilt != nil && b.Has("payload_stop_tilt") {
		b.action("stop_tilt", "stop tilt", tilt, b.Text("payload_stop_tilt"))
	}
}

// position adds a property from 0 (closed) to 100 (open) that is low to high on the wire.
func (b *builder) position(name, topicKey, templateKey, setKey, setTemplateKey string, low, high, closed, opened float64) {
	if low == high {
		low, high = 0, 100
	}
	scaled := decodeScaled(low, high)
	decode := func(v py.Value) (thing.Value, verdict) {
		if v.Kind() == py.KindDict {
			v, _ = v.Get(name)
		}
		x, verdict := scaled(v)
		if verdict == take {
			x = thing.Int(min(max(x.Int(), 0), 100))
		}
		return x, verdict
	}
	to := b.command(setKey, setTemplateKey)
	p := &point{kind: thing.Property, aspect: name, schema: percentSchema(), to: to, reads: b.read(topicKey, templateKey, decode)}
	if to != nil {
		p.write = func(v thing.Value) ([]*mqtt.Message, error) {
			n := py.Int(int64(math.RoundToEven(low + (high-low)*v.Float()/100)))
			return to.message(n,
				py.Var{Name: "position", Value: toJinja(v)}, py.Var{Name: "tilt_position", Value: n},
				py.Var{Name: "position_open", Value: wholeOf(b.Number("position_open", 100))},
				py.Var{Name: "position_closed", Value: wholeOf(b.Number("position_closed", 0))},
				py.Var{Name: "tilt_min", Value: wholeOf(b.Number("tilt_min", 0))}, py.Var{Name: "tilt_max", Value: wholeOf(b.Number("tilt_max", 100))},
				py.Var{Name: "tilt_closed_value", Value: wholeOf(closed)}, py.Var{Name: "tilt_opened_value", Value: wholeOf(opened)})
		}
	}
	b.add(p)
}

func wholeOf(f float64) py.Value { return shortest(thing.Float(f)) }

func (b *builder) valve() {
	to := b.command("command_topic", "command_template")
	if !b.Flag("reports_position", false) {
		schema, word := b.states(strings.ToLower, "open", "opening", "closed", "closing")
		decode := func(v py.Value) (thing.Value, verdict) { return word(inside(v, "state")) }
		p := b.property("", schema, b.read("state_topic", "value_template", decode), nil, nil)
		b.classed(p, "valve")
		b.moves(to, "open", "close")
	} else {
		low, high := b.Number("position_closed", 0), b.Number("position_open", 100)
		if low == high {
			low, high = 0, 100
		}
		scaled := decodeScaled(low, high)
		decode := func(v py.Value) (thing.Value, verdict) { return scaled(inside(v, "position")) }
		p := b.property("position", percentSchema(), b.read("state_topic", "value_template", decode), to, func(v thing.Value) py.Value {
			return py.Int(int64(math.RoundToEven(low + (high-low)*v.Float()/100)))
		})
		b.classed(p, "valve")
	}
	if b.Has("payload_stop") {
		b.action("stop", "stop", to, b.Text("payload_stop"))
	}
}

// inside is the member called name when v is, or is the text of, an object; else v itself.
func inside(v py.Value, name string) py.Value {
	if s := v.Text(); s != "" && s[0] == '{' {
		if x, err := py.ParseJSON([]byte(s)); err == nil {
			v = x
		}
	}
	if v.Kind() == py.KindDict {
		v, _ = v.Get(name)
	}
	return v
}

// coded adds an action that may need a code.
func (b *builder) coded(name string, to *command, payload string, vars func(payload, code py.Value) (py.Value, []py.Var)) {
	if to == nil {
		return
	}
	p := &point{kind: thing.Action, aspect: name, title: words(name), to: to}
	if b.Has("code_format") || b.Has("code") {
		code := textSchema()
		if f := b.Text("code_format"); f != "" && f != "number" && f != "text" {
			code.Pattern = f
		}
		p.schema = objectOf(memberSchema{"code", code})
	}
	p.write = func(in thing.Value) ([]*mqtt.Message, error) {
		code, ok := toJinja(in).Get("code")
		if !ok {
			code = py.None()
		}
		if want := b.Text("code"); want != "" && want != "REMOTE_CODE" && want != "REMOTE_CODE_TEXT" && code.String() != want {
			return nil, errWrongCode
		}
		value, more := vars(py.Text(payload), code)
		return to.message(value, more...)
	}
	b.add(p)
}

func (b *builder) lock() {
	schema, decode := b.states(strings.ToUpper, "locked", "locking", "unlocked", "unlocking", "jammed", "open", "opening")
	p := b.property("", schema, b.read("state_topic", "value_template", decode), nil, nil)
	p.types = append(p.types, "hutong:Lock")
	to := b.command("command_topic", "command_template")
	vars := func(payload, code py.Value) (py.Value, []py.Var) {
		return payload, []py.Var{{Name: "code", Value: code}}
	}
	b.coded("lock", to, b.TextOr("payload_lock", "LOCK"), vars)
	b.coded("unlock", to, b.TextOr("payload_unlock", "UNLOCK"), vars)
	if b.Has("payload_open") {
		b.coded("open", to, b.Text("payload_open"), vars)
	}
}

func (b *builder) alarm() {
	states := enumSchema("disarmed", "armed_home", "armed_away", "armed_night", "armed_vacation", "armed_custom_bypass", "pending", "arming", "disarming", "triggered")
	b.property("", states, b.read("state_topic", "value_template", decodeState), nil, nil)
	to := b.command("command_topic", "command_template")
	vars := func(payload, code py.Value) (py.Value, []py.Var) {
		if to.template == nil {
			return payload, nil
		}
		return py.None(), []py.Var{{Name: "action", Value: payload}, {Name: "code", Value: code}}
	}
	features := b.Texts("supported_features")
	for _, name := range []string{"arm_home", "arm_away", "arm_night", "arm_vacation", "arm_custom_bypass", "trigger", "disarm"} {
		if name == "disarm" || !b.Has("supported_features") || slices.Contains(features, name) {
			b.coded(name, to, b.TextOr("payload_"+name, strings.ToUpper(name)), vars)
		}
	}
}

func (b *builder) vacuum() {
	states := enumSchema("cleaning", "docked", "idle", "paused", "returning", "error")
	b.property("", states, b.member("state_topic", decodeState, "state"), nil, nil)
	features := b.Texts("supported_features")
	if !b.Has("supported_features") {
		features = []string{"start", "stop", "return_home", "status", "battery", "clean_spot"}
	}
	can := func(f string) bool { return slices.Contains(features, f) }
	if can("battery") {
		b.property("battery_level", percentSchema(), b.member("state_topic", decodeNumber, "battery_level"), nil, nil)
	}
	to := b.command("command_topic", "")
	for _, name := range []string{"start", "pause", "stop", "return_to_base", "clean_spot", "locate"} {
		feature := name
		if name == "return_to_base" {
			feature = "return_home"
		}
		if can(feature) {
			b.action(name, words(name), to, b.TextOr("payload_"+name, name))
		}
	}
	if can("fan_speed") {
		b.property("fan_speed", b.modes("fan_speed_list"), b.member("state_topic", decodeState, "fan_speed"), b.command("set_fan_speed_topic", ""), toJinja)
	}
	if send := b.command("send_command_topic", ""); send != nil && can("send_command") {
		schema := objectOf(memberSchema{"command", textSchema()}, memberSchema{"params", objectSchema()})
		schema.Required = []string{"command"}
		b.add(&point{kind: thing.Action, aspect: "send_command", title: "send command", schema: schema, to: send, write: func(in thing.Value) ([]*mqtt.Message, error) {
			v := toJinja(in)
			name, _ := v.Get("command")
			params, ok := v.Get("params")
			if !ok || params.Kind() != py.KindDict {
				return send.message(name)
			}
			items := []py.Var{{Name: "command", Value: name}}
			for k, x := range params.Entries() {
				items = append(items, py.Var{Name: k, Value: x})
			}
			return send.json(py.Dict(items...))
		}})
	}
}

func (b *builder) mower() {
	states := enumSchema("error", "paused", "mowing", "docked", "returning")
	b.property("", states, b.read("activity_state_topic", "activity_value_template", decodeState), nil, nil)
	for _, x := range [][2]string{{"start_mowing", "start_mowing_command"}, {"pause", "pause_command"}, {"dock", "dock_command"}} {
		b.action(x[0], words(x[0]), b.command(x[1]+"_topic", x[1]+"_template"), x[0])
	}
}

func (b *builder) siren() {
	on, off := b.TextOr("payload_on", "ON"), b.TextOr("payload_off", "OFF")
	to := b.command("command_topic", "command_template")
	known := decodeBool(b.TextOr("state_on", on), b.TextOr("state_off", off))
	decode := func(v py.Value) (thing.Value, verdict) { return known(inside(v, "state")) }
	p := &point{kind: thing.Property, schema: booleanSchema(), reads: b.read("state_topic", "state_value_template", decode), to: to, types: []string{"hutong:Siren"}}
	if to == nil {
		b.add(p)
		return
	}
	end := *to
	if t := b.template("command_off_template"); t != nil {
		end.template = t
	}
	send := func(to *command, state string, more []py.Var) ([]*mqtt.Message, error) {
		vars := append([]py.Var{{Name: "state", Value: py.Text(state)}}, more...)
		if to.template == nil {
			return to.json(py.Dict(vars...))
		}
		return to.message(py.Text(state), vars...)
	}
	p.write = func(v thing.Value) ([]*mqtt.Message, error) {
		if v.Bool() {
			return send(to, on, nil)
		}
		return send(&end, off, nil)
	}
	b.add(p)
	var members []memberSchema
	if tones := b.Texts("available_tones"); len(tones) > 0 {
		members = append(members, memberSchema{"tone", enumSchema(tones...)})
	}
	if b.Flag("support_duration", true) {
		members = append(members, memberSchema{"duration", rangeSchema("integer", 0, math.NaN(), 0, "s")})
	}
	if b.Flag("support_volume_set", true) {
		members = append(members, memberSchema{"volume_level", rangeSchema("number", 0, 1, 0, "")})
	}
	if len(members) > 0 {
		b.add(&point{kind: thing.Action, aspect: "turn_on", title: "turn on", schema: objectOf(members...), to: to, write: func(in thing.Value) ([]*mqtt.Message, error) {
			var more []py.Var
			for name, v := range toJinja(in).Entries() {
				more = append(more, py.Var{Name: name, Value: v})
			}
			return send(to, on, more)
		}})
	}
}
