package host

import (
	"bytes"
	"encoding/json"
)

// doc is what a Thing says of itself: the newest JSON of each of its topics.
type doc struct {
	prefix string
	topics []string
	values map[string][]byte // by topic
}

func newDoc(prefix string) *doc { return &doc{prefix: prefix + "/", values: make(map[string][]byte)} }

func (d *doc) set(name string, v any) { d.setJSON(name, encode(v)) }

// setJSON takes over a text, which the caller must not change any more.
func (d *doc) setJSON(name string, text []byte) {
	topic := d.prefix + name
	old, known := d.values[topic]
	if !known {
		d.topics = append(d.topics, topic)
	}
	if !bytes.Equal(old, text) {
		d.values[topic] = text
	}
}

// encode is the JSON of plain numbers, words and lists of them, which always marshal.
func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic("host: " + err.Error())
	}
	return text
}
