package text_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"hutong/rules/text"
)

const room = `title: Too warm %[1]d
description: Room %[1]d of house 7
points:
  warm: {thing: "urn:things:%[1]d", property: temperature}
  there: {place: Home / Room %[1]d, property: motion, of: any}
when:
  - change: warm
    above: 60.5
    for: 5m
if: there && warm < 1e3
then:
  - notify: "It is {warm} degrees in room %[1]d, 7 %[1]d"
  - set: {warm: 3}
`

type parser = func(id string, source []byte) (*text.Kept, text.Problems)

// same asks parse and Parse about one text.
func same(t *testing.T, parse parser, id, source string) *text.Kept {
	t.Helper()
	want, wrong := text.Parse(id, []byte(source))
	got, problems := parse(id, []byte(source))
	if !reflect.DeepEqual(problems, wrong) || (got == nil) != (want == nil) {
		t.Fatalf("%s\n%v, want %v", source, problems, wrong)
	}
	if got != nil && (!reflect.DeepEqual(got.Rule(), want) || !reflect.DeepEqual(got.Head, want.Head)) {
		t.Fatalf("%s\n%+v, want %+v", source, got.Rule(), want)
	}
	return got
}

func TestRulesThatAreAlikeShareWhatTheyHaveInCommon(t *testing.T) {
	alike := text.Alike()
	var first *text.Rule
	for i := range 22 {
		r := same(t, alike, fmt.Sprint("room-", i), fmt.Sprintf(room, i)).Rule()
		switch {
		case i == 12:
			first = r
		case i > 12 && (&r.When[0] != &first.When[0] || r.Guard != first.Guard):
			t.Errorf("rule %d has a copy of its own", i)
		}
	}
}

func TestEveryWordOfATextMayDiffer(t *testing.T) {
	f := func(format string) {
		t.Helper()
		alike := text.Alike()
		for i := range 20 {
			for range 3 {
				same(t, alike, "a", fmt.Sprintf(format, i))
			}
		}
	}
	ends := "\nwhen: [{start: true}]\nthen: [{stop: a}]\n"
	f("title: %d" + ends)
	f("title: 1%de5" + ends)
	f("title: \"a\\u00%02d\"" + ends)
	f("title: a %d, # room 7" + ends)
	f("id: %d" + ends)
	f("# %d" + ends)
	f("title: |%d\n  a" + ends)
	f("title: q000000000000001z %d" + ends)
	f("description: |\n   of %[1]d\n   and %[1]d" + ends)
	f("max: %d" + ends)
	f("points: {a%[1]d: {thing: 'a %[1]d', property: on}, a9: {thing: b, property: on}}" + ends)
	f("points: {a: {thing: %d, property: on}, b: {thing: b, property: on}}" + ends)
	f("points: {a: {thing: a, property: on%d}}" + ends)
	f("points: {a: 'urn:a%d#/properties/on'}" + ends)
	f("when: [{change: a, to: %d}]\nthen: [{stop: b}]")
	f("when: [{change: a, to: x%d}]\nthen: [{stop: 'c %[1]d'}]")
	f("when: [{time: \"18:%02d\"}]\nthen: [{stop: b}]")
	f("when: [{every: %dm}]\nthen: [{stop: b}]")
	f("when: [{change: a, above: %d}]\nif: a > %[1]d\nthen: [{notify: 'a %[1]d {b}'}, {if: a, then: [{notify: 'b %[1]d'}]}, {scene: s%[1]d}]")
	f("when: [{start: true}]\nthen: [{notify: a %d, level: alarm}]")
	f(strings.Repeat("# 1\n", 40) + "title: %d" + ends)
	f("title: %d0000000000000000000" + ends)
	f("title: %d\x00" + ends)
	f("points: {a: {thing: urn:uuid:7b%d-00ff-x, place: Home / A%[1]dB, property: on}}\nwhen: [{change: a, for: %[1]dm}]\nthen: [{notify: v%[1]d}]")
	f("title: \"\\u00e9a%d\"" + ends)
}

func FuzzAlike(f *testing.F) {
	f.Add(fmt.Sprintf(room, 17), "2")
	f.Add(full, "77")
	f.Fuzz(func(t *testing.T, source, n string) {
		if strings.Trim(n, "0123456789abcdefghijklmnopqrstuvwxyz") != "" {
			return
		}
		other := strings.ReplaceAll(source, "1", n)
		alike := text.Alike()
		for _, s := range []string{source, source, source, other, other, source} {
			same(t, alike, "a", s)
		}
	})
}
