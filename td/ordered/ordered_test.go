package ordered_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hutong/td/ordered"
)

func TestReadKeepsOrderAndDigits(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		n, err := ordered.Read([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := string(n.JSON()); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	f(`null`, `null`)
	f(" \t\r\n[ true , false ] ", `[true,false]`)
	f(`{"b":1,"a":{"d":[],"c":{}}}`, `{"b":1,"a":{"d":[],"c":{}}}`)
	f(`[1.0,1e400,-0,100000000000000000000001,1E+2]`, `[1.0,1e400,-0,100000000000000000000001,1E+2]`)
	f(`"\u0041\u00e9\ud83d\ude00\/\b\f\n\r\t\"\\\u0000"`, "\"Aé😀/\\u0008\\u000c\\n\\r\\t\\\"\\\\\\u0000\"")
	f("\ufeff{}", `{}`)
	f(`{"a":1,"b":2,"a":1}`, `{"a":1,"b":2}`)
	f(strings.Repeat("[", 64)+strings.Repeat("]", 64), strings.Repeat("[", 64)+strings.Repeat("]", 64))
}

func TestReadSaysWhereATextIsBroken(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		n, err := ordered.Read([]byte(text))
		if err == nil || err.Error() != want {
			t.Errorf("%.40q: got %v %s, want %s", text, err, n.JSON(), want)
		}
	}
	f(``, `/: line 1, column 1: the text ends where a value should be`)
	f("{\n  \"a\": [1,\n  2 3]}", `/a: line 3, column 5: want ',' or ']'`)
	f(`{"a/b":{"c":[0,nul]}}`, `/a~1b/c/1: line 1, column 16: want a JSON value`)
	f(`{a:1}`, `/: line 1, column 2: want a name between quotation marks`)
	f(`{"a" 1}`, `/: line 1, column 6: want ':' after the name "a"`)
	f(`{"a":1,}`, `/: line 1, column 8: want a name between quotation marks`)
	f(`[1,]`, `/1: line 1, column 4: want a JSON value`)
	f(`[`, `/0: line 1, column 2: the text ends where a value should be`)
	f(`{}{}`, `/: line 1, column 3: text after the end of the JSON value`)
	f("{}\x00", `/: line 1, column 3: text after the end of the JSON value`)
	f(`{"x":1,"x":2}`, `/: line 1, column 13: the name "x" is given twice with different values`)
	f(`"a`, `/: line 1, column 3: the text ends inside a string`)
	f("\"a\nb\"", `/: line 1, column 3: a control character inside a string`)
	f(`"\x"`, `/: line 1, column 3: '\x' stands for nothing`)
	f(`"\u12"`, `/: line 1, column 3: want four hexadecimal digits after '\u'`)
	f(`"\ud800"`, `/: line 1, column 8: '\ud800' is half of a surrogate pair`)
	f(`"\ud800\u0041"`, `/: line 1, column 8: '\ud800' is half of a surrogate pair`)
	f(`01`, `/: line 1, column 2: text after the end of the JSON value`)
	f(`-`, `/: line 1, column 2: want a digit`)
	f(`1.`, `/: line 1, column 3: want a digit after the point`)
	f(`1e+`, `/: line 1, column 4: want a digit in the exponent`)
	f("\"\xff\"", `/: not UTF-8; encode the text as UTF-8`)
	f(`"`+strings.Repeat("x", ordered.MaxSize)+`"`, `/: 1048578 bytes are too many; use at most 1048576`)
	deep := strings.Repeat("/0", 64)
	f(strings.Repeat("[", 10_000), deep+`: line 1, column 66: more than 64 objects and arrays inside one another`)
	var many []string
	for i := range ordered.MaxNames + 1 {
		many = append(many, fmt.Sprintf(`"n%04d":1`, i))
	}
	f(`{`+strings.Join(many, ",")+`}`, `/: line 1, column 40971: more than 4096 members in one object`)
}

// value draws a JSON text.
func value(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		most := 5
		if depth == 0 {
			most = 3
		}
		switch rapid.IntRange(0, most).Draw(t, "kind") {
		case 0:
			return rapid.SampledFrom([]string{"null", "true", "false"}).Draw(t, "word")
		case 1, 2:
			return rapid.StringMatching(`-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?`).Draw(t, "number")
		case 3:
			text, err := json.Marshal(rapid.String().Draw(t, "text"))
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		case 4:
			return "[" + strings.Join(rapid.SliceOfN(value(depth-1), 0, 4).Draw(t, "list"), ",") + "]"
		}
		var members []string
		for name, v := range rapid.MapOfN(rapid.String(), value(depth-1), 0, 4).Draw(t, "object") {
			text, err := json.Marshal(name)
			if err != nil {
				t.Fatal(err)
			}
			members = append(members, string(text)+":"+v)
		}
		return "{" + strings.Join(members, ",") + "}"
	})
}

func TestWhatIsReadIsPrintedAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := value(3).Draw(t, "text")
		n, bad := ordered.Read([]byte(text))
		if bad != nil {
			t.Fatal(bad)
		}
		again, bad := ordered.Read(n.JSON())
		if bad != nil || !again.Same(&n) || !again.Equal(&n) || again.Key() != n.Key() {
			t.Fatalf("%s became %s: %v", text, n.JSON(), bad)
		}
	})
}

func TestDecimalsAreComparedAsTheNumbersTheyAre(t *testing.T) {
	number := rapid.StringMatching(`-?(0|[1-9][0-9]{0,4})(\.[0-9]{1,4})?(e-?[0-9]{1,2})?`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		x, _ := new(big.Rat).SetString(a)
		y, _ := new(big.Rat).SetString(b)
		d, e := ordered.ParseDecimal(a), ordered.ParseDecimal(b)
		if got, want := d.Compare(e), x.Cmp(y); got != want {
			t.Errorf("compare %s and %s: got %d, want %d", a, b, got, want)
		}
		if got, want := d.Whole(), x.IsInt(); got != want {
			t.Errorf("whole %s: got %v, want %v", a, got, want)
		}
		if y.Sign() != 0 {
			if got, want := d.Multiple(e), new(big.Rat).Quo(x, y).IsInt(); got != want {
				t.Errorf("%s a multiple of %s: got %v, want %v", a, b, got, want)
			}
		}
	})
}

// FuzzRead holds that what is read is what encoding/json reads, and is printed so that it is read alike.
func FuzzRead(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.50e3,"\ud83d\ude00",null,true]}`, `[[[[]]]]`, `{"a":1,"a":1}`, "\ufeff0", `"\u0000"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n, bad := ordered.Read(data)
		if bad != nil {
			return
		}
		out := n.JSON()
		if !json.Valid(out) {
			t.Fatalf("%q printed as %q", data, out)
		}
		again, bad := ordered.Read(out)
		if bad != nil || !again.Same(&n) {
			t.Fatalf("%q printed as %q: %v", data, out, bad)
		}
		var a, b any
		trimmed := []byte(strings.TrimPrefix(string(data), "\ufeff"))
		if err := json.Unmarshal(trimmed, &a); err != nil {
			if strings.Contains(err.Error(), "cannot unmarshal number") {
				return // larger than a float64
			}
			t.Fatalf("%q: encoding/json: %v", data, err)
		}
		if err := json.Unmarshal(out, &b); err != nil {
			t.Fatal(err)
		}
		x, _ := json.Marshal(a)
		y, _ := json.Marshal(b)
		if string(x) != string(y) {
			t.Fatalf("%q printed as %q", data, out)
		}
	})
}
