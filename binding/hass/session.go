package hass

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"hutong/binding"
	"hutong/binding/hass/discovery"
	"hutong/mqtt"
	"hutong/thing"
)

// session is one run of the binding. Everything in it belongs to the goroutine of loop, but for the channels.
type session struct {
	b         *Binding
	hub       binding.Hub
	news      chan announcement
	ends      chan ending
	listening bool

	entities map[string]*entity      // by key
	payloads map[string][]byte       // last announcement of each topic
	parts    map[string][]string     // keys that each topic announced
	claims   map[string]claims       // of each topic
	dying    map[string]*time.Timer  // entities whose announcement ended, by key
	aliases  map[string]thing.ID     // of device identifiers and connections
	devices  map[thing.ID]*announced // by id
	dirty    map[thing.ID]*announced // to be announced anew
	homes    map[string]thing.ID     // entity key -> device
	uniques  map[string]string       // component and unique id -> key
	settle   *time.Timer
}

// announcement is a discovery message, copied.
type announcement struct {
	topic   string
	from    string // the login that said so; "" where it isn't known
	payload []byte
}

// claims are the topics where what was announced speaks, and where it takes orders.
type claims struct{ says, takes []string }

// ending says that the grace of an entity is over. timer tells an old ending from a new one.
type ending struct {
	key   string
	timer *time.Timer
}

// maxEntities bounds what hostile announcements can make the hub remember.
const maxEntities = 500_000

func newSession(b *Binding, hub binding.Hub) *session {
	s := &session{
		b: b, hub: hub, news: make(chan announcement, 256), ends: make(chan ending),
		entities: map[string]*entity{}, payloads: map[string][]byte{}, parts: map[string][]string{}, claims: map[string]claims{}, dying: map[string]*time.Timer{},
		aliases: map[string]thing.ID{}, devices: map[thing.ID]*announced{}, dirty: map[thing.ID]*announced{}, homes: map[string]thing.ID{},
		uniques: map[string]string{}, settle: time.NewTimer(time.Hour),
	}
	s.settle.Stop()
	return s
}

// discoveryTap hands announcements to the session.
type discoveryTap struct {
	s   *session
	ctx context.Context
}

func (t *discoveryTap) Route(topic string) mqtt.Sink {
	if !discovery.Matches(t.s.b.o.Prefix, topic) {
		return nil
	}
	return t
}

// Wait: an announcement is kept by the broker, which sends it again after a restart.
func (t *discoveryTap) Wait(uint64) error { return nil }

func (t *discoveryTap) Publish(m *mqtt.Message) uint64 {
	select {
	case t.s.news <- announcement{m.Topic, m.From, bytes.Clone(m.Payload)}:
	case <-t.ctx.Done():
	}
	return 0
}

// loop takes announcements until ctx ends. attached tells when the broker has handed over the retained ones.
func (s *session) loop(ctx context.Context, attached chan error) error {
	for {
		select {
		case <-ctx.Done():
			if s.listening {
				last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
				defer cancel()
				if err := s.b.status(last, "offline"); err != nil {
					s.b.o.Log.Debug("hass: last will", "error", err)
				}
			}
			return nil
		case err := <-attached:
			if err != nil {
				return fmt.Errorf("hass: listen for announcements: %w", err)
			}
			s.listening = true
			s.catchUp(ctx)
			if err := s.b.status(ctx, "online"); err != nil && ctx.Err() == nil {
				return err
			}
		case a := <-s.news:
			s.discover(ctx, a)
		case e := <-s.ends:
			if s.dying[e.key] == e.timer {
				s.remove(e.key)
			}
		case <-s.settle.C:
			s.announceDirty(ctx)
		}
	}
}

// catchUp takes what the broker had kept, all of which is in news by now, without waiting for it to settle.
func (s *session) catchUp(ctx context.Context) {
	for {
		select {
		case a := <-s.news:
			s.discover(ctx, a)
		default:
			s.announceDirty(ctx)
			s.b.once.Do(func() { close(s.b.heard) })
			return
		}
	}
}

// close stops what the session started. Things stay: the hub decides what becomes of them.
func (s *session) close() {
	s.settle.Stop()
	for _, t := range s.dying {
		t.Stop()
	}
	for id, d := range s.devices {
		d.stop()
		s.b.mu.Lock()
		if s.b.devices[id] == d {
			delete(s.b.devices, id)
		}
		s.b.mu.Unlock()
	}
}

// discover takes one announcement. What is wrong with an entity is logged and touches no other.
func (s *session) discover(ctx context.Context, a announcement) {
	if old, ok := s.payloads[a.topic]; ok && bytes.Equal(old, a.payload) && len(a.payload) > 0 {
		c := s.claims[a.topic]
		if err := s.b.o.Topics.Claim(a.topic, a.from, c.says, c.takes); err != nil {
			s.refuse(a.topic, err)
			return
		}
		for _, key := range s.parts[a.topic] {
			s.keep(key)
		}
		return
	}
	if len(bytes.TrimSpace(a.payload)) == 0 {
		delete(s.payloads, a.topic)
		delete(s.claims, a.topic)
		s.b.o.Topics.Release(a.topic)
		for _, key := range s.parts[a.topic] {
			s.end(ctx, key)
		}
		return
	}
	list, err := discovery.Split(s.b.o.Prefix, a.topic, a.payload)
	if err != nil {
		s.refuse(a.topic, err)
		return
	}
	parts, c := s.understood(list)
	if err := s.b.o.Topics.Claim(a.topic, a.from, c.says, c.takes); err != nil {
		s.refuse(a.topic, err)
		return
	}
	s.payloads[a.topic], s.claims[a.topic] = a.payload, c
	keys := s.parts[a.topic]
	for i, p := range list {
		if p.Gone {
			s.end(ctx, p.Key)
			if p.Migrate && s.entities[p.Key] != nil {
				s.entities[p.Key].Migrate = true
			}
			continue
		}
		if e := parts[i]; e != nil && s.put(e) && !slices.Contains(keys, p.Key) {
			keys = append(keys, p.Key)
		}
	}
	s.parts[a.topic] = keys
}

