package hass_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hutong/binding/bindingtest"
	"hutong/binding/hass"
	"hutong/mqtt"
	"hutong/thing"
)

// loft is a Broker without a network: it keeps what is retained and passes the rest on at once.
type loft struct {
	mu   sync.Mutex
	kept map[string]string
	taps map[int]attached
	n    int
}

type attached struct {
	tap     mqtt.Tap
	filters []string
}

func (a attached) hand(topic, payload string, retain bool) {
	if slices.ContainsFunc(a.filters, func(f string) bool { return mqtt.Match(f, topic) }) {
		if sink := a.tap.Route(topic); sink != nil {
			sink.Publish(&mqtt.Message{Topic: topic, Payload: []byte(payload), Retain: retain})
		}
	}
}

func (l *loft) Attach(tap mqtt.Tap, filters ...string) (func(), error) {
	a := attached{tap, filters}
	l.mu.Lock()
	kept := maps.Clone(l.kept)
	l.n++
	n := l.n
	l.taps[n] = a
	l.mu.Unlock()
	for topic, payload := range kept {
		a.hand(topic, payload, true)
	}
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.taps, n)
	}, nil
}

func (l *loft) Forget() {}

func (l *loft) Publish(_ context.Context, m *mqtt.Message) error {
	l.mu.Lock()
	if m.Retain && len(m.Payload) > 0 {
		l.kept[m.Topic] = string(m.Payload)
	} else if m.Retain {
		delete(l.kept, m.Topic)
	}
	taps := slices.Collect(maps.Values(l.taps))
	l.mu.Unlock()
	for _, a := range taps {
		a.hand(m.Topic, string(m.Payload), false)
	}
	return nil
}

// house is a binding on a loft, in a bubble of its own time.
type house struct {
	t    *testing.T
	loft *loft
	hub  *bindingtest.Hub
	*hass.Binding
}

func inHouse(t *testing.T, f func(h *house)) {
	synctest.Test(t, func(t *testing.T) {
		broker := &loft{kept: map[string]string{}, taps: map[int]attached{}}
		h := &house{t, broker, bindingtest.NewHub(), hass.New(hass.Options{Broker: broker, Log: quiet()})}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- h.Run(ctx, h.hub) }()
		synctest.Wait()
		defer func() {
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		}()
		f(h)
	})
}

// say publishes a retained message and waits until all that follows from it at once has happened.
func (h *house) say(topic, payload string) {
	h.t.Helper()
	if err := h.loft.Publish(h.t.Context(), &mqtt.Message{Topic: topic, Payload: []byte(payload), Retain: true}); err != nil {
		h.t.Fatal(err)
	}
	synctest.Wait()
}

// pass lets time go by.
func (h *house) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (h *house) has(id thing.ID, names ...string) {
	h.t.Helper()
	d, ok := h.hub.Device(id)
	if !ok || d.Withdrawn {
		if len(names) > 0 {
			h.t.Errorf("%s is gone", id)
		}
		return
	}
	if len(names) == 0 {
		h.t.Errorf("%s is still there", id)
	}
	got := []string{}
	for _, p := range d.Thing().Points {
		got = append(got, p.Name)
	}
	if strings.Join(got, " ") != strings.Join(names, " ") {
		h.t.Errorf("%s has %v, want %v", id, got, names)
	}
}

const (
	warm = `{"name":"Warm","stat_t":"a/warm","unit_of_meas":"°C","dev":{"ids":["a"],"name":"A"}}`
	damp = `{"name":"Damp","stat_t":"a/damp","unit_of_meas":"%","dev":{"ids":["b","a"],"name":"A"}}`
	aID  = thing.ID("urn:hutong:hass:a")
)

func TestWhatIsNoLongerAnnouncedGoesAfterTheGrace(t *testing.T) {
	inHouse(t, func(h *house) {
		h.say("homeassistant/sensor/a/warm/config", warm)
		h.say("homeassistant/sensor/a/damp/config", damp)
		h.pass(time.Second)
		h.has(aID, "damp", "warm")
		h.say("homeassistant/sensor/a/damp/config", "")
		h.pass(9 * time.Second)
		h.has(aID, "damp", "warm")
		h.pass(2 * time.Second)
		h.has(aID, "warm")
		h.say("homeassistant/sensor/a/warm/config", "")
		h.pass(9 * time.Second)
		h.say("homeassistant/sensor/a/warm/config", warm)
		h.pass(30 * time.Second)
		h.has(aID, "warm")
		h.say("homeassistant/sensor/a/warm/config", "")
		h.pass(11 * time.Second)
		h.has(aID)
		h.say("homeassistant/sensor/a/warm/config", warm)
		h.pass(time.Second)
		h.has(aID, "warm")
	})
}

func TestOneBadEntityTouchesNoOther(t *testing.T) {
	inHouse(t, func(h *house) {
		h.say("homeassistant/sensor/a/bad/config", strings.Replace(warm, `"a/warm"`, `"a/warm","val_tpl":"{{ nope("`, 1))
		h.say("homeassistant/sensor/a/warm/config", warm)
		h.pass(time.Second)
		h.has(aID, "warm")
		h.say("homeassistant/sensor/a/warm/config", `{"stat_t":`)
		h.pass(time.Minute)
		h.has(aID, "warm")
	})
}

