package server

import (
	"sync"
	"sync/atomic"

	"hutong/mqtt/tap"
	"hutong/mqtt/topic"
	"hutong/mqtt/wire"
)

// sub is one subscription of one session. It never changes; subscribing again replaces it.
type sub struct {
	wire.Filter
	sess  *session
	subID uint32 // 0 for none
	group *share // nil for an ordinary one
}

// share is the group of a shared subscription (MQTT 5, 4.8.2).
type share struct {
	mu      sync.Mutex
	members []*sub
	next    int
}

// pick gives the member whose turn it is, first among those connected and with room, then among those that can keep a
// QoS 1 or 2 message for later.
func (g *share) pick(qos byte) *sub {
	g.mu.Lock()
	defer g.mu.Unlock()
	chosen, at, _ := g.choose(qos)
	if chosen != nil {
		g.next = at + 1
	}
	return chosen
}

// refuses says whether somebody could take a message of qos but for his full queue, and nobody else can.
func (g *share) refuses(qos byte) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	chosen, _, full := g.choose(qos)
	return chosen == nil && full
}

// full gives the members that have no room.
func (g *share) full() (list []*session) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, m := range g.members {
		if m.sess.refuses() {
			list = append(list, m.sess)
		}
	}
	return list
}

func (g *share) choose(qos byte) (chosen *sub, at int, full bool) {
	for _, online := range []bool{true, false} {
		for i := range g.members {
			at = (g.next + i) % len(g.members)
			m := g.members[at]
			if m.sess.online() != online || !online && min(qos, m.QoS) == 0 {
				continue
			}
			if min(qos, m.QoS) > 0 && m.sess.refuses() {
				full = true
				continue
			}
			return m, at, false
		}
	}
	return nil, 0, full
}

// filterSubs is what the tree keeps for one filter.
type filterSubs struct {
	plain  map[*session]*sub
	groups map[string]*share
}

// topics knows who has subscribed to what, and which Taps are attached.
type topics struct {
	mu     sync.RWMutex
	tree   topic.Tree[*filterSubs]
	subs   int
	taps   topic.Tree[[]*attached] // by filter; a list is replaced, never changed
	subGen atomic.Uint64
	tapGen atomic.Uint64
}

// add subscribes sess and says whether it had no such subscription before.
func (t *topics) add(sess *session, f wire.Filter, subID uint32) (fresh bool) {
	group, filter := topic.SplitShare(f.Filter)
	n := &sub{Filter: f, sess: sess, subID: subID}
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.subGen.Add(1)
	if old := sess.subs[f.Filter]; old != nil {
		t.drop(old)
	} else {
		fresh = true
		sess.subBytes += len(f.Filter)
	}
	sess.subs[f.Filter] = n
	t.subs++
	at, ok := t.tree.Get(filter)
	if !ok {
		at = &filterSubs{plain: map[*session]*sub{}, groups: map[string]*share{}}
		t.tree.Put(filter, at)
	}
	if group == "" {
		at.plain[sess] = n
		return fresh
	}
	if n.group = at.groups[group]; n.group == nil {
		n.group = &share{}
		at.groups[group] = n.group
	}
	n.group.mu.Lock()
	n.group.members = append(n.group.members, n)
	n.group.mu.Unlock()
	return fresh
}

// remove ends a subscription and says whether there was one.
func (t *topics) remove(sess *session, filter string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	old := sess.subs[filter]
	if old == nil {
		return false
	}
	t.drop(old)
	delete(sess.subs, filter)
	sess.subBytes -= len(filter)
	t.subGen.Add(1)
	return true
}

// removeAll ends all subscriptions of sess.
func (t *topics) removeAll(sess *session) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, old := range sess.subs {
		t.drop(old)
	}
	sess.subs, sess.subBytes = map[string]*sub{}, 0
	t.subGen.Add(1)
}

func (t *topics) drop(old *sub) {
	t.subs--
	group, filter := topic.SplitShare(old.Filter.Filter)
	at, _ := t.tree.Get(filter)
	if g := old.group; g != nil {
		g.mu.Lock()
		for i, m := range g.members {
			if m == old {
				g.members = append(g.members[:i:i], g.members[i+1:]...)
				break
			}
		}
		if len(g.members) == 0 {
			delete(at.groups, group)
		}
		g.mu.Unlock()
	} else {
		delete(at.plain, old.sess)
	}
	if len(at.plain) == 0 && len(at.groups) == 0 {
		t.tree.Remove(filter)
	}
}

// target is one session that gets the messages of a route.
type target struct {
	sess   *session
	qos    byte
	asIs   bool // retain as published
	subIDs []uint32
}

// route is what becomes of the messages of one topic that one client publishes. It never changes.
type route struct {
	topic   string
	denied  error
	tapGen  uint64
	subGen  uint64
	tapped  bool // Taps have been asked
	waits   bool // one of sinks may block
	sinks   []tapSink
	targets []target
	groups  []*share
}

type tapSink struct {
	sink tap.Sink
	many tap.Gatherer // sink, when it is one
	from *attached
}

// find fills in who gets what from publishes to r.topic.
func (t *topics) find(r *route, from *session) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	r.subGen = t.subGen.Load()
	r.targets, r.groups = nil, nil
	t.tree.FiltersFor(r.topic, func(at *filterSubs) {
		for _, s := range at.plain {
			if s.NoLocal && s.sess == from {
				continue
			}
			r.addTarget(s)
		}
		for _, g := range at.groups {
			r.groups = append(r.groups, g)
		}
	})
}

// addTarget joins overlapping subscriptions of a session into one delivery of the highest QoS (3.3.4).
func (r *route) addTarget(s *sub) {
	var ids []uint32
	if s.subID != 0 {
		ids = []uint32{s.subID}
	}
	for i := range r.targets {
		if g := &r.targets[i]; g.sess == s.sess {
			g.qos = max(g.qos, s.QoS)
			g.asIs = g.asIs || s.RetainAsPublished
			g.subIDs = append(g.subIDs, ids...)
			return
		}
	}
	r.targets = append(r.targets, target{s.sess, s.QoS, s.RetainAsPublished, ids})
}

// routes is a bounded cache of the routes of one connection.
type routes struct {
	last  *route
	m     map[string]*route
	bytes int
}

// The most a connection's cache may hold.
const (
	maxRoutes     = 4096
	maxRouteBytes = 256 << 10
)

// get gives the kept route of topic, which may be out of date, or nil.
func (c *routes) get(topic []byte) *route {
	if c.last != nil && c.last.topic == string(topic) {
		return c.last
	}
	return c.m[string(topic)]
}

// find is get for a text.
func (c *routes) find(topic string) *route {
	if c.last != nil && c.last.topic == topic {
		return c.last
	}
	return c.m[topic]
}

func (c *routes) put(r *route) {
	c.last = r
	if _, ok := c.m[r.topic]; !ok {
		c.bytes += len(r.topic)
	}
	if c.m == nil || len(c.m) >= maxRoutes || c.bytes > maxRouteBytes {
		c.m, c.bytes = map[string]*route{}, len(r.topic)
	}
	c.m[r.topic] = r
}
