package hutong_test

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

var (
	requirement = regexp.MustCompile(`(?m)^\t(\S+) (v[0-9]\S+)`)
	licenceRow  = regexp.MustCompile(`(?m)^\| (\S+) \| (v[0-9]\S+) \| [^|]*\S \|`)
)

// docs/licences.md names the licence of every module of go.mod, in the version taken, and of no other.
func TestLicencesOfAllModulesAreNamed(t *testing.T) {
	modules := func(file string, row *regexp.Regexp) []string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, m := range row.FindAllStringSubmatch(string(text), -1) {
			list = append(list, m[1]+" "+m[2])
		}
		slices.Sort(list)
		return list
	}
	want, got := modules("go.mod", requirement), modules("docs/licences.md", licenceRow)
	if len(want) == 0 {
		t.Fatal("go.mod names no module")
	}
	for _, m := range want {
		if !slices.Contains(got, m) {
			t.Errorf("docs/licences.md lacks %s: look into the module's LICENSE and add a row", m)
		}
	}
	for _, m := range got {
		if !slices.Contains(want, m) {
			t.Errorf("docs/licences.md names %s, which go.mod does not", m)
		}
	}
}
