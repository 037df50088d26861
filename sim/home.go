package sim

import "math"

// home is a flat of forty devices, all announced as Home Assistant devices.
func (q *quarter) home() {
	rooms := []string{"Living Room", "Kitchen", "Bedroom", "Study", "Bathroom", "Hall"}
	for _, room := range rooms {
		area := "Home / " + room
		q.roomClimate(room, area)
		q.motion(room, area)
	}
	q.colourLamp("living-ceiling", "Ceiling light", "Home / Living Room")
	q.colourLamp("living-floor", "Floor lamp", "Home / Living Room")
	q.whiteLamp("kitchen-worktop", "Worktop light", "Home / Kitchen")
	q.whiteLamp("kitchen-table", "Table lamp", "Home / Kitchen")
	q.whiteLamp("bedroom-bedside", "Bedside lamp", "Home / Bedroom")
	q.colourLamp("study-desk", "Desk lamp", "Home / Study")
	q.whiteLamp("hall-light", "Hall light", "Home / Hall")
	q.whiteLamp("bathroom-mirror", "Mirror light", "Home / Bathroom")
	q.plug("kitchen-kettle", "Kettle plug", "Home / Kitchen", 1850)
	q.plug("living-tv", "Television plug", "Home / Living Room", 96)
	q.plug("study-computer", "Computer plug", "Home / Study", 140)
	q.contact("hall-door", "Front door", "Home / Hall", "door")
	q.contact("bedroom-window", "Window", "Home / Bedroom", "window")
	q.contact("kitchen-window", "Window", "Home / Kitchen", "window")
	q.thermostat("living-thermostat", "Thermostat", "Home / Living Room")
	q.thermostat("bedroom-thermostat", "Thermostat", "Home / Bedroom")
	q.blind("living-curtain", "Curtain", "Home / Living Room")
	q.blind("bedroom-blind", "Blind", "Home / Bedroom")
	q.fan("living-fan", "Ceiling fan", "Home / Living Room")
	q.lock("hall-lock", "Front door lock", "Home / Hall")
	q.vacuum("hall-robot", "Robot vacuum", "Home / Hall")
	q.humidifier("bedroom-humidifier", "Humidifier", "Home / Bedroom")
	q.alarmed("kitchen-smoke", "Smoke detector", "Home / Kitchen", "smoke")
	q.alarmed("bathroom-leak", "Leak sensor", "Home / Bathroom", "moisture")
	q.siren("hall-siren", "Siren", "Home / Hall")
	q.waterValve("bathroom-valve", "Water valve", "Home / Bathroom")
	q.button("hall-button", "Scene button", "Home / Hall")
	q.homeMeter()
}

func (q *quarter) roomClimate(room, area string) {
	d := q.add("home-climate-"+room, room+" climate", area)
	d.describe("Climate sensor", measures("temperature", "Temperature", "temperature", "°C"),
		measures("humidity", "Humidity", "humidity", "%"), measures("battery", "Battery", "battery", "%"))
	temperature := 21 + d.chance.Float64()*2
	battery := 70 + d.chance.IntN(30)
	d.everySeconds(7, func(w *world) {
		temperature = toward(temperature, 20.5+0.12*(w.outdoor-14), 0.02) + d.chance.NormFloat64()*0.03
		d.state.number("temperature", temperature, 1)
		d.state.number("humidity", 46+0.2*(w.wet-50)+d.chance.NormFloat64()*0.4, 0)
		d.state.set("battery", battery)
	})
}

func (q *quarter) motion(room, area string) {
	d := q.add("home-motion-"+room, room+" presence", area)
	d.describeEach("Presence sensor", detects("occupancy", "Presence", "occupancy"),
		measures("illuminance", "Brightness", "illuminance", "lx"))
	d.state.set("occupancy", false)
	daylight := 420.0
	if room == "Hall" { // it has no window
		daylight = 60
	}
	d.everySeconds(11, func(w *world) {
		if d.chance.Float64() < 0.12 {
			d.state.set("occupancy", !d.state.bool("occupancy"))
		}
		d.state.number("illuminance", 8+daylight*w.sun*(0.8+0.2*d.chance.Float64()), 0)
	})
}