func TestADeviceMayAnnounceAllItsComponentsAtOnce(t *testing.T) {
	inHouse(t, func(h *house) {
		all := `{"~":"a","dev":{"ids":["a"],"name":"A","sa":"Home / Hall"},"o":{"name":"hutong-sim"},"avty_t":"~/here","stat_t":"~/state","cmps":{
			"warm":{"p":"sensor","unit_of_meas":"°C","val_tpl":"{{ value_json.warm }}","uniq_id":"1"},
			"lamp":{"p":"switch","val_tpl":"{{ value_json.lamp }}","cmd_t":"~/set","uniq_id":"2"}}}`
		h.say("homeassistant/device/a/config", all)
		h.say("a/state", `{"warm":20,"lamp":"ON"}`)
		h.pass(time.Second)
		h.has(aID, "lamp", "warm")
		d, _ := h.hub.Device(aID)
		if !d.TD.Simulated() || d.TD.PlaceText() != "Home / Hall" || !d.Thing().Simulated {
			t.Errorf("the description is %s", d.TD.JSON())
		}
		for name, want := range map[string]thing.Value{"warm": thing.Float(20), "lamp": thing.Bool(true)} {
			got := h.hub.Reports(thing.Ref{Thing: aID, Name: name})
			if len(got) != 1 || !got[0].Value.Equal(want) || !got[0].Retained {
				t.Errorf("%s is reported as %+v", name, got)
			}
		}
		h.say("homeassistant/device/a/config", strings.Replace(all, `"p":"switch","val_tpl":"{{ value_json.lamp }}","cmd_t":"~/set","uniq_id":"2"`, `"p":"switch"`, 1))
		h.pass(11 * time.Second)
		h.has(aID, "warm")
		h.say("homeassistant/device/a/config", "")
		h.pass(11 * time.Second)
		h.has(aID)
	})
}

func TestAvailabilityModes(t *testing.T) {
	for mode, want := range map[string]string{"all": "- off off on off", "any": "- on on on on", "latest": "on off on on off"} {
		inHouse(t, func(h *house) {
			h.say("homeassistant/sensor/a/warm/config", strings.Replace(warm, `"dev"`,
				`"avty_mode":"`+mode+`","avty":[{"t":"a/1","val_tpl":"{{ value_json.state }}"},{"t":"a/2","pl_avail":"yes","pl_not_avail":"no"}],"dev"`, 1))
			h.pass(time.Second)
			var got []string
			for i, m := range [][2]string{{"a/1", `{"state":"online"}`}, {"a/2", "no"}, {"a/1", `{"state":"online"}`}, {"a/2", "yes"}, {"a/2", "no"}} {
				h.say(m[0], m[1])
				d, _ := h.hub.Device(aID)
				switch {
				case d.Offline:
					got = append(got, "off")
				case i == 0 && mode != "latest":
					got = append(got, "-")
				default:
					got = append(got, "on")
				}
			}
			if s := strings.Join(got, " "); s != want {
				t.Errorf("%s: %s, want %s", mode, s, want)
			}
		})
	}
}

func TestAnEventIsNeverOldAndAnOptimisticStateIsUncertain(t *testing.T) {
	inHouse(t, func(h *house) {
		h.say("a/press", `{"event_type":"single"}`)
		h.say("homeassistant/event/a/press/config", `{"name":null,"stat_t":"a/press","evt_typ":["single"],"dev":{"ids":["a"]}}`)
		h.say("homeassistant/switch/a/plug/config", `{"name":null,"cmd_t":"a/set","dev":{"ids":["a"]}}`)
		h.pass(time.Second)
		press := thing.Ref{Thing: aID, Kind: thing.Event, Name: "press"}
		if got := h.hub.Reports(press); len(got) != 0 {
			t.Errorf("an old press is reported: %+v", got)
		}
		h.say("a/press", `{"event_type":"single"}`)
		h.say("a/press", `{"event_type":"single"}`)
		if got := h.hub.Reports(press); len(got) != 2 {
			t.Errorf("two presses are reported as %+v", got)
		}
		plug := thing.Ref{Thing: aID, Name: "plug"}
		if _, err := h.Do(t.Context(), thing.Command{Ref: plug, Input: thing.Bool(true)}); err != nil {
			t.Fatal(err)
		}
		if got := h.hub.Reports(plug); len(got) != 1 || got[0].Quality != thing.Uncertain || !got[0].Value.Bool() {
			t.Errorf("the plug is reported as %+v", got)
		}
	})
}

func TestAValueMayExpireAndAnAlarmEndsByItself(t *testing.T) {
	inHouse(t, func(h *house) {
		h.say("homeassistant/binary_sensor/a/moves/config", `{"name":null,"stat_t":"a/moves","off_dly":30,"dev":{"ids":["a"]}}`)
		h.say("homeassistant/sensor/a/warm/config", strings.Replace(warm, `"dev"`, `"exp_aft":60,"dev"`, 1))
		h.pass(time.Second)
		h.say("a/moves", "ON")
		h.say("a/warm", "20")
		h.pass(31 * time.Second)
		moves := h.hub.Reports(thing.Ref{Thing: aID, Name: "moves"})
		if len(moves) != 2 || moves[1].Value != thing.Bool(false) || moves[1].Quality != thing.Uncertain {
			t.Errorf("the movement is reported as %+v", moves)
		}
		h.say("a/warm", "21")
		h.pass(59 * time.Second)
		h.pass(2 * time.Second)
		warm := h.hub.Reports(thing.Ref{Thing: aID, Name: "warm"})
		if len(warm) != 3 || warm[2].Quality != thing.Bad {
			t.Errorf("the warmth is reported as %+v", warm)
		}
	})
}
