package condition

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"hutong/thing"
)

type house map[string]Reading

func (h house) Reading(name string) Reading { return h[name] }
func (h house) Now() time.Time              { return time.Time{} }
func (h house) Sun() Sun                    { return Sun{} }
func (h house) Trigger() string             { return "" }

// TestTheQuickWaySaysWhatCELSays draws expressions and values, fitting ones and others.
func TestTheQuickWaySaysWhatCELSays(t *testing.T) {
	env := Env{Points: map[string]thing.Type{
		"n": thing.Number, "i": thing.Integer, "b": thing.Boolean, "s": thing.Text, "o": thing.Object, "a": thing.Any,
	}}
	fitting := map[string][]string{
		"n": {"0", "-2", "2.5", "1e3"}, "i": {"0", "1", "1000"}, "b": {"true", "false"}, "s": {`""`, `"x"`, `"é"`},
		"o": {`{"n":1,"b":true}`, `{"n":2.5,"b":false}`, `{"n":0,"b":true,"o":{"n":1}}`}, "a": {"1", `"x"`, `{"n":1}`},
	}
	texts := rapid.SampledFrom([]string{
		"null", "true", "false", "0", "1", "-2", "2.5", "1e3", `""`, `"x"`, `"é"`, `"\""`, "[1]", "{}",
		`{"n":1}`, `{"n":2.5,"b":true}`, `{"n":"x","n2":1}`, `{"o":{"n":1}}`, `{"n":1,"n":2}`, `{"n":null}`,
	})
	var expr func(depth int) *rapid.Generator[string]
	atom := rapid.Custom(func(t *rapid.T) string {
		left := rapid.SampledFrom([]string{"n", "i", "b", "s", "o.n", "o.b", "o.o.n", "a", "a.n", "o"}).Draw(t, "left")
		ops := []string{" < ", " <= ", " > ", " >= ", " == ", " != "}
		fitting := []string{"0", "1", "2.5", "1000", `"x"`, `""`, `"é"`, "true", "false", "null"}
		switch left { // nearly every pair must compile, or a run proves nothing
		case "n", "i", "o.n":
			fitting = fitting[:4]
		case "s":
			fitting = fitting[4:7]
		case "b", "o.b":
			ops, fitting = []string{" == ", " != ", ""}, fitting[7:9]
		}
		op := rapid.SampledFrom(ops).Draw(t, "op")
		right := rapid.SampledFrom(fitting).Draw(t, "right")
		switch {
		case op == "":
			return left
		case rapid.Bool().Draw(t, "turned"):
			return right + op + left
		}
		return left + op + right
	})
	expr = func(depth int) *rapid.Generator[string] {
		if depth == 0 {
			return atom
		}
		return rapid.Custom(func(t *rapid.T) string {
			x := expr(depth-1).Draw(t, "x")
			switch rapid.IntRange(0, 3).Draw(t, "shape") {
			case 0:
				return "!(" + x + ")"
			case 1:
				return "(" + x + ") && (" + expr(depth-1).Draw(t, "y") + ")"
			case 2:
				return "(" + x + ") || (" + expr(depth-1).Draw(t, "y") + ")"
			}
			return x
		})
	}
	answered := 0
	rapid.Check(t, func(t *rapid.T) {
		src := expr(2).Draw(t, "expression")
		want := thing.Boolean
		if rapid.IntRange(0, 3).Draw(t, "plain") == 0 { // as it is, where a value is worked out
			src = rapid.SampledFrom([]string{"n", "i", "s", "o.n", "o.o.n", "a", "a.n", "o"}).Draw(t, "point")
			want = rapid.SampledFrom([]thing.Type{thing.Any, thing.Number, thing.Integer, thing.Text, thing.Boolean}).Draw(t, "want")
		}
		x, err := Compile(src, env, want)
		if err != nil {
			return // it does not fit its types
		}
		in := house{}
		for name := range env.Points {
			text := texts.Draw(t, name)
			if rapid.IntRange(0, 3).Draw(t, "fits") > 0 {
				text = rapid.SampledFrom(fitting[name]).Draw(t, name+" that fits")
			}
			v, err := thing.ParseJSON([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if p := (&thing.Point{Name: name, Type: env.Points[name]}); v.Type() != thing.Any {
				if v, err = p.Accept(v); err != nil {
					continue // never the value of such a point, so not known
				}
			}
			in[name] = Reading{Value: v, Known: rapid.IntRange(0, 9).Draw(t, "known") > 0}
		}
		if x.quick == nil {
			return
		}
		v, sure := x.quick(in)
		if !sure {
			return
		}
		answered++
		r := x.ask(in)
		if v, err = x.fit(v); err != nil {
			if r.Known || r.Err == nil {
				t.Fatalf("%s: quickly %v, by CEL %v of %v", src, err, string(r.Value.AppendJSON(nil)), in)
			}
			return
		}
		if !r.Known || r.Value != v || len(r.Unknown) > 0 {
			t.Fatalf("%s: quickly %v, by CEL %v %v (%v %v) of %v", src, string(v.AppendJSON(nil)), r.Known, string(r.Value.AppendJSON(nil)), r.Unknown, r.Err, in)
		}
	})
	if answered == 0 {
		t.Error("no expression was answered quickly")
	}
	for _, src := range []string{`n > 25`, `o.n > 25 && !b`, `s == "x" || 3 < i`, `o.n`} {
		x, err := Compile(src, env, thing.Any)
		if err != nil || x.quick == nil {
			t.Errorf("%s is not answered quickly (%v)", src, err)
		}
	}
	if x, err := Compile(`n + 1 > 2`, env, thing.Boolean); err != nil || x.quick != nil {
		t.Errorf("a sum is for CEL (%v)", err)
	}
}
