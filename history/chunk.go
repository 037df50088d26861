package history

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/klauspost/compress/zstd"

	"hutong/thing"
)

// A chunk is a run of samples of one series in order of time, written by column: kinds, qualities, times, and then
// the values of each kind apart. docs/formats/history.md has every byte.
const (
	maxChunk   = 4096     // samples
	chunkTexts = 1 << 20  // a chunk is closed when its texts are this long
	maxText    = 8 << 20  // of one value
	maxTexts   = 64 << 20 // of one chunk, when read
	zstdLeast  = 64       // shorter texts are not worth trying
)

// The kinds of value; false and true are kinds of their own, so a column of booleans costs nothing beyond them.
const (
	isNull = iota
	isFalse
	isTrue
	isInt
	isFloat
	isText
	isJSON
	kinds
)

func kindOf(v thing.Value) byte {
	switch v.Type() {
	case thing.Boolean:
		if v.Bool() {
			return isTrue
		}
		return isFalse
	case thing.Integer:
		return isInt
	case thing.Number:
		return isFloat
	case thing.Text:
		return isText
	case thing.Object, thing.Array:
		return isJSON
	}
	return isNull
}

// codec writes and reads chunks. It may be used from many goroutines at once.
type codec struct {
	enc *zstd.Encoder
	dec *zstd.Decoder // of texts
	big *zstd.Decoder // of indexes
}

func newCodec() (*codec, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, err
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxTexts), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, err
	}
	big, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxIndex), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, err
	}
	return &codec{enc, dec, big}, nil
}

// appendChunk appends list, of 1 to maxChunk samples in order of time.
func (c *codec) appendChunk(dst []byte, list []Sample) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(list)))
	symbols := make([]byte, len(list))
	ints := make([]int64, 0, len(list))
	var floats []float64
	var texts, docs []string
	for i, s := range list {
		symbols[i] = kindOf(s.Value)
	}
	dst = appendSymbols(dst, symbols)
	for i, s := range list {
		switch symbols[i] {
		case isFloat:
			floats = append(floats, s.Value.Float())
		case isText:
			texts = append(texts, s.Value.Text())
		case isJSON:
			docs = append(docs, s.Value.Document())
		}
		symbols[i] = byte(s.Quality)
		ints = append(ints, int64(s.Time))
	}
	dst = appendSymbols(dst, symbols)
	dst = appendInts(dst, ints)
	ints = ints[:0]
	for _, s := range list {
		if s.Value.Type() == thing.Integer {
			ints = append(ints, s.Value.Int())
		}
	}
	dst = appendInts(dst, ints)
	if len(floats) > 0 {
		dst = appendFloats(dst, floats)
	}
	dst = c.appendTexts(dst, texts)
	return c.appendTexts(dst, docs)
}

// decodeChunk appends the samples of a chunk to dst. It takes any bytes: what is no chunk is an error.
func (c *codec) decodeChunk(dst []Sample, data []byte) ([]Sample, error) {
	r := reader{b: data}
	n := r.uvarint()
	if r.bad || n == 0 || n > maxChunk {
		return dst, fmt.Errorf("chunk: %w", errChunk)
	}
	symbols := make([]byte, 2*n)
	kind, quality := symbols[:n], symbols[n:]
	r.symbols(kind, isJSON)
	r.symbols(quality, byte(thing.Good))
	times := make([]int64, n)
	r.ints(times)
	if r.bad {
		return dst, fmt.Errorf("chunk: %w", errChunk)
	}
	var count [kinds]int
	for _, k := range kind {
		count[k]++
	}
	ints := make([]int64, count[isInt])
	r.ints(ints)
	floats := make([]float64, count[isFloat])
	r.floats(floats)
	texts := c.texts(&r, count[isText], textValue)
	docs := c.texts(&r, count[isJSON], docValue)
	if r.bad || len(r.b) > 0 {
		return dst, fmt.Errorf("chunk: %w", errChunk)
	}
	dst = slices.Grow(dst, len(times))
	for i, t := range times {
		s := Sample{Time: thing.Time(t), Quality: thing.Quality(quality[i])}
		switch kind[i] {
		case isFalse, isTrue:
			s.Value = thing.Bool(kind[i] == isTrue)
		case isInt:
			s.Value, ints = thing.Int(ints[0]), ints[1:]
		case isFloat:
			s.Value, floats = thing.Float(floats[0]), floats[1:]
		case isText:
			s.Value, texts = texts[0], texts[1:]
		case isJSON:
			s.Value, docs = docs[0], docs[1:]
		}
		dst = append(dst, s)
	}
	return dst, nil
}

