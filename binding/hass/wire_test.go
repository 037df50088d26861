package hass_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"hutong/binding/bindingtest"
	"hutong/mqtt"
	"hutong/thing"
)

// running is a world whose binding runs against a Hub that remembers.
type running struct {
	*world
	hub  *bindingtest.Hub
	sets heard
	n    int
}

func run(t *testing.T) *running {
	t.Helper()
	r := &running{world: newWorld(t), hub: bindingtest.NewHub()}
	r.sets = r.hear("set/#")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.binding.Run(ctx, r.hub) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return r
}

// soon is a context that ends when a test has waited long enough.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// announce makes a device with one entity "x" of its own; "@" in topics becomes its id.
func (r *running) announce(component, payload string) thing.ID {
	r.t.Helper()
	r.n++
	id := fmt.Sprintf("w%d", r.n)
	payload = strings.Replace(payload, "{", fmt.Sprintf(`{"name":null,"dev":{"ids":[%q],"name":"W"},`, id), 1)
	r.must(fmt.Sprintf("homeassistant/%s/%s/x/config", component, id), strings.ReplaceAll(payload, "@", id), true)
	r.hub.UntilAnnounced(r.t, thing.ID("urn:hutong:hass:"+id))
	return thing.ID("urn:hutong:hass:" + id)
}

const jsonLamp = `{"schema":"json","stat_t":"st/@","cmd_t":"set/@","brightness":true,"bri_scl":254,"sup_clrm":["xy","color_temp"],"min_mirs":150,"max_mirs":500,"fx":1,"effect":true,"fx_list":["blink","stop"]}`

const basicLamp = `{"stat_t":"st/@","cmd_t":"set/@","bri_cmd_t":"set/@/b","bri_stat_t":"st/@/b","bri_scl":100,"rgb_cmd_t":"set/@/rgb",
	"rgb_cmd_tpl":"{{ '#%02x%02x%02x' | format(red, green, blue) }}","hs_cmd_t":"set/@/hs","fx_cmd_t":"set/@/fx","fx_list":["a","b"]}`

const templateLamp = `{"schema":"template","stat_t":"st/@","cmd_t":"set/@","stat_tpl":"{{ value.split(',')[0] }}","bri_tpl":"{{ value.split(',')[1] }}",
	"cmd_on_tpl":"on,{{ brightness | default('') }},{{ transition | default('') }}","cmd_off_tpl":"off"}`

