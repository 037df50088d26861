package td

import (
	"fmt"

	"hutong/td/ordered"
	"hutong/td/uri"
	"hutong/thing"
)

// Target is the URI that form f of t asks for: its href with the URI variables put in (RFC 6570), resolved against
// base (RFC 3986 section 5). i is the affordance f belongs to, nil for a form of the Thing; vars are values for its
// uriVariables, those of the Thing, and the keys of security schemes that travel in the URI. Variables left out are
// left out of the URI. It fails when the template is broken, a value does not fit its schema or is not declared, or
// href is relative and t has no base.
func (t *Thing) Target(i *Interaction, f *Form, vars map[string]thing.Value) (string, error) {
	texts := make(map[string]string, len(vars))
	for name, v := range vars {
		s, ok := t.variable(i, name)
		if !ok {
			return "", fmt.Errorf("URI variable %s: not declared in uriVariables", ordered.Quote(name))
		}
		if err := s.Check(v.AppendJSON(nil)); err != nil {
			return "", fmt.Errorf("URI variable %s: %w", ordered.Quote(name), err)
		}
		texts[name] = string(v.AppendJSON(nil))
		if v.Type() == thing.Text {
			texts[name] = v.Text()
		}
	}
	value := func(name string) (string, bool) {
		s, ok := texts[name]
		return s, ok
	}
	base, err := fill(t.Base, value)
	if err != nil {
		return "", fmt.Errorf("base: %w", err)
	}
	href, err := fill(f.Href, value)
	if err != nil {
		return "", fmt.Errorf("href: %w", err)
	}
	return uri.Resolve(base, href)
}

func (t *Thing) variable(i *Interaction, name string) (*Schema, bool) {
	if i != nil {
		if s, ok := i.URIVariables.Get(name); ok {
			return s, true
		}
	}
	if s, ok := t.URIVariables.Get(name); ok {
		return s, true
	}
	for _, s := range t.SecurityDefinitions.All() {
		if key, ok := s.Text("name"); ok && key == name && s.In() == "uri" {
			return &Schema{Type: "string"}, true
		}
	}
	return nil, false
}

func fill(template string, value func(string) (string, bool)) (string, error) {
	parsed, err := uri.ParseTemplate(template)
	if err != nil {
		return "", err
	}
	return parsed.Expand(value), nil
}
