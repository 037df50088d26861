package condition_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hutong/condition"
	"hutong/thing"
)

type input struct {
	readings map[string]condition.Reading
	now      time.Time
	sun      condition.Sun
	trigger  string
}

func (in input) Reading(name string) condition.Reading { return in.readings[name] }
func (in input) Now() time.Time                        { return in.now }
func (in input) Sun() condition.Sun                    { return in.sun }
func (in input) Trigger() string                       { return in.trigger }

var env = condition.Env{Sun: true, Points: map[string]thing.Type{
	"lamp": thing.Boolean, "level": thing.Integer, "temp": thing.Number, "mode": thing.Text,
	"pos": thing.Object, "list": thing.Array, "any": thing.Any, "lost": thing.Boolean, "lost_number": thing.Number,
}}

func of(t testing.TB, x any) condition.Reading {
	t.Helper()
	v, err := thing.Of(x)
	if err != nil {
		t.Fatal(err)
	}
	return condition.Reading{Value: v, Known: true}
}

func moment(t testing.TB) input {
	t.Helper()
	now := time.Date(2026, 11, 21, 23, 30, 0, 0, time.FixedZone("", 8*3600)) // a Saturday
	lamp := of(t, true)
	lamp.Since, lamp.Before, lamp.HasBefore, lamp.Changed = thing.At(now.Add(-10*time.Minute)), thing.Bool(false), true, true
	return input{now: now, trigger: "evening", sun: condition.Sun{Elevation: -20}, readings: map[string]condition.Reading{
		"lamp": lamp, "level": of(t, 40), "temp": of(t, 21.5), "mode": of(t, "auto"),
		"pos": of(t, map[string]any{"x": 1.5, "deep": []any{1, 2, 3}}), "list": of(t, []any{"a", 2}), "any": of(t, "free"),
		"lost": {}, "lost_number": {},
	}}
}

func TestEvalGivesTheValueOfAnExpression(t *testing.T) {
	for src, want := range map[string]string{
		`lamp`: "true", `!lamp`: "false", `level + 1`: "41.0", `temp > 21`: "true", `temp > 21.5`: "false",
		`level * 1.5 - 2`: "58.0", `3 / 2`: "1.5", `7 % 4`: "3.0", `level == 40`: "true", `level == 40.0`: "true",
		`mode == "auto" ? 1 : 2`: "1.0", `mode.startsWith("au")`: "true", `mode in ["auto", "heat"]`: "true",
		`pos.x`: "1.5", `pos.deep[1]`: "2.0", `list[0]`: `"a"`, `size(list) + 1`: "3.0", `mode.size() > 3`: "true",
		`list`: `["a",2.0]`, `any`: `"free"`, `any == "free"`: "true", `any == 3`: "false",
		`min(level, 10) + max(1, 2) + abs(-3) + round(2.5) + floor(1.9) + ceil(1.1)`: "21.0",
		`hour()`: "23.0", `minute()`: "30.0", `weekday()`: `"sat"`, `weekend()`: "true", `day()`: "21.0", `month()`: "11.0", `year()`: "2026.0",
		`between("22:00", "06:00")`: "true", `between("06:00", "22:00")`: "false", `between("23:30", "23:31")`: "true", `between("23:00", "23:30")`: "false",
		`held(lamp, "10m")`: "true", `held(lamp, "11m")`: "false", `age(lamp) < duration("1h")`: "true",
		`changed(lamp)`: "true", `changed(level)`: "false", `prev(lamp)`: "false", `known(lamp)`: "true", `known(lost)`: "false",
		`sun_up()`: "false", `sun_elevation() < -18`: "true", `trigger == "evening"`: "true",
		`[1, 2, 3].all(x, x > 0)`: "true", `pos.deep.exists(x, x == level)`: "false", `has(pos.y)`: "false",
		`now() > timestamp("2026-01-01T00:00:00Z")`: "true", `lost && false`: "false", `lamp || lost`: "true", `false ? lost : lamp`: "true",
	} {
		x, err := condition.Compile(src, env, thing.Any)
		if err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		got := x.Eval(moment(t))
		if text := string(got.Value.AppendJSON(nil)); !got.Known || text != want {
			t.Errorf("%s = %s (known %v, unknown %v, err %v), want %s", src, text, got.Known, got.Unknown, got.Err, want)
		}
	}
}

