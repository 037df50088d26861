package trial_test

import (
	"flag"
	"runtime"
	"strings"
	"sync"
	"testing"

	"hutong/drive/trial"
)

var only = flag.String("trial", "", "play only the trials whose name holds this")

func TestOurAgentPassesOurTrials(t *testing.T) {
	all := trial.All()
	if len(all) < 30 {
		t.Fatalf("there are %d trials", len(all))
	}
	results := make([]*trial.Result, len(all))
	work := make(chan int)
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for i := range work {
				r, err := all[i].Play(t.Context(), trial.Agent)
				if err != nil {
					t.Error(err)
					continue
				}
				results[i] = r
			}
		})
	}
	for i := range all {
		if strings.Contains(all[i].Name, *only) {
			work <- i
		}
	}
	close(work)
	wait.Wait()
	var played []*trial.Result
	for _, r := range results {
		if r == nil {
			continue
		}
		played = append(played, r)
		switch {
		case len(r.Failed) > 0 && r.Trial.Known == "":
			t.Errorf("%s:\n\t%s", r.Trial.Name, strings.Join(r.Failed, "\n\t"))
		case len(r.Failed) == 0 && r.Trial.Known != "":
			t.Errorf("%s: passes now; take its Known away (%s)", r.Trial.Name, r.Trial.Known)
		}
	}
	t.Logf("\n%s", trial.Table(played))
}
