package replay

import (
	"context"
	"fmt"
	"math"
	"sort"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/lane/commonroad"
	"hutong/drive/scene"
	"hutong/drive/vehicle"
)

// World replays a scenario. It implements world.World.
type World struct {
	s      *commonroad.Scenario
	time   float64
	riders []rider
}

type rider struct {
	id   uint32
	spec *vehicle.Spec
	at   vehicle.State
}

// New makes a world that begins at a time step of the scenario, mostly the problem's first.
func New(s *commonroad.Scenario, step int) *World { return &World{s: s, time: float64(step) * s.Step} }

// Map gives the scenario's roads.
func (w *World) Map() *lane.Map { return w.s.Map }

// Place puts a vehicle among the others, who don't mind it.
func (w *World) Place(id uint32, spec *vehicle.Spec, at vehicle.State) error {
	for i := range w.riders {
		if w.riders[i].id == id {
			w.riders[i].spec, w.riders[i].at = spec, at
			return nil
		}
	}
	w.riders = append(w.riders, rider{id, spec, at})
	return nil
}

// Remove takes a vehicle out again.
func (w *World) Remove(id uint32) {
	for i := range w.riders {
		if w.riders[i].id == id {
			w.riders = append(w.riders[:i], w.riders[i+1:]...)
			return
		}
	}
}

// Step lets time pass.
func (w *World) Step(ctx context.Context, dt float64) error {
	if !(dt > 0) {
		return fmt.Errorf("replay: a step of %g s", dt)
	}
	// The clock is kept on a grid of microseconds, so that a thousand steps end where they should.
	w.time = math.Round((w.time+dt)*1e6) / 1e6
	return ctx.Err()
}

// Close does nothing: a scenario holds nothing open.
func (w *World) Close() error { return nil }

// Truth fills in where everyone is. Between two recorded steps they are between the two places.
func (w *World) Truth(t *scene.Truth) {
	t.Time = w.time
	t.Actors, t.Lights = t.Actors[:0], t.Lights[:0]
	for i := range w.s.Others {
		t.Actors = At(t.Actors, w.s, i, w.time)
	}
	for i := range w.riders {
		r := &w.riders[i]
		t.Actors = append(t.Actors, scene.Actor{
			ID: r.id, Kind: scene.Car, Box: r.spec.Box(r.at), Speed: r.at.Speed, Accel: r.at.Accel,
			YawRate: r.at.Speed * math.Tan(r.at.Steer) / r.spec.Wheelbase,
		})
	}
	step := int(math.Floor(w.time/w.s.Step + 1e-6))
	for i := range w.s.Lights {
		colour, more := w.s.Lights[i].At(step)
		t.Lights = append(t.Lights, scene.Light{
			Signal: int32(i), Colour: colours[colour], Remaining: float64(more) * w.s.Step,
		})
	}
}

var colours = map[string]scene.Colour{
	"red": scene.Red, "redYellow": scene.RedAmber, "yellow": scene.Amber, "green": scene.GreenYield,
}

var kinds = map[string]scene.Kind{
	"car": scene.Car, "taxi": scene.Car, "parkedVehicle": scene.Car, "priorityVehicle": scene.Van, "truck": scene.Truck,
	"bus": scene.Bus, "motorcycle": scene.Motorcycle, "bicycle": scene.Bicycle, "pedestrian": scene.Pedestrian,
	"train": scene.Tram, "constructionZone": scene.Obstacle, "roadBoundary": scene.Obstacle, "pillar": scene.Obstacle,
	"median_strip": scene.Obstacle, "building": scene.Obstacle,
}

// At adds the scenario's obstacle i at a time, unless it isn't recorded then: an actor for each of its shapes, the first
// with the id i+1.
func At(dst []scene.Actor, s *commonroad.Scenario, i int, time float64) []scene.Actor {
	o := &s.Others[i]
	kind, known := kinds[o.Type]
	if !known {
		kind = scene.Unknown
	}
	a := scene.Actor{ID: uint32(i + 1), Kind: kind}
	add := func(shapes []commonroad.Shape, from geom.Pose) []scene.Actor {
		for k := range shapes {
			a.Box = ground(&shapes[k], from)
			dst = append(dst, a)
			a.ID = uint32(i+1) | uint32(k+1)<<parts
		}
		return dst
	}
	if o.Static {
		return add(o.Shapes, o.States[0].Pose)
	}
	at := time / s.Step
	if whole := math.Round(at); math.Abs(at-whole) < 1e-6 {
		at = whole
	}
	k := sort.Search(len(o.States), func(k int) bool { return float64(o.States[k].Step) > at }) - 1
	if last := len(o.States) - 1; k < 0 || k == last && at > float64(o.States[last].Step) {
		for _, f := range o.Fills {
			if step := int(at); step >= f.From && step <= f.To {
				return add(f.Shapes, geom.Pose{})
			}
		}
		return dst
	}
	x := o.States[k]
	if k+1 < len(o.States) {
		y := o.States[k+1]
		a.YawRate = geom.Wrap(y.Heading-x.Heading) / (float64(y.Step-x.Step) * s.Step)
		if share := (at - float64(x.Step)) / float64(y.Step-x.Step); share > 0 {
			x = between(x, y, share)
		}
	}
	a.Speed, a.Accel = x.Speed, x.Accel
	return add(o.Shapes, x.Pose)
}

// parts is the bit of an id from which the number of an obstacle's shape is told.
const parts = 20

func between(a, b commonroad.State, share float64) commonroad.State {
	a.Vec = geom.Between(a.Vec, b.Vec, share)
	a.Heading = geom.Wrap(a.Heading + share*geom.Wrap(b.Heading-a.Heading))
	a.Speed += share * (b.Speed - a.Speed)
	return a
}

// ground gives a box that holds a shape, which is told as seen from the pose; that of a rectangle is exact.
func ground(shape *commonroad.Shape, from geom.Pose) geom.Box {
	box := shape.Bounds()
	box.Vec = from.Ahead(box.X, box.Y)
	box.Heading = geom.Wrap(from.Heading + box.Heading)
	return box
}
