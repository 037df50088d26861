package thing

import (
	"encoding/json"
	"testing"
)

func TestMemberFindsWhatIsThereOnce(t *testing.T) {
	object := `{"a":1,"b":-2.5,"c":"x,}","d":{"a":9,"e":[1,{"f":2}]},"g":[],"h":true,"i":null,"z":"é","n":1e3}`
	for name, want := range map[string]string{
		"a": "1", "b": "-2.5", "c": `"x,}"`, "d": `{"a":9,"e":[1,{"f":2}]}`, "g": "[]", "h": "true", "i": "null", "z": `"é"`, "n": "1000.0",
	} {
		v, err := ParseJSON([]byte(object))
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := v.Member(name); !ok || string(got.AppendJSON(nil)) != want {
			t.Errorf("%s: %s %t, want %s", name, got.AppendJSON(nil), ok, want)
		}
	}
	for _, text := range []string{`{}`, `{"b":1}`, `{"a":1,"a":2}`, `{"x":"\"","a":1}`, `[1]`, `"a"`, `{"d":{"a":1}}`, `{"b":"a"}`} {
		v, err := ParseJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := v.Member("a"); ok {
			t.Errorf("%s has a: %s", text, got.AppendJSON(nil))
		}
	}
}

func FuzzMemberIsWhatJSONSays(f *testing.F) {
	f.Add(`{"a":1,"b":{"a":[2]}}`, "a")
	f.Add(`{"a":"\u0041","b":1}`, "b")
	f.Add(`{ "a" : -0.0 , "b" : 1E400 }`, "b")
	f.Fuzz(func(t *testing.T, text, name string) {
		v, err := ParseJSON([]byte(text))
		if err != nil || v.Type() != Object {
			return
		}
		got, ok := v.Member(name)
		if !ok {
			return
		}
		var m map[string]json.RawMessage
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			t.Fatal(err)
		}
		want, err := ParseJSON(m[name])
		if err != nil || !got.Equal(want) {
			t.Errorf("%s of %s: %s, want %s (%v)", name, text, got.AppendJSON(nil), want.AppendJSON(nil), err)
		}
	})
}
