package sim

import (
	"fmt"
	"math"
)

// park is one office building of four floors and the green around it. Its plant describes itself by TDs; its
// meters, switches and street lamps by Home Assistant discovery.
func (q *quarter) park() {
	for floor := 1; floor <= 4; floor++ {
		area := fmt.Sprintf("Park / Tower / Floor %d", floor)
		air := q.airHandling(floor, area)
		for _, room := range []string{"North", "South", "East", "West"} {
			q.officeRoom(floor, room, area+" / "+room, air)
			q.zoneLight(floor, room, area+" / "+room)
			q.sunBlind(floor, room, area+" / "+room)
		}
		q.floorMeter(floor, area)
		q.officeDoor(numbered("park-door", floor), fmt.Sprintf("Door, floor %d", floor), area)
	}
	q.lift(1)
	q.lift(2)
	q.chiller()
	q.officeDoor("park-door-main", "Main entrance", "Park / Tower")
	for n := 1; n <= 8; n++ {
		q.charger(n)
	}
	for n := 1; n <= 20; n++ {
		q.parkingSpace(n)
	}
	for n := 1; n <= 14; n++ {
		q.streetLamp(n)
	}
	for n := 1; n <= 6; n++ {
		q.irrigation(n)
	}
	for n := 1; n <= 4; n++ {
		q.airStation(n)
	}
	q.weatherStation()
	q.parkSolar()
}

func (q *quarter) airHandling(floor int, area string) *device {
	d := q.add(numbered("park-ahu", floor), fmt.Sprintf("Air handling, floor %d", floor), area)
	d.state.set("running", true)
	d.state.set("setpoint", 22.0)
	d.state.set("mode", "auto")
	supply := 19.0
	d.everySeconds(4, func(w *world) {
		speed := 0.0
		goal := w.outdoor
		if d.state.bool("running") {
			speed = 35 + 50*w.busy()
			goal = d.state.float("setpoint") - 3.5
		}
		supply = toward(supply, goal, 0.08)
		d.state.number("supplyTemperature", supply+d.chance.NormFloat64()*0.05, 1)
		d.state.number("fanSpeed", speed, 0)
		d.state.number("filterPressure", 60+speed*0.9+d.chance.NormFloat64(), 0)
		d.state.number("valve", math.Abs(w.outdoor-d.state.float("setpoint"))*6*boolFactor(d.state.bool("running")), 0)
	})
	d.publishTD("AirHandlingUnit", []value{
		d.writable(flag("running", "Running")),
		d.writable(number("setpoint", "Setpoint", "degC").between(16, 28)),
		d.writable(word("mode", "Mode", "auto", "fresh air", "night")),
		number("supplyTemperature", "Supply air", "degC"), number("fanSpeed", "Fan speed", "percent"),
		number("filterPressure", "Filter pressure", "Pa"), number("valve", "Valve", "percent"),
	}, nil)
	return d
}

