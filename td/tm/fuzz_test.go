package tm_test

import (
	"context"
	"testing"

	"hutong/td/tm"
)

// FuzzResolve holds that no pair of models panics or goes on for ever.
func FuzzResolve(f *testing.F) {
	f.Add([]byte(model), []byte(`{}`))
	f.Add([]byte(`{"@type":"tm:ThingModel","links":[{"rel":"tm:extends","href":"a"}],"properties":{"p":{"tm:ref":"a#/x"}}}`),
		[]byte(`{"@context":["a",{"b":1}],"@type":"tm:ThingModel","x":{"tm:ref":"#/y","z":null},"y":{"z":1}}`))
	f.Fuzz(func(t *testing.T, own, other []byte) {
		m, err := tm.Parse(own)
		if err != nil {
			return
		}
		out, err := tm.Resolve(t.Context(), m, "http://x/own", func(context.Context, string) ([]byte, error) { return other, nil })
		if err != nil {
			_ = err.Error()
			return
		}
		if x, err := tm.Instantiate(out, tm.Options{}); err == nil && x.IsModel() {
			t.Fatalf("%q is still a model: %s", own, x.JSON())
		}
	})
}
