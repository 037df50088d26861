package twin

import (
	"fmt"
	"math/bits"
	"sync"
	"sync/atomic"

	"hutong/thing"
)

// A Handle is shard (6 bits), place in the shard (18 bits, never 0) and generation (8 bits). The lower 24 bits are
// the index by which feeds know a point; the generation keeps a spent handle from meaning its place's next owner. It
// begins at 0, so that handles stay small and their users may keep tables.
const (
	shardBits  = 6
	shardCount = 1 << shardBits
	placeBits  = 18
	indexBits  = shardBits + placeBits
	indexMask  = 1<<indexBits - 1
)

func indexOf(h thing.Handle) int      { return int(h & indexMask) }
func shardOf(h thing.Handle) int      { return int(h & (shardCount - 1)) }
func placeOf(h thing.Handle) int      { return int(h & indexMask >> shardBits) }
func generation(h thing.Handle) uint8 { return uint8(h >> indexBits) }

func makeHandle(shard, place int, gen uint8) thing.Handle {
	return thing.Handle(uint32(gen)<<indexBits | uint32(place)<<shardBits | uint32(shard))
}

// shard holds the slots of some Things. Who writes holds turn for as long as judging and logging take, and mu only
// while slots are written; who reads holds mu. So a slow Log delays writers and no reader.
type shard struct {
	turn  sync.Mutex
	mu    sync.RWMutex
	slots []*slot
	free  []int // places to use again, oldest first
	live  int
}

// slot is the live state of one property or event.
type slot struct {
	handle thing.Handle
	owner  *entry // nil when free
	point  *thing.Point
	state  thing.State
	cause  thing.Cause
	held   thing.Quality        // what a value taken while offline was reported as; 0 for none
	queued int                  // 1 + place of its newest Change in the work at hand; 0 between
	asks   atomic.Pointer[asks] // Commands whose echo is awaited; nil for most
}

func (s *slot) ref() thing.Ref {
	return s.owner.thing.Ref(s.point)
}

// change is the newest Change of s as a Latest reader gets it.
func (s *slot) change() thing.Change {
	return thing.Change{
		Ref: s.ref(), Point: s.handle, Value: s.state.Value, Quality: s.state.Quality, Device: s.state.Device,
		Received: s.state.Received, Committed: s.state.Committed, Seq: s.state.Seq, Cause: s.cause,
	}
}

// find returns the slot h names, nil when it names nothing any more. The caller holds turn or mu.
func (s *shard) find(h thing.Handle) *slot {
	p := placeOf(h)
	if p >= len(s.slots) {
		return nil
	}
	if x := s.slots[p]; x.handle == h && x.owner != nil {
		return x
	}
	return nil
}

// take gives a free slot to an owner. The caller holds turn and mu.
func (s *shard) take(n int, owner *entry, p *thing.Point) *slot {
	s.live++
	if len(s.free) > 0 {
		place := s.free[0]
		s.free = s.free[1:]
		x := &slot{handle: makeHandle(n, place, generation(s.slots[place].handle)+1), owner: owner, point: p}
		s.slots[place] = x
		return x
	}
	if len(s.slots) == 0 {
		s.slots = append(s.slots, new(slot)) // nobody's, so that no handle is 0
	}
	x := &slot{handle: makeHandle(n, len(s.slots), 0), owner: owner, point: p}
	s.slots = append(s.slots, x)
	return x
}

// release frees a slot. The caller holds turn and mu.
func (s *shard) release(x *slot) {
	s.live--
	s.free = append(s.free, placeOf(x.handle))
	s.slots[placeOf(x.handle)] = &slot{handle: x.handle}
	x.owner = nil
}

// room says whether n more slots fit.
func (s *shard) room(n int) error {
	if s.live+n >= 1<<placeBits {
		return fmt.Errorf("twin: %d more points do not fit: at most %d are held", n, shardCount<<placeBits)
	}
	return nil
}

// lock takes the turn of every shard named in mask, lowest first, so that no two writers wait for each other.
func (t *Twin) lock(mask uint64) {
	for m := mask; m != 0; m &= m - 1 {
		t.shards[bits.TrailingZeros64(m)].turn.Lock()
	}
}

func (t *Twin) unlock(mask uint64) {
	for m := mask; m != 0; m &= m - 1 {
		t.shards[bits.TrailingZeros64(m)].turn.Unlock()
	}
}
