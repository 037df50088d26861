package rules_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"hutong/rules"
	"hutong/rules/text"
	"hutong/thing"
)

// quarter has the Things that docs/rules.md speaks of, and some more.
func quarter() *hub {
	h := newHub()
	put := func(id, title, place string, points []thing.Point, actions ...thing.Point) {
		h.things[thing.ID(id)] = &thing.Thing{ID: thing.ID(id), Title: title, Place: thing.PlaceID(place), Points: points, Actions: actions}
	}
	read := func(name string, t thing.Type) thing.Point { return thing.Point{Name: name, Type: t, ReadOnly: true} }
	write := func(name string, t thing.Type) thing.Point { return thing.Point{Name: name, Type: t} }
	put("urn:demo:front-door", "Front door", "home/hall", []thing.Point{read("open", thing.Boolean), {Kind: thing.Event, Name: "ring", Type: thing.Text}})
	put("urn:demo:hall-lamp", "Hall lamp", "home/hall", []thing.Point{write("on", thing.Boolean), write("level", thing.Integer)},
		thing.Point{Kind: thing.Action, Name: "blink", Type: thing.Integer})
	put("urn:demo:motion", "Motion", "home/kitchen", []thing.Point{read("occupied", thing.Boolean)})
	put("urn:demo:motion2", "Motion", "home/hall", []thing.Point{read("occupied", thing.Boolean)})
	put("urn:demo:thermo", "Thermometer", "park/server-room", []thing.Point{read("temperature", thing.Number), {Name: "key", Type: thing.Text, WriteOnly: true}})
	put("urn:demo:odd", "Odd", "home/attic", []thing.Point{read("temperature", thing.Text)})
	put("urn:demo:odd2", "Odd two", "home/attic", []thing.Point{read("temperature", thing.Number)})
	put("urn:demo:fan", "Server fan", "park/server-room", []thing.Point{
		write("speed", thing.Integer), {Name: "mode", Type: thing.Text, Enum: []thing.Value{thing.String("off"), thing.String("auto")}},
	})
	put("urn:demo:garden", "Garden lamp", "home/garden", []thing.Point{write("on", thing.Boolean)})
	return h
}

func TestTheExamplesInTheDocumentsAreRight(t *testing.T) {
	doc, err := os.ReadFile("../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n# (rules|scenes)/([a-z-]+)\\.yaml\n(.*?)```").FindAllStringSubmatch(string(doc), -1)
	if len(blocks) < 5 {
		t.Fatalf("%d examples found", len(blocks))
	}
	for _, b := range blocks {
		check := rules.Check
		if b[1] == "scenes" {
			check = rules.CheckScene
		}
		for _, p := range check([]byte(b[3]), quarter()) {
			t.Errorf("%s/%s: %s", b[1], b[2], p)
		}
	}
}

// top is a rule that lacks only what a case adds.
const top = "points:\n" + // line 1
	"  door: {thing: urn:demo:front-door, property: open}\n" +
	"  lamp: urn:demo:hall-lamp#/properties/on\n" +
	"  level: urn:demo:hall-lamp#/properties/level\n" +
	"  blink: urn:demo:hall-lamp#/actions/blink\n" +
	"  ring: urn:demo:front-door#/events/ring\n" +
	"  temp: urn:demo:thermo#/properties/temperature\n" +
	"  key: urn:demo:thermo#/properties/key\n" +
	"  mode: urn:demo:fan#/properties/mode\n" +
	"  moving: {place: home, property: occupied}\n" // line 10

