// Package mould reads texts that are most often one text but for a few words: a thousand rooms have a thousand sensors of
// one make, and one rule a thousand times. The first of a kind are read as any text is; of the others only the words that
// differ are looked at, and what they have in common stands in memory once.
//
// A word that may differ is of small letters and digits, with a digit in it: a number, a serial number, a part of a UUID. One
// behind % or \ is none, since it may be an escape. Which of them may differ is tried: a text is read with a mark in the
// word's place, and the word is free when that is what the text itself is read as, but for the mark, and this in nothing but
// the strings that are said to be the text's own. Of numbers, times and escapes no reader makes that, nor of words that say
// what others mean.
package mould

import (
	"bytes"
	"cmp"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// Moulds read texts as values of T. They are for use by many goroutines.
type Moulds[T any] struct {
	read func(text []byte) (T, bool)
	own  func(T) (T, []*string)

	mu    sync.Mutex
	kinds map[string]*kind[T] // by the text without its words
	never *Cast[T]            // in the place of one that can't be made
}

// kind is all texts that are alike but for their words.
type kind[T any] struct {
	free  []bool              // which words may be any; nil until a second text came
	casts map[string]*Cast[T] // by the other words, and which words are the same; nil for what came once
}

// Cast is what one kind of text is read as, with marks where the words go.
type Cast[T any] struct {
	of     T
	own    func(T) (T, []*string)
	blanks []blank
}

// New makes Moulds. Read reads a text, false when it can't or shall not be cast; it is the same for every text, and where
// words are compared for more than being the same, as in a sorted list, it says false. Own copies a value as deep as it takes to set the
// strings that a text may have as its own, and says where they are, always as many for one value.
func New[T any](read func(text []byte) (T, bool), own func(T) (T, []*string)) *Moulds[T] {
	return &Moulds[T]{read: read, own: own, kinds: map[string]*kind[T]{}, never: &Cast[T]{}}
}

const (
	maxText  = 64 << 10
	maxWords = 128
	maxWord  = 40 // shorter than a mark: what is read with marks breaks no limit without
)

// mark stands in the place of word i.
func mark(i int) string {
	b := []byte("q0000000000000000000000000000000000000000000000z")
	for at := len(b) - 2; i > 0; at, i = at-1, i/10 {
		b[at] += byte(i % 10)
	}
	return string(b)
}

// Cast gives what a text of this kind is read as, and the words of this one: together they are the value. Nil says that
// the text is to be read as it is.
func (m *Moulds[T]) Cast(text []byte) (c *Cast[T], words string) {
	if len(text) > maxText || bytes.IndexByte(text, 0) >= 0 {
		return nil, ""
	}
	var room [4 << 10]byte
	shape, words, n := cut(room[:0], text)
	if n == 0 || n > maxWords {
		return nil, ""
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	k := m.kinds[string(shape)]
	if k == nil {
		m.kinds[string(shape)] = &kind[T]{casts: map[string]*Cast[T]{}}
		return nil, ""
	}
	list := strings.Fields(words)
	if k.free == nil {
		k.free = m.try(text, shape, list)
	}
	var rest []byte
	for i, w := range list {
		if rest = append(rest, byte(slices.Index(list, w))); !k.free[i] {
			rest = append(append(rest, w...), ' ')
		}
	}
	c, before := k.casts[string(rest)]
	if before && c == nil {
		if want, ok := m.read(text); ok {
			c = m.cast(want, shape, list, k.free)
		}
		c = cmp.Or(c, m.never)
	}
	k.casts[string(rest)] = c
	if c == m.never {
		return nil, ""
	}
	return c, words
}

// cut appends to shape the text with a 0 byte for each word that may differ, and gives these words, a blank behind each, and how
// many they are; more than maxWords when one is too long.
func cut(shape, text []byte) (_ []byte, words string, n int) {
	var list []byte
	from := 0 // up to here it is cut
	for i := 0; i < len(text); i++ {
		begin, digits := i, 0
		for ; i < len(text); i++ {
			if text[i]-'0' < 10 {
				digits++
			} else if text[i]-'a' >= 26 {
				break
			}
		}
		if digits == 0 || begin > 0 && (text[begin-1] == '%' || text[begin-1] == '\\') {
			continue
		}
		if i-begin > maxWord {
			return nil, "", maxWords + 1
		}
		shape = append(append(shape, text[from:begin]...), 0)
		list, n, from = append(append(list, text[begin:i]...), ' '), n+1, i
	}
	return append(shape, text[from:]...), string(list), n
}

// fillIn is the text of that shape with those words, marks in place of the free ones.
func fillIn(shape []byte, words []string, free []bool) []byte {
	var out []byte
	i := 0
	for _, c := range shape {
		switch {
		case c != 0:
			out = append(out, c)
			continue
		case free[i]:
			out = append(out, mark(i)...)
		default:
			out = append(out, words[i]...)
		}
		i++
	}
	return out
}

// try says which of the words may be any.
func (m *Moulds[T]) try(text, shape []byte, words []string) []bool {
	free, one := make([]bool, len(words)), make([]bool, len(words))
	if want, ok := m.read(text); ok {
		for i := range words {
			one[i] = true
			free[i] = m.cast(want, shape, words, one) != nil
			one[i] = false
		}
	}
	return free
}

// cast reads a text, which is read as want, with marks in place of its free words; nil when that is not want with marks.
func (m *Moulds[T]) cast(want T, shape []byte, words []string, free []bool) *Cast[T] {
	v, ok := m.read(fillIn(shape, words, free))
	if !ok {
		return nil
	}
	c := &Cast[T]{of: v, own: m.own}
	_, own := m.own(v)
	for _, s := range own {
		c.blanks = append(c.blanks, newBlank(*s, free))
	}
	if !reflect.DeepEqual(c.pour(words), want) {
		return nil
	}
	return c
}

// Pour makes the value that has those words. It shares with all others of the cast what they have in common.
func (c *Cast[T]) Pour(words string) T {
	var room [maxWords]string
	return c.pour(split(room[:0], words))
}

func (c *Cast[T]) pour(words []string) T {
	v, own := c.own(c.of)
	for i, s := range own {
		*s = c.blanks[i].fill(words)
	}
	return v
}

// split appends what blanks lie between.
func split(list []string, words string) []string {
	for len(words) > 0 {
		i := strings.IndexByte(words, ' ')
		list, words = append(list, words[:i]), words[i+1:]
	}
	return list
}

// blank is a string with marks in it: parts[0], mark words[0], parts[1], ...
type blank struct {
	parts []string
	words []int
}

func newBlank(s string, free []bool) blank {
	var b blank
	for {
		at, word := len(s), -1
		for i := range free {
			if !free[i] {
				continue
			}
			if j := strings.Index(s, mark(i)); j >= 0 && j < at {
				at, word = j, i
			}
		}
		b.parts = append(b.parts, s[:at])
		if word < 0 {
			return b
		}
		b.words = append(b.words, word)
		s = s[at+len(mark(word)):]
	}
}

func (b *blank) fill(words []string) string {
	if len(b.words) == 0 {
		return b.parts[0]
	}
	n := len(b.parts[len(b.parts)-1])
	for i, w := range b.words {
		n += len(b.parts[i]) + len(words[w])
	}
	out := make([]byte, 0, n)
	for i, w := range b.words {
		out = append(append(out, b.parts[i]...), words[w]...)
	}
	return string(append(out, b.parts[len(b.parts)-1]...))
}
