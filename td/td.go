// Package td reads, checks and writes the W3C text of a Thing: Thing Description 1.1, Thing Description 1.0 and
// Thing Models, without losing what it does not know. Unknown terms survive a round trip in their place.
package td

import "encoding/json"

// Member is one name and value that this package gives no meaning to.
type Member struct {
	Name  string
	Value json.RawMessage
}

// Lang maps a language tag to a text, in the order written.
type Lang = Map[string]

// Thing is a Thing Description (W3C TD 1.1 section 5.3.1.1) or a Thing Model. Fields hold what is written, not what
// defaults would make of it: ask the methods (Form.Ops, Form.Media, Security.In, ...) for the value with defaults applied.
// A Thing that nobody changes may be used by many goroutines at once.
type Thing struct {
	Context             json.RawMessage
	ID                  string
	Types               []string // @type
	Title               string
	Titles              Lang
	Description         string
	Descriptions        Lang
	Version             json.RawMessage
	Created             string
	Modified            string
	Support             string
	Base                string
	Profile             []string
	Properties          Map[*Property]
	Actions             Map[*Action]
	Events              Map[*Event]
	Links               []*Link
	Forms               []*Form
	Security            []string
	SecurityDefinitions Map[*Security]
	SchemaDefinitions   Map[*Schema]
	URIVariables        Map[*Schema]
	Extra               []Member

	order []mark
}

// Interaction is what properties, actions and events share (section 5.3.1.2).
type Interaction struct {
	Types        []string
	Title        string
	Titles       Lang
	Description  string
	Descriptions Lang
	Forms        []*Form
	URIVariables Map[*Schema]
}

// Property is a PropertyAffordance (5.3.1.3). Its Schema's own @type, titles and descriptions are those of the
// Interaction; the Schema's fields of those names stay empty.
type Property struct {
	Interaction
	Schema
	Observable bool
}

// Action is an ActionAffordance (5.3.1.4).
type Action struct {
	Interaction
	Input       *Schema
	Output      *Schema
	Safe        bool
	Idempotent  bool
	Synchronous *bool
	Extra       []Member

	order []mark
}

// Event is an EventAffordance (5.3.1.5).
type Event struct {
	Interaction
	Subscription *Schema
	Data         *Schema
	DataResponse *Schema
	Cancellation *Schema
	Extra        []Member

	order []mark
}

// Schema is a DataSchema (5.3.2). Numbers keep their digits.
type Schema struct {
	Types            []string // @type
	Title            string
	Titles           Lang
	Description      string
	Descriptions     Lang
	Type             string
	Const            json.RawMessage
	Default          json.RawMessage
	Unit             string
	OneOf            []*Schema
	Enum             []json.RawMessage
	ReadOnly         bool
	WriteOnly        bool
	Format           string
	Minimum          json.Number
	ExclusiveMinimum json.Number
	Maximum          json.Number
	ExclusiveMaximum json.Number
	MultipleOf       json.Number
	MinLength        json.Number
	MaxLength        json.Number
	Pattern          string
	ContentEncoding  string
	ContentMediaType string
	Items            []*Schema // one schema for all items, or one for each place; see ItemsList
	ItemsList        bool      // true when "items" was written as a list
	MinItems         json.Number
	MaxItems         json.Number
	Properties       Map[*Schema]
	Required         []string
	Extra            []Member

	order []mark
}

// Form is a Form (5.3.4.2).
type Form struct {
	Href                string
	ContentType         string
	ContentCoding       string
	Subprotocol         string
	Security            []string
	Scopes              []string
	Op                  []string
	Response            json.RawMessage
	AdditionalResponses json.RawMessage
	Extra               []Member // protocol terms such as "htv:methodName" or "mqv:topic"

	order []mark
}

// Link is a Link (5.3.4.1).
type Link struct {
	Href     string
	Type     string
	Rel      string
	Anchor   string
	Sizes    string
	Hreflang []string
	Extra    []Member

	order []mark
}

// Security is a SecurityScheme (5.3.3).
type Security struct {
	Types        []string
	Scheme       string
	Description  string
	Descriptions Lang
	Proxy        string
	Extra        []Member // the terms of its scheme: in, name, qop, authorization, token, scopes, flow, ...

	order []mark
}
