package interop

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hutong/binding/hass/jinja"
	"hutong/binding/hass/jinja/py"
)

// templateCase is one rendering both sides are asked for.
type templateCase struct {
	Template string         `json:"t"`
	Payload  *string        `json:"v"`
	Vars     map[string]any `json:"vars,omitempty"`
}

type oracleAnswer struct {
	Text  *string `json:"text"`
	Error string  `json:"error"`
}

// announcement is one discovery message of the Zigbee2MQTT corpus.
type announcement struct {
	Topic   string `json:"topic"`
	Payload string `json:"payload"`
}

// corpus has zigbee2mqtt announce every device it knows and returns what it said.
func corpus(t *testing.T) []announcement {
	t.Helper()
	peer(t, "zigbee2mqtt")
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	file := filepath.Join(t.TempDir(), "corpus.jsonl")
	said := output(t, node24(t, ctx, "z2m_corpus.cjs", peersDir(), file))
	t.Logf("zigbee2mqtt: %s", strings.TrimSpace(said))
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var list []announcement
	for line := range bytes.Lines(data) {
		var a announcement
		if err := json.Unmarshal(line, &a); err != nil {
			t.Fatal(err)
		}
		list = append(list, a)
	}
	return list
}

// TestTemplatesOfEveryZigbeeDeviceRenderAsInPython compares every distinct template with Python's Jinja2.
func TestTemplatesOfEveryZigbeeDeviceRenderAsInPython(t *testing.T) {
	python := peer(t, "jinja2")
	seen := map[string]bool{}
	for _, a := range corpus(t) {
		var payload any
		if err := json.Unmarshal([]byte(a.Payload), &payload); err != nil {
			t.Fatal(err)
		}
		collectTemplates(payload, seen)
	}
	var cases []templateCase
	for _, source := range slices.Sorted(maps.Keys(seen)) {
		cases = append(cases, casesOf(source)...)
	}
	compareWithPython(t, python, cases, len(seen), 0.999)
}

// TestTemplatesPeopleWriteRenderAsInPython does the same with the hand-written templates of testdata: what other
// firmware sends and what Home Assistant's documentation shows.
func TestTemplatesPeopleWriteRenderAsInPython(t *testing.T) {
	python := peer(t, "jinja2")
	data, err := os.ReadFile("testdata/templates.txt")
	if err != nil {
		t.Fatal(err)
	}
	var cases []templateCase
	n := 0
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimRight(line, "\n"); line != "" && !strings.HasPrefix(line, "#") {
			n++
			cases = append(cases, casesOf(strings.ReplaceAll(line, "\\n", "\n"))...)
		}
	}
	compareWithPython(t, python, cases, n, 0.99)
}

func collectTemplates(x any, into map[string]bool) {
	switch x := x.(type) {
	case map[string]any:
		for _, v := range x {
			collectTemplates(v, into)
		}
	case []any:
		for _, v := range x {
			collectTemplates(v, into)
		}
	case string:
		if strings.Contains(x, "{{") || strings.Contains(x, "{%") {
			into[x] = true
		}
	}
}

var (
	fieldPath   = regexp.MustCompile(`value_json((?:\.\w+|\[["'][^"']*["']\])+)`)
	pathStep    = regexp.MustCompile(`\.(\w+)|\[["']([^"']*)["']\]`)
	textLiteral = regexp.MustCompile(`'([^']*)'|"([^"]*)"`)
	pool        = []any{
		"ON", "OFF", "", "online", "O'Neil \"é\"\n", "21.5", "-7", "None", 0, 1, 2, 100, 255, -3, 21.5, 40.0, 0.1, 1e20, 1e-7, true, false, nil,
		[]any{},
		[]any{1, "a", nil},
		map[string]any{"a": 1.0, "b": []any{true}},
	}
	actions = []any{
		"single", "button_1_press_release", "1_hold", "recall_2", "scene_10", "region_3_enter", "region_10_unoccupied", "dial_rotate_left_slow",
		"brightness_step_up", "brightness_step", "on_press_release",
	}
)

