package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hutong/rules/engine"
	"hutong/thing"
)

const points = `
points:
  lamp: urn:lamp#/properties/on
  level: {thing: Ceiling lamp, property: level}
  blink: {thing: urn:lamp, action: blink}
  kitchen_lamp: {place: Home / Kitchen, property: "on"}
  temp: {place: home/kitchen, property: temperature}
  mode: {thing: urn:heat, property: mode}
  where: {thing: urn:heat, property: where}
  motion: {place: home, property: occupied, of: any}
  quiet: {thing: urn:m1, property: occupied}
  button: {thing: urn:button, event: pressed}
  lamps: {place: home, property: "on"}
`

func TestAChangeTriggerFiresOnEntering(t *testing.T) {
	for name, c := range map[string]struct {
		trigger string
		values  []any
		fires   string // one letter a value: y or n
	}{
		"any":        {"change: temp", []any{20, 21, 21, 22}, "nyny"},
		"to":         {"change: quiet, to: true", []any{false, true, true, false, true}, "nynny"},
		"first":      {"change: quiet, to: true", []any{true, false, true}, "nny"},
		"from":       {"change: quiet, from: true", []any{false, true, false}, "nny"},
		"from to":    {"change: mode, from: heat, to: \"off\"", []any{"off", "auto", "off", "heat", "off"}, "nnnny"},
		"to list":    {"change: mode, to: [heat, auto]", []any{"off", "heat", "auto", "off", "auto"}, "nynny"},
		"above":      {"change: temp, above: 25", []any{24, 25, 26, 27, 25, 26}, "nnynny"},
		"below":      {"change: temp, below: 5", []any{6, 4, 3, 5, 4.5}, "nynny"},
		"between":    {"change: temp, above: 10, below: 20", []any{5, 15, 19, 25, 15}, "nynny"},
		"hysteresis": {"change: temp, above: 25, hysteresis: 1", []any{24, 26, 24.5, 26, 24, 26}, "nynnny"},
		"bare on":    {"change: quiet, to: on", []any{false, true}, "ny"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.load("r", points+"when: [{"+c.trigger+"}]\nthen: [{set: {lamp: true}}]")
			target := map[bool]string{true: "m1.occupied", false: "t1.temperature"}[strings.Contains(c.trigger, "quiet")]
			if strings.Contains(c.trigger, "mode") {
				target = "heat.mode"
			}
			for i, v := range c.values {
				w.is(target, v)
				want := map[byte]string{'y': "lamp.on=true", 'n': ""}[c.fires[i]]
				if got := w.did(); got != want {
					t.Errorf("value %d, %v: did %q, want %q", i, v, got, want)
				}
			}
		})
	}
}

func TestForFiresWhenTheValueWasHeld(t *testing.T) {
	w := newWorld(t)
	w.load("r", points+"when: [{change: quiet, to: false, for: 5m}]\nthen: [{set: {lamp: false}}]")
	w.is("m1.occupied", true)
	w.is("m1.occupied", false)
	w.pass(4 * time.Minute)
	w.is("m1.occupied", true) // not held
	w.pass(10 * time.Minute)
	w.want("")
	w.is("m1.occupied", false)
	w.pass(299 * time.Second)
	w.want("")
	w.pass(time.Second)
	w.want("lamp.on=false")
	w.pass(time.Hour)
	w.want("")
}

func TestAHoldBeginsAnewWhenTheValueWasNotKnownMeanwhile(t *testing.T) {
	w := newWorld(t)
	w.load("r", points+"when: [{change: quiet, to: false, for: 5m}]\nthen: [{set: {lamp: false}}]")
	w.is("m1.occupied", true)
	w.is("m1.occupied", false)
	w.pass(4 * time.Minute)
	w.quality("m1.occupied", thing.Stale)
	w.pass(10 * time.Minute)
	w.want("")
	w.quality("m1.occupied", thing.Good)
	w.pass(299 * time.Second)
	w.want("")
	w.pass(time.Second)
	w.want("lamp.on=false")
}

