package td_test

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hutong/internal/testkit"
	"hutong/td"
	"hutong/td/ordered"
)

// classes say where an object of each class stands in a TD; %s is where its terms go.
var classes = map[string]string{
	"Thing":                      `%s`,
	"InteractionAffordance":      `"events":{"e":{%s}}`,
	"PropertyAffordance":         `"properties":{"p":{%s}}`,
	"ActionAffordance":           `"actions":{"a":{%s}}`,
	"EventAffordance":            `"events":{"e":{%s}}`,
	"DataSchema":                 `"schemaDefinitions":{"s":{%s}}`,
	"StringSchema":               `"schemaDefinitions":{"s":{"type":"string",%s}}`,
	"IntegerSchema":              `"schemaDefinitions":{"s":{"type":"integer",%s}}`,
	"NumberSchema":               `"schemaDefinitions":{"s":{"type":"number",%s}}`,
	"ArraySchema":                `"schemaDefinitions":{"s":{"type":"array",%s}}`,
	"ObjectSchema":               `"schemaDefinitions":{"s":{"type":"object",%s}}`,
	"Form":                       `"schemaDefinitions":{"err":{}},"properties":{"p":{"forms":[{%s}]}}`,
	"ExpectedResponse":           `"properties":{"p":{"forms":[{"href":"x","response":{%s}}]}}`,
	"AdditionalExpectedResponse": `"schemaDefinitions":{"err":{}},"properties":{"p":{"forms":[{"href":"x","additionalResponses":[{%s}]}]}}`,
	"Link":                       `"links":[{%s}]`,
	"VersionInfo":                `"version":{%s}`,
	"SecurityScheme":             `"securityDefinitions":{"n":{%s}},"security":"n"`,
	"ComboSecurityScheme":        `"securityDefinitions":{"n":{"scheme":"combo",%s},"a":{"scheme":"psk"},"b":{"scheme":"basic"}},"security":"n"`,
}

