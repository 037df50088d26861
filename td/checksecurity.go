package td

import (
	"slices"
	"strings"

	"hutong/td/ordered"
)

// locations are where the secret of a scheme may travel, by scheme (TD 1.1 section 5.3.3); a scheme not listed has
// no "in".
var locations = map[string][]string{
	"basic":  {"header", "query", "body", "cookie", "auto"},
	"digest": {"header", "query", "body", "cookie", "auto"},
	"bearer": {"header", "query", "body", "cookie", "auto"},
	"apikey": {"header", "query", "body", "cookie", "uri", "auto"},
}

var (
	schemes       = []string{"nosec", "auto", "combo", "basic", "digest", "apikey", "bearer", "psk", "oauth2"}
	securityTexts = []string{"in", "name", "qop", "authorization", "alg", "format", "identity", "token", "refresh", "flow"}
)

func (c *checker) securityDefinitions() {
	defer c.at("securityDefinitions")()
	for name, s := range c.t.SecurityDefinitions.All() {
		c.enter(name)
		c.scheme(name, s)
		c.leave()
	}
}

func (c *checker) scheme(name string, s *Security) {
	c.types(s.Types)
	c.ref(s.Extra)
	c.languages(Lang{}, s.Descriptions)
	prefix, _, prefixed := strings.Cut(s.Scheme, ":")
	switch {
	case s.Scheme == "" && !given(s.order, "scheme"):
		if !c.model {
			c.failAt("scheme", "use "+strings.Join(schemes, ", "), "missing")
		}
		return
	case c.open(s.Scheme):
		return
	case prefixed && prefix != "":
		if !c.names[prefix] && !c.remote {
			c.failAt("scheme", "add it there", "the prefix %s is not in @context", ordered.Quote(prefix))
		}
		return
	case !slices.Contains(schemes, s.Scheme):
		c.failAt("scheme", "use "+strings.Join(schemes, ", "), "%s is no security scheme", ordered.Quote(s.Scheme))
		return
	}
	for _, term := range securityTexts {
		if n, ok := member(s.Extra, term); ok && n.Kind != ordered.Text {
			c.failAt(term, "", "want a string, got %s", n.Kind)
		}
	}
	c.location(s)
	switch s.Scheme {
	case "auto":
		if _, ok := s.Text("name"); ok {
			c.failAt("name", "leave it out", "an auto scheme has no name")
		}
	case "digest":
		if qop := s.QOP(); qop != "auth" && qop != "auth-int" && !c.open(qop) {
			c.failAt("qop", "use auth or auth-int", "%s is no quality of protection", ordered.Quote(qop))
		}
	case "oauth2":
		c.flow(s)
	case "combo":
		c.combo(name, s)
	}
}

func (c *checker) location(s *Security) {
	allowed, ok := locations[s.Scheme]
	if !ok {
		return
	}
	in := s.In()
	if !slices.Contains(allowed, in) && !c.open(in) {
		c.failAt("in", "use "+strings.Join(allowed, ", "), "%s is no place for it", ordered.Quote(in))
	}
	name, named := s.Text("name")
	if in == "body" && named && !isPointer(name) && !c.open(name) {
		c.failAt("name", `write one such as "/token"`, "in a body the name is a JSON pointer, %s is none", ordered.Quote(name))
	}
	if in == "uri" && named {
		if c.uriNames == nil {
			c.uriNames = make(map[string]bool)
		}
		c.uriNames[name] = true
	}
}

// flow judges the scopes of an oauth2 scheme and assertions td-security-oauth2-code-flow, -client-flow and -client-flow-no-auth.
func (c *checker) flow(s *Security) {
	if n, ok := member(s.Extra, "scopes"); ok && n.Kind != ordered.Text {
		if _, err := s.texts("scopes"); err != nil {
			c.failAt("scopes", "", "want a string or an array of strings")
		}
	}
	if c.model {
		return
	}
	flow, _ := s.Text("flow")
	_, authorization := s.Text("authorization")
	_, token := s.Text("token")
	switch {
	case flow == "code" && !authorization:
		c.failAt("authorization", "add it", "missing; the code flow needs it")
	case flow == "client" && authorization:
		c.failAt("authorization", "leave it out", "the client flow has none")
	}
	if (flow == "code" || flow == "client") && !token {
		c.failAt("token", "add it", "missing; the %s flow needs it", flow)
	}
}

func (c *checker) combo(name string, s *Security) {
	if c.model {
		return
	}
	if _, _, err := s.combo(); err != nil {
		c.fail("", "%v", err)
		return
	}
	if _, err := (&access{t: c.t}).ways(name); err != nil {
		c.fail("", "%v", err)
	}
}

// security judges names of security definitions.
func (c *checker) security(list []string) {
	for _, name := range list {
		if _, ok := c.t.SecurityDefinitions.Get(name); !ok && !c.model {
			c.failAt("security", "define it there", "%s is not in securityDefinitions", ordered.Quote(name))
		}
	}
}
