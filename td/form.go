package td

import (
	"iter"
	"slices"

	"hutong/td/ordered"
	"hutong/thing"
)

// Ops is what f is for: its "op", or when it has none the default for where it stands (TD 1.1 section 5.4): a
// property is read and written as readOnly and writeOnly allow, an action invoked, an event subscribed to and
// unsubscribed from. p is the property f belongs to, nil for the other kinds.
func (f *Form) Ops(kind thing.Kind, p *Property) []string {
	switch {
	case len(f.Op) > 0:
		return f.Op
	case kind == thing.Action:
		return []string{"invokeaction"}
	case kind == thing.Event:
		return []string{"subscribeevent", "unsubscribeevent"}
	case p != nil && p.ReadOnly:
		return []string{"readproperty"}
	case p != nil && p.WriteOnly:
		return []string{"writeproperty"}
	}
	return []string{"readproperty", "writeproperty"}
}

// Media is the content type of f with its default, application/json.
func (f *Form) Media() string {
	if f.ContentType == "" {
		return "application/json"
	}
	return f.ContentType
}

// Answer is the content type of what comes back: that of "response", else that of f itself (assertion
// td-expectedResponse-default-contentType).
func (f *Form) Answer() string {
	if n, err := ordered.Read(f.Response); err == nil {
		if media := n.Get("contentType"); media != nil && media.Kind == ordered.Text {
			return media.Text
		}
	}
	return f.Media()
}

// Method is the HTTP method for op: "htv:methodName", or the default for op (TD 1.1 section 8.3.1, and the W3C HTTP
// binding for the operations that table leaves out).
func (f *Form) Method(op string) string {
	if m, ok := f.Text("htv:methodName"); ok {
		return m
	}
	switch op {
	case "writeproperty", "writeallproperties", "writemultipleproperties":
		return "PUT"
	case "invokeaction":
		return "POST"
	case "cancelaction":
		return "DELETE"
	}
	return "GET"
}

// Text is the string that the extra member called name holds, and whether there is one.
func (f *Form) Text(name string) (string, bool) { return memberText(f.Extra, name) }

// Text is the string that the extra member called name holds, and whether there is one.
func (s *Security) Text(name string) (string, bool) { return memberText(s.Extra, name) }

func memberText(list []Member, name string) (string, bool) {
	n, ok := member(list, name)
	return n.Text, ok && n.Kind == ordered.Text
}

func member(list []Member, name string) (ordered.Node, bool) {
	i := slices.IndexFunc(list, func(m Member) bool { return m.Name == name })
	if i < 0 {
		return ordered.Node{}, false
	}
	n, err := ordered.Read(list[i].Value)
	return n, err == nil
}

// Interactions yields every affordance of t with its Ref, properties first, then actions, then events, in their
// order. The Interaction may be changed in place, its Forms replaced for example.
func (t *Thing) Interactions() iter.Seq2[thing.Ref, *Interaction] {
	return func(yield func(thing.Ref, *Interaction) bool) {
		ref := thing.Ref{Thing: thing.ID(t.ID), Kind: thing.Property}
		for name, p := range t.Properties.All() {
			if ref.Name = name; !yield(ref, &p.Interaction) {
				return
			}
		}
		ref.Kind = thing.Action
		for name, a := range t.Actions.All() {
			if ref.Name = name; !yield(ref, &a.Interaction) {
				return
			}
		}
		ref.Kind = thing.Event
		for name, e := range t.Events.All() {
			if ref.Name = name; !yield(ref, &e.Interaction) {
				return
			}
		}
	}
}
