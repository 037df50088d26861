// Package pack writes columns of numbers in few bytes: integers, and floats that are decimals, as what they differ by from
// what can be foretold of them. docs/formats/history.md has every byte.
package pack

import (
	"encoding/binary"
	"errors"
)

// ErrDamaged says that bytes are not what was written.
var ErrDamaged = errors.New("damaged")

// appendPacked appends the low w bits of each number, lowest bit first.
func appendPacked(dst []byte, list []uint64, w uint) []byte {
	b := BitWriter{Dst: dst}
	for _, u := range list {
		b.Write(u, w)
	}
	return b.Flush()
}

// unpack fills list with numbers of w bits each; src has at least the bytes they take.
func unpack(list []int64, src []byte, w uint) {
	switch {
	case w == 0:
		clear(list)
		return
	case w > 56: // they may lie across nine bytes
		b := BitReader{Src: src}
		for i := range list {
			list[i] = int64(b.Read(w))
		}
		return
	}
	m, at, i := mask(w), uint(0), 0
	for ; i < len(list) && at>>3+8 <= uint(len(src)); i++ {
		list[i] = int64(binary.LittleEndian.Uint64(src[at>>3:]) >> (at & 7) & m)
		at += w
	}
	var end [16]byte // the last numbers lie too near the end to be read by eight bytes
	from := at >> 3
	if i < len(list) {
		copy(end[:], src[from:])
	}
	for ; i < len(list); i++ {
		list[i] = int64(binary.LittleEndian.Uint64(end[at>>3-from:]) >> (at & 7) & m)
		at += w
	}
}

// BitWriter gathers bits, lowest first.
type BitWriter struct {
	Dst []byte // what is written, once Flush has given it back
	acc uint64
	n   uint
}

// Write appends the low w bits of u; the bits above must be zero unless w is 64.
func (b *BitWriter) Write(u uint64, w uint) {
	b.acc |= u << b.n
	if b.n+w < 64 {
		b.n += w
		return
	}
	b.Dst = binary.LittleEndian.AppendUint64(b.Dst, b.acc)
	b.acc = u >> (64 - b.n) // a shift by 64 gives 0
	b.n = b.n + w - 64
}

// Flush fills up the last byte with zeros and returns all.
func (b *BitWriter) Flush() []byte {
	for ; b.n > 0; b.n -= min(b.n, 8) {
		b.Dst = append(b.Dst, byte(b.acc))
		b.acc >>= 8
	}
	return b.Dst
}

// BitReader takes bits off a slice; past the end it gives zeros and sets bad.
type BitReader struct {
	Src []byte // what is left, but for bits in hand
	Bad bool
	acc uint64
	n   uint
}

// Read takes the next w bits.
func (b *BitReader) Read(w uint) uint64 {
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
		b.Bad = true
		b.n = 0
		return 0
	}
	u |= (b.acc & mask(rest)) << got
	b.acc >>= rest // a shift by 64 gives 0
	b.n -= rest
	return u
}

// fill loads the next 64 bits, or what there is.
func (b *BitReader) fill() {
	if len(b.Src) >= 8 {
		b.acc, b.n = binary.LittleEndian.Uint64(b.Src), 64
		b.Src = b.Src[8:]
		return
	}
	b.acc, b.n = 0, uint(len(b.Src))*8
	for i, c := range b.Src {
		b.acc |= uint64(c) << (8 * i)
	}
	b.Src = nil
}

func mask(w uint) uint64 { return 1<<w - 1 } // for 64: a shift by 64 gives 0, less one is all ones

// Sized gives a slice of n whose content is anything, in the memory of list when that is enough.
func Sized[T any](list []T, n int) []T {
	if cap(list) < n {
		return make([]T, n, max(n, 1024))
	}
	return list[:n]
}

// Reader takes bytes apart; Bad is set once when something is missing, and all after is zero.
type Reader struct {
	B   []byte // what is left
	Bad bool
}

// Fail says that something is wrong with what was read.
func (r *Reader) Fail() {
	r.B, r.Bad = nil, true
}

// Take takes n bytes.
func (r *Reader) Take(n uint64) []byte {
	if n > uint64(len(r.B)) {
		r.Fail()
		return nil
	}
	s := r.B[:n]
	r.B = r.B[n:]
	return s
}

// Byte takes one byte.
func (r *Reader) Byte() byte {
	if len(r.B) == 0 {
		r.Fail()
		return 0
	}
	c := r.B[0]
	r.B = r.B[1:]
	return c
}

// Uvarint takes a number as binary.AppendUvarint writes it.
func (r *Reader) Uvarint() uint64 {
	u, n := binary.Uvarint(r.B)
	if n <= 0 {
		r.Fail()
		return 0
	}
	r.B = r.B[n:]
	return u
}

// Varint takes a number as binary.AppendVarint writes it.
func (r *Reader) Varint() int64 { return unzigzag(r.Uvarint()) }

// Uint64 takes 8 bytes, little endian.
func (r *Reader) Uint64() uint64 {
	if s := r.Take(8); s != nil {
		return binary.LittleEndian.Uint64(s)
	}
	return 0
}

// Text takes what AppendText wrote.
func (r *Reader) Text() string { return string(r.Take(r.Uvarint())) }

// AppendText appends a text: its length and its bytes.
func AppendText(dst []byte, s string) []byte {
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