func TestCommandsGoOutAsHomeAssistantWouldSendThem(t *testing.T) {
	r := run(t)
	for _, c := range []struct {
		component, payload string
		kind               thing.Kind
		name, input        string
		want               string // "payload" or "level payload", of the topics below set/ID, joined by " | "
	}{
		{"switch", `{"cmd_t":"set/@","stat_t":"s/@"}`, thing.Property, "x", "true", "ON"},
		{"switch", `{"cmd_t":"set/@","pl_on":true,"pl_off":false}`, thing.Property, "x", "false", "False"},
		{"switch", `{"cmd_t":"set/@","cmd_tpl":"{\"relay\":\"{{ value | lower }}\"}"}`, thing.Property, "x", "true", `{"relay":"on"}`},
		{"button", `{"cmd_t":"set/@"}`, thing.Action, "x", "null", "PRESS"},
		{"button", `{"cmd_t":"set/@","pl_prs":"{ \"restart\": 1 }"}`, thing.Action, "x", "null", `{ "restart": 1 }`},
		{"scene", `{"cmd_t":"set/@","pl_on":"evening"}`, thing.Action, "x", "null", "evening"},
		{"number", `{"cmd_t":"set/@","min":0,"max":10,"step":0.5}`, thing.Property, "x", "2.5", "2.5"},
		{"number", `{"cmd_t":"set/@","min":0,"max":10}`, thing.Property, "x", "2.0", "2"},
		{"select", `{"cmd_t":"set/@","ops":["a","b"],"cmd_tpl":"{{ {'a': 1, 'b': 2}[value] }}"}`, thing.Property, "x", `"b"`, "2"},
		{"text", `{"cmd_t":"set/@"}`, thing.Property, "x", `"hi"`, "hi"},
		{"notify", `{"cmd_t":"set/@","cmd_tpl":"{{ {'say': value} | to_json }}"}`, thing.Action, "x", `"fire"`, `{"say":"fire"}`},
		{"lock", `{"cmd_t":"set/@","stat_t":"s/@"}`, thing.Action, "x_lock", "null", "LOCK"},
		{"lock", `{"cmd_t":"set/@","cod_form":"^[0-9]{4}$","cmd_tpl":"{{ value }} {{ code }}"}`, thing.Action, "x_unlock", `{"code":"1234"}`, "UNLOCK 1234"},
		{"cover", `{"cmd_t":"set/@","set_pos_t":"set/@/p","set_pos_tpl":"{ \"position\": {{ position }} }"}`, thing.Property, "x_position", "40", `p { "position": 40 }`},
		{"cover", `{"cmd_t":"set/@","set_pos_t":"set/@/p","pos_open":0,"pos_clsd":200}`, thing.Property, "x_position", "25", "p 150"},
		{"cover", `{"cmd_t":"set/@","pl_stop":"HALT"}`, thing.Action, "x_stop", "null", "HALT"},
		{"cover", `{"tilt_cmd_t":"set/@/t","tilt_max":90}`, thing.Property, "x_tilt", "50", "t 45"},
		{"fan", `{"cmd_t":"set/@","pct_cmd_t":"set/@/s","spd_rng_min":1,"spd_rng_max":4}`, thing.Property, "x_percentage", "50", "s 2"},
		{"fan", `{"cmd_t":"set/@","pct_cmd_t":"set/@/s"}`, thing.Property, "x_percentage", "0", "OFF"},
		{"fan", `{"cmd_t":"set/@","osc_cmd_t":"set/@/o"}`, thing.Property, "x_oscillation", "true", "o oscillate_on"},
		{"climate", `{"temp_cmd_t":"set/@/t","min_temp":5,"max_temp":30,"temp_step":0.5}`, thing.Property, "x_temperature", "21", "t 21.0"},
		{"climate", `{"mode_cmd_t":"set/@/m","modes":["off","heat"]}`, thing.Property, "x", `"heat"`, "m heat"},
		{"climate", `{"pr_mode_cmd_t":"set/@/p","pr_modes":["eco"]}`, thing.Property, "x_preset", `"none"`, "p none"},
		{"climate", `{"pow_cmd_t":"set/@/w"}`, thing.Action, "x_turn_off", "null", "w OFF"},
		{"humidifier", `{"cmd_t":"set/@","hum_cmd_t":"set/@/h"}`, thing.Property, "x_humidity", "55", "h 55"},
		{"water_heater", `{"temp_cmd_t":"set/@/t"}`, thing.Property, "x_temperature", "50.5", "t 50.5"},
		{"valve", `{"cmd_t":"set/@","pos":true}`, thing.Property, "x_position", "30", "30"},
		{"valve", `{"cmd_t":"set/@"}`, thing.Action, "x_close", "null", "CLOSE"},
		{"siren", `{"cmd_t":"set/@","av_tones":["fire"]}`, thing.Action, "x_turn_on", `{"tone":"fire","duration":3}`, `{"state":"ON","tone":"fire","duration":3}`},
		{"siren", `{"cmd_t":"set/@","cmd_tpl":"{{ value }}","cmd_off_tpl":"quiet"}`, thing.Property, "x", "false", "quiet"},
		{"vacuum", `{"cmd_t":"set/@","send_cmd_t":"set/@/c","sup_feat":["start","send_command"]}`, thing.Action, "x_send_command", `{"command":"go","params":{"n":2}}`, `c {"command":"go","n":2}`},
		{"vacuum", `{"cmd_t":"set/@","pl_strt":"GO"}`, thing.Action, "x_start", "null", "GO"},
		{"lawn_mower", `{"dock_cmd_t":"set/@","dock_cmd_tpl":"{{ value }}!"}`, thing.Action, "x_dock", "null", "dock!"},
		{"alarm_control_panel", `{"cmd_t":"set/@","stat_t":"s/@"}`, thing.Action, "x_arm_away", "null", "ARM_AWAY"},
		{"alarm_control_panel", `{"cmd_t":"set/@","stat_t":"s/@","code":"REMOTE_CODE","cmd_tpl":"{{ action }}:{{ code }}"}`, thing.Action, "x_disarm", `{"code":"7"}`, "DISARM:7"},
		{"update", `{"stat_t":"s/@","cmd_t":"set/@","pl_inst":"go"}`, thing.Action, "x_install", "null", "go"},
		{"infrared", `{"cmd_t":"set/@"}`, thing.Action, "x_send", `"9000 4500"`, "9000 4500"},
		{"light", jsonLamp, thing.Property, "x", "true", `{"state":"ON"}`},
		{"light", jsonLamp, thing.Property, "x_brightness", "127", `{"state":"ON","brightness":127}`},
		{"light", jsonLamp, thing.Property, "x_brightness", "0", `{"state":"OFF"}`},
		{"light", jsonLamp, thing.Property, "x_color_temp", "200", `{"state":"ON","color_temp":200}`},
		{"light", jsonLamp, thing.Property, "x_color", `{"x":0.3,"y":0.25}`, `{"state":"ON","color":{"x":0.3,"y":0.25}}`},
		{"light", jsonLamp, thing.Property, "x_effect", `"blink"`, `{"state":"ON","effect":"blink"}`},
		{"light", jsonLamp, thing.Action, "x_turn_on", `{"brightness":9,"transition":2}`, `{"state":"ON","brightness":9,"transition":2}`},
		{"light", basicLamp, thing.Property, "x", "false", "OFF"},
		{"light", basicLamp, thing.Property, "x_brightness", "30", "b 30 | ON"},
		{"light", basicLamp, thing.Property, "x_color_rgb", `{"r":255,"g":16,"b":0}`, "rgb #ff1000 | ON"},
		{"light", basicLamp, thing.Property, "x_color_hs", `{"h":120,"s":50}`, "hs 120.0,50.0 | ON"},
		{"light", templateLamp, thing.Property, "x", "false", "off"},
		{"light", templateLamp, thing.Action, "x_turn_on", `{"brightness":12}`, "on,12,"},
	} {
		id := r.announce(c.component, strings.Replace(c.payload, `"fx":1,`, "", 1))
		input, err := thing.ParseJSON([]byte(c.input))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		if _, err := r.binding.Do(ctx, thing.Command{Ref: thing.Ref{Thing: id, Kind: c.kind, Name: c.name}, Input: input}); err != nil {
			d, _ := r.hub.Device(id)
			t.Errorf("%s %s %s: %v\n%s", c.component, c.name, c.input, err, d.TD.JSON())
			cancel()
			continue
		}
		var got []string
		for range strings.Split(c.want, " | ") {
			m, err := r.sets.next(ctx)
			if err != nil {
				t.Errorf("%s %s %s: %v", c.component, c.name, c.input, err)
			}
			m = strings.TrimPrefix(m, "set/"+strings.TrimPrefix(string(id), "urn:hutong:hass:"))
			got = append(got, strings.TrimLeft(m, "/ "))
		}
		cancel()
		if s := strings.Join(got, " | "); s != c.want {
			t.Errorf("%s %s %s: sent %s, want %s", c.component, c.name, c.input, s, c.want)
		}
	}
}

