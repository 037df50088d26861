package history

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"hutong/history/gather"
	"hutong/history/pack"
	"hutong/thing"
)

// A segment file holds the chunks of many series over one run of Seqs: a magic, the chunks series by series, an index,
// a footer. It never changes once it has its name.
const (
	magic         = "hutongH\x02"
	segmentSuffix = ".history"
	tempSuffix    = ".tmp"
	footerSize    = 72
	indexPlain    = 0
	indexZstd     = 1
	maxIndex      = 1 << 30
	maxLevel      = 3
	rollupFormat  = 2 // from this format on there are rollups
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// span is what a segment's name says: the Seqs it covers, and how often that run has been written anew.
type span struct {
	from, to   uint64
	generation uint16
}

func (s span) name() string {
	return fmt.Sprintf("%016x-%016x-%04x%s", s.from, s.to, s.generation, segmentSuffix)
}

// parseName reads what name wrote; false for a file that is no segment.
func parseName(name string) (s span, ok bool) {
	name, ok = strings.CutSuffix(name, segmentSuffix)
	if !ok || len(name) != 38 || name[16] != '-' || name[33] != '-' {
		return s, false
	}
	var errs [3]error
	var generation uint64
	s.from, errs[0] = strconv.ParseUint(name[:16], 16, 64)
	s.to, errs[1] = strconv.ParseUint(name[17:33], 16, 64)
	generation, errs[2] = strconv.ParseUint(name[34:], 16, 16)
	s.generation = uint16(generation)
	return s, errors.Join(errs[:]...) == nil && s.from <= s.to
}

// replaces says that s was written to take the place of o.
func (s span) replaces(o span) bool {
	return s.from <= o.from && s.to >= o.to && (s.from != o.from || s.to != o.to || s.generation > o.generation)
}

// segment is an open segment file. Only refs and hurt change.
type segment struct {
	span
	level    byte
	samples  int
	bytes    int64
	min, max thing.Time
	entries  []entry // by series
	chunks   []chunkAt
	file     File

	refs atomic.Int32 // one for the store, one for each reader
	hurt atomic.Bool  // a chunk was found damaged
}

func (s *segment) isHurt() bool { return s.hurt.Load() }

// entry says where a series' chunks begin in segment.chunks; they end where the next entry's begin. In the file its rollup,
// of so many bytes with their CRC, comes after its last chunk.
type entry struct {
	series uint32
	first  uint32
	rollup uint32
}

// chunkAt says where a chunk lies and what it covers.
type chunkAt struct {
	off      int64
	length   uint32 // with its CRC
	count    uint32
	min, max thing.Time
}

// of returns the chunks of a series, in order of their first time, and the length of its rollup.
func (s *segment) of(series uint32) (list []chunkAt, rollup uint32) {
	i, ok := slices.BinarySearchFunc(s.entries, series, func(e entry, n uint32) int { return cmp.Compare(e.series, n) })
	if !ok {
		return nil, 0
	}
	last := len(s.chunks)
	if i+1 < len(s.entries) {
		last = int(s.entries[i+1].first)
	}
	return s.chunks[s.entries[i].first:last], s.entries[i].rollup
}

// release gives back one hold on the file; the last one closes it.
func (s *segment) release() {
	if s.refs.Add(-1) == 0 {
		_ = s.file.Close() // it was only read
	}
}

// read returns the bytes of a chunk, checked, in b's memory or in more.
func (s *segment) read(c chunkAt, b []byte) ([]byte, error) {
	b = pack.Sized(b, int(c.length))
	if _, err := s.file.ReadAt(b, c.off); err != nil {
		return b, fmt.Errorf("%s: %w", s.name(), err)
	}
	body := b[:len(b)-4]
	if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(b[len(b)-4:]) {
		return b, fmt.Errorf("%s: the chunk at %d is %w", s.name(), c.off, pack.ErrDamaged)
	}
	return body, nil
}

// columns takes a chunk apart; what the index says of the number of its samples must be so.
func (s *segment) columns(x *columns, c chunkAt, codec *codec) (err error) {
	x.file, err = s.read(c, x.file)
	if err == nil {
		if err = x.read(x.file, codec); err == nil && len(x.times) != int(c.count) {
			err = pack.ErrDamaged
		}
		if err != nil {
			err = fmt.Errorf("%s: the chunk at %d: %w", s.name(), c.off, err)
		}
	}
	if errors.Is(err, pack.ErrDamaged) {
		s.hurt.Store(true)
	}
	return err
}

// rollup reads the rollup of a series, of which these are all chunks, as far as agg needs it.
func (s *segment) rollup(chunks []chunkAt, length uint32, agg string) (*gather.Rollup, error) {
	last := chunks[len(chunks)-1]
	at := chunkAt{off: last.off + int64(last.length), length: length}
	data, err := s.read(at, nil)
	if err != nil {
		return nil, err
	}
	samples := 0
	for _, c := range chunks {
		samples += int(c.count)
	}
	x, err := gather.Read(data, agg, samples, chunks[0].min, last.max)
	if err != nil {
		err = fmt.Errorf("%s: at %d: %w", s.name(), at.off, err)
	}
	return x, err
}

// record is what the index holds of one series.
type record struct {
	ref    thing.Ref
	state  thing.State // as of the segment's last Seq
	chunks []chunkAt
	rollup uint32 // the length of its rollup with CRC; 0 when there is none
}

// segmentWriter writes a segment under a temporary name. Series must come in order of Ref.
type segmentWriter struct {
	file    File
	out     *bufio.Writer
	codec   *codec
	off     int64
	records []record
	buf     []byte
	rest    []Sample      // of the series being written, not in a chunk yet
	roller  gather.Roller // of that series
	samples int
	err     error
}

func newSegmentWriter(f File, c *codec) *segmentWriter {
	w := &segmentWriter{file: f, out: bufio.NewWriterSize(f, 256<<10), codec: c}
	w.write([]byte(magic))
	return w
}

func (w *segmentWriter) write(b []byte) {
	if w.err == nil {
		_, w.err = w.out.Write(b)
	}
	w.off += int64(len(b))
}

// begin begins a series; its samples follow by add, in order of time, and end.
func (w *segmentWriter) begin(ref thing.Ref, state thing.State) {
	w.roller.Reset()
	w.records = append(w.records, record{ref: ref, state: state})
}

func (w *segmentWriter) add(list []Sample) {
	w.roller.Add(list)
	w.rest = append(w.rest, list...)
	done := 0
	for n, full := chunkLen(w.rest); full; n, full = chunkLen(w.rest[done:]) {
		w.chunk(w.rest[done : done+n])
		done += n
	}
	w.rest = slices.Delete(w.rest, 0, done)
}

func (w *segmentWriter) end() {
	if len(w.rest) > 0 {
		w.chunk(w.rest)
		w.rest = w.rest[:0]
	}
	rec := &w.records[len(w.records)-1]
	samples := 0
	for _, c := range rec.chunks {
		samples += int(c.count)
	}
	if w.buf = w.roller.Append(w.buf[:0], samples); len(w.buf) > 0 {
		rec.rollup = w.checked()
	}
}

func (w *segmentWriter) chunk(list []Sample) {
	rec := &w.records[len(w.records)-1]
	w.buf = w.codec.appendChunk(w.buf[:0], list)
	at := chunkAt{off: w.off, count: uint32(len(list)), min: list[0].Time, max: list[len(list)-1].Time}
	at.length = w.checked()
	rec.chunks = append(rec.chunks, at)
	w.samples += len(list)
}

// checked writes what is in buf and its CRC, and returns their length.
func (w *segmentWriter) checked() uint32 {
	w.buf = binary.LittleEndian.AppendUint32(w.buf, crc32.Checksum(w.buf, castagnoli))
	w.write(w.buf)
	return uint32(len(w.buf))
}

// sealedChunk is how many samples a chunk of a segment has: enough that its head weighs nothing, few enough that
// reading a little of it costs little.
const sealedChunk = 1024

// chunkLen is how many samples of list go into the next chunk, and whether they fill it.
func chunkLen(list []Sample) (n int, full bool) {
	texts := 0
	for n < len(list) && n < sealedChunk && texts < chunkTexts {
		texts += textLen(list[n].Value)
		n++
	}
	return n, n == sealedChunk || texts >= chunkTexts
}

func textLen(v thing.Value) int {
	switch v.Type() {
	case thing.Text:
		return len(v.Text())
	case thing.Object, thing.Array:
		return len(v.Document())
	}
	return 0
}

// finish writes index and footer and syncs the file.
func (w *segmentWriter) finish(s span, level byte) error {
	index := appendIndex(nil, w.records)
	form := byte(indexPlain)
	size := len(index)
	if z := w.codec.enc.EncodeAll(index, nil); len(z) < len(index) {
		form, index = indexZstd, z
	}
	le := binary.LittleEndian
	foot := le.AppendUint64(nil, uint64(w.off))
	foot = le.AppendUint32(foot, uint32(len(index)))
	foot = le.AppendUint32(foot, uint32(size))
	foot = le.AppendUint64(foot, s.from)
	foot = le.AppendUint64(foot, s.to)
	foot = le.AppendUint64(foot, uint64(w.samples))
	foot = append(foot, form, level, 0, 0)
	foot = le.AppendUint32(foot, crc32.Checksum(index, castagnoli))
	foot = append(foot, make([]byte, footerSize-12-len(foot))...)
	foot = le.AppendUint32(foot, footerSum(foot))
	foot = append(foot, magic...)
	w.write(index)
	w.write(foot)
	if w.err == nil {
		w.err = w.out.Flush()
	}
	if w.err == nil {
		w.err = w.file.Sync()
	}
	return w.err
}

// footerSum covers the first 60 bytes and, against the order of the file, nothing else but the magic that ends it: the
// format's number is in there, and must not be taken for a later one because a bit fell over.
func footerSum(foot []byte) uint32 {
	end := []byte(magic)
	if len(foot) == footerSize {
		end = foot[64:]
	}
	return crc32.Update(crc32.Checksum(foot[:60], castagnoli), castagnoli, end)
}

func appendIndex(dst []byte, list []record) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(list)))
	prev, base := "", thing.Time(0)
	for _, rec := range list {
		dst, prev = appendRef(dst, rec.ref, prev)
		dst = appendState(dst, rec.state)
		dst = binary.AppendUvarint(dst, uint64(len(rec.chunks)))
		for _, c := range rec.chunks {
			dst = binary.AppendUvarint(dst, uint64(c.length))
			dst = binary.AppendUvarint(dst, uint64(c.count))
			dst = binary.AppendVarint(dst, int64(c.min-base))
			dst = binary.AppendUvarint(dst, uint64(c.max-c.min))
			base = c.min
		}
		dst = binary.AppendUvarint(dst, uint64(rec.rollup))
	}
	return dst
}

