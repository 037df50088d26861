package sumo

import (
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// ReadConfig reads the inputs that a .sumocfg names: its network, routes and additional files. What it says about
// outputs and processing is left to [Options].
func ReadConfig(path string) (Options, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return Options{}, fmt.Errorf("sumo: %w", err)
	}
	type value struct {
		Value string `xml:"value,attr"`
	}
	var c struct {
		Input struct {
			Net        value `xml:"net-file"`
			Routes     value `xml:"route-files"`
			Additional value `xml:"additional-files"`
		} `xml:"input"`
	}
	if err := xml.Unmarshal(b, &c); err != nil {
		return Options{}, fmt.Errorf("sumo: %s: %w", path, err)
	}
	if c.Input.Net.Value == "" {
		return Options{}, fmt.Errorf("sumo: %s names no net-file", path)
	}
	dir := filepath.Dir(path)
	list := func(v value) (all []string) {
		for _, f := range strings.FieldsFunc(v.Value, func(r rune) bool { return r == ',' || r == ' ' }) {
			all = append(all, filepath.Join(dir, f))
		}
		return all
	}
	return Options{Net: filepath.Join(dir, c.Input.Net.Value), Routes: list(c.Input.Routes), Additional: list(c.Input.Additional)}, nil
}