// The first byte of a column of symbols: below 8 the one symbol that all are, else the form that follows.
const (
	symbolRuns = 0x10
	symbolBits = 0x20
)

// appendSymbols appends a column of numbers below 8, as runs or, when there are only two of them, as bits.
func appendSymbols(dst, list []byte) []byte {
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
		w := bitWriter{dst: append(dst, symbolBits, first|other<<4)}
		for _, s := range list {
			if s == first {
				w.write(0, 1)
			} else {
				w.write(1, 1)
			}
		}
		return w.flush()
	}
	dst = append(dst, symbolRuns)
	for i, n := 0, 0; i < len(list); i += n {
		for n = 1; i+n < len(list) && list[i+n] == list[i]; n++ {
		}
		dst = binary.AppendUvarint(dst, uint64(n-1)<<3|uint64(list[i]))
	}
	return dst
}

// symbols fills list with a column in which none may be above most.
func (r *reader) symbols(list []byte, most byte) {
	switch form := r.byte(); {
	case form <= most:
		for i := range list {
			list[i] = form
		}
	case form == symbolRuns:
		for i := 0; i < len(list) && !r.bad; {
			u := r.uvarint()
			s, n := byte(u&7), u>>3+1
			if r.bad || s > most || n > uint64(len(list)-i) {
				r.fail()
				return
			}
			for range n {
				list[i] = s
				i++
			}
		}
	case form == symbolBits:
		pair := r.byte()
		b := bitReader{src: r.take(uint64(len(list)+7) / 8)}
		if r.bad || pair&15 > most || pair>>4 > most {
			r.fail()
			return
		}
		for i := range list {
			list[i] = pair & 15
			if b.read(1) == 1 {
				list[i] = pair >> 4
			}
		}
	default:
		r.fail()
	}
}

// The first byte of a column of texts.
const (
	textsPlain = 0
	textsZstd  = 1
)

// appendTexts appends a dictionary of the distinct texts in order of appearance, and which of them each is.
func (c *codec) appendTexts(dst []byte, list []string) []byte {
	if len(list) == 0 {
		return dst
	}
	places := make(map[string]int64)
	index := make([]int64, len(list))
	var words []byte
	for i, s := range list {
		at, ok := places[s]
		if !ok {
			at = int64(len(places))
			places[s] = at
			words = appendText(words, s)
		}
		index[i] = at
	}
	form := byte(textsPlain)
	packed := words
	if len(words) >= zstdLeast {
		if z := c.enc.EncodeAll(words, nil); len(z) < len(words)*7/8 {
			form, packed = textsZstd, z
		}
	}
	dst = append(dst, form)
	dst = binary.AppendUvarint(dst, uint64(len(places)))
	dst = binary.AppendUvarint(dst, uint64(len(packed)))
	dst = append(dst, packed...)
	return appendInts(dst, index)
}

// texts reads a column of n texts and makes a value of each distinct one.
func (c *codec) texts(r *reader, n int, value func([]byte) (thing.Value, bool)) []thing.Value {
	if n == 0 || r.bad {
		return nil
	}
	form, count := r.byte(), r.uvarint()
	words := r.take(r.uvarint())
	if form == textsZstd && !r.bad {
		plain, err := c.dec.DecodeAll(words, nil)
		if err != nil || len(plain) > maxTexts {
			r.fail()
		}
		words = plain
	}
	if r.bad || form > textsZstd || count > uint64(n) {
		r.fail()
		return nil
	}
	w := reader{b: words}
	dictionary := make([]thing.Value, count)
	for i := range dictionary {
		v, ok := value(w.take(w.uvarint()))
		if !ok || w.bad {
			r.fail()
			return nil
		}
		dictionary[i] = v
	}
	index := make([]int64, n)
	r.ints(index)
	list := make([]thing.Value, n)
	for i, at := range index {
		if at < 0 || at >= int64(count) || r.bad {
			r.fail()
			return nil
		}
		list[i] = dictionary[at]
	}
	return list
}

func textValue(b []byte) (thing.Value, bool) { return thing.String(string(b)), true }

func docValue(b []byte) (thing.Value, bool) {
	v, err := thing.ParseJSON(b)
	return v, err == nil && v.Type() >= thing.Object
}
