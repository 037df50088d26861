package journal

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"

	"hutong/thing"
)

// A frame is what is written at once: a header and a payload of records. docs/formats/journal.md has every byte.
const (
	frameMark    = 0x6a48f1a7 // little endian bytes a7 f1 48 6a; not UTF-8, so text never holds it by chance
	frameHeader  = 36
	maxPayload   = 16 << 20
	splitPayload = 64 << 10 // a payload this long is closed, so that a reader decodes little more than it wants
)

// MaxChange is the most bytes the texts of one Change (id, name, value and trace) may have together.
const MaxChange = 8 << 20

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// seal is the CRC32C of data in the segment with this number. The number takes part so that a frame of a removed
// segment that shines through after a power cut is not taken for one of this segment.
func seal(number uint64, data []byte) uint32 {
	var n [8]byte
	binary.LittleEndian.PutUint64(n[:], number)
	return crc32.Update(crc32.Update(0, castagnoli, n[:]), castagnoli, data)
}

type header struct {
	length      int    // of the payload
	first, last uint64 // Seqs
	count       int    // of changes
	crc         uint32 // of the payload
}

func (h header) put(dst []byte, number uint64) {
	le := binary.LittleEndian
	le.PutUint32(dst[0:], frameMark)
	le.PutUint32(dst[4:], uint32(h.length))
	le.PutUint64(dst[8:], h.first)
	le.PutUint64(dst[16:], h.last)
	le.PutUint32(dst[24:], uint32(h.count))
	le.PutUint32(dst[28:], h.crc)
	le.PutUint32(dst[32:], seal(number, dst[:32]))
}

// parseHeader reads a frame's header; false when src does not begin with one.
func parseHeader(src []byte, number uint64) (header, bool) {
	le := binary.LittleEndian
	if len(src) < frameHeader || le.Uint32(src) != frameMark || le.Uint32(src[32:]) != seal(number, src[:32]) {
		return header{}, false
	}
	h := header{
		length: int(le.Uint32(src[4:])),
		first:  le.Uint64(src[8:]),
		last:   le.Uint64(src[16:]),
		count:  int(le.Uint32(src[24:])),
		crc:    le.Uint32(src[28:]),
	}
	return h, h.length <= maxPayload && h.first <= h.last
}

// The first byte of a record.
const (
	tagRef    = 0x80 // a definition: the record names a ref
	hasRepeat = 1 << 0
	hasDevice = 1 << 1
	hasCause  = 1 << 2
)

// The kinds of value, low four bits of a change's second byte; the high four are the quality.
const (
	isNull = iota
	isFalse
	isTrue
	isInt
	isFloat
	isText
	isJSON
)

// encoder writes the frames of one segment and knows which refs the segment has defined.
type encoder struct {
	number uint64
	ids    map[thing.Ref]uint32
	quick  []quickID // by handle, to spare hashing two strings per change
}

type quickID struct {
	ref thing.Ref
	id  uint32
}

func newEncoder(number uint64) *encoder {
	return &encoder{number: number, ids: map[thing.Ref]uint32{}}
}

// frame appends one frame to dst with as many changes of batch as fit, at least one, and returns how many.
func (e *encoder) frame(dst []byte, batch []thing.Change) ([]byte, int) {
	start := len(dst)
	dst = append(dst, make([]byte, frameHeader)...)
	prev := thing.Change{Seq: batch[0].Seq}
	n := 0
	for n < len(batch) && len(dst)-start < splitPayload {
		dst = e.change(dst, &batch[n], &prev)
		prev = batch[n]
		n++
	}
	payload := dst[start+frameHeader:]
	header{
		length: len(payload), first: batch[0].Seq, last: batch[n-1].Seq, count: n, crc: seal(e.number, payload),
	}.put(dst[start:], e.number)
	return dst, n
}

func (e *encoder) change(dst []byte, c, prev *thing.Change) []byte {
	dst, id := e.ref(dst, c)
	var flags byte
	if c.Repeat {
		flags |= hasRepeat
	}
	if c.Device != 0 {
		flags |= hasDevice
	}
	if c.Cause != (thing.Cause{}) {
		flags |= hasCause
	}
	dst = append(dst, flags, kindOf(c.Value)|byte(c.Quality)<<4)
	dst = binary.AppendUvarint(dst, uint64(id))
	dst = binary.AppendUvarint(dst, c.Seq-prev.Seq)
	dst = binary.AppendVarint(dst, int64(c.Committed-prev.Committed))
	dst = binary.AppendVarint(dst, int64(c.Committed-c.Received))
	if c.Device != 0 {
		dst = binary.AppendVarint(dst, int64(c.Committed-c.Device))
	}
	dst = appendValue(dst, c.Value)
	if flags&hasCause != 0 {
		dst = append(dst, c.Cause.Hops)
		dst = appendText(dst, c.Cause.Trace)
	}
	return dst
}

