package td

import (
	"fmt"
	"slices"
	"strings"

	"hutong/td/ordered"
	"hutong/td/uri"
	"hutong/thing"
)

// Check judges t by the rules of TD 1.1 that can be seen in the text alone: those of the W3C's JSON Schemas and the
// assertions that say MUST. A TD 1.0 is judged as a TD 1.1 with the older context, a Thing Model by the looser rules
// of section 10. The error is an *Error or Errors.
func (t *Thing) Check() error {
	c := checker{t: t, model: t.IsModel(), vocabularies: readVocabularies(t.Context)}
	c.thing()
	return c.err()
}

type checker struct {
	tracker
	t     *Thing
	model bool
	vocabularies
	uriNames map[string]bool     // variables that a security scheme puts into URIs
	keysOf   map[string][]string // those of them that a list of schemes puts there
	base     uri.Template
}

func (c *checker) thing() {
	t := c.t
	c.context()
	c.types(t.Types)
	c.languages(t.Titles, t.Descriptions)
	if !c.model {
		c.required()
	}
	if t.ID != "" && !c.open(t.ID) && !uri.IsAbsolute(t.ID) {
		c.failAt("id", `write one such as "urn:uuid:..."`, "%s is no URI", ordered.Quote(t.ID))
	}
	c.dateTime("created", t.Created)
	c.dateTime("modified", t.Modified)
	c.version()
	for _, name := range [...]string{"forms", "profile", "schemaDefinitions", "securityDefinitions", "security"} {
		c.notEmpty(t.order, name)
	}
	c.securityDefinitions()
	c.security(t.Security)
	c.baseURI(t.Base)
	c.schemas("schemaDefinitions", t.SchemaDefinitions)
	c.uriVariables(t.URIVariables)
	c.links()
	c.forms(place{}, t.Forms)
	c.interactions()
	if c.model {
		c.modelTerms()
	}
}

// required are the members a TD cannot be without.
func (c *checker) required() {
	t := c.t
	if t.Title == "" && !given(t.order, "title") {
		c.failAt("title", "add a title for people to read", "missing")
	}
	if t.SecurityDefinitions.Len() == 0 && !given(t.order, "securityDefinitions") {
		c.failAt("securityDefinitions", `add {"nosec_sc": {"scheme": "nosec"}} when anyone may reach the Thing`, "missing")
	}
	if len(t.Security) == 0 && !given(t.order, "security") {
		c.failAt("security", "name one or more of securityDefinitions", "missing")
	}
}

// given says whether name was written.
func given(order []mark, name string) bool {
	return slices.ContainsFunc(order, func(m mark) bool { return m.name == name })
}

// notEmpty fails when name was written with nothing in it.
func (c *checker) notEmpty(order []mark, name string) {
	if slices.ContainsFunc(order, func(m mark) bool { return m.name == name && m.bare && !m.lone }) {
		c.failAt(name, "fill it or leave it out", "is empty")
	}
}

// open says whether s is left open by a placeholder, in a Thing Model.
func (c *checker) open(s string) bool { return c.model && placeholder.MatchString(s) }

func (c *checker) types(list []string) {
	if !c.model && slices.Contains(list, ModelType) {
		c.failAt("@type", "", "only a Thing Model as a whole is a %s", ModelType)
	}
}

func (c *checker) languages(titles, descriptions Lang) {
	c.tags("titles", titles)
	c.tags("descriptions", descriptions)
}

func (c *checker) tags(name string, m Lang) {
	for tag := range m.All() {
		if !langTag.MatchString(tag) && !c.open(tag) {
			c.failAt(name, `write one such as "en" or "zh-Hans"`, "%s is no language tag (BCP 47)", ordered.Quote(tag))
		}
	}
}

func (c *checker) dateTime(name, s string) {
	if s != "" && !c.open(s) && !c.model && !isDateTime(s) {
		c.failAt(name, `write one such as "2026-01-31T08:00:00Z"`, "%s is no date and time (RFC 3339)", ordered.Quote(s))
	}
}

func (c *checker) version() {
	if len(c.t.Version) == 0 {
		return
	}
	defer c.at("version")()
	n, err := ordered.Read(c.t.Version)
	if err != nil || n.Kind != ordered.Object {
		if !c.open(n.Text) {
			c.fail("", "want an object, got %s", n.Kind)
		}
		return
	}
	instance := n.Get("instance")
	switch {
	case c.model && instance != nil && instance.Kind == ordered.Text:
		c.failAt("instance", "leave it to the Things made from the model", "a Thing Model has none")
	case !c.model && instance == nil:
		c.fail("add it", "the member %s is missing", ordered.Quote("instance"))
	case !c.model:
		c.wantText(&n, "instance")
	}
	c.wantText(&n, "model")
}

