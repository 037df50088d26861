package td

import (
	"fmt"
	"slices"
	"strings"

	"hutong/td/ordered"
	"hutong/td/uri"
	"hutong/thing"
)

// The operations that forms may be for (TD 1.1 section 5.3.4.2, assertions td-op-for-*).
var (
	thingOps = []string{
		"readallproperties", "writeallproperties", "readmultipleproperties", "writemultipleproperties",
		"observeallproperties", "unobserveallproperties", "queryallactions", "subscribeallevents", "unsubscribeallevents",
	}
	affordanceOps = [...][]string{
		thing.Property: {"readproperty", "writeproperty", "observeproperty", "unobserveproperty"},
		thing.Action:   {"invokeaction", "queryaction", "cancelaction"},
		thing.Event:    {"subscribeevent", "unsubscribeevent"},
	}
)

func (c *checker) forms(at place, list []*Form) {
	defer c.at("forms")()
	for i, f := range list {
		c.enterIndex(i)
		c.form(at, f)
		c.leave()
	}
}

func (c *checker) form(at place, f *Form) {
	c.ref(f.Extra)
	allowed := thingOps
	if at.of != nil {
		allowed = affordanceOps[at.kind]
	} else if len(f.Op) == 0 && !c.model {
		c.failAt("op", "say which of "+strings.Join(allowed, ", "), "missing; a form of the whole Thing has no default")
	}
	for _, op := range f.Op {
		if !slices.Contains(allowed, op) && !c.open(op) {
			c.failAt("op", "use "+strings.Join(allowed, ", "), "%s is no operation for this place", ordered.Quote(op))
		}
	}
	c.notEmpty(f.order, "op")
	if f.Href == "" && !given(f.order, "href") {
		c.failAt("href", "add it", "missing")
	}
	c.template(at, f)
	if len(f.Security) > 0 {
		c.security(f.Security)
	} else if !c.model {
		c.notEmpty(f.order, "security")
	}
	c.response(f)
	c.additionalResponses(f)
}

// template judges the href of f, which may be a URI template (RFC 6570), and the variables in it.
func (c *checker) template(at place, f *Form) {
	if c.open(f.Href) {
		return
	}
	template, err := uri.ParseTemplate(f.Href)
	if err != nil {
		c.failAt("href", "", "%s: %v", ordered.Quote(f.Href), err)
		return
	}
	for s := range template.Literals() {
		c.reference("href", s)
	}
	c.keyInURI(f, template)
	for name := range template.Variables() {
		if !c.declared(at, name) {
			c.failAt("href", "add it to uriVariables", "the variable %s is not declared", ordered.Quote(name))
		}
	}
}

// keyInURI judges assertion td-security-in-uri-variable: what a security scheme puts into the URI has its place there.
func (c *checker) keyInURI(f *Form, template uri.Template) {
	if len(c.uriNames) == 0 || c.model {
		return
	}
	for _, name := range c.keys(f) {
		if !has(template, name) && !has(c.base, name) {
			c.failAt("href", fmt.Sprintf("add {%s} or {?%s} to it", name, name),
				"its security puts the variable %s into the URI", ordered.Quote(name))
			return
		}
	}
}

// keys are the variables that the security of f puts into URIs.
func (c *checker) keys(f *Form) []string {
	which := strings.Join(f.Security, "\n")
	if list, ok := c.keysOf[which]; ok {
		return list
	}
	var list []string
	ways, err := c.t.Access(f)
	if err != nil {
		ways = nil // told where the scheme stands
	}
	for _, name := range slices.Concat(ways...) {
		s, _ := c.t.SecurityDefinitions.Get(name)
		if key, ok := s.Text("name"); ok && s.In() == "uri" && !slices.Contains(list, key) {
			list = append(list, key)
		}
	}
	if c.keysOf == nil {
		c.keysOf = make(map[string][]string)
	}
	c.keysOf[which] = list
	return list
}

func has(t uri.Template, variable string) bool {
	return slices.Contains(slices.Collect(t.Variables()), variable)
}

func (c *checker) declared(at place, name string) bool {
	_, ok := c.t.URIVariables.Get(name)
	if !ok && at.of != nil {
		_, ok = at.of.URIVariables.Get(name)
	}
	return ok || c.uriNames[name] || c.model
}

func (c *checker) response(f *Form) {
	if len(f.Response) == 0 {
		return
	}
	defer c.at("response")()
	n, err := ordered.Read(f.Response)
	switch {
	case err != nil || n.Kind != ordered.Object:
		c.fail("", "want an object, got %s", n.Kind)
	case n.Get("contentType") == nil && !c.model:
		c.fail("add it", "the member %s is missing", ordered.Quote("contentType"))
	}
	c.wantText(&n, "contentType")
}

func (c *checker) additionalResponses(f *Form) {
	if len(f.AdditionalResponses) == 0 {
		return
	}
	defer c.at("additionalResponses")()
	n, err := ordered.Read(f.AdditionalResponses)
	if err != nil || n.Kind != ordered.List {
		c.fail("", "want an array, got %s", n.Kind)
	}
	for i := range n.Kids {
		c.enterIndex(i)
		c.additionalResponse(&n.Kids[i])
		c.leave()
	}
}

func (c *checker) additionalResponse(n *ordered.Node) {
	if n.Kind != ordered.Object {
		c.fail("", "want an object, got %s", n.Kind)
		return
	}
	c.wantText(n, "contentType")
	c.wantText(n, "schema")
	if success := n.Get("success"); success != nil && success.Kind != ordered.Bool {
		c.failAt("success", "", "want a boolean, got %s", success.Kind)
	}
	if s := n.Get("schema"); s != nil && s.Kind == ordered.Text {
		if _, ok := c.t.SchemaDefinitions.Get(s.Text); !ok && !c.model {
			c.failAt("schema", "add it there", "%s is not in schemaDefinitions", ordered.Quote(s.Text))
		}
	}
}