// ref returns the segment's id for the change's ref, defining it first when it is new.
func (e *encoder) ref(dst []byte, c *thing.Change) ([]byte, uint32) {
	h := int(c.Point)
	if h < len(e.quick) && e.quick[h].id != 0 && e.quick[h].ref == c.Ref {
		return dst, e.quick[h].id
	}
	id, ok := e.ids[c.Ref]
	if !ok {
		id = uint32(len(e.ids)) + 1
		e.ids[c.Ref] = id
		dst = append(dst, tagRef|byte(c.Ref.Kind))
		dst = binary.AppendUvarint(dst, uint64(id))
		dst = appendText(dst, string(c.Ref.Thing))
		dst = appendText(dst, c.Ref.Name)
	}
	if h > 0 && h < 1<<20 {
		for len(e.quick) <= h {
			e.quick = append(e.quick, quickID{})
		}
		e.quick[h] = quickID{c.Ref, id}
	}
	return dst, id
}

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

func appendValue(dst []byte, v thing.Value) []byte {
	switch kindOf(v) {
	case isInt:
		return binary.AppendVarint(dst, v.Int())
	case isFloat:
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v.Float()))
	case isText:
		return appendText(dst, v.Text())
	case isJSON:
		return appendText(dst, v.Document())
	}
	return dst
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

var errRecord = errors.New("a record does not fit its frame")

// refs is what a segment has defined so far, by id; entries that a damaged frame took away are missing.
type refs map[uint32]thing.Ref

// decode reads the changes of one verified payload and hands each to emit. Changes whose ref is not defined, because
// the defining frame was damaged, are passed over and counted. emit returns false to stop early.
func (d refs) decode(h header, payload []byte, emit func(thing.Change) bool) (lost int, err error) {
	r := reader{b: payload}
	c := thing.Change{Seq: h.first}
	for len(r.b) > 0 {
		tag := r.byte()
		if tag&tagRef != 0 {
			id := uint32(r.uvarint())
			ref := thing.Ref{Thing: thing.ID(r.text()), Kind: thing.Kind(tag &^ tagRef), Name: r.text()}
			if r.bad || id == 0 {
				return lost, errRecord
			}
			d[id] = ref
			continue
		}
		known := d.change(&r, tag, &c)
		if r.bad || c.Seq > h.last {
			return lost, errRecord
		}
		if !known {
			lost++
		} else if !emit(c) {
			return lost, nil
		}
	}
	return lost, nil
}

// change reads one change over the one before it, which gives Seq and Committed their start.
func (d refs) change(r *reader, flags byte, c *thing.Change) (known bool) {
	second := r.byte()
	ref, known := d[uint32(r.uvarint())]
	next := thing.Change{Ref: ref, Quality: thing.Quality(second >> 4), Repeat: flags&hasRepeat != 0}
	next.Seq = c.Seq + r.uvarint()
	next.Committed = c.Committed + thing.Time(r.varint())
	next.Received = next.Committed - thing.Time(r.varint())
	if flags&hasDevice != 0 {
		next.Device = next.Committed - thing.Time(r.varint())
	}
	next.Value = r.value(second & 15)
	if flags&hasCause != 0 {
		next.Cause = thing.Cause{Hops: r.byte(), Trace: r.text()}
	}
	if next.Seq < c.Seq || next.Quality > thing.Good || flags >= hasCause<<1 {
		r.bad = true
	}
	*c = next
	return known
}

// reader takes a payload apart; bad is set once when something is missing, and everything after is zero.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.b, r.bad = nil, true
		return nil
	}
	s := r.b[:n]
	r.b = r.b[n:]
	return s
}

func (r *reader) byte() byte {
	if s := r.take(1); s != nil {
		return s[0]
	}
	return 0
}

func (r *reader) uvarint() uint64 {
	u, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.b, r.bad = nil, true
		return 0
	}
	r.b = r.b[n:]
	return u
}

func (r *reader) varint() int64 {
	u := r.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (r *reader) text() string { return string(r.take(r.uvarint())) }

func (r *reader) value(kind byte) thing.Value {
	switch kind {
	case isNull:
		return thing.Null()
	case isFalse, isTrue:
		return thing.Bool(kind == isTrue)
	case isInt:
		return thing.Int(r.varint())
	case isFloat:
		if s := r.take(8); s != nil {
			return thing.Float(math.Float64frombits(binary.LittleEndian.Uint64(s)))
		}
	case isText:
		return thing.String(r.text())
	case isJSON:
		// What was appended was JSON, and the frame's CRC says that it still is.
		if s := r.text(); s != "" && (s[0] == '{' || s[0] == '[') {
			return thing.Document(s)
		}
	}
	r.bad = true
	return thing.Value{}
}
