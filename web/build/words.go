package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// plurals lists the plural forms (Unicode CLDR) each language must have in every message that counts.
func plurals(lang string) []string {
	switch lang {
	case "en":
		return []string{"one", "other"}
	case "zh":
		return []string{"other"}
	case "ar":
		return []string{"zero", "one", "two", "few", "many", "other"}
	}
	return nil
}

// checkWords makes sure that every language in folder has the messages of en.json, no others, with the same
// arguments and all the plural forms its grammar asks for.
func checkWords(folder string) error {
	master, err := readWords(filepath.Join(folder, "en.json"))
	if err != nil {
		return err
	}
	names, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return err
	}
	var wrong []error
	for _, name := range names {
		lang := strings.TrimSuffix(filepath.Base(name), ".json")
		forms := plurals(lang)
		if forms == nil {
			wrong = append(wrong, fmt.Errorf("words/%s.json: the plural forms of %q are not known to web/build", lang, lang))
			continue
		}
		words, err := readWords(name)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		wrong = append(wrong, compareWords(lang, forms, master, words)...)
	}
	return errors.Join(wrong...)
}

func readWords(name string) (map[string]string, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var words map[string]string
	if err := json.Unmarshal(data, &words); err != nil {
		return nil, fmt.Errorf("words/%s: %w", filepath.Base(name), err)
	}
	return words, nil
}

func compareWords(lang string, forms []string, master, words map[string]string) (wrong []error) {
	bad := func(key, format string, args ...any) {
		wrong = append(wrong, fmt.Errorf("words/%s.json: %s: %s", lang, key, fmt.Sprintf(format, args...)))
	}
	for _, key := range slices.Sorted(maps.Keys(master)) {
		text, ok := words[key]
		if !ok || strings.TrimSpace(text) == "" {
			bad(key, "missing")
			continue
		}
		want, err := scan(master[key])
		if err != nil {
			bad(key, "in en.json: %v", err)
			continue
		}
		have, err := scan(text)
		if err != nil {
			bad(key, "%v", err)
			continue
		}
		if !maps.Equal(want.arguments, have.arguments) {
			bad(key, "has arguments %v, en.json has %v", have.arguments, want.arguments)
		}
		for _, chosen := range have.plurals {
			for _, form := range forms {
				if !slices.Contains(chosen, form) && (form != "zero" || !slices.Contains(chosen, "=0")) {
					bad(key, "plural form %q is missing", form)
				}
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(words)) {
		if _, ok := master[key]; !ok {
			bad(key, "is not in en.json")
		}
	}
	return wrong
}

// message is what a text in the ICU subset of src/app/message.ts holds.
type message struct {
	arguments map[string]string // name to kind: "", "plural" or "select"
	plurals   [][]string        // the forms of each plural
}

// scan reads a message. Arguments look like {name}, {name, plural, one {...}} and {name, select, a {...}}.
func scan(text string) (message, error) {
	m := message{arguments: make(map[string]string)}
	rest, err := m.pattern(text)
	if err == nil && rest != "" {
		err = fmt.Errorf("a } too many before %q", rest[1:])
	}
	return m, err
}

// pattern reads text and arguments up to the } that ends it or the end, and returns what follows.
func (m *message) pattern(s string) (string, error) {
	for {
		i := strings.IndexAny(s, "{}")
		if i < 0 {
			return "", nil
		}
		if s[i] == '}' {
			return s[i:], nil
		}
		var err error
		if s, err = m.argument(s[i+1:]); err != nil {
			return s, err
		}
	}
}

// argument reads what follows a { and returns what follows its }.
func (m *message) argument(s string) (string, error) {
	i := strings.IndexAny(s, ",}")
	if i < 0 {
		return s, errors.New("a } is missing")
	}
	name := strings.TrimSpace(s[:i])
	if !regexp.MustCompile(`^\w+$`).MatchString(name) {
		return s, fmt.Errorf("%q is no name of an argument", name)
	}
	if s[i] == '}' {
		if m.arguments[name] == "" {
			m.arguments[name] = ""
		}
		return s[i+1:], nil
	}
	kind, s, ok := strings.Cut(s[i+1:], ",")
	kind = strings.TrimSpace(kind)
	if !ok || kind != "plural" && kind != "select" {
		return s, fmt.Errorf("%s: %q is neither plural nor select", name, kind)
	}
	m.arguments[name] = kind
	return m.forms(name, kind, s)
}

// forms reads "one {...} other {...} }" and returns what follows.
func (m *message) forms(name, kind, s string) (string, error) {
	var forms []string
	for {
		s = strings.TrimSpace(s)
		if strings.HasPrefix(s, "}") {
			break
		}
		form, inside, ok := strings.Cut(s, "{")
		if !ok {
			return s, fmt.Errorf("%s: a } is missing", name)
		}
		forms = append(forms, strings.TrimSpace(form))
		after, err := m.pattern(inside)
		if err != nil {
			return after, err
		}
		if after == "" {
			return "", fmt.Errorf("%s: a } is missing", name)
		}
		s = after[1:]
	}
	if !slices.Contains(forms, "other") {
		return s, fmt.Errorf("%s: the form %q is missing", name, "other")
	}
	if kind == "plural" {
		m.plurals = append(m.plurals, forms)
	}
	return s[1:], nil
}
