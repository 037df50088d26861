package td

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unique"

	"hutong/td/ordered"
	"hutong/thing"
)

// Compile is what the engine needs of t: a Point for each property and event (with the type of the event's data)
// and one for each action (with the type of its input). Place and Simulated come from hutong:place and
// hutong:simulated, a Point's Resolution, Retention and Linear from hutong:resolution, hutong:retention ("1s",
// "720h") and hutong:linear, whatever prefix @context gives Hutong's vocabulary. Binding stays "". t must have an id
// and be no Thing Model; Compile does not Check. The error is an *Error or Errors.
func (t *Thing) Compile() (*thing.Thing, error) {
	c := compiler{prefix: t.prefixes()}
	if t.IsModel() {
		c.failAt("@type", "instantiate it first", "a Thing Model is no Thing")
	}
	if t.ID == "" {
		c.failAt("id", "give it a URN", "a Thing needs an id to be kept")
	}
	x := &thing.Thing{
		ID:        thing.ID(strings.Clone(t.ID)),
		Title:     strings.Clone(title(t.Title, t.Titles, t.ID)),
		Simulated: t.Simulated(),
		Points:    make([]thing.Point, 0, t.Properties.Len()+t.Events.Len()),
		Actions:   make([]thing.Point, 0, t.Actions.Len()),
	}
	if path := thing.ParsePlace(t.PlaceText()); len(path) > 0 {
		x.Place = path[len(path)-1].ID
	}
	for name, p := range t.Properties.All() {
		x.Points = append(x.Points, c.point(thing.Property, name, &p.Interaction, &p.Schema, p.Extra))
	}
	for name, e := range t.Events.All() {
		point := c.point(thing.Event, name, &e.Interaction, e.Data, e.Extra)
		point.ReadOnly = true
		x.Points = append(x.Points, point)
	}
	for name, a := range t.Actions.All() {
		x.Actions = append(x.Actions, c.point(thing.Action, name, &a.Interaction, a.Input, a.Extra))
	}
	if err := c.err(); err != nil {
		return nil, err
	}
	return x, nil
}

// PlaceText is hutong:place as written, such as "Home / Living Room", for thing.ParsePlace; "" when it has none.
func (t *Thing) PlaceText() string {
	n, _ := ours(t.Extra, t.prefixes(), "place")
	if n.Kind != ordered.Text {
		return ""
	}
	return n.Text
}

// Simulated is hutong:simulated: the device is pretended.
func (t *Thing) Simulated() bool {
	n, _ := ours(t.Extra, t.prefixes(), "simulated")
	return n.Kind == ordered.Bool && n.Text == "true"
}

// maxPrefixes is how many prefixes for one vocabulary are looked for; nobody needs two.
const maxPrefixes = 4

// prefixes are the prefixes that @context gives Hutong's vocabulary: "hutong", unless that stands for something
// else, and any other.
func (t *Thing) prefixes() []string {
	var list []string
	taken := false
	if n, err := ordered.Read(t.Context); err == nil {
		for _, part := range n.Kids {
			for _, k := range part.Kids {
				taken = taken || k.Name == "hutong"
				if k.Kind == ordered.Text && k.Text == HutongNS && len(list) < maxPrefixes {
					list = append(list, k.Name)
				}
			}
		}
	}
	if !taken {
		list = append(list, "hutong")
	}
	return list
}

// ours finds the term of Hutong's vocabulary called name among list.
func ours(list []Member, prefixes []string, name string) (ordered.Node, bool) {
	for _, p := range prefixes {
		if n, ok := member(list, p+":"+name); ok {
			return n, true
		}
	}
	return ordered.Node{}, false
}

func title(one string, many Lang, name string) string {
	if one != "" {
		return one
	}
	if en, ok := many.Get("en"); ok {
		return en
	}
	for _, s := range many.All() {
		return s
	}
	return name
}

type compiler struct {
	tracker
	prefix []string
}

func (c *compiler) point(kind thing.Kind, name string, i *Interaction, s *Schema, extra []Member) thing.Point {
	defer c.at(kind.String())()
	defer c.at(name)()
	p := thing.Point{Kind: kind, Name: word(name), Title: word(title(i.Title, i.Titles, name))}
	if s != nil {
		p.Type, p.Unit, p.ReadOnly, p.WriteOnly = typeOf(s), word(s.Unit), s.ReadOnly, s.WriteOnly
		p.Enum = c.allowed(s)
	}
	p.Resolution = c.duration(extra, "resolution")
	p.Retention = c.duration(extra, "retention")
	if n, ok := ours(extra, c.prefix, "linear"); ok {
		p.Linear = n.Kind == ordered.Bool && n.Text == "true"
	}
	return p
}

// word is s in memory of its own, shared with others that say the same: a Thing must not keep the whole text of its TD in
// memory, of which s is a piece, and devices of one make say the same.
func word(s string) string { return unique.Make(s).Value() }

// typeOf is the type s names, or the one that all its alternatives, its constant or its allowed values share.
func typeOf(s *Schema) thing.Type {
	if s.Type != "" {
		return thing.TypeOf(s.Type)
	}
	var found []thing.Type
	for _, o := range s.OneOf {
		found = append(found, typeOf(o))
	}
	for _, raw := range values(s) {
		if v, err := thing.ParseJSON(raw); err == nil {
			found = append(found, v.Type())
		}
	}
	if len(found) == 0 {
		return thing.Any
	}
	all := found[0]
	for _, t := range found[1:] {
		switch {
		case t == all:
		case isNumeric(t) && isNumeric(all):
			all = thing.Number
		default:
			return thing.Any
		}
	}
	return all
}

func isNumeric(t thing.Type) bool { return t == thing.Integer || t == thing.Number }

func values(s *Schema) []json.RawMessage {
	if len(s.Const) > 0 {
		return []json.RawMessage{s.Const}
	}
	return s.Enum
}

func (c *compiler) allowed(s *Schema) []thing.Value {
	list := values(s)
	if len(list) == 0 {
		return nil
	}
	all := make([]thing.Value, 0, len(list))
	for i, raw := range list {
		v, err := thing.ParseJSON(raw)
		if err != nil {
			c.failAt("enum", "", "value %d: %v", i, err)
			continue
		}
		all = append(all, v)
	}
	return all
}

func (c *compiler) duration(extra []Member, name string) time.Duration {
	n, ok := ours(extra, c.prefix, name)
	if !ok {
		return 0
	}
	d, err := parseDuration(&n)
	if err != nil {
		c.failAt(c.prefix[0]+":"+name, `write a duration such as "1s" or "720h"`, "%v", err)
	}
	return d
}

func parseDuration(n *ordered.Node) (time.Duration, error) {
	if n.Kind != ordered.Text {
		return 0, fmt.Errorf("want a duration, got %s", n.Kind)
	}
	d, err := time.ParseDuration(strings.TrimSpace(n.Text))
	if err != nil {
		return 0, fmt.Errorf("%s is no duration", ordered.Quote(n.Text))
	}
	if d < 0 {
		return 0, fmt.Errorf("%s is less than nothing", ordered.Quote(n.Text))
	}
	return d, nil
}
