package twin

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"hutong/thing"
)

// directory knows which Things there are. Report never asks it. Who changes it holds edit throughout and mu only to
// write, so that readers never wait for a shard.
type directory struct {
	edit   sync.Mutex
	mu     sync.RWMutex
	things map[thing.ID]*entry
	sorted []*thing.Thing // nil when out of date
	points int
}

// entry is one Thing with its slots. A new description makes a new entry; offline and gone belong to the shard's turn.
type entry struct {
	shard   int
	thing   *thing.Thing
	slots   []*slot // beside thing.Points
	offline bool
	gone    bool              // replaced or removed
	names   map[pointName]int // for Things of many points only
}

type pointName struct {
	kind thing.Kind
	name string
}

// fewPoints is up to how many points looking through them beats a map.
const fewPoints = 16

func (e *entry) index() {
	e.names = nil
	if len(e.thing.Points) <= fewPoints {
		return
	}
	e.names = make(map[pointName]int, len(e.thing.Points))
	for i, p := range e.thing.Points {
		e.names[pointName{p.Kind, p.Name}] = i
	}
}

func (e *entry) find(kind thing.Kind, name string) *slot {
	if e.names != nil {
		if i, ok := e.names[pointName{kind, name}]; ok {
			return e.slots[i]
		}
		return nil
	}
	for i := range e.thing.Points {
		if p := &e.thing.Points[i]; p.Kind == kind && p.Name == name {
			return e.slots[i]
		}
	}
	return nil
}

func (d *directory) size() (things, points int) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return len(d.things), d.points
}

func (d *directory) get(id thing.ID) (*entry, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	e, ok := d.things[id]
	return e, ok
}

// Add puts x into the twin, or in place of the Thing with its id. Points that were there before, by kind and name,
// keep handle and state, unless the value does not fit the new description, which makes it Unknown; handles of
// points that are gone are spent. Two points of one kind and name, an empty id and running out of room are errors;
// then nothing has changed.
func (t *Twin) Add(x *thing.Thing) error {
	if x.ID == "" {
		return errors.New("twin: add: a Thing needs an id")
	}
	if err := distinct(x); err != nil {
		return err
	}
	t.dir.edit.Lock()
	defer t.dir.edit.Unlock()
	old := t.dir.things[x.ID]
	fresh := &entry{thing: x, slots: make([]*slot, len(x.Points))}
	before := 0
	if old != nil {
		fresh.shard, before = old.shard, len(old.slots)
	} else {
		fresh.shard = t.emptiest()
	}
	sh := &t.shards[fresh.shard]
	sh.turn.Lock()
	defer sh.turn.Unlock()
	if err := sh.room(len(x.Points) - before); err != nil {
		return fmt.Errorf("%s: %w", x.ID, err)
	}
	fresh.index()
	t.settle(sh, fresh, old)
	t.dir.mu.Lock()
	t.dir.things[x.ID] = fresh
	t.dir.sorted = nil
	t.dir.points += len(x.Points) - before
	t.dir.mu.Unlock()
	for _, l := range t.latest.list() {
		l.adopt(fresh, old != nil)
	}
	for _, w := range t.watches.list() {
		w.note(x.ID, x, old != nil)
	}
	return nil
}

func distinct(x *thing.Thing) error {
	seen := make(map[pointName]bool, len(x.Points))
	for _, p := range x.Points {
		n := pointName{p.Kind, p.Name}
		if seen[n] {
			return fmt.Errorf("twin: add %s: two %s are named %q", x.ID, p.Kind, p.Name)
		}
		seen[n] = true
	}
	return nil
}

// settle gives every point of fresh its slot. The caller holds edit and the shard's turn.
func (t *Twin) settle(sh *shard, fresh, old *entry) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	kept := make(map[*slot]bool)
	if old != nil {
		fresh.offline, old.gone = old.offline, true
	}
	for i := range fresh.thing.Points {
		p := &fresh.thing.Points[i]
		if old != nil {
			if s := old.find(p.Kind, p.Name); s != nil {
				s.adopt(fresh, p)
				fresh.slots[i], kept[s] = s, true
			}
		}
	}
	if old != nil {
		for _, s := range old.slots {
			if !kept[s] {
				sh.release(s)
			}
		}
	}
	for i := range fresh.slots {
		if fresh.slots[i] == nil {
			fresh.slots[i] = sh.take(fresh.shard, fresh, &fresh.thing.Points[i])
		}
	}
}

// adopt gives s to a new description of its Thing.
func (s *slot) adopt(owner *entry, p *thing.Point) {
	s.owner, s.point = owner, p
	if s.state.Quality == thing.Unknown || s.state.Quality == thing.Bad {
		return
	}
	v, err := p.Accept(s.state.Value)
	if err != nil {
		s.state, s.cause, s.held = thing.State{}, thing.Cause{}, 0
		return
	}
	s.state.Value = v
}

