package thing_test

import (
	"encoding/json"
	"math"
	"testing"

	"pgregory.net/rapid"

	"hutong/thing"
)

func TestAValueSurvivesItsJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.OneOf(
			rapid.Just(thing.Null()),
			rapid.Map(rapid.Bool(), thing.Bool),
			rapid.Map(rapid.Int64(), thing.Int),
			rapid.Map(rapid.Float64(), thing.Float),
			rapid.Map(rapid.String(), thing.String),
		).Draw(t, "value")
		text := v.AppendJSON(nil)
		if !json.Valid(text) {
			t.Fatalf("%s is not JSON", text)
		}
		back, err := thing.ParseJSON(text)
		if err != nil || back != v {
			t.Fatalf("%v became %s became %v, %v", v, text, back, err)
		}
	})
}

func TestParseJSON(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		v, err := thing.ParseJSON([]byte(in))
		got := string(v.AppendJSON(nil))
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%s became %s, want %s", in, got, want)
		}
	}
	f(`1`, `1`)
	f(` 9223372036854775807 `, `9223372036854775807`)
	f(`9223372036854775808`, `9223372036854776000.0`)
	f(`1.0`, `1.0`)
	f(`1e3`, `1000.0`)
	f(`1e999`, `error`)
	f(`{ "b" : 1, "a" : [ true ] }`, `{"b":1,"a":[true]}`)
	f(`"a\u00e9<"`, `"aé<"`)
	f(`01`, `error`)
	f(`tru`, `error`)
	f(``, `error`)
	f(`{"a":1`, `error`)
	f(`1 2`, `error`)
}

func TestFloatRefusesWhatJSONCannotSay(t *testing.T) {
	for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if v := thing.Float(f); !v.IsNull() {
			t.Errorf("%v became %v", f, v)
		}
	}
}

func TestEqualKnowsThatAWholeFloatIsAnInteger(t *testing.T) {
	if !thing.Int(1).Equal(thing.Float(1)) || thing.Int(1) == thing.Float(1) {
		t.Error("1 and 1.0: want Equal, and not ==")
	}
	if thing.Int(1).Equal(thing.String("1")) || thing.Bool(false).Equal(thing.Null()) {
		t.Error("different types are equal")
	}
}

func TestAPointAcceptsWhatFitsItsType(t *testing.T) {
	f := func(p thing.Point, in, want string) {
		t.Helper()
		v, err := thing.ParseJSON([]byte(in))
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Accept(v)
		text := string(got.AppendJSON(nil))
		if err != nil {
			text = "error"
		}
		if text != want {
			t.Errorf("a %s took %s as %s, want %s", p.Type, in, text, want)
		}
	}
	f(thing.Point{Type: thing.Number}, `21`, `21.0`)
	f(thing.Point{Type: thing.Number}, `"21"`, `error`)
	f(thing.Point{Type: thing.Integer}, `21.0`, `21`)
	f(thing.Point{Type: thing.Integer}, `21.5`, `error`)
	f(thing.Point{Type: thing.Integer}, `1e300`, `error`)
	f(thing.Point{Type: thing.Boolean}, `null`, `error`)
	f(thing.Point{Type: thing.Any}, `null`, `null`)
	f(thing.Point{Type: thing.Object}, `{"a":1}`, `{"a":1}`)
	f(thing.Point{Type: thing.Object}, `[1]`, `error`)
	f(thing.Point{Type: thing.Text, Enum: []thing.Value{thing.String("on")}}, `"on"`, `"on"`)
	f(thing.Point{Type: thing.Text, Enum: []thing.Value{thing.String("on")}}, `"off"`, `error`)
}

func TestARefSurvivesItsText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := thing.Ref{
			Thing: thing.ID(rapid.StringN(1, 20, -1).Draw(t, "thing")),
			Kind:  rapid.SampledFrom([]thing.Kind{thing.Property, thing.Action, thing.Event}).Draw(t, "kind"),
			Name:  rapid.StringN(1, 20, -1).Draw(t, "name"),
		}
		back, err := thing.ParseRef(r.String())
		if err != nil || back != r {
			t.Fatalf("%q became %q, %v", r, back, err)
		}
	})
}

func TestParseRefSaysWhatIsMissing(t *testing.T) {
	for _, s := range []string{"", "urn:a", "#/properties/on", "urn:a#/properties", "urn:a#/things/on", "urn:a#/properties/"} {
		if _, err := thing.ParseRef(s); err == nil {
			t.Errorf("%q was taken", s)
		}
	}
}

func TestParsePlace(t *testing.T) {
	f := func(in string, want ...thing.PlaceID) {
		t.Helper()
		got := thing.ParsePlace(in)
		if len(got) != len(want) {
			t.Fatalf("%q became %v, want %v", in, got, want)
		}
		for i := range got {
			if got[i].ID != want[i] {
				t.Errorf("%q became %v, want %v", in, got, want)
			}
		}
	}
	f("Home / Living Room", "home", "home/living-room")
	f("客厅", "客厅")
	f(" / / ")
	f("../../etc", "etc")
	f("A//B", "a", "a/b")
}

func TestWithin(t *testing.T) {
	f := func(p, q thing.PlaceID, want bool) {
		t.Helper()
		if p.Within(q) != want {
			t.Errorf("%q within %q is %v", p, q, !want)
		}
	}
	f("home/kitchen", "home", true)
	f("homestead", "home", false)
	f("home", "home/kitchen", false)
	f("road", "", true)
	f("", "", true)
}

func TestRefsAreOrderedByThingThenKindThenName(t *testing.T) {
	inOrder := []thing.Ref{
		{Thing: "urn:a", Kind: thing.Property, Name: "on"},
		{Thing: "urn:a", Kind: thing.Action, Name: "blink"},
		{Thing: "urn:a", Kind: thing.Action, Name: "fade"},
		{Thing: "urn:b", Kind: thing.Property, Name: "level"},
	}
	for i, a := range inOrder {
		for j, b := range inOrder {
			if got := a.Compare(b); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("%s compared with %s is %d", a, b, got)
			}
		}
	}
}

func TestARefOfAThingsPointFindsThatPoint(t *testing.T) {
	x := &thing.Thing{
		ID:      "urn:a",
		Points:  []thing.Point{{Kind: thing.Property, Name: "ring"}, {Kind: thing.Event, Name: "ring"}},
		Actions: []thing.Point{{Kind: thing.Action, Name: "ring"}},
	}
	for _, p := range []*thing.Point{&x.Points[0], &x.Points[1], &x.Actions[0]} {
		ref := x.Ref(p)
		if found, ok := x.Find(ref.Kind, ref.Name); ref.Thing != x.ID || !ok || found != p {
			t.Errorf("%s finds %v, want %v", ref, found, p)
		}
	}
}
