package td

import (
	"encoding/json"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"hutong/td/ordered"
)

var schemaTypes = []string{"boolean", "integer", "number", "string", "object", "array", "null"}

func (c *checker) schemas(name string, m Map[*Schema]) {
	defer c.at(name)()
	for name, s := range m.All() {
		c.maybeSchema(name, s)
	}
}

func (c *checker) maybeSchema(name string, s *Schema) {
	if s != nil {
		c.enter(name)
		c.schema(s)
		c.leave()
	}
}

func (c *checker) schema(s *Schema) {
	c.types(s.Types)
	c.languages(s.Titles, s.Descriptions)
	c.constraints(s)
}

// constraints judges the terms of a schema that a property has too.
func (c *checker) constraints(s *Schema) {
	c.ref(s.Extra)
	if given(s.order, "type") || s.Type != "" {
		if !slices.Contains(schemaTypes, s.Type) && !c.open(s.Type) {
			c.failAt("type", "use "+strings.Join(schemaTypes, ", "), "%s is no type", ordered.Quote(s.Type))
		}
	}
	c.unsigned("minLength", s.MinLength)
	c.unsigned("maxLength", s.MaxLength)
	c.unsigned("minItems", s.MinItems)
	c.unsigned("maxItems", s.MaxItems)
	if s.MultipleOf != "" && ordered.ParseDecimal(string(s.MultipleOf)).Sign() <= 0 {
		c.failAt("multipleOf", "", "%s is not more than 0", s.MultipleOf)
	}
	c.enum(s)
	c.pattern(s.Pattern)
	c.listOf("oneOf", s.OneOf)
	if s.ItemsList {
		c.listOf("items", s.Items)
	} else if len(s.Items) > 0 {
		c.maybeSchema("items", s.Items[0])
	}
	c.schemas("properties", s.Properties)
}

func (c *checker) listOf(name string, list []*Schema) {
	defer c.at(name)()
	for i, s := range list {
		c.maybeSchema(strconv.Itoa(i), s)
	}
}

func (c *checker) unsigned(name string, n json.Number) {
	if n != "" && strings.Trim(string(n), "0123456789") != "" {
		c.failAt(name, "", "%s is no whole number from 0", n)
	}
}

func (c *checker) enum(s *Schema) {
	c.notEmpty(s.order, "enum")
	seen := make(map[string]bool, len(s.Enum))
	for i, raw := range s.Enum {
		n, err := ordered.Read(raw)
		if err != nil {
			continue // printed as null; only a program can put it there
		}
		key := n.Key()
		if seen[key] {
			c.failAt("enum", "name each value once", "value %d, %s, is there twice", i, &n)
			return
		}
		seen[key] = true
	}
}

// pattern fails only what no dialect can read: patterns are ECMA 262's, which Go's do not cover.
func (c *checker) pattern(s string) {
	if s == "" || len(s) > MaxPattern || c.open(s) {
		return
	}
	_, err := syntax.Parse(s, syntax.Perl)
	if bad, ok := err.(*syntax.Error); ok {
		switch bad.Code {
		case syntax.ErrMissingParen, syntax.ErrUnexpectedParen, syntax.ErrTrailingBackslash:
			c.failAt("pattern", "", "%s is no regular expression: %s", ordered.Quote(s), bad.Code)
		}
	}
}
