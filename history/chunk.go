package history

import (
	"bytes"
	"encoding/binary"
	"slices"
	"sync"

	"github.com/klauspost/compress/zstd"

	"hutong/history/pack"
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

	spare sync.Pool // of *columns
	desks sync.Pool // of *desk
}

// desk is where a chunk is written. Its memory is used again for the next.
type desk struct {
	places map[string]int64
	index  []int64
	words  []byte
	packed []byte
	chunk  []byte
}

// deskTexts is how many bytes a desk may have room for that is used again.
const deskTexts = 256 << 10

func (c *codec) desk() *desk {
	if d, ok := c.desks.Get().(*desk); ok {
		return d
	}
	return &desk{places: map[string]int64{}}
}

func (c *codec) tidy(d *desk) {
	if max(cap(d.words), cap(d.packed), cap(d.chunk)) <= deskTexts {
		clear(d.places)
		c.desks.Put(d)
	}
}

// chunk makes a chunk of list, as appendChunk does.
func (c *codec) chunk(list []Sample) []byte {
	d := c.desk()
	defer c.tidy(d)
	d.chunk = c.appendChunk(d.chunk[:0], list)
	return bytes.Clone(d.chunk)
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
	return &codec{enc: enc, dec: dec, big: big}, nil
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
	dst = pack.AppendSymbols(dst, symbols)
	for i, s := range list {
		switch symbols[i] {
		case isFloat:
			floats = append(slices.Grow(floats, len(list)-i), s.Value.Float())
		case isText:
			texts = append(slices.Grow(texts, len(list)-i), s.Value.Text())
		case isJSON:
			docs = append(slices.Grow(docs, len(list)-i), s.Value.Document())
		}
		symbols[i] = byte(s.Quality)
		ints = append(ints, int64(s.Time))
	}
	dst = pack.AppendSymbols(dst, symbols)
	dst = pack.AppendInts(dst, ints)
	ints = ints[:0]
	for _, s := range list {
		if s.Value.Type() == thing.Integer {
			ints = append(ints, s.Value.Int())
		}
	}
	dst = pack.AppendInts(dst, ints)
	if len(floats) > 0 {
		dst = pack.AppendFloats(dst, floats)
	}
	dst = c.appendTexts(dst, texts)
	return c.appendTexts(dst, docs)
}

// decodeChunk appends the samples of a chunk to dst. It takes any bytes: what is no chunk is an error.
func (c *codec) decodeChunk(dst []Sample, data []byte) ([]Sample, error) {
	x := c.borrow()
	defer c.giveBack(x)
	if err := x.read(data, c); err != nil {
		return dst, err
	}
	return x.samples(dst), nil
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
	d := c.desk()
	defer c.tidy(d)
	d.index, d.words = d.index[:0], d.words[:0]
	for _, s := range list {
		at, ok := d.places[s]
		if !ok {
			at = int64(len(d.places))
			d.places[s] = at
			d.words = pack.AppendText(d.words, s)
		}
		d.index = append(d.index, at)
	}
	form, packed := byte(textsPlain), d.words
	if len(d.words) >= zstdLeast {
		if d.packed = c.enc.EncodeAll(d.words, d.packed[:0]); len(d.packed) < len(d.words)*7/8 {
			form, packed = textsZstd, d.packed
		}
	}
	dst = append(dst, form)
	dst = binary.AppendUvarint(dst, uint64(len(d.places)))
	dst = binary.AppendUvarint(dst, uint64(len(packed)))
	dst = append(dst, packed...)
	return pack.AppendInts(dst, d.index)
}

// texts reads a column of n texts and makes a value of each distinct one.
func (c *codec) texts(r *pack.Reader, n int, value func([]byte) (thing.Value, bool)) []thing.Value {
	if n == 0 || r.Bad {
		return nil
	}
	form, count := r.Byte(), r.Uvarint()
	words := r.Take(r.Uvarint())
	if form == textsZstd && !r.Bad {
		plain, err := c.dec.DecodeAll(words, nil)
		if err != nil || len(plain) > maxTexts {
			r.Fail()
		}
		words = plain
	}
	if r.Bad || form > textsZstd || count > uint64(n) {
		r.Fail()
		return nil
	}
	w := pack.Reader{B: words}
	dictionary := make([]thing.Value, count)
	for i := range dictionary {
		v, ok := value(w.Take(w.Uvarint()))
		if !ok || w.Bad {
			r.Fail()
			return nil
		}
		dictionary[i] = v
	}
	index := make([]int64, n)
	r.Ints(index)
	list := make([]thing.Value, n)
	for i, at := range index {
		if at < 0 || at >= int64(count) || r.Bad {
			r.Fail()
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
