package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"hutong/drive/geom"
	"hutong/drive/lane/maps"
	"hutong/drive/town"
	"hutong/road/ground"
)

// areaFile is an area as a file describes it.
type areaFile struct {
	Name   string     `json:"name"`
	Net    string     `json:"net"` // a map in any format of drive/lane/maps, beside the file
	Origin [2]float64 `json:"origin"`
	Stops  []areaStop `json:"stops"`
	Depots []areaStop `json:"depots"`
	ODD    struct {
		Polygon  [][2]float64 `json:"polygon"`
		From     string       `json:"from"`
		To       string       `json:"to"`
		MaxSpeed float64      `json:"maxSpeed"`
		Weather  []string     `json:"weather"`
	} `json:"odd"`
}

type areaStop struct {
	ID       string  `json:"id"`
	Name     string  `json:"name"`
	X        float64 `json:"x"`
	Y        float64 `json:"y"`
	Heading  float64 `json:"heading"`
	StepFree bool    `json:"step-free"`
}

// readArea gives the area that --area names: "town", or a file. An error says what can't be meant in it.
func readArea(name string) (*ground.Area, error) {
	if name == "town" {
		return townArea(town.Load()), nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("--area: %w", err)
	}
	var f areaFile
	dec := json.NewDecoder(strings.NewReader(string(text)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		return nil, fmt.Errorf("--area %s: %w", name, err)
	}
	a, err := f.area(filepath.Dir(name))
	if err != nil {
		return nil, fmt.Errorf("--area %s: %w", name, err)
	}
	return a, nil
}

func (f *areaFile) area(dir string) (*ground.Area, error) {
	net, err := os.Open(filepath.Join(dir, f.Net))
	if err != nil {
		return nil, err
	}
	defer net.Close()
	m, err := maps.Read(net)
	if err != nil {
		return nil, fmt.Errorf("net %s: %w", f.Net, err)
	}
	if f.Origin != [2]float64{} {
		m.OriginLat, m.OriginLon = f.Origin[0], f.Origin[1]
	}
	a := &ground.Area{Name: f.Name, Map: m, ODD: ground.ODD{From: f.ODD.From, To: f.ODD.To, MaxSpeed: f.ODD.MaxSpeed, Weather: f.ODD.Weather}}
	for _, p := range f.ODD.Polygon {
		a.ODD.Polygon = append(a.ODD.Polygon, geom.Vec{X: p[0], Y: p[1]})
	}
	if err := a.ODD.Check(); err != nil {
		return nil, fmt.Errorf("odd: %w", err)
	}
	known := map[string]bool{}
	var wrong []error
	add := func(to *[]ground.Stop, from []areaStop) {
		for _, s := range from {
			x := ground.Stop{ID: s.ID, Name: s.Name, Pose: geom.Pose{Vec: geom.Vec{X: s.X, Y: s.Y}, Heading: s.Heading}, StepFree: s.StepFree}
			_, near := a.Kerb(x.Vec, &x.Heading)
			switch {
			case s.ID == "" || known[s.ID]:
				wrong = append(wrong, fmt.Errorf("stop %q: every stop needs an id of its own", s.ID))
			case !near:
				wrong = append(wrong, fmt.Errorf("stop %q: no street goes that way within 12 m of (%g, %g)", s.ID, s.X, s.Y))
			case !a.ODD.Holds(x.Vec):
				wrong = append(wrong, fmt.Errorf("stop %q lies outside of the polygon", s.ID))
			}
			known[s.ID] = true
			*to = append(*to, x)
		}
	}
	add(&a.Stops, f.Stops)
	add(&a.Depots, f.Depots)
	return a, errors.Join(wrong...)
}
