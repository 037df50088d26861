package twin

import (
	"cmp"
	"context"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"

	"hutong/thing"
)

// Latest reads the newest state of some points, for those who may skip: screens. It costs writers one bit per Change,
// however slow its reader. Next is for one goroutine at a time.
type Latest struct {
	bell
	twin  *Twin
	want  func(thing.Ref) bool
	grow  sync.Mutex
	pages atomic.Pointer[[]*page]
	out   []thing.Change
}

// page is 4,096 points by index: wanted, dirty, and which words of dirty are worth a look.
type page struct {
	wanted [64]atomic.Uint64
	dirty  [64]atomic.Uint64
	words  atomic.Uint64
}

const pageBits = 12

// Latest begins a feed of the points that want says yes to, Things added later too; want is asked once for each
// description of a point, and nil wants all. It must not call the Twin. Close the feed.
func (t *Twin) Latest(want func(thing.Ref) bool) *Latest {
	l := &Latest{bell: newBell(), twin: t, want: want}
	t.dir.edit.Lock() // so that no Thing is missed
	defer t.dir.edit.Unlock()
	for _, e := range t.dir.things {
		l.choose(e)
	}
	t.latest.add(l)
	return l
}

// Next returns the newest Change of each wanted point that has changed in value or quality since Next returned it
// last (for the first call: since the feed began), by Seq, waiting until there is one. Repeat is never set and
// repeats alone are no news, though the same Change may come twice. All points of a Thing that is described anew are
// news, with Seq 0 and quality Unknown where nothing is known. Points of removed Things are left out. The slice is
// good until the next call.
func (l *Latest) Next(ctx context.Context) ([]thing.Change, error) {
	for {
		if err := l.check(ctx); err != nil {
			return nil, err
		}
		if l.sweep(); len(l.out) == 0 {
			l.expect()
			l.sweep()
		}
		if len(l.out) > 0 {
			return l.out, nil
		}
		if err := l.wait(ctx); err != nil {
			return nil, err
		}
	}
}

// Close ends the feed; a Next that waits returns ErrClosed.
func (l *Latest) Close() {
	l.close()
	l.twin.latest.remove(l)
}

// choose notes which points of e are wanted. The caller holds edit.
func (l *Latest) choose(e *entry) {
	for _, s := range e.slots {
		p := l.page(indexOf(s.handle) >> pageBits)
		word, bit := wordOf(s.handle)
		if l.want == nil || l.want(s.ref()) {
			p.wanted[word].Or(bit)
		} else {
			p.wanted[word].And(^bit)
		}
	}
}

// adopt is choose for a Thing that has come, or been described anew: then its values may be of another type, or gone.
func (l *Latest) adopt(e *entry, anew bool) {
	l.choose(e)
	for _, s := range e.slots {
		if (anew || s.state.Quality != thing.Unknown) && l.mark(s.handle) {
			l.rouse()
		}
	}
}

func wordOf(h thing.Handle) (word int, bit uint64) {
	i := indexOf(h)
	return i >> 6 & 63, 1 << (i & 63)
}

// page returns page n, making it if need be.
func (l *Latest) page(n int) *page {
	l.grow.Lock()
	defer l.grow.Unlock()
	var list []*page
	if p := l.pages.Load(); p != nil {
		list = *p
	}
	if n < len(list) {
		return list[n]
	}
	list = slices.Clone(list)
	for len(list) <= n {
		list = append(list, new(page))
	}
	l.pages.Store(&list)
	return list[n]
}

// mark sets the bit of a wanted point: first dirty, then words, which sweep clears in the other order. It says whether
// the reader must be roused: not when the bit was set already, since whoever set it does.
func (l *Latest) mark(h thing.Handle) bool {
	pages := l.pages.Load()
	n := indexOf(h) >> pageBits
	if pages == nil || n >= len(*pages) {
		return false
	}
	p := (*pages)[n]
	word, bit := wordOf(h)
	if p.wanted[word].Load()&bit == 0 || p.dirty[word].Load()&bit != 0 && p.words.Load()>>word&1 != 0 {
		return false
	}
	p.dirty[word].Or(bit)
	p.words.Or(1 << word)
	return true
}

// sweep takes every dirty point into out.
func (l *Latest) sweep() {
	l.out = l.out[:0]
	pages := l.pages.Load()
	if pages == nil {
		return
	}
	for n, p := range *pages {
		if p.words.Load() == 0 {
			continue
		}
		for words := p.words.Swap(0); words != 0; words &= words - 1 {
			word := bits.TrailingZeros64(words)
			for dirty := p.dirty[word].Swap(0); dirty != 0; dirty &= dirty - 1 {
				l.take(n<<pageBits | word<<6 | bits.TrailingZeros64(dirty))
			}
		}
	}
	slices.SortFunc(l.out, func(a, b thing.Change) int { return cmp.Compare(a.Seq, b.Seq) })
}

// take appends the state of the point at index i.
func (l *Latest) take(i int) {
	sh := &l.twin.shards[shardOf(thing.Handle(i))]
	place := placeOf(thing.Handle(i))
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	if place >= len(sh.slots) {
		return
	}
	if s := sh.slots[place]; s.owner != nil {
		l.out = append(l.out, s.change())
	}
}
