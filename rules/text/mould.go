package text

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// Moulds read the texts of many rules, most often one text but for the numbers in it: a thousand rooms have one rule a
// thousand times. The first of a kind are read as any text is; of the others only the numbers are looked at, and what they
// have in common stands in memory once. What comes out is what Parse gives. The zero value is ready, and is for use by many
// goroutines.
type Moulds struct {
	mu    sync.Mutex
	kinds map[string]*kind // by the text without its digits
}

// kind is all texts that are alike but for the digits in them.
type kind struct {
	free  []bool           // which runs of digits may be any; nil until a second text came
	casts map[string]*cast // by the other runs; nil for what came once, or can't be cast
}

// cast is a rule that has marks where the numbers go.
type cast struct {
	rule   *Rule
	named  bool // the text says a title
	title  blank
	tale   blank // the description
	places []blank
	things []blank
	words  []blank // of the steps
}

// Kept is a rule in the room that it needs: one that is cast is made again when it is asked for.
type Kept struct {
	*Head
	rule *Rule
	cast *cast
	runs string
}

// Rule is the rule.
func (k *Kept) Rule() *Rule {
	if k.rule != nil {
		return k.rule
	}
	return k.cast.pour(k.Head, strings.Fields(k.runs))
}

// ParseKept is Parse for a rule that is to be kept.
func ParseKept(id string, source []byte) (*Kept, Problems) {
	rule, problems := Parse(id, source)
	if rule == nil {
		return nil, problems
	}
	return &Kept{Head: rule.Head, rule: rule}, nil
}

// Parse is ParseKept, and quicker where many texts are alike.
func (m *Moulds) Parse(id string, source []byte) (*Kept, Problems) {
	shape, joined := cut(source)
	runs := strings.Fields(joined)
	if len(source) > MaxFile || len(runs) > maxRuns || slices.ContainsFunc(runs, func(r string) bool { return len(r) > maxRun }) {
		return ParseKept(id, source)
	}
	c := m.cast(shape, runs)
	if c == nil {
		return ParseKept(id, source)
	}
	head := *c.rule.Head
	head.ID, head.Title, head.Version = id, id, Version(source)
	if c.named {
		head.Title = c.title.fill(runs)
	}
	return &Kept{Head: &head, cast: c, runs: joined}, nil
}

const (
	maxRuns = 32
	maxRun  = 15 // digits, fewer than a mark has bytes: what is read with marks breaks no limit without
)

// mark stands for run i of the digits in a text. The text has no other digits then, and no number, time or escape can be
// written so: a text that can be read with it has it in words that are a person's own.
func mark(i int) string { return fmt.Sprintf("q%015dz", i) }

// cut gives the text with 0 for each run of digits, and the runs with blanks between them.
func cut(source []byte) (shape []byte, joined string) {
	shape = make([]byte, 0, len(source))
	var runs []byte
	digit := false
	for _, c := range source {
		was := digit
		if digit = c >= '0' && c <= '9'; !digit {
			shape = append(shape, c)
			continue
		}
		if !was {
			shape, runs = append(shape, '0'), append(runs, ' ')
		}
		runs = append(runs, c)
	}
	return shape, string(runs)
}

// fillIn is the text of that shape with those runs, marks in place of the free ones.
func fillIn(shape []byte, runs []string, free []bool) []byte {
	var out []byte
	i := 0
	for _, c := range shape {
		switch {
		case c != '0':
			out = append(out, c)
			continue
		case free[i]:
			out = append(out, mark(i)...)
		default:
			out = append(out, runs[i]...)
		}
		i++
	}
	return out
}

// cast is the cast for a text, nil when it is to be read as it is.
func (m *Moulds) cast(shape []byte, runs []string) *cast {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := m.kinds[string(shape)]
	if k == nil {
		if m.kinds == nil {
			m.kinds = map[string]*kind{}
		}
		m.kinds[string(shape)] = &kind{casts: map[string]*cast{}}
		return nil
	}
	if k.free == nil {
		k.free = freeRuns(shape, runs)
	}
	var rest []byte
	for i, r := range runs {
		if !k.free[i] {
			rest = append(append(rest, r...), ' ')
		}
	}
	c, before := k.casts[string(rest)]
	if before && c == nil {
		c = newCast(shape, runs, k.free)
	}
	k.casts[string(rest)] = c
	return c
}

