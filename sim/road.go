package sim

import (
	"fmt"
	"math"
)

// The road is a loop of straight sides with round corners, in metres from its middle; the middle lies at an invented
// spot in open sea, so that nobody takes it for a real street.
const (
	loopWidth  = 620.0
	loopHeight = 340.0
	loopCorner = 60.0
	originLat  = 35.5
	originLon  = 123.5
)

// loopLength is how long one round is.
var loopLength = 2*(loopWidth-2*loopCorner) + 2*(loopHeight-2*loopCorner) + 2*math.Pi*loopCorner

// along gives the place on the loop after s metres, and the direction of travel in degrees from north.
func along(s float64) (x, y, heading float64) {
	s = math.Mod(s, loopLength)
	w, h, r := loopWidth-2*loopCorner, loopHeight-2*loopCorner, loopCorner
	arc := math.Pi * r / 2
	corners := [4][2]float64{{w / 2, h / 2}, {w / 2, -h / 2}, {-w / 2, -h / 2}, {-w / 2, h / 2}} // clockwise from north-east
	for side := range 4 {
		length, direction := w, float64(90*(side+1)) // first east along the north side
		if side%2 == 1 {
			length = h
		}
		c := corners[side]
		dx, dy := math.Sin(direction*math.Pi/180), math.Cos(direction*math.Pi/180)
		out := (direction - 90) * math.Pi / 180
		if s < length {
			back := length - s
			return c[0] - dx*back + r*math.Sin(out), c[1] - dy*back + r*math.Cos(out), direction
		}
		s -= length
		if s < arc {
			turn := s / r
			return c[0] + r*math.Sin(out+turn), c[1] + r*math.Cos(out+turn), math.Mod(direction+turn*180/math.Pi, 360)
		}
		s -= arc
	}
	return along(0)
}

type stop struct {
	name string
	at   float64
}

func (q *quarter) road() {
	stops := []stop{{"North Gate", 250}, {"Tower", 610}, {"Clinic", 900}, {"Gardens", 1250}, {"Visitor Centre", 1550}}
	lights := make([]*device, 6)
	for n := range lights {
		lights[n] = q.signal(n+1, 120+float64(n)*270)
	}
	for n := 1; n <= 4; n++ {
		q.shuttle(n, stops, lights)
	}
	for n, s := range stops {
		q.stopSign(n+1, s)
	}
	for n := 1; n <= 8; n++ {
		q.roadside(n)
	}
	for n := 1; n <= 4; n++ {
		q.crossing(n)
	}
}

func (q *quarter) signal(n int, at float64) *device {
	d := q.add(numbered("road-signal", n), fmt.Sprintf("Signal %d", n), "Road / Loop")
	offset := d.chance.IntN(40)
	phases := []struct {
		name    string
		seconds int
	}{{"green", 22}, {"amber", 3}, {"red", 15}}
	d.state.set("at", at)
	d.step = func(w *world) {
		t := (w.tick + offset) % 40
		for _, p := range phases {
			if t < p.seconds {
				d.state.set("phase", p.name)
				d.state.set("remaining", p.seconds-t)
				return
			}
			t -= p.seconds
		}
	}
	d.publishTD("TrafficSignal", []value{
		word("phase", "Phase", "green", "amber", "red"),
		{name: "remaining", title: "Seconds left", kind: "integer", unit: "s"},
		number("at", "Metres along the loop", "m"),
	}, nil)
	return d
}

// shuttle drives round and round, keeps to the signals, waits at the stops, and stops when told to.
func (q *quarter) shuttle(n int, stops []stop, lights []*device) {
	d := q.add(numbered("road-shuttle", n), fmt.Sprintf("Shuttle %d", n), "Road / Shuttles")
	s := float64(n-1) * loopLength / 4
	speed, battery, wait, held := 0.0, 60+40*d.chance.Float64(), 0, false
	served := -1
	people := 0
	d.state.set("state", "driving")
	d.step = func(w *world) {
		goal := 8.3
		next, gap := nextStop(stops, s)
		state := "driving"
		switch {
		case held:
			goal, state = 0, "held"
		case wait > 0:
			wait--
			goal, state = 0, "boarding"
		case gap < 4 && served != next:
			served, wait, goal, state = next, 12, 0, "boarding"
			people = d.chance.IntN(9)
			d.emit(d.topic("event", "arrived"), map[string]any{"stop": stops[next].name})
		case served != next && gap < 40:
			goal = math.Max(1.5, gap/5)
		}
		for _, l := range lights {
			if ahead := math.Mod(l.state.float("at")-s+loopLength, loopLength); ahead < 30 && ahead > 2 && l.state.text("phase") != "green" && goal > 0 {
				goal, state = math.Max(0, (ahead-4)/6), "waiting at signal"
			}
		}
		speed = math.Max(0, speed+math.Max(-2.2, math.Min(1.1, goal-speed)))
		if goal == 0 {
			speed = math.Max(0, speed-2)
		}
		s = math.Mod(s+speed, loopLength)
		battery -= speed * 0.0004
		if battery < 15 {
			battery = 95 // swapped at the depot
		}
		x, y, heading := along(s)
		d.state.number("lat", originLat+y/111320, 6)
		d.state.number("lon", originLon+x/(111320*math.Cos(originLat*math.Pi/180)), 6)
		d.state.number("heading", heading, 0)
		d.state.number("speed", speed*3.6, 1)
		d.state.number("battery", battery, 1)
		d.state.set("people", people)
		d.state.set("nextStop", stops[next].name)
		d.state.set("state", state)
	}
	d.publishTD("Shuttle", []value{
		word("state", "State", "driving", "boarding", "waiting at signal", "held"),
		number("speed", "Speed", "km/h").exact(), number("lat", "Latitude", "deg").exact(), number("lon", "Longitude", "deg").exact(),
		number("heading", "Heading", "deg").exact(), number("battery", "Battery", "percent"),
		{name: "people", title: "People on board", kind: "integer"},
		word("nextStop", "Next stop"),
	}, []act{
		{"stopNow", "Stop now", nil, func([]byte) { held = true }},
		{"goOn", "Go on", nil, func([]byte) { held = false }},
	}, happening{"arrived", "Arrived at a stop", objectOf("stop", "string")})
}

func nextStop(stops []stop, s float64) (index int, gap float64) {
	gap = loopLength
	for i, st := range stops {
		if g := math.Mod(st.at-s+loopLength, loopLength); g < gap {
			index, gap = i, g
		}
	}
	return index, gap
}

func (q *quarter) stopSign(n int, s stop) {
	d := q.add(numbered("road-stop", n), s.name+" stop", "Road / Stops / "+s.name)
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
	d := q.add(numbered("road-unit", n), fmt.Sprintf("Roadside unit %d", n), "Road / Loop")
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
	d := q.add(numbered("road-crossing", n), fmt.Sprintf("Crossing %d", n), "Road / Loop")
	d.describeEach("Crossing sensor", detects("occupied", "Somebody crossing", "occupancy"))
	d.state.set("occupied", false)
	d.everySeconds(5, func(w *world) { d.state.set("occupied", d.chance.Float64() < 0.2*w.busy()) })
}