func (c *checker) baseURI(base string) {
	if base == "" || c.open(base) {
		return
	}
	template, err := uri.ParseTemplate(base)
	switch {
	case err != nil:
		c.failAt("base", "", "%s: %v", ordered.Quote(base), err)
	case uri.Scheme(base) == "":
		c.failAt("base", "begin it with a scheme such as http:", "%s is no absolute URI", ordered.Quote(base))
	}
	c.base = template
}

// wantText fails when n has a member called name that is no string.
func (c *checker) wantText(n *ordered.Node, name string) {
	if m := n.Get(name); m != nil && m.Kind != ordered.Text {
		c.failAt(name, "", "want a string, got %s", m.Kind)
	}
}

func (c *checker) context() {
	if len(c.t.Context) == 0 {
		c.failAt("@context", fmt.Sprintf("add %q", Context), "missing")
		return
	}
	defer c.at("@context")()
	n, err := ordered.Read(c.t.Context)
	list := n.Kids
	switch {
	case err != nil || n.Kind != ordered.Text && n.Kind != ordered.List:
		c.fail("", "want a string or an array, got %s", n.Kind)
		return
	case n.Kind == ordered.Text:
		list = []ordered.Node{n}
	}
	first := ""
	for i := range list {
		k := &list[i]
		switch {
		case k.Kind != ordered.Text && k.Kind != ordered.Object:
			c.enterIndex(i)
			c.fail("", "want a URI or an object, got %s", k.Kind)
			c.leave()
		case i == 0:
			first = k.Text
		case k.Text == Context10 && first == Context, k.Text == Context && i > 1 && first == Context10:
			c.fail("", "the context of TD 1.0 comes first, that of TD 1.1 second")
		}
	}
	if first != Context && first != Context10 {
		c.fail(fmt.Sprintf("begin it with %q", Context), "does not begin with the context of a Thing Description")
	}
}

// vocabularies are what a context says of prefixes.
type vocabularies struct {
	names  map[string]bool // defined in it
	remote bool            // it names other contexts, which may define more
}

func readVocabularies(context []byte) vocabularies {
	v := vocabularies{names: make(map[string]bool)}
	n, err := ordered.Read(context)
	if err != nil {
		return v
	}
	for _, part := range n.Kids {
		v.remote = v.remote || part.Kind == ordered.Text && part.Text != Context && part.Text != Context10
		for _, k := range part.Kids {
			v.names[k.Name] = true
		}
	}
	return v
}

func (c *checker) links() {
	defer c.at("links")()
	types := 0
	for i, l := range c.t.Links {
		c.enterIndex(i)
		c.link(l)
		if l.Rel == "type" {
			if types++; types > 1 {
				c.failAt("rel", "keep one", "more than one link names the type")
			}
		}
		c.leave()
	}
}

func (c *checker) link(l *Link) {
	if l.Href == "" && !given(l.order, "href") && !c.model {
		c.failAt("href", "add it", "missing")
	}
	c.reference("href", l.Href)
	if n, ok := member(l.Extra, "instanceName"); ok && n.Kind != ordered.Text {
		c.failAt("instanceName", "", "want a string, got %s", n.Kind)
	}
	switch {
	case l.Rel == "tm:extends" && !c.model:
		c.failAt("rel", "instantiate the Thing Model", "only a Thing Model extends another")
	case l.Sizes != "" && l.Rel != "icon":
		c.failAt("sizes", `give it to links with "rel": "icon"`, "only an icon has sizes")
	case l.Sizes != "" && !iconSizes.MatchString(l.Sizes):
		c.failAt("sizes", `write them as "16x16 32x32"`, "%s are no sizes", ordered.Quote(l.Sizes))
	}
	for _, tag := range l.Hreflang {
		if !langTag.MatchString(tag) {
			c.failAt("hreflang", `write one such as "en"`, "%s is no language tag (BCP 47)", ordered.Quote(tag))
		}
	}
}

func (c *checker) reference(name, s string) {
	if !c.open(s) && !uri.IsReference(s) {
		c.failAt(name, "percent-encode what a URI may not hold", "%s is no URI reference (RFC 3986)", ordered.Quote(s))
	}
}

