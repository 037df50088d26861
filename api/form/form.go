// Package form gives a Thing Description the forms by which HTTP clients reach the Thing through the hub.
package form

import (
	"encoding/json"
	"net/url"
	"slices"

	"hutong/td"
	"hutong/td/uri"
	"hutong/thing"
)

// Path is the URL path of an affordance of a Thing, each part percent-encoded once.
func Path(ref thing.Ref) string {
	return "/things/" + url.PathEscape(string(ref.Thing)) + "/" + ref.Kind.String() + "/" + url.PathEscape(ref.Name)
}

// ourSecurity is the name of our security definition in a served TD. It begins so that no device's own is meant.
const ourSecurity = "hutong_sc"

// Expose puts our HTTP forms before the device's own, which keep their security and get absolute hrefs, since base is
// now ours.
func Expose(d *td.Thing, open bool) {
	for _, list := range formsOf(d) {
		for _, f := range *list {
			f.Href = absolute(d.Base, f.Href)
			if len(f.Security) == 0 {
				f.Security = slices.Clone(d.Security)
			}
		}
	}
	for _, l := range d.Links {
		l.Href = absolute(d.Base, l.Href)
	}
	d.Base = ""
	d.Context = forBoth(d.Context)
	secure(d, open)
	root := "things/" + url.PathEscape(d.ID)
	for name, p := range d.Properties.All() {
		p.Observable = !p.WriteOnly
		p.Forms = append(propertyForms(root+"/properties/"+url.PathEscape(name), p), p.Forms...)
	}
	for name, x := range d.Actions.All() {
		href := root + "/actions/" + url.PathEscape(name)
		x.Forms = append([]*td.Form{plain(href, "invokeaction")}, x.Forms...)
	}
	for name, e := range d.Events.All() {
		e.Forms = append(listenForms(root+"/events/"+url.PathEscape(name), "subscribeevent", "unsubscribeevent"), e.Forms...)
	}
	d.Forms = append(thingForms(root, d), d.Forms...)
}

func propertyForms(href string, p *td.Property) []*td.Form {
	switch {
	case p.WriteOnly:
		return []*td.Form{plain(href, "writeproperty")}
	case p.ReadOnly:
		return append([]*td.Form{plain(href, "readproperty")}, listenForms(href, "observeproperty", "unobserveproperty")...)
	}
	return append([]*td.Form{plain(href, "readproperty", "writeproperty")}, listenForms(href, "observeproperty", "unobserveproperty")...)
}

// listenForms are two: one whose messages have no event name, which is what a plain EventSource and node-wot hear, and
// one as the W3C WoT Profile wants it, where the event name is that of the affordance.
func listenForms(href string, ops ...string) []*td.Form {
	bare, named := plain(href+"?event=message", ops...), plain(href, ops...)
	bare.Subprotocol, named.Subprotocol = "sse", "sse"
	return []*td.Form{bare, named}
}

func thingForms(root string, d *td.Thing) []*td.Form {
	var list []*td.Form
	if d.Properties.Len() > 0 {
		all := plain(root+"/properties", "observeallproperties", "unobserveallproperties")
		all.Subprotocol = "sse"
		list = append(list, plain(root+"/properties", "readallproperties", "writemultipleproperties"), all)
	}
	if d.Actions.Len() > 0 {
		list = append(list, plain(root+"/actions", "queryallactions"))
	}
	if d.Events.Len() > 0 {
		all := plain(root+"/events", "subscribeallevents", "unsubscribeallevents")
		all.Subprotocol = "sse"
		list = append(list, all)
	}
	return list
}

func plain(href string, ops ...string) *td.Form {
	return &td.Form{Href: href, ContentType: "application/json", Op: ops}
}

// formsOf is where all the forms of d are.
func formsOf(d *td.Thing) []*[]*td.Form {
	list := []*[]*td.Form{&d.Forms}
	for _, p := range d.Properties.All() {
		list = append(list, &p.Forms)
	}
	for _, x := range d.Actions.All() {
		list = append(list, &x.Forms)
	}
	for _, e := range d.Events.All() {
		list = append(list, &e.Forms)
	}
	return list
}

// absolute is href resolved against base, or as it is written when that cannot be.
func absolute(base, href string) string {
	if base == "" {
		return href
	}
	if full, err := uri.Resolve(base, href); err == nil {
		return full
	}
	return href
}

// forBoth names TD 1.0 before TD 1.1, as TD 1.1 section 5.3.1.1 says for descriptions that consumers of either may meet
// (assertion td-context-ns-td10-namespacev10); node-wot 0.9 is one that knows only the older name.
func forBoth(context json.RawMessage) json.RawMessage {
	var list []json.RawMessage
	if err := json.Unmarshal(context, &list); err != nil {
		list = []json.RawMessage{context}
	}
	if len(list) == 0 || string(list[0]) != `"`+td.Context+`"` {
		return context
	}
	both, err := json.Marshal(slices.Insert(list, 0, json.RawMessage(`"`+td.Context10+`"`)))
	if err != nil { // what was read can be written
		return context
	}
	return both
}

// secure says how our forms are opened: by a bearer token, or by nothing on an open hub.
func secure(d *td.Thing, open bool) {
	scheme := &td.Security{Scheme: "nosec"}
	if !open {
		scheme = &td.Security{Scheme: "bearer", Extra: []td.Member{td.Text("in", "header"), td.Text("format", "opaque")}}
	}
	d.SecurityDefinitions.Set(ourSecurity, scheme)
	d.Security = []string{ourSecurity}
}

// Directory describes the hub as a Thing Description Directory (WoT Discovery, section 7.3.2) with what it can do:
// list and retrieve.
func Directory(id, title, base string, open bool) *td.Thing {
	d := td.NewThing(id, title)
	d.Context = forBoth([]byte(`["` + td.Context + `","https://www.w3.org/2022/wot/discovery"]`))
	d.Types = []string{"ThingDirectory"}
	d.Base = base
	d.SecurityDefinitions = td.Map[*td.Security]{}
	secure(d, open)

	things := &td.Property{}
	things.Interaction.Description = "Everything this hub knows, a page at a time"
	things.Type, things.ReadOnly = "array", true
	things.Items = []*td.Schema{{Type: "object"}}
	things.URIVariables = pageVariables()
	things.Forms = []*td.Form{plain("things{?offset,limit,place,q}", "readproperty")}
	d.Properties.Set("things", things)

	get := &td.Action{Safe: true, Idempotent: true, Output: &td.Schema{Type: "object"}}
	get.Interaction.Description = "The description of one Thing"
	get.URIVariables.Set("id", &td.Schema{Title: "id of the Thing, percent-encoded", Type: "string", Format: "iri-reference"})
	f := plain("things/{id}", "invokeaction")
	f.Response = []byte(`{"contentType":"application/td+json","htv:statusCodeValue":200}`)
	f.Extra = []td.Member{td.Text("htv:methodName", "GET")}
	get.Forms = []*td.Form{f}
	d.Actions.Set("retrieveThing", get)
	return d
}

func pageVariables() (m td.Map[*td.Schema]) {
	m.Set("offset", &td.Schema{Title: "how many to pass over", Type: "integer", Minimum: "0"})
	m.Set("limit", &td.Schema{Title: "how many at most", Type: "integer", Minimum: "1", Maximum: "1000"})
	m.Set("place", &td.Schema{Title: "only those in this place, such as home/living-room", Type: "string"})
	m.Set("q", &td.Schema{Title: "only those whose title, id or place holds these words", Type: "string"})
	return m
}
