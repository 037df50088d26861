package tm

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"hutong/td"
	"hutong/td/ordered"
	"hutong/td/uri"
)

// Resolve is model with everything taken in that it extends (links of rel "tm:extends") and refers to ("tm:ref"),
// so that it needs no other model. home is the URI of model, against which relative references are resolved; it may
// be "" when there are none.
//
// What extends or refers patches what it extends or refers to, as JSON Merge Patch (RFC 7396) says. Of an extended
// model its id, version, dates and links (but those to submodels) are not taken over, since they speak of that model;
// contexts and tm:optional are joined. Loading stops at the limits and at a model that leads back to itself
// (assertion tm-ref-recursive-extensions). The error names the model and the place in it.
func Resolve(ctx context.Context, model *td.Thing, home string, load Loader) (*td.Thing, error) {
	n, err := ordered.Read(model.JSON())
	if err != nil {
		return nil, err
	}
	home, _, _ = strings.Cut(home, "#")
	r := resolver{ctx: ctx, load: load, models: map[string]*ordered.Node{home: &n}}
	out, err := r.model(&n, home)
	if err != nil {
		return nil, err
	}
	t, err := td.Parse(out.JSON())
	if err != nil {
		return nil, fmt.Errorf("the resolved model: %w", err)
	}
	return t, nil
}

type resolver struct {
	ctx    context.Context
	load   Loader
	models map[string]*ordered.Node // as read, by URI
	doing  []string                 // models and references being resolved, outermost first
	nodes  int
	bytes  int          // of the models loaded
	joined ordered.Node // contexts of models referred to
}

// enter notes that what is being resolved; it fails when that is being resolved already.
func (r *resolver) enter(what string) error {
	if slices.Contains(r.doing, what) {
		return fmt.Errorf("%s leads back to itself: %s", short(what), strings.Join(append(r.doing, what), " -> "))
	}
	if len(r.doing) == MaxDepth {
		return fmt.Errorf("more than %d models and references inside one another", MaxDepth)
	}
	r.doing = append(r.doing, what)
	return nil
}

func (r *resolver) leave() { r.doing = r.doing[:len(r.doing)-1] }

// model resolves a whole model that was read from home.
func (r *resolver) model(n *ordered.Node, home string) (ordered.Node, error) {
	if err := r.enter(home); err != nil {
		return ordered.Node{}, err
	}
	defer r.leave()
	outer := r.joined
	r.joined = ordered.Node{}
	own, err := r.node(n, home)
	if err != nil {
		return own, fmt.Errorf("model %s: %w", short(home), err)
	}
	context := r.joined
	r.joined = outer
	var base ordered.Node
	for _, href := range extended(n) {
		up, err := r.extended(home, href)
		if err != nil {
			return own, fmt.Errorf("model %s extends %s: %w", short(home), short(href), err)
		}
		if base.Kind != ordered.Object {
			base = up
		} else if base, err = join(base, up); err != nil {
			return own, fmt.Errorf("model %s: %w", short(home), err)
		}
	}
	disown(&own)
	if base.Kind == ordered.Object {
		bequeath(&base)
		if own, err = join(base, own); err != nil {
			return own, fmt.Errorf("model %s: %w", short(home), err)
		}
	}
	return own, learn(&own, context)
}

func (r *resolver) extended(home, href string) (ordered.Node, error) {
	at, err := uri.Resolve(home, href)
	if err != nil {
		return ordered.Node{}, err
	}
	at, _, _ = strings.Cut(at, "#")
	n, err := r.get(at)
	if err != nil {
		return ordered.Node{}, err
	}
	return r.model(n, at)
}

// get loads the model at a URI, once.
func (r *resolver) get(at string) (*ordered.Node, error) {
	if n := r.models[at]; n != nil {
		return n, nil
	}
	if err := r.ctx.Err(); err != nil {
		return nil, err
	}
	switch {
	case r.load == nil:
		return nil, errors.New("it is another model and there is no loader")
	case len(r.models) > MaxModels:
		return nil, fmt.Errorf("more than %d models", MaxModels)
	}
	data, err := r.load(r.ctx, at)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", short(at), err)
	}
	if r.bytes += len(data); r.bytes > MaxBytes {
		return nil, fmt.Errorf("load %s: more than %d bytes of models", short(at), MaxBytes)
	}
	n, err := ordered.Read(data)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", short(at), err)
	}
	r.models[at] = &n
	return &n, nil
}