func TestWhatIsNotKnownIsNeitherTrueNorFalse(t *testing.T) {
	for src, want := range map[string]string{
		`lost`: "lost", `!lost`: "lost", `lost && lamp`: "lost", `lost || lost_number > 2`: "lost lost_number",
		`lost_number + level > 3`: "lost_number", `lost == true`: "lost", `held(lost, "5m")`: "lost", `prev(level) > 3`: "level",
		`[1].all(x, x > lost_number)`: "lost_number", `held(level, "1s")`: "level",
	} {
		x, err := condition.Compile(src, env, thing.Boolean)
		if err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		got := x.Eval(moment(t))
		if got.Known || got.Err != nil || got.True() || strings.Join(got.Unknown, " ") != want {
			t.Errorf("%s = %+v, want unknown because of %s", src, got, want)
		}
	}
}

func TestCompileRefusesWithThePlaceAndTheReason(t *testing.T) {
	deep := strings.Repeat("(", 200) + "true" + strings.Repeat(")", 200)
	for src, want := range map[string]string{
		``:                        "1:1: the expression is empty",
		`lampp`:                   `1:1: there is no point or function "lampp"; the points here are any, lamp, level, list, lost, lost_number, mode, pos, temp`,
		`lamp && temp > "warm"`:   "1:14: a number and a text cannot be compared by >",
		`lamp && (`:               "1:10: the expression ends too early",
		`(lamp`:                   "1:6: a ) is missing here",
		`lamp lamp`:               "1:6: lamp does not belong here",
		`lamp and lamp`:           "1:6: and does not belong here; write &&",
		`level = 3`:               "1:7: = alone means nothing; write == to compare; 1:9: 3 does not belong here",
		`mode == 'a`:              "1:9: 'a is no word or sign of an expression; a text stands in quotes; 1:11: the expression ends too early",
		`mode > 3`:                "1:6: a text and a number cannot be compared by >",
		"lamp &&\n  mode == true": "2:8: a text and true or false cannot be compared by ==",
		`temp`:                    "1:1: this gives a number; true or false is wanted here",
		`lamp + 1 == 2`:           "1:6: + does not work on true or false and a number",
		`lamp && temp`:            "1:9: true or false is wanted here; this is a number",
		`-lamp`:                   "1:1: - does not work on true or false",
		`mode.foo()`:              `1:9: there is no point or function "foo"; the points here are any, lamp, level, list, lost, lost_number, mode, pos, temp`,
		`held(lamp)`:              `1:5: held wants a point and a time, such as held(door, "5m")`,
		`held(lamp, "soon")`:      `1:12: held wants how long as a text, such as "5m": "soon" is not a length of time such as 90s, 5m, 1h30m or 2d`,
		`held(lamp, 5)`:           `1:12: held wants how long as a text, such as "5m": "" is not a length of time such as 90s, 5m, 1h30m or 2d`,
		`changed(1 > 2)`:          "1:11: changed wants the name of a point",
		`between("9", "10:00")`:   `1:9: between wants times of day such as "18:30", written out`,
		`now(1) == 2`:             "1:4: now() takes nothing between its brackets",
		`lamp &&`:                 "", // the parser's own words
		deep:                      "",
		strings.Repeat("a", 5000): "1:1: the expression is 5000 bytes long; at most 4096 are allowed",
	} {
		_, err := condition.Compile(src, env, thing.Boolean)
		if err == nil {
			t.Errorf("%.60s: was accepted", src)
		} else if want != "" && err.Error() != want {
			t.Errorf("%.60s:\n got %s\nwant %s", src, err, want)
		}
	}
}

func TestSunNeedsToKnowWhereTheHubStands(t *testing.T) {
	_, err := condition.Compile("sun_up()", condition.Env{}, thing.Boolean)
	if err == nil || !strings.Contains(err.Error(), "latitude") {
		t.Errorf("got %v", err)
	}
}

func TestEvalSaysWhatWentWrong(t *testing.T) {
	for src, want := range map[string]string{
		`pos.nothing == 1`: "the value has no part named so: nothing",
		`any > 3`:          "these values do not go together: a text, a number, or a yes-or-no where another was needed",
		`any`:              `this gave string "free"; true or false is wanted here`,
		`level % 0 == 1`:   "the result is not a number",
		`1 / 0 == 1`:       "the result is not a number",
		`[0,1,2,3,4,5,6,7,8,9].all(a, [0,1,2,3,4,5,6,7,8,9].all(b, [0,1,2,3,4,5,6,7,8,9].all(c, [0,1,2,3,4,5,6,7,8,9].all(d, [0,1,2,3,4,5,6,7,8,9].all(e, a+b+c+d+e < 100)))))`: "the expression takes too long to work out",
	} {
		x, err := condition.Compile(src, env, thing.Boolean)
		if err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		got := x.Eval(moment(t))
		if src == `1 / 0 == 1` { // IEEE 754: an infinity equals nothing finite
			if !got.Known || got.True() {
				t.Errorf("%s = %+v", src, got)
			}
			continue
		}
		if got.Known || got.Err == nil || got.Err.Error() != want {
			t.Errorf("%.40s = %+v, want error %q", src, got, want)
		}
	}
}

