package td_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"hutong/td"
)

var update = flag.Bool("update", false, "write docs/conformance-td.md anew")

const conformance = "../docs/conformance-td.md"

// count is the numbers of one kind of text.
type count struct{ texts, accepted, kept, sound int }

// TestConformanceReportIsTrue makes the report of docs/conformance-td.md again.
func TestConformanceReportIsTrue(t *testing.T) {
	report := conformanceReport(t)
	if *update {
		if err := os.WriteFile(conformance, []byte(report), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	old, err := os.ReadFile(conformance)
	if err != nil {
		t.Fatal(err)
	}
	if string(old) != report {
		t.Errorf("%s says something else; run go test ./td -run TestConformance -update\n%s", conformance, report)
	}
}

func conformanceReport(t *testing.T) string {
	o := newOracle(t)
	kinds := []string{"TD 1.1", "TD 1.0", "TM 1.1"}
	counts := make(map[string]*count)
	for _, k := range kinds {
		counts[k] = new(count)
	}
	var refused, strict, twice []string
	for _, f := range corpus(t) {
		which, verdict := o.judge(f.data)
		c := counts[which]
		if c == nil {
			t.Fatalf("%s is %s", f.name, which)
		}
		c.texts++
		x, err := td.Parse(f.data)
		if err != nil {
			t.Errorf("%s: %v", f.name, err)
			continue
		}
		check := x.Check()
		if verdict != nil {
			refused = append(refused, fmt.Sprintf("| %s | %s | %s |", f.name, deepest(verdict), first(check)))
			continue
		}
		c.accepted++
		if canon(t, f.data) == canon(t, x.JSON()) {
			c.kept++
		}
		if canon(t, f.data) != canonAs(t, f.data, false) {
			twice = append(twice, "- "+f.name)
		}
		if check == nil {
			c.sound++
		} else {
			strict = append(strict, fmt.Sprintf("| %s | %s | %s |", f.name, stricter[f.name], first(check)))
		}
	}
	var b strings.Builder
	fmt.Fprint(&b, "# Thing Descriptions and Thing Models\n\nThe texts of the W3C's test event of 2022 (w3c/wot-testing) against the W3C's JSON Schemas "+
		"and against `td`.\nPrinted by `go test ./td -run TestConformance -update`, which needs the W3C's texts (`wot` in `HUTONG_TESTDATA`); "+
		"without `-update` the test fails when this page is not what it finds.\n\n"+
		"| | texts | W3C's schema accepts | of these parse and come back the same | and `Check` accepts |\n|---|---|---|---|---|\n")
	var all count
	for _, k := range kinds {
		c := counts[k]
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d |\n", k, c.texts, c.accepted, c.kept, c.sound)
		all.texts, all.accepted, all.kept, all.sound = all.texts+c.texts, all.accepted+c.accepted, all.kept+c.kept, all.sound+c.sound
	}
	fmt.Fprintf(&b, "| all | %d | %d | %d | %d |\n\n", all.texts, all.accepted, all.kept, all.sound)
	fmt.Fprintf(&b, "\"The same\" is: every member in its place, every number digit by digit, a string where a string stood and an array of one\n"+
		"where an array of one stood, judged with encoding/json alone. A TD 1.0 is accepted when the schema of TD 1.0 or that of TD 1.1 does.\n\n"+
		"## Refused by the W3C's schema\n\nThey parse and come back the same too; `Check` refuses them.\n\n| text | the schema | `Check` |\n|---|---|---|\n%s\n\n",
		strings.Join(refused, "\n"))
	fmt.Fprintf(&b, "## Accepted by the schema, refused by `Check`\n\nEach for an assertion that says MUST and that no schema can see.\n\n"+
		"| text | assertion | `Check` |\n|---|---|---|\n%s\n\n", strings.Join(strict, "\n"))
	fmt.Fprintf(&b, "## Names given twice\n\nRFC 8259 leaves open what such a text means. A member given twice alike is read once; with different values "+
		"it is refused.\n\n%s\n", strings.Join(twice, "\n"))
	ids := assertionIDs(t)
	held := tried(t)
	fmt.Fprintf(&b, "\n## Assertions\n\nOf the %d assertions of TD 1.1, %d say something of a text alone that one text can fulfil and another break. For each of them a\n"+
		"text that fulfils it is taken and comes back the same, and one that breaks it, where there can be one, is\n"+
		"refused (`go test ./td -run TestTheW3CsAssertionsHold`). The others speak of defaults, of resolving Thing Models and of targets, which\n"+
		"other tests of `td` and `td/tm` hold, and of what a program does on a network.\n", len(ids), len(held))
	return b.String()
}

// first is the first of several errors, fit for a table.
func first(err error) string {
	if err == nil {
		return "accepts"
	}
	line, rest, more := strings.Cut(err.Error(), "\n")
	if more {
		line += fmt.Sprintf(" (and %d more)", strings.Count(rest, "\n")+1)
	}
	return strings.ReplaceAll(line, "|", "\\|")
}

// deepest is the most particular thing a schema has to say.
func deepest(err error) string {
	var v *jsonschema.ValidationError
	if !errors.As(err, &v) {
		return err.Error()
	}
	most := ""
	for _, line := range strings.Split(v.Error(), "\n") {
		line = strings.TrimLeft(strings.TrimSpace(line), "- ")
		if strings.Count(line, "/") > strings.Count(most, "/") || strings.Count(line, "/") == strings.Count(most, "/") && line < most {
			if !strings.Contains(line, "failed") {
				most = line
			}
		}
	}
	return strings.ReplaceAll(most, "|", "\\|")
}
