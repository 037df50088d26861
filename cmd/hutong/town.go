package main

import (
	"context"
	"fmt"
	"log/slog"

	"hutong/drive/geom"
	"hutong/drive/host"
	"hutong/drive/lane"
	"hutong/drive/scene"
	"hutong/drive/sense"
	"hutong/drive/town"
	"hutong/drive/vehicle"
	"hutong/drive/world"
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

// shuttles are the demo's vehicles: the first waits at the visitors' centre, the others at stops all over the town.
func shuttles(p *town.Places, n int) []host.Vehicle {
	colours := [...]string{"white", "jade", "orange", "blue"}
	starts := append([]town.Stop{p.Stops[1], p.Stops[5], p.Stops[7], p.Stops[9]}, p.Depot...)
	var list []host.Vehicle
	for i := range min(n, len(starts)) {
		list = append(list, host.Vehicle{
			Name: fmt.Sprintf("shuttle-%d", i+1), Title: fmt.Sprintf("Shuttle %d", i+1), Plate: fmt.Sprintf("京A·D%04d", 1001+i),
			Colour: colours[i%len(colours)], Seats: 6, Wheelchair: i%2 == 0, Start: starts[i].At,
		})
	}
	return list
}

// driveTown runs vehicles in the town.
func driveTown(m *lane.Map, p *town.Places, broker string, n int, seed uint64, log *slog.Logger) (*host.Host, error) {
	var chargers []geom.Vec
	for _, s := range p.Depot {
		chargers = append(chargers, s.Pose.Vec)
	}
	return host.New(host.Options{
		World: &quiet{m: m}, Broker: broker, Vehicles: shuttles(p, n), Chargers: chargers, Sensors: sense.Usual(), Seed: seed, Log: log,
	})
}

// quiet is the town without traffic.
type quiet struct {
	m    *lane.Map
	now  float64
	cars []scene.Actor
}

var _ world.World = (*quiet)(nil)

func (q *quiet) Map() *lane.Map { return q.m }
func (q *quiet) Truth(t *scene.Truth) {
	t.Time, t.Lights, t.Actors = q.now, t.Lights[:0], append(t.Actors[:0], q.cars...)
}

func (q *quiet) Place(id uint32, spec *vehicle.Spec, at vehicle.State) error {
	for i := range q.cars {
		if q.cars[i].ID == id {
			q.cars[i].Box, q.cars[i].Speed = spec.Box(at), at.Speed
			return nil
		}
	}
	q.cars = append(q.cars, scene.Actor{ID: id, Box: spec.Box(at), Speed: at.Speed})
	return nil
}
func (q *quiet) Step(_ context.Context, dt float64) error { q.now += dt; return nil }
func (q *quiet) Close() error                             { return nil }