// casesOf makes renderings that try each part of a template: its own fields, with its own literals and with values
// of every type, fields missing, a payload that is not JSON and none.
func casesOf(source string) []templateCase {
	var values []any
	for _, m := range textLiteral.FindAllStringSubmatch(source, 40) {
		values = append(values, m[1]+m[2])
	}
	if strings.Contains(source, "regex_findall") {
		values = append(values, actions...)
	}
	values = append(values, pool...)
	notJSON := "hello"
	list := []templateCase{{Template: source, Payload: &notJSON}, {Template: source}}
	fields := fieldPath.FindAllStringSubmatch(source, -1)
	rounds := 9
	if !strings.Contains(source, "%") && len(fields) > 0 && len(source) < 60 {
		rounds = 6
	}
	for i := range max(rounds, len(values)*min(1, strings.Count(source, "{%"))) {
		root := map[string]any{}
		for k, f := range fields {
			v := values[(i*7+k*5+len(source))%len(values)]
			if (i+k)%6 != 5 {
				plant(root, pathStep.FindAllStringSubmatch(f[1], -1), v)
			}
		}
		text, _ := json.Marshal(root)
		payload := string(text)
		if len(fields) == 0 {
			text, _ = json.Marshal(values[i%len(values)])
			payload = strings.Trim(string(text), `"`)
		}
		c := templateCase{Template: source, Payload: &payload}
		if i%2 == 0 {
			c.Vars = map[string]any{"position": i * 9, "percentage": i, "tone": "burglar", "volume_level": float64(i) / 8, "duration": i + 1, "name": "Lamp"}
		}
		list = append(list, c)
	}
	return list
}

func plant(root map[string]any, steps [][]string, v any) {
	for i, s := range steps {
		key := s[1] + s[2]
		if i == len(steps)-1 {
			root[key] = v
			return
		}
		next, ok := root[key].(map[string]any)
		if !ok {
			next = map[string]any{}
			root[key] = next
		}
		root = next
	}
}

func compareWithPython(t *testing.T, python string, cases []templateCase, templates int, want float64) {
	t.Helper()
	var in bytes.Buffer
	enc := json.NewEncoder(&in)
	for _, c := range cases {
		if err := enc.Encode(c); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := runScript(t, ctx, python, "jinja_oracle.py")
	cmd.Stdin = &in
	scan := bufio.NewScanner(strings.NewReader(output(t, cmd)))
	scan.Buffer(nil, 1<<20)
	env := &py.Env{Now: func() time.Time { return time.Date(2026, 3, 29, 13, 37, 42, 125_000_000, time.UTC) }}
	same, failed, differ := 0, 0, []string{}
	for _, c := range cases {
		var answer oracleAnswer
		if !scan.Scan() || json.Unmarshal(scan.Bytes(), &answer) != nil {
			t.Fatalf("the oracle stopped: %v", scan.Err())
		}
		text, err := renderCase(env, c)
		switch {
		case err != nil && answer.Text == nil:
			same++
			failed++
		case err == nil && answer.Text != nil && text == *answer.Text:
			same++
		default:
			differ = append(differ, fmt.Sprintf("%q payload %s\n  python %s %s\n  hutong %q %v",
				c.Template, deref(c.Payload), quoted(answer.Text), answer.Error, text, err))
		}
	}
	for _, d := range differ[:min(len(differ), 40)] {
		t.Log(d)
	}
	share := float64(same) / float64(len(cases))
	t.Logf("%d templates, %d cases: %d agree (%.3f %%), of them %d fail on both sides; %d differ", templates, len(cases), same, 100*share, failed, len(differ))
	if share < want {
		t.Errorf("agreement is %.3f %%, want %.1f %%", 100*share, 100*want)
	}
}

func renderCase(env *py.Env, c templateCase) (string, error) {
	tmpl, err := jinja.Parse(c.Template)
	if err != nil {
		return "", err
	}
	var vars []py.Var
	for name, v := range c.Vars {
		data, _ := json.Marshal(v)
		value, err := py.ParseJSON(data)
		if err != nil {
			return "", err
		}
		vars = append(vars, py.Var{Name: name, Value: value})
	}
	if c.Payload != nil {
		vars = append(vars, py.Var{Name: "value", Value: py.Text(*c.Payload)})
		if v, err := py.ParseJSON([]byte(*c.Payload)); err == nil {
			vars = append(vars, py.Var{Name: "value_json", Value: v})
		}
	}
	text, err := tmpl.Render(env, vars...)
	return strings.TrimSpace(text), err
}

func deref(s *string) string {
	if s == nil {
		return "none"
	}
	return *s
}

func quoted(s *string) string {
	if s == nil {
		return "failed"
	}
	return fmt.Sprintf("%q", *s)
}
