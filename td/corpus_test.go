package td_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"hutong/internal/testkit"
	"hutong/td"
)

type corpusFile struct {
	name string // below td-2022
	data []byte
}

func corpus(t *testing.T) []corpusFile {
	t.Helper()
	root := os.DirFS(testkit.Data(t, "wot/td-2022", "435 W3C texts not read"))
	var list []corpusFile
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(root, path)
		list = append(list, corpusFile{path, data})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// oracle is the W3C's own JSON Schemas.
type oracle struct{ td11, td10, tm *jsonschema.Schema }

func newOracle(t *testing.T) oracle {
	t.Helper()
	dir := testkit.Data(t, "wot/schema", "W3C schemas not applied")
	compile := func(name string) *jsonschema.Schema {
		c := jsonschema.NewCompiler()
		c.DefaultDraft(jsonschema.Draft7)
		c.AssertFormat()
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		delete(doc.(map[string]any), "$id")
		if err := c.AddResource("file:///"+name, doc); err != nil {
			t.Fatal(err)
		}
		s, err := c.Compile("file:///" + name)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	return oracle{compile("td-1.1.schema.json"), compile("td-1.0.schema.json"), compile("tm-1.1.schema.json")}
}

func (o oracle) judge(data []byte) (which string, err error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return "JSON", err
	}
	m, _ := doc.(map[string]any)
	context := fmt.Sprint(m["@context"])
	switch {
	case strings.Contains(fmt.Sprint(m["@type"]), td.ModelType):
		return "TM 1.1", o.tm.Validate(doc)
	case strings.Contains(context, td.Context):
		return "TD 1.1", o.td11.Validate(doc)
	}
	if err := o.td11.Validate(doc); err != nil {
		return "TD 1.0", o.td10.Validate(doc)
	}
	return "TD 1.0", nil
}

// canon is a JSON text without white space; the order of members and the digits of numbers are kept, and of a member
// given twice alike only the first is. It is made with encoding/json alone, to be a judge of our own reader.
func canon(t *testing.T, data []byte) string {
	t.Helper()
	return canonAs(t, data, true)
}

func canonAs(t *testing.T, data []byte, once bool) string {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	s, err := canonValue(d, once)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func canonValue(d *json.Decoder, once bool) (string, error) {
	tok, err := d.Token()
	if err != nil {
		return "", err
	}
	open, ok := tok.(json.Delim)
	if !ok {
		out, err := json.Marshal(tok)
		return string(out), err
	}
	var parts []string
	for d.More() {
		var part string
		if open == '{' {
			if part, err = canonValue(d, once); err != nil {
				return "", err
			}
			part += ":"
		}
		v, err := canonValue(d, once)
		if err != nil {
			return "", err
		}
		if part += v; open == '[' || !once || !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	end, err := d.Token()
	return fmt.Sprint(open, strings.Join(parts, ","), end), err
}

func TestEveryTextTheW3CSchemaAcceptsSurvivesARoundTrip(t *testing.T) {
	o := newOracle(t)
	for _, f := range corpus(t) {
		_, verdict := o.judge(f.data)
		x, err := td.Parse(f.data)
		if verdict != nil {
			t.Logf("W3C refuses %s: %v; we: %v", f.name, firstLine(verdict), err)
			if err == nil && canon(t, f.data) != canon(t, x.JSON()) {
				t.Errorf("%s: changed by the round trip", f.name)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", f.name, err)
			continue
		}
		if got := x.JSON(); canon(t, f.data) != canon(t, got) {
			t.Errorf("%s: changed by the round trip:\n%s", f.name, got)
		}
		if got := x.Clone().JSON(); !bytes.Equal(got, x.JSON()) {
			t.Errorf("%s: its clone differs:\n%s", f.name, got)
		}
	}
}

func firstLine(err error) string {
	lines := strings.Split(err.Error(), "\n")
	return strings.Join(lines[min(1, len(lines)-1):min(3, len(lines))], " ")
}

// stricter are the texts that the W3C's schema accepts and Check refuses, each for an assertion no schema can see.
var stricter = map[string]string{
	"Oracle/TDs/WoTWebThing+problemDetails.td.jsonld":    "td-vocab-schema--AdditionalExpectedResponse",
	"saywot/TDs/siemens_HotelRoom.td.jsonld":             "td-uriVariables-names",
	"saywot/TDs/siemens_VentilationSystem.td.jsonld":     "td-uriVariables-names",
	"wot-experimental/TDs/oauth2-garden-thing.td.jsonld": "td-security-oauth2-client-flow",
}

func TestCheckAgreesWithTheW3CSchema(t *testing.T) {
	o := newOracle(t)
	for _, f := range corpus(t) {
		which, verdict := o.judge(f.data)
		x, err := td.Parse(f.data)
		if err == nil {
			err = x.Check()
		}
		agree := (err == nil) == (verdict == nil)
		if _, known := stricter[f.name]; agree == known {
			t.Errorf("%s (%s): W3C: %v\nwe: %v", f.name, which, verdict, err)
		}
	}
}
