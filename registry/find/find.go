// Package find finds texts by pieces of words, as somebody types them: of a million texts in some milliseconds.
//
// The texts are held as they are, 64 to a block, and beside them in which blocks each piece of one, two and three bytes
// occurs: about 25 bytes for a text of 150. A search looks only into blocks that have all pieces of all words.
package find

import (
	"iter"
	"maps"
	"slices"
	"sync"
)

// Index is texts by key. Its zero value is empty. All methods may be called from any goroutine.
type Index struct {
	mu    sync.RWMutex
	base  texts
	fresh map[string][]byte // what is different from base: another text, or nil for none
	order []string          // keys of fresh, sorted; nil when out of date
}

// Put sets the text under key.
func (x *Index) Put(key, text string) { x.change(key, append([]byte{}, text...)) }

// Delete forgets key.
func (x *Index) Delete(key string) { x.change(key, nil) }

func (x *Index) change(key string, text []byte) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.fresh == nil {
		x.fresh = map[string][]byte{}
	}
	x.fresh[key], x.order = text, nil
}

// Text is one text with its key.
type Text struct{ Key, Text []byte }

// Fill gives the index what there was before the first Put and Delete, which come on top of it: list has each key once,
// in order, with its text, both good until the next. An error of list is returned, and then nothing has changed.
func (x *Index) Fill(list iter.Seq2[Text, error]) error {
	var base texts
	for t, err := range list {
		if err != nil {
			return err
		}
		base.add(t.Key, t.Text)
	}
	base.seal()
	x.mu.Lock()
	x.base = base
	x.mu.Unlock()
	return nil
}

// Find gives, in order, the keys whose text has every one of words; without words, all. Who takes them must not call the
// Index.
func (x *Index) Find(words ...string) iter.Seq[string] {
	list := make([][]byte, len(words))
	for i, w := range words {
		list[i] = []byte(w)
	}
	return func(yield func(string) bool) {
		x.settle()
		x.mu.RLock()
		defer x.mu.RUnlock()
		x.each(list, func(key, _ []byte) bool { return yield(string(key)) })
	}
}

// each calls f with every key in order whose text has every word, until it returns false. The caller holds mu, and order
// is not out of date.
func (x *Index) each(words [][]byte, f func(key, text []byte) bool) {
	order, more := x.order, true
	before := func(limit []byte) { // what is fresh and comes before limit; all for nil
		for more && len(order) > 0 && (limit == nil || order[0] < string(limit)) {
			key := order[0]
			order = order[1:]
			if text := x.fresh[key]; text != nil && holds(text, words) {
				more = f([]byte(key), text)
			}
		}
	}
	x.base.each(words, func(key, text []byte) bool {
		before(key)
		if _, other := x.fresh[string(key)]; more && !other {
			more = f(key, text)
		}
		return more
	})
	before(nil)
}

// maxFresh is how much may be different before all is put in order anew, beside a sixteenth of all.
const maxFresh = 1024

// settle puts what is fresh in order, and into base when it has become much.
func (x *Index) settle() {
	x.mu.RLock()
	settled := len(x.fresh) == len(x.order)
	x.mu.RUnlock()
	if settled {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.order = slices.Sorted(maps.Keys(x.fresh))
	if len(x.fresh) <= maxFresh+x.base.count/16 {
		return
	}
	var all texts
	x.each(nil, func(key, text []byte) bool {
		all.add(key, text)
		return true
	})
	all.seal()
	x.base, x.fresh, x.order = all, nil, nil
}
