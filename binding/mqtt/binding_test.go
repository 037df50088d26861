package mqttwot_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	mqttwot "hutong/binding/mqtt"

	"hutong/binding/bindingtest"
	"hutong/internal/testkit/broker"
	"hutong/mqtt"
	"hutong/thing"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 10 * time.Second

// serve runs an MQTT server on a free port until the test ends.
func serve(t *testing.T) (*mqtt.Server, string) {
	t.Helper()
	s, addr := broker.Serve(t, mqtt.Options{})
	return s, "mqtt://" + addr
}

func dial(t *testing.T, url string) *mqtt.Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, err := mqtt.Dial(ctx, mqtt.ClientOptions{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// device is a lamp on a socket of its own.
type device struct {
	*mqtt.Client
	t     *testing.T
	heard chan thing.Value
}

func newDevice(t *testing.T, url string) *device {
	d := &device{Client: dial(t, url), t: t, heard: make(chan thing.Value, 16)}
	err := d.Subscribe(t.Context(), "lamp/level/set", 1, func(m *mqtt.Message) {
		if v, err := thing.ParseJSON(m.Payload); err == nil {
			d.heard <- v
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *device) say(topic, payload string, retain bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return d.Publish(ctx, &mqtt.Message{Topic: topic, Payload: []byte(payload), QoS: 1, Retain: retain})
}

// must is say for what has to be taken.
func (d *device) must(topic, payload string, retain bool) {
	d.t.Helper()
	if err := d.say(topic, payload, retain); err != nil {
		d.t.Errorf("%s: %v", topic, err)
	}
}

// lamp is a TD; more goes into its properties.
func lamp(id, more string) string {
	return fmt.Sprintf(`{"@context":"https://www.w3.org/2022/wot/td/v1.1","id":%q,"title":"Lamp",
	"securityDefinitions":{"nosec_sc":{"scheme":"nosec"}},"security":"nosec_sc",
	"hutong:availability":{"topic":"lamp/online"},
	"properties":{%s"level":{"type":"integer","minimum":0,"maximum":100,"observable":true,"forms":[
		{"href":"mqtt://broker","op":["readproperty","observeproperty"],"mqv:filter":"lamp/level","mqv:controlPacket":"subscribe"},
		{"href":"mqtt://broker/lamp/level/set","op":"writeproperty","mqv:qos":"1"}]}},
	"actions":{
		"fade":{"input":{"type":"integer"},"output":{"type":"string"},"forms":[
			{"href":"mqtt://broker/lamp/fade","mqv:responseTopic":"lamp/fade/done"}]},
		"blink":{"forms":[{"href":"mqtt://broker/lamp/blink","mqv:qos":2}]}},
	"events":{
		"pressed":{"forms":[{"href":"mqtt://broker/lamp/pressed"}]},
		"said":{"data":{"type":"string"},"forms":[{"href":"mqtt://broker/lamp/said","contentType":"text/plain"}]}}}`, id, more)
}

const (
	lampID    = "urn:test:lamp"
	lampTopic = "hutong/td/rooms/1/lamp"
)

func subject(t *testing.T, broker mqtt.Broker, url string) bindingtest.Subject {
	d := newDevice(t, url)
	return bindingtest.Subject{
		Binding: mqttwot.New(mqttwot.Options{Broker: broker}), ID: lampID, Property: "level",
		Values: [2]thing.Value{thing.Int(10), thing.Int(90)},
		Appear: func() { d.must(lampTopic, lamp(lampID, ""), true) },
		Vanish: func() { d.must(lampTopic, "", true) },
		Say: func(v thing.Value) error {
			return d.say("lamp/level", string(v.AppendJSON(nil)), false)
		},
		Hear: func(ctx context.Context) (thing.Value, error) {
			select {
			case v := <-d.heard:
				return v, nil
			case <-ctx.Done():
				return thing.Null(), ctx.Err()
			}
		},
		Online: func(online bool) {
			d.must("lamp/online", map[bool]string{true: "online", false: "offline"}[online], true)
		},
		Garbage: func() {
			for _, text := range []string{"{", "null", `{"id":"x"}`, strings.Repeat("[", 10_000), lamp("", ""), lamp(lampID, `"x":{"forms":[]},`)} {
				d.must(lampTopic, text, false)
				d.must("hutong/td/other", text, true)
			}
			d.must("hutong/td/rival", lamp(lampID, ""), true)
			d.must("hutong/td/", "{", false)
			d.must("lamp/online", "perhaps", false)
			for _, v := range []string{"{", "\x00\xff", strings.Repeat("[", 100_000)} {
				d.must("lamp/level", v, false)
			}
		},
	}
}

func TestOnTheHubsOwnServer(t *testing.T) {
	bindingtest.Run(t, func(t *testing.T) bindingtest.Subject {
		s, url := serve(t)
		return subject(t, s, url)
	})
}

func TestOnAnOutsideBroker(t *testing.T) {
	bindingtest.Run(t, func(t *testing.T) bindingtest.Subject {
		_, url := serve(t)
		s := subject(t, dial(t, url), url)
		s.Unacknowledged = true // the outside broker answers for itself
		return s
	})
}

// live runs the binding on a server, with a device that has announced itself.
func live(t *testing.T, text string) (*mqttwot.Binding, *bindingtest.Hub, *device) {
	t.Helper()
	s, url := serve(t)
	d := newDevice(t, url)
	b, hub := mqttwot.New(mqttwot.Options{Broker: s}), bindingtest.NewHub()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx, hub) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	if text != "" {
		d.must(lampTopic, text, true)
		hub.UntilAnnounced(t, lampID)
		for _, word := range []string{"offline", "online"} { // until it is all ears
			hub.Until(t, "the hub hears "+word, func() bool {
				d.must("lamp/online", word, false)
				x, _ := hub.Device(lampID)
				return x.Offline == (word == "offline")
			})
		}
	}
	return b, hub, d
}

func prop(name string) thing.Ref {
	return thing.Ref{Thing: lampID, Kind: thing.Property, Name: name}
}

func TestValuesAreJudgedByTheirSchema(t *testing.T) {
	_, hub, d := live(t, lamp(lampID, `"name":{"type":"string","maxLength":3,"readOnly":true,"forms":[{"href":"mqtt://b/lamp/name","contentType":"text/plain"}]},
		"watts":{"type":"number","readOnly":true,"forms":[{"href":"mqtt://b/lamp/watts","contentType":"text/plain;charset=utf-8"}]},`))
	f := func(topic, payload, name string, want thing.Value, q thing.Quality) {
		t.Helper()
		ref := prop(name)
		n := len(hub.Reports(ref))
		d.must(topic, payload, false)
		got := hub.Reports(ref)
		if len(got) != n+1 || got[n].Value != want || got[n].Quality != q {
			t.Errorf("%s %q is reported as %+v, want %s %s", topic, payload, got[n:], q, want.Describe())
		}
	}
	f("lamp/level", "12", "level", thing.Int(12), thing.Good)
	f("lamp/level", " 12.0 ", "level", thing.Int(12), thing.Good)
	f("lamp/level", "101", "level", thing.Int(101), thing.Bad)
	f("lamp/level", `"12"`, "level", thing.Null(), thing.Bad)
	f("lamp/level", `{"a":`, "level", thing.Null(), thing.Bad)
	f("lamp/name", "bob", "name", thing.String("bob"), thing.Good)
	f("lamp/name", "", "name", thing.String(""), thing.Good)
	f("lamp/name", "\"a", "name", thing.String(`"a`), thing.Good)
	f("lamp/name", "robert", "name", thing.String("robert"), thing.Bad)
	f("lamp/watts", "4.5", "watts", thing.Float(4.5), thing.Good)
	f("lamp/watts", "lots", "watts", thing.Null(), thing.Bad)
	n := len(hub.Reports(prop("level")))
	if d.must("lamp/level", "", true); len(hub.Reports(prop("level"))) != n {
		t.Error("taking a retained value back is reported as a value")
	}
}

func TestRetainedValuesAreToldApart(t *testing.T) {
	s, url := serve(t)
	d := newDevice(t, url)
	d.must("lamp/level", "42", true)
	d.must("lamp/online", "offline", true)
	d.must(lampTopic, lamp(lampID, ""), true)
	b, hub := mqttwot.New(mqttwot.Options{Broker: s}), bindingtest.NewHub()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx, hub) }()
	hub.UntilValue(t, prop("level"), thing.Int(42))
	d.must("lamp/level", "43", true)
	hub.Until(t, "an old value and then a fresh one are reported", func() bool {
		got := hub.Reports(prop("level"))
		last := got[len(got)-1]
		return got[0].Retained && last.Value == thing.Int(43) && (!last.Retained || d.say("lamp/level", "43", true) != nil)
	})
	hub.Until(t, "the retained availability is heard", func() bool {
		x, _ := hub.Device(lampID)
		return x.Offline
	})
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestEventsOfAnyShape(t *testing.T) {
	_, hub, d := live(t, lamp(lampID, ""))
	d.must("lamp/pressed", "", false)
	d.must("lamp/pressed", `{"button":2}`, false)
	d.must("lamp/said", "hello", false)
	press := hub.Reports(thing.Ref{Thing: lampID, Kind: thing.Event, Name: "pressed"})
	if len(press) != 2 || !press[0].Value.IsNull() || press[1].Value.Type() != thing.Object || press[0].Quality != thing.Good {
		t.Errorf("presses %+v", press)
	}
	hub.UntilValue(t, thing.Ref{Thing: lampID, Kind: thing.Event, Name: "said"}, thing.String("hello"))
}

func TestAnActionMayBeAnswered(t *testing.T) {
	b, _, d := live(t, lamp(lampID, ""))
	err := d.Subscribe(t.Context(), "lamp/fade", 1, func(m *mqtt.Message) {
		answer := &mqtt.Message{Topic: m.Properties.ResponseTopic, Properties: &mqtt.Properties{CorrelationData: append([]byte(nil), m.Properties.CorrelationData...)}}
		switch string(m.Payload) {
		case "1":
			answer.Payload = []byte(`"done"`)
		case "2":
			answer.Properties.User = []mqtt.UserProperty{{Name: "error", Value: "the lamp is too hot"}}
		case "3":
			answer.Payload = []byte(`{`)
		default:
			return
		}
		stray := &mqtt.Message{Topic: answer.Topic, Payload: []byte(`"stray"`)}
		go func() { // a handler may not wait for its own client
			_ = d.Publish(context.Background(), stray)
			_ = d.Publish(context.Background(), answer)
		}()
	})
	if err != nil {
		t.Fatal(err)
	}
	f := func(input int64, want thing.Value, wrong string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		if input == 4 {
			ctx, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
		}
		defer cancel()
		ref := thing.Ref{Thing: lampID, Kind: thing.Action, Name: "fade"}
		got, err := b.Do(ctx, thing.Command{Ref: ref, Input: thing.Int(input)})
		if got != want || (err == nil) != (wrong == "") || err != nil && !strings.Contains(err.Error(), wrong) {
			t.Errorf("fade %d gives %s, %v", input, got.Describe(), err)
		}
	}
	f(1, thing.String("done"), "")
	f(2, thing.Null(), "too hot")
	f(3, thing.Null(), "the answer")
	f(4, thing.Null(), "no answer")
	blink := thing.Ref{Thing: lampID, Kind: thing.Action, Name: "blink"}
	if _, err := b.Do(t.Context(), thing.Command{Ref: blink}); err != nil {
		t.Errorf("an action without input or answer: %v", err)
	}
	for _, v := range []thing.Value{thing.Int(101), thing.Null(), thing.String("x")} {
		if _, err := b.Do(t.Context(), thing.Command{Ref: prop("level"), Input: v}); err == nil {
			t.Errorf("%s is sent to a level of 0 to 100", v.Describe())
		}
	}
}

func TestARefusalTellsTheSenderWhereAndWhy(t *testing.T) {
	_, hub, d := live(t, lamp(lampID, ""))
	before, _ := hub.Device(lampID)
	type refusal struct {
		Errors []struct{ Pointer, Reason string }
	}
	came := make(chan refusal, 1)
	if err := d.Subscribe(t.Context(), "hutong/td-refused/#", 0, func(m *mqtt.Message) {
		var r refusal
		if m.Topic != "hutong/td-refused/rooms/1/lamp" {
			t.Errorf("told at %s", m.Topic)
		}
		if err := json.Unmarshal(m.Payload, &r); err != nil {
			t.Error(err)
		}
		came <- r
	}); err != nil {
		t.Fatal(err)
	}
	f := func(property, pointer string) {
		t.Helper()
		d.must(lampTopic, lamp(lampID, `"x":`+property+","), true)
		select {
		case r := <-came:
			if len(r.Errors) == 0 || r.Errors[0].Pointer != "/properties/x"+pointer || r.Errors[0].Reason == "" {
				t.Errorf("%s is refused with %+v", property, r)
			}
		case <-time.After(patience):
			t.Fatalf("%s: nobody is told", property)
		}
	}
	f(`{"type":"colour","forms":[{"href":"mqtt://b/x"}]}`, "/type")
	f(`{"forms":[{"href":"mqtt://b"}]}`, "/forms/0")
	f(`{"forms":[{"href":"http://b/"},{"href":"mqtt://b/","mqv:filter":"a/+"}]}`, "/forms/1")
	f(`{"forms":[{"href":"mqtt://b/","mqv:topic":"hutong/td/x"}]}`, "/forms/0")
	f(`{"forms":[{"href":"mqtt://b/","mqv:topic":"$SYS/x"}]}`, "/forms/0")
	f(`{"forms":[{"href":"mqtt://b/x","mqv:qos":"7"}]}`, "/forms/0/mqv:qos")
	f(`{"forms":[{"href":"mqtt://b/x","mqv:retain":"no"}]}`, "/forms/0/mqv:retain")
	f(`{"forms":[{"href":"mqtt://b/x","contentType":"image/png"}]}`, "/forms/0/contentType")
	d.must("lamp/level", "5", false)
	hub.UntilValue(t, prop("level"), thing.Int(5))
	if x, _ := hub.Device(lampID); x.Announced != before.Announced || x.Withdrawn {
		t.Errorf("after the refusals: %+v, before %+v", x, before)
	}
}

func TestANewDescriptionMovesToItsTopics(t *testing.T) {
	b, hub, d := live(t, lamp(lampID, ""))
	d.must(lampTopic, strings.ReplaceAll(lamp(lampID, ""), "lamp/level", "lampe/level"), true)
	n := len(hub.Reports(prop("level")))
	d.must("lamp/level", "1", false)
	d.must("lampe/level", "2", false)
	if got := hub.Reports(prop("level"))[n:]; len(got) != 1 || got[0].Value != thing.Int(2) {
		t.Errorf("reported %+v", got)
	}
	d.must(lampTopic, lamp("urn:test:other", ""), true)
	if x, _ := hub.Device(lampID); !x.Withdrawn {
		t.Error("the Thing whose topic was given to another is still there")
	}
	if _, err := b.Do(t.Context(), thing.Command{Ref: prop("level"), Input: thing.Int(1)}); err == nil {
		t.Error("and is commanded")
	}
	d.must("hutong/td/elsewhere", lamp(lampID, ""), true)
	hub.UntilAnnounced(t, lampID)
}

func TestManyAnnounceAtOnce(t *testing.T) {
	_, hub, d := live(t, "")
	const n = 200
	done := make(chan error, n)
	for i := range n {
		go func() { done <- d.say(fmt.Sprintf("hutong/td/%d", i), lamp(fmt.Sprintf("urn:test:%d", i), ""), true) }()
	}
	for range n {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	for i := range n {
		if _, ok := hub.Device(thing.ID(fmt.Sprintf("urn:test:%d", i))); !ok {
			t.Fatalf("announcement %d was acknowledged and is not there", i)
		}
	}
}

// far is a broker elsewhere, at the end of a line that may be cut.
type far struct{ cut atomic.Bool }

func (f *far) Connected() bool { return !f.cut.Load() }

func (f *far) Attach(mqtt.Tap, ...string) (func(), error) { return func() {}, nil }

func (f *far) Forget() {}

func (f *far) Publish(context.Context, *mqtt.Message) error { return nil }

func TestABrokerOutOfReachEndsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broker := &far{}
		done := make(chan error, 1)
		go func() {
			done <- mqttwot.New(mqttwot.Options{Broker: broker}).Run(t.Context(), bindingtest.NewHub())
		}()
		for _, d := range []time.Duration{time.Hour, 9 * time.Second, time.Hour} { // a short break is none
			<-time.After(d)
			broker.cut.Store(!broker.cut.Load())
		}
		begin := time.Now()
		if err := <-done; err == nil || time.Since(begin) > 12*time.Second {
			t.Errorf("after %s: %v", time.Since(begin), err)
		}
	})
}

func TestTheExampleInTheDocumentsIsTaken(t *testing.T) {
	page, err := os.ReadFile("../../docs/formats/mqtt-td.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "<<'TD'\n")
	text, _, ok := strings.Cut(rest, "\nTD\n")
	if !ok {
		t.Fatal("there is no example between <<'TD' and TD")
	}
	_, hub, d := live(t, "")
	d.must("hutong/td/hall/lamp", text, true)
	const id = "urn:example:hall-lamp"
	hub.UntilAnnounced(t, id)
	d.must("hall/lamp/on", "true", true)
	hub.UntilValue(t, thing.Ref{Thing: id, Kind: thing.Property, Name: "on"}, thing.Bool(true))
	if x, _ := hub.Device(id); x.Thing().Place != "home/hall" {
		t.Errorf("it is in %q", x.Thing().Place)
	}
}
