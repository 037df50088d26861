package osc

import (
	"fmt"
	"strconv"
	"strings"
)

// Values are parameters by name, as text.
type Values map[string]string

// scope is what parameters mean somewhere in a file: those of a catalog entry, and around it nothing else.
type scope struct{ vars Values }

func (s *scope) look(name string) (string, bool) {
	v, ok := s.vars[name]
	return v, ok
}

// resolve gives what a text means: itself, a $parameter, or what ${...} comes to.
func (s *scope) resolve(text string) (string, error) {
	switch {
	case strings.HasPrefix(text, "${") && strings.HasSuffix(text, "}"):
		inside := strings.TrimSpace(text[2 : len(text)-1])
		if plain, ok := strings.CutPrefix(inside, "$"); ok { // may be a word, not a number
			if v, ok := s.vars[plain]; ok {
				return v, nil
			}
		}
		v, err := evaluate(inside, s.look)
		if err != nil {
			return "", err
		}
		return strconv.FormatFloat(v, 'g', -1, 64), nil
	case strings.HasPrefix(text, "$"):
		v, ok := s.vars[text[1:]]
		if !ok {
			return "", fmt.Errorf("there is no parameter %s", text)
		}
		return v, nil
	}
	return text, nil
}

// declare adds the parameters declared in a <ParameterDeclarations>, each of which may use those before it. Values given
// from outside go first. It fails where one of those is not declared, or a value breaks its constraints.
func (s *scope) declare(n *node, given Values) error {
	if s.vars == nil {
		s.vars = Values{}
	}
	known := map[string]bool{}
	for _, d := range n.all("ParameterDeclaration") {
		name, _ := d.raw("name")
		value, _ := d.raw("value")
		if v, ok := given[name]; ok {
			value = v
		}
		v, err := s.resolve(value)
		if err != nil {
			return d.wrong("parameter %q: %w", name, err)
		}
		known[name] = true
		s.vars[name] = v
	}
	for name := range given {
		if !known[name] {
			return fmt.Errorf("there is no parameter %q to set", name)
		}
	}
	for _, d := range n.all("ParameterDeclaration") {
		if err := s.constrain(d); err != nil {
			return err
		}
	}
	return nil
}

// ConstraintError says that a parameter's value is outside of what its declaration allows.
type ConstraintError struct{ Name, Value string }

func (e *ConstraintError) Error() string {
	return fmt.Sprintf("parameter %q may not be %q by its constraints", e.Name, e.Value)
}

// constrain checks one declaration: of its groups of constraints, at least one must hold.
func (s *scope) constrain(d *node) error {
	groups := d.all("ConstraintGroup")
	name, _ := d.raw("name")
	for _, g := range groups {
		holds := true
		for _, c := range g.all("ValueConstraint") {
			text, _ := c.raw("value")
			value, err := s.resolve(text)
			if err != nil {
				return c.wrong("%w", err)
			}
			rule, _ := c.raw("rule")
			ok, err := compare(s.vars[name], rule, value)
			if err != nil {
				return c.wrong("%w", err)
			}
			holds = holds && ok
		}
		if holds {
			return nil
		}
	}
	if len(groups) > 0 {
		return &ConstraintError{name, s.vars[name]}
	}
	return nil
}

// compare tells whether a stands to b as the rule says: as numbers where both are, else as words.
func compare(a, rule, b string) (bool, error) {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	numbers := errX == nil && errY == nil
	switch rule {
	case "equalTo":
		return a == b || numbers && x == y, nil
	case "notEqualTo":
		return a != b && !(numbers && x == y), nil
	}
	if !numbers {
		return false, fmt.Errorf("%q and %q are not both numbers", a, b)
	}
	switch rule {
	case "lessThan":
		return x < y, nil
	case "lessOrEqual":
		return x <= y, nil
	case "greaterThan":
		return x > y, nil
	case "greaterOrEqual":
		return x >= y, nil
	}
	return false, fmt.Errorf("there is no rule %q", rule)
}

// reader reads attributes in a scope and keeps the first thing that is wrong.
type reader struct {
	sc  *scope
	err error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// text gives an attribute, otherwise where it is absent.
func (r *reader) text(n *node, name, otherwise string) string {
	if n == nil {
		return otherwise
	}
	raw, there := n.raw(name)
	if !there {
		return otherwise
	}
	v, err := r.sc.resolve(raw)
	if err != nil {
		r.fail(n.wrong("%s: %w", name, err))
	}
	return v
}

// number gives a number, otherwise where the attribute is absent.
func (r *reader) number(n *node, name string, otherwise float64) float64 {
	text := r.text(n, name, "")
	if text == "" {
		return otherwise
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || v != v || v-v != 0 {
		r.fail(n.wrong("%s %q is not a finite number", name, text))
	}
	return v
}

// need gives a number that must be there.
func (r *reader) need(n *node, name string) float64 {
	if n == nil {
		r.fail(fmt.Errorf("an element with %q is missing", name))
		return 0
	}
	if _, there := n.raw(name); !there {
		r.fail(n.wrong("has no %s", name))
	}
	return r.number(n, name, 0)
}

func (r *reader) whole(n *node, name string, otherwise int) int {
	v := r.number(n, name, float64(otherwise))
	if v != float64(int(v)) {
		r.fail(n.wrong("%s is %g, not a whole number", name, v))
	}
	return int(v)
}
