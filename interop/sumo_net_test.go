package interop

import (
	"encoding/xml"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
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

// On a net with one lane each way, where nothing is lost to changes of lanes, and without the turns in one's own width
// that no car can drive, the shortest ways are those of SUMO's own router.
func TestWaysAreAsShortAsThoseOfSUMOsRouter(t *testing.T) {
	netgenerate, duarouter := peer(t, "netgenerate"), peer(t, "duarouter")
	dir := t.TempDir()
	net, trips, routes := filepath.Join(dir, "net.xml"), filepath.Join(dir, "trips.xml"), filepath.Join(dir, "routes.xml")
	tool(t, netgenerate, "--grid", "--grid.number", "7", "--no-turnarounds", "--perturb-x", "norm(0,6)", "--perturb-y", "norm(0,6)",
		"--seed", "5", "-o", net)
	file, err := os.Open(net)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	m, err := sumonet.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	var streets []lane.ID
	for i := range m.Lanes {
		if m.Lanes[i].Kind == lane.Drive {
			streets = append(streets, lane.ID(i))
		}
	}
	edge := func(id lane.ID) string { return strings.TrimSuffix(m.Lane(id).Name, "_0") }
	r := rand.New(rand.NewPCG(1, 2))
	var asked [200][2]lane.ID
	var text strings.Builder
	for i := range asked {
		asked[i] = [2]lane.ID{streets[r.IntN(len(streets))], streets[r.IntN(len(streets))]}
		fmt.Fprintf(&text, `<trip id="%d" depart="0" from="%s" to="%s"/>`, i, edge(asked[i][0]), edge(asked[i][1]))
	}
	if err := os.WriteFile(trips, []byte("<routes>"+text.String()+"</routes>"), 0o666); err != nil {
		t.Fatal(err)
	}
	tool(t, duarouter, "-n", net, "--route-files", trips, "-o", routes, "--ignore-errors", "--write-costs", "--weights.minor-penalty", "0",
		"--unsorted-input", "--no-warnings")
	found := costs(t, routes)
	for i, way := range asked {
		goal := m.Lane(way[1])
		f := m.NewField(lane.Spot{Lane: way[1], S: goal.Centre.Length()}, lane.Cars)
		ours, theirs := f.From(way[0], 0), found[fmt.Sprint(i)]
		if theirs == 0 {
			theirs = math.Inf(1)
		}
		if math.IsInf(ours, 1) != math.IsInf(theirs, 1) || math.Abs(ours-theirs) > 0.02*theirs+0.5 {
			t.Errorf("from %s to %s: %.1f s, SUMO's router has %.1f s", edge(way[0]), edge(way[1]), ours, theirs)
		}
	}
	if len(found) < 100 {
		t.Errorf("SUMO's router found only %d ways", len(found))
	}
}

func tool(t *testing.T, path string, args ...string) {
	t.Helper()
	if out, err := exec.Command(path, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", filepath.Base(path), err, out)
	}
}

// costs gives the cost of each vehicle's route in a file of duarouter's, s.
func costs(t *testing.T, path string) map[string]float64 {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Vehicles []struct {
			ID    string `xml:"id,attr"`
			Route struct {
				Cost float64 `xml:"cost,attr"`
			} `xml:"route"`
		} `xml:"vehicle"`
	}
	if err := xml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	found := map[string]float64{}
	for _, v := range file.Vehicles {
		found[v.ID] = v.Route.Cost
	}
	return found
}
