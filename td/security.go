package td

import (
	"errors"
	"fmt"
	"slices"

	"hutong/td/ordered"
)

// In is where the scheme's secret travels: "in", or its default, which is query for apikey, header for basic, digest
// and bearer (TD 1.1 section 5.4), and "" for the others.
func (s *Security) In() string {
	in := ""
	switch s.Scheme {
	case "apikey":
		in = "query"
	case "basic", "digest", "bearer":
		in = "header"
	}
	return s.textOr("in", in)
}

// QOP is the quality of protection of a digest scheme: auth unless it says otherwise.
func (s *Security) QOP() string { return s.textOr("qop", "auth") }

// Alg is the algorithm of a bearer scheme: ES256 unless it says otherwise.
func (s *Security) Alg() string { return s.textOr("alg", "ES256") }

// Format is the format of a bearer scheme's token: jwt unless it says otherwise.
func (s *Security) Format() string { return s.textOr("format", "jwt") }

func (s *Security) textOr(name, other string) string {
	if text, ok := s.Text(name); ok {
		return text
	}
	return other
}

// MaxAlternatives is the most ways to be let in that Access tells, and the most schemes in one of them.
const MaxAlternatives = 64

// Access is the ways to be let in to form f, nil for the Thing as a whole: each is a list of names of
// securityDefinitions that must all be satisfied, and any one will do. The security of f replaces that of t; combo
// schemes are taken apart. It fails on a name that is not defined, a combo that holds itself, or more than
// MaxAlternatives ways.
func (t *Thing) Access(f *Form) ([][]string, error) {
	active := t.Security
	if f != nil && len(f.Security) > 0 {
		active = f.Security
	}
	a := access{t: t}
	return a.all(active)
}

// access takes combo schemes apart.
type access struct {
	t     *Thing
	above []string // combos around the present one
	work  int      // schemes looked at
}

const (
	maxCombos  = 8   // combos inside one another
	maxSchemes = 256 // schemes looked at, each as often as it is named
)

// all is the ways to satisfy all of names.
func (a *access) all(names []string) ([][]string, error) {
	ways := [][]string{nil}
	for _, name := range names {
		more, err := a.ways(name)
		if err != nil {
			return nil, err
		}
		if len(ways)*len(more) > MaxAlternatives {
			return nil, a.tooMany(name)
		}
		joined := make([][]string, 0, len(ways)*len(more))
		for _, w := range ways {
			for _, m := range more {
				joined = append(joined, union(w, m))
			}
		}
		if ways = joined; len(ways) > 0 && len(ways[0]) > MaxAlternatives {
			return nil, a.tooMany(name)
		}
	}
	return ways, nil
}

// any is the ways to satisfy any one of names.
func (a *access) any(names []string) ([][]string, error) {
	var list [][]string
	for _, name := range names {
		more, err := a.ways(name)
		if err != nil {
			return nil, err
		}
		if list = append(list, more...); len(list) > MaxAlternatives {
			return nil, a.tooMany(name)
		}
	}
	return list, nil
}

func (a *access) tooMany(name string) error {
	return fmt.Errorf("security %s: more than %d ways to be let in", ordered.Quote(name), MaxAlternatives)
}

func (a *access) ways(name string) ([][]string, error) {
	s, ok := a.t.SecurityDefinitions.Get(name)
	if !ok {
		return nil, fmt.Errorf("security %s: not in securityDefinitions", ordered.Quote(name))
	}
	if a.work++; a.work > maxSchemes {
		return nil, a.tooMany(name)
	}
	if s.Scheme != "combo" {
		return [][]string{{name}}, nil
	}
	if slices.Contains(a.above, name) || len(a.above) == maxCombos {
		return nil, fmt.Errorf("security %s: combo schemes hold one another, or more than %d deep", ordered.Quote(name), maxCombos)
	}
	oneOf, allOf, err := s.combo()
	if err != nil {
		return nil, fmt.Errorf("security %s: %w", ordered.Quote(name), err)
	}
	a.above = append(a.above, name)
	defer func() { a.above = a.above[:len(a.above)-1] }()
	if allOf != nil {
		return a.all(allOf)
	}
	return a.any(oneOf)
}

// combo is what a combo scheme combines; exactly one of the two is not nil.
func (s *Security) combo() (oneOf, allOf []string, err error) {
	if oneOf, err = s.texts("oneOf"); err == nil {
		allOf, err = s.texts("allOf")
	}
	if err == nil && (oneOf == nil) == (allOf == nil) {
		err = errors.New("a combo scheme has exactly one of oneOf and allOf")
	}
	if err == nil && len(oneOf)+len(allOf) < 2 {
		err = errors.New("a combo scheme combines two or more")
	}
	return oneOf, allOf, err
}

// texts is the array of strings that the extra member called name holds, nil when there is none.
func (s *Security) texts(name string) ([]string, error) {
	n, ok := member(s.Extra, name)
	if !ok {
		return nil, nil
	}
	var r reader
	var list names
	list.read(&r, &n)
	if err := r.err(); err != nil {
		return nil, fmt.Errorf("%s: want an array of strings", name)
	}
	return list, nil
}

// union is a and b together, each name once.
func union(a, b []string) []string {
	out := append(make([]string, 0, len(a)+len(b)), a...)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
