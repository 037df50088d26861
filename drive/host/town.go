package host

import (
	"fmt"
	"time"

	"hutong/drive/lane"
	"hutong/drive/scene"
)

// town is what is told of the world itself: its lights, and how well the machine keeps up. It has one connection, since
// a world's lights are gone when the world is.
type town struct {
	h      *Host
	link   *link
	said   *doc
	phases []string
	counts []time.Time // when the time left was told last
	rsu    []*unit
	paced  time.Time
	last   Stats
	at     float64 // the world's time when the pace was told last
}

const townPrefix = "drive/world"

func newTown(h *Host) *town {
	n := len(h.m.Signals)
	t := &town{h: h, said: newDoc("drive"), phases: make([]string, n), counts: make([]time.Time, n)}
	x := newThing("world", "World", "World", "Road", townPrefix)
	property(x, townPrefix, "pace", "Seconds that pass in it in one of ours", metric(""))
	property(x, townPrefix, "behind", "Lost because the machine was slow", metric("s"))
	property(x, townPrefix, "cycle", "Work for each tenth of a second", metric("ms"))
	list := []announcement{announced("world", x.JSON())}
	for i := range n {
		list = append(list, announced(signalName(i), signal(i, &h.m.Signals[i])))
	}
	t.rsu = t.units()
	for _, u := range t.rsu {
		list = append(list, announced(u.name(), u.describe()))
	}
	t.link = newLink(h, townPrefix, list, nil)
	return t
}

func signalName(i int) string { return fmt.Sprintf("signal-%d", i) }

// signal describes a light.
func signal(i int, _ *lane.Signal) []byte {
	name := signalName(i)
	x := newThing(name, fmt.Sprintf("Signal %d", i), "TrafficSignal", "Road / Signals", townPrefix)
	property(x, "drive/"+name, "phase", "Phase", words("red", "red-amber", "amber", "green", "dark"))
	property(x, "drive/"+name, "remaining", "Seconds left", metric("s"))
	return x.JSON()
}

var phases = [...]string{
	scene.Dark: "dark", scene.Red: "red", scene.RedAmber: "red-amber", scene.Amber: "amber", scene.Green: "green",
	scene.GreenYield: "green", scene.Blinking: "dark",
}

const (
	countEvery = 5 * time.Second // the time left is told when a light changes, and so often
	paceEvery  = 5 * time.Second
)

func (t *town) show(truth *scene.Truth, now time.Time) {
	for _, l := range truth.Lights {
		i := int(l.Signal)
		if i < 0 || i >= len(t.phases) {
			continue
		}
		phase := phases[l.Colour]
		if phase == t.phases[i] && now.Sub(t.counts[i]) < countEvery {
			continue
		}
		t.phases[i], t.counts[i] = phase, now
		t.said.set(signalName(i)+"/phase", phase)
		t.said.set(signalName(i)+"/remaining", round(max(l.Remaining, -1), 0))
	}
	t.showUnits(truth)
	if since := now.Sub(t.paced); since >= paceEvery {
		s := t.h.Stats()
		if !t.paced.IsZero() {
			t.said.set("world/pace", round((truth.Time-t.at)/since.Seconds(), 2))
			t.said.set("world/cycle", round(1000*(s.Seconds-t.last.Seconds)/max(1, float64(s.Cycles-t.last.Cycles)), 2))
		}
		t.said.set("world/behind", round(s.Behind, 1))
		t.paced, t.last, t.at = now, s, truth.Time
	}
	t.link.say(t.said, nil, nil)
}