// samples are, for each term, a value that is right and one that is wrong; "" is none. A name after a slash is for one
// class alone.
var samples = map[string][2]string{
	"@context":             {`"https://www.w3.org/2022/wot/td/v1.1"`, `"https://example.com/"`},
	"@type":                {`["a","b"]`, `5`},
	"id":                   {`"urn:uuid:1"`, `"lamp"`},
	"title":                {`"Lamp"`, `5`},
	"titles":               {`{"en":"Lamp","zh-Hans":"灯"}`, `{"en":5}`},
	"descriptions":         {`{"en":"Lamp"}`, `{"!":"Lamp"}`},
	"version":              {`{"instance":"1"}`, `"1"`},
	"created":              {`"2026-01-31T08:00:00Z"`, `"2026-01-31"`},
	"modified":             {`"2026-01-31T08:00:00.5+02:00"`, `"08:00"`},
	"base":                 {`"http://h/"`, `"/a"`},
	"profile":              {`["http://p/"]`, `[]`},
	"properties":           {`{"p":{"forms":[{"href":"x"}]}}`, `[]`},
	"properties/Object":    {`{"p":{}}`, `{"p":[]}`},
	"actions":              {`{"a":{"forms":[{"href":"x"}]}}`, `{"a":5}`},
	"events":               {`{"e":{"forms":[{"href":"x"}]}}`, `5`},
	"links":                {`[{"href":"x"}]`, `{}`},
	"forms":                {`[{"href":"x"}]`, `[]`},
	"forms/Thing":          {`[{"href":"x","op":"readallproperties"}]`, `[{"href":"x"}]`},
	"security":             {`"n"`, `"m"`},
	"securityDefinitions":  {`{"n":{"scheme":"nosec"}}`, `{}`},
	"schemaDefinitions":    {`{"s":{}}`, `{"s":5}`},
	"uriVariables":         {`{"v":{"type":"string"}}`, `{"v":{"type":"object"}}`},
	"observable":           {`true`, `"yes"`},
	"safe":                 {`true`, `1`},
	"idempotent":           {`false`, `"no"`},
	"synchronous":          {`true`, `[]`},
	"input":                {`{"type":"null"}`, `"null"`},
	"output":               {`{}`, `[]`},
	"subscription":         {`{}`, `true`},
	"data":                 {`{}`, `"number"`},
	"dataResponse":         {`{}`, `5`},
	"cancellation":         {`{}`, `[{}]`},
	"type":                 {`"integer"`, `"float"`},
	"type/Link":            {`"text/html"`, `[]`},
	"const":                {`[1]`, ``},
	"default":              {`null`, ``},
	"oneOf":                {`[{},{}]`, `{}`},
	"oneOf/Combo":          {`["a","b"]`, `["a","c"]`},
	"allOf":                {`["a","b"]`, `["a"]`},
	"enum":                 {`[1,"a"]`, `[1,1.0]`},
	"readOnly":             {`true`, `0`},
	"writeOnly":            {`false`, `"false"`},
	"minimum":              {`-1`, `"0"`},
	"maximum":              {`1`, `true`},
	"exclusiveMinimum":     {`0`, `true`},
	"exclusiveMaximum":     {`9`, `true`},
	"multipleOf":           {`5`, `0`},
	"minLength":            {`0`, `-1`},
	"maxLength":            {`9`, `1.5`},
	"pattern":              {`"^a+$"`, `"(a"`},
	"items":                {`[{},{"type":"string"}]`, `5`},
	"minItems":             {`1`, `"1"`},
	"maxItems":             {`2`, `-2`},
	"required":             {`["a"]`, `"a"`},
	"href":                 {`"http://h/x"`, `"a b"`},
	"op":                   {`["readproperty","writeproperty"]`, `"invokeaction"`},
	"response":             {`{"contentType":"text/plain"}`, `{}`},
	"additionalResponses":  {`[{"success":true,"schema":"err"}]`, `{}`},
	"schema":               {`"err"`, `"other"`},
	"success":              {`true`, `1`},
	"scopes":               {`["a"]`, `[5]`},
	"rel":                  {`"help"`, `"tm:extends"`},
	"sizes":                {`"16x16 32x32"`, `"large"`},
	"hreflang":             {`["en","de-AT"]`, `"!"`},
	"scheme":               {`"nosec"`, `"magic"`},
	"in":                   {`"query"`, `"mouth"`},
	"name":                 {`"key"`, `5`},
	"qop":                  {`"auth-int"`, `"best"`},
	"flow":                 {`"device"`, `5`},
	"contentType/Expected": {`"text/plain"`, `5`},
}

// needs are the members that an object of a class cannot be without, or that a term asks for.
var needs = map[string]string{
	"InteractionAffordance": `{"forms":[{"href":"x"}]}`,
	"PropertyAffordance":    `{"forms":[{"href":"x"}]}`,
	"ActionAffordance":      `{"forms":[{"href":"x"}]}`,
	"EventAffordance":       `{"forms":[{"href":"x"}]}`,
	"Form":                  `{"href":"x"}`,
	"Link":                  `{"href":"x"}`,
	"SecurityScheme":        `{"scheme":"nosec"}`,
	"VersionInfo":           `{"instance":"1"}`,
	"sizes":                 `{"href":"x","rel":"icon"}`,
}

func sample(class, term string) [2]string {
	short := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(class, "SecurityScheme"), "Schema"), "Response")
	if s, ok := samples[term+"/"+short]; ok {
		return s
	}
	if s, ok := samples[term]; ok {
		return s
	}
	return [2]string{`"text"`, `5`}
}

// with is a TD in which an object of class has term with value.
func with(class, term, value string) string {
	frame, ok := classes[class]
	need := cmp.Or(needs[term], needs[class], `{}`)
	if scheme, found := strings.CutSuffix(class, "SecurityScheme"); found && !ok {
		frame, need = classes["SecurityScheme"], fmt.Sprintf(`{"scheme":%q}`, strings.ToLower(scheme))
	}
	terms := completed(fmt.Sprintf("%q:%s", term, value), need)
	return thingWith(fmt.Sprintf(frame, terms[1:len(terms)-1]))
}

// thingWith is a TD with the members given, and of those that every TD needs the others.
func thingWith(members string) string {
	return completed(members, `{"@context":"https://www.w3.org/2022/wot/td/v1.1","title":"T",
		"securityDefinitions":{"n":{"scheme":"nosec"}},"security":"n"}`)
}

