package ordered

import (
	"strconv"
	"strings"
)

// Error is one thing that is wrong with a text: where, what, and how to mend it.
type Error struct {
	Pointer string // JSON pointer (RFC 6901) to the value; "" is the whole text
	Reason  string // what is wrong
	Mend    string // what to write instead; "" when Reason says it all
}

// Error is "POINTER: REASON; MEND"; the whole text is called "/".
func (e *Error) Error() string {
	s := e.Pointer
	if s == "" {
		s = "/"
	}
	s += ": " + e.Reason
	if e.Mend != "" {
		s += "; " + e.Mend
	}
	return s
}

// In is e seen from one level further out, where the text e speaks of is called name.
func (e *Error) In(name string) *Error {
	e.Pointer = "/" + EscapeName(name) + e.Pointer
	return e
}

// EscapeName is name as it stands in a JSON pointer. A name longer than any sane one is cut, since pointers go into
// messages and logs.
func EscapeName(name string) string {
	const most = 256
	if len(name) > most {
		name = strings.ToValidUTF8(name[:most], "") + "..."
	}
	return pointerEscape.Replace(name)
}

// UnescapeName is the name that one part of a JSON pointer stands for.
func UnescapeName(part string) string { return pointerUnescape.Replace(part) }

var (
	pointerEscape   = strings.NewReplacer("~", "~0", "/", "~1")
	pointerUnescape = strings.NewReplacer("~1", "/", "~0", "~")
)

// Quote is s between quotation marks, cut short when long, for a message.
func Quote(s string) string {
	const most = 60
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "..."
	}
	return strconv.Quote(s)
}
