package twin_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"hutong/thing"
	"hutong/twin"
)

// simple is the twin as one could explain it on a napkin: one map, one list, no shards, no handles.
type simple struct {
	points  map[thing.Ref]*simplePoint
	offline map[thing.ID]bool
	changes []thing.Change
}

type simplePoint struct {
	value   thing.Value
	quality thing.Quality
	held    thing.Quality
}

func (m *simple) change(r thing.Ref, v thing.Value, q thing.Quality, repeat bool) {
	p := m.points[r]
	p.value, p.quality = v, q
	m.changes = append(m.changes, thing.Change{Ref: r, Value: v, Quality: q, Repeat: repeat, Seq: uint64(len(m.changes) + 1)})
}

func (m *simple) report(r thing.Ref, v thing.Value, q thing.Quality, retained bool) {
	p := m.points[r]
	if p == nil {
		return
	}
	if r.Name == "level" && v.Type() != thing.Integer {
		v, q = thing.Null(), thing.Bad
	}
	if r.Kind == thing.Event {
		if !retained {
			m.change(r, v, q, false)
		}
		return
	}
	p.held = 0
	if m.offline[r.Thing] && q != thing.Bad {
		p.held, q = q, thing.Stale
	}
	same := p.quality != thing.Unknown && p.value.Equal(v)
	back := same && p.quality == thing.Restored && q.Known()
	if retained && back {
		p.quality = q
	} else if !retained || !same || p.quality != q {
		m.change(r, v, q, same && p.quality == q || back)
	}
}

func (m *simple) online(id thing.ID, refs []thing.Ref, online bool) {
	if m.offline[id] != online {
		return
	}
	m.offline[id] = !online
	for _, r := range refs {
		p := m.points[r]
		if p == nil || r.Thing != id || r.Kind == thing.Event {
			continue
		}
		if !online && p.quality.Known() {
			m.change(r, p.value, thing.Stale, false)
		} else if online && p.held != 0 {
			q := p.held
			p.held = 0
			m.change(r, p.value, q, false)
		}
	}
}

func TestTheTwinDoesWhatTheSimpleModelDoes(t *testing.T) {
	ids := []thing.ID{"urn:a", "urn:b", "urn:c"}
	var refs []thing.Ref
	for _, id := range ids {
		refs = append(refs, ref(id, "on"), ref(id, "level"), ref(id, "pressed"))
	}
	rapid.Check(t, func(t *rapid.T) {
		log := &memLog{}
		real := twin.New(twin.Options{Log: log})
		defer real.Close()
		model := &simple{points: map[thing.Ref]*simplePoint{}, offline: map[thing.ID]bool{}}
		spent := map[thing.Ref]thing.Handle{}
		value := rapid.SampledFrom([]thing.Value{thing.Int(0), thing.Int(1), thing.Bool(true), thing.String("x")})
		add := func(t *rapid.T) {
			id := rapid.SampledFrom(ids).Draw(t, "id")
			x := lamp(id)
			x.Points[0].Type, x.Points[2] = thing.Any, x.Points[3]
			x.Points = x.Points[:3]
			if err := real.Add(x); err != nil {
				t.Fatal(err)
			}
			for _, r := range refs {
				if r.Thing == id && model.points[r] == nil {
					model.points[r] = &simplePoint{}
					spent[r], _ = real.Handle(r)
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"add": add,
			"remove": func(t *rapid.T) {
				id := rapid.SampledFrom(ids).Draw(t, "id")
				real.Remove(id)
				delete(model.offline, id)
				for _, r := range refs {
					if r.Thing == id {
						delete(model.points, r)
					}
				}
			},
			"report": func(t *rapid.T) {
				var batch []thing.Report
				for range rapid.IntRange(1, 6).Draw(t, "n") {
					r := rapid.SampledFrom(refs).Draw(t, "ref")
					x := thing.Report{
						Point: spent[r], Value: value.Draw(t, "value"), Retained: rapid.Bool().Draw(t, "retained"),
						Quality: rapid.SampledFrom([]thing.Quality{thing.Good, thing.Uncertain, thing.Bad}).Draw(t, "quality"),
					}
					batch = append(batch, x)
					model.report(r, x.Value, x.Quality, x.Retained)
				}
				real.Report(batch)
			},
			"restore": func(t *rapid.T) {
				r, v := rapid.SampledFrom(refs).Draw(t, "ref"), thing.Int(1)
				real.Restore(r, thing.State{Value: v, Quality: thing.Good})
				if p := model.points[r]; p != nil && p.quality == thing.Unknown {
					p.value, p.quality = v, thing.Restored
					if model.offline[r.Thing] && r.Kind == thing.Property {
						p.quality = thing.Stale
					}
				}
			},
			"online": func(t *rapid.T) {
				id, on := rapid.SampledFrom(ids).Draw(t, "id"), rapid.Bool().Draw(t, "on")
				real.Online(id, on)
				if model.points[ref(id, "on")] != nil {
					model.online(id, refs, on)
				}
			},
			"": func(t *rapid.T) { agree(t, real, log, model, refs) },
		})
	})
}

func agree(t *rapid.T, real *twin.Twin, log *memLog, model *simple, refs []thing.Ref) {
	for _, r := range refs {
		s, ok := real.Get(r)
		p := model.points[r]
		if ok != (p != nil) || ok && (s.Value != p.value || s.Quality != p.quality) {
			t.Fatalf("%s is %+v (%v), the model says %+v", r, s, ok, p)
		}
	}
	same := slices.EqualFunc(log.list, model.changes, func(a, b thing.Change) bool {
		return a.Ref == b.Ref && a.Value == b.Value && a.Quality == b.Quality && a.Repeat == b.Repeat && a.Seq == b.Seq
	})
	if !same {
		t.Fatalf("changes are\n%+v, the model says\n%+v", log.list, model.changes)
	}
}
