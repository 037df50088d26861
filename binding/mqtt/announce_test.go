package mqttwot

import (
	"errors"
	"testing"
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
