package text

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing wrong with a rule or a scene. Line and Column count from 1 in the file; Path names the place in
// it, such as "then[1].set.lamp". Waiting marks what is not wrong but not there yet: a Thing that may still appear.
type Problem struct {
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Path    string `json:"path,omitempty"`
	Reason  string `json:"reason"`
	Waiting bool   `json:"waiting,omitempty"`
}

// String is the problem as a compiler would say it, for a line after the file's name.
func (p Problem) String() string {
	s := fmt.Sprintf("%d:%d: ", p.Line, p.Column)
	if p.Path != "" {
		s += p.Path + ": "
	}
	return s + p.Reason
}

// Problems is everything wrong with a file, in the order of its text.
type Problems []Problem

// Error lists the problems, one on each line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, x := range p {
		lines[i] = x.String()
	}
	return strings.Join(lines, "\n")
}

// Refused says whether any problem is more than waiting.
func (p Problems) Refused() bool {
	return slices.ContainsFunc(p, func(x Problem) bool { return !x.Waiting })
}

// Waits is what the rule waits for, "" when nothing.
func (p Problems) Waits() string {
	var list []string
	for _, x := range p {
		if x.Waiting && !slices.Contains(list, x.Reason) {
			list = append(list, x.Reason)
		}
	}
	return strings.Join(list, "; ")
}

func (p Problems) Sort() {
	slices.SortStableFunc(p, func(a, b Problem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
}
