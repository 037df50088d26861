package sim

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// message is one retained or passing publication of a device.
type message struct {
	topic   string
	payload []byte
	retain  bool
}

// device is one simulated device. It is owned by the quarter's goroutine; its client only carries messages.
type device struct {
	id, title string
	area      string // as people would write it: "Home / Kitchen"
	state     *doc
	split     bool // one topic for each value (described by a TD) instead of one JSON document
	announce  []message
	outbox    []message
	commands  map[string]func(payload []byte) // by topic
	step      func(w *world)                  // once a second
	chance    *rand.Rand
}

func newDevice(seed uint64, id, title, area string) *device {
	return &device{
		id: id, title: title, area: area,
		state: newDoc(), commands: map[string]func([]byte){}, step: func(*world) {}, chance: dice(seed, id),
	}
}

// topic is a topic of the device's own.
func (d *device) topic(parts ...string) string {
	return strings.Join(append([]string{"sim", d.id}, parts...), "/")
}

// on sets what the device does when something is published to one of its topics.
func (d *device) on(topic string, do func(payload []byte)) { d.commands[topic] = do }

// emit publishes an event: a message that is not kept.
func (d *device) emit(topic string, v any) {
	d.outbox = append(d.outbox, message{topic: topic, payload: encode(v)})
}

// drain returns what has to be published now: events, and what changed of the state.
func (d *device) drain() []message {
	list := d.outbox
	d.outbox = nil
	changed := d.state.take()
	switch {
	case len(changed) == 0:
	case d.split:
		for _, n := range changed {
			list = append(list, message{topic: d.topic(n), payload: d.state.one(n), retain: true})
		}
	default:
		list = append(list, message{topic: d.topic(), payload: d.state.all(), retain: true})
	}
	return list
}

// everySeconds runs do every n seconds, each device at its own moment.
func (d *device) everySeconds(n int, do func(w *world)) {
	phase := d.chance.IntN(n)
	before := d.step
	d.step = func(w *world) {
		before(w)
		if w.tick%n == phase || w.tick == 0 {
			do(w)
		}
	}
}

// decodeBool reads a command that switches something: JSON true and false, or ON and OFF.
func decodeBool(payload []byte) (on, ok bool) {
	switch strings.ToLower(strings.Trim(string(payload), `"`)) {
	case "on", "true", "open", "lock", "1":
		return true, true
	case "off", "false", "close", "unlock", "0":
		return false, true
	}
	return false, false
}

// decodeNumber reads a number, bounded; what is not one is ignored, as a simple device would.
func decodeNumber(payload []byte, lo, hi float64) (float64, bool) {
	var f float64
	if json.Unmarshal(payload, &f) != nil || f < lo || f > hi {
		return 0, false
	}
	return f, true
}

// decodeChoice reads one of a few words, written bare or as JSON.
func decodeChoice(payload []byte, options []string) (string, bool) {
	word := strings.Trim(string(payload), `"`)
	return word, slices.Contains(options, word)
}

func numbered(name string, n int) string { return fmt.Sprintf("%s-%d", name, n) }
