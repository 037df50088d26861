package server

import (
	"slices"
	"sync"
	"time"

	"hutong/mqtt/tap"
	"hutong/mqtt/topic"
)

// message is a Message that was copied to be kept. It never changes.
type message struct {
	topic   string
	payload []byte
	qos     byte
	props   *tap.Properties
	expires time.Time // zero for never
	version uint64    // order in which retained messages were kept
}

func keep(m *tap.Message, now time.Time) *message {
	k := &message{topic: m.Topic, payload: append([]byte(nil), m.Payload...), qos: m.QoS, props: m.Properties}
	if m.Properties != nil && m.Properties.Expiry > 0 {
		k.expires = now.Add(time.Duration(m.Properties.Expiry) * time.Second)
	}
	return k
}

func (m *message) size() int {
	n := 160 + len(m.topic) + len(m.payload)
	if p := m.props; p != nil {
		n += 120 + len(p.ContentType) + len(p.ResponseTopic) + len(p.CorrelationData)
		for _, u := range p.User {
			n += 32 + len(u.Name) + len(u.Value)
		}
	}
	return n
}

func (m *message) expired(now time.Time) bool { return !m.expires.IsZero() && !now.Before(m.expires) }

// open gives m as a Message; the Expiry among its Properties is what is left of it.
func (m *message) open(now time.Time) tap.Message {
	props := m.props
	if !m.expires.IsZero() {
		left := *props
		left.Expiry = uint32(max(1, m.expires.Sub(now)/time.Second))
		props = &left
	}
	return tap.Message{Topic: m.topic, Payload: m.payload, QoS: m.qos, Properties: props}
}

// retainer holds the retained messages.
type retainer struct {
	store    Store // nil for none
	maxCount int
	maxBytes int

	mu      sync.RWMutex
	byTopic topic.Tree[*message]
	bytes   int
	version uint64
}

// set keeps m, or forgets the topic when the payload is empty. ok is false when there is no room; pos is the
// store's position.
func (r *retainer) set(m *tap.Message, now time.Time) (pos uint64, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	old, had := r.byTopic.Get(m.Topic)
	if len(m.Payload) == 0 {
		if had {
			pos = r.forget(old)
		}
		return pos, true
	}
	k := keep(m, now)
	grow := k.size()
	if had {
		grow -= old.size()
	}
	if grow > 0 && r.bytes+grow > r.maxBytes || !had && r.byTopic.Len() >= r.maxCount {
		return 0, false
	}
	r.version++
	k.version = r.version
	r.bytes += grow
	r.byTopic.Put(k.topic, k)
	if r.store != nil {
		pos = r.store.Put(retainedKey+k.topic, encodeMessage(k, 0))
	}
	return pos, true
}

func (r *retainer) forget(m *message) (pos uint64) {
	r.bytes -= m.size()
	r.byTopic.Remove(m.topic)
	if r.store != nil {
		pos = r.store.Delete(retainedKey + m.topic)
	}
	return pos
}

// match gives the messages for filter that were kept after version, oldest first, and the newest version there is.
func (r *retainer) match(filter string, version uint64, now time.Time) (found []*message, newest uint64) {
	r.mu.RLock()
	r.byTopic.TopicsFor(filter, func(m *message) {
		if m.version > version && !m.expired(now) {
			found = append(found, m)
		}
	})
	newest = r.version
	r.mu.RUnlock()
	slices.SortFunc(found, func(a, b *message) int { return int(int64(a.version - b.version)) })
	return found, newest
}

// sweep forgets what has expired.
func (r *retainer) sweep(now time.Time) (gone int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var old []*message
	r.byTopic.All(func(m *message) {
		if m.expired(now) {
			old = append(old, m)
		}
	})
	for _, m := range old {
		r.forget(m)
	}
	return len(old)
}

func (r *retainer) size() (count, bytes int) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.byTopic.Len(), r.bytes
}
