// Package town is a small town of our own, and a traffic simulator of modest claims that fills it.
//
// The town is 900 m by 600 m: a ring road, a high street with lights, an avenue of two lanes each way, a roundabout, a
// quarter where whoever comes from the right goes first, a school street, bridges, bays to board in. It lies nowhere: the
// coordinates it is given are in the open sea, so that nobody takes it for a real place.
//
// The traffic keeps to lanes and rules, more strictly than people do, and sees everything. It is there to be driven
// among, not to be studied.
package town

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/lane/sumonet"
)

//go:embed net/town.net.xml.gz
var netFile []byte

//go:embed net/houses.txt
var housesFile string

// Where the town's origin is said to lie, degrees WGS 84.
const (
	originLat = 35.5
	originLon = 123.5
)

// Places are what a town has beside its roads.
type Places struct {
	Name     string
	Min, Max geom.Vec // the corners of all there is to draw
	Stops    []Stop
	Depot    []Stop     // with a charger each
	Area     []geom.Vec // where self-driving vehicles may operate: within the ring road, the ring included
	Houses   []Outline
	Greens   []Outline
	Water    []Outline
}

// Stop is a place to board, or to charge at.
type Stop struct {
	ID   string
	Name string
	At   lane.Spot // where the middle of a vehicle is to stand
	Pose geom.Pose // the same
	// StepFree says that a wheelchair gets from the footway into the vehicle.
	StepFree bool
}

// Outline is an area with a name or a kind.
type Outline struct {
	Kind   string // of a house "shop", "office", "house", "school", "lab"; of a green "park"; of water "river"
	Name   string
	Points []geom.Vec // counter-clockwise, not closed
}

// Net gives the town's roads as SUMO reads them, a .net.xml.gz, which the caller must not change.
func Net() []byte { return netFile }

// Load gives the town. It takes a few tens of milliseconds; keep what it gives. The town is part of the program, so that
// one that can't be read is a fault of the program and panics.
func Load() (*lane.Map, *Places) {
	m, err := sumonet.Read(bytes.NewReader(netFile))
	if err != nil {
		panic(fmt.Errorf("the town's own net: %w", err))
	}
	m.OriginLat, m.OriginLon = originLat, originLon
	return m, newPlaces(m)
}

func newPlaces(m *lane.Map) *Places {
	p := &Places{Name: "Hutong Town", Min: geom.Vec{X: -70, Y: -65}, Max: geom.Vec{X: 965, Y: 660}}
	for _, s := range []struct {
		id, name, lane string
		at             float64
		stepFree       bool
	}{
		{"north-gate", "North Gate", "north12_1", 27, true},
		{"visitor-centre", "Visitor Centre", "avenue32_1", 27, true},
		{"old-market", "Old Market", "high32_2", 27, false},
		{"tower", "Tower", "high42_2", 27, true},
		{"clinic", "Clinic", "clinic22_1", 27, true},
		{"science-park", "Science Park", "park12_1", 27, true},
		{"gardens", "Gardens", "garden2_1", 27, false},
		{"home-court", "Home Court", "-elm2_1", 14, true},
		{"east-gate", "East Gate", "east12_1", 27, true},
		{"south-lawn", "South Lawn", "south12_1", 27, false},
	} {
		p.Stops = append(p.Stops, newStop(m, s.id, s.name, s.lane, s.at, s.stepFree))
	}
	for i := range 5 {
		id := fmt.Sprintf("charger-%d", i+1)
		p.Depot = append(p.Depot, newStop(m, id, fmt.Sprintf("Depot, charger %d", i+1), "depot2_1", 16+24*float64(i), true))
	}
	p.Houses = houses()
	p.Greens = []Outline{
		{"park", "Gardens", []geom.Vec{{X: 225, Y: 330}, {X: 430, Y: 330}, {X: 430, Y: 415}, {X: 330, Y: 433}, {X: 225, Y: 405}}},
		{"park", "Home Lawn", []geom.Vec{{X: 150, Y: 130}, {X: 190, Y: 128}, {X: 190, Y: 190}, {X: 150, Y: 192}, {X: 135, Y: 160}}},
		{"park", "Science Park", []geom.Vec{{X: 700, Y: 200}, {X: 800, Y: 200}, {X: 825, Y: 270}, {X: 700, Y: 272}}},
	}
	p.Water = []Outline{{"river", "Willow River", river()}}
	p.Area = []geom.Vec{
		{X: 30, Y: 300},
		{X: 32, Y: 190},
		{X: 55, Y: 95},
		{X: 120, Y: 38},
		{X: 330, Y: 15},
		{X: 450, Y: 18},
		{X: 650, Y: 28},
		{X: 770, Y: 52},
		{X: 828, Y: 100},
		{X: 845, Y: 160},
		{X: 866, Y: 230},
		{X: 866, Y: 310},
		{X: 858, Y: 405},
		{X: 825, Y: 477},
		{X: 752, Y: 538},
		{X: 650, Y: 562},
		{X: 545, Y: 577},
		{X: 450, Y: 576},
		{X: 320, Y: 582},
		{X: 200, Y: 569},
		{X: 110, Y: 550},
		{X: 52, Y: 490},
		{X: 32, Y: 400},
	}
	return p
}

// river gives the river's outline: a band of 18 m around its middle.
func river() []geom.Vec {
	middle := []geom.Vec{
		{X: -110, Y: 462},
		{X: -20, Y: 470},
		{X: 100, Y: 486},
		{X: 200, Y: 492},
		{X: 330, Y: 505},
		{X: 450, Y: 500},
		{X: 560, Y: 482},
		{X: 650, Y: 470},
		{X: 760, Y: 446},
		{X: 850, Y: 425},
		{X: 1000, Y: 408},
	}
	path, err := geom.NewPath(middle)
	if err != nil {
		panic(err) // it is written above
	}
	var outline []geom.Vec
	for s := 0.0; s <= path.Length(); s += path.Length() / 40 {
		p := path.At(s)
		outline = append(outline, p.Ahead(0, -9))
	}
	for s := path.Length(); s >= 0; s -= path.Length() / 40 {
		p := path.At(s)
		outline = append(outline, p.Ahead(0, 9))
	}
	return outline
}

func newStop(m *lane.Map, id, name, laneName string, at float64, stepFree bool) Stop {
	l, ok := m.Find(laneName)
	if !ok {
		panic(fmt.Errorf("stop %q: the town has no lane %q", name, laneName))
	}
	spot := lane.Spot{Lane: l, S: at}
	return Stop{ID: id, Name: name, At: spot, Pose: m.Pose(spot), StepFree: stepFree}
}

// houses gives all buildings: rectangles, street by street.
func houses() []Outline {
	var all []Outline
	for line := range strings.Lines(housesFile) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var kind string
		var b geom.Box
		if _, err := fmt.Sscan(line, &kind, &b.X, &b.Y, &b.Heading, &b.Length, &b.Width); err != nil {
			panic(fmt.Errorf("the town's own houses: %q: %w", line, err))
		}
		c := b.Corners()
		all = append(all, Outline{Kind: kind, Points: c[:]})
	}
	return all
}