func (q *quarter) colourLamp(id, title, area string) {
	d := q.add(id, title, area)
	d.describeEach("Colour lamp", d.lamp("color_temp", "hs"))
}

func (q *quarter) whiteLamp(id, title, area string) {
	d := q.add(id, title, area)
	d.describeEach("White lamp", d.lamp("brightness"))
}

func (q *quarter) plug(id, title, area string, load float64) {
	d := q.add(id, title, area)
	d.describe("Metering plug", d.switches("state", "Power outlet"), measures("power", "Power", "power", "W"),
		counts("energy", "Energy", "energy", "kWh"))
	energy := 12 + d.chance.Float64()*200
	d.state.number("energy", energy, 3)
	d.everySeconds(3, func(*world) {
		power := 0.0
		if d.state.text("state") == "ON" {
			power = load * (0.96 + 0.08*d.chance.Float64())
		}
		energy += power * 3 / 3.6e6
		d.state.number("power", power, 1)
		d.state.number("energy", energy, 3)
	})
}

func (q *quarter) contact(id, title, area, class string) {
	d := q.add(id, title, area)
	d.describeEach("Contact sensor", detects("open", title, class))
	d.state.set("open", false)
	d.everySeconds(37, func(*world) { d.state.set("open", d.chance.Float64() < 0.1) })
}

func (q *quarter) thermostat(id, title, area string) {
	d := q.add(id, title, area)
	modes := []string{"off", "heat", "auto"}
	d.state.set("mode", "heat")
	d.state.set("target", 21.0)
	d.state.set("action", "idle")
	temperature := 20.4
	d.takesChoice("mode", modes)
	d.takesNumber("target", 5, 30)
	d.everySeconds(5, func(w *world) {
		heating := d.state.text("mode") != "off" && temperature < d.state.float("target")
		if heating {
			temperature += 0.04
		}
		temperature += (w.outdoor - temperature) * 0.0012
		d.state.set("action", map[bool]string{true: "heating", false: "idle"}[heating])
		d.state.number("temperature", temperature, 1)
	})
	d.describe("Thermostat", entity{"climate", "climate", "Heating", map[string]any{
		"mode_cmd_t": d.topic("mode", "set"), "mode_stat_t": d.topic(), "mode_stat_tpl": reads("mode"), "modes": modes,
		"temp_cmd_t": d.topic("target", "set"), "temp_stat_t": d.topic(), "temp_stat_tpl": reads("target"),
		"curr_temp_t": d.topic(), "curr_temp_tpl": reads("temperature"), "act_t": d.topic(), "act_tpl": reads("action"),
		"min_temp": 5, "max_temp": 30, "temp_step": 0.5, "temp_unit": "C",
	}})
}

func (q *quarter) blind(id, title, area string) {
	d := q.add(id, title, area)
	position, goal := 100.0, 100.0
	d.state.set("position", 100.0)
	d.state.set("state", "open")
	d.on(d.topic("set"), func(p []byte) {
		switch string(p) {
		case "OPEN":
			goal = 100
		case "CLOSE":
			goal = 0
		case "STOP":
			goal = position
		}
	})
	d.on(d.topic("position", "set"), func(p []byte) {
		if f, ok := decodeNumber(p, 0, 100); ok {
			goal = f
		}
	})
	d.step = func(*world) {
		switch {
		case position < goal:
			position = math.Min(goal, position+10)
			d.state.set("state", "opening")
		case position > goal:
			position = math.Max(goal, position-10)
			d.state.set("state", "closing")
		default:
			d.state.set("state", map[bool]string{true: "closed", false: "open"}[position == 0])
		}
		d.state.set("position", position)
	}
	d.describe("Roller blind", entity{"cover", "cover", title, map[string]any{
		"cmd_t": d.topic("set"), "pos_t": d.topic(), "pos_tpl": reads("position"),
		"set_pos_t": d.topic("position", "set"), "val_tpl": reads("state"), "dev_cla": "shade",
	}})
}
