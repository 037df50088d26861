package engine_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hutong/rules/engine"
	"hutong/thing"
)

// Whatever happens in whatever order - devices that come and go, commands that fail or never answer, rules loaded over
// themselves - a run that begins ends once, and an Engine without rules wants nothing any more.
func TestAStormLeavesNothingBehind(t *testing.T) {
	sources := []string{
		"mode: parallel\nmax: 3\nwhen: [{change: quiet, for: 20s}, {change: temp, above: 20, below: 30, hysteresis: 2}, {every: 7s}]\nif: known(temp) || quiet\nthen: [{calc: {level: temp}, if_fails: continue}, {delay: 15s}, {set: {lamps: true}, if_fails: continue}]",
		"mode: restart\nwhen: [{event: button}, {change: motion, to: true, for: 5s}]\nthen: [{wait: 'held(quiet, \"10s\")', timeout: 1m, on_timeout: continue}, {repeat: 3, then: [{set: {lamp: true}, if_fails: continue}, {delay: 2s}]}]",
		"mode: queued\nmax: 2\nwhen: [{change: lamp}, {event: button, is: double}]\nthen: [{choose: [{if: temp > 20, then: [{notify: 'warm {temp}'}]}, {if: motion, then: [{stop: moving}]}], else: [{invoke: blink, with: 1}]}, {delay: 3s}]",
	}
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		ended := map[string]int{}
		started := map[string]bool{}
		var late []thing.Outcome
		w.answer = func(c thing.Command) *thing.Outcome {
			started[c.Cause.Trace] = true
			switch rapid.IntRange(0, 3).Draw(rt, "answer") {
			case 0:
				return &thing.Outcome{Command: c, Status: thing.Failed, Error: "no"}
			case 1:
				late = append(late, thing.Outcome{Command: c, Status: thing.Completed})
				return nil
			}
			return &thing.Outcome{Command: c, Status: thing.Completed}
		}
		for range rapid.IntRange(1, 60).Draw(rt, "events") {
			switch rapid.IntRange(0, 8).Draw(rt, "what") {
			case 0:
				i := rapid.IntRange(0, len(sources)-1).Draw(rt, "load")
				w.load(fmt.Sprint("r", i), points+sources[i])
			case 1:
				w.step(engine.Input{Unload: []string{fmt.Sprint("r", rapid.IntRange(0, 2).Draw(rt, "unload"))}})
			case 2:
				w.is("t1.temperature", rapid.Float64Range(10, 35).Draw(rt, "degrees"))
			case 3:
				w.is(rapid.SampledFrom([]string{"m1.occupied", "m2.occupied", "lamp.on"}).Draw(rt, "switch"), rapid.Bool().Draw(rt, "on"))
			case 4:
				w.is("button.pressed", rapid.SampledFrom([]string{"single", "double"}).Draw(rt, "press"))
			case 5:
				name := rapid.SampledFrom([]string{"t1.temperature", "m1.occupied", "lamp.on"}).Draw(rt, "which")
				w.quality(name, rapid.SampledFrom([]thing.Quality{thing.Stale, thing.Bad, thing.Good, thing.Uncertain}).Draw(rt, "quality"))
			case 6:
				w.step(engine.Input{Hand: []engine.Hand{{Rule: fmt.Sprint("r", rapid.IntRange(0, 2).Draw(rt, "hand")), SkipGuard: rapid.Bool().Draw(rt, "skip")}}})
			case 7:
				w.step(engine.Input{Outcomes: late, Unpark: []string{"r0", "r1", "r2"}})
				late = nil
			case 8:
				w.pass(time.Duration(rapid.IntRange(0, 120).Draw(rt, "seconds")) * time.Second)
			}
		}
		w.step(engine.Input{Unload: []string{"r0", "r1", "r2"}})
		if w.wake != 0 || len(w.Doubtful()) != 0 {
			rt.Fatalf("an engine without rules wants to be called at %d and doubts %v", w.wake, w.Doubtful())
		}
		for _, tr := range w.traces {
			if ended[tr.ID]++; ended[tr.ID] > 1 {
				rt.Fatalf("a run ended twice: %+v", tr)
			}
			if tr.Ended < tr.Began || tr.Ended == 0 {
				rt.Fatalf("a run ended before it began: %+v", tr)
			}
		}
		for id := range started {
			if ended[id] != 1 {
				rt.Fatalf("run %s gave commands and ended %d times", id, ended[id])
			}
		}
	})
}