func TestRestoredAndFirstValuesFireNothing(t *testing.T) {
	w := newWorld(t)
	since := thing.At(w.now.Add(-2 * time.Minute))
	w.states[ref("m1.occupied")] = thing.State{Value: thing.Bool(true), Quality: thing.Restored, Since: since, Seq: 3}
	w.states[ref("t1.temperature")] = thing.State{Value: thing.Float(30), Quality: thing.Restored, Since: since, Seq: 4}
	w.seq = 10
	w.load("a", points+"when: [{change: quiet, to: true}]\nthen: [{set: {lamp: true}}]")
	w.load("b", points+"when: [{change: temp, above: 25}]\nthen: [{set: {lamp: true}}]")
	w.load("c", points+"when: [{change: quiet, to: true, for: 5m}]\nthen: [{set: {level: 3}}]")
	w.pass(time.Hour)
	w.quality("t1.temperature", thing.Good) // confirmed, not changed
	w.want("")
	w.is("m1.occupied", true) // confirmed: the hold that was under way has long come to its end
	w.want("lamp.level=3")
	w.is("m1.occupied", false)
	w.is("m1.occupied", true)
	w.want("lamp.on=true")
}

func TestAHoldGoesOnOverARestart(t *testing.T) {
	w := newWorld(t)
	w.states[ref("m1.occupied")] = thing.State{Value: thing.Bool(true), Quality: thing.Good, Since: thing.At(w.now.Add(-2 * time.Minute)), Seq: 3}
	w.seq = 10
	w.load("c", points+"when: [{change: quiet, to: true, for: 5m}]\nthen: [{set: {level: 3}}]")
	w.pass(179 * time.Second)
	w.want("")
	w.pass(time.Second)
	w.want("lamp.level=3")
}

func TestAChangeOlderThanWhatTheRuleBeganWithIsPassedOver(t *testing.T) {
	w := newWorld(t)
	w.states[ref("m1.occupied")] = thing.State{Value: thing.Bool(false), Quality: thing.Good, Seq: 50}
	w.seq = 40
	w.load("a", points+"when: [{change: quiet, to: true}]\nthen: [{set: {lamp: true}}]")
	w.is("m1.occupied", true) // seq 41: the state at 50 knows better
	w.want("")
}

func TestAGuardThatIsNotKnownDoesNothingAndSaysWhy(t *testing.T) {
	w := newWorld(t)
	w.load("r", points+"when: [{change: quiet, to: true}]\nif: temp < 20 && !lamp\nthen: [{set: {lamp: true}}]")
	w.is("m1.occupied", false)
	w.is("m1.occupied", true)
	w.want("")
	w.result(engine.Unknown, "not known: lamp, temp")
	w.is("t1.temperature", 25)
	w.is("m1.occupied", false)
	w.is("m1.occupied", true) // false whatever the lamp is
	w.result(engine.Refused, "the guard is false")
	w.is("t1.temperature", 15)
	w.is("lamp.on", false)
	w.is("m1.occupied", false)
	w.is("m1.occupied", true)
	w.want("lamp.on=true")
	w.result(engine.Done, "")
	g := w.last().Guard
	if g.Answer != "true" || len(g.Seen) != 2 || g.Seen[1].Point != "temp" || g.Seen[1].Value.Float() != 15 {
		t.Errorf("guard in the trace: %+v", g)
	}
	w.quality("t1.temperature", thing.Stale)
	w.is("m1.occupied", false)
	w.is("m1.occupied", true)
	w.result(engine.Unknown, "not known: temp")
}

func TestEveryPressOfAButtonCounts(t *testing.T) {
	w := newWorld(t)
	w.load("r", points+"when: [{event: button, is: [single, double]}]\nthen: [{calc: {lamp: 'button == \"double\"'}}]")
	w.is("button.pressed", "single")
	w.is("button.pressed", "single")
	w.is("button.pressed", "hold")
	w.is("button.pressed", "double")
	w.want("lamp.on=false lamp.on=false lamp.on=true")
}

