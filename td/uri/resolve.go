package uri

import (
	"fmt"
	"strings"
)

// IsAbsolute says whether s has a scheme and no character that RFC 3986 forbids; letters of other scripts pass, since
// an anyURI may be an IRI (RFC 3987).
func IsAbsolute(s string) bool {
	return Scheme(s) != "" && IsReference(s)
}

// IsReference says whether s may be a URI reference (RFC 3986 section 4.1).
func IsReference(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c <= ' ' || c == 0x7f || strings.IndexByte("<>\"{}|\\^`", c) >= 0 {
			return false
		}
		if c == '%' && (i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2])) {
			return false
		}
	}
	return true
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// Scheme is the scheme of the URI s; "" for a relative reference.
func Scheme(s string) string {
	for i := 0; i < len(s); i++ {
		switch c := s[i] | 0x20; {
		case c >= 'a' && c <= 'z':
		case s[i] == ':':
			return s[:i]
		case i > 0 && (s[i] >= '0' && s[i] <= '9' || s[i] == '+' || s[i] == '-' || s[i] == '.'):
		default:
			return ""
		}
	}
	return ""
}

// reference is a URI reference in its five parts (RFC 3986 section 3). A part that is absent is not the same as an empty one.
type reference struct {
	scheme                              string
	authority, path, query, fragment    string
	hasAuthority, hasQuery, hasFragment bool
}

func split(s string) reference {
	var u reference
	s, u.fragment, u.hasFragment = strings.Cut(s, "#")
	s, u.query, u.hasQuery = strings.Cut(s, "?")
	if u.scheme = Scheme(s); u.scheme != "" {
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

func (u reference) String() string {
	var b strings.Builder
	if u.scheme != "" {
		b.WriteString(u.scheme + ":")
	}
	if u.hasAuthority {
		b.WriteString("//" + u.authority)
	}
	if !u.hasAuthority && strings.HasPrefix(u.path, "//") {
		b.WriteString("/.") // or the path would read as an authority
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
	b, r := split(base), split(ref)
	if r.scheme != "" {
		r.path = removeDots(r.path)
		return r.String(), nil
	}
	if b.scheme == "" {
		return "", fmt.Errorf("%s is relative and there is no absolute base to resolve it against", short(ref))
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
