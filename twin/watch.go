package twin

import (
	"context"
	"slices"
	"strings"
	"sync"

	"hutong/thing"
)

// What says what happened to a Thing in the directory.
type What uint8

// The three things that can happen.
const (
	Added What = iota
	Changed
	Removed
)

// String returns "added", "changed" or "removed".
func (w What) String() string { return [...]string{"added", "changed", "removed"}[w] }

// News is one difference between the directory as a Watch last told it and now.
type News struct {
	What  What
	ID    thing.ID
	Thing *thing.Thing // nil when removed
}

// Watch reads what happens to the directory, newest per Thing. It holds at most one entry for each Thing that came,
// changed or went since the last Next. Next is for one goroutine at a time.
type Watch struct {
	bell
	twin *Twin
	mu   sync.Mutex
	news map[thing.ID]news
}

type news struct {
	known bool         // the reader has been told of the Thing, or it was there when the Watch began
	now   *thing.Thing // nil when it is gone
}

// Watch begins with what happens after now: call it before Things to miss nothing. Close it.
func (t *Twin) Watch() *Watch {
	w := &Watch{bell: newBell(), twin: t, news: make(map[thing.ID]news)}
	t.dir.edit.Lock() // so that no Thing is half told
	defer t.dir.edit.Unlock()
	t.watches.add(w)
	return w
}

// note is told by the directory, in order.
func (w *Watch) note(id thing.ID, now *thing.Thing, known bool) {
	w.mu.Lock()
	n, ok := w.news[id]
	if !ok {
		n.known = known
	}
	n.now = now
	if n.known || now != nil {
		w.news[id] = n
	} else {
		delete(w.news, id) // came and went between two looks
	}
	w.mu.Unlock()
	w.rouse()
}

// Next returns what is different from what it told last, sorted by id, waiting until there is something.
func (w *Watch) Next(ctx context.Context) ([]News, error) {
	for {
		if err := w.check(ctx); err != nil {
			return nil, err
		}
		list := w.take()
		if len(list) == 0 {
			w.expect()
			list = w.take()
		}
		if len(list) > 0 {
			return list, nil
		}
		if err := w.wait(ctx); err != nil {
			return nil, err
		}
	}
}

func (w *Watch) take() []News {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.news) == 0 {
		return nil
	}
	list := make([]News, 0, len(w.news))
	for id, n := range w.news {
		x := News{ID: id, Thing: n.now}
		switch {
		case n.now == nil:
			x.What = Removed
		case n.known:
			x.What = Changed
		}
		list = append(list, x)
	}
	clear(w.news)
	slices.SortFunc(list, func(a, b News) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return list
}

// Close ends the feed; a Next that waits returns ErrClosed.
func (w *Watch) Close() {
	w.close()
	w.twin.watches.remove(w)
}