// node resolves every tm:ref in n, which stands in the model at home.
func (r *resolver) node(n *ordered.Node, home string) (ordered.Node, error) {
	if r.nodes++; r.nodes > MaxNodes {
		return ordered.Node{}, fmt.Errorf("more than %d values", MaxNodes)
	}
	out := *n
	out.Kids = nil
	if n.Kids != nil {
		out.Kids = make([]ordered.Node, 0, len(n.Kids))
	}
	for i := range n.Kids {
		k := &n.Kids[i]
		if n.Kind == ordered.Object && k.Name == "tm:ref" {
			continue
		}
		v, err := r.node(k, home)
		if err != nil {
			return out, inside(err, n, i)
		}
		out.Kids = append(out.Kids, v)
	}
	ref := n.Get("tm:ref")
	if ref == nil {
		return out, nil
	}
	target, err := r.ref(ref, home)
	if err != nil {
		return out, inside(err, &ordered.Node{Kind: ordered.Object, Kids: []ordered.Node{*ref}}, 0)
	}
	target = Patch(target, out)
	target.Name = n.Name
	return target, nil
}

// inside is err with its place, seen from n, whose member or item i it is in.
func inside(err error, n *ordered.Node, i int) error {
	at, ok := err.(*td.Error) // not errors.As: what is wrapped is in another model
	if !ok {
		at = &td.Error{Reason: err.Error()}
	}
	if n.Kind == ordered.List {
		return at.In(fmt.Sprint(i))
	}
	return at.In(n.Kids[i].Name)
}

// ref is what "URI#POINTER" points to, resolved.
func (r *resolver) ref(ref *ordered.Node, home string) (ordered.Node, error) {
	file, pointer, ok := strings.Cut(ref.Text, "#")
	if ref.Kind != ordered.Text || !ok {
		return ordered.Node{}, errors.New(`want a string such as "http://example.com/lamp.tm.jsonld#/properties/on"`)
	}
	at := home
	if file != "" {
		var err error
		if at, err = uri.Resolve(home, file); err != nil {
			return ordered.Node{}, err
		}
	}
	whole := at + "#" + pointer
	if err := r.enter(whole); err != nil {
		return ordered.Node{}, err
	}
	defer r.leave()
	model, err := r.get(at)
	if err != nil {
		return ordered.Node{}, err
	}
	n := point(model, pointer)
	if n == nil || n.Kind != ordered.Object {
		return ordered.Node{}, fmt.Errorf("%s points to no object", ordered.Quote(ref.Text))
	}
	if at != home {
		if c := model.Get("@context"); c != nil {
			if r.joined, err = contexts(r.joined, *c); err != nil {
				return ordered.Node{}, err
			}
		}
	}
	out, err := r.node(n, at)
	if err != nil {
		err = fmt.Errorf("%s: %w", short(whole), err)
	}
	return out, err
}

// point follows a JSON pointer (RFC 6901), which may be percent-encoded as part of a URI.
func point(n *ordered.Node, pointer string) *ordered.Node {
	if pointer == "" {
		return n
	}
	if plain, err := url.PathUnescape(pointer); err == nil {
		pointer = plain
	}
	rest, ok := strings.CutPrefix(pointer, "/")
	if !ok {
		return nil
	}
	for ok && n != nil {
		var part string
		part, rest, ok = strings.Cut(rest, "/")
		if k := child(n, ordered.UnescapeName(part)); k != nil {
			n = k
		} else {
			n = child(n, part) // sdf-wot-converter leaves names that hold "~1" as they are
		}
	}
	return n
}

// short is the URI of a model for a message.
func short(s string) string {
	const most = 200
	switch {
	case s == "":
		return "itself"
	case len(s) > most:
		return s[:most] + "..."
	}
	return s
}
