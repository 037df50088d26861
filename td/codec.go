package td

import (
	"slices"

	"hutong/td/ordered"
)

// object is what has a table of terms: Thing, Property, Schema, Form and the others.
type object interface {
	// terms appends the table: each known name with the field it stands for, in the order new texts are written.
	terms(list []term) []term
	// rest is where the unknown members and the order of all members are kept.
	rest() (*[]Member, *[]mark)
}

// tables is room for the tables of terms in use at once in most texts: Thing, property, schema, form.
const tables = 128

type term struct {
	name string
	slot slot
}

// slot is one field seen as JSON. Slots are pointers into the object, so one table serves reading, writing and
// copying.
type slot interface {
	read(r *reader, n *ordered.Node) // takes the value of n, or tells r why it does not fit
	write(w *writer, lone bool)      // lone: a list of one was written as its one element
	zero() bool                      // nothing in it
	detach(c *copier)                // makes what it points to its own
}

// mark remembers how one member was written.
type mark struct {
	name string
	lone bool // a list written as its one element
	bare bool // written though it says nothing: "", false, {} or []
}

func find(terms []term, name string) int {
	for i := range terms {
		if terms[i].name == name {
			return i
		}
	}
	return -1
}

// reader fills objects from nodes and gathers what does not fit.
type reader struct {
	tracker
	model bool   // a Thing Model: a placeholder may stand for a value of any type
	patch bool   // what is read patches something else: null takes a member away (TD 1.1 section 10.3.2, RFC 7396)
	stack []term // tables in use; a stack, to spare the allocations
}

func (r *reader) object(n *ordered.Node, o object) {
	if !r.want(n, ordered.Object) {
		return
	}
	base := len(r.stack)
	r.stack = o.terms(r.stack)
	terms := r.stack[base:]
	extra, order := o.rest()
	*order = make([]mark, 0, len(n.Kids))
	patch := r.patch
	r.patch = patch || r.model && n.Get("tm:ref") != nil
	for i := range n.Kids {
		k := &n.Kids[i]
		m := mark{name: k.Name}
		at := find(terms, k.Name)
		if at < 0 || r.open(k, terms[at].slot) {
			*extra = append(*extra, Member{k.Name, k.JSON()})
		} else {
			slot := terms[at].slot
			r.enter(k.Name)
			slot.read(r, k)
			r.leave()
			m.lone = k.Kind == ordered.Text
			m.bare = slot.zero()
		}
		*order = append(*order, m)
	}
	r.stack = r.stack[:base]
	r.patch = patch
}

func (r *reader) want(n *ordered.Node, k ordered.Kind) bool {
	if n.Kind != k {
		r.fail("", "want %s, got %s", k, n.Kind)
	}
	return n.Kind == k
}

// open says whether n, in a Thing Model, leaves the value of s open: a placeholder where no string may be, or the null
// of a patch.
func (r *reader) open(n *ordered.Node, s slot) bool {
	if n.Kind == ordered.Null {
		_, any := s.(*raw)
		return r.patch && !any
	}
	return r.model && n.Kind == ordered.Text && !takesText(s) && placeholder.MatchString(n.Text)
}

func takesText(s slot) bool {
	switch s.(type) {
	case *text, *texts, *raw:
		return true
	}
	return false
}

// writer prints objects as compact JSON.
type writer struct {
	buf   []byte
	stack []term
}

func (w *writer) object(o object) {
	base := len(w.stack)
	w.stack = o.terms(w.stack)
	p := printing{w: w, terms: w.stack[base:]}
	extra, order := o.rest()
	p.extra, p.order = *extra, *order
	p.print()
	w.stack = w.stack[:base]
}

// printing is one object on its way out: first the members that were read, in their old places, then the new.
type printing struct {
	w     *writer
	terms []term
	extra []Member
	order []mark
	done  uint64 // a bit for each term
	gone  []bool // for each of extra
	count int
}

func (p *printing) print() {
	p.gone = make([]bool, len(p.extra))
	p.w.buf = append(p.w.buf, '{')
	next := 0
	for _, m := range p.order {
		if i := find(p.terms, m.name); i >= 0 && (m.bare || !p.terms[i].slot.zero()) && p.known(i, m.lone) {
			continue
		}
		if at := p.unknown(m.name, next); at < len(p.extra) {
			p.member(at)
			next = at + 1
		}
	}
	for i := range p.terms {
		if !p.terms[i].slot.zero() {
			p.known(i, true)
		}
	}
	for i := range p.extra {
		p.member(i)
	}
	p.w.buf = append(p.w.buf, '}')
}

// unknown finds the extra member called name, looking first at next, where it is unless somebody has changed the
// object; len(p.extra) when it is gone.
func (p *printing) unknown(name string, next int) int {
	if next < len(p.extra) && p.extra[next].Name == name {
		return next
	}
	if i := slices.IndexFunc(p.extra, func(m Member) bool { return m.Name == name }); i >= 0 {
		return i
	}
	return len(p.extra)
}

// known prints term i unless it has been printed.
func (p *printing) known(i int, lone bool) bool {
	if p.done&(1<<i) == 0 {
		p.done |= 1 << i
		p.name(p.terms[i].name)
		p.terms[i].slot.write(p.w, lone)
	}
	return true
}

// member prints extra member i unless it, or a term of that name, has been printed.
func (p *printing) member(i int) {
	m := p.extra[i]
	at := find(p.terms, m.Name)
	if p.gone[i] || at >= 0 && p.done&(1<<at) != 0 {
		return
	}
	if at >= 0 {
		p.done |= 1 << at
	}
	p.gone[i] = true
	p.name(m.Name)
	p.w.raw(m.Value)
}

func (p *printing) name(s string) {
	if p.count > 0 {
		p.w.buf = append(p.w.buf, ',')
	}
	p.count++
	p.w.buf = append(ordered.AppendText(p.w.buf, s), ':')
}

// raw prints v, which nobody may have checked: what is not JSON becomes null rather than spoil the whole text.
func (w *writer) raw(v []byte) {
	n, err := ordered.Read(v)
	if err != nil {
		w.buf = append(w.buf, "null"...)
		return
	}
	w.buf = n.Append(w.buf)
}

func (w *writer) list(n int, each func(i int)) {
	w.buf = append(w.buf, '[')
	for i := range n {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		each(i)
	}
	w.buf = append(w.buf, ']')
}

// copier makes objects that share nothing that may change.
type copier struct{ stack []term }

// object gives o, a copy of another object, its own parts.
func (c *copier) object(o object) {
	base := len(c.stack)
	c.stack = o.terms(c.stack)
	for _, t := range c.stack[base:] {
		t.slot.detach(c)
	}
	extra, _ := o.rest()
	*extra = slices.Clone(*extra)
	for i := range *extra {
		(*extra)[i].Value = slices.Clone((*extra)[i].Value)
	}
	c.stack = c.stack[:base]
}