func TestWhatIsOutOfRangeIsRefusedAndNotSent(t *testing.T) {
	r := run(t)
	for _, c := range [][4]string{
		{"number", `{"cmd_t":"set/@","min":0,"max":10}`, "x", "11"},
		{"number", `{"cmd_t":"set/@"}`, "x", `"a"`},
		{"select", `{"cmd_t":"set/@","ops":["a"]}`, "x", `"b"`},
		{"sensor", `{"stat_t":"st/@"}`, "x", `"b"`},
		{"light", jsonLamp, "x_brightness", "255"},
		{"light", jsonLamp, "x_color", `{"x":2}`},
		{"switch", `{"cmd_t":"set/@","cmd_tpl":"{{ nope.x }}"}`, "x", "true"},
		{"switch", `{"cmd_t":"set/@"}`, "y", "true"},
	} {
		id := r.announce(c[0], strings.Replace(c[1], `"fx":1,`, "", 1))
		input, err := thing.ParseJSON([]byte(c[3]))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.binding.Do(t.Context(), thing.Command{Ref: thing.Ref{Thing: id, Name: c[2]}, Input: input}); err == nil {
			t.Errorf("%s %s takes %s", c[0], c[2], c[3])
		}
	}
	if err := r.server.Publish(t.Context(), &mqtt.Message{Topic: "set/last", Payload: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	if got, err := r.sets.next(soon(t)); err != nil || got != "set/last x" {
		t.Errorf("sent %s, %v", got, err)
	}
}

func TestStatesAreReadAsHomeAssistantReadsThem(t *testing.T) {
	r := run(t)
	for _, c := range []struct {
		component, payload, topic, says, name, want string // want is JSON, or "bad"
	}{
		{"sensor", `{"stat_t":"st/@","unit_of_meas":"W"}`, "", "12.50", "x", "12.5"},
		{"sensor", `{"stat_t":"st/@","unit_of_meas":"W"}`, "", "None", "x", "bad"},
		{"sensor", `{"stat_t":"st/@","unit_of_meas":"W"}`, "", "much", "x", "bad"},
		{"sensor", `{"stat_t":"st/@","val_tpl":"{{ value_json['a']['b'] }}","stat_cla":"measurement"}`, "", `{"a":{"b":3}}`, "x", "3.0"},
		{"sensor", `{"stat_t":"st/@","val_tpl":"{{ value_json.a | float(0) * 2 }}","dev_cla":"power"}`, "", `{"a":"1.5"}`, "x", "3.0"},
		{"sensor", `{"stat_t":"st/@","json_attr_t":"st/@"}`, "", `{"a":1}`, "x_attributes", `{"a":1}`},
		{"sensor", `{"stat_t":"st/@","dev_cla":"enum","ops":["a"]}`, "", "a", "x", `"a"`},
		{"binary_sensor", `{"stat_t":"st/@","pl_on":true,"pl_off":false,"val_tpl":"{{ value_json.open }}"}`, "", `{"open":true}`, "x", "true"},
		{"binary_sensor", `{"stat_t":"st/@"}`, "", "OFF", "x", "false"},
		{"binary_sensor", `{"stat_t":"st/@"}`, "", "perhaps", "x", "bad"},
		{"switch", `{"stat_t":"st/@","cmd_t":"set/@","pl_on":"1","pl_off":"0","stat_on":"on","stat_off":"off"}`, "", "on", "x", "true"},
		{"number", `{"stat_t":"st/@","cmd_t":"set/@","pl_rst":"reset"}`, "", "reset", "x", "bad"},
		{"lock", `{"stat_t":"st/@","cmd_t":"set/@","stat_locked":"LOCK"}`, "", "LOCK", "x", `"locked"`},
		{"cover", `{"stat_t":"st/@","stat_open":"OPEN","cmd_t":"set/@"}`, "", "OPEN", "x", `"open"`},
		{"cover", `{"pos_t":"st/@","pos_open":0,"pos_clsd":200,"cmd_t":"set/@"}`, "", "150", "x_position", "25"},
		{"fan", `{"cmd_t":"set/@","pct_stat_t":"st/@","spd_rng_max":4}`, "", "2", "x_percentage", "50"},
		{"climate", `{"act_t":"st/@","act_tpl":"{{ {'idle':'idle','heat':'heating'}[value_json.s] }}"}`, "", `{"s":"heat"}`, "x_action", `"heating"`},
		{"climate", `{"pr_mode_stat_t":"st/@","pr_modes":["eco"]}`, "", "None", "x_preset", `"none"`},
		{"climate", `{"curr_temp_t":"st/@"}`, "", "21.0", "x_current_temperature", "21.0"},
		{"light", jsonLamp, "", `{"state":"ON","brightness":200,"color":{"x":0.1,"y":0.2},"color_mode":"xy"}`, "x_color", `{"x":0.1,"y":0.2}`},
		{"light", jsonLamp, "", `{"state":"OFF","brightness":200}`, "x_brightness", "200"},
		{"light", `{"stat_t":"st/@","cmd_t":"set/@","rgb_stat_t":"st/@/rgb"}`, "/rgb", "1,2,3", "x_color_rgb", `{"r":1,"g":2,"b":3}`},
		{"light", templateLamp, "", "on,77", "x_brightness", "77"},
		{"siren", `{"stat_t":"st/@","cmd_t":"set/@"}`, "", `{"state":"ON","tone":"a"}`, "x", "true"},
		{"vacuum", `{"stat_t":"st/@","cmd_t":"set/@"}`, "", `{"state":"docked","battery_level":80}`, "x_battery_level", "80"},
		{"valve", `{"stat_t":"st/@","pos":true,"cmd_t":"set/@"}`, "", `{"position":40}`, "x_position", "40"},
		{"update", `{"stat_t":"st/@"}`, "", "1.2.3", "x", `{"installed_version":"1.2.3"}`},
		{"update", `{"stat_t":"st/@"}`, "", `{"installed_version":"1","latest_version":"2"}`, "x", `{"installed_version":"1","latest_version":"2"}`},
		{"device_tracker", `{"stat_t":"st/@","pl_home":"in"}`, "", "in", "x", `"home"`},
		{"image", `{"img_t":"st/@"}`, "", "\xff\xd8", "x", `"/9g="`},
		{"infrared", `{"stat_t":"st/@","val_tpl":"{{ value_json.t | tojson }}"}`, "", `{"t":[1,2]}`, "x", `"[1, 2]"`},
	} {
		id := r.announce(c.component, strings.Replace(c.payload, `"fx":1,`, "", 1))
		r.must("st/"+strings.TrimPrefix(string(id), "urn:hutong:hass:")+c.topic, c.says, true)
		ref := thing.Ref{Thing: id, Name: c.name}
		r.hub.Until(t, c.component+" "+c.name+" is reported", func() bool { return len(r.hub.Reports(ref)) > 0 })
		list := r.hub.Reports(ref)
		got := ""
		if len(list) > 0 {
			if got = string(list[0].Value.AppendJSON(nil)); list[0].Quality == thing.Bad {
				got = "bad"
			}
		}
		if got != c.want {
			t.Errorf("%s %s says %q: read %q, want %q", c.component, c.name, c.says, got, c.want)
		}
	}
}