func TestTimePassesADayInNoTime(t *testing.T) {
	w := newWorld(t)
	w.load("a", points+"when: [{time: \"18:30\", name: evening}, {time: [\"07:00\", \"22:00\"], on: weekdays}]\nthen: [{calc: {lamp: 'trigger == \"evening\"'}}]")
	w.load("b", points+"when: [{every: 6h}]\nthen: [{set: {level: 1}}]")
	w.load("c", points+"when: [{sun: sunset, offset: -30m}, {sun: sunrise, offset: 1h}, {cron: \"15 3 * * *\"}]\nthen: [{set: {level: 2}}]")
	w.load("d", points+"when: [{start: true}]\nthen: [{set: {level: 9}}]")
	var log []string
	for range 24 * 60 {
		w.pass(time.Minute)
		if got := w.did(); got != "" {
			log = append(log, w.now.Format("15:04 ")+got)
		}
	}
	// The sun sets at 16:53 and rises at 07:08 there and then; what falls within a minute is seen at its end.
	want := "16:24 lamp.level=2|18:00 lamp.level=1|18:30 lamp.on=true|22:00 lamp.on=false|00:00 lamp.level=1|03:15 lamp.level=2|06:00 lamp.level=1|07:00 lamp.on=false|08:09 lamp.level=2|12:00 lamp.level=1"
	if got := strings.Join(log, "|"); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestStartFiresOnceWhenTheHubStarts(t *testing.T) {
	w := newWorld(t)
	p := w.program("d", points+"when: [{start: true}]\nthen: [{set: {level: 9}}]")
	w.step(engine.Input{Load: []*engine.Program{p}, Start: true})
	w.want("lamp.level=9")
	w.step(engine.Input{Load: []*engine.Program{p}})
	w.want("")
}

func TestAMachineThatSleptDoesNotMakeUpForLongPastTimes(t *testing.T) {
	w := newWorld(t)
	w.load("a", points+"when: [{time: \"18:30\"}]\nthen: [{set: {lamp: true}}]")
	w.load("b", points+"when: [{every: 1m}]\nthen: [{set: {level: 1}}]")
	w.now = w.now.Add(20 * time.Hour) // 08:00 the next day, in one leap
	w.step(engine.Input{})
	w.want("")
	w.pass(time.Minute)
	w.want("lamp.level=1")
	w.now = w.now.Add(5 * time.Minute)
	w.step(engine.Input{})
	w.want("lamp.level=1") // once, not five times
}

func TestStepsAreDoneInTurn(t *testing.T) {
	w := newWorld(t)
	w.load("r", points+`
when: [{event: button}]
then:
  - set: {lamp: true, level: 40}
  - invoke: blink
    with: 3
  - delay: 90s
  - calc: {level: level * 1.5 + 0.2}
  - if: level > 50
    then: [{set: {mode: heat}}]
    else: [{set: {mode: auto}}]
  - choose:
      - {if: 'mode == "off"', then: [{set: {level: 1}}]}
      - {if: 'mode == "heat"', then: [{set: {level: 2}}]}
    else: [{set: {level: 3}}]
  - repeat: 5
    while: level < 4
    then: [{calc: {level: level + 1}}]
  - notify: 'It is {temp} degrees, level {level + 0.5}, {{really}}, {mode}'
    level: warning
  - stop: enough
  - set: {lamp: false}
`)
	w.echo = true
	w.is("t1.temperature", 21.5)
	w.is("button.pressed", "x")
	w.want("lamp.on=true lamp.level=40 lamp.blink=3")
	w.pass(90 * time.Second)
	w.want("lamp.level=60 heat.mode=\"heat\" lamp.level=2 lamp.level=3 lamp.level=4")
	w.result(engine.Stopped, "enough")
	if len(w.notices) != 1 || w.notices[0].Text != "It is 21.5 degrees, level 4.5, {really}, heat" || w.notices[0].Level != "warning" {
		t.Errorf("notices: %+v", w.notices)
	}
	var paths []string
	for _, s := range w.last().Steps {
		paths = append(paths, s.Path+":"+s.Kind)
	}
	if got := strings.Join(paths[:6], " "); got != "then[0]:set then[0]:set then[1]:invoke then[2]:delay then[3]:calc then[4]:if" {
		t.Errorf("trace: %s", got)
	}
}

func TestAChoiceThatIsNotKnownGoesNeitherWay(t *testing.T) {
	w := newWorld(t)
	w.load("r", points+"when: [{event: button}]\nthen: [{if: temp > 20, then: [{set: {level: 1}}], else: [{set: {level: 2}}]}, {notify: 'it is {temp}'}]")
	w.is("button.pressed", "x")
	w.want("")
	if w.notices[0].Text != "it is (unknown)" || w.last().Steps[0].Answer != "unknown" {
		t.Errorf("%+v %+v", w.notices, w.last().Steps)
	}
}

func TestWaitGoesOnWhenItsConditionComesTrue(t *testing.T) {
	rule := func(extra string) string {
		return points + "when: [{event: button}]\nthen: [{wait: '!motion', timeout: 10m" + extra + "}, {set: {lamp: false}}]"
	}
	w := newWorld(t)
	w.load("r", rule(""))
	w.is("m1.occupied", true)
	w.is("m2.occupied", true)
	w.is("button.pressed", "x")
	w.is("m1.occupied", false)
	w.want("")
	w.is("m2.occupied", false)
	w.want("lamp.on=false")
	w.is("m2.occupied", true)
	w.is("button.pressed", "x")
	w.pass(10 * time.Minute)
	w.want("")
	w.result(engine.Stopped, "waited 10m0s")
	w.load("r", rule(", on_timeout: continue"))
	w.is("button.pressed", "x")
	w.pass(10 * time.Minute)
	w.want("lamp.on=false")
	w.is("m2.occupied", false)
	w.is("button.pressed", "x") // true already
	w.want("lamp.on=false")
}

func TestAWaitMayLookAtTheClock(t *testing.T) {
	w := newWorld(t)
	w.is("m1.occupied", false)
	w.load("r", points+"when: [{event: button}]\nthen: [{wait: 'held(quiet, \"2m\")'}, {set: {lamp: false}}]")
	w.is("button.pressed", "x")
	w.pass(time.Minute)
	w.is("m1.occupied", true)
	w.pass(119 * time.Second)
	w.want("")
	w.pass(time.Second)
	w.want("lamp.on=false")
}

func TestModesSayWhatASecondTriggerDoes(t *testing.T) {
	for mode, want := range map[string]string{
		"single": "lamp.level=1 lamp.level=2", "restart": "lamp.level=1 lamp.level=1 lamp.level=1 lamp.level=2",
		"queued, max: 1":   "lamp.level=1 lamp.level=2 lamp.level=1 lamp.level=2",
		"parallel, max: 2": "lamp.level=1 lamp.level=1 lamp.level=2 lamp.level=2",
	} {
		w := newWorld(t)
		w.load("r", points+"mode: "+strings.Replace(mode, ", ", "\n", 1)+"\nwhen: [{event: button}]\nthen: [{set: {level: 1}}, {delay: 1m}, {set: {level: 2}}]")
		for range 3 {
			w.is("button.pressed", "x")
		}
		w.pass(5 * time.Minute)
		if got := w.did(); got != want {
			t.Errorf("%s: did %q, want %q", mode, got, want)
		}
	}
}

func TestACommandThatFailsEndsTheRun(t *testing.T) {
	w := newWorld(t)
	w.answer = func(c thing.Command) *thing.Outcome {
		return &thing.Outcome{Command: c, Status: thing.Failed, Error: "the lamp is unplugged"}
	}
	w.load("r", points+"when: [{event: button}]\nthen: [{set: {lamp: true}}, {set: {level: 2}}]")
	w.is("button.pressed", "x")
	w.want("lamp.on=true")
	w.result(engine.Failed, "then[0]: the lamp is unplugged")
	w.load("r", points+"when: [{event: button}]\nthen: [{set: {lamp: true}, if_fails: continue}, {set: {level: 2}}]")
	w.is("button.pressed", "x")
	w.want("lamp.on=true lamp.level=2")
	w.answer = func(thing.Command) *thing.Outcome { return nil }
	w.is("button.pressed", "x")
	w.pass(time.Minute)
	w.want("lamp.on=true lamp.level=2")
	w.result(engine.Failed, "then[1]: there was no answer in time")
}

func TestAllThingsOfAPlaceAreSetAtOnce(t *testing.T) {
	w := newWorld(t)
	w.load("r", points+"when: [{event: button}]\nthen: [{set: {lamps: false}}]")
	w.is("button.pressed", "x")
	w.want("lamp.on=false lamp2.on=false")
}

func TestALoopOfRulesIsParkedAndTheRestGoesOn(t *testing.T) {
	w := newWorld(t)
	w.late = true
	w.is("lamp.on", false)
	w.is("lamp2.on", false)
	w.load("a", points+"when: [{change: lamp}]\nthen: [{calc: {kitchen_lamp: lamp}}]")
	w.load("b", points+"when: [{change: kitchen_lamp}]\nthen: [{calc: {lamp: '!kitchen_lamp'}}]")
	w.load("c", points+"when: [{event: button}]\nthen: [{set: {level: 7}}]")
	w.is("lamp.on", true)
	if n := len(w.commands); n != engine.MaxHops {
		t.Errorf("%d commands before the brake, want %d", n, engine.MaxHops)
	}
	if !strings.Contains(w.Parked("a")+w.Parked("b"), "looks like a loop") || len(w.notices) != 1 {
		t.Errorf("parked: %q %q, notices %v", w.Parked("a"), w.Parked("b"), w.notices)
	}
	w.did()
	w.is("button.pressed", "x")
	w.want("lamp.level=7")
	w.step(engine.Input{Unpark: []string{"a", "b"}})
	w.is("lamp.on", false)
	if w.did() == "" {
		t.Error("a rule that was woken does not run")
	}
}

func TestARuleThatRunsTooOftenIsParked(t *testing.T) {
	w := newWorld(t)
	w.load("r", points+"max_per_minute: 5\nwhen: [{event: button}]\nthen: [{set: {level: 1}}]")
	for range 5 {
		w.is("button.pressed", "x")
	}
	w.pass(12 * time.Second) // one more fits after a fifth of a minute
	w.is("button.pressed", "x")
	if n := len(w.commands); n != 6 || w.Parked("r") != "" {
		t.Fatalf("%d commands, parked %q", n, w.Parked("r"))
	}
	w.is("button.pressed", "x")
	if n := len(w.commands); n != 6 || !strings.Contains(w.Parked("r"), "more than 5 times in a minute") {
		t.Errorf("%d commands, parked %q", n, w.Parked("r"))
	}
}

func TestARunThatNeverEndsIsCutShort(t *testing.T) {
	w := newWorld(t)
	w.load("r", points+"when: [{event: button}]\nthen: [{repeat: 1000, then: [{repeat: 1000, then: [{if: 'true', then: [{delay: 1ns}]}]}]}]")
	w.is("button.pressed", "x")
	w.pass(time.Minute)
	w.result(engine.Failed, "more than 10000 steps")
}

func TestPlacesMakeOneValueOfMany(t *testing.T) {
	for of, want := range map[string]string{
		"avg": "lamp.level=22", "min": "lamp.level=20", "max": "lamp.level=24", "sum": "lamp.level=44",
	} {
		w := newWorld(t)
		w.load("r", points+"  temps: {place: home, property: temperature, of: "+of+"}\nwhen: [{event: button}]\nthen: [{calc: {level: temps}}]")
		w.is("t1.temperature", 20)
		w.is("button.pressed", "x")
		w.want("")
		w.result(engine.Failed, "not known: temps")
		w.is("t2.temperature", 24)
		w.is("button.pressed", "x")
		w.want(want)
	}
	w := newWorld(t)
	w.load("r", points+`
  everywhere: {place: home, property: occupied, of: all}
  how_many: {place: home, property: occupied, of: count}
when: [{event: button}]
then: [{calc: {lamp: everywhere}, if_fails: continue}, {calc: {level: how_many}}]`)
	w.is("m1.occupied", false)
	w.is("button.pressed", "x")
	w.want("lamp.on=false") // all is false already; how many is not known
	w.is("m2.occupied", true)
	w.is("button.pressed", "x")
	w.want("lamp.on=false lamp.level=1")
}

func TestATraceTellsTheWholeStory(t *testing.T) {
	w := newWorld(t)
	w.load("r", points+"when: [{change: quiet, to: true, name: somebody came}]\nthen: [{set: {lamp: true}}]")
	w.is("m1.occupied", false)
	w.report(ref("m1.occupied"), thing.Bool(true), thing.Cause{Trace: "parent", Hops: 2})
	tr := w.last()
	x := tr.Trigger
	if x.Name != "somebody came" || x.Ref != "urn:m1#/properties/occupied" || x.Seq != 2 || x.Cause != "parent" || !x.Value.Bool() || x.Before.Bool() {
		t.Errorf("trigger: %+v", x)
	}
	s := tr.Steps[0]
	c := w.commands[0]
	if s.Command != c.ID || s.Status != thing.Completed || c.By != "rule:r" || c.Cause != (thing.Cause{Trace: tr.ID, Hops: 3}) || c.Deadline != thing.At(w.now.Add(10*time.Second)) {
		t.Errorf("step %+v, command %+v", s, c)
	}
}

func TestUnloadingARuleCancelsItsRunsAndTimers(t *testing.T) {
	w := newWorld(t)
	w.load("r", points+"when: [{event: button}, {time: \"18:30\"}]\nthen: [{delay: 1m}, {set: {lamp: true}}]")
	w.is("button.pressed", "x")
	w.step(engine.Input{Unload: []string{"r"}})
	w.result(engine.Cancelled, "removed")
	w.pass(24 * time.Hour)
	w.want("")
	if w.wake != 0 {
		t.Errorf("the engine still wants to be called at %s", w.wake.Std())
	}
}

func TestRunByHand(t *testing.T) {
	w := newWorld(t)
	w.load("r", points+"when: [{event: button}]\nif: temp > 30\nthen: [{set: {lamp: true}}]")
	w.is("t1.temperature", 20)
	w.step(engine.Input{Hand: []engine.Hand{{Rule: "r", By: "user:mei"}}})
	w.want("")
	w.result(engine.Refused, "")
	out := w.step(engine.Input{Hand: []engine.Hand{{Rule: "r", By: "user:mei", SkipGuard: true}, {Rule: "none"}}})
	w.want("lamp.on=true")
	if len(out.Started) != 2 || out.Started[0] != w.last().ID || out.Started[1] != "" || w.last().Trigger.By != "user:mei" {
		t.Errorf("started %v, %+v", out.Started, w.last().Trigger)
	}
}

func TestScenesAreSetAsAWhole(t *testing.T) {
	w := newWorld(t)
	w.load("r", points+"when: [{event: button}]\nthen: [{scene: evening}]")
	w.is("button.pressed", "x")
	w.result(engine.Failed, `there is no scene "evening"`)
	w.scene("evening", points+"set: {lamp: true, level: 20}\ninvoke: [{action: blink, with: 2}]")
	w.is("button.pressed", "x")
	w.want("lamp.on=true lamp.level=20 lamp.blink=2")
}

// A recorded log is a list of reports and of time passing; whatever it holds, running it again gives the same commands,
// traces and notices.
func TestTheSameLogGivesTheSameCommands(t *testing.T) {
	rules := map[string]string{
		"a": "mode: parallel\nwhen: [{change: quiet}, {change: temp, above: 20, hysteresis: 2, for: 30s}]\nif: temp > 10 || quiet\nthen: [{calc: {level: temp * 2}}, {delay: 45s}, {set: {lamp: true}}]",
		"b": "mode: restart\nwhen: [{event: button}, {every: 1m}]\nthen: [{wait: 'motion', timeout: 90s, on_timeout: continue}, {calc: {mode: 'motion ? \"heat\" : \"auto\"'}, if_fails: continue}, {notify: 'it is {temp}'}]",
		"c": "mode: queued\nwhen: [{change: lamp}, {change: mode, for: 10s}]\nthen: [{set: {lamps: false}}, {delay: 5s}]",
	}
	rapid.Check(t, func(rt *rapid.T) {
		type entry struct {
			name string
			v    any
			pass time.Duration
		}
		log := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) entry {
			x := entry{pass: time.Duration(rapid.IntRange(0, 100).Draw(t, "pass")) * time.Second}
			switch x.name = rapid.SampledFrom([]string{"t1.temperature", "m1.occupied", "m2.occupied", "button.pressed", "lamp.on"}).Draw(t, "name"); x.name {
			case "t1.temperature":
				x.v = rapid.Float64Range(0, 40).Draw(t, "degrees")
			case "button.pressed":
				x.v = "single"
			default:
				x.v = rapid.Bool().Draw(t, "on")
			}
			return x
		}), 1, 40).Draw(rt, "log")
		play := func() string {
			w := newWorld(t)
			w.late = true
			for _, id := range []string{"a", "b", "c"} {
				w.load(id, points+rules[id])
			}
			for _, x := range log {
				w.pass(x.pass)
				w.is(x.name, x.v)
			}
			w.pass(time.Hour)
			return w.hash()
		}
		if one, two := play(), play(); one != two {
			rt.Fatalf("%s is not %s", one, two)
		}
	})
}

