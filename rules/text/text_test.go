package text_test

import (
	"strings"
	"testing"
	"time"

	"hutong/rules/text"
	"hutong/thing"
)

const full = `id: full
title: All of it
description: |
  Two
  lines
enabled: false
mode: queued
max: 3
max_per_minute: 60
points:
  lamp: urn:lamp#/properties/on
  motion: {thing: Motion, place: Home / Hall, property: occupied, of: any}
when:
  - {change: motion, to: [true, false], from: false, for: 90s, name: moved}
  - {sun: sunrise, offset: -1h30m, on: [mon, weekend]}
if: lamp
then:
  - invoke: lamp
    with: {a: [1, 2.5, "x", null, true]}
    if_fails: continue
  - choose:
      - {if: lamp, then: [{wait: lamp, timeout: 5m, on_timeout: continue}]}
    else: [{repeat: 3, while: lamp, then: [{calc: {lamp: "!lamp"}}]}]
`

func TestEveryWordOfARuleIsRead(t *testing.T) {
	r, problems := text.Parse("full", []byte(full))
	if problems != nil {
		t.Fatal(problems)
	}
	if r.Title != "All of it" || r.Description != "Two\nlines\n" || r.Enabled || r.Mode != text.Queued || r.Max != 3 || r.PerMinute != 60 {
		t.Errorf("%+v", r)
	}
	if p := r.Points[0]; p.Thing != "urn:lamp" || p.Kind != thing.Property || p.What != "on" || p.Line != 11 {
		t.Errorf("%+v", p)
	}
	if p := r.Points[1]; p.Thing != "Motion" || p.Place != "Home / Hall" || p.Of != "any" {
		t.Errorf("%+v", p)
	}
	if w := r.When[0]; w.Kind != "change" || w.Name != "moved" || len(w.To) != 2 || len(w.From) != 1 || w.Hold != 90*time.Second || w.Point.S != "motion" {
		t.Errorf("%+v", w)
	}
	if s := r.When[1].Sun; s == nil || s.Set || s.Offset != -90*time.Minute || !s.Days.Has(time.Monday) || !s.Days.Has(time.Sunday) || s.Days.Has(time.Friday) {
		t.Errorf("%+v", s)
	}
	if s := r.Then[0]; s.Kind != "invoke" || !s.CarryOn || string(s.Targets[0].Lit.V.AppendJSON(nil)) != `{"a":[1,2.5,"x",null,true]}` {
		t.Errorf("%+v", s)
	}
	if s := r.Then[1]; s.Branches[0].Then[0].Timeout != 5*time.Minute || !s.Branches[0].Then[0].CarryOn || s.Other[0].Times != 3 || s.Other[0].Cond == nil {
		t.Errorf("%+v", s)
	}
}

func TestLocateFindsThePlaceInTheFile(t *testing.T) {
	for in, want := range map[string][2]int{ // of the fourth character of the expression, or the second line's second
		"if: abcdef":              {1, 8},
		"if: 'abcdef'":            {1, 9},
		"if:   \"abcdef\"":        {1, 11},
		"if: |\n  abcdef\n  ghi":  {2, 6},
		"if: |-\n     abcdef":     {2, 9},
		"title: x\nif: |\n abcde": {3, 5},
	} {
		r, problems := text.Parse("x", []byte(in+"\nwhen: [{start: true}]\nthen: [{stop: a}]"))
		if problems != nil {
			t.Errorf("%q: %v", in, problems)
			continue
		}
		if line, column := r.Guard.Locate(1, 4); line != want[0] || column != want[1] {
			t.Errorf("%q: %d:%d, want %v", in, line, column, want)
		}
	}
	r, _ := text.Parse("x", []byte("if: |\n    abc\n    def\nwhen: [{start: true}]\nthen: [{stop: a}]"))
	if line, column := r.Guard.Locate(2, 2); line != 3 || column != 6 {
		t.Errorf("second line: %d:%d", line, column)
	}
}

func TestIDsAreFileNamesThatStayInTheirFolder(t *testing.T) {
	for id, ok := range map[string]bool{
		"a": true, "hall-light_2": true, "9": true, strings.Repeat("a", 64): true,
		"": false, "-a": false, "A": false, "a.b": false, "../a": false, "a/b": false, "a\x00": false, "ü": false, strings.Repeat("a", 65): false,
	} {
		if err := text.CheckID(id); (err == nil) != ok {
			t.Errorf("%q: %v", id, err)
		}
	}
}
