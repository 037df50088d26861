package rules

import (
	"maps"
	"slices"
	"strings"

	"hutong/rules/engine"
	"hutong/rules/text"
	"hutong/thing"
)

// entry is one rule of the folder. The text and what runs may differ: a text that is wrong leaves the last good one
// running.
type entry struct {
	id       string
	stamp    stamp
	version  string          // of the text in the file
	wrong    text.Problems   // of the text, when it could not be used
	rule     *text.Kept      // last text that could be used, nil for none
	joined   text.Problems   // of joining rule to its Things
	program  *engine.Program // what is in the Engine, nil for nothing
	disabled *engine.Program // what would be, were it enabled; shows what it reads and sets
}

type sceneEntry struct {
	id      string
	stamp   stamp
	version string // of the text in the file
	wrong   text.Problems
	scene   *text.Scene
	joined  text.Problems
	box     *engine.Scene
}

// scan brings entries in line with the folders. The disk is asked while rules go on running.
func (r *Runner) scan(start bool) error {
	r.edit.Lock()
	defer r.edit.Unlock()
	scenes, freshScenes, err := r.scenes.scan(known(r, r.stage, func(s *sceneEntry) stamp { return s.stamp }))
	if err != nil {
		return err
	}
	rules, freshRules, err := r.rules.scan(known(r, r.entries, func(e *entry) stamp { return e.stamp }))
	if err != nil {
		return err
	}
	sceneFiles, ruleFiles := readAll(r.scenes, freshScenes, text.ParseScene), readAll(r.rules, freshRules, text.Alike())

	r.mu.Lock()
	defer r.mu.Unlock()
	look := engine.NewLookup(r.o.Directory)
	in := engine.Input{Start: start}
	if start {
		in.Seq = seqOf(r.o.Feed)
	}
	if r.bringScenes(scenes, sceneFiles, look) {
		r.restage(&in)
		r.retry(look, &in)
	}
	for _, id := range slices.Sorted(maps.Keys(r.entries)) {
		if _, ok := rules[id]; !ok {
			r.forget(id, &in)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(ruleFiles)) {
		r.take(id, ruleFiles[id], look, &in)
		e := r.entries[id]
		r.warn(r.rules.path(id), e.wrong, e.joined)
	}
	for _, id := range slices.Sorted(maps.Keys(sceneFiles)) {
		s := r.stage[id]
		r.warn(r.scenes.path(id), s.wrong, s.joined)
	}
	r.load(in)
	return nil
}

// warn tells whoever wrote a file into the folder what is wrong with it. Who sends it by Put is told there.
func (r *Runner) warn(path string, problems ...text.Problems) {
	if all := slices.Concat(problems...); all.Refused() {
		r.o.Log.Warn("rules: a file is refused", "file", path, "error", all)
	}
}

// known says which stamp is known of an id.
func known[E any](r *Runner, entries map[string]E, stampOf func(E) stamp) func(id string) (stamp, bool) {
	return func(id string) (st stamp, ok bool) {
		r.mu.Lock()
		defer r.mu.Unlock()
		e, ok := entries[id]
		if ok {
			st = stampOf(e)
		}
		return st, ok
	}
}

// retry takes the texts that were refused once more, since what they lacked may be there now.
func (r *Runner) retry(look *engine.Lookup, in *engine.Input) {
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(r.entries)) {
		if e := r.entries[id]; len(e.wrong) > 0 || e.joined.Refused() {
			ids = append(ids, id)
		}
	}
	for id, f := range readAll(r.rules, ids, text.ParseKept) {
		r.take(id, f, look, in)
	}
}

// take makes f the file of rule id. When its text cannot be used, what ran before goes on.
func (r *Runner) take(id string, f file[*text.Kept], look *engine.Lookup, in *engine.Input) {
	e := r.entries[id]
	if e == nil {
		e = &entry{id: id}
		r.entries[id] = e
	}
	e.stamp = f.stamp
	if f.version != "" {
		e.version = f.version
	}
	rule := f.says
	if rule == nil {
		e.wrong = f.wrong
		return
	}
	p, problems := engine.Join(rule.Rule(), r.setting(), look)
	if problems.Refused() && e.rule != nil {
		e.wrong = problems
		return
	}
	e.wrong, e.rule, e.joined = nil, rule, problems
	r.place(e, p, in)
}