// freeRuns tries which of the runs may be any.
func freeRuns(shape []byte, runs []string) []bool {
	free := make([]bool, len(runs))
	for i := range runs {
		one := make([]bool, len(runs))
		one[i] = true
		free[i] = newCast(shape, runs, one) != nil
	}
	return free
}

// newCast reads a text with marks in place of its free runs; nil when one of them stands elsewhere than in the title, the
// description, the thing or the place of a point, or what a step says, or moves another place in the text.
func newCast(shape []byte, runs []string, free []bool) *cast {
	unnamed := mark(len(runs))
	source := fillIn(shape, runs, free)
	if strings.Count(string(source), "q0") != count(free) {
		return nil // something else looks like a mark
	}
	rule, problems := Parse(unnamed, source)
	if rule == nil || len(problems) > 0 {
		return nil
	}
	c := &cast{rule: rule, named: rule.Title != unnamed}
	rest := *rule // without what may have marks
	head := *rule.Head
	rest.Head, rest.Points, rest.Then = &head, slices.Clone(rule.Points), slices.Clone(rule.Then)
	take := func(s *string) blank {
		b := newBlank(*s, len(runs))
		*s = ""
		return b
	}
	c.title, c.tale = take(&head.Title), take(&rest.Description)
	for i := range rest.Points {
		p := &rest.Points[i]
		c.things, c.places = append(c.things, take(&p.Thing)), append(c.places, take(&p.Place))
	}
	for i := range rest.Then {
		c.words = append(c.words, take(&rest.Then[i].Word.S))
	}
	head.ID = ""
	if !plain(reflect.ValueOf(rest), marksOf(source)) {
		return nil
	}
	return c
}

func count(list []bool) (n int) {
	for _, x := range list {
		if x {
			n++
		}
	}
	return n
}

// marksOf gives the column of the first mark of each line, 0 for none.
func marksOf(source []byte) []int {
	var list []int
	for line := range strings.SplitSeq(string(source), "\n") {
		column := 0
		if at := strings.Index(line, "q0"); at >= 0 {
			column = utf8.RuneCountInString(line[:at]) + 1
		}
		list = append(list, column)
	}
	return list
}

// plain says that no string in v has a mark in it, and that no place in it lies behind a mark of its line.
func plain(v reflect.Value, marks []int) bool {
	if v.Type() == reflect.TypeFor[At]() {
		line, column := int(v.Field(0).Int()), int(v.Field(1).Int())
		if line > 0 && line <= len(marks) && marks[line-1] > 0 && column > marks[line-1] {
			return false
		}
	}
	switch v.Kind() {
	case reflect.Map, reflect.Func:
		return v.IsNil()
	case reflect.String:
		return !strings.Contains(v.String(), "q0")
	case reflect.Pointer, reflect.Interface:
		return v.IsNil() || plain(v.Elem(), marks)
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if !plain(v.Index(i), marks) {
				return false
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if !plain(v.Field(i), marks) {
				return false
			}
		}
	}
	return true
}

// pour makes the rule that has those numbers. It shares with all others of the cast what they have in common.
func (c *cast) pour(head *Head, runs []string) *Rule {
	r := *c.rule
	r.Head, r.Description = head, c.tale.fill(runs)
	r.Points = slices.Clone(r.Points)
	for i := range r.Points {
		r.Points[i].Thing, r.Points[i].Place = c.things[i].fill(runs), c.places[i].fill(runs)
	}
	if slices.ContainsFunc(c.words, func(b blank) bool { return len(b.runs) > 0 }) {
		r.Then = slices.Clone(r.Then)
		for i := range r.Then {
			r.Then[i].Word.S = c.words[i].fill(runs)
		}
	}
	return &r
}

// blank is a string with marks in it: parts[0], mark runs[0], parts[1], ...
type blank struct {
	parts []string
	runs  []int
}

func newBlank(s string, n int) blank {
	var b blank
	for {
		at, run := len(s), -1
		for i := range n {
			if j := strings.Index(s, mark(i)); j >= 0 && j < at {
				at, run = j, i
			}
		}
		b.parts = append(b.parts, s[:at])
		if run < 0 {
			return b
		}
		b.runs = append(b.runs, run)
		s = s[at+len(mark(run)):]
	}
}

// fill is the string with runs in place of marks.
func (b *blank) fill(runs []string) string {
	if len(b.runs) == 0 {
		return b.parts[0]
	}
	var out strings.Builder
	for i, p := range b.parts {
		out.WriteString(p)
		if i < len(b.runs) {
			out.WriteString(runs[b.runs[i]])
		}
	}
	return out.String()
}
