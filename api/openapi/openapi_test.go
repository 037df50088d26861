package openapi

import (
	"bytes"
	"encoding/json"
	"testing"
)

func table() []Route {
	return []Route{
		{Method: "GET", Path: "/things/{id}", Tag: "t", Summary: "One", Gives: TD, Codes: []int{200, 304}},
		{Method: "PUT", Path: "/things/{id}", Tag: "t", Summary: "Put", Takes: JSON, Codes: []int{204, 502}, Params: []Param{{Name: "q", In: "query", Kind: "date-time", Many: true}}},
		{Method: "GET", Path: "/stream", Public: true, Tag: "t", Summary: "All", Streams: true, Codes: []int{200}},
	}
}

type document struct {
	OpenAPI    string
	Paths      map[string]map[string]operation
	Components struct{ SecuritySchemes map[string]any }
}

type operation struct {
	OperationID string
	Security    []any
	Parameters  []struct {
		Name, In string
		Required bool
		Schema   struct{ Type, Format string }
	}
	RequestBody struct{ Content map[string]any }
	Responses   map[string]struct{ Content map[string]any }
}

func TestTheDocumentSaysWhatTheTableDoes(t *testing.T) {
	data := Document("Hub", "1", "hutong", false, table())
	var d document
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	get, put, stream := d.Paths["/things/{id}"]["get"], d.Paths["/things/{id}"]["put"], d.Paths["/stream"]["get"]
	if d.OpenAPI != "3.1.0" || get.OperationID != "getThingsId" || d.Paths["/things/{id}"]["head"].OperationID != "headThingsId" {
		t.Errorf("%s", data)
	}
	if p := get.Parameters; len(p) != 1 || p[0].In != "path" || !p[0].Required {
		t.Errorf("%+v", p)
	}
	if get.Responses["200"].Content[TD] == nil || get.Responses["401"].Content != nil || len(get.Security) != 2 || len(stream.Security) != 0 {
		t.Errorf("%+v", get)
	}
	if put.RequestBody.Content[JSON] == nil || put.Parameters[1].Schema.Type != "array" || put.Responses["204"].Content != nil {
		t.Errorf("%+v", put)
	}
	if stream.Responses["200"].Content["text/event-stream"] == nil {
		t.Errorf("%+v", stream)
	}
	if !bytes.Equal(data, Document("Hub", "1", "hutong", false, table())) {
		t.Error("the same table made another document")
	}
}

func TestAnOpenHubAsksForNoSignIn(t *testing.T) {
	var d document
	if err := json.Unmarshal(Document("Hub", "", "hutong", true, table()), &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Components.SecuritySchemes) != 0 || len(d.Paths["/things/{id}"]["get"].Security) != 0 {
		t.Errorf("%+v", d)
	}
}
