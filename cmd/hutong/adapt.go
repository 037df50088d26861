package main

import (
	"context"
	"errors"
	"iter"

	"hutong/api"
	"hutong/gate"
	"hutong/history"
	"hutong/registry"
	"hutong/rules"
	"hutong/rules/engine"
	"hutong/rules/text"
	"hutong/thing"
	"hutong/twin"
)

// The types here introduce packages to each other: each has the few methods that one of them asks for, in its words,
// and hands on to another that has the same in different ones.

// feeds is the twin as the api subscribes to it.
type feeds struct{ *twin.Twin }

func (f feeds) Latest(want func(thing.Ref) bool) api.Feed { return f.Twin.Latest(want) }
func (f feeds) Every(from uint64) api.Cursor              { return f.Twin.Every(from) }
func (f feeds) Watch() api.Watch                          { return watch{f.Twin.Watch()} }

// watch tells which Things came, went or were described anew.
type watch struct{ *twin.Watch }

func (w watch) Next(ctx context.Context) ([]thing.ID, error) {
	news, err := w.Watch.Next(ctx)
	ids := make([]thing.ID, len(news))
	for i, n := range news {
		ids[i] = n.ID
	}
	return ids, err
}

// access is the gate as the api asks it.
type access struct{ *gate.Gate }

func (a access) Reads(by string, x *thing.Thing) thing.Verdict { return a.May(by, gate.Read, x) }
func (a access) Administers(by string) thing.Verdict           { return a.May(by, gate.Administer, nil) }

// past is the history as the api queries it: without a step every sample is meant, and one more than the limit tells that
// there are too many.
type past struct{ *history.Store }

func (p past) Query(ctx context.Context, q api.Query, each func(api.Sample)) error {
	want := history.Query{Ref: q.Ref, From: q.From, To: q.To, Step: q.Step, Max: q.Max, Limit: q.Limit + 1}
	if q.Step > 0 {
		want.Agg = q.Agg
	}
	list, err := p.Store.Query(ctx, want)
	for _, s := range list {
		each(api.Sample(s))
	}
	switch {
	case errors.Is(err, history.ErrDamaged): // what could be read is the answer; the metrics tell of the rest
		return nil
	case errors.Is(err, history.ErrQuery):
		return api.Problems{{Detail: err.Error()}}
	}
	return err
}

// directory is the registry as the api asks it: what it finds are the Things that live.
type directory struct {
	*registry.Registry
	things *twin.Twin
}

func (d directory) Search(query string) (iter.Seq[*thing.Thing], error) {
	ids, err := d.Registry.Search(query)
	if err != nil {
		return nil, err
	}
	return func(yield func(*thing.Thing) bool) {
		for id := range ids {
			if x, ok := d.things.Thing(id); ok && !yield(x) {
				return
			}
		}
	}, nil
}

// ruleBook is the rules as the api lists and edits them.
type ruleBook struct{ *rules.Runner }

func (b ruleBook) List() []api.Rule {
	var list []api.Rule
	for _, r := range b.Runner.List() {
		x := api.Rule{ID: r.ID, Title: r.Title, Enabled: r.Enabled, Problems: problems(r.Problems)}
		if len(x.Problems) == 0 && r.Reason != "" && r.Enabled { // it waits for a Thing, or is parked
			x.Problems = api.Problems{{Detail: r.Reason}}
		}
		for _, t := range r.Traces {
			x.Runs = append(x.Runs, runOf(t))
		}
		list = append(list, x)
	}
	return list
}

func (b ruleBook) Put(ctx context.Context, id string, source []byte) error {
	err := b.Runner.Put(ctx, id, source)
	var wrong text.Problems
	if errors.As(err, &wrong) {
		return problems(wrong)
	}
	return err
}

func problems(list text.Problems) api.Problems {
	var out api.Problems
	for _, p := range list {
		if !p.Waiting {
			out = append(out, api.Problem{Line: p.Line, Column: p.Column, Detail: p.Reason})
		}
	}
	return out
}

func runOf(t engine.Trace) api.Run {
	detail := t.Reason
	if detail == "" {
		detail = why(t.Trigger)
	}
	return api.Run{Trace: t.ID, Rule: t.Rule, Time: t.Began, Result: string(t.Result), Detail: detail}
}

// why is what set a run off, in a few words.
func why(t engine.Trigger) string {
	switch {
	case t.Point != "" && t.Value != nil:
		return t.Point + ": " + string(t.Value.AppendJSON(nil))
	case t.By != "":
		return "asked by " + t.By
	}
	return t.Kind
}

// scenes is the scenes as the api lists and activates them.
type scenes struct{ *rules.Runner }

func (s scenes) List() []api.Scene {
	var list []api.Scene
	for _, x := range s.Scenes() {
		list = append(list, api.Scene{ID: x.ID, Title: x.Title})
	}
	return list
}

// stories is what a cause led to, gathered from the rules and the ledger.
type stories struct {
	rules  *rules.Runner
	ledger *ledger
}

func (s stories) Trace(_ context.Context, id string) (api.Trace, bool, error) {
	out := api.Trace{ID: id}
	own, found, err := s.rules.Trace(id)
	if err != nil {
		return out, false, err
	}
	if found {
		out.Time, out.By = own.Began, own.Trigger.By
		if own.Rule != "" {
			out.By = gate.RulePrefix + own.Rule
		}
		out.Runs = append(out.Runs, runOf(own))
	}
	for _, t := range s.rules.Caused(id) {
		if t.ID != id {
			out.Runs = append(out.Runs, runOf(t))
		}
	}
	s.ledger.story(id, &out)
	if len(out.Commands) > 0 && !found {
		out.Time, out.By = out.Commands[0].Asked, out.Commands[0].Command.By
	}
	return out, found || len(out.Runs)+len(out.Commands)+len(out.Changes) > 0, nil
}