func boolFactor(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func (q *quarter) officeRoom(floor int, room, area string, air *device) {
	d := q.add(fmt.Sprintf("park-room-%d-%s", floor, room), fmt.Sprintf("%s office", room), area)
	temperature, co2 := 22.0+d.chance.Float64(), 520.0
	people := 0
	d.everySeconds(8, func(w *world) {
		if d.chance.Float64() < 0.2 {
			people = int(math.Round(14 * w.busy() * d.chance.Float64()))
		}
		fresh := air.state.float("fanSpeed") / 100
		co2 += float64(people)*3 - (co2-420)*0.02*(0.3+fresh)
		temperature = toward(temperature, 0.6*air.state.float("supplyTemperature")+0.4*26, 0.01) + float64(people)*0.002
		d.state.number("temperature", temperature, 1)
		d.state.number("co2", co2, 0)
		d.state.set("people", people)
	})
	d.publishTD("Room", []value{
		number("temperature", "Temperature", "degC"), number("co2", "Carbon dioxide", "ppm"),
		{name: "people", title: "People", kind: "integer"},
	}, nil)
}

func (q *quarter) zoneLight(floor int, room, area string) {
	d := q.add(fmt.Sprintf("park-light-%d-%s", floor, room), "Lighting", area)
	d.state.set("on", true)
	d.state.set("level", 70.0)
	d.publishTD("Lighting", []value{
		d.writable(flag("on", "On")),
		d.writable(number("level", "Level", "percent").between(0, 100)),
	}, nil)
}

// sunBlind follows the sun by itself unless it is told to hold.
func (q *quarter) sunBlind(floor int, room, area string) {
	d := q.add(fmt.Sprintf("park-blind-%d-%s", floor, room), "Sun blind", area)
	d.state.set("mode", "automatic")
	d.state.set("closed", 20.0)
	d.everySeconds(20, func(w *world) {
		if d.state.text("mode") == "automatic" {
			d.state.number("closed", 90*w.sun, 0)
		}
	})
	d.publishTD("Blind", []value{
		d.writable(number("closed", "Closed", "percent").between(0, 100)),
		d.writable(word("mode", "Mode", "automatic", "hold")),
	}, nil)
}

func (q *quarter) parkingSpace(n int) {
	d := q.add(numbered("park-space", n), fmt.Sprintf("Parking space %d", n), "Park / Car Park")
	d.state.set("taken", d.chance.Float64() < 0.6)
	d.everySeconds(25, func(w *world) {
		if d.chance.Float64() < 0.1 {
			d.state.set("taken", d.chance.Float64() < w.busy())
		}
	})
	d.publishTD("ParkingSpace", []value{flag("taken", "Taken")}, nil)
}

func (q *quarter) floorMeter(floor int, area string) {
	d := q.add(numbered("park-meter", floor), fmt.Sprintf("Meter, floor %d", floor), area)
	d.describe("Energy meter", measures("power", "Power", "power", "kW"), counts("energy", "Energy", "energy", "kWh"),
		measures("power_factor", "Power factor", "power_factor", ""))
	energy := 80000 + 9000*d.chance.Float64()
	d.everySeconds(5, func(w *world) {
		power := 6 + 30*w.busy() + d.chance.NormFloat64()*0.6
		energy += power * 5 / 3600
		d.state.number("power", power, 2)
		d.state.number("energy", energy, 2)
		d.state.number("power_factor", 0.94+0.02*d.chance.Float64(), 2)
	})
}

func (q *quarter) officeDoor(id, title, area string) {
	d := q.add(id, title, area)
	d.state.set("locked", false)
	d.state.set("open", false)
	shut := -1
	d.step = func(w *world) {
		if w.tick == shut {
			d.state.set("open", false)
		}
		if !d.state.bool("open") && !d.state.bool("locked") && d.chance.Float64() < 0.05*w.busy() {
			d.state.set("open", true)
			shut = w.tick + 4
			d.emit(d.topic("event", "passed"), map[string]any{"direction": []string{"in", "out"}[d.chance.IntN(2)]})
		}
	}
	d.publishTD("Door", []value{d.writable(flag("locked", "Locked")), flag("open", "Open")}, nil,
		happening{"passed", "Somebody passed", objectOf("direction", "string")})
}

func (q *quarter) lift(n int) {
	d := q.add(numbered("park-lift", n), fmt.Sprintf("Lift %d", n), "Park / Tower")
	floor, goal, wait := 1, 1, 0
	d.everySeconds(2, func(w *world) {
		switch {
		case floor < goal:
			floor++
			d.state.set("direction", "up")
			d.state.set("doorOpen", false)
		case floor > goal:
			floor--
			d.state.set("direction", "down")
			d.state.set("doorOpen", false)
		default:
			d.state.set("direction", "idle")
			d.state.set("doorOpen", wait < 3)
			wait++
			if d.chance.Float64() < 0.25*w.busy() {
				goal = 1 + d.chance.IntN(4)
				wait = 0
			}
		}
		d.state.set("floor", floor)
	})
	d.publishTD("Lift", []value{
		{name: "floor", title: "Floor", kind: "integer", lo: 1, hi: 4},
		word("direction", "Direction", "idle", "up", "down"), flag("doorOpen", "Door open"),
	}, []act{{"call", "Call to floor", schemaOf("integer", 1, 4), func(p []byte) {
		if f, ok := decodeNumber(p, 1, 4); ok {
			goal = int(f)
		}
	}}})
}

func (q *quarter) chiller() {
	d := q.add("park-chiller", "Chiller", "Park / Tower / Plant")
	d.state.set("running", true)
	d.everySeconds(5, func(w *world) {
		load := boolFactor(d.state.bool("running")) * math.Max(0, w.outdoor-10) * 5
		d.state.number("load", math.Min(100, load), 0)
		d.state.number("supply", 6.5+0.01*load+d.chance.NormFloat64()*0.05, 1)
		d.state.number("return", 11.8+0.02*load+d.chance.NormFloat64()*0.05, 1)
		d.state.number("power", load*1.9, 1)
	})
	d.publishTD("Chiller", []value{
		d.writable(flag("running", "Running")), number("load", "Load", "percent"),
		number("supply", "Supply water", "degC"), number("return", "Return water", "degC"), number("power", "Power", "kW"),
	}, nil)
}

func (q *quarter) charger(n int) {
	d := q.add(numbered("park-charger", n), fmt.Sprintf("Charger %d", n), "Park / Car Park")
	d.state.set("limit", 22.0)
	d.state.set("status", "available")
	d.state.set("energy", 0.0)
	charge := 0.0
	start := func() {
		charge = 20 + 30*d.chance.Float64()
		d.state.set("status", "charging")
		d.state.set("energy", 0.0)
	}
	stop := func() { d.state.set("status", "available") }
	if d.chance.Float64() < 0.5 {
		start()
	}
	d.everySeconds(4, func(w *world) {
		power := 0.0
		switch d.state.text("status") {
		case "charging":
			power = d.state.float("limit") * math.Min(1, (104-charge)/24)
			charge += power * 4 / 3600 / 60 * 100
			d.state.number("energy", d.state.float("energy")+power*4/3600, 3)
			if charge >= 100 {
				d.state.set("status", "finished")
			}
		case "available":
			if d.chance.Float64() < 0.01*w.busy() {
				start()
			}
		case "finished":
			if d.chance.Float64() < 0.02 {
				stop()
			}
		}
		d.state.number("power", power, 2)
		d.state.number("charge", charge, 0)
	})
	d.publishTD("Charger", []value{
		word("status", "Status", "available", "charging", "finished"),
		d.writable(number("limit", "Power limit", "kW").between(3, 22)),
		number("power", "Power", "kW"), number("energy", "Energy given", "kWh"), number("charge", "Car battery", "percent"),
	}, []act{
		{"start", "Start charging", nil, func([]byte) { start() }},
		{"stop", "Stop charging", nil, func([]byte) { stop() }},
	})
}

func (q *quarter) streetLamp(n int) {
	d := q.add(numbered("park-lamp", n), fmt.Sprintf("Path lamp %d", n), "Park / Gardens")
	d.describeEach("Path lamp", d.lamp("brightness"))
}

func (q *quarter) irrigation(n int) {
	d := q.add(numbered("park-bed", n), fmt.Sprintf("Flower bed %d", n), "Park / Gardens")
	moisture := 30 + 30*d.chance.Float64()
	d.state.set("state", "closed")
	d.on(d.topic("set"), func(p []byte) {
		if string(p) == "OPEN" || string(p) == "CLOSE" {
			d.state.set("state", map[bool]string{true: "open", false: "closed"}[string(p) == "OPEN"])
		}
	})
	d.everySeconds(10, func(w *world) {
		moisture -= 0.02 + 0.05*w.sun
		if d.state.text("state") == "open" {
			moisture += 0.8
		}
		moisture = min(90, max(5, moisture))
		d.state.number("moisture", moisture, 1)
	})
	d.describe("Irrigation", entity{"valve", "valve", "Water", map[string]any{
		"cmd_t": d.topic("set"), "val_tpl": reads("state"), "dev_cla": "water",
	}}, measures("moisture", "Soil moisture", "moisture", "%"))
}

func (q *quarter) airStation(n int) {
	d := q.add(numbered("park-air", n), fmt.Sprintf("Air quality %d", n), "Park / Gardens")
	d.describe("Air quality station", measures("pm25", "PM2.5", "pm25", "µg/m³"), measures("pm10", "PM10", "pm10", "µg/m³"),
		measures("no2", "Nitrogen dioxide", "nitrogen_dioxide", "µg/m³"), measures("noise", "Noise", "sound_pressure", "dB"))
	d.everySeconds(15, func(w *world) {
		fine := 9 + 22*w.cars + 2*d.chance.NormFloat64()
		d.state.number("pm25", math.Max(1, fine), 0)
		d.state.number("pm10", math.Max(2, fine*1.7+2*d.chance.NormFloat64()), 0)
		d.state.number("no2", math.Max(1, 8+30*w.cars+2*d.chance.NormFloat64()), 0)
		d.state.number("noise", 42+18*w.cars+d.chance.NormFloat64(), 0)
	})
}

func (q *quarter) weatherStation() {
	d := q.add("park-weather", "Weather station", "Park / Gardens")
	d.describe("Weather station", measures("temperature", "Temperature", "temperature", "°C"),
		measures("humidity", "Humidity", "humidity", "%"), measures("wind", "Wind", "wind_speed", "m/s"),
		measures("irradiance", "Sunshine", "irradiance", "W/m²"))
	d.everySeconds(5, func(w *world) {
		d.state.number("temperature", w.outdoor, 1)
		d.state.number("humidity", w.wet, 0)
		d.state.number("wind", w.wind, 1)
		d.state.number("irradiance", 950*w.sun, 0)
	})
}

func (q *quarter) parkSolar() {
	d := q.add("park-solar", "Roof solar", "Park / Tower / Plant")
	yield := 31000.0
	d.everySeconds(3, func(w *world) {
		power := 85 * w.sun * (0.8 + 0.2*math.Sin(float64(w.tick)/60))
		yield += power * 3 / 3600
		d.state.number("power", power, 1)
		d.state.number("energy", yield, 2)
	})
	d.publishTD("SolarPlant", []value{
		number("power", "Power", "kW"), number("energy", "Energy made", "kWh"),
	}, nil)
}
