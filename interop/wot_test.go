package interop

import (
	"context"
	"encoding/json"
	"iter"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"hutong/api"
	"hutong/gate"
	"hutong/td"
	"hutong/thing"
	"hutong/twin"
)

const lampTD = `{"@context":"https://www.w3.org/2022/wot/td/v1.1","id":"urn:hutong:lamp/1","title":"Lamp",
"securityDefinitions":{"nosec_sc":{"scheme":"nosec"}},"security":"nosec_sc",
"properties":{"on":{"type":"boolean","forms":[{"href":"mqtt://127.0.0.1:1/lamp/on"}]},
"level":{"type":"integer","minimum":0,"maximum":254,"forms":[{"href":"mqtt://127.0.0.1:1/lamp/level"}]},
"colour":{"type":"object","properties":{"x":{"type":"number"},"y":{"type":"number"}},"forms":[{"href":"mqtt://127.0.0.1:1/lamp/colour"}]}},
"actions":{"fade":{"input":{"type":"object","properties":{"to":{"type":"integer"}}},"output":{"type":"object","properties":{"was":{"type":"integer"}}},
"forms":[{"href":"mqtt://127.0.0.1:1/lamp/fade"}]}},
"events":{"faded":{"data":{"type":"integer"},"forms":[{"href":"mqtt://127.0.0.1:1/lamp/faded"}]}}}`

// lamp is a device that does what it is told and says so, with its own twin and gate behind the HTTP surface.
type lamp struct{ *twin.Twin }

func (l *lamp) TD(thing.ID) ([]byte, bool, error)             { return []byte(lampTD), true, nil }
func (l *lamp) Places() ([]thing.Place, error)                { return nil, nil }
func (l *lamp) Search(string) (iter.Seq[*thing.Thing], error) { return slices.Values(l.Things()), nil }
func (l *lamp) Latest(want func(thing.Ref) bool) api.Feed     { return l.Twin.Latest(want) }
func (l *lamp) Every(from uint64) api.Cursor                  { return l.Twin.Every(from) }
func (l *lamp) Watch() api.Watch                              { return nil }
func (l *lamp) Do(_ context.Context, cmd thing.Command) (thing.Value, error) {
	if cmd.Ref.Kind == thing.Property {
		l.say(cmd.Ref, cmd.Input)
		return thing.Null(), nil
	}
	l.say(thing.Ref{Thing: cmd.Ref.Thing, Kind: thing.Event, Name: "faded"}, thing.Int(80))
	return thing.ParseJSON([]byte(`{"was":120}`))
}

func (l *lamp) say(ref thing.Ref, v thing.Value) {
	p, _ := l.Handle(ref)
	l.Report([]thing.Report{{Point: p, Value: v, Quality: thing.Good}})
}

// serveLamp serves a lamp on an open hub, or on one that knows tokens, and returns the URL of its TD.
func serveLamp(t *testing.T, tokens *gate.Tokens) (at string) {
	t.Helper()
	d, err := td.Parse([]byte(lampTD))
	if err != nil {
		t.Fatal(err)
	}
	x, err := d.Compile()
	if err != nil {
		t.Fatal(err)
	}
	l := &lamp{}
	l.Twin = twin.New(twin.Options{Doer: twin.DoerFunc(func(ctx context.Context, cmd thing.Command) (thing.Value, error) { return l.Do(ctx, cmd) })})
	if err := l.Add(x); err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]string{"on": "false", "level": "7", "colour": `{"x":0.3,"y":0.4}`} {
		value, err := thing.ParseJSON([]byte(v))
		if err != nil {
			t.Fatal(err)
		}
		l.say(thing.Ref{Thing: x.ID, Name: name}, value)
	}
	g := gate.New(gate.Options{Next: l.Twin, Things: l.Twin, Tokens: tokens, Open: tokens == nil})
	a := api.New(api.Options{Twin: l.Twin, Feeds: l, Gate: g, Access: g, Commands: l.Twin, Directory: l, Open: tokens == nil})
	srv := httptest.NewServer(a)
	t.Cleanup(func() { a.Close(); srv.Close(); l.Close() })
	return srv.URL + "/things/urn:hutong:lamp%2F1"
}

