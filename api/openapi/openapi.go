// Package openapi makes an OpenAPI 3.1 document of a table of routes, so that the two cannot differ.
package openapi

import (
	"cmp"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// object is a JSON object under construction; encoding/json sorts its names, so the same table gives the same bytes.
type object map[string]any

// Route is one row of the table.
type Route struct {
	Method, Path string // the path as http.ServeMux writes it
	Public       bool   // needs no sign-in
	Tag          string
	Summary      string
	Params       []Param
	Takes        string // content type of the body, "" for none
	Optional     bool   // the body may be left out
	Gives        string // content type of the good answer, "" for none
	Streams      bool   // also, or only, text/event-stream
	Codes        []int  // answers other than the common errors
}

// Param is a query or header parameter; those in the path are found by themselves.
type Param struct {
	Name, In string
	Kind     string // JSON Schema type, or date-time
	About    string
	Many     bool // may be repeated
}

// Content types that are spoken of more than once.
const (
	JSON = "application/json"
	TD   = "application/td+json"
	Text = "text/plain"
	YAML = "text/yaml"
)

// Document describes routes. Open says that nobody needs to sign in; cookie is the name of a browser's.
func Document(title, version, cookie string, open bool, routes []Route) []byte {
	paths := object{}
	for i := range routes {
		r := &routes[i]
		item, ok := paths[r.Path].(object)
		if !ok {
			item = object{}
			paths[r.Path] = item
		}
		item[strings.ToLower(r.Method)] = r.operation(r.Method, r.Summary, open)
		if r.Method == http.MethodGet {
			item["head"] = r.operation(http.MethodHead, "The headers of: "+r.Summary, open)
		}
	}
	components := object{
		"schemas": object{"Problem": problemSchema()},
		"responses": object{"Problem": object{
			"description": "What was wrong, where, and how to mend it (RFC 9457)",
			"content":     object{"application/problem+json": object{"schema": object{"$ref": "#/components/schemas/Problem"}}},
		}},
	}
	if !open {
		components["securitySchemes"] = object{
			"bearer": object{"type": "http", "scheme": "bearer", "description": "A token of `hutong token create`"},
			"cookie": object{"type": "apiKey", "in": "cookie", "name": cookie, "description": "A browser that signed in by PUT /session"},
		}
	}
	data, err := json.MarshalIndent(object{
		"openapi": "3.1.0",
		"info": object{
			"title": title, "version": cmp.Or(version, "0"),
			"description": "The HTTP surface of a Hutong hub. Each Thing's own properties, actions and events are described by its W3C Thing Description at /things/{id}.",
			"license":     object{"name": "Apache-2.0", "identifier": "Apache-2.0"},
		},
		"servers":    []any{object{"url": "/"}},
		"paths":      paths,
		"components": components,
	}, "", " ")
	if err != nil { // maps and strings always marshal
		panic(err)
	}
	return data
}

func problemSchema() object {
	return object{
		"type": "object", "required": []string{"type", "title", "status"},
		"properties": object{
			"type": object{"type": "string", "format": "uri-reference"}, "title": object{"type": "string"},
			"status": object{"type": "integer"}, "detail": object{"type": "string"},
			"errors": object{"type": "array", "items": object{
				"type": "object", "required": []string{"detail"},
				"properties": object{
					"pointer": object{"type": "string"}, "parameter": object{"type": "string"},
					"line": object{"type": "integer"}, "column": object{"type": "integer"}, "detail": object{"type": "string"},
				},
			}},
		},
	}
}

var pathNames = regexp.MustCompile(`\{(\w+)\}`)

func (r *Route) operation(method, summary string, open bool) object {
	var params []any
	for _, m := range pathNames.FindAllStringSubmatch(r.Path, -1) {
		params = append(params, object{
			"name": m[1], "in": "path", "required": true, "schema": object{"type": "string"},
			"description": pathAbout(m[1]),
		})
	}
	for _, p := range r.Params {
		schema := object{"type": p.Kind}
		if p.Kind == "date-time" {
			schema = object{"type": "string", "format": p.Kind}
		}
		if p.Many {
			schema = object{"type": "array", "items": schema}
		}
		params = append(params, object{"name": p.Name, "in": p.In, "description": p.About, "schema": schema})
	}
	op := object{
		"operationId": operationID(method, r.Path), "tags": []string{r.Tag}, "summary": summary, "responses": r.responses(open),
	}
	if params != nil {
		op["parameters"] = params
	}
	if r.Takes != "" {
		op["requestBody"] = object{"required": !r.Optional, "content": object{r.Takes: object{"schema": schemaOf(r.Takes)}}}
	}
	if !r.Public && !open {
		op["security"] = []any{object{"bearer": []string{}}, object{"cookie": []string{}}}
	}
	return op
}

func pathAbout(name string) string {
	switch name {
	case "id":
		return "the id, percent-encoded once"
	case "name":
		return "the name of the property, action or event, percent-encoded once"
	}
	return "the id of the " + name
}

func (r *Route) responses(open bool) object {
	problem := object{"$ref": "#/components/responses/Problem"}
	all := object{"default": problem}
	for _, code := range r.Codes {
		if code >= 400 {
			all[strconv.Itoa(code)] = problem
			continue
		}
		res := object{"description": http.StatusText(code)}
		content := object{}
		if r.Gives != "" && (code == 200 || code == 201) {
			content[r.Gives] = object{"schema": schemaOf(r.Gives)}
		}
		if r.Streams && code == 200 {
			content["text/event-stream"] = object{"schema": object{"type": "string"}}
		}
		if len(content) > 0 {
			res["content"] = content
		}
		all[strconv.Itoa(code)] = res
	}
	if !r.Public && !open {
		all["401"] = problem
	}
	return all
}

func schemaOf(media string) object {
	switch media {
	case TD:
		return object{"type": "object"}
	case JSON:
		return object{}
	}
	return object{"type": "string"}
}

// operationID is the method and the words of the path: getThingsIdPropertiesName.
func operationID(method, path string) string {
	var b strings.Builder
	b.WriteString(strings.ToLower(method))
	for _, w := range strings.FieldsFunc(path, func(c rune) bool { return c < 'a' || c > 'z' }) {
		b.WriteString(strings.ToUpper(w[:1]) + w[1:])
	}
	return b.String()
}
