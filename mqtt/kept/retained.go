// Package kept is MQTT messages that outlive the packet they came in: how they are copied and written down, the Store
// that holds them over restarts, and the retained ones, by topic.
package kept

import (
	"slices"
	"sync"
	"time"

	"github.com/klauspost/compress/s2"

	"hutong/mqtt/tap"
	"hutong/mqtt/topic"
)

// Message is a tap.Message that was copied to be kept. It never changes.
type Message struct {
	Topic   string
	QoS     byte
	Props   *tap.Properties
	Expires time.Time // zero for never
	version uint64    // order in which retained messages were kept
	payload []byte
	like    *s2.Dict // what payload is packed by; nil for not at all
}

// Copy makes a Message of m, which came at now.
func Copy(m *tap.Message, now time.Time) *Message {
	k := &Message{Topic: m.Topic, payload: append([]byte(nil), m.Payload...), QoS: m.QoS, Props: m.Properties}
	if m.Properties != nil && m.Properties.Expiry > 0 {
		k.Expires = now.Add(time.Duration(m.Properties.Expiry) * time.Second)
	}
	return k
}

// Size is about how many bytes of memory m takes.
func (m *Message) Size() int {
	n := 160 + len(m.Topic) + len(m.payload)
	if p := m.Props; p != nil {
		n += 120 + len(p.ContentType) + len(p.ResponseTopic) + len(p.CorrelationData)
		for _, u := range p.User {
			n += 32 + len(u.Name) + len(u.Value)
		}
	}
	return n
}

// Expired says whether nobody is to get m any more.
func (m *Message) Expired(now time.Time) bool { return !m.Expires.IsZero() && !now.Before(m.Expires) }

// Open gives m as a Message; the Expiry among its Properties is what is left of it.
func (m *Message) Open(now time.Time) tap.Message {
	props := m.Props
	if !m.Expires.IsZero() {
		left := *props
		left.Expiry = uint32(max(1, m.Expires.Sub(now)/time.Second))
		props = &left
	}
	return tap.Message{Topic: m.Topic, Payload: m.unpacked(), QoS: m.QoS, Properties: props}
}

// RetainedKey is the beginning of a retained message's key in the Store; its topic follows.
const RetainedKey = "retained/"

// Retained is the retained messages. The zero value holds none and has room for none.
type Retained struct {
	Store    Store // nil for none
	MaxCount int
	MaxBytes int

	mu      sync.RWMutex
	byTopic topic.Tree[*Message]
	bytes   int
	version uint64
	packer  packer
}

// Set keeps m, or forgets the topic when the payload is empty. ok is false when there is no room; pos is the
// store's position.
func (r *Retained) Set(m *tap.Message, now time.Time) (pos uint64, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	old, had := r.byTopic.Get(m.Topic)
	if len(m.Payload) == 0 {
		if had {
			pos = r.forget(old)
		}
		return pos, true
	}
	k := Copy(m, now)
	var text []byte
	if r.Store != nil {
		text = k.Encode(0)
	}
	r.packer.pack(k)
	grow := k.Size()
	if had {
		grow -= old.Size()
	}
	if grow > 0 && r.bytes+grow > r.MaxBytes || !had && r.byTopic.Len() >= r.MaxCount {
		return 0, false
	}
	r.version++
	k.version = r.version
	r.bytes += grow
	r.byTopic.Put(k.Topic, k)
	if r.Store != nil {
		pos = r.Store.Put(RetainedKey+k.Topic, text)
	}
	return pos, true
}

func (r *Retained) forget(m *Message) (pos uint64) {
	r.bytes -= m.Size()
	r.byTopic.Remove(m.Topic)
	if r.Store != nil {
		pos = r.Store.Delete(RetainedKey + m.Topic)
	}
	return pos
}

// Match gives the messages for filter that were kept after version, oldest first, and the newest version there is.
func (r *Retained) Match(filter string, version uint64, now time.Time) (found []*Message, newest uint64) {
	r.mu.RLock()
	r.byTopic.TopicsFor(filter, func(m *Message) {
		if m.version > version && !m.Expired(now) {
			found = append(found, m)
		}
	})
	newest = r.version
	r.mu.RUnlock()
	slices.SortFunc(found, func(a, b *Message) int { return int(int64(a.version - b.version)) })
	return found, newest
}

// Sweep forgets what has expired.
func (r *Retained) Sweep(now time.Time) (gone int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var old []*Message
	r.byTopic.All(func(m *Message) {
		if m.Expired(now) {
			old = append(old, m)
		}
	})
	for _, m := range old {
		r.forget(m)
	}
	return len(old)
}

// Size is how many there are, and about how many bytes they take.
func (r *Retained) Size() (count, bytes int) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.byTopic.Len(), r.bytes
}

// Load takes in what the Store held under a key of RetainedKey. It says false for one that has expired since.
func (r *Retained) Load(val []byte, now time.Time) (bool, error) {
	m, _, err := Decode(val)
	if err != nil || m.Expired(now) {
		return false, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.packer.pack(m)
	r.version++
	m.version = r.version
	r.byTopic.Put(m.Topic, m)
	r.bytes += m.Size()
	return true, nil
}
