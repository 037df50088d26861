package sim

import (
	"math"
	"strings"
)

func (q *quarter) fan(id, title, area string) {
	d := q.add(id, title, area)
	presets := []string{"auto", "sleep", "boost"}
	d.state.set("state", "OFF")
	d.state.set("percentage", 40.0)
	d.state.set("preset", "auto")
	d.takesOnOff("state", d.topic("set"))
	d.takesNumber("percentage", 0, 100)
	d.takesChoice("preset", presets)
	d.describe("Ceiling fan", entity{"fan", "fan", title, map[string]any{
		"cmd_t": d.topic("set"), "stat_val_tpl": reads("state"),
		"pct_cmd_t": d.topic("percentage", "set"), "pct_stat_t": d.topic(), "pct_val_tpl": reads("percentage"),
		"pr_mode_cmd_t": d.topic("preset", "set"), "pr_mode_stat_t": d.topic(), "pr_mode_val_tpl": reads("preset"),
		"pr_modes": presets,
	}})
}

func (q *quarter) lock(id, title, area string) {
	d := q.add(id, title, area)
	d.state.set("state", "LOCKED")
	d.on(d.topic("set"), func(p []byte) {
		if locked, ok := decodeBool(p); ok {
			d.state.set("state", map[bool]string{true: "LOCKED", false: "UNLOCKED"}[locked])
		}
	})
	d.describe("Door lock", entity{"lock", "lock", title, map[string]any{
		"cmd_t": d.topic("set"), "val_tpl": reads("state"), "pl_lock": "LOCK", "pl_unlk": "UNLOCK",
		"stat_locked": "LOCKED", "stat_unlocked": "UNLOCKED",
	}})
}

func (q *quarter) vacuum(id, title, area string) {
	d := q.add(id, title, area)
	speeds := []string{"quiet", "standard", "max"}
	battery := 100.0
	d.state.set("state", "docked")
	d.state.set("fan_speed", "standard")
	d.on(d.topic("command"), func(p []byte) {
		next := map[string]string{"start": "cleaning", "pause": "paused", "stop": "idle", "return_to_base": "returning"}
		if s, ok := next[string(p)]; ok {
			d.state.set("state", s)
		}
	})
	d.takesChoice("fan_speed", speeds)
	d.everySeconds(5, func(*world) {
		switch d.state.text("state") {
		case "cleaning":
			battery = math.Max(5, battery-0.3)
			if battery <= 15 {
				d.state.set("state", "returning")
			}
		case "returning":
			d.state.set("state", "docked")
		case "docked":
			battery = math.Min(100, battery+0.5)
		}
		d.state.number("battery", battery, 0)
	})
	d.describe("Robot vacuum", entity{"vacuum", "vacuum", title, map[string]any{
		"schema": "state", "cmd_t": d.topic("command"), "set_fan_spd_t": d.topic("fan_speed", "set"), "fanspd_lst": speeds,
		"sup_feat": []string{"start", "pause", "stop", "return_home", "status", "fan_speed"},
	}}, measures("battery", "Battery", "battery", "%"))
}

func (q *quarter) humidifier(id, title, area string) {
	d := q.add(id, title, area)
	humidity := 44.0
	d.state.set("state", "OFF")
	d.state.set("target", 50.0)
	d.takesOnOff("state", d.topic("set"))
	d.takesNumber("target", 30, 70)
	d.everySeconds(9, func(*world) {
		if d.state.text("state") == "ON" && humidity < d.state.float("target") {
			humidity += 0.4
		}
		humidity = toward(humidity, 44, 0.01)
		d.state.number("humidity", humidity, 0)
	})
	d.describe("Humidifier", entity{"humidifier", "humidifier", title, map[string]any{
		"cmd_t": d.topic("set"), "stat_val_tpl": reads("state"), "hum_cmd_t": d.topic("target", "set"),
		"hum_stat_t": d.topic(), "hum_state_tpl": reads("target"), "curr_hum_t": d.topic(), "curr_hum_tpl": reads("humidity"),
		"min_hum": 30, "max_hum": 70, "dev_cla": "humidifier",
	}})
}

// alarmed is a detector that stays quiet in a peaceful quarter; its test button lets it speak.
func (q *quarter) alarmed(id, title, area, class string) {
	d := q.add(id, title, area)
	d.state.set("alarm", false)
	until := -1
	d.describe("Detector", detects("alarm", title, class), d.presses("test", "Test", func() { until = 0 }))
	d.step = func(w *world) {
		if until == 0 {
			until = w.tick + 10
		}
		d.state.set("alarm", w.tick < until)
	}
}

func (q *quarter) siren(id, title, area string) {
	d := q.add(id, title, area)
	d.state.set("state", "OFF")
	d.takesOnOff("state", d.topic("set"))
	d.describe("Siren", entity{"siren", "siren", title, map[string]any{
		"cmd_t": d.topic("set"), "stat_val_tpl": reads("state"), "cmd_tpl": "{{ value }}",
		"sup_dur": false, "sup_vol": false,
	}})
}

func (q *quarter) waterValve(id, title, area string) {
	d := q.add(id, title, area)
	d.state.set("state", "open")
	d.on(d.topic("set"), func(p []byte) {
		switch string(p) {
		case "OPEN":
			d.state.set("state", "open")
		case "CLOSE":
			d.state.set("state", "closed")
		}
	})
	d.describe("Water valve", entity{"valve", "valve", title, map[string]any{
		"cmd_t": d.topic("set"), "val_tpl": reads("state"), "dev_cla": "water",
	}}, measures("flow", "Flow", "volume_flow_rate", "L/min"))
	d.everySeconds(6, func(*world) {
		flow := 0.0
		if d.state.text("state") == "open" && d.chance.Float64() < 0.3 {
			flow = 2 + 6*d.chance.Float64()
		}
		d.state.number("flow", flow, 1)
	})
}

func (q *quarter) button(id, title, area string) {
	d := q.add(id, title, area)
	d.describe("Button", entity{"event", "action", "Action", map[string]any{
		"stat_t": d.topic("action"), "evt_typ": []string{"single", "double", "hold"}, "dev_cla": "button",
	}}, measures("battery", "Battery", "battery", "%"))
	d.state.set("battery", 88)
	d.everySeconds(90, func(*world) {
		kind := []string{"single", "single", "double", "hold"}[d.chance.IntN(4)]
		d.emit(d.topic("action"), map[string]string{"event_type": kind})
	})
}

// homeMeter adds up what the flat draws and what its roof gives.
func (q *quarter) homeMeter() {
	d := q.add("home-meter", "Energy meter", "Home")
	d.describe("Energy meter", measures("power", "Power drawn", "power", "W"), measures("solar", "Solar power", "power", "W"),
		counts("energy", "Energy drawn", "energy", "kWh"), measures("voltage", "Voltage", "voltage", "V"))
	energy := 4210.0
	d.everySeconds(2, func(w *world) {
		draw := 180 + 30*d.chance.Float64()
		for _, other := range q.devices {
			if other != d && strings.HasPrefix(other.area, "Home / ") {
				draw += other.state.float("power")
				if other.state.text("state") == "ON" && other.commands[other.topic("set")] != nil {
					draw += 9 * other.state.float("brightness") / 254
				}
			}
		}
		solar := 3400 * w.sun * (0.85 + 0.15*math.Sin(float64(w.tick)/40))
		energy += math.Max(0, draw-solar) * 2 / 3.6e6
		d.state.number("power", draw, 0)
		d.state.number("solar", solar, 0)
		d.state.number("energy", energy, 3)
		d.state.number("voltage", 229+2*d.chance.Float64(), 1)
	})
}
