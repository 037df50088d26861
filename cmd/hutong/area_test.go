package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hutong/drive/town"
)

func TestAnAreaIsReadFromAFileAndWhatIsWrongInItIsNamed(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "town.net.xml.gz"), town.Net(), 0o600); err != nil {
		t.Fatal(err)
	}
	good := `{"name":"Town","net":"town.net.xml.gz","origin":[39.795,116.5],
		"stops":[{"id":"tower","name":"Tower","x":441.75,"y":214,"heading":-1.57,"step-free":true}],"depots":[],
		"odd":{"polygon":[[0,0],[900,0],[900,600],[0,600]],"from":"06:00","to":"23:00","maxSpeed":40,"weather":["clear"]}}`
	for _, c := range []struct{ old, new, want string }{
		{"", "", ""},
		{`"net":"town`, `"net":"village`, "village.net.xml.gz"},
		{`"origin"`, `"orogin"`, "orogin"},
		{`"maxSpeed":40`, `"maxSpeed":400`, "maxSpeed"},
		{`"x":441.75`, `"x":-60`, "no street"},
		{`[900,600],[0,600]`, `[900,60],[0,60]`, "outside"},
		{`"id":"tower"`, `"id":""`, "id of its own"},
		{`"name":"Town"`, `"name":7`, "name"},
	} {
		file := filepath.Join(dir, "area.json")
		if err := os.WriteFile(file, []byte(strings.Replace(good, c.old, c.new, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		a, err := readArea(file)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("a good one: %v", err)
		case c.want == "" && (len(a.Stops) != 1 || a.Map.OriginLat != 39.795):
			t.Errorf("read as %+v", a.Stops)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("with %s: %v; want %q", c.new, err, c.want)
		}
	}
	if a, err := readArea("town"); err != nil || len(a.Stops) < 5 {
		t.Error(err)
	}
}
