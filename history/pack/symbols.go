package pack

import "encoding/binary"

// The first byte of a column of symbols: below 8 the one symbol that all are, else the form that follows.
const (
	symbolRuns = 0x10
	symbolBits = 0x20
)

// AppendSymbols appends a column of numbers below 8, as runs or, when there are only two of them, as bits.
func AppendSymbols(dst, list []byte) []byte {
	first, other, two := list[0], list[0], true
	size := 1
	for i, n := 0, 0; i < len(list); i += n {
		for n = 1; i+n < len(list) && list[i+n] == list[i]; n++ {
		}
		size++
		if n > 16 {
			size++
		}
		switch s := list[i]; {
		case s == first || s == other:
		case other == first:
			other = s
		default:
			two = false
		}
	}
	switch {
	case other == first:
		return append(dst, first)
	case two && size > 2+(len(list)+7)/8:
		w := BitWriter{Dst: append(dst, symbolBits, first|other<<4)}
		for _, s := range list {
			if s == first {
				w.Write(0, 1)
			} else {
				w.Write(1, 1)
			}
		}
		return w.Flush()
	}
	dst = append(dst, symbolRuns)
	for i, n := 0, 0; i < len(list); i += n {
		for n = 1; i+n < len(list) && list[i+n] == list[i]; n++ {
		}
		dst = binary.AppendUvarint(dst, uint64(n-1)<<3|uint64(list[i]))
	}
	return dst
}

// Symbols fills list with a column in which none may be above most, and says whether all are written as one.
func (r *Reader) Symbols(list []byte, most byte) (alike bool) {
	switch form := r.Byte(); {
	case form <= most:
		list[0] = form
		for n := 1; n < len(list); n *= 2 {
			copy(list[n:], list[:n])
		}
		return true
	case form == symbolRuns:
		for i := 0; i < len(list) && !r.Bad; {
			u := r.Uvarint()
			s, n := byte(u&7), u>>3+1
			if r.Bad || s > most || n > uint64(len(list)-i) {
				r.Fail()
				return false
			}
			for range n {
				list[i] = s
				i++
			}
		}
	case form == symbolBits:
		pair := r.Byte()
		b := BitReader{Src: r.Take(uint64(len(list)+7) / 8)}
		if r.Bad || pair&15 > most || pair>>4 > most {
			r.Fail()
			return false
		}
		for i := range list {
			list[i] = pair & 15
			if b.Read(1) == 1 {
				list[i] = pair >> 4
			}
		}
	default:
		r.Fail()
	}
	return false
}
