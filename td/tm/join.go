package tm

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hutong/td"
	"hutong/td/ordered"
)

// Patch is target patched as JSON Merge Patch (RFC 7396) says; members keep their places, new ones follow. It changes
// neither.
func Patch(target, patch ordered.Node) ordered.Node {
	if patch.Kind != ordered.Object {
		return patch
	}
	out := patch
	out.Kids = nil
	if target.Kind == ordered.Object {
		out.Kids = slices.Clone(target.Kids)
	}
	for _, p := range patch.Kids {
		at := slices.IndexFunc(out.Kids, func(k ordered.Node) bool { return k.Name == p.Name })
		switch {
		case p.Kind == ordered.Null && at >= 0:
			out.Kids = slices.Delete(out.Kids, at, at+1)
		case p.Kind == ordered.Null:
		case at >= 0:
			out.Kids[at] = Patch(out.Kids[at], p)
		default:
			out.Kids = append(out.Kids, Patch(ordered.Node{}, p))
		}
	}
	return out
}

// extended are the hrefs of the models that model n extends.
func extended(n *ordered.Node) []string {
	var list []string
	if links := n.Get("links"); links != nil {
		for i := range links.Kids {
			if text(&links.Kids[i], "rel") == "tm:extends" {
				list = append(list, text(&links.Kids[i], "href"))
			}
		}
	}
	return list
}

func extends(n *ordered.Node) bool { return len(extended(n)) > 0 }

// disown takes the links to extended models out of n (assertion thing-model-td-generation-processor-extends).
func disown(n *ordered.Node) {
	keepLinks(n, func(rel string) bool { return rel != "tm:extends" })
}

// bequeath leaves of model n what a model that extends it takes over.
func bequeath(n *ordered.Node) {
	for _, name := range [...]string{"id", "version", "created", "modified", "support"} {
		drop(n, name)
	}
	keepLinks(n, func(rel string) bool { return rel == "tm:submodel" })
}

func keepLinks(n *ordered.Node, keep func(rel string) bool) {
	links := n.Get("links")
	if links == nil {
		return
	}
	links.Kids = slices.DeleteFunc(slices.Clone(links.Kids), func(l ordered.Node) bool { return !keep(text(&l, "rel")) })
	if len(links.Kids) == 0 {
		drop(n, "links")
	}
}

// join is own laid over base: a merge patch, but contexts, links and tm:optional of both are kept.
func join(base, own ordered.Node) (ordered.Node, error) {
	out := Patch(base, own)
	for _, name := range [...]string{"links", "tm:optional"} {
		a, b := base.Get(name), own.Get(name)
		if a == nil || b == nil {
			continue
		}
		both := *a
		both.Kids = slices.Clone(a.Kids)
		for _, k := range b.Kids {
			if !slices.ContainsFunc(both.Kids, func(o ordered.Node) bool { return o.Equal(&k) }) {
				both.Kids = append(both.Kids, k)
			}
		}
		set(&out, both)
	}
	if a := base.Get("@context"); a != nil {
		return out, learn(&out, *a)
	}
	return out, nil
}

// learn adds to the context of n what is in context (assertion tm-tmRef2).
func learn(n *ordered.Node, context ordered.Node) error {
	if context.Text == "" && len(context.Kids) == 0 {
		return nil
	}
	old := n.Get("@context")
	if old == nil {
		context.Name = "@context"
		n.Kids = append([]ordered.Node{context}, n.Kids...)
		return nil
	}
	both, err := contexts(*old, context)
	both.Name = old.Name
	*old = both
	return err
}

// contexts is a and b as one JSON-LD context: first the URIs, then one object with all names. A name that stands for
// two things is an error, since no order of the two would be right for both.
func contexts(a, b ordered.Node) (ordered.Node, error) {
	if a.Text == "" && len(a.Kids) == 0 || a.Same(&b) {
		return b, nil
	}
	var uris []ordered.Node
	terms := ordered.Node{Kind: ordered.Object}
	for _, part := range append(parts(a), parts(b)...) {
		if part.Kind == ordered.Text {
			if !slices.ContainsFunc(uris, func(u ordered.Node) bool { return u.Text == part.Text }) {
				uris = append(uris, part)
			}
			continue
		}
		for _, k := range part.Kids {
			old := terms.Get(k.Name)
			switch {
			case old == nil:
				terms.Kids = append(terms.Kids, k)
			case !old.Equal(&k):
				return a, fmt.Errorf("in @context %s stands for two things", ordered.Quote(k.Name))
			}
		}
	}
	out := ordered.Node{Kind: ordered.List, Kids: newest(uris)}
	if len(terms.Kids) > 0 {
		out.Kids = append(out.Kids, terms)
	}
	return out, nil
}

// newest puts the context of TD 1.1 first and leaves out that of TD 1.0 beside it.
func newest(uris []ordered.Node) []ordered.Node {
	at := slices.IndexFunc(uris, func(u ordered.Node) bool { return u.Text == td.Context })
	if at < 0 {
		return uris
	}
	first := uris[at]
	rest := slices.DeleteFunc(uris, func(u ordered.Node) bool { return u.Text == td.Context || u.Text == td.Context10 })
	return append([]ordered.Node{first}, rest...)
}

// parts are the URIs and objects that a context consists of.
func parts(n ordered.Node) []ordered.Node {
	n.Name = ""
	if n.Kind == ordered.List {
		return slices.Clone(n.Kids)
	}
	return []ordered.Node{n}
}

// child is the member or item of n that one part of a JSON pointer names, nil when there is none.
func child(n *ordered.Node, part string) *ordered.Node {
	if n.Kind == ordered.Object {
		return n.Get(part)
	}
	i, err := strconv.Atoi(part)
	if n.Kind != ordered.List || err != nil || i < 0 || i >= len(n.Kids) {
		return nil
	}
	return &n.Kids[i]
}

// split takes a pointer to an affordance apart: "/actions/stop" is "actions" and "stop".
func split(pointer string) (kind, name string) {
	kind, name, _ = strings.Cut(strings.TrimPrefix(pointer, "/"), "/")
	return kind, ordered.UnescapeName(name)
}