func TestEveryKindOfBadRuleIsRefusedOnceWithItsPlace(t *testing.T) {
	const when, then = "when: [{change: door}]\n", "then: [{set: {lamp: true}}]\n"
	for in, want := range map[string]string{
		// the text
		"":                        "1:1: the file is empty",
		"- a\n":                   "1:1: want name: value pairs, got a list",
		"hello":                   `1:1: want name: value pairs, got "hello"`,
		"when: [":                 "1:1: this is not YAML: did not find expected node content",
		"a: b\n---\nc: d\n":       "2:1: there is a second document; one file holds one",
		"title: &x a\n":           "1:8: anchors and aliases (& and *) are not used here; write it out, or put the text in quotes",
		"title: !!binary aGk=\n":  "1:8: tags (!!binary) are not used here",
		"title: a\ntitle: b\n":    `2:1: "title" is here twice`,
		"trigger: []\n":           `1:1: "trigger" is not known here; known are id, title, description, enabled, mode, max, max_per_minute, points, when, if, then`,
		"title: a\n":              "1:1: when is missing: say what sets the rule off\n1:1: then is missing: say what the rule does",
		"title: [a]\n":            "1:8: title: want a text, got a list",
		"enabled: maybe\n":        `1:10: enabled: want true or false, got "maybe"`,
		"mode: twice\n":           `1:7: mode: want single, restart, queued, parallel, got "twice"`,
		"max: 0\n":                `1:6: max: want a whole number from 1 to 100, got "0"`,
		"points: {Door: a}\n":     `1:10: points.Door: "Door" cannot name a point; use a to z, digits and _, a letter first`,
		"points: {now: a}\n":      `1:10: points.now: "now" means something in expressions already; choose another name`,
		"points: {a: urn:x}\n":    `1:13: points.a: ref "urn:x": want ID#/properties/NAME`,
		"points: {a: {place: b}}": "1:13: points.a: say which property, action or event of the Thing is meant",
		"points: {a: {event: b}}": "1:13: points.a: say where the point is: a thing (its id or title), a place, or both",
		"points: {a: {thing: t, event: b, of: any}}":   "1:13: points.a: of: works on properties only",
		"points: {a: {thing: t, event: b, action: c}}": "1:34: points.a.action: one of property, action and event is enough",
		"when: []\n":                                                   "1:7: when: want between 1 and 100 triggers",
		"when: {change: door}\n":                                       "1:7: when: want a list (lines that start with -), got name: value pairs",
		"when: [{to: true}]\n":                                         "1:8: when[0]: say what sets the rule off: change, event, time, every, cron, sun or start",
		"when: [{change: door, sun: sunset}]\n":                        "1:23: when[0].sun: one trigger is one of change, event, time, every, cron, sun or start; begin another with -",
		"when: [{change: door, on: mon}]\n":                            `1:23: when[0].on: "on" is not known here; known are change, name, to, from, above, below, hysteresis, for`,
		"when: [{change: door, for: 5}]\n":                             `1:28: when[0].for: want a length of time such as 90s, 5m, 1h30m or 2d, got "5"`,
		"when: [{change: door, above: warm}]\n":                        `1:30: when[0].above: want a number, got "warm"`,
		"when: [{change: door, above: 5, below: 3}]\n":                 "1:8: when[0]: above 5 and below 3: no number is both",
		"when: [{change: door, above: 5, to: 6}]\n":                    "1:8: when[0]: to and from do not go with above and below",
		"when: [{change: door, hysteresis: 5}]\n":                      "1:8: when[0]: hysteresis goes with above or below",
		"when: [{time: \"25:00\"}]\n":                                  `1:15: when[0].time: want a time of day such as "18:30", got "25:00"`,
		"when: [{time: \"18:30\", on: someday}]\n":                     `1:28: when[0].on: "someday" is not a day; write mon, tue, wed, thu, fri, sat, sun, weekdays, weekend or daily`,
		"when: [{every: 1ms}]\n":                                       "1:16: when[0].every: every: wants from 1s to 1d",
		"when: [{cron: \"* * *\"}]\n":                                  `1:15: when[0].cron: "* * *": a cron pattern has five fields: minute hour day month weekday`,
		"when: [{sun: noon}]\n":                                        `1:14: when[0].sun: want sunrise, sunset, got "noon"`,
		"when: [{sun: sunset, offset: 20}]\n":                          `1:30: when[0].offset: want a length of time such as 20m or -1h, at most 12h, got "20"`,
		"when: [{start: false}]\n":                                     "1:16: when[0].start: start: can only be true; leave the trigger out otherwise",
		"then: []\n":                                                   "1:7: then: want between 1 and 200 steps",
		"then: [{to: true}]\n":                                         "1:8: then[0]: say what is to be done: set, calc, invoke, scene, notify, delay, wait, if, choose, repeat or stop",
		"then: [{delay: 5m, notify: a}]\n":                             "1:20: then[0].notify: one step does one thing (this one is delay); begin another with -",
		"then: [{delay: 5m, timeout: 1m}]\n":                           `1:20: then[0].timeout: "timeout" is not known here; known are delay`,
		"then: [{if: 'true'}]\n":                                       "1:8: then[0]: if wants then: with the steps to do",
		"then: [{wait: a, on_timeout: stop}]\n":                        "1:8: then[0]: on_timeout wants a timeout",
		"then: [{invoke: a, with: 1, calc: b}]\n":                      "1:8: then[0]: an action takes one input: with or calc",
		"then: [{repeat: 0, then: [{stop: a}]}]\n":                     `1:17: then[0].repeat: want a whole number from 1 to 1000, got "0"`,
		"then: [{choose: [{if: a}]}]\n":                                "1:18: then[0].choose[0]: each choice wants an if and a then",
		"then: [{set: {}}]\n":                                          "1:14: then[0].set: say which point becomes what, such as set: {lamp: true}",
		"then: [{set: {a: 0x1F}}]\n":                                   `1:18: then[0].set.a: write the number "0x1F" in plain digits`,
		"then: " + strings.Repeat("[", 60) + strings.Repeat("]", 60):   "1:31: nested more than 24 levels deep",
		"a: " + strings.Repeat("x", text.MaxFile):                      "1:1: the file is 65539 bytes long; at most 65536 are allowed",
		"title: a\n" + strings.Repeat("- [", 9000):                     "",
		"a: [" + strings.Repeat("1,", 9000) + "]\n":                    "1:15999: more than 8000 values in one file",
		strings.Repeat("{", 30000):                                     "",
		"a: &a [x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]\n":        "1:4: anchors and aliases (& and *) are not used here; write it out, or put the text in quotes",
		"title: \xff\xfe\n":                                            "1:1: this is not YAML: invalid leading UTF-8 octet",
		"then: [{if: a, then: " + strings.Repeat("[{if: a, then: ", 9): "",

		// what it says of Things
		top + "when: [{change: dor}]\n" + then:                                  `11:17: when[0].change: there is no point "dor"; declared under points: are door, lamp, level, blink, ring, temp, key, mode, moving`,
		top + "when: [{change: ring}]\n" + then:                                 "11:17: when[0].change: ring is an event; write event: ring",
		top + "when: [{event: door}]\n" + then:                                  "11:16: when[0].event: door is a property; write change: door",
		top + "when: [{change: blink}]\n" + then:                                "11:17: when[0].change: blink is an action; it can be invoked but has no value",
		top + "when: [{change: moving}]\n" + then:                               "11:17: when[0].change: moving means 2 Things; say how they become one value with of: any, all, count, avg, min, max or sum",
		top + "when: [{change: key}]\n" + then:                                  "11:17: when[0].change: key can be written but not read",
		top + "when: [{change: door, above: 3}]\n" + then:                       "11:8: when[0]: above and below want a number; door is true or false",
		top + "when: [{change: door, to: open}]\n" + then:                       `11:27: when[0].to: open: want boolean, got string "open"`,
		top + "when: [{change: mode, to: [auto, warm]}]\n" + then:               `11:34: when[0].to[1]: mode: string "warm" is not one of the 2 allowed values`,
		top + when + "if: door && temp > \"warm\"\n" + then:                     "12:18: if: a number and a text cannot be compared by >",
		top + when + "if: 'door && window'\n" + then:                            `12:14: if: there is no point or function "window"; the points here are door, key, lamp, level, mode, moving, ring, temp`,
		top + when + "if: |\n  door &&\n  temp\n" + then:                        "14:3: if: true or false is wanted here; this is a number",
		top + when + "if: temp + 1\n" + then:                                    "12:5: if: this gives a number; true or false is wanted here",
		top + when + "if: moving\n" + then:                                      "12:5: if: moving means 2 Things; say how they become one value with of: any, all, count, avg, min, max or sum",
		top + when + "if: key == \"1\"\n" + then:                                "12:5: if: key can be written but not read",
		top + when + "then: [{set: {door: true}}]\n":                            "12:15: then[0].set.door: open of urn:demo:front-door can be read but not set",
		top + when + "then: [{set: {blink: 3}}]\n":                              "12:15: then[0].set.blink: blink is an action; only a property can be set",
		top + when + "then: [{invoke: lamp}]\n":                                 "12:17: then[0].invoke: lamp is a property; only an action can be invoked",
		top + when + "then: [{set: {level: 1.5}}]\n":                            "12:22: then[0].set.level: level: want integer, got number 1.5",
		top + when + "then: [{set: {mode: warm}}]\n":                            `12:21: then[0].set.mode: mode: string "warm" is not one of the 2 allowed values`,
		top + when + "then: [{calc: {level: mode}}]\n":                          "12:23: then[0].calc.level: this gives a text; a number is wanted here",
		top + when + "then: [{set: {lamp: \"on\"}}]\n":                          `12:21: then[0].set.lamp: on: want boolean, got string "on"`,
		top + when + "then: [{notify: \"it is {tmp} now\"}]\n":                  `12:25: then[0].notify: there is no point or function "tmp"; the points here are door, key, lamp, level, mode, moving, ring, temp`,
		top + when + "then: [{notify: \"it is {temp\"}]\n":                      "12:17: then[0].notify: a { has no } after it; write {{ for a brace",
		top + when + "then: [{wait: temp}]\n":                                   "12:15: then[0].wait: this gives a number; true or false is wanted here",
		top + "  a: {thing: Front door, property: opened}\n" + when + then:      `11:6: points.a: "Front door" has no property "opened"; it has open`,
		top + "  a: {thing: Motion, property: occupied}\n" + when + then:        "11:6: points.a: 2 Things are called \"Motion\"; name it by its id, such as ",
		top + "  a: {place: home/attic, property: temperature}\n" + when + then: "11:6: points.a: temperature is ",
		top + "  a: {place: home, property: occupied, of: avg}\n" + when + then: "11:6: points.a: of: avg wants a number from each Thing; occupied is true or false",
		top + "  a: {place: park, property: speed, of: any}\n" + when + then:    "11:6: points.a: of: any wants true or false from each Thing; speed is an integer",
		top + "  a: {thing: urn:none, property: b}\n" + when + then:             `11:6: points.a: there is no Thing "urn:none"`,
		top + "  a: {place: moon, property: b}\n" + when + then:                 `11:6: points.a: there is no Thing with property "b" in moon`,
	} {
		got := text.Problems(rules.Check([]byte(in), quarter()))
		if len(got) == 0 {
			t.Errorf("%.80q was accepted", strings.TrimPrefix(in, top))
			continue
		}
		for _, p := range got {
			if p.Line < 1 || p.Column < 1 || p.Reason == "" {
				t.Errorf("%.80q: a problem without its place: %+v", in, p)
			}
		}
		if !strings.HasPrefix(got.Error(), want) || want != "" && len(got) != strings.Count(want, "\n")+1 {
			t.Errorf("%.80q:\n got %s\nwant %s", strings.TrimPrefix(in, top), got.Error(), want)
		}
	}
}