// appendRef writes a ref; prev is the thing of the one before, of which only the common beginning's length is written.
func appendRef(dst []byte, ref thing.Ref, prev string) (out []byte, id string) {
	id = string(ref.Thing)
	n := 0
	for n < len(id) && n < len(prev) && id[n] == prev[n] {
		n++
	}
	dst = binary.AppendUvarint(dst, uint64(n))
	dst = pack.AppendText(dst, id[n:])
	dst = append(dst, byte(ref.Kind))
	return pack.AppendText(dst, ref.Name), id
}

func readRef(r *pack.Reader, prev string) (ref thing.Ref) {
	n := r.Uvarint()
	if n > uint64(len(prev)) {
		r.Fail()
		return ref
	}
	ref.Thing = thing.ID(prev[:n] + r.Text())
	ref.Kind = thing.Kind(r.Byte())
	ref.Name = r.Text()
	if ref.Kind > thing.Event {
		r.Fail()
	}
	return ref
}

func appendState(dst []byte, s thing.State) []byte {
	dst = append(dst, kindOf(s.Value)|byte(s.Quality)<<4)
	dst = binary.AppendUvarint(dst, s.Seq)
	dst = binary.AppendVarint(dst, int64(s.Committed))
	dst = binary.AppendVarint(dst, int64(s.Committed-s.Received))
	dst = binary.AppendVarint(dst, int64(s.Committed-s.Since))
	dst = binary.AppendVarint(dst, int64(s.Device))
	switch kindOf(s.Value) {
	case isInt:
		return binary.AppendVarint(dst, s.Value.Int())
	case isFloat:
		return binary.LittleEndian.AppendUint64(dst, floatBits(s.Value))
	case isText:
		return pack.AppendText(dst, s.Value.Text())
	case isJSON:
		return pack.AppendText(dst, string(s.Value.AppendJSON(nil)))
	}
	return dst
}

