package td

import (
	"fmt"
	"strings"

	"hutong/thing"
)

// Target is the URI that form f of t asks for: its href with the URI variables put in (RFC 6570), resolved against
// base (RFC 3986 section 5). i is the affordance f belongs to, nil for a form of the Thing; vars are values for its
// uriVariables and those of the Thing. Variables left out are left out of the URI. It fails when the template is
// broken, a value does not fit its schema or is not declared, or href is relative and t has no base.
func (t *Thing) Target(i *Interaction, f *Form, vars map[string]thing.Value) (string, error) {
	texts := make(map[string]string, len(vars))
	for name, v := range vars {
		s, ok := t.variable(i, name)
		if !ok {
			return "", fmt.Errorf("URI variable %s: not declared in uriVariables", quote(name))
		}
		if err := s.Check(v.AppendJSON(nil)); err != nil {
			return "", fmt.Errorf("URI variable %s: %w", quote(name), err)
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
	return Resolve(base, href)
}

func (t *Thing) variable(i *Interaction, name string) (*Schema, bool) {
	if i != nil {
		if s, ok := i.URIVariables.Get(name); ok {
			return s, true
		}
	}
	return t.URIVariables.Get(name)
}

func fill(template string, value func(string) (string, bool)) (string, error) {
	parts, err := parseTemplate(template)
	if err != nil {
		return "", fmt.Errorf("%s: %w", quote(template), err)
	}
	return expand(parts, value), nil
}

// uri is a reference in its five parts (RFC 3986 section 3). A part that is absent is not the same as an empty one.
type uri struct {
	scheme                              string
	authority, path, query, fragment    string
	hasAuthority, hasQuery, hasFragment bool
}

func splitURI(s string) uri {
	var u uri
	s, u.fragment, u.hasFragment = strings.Cut(s, "#")
	s, u.query, u.hasQuery = strings.Cut(s, "?")
	if u.scheme = scheme(s); u.scheme != "" {
		s = s[len(u.scheme)+1:]
	}
	if rest, ok := strings.CutPrefix(s, "//"); ok {
		u.hasAuthority = true
		i := strings.IndexByte(rest, '/')
		if i < 0 {
			i = len(rest)
		}
		u.authority, s = rest[:i], rest[i:]
	}
	u.path = s
	return u
}

func (u uri) String() string {
	var b strings.Builder
	if u.scheme != "" {
		b.WriteString(u.scheme + ":")
	}
	if u.hasAuthority {
		b.WriteString("//" + u.authority)
	}
	b.WriteString(u.path)
	if u.hasQuery {
		b.WriteString("?" + u.query)
	}
	if u.hasFragment {
		b.WriteString("#" + u.fragment)
	}
	return b.String()
}

// Resolve is the target of ref seen from base, by the algorithm of RFC 3986 section 5.2. It works on any scheme,
// mqtt and modbus+tcp included, and rewrites nothing but dot segments. It fails when neither is absolute.
func Resolve(base, ref string) (string, error) {
	b, r := splitURI(base), splitURI(ref)
	if r.scheme != "" {
		r.path = removeDots(r.path)
		return r.String(), nil
	}
	if b.scheme == "" {
		return "", fmt.Errorf("%s is relative and there is no absolute base to resolve it against", quote(ref))
	}
	switch {
	case r.hasAuthority:
		r.path = removeDots(r.path)
	case r.path == "":
		r.path = b.path
		if !r.hasQuery {
			r.query, r.hasQuery = b.query, b.hasQuery
		}
	case r.path[0] == '/':
		r.path = removeDots(r.path)
	case b.hasAuthority && b.path == "":
		r.path = removeDots("/" + r.path)
	default:
		r.path = removeDots(b.path[:strings.LastIndexByte(b.path, '/')+1] + r.path)
	}
	if !r.hasAuthority {
		r.authority, r.hasAuthority = b.authority, b.hasAuthority
	}
	r.scheme = b.scheme
	return r.String(), nil
}

// removeDots is RFC 3986 section 5.2.4.
func removeDots(path string) string {
	if !strings.Contains(path, ".") {
		return path
	}
	rooted := strings.HasPrefix(path, "/")
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	var kept []string
	for i, s := range segments {
		switch {
		case s != "." && s != "..":
			kept = append(kept, s)
			continue
		case s == ".." && len(kept) > 0:
			kept = kept[:len(kept)-1]
		}
		if i == len(segments)-1 {
			kept = append(kept, "")
		}
	}
	out := strings.Join(kept, "/")
	if rooted {
		return "/" + out
	}
	return out
}
