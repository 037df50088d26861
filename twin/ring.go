package twin

import (
	"sync"

	"hutong/thing"
)

// ringSize is how many of the newest Changes Every readers find in memory; about 2.5 MB.
const ringSize = 1 << 14

// ring holds the newest Changes, each at its Seq modulo ringSize.
type ring struct {
	mu    sync.Mutex
	list  []thing.Change
	first uint64 // Seq of the oldest Change held; last+1 when empty
	last  uint64
}

func (r *ring) start(last uint64) {
	r.list = make([]thing.Change, ringSize)
	r.first, r.last = last+1, last
}

// put appends changes, whose Seqs follow last.
func (r *ring) put(changes []thing.Change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range changes {
		r.list[changes[i].Seq%ringSize] = changes[i]
	}
	r.last += uint64(len(changes))
	if r.last >= ringSize {
		r.first = max(r.first, r.last-ringSize+1)
	}
}

// handful is how many Changes are copied under one hold of the lock, so that a reader delays a writer by less than
// a microsecond.
const handful = 32

// read copies Changes from Seq next on into dst and returns how many. lag is true when next is not held any more;
// edge is then the oldest Seq held.
func (r *ring) read(next uint64, dst []thing.Change) (n int, edge uint64, lag bool) {
	for n < len(dst) {
		k, first := r.copy(next+uint64(n), dst[n:min(len(dst), n+handful)])
		if k < 0 {
			return n, first, n == 0
		}
		n += k
		if k < handful {
			break
		}
	}
	return n, 0, false
}

func (r *ring) copy(next uint64, dst []thing.Change) (n int, first uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if next < r.first {
		return -1, r.first
	}
	for n < len(dst) && next+uint64(n) <= r.last {
		dst[n] = r.list[(next+uint64(n))%ringSize]
		n++
	}
	return n, r.first
}

func (r *ring) end() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}
