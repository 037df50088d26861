package main

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// A few rounds of every fault but the clock's, for which all of the program would have to be compiled anew.
func TestNothingAcknowledgedIsLostWhateverFails(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a while")
	}
	var names []string
	for _, f := range all {
		if !f.clock {
			names = append(names, f.name)
		}
	}
	s := settings{quick: true, seed: rand.Uint64(), only: strings.Join(names, ",")}
	if err := s.run(t.Context(), os.Stdout); err != nil {
		t.Error(err)
	}
}