// completed is an object with the members given and those of others that are not among them.
func completed(members, others string) string {
	rest, _ := ordered.Read([]byte(others))
	n, bad := ordered.Read([]byte("{" + members + "}"))
	for _, k := range rest.Kids {
		if bad != nil || n.Get(k.Name) == nil {
			members += fmt.Sprintf(",%q:%s", k.Name, k.JSON())
		}
	}
	return "{" + members + "}"
}

var (
	vocabulary = regexp.MustCompile(`^td-vocab-([a-zA-Z-]+)--([A-Za-z0-9]+)(?:_([a-z0-9]+))?$`)
	serialized = regexp.MustCompile(`^td-(action|event|property)-names_([a-zA-Z-]+)$`)
	schemaTerm = regexp.MustCompile(`^td-data-schema_([a-zA-Z-]+?)(?:-(Integer|Number)Schema)?$`)
)

// texts are a TD that fulfils assertion id and one that does not ("" for none); false for an assertion that says
// nothing of one term.
func texts(id string) (good, bad string, ok bool) {
	class, term, value := "", "", ""
	if m := vocabulary.FindStringSubmatch(id); m != nil {
		term, class, value = m[1], m[2], m[3]
	} else if m := serialized.FindStringSubmatch(id); m != nil {
		class, term = strings.ToUpper(m[1][:1])+m[1][1:]+"Affordance", m[2]
	} else if m := schemaTerm.FindStringSubmatch(id); m != nil {
		class, term = m[2]+"Schema", m[1]
		if m[2] == "" {
			class = "DataSchema"
		}
	} else {
		return "", "", false
	}
	if after, found := strings.CutPrefix(term, "at-"); found {
		term = "@" + after
	}
	s := sample(class, term)
	switch {
	case value != "" && class == "Form":
		return withOp(value), withOp(value + "s"), true
	case value == "combo":
		return with("ComboSecurityScheme", "oneOf", `["a","b"]`), "", true
	case value != "":
		s[0] = fmt.Sprintf("%q", value)
	case class == "DataSchema" && term == "properties":
		s = samples["properties/Object"]
	}
	if s[1] != "" {
		bad = with(class, term, s[1])
	}
	return with(class, term, s[0]), bad, true
}

func withOp(op string) string {
	form := fmt.Sprintf(`"forms":[{"href":"x","op":%q}]`, op)
	switch {
	case strings.Contains(op, "all") || strings.Contains(op, "multiple"):
		return thingWith(form)
	case strings.Contains(op, "property"):
		return thingWith(`"properties":{"p":{` + form + `}}`)
	case strings.Contains(op, "action"):
		return thingWith(`"actions":{"a":{` + form + `}}`)
	}
	return thingWith(`"events":{"e":{` + form + `}}`)
}

func assertionIDs(t *testing.T) []string {
	t.Helper()
	file, err := os.Open(filepath.Join(testkit.Data(t, "wot/assertions", "W3C assertions not tried"), "td-1.1.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, row := range rows[1:] {
		ids = append(ids, row[0])
	}
	return ids
}

// tried are the assertions of which a text that fulfils them is taken and one that does not is refused.
func tried(t *testing.T) []string {
	var list []string
	judge := func(id, text string, sound bool) {
		x, err := td.Parse([]byte(text))
		if err == nil {
			err = x.Check()
		}
		if (err == nil) != sound {
			t.Errorf("%s: %s: %v", id, text, err)
		} else if sound && canon(t, []byte(text)) != string(x.JSON()) {
			t.Errorf("%s: %s came back as %s", id, text, x.JSON())
		}
	}
	for _, id := range assertionIDs(t) {
		good, bad, ok := texts(id)
		if pair, found := rules[id]; found {
			good, bad, ok = pair[0], pair[1], true
		}
		if !ok {
			continue
		}
		list = append(list, id)
		if good != "" {
			judge(id, good, true)
		}
		if bad != "" {
			judge(id, bad, false)
		}
	}
	for id := range rules {
		if !slices.Contains(list, id) {
			t.Errorf("%s is no assertion of the W3C's", id)
		}
	}
	return list
}

func TestTheW3CsAssertionsHold(t *testing.T) {
	t.Logf("%d assertions tried", len(tried(t)))
}