func readState(r *pack.Reader) (s thing.State) {
	first := r.Byte()
	s.Quality = thing.Quality(first >> 4)
	s.Seq = r.Uvarint()
	s.Committed = thing.Time(r.Varint())
	s.Received = s.Committed - thing.Time(r.Varint())
	s.Since = s.Committed - thing.Time(r.Varint())
	s.Device = thing.Time(r.Varint())
	ok := true
	switch kind := first & 15; kind {
	case isNull:
	case isFalse, isTrue:
		s.Value = thing.Bool(kind == isTrue)
	case isInt:
		s.Value = thing.Int(r.Varint())
	case isFloat:
		s.Value = floatValue(r.Uint64())
	case isText:
		s.Value = thing.String(r.Text())
	case isJSON:
		s.Value, ok = docValue(r.Take(r.Uvarint()))
	default:
		ok = false
	}
	if !ok || s.Quality > thing.Good {
		r.Fail()
	}
	return s
}

// parseIndex reads what appendIndex wrote in this format or an earlier one; chunks and rollups lie one after the other up to end.
func parseIndex(data []byte, end int64, format byte) ([]record, error) {
	r := pack.Reader{B: data}
	var list []record
	prev, base := "", thing.Time(0)
	off := int64(len(magic))
	for n := r.Uvarint(); n > 0 && !r.Bad; n-- {
		rec := record{ref: readRef(&r, prev)}
		prev = string(rec.ref.Thing)
		rec.state = readState(&r)
		for c := r.Uvarint(); c > 0 && !r.Bad; c-- {
			at := chunkAt{off: off, length: uint32(r.Uvarint()), count: uint32(r.Uvarint())}
			at.min = base + thing.Time(r.Varint())
			at.max = at.min + thing.Time(r.Uvarint())
			base = at.min
			off += int64(at.length)
			if at.length < 5 || at.max < at.min || at.count == 0 || at.count > maxChunk || off > end {
				r.Fail()
			}
			rec.chunks = append(rec.chunks, at)
		}
		if format >= rollupFormat {
			rec.rollup = uint32(r.Uvarint())
			if off += int64(rec.rollup); rec.rollup > 0 && (rec.rollup < 5 || len(rec.chunks) == 0) || off > end {
				r.Fail()
			}
		}
		list = append(list, rec)
	}
	if r.Bad || len(r.B) > 0 || off != end {
		return nil, fmt.Errorf("index: %w", pack.ErrDamaged)
	}
	return list, nil
}

