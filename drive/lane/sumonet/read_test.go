package sumonet

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"hutong/drive/lane"
	"hutong/internal/testkit"
)

// bologna gives the four nets of Bologna.
func bologna(t testing.TB) map[string]*lane.Map {
	t.Helper()
	dir := testkit.Data(t, "road/bologna", "the nets of Bologna")
	maps := map[string]*lane.Map{}
	for _, name := range []string{
		"acosta/acosta_buslanes", "acosta_persontrips/acosta_peds", "joined/joined_buslanes", "pasubio/pasubio_buslanes",
	} {
		maps[name] = open(t, filepath.Join(dir, name+".net.xml"))
	}
	return maps
}

func open(t testing.TB, path string) *lane.Map {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	m, err := Read(file)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return m
}

func TestBolognaLiesInBologna(t *testing.T) {
	for name, m := range bologna(t) {
		if math.Abs(m.OriginLat-44.49) > 0.01 || math.Abs(m.OriginLon-11.31) > 0.02 {
			t.Errorf("%s: its origin is %v, %v", name, m.OriginLat, m.OriginLon)
		}
	}
}

func TestEveryWayThroughAJunctionLeadsOnWithoutAGap(t *testing.T) {
	for name, m := range bologna(t) {
		for i := range m.Lanes {
			l := &m.Lanes[i]
			if l.Kind != lane.Junction {
				continue
			}
			if len(l.Next) == 0 || len(l.Prev) == 0 {
				t.Errorf("%s: lane %s comes from %v and leads to %v", name, l.Name, l.Prev, l.Next)
			}
			for _, n := range l.Next {
				if gap := l.Centre.At(l.Centre.Length()).To(m.Lanes[n].Centre.At(0).Vec); gap > 1 {
					t.Errorf("%s: from %s to %s is a gap of %.2f m", name, l.Name, m.Lanes[n].Name, gap)
				}
			}
		}
	}
}

func TestConflictsAreKnownOnBothLanes(t *testing.T) {
	for name, m := range bologna(t) {
		for i := range m.Lanes {
			for _, c := range m.Lanes[i].Conflicts {
				other := m.Lanes[c.With]
				back := 0
				for _, d := range other.Conflicts {
					if d.With == lane.ID(i) && d.From == c.WithFrom && d.To == c.WithTo && d.WithFrom == c.From && d.Merge == c.Merge {
						back++
					}
				}
				if back != 1 || c.From >= c.To || c.To > m.Lanes[i].Centre.Length()+1e-9 {
					t.Errorf("%s: %s and %s: %+v is known %d times there", name, m.Lanes[i].Name, other.Name, c, back)
				}
			}
		}
	}
}

func TestNoTwoGiveWayToEachOther(t *testing.T) {
	for name, m := range bologna(t) {
		for i := range m.Lanes {
			for _, c := range m.Lanes[i].Conflicts {
				for _, d := range m.Lane(c.With).Conflicts {
					if d.With == lane.ID(i) && c.Yield && d.Yield {
						t.Errorf("%s: %s and %s wait for each other", name, m.Lanes[i].Name, m.Lane(c.With).Name)
					}
				}
			}
		}
	}
}
