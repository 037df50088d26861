package history

import (
	"encoding/binary"
	"errors"
)

var errChunk = errors.New("damaged")

// appendPacked appends the low w bits of each number, lowest bit first.
func appendPacked(dst []byte, list []uint64, w uint) []byte {
	b := bitWriter{dst: dst}
	for _, u := range list {
		b.write(u, w)
	}
	return b.flush()
}

// bitWriter gathers bits, lowest first.
type bitWriter struct {
	dst []byte
	acc uint64
	n   uint
}

// write appends the low w bits of u; the bits above must be zero unless w is 64.
func (b *bitWriter) write(u uint64, w uint) {
	b.acc |= u << b.n
	if b.n+w < 64 {
		b.n += w
		return
	}
	b.dst = binary.LittleEndian.AppendUint64(b.dst, b.acc)
	b.acc = u >> (64 - b.n) // a shift by 64 gives 0
	b.n = b.n + w - 64
}

func (b *bitWriter) flush() []byte {
	for ; b.n > 0; b.n -= min(b.n, 8) {
		b.dst = append(b.dst, byte(b.acc))
		b.acc >>= 8
	}
	return b.dst
}

// bitReader takes bits off a slice; past the end it gives zeros and sets bad.
type bitReader struct {
	src []byte
	acc uint64
	n   uint
	bad bool
}

func (b *bitReader) read(w uint) uint64 {
	if w <= b.n {
		u := b.acc & mask(w)
		b.acc >>= w
		b.n -= w
		return u
	}
	u, got := b.acc, b.n
	b.fill()
	rest := w - got
	if rest > b.n {
		b.bad = true
		b.n = 0
		return 0
	}
	u |= (b.acc & mask(rest)) << got
	b.acc >>= rest // a shift by 64 gives 0
	b.n -= rest
	return u
}

// fill loads the next 64 bits, or what there is.
func (b *bitReader) fill() {
	if len(b.src) >= 8 {
		b.acc, b.n = binary.LittleEndian.Uint64(b.src), 64
		b.src = b.src[8:]
		return
	}
	b.acc, b.n = 0, uint(len(b.src))*8
	for i, c := range b.src {
		b.acc |= uint64(c) << (8 * i)
	}
	b.src = nil
}

func mask(w uint) uint64 { return 1<<w - 1 } // for 64: a shift by 64 gives 0, less one is all ones

// reader takes a chunk or an index apart; bad is set once when something is missing, and all after is zero.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) fail() {
	r.b, r.bad = nil, true
}

func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.fail()
		return nil
	}
	s := r.b[:n]
	r.b = r.b[n:]
	return s
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.fail()
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *reader) uvarint() uint64 {
	u, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return u
}

func (r *reader) varint() int64 { return unzigzag(r.uvarint()) }

func (r *reader) uint64() uint64 {
	if s := r.take(8); s != nil {
		return binary.LittleEndian.Uint64(s)
	}
	return 0
}

func (r *reader) text() string { return string(r.take(r.uvarint())) }

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

func unzigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }

// varintLen is how many bytes binary.AppendVarint takes.
func varintLen(i int64) int {
	n := 1
	for u := uint64(i)<<1 ^ uint64(i>>63); u >= 0x80; u >>= 7 {
		n++
	}
	return n
}
