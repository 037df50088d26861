package kept

import (
	"strings"

	"github.com/klauspost/compress/s2"
)

// packer makes what is retained small. What many devices announce is long and much alike, so each is written down as how it
// differs from the first of its kind: a description of 2 KB in some 200 bytes. It is for one goroutine at a time.
type packer struct {
	first map[kind]*s2.Dict
	spare []byte
}

// kind is what is likely to be alike: what is published under the same two levels, and about as long.
type kind struct {
	place string
	size  int
}

const (
	minPacked = 512 // bytes; a shorter payload stays as it is
	maxKinds  = 64  // of up to 100 KB each; what is of another kind stays as it is
)

// pack makes m small, if it can. Nobody else has m yet.
func (p *packer) pack(m *Message) {
	n := len(m.payload)
	if n < minPacked || n > s2.MaxDictSize {
		return
	}
	k := kind{place: m.Topic, size: n / 64}
	if first, rest, more := strings.Cut(m.Topic, "/"); more {
		second, _, _ := strings.Cut(rest, "/")
		k.place = m.Topic[:len(first)+1+len(second)]
	}
	like := p.first[k]
	if like == nil {
		p.begin(k, m.payload)
		return
	}
	p.spare = like.Encode(p.spare[:0:cap(p.spare)], m.payload)
	if len(p.spare) > n/2 {
		return
	}
	m.payload, m.like = append([]byte(nil), p.spare...), like
}

// begin takes the first of a kind.
func (p *packer) begin(k kind, payload []byte) {
	if len(p.first) >= maxKinds {
		return
	}
	if p.first == nil {
		p.first = map[kind]*s2.Dict{}
	}
	k.place = strings.Clone(k.place)
	if like := s2.MakeDict(payload, nil); like != nil {
		p.first[k] = like
	}
}

// unpacked is the payload as it was. What pack wrote can always be read.
func (m *Message) unpacked() []byte {
	if m.like == nil {
		return m.payload
	}
	payload, err := m.like.Decode(nil, m.payload)
	if err != nil {
		panic("kept: " + err.Error())
	}
	return payload
}
