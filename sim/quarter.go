// Package sim is the quarter of `hutong demo`: about two hundred simulated devices in five courts, each a separate
// MQTT client that announces itself by Home Assistant discovery or by publishing a Thing Description. They speak over
// real sockets; nothing in the hub knows that they are pretended, except by their own word.
//
// The same seed, start and commands give the same values, second for second.
package sim

import (
	"strings"
	"time"
)

// quarter is all devices and the world they share. One goroutine owns it.
type quarter struct {
	world   *world
	devices []*device
	known   map[string]bool
}

func newQuarter(seed uint64, start time.Time, stops ...string) *quarter {
	q := &quarter{world: newWorld(seed, start), known: map[string]bool{}}
	q.home()
	q.park()
	q.road(stops)
	q.clinic()
	q.visit()
	for _, d := range q.devices {
		d.step(q.world) // tick 0: everybody has values to tell
	}
	return q
}

// add makes a device; its id is the slug of the name and must be new.
func (q *quarter) add(name, title, area string) *device {
	id := strings.ToLower(strings.ReplaceAll(name, " ", "-"))
	if q.known[id] {
		panic("sim: two devices are called " + id)
	}
	q.known[id] = true
	d := newDevice(q.world.seed, id, title, area)
	q.devices = append(q.devices, d)
	return d
}

// step moves everything on by one second.
func (q *quarter) step(now time.Time) {
	q.world.step(now)
	for _, d := range q.devices {
		d.step(q.world)
	}
}