// openSegment reads and checks footer and index. The records are for the caller to enter; entries are not set.
func openSegment(f File, name span, c *codec) (*segment, []record, error) {
	size, err := f.Size()
	if err != nil {
		return nil, nil, err
	}
	foot := make([]byte, footerSize)
	if size < int64(len(magic)+footerSize) {
		return nil, nil, fmt.Errorf("footer: %w", pack.ErrDamaged)
	}
	if _, err := f.ReadAt(foot, size-footerSize); err != nil {
		return nil, nil, err
	}
	le := binary.LittleEndian
	if string(foot[64:71]) != magic[:7] || le.Uint32(foot[60:]) != footerSum(foot) {
		return nil, nil, fmt.Errorf("footer: %w", pack.ErrDamaged)
	}
	if foot[71] > magic[7] {
		return nil, nil, errNewer
	}
	off, length, plain := int64(le.Uint64(foot)), le.Uint32(foot[8:]), le.Uint32(foot[12:])
	s := &segment{span: name, bytes: size, level: foot[41], samples: int(le.Uint64(foot[32:])), file: f}
	if off < int64(len(magic)) || off+int64(length) != size-footerSize || plain > maxIndex ||
		s.from != le.Uint64(foot[16:]) || s.to != le.Uint64(foot[24:]) {
		return nil, nil, fmt.Errorf("footer: %w", pack.ErrDamaged)
	}
	index := make([]byte, length)
	if _, err := f.ReadAt(index, off); err != nil {
		return nil, nil, err
	}
	if crc32.Checksum(index, castagnoli) != le.Uint32(foot[44:]) {
		return nil, nil, fmt.Errorf("index: %w", pack.ErrDamaged)
	}
	if foot[40] == indexZstd {
		if index, err = c.big.DecodeAll(index, nil); err != nil || len(index) != int(plain) {
			return nil, nil, fmt.Errorf("index: %w", pack.ErrDamaged)
		}
	}
	records, err := parseIndex(index, off, foot[71])
	return s, records, err
}
