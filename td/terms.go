package td

// The tables of terms: TD 1.1 section 5.3, each class with its signature.

type (
	schemas = named[Schema, *Schema]
	forms   = many[Form, *Form]
	schema  = one[Schema, *Schema]
)

func (t *Thing) rest() (*[]Member, *[]mark)    { return &t.Extra, &t.order }
func (p *Property) rest() (*[]Member, *[]mark) { return &p.Extra, &p.order }
func (a *Action) rest() (*[]Member, *[]mark)   { return &a.Extra, &a.order }
func (e *Event) rest() (*[]Member, *[]mark)    { return &e.Extra, &e.order }
func (s *Schema) rest() (*[]Member, *[]mark)   { return &s.Extra, &s.order }
func (f *Form) rest() (*[]Member, *[]mark)     { return &f.Extra, &f.order }
func (l *Link) rest() (*[]Member, *[]mark)     { return &l.Extra, &l.order }
func (s *Security) rest() (*[]Member, *[]mark) { return &s.Extra, &s.order }

func (t *Thing) terms(list []term) []term {
	return append(list,
		term{"@context", (*raw)(&t.Context)},
		term{"@type", (*texts)(&t.Types)},
		term{"id", (*text)(&t.ID)},
		term{"title", (*text)(&t.Title)},
		term{"titles", (*lang)(&t.Titles)},
		term{"description", (*text)(&t.Description)},
		term{"descriptions", (*lang)(&t.Descriptions)},
		term{"version", (*raw)(&t.Version)},
		term{"created", (*text)(&t.Created)},
		term{"modified", (*text)(&t.Modified)},
		term{"support", (*text)(&t.Support)},
		term{"base", (*text)(&t.Base)},
		term{"profile", (*texts)(&t.Profile)},
		term{"securityDefinitions", (*named[Security, *Security])(&t.SecurityDefinitions)},
		term{"security", (*texts)(&t.Security)},
		term{"schemaDefinitions", (*schemas)(&t.SchemaDefinitions)},
		term{"uriVariables", (*schemas)(&t.URIVariables)},
		term{"links", (*many[Link, *Link])(&t.Links)},
		term{"forms", (*forms)(&t.Forms)},
		term{"properties", (*named[Property, *Property])(&t.Properties)},
		term{"actions", (*named[Action, *Action])(&t.Actions)},
		term{"events", (*named[Event, *Event])(&t.Events)},
	)
}

func (i *Interaction) terms(list []term) []term {
	return append(list,
		term{"@type", (*texts)(&i.Types)},
		term{"title", (*text)(&i.Title)},
		term{"titles", (*lang)(&i.Titles)},
		term{"description", (*text)(&i.Description)},
		term{"descriptions", (*lang)(&i.Descriptions)},
		term{"uriVariables", (*schemas)(&i.URIVariables)},
		term{"forms", (*forms)(&i.Forms)},
	)
}

func (p *Property) terms(list []term) []term {
	list = p.Interaction.terms(list)
	list = p.constraints(list)
	return append(list, term{"observable", (*flag)(&p.Observable)})
}

func (a *Action) terms(list []term) []term {
	return append(a.Interaction.terms(list),
		term{"input", schema{&a.Input}},
		term{"output", schema{&a.Output}},
		term{"safe", (*flag)(&a.Safe)},
		term{"idempotent", (*flag)(&a.Idempotent)},
		term{"synchronous", choice{&a.Synchronous}},
	)
}

func (e *Event) terms(list []term) []term {
	return append(e.Interaction.terms(list),
		term{"subscription", schema{&e.Subscription}},
		term{"data", schema{&e.Data}},
		term{"dataResponse", schema{&e.DataResponse}},
		term{"cancellation", schema{&e.Cancellation}},
	)
}

func (s *Schema) terms(list []term) []term {
	return s.constraints(append(list,
		term{"@type", (*texts)(&s.Types)},
		term{"title", (*text)(&s.Title)},
		term{"titles", (*lang)(&s.Titles)},
		term{"description", (*text)(&s.Description)},
		term{"descriptions", (*lang)(&s.Descriptions)},
	))
}

// constraints are the terms of a Schema that a Property has too.
func (s *Schema) constraints(list []term) []term {
	return append(list,
		term{"type", (*text)(&s.Type)},
		term{"const", (*raw)(&s.Const)},
		term{"default", (*raw)(&s.Default)},
		term{"unit", (*text)(&s.Unit)},
		term{"oneOf", (*many[Schema, *Schema])(&s.OneOf)},
		term{"enum", (*raws)(&s.Enum)},
		term{"readOnly", (*flag)(&s.ReadOnly)},
		term{"writeOnly", (*flag)(&s.WriteOnly)},
		term{"format", (*text)(&s.Format)},
		term{"minimum", (*digits)(&s.Minimum)},
		term{"exclusiveMinimum", (*digits)(&s.ExclusiveMinimum)},
		term{"maximum", (*digits)(&s.Maximum)},
		term{"exclusiveMaximum", (*digits)(&s.ExclusiveMaximum)},
		term{"multipleOf", (*digits)(&s.MultipleOf)},
		term{"minLength", (*digits)(&s.MinLength)},
		term{"maxLength", (*digits)(&s.MaxLength)},
		term{"pattern", (*text)(&s.Pattern)},
		term{"contentEncoding", (*text)(&s.ContentEncoding)},
		term{"contentMediaType", (*text)(&s.ContentMediaType)},
		term{"items", (*items)(s)},
		term{"minItems", (*digits)(&s.MinItems)},
		term{"maxItems", (*digits)(&s.MaxItems)},
		term{"properties", (*schemas)(&s.Properties)},
		term{"required", (*names)(&s.Required)},
	)
}

func (f *Form) terms(list []term) []term {
	return append(list,
		term{"op", (*texts)(&f.Op)},
		term{"href", (*text)(&f.Href)},
		term{"contentType", (*text)(&f.ContentType)},
		term{"contentCoding", (*text)(&f.ContentCoding)},
		term{"subprotocol", (*text)(&f.Subprotocol)},
		term{"security", (*texts)(&f.Security)},
		term{"scopes", (*texts)(&f.Scopes)},
		term{"response", (*raw)(&f.Response)},
		term{"additionalResponses", (*raw)(&f.AdditionalResponses)},
	)
}

func (l *Link) terms(list []term) []term {
	return append(list,
		term{"rel", (*text)(&l.Rel)},
		term{"href", (*text)(&l.Href)},
		term{"type", (*text)(&l.Type)},
		term{"anchor", (*text)(&l.Anchor)},
		term{"sizes", (*text)(&l.Sizes)},
		term{"hreflang", (*texts)(&l.Hreflang)},
	)
}

func (s *Security) terms(list []term) []term {
	return append(list,
		term{"@type", (*texts)(&s.Types)},
		term{"scheme", (*text)(&s.Scheme)},
		term{"description", (*text)(&s.Description)},
		term{"descriptions", (*lang)(&s.Descriptions)},
		term{"proxy", (*text)(&s.Proxy)},
	)
}
