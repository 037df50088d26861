package sim

import (
	"fmt"
)

// visit is the desk where guests arrive.
func (q *quarter) visit() {
	const hall = "Visit / Visitor Centre"
	q.welcomeScreen(hall)
	q.deskLamp(hall)
	q.guestCounter(hall)
	q.bell(hall)
	for n := 1; n <= 3; n++ {
		q.gate(n, hall)
	}
}

func (q *quarter) welcomeScreen(area string) {
	d := q.add("visit-screen", "Welcome screen", area)
	d.state.set("text", "Welcome to the quarter")
	d.state.set("brightness", 80.0)
	text := word("text", "Text")
	text.set = func(p []byte) {
		if len(p) > 1 && len(p) < 500 && p[0] == '"' {
			d.state.set("text", string(p[1:len(p)-1]))
		}
	}
	d.publishTD("Display", []value{text, d.writable(number("brightness", "Brightness", "percent").between(0, 100))}, nil)
}

func (q *quarter) deskLamp(area string) { q.colourLamp("visit-lamp", "Desk lamp", area) }

func (q *quarter) guestCounter(area string) {
	d := q.add("visit-counter", "Guest counter", area)
	inside, today := 6, 40
	d.everySeconds(12, func(w *world) {
		if d.chance.Float64() < w.busy() {
			inside++
			today++
		}
		if inside > 0 && d.chance.Float64() < 0.3 {
			inside--
		}
		d.state.set("inside", inside)
		d.state.set("today", today)
	})
	d.publishTD("PeopleCounter", []value{
		{name: "inside", title: "Guests inside", kind: "integer"}, {name: "today", title: "Guests today", kind: "integer"},
	}, nil)
}

func (q *quarter) bell(area string) {
	d := q.add("visit-bell", "Desk bell", area)
	d.publishTD("Bell", nil, []act{{"ring", "Ring", nil, func([]byte) {
		d.emit(d.topic("event", "rung"), map[string]any{"by": "hub"})
	}}}, happening{"rung", "The bell rang", objectOf("by", "string")})
	d.everySeconds(120, func(*world) { d.emit(d.topic("event", "rung"), map[string]any{"by": "guest"}) })
}

func (q *quarter) gate(n int, area string) {
	d := q.add(numbered("visit-gate", n), fmt.Sprintf("Gate %d", n), area)
	d.state.set("open", false)
	left := 0 // seconds until it shuts
	open := func(seconds int) {
		left = seconds
		d.state.set("open", true)
	}
	d.step = func(w *world) {
		if left > 0 {
			left--
		}
		if left == 0 {
			d.state.set("open", false)
			if d.chance.Float64() < 0.03*w.busy() {
				open(5)
			}
		}
	}
	d.publishTD("Gate", []value{flag("open", "Open")}, []act{
		{"open", "Open for some seconds", schemaOf("integer", 2, 60), func(p []byte) {
			seconds := 5.0
			if f, ok := decodeNumber(p, 2, 60); ok {
				seconds = f
			}
			open(int(seconds))
		}},
	})
}
