package td_test

import (
	"testing"

	"hutong/td"
	"hutong/thing"
)

func TestTargetPutsVariablesIntoTheHref(t *testing.T) {
	x, err := td.Parse([]byte(`{"base": "http://h/{room}/", "uriVariables": {"room": {"type": "string"}},
		"properties": {"p": {"uriVariables": {"step": {"type": "integer", "minimum": 1}, "q": {}}, "forms": [{"href": "p{?step,q}"}]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	p, _ := x.Properties.Get("p")
	f := func(vars map[string]thing.Value, want, wantErr string) {
		t.Helper()
		got, err := x.Target(&p.Interaction, p.Forms[0], vars)
		if got != want || (err == nil) != (wantErr == "") || err != nil && err.Error() != wantErr {
			t.Errorf("%v: got %q, %v", vars, got, err)
		}
	}
	f(map[string]thing.Value{"room": thing.String("a b"), "step": thing.Int(2)}, "http://h/a%20b/p?step=2", "")
	f(map[string]thing.Value{"room": thing.String("x"), "q": thing.Bool(true)}, "http://h/x/p?q=true", "")
	f(map[string]thing.Value{"room": thing.String("../..")}, "http://h/..%2F../p", "")
	f(map[string]thing.Value{"step": thing.Int(0)}, "", `URI variable "step": /: 0 is less than the minimum 1`)
	f(map[string]thing.Value{"other": thing.Int(0)}, "", `URI variable "other": not declared in uriVariables`)
}
