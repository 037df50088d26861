package recorder

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"strconv"
	"time"
)

// The record types of MCAP (specification, "Records").
const (
	opHeader        = 0x01
	opFooter        = 0x02
	opSchema        = 0x03
	opChannel       = 0x04
	opMessage       = 0x05
	opChunk         = 0x06
	opMessageIndex  = 0x07
	opChunkIndex    = 0x08
	opStatistics    = 0x0B
	opMetadata      = 0x0C
	opMetadataIndex = 0x0D
	opSummaryOffset = 0x0E
	opDataEnd       = 0x0F
)

const magic = "\x89MCAP0\r\n"

// chainName is the metadata record that ties a file to the one before.
const chainName = "hutong.chain"

// chunkBytes is about how much of the messages goes into one chunk.
const chunkBytes = 512 << 10

// writer builds an MCAP file in memory: an incident is a few megabytes at most.
type writer struct {
	out      []byte
	channels map[string]uint16
	counts   map[uint16]uint64
	sequence uint32
	chunks   []chunkIndex
	chain    [2]int // offset and length of the metadata record
}

type chunkIndex struct {
	start, end             uint64
	offset, length         int
	indexes                map[uint16]int
	indexLength, compacted int
}

// Encode gives the incident as an MCAP file, the number-th of its chain, after one with the digest previous ("" for the
// first).
func (i *Incident) Encode(number int, previous string) []byte {
	w := &writer{out: []byte(magic), channels: map[string]uint16{}, counts: map[uint16]uint64{}}
	w.record(opHeader, w.text(w.text(nil, ""), "hutong"))
	w.chain[0] = len(w.out)
	w.record(opMetadata, w.dictionary(w.text(nil, chainName), map[string]string{
		"number": strconv.Itoa(number), "previous": previous,
		"vehicle": i.Vehicle, "cause": i.Cause, "at": i.At.UTC().Format(time.RFC3339Nano),
		"from": i.From.UTC().Format(time.RFC3339Nano), "to": i.To.UTC().Format(time.RFC3339Nano),
		"also": fmt.Sprint(i.Also), "dropped": strconv.Itoa(i.Dropped),
	}))
	w.chain[1] = len(w.out) - w.chain[0]
	for _, f := range i.Frames {
		if _, has := w.channels[f.Topic]; !has {
			w.channels[f.Topic] = uint16(len(w.channels) + 1)
		}
	}
	for _, frames := range split(i.Frames) {
		w.chunk(i.Vehicle, frames)
	}
	w.record(opDataEnd, u32(nil, 0)) // no CRC of the data: each chunk has its own
	w.summary(i)
	return append(w.out, magic...)
}

func split(frames []Frame) (parts [][]Frame) {
	size, first := 0, 0
	for k := range frames {
		if size += len(frames[k].Data); size >= chunkBytes || k == len(frames)-1 {
			parts = append(parts, frames[first:k+1])
			size, first = 0, k+1
		}
	}
	return parts
}

func (w *writer) chunk(vehicle string, frames []Frame) {
	inner := &writer{}
	w.describe(inner, vehicle)
	c := chunkIndex{indexes: map[uint16]int{}, offset: len(w.out)}
	places := map[uint16][]byte{}
	for _, f := range frames {
		id, at := w.channels[f.Topic], stamp(f.At)
		if c.start == 0 || at < c.start {
			c.start = at
		}
		c.end = max(c.end, at)
		places[id] = u64(u64(places[id], at), uint64(len(inner.out)))
		w.sequence++
		w.counts[id]++
		inner.record(opMessage, append(u64(u64(u32(u16(nil, id), w.sequence), at), at), f.Data...))
	}
	head := u64(u64(u64(nil, c.start), c.end), uint64(len(inner.out)))
	head = w.text(u32(head, crc32.ChecksumIEEE(inner.out)), "")
	w.record(opChunk, append(u64(head, uint64(len(inner.out))), inner.out...))
	c.length, c.compacted = len(w.out)-c.offset, len(inner.out)
	before := len(w.out)
	for _, id := range slices.Sorted(maps.Keys(places)) {
		c.indexes[id] = len(w.out)
		w.record(opMessageIndex, append(u32(u16(nil, id), uint32(len(places[id]))), places[id]...))
	}
	c.indexLength = len(w.out) - before
	w.chunks = append(w.chunks, c)
}

// describe writes the schema and the channels.
func (w *writer) describe(to *writer, vehicle string) {
	schema := w.text(w.text(u16(nil, 1), "hutong.json"), "jsonschema")
	to.record(opSchema, append(u32(schema, 2), "{}"...))
	for _, topic := range w.topics() {
		b := w.text(w.text(u16(u16(nil, w.channels[topic]), 1), "/"+vehicle+"/"+topic), "json")
		to.record(opChannel, w.dictionary(b, nil))
	}
}

func (w *writer) topics() []string {
	return slices.SortedFunc(maps.Keys(w.channels), func(a, b string) int { return int(w.channels[a]) - int(w.channels[b]) })
}

