package sim

import (
	"fmt"
)

// road is what stands beside the streets. The vehicles and the lights are those of the town that the vehicles drive in
// (package drive/host).
func (q *quarter) road(stops []string) {
	for n, name := range stops {
		q.stopSign(n+1, name)
	}
	for n := 1; n <= 8; n++ {
		q.roadside(n)
	}
	for n := 1; n <= 4; n++ {
		q.crossing(n)
	}
	q.weatherMast()
}

func (q *quarter) stopSign(n int, name string) {
	d := q.add(numbered("road-stop", n), name+" stop", "Road / Stops / "+name)
	d.state.set("message", "Welcome")
	waiting := 0
	d.everySeconds(9, func(w *world) {
		if d.chance.Float64() < 0.4 {
			waiting = int(8 * w.busy() * d.chance.Float64())
		}
		d.state.set("waiting", waiting)
	})
	message := word("message", "Message on the sign")
	message.set = func(p []byte) {
		if len(p) > 2 && len(p) < 200 && p[0] == '"' {
			d.state.set("message", string(p[1:len(p)-1]))
		}
	}
	d.publishTD("Stop", []value{{name: "waiting", title: "People waiting", kind: "integer"}, message}, nil)
}

func (q *quarter) roadside(n int) {
	d := q.add(numbered("road-unit", n), fmt.Sprintf("Roadside unit %d", n), "Road / Streets")
	count := 1000 * n
	d.everySeconds(6, func(w *world) {
		passed := int(5 * w.cars * d.chance.Float64())
		count += passed
		d.state.set("vehicles", count)
		d.state.number("meanSpeed", 36-14*w.cars+d.chance.NormFloat64(), 1)
		d.state.number("surface", w.outdoor+6*w.sun, 1)
	})
	d.publishTD("RoadsideUnit", []value{
		{name: "vehicles", title: "Vehicles counted", kind: "integer"},
		number("meanSpeed", "Mean speed", "km/h"),
		number("surface", "Road surface", "degC"),
	}, nil)
}

func (q *quarter) crossing(n int) {
	d := q.add(numbered("road-crossing", n), fmt.Sprintf("Crossing %d", n), "Road / Streets")
	d.describeEach("Crossing sensor", detects("occupied", "Somebody crossing", "occupancy"))
	d.state.set("occupied", false)
	d.everySeconds(5, func(w *world) { d.state.set("occupied", d.chance.Float64() < 0.2*w.busy()) })
}

// weatherMast says what the weather is, by which the area opens and closes. It can be told otherwise, to see what
// happens.
func (q *quarter) weatherMast() {
	d := q.add("road-weather", "Road weather", "Road / Streets")
	d.state.set("weather", "clear")
	weather := d.writable(word("weather", "Weather", "clear", "clouds", "rain", "snow", "fog", "storm"))
	d.step = func(w *world) {
		d.state.number("wind", w.wind, 1)
		d.state.number("temperature", w.outdoor, 1)
	}
	d.publishTD("WeatherStation", []value{weather, number("temperature", "Temperature", "degC"), number("wind", "Wind", "m/s")}, nil)
}