// place puts a program into the Engine, or takes the rule out of it when p is nil or switched off.
func (r *Runner) place(e *entry, p *engine.Program, in *engine.Input) {
	e.program, e.disabled = p, nil
	if p != nil && p.Head().Enabled {
		in.Load = append(in.Load, p)
		return
	}
	e.program, e.disabled = nil, p
	in.Unload = append(in.Unload, e.id)
}

func (r *Runner) forget(id string, in *engine.Input) {
	delete(r.entries, id)
	r.archive.drop(id)
	in.Unload = append(in.Unload, id)
}

func (r *Runner) setting() engine.Setting {
	return engine.Setting{Position: r.o.Position, Scene: func(id string) bool {
		s := r.stage[id]
		return s != nil && s.scene != nil
	}}
}

// load gives in to the Engine with the states its new rules begin from. Rules are loaded in the order of their ids.
func (r *Runner) load(in engine.Input) {
	if len(in.Load) == 0 && len(in.Unload) == 0 && in.Scenes == nil {
		return
	}
	slices.SortFunc(in.Load, func(a, b *engine.Program) int { return strings.Compare(a.Head().ID, b.Head().ID) })
	in.States = map[thing.Ref]thing.State{}
	for _, p := range in.Load {
		for _, ref := range p.Refs() {
			if s, ok := r.o.States.Get(ref); ok {
				in.States[ref] = s
			}
		}
	}
	r.step(in)
}

// rejoin joins rules and scenes anew to the Things of which there is news. r.mu is held.
func (r *Runner) rejoin() {
	if len(r.news) == 0 {
		return
	}
	ids := r.news
	if len(ids) > maxNews {
		ids = nil
	}
	news := engine.NewNews(ids, r.o.Directory)
	look, in, staged := engine.NewLookup(r.o.Directory), engine.Input{}, false
	for _, s := range r.stage {
		if s.scene != nil && (s.box == nil || news.Concerns(s.scene.Points, s.box.Refs())) {
			s.box, s.joined = engine.JoinScene(s.scene, look)
			staged = true
		}
	}
	for _, e := range r.entries {
		if e.rule == nil {
			continue
		}
		old := e.program
		if old == nil {
			old = e.disabled
		}
		var refs []thing.Ref
		if old != nil {
			refs = old.Refs()
		}
		rule := e.rule.Rule()
		if !news.Concerns(rule.Points, refs) {
			continue
		}
		p, problems := engine.Join(rule, r.setting(), look)
		e.joined = problems
		if p == nil || old == nil || !p.Same(old) {
			r.place(e, p, &in)
		}
	}
	clear(r.news)
	r.retry(look, &in)
	if staged {
		r.restage(&in)
	}
	r.load(in)
}

// bringScenes brings the scenes in line with their folder, and says whether any is different.
func (r *Runner) bringScenes(found map[string]struct{}, files map[string]file[*text.Scene], look *engine.Lookup) (different bool) {
	for id := range r.stage {
		if _, ok := found[id]; !ok {
			delete(r.stage, id)
			different = true
		}
	}
	for id, f := range files {
		r.takeScene(id, f, look)
		different = true
	}
	return different
}

func (r *Runner) takeScene(id string, f file[*text.Scene], look *engine.Lookup) {
	s := r.stage[id]
	if s == nil {
		s = &sceneEntry{id: id}
		r.stage[id] = s
	}
	s.stamp, s.version = f.stamp, f.version
	scene := f.says
	if scene == nil {
		s.wrong = f.wrong
		return
	}
	box, problems := engine.JoinScene(scene, look)
	if problems.Refused() && s.scene != nil {
		s.wrong = problems
		return
	}
	s.wrong, s.scene, s.box, s.joined = nil, scene, box, problems
}

// restage hands all scenes that can be set to the Engine.
func (r *Runner) restage(in *engine.Input) {
	in.Scenes = map[string]*engine.Scene{}
	for id, s := range r.stage {
		if s.box != nil {
			in.Scenes[id] = s.box
		}
	}
}