// emptiest is the shard with the fewest points.
func (t *Twin) emptiest() int {
	best := 0
	for i := range t.shards {
		if t.shards[i].live < t.shards[best].live { // live changes only under edit
			best = i
		}
	}
	return best
}

// Remove takes a Thing out; its handles are spent. An id that is not there is no error.
func (t *Twin) Remove(id thing.ID) {
	t.dir.edit.Lock()
	defer t.dir.edit.Unlock()
	e, ok := t.dir.things[id]
	if !ok {
		return
	}
	sh := &t.shards[e.shard]
	sh.turn.Lock()
	defer sh.turn.Unlock()
	sh.mu.Lock()
	for _, s := range e.slots {
		sh.release(s)
	}
	sh.mu.Unlock()
	e.gone = true
	t.dir.mu.Lock()
	delete(t.dir.things, id)
	t.dir.sorted = nil
	t.dir.points -= len(e.slots)
	t.dir.mu.Unlock()
	for _, w := range t.watches.list() {
		w.note(id, nil, true)
	}
}

// Thing returns the Thing of that id and whether there is one.
func (t *Twin) Thing(id thing.ID) (*thing.Thing, bool) {
	e, ok := t.dir.get(id)
	if !ok {
		return nil, false
	}
	return e.thing, true
}

// Things returns all Things, sorted by id. The slice is shared: it must not be changed.
func (t *Twin) Things() []*thing.Thing {
	t.dir.mu.RLock()
	list := t.dir.sorted
	t.dir.mu.RUnlock()
	if list != nil {
		return list
	}
	t.dir.mu.Lock()
	defer t.dir.mu.Unlock()
	if t.dir.sorted == nil {
		list = make([]*thing.Thing, 0, len(t.dir.things))
		for _, e := range t.dir.things {
			list = append(list, e.thing)
		}
		slices.SortFunc(list, func(a, b *thing.Thing) int { return strings.Compare(string(a.ID), string(b.ID)) })
		t.dir.sorted = list
	}
	return t.dir.sorted
}

// Handle is the number to report ref under, and false when there is no such property or event.
func (t *Twin) Handle(ref thing.Ref) (thing.Handle, bool) {
	e, ok := t.dir.get(ref.Thing)
	if !ok {
		return 0, false
	}
	if s := e.find(ref.Kind, ref.Name); s != nil {
		return s.handle, true
	}
	return 0, false
}

// Get returns what is known of ref now; false means that there is no such property or event.
func (t *Twin) Get(ref thing.Ref) (thing.State, bool) {
	e, ok := t.dir.get(ref.Thing)
	if !ok {
		return thing.State{}, false
	}
	s := e.find(ref.Kind, ref.Name)
	if s == nil {
		return thing.State{}, false
	}
	sh := &t.shards[e.shard]
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	return s.state, true
}

// Restore gives ref the state it had before a start. What was Known becomes Restored. It is never a Change, and does
// nothing when the point is not there, has been reported already, or cannot hold the value any more.
func (t *Twin) Restore(ref thing.Ref, state thing.State) {
	e := t.hold(ref.Thing)
	if e == nil {
		return
	}
	sh := &t.shards[e.shard]
	defer sh.turn.Unlock()
	s := e.find(ref.Kind, ref.Name)
	if s == nil || s.state.Quality != thing.Unknown {
		return
	}
	if state.Quality != thing.Bad {
		v, err := s.point.Accept(state.Value)
		if err != nil {
			return
		}
		state.Value = v
	}
	if state.Quality.Known() {
		state.Quality = thing.Restored
		if e.offline && s.point.Kind == thing.Property {
			state.Quality = thing.Stale
		}
	}
	sh.mu.Lock()
	s.state = state
	sh.mu.Unlock()
	t.mark(s.handle)
}

// Online says whether the device behind a Thing can be reached. Offline makes its properties Stale; online again
// gives values that came meanwhile the quality they were reported with, and lets the next report make the others
// Good. Saying the same again does nothing.
func (t *Twin) Online(id thing.ID, online bool) {
	e := t.hold(id)
	if e == nil {
		return
	}
	w := t.work()
	if e.offline == online {
		e.offline = !online
		now := thing.At(t.now())
		for _, s := range e.slots {
			w.turn(s, online, now)
		}
		t.commit(w)
	}
	t.shards[e.shard].turn.Unlock()
	t.finish(w)
}

// IsOnline says whether the Thing is there and its device has not been said to be offline.
func (t *Twin) IsOnline(id thing.ID) bool {
	e := t.hold(id)
	if e == nil {
		return false
	}
	defer t.shards[e.shard].turn.Unlock()
	return !e.offline
}

// hold finds the entry of a Thing and takes its shard's turn, which the caller gives back; nil takes nothing.
func (t *Twin) hold(id thing.ID) *entry {
	for {
		e, ok := t.dir.get(id)
		if !ok {
			return nil
		}
		sh := &t.shards[e.shard]
		sh.turn.Lock()
		if !e.gone {
			return e
		}
		sh.turn.Unlock()
	}
}
