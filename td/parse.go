package td

import (
	"encoding/json"
	"slices"

	"hutong/td/ordered"
)

// Names of JSON-LD contexts and terms.
const (
	Context   = "https://www.w3.org/2022/wot/td/v1.1" // TD 1.1
	Context10 = "https://www.w3.org/2019/wot/td/v1"   // TD 1.0
	HutongNS  = "https://hutong.example/ns#"          // Hutong's own terms, prefix "hutong"
	ModelType = "tm:ThingModel"                       // the @type of a Thing Model
)

// Limits of a text that Parse takes.
const (
	MaxSize  = ordered.MaxSize  // bytes
	MaxDepth = ordered.MaxDepth // objects and arrays inside one another
	MaxNames = ordered.MaxNames // members of one object
)

// Parse reads a Thing Description 1.1 or 1.0 or a Thing Model. It refuses what is not JSON, what passes the limits, a
// name given twice with different values, and a known term whose value has not the type TD 1.1 section 5.3 gives it.
// In a Thing Model a placeholder may stand for any value, and null for one that is taken away from what the model
// extends; both are then kept in Extra. All else is for Check to judge. The error is an *Error or Errors. The Thing
// keeps nothing of data.
func Parse(data []byte) (*Thing, error) {
	n, err := ordered.Read(data)
	if err != nil {
		return nil, err
	}
	return read(&n)
}

func read(n *ordered.Node) (*Thing, error) {
	t := new(Thing)
	model := isModel(n)
	r := reader{model: model, patch: model && extends(n), stack: make([]term, 0, tables)}
	r.object(n, t)
	if err := r.err(); err != nil {
		return nil, err
	}
	return t, nil
}

// isModel looks at @type before the rest is read, since it decides how to read the rest.
func isModel(n *ordered.Node) bool {
	types := n.Get("@type")
	if types == nil {
		return false
	}
	return types.Kind == ordered.Text && types.Text == ModelType ||
		slices.ContainsFunc(types.Kids, func(k ordered.Node) bool { return k.Kind == ordered.Text && k.Text == ModelType })
}

func extends(n *ordered.Node) bool {
	links := n.Get("links")
	return links != nil && slices.ContainsFunc(links.Kids, func(l ordered.Node) bool {
		rel := l.Get("rel")
		return rel != nil && rel.Text == "tm:extends"
	})
}

// IsModel says whether t is a Thing Model.
func (t *Thing) IsModel() bool { return slices.Contains(t.Types, ModelType) }

// JSON prints t as compact JSON: members that were read in their old order and form (a string where a string
// stood for an array of one), new ones after them. Only white space and needless escapes of what Parse read are
// lost.
func (t *Thing) JSON() []byte {
	w := writer{stack: make([]term, 0, tables)}
	w.object(t)
	return w.buf
}

// MarshalJSON is JSON.
func (t *Thing) MarshalJSON() ([]byte, error) { return t.JSON(), nil }

// JSON prints s as Thing.JSON does.
func (s *Schema) JSON() []byte {
	var w writer
	w.object(s)
	return w.buf
}

// ParseSchema reads one data schema (TD 1.1 section 5.3.2), as Parse reads a Thing.
func ParseSchema(data []byte) (*Schema, error) {
	n, err := ordered.Read(data)
	if err != nil {
		return nil, err
	}
	s := new(Schema)
	var r reader
	r.object(&n, s)
	if err := r.err(); err != nil {
		return nil, err
	}
	return s, nil
}

// Clone is a Thing equal to t that shares nothing with it.
func (t *Thing) Clone() *Thing { return own(new(copier), t) }

// NewThing is a TD 1.1 that anyone may reach: it has the context with Hutong's prefix, id, title, and "nosec_sc" as
// its security. id should be a URN.
func NewThing(id, title string) *Thing {
	t := &Thing{
		Context:  json.RawMessage(`["` + Context + `",{"hutong":"` + HutongNS + `"}]`),
		ID:       id,
		Title:    title,
		Security: []string{"nosec_sc"},
	}
	t.SecurityDefinitions.Set("nosec_sc", &Security{Scheme: "nosec"})
	return t
}

// Text makes the Member called name whose value is the string s.
func Text(name, s string) Member { return Member{name, ordered.AppendText(nil, s)} }
