package hass

import (
	"encoding/json"
	"math"
	"slices"

	"hutong/binding/hass/jinja/py"
	"hutong/mqtt"
	"hutong/td"
	"hutong/thing"
)

// aspect adds a property whose four members are named after one word: x_state_topic, x_state_template,
// x_command_topic, x_command_template. Where the state template is called otherwise, stateTemplate names it.
func (b *builder) aspect(name, key, stateTemplate string, schema *td.Schema, decode decoder, encode func(thing.Value) py.Value) *point {
	if stateTemplate == "" {
		stateTemplate = key + "_state_template"
	}
	return b.property(name, schema, b.read(key+"_state_topic", stateTemplate, decode),
		b.command(key+"_command_topic", key+"_command_template"), encode)
}

// measured adds a read-only number.
func (b *builder) measured(name, class, topicKey, templateKey, unit string) {
	p := b.property(name, &td.Schema{Type: "number", Unit: unit}, b.read(topicKey, templateKey, decodeNumber), nil, nil)
	p.types = append(p.types, "hutong:"+class)
	p.extra = append(p.extra, td.Member{Name: "hutong:linear", Value: []byte("true")})
}

// degrees is the unit of temperature.
func (b *builder) degrees() string {
	if b.Text("temperature_unit") == "F" {
		return "°F"
	}
	return "°C"
}

// temperatures are the target temperature's schema, for devices that heat or cool.
func (b *builder) temperatures(low, high, step float64) *td.Schema {
	if b.Text("temperature_unit") == "F" {
		low, high = low*9/5+32, high*9/5+32
	}
	return rangeSchema("number", b.Number("min_temp", low), b.Number("max_temp", high), b.Number("temp_step", step), b.degrees())
}

// modes is the list of options of key, or what Home Assistant takes when it is not given.
func (b *builder) modes(key string, otherwise ...string) *td.Schema {
	if b.Has(key) {
		otherwise = b.Texts(key)
	}
	return enumSchema(otherwise...)
}

// orNone adds the word for "no preset" to an enum.
func orNone(s *td.Schema) *td.Schema {
	if !slices.ContainsFunc(s.Enum, func(e json.RawMessage) bool { return string(e) == `"none"` }) {
		s.Enum = append(s.Enum, quote("none"))
	}
	return s
}

// preset reads a preset mode, of which one text may mean that there is none.
func preset(reset string) decoder {
	return func(v py.Value) (thing.Value, verdict) {
		if v.Kind() == py.KindUndefined {
			return thing.Value{}, skip
		}
		switch s := v.String(); s {
		case "":
			return thing.Value{}, skip
		case reset, none:
			return thing.String("none"), take
		default:
			return thing.String(s), take
		}
	}
}

func (b *builder) climate() {
	b.aspect("", "mode", "", b.modes("modes", "auto", "off", "cool", "heat", "dry", "fan_only"), decodeState, toJinja)
	for _, name := range []string{"temperature", "temperature_low", "temperature_high"} {
		p := b.aspect(name, name, "", b.temperatures(7, 35, 1), decodeNumber, decimal)
		p.types = append(p.types, "hutong:TargetTemperature")
	}
	humidity := rangeSchema("number", b.Number("min_humidity", 30), b.Number("max_humidity", 99), 0, "%")
	b.aspect("humidity", "target_humidity", "", humidity, decodeNumber, wholeNumber)
	b.measured("current_temperature", "Temperature", "current_temperature_topic", "current_temperature_template", b.degrees())
	b.measured("current_humidity", "Humidity", "current_humidity_topic", "current_humidity_template", "%")
	b.aspect("fan_mode", "fan_mode", "", b.modes("fan_modes", "auto", "low", "medium", "high"), decodeState, toJinja)
	b.aspect("swing_mode", "swing_mode", "", b.modes("swing_modes", "on", "off"), decodeState, toJinja)
	b.aspect("swing_horizontal_mode", "swing_horizontal_mode", "", b.modes("swing_horizontal_modes", "on", "off"), decodeState, toJinja)
	b.aspect("preset", "preset_mode", "preset_mode_value_template", orNone(b.modes("preset_modes")), preset(none), toJinja)
	actions := enumSchema("off", "preheating", "heating", "cooling", "drying", "idle", "fan", "defrosting")
	b.property("action", actions, b.read("action_topic", "action_template", decodeState), nil, nil)
	b.power()
}

