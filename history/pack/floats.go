package pack

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// A column of floats is written as decimals when nearly all are short ones (21.3 is 213 of a tenth), through float32
// when that is what the device computed with, and otherwise by what each has in common with the bits before it.
const (
	// MaxExponent is the most digits behind the point that a decimal has here.
	MaxExponent = 15

	viaSingle = 0x40 // added to the exponent: the decimal became the float through a float32
	byXOR     = 0xff
)

var tens = [MaxExponent + 1]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// decimal gives the mantissa of f at an exponent, and whether it gives f back bit by bit.
func decimal(f float64, e int, single bool) (int64, bool) {
	m := math.Round(f * tens[e])
	if !(math.Abs(m) < 1<<53) {
		return 0, false
	}
	i := int64(m)
	back := float64(i) / tens[e] // of the integer: -0 must not pass for 0
	if single {
		back = float64(float32(back))
	}
	return i, math.Float64bits(back) == math.Float64bits(f)
}

// Decimals gives each list as mantissas at the smallest exponent at which all values of all of them come back bit by bit as
// FromDecimal gives them; false when there is none.
func Decimals(lists ...[]float64) (e int, mantissas [][]int64, ok bool) {
	for _, list := range lists {
		for _, f := range list {
			for ; e <= MaxExponent; e++ {
				if _, ok := decimal(f, e, false); ok {
					break
				}
			}
			if e > MaxExponent {
				return 0, nil, false
			}
		}
	}
	for _, list := range lists {
		ints := make([]int64, len(list))
		for i, f := range list {
			if ints[i], ok = decimal(f, e, false); !ok {
				return 0, nil, false // it has too many digits before the point to have as many behind
			}
		}
		mantissas = append(mantissas, ints)
	}
	return e, mantissas, true
}

// FromDecimal is the float that is nearest to mantissa / 10^e, for e from 0 to MaxExponent.
func FromDecimal(mantissa int64, e int) float64 { return float64(mantissa) / tens[e] }

// NearDecimal gives the mantissa at an exponent whose FromDecimal is nearest to f, and by how many floats f is above that;
// any f comes back exactly from the two.
func NearDecimal(f float64, e int) (mantissa, above int64) {
	if m := math.Round(f * tens[e]); math.Abs(m) < 1<<62 {
		mantissa = int64(m)
	}
	return mantissa, int64(math.Float64bits(f) - math.Float64bits(FromDecimal(mantissa, e)))
}

// exponentFor finds the smallest exponent at which at most one value in 16 is not a decimal.
func exponentFor(list []float64, single bool) (e int, ok bool) {
	var need [MaxExponent + 2]int // how many need an exponent; the last counts those that have none
	start := 0
	for _, f := range list {
		at := start
		for at <= MaxExponent {
			if _, ok := decimal(f, at, single); ok {
				break
			}
			at++
		}
		need[at]++
		if at <= MaxExponent && need[at] > len(list)/2 {
			start = at // most need this many: trying fewer is in vain, and more digits hold what fewer do
		}
		if need[MaxExponent+1] > len(list)/16 {
			return 0, false
		}
	}
	left := len(list)
	for e := range MaxExponent + 1 {
		if left -= need[e]; left <= len(list)/16 {
			return e, true
		}
	}
	return 0, false
}

// AppendFloats appends a column of one value or more.
func AppendFloats(dst []byte, list []float64) []byte {
	single := true
	for _, f := range list {
		if float64(float32(f)) != f {
			single = false
			break
		}
	}
	if e, ok := exponentFor(list, false); ok {
		return appendDecimals(append(dst, byte(e)), list, e, false)
	}
	if single {
		if e, ok := exponentFor(list, true); ok {
			return appendDecimals(append(dst, byte(e)|viaSingle), list, e, true)
		}
	}
	return appendXOR(append(dst, byXOR), list)
}

func appendDecimals(dst []byte, list []float64, e int, single bool) []byte {
	ints := make([]int64, len(list))
	var odd []int // places of the values that are no decimals
	for i, f := range list {
		m, ok := decimal(f, e, single)
		if !ok {
			odd = append(odd, i)
			m = 0
			if i > 0 {
				m = ints[i-1]
			}
		}
		ints[i] = m
	}
	dst = AppendInts(dst, ints)
	dst = binary.AppendUvarint(dst, uint64(len(odd)))
	prev := 0
	for _, i := range odd {
		dst = binary.AppendUvarint(dst, uint64(i-prev))
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(list[i]))
		prev = i
	}
	return dst
}

// appendXOR writes the first value in full and of each later one the bits in which it differs from the one before:
// 0 for none, 10 for "inside the window of the last", 11 with a new window (Pelkonen and others, Gorilla, VLDB 2015).
func appendXOR(dst []byte, list []float64) []byte {
	w := BitWriter{Dst: dst}
	prev := math.Float64bits(list[0])
	w.Write(prev, 64)
	lead, width := uint(0), uint(0)
	for _, f := range list[1:] {
		u := math.Float64bits(f)
		x := u ^ prev
		prev = u
		if x == 0 {
			w.Write(0, 1)
			continue
		}
		l, t := uint(bits.LeadingZeros64(x)), uint(bits.TrailingZeros64(x))
		if width > 0 && l >= lead && 64-t <= lead+width {
			w.Write(1, 2)
		} else {
			lead, width = l, 64-l-t
			w.Write(3, 2)
			w.Write(uint64(lead), 6)
			w.Write(uint64(width-1), 6)
		}
		w.Write(x>>(64-lead-width), width)
	}
	return w.Flush()
}

// Floats fills list with a column. The XOR form takes all that is left of r when it is last, so its length is given.
// Scratch is memory to use, and is given back, perhaps larger.
func (r *Reader) Floats(list []float64, scratch []int64) []int64 {
	if len(list) == 0 {
		return scratch
	}
	how := r.Byte()
	e := how &^ viaSingle
	switch {
	case r.Bad:
	case how == byXOR:
		r.xor(list)
	case e > MaxExponent:
		r.Fail()
	default:
		scratch = Sized(scratch, len(list))
		r.decimals(list, scratch, tens[e], how&viaSingle != 0)
	}
	return scratch
}

func (r *Reader) decimals(list []float64, ints []int64, scale float64, single bool) {
	r.Ints(ints)
	for i, m := range ints {
		list[i] = float64(m) / scale
	}
	if single {
		for i, f := range list {
			list[i] = float64(float32(f))
		}
	}
	at := uint64(0)
	for n := r.Uvarint(); n > 0 && !r.Bad; n-- {
		at += r.Uvarint()
		f := math.Float64frombits(r.Uint64())
		if at >= uint64(len(list)) {
			r.Fail()
			return
		}
		list[at] = f
	}
}

func (r *Reader) xor(list []float64) {
	b := BitReader{Src: r.B}
	prev := b.Read(64)
	list[0] = math.Float64frombits(prev)
	lead, width := uint(0), uint(0)
	for i := 1; i < len(list); i++ {
		if b.Read(1) == 1 {
			if b.Read(1) == 1 {
				lead, width = uint(b.Read(6)), uint(b.Read(6))+1
			}
			if width == 0 || lead+width > 64 {
				b.Bad = true
			}
			if b.Bad {
				break
			}
			prev ^= b.Read(width) << (64 - lead - width)
		}
		list[i] = math.Float64frombits(prev)
	}
	if b.Bad {
		r.Fail()
		return
	}
	r.B = r.B[len(r.B)-len(b.Src)-int(b.n/8):]
}
