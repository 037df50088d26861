package td

import (
	"fmt"
	"strconv"
	"strings"

	"hutong/td/ordered"
)

// Error is one thing that is wrong with a text: where, what, and how to mend it.
type Error = ordered.Error

// Errors is all that is wrong with a text, in the order of the text; at most MaxErrors of them.
type Errors []*Error

// MaxErrors is how many errors are told at once; a text with more has its first ones told.
const MaxErrors = 50

// Error joins the errors, one to a line.
func (list Errors) Error() string {
	lines := make([]string, len(list))
	for i, e := range list {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.As find the first *Error.
func (list Errors) Unwrap() []error {
	errs := make([]error, len(list))
	for i, e := range list {
		errs[i] = e
	}
	return errs
}

// tracker knows where in a text the work is and gathers what is wrong there.
type tracker struct {
	path []step
	errs Errors
}

// step is one level of a path: a name, or an index when the name is "" and the index is not.
type step struct {
	name  string
	index int // -1 for a name
}

func (t *tracker) enter(name string) { t.path = append(t.path, step{name, -1}) }
func (t *tracker) enterIndex(i int)  { t.path = append(t.path, step{"", i}) }
func (t *tracker) leave()            { t.path = t.path[:len(t.path)-1] }
func (t *tracker) full() bool        { return len(t.errs) >= MaxErrors }
func (t *tracker) at(name string) func() {
	t.enter(name)
	return t.leave
}

// fail notes that the value at the present place is wrong.
func (t *tracker) fail(mend, reason string, args ...any) {
	if !t.full() {
		t.errs = append(t.errs, &Error{Pointer: t.pointer(), Reason: fmt.Sprintf(reason, args...), Mend: mend})
	}
}

// failAt notes that the member called name of the value at the present place is wrong.
func (t *tracker) failAt(name, mend, reason string, args ...any) {
	t.enter(name)
	t.fail(mend, reason, args...)
	t.leave()
}

func (t *tracker) pointer() string {
	var b strings.Builder
	for _, s := range t.path {
		b.WriteByte('/')
		if s.index >= 0 {
			b.WriteString(strconv.Itoa(s.index))
		} else {
			b.WriteString(ordered.EscapeName(s.name))
		}
	}
	return b.String()
}

// err is nil, the one *Error, or all of them as Errors.
func (t *tracker) err() error {
	switch len(t.errs) {
	case 0:
		return nil
	case 1:
		return t.errs[0]
	}
	return t.errs
}