// power adds the actions that switch a device whose power is not a state.
func (b *builder) power() {
	to := b.command("power_command_topic", "power_command_template")
	b.action("turn_on", "turn on", to, b.TextOr("payload_on", "ON"))
	b.action("turn_off", "turn off", to, b.TextOr("payload_off", "OFF"))
}

func (b *builder) waterHeater() {
	b.aspect("", "mode", "", b.modes("modes", "off", "eco", "electric", "gas", "heat_pump", "high_demand", "performance"), decodeState, toJinja)
	p := b.aspect("temperature", "temperature", "", b.temperatures(43.333, 60, 1), decodeNumber, decimal)
	p.types = append(p.types, "hutong:TargetTemperature")
	b.measured("current_temperature", "Temperature", "current_temperature_topic", "current_temperature_template", b.degrees())
	b.power()
}

func (b *builder) humidifier() {
	on, off := b.TextOr("payload_on", "ON"), b.TextOr("payload_off", "OFF")
	p := b.property("", booleanSchema(), b.read("state_topic", "state_value_template", decodeBool(on, off)), b.command("command_topic", "command_template"), onOff(on, off))
	b.classed(p, "humidifier")
	target := rangeSchema("integer", b.Number("min_humidity", 0), b.Number("max_humidity", 100), 0, "%")
	b.aspect("humidity", "target_humidity", "", target, decodeWhole, wholeNumber)
	b.aspect("mode", "mode", "", b.modes("modes"), decodeState, toJinja)
	b.measured("current_humidity", "Humidity", "current_humidity_topic", "current_humidity_template", "%")
	b.property("action", enumSchema("off", "humidifying", "drying", "idle"), b.read("action_topic", "action_template", decodeState), nil, nil)
}

func (b *builder) fan() {
	on, off := b.TextOr("payload_on", "ON"), b.TextOr("payload_off", "OFF")
	power := b.command("command_topic", "command_template")
	p := b.property("", booleanSchema(), b.read("state_topic", "state_value_template", decodeBool(on, off)), power, onOff(on, off))
	p.types = append(p.types, "hutong:Fan")
	low, high := b.Number("speed_range_min", 1)-1, b.Number("speed_range_max", 100)
	if low >= high {
		low, high = 0, 100
	}
	reset := b.TextOr("payload_reset_percentage", none)
	scaled := decodeScaled(low, high)
	decode := func(v py.Value) (thing.Value, verdict) {
		if v.Kind() == py.KindText && v.Text() == reset {
			return thing.Value{}, unknown
		}
		return scaled(v)
	}
	speed := b.command("percentage_command_topic", "percentage_command_template")
	pct := &point{kind: thing.Property, aspect: "percentage", title: "speed", schema: percentSchema(), to: speed, reads: b.read("percentage_state_topic", "percentage_value_template", decode)}
	if speed != nil {
		pct.write = func(v thing.Value) ([]*mqtt.Message, error) {
			if v.Float() == 0 && power != nil {
				return power.message(py.Text(off))
			}
			return speed.message(py.Int(int64(math.Ceil(low + (high-low)*v.Float()/100))))
		}
	}
	b.add(pct)
	b.aspect("preset", "preset_mode", "preset_mode_value_template", b.modes("preset_modes"), preset(b.TextOr("payload_reset_preset_mode", none)), toJinja)
	swing, still := b.TextOr("payload_oscillation_on", "oscillate_on"), b.TextOr("payload_oscillation_off", "oscillate_off")
	b.aspect("oscillation", "oscillation", "oscillation_value_template", booleanSchema(), decodeBool(swing, still), onOff(swing, still))
	b.aspect("direction", "direction", "direction_value_template", enumSchema("forward", "reverse"), decodeState, toJinja)
}