// understood gives the entities of an announcement, nil for one that isn't understood, and what they claim.
func (s *session) understood(list []discovery.Part) (parts []*entity, c claims) {
	parts = make([]*entity, len(list))
	for i, p := range list {
		if p.Gone {
			continue
		}
		e, err := understand(p, s.b.env)
		if err != nil {
			s.refuse(p.Key, err)
			continue
		}
		parts[i] = e
		c.says, c.takes = append(c.says, e.says...), append(c.takes, e.takes...)
		for _, n := range e.names() {
			c.says = append(c.says, binding.OwnID(urn(n)))
		}
	}
	return parts, c
}

func (s *session) refuse(what string, err error) {
	s.b.o.Log.Warn("hass: announcement refused", "of", what, "why", err)
}

// put adds or replaces an entity and marks its device.
func (s *session) put(e *entity) bool {
	if len(s.entities) >= maxEntities && s.entities[e.Key] == nil {
		s.refuse(e.Key, fmt.Errorf("more than %d entities", maxEntities))
		return false
	}
	if e.unique != "" {
		id := e.Component + "\x00" + e.unique
		if other, ok := s.uniques[id]; ok && other != e.Key {
			if s.dying[other] == nil {
				s.refuse(e.Key, fmt.Errorf("unique_id %.80q is that of %s", e.unique, other))
				return false
			}
			s.remove(other) // moved to another topic
		}
		s.uniques[id] = e.Key
	}
	s.keep(e.Key)
	home := s.home(e)
	if old, ok := s.homes[e.Key]; ok && old != home.id {
		s.leave(e.Key)
	}
	s.entities[e.Key], s.homes[e.Key] = e, home.id
	home.entities[e.Key] = e
	s.mark(home)
	return true
}

// names are those of the device that an entity is of.
func (e *entity) names() []string {
	switch {
	case !e.alone:
		return e.about.ids
	case e.unique == "":
		return []string{"entity:" + e.Key}
	}
	return []string{"entity:" + e.unique}
}

// home finds or makes the device of an entity, by any identifier they share.
func (s *session) home(e *entity) *announced {
	names := e.names()
	id := urn(names[0])
	for _, n := range names {
		if known, ok := s.aliases[n]; ok {
			id = known
			break
		}
	}
	for _, n := range names {
		s.aliases[n] = id
	}
	d := s.devices[id]
	if d == nil {
		d = newAnnounced(s.b, s.hub, id)
		s.devices[id] = d
	}
	return d
}

// mark has a device announced anew when its announcements have settled.
func (s *session) mark(d *announced) {
	if len(s.dirty) == 0 {
		s.settle.Reset(s.b.o.Settle)
	}
	s.dirty[d.id] = d
	d.touched = s.b.o.Now()
}

// announceDirty announces the devices that have not been touched for a while; a device touched again and again waits
// no longer than ten such whiles.
func (s *session) announceDirty(ctx context.Context) {
	now := s.b.o.Now()
	for _, id := range slices.Sorted(maps.Keys(s.dirty)) {
		d := s.dirty[id]
		if d.waited++; now.Sub(d.touched) < s.b.o.Settle && d.waited < 10 && len(s.news) > 0 {
			continue
		}
		delete(s.dirty, id)
		d.waited = 0
		if len(d.entities) == 0 {
			s.forget(d)
			continue
		}
		if err := d.announce(); err != nil {
			s.refuse(string(id), err)
		}
	}
	if len(s.dirty) > 0 {
		s.settle.Reset(s.b.o.Settle)
	}
}

// forget withdraws a device that has no entities any more.
func (s *session) forget(d *announced) {
	d.withdraw()
	delete(s.devices, d.id)
	for n, id := range s.aliases {
		if id == d.id {
			delete(s.aliases, n)
		}
	}
}

// keep cancels the end of an entity.
func (s *session) keep(key string) {
	if t := s.dying[key]; t != nil {
		t.Stop()
		delete(s.dying, key)
	}
}

// end removes an entity after the grace, unless it is announced again.
func (s *session) end(ctx context.Context, key string) {
	if s.entities[key] == nil || s.dying[key] != nil {
		return
	}
	var timer *time.Timer
	ready := make(chan struct{})
	timer = time.AfterFunc(s.b.o.Grace, func() {
		<-ready
		select {
		case s.ends <- ending{key, timer}:
		case <-ctx.Done():
		}
	})
	s.dying[key] = timer
	close(ready)
}

// remove takes an entity from its device.
func (s *session) remove(key string) {
	s.keep(key)
	e := s.entities[key]
	if e == nil {
		return
	}
	delete(s.uniques, e.Component+"\x00"+e.unique)
	s.leave(key)
	delete(s.entities, key)
	topic, _, _ := cutKey(key)
	if keys := slices.DeleteFunc(s.parts[topic], func(k string) bool { return k == key }); len(keys) > 0 {
		s.parts[topic] = keys
	} else {
		delete(s.parts, topic)
	}
}

// leave takes an entity from the device it was of.
func (s *session) leave(key string) {
	if d := s.devices[s.homes[key]]; d != nil {
		delete(d.entities, key)
		s.mark(d)
	}
	delete(s.homes, key)
}