func TestSecretsAreSetButNotTold(t *testing.T) {
	w := newWorld(t)
	w.load("r", points+"  pin: {thing: urn:heat, property: pin}\nwhen: [{event: button}]\nthen: [{set: {pin: \"1234\", lamp: true}}]")
	w.is("button.pressed", "x")
	w.want(`heat.pin="1234" lamp.on=true`)
	if s := w.last().Steps; s[0].Input != nil || s[1].Input == nil {
		t.Errorf("steps: %+v", s)
	}
}

func TestRefusalsAlikeWithinASecondAreCountedNotTold(t *testing.T) {
	w := newWorld(t)
	w.load("r", points+"when: [{change: temp}]\nif: temp > 30 && quiet\nthen: [{set: {lamp: true}}]")
	w.is("m1.occupied", true)
	for n := range 25 { // ten a second
		w.is("t1.temperature", 20+float64(n)/10)
		w.pass(100 * time.Millisecond)
	}
	var alike []int
	for _, tr := range w.traces {
		if tr.Result == engine.Refused {
			alike = append(alike, tr.Alike)
		}
	}
	if !slices.Equal(alike, []int{0, 9, 9}) {
		t.Errorf("refusals without a trace before each one with: %v", alike)
	}
	w.is("t1.temperature", 31)
	w.want("lamp.on=true")
	w.quality("m1.occupied", thing.Stale) // not known is another story
	w.is("t1.temperature", 32)
	w.result(engine.Unknown, "quiet")
}
