package mqttwot

import (
	"fmt"
	"reflect"
	"testing"

	"hutong/td"
)

const sensor = `{"@context": "https://www.w3.org/2022/wot/td/v1.1", "id": "urn:uuid:%02x-9f", "title": "Sensor %[1]d",
	"security": "no", "securityDefinitions": {"no": {"scheme": "nosec"}},
	"hutong:availability": {"topic": "s/%[1]d/there", "online": "1"},
	"links": [{"href": "mqtt://x/s/%[1]d/log"}],
	"properties": {
		"t1": {"type": "number", "maximum": 85, "forms": [{"href": "mqtt://x", "mqv:filter": "s/%[1]d/t1"}]},
		"set": {"type": "integer", "forms": [
			{"href": "mqtt://x", "op": "observeproperty", "mqv:filter": "s/%[1]d/set"},
			{"href": "mqtt://x", "op": "writeproperty", "mqv:topic": "s/%[1]d/set/2", "mqv:qos": 2, "mqv:responseTopic": "s/%[1]d/said"}]}},
	"actions": {"go": {"forms": [{"href": "mqtt://x/s/%[1]d/go%%2F"}]}}}`

// remembered is what the binding remembers of a text.
func remembered(t *testing.T, b *Binding, text string) *plan {
	t.Helper()
	b.Remember([]byte(text), func() (*td.Thing, error) { return td.Parse([]byte(text)) })
	p, ok := b.memory.take([]byte(text))
	if !ok {
		t.Fatal("nothing is remembered of", text)
	}
	return p
}

func TestDevicesThatAreAlikeAreRememberedAsEachAlone(t *testing.T) {
	f := func(format string, shared bool) {
		t.Helper()
		b := New(Options{})
		for i := range 30 {
			text := fmt.Sprintf(format, i)
			p := remembered(t, b, text)
			_, want, err := b.read([]byte(text))
			if err != nil || !reflect.DeepEqual(p, want) {
				t.Fatalf("%s\n%+v\n%+v %v", text, p, want, err)
			}
		}
		if c, _ := b.memory.alike.Cast(fmt.Appendf(nil, format, 77)); (c != nil) != shared {
			t.Errorf("%s\ncast %t", format, c != nil)
		}
	}
	f(sensor, true)
	// a part of an escape stays as it is
	f(`{"@context": "https://www.w3.org/2022/wot/td/v1.1", "id": "urn:a:%[1]d", "title": "a", "security": "no", "securityDefinitions": {"no": {"scheme": "nosec"}},
		"links": [{"href": "mqtt://x/K%%C3%%BCche/%[1]d"}],
		"properties": {"a": {"type": "integer", "forms": [{"href": "mqtt://x/s/%[1]d"}]}}}`, true)
	// the order of two topics is that of their words
	f(`{"@context": "https://www.w3.org/2022/wot/td/v1.1", "id": "urn:%[1]d", "title": "a", "security": "no", "securityDefinitions": {"no": {"scheme": "nosec"}},
		"properties": {"a": {"type": "integer", "forms": [{"href": "mqtt://x", "mqv:filter": ["s/%[1]d", "s/15"]}]}}}`, false)
	// what values are judged by stays as it is
	f(`{"@context": "https://www.w3.org/2022/wot/td/v1.1", "id": "urn:7", "title": "a", "security": "no", "securityDefinitions": {"no": {"scheme": "nosec"}},
		"properties": {"a": {"type": "string", "const": "v%[1]d", "forms": [{"href": "mqtt://x/s"}]}}}`, false)
}
