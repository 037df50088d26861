package commonroad

import (
	"os"
	"path/filepath"
	"testing"

	"hutong/internal/testkit"
)

func load(t testing.TB, path string) *Scenario {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s, err := Read(f)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return s
}

func TestThePublicScenariosAreRead(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(testkit.Data(t, "road/commonroad", "134 scenarios"), "*.xml.gz"))
	lanelets, others := 0, 0
	for _, f := range files {
		s := load(t, f)
		lanelets, others = lanelets+len(s.Lanelets), others+len(s.Others)
		if len(s.Problems) != 1 {
			t.Errorf("%s has %d problems", s.ID, len(s.Problems))
		}
	}
	if len(files) != 134 || lanelets != 2443 || others != 3233 {
		t.Errorf("%d files, %d lanelets, %d others", len(files), lanelets, others)
	}
}
