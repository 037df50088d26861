package mould_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hutong/mould"
)

// sheet is read from JSON. Name and each of List may be a text's own; Sum, Rest and Few may not.
type sheet struct {
	Name string
	List []string
	Sum  int
	Rest map[string]any
	Few  json.RawMessage
}

func read(text []byte) (*sheet, bool) {
	s := &sheet{}
	return s, json.Unmarshal(text, s) == nil && len(s.Name) < 150
}

func own(s *sheet) (*sheet, []*string) {
	c := *s
	c.List = slices.Clone(c.List)
	list := []*string{&c.Name}
	for i := range c.List {
		list = append(list, &c.List[i])
	}
	return &c, list
}

// same reads text both ways, and says whether it was cast.
func same(t interface{ Fatalf(string, ...any) }, m *mould.Moulds[*sheet], text string) bool {
	c, words := m.Cast([]byte(text))
	if c == nil {
		return false
	}
	want, ok := read([]byte(text))
	if got := c.Pour(words); !ok || !reflect.DeepEqual(got, want) {
		t.Fatalf("%s: got %+v, want %+v, %t", text, got, want, ok)
	}
	return true
}

func TestWhatDiffersIsFoundAndTheRestIsShared(t *testing.T) {
	f := func(format string, cast bool) {
		t.Helper()
		m := mould.New(read, own)
		n := 0
		for i := range 40 {
			if same(t, m, fmt.Sprintf(format, i)) {
				n++
			}
		}
		if (n > 0) != cast {
			t.Errorf("%s: %d are cast", format, n)
		}
	}
	f(`{"Name": "room %d"}`, true)
	f(`{"Name": "%[1]d %[1]d", "List": ["a", "%[1]d", "x0%[1]dy"], "Sum": 7, "Rest": {"a": 1}}`, true)
	f(`{"Name": "7b%d-f81d4fae", "List": ["Ab%[1]dCd"]}`, true)
	f(`{"Name": "a%%2%d"}`, false) // may be an escape
	f(`{"Name": "a", "Sum": %d}`, false)
	f(`{"Name": "a", "Sum": 1e%d}`, false)
	f(`{"Name": "\u00%02d"}`, false)
	f(`{"Name": "a", "Rest": {"a": "%d"}}`, false)
	f(`{"Name": "a", "Rest": {"a%d": 1}}`, false)
	f(`{"Name": "a", "Few": ["%d"]}`, false)
	f(`{"Name": "room"}`, false)
	f(`{"Name": "`+strings.Repeat("1", 50)+`%d"}`, false)
	f(`{"Name": "q0000000000000000000000000000000000000000000000z %d"}`, false)
	f(`{"Name": "%d", "List": ["q00000000", "\\u0071000000000000000000000000000000000000000000000z"]}`, true)
	f(`{"Name": "`+strings.Repeat("a ", 60)+`%d"}`, false) // too long with a mark
	f(`{"Name": %d`, false)
}

// What a reader makes of one word by others, or of half a word, is not lost.
func TestWordsMaySayWhatOthersMean(t *testing.T) {
	f := func(change func(*sheet), format string) {
		t.Helper()
		m := mould.New(func(text []byte) (*sheet, bool) {
			s, ok := read(text)
			if ok {
				change(s)
			}
			return s, ok
		}, own)
		for i := range 40 {
			text := fmt.Sprintf(format, i)
			if c, words := m.Cast([]byte(text)); c != nil {
				want, _ := read([]byte(text))
				if change(want); !reflect.DeepEqual(c.Pour(words), want) {
					t.Errorf("%s: got %+v, want %+v", text, c.Pour(words), want)
				}
			}
		}
	}
	f(func(s *sheet) { s.Name = strings.ToUpper(s.Name) }, `{"Name": "room a%d"}`)
	f(func(s *sheet) { s.Name = s.Name[:min(len(s.Name), 8)] }, `{"Name": "room a%d"}`)
	f(func(s *sheet) { s.Sum = len(s.Name) }, `{"Name": "room %d"}`)
	f(func(s *sheet) { s.List = slices.Compact(s.List) }, `{"List": ["7", "%d", "%[1]d"]}`)
	f(func(s *sheet) { s.Name, _ = s.Rest[s.Name].(string) }, `{"Name": "a7", "Rest": {"a%d": "b"}}`)
	f(func(s *sheet) { s.Name, s.Rest = strings.ReplaceAll(s.Name, s.List[0], ""), nil }, `{"Name": "h2 %d", "List": ["h%[1]d"]}`)
}

func TestACastNeverDiffersFromReading(t *testing.T) {
	piece := rapid.SampledFrom([]string{
		`{"Name": "`, `", "Sum": `, `", "List": ["`, `", "`, `"], "Few": `, `"]`, `}`, "1", "2", "17", "a", "b2", "Z", " ", "\\u00", "\\", "-", ".", "e", "q0",
	})
	rapid.Check(t, func(t *rapid.T) {
		m := mould.New(read, own)
		text := strings.Join(rapid.SliceOfN(piece, 1, 14).Draw(t, "text"), "")
		if rapid.Bool().Draw(t, "sound") {
			text = `{"Name": "a1 ` + rapid.StringMatching(`[a-c0-3 ]{0,9}`).Draw(t, "name") + `", "List": ["1", "b2"], "Sum": 1}`
		}
		for range 8 {
			same(t, m, strings.ReplaceAll(text, "1", rapid.SampledFrom([]string{"1", "2", "31", "4x", "a"}).Draw(t, "word")))
		}
	})
}
