// Package topic knows the rules of MQTT topics and filters (MQTT 5, 4.7 and 4.8), and keeps values by them.
package topic

import (
	"strings"
	"unicode/utf8"
)

// MaxLevels bounds the levels of a topic: nobody needs more, and each level of a filter costs memory.
const MaxLevels = 200

// Valid says whether s may be published to: 1 to 65,535 bytes of UTF-8, no wildcard, no U+0000 and at most 200
// levels (MQTT 5, 4.7.3).
func Valid(s string) bool {
	return len(s) > 0 && len(s) <= 65535 && !strings.ContainsAny(s, "#+\x00") && utf8.ValidString(s) && LevelsOK(s)
}

// ValidFilter says whether s may be subscribed to (MQTT 5, 4.7.1 and 4.8.2): wildcards fill whole levels, "#" comes
// last, and "$share/NAME/FILTER" names a group.
func ValidFilter(s string) bool {
	if len(s) == 0 || len(s) > 65535 || strings.IndexByte(s, 0) >= 0 || !utf8.ValidString(s) {
		return false
	}
	group, filter := SplitShare(s)
	if strings.HasPrefix(s, "$share/") && (group == "" || filter == "" || strings.ContainsAny(group, "#+")) {
		return false
	}
	for level, rest, more := "", filter, true; more; {
		level, rest, more = strings.Cut(rest, "/")
		if strings.ContainsAny(level, "#+") && len(level) > 1 || level == "#" && more {
			return false
		}
	}
	return LevelsOK(filter)
}

// LevelsOK says whether s has no more levels than are allowed here.
func LevelsOK(s string) bool { return strings.Count(s, "/") < MaxLevels }

// SplitShare takes "$share/NAME/FILTER" apart; group is "" for an ordinary filter.
func SplitShare(s string) (group, filter string) {
	if rest, ok := strings.CutPrefix(s, "$share/"); ok {
		group, filter, _ = strings.Cut(rest, "/")
		return group, filter
	}
	return "", s
}

// Match says whether topic matches filter, both valid (MQTT 5, 4.7). A wildcard in the first level does not match a
// topic that begins with "$".
func Match(filter, topic string) bool {
	if strings.HasPrefix(topic, "$") && (strings.HasPrefix(filter, "#") || strings.HasPrefix(filter, "+")) {
		return false
	}
	for {
		f, restF, moreF := strings.Cut(filter, "/")
		if f == "#" {
			return true
		}
		t, restT, moreT := strings.Cut(topic, "/")
		switch {
		case f != "+" && f != t:
			return false
		case !moreT:
			return !moreF || restF == "#"
		case !moreF:
			return false
		}
		filter, topic = restF, restT
	}
}

// Tree keeps values under topics or filters, level by level. Its zero value is empty. It locks nothing.
type Tree[V any] struct {
	root  node[V]
	count int
}

// Len is the number of keys.
func (t *Tree[V]) Len() int { return t.count }

// All calls f with every value.
func (t *Tree[V]) All(f func(V)) { t.root.all(false, f) }

type node[V any] struct {
	kids map[string]*node[V]
	val  V
	set  bool
}

// Put sets the value under key.
func (t *Tree[V]) Put(key string, val V) {
	n := &t.root
	for level, rest, more := "", key, true; more; {
		level, rest, more = strings.Cut(rest, "/")
		kid := n.kids[level]
		if kid == nil {
			if n.kids == nil {
				n.kids = map[string]*node[V]{}
			}
			kid = &node[V]{}
			n.kids[strings.Clone(level)] = kid
		}
		n = kid
	}
	if !n.set {
		t.count++
	}
	n.val, n.set = val, true
}

// Get gives the value under exactly key.
func (t *Tree[V]) Get(key string) (val V, ok bool) {
	n := &t.root
	for level, rest, more := "", key, true; more; {
		level, rest, more = strings.Cut(rest, "/")
		if n = n.kids[level]; n == nil {
			return val, false
		}
	}
	return n.val, n.set
}

// Remove takes key away, and the branches that held only it.
func (t *Tree[V]) Remove(key string) {
	if t.root.remove(key, true) {
		t.count--
	}
}

func (n *node[V]) remove(key string, more bool) (removed bool) {
	if !more {
		var none V
		removed, n.set, n.val = n.set, false, none
		return removed
	}
	level, rest, more := strings.Cut(key, "/")
	kid := n.kids[level]
	if kid == nil {
		return false
	}
	removed = kid.remove(rest, more)
	if !kid.set && len(kid.kids) == 0 {
		delete(n.kids, level)
	}
	return removed
}

// FiltersFor calls f with the value of every filter in the tree that topic matches.
func (t *Tree[V]) FiltersFor(topic string, f func(V)) {
	t.root.filtersFor(topic, true, strings.HasPrefix(topic, "$"), f)
}

func (n *node[V]) filtersFor(rest string, more, plain bool, f func(V)) {
	if !plain {
		if kid := n.kids["#"]; kid != nil && kid.set {
			f(kid.val)
		}
	}
	if !more {
		if n.set {
			f(n.val)
		}
		return
	}
	level, rest, more := strings.Cut(rest, "/")
	if kid := n.kids[level]; kid != nil {
		kid.filtersFor(rest, more, false, f)
	}
	if kid := n.kids["+"]; kid != nil && !plain {
		kid.filtersFor(rest, more, false, f)
	}
}

// TopicsFor calls f with the value of every topic in the tree that matches filter.
func (t *Tree[V]) TopicsFor(filter string, f func(V)) {
	t.root.topicsFor(filter, true, true, f)
}

func (n *node[V]) topicsFor(rest string, more, first bool, f func(V)) {
	if !more {
		if n.set {
			f(n.val)
		}
		return
	}
	level, rest, more := strings.Cut(rest, "/")
	switch level {
	case "#":
		n.all(first, f)
	case "+":
		for name, kid := range n.kids {
			if !first || !strings.HasPrefix(name, "$") {
				kid.topicsFor(rest, more, false, f)
			}
		}
	default:
		if kid := n.kids[level]; kid != nil {
			kid.topicsFor(rest, more, false, f)
		}
	}
}

func (n *node[V]) all(first bool, f func(V)) {
	if n.set {
		f(n.val)
	}
	for name, kid := range n.kids {
		if !first || !strings.HasPrefix(name, "$") {
			kid.all(false, f)
		}
	}
}
