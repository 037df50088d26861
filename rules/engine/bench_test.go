package engine_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"hutong/rules/engine"
	"hutong/rules/text"
	"hutong/thing"
)

const many = 8000

// crowd is an Engine with many rules, each about its own two Things.
func crowd(b *testing.B) (*engine.Engine, []thing.Ref) {
	b.Helper()
	var dir directory
	var refs []thing.Ref
	byID := map[thing.ID]*thing.Thing{}
	for i := range many {
		for _, t := range []*thing.Thing{
			{ID: thing.ID(fmt.Sprintf("urn:sensor:%d", i)), Points: []thing.Point{prop("temperature", thing.Number)}},
			{ID: thing.ID(fmt.Sprintf("urn:fan:%d", i)), Points: []thing.Point{prop("on", thing.Boolean)}},
		} {
			dir, byID[t.ID] = append(dir, t), t
		}
		refs = append(refs, thing.Ref{Thing: dir[2*i].ID, Name: "temperature"})
	}
	e := engine.NewEngine(time.UTC, nil)
	look := engine.NewLookup(index{dir, byID})
	var load []*engine.Program
	for i := range many {
		rule, problems := text.Parse("r", fmt.Appendf(nil, `
points: {temp: 'urn:sensor:%d#/properties/temperature', fan: 'urn:fan:%d#/properties/on'}
when: [{change: temp}]
if: temp > 25 && !fan
then: [{set: {fan: true}}]`, i, i))
		if problems != nil {
			b.Fatal(problems)
		}
		rule.ID = fmt.Sprintf("r%d", i)
		p, problems := engine.Join(rule, engine.Setting{}, look)
		if problems != nil {
			b.Fatal(problems)
		}
		load = append(load, p)
	}
	e.Step(engine.Input{Now: 1, Load: load})
	return e, refs
}

type index struct {
	directory
	byID map[thing.ID]*thing.Thing
}

func (x index) Thing(id thing.ID) (*thing.Thing, bool) { t, ok := x.byID[id]; return t, ok }

// BenchmarkLoad is the cost of reading, checking and loading a rule, and what it keeps in memory.
func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		began := time.Now()
		e, refs := crowd(b)
		b.ReportMetric(float64(time.Since(began).Microseconds())/many, "us/rule")
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/many, "B/rule")
		runtime.KeepAlive(e)
		runtime.KeepAlive(refs)
	}
}

// BenchmarkChange is the cost of one Change of a point that one of many rules watches, its guard asked and false.
func BenchmarkChange(b *testing.B) {
	e, refs := crowd(b)
	seq := uint64(0)
	change := make([]thing.Change, 1)
	for b.Loop() {
		seq++
		i := int(seq) % many
		change[0] = thing.Change{Ref: refs[i], Point: thing.Handle(i + 1), Value: thing.Float(float64(seq/many) / 1e6), Quality: thing.Good, Seq: seq, Committed: thing.Time(seq)}
		e.Step(engine.Input{Now: thing.Time(seq), Changes: change})
	}
}

// BenchmarkIgnored is the cost of a Change that no rule names.
func BenchmarkIgnored(b *testing.B) {
	e, _ := crowd(b)
	change := []thing.Change{{Ref: thing.Ref{Thing: "urn:nobody", Name: "cares"}, Point: 100000, Value: thing.Float(1), Quality: thing.Good, Seq: 1}}
	for b.Loop() {
		e.Step(engine.Input{Now: 1, Changes: change})
	}
}
