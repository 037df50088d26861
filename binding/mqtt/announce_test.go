package mqttwot

import (
	"errors"
	"testing"

	"hutong/td"
)

// A hub that is told to end while announcements are still waiting to be worked on must not wait for them: nobody is
// left who would.
func TestNobodyWaitsForWhatTheLanesLeaveBehind(t *testing.T) {
	r := newRun(t.Context(), New(Options{}), nil)
	pos := r.done.begin() // taken from the broker, and never worked on
	waited := make(chan error)
	go func() { waited <- r.Wait(pos) }()
	r.stop()
	if err := <-waited; !errors.Is(err, errStopped) {
		t.Errorf("it is told %v", err)
	}
	r.end()
}

// Two devices of one make are judged by one schema, whatever they are called, and it judges as their own did.
func TestDevicesOfOneMakeShareTheirSchemas(t *testing.T) {
	var b shelf
	var formats []*format
	for _, title := range []string{"Hall", "Cellar"} {
		s, err := td.ParseSchema([]byte(`{"title":"` + title + `","type":"object","properties":{"t":{"type":"number","maximum":9}},"required":["t"],"hutong:x":1}`))
		if err != nil {
			t.Fatal(err)
		}
		f, err := formatOf("application/json", s, "")
		if err != nil {
			t.Fatal(err)
		}
		p := &plan{inlets: []inlet{{format: f}}}
		b.settle(p)
		formats = append(formats, p.inlets[0].format)
	}
	if formats[0] != formats[1] {
		t.Error("each has a copy of its own")
	}
	for payload, fits := range map[string]bool{`{"t":5}`: true, `{"t":10}`: false, `{}`: false, `{"t":"x"}`: false} {
		if _, err := formats[1].decode([]byte(payload)); (err == nil) != fits {
			t.Errorf("%s: %v", payload, err)
		}
	}
}