func TestARuleMayWaitForAThingButNotForAProperty(t *testing.T) {
	source := []byte(top + "  a: {thing: urn:none, property: b}\nwhen: [{change: a, to: true}]\nif: a > 3\nthen: [{set: {lamp: true}}]")
	if got := text.Problems(rules.Check(source, quarter())); len(got) != 1 || got.Refused() {
		t.Errorf("got %v", got)
	}
	if got := rules.Check(source, nil); got != nil {
		t.Errorf("without a directory: %v", got)
	}
}

func FuzzCheck(f *testing.F) {
	f.Add([]byte(welcome))
	f.Add([]byte(top + "when: [{change: temp, above: 3, for: 5m}, {sun: sunset}, {cron: '* * * * *'}]\nif: |\n  door &&\n    held(lamp, \"5m\")\nthen:\n  - choose: [{if: door, then: [{stop: a}]}]\n  - repeat: 3\n    then: [{notify: 'a {temp}'}]\n"))
	f.Add([]byte("points: {a: {place: home, property: 'on', of: any}}\nwhen: [{every: 5m}]\nthen: [{wait: a, timeout: 5m}]"))
	h := quarter()
	f.Fuzz(func(t *testing.T, source []byte) {
		began := time.Now()
		for _, p := range append(rules.Check(source, h), rules.CheckScene(source, h)...) {
			if p.Line < 1 || p.Column < 1 || p.Reason == "" {
				t.Fatalf("a problem without its place: %+v", p)
			}
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Fatalf("checking %d bytes took %s", len(source), took)
		}
	})
}
