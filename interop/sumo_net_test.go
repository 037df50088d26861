package interop

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"hutong/drive/lane"
	"hutong/drive/lane/sumonet"
)

// Whatever net SUMO's own generator makes, of any shape, kind of junction or age, is read, and its junctions can be
// driven through.
func TestNetsThatSUMOGeneratesAreRead(t *testing.T) {
	netgenerate := peer(t, "netgenerate")
	for name, args := range map[string][]string{
		"grid":        {"--grid", "--grid.number", "4", "--default.lanenumber", "2"},
		"lights":      {"--grid", "--grid.number", "3", "--tls.guess", "--sidewalks.guess", "--crossings.guess", "--default.lanenumber", "3"},
		"right first": {"--grid", "--default-junction-type", "right_before_left"},
		"all stop":    {"--grid", "--default-junction-type", "allway_stop", "--lefthand"},
		"spider":      {"--spider", "--spider.arm-number", "7"},
		"random":      {"--rand", "--rand.iterations", "60", "--seed", "3", "--default.lanenumber", "2", "--bikelanes.guess"},
		"no insides":  {"--grid", "--no-internal-links", "--tls.guess"},
		"zipped":      {"--grid"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "net.xml")
			if name == "zipped" {
				path += ".gz"
			}
			if out, err := exec.Command(netgenerate, append(args, "-o", path)...).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			file, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			m, err := sumonet.Read(file)
			if err != nil {
				t.Fatal(err)
			}
			crossable(t, m)
			if name != "random" { // where some streets lead nowhere
				connected(t, m)
			}
		})
	}
}

// crossable checks that lanes meet where they are joined, and that whoever crosses knows of it.
func crossable(t *testing.T, m *lane.Map) {
	t.Helper()
	for _, p := range m.Check() {
		if slices.Contains([]string{"gap", "trap", "apart", "crosses itself"}, p.Code) {
			t.Error(p.What)
		}
	}
	crossed := 0
	for i := range m.Lanes {
		crossed += len(m.Lanes[i].Conflicts)
	}
	if crossed == 0 {
		t.Error("nobody crosses anybody")
	}
}

// connected checks that a lane is reached from every other, as one may turn back everywhere.
func connected(t *testing.T, m *lane.Map) {
	t.Helper()
	driven := func(l *lane.Lane) bool { return l.Kind == lane.Drive && l.Users&lane.Cars != 0 }
	goal := lane.ID(slices.IndexFunc(m.Lanes, func(l lane.Lane) bool { return driven(&l) }))
	f := m.NewField(lane.Spot{Lane: goal, S: 1}, lane.Cars)
	for i := range m.Lanes {
		if !driven(m.Lane(lane.ID(i))) {
			continue
		}
		if _, ok := f.Route(lane.Spot{Lane: lane.ID(i), S: 1}); !ok {
			t.Errorf("no way leads from lane %s to %s", m.Lanes[i].Name, m.Lane(goal).Name)
		}
	}
}
