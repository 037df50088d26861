// Package tm makes Things out of Thing Models (W3C TD 1.1 section 10): it takes in what a model extends and refers
// to, chooses among what is optional, and fills the placeholders.
package tm

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"hutong/td"
	"hutong/td/ordered"
)

// Loader returns the text of the Thing Model at uri, which is absolute and has no fragment. It is called once for
// each uri, and decides which may be loaded: a model names its sources itself.
type Loader func(ctx context.Context, uri string) ([]byte, error)

// Limits of one Resolve.
const (
	MaxModels = 64      // models loaded
	MaxBytes  = 4 << 20 // of their texts together
	MaxDepth  = 32      // models and references inside one another
	MaxNodes  = 50_000  // JSON values in the result; what refers to the same thing twice counts it twice
)

// Options say what Instantiate makes of a model.
type Options struct {
	ID       string                     // of the new Thing; "" keeps the model's
	Values   map[string]json.RawMessage // of the placeholders, by name without braces
	Optional func(pointer string) bool  // which of tm:optional to take, such as "/actions/stop"; nil takes all
	Model    string                     // URI of the model, for a link of rel "type"; "" makes none
	Instance string                     // version.instance; "" is the version of the model, if it has one
	Items    map[string]string          // TDs of the submodels: instanceName to href, for links of rel "item"
}

// Parse reads a Thing Model; a text whose @type is not tm:ThingModel is refused (assertion tm-identification).
func Parse(data []byte) (*td.Thing, error) {
	t, err := td.Parse(data)
	if err != nil {
		return nil, err
	}
	if !t.IsModel() {
		return nil, &td.Error{Pointer: "/@type", Reason: "no Thing Model", Mend: "give it the @type " + td.ModelType}
	}
	return t, nil
}

// Instantiate makes a Thing of a model that has been resolved, by the steps of TD 1.1 section 10.4. Every
// placeholder must have a value and every value a placeholder. What a model may leave out and a Thing may not, forms
// and security above all, is for the caller to add; Check tells what is missing. The error is an *td.Error or
// td.Errors.
func Instantiate(model *td.Thing, o Options) (*td.Thing, error) {
	n, err := ordered.Read(model.JSON())
	if err != nil {
		return nil, err
	}
	if ref := find(&n, "tm:ref"); ref != "" || extends(&n) {
		return nil, &td.Error{Pointer: ref, Reason: "refers to another model", Mend: "Resolve it first"}
	}
	choose(&n, o.Optional)
	drop(&n, "tm:optional")
	unmark(&n)
	relink(&n, o)
	n, errs := fill(&n, o.Values)
	if len(errs) > 0 {
		return nil, errs
	}
	t, err := td.Parse(n.JSON())
	if err != nil {
		return nil, fmt.Errorf("the model with its placeholders filled: %w", err)
	}
	if o.ID != "" {
		t.ID = o.ID
	}
	return t, version(t, o.Instance)
}

// find returns the pointer to the first member called name anywhere in n, "" when there is none.
func find(n *ordered.Node, name string) string {
	for i := range n.Kids {
		k := &n.Kids[i]
		part := fmt.Sprint("/", i)
		if n.Kind == ordered.Object {
			part = "/" + ordered.EscapeName(k.Name)
			if k.Name == name {
				return part
			}
		}
		if at := find(k, name); at != "" {
			return part + at
		}
	}
	return ""
}

// choose takes out the optional affordances that are not wanted.
func choose(n *ordered.Node, wanted func(string) bool) {
	list := n.Get("tm:optional")
	if list == nil || wanted == nil {
		return
	}
	for _, k := range list.Kids {
		kind, name := split(k.Text)
		if part := n.Get(kind); part != nil && !wanted(k.Text) {
			drop(part, name)
		}
	}
}

// unmark takes tm:ThingModel out of @type.
func unmark(n *ordered.Node) {
	types := n.Get("@type")
	if types == nil {
		return
	}
	types.Kids = slices.DeleteFunc(types.Kids, func(k ordered.Node) bool { return k.Text == td.ModelType })
	if len(types.Kids) == 0 {
		drop(n, "@type")
	}
}

// relink makes of links between models the links that a Thing has.
func relink(n *ordered.Node, o Options) {
	var links []ordered.Node
	if list := n.Get("links"); list != nil {
		for _, l := range list.Kids {
			if text(&l, "rel") != "tm:submodel" {
				links = append(links, l)
			} else if href, ok := o.Items[text(&l, "instanceName")]; ok {
				links = append(links, link("item", href, "application/td+json"))
			}
		}
	}
	if o.Model != "" {
		links = slices.DeleteFunc(links, func(l ordered.Node) bool { return text(&l, "rel") == "type" })
		links = append(links, link("type", o.Model, "application/tm+json"))
	}
	if len(links) == 0 {
		drop(n, "links")
		return
	}
	set(n, ordered.Node{Kind: ordered.List, Name: "links", Kids: links})
}

func link(rel, href, media string) ordered.Node {
	return ordered.Node{Kind: ordered.Object, Kids: []ordered.Node{
		{Kind: ordered.Text, Name: "rel", Text: rel},
		{Kind: ordered.Text, Name: "href", Text: href},
		{Kind: ordered.Text, Name: "type", Text: media},
	}}
}

// version adds the instance that the version of a Thing must have and that of a model must not.
func version(t *td.Thing, instance string) error {
	n := ordered.Node{Kind: ordered.Object}
	if len(t.Version) > 0 {
		var err error
		if n, err = ordered.Read(t.Version); err != nil {
			return err
		}
	}
	if instance == "" {
		instance = text(&n, "model")
	}
	if instance != "" && n.Kind == ordered.Object {
		set(&n, ordered.Node{Kind: ordered.Text, Name: "instance", Text: instance})
		t.Version = n.JSON()
	}
	return nil
}

// text is the string that n has under name, "" when it has none.
func text(n *ordered.Node, name string) string {
	if k := n.Get(name); k != nil && k.Kind == ordered.Text {
		return k.Text
	}
	return ""
}

// set gives n the member k, in its old place when it had one.
func set(n *ordered.Node, k ordered.Node) {
	if old := n.Get(k.Name); old != nil {
		*old = k
		return
	}
	n.Kids = append(n.Kids, k)
}

func drop(n *ordered.Node, name string) {
	n.Kids = slices.DeleteFunc(n.Kids, func(k ordered.Node) bool { return k.Name == name })
}
