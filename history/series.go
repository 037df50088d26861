package history

import (
	"cmp"
	"math"
	"slices"
	"time"

	"hutong/thing"
)

func floatBits(v thing.Value) uint64 { return math.Float64bits(v.Float()) }

func floatValue(bits uint64) thing.Value { return thing.Float(math.Float64frombits(bits)) }

// series is what the store knows of one ref. It is guarded by the store's lock.
type series struct {
	ref        thing.Ref
	next       *series // of the same hash
	number     uint32
	resolution time.Duration
	retention  time.Duration
	cut        thing.Time  // samples before this are too old to be shown; always when none is
	state      thing.State // what the last change brought
	open       *buffer     // samples not sealed yet; nil when there are none
	frozen     *buffer     // samples being sealed
}

// always is before all times.
const always = thing.Time(-1 << 63)

// buffer holds samples in memory, the latest as they came, the others in chunks.
type buffer struct {
	chunks []memChunk
	tail   []Sample
	texts  int         // bytes of the texts in tail
	state  thing.State // when frozen: what the last of them brought
}

type memChunk struct {
	data     []byte
	count    int
	min, max thing.Time
}

// memChunkLen is how many samples gather before they are packed.
const memChunkLen = 128

// take adds one change.
func (x *series) take(c *thing.Change, codec *codec) {
	old := x.state
	x.state = thing.State{
		Value: c.Value, Quality: c.Quality, Device: c.Device, Received: c.Received, Committed: c.Committed,
		Since: c.Committed, Seq: c.Seq,
	}
	if old.Seq != 0 && old.Value.Equal(c.Value) {
		x.state.Since = old.Since
	}
	if x.open == nil {
		x.open = &buffer{}
	}
	b := x.open
	b.tail = append(b.tail, Sample{Time: roundDown(sampleTime(c), x.resolution), Value: c.Value, Quality: c.Quality})
	b.texts += textLen(c.Value)
	if len(b.tail) >= memChunkLen || b.texts >= chunkTexts {
		b.pack(codec)
	}
}

// maxAhead is how far a device's clock may be ahead before its time is not believed. A clock that is behind cannot be
// told from a report that was kept back.
const maxAhead = thing.Time(10 * time.Minute)

// sampleTime is when the device says it was so, else when it was received, else when it was taken in order.
func sampleTime(c *thing.Change) thing.Time {
	received := cmp.Or(c.Received, c.Committed)
	if c.Device == 0 || c.Device-maxAhead > received {
		return received
	}
	return c.Device
}

// roundDown gives the highest multiple of step that is not above t.
func roundDown(t thing.Time, step time.Duration) thing.Time {
	if step <= 0 {
		return t
	}
	rest := int64(t) % int64(step)
	if rest < 0 {
		rest += int64(step)
	}
	if low := t - thing.Time(rest); low <= t {
		return low
	}
	return t // the multiple lies before the beginning of time
}

// pack makes a chunk of the tail.
func (b *buffer) pack(codec *codec) {
	sortByTime(b.tail)
	n := len(b.tail)
	b.chunks = append(b.chunks, memChunk{
		data: codec.chunk(b.tail), count: n, min: b.tail[0].Time, max: b.tail[n-1].Time,
	})
	clear(b.tail)
	b.tail, b.texts = b.tail[:0], 0
}

// sortByTime keeps the order of samples of one time.
func sortByTime(list []Sample) {
	before := func(a, b Sample) int { return cmp.Compare(a.Time, b.Time) }
	if !slices.IsSortedFunc(list, before) {
		slices.SortStableFunc(list, before)
	}
}

// samples decodes everything in the buffer, in order of time.
func (b *buffer) samples(dst []Sample, codec *codec) ([]Sample, error) {
	var err error
	for _, c := range b.chunks {
		if dst, err = codec.decodeChunk(dst, c.data); err != nil {
			return nil, err
		}
	}
	dst = append(dst, b.tail...)
	sortByTime(dst)
	return dst, nil
}
