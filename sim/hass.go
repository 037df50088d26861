package sim

import (
	"encoding/json"
	"maps"
	"slices"
)

// entity is one part of a Home Assistant discovery payload.
type entity struct {
	component string // "sensor", "light", ...
	object    string // unique within the device
	name      string
	config    map[string]any
}

// describe announces the device in Home Assistant's device form: one payload with all its components.
func (d *device) describe(model string, list ...entity) {
	components := map[string]any{}
	for _, e := range list {
		components[e.object] = d.component(e, map[string]any{"p": e.component})
	}
	payload := map[string]any{
		"dev": d.about(model), "o": map[string]any{"name": "hutong-sim"},
		"cmps": components, "stat_t": d.topic(), "avty_t": d.topic("online"), "qos": 1,
	}
	d.announce = append(d.announce, message{"homeassistant/device/" + d.id + "/config", encode(payload), true})
}

// describeEach announces each entity by itself, as most bridges do.
func (d *device) describeEach(model string, list ...entity) {
	for _, e := range list {
		payload := d.component(e, map[string]any{
			"dev": d.about(model), "o": map[string]any{"name": "hutong-sim"},
			"stat_t": d.topic(), "avty_t": d.topic("online"),
		})
		topic := "homeassistant/" + e.component + "/" + d.id + "/" + e.object + "/config"
		d.announce = append(d.announce, message{topic, encode(payload), true})
	}
}

func (d *device) component(e entity, into map[string]any) map[string]any {
	into["uniq_id"] = d.id + "_" + e.object
	into["name"] = e.name
	maps.Copy(into, e.config)
	return into
}

func (d *device) about(model string) map[string]any {
	return map[string]any{
		"ids": []string{"sim_" + d.id}, "name": d.title, "mdl": model, "mf": "Hutong simulation", "sa": d.area,
	}
}

// reads is the usual template of a value in the state document.
func reads(name string) string { return "{{ value_json." + name + " }}" }

// measures is a sensor that reads one number of the state document.
func measures(name, title, class, unit string) entity {
	c := map[string]any{"val_tpl": reads(name), "stat_cla": "measurement", "unit_of_meas": unit}
	if class != "" {
		c["dev_cla"] = class
	}
	return entity{"sensor", name, title, c}
}

// counts is a meter that only grows.
func counts(name, title, class, unit string) entity {
	e := measures(name, title, class, unit)
	e.config["stat_cla"] = "total_increasing"
	return e
}

// detects is a binary sensor.
func detects(name, title, class string) entity {
	c := map[string]any{"val_tpl": reads(name), "pl_on": true, "pl_off": false}
	if class != "" {
		c["dev_cla"] = class
	}
	return entity{"binary_sensor", name, title, c}
}

// takesOnOff, takesNumber and takesChoice let a value be set; what does not fit is ignored.
func (d *device) takesOnOff(name, topic string) {
	d.on(topic, func(p []byte) {
		if on, ok := decodeBool(p); ok {
			d.state.set(name, onOff(on))
		}
	})
}

func (d *device) takesNumber(name string, lo, hi float64) {
	d.on(d.topic(name, "set"), func(p []byte) {
		if f, ok := decodeNumber(p, lo, hi); ok {
			d.state.set(name, f)
		}
	})
}

func (d *device) takesChoice(name string, options []string) {
	d.on(d.topic(name, "set"), func(p []byte) {
		if o, ok := decodeChoice(p, options); ok {
			d.state.set(name, o)
		}
	})
}

// switches is a switch; it starts off.
func (d *device) switches(name, title string) entity {
	d.state.set(name, "OFF")
	topic := d.topic(name, "set")
	d.takesOnOff(name, topic)
	return entity{"switch", name, title, map[string]any{"val_tpl": reads(name), "cmd_t": topic}}
}

// presses is a button.
func (d *device) presses(name, title string, do func()) entity {
	topic := d.topic(name, "press")
	d.on(topic, func([]byte) { do() })
	return entity{"button", name, title, map[string]any{"cmd_t": topic, "pl_prs": "PRESS"}}
}

func onOff(on bool) string {
	if on {
		return "ON"
	}
	return "OFF"
}

// lamp is a light that takes and gives JSON, as Zigbee2MQTT's do. Its modes are "brightness" alone, or "color_temp", "hs"
// or both.
func (d *device) lamp(modes ...string) entity {
	d.state.set("state", "OFF")
	d.state.set("brightness", 180)
	config := map[string]any{"schema": "json", "cmd_t": d.topic("set"), "sup_clrm": modes, "brightness": true, "bri_scl": 254}
	if slices.Contains(modes, "color_temp") {
		d.state.set("color_temp", 370)
		config["min_mirs"], config["max_mirs"] = 153, 500
	}
	if modes[0] != "brightness" {
		d.state.set("color_mode", modes[0])
	}
	if slices.Contains(modes, "hs") {
		d.state.set("effect", "none")
		config["effect"], config["fx_list"] = true, []string{"none", "breathe", "colorloop"}
	}
	d.on(d.topic("set"), d.lampCommand)
	return entity{"light", "light", "Light", config}
}

func (d *device) lampCommand(payload []byte) {
	var c struct {
		State      *string  `json:"state"`
		Brightness *float64 `json:"brightness"`
		ColorTemp  *float64 `json:"color_temp"`
		Effect     *string  `json:"effect"`
		Color      *struct {
			H *float64 `json:"h"`
			S *float64 `json:"s"`
		} `json:"color"`
	}
	if json.Unmarshal(payload, &c) != nil {
		return
	}
	if c.State != nil {
		if on, ok := decodeBool([]byte(*c.State)); ok {
			d.state.set("state", onOff(on))
		}
	}
	if c.Brightness != nil && *c.Brightness >= 0 && *c.Brightness <= 254 {
		d.state.set("brightness", int(*c.Brightness))
		d.state.set("state", onOff(*c.Brightness > 0))
	}
	if c.ColorTemp != nil && *c.ColorTemp >= 153 && *c.ColorTemp <= 500 {
		d.state.set("color_temp", int(*c.ColorTemp))
		d.state.set("color_mode", "color_temp")
	}
	if c.Effect != nil {
		d.state.set("effect", *c.Effect)
	}
	if c.Color != nil && c.Color.H != nil && c.Color.S != nil {
		d.state.set("color", hueSaturation{*c.Color.H, *c.Color.S})
		d.state.set("color_mode", "hs")
	}
}

// hueSaturation is a colour as lamps say it: degrees and percent.
type hueSaturation struct {
	H float64 `json:"h"`
	S float64 `json:"s"`
}