// place is where a form stands.
type place struct {
	of   *Interaction // nil for the Thing itself
	kind thing.Kind
}

func (c *checker) interactions() {
	for ref, i := range c.t.Interactions() {
		c.enter(ref.Kind.String())
		c.enter(ref.Name)
		c.interaction(place{i, ref.Kind}, ref.Name)
		c.leave()
		c.leave()
	}
}

func (c *checker) interaction(at place, name string) {
	i := at.of
	c.types(i.Types)
	c.languages(i.Titles, i.Descriptions)
	c.uriVariables(i.URIVariables)
	switch at.kind {
	case thing.Property:
		p, _ := c.t.Properties.Get(name)
		c.constraints(&p.Schema)
		c.affordanceForms(at, p.order)
	case thing.Action:
		a, _ := c.t.Actions.Get(name)
		c.ref(a.Extra)
		c.maybeSchema("input", a.Input)
		c.maybeSchema("output", a.Output)
		c.affordanceForms(at, a.order)
	case thing.Event:
		e, _ := c.t.Events.Get(name)
		c.ref(e.Extra)
		c.maybeSchema("subscription", e.Subscription)
		c.maybeSchema("data", e.Data)
		c.maybeSchema("dataResponse", e.DataResponse)
		c.maybeSchema("cancellation", e.Cancellation)
		c.affordanceForms(at, e.order)
	}
}

func (c *checker) affordanceForms(at place, order []mark) {
	if len(at.of.Forms) == 0 && (!c.model || given(order, "forms")) {
		c.failAt("forms", "add a form that says how to reach it", "missing or empty")
	}
	c.forms(at, at.of.Forms)
}

func (c *checker) uriVariables(m Map[*Schema]) {
	c.schemas("uriVariables", m)
	defer c.at("uriVariables")()
	for name, s := range m.All() {
		if s.Type == "object" || s.Type == "array" {
			c.failAt(name, "use a string, a number or a boolean", "%s cannot be written in a URI", article(s.Type))
		}
		if c.uriNames[name] {
			c.failAt(name, "rename it", "a security scheme uses this variable too")
		}
	}
}

// modelTerms are the terms that only Thing Models have.
func (c *checker) modelTerms() {
	for _, names := range [...][]string{c.t.Properties.names, c.t.Actions.names, c.t.Events.names} {
		for _, name := range names {
			if placeholder.MatchString(name) {
				c.fail("put placeholders into values", "the name %s holds a placeholder", ordered.Quote(name))
			}
		}
	}
	n, ok := member(c.t.Extra, "tm:optional")
	if !ok {
		return
	}
	defer c.at("tm:optional")()
	if n.Kind != ordered.List {
		c.fail("", "want an array, got %s", n.Kind)
	}
	extends := slices.ContainsFunc(c.t.Links, func(l *Link) bool { return l.Rel == "tm:extends" })
	for i := range n.Kids {
		c.enterIndex(i)
		if !c.affordance(&n.Kids[i], extends) {
			c.fail(`write one such as "/actions/stop"`, "points to no affordance of this model")
		}
		c.leave()
	}
}

// affordance says whether n is a JSON pointer to a whole affordance; when the model extends another it may be one of
// that.
func (c *checker) affordance(n *ordered.Node, extends bool) bool {
	parts := strings.Split(n.Text, "/")
	if n.Kind != ordered.Text || len(parts) != 3 || parts[0] != "" || parts[2] == "" || !isPointer(n.Text) {
		return false
	}
	found := false
	name := ordered.UnescapeName(parts[2])
	switch parts[1] {
	case "properties":
		_, found = c.t.Properties.Get(name)
	case "actions":
		_, found = c.t.Actions.Get(name)
	case "events":
		_, found = c.t.Events.Get(name)
	default:
		return false
	}
	return found || extends
}

// ref judges the "tm:ref" of an object in a Thing Model (assertion tm-tmRef1).
func (c *checker) ref(extra []Member) {
	if !c.model {
		return
	}
	n, ok := member(extra, "tm:ref")
	if !ok {
		return
	}
	file, pointer, found := strings.Cut(n.Text, "#")
	if n.Kind != ordered.Text || !found || !uri.IsReference(file) || !isPointer(pointer) {
		c.failAt("tm:ref", `write one such as "http://example.com/lamp.tm.jsonld#/properties/on"`, "want a URI, '#' and a JSON pointer")
	}
}