// consumed is what wot.cjs saw.
type consumed struct {
	Title, Refused          string
	Found                   []string
	Read, Observed, Written any
	All                     map[string]any
	Invoked, Event          any
}

func consume(t *testing.T, url string, plan map[string]any) consumed {
	t.Helper()
	peer(t, "@node-wot/core")
	text, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	lines := strings.Split(strings.TrimSpace(output(t, node(t, ctx, "wot.cjs", url, string(text)))), "\n")
	return decode[consumed](t, lines[len(lines)-1])
}

func TestNodeWoTReadsWritesObservesInvokesAndHears(t *testing.T) {
	at := serveLamp(t, nil)
	saw := consume(t, at, map[string]any{
		"read": "on", "write": []any{"on", true}, "invoke": []any{"fade", map[string]any{"to": 80}}, "event": "faded",
		"refuse": []any{"level", 300}, "directory": strings.Replace(at, "/things/urn:hutong:lamp%2F1", "/.well-known/wot", 1),
	})
	was, _ := saw.Invoked.(map[string]any)
	if saw.Title != "Lamp" || saw.Read != false || saw.Observed != true || saw.Written != true || saw.All["on"] != true ||
		len(saw.Found) != 1 || saw.Found[0] != "Lamp" || was["was"] != 120. || saw.Event != 80. || !strings.Contains(saw.Refused, "Bad Request") {
		t.Errorf("%+v", saw)
	}
}

type memory map[string][]byte

func (m memory) Put(key string, record []byte) error { m[key] = record; return nil }
func (m memory) Delete(key string) error             { delete(m, key); return nil }
func (m memory) All() (map[string][]byte, error)     { return m, nil }

func TestNodeWoTShowsItsTokenWhereTheTDAsksForOne(t *testing.T) {
	tokens := gate.NewTokens(memory{})
	secret, err := tokens.Create("node-wot", gate.User, nil, time.Now(), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	saw := consume(t, serveLamp(t, tokens), map[string]any{
		"token": secret, "read": "on", "set": []any{"on", true}, "invoke": []any{"fade", map[string]any{"to": 1}},
	})
	if was, _ := saw.Invoked.(map[string]any); saw.Read != false || was["was"] != 120. {
		t.Errorf("%+v", saw)
	}
}

func TestNodeWoTUsesALampOfTheDemo(t *testing.T) {
	peer(t, "@node-wot/core")
	h := start(t, "demo", "--data", t.TempDir())
	type affordance struct {
		Type     string
		ReadOnly bool
	}
	type lamp struct {
		ID         string
		Properties map[string]affordance
		Actions    map[string]struct{ Input any }
	}
	var l lamp
	var on, turnOn string
	eventually(t, 20*time.Second, "a lamp with a switch that has a value, and an action", func() bool {
		_, body := h.request(t, "GET", "/things?place=home&q=lamp", "")
		for _, l = range decode[[]lamp](t, body) {
			for name := range l.Actions {
				turnOn = name
			}
			_, values := h.request(t, "GET", "/things/"+url.PathEscape(l.ID)+"/properties", "")
			for name, v := range decode[map[string]any](t, values) {
				if p := l.Properties[name]; p.Type == "boolean" && !p.ReadOnly && v != nil {
					on = name
				}
			}
			if on != "" && turnOn != "" {
				return true
			}
		}
		return false
	})
	at := h.HTTP + "/things/" + url.PathEscape(l.ID)
	now := consume(t, at, map[string]any{"read": on})
	was, ok := now.Read.(bool)
	if !ok {
		t.Fatalf("%+v", now)
	}
	saw := consume(t, at, map[string]any{"read": on, "write": []any{on, !was}, "invoke": []any{turnOn, map[string]any{"brightness": 100}}})
	if saw.Observed != !was || saw.Written != !was {
		t.Errorf("the lamp was %v and was told to be %v: %+v", was, !was, saw)
	}
	eventually(t, 10*time.Second, "the action has switched it on", func() bool {
		_, body := h.request(t, "GET", "/things/"+url.PathEscape(l.ID)+"/properties/"+url.PathEscape(on), "")
		return body == "true"
	})
}