// summary writes the index at the end, which lets a reader go where it wants at once.
func (w *writer) summary(i *Incident) {
	start := len(w.out)
	var offsets [][3]int
	group := func(op int, write func()) {
		from := len(w.out)
		if write(); len(w.out) > from {
			offsets = append(offsets, [3]int{op, from, len(w.out) - from})
		}
	}
	both := &writer{}
	w.describe(both, i.Vehicle)
	schema := 9 + int(binary.LittleEndian.Uint64(both.out[1:]))
	group(opSchema, func() { w.out = append(w.out, both.out[:schema]...) })
	group(opChannel, func() { w.out = append(w.out, both.out[schema:]...) })
	group(opStatistics, func() { w.statistics() })
	group(opMetadataIndex, func() {
		w.record(opMetadataIndex, w.text(u64(u64(nil, uint64(w.chain[0])), uint64(w.chain[1])), chainName))
	})
	group(opChunkIndex, func() {
		for _, c := range w.chunks {
			b := u64(u64(u64(u64(nil, c.start), c.end), uint64(c.offset)), uint64(c.length))
			b = u32(b, uint32(10*len(c.indexes)))
			for _, id := range slices.Sorted(maps.Keys(c.indexes)) {
				b = u64(u16(b, id), uint64(c.indexes[id]))
			}
			b = w.text(u64(b, uint64(c.indexLength)), "")
			w.record(opChunkIndex, u64(u64(b, uint64(c.compacted)), uint64(c.compacted)))
		}
	})
	offsetStart := len(w.out)
	for _, o := range offsets {
		w.record(opSummaryOffset, u64(u64([]byte{byte(o[0])}, uint64(o[1])), uint64(o[2])))
	}
	head := u64(u64(u64([]byte{opFooter}, 20), uint64(start)), uint64(offsetStart))
	w.out = append(w.out, head...)
	w.out = u32(w.out, crc32.ChecksumIEEE(w.out[start:]))
}

func (w *writer) statistics() {
	var messages, start, end uint64
	for _, n := range w.counts {
		messages += n
	}
	for _, c := range w.chunks {
		if start == 0 || c.start < start {
			start = c.start
		}
		end = max(end, c.end)
	}
	b := u32(u32(u16(u64(nil, messages), 1), uint32(len(w.channels))), 0)
	b = u64(u64(u32(u32(b, 1), uint32(len(w.chunks))), start), end)
	b = u32(b, uint32(10*len(w.counts)))
	for _, id := range slices.Sorted(maps.Keys(w.counts)) {
		b = u64(u16(b, id), w.counts[id])
	}
	w.record(opStatistics, b)
}

func (w *writer) record(op byte, content []byte) {
	w.out = append(u64(append(w.out, op), uint64(len(content))), content...)
}

func (w *writer) text(b []byte, s string) []byte { return append(u32(b, uint32(len(s))), s...) }

func (w *writer) dictionary(b []byte, d map[string]string) []byte {
	var all []byte
	for _, k := range slices.Sorted(maps.Keys(d)) {
		all = w.text(w.text(all, k), d[k])
	}
	return append(u32(b, uint32(len(all))), all...)
}

func stamp(t time.Time) uint64 { return uint64(max(0, t.UnixNano())) }

func u16(b []byte, x uint16) []byte { return binary.LittleEndian.AppendUint16(b, x) }
func u32(b []byte, x uint32) []byte { return binary.LittleEndian.AppendUint32(b, x) }
func u64(b []byte, x uint64) []byte { return binary.LittleEndian.AppendUint64(b, x) }

// chainOf gives the chain's record of a file which Encode made. Anything else is an error.
func chainOf(file []byte) (map[string]string, error) {
	if !bytes.HasPrefix(file, []byte(magic)) || !bytes.HasSuffix(file, []byte(magic)) {
		return nil, errors.New("is not a whole MCAP file")
	}
	rest := file[len(magic):]
	for len(rest) >= 9 {
		op, size := rest[0], binary.LittleEndian.Uint64(rest[1:])
		if size > uint64(len(rest)-9) {
			break
		}
		content := rest[9 : 9+size]
		rest = rest[9+size:]
		if op != opMetadata {
			continue
		}
		name, content, ok := cutText(content)
		if !ok || name != chainName || len(content) < 4 {
			continue
		}
		content = content[4:]
		d := map[string]string{}
		for len(content) > 0 {
			var k, v string
			if k, content, ok = cutText(content); ok {
				v, content, ok = cutText(content)
			}
			if !ok {
				return nil, errors.New("has a broken chain record")
			}
			d[k] = v
		}
		return d, nil
	}
	return nil, errors.New("has no chain record: Hutong didn't write it")
}

func cutText(b []byte) (string, []byte, bool) {
	if len(b) < 4 {
		return "", nil, false
	}
	n := binary.LittleEndian.Uint32(b)
	if uint64(n) > uint64(len(b)-4) {
		return "", nil, false
	}
	return string(b[4 : 4+n]), b[4+n:], true
}
