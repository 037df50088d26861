package main

import (
	"hutong/drive/lane"
	"hutong/drive/town"
	"hutong/road/ground"
)

// townArea is the demonstration area of our own town.
func townArea(m *lane.Map, p *town.Places) *ground.Area {
	a := &ground.Area{
		Name: p.Name, Map: m,
		ODD: ground.ODD{Polygon: p.Area, From: "00:00", To: "24:00", MaxSpeed: 50, Weather: []string{"clear", "clouds", "rain"}},
	}
	for _, s := range p.Stops {
		a.Stops = append(a.Stops, ground.Stop{ID: s.ID, Name: s.Name, Pose: s.Pose, StepFree: s.StepFree})
	}
	for _, s := range p.Depot {
		a.Depots = append(a.Depots, ground.Stop{ID: s.ID, Name: s.Name, Pose: s.Pose, StepFree: s.StepFree})
	}
	for _, list := range []struct {
		kind string
		of   []town.Outline
	}{{"water", p.Water}, {"green", p.Greens}, {"house", p.Houses}} {
		for _, o := range list.of {
			a.Scenery = append(a.Scenery, ground.Scene{Kind: list.kind, Name: o.Name, Points: o.Points})
		}
	}
	return a
}

func stopNames(p *town.Places) (list []string) {
	for _, s := range p.Stops {
		list = append(list, s.Name)
	}
	return list
}
