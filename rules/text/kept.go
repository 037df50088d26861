package text

import (
	"slices"

	"hutong/mould"
)

// Kept is a rule in the room that it needs: one that is like others is made again when it is asked for.
type Kept struct {
	*Head
	rule  *Rule
	cast  *mould.Cast[*Rule]
	words string
}

// Rule is the rule.
func (k *Kept) Rule() *Rule {
	if k.rule != nil {
		return k.rule
	}
	rule := k.cast.Pour(k.words)
	rule.Head = k.Head
	return rule
}

// ParseKept is Parse for a rule that is to be kept.
func ParseKept(id string, source []byte) (*Kept, Problems) {
	rule, problems := Parse(id, source)
	if rule == nil {
		return nil, problems
	}
	return &Kept{Head: rule.Head, rule: rule}, nil
}

// Alike gives ParseKept for many rules, most of which are alike: these share what they have in common, and are read quicker.
// The function is for use by many goroutines.
func Alike() func(id string, source []byte) (*Kept, Problems) {
	m := mould.New(parseAny, own)
	return func(id string, source []byte) (*Kept, Problems) {
		c, words := m.Cast(source)
		if c == nil {
			return ParseKept(id, source)
		}
		head := c.Pour(words).Head
		head.ID, head.Version = id, Version(source)
		if head.Title == untitled {
			head.Title = id
		}
		return &Kept{Head: head, cast: c, words: words}, nil
	}
}

// untitled is as what a rule is read that is to be cast. No text has it as its title.
const untitled = "\x00"

// parseAny reads a text that may be cast: as a rule of no name.
func parseAny(source []byte) (*Rule, bool) {
	rule, problems := Parse(untitled, source)
	if rule == nil || len(problems) > 0 {
		return nil, false
	}
	rule.Version = ""
	return rule, true
}

// own are the strings of a rule that may differ where rules are alike: what it is called, whose points it names, and what
// its steps say.
func own(rule *Rule) (*Rule, []*string) {
	head, r := *rule.Head, *rule
	r.Head, r.Points = &head, slices.Clone(r.Points)
	list := []*string{&head.Title, &r.Description}
	for i := range r.Points {
		list = append(list, &r.Points[i].Thing, &r.Points[i].Place)
	}
	for i := range r.Then {
		if r.Then[i].Kind == "notify" {
			r.Then = slices.Clone(rule.Then)
			break
		}
	}
	for i := range r.Then {
		if r.Then[i].Kind == "notify" {
			list = append(list, &r.Then[i].Word.S)
		}
	}
	return &r, list
}
