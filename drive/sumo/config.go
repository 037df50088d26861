package sumo

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// ReadConfig reads the inputs that a .sumocfg names: its network, routes and additional files. What it says about
// outputs and processing is left to [Options], and so are additional files in which there is nothing but detectors: those
// write, beside themselves.
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
	o := Options{Net: filepath.Join(dir, c.Input.Net.Value), Routes: list(c.Input.Routes)}
	for _, f := range list(c.Input.Additional) {
		only, err := onlyWrites(f)
		if err != nil {
			return Options{}, err
		}
		if !only {
			o.Additional = append(o.Additional, f)
		}
	}
	return o, nil
}

// detectors are the elements of an additional file that only write what they see.
var detectors = map[string]bool{
	"inductionLoop": true, "e1Detector": true, "instantInductionLoop": true, "laneAreaDetector": true, "e2Detector": true,
	"entryExitDetector": true, "e3Detector": true, "edgeData": true, "laneData": true, "timedEvent": true,
}

// onlyWrites tells whether an additional file holds detectors and nothing else. What can't be read is left to SUMO, which
// says what is wrong with it.
func onlyWrites(path string) (bool, error) {
	file, err := os.Open(path)
	if err != nil {
		return false, fmt.Errorf("sumo: %w", err)
	}
	defer file.Close()
	some, depth := false, 0
	for d := xml.NewDecoder(file); ; {
		token, err := d.Token()
		if err != nil { // the end of it, or of what is XML
			return some && errors.Is(err, io.EOF), nil
		}
		switch e := token.(type) {
		case xml.StartElement:
			if depth++; depth == 2 {
				if !detectors[e.Name.Local] {
					return false, nil
				}
				some = true
			}
		case xml.EndElement:
			depth--
		}
	}
}