func TestAnIntegerIsRoundedToTheNearest(t *testing.T) {
	for src, want := range map[string]string{`level * 1.1`: "44", `temp`: "22", `-2.5`: "-3"} {
		x, err := condition.Compile(src, env, thing.Integer)
		if err != nil {
			t.Fatal(err)
		}
		if got := x.Eval(moment(t)); string(got.Value.AppendJSON(nil)) != want {
			t.Errorf("%s = %s, want %s", src, got.Value.AppendJSON(nil), want)
		}
	}
}

func TestNamesAreThePointsRead(t *testing.T) {
	x, err := condition.Compile(`held(lamp, "1m") && temp > prev(level)`, env, thing.Boolean)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(x.Names(), " "); got != "lamp level temp" || !x.UsesClock() {
		t.Errorf("names %s, clock %v", got, x.UsesClock())
	}
}

func TestKleeneLogicHoldsForEveryMixOfKnownAndUnknown(t *testing.T) {
	two := condition.Env{Points: map[string]thing.Type{"a": thing.Boolean, "b": thing.Boolean}}
	and, err := condition.Compile("a && b", two, thing.Boolean)
	if err != nil {
		t.Fatal(err)
	}
	or, err := condition.Compile("!(!a || !b)", two, thing.Boolean)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) condition.Reading {
			return condition.Reading{Value: thing.Bool(rapid.Bool().Draw(t, name)), Known: rapid.Bool().Draw(t, name+" known")}
		}
		in := input{readings: map[string]condition.Reading{"a": draw("a"), "b": draw("b")}}
		x, y := and.Eval(in), or.Eval(in)
		if x.Known != y.Known || x.True() != y.True() {
			t.Fatalf("a && b = %+v, !(!a || !b) = %+v", x, y)
		}
		a, b := in.readings["a"], in.readings["b"]
		want := a.Known && b.Known || a.Known && !a.Value.Bool() || b.Known && !b.Value.Bool()
		if x.Known != want {
			t.Fatalf("known %v, want %v", x.Known, want)
		}
	})
}

func TestDurationsArePlainAndBounded(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "5m": 5 * time.Minute, "1h30m": 90 * time.Minute, "2d": 48 * time.Hour, "1d12h": 36 * time.Hour,
		"": 0, "5": 0, "-5m": 0, "0s": 0, "d": 0, "400d": 0, "9999999h": 0, "1.5d": 0, "1d-2h": 0,
	} {
		got, err := condition.ParseDuration(in)
		if got != want || (err == nil) != (want > 0) {
			t.Errorf("%q = %v, %v; want %v", in, got, err, want)
		}
	}
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{`lamp && temp > 20`, `held(lamp, "5m")`, `[1,2].all(x, x > level)`, `pos.a.b[0] == "x"`, `between("22:00","06:00")`, `prev(temp) < temp % 3`} {
		f.Add(s)
	}
	in := moment(f)
	f.Fuzz(func(t *testing.T, src string) {
		x, err := condition.Compile(src, env, thing.Boolean)
		if err != nil {
			for _, p := range err.(condition.Problems) {
				if p.Line < 1 || p.Column < 1 || p.Reason == "" {
					t.Fatalf("problem without place or reason: %+v", p)
				}
			}
			return
		}
		r := x.Eval(in)
		if r.Known && r.Value.Type() != thing.Boolean {
			t.Fatalf("%q gave %s", src, r.Value.Describe())
		}
	})
}

func BenchmarkEval(b *testing.B) {
	x, err := condition.Compile(`temp > 20 && lamp && mode == "auto" && level < 50`, env, thing.Boolean)
	if err != nil {
		b.Fatal(err)
	}
	in := moment(b)
	for b.Loop() {
		x.Eval(in)
	}
}

func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		if _, err := condition.Compile(`temp > 20 && lamp && mode == "auto" && level < 50`, env, thing.Boolean); err != nil {
			b.Fatal(err)
		}
	}
}
