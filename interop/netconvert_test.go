package interop

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/lane/opendrive"
	"hutong/drive/lane/sumonet"
)

// TestNetconvertDrawsTheSameRoads has SUMO make a net and turn it into OpenDRIVE, and reads both: the lanes must lie in
// the same places, be as wide and lead on as the net's do.
func TestNetconvertDrawsTheSameRoads(t *testing.T) {
	netgenerate, netconvert := peer(t, "netgenerate"), peer(t, "netconvert")
	dir := t.TempDir()
	run := func(name string, args ...string) {
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
	}
	run(netgenerate, "--grid", "--grid.number", "3", "--grid.length", "120", "-L", "2", "--turn-lanes", "1",
		"--turn-lanes.length", "30", "--tls.guess", "true", "-o", "grid.net.xml")
	run(netconvert, "-s", "grid.net.xml", "--opendrive-output", "grid.xodr")
	net, err := os.Open(filepath.Join(dir, "grid.net.xml"))
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	want, err := sumonet.Read(net)
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := os.Open(filepath.Join(dir, "grid.xodr"))
	if err != nil {
		t.Fatal(err)
	}
	defer drawn.Close()
	got, err := opendrive.Read(drawn)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Notes) > 0 {
		t.Error(got.Notes)
	}
	if len(got.Map.Signals) == 0 {
		t.Error("no light was read")
	}
	seen, worst := 0, 0.0
	for i := range want.Lanes {
		l := &want.Lanes[i]
		if l.Kind != lane.Drive || l.Centre.Length() < 1 {
			continue
		}
		for _, share := range []float64{0.1, 0.5, 0.9} {
			at := l.Centre.At(share * l.Centre.Length())
			spot, ok := got.Map.Locate(at, lane.Cars, 1)
			if !ok {
				t.Fatalf("nothing lies where %s does, at %v", l.Name, at)
			}
			other := got.Map.Lane(spot.Lane)
			left, right := other.Widths(spot.S)
			wantLeft, wantRight := l.Widths(share * l.Centre.Length())
			off := math.Abs(spot.D)
			turn := math.Abs(geom.Wrap(got.Map.Pose(spot).Heading - at.Heading))
			worst = max(worst, off)
			if off > 0.05 || turn > 0.02 || math.Abs(left+right-wantLeft-wantRight) > 0.05 {
				t.Errorf("%s lies %.3f m and %.3f rad off %s, which is %.2f m wide", l.Name, off, turn, other.Name, left+right)
			}
			if (len(other.Next) == 0) != (len(l.Next) == 0) {
				t.Errorf("%s leads to %d lanes, %s to %d", l.Name, len(l.Next), other.Name, len(other.Next))
			}
			seen++
		}
	}
	if seen < 100 {
		t.Errorf("only %d places were compared", seen)
	}
	t.Logf("%d places compared, at most %.3f m apart", seen, worst)
}
