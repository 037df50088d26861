package find

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// blockLen is how many texts stand in a block. What a search may meet is known block by block, and then looked for.
const blockLen = 64

// texts is many texts, in order of their keys. It grows by add and then never changes.
type texts struct {
	blocks [][]byte // each of blockLen records: length of key and text, key, text
	count  int
	grams  []*places // see gram1, gram2, gram3
	block  []byte    // the last one, not yet full
	in     int       // records in it
}

// places is the blocks in which a gram occurs, as differences to the one before.
type places struct {
	next int // after the last of them
	list []byte
}

// The grams of a text are each piece of one, two and three bytes. Pieces of three share places by hash, which costs a
// look at a block for nothing, and no result.
const (
	oneByte   = 1 << 8
	twoBytes  = 1 << 16
	gramLen   = 3
	gramCount = oneByte + 2*twoBytes
)

func gram1(a byte) int    { return int(a) }
func gram2(a, b byte) int { return oneByte + int(a)<<8 + int(b) }
func gram3(a, b, c byte) int {
	h := (uint32(a)<<16 | uint32(b)<<8 | uint32(c)) * 2654435761
	return oneByte + twoBytes + int(h>>16)
}

// add puts a text behind the others; its key comes after theirs.
func (t *texts) add(key, text []byte) {
	if t.grams == nil {
		t.grams = make([]*places, gramCount)
	}
	t.block = binary.AppendUvarint(t.block, uint64(len(key)))
	t.block = binary.AppendUvarint(t.block, uint64(len(text)))
	t.block = append(append(t.block, key...), text...)
	for i := range text {
		t.note(gram1(text[i]))
		if i >= 1 {
			t.note(gram2(text[i-1], text[i]))
		}
		if i >= 2 {
			t.note(gram3(text[i-2], text[i-1], text[i]))
		}
	}
	t.count++
	if t.in++; t.in == blockLen {
		t.seal()
	}
}

// seal ends the last block.
func (t *texts) seal() {
	if t.in == 0 {
		return
	}
	t.blocks = append(t.blocks, append([]byte(nil), t.block...))
	t.block, t.in = t.block[:0], 0
}

// note says that a gram occurs in the last block.
func (t *texts) note(gram int) {
	p := t.grams[gram]
	if p == nil {
		p = new(places)
		t.grams[gram] = p
	}
	if now := len(t.blocks) + 1; p.next != now {
		p.list = binary.AppendUvarint(p.list, uint64(now-p.next))
		p.next = now
	}
}

// where is the blocks in which every word may occur, as a set of bits.
func (t *texts) where(words [][]byte) []uint64 {
	set := make([]uint64, (len(t.blocks)+63)/64)
	for i := range set {
		set[i] = ^uint64(0)
	}
	with := make([]uint64, len(set))
	for _, w := range words {
		n := min(len(w), gramLen)
		for i := 0; i+n <= len(w); i++ {
			clear(with)
			t.at(w[i : i+n]).mark(with)
			for k := range set {
				set[k] &= with[k]
			}
		}
	}
	if over := len(t.blocks) % 64; over > 0 && len(set) > 0 {
		set[len(set)-1] &= 1<<over - 1
	}
	return set
}

func (t *texts) at(piece []byte) *places {
	switch {
	case t.grams == nil:
		return nil
	case len(piece) == 1:
		return t.grams[gram1(piece[0])]
	case len(piece) == 2:
		return t.grams[gram2(piece[0], piece[1])]
	}
	return t.grams[gram3(piece[0], piece[1], piece[2])]
}

func (p *places) mark(set []uint64) {
	if p == nil {
		return
	}
	block := -1
	for list := p.list; len(list) > 0; {
		step, n := binary.Uvarint(list)
		list = list[n:]
		block += int(step)
		set[block/64] |= 1 << (block % 64)
	}
}

// each calls f with the records in which every word occurs, in order, until it returns false. Key and text are good
// during the call.
func (t *texts) each(words [][]byte, f func(key, text []byte) bool) {
	for k, set := range t.where(words) {
		for ; set != 0; set &= set - 1 {
			rest := t.blocks[k*64+bits.TrailingZeros64(set)]
			for len(rest) > 0 {
				var key, text []byte
				if key, text, rest = record(rest); holds(text, words) && !f(key, text) {
					return
				}
			}
		}
	}
}

func record(b []byte) (key, text, rest []byte) {
	k, n := binary.Uvarint(b)
	b = b[n:]
	l, n := binary.Uvarint(b)
	b = b[n:]
	return b[:k], b[k : k+l], b[k+l:]
}

func holds(text []byte, words [][]byte) bool {
	for _, w := range words {
		if !bytes.Contains(text, w) {
			return false
		}
	}
	return true
}
